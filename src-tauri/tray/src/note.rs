//! What a notification says and offers, as a value. None of them ever holds a secret.

use daypass_agent::Notice;
use daypass_api::settings::Notifications;
use daypass_api::view::{AccountView, CopyView, Page, Place, VaultView};
use daypass_api::{ApiError, Sentence};
use daypass_core::{Time, clock};
use daypass_words::Words;

use crate::copied::Fate;
use crate::menu::{Action, sign_in};
use crate::text;

/// The most account names in a notification.
const NAMES: usize = 4;

/// A notification. A later one takes the place of an earlier one with the same [`place`](Note::place).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub topic: Topic,
    /// The account that it is about; empty where it is about several, or about Daypass itself.
    pub account: String,
    /// Its first line.
    pub title: String,
    /// One or two sentences.
    pub body: String,
    /// What can be done about it, where the desktop offers that: a button for each, at most two.
    pub offers: Vec<Offer>,
    /// What a click on the notification itself does.
    pub click: Action,
}

/// A button of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it says.
    pub label: String,
    /// What pressing it does.
    pub action: Action,
}

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A token is on the clipboard.
    Copied,
    /// The token that was copied last has been replaced or revoked.
    CopiedIsOver,
    /// Refreshing fails, and tokens run out.
    Trouble,
    /// A refresh succeeded after trouble.
    Recovered,
    /// Only the user can help.
    NeedsYou,
    /// The vault cannot be used, or not all of it.
    Vault,
    /// Sessions were revoked or forgotten.
    Revoked,
    /// What the user asked for did not work.
    Failed,
    /// There is no tray here.
    NoTray,
}

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// To copy a token.
    Copy,
    /// To clear the clipboard.
    Clear,
    /// To refresh an account.
    Refresh,
    /// To revoke a session.
    Revoke,
    /// To forget a session.
    Forget,
    /// To open the vault.
    OpenVault,
    /// To change the settings.
    Settings,
    /// To open the window.
    OpenWindow,
    /// To see the window.
    ShowWindow,
    /// To open the palette.
    OpenPalette,
    /// To see the palette.
    ShowPalette,
    /// To do something with an account that is not there.
    Find,
}

impl Topic {
    /// Whether the user wants to be told of it. What was asked for and did not work is always told.
    pub fn is_wanted(self, wanted: &Notifications) -> bool {
        match self {
            Self::Copied => wanted.copied,
            Self::CopiedIsOver => wanted.copied_is_over,
            Self::Trouble | Self::Recovered => wanted.trouble,
            Self::NeedsYou => wanted.needs_you,
            Self::Vault => wanted.vault,
            Self::Revoked => wanted.revoked,
            Self::Failed | Self::NoTray => true,
        }
    }
}

impl Note {
    /// Tells that a token was copied, how long it lives, and when the clipboard is cleared.
    pub fn copied(view: &CopyView, short_because: Option<&ApiError>, now: Time, words: &Words) -> Self {
        let account = &view.account;
        let life = match view.expires_at {
            Some(end) => words.say("note-copied-lives", [("life", text::exact(words, clock::until(now, end)).into())]),
            None => words.say("note-copied-endless", []),
        };
        let short = short_because.map(|error| {
            let reason = words.sentence(error.said.as_deref(), &error.message);
            words.say("note-copied-short", [("reason", reason.into())])
        });
        let left = text::whole(words, clock::until(now, view.cleared_at));
        let cleared = words.say("note-copied-cleared", [("left", left.into())]);
        let body: Vec<String> = [Some(life), short, Some(cleared)].into_iter().flatten().collect();
        Self::about(Topic::Copied, account, named("note-copied-title", account, words), body.join(" ")).offer(
            "note-do-clear",
            Action::ClearClipboard,
            words,
        )
    }

    /// Tells that the token which was copied last is not the account's any more, or not valid any more.
    pub fn copied_is_over(account: &AccountView, fate: Fate, now: Time, words: &Words) -> Self {
        let name = &account.name;
        let say = |id| words.say(id, []);
        let (title, body) = match fate {
            Fate::Replaced { .. } if account.abilities.revoke => ("note-replaced-title", say("note-replaced-revoked")),
            Fate::Replaced { until: Some(end) } => {
                let life = text::exact(words, clock::until(now, end));
                ("note-replaced-title", words.say("note-replaced-until", [("life", life.into())]))
            }
            Fate::Replaced { until: None } => ("note-replaced-title", say("note-replaced-endless")),
            Fate::Revoked => ("note-ended-title", say("note-ended")),
            // What that means for tokens that were handed out is for the provider to say.
            Fate::AllRevoked => {
                let all = named("note-ended-with-all", name, words);
                let effect = account.abilities.revoke_all_effect.as_deref();
                let body = [Some(all.as_str()), effect].into_iter().flatten().collect::<Vec<_>>().join(" ");
                return Self::about(Topic::CopiedIsOver, name, all, body).copy(name, words);
            }
        };
        Self::about(Topic::CopiedIsOver, name, named(title, name, words), body).copy(name, words)
    }

    /// Tells what the agent wants the user to know; `vault` is as it is now. One notice may be about several accounts:
    /// then the title counts them, and the body names them.
    pub fn of(notice: &Notice, vault: &VaultView, now: Time, words: &Words) -> Self {
        match notice {
            Notice::NeedsYou { accounts, message } => {
                let note = Self::of_accounts(
                    Topic::NeedsYou,
                    accounts,
                    ["note-needs-you-title", "note-needs-you-many-title"],
                    words,
                );
                let note = note.with_body(several(accounts, &sentence(message, words), words));
                match accounts.as_slice() {
                    [one] => Self { click: sign_in(one), ..note }.offer("note-do-sign-in", sign_in(one), words),
                    _ => note.offer("note-do-open", Action::Open { place: Place::default() }, words),
                }
            }
            Notice::Trouble { accounts, message } => {
                let titles = ["note-trouble-title", "note-trouble-many-title"];
                Self::of_accounts(Topic::Trouble, accounts, titles, words)
                    .with_body(several(accounts, &sentence(message, words), words))
                    .offer("note-do-refresh", Action::Refresh { accounts: accounts.clone() }, words)
            }
            Notice::Recovered { accounts, expires_at } => {
                let titles = ["note-recovered-title", "note-recovered-many-title"];
                let note = Self::of_accounts(Topic::Recovered, accounts, titles, words);
                match (accounts.as_slice(), expires_at) {
                    ([one], Some(end)) => {
                        let life = text::exact(words, clock::until(now, *end));
                        note.with_body(words.say("note-recovered-lives", [("life", life.into())])).copy(one, words)
                    }
                    ([one], None) => note.with_body(words.say("note-recovered", [])).copy(one, words),
                    (all, _) => note.with_body(words.say("note-recovered-many", [("names", names(all, words).into())])),
                }
            }
            Notice::Vault { message } => {
                let title = words.say("note-vault-title", []);
                let again = match vault {
                    VaultView::Locked { .. } => "note-do-unlock",
                    _ => "note-do-again",
                };
                Self::about(Topic::Vault, "", title, sentence(message, words)).offer(again, Action::OpenVault, words)
            }
            Notice::Revoked { account, message } => {
                let title = named("note-revoked-title", account, words);
                let note = Self::about(Topic::Revoked, account, title, sentence(message, words));
                Self { click: open(Page::History, account), ..note }
            }
        }
    }

    /// Tells that what the user asked for did not work.
    pub fn failed(account: &str, attempt: Attempt, error: &ApiError, words: &Words) -> Self {
        let title = match attempt {
            Attempt::Copy => named("note-failed-copy", account, words),
            Attempt::Clear => words.say("note-failed-clear", []),
            Attempt::Refresh => named("note-failed-refresh", account, words),
            Attempt::Revoke => named("note-failed-revoke", account, words),
            Attempt::Forget => named("note-failed-forget", account, words),
            Attempt::OpenVault => words.say("note-failed-vault", []),
            Attempt::Settings => words.say("note-failed-settings", []),
            Attempt::OpenWindow => words.say("note-failed-open", []),
            Attempt::ShowWindow => words.say("note-failed-show", []),
            Attempt::OpenPalette => words.say("note-failed-open-palette", []),
            Attempt::ShowPalette => words.say("note-failed-show-palette", []),
            Attempt::Find => named("note-failed-find", account, words),
        };
        let body = words.sentence(error.said.as_deref(), &error.message).into_owned();
        let note = Self::about(Topic::Failed, account, title, body);
        match attempt {
            // There is no page of what is not there.
            Attempt::Find => Self { click: Action::Open { place: Place::default() }, ..note },
            Attempt::Clear => note.offer("note-do-clear", Action::ClearClipboard, words),
            _ => note,
        }
    }

    /// Tells that there is no tray, and where the window is found again.
    pub fn no_tray(words: &Words) -> Self {
        let (title, body) = (words.say("note-no-tray-title", []), words.say("note-no-tray", []));
        Self::about(Topic::NoTray, "", title, body).offer("note-do-quit", Action::Quit, words)
    }

    /// Tells whoever closed the window where there is no tray, or lost the tray, that Daypass is still there.
    pub fn still_here(words: &Words) -> Self {
        let (title, body) = (words.say("note-still-here-title", []), words.say("note-still-here", []));
        let open = Action::Open { place: Place::default() };
        let note = Self::about(Topic::NoTray, "", title, body).offer("note-do-open", open, words);
        note.offer("note-do-quit", Action::Quit, words)
    }

    /// Where it stands. There is one place for all that is told of the clipboard, since it holds one thing; one for trouble
    /// and its end, so that the good news takes the bad news away; one for all accounts that need the user, and one for the
    /// vault. The others have one for each account.
    pub fn place(&self) -> (Topic, &str) {
        match self.topic {
            Topic::NeedsYou | Topic::Vault | Topic::NoTray => (self.topic, ""),
            Topic::Copied | Topic::CopiedIsOver => (Topic::Copied, ""),
            Topic::Trouble | Topic::Recovered => (Topic::Trouble, ""),
            Topic::Revoked | Topic::Failed => (self.topic, &self.account),
        }
    }

    fn about(topic: Topic, account: &str, title: String, body: String) -> Self {
        let click = open(Page::Sessions, account);
        Self { topic, account: account.to_owned(), title, body, offers: Vec::new(), click }
    }

    /// About accounts: `titles` has the id for one, and for several.
    fn of_accounts(topic: Topic, accounts: &[String], titles: [&str; 2], words: &Words) -> Self {
        match accounts {
            [one] => Self::about(topic, one, named(titles[0], one, words), String::new()),
            several => {
                let title = words.say(titles[1], [("count", several.len().into())]);
                Self::about(topic, "", title, String::new())
            }
        }
    }

    fn with_body(self, body: String) -> Self {
        Self { body, ..self }
    }

    fn offer(mut self, label: &str, action: Action, words: &Words) -> Self {
        self.offers.push(Offer { label: words.say(label, []), action });
        self
    }

    fn copy(self, account: &str, words: &Words) -> Self {
        self.offer("note-do-copy", Action::Copy { account: account.to_owned(), session: None }, words)
    }
}

/// What opens `page`, of an account where one is named.
fn open(page: Page, account: &str) -> Action {
    Action::Open { place: Place { account: (!account.is_empty()).then(|| account.to_owned()), ..page.into() } }
}

fn named(id: &str, account: &str, words: &Words) -> String {
    words.say(id, [("account", account.into())])
}

fn sentence(sentence: &Sentence, words: &Words) -> String {
    words.sentence(sentence.said.as_ref(), &sentence.message).into_owned()
}

/// The sentence alone where it is about one account, which the title names; else after the names of all.
fn several(accounts: &[String], message: &str, words: &Words) -> String {
    match accounts {
        [_] => message.to_owned(),
        _ => words.say("note-several", [("names", names(accounts, words).into()), ("message", message.into())]),
    }
}

fn names(accounts: &[String], words: &Words) -> String {
    text::names(words, accounts.iter().map(String::as_str), NAMES)
}
