//! What the controller knows of the clipboard: which copy was asked for last, and which tokens may still be on it.
//!
//! It keeps digests, not tokens: a digest is enough to ask whether the clipboard still holds what was put there.

use std::time::Duration;

use daypass_api::view::{CopyView, TokenView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Time, clock};
use tokio::time::Instant;

use crate::face::Answer;
use crate::marks::ClipMark;
use crate::menu::OnClipboard;
use crate::text::STEP;

/// After how long a clipboard that could not be cleared in time is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Default)]
pub(crate) struct Clip {
    count: u64,
    wish: Option<Wish>,
    /// The one copied last is the last.
    held: Vec<Held>,
}

/// A copy that waits for its token.
pub(crate) struct Wish {
    number: u64,
    /// The account whose token was asked for.
    pub(crate) account: String,
    /// Where the answer goes; `None` where it was the menu.
    pub(crate) answer: Option<Answer<CopyView>>,
}

/// A token on its way to the clipboard.
pub(crate) struct Put {
    /// What is told of it.
    pub(crate) view: CopyView,
    /// Why it is shorter-lived than it should be, where it is.
    pub(crate) short_because: Option<ApiError>,
    /// Where the answer goes; `None` where it was the menu.
    pub(crate) answer: Option<Answer<CopyView>>,
    /// The token's digest.
    digest: String,
}

/// A token that is to leave the clipboard: who asks for that says how it went, see [`Clip::cleared`].
pub(crate) struct Leaving {
    pub(crate) number: u64,
    /// The token's digest.
    pub(crate) digest: String,
}

/// A token that may be on the clipboard.
struct Held {
    /// Of this stay on the clipboard: the same token may come there again.
    number: u64,
    account: String,
    digest: String,
    /// Whether it is there, as far as is known.
    shown: bool,
    /// When it was put there.
    at: Time,
    due: Instant,
    /// The same by the wall clock: the other one stands still while the machine sleeps.
    due_at: Time,
    /// Whether the clipboard was asked to clear it, and has not answered yet.
    leaving: bool,
    /// Whether it did not work the last time.
    stuck: bool,
}

impl Clip {
    /// Notes a wish for a copy, and answers its number. A clipboard holds one thing: an earlier wish that still waits
    /// is told that it has been overtaken.
    pub(crate) fn begin(&mut self, account: &str, answer: Option<Answer<CopyView>>) -> u64 {
        self.count += 1;
        let wish = Wish { number: self.count, account: account.to_owned(), answer };
        if let Some(answer) = self.wish.replace(wish).and_then(|earlier| earlier.answer) {
            let message = "Another token was copied in the meantime; ask again.";
            let _ = answer.send(Err(ApiError::new(ErrorCode::Rejected, message)));
        }
        self.count
    }

    /// The wish of this number, where it has not been overtaken.
    pub(crate) fn answered(&mut self, number: u64) -> Option<Wish> {
        self.wish.take_if(|wish| wish.number == number)
    }

    /// Notes that the token goes to the clipboard now, before it does, so that an end in between clears it too. It stays
    /// there for `stay` at most.
    pub(crate) fn put(&mut self, wish: Wish, token: &TokenView, stay: Duration, now: Instant, wall: Time) -> Put {
        let digest = token.token.digest();
        let due_at = clock::later(wall, stay);
        let account = token.account.clone();
        self.held.retain(|held| held.digest != digest);
        self.count += 1;
        self.held.push(Held {
            number: self.count,
            account,
            digest: digest.clone(),
            shown: false,
            at: wall,
            due: now + stay,
            due_at,
            leaving: false,
            stuck: false,
        });
        let view = CopyView {
            account: token.account.clone(),
            session_id: token.session_id.clone(),
            expires_at: token.expires_at,
            cleared_at: due_at,
        };
        Put { view, short_because: token.short_because.clone(), answer: wish.answer, digest }
    }

    /// The clipboard has taken a token, and so lost the one before.
    pub(crate) fn taken(&mut self, put: &Put) {
        for held in &mut self.held {
            held.shown = held.digest == put.digest;
        }
    }

    /// Whether the clipboard holds the token of this digest was found out.
    pub(crate) fn found(&mut self, digest: &str, holds: bool) {
        if let Some(held) = self.held.iter_mut().find(|held| held.digest == digest) {
            held.shown = holds;
        }
    }

    /// The token that is on the clipboard, as far as is known.
    pub(crate) fn shown(&self) -> Option<OnClipboard> {
        let held = self.held.iter().rfind(|held| held.shown && !held.leaving)?;
        Some(OnClipboard { account: held.account.clone(), until: held.due_at })
    }

    /// The digest of the token that is there, or else of the one that was put there last, while it may be there.
    pub(crate) fn last(&self) -> Option<&str> {
        let shown = self.held.iter().rfind(|held| held.shown);
        shown.or(self.held.last()).map(|held| held.digest.as_str())
    }

    /// What of all this must survive a crash.
    pub(crate) fn marks(&self) -> Vec<ClipMark> {
        self.held.iter().map(|held| ClipMark { sha256: held.digest.clone(), at: held.at }).collect()
    }

    /// When the next token must leave the clipboard, or the count-down says something else.
    pub(crate) fn next_look(&self, now: Instant) -> Option<Instant> {
        let step = Duration::from_secs(STEP);
        let steps = self.held.iter().filter(|held| !held.leaving).map(|held| {
            let left = held.due.saturating_duration_since(now).as_millis();
            let into = Duration::from_millis(u64::try_from(left % step.as_millis()).unwrap_or_default());
            now + if into.is_zero() && held.due > now { step } else { into }
        });
        steps.min()
    }

    /// The tokens whose time is over by either clock, once each until it is known whether they could be cleared.
    pub(crate) fn leave_due(&mut self, now: Instant, wall: Time) -> Vec<Leaving> {
        self.leave(|held| held.is_due(now, wall) && !held.leaving)
    }

    /// All tokens that may be on the clipboard.
    pub(crate) fn leave_all(&mut self) -> Vec<Leaving> {
        self.leave(|_| true)
    }

    fn leave(&mut self, which: impl Fn(&Held) -> bool) -> Vec<Leaving> {
        let leaving = self.held.iter_mut().filter(|held| which(held)).map(|held| {
            held.leaving = true;
            Leaving { number: held.number, digest: held.digest.clone() }
        });
        leaving.collect()
    }

    /// The clipboard does not hold the token of this number any more.
    pub(crate) fn cleared(&mut self, number: u64) {
        self.held.retain(|held| held.number != number);
    }

    /// The clipboard may hold the token of this number still: it is cleared when its time is over, or in a moment where it
    /// is. Answers whether it is the first time that this did not work.
    pub(crate) fn not_cleared(&mut self, number: u64, now: Instant, wall: Time) -> bool {
        let Some(held) = self.held.iter_mut().find(|held| held.number == number) else { return true };
        held.leaving = false;
        if held.is_due(now, wall) {
            (held.due, held.due_at) = (now + AGAIN, clock::later(wall, AGAIN));
        }
        !std::mem::replace(&mut held.stuck, true)
    }

    /// The digests of all tokens that may be on the clipboard.
    pub(crate) fn take_all(&mut self) -> Vec<String> {
        self.held.drain(..).map(|held| held.digest).collect()
    }
}

impl Held {
    /// Whether its time on the clipboard is over by either clock.
    fn is_due(&self, now: Instant, wall: Time) -> bool {
        now >= self.due || wall >= self.due_at
    }
}
