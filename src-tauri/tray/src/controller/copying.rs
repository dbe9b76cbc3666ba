//! Copies: how a token comes to the clipboard, how it leaves it again, and what is told of it after that.

use std::time::Duration;

use daypass_api::request::{CopyRequest, LogQuery, TokenRequest};
use daypass_api::view::{CopyView, LogView, Snapshot, TokenView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::Time;
use tokio::time::Instant;

use super::{Controller, Done};
use crate::clip::{Leaving, Put};
use crate::copied::{Copied, Fate, Standing};
use crate::desktop::{Cleared, Desktop, DesktopError};
use crate::door::Door;
use crate::face::Answer;
use crate::note::{Attempt, Note, Topic};

/// How much of the history is looked at to learn what became of a token.
const ENTRIES: u32 = 100;

impl<A: Door, D: Desktop> Controller<A, D> {
    /// Clears what an earlier run left on the clipboard, where it ended without doing so.
    pub(super) fn clear_what_was_left(&mut self) {
        for mark in self.marks.clipboard() {
            self.clear(None, mark.sha256, false);
        }
    }

    /// A copy is wanted; `answer` where another door asks for it.
    pub(super) fn begin_copy(&mut self, request: CopyRequest, answer: Option<Answer<CopyView>>) {
        let number = self.clip.begin(&request.account, answer);
        let agent = self.agent.clone();
        self.jobs.spawn(async move {
            let wish = TokenRequest { session: request.session, ..Default::default() };
            Done::Token { number, result: agent.token(&request.account, wish).await }
        });
    }

    /// The agent has the token of a copy, or has none.
    pub(super) fn on_token(&mut self, number: u64, result: Result<TokenView, ApiError>) {
        let Some(wish) = self.clip.answered(number) else { return };
        let token = match result {
            Ok(token) => token,
            Err(error) => return self.copy_failed(&wish.account, wish.answer, error),
        };
        let (now, wall) = (Instant::now(), self.around.clock.now());
        let stay = Duration::from_secs(self.snapshots.borrow().settings.settings.clipboard.clear_after);
        let put = Box::new(self.clip.put(wish, &token, stay, now, wall));
        let mut copied = Copied::new(&token, wall);
        // It may be revoked before the clipboard has taken it: it is known from now on.
        copied.look(&self.snapshots.borrow(), wall);
        self.keep_marks();
        let reply = self.desktop.copy(token.token);
        self.jobs.spawn(async { Done::Copied { put, copied, result: reply.await } });
    }

    /// The clipboard has taken a token, or has not.
    pub(super) fn on_copied(&mut self, put: Put, copied: Copied, result: Result<(), DesktopError>) {
        if let Err(error) = result {
            return self.copy_failed(&put.view.account, put.answer, error.told());
        }
        self.clip.taken(&put);
        self.copied = Some(copied);
        self.agent.copied(&put.view.account, &put.view.session_id);
        self.notify(Note::copied(&put.view, put.short_because.as_ref(), self.around.clock.now(), &self.words));
        if let Some(answer) = put.answer {
            let _ = answer.send(Ok(put.view));
        }
        self.draw();
    }

    /// Clears what has been on the clipboard for long enough, and asks whether the rest is still there.
    pub(super) fn look_at_clipboard(&mut self, now: Instant) {
        for Leaving { number, digest } in self.clip.leave_due(now, self.around.clock.now()) {
            self.clear(Some(number), digest, false);
        }
        if let Some(digest) = self.clip.last().map(str::to_owned) {
            let reply = self.desktop.holds(digest.clone());
            self.jobs.spawn(async { Done::Holds { digest, result: reply.await } });
        }
    }

    /// Whether the clipboard still holds a token was found out.
    pub(super) fn on_holds(&mut self, digest: &str, result: &Result<bool, DesktopError>) {
        // Who cannot be asked may hold it.
        self.clip.found(digest, *result != Ok(false));
        self.draw();
    }

    /// Clears all that may be on the clipboard, at the user's wish.
    pub(super) fn clear_now(&mut self) {
        let leaving = self.clip.leave_all();
        if leaving.is_empty() {
            self.desktop.withdraw(Topic::Copied);
        }
        for Leaving { number, digest } in leaving {
            self.clear(Some(number), digest, true);
        }
        self.draw();
    }

    /// Clears what has this digest; `number` is what the clip knows it by, `user` says whether a user waits for it.
    fn clear(&mut self, number: Option<u64>, digest: String, user: bool) {
        let reply = self.desktop.clear(digest);
        self.jobs.spawn(async move { Done::Cleared { number, user, result: reply.await } });
    }

    /// The clipboard was cleared where it was ours, or could not be reached: then it is tried again.
    pub(super) fn on_cleared(&mut self, number: Option<u64>, user: bool, result: Result<Cleared, DesktopError>) {
        match result {
            Ok(Cleared::Ours | Cleared::NotOurs) => {
                if let Some(number) = number {
                    self.clip.cleared(number);
                }
                self.keep_marks();
                // Another may have been copied meanwhile, which has a notification of its own.
                if user && self.clip.shown().is_none() {
                    self.desktop.withdraw(Topic::Copied);
                }
            }
            Err(error) => {
                let (now, wall) = (Instant::now(), self.around.clock.now());
                let is_news = number.is_none_or(|number| self.clip.not_cleared(number, now, wall));
                if user {
                    self.fail("", Attempt::Clear, &error.told());
                } else if is_news {
                    self.desktop.say(&format!("The clipboard was not cleared. {error}"));
                }
            }
        }
        self.draw();
    }

    /// Writes down what may be on the clipboard.
    pub(super) fn keep_marks(&mut self) {
        if let Err(error) = self.marks.set_clipboard(&self.clip.marks()) {
            let why =
                format!("After a crash the clipboard would not be cleared: the mark cannot be written ({error}).");
            self.desktop.say(&why);
        }
    }

    /// Looks whether the token that was copied last is still its account's.
    pub(super) fn look_at_copied(&mut self, snapshot: &Snapshot, now: Time) {
        let Some(mut copied) = self.copied.take() else { return };
        match copied.look(snapshot, now) {
            Standing::Same => self.copied = Some(copied),
            Standing::Forgotten => {}
            Standing::Replaced => self.tell_fate(&copied, copied.replaced(), snapshot, now),
            Standing::Gone => {
                let agent = self.agent.clone();
                let query = LogQuery {
                    account: Some(copied.account().to_owned()),
                    since: Some(copied.at()),
                    limit: Some(ENTRIES),
                    ..LogQuery::default()
                };
                self.jobs.spawn(async move { Done::Fate { copied, result: agent.log(query).await } });
            }
        }
    }

    /// The history has told what became of the token that was copied last.
    pub(super) fn on_fate(&mut self, copied: Copied, result: Result<LogView, ApiError>) {
        // Where another was copied meanwhile, nobody asks any more.
        if self.copied.is_some() {
            return;
        }
        match result {
            Ok(log) => {
                let snapshot = self.snapshots.borrow().clone();
                if let Some(fate) = copied.fate(&log.entries) {
                    self.tell_fate(&copied, fate, &snapshot, self.around.clock.now());
                }
            }
            // It is asked again with the next change.
            Err(_) => self.copied = Some(copied),
        }
    }

    fn tell_fate(&mut self, copied: &Copied, fate: Fate, snapshot: &Snapshot, now: Time) {
        if let Some(account) = copied.account_in(snapshot) {
            self.notify(Note::copied_is_over(account, fate, now, &self.words));
        }
    }

    /// Tells whoever asked for a copy that there is none: the door that asked, or the user, who pressed the menu, or whose
    /// palette went with the focus.
    fn copy_failed(&mut self, account: &str, answer: Option<Answer<CopyView>>, error: ApiError) {
        let untold = match answer {
            Some(answer) => answer.send(Err(error)).err().and_then(Result::err),
            None => Some(error),
        };
        match untold {
            None => {}
            Some(error) if error.code == ErrorCode::UnknownAccount => self.is_gone(account),
            Some(error) => self.fail(account, Attempt::Copy, &error),
        }
    }
}
