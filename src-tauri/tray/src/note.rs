//! What a notification says, as a value. None of them ever holds a secret.

use daypass_agent::Notice;
use daypass_api::{ApiError, view::CopyView};
use daypass_core::{Time, clock};

use crate::clip::CLEAR_AFTER;
use crate::text;

/// A notification. A later one takes the place of an earlier one with the same [`place`](Note::place).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub topic: Topic,
    /// The account that it is about; empty where it is about Daypass itself.
    pub account: String,
    /// Its first line.
    pub title: String,
    /// One or two sentences.
    pub body: String,
}

/// What a notification is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A token is on the clipboard.
    Copied,
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

impl Note {
    /// Tells that a token was copied, how long it lives, and when the clipboard is cleared.
    pub fn copied(view: &CopyView, short_because: Option<&ApiError>, now: Time) -> Self {
        let cleared = format!("The clipboard is cleared in {}.", text::exact(CLEAR_AFTER));
        let life = match view.expires_at {
            Some(end) => format!("It lives for {}.", text::exact(clock::until(now, end))),
            None => "Its end is not known.".to_owned(),
        };
        let body = match short_because {
            Some(error) => format!("{life} It could not be refreshed: {} {cleared}", error.message),
            None => format!("{life} {cleared}"),
        };
        Self::about(Topic::Copied, &view.account, format!("Copied: {}", view.account), body)
    }

    /// Tells what the agent wants the user to know. One notice may be about several accounts: then the title counts them,
    /// and the body names them.
    pub fn of(notice: &Notice, now: Time) -> Self {
        match notice {
            Notice::NeedsYou { accounts, message } => {
                let title = match accounts.as_slice() {
                    [one] => format!("{one} needs you"),
                    several => format!("{} accounts need you", several.len()),
                };
                Self::about(Topic::NeedsYou, "", title, naming(accounts, message))
            }
            Notice::Trouble { accounts, message } => {
                let title = match accounts.as_slice() {
                    [one] => format!("Cannot refresh {one}"),
                    several => format!("Cannot refresh {} accounts", several.len()),
                };
                Self::about(Topic::Trouble, "", title, naming(accounts, message))
            }
            Notice::Recovered { accounts, expires_at } => {
                let (title, body) = match (accounts.as_slice(), expires_at) {
                    ([one], Some(end)) => {
                        let life = text::exact(clock::until(now, *end));
                        (format!("{one} is fresh again"), format!("The new token lives for {life}."))
                    }
                    ([one], None) => (format!("{one} is fresh again"), "There is a new token.".to_owned()),
                    (several, _) => {
                        let title = format!("{} accounts are fresh again", several.len());
                        (title, format!("There are new tokens for {}.", names(accounts)))
                    }
                };
                Self::about(Topic::Recovered, "", title, body)
            }
            Notice::Vault { message } => {
                Self::about(Topic::Vault, "", "The vault needs you".to_owned(), message.clone())
            }
            Notice::Revoked { account, message } => {
                Self::about(Topic::Revoked, account, format!("Revoked: {account}"), message.clone())
            }
        }
    }

    /// Tells that what the user asked for did not work; `what` completes "Could not …".
    pub fn failed(account: &str, what: &str, error: &ApiError) -> Self {
        Self::about(Topic::Failed, account, format!("Could not {what}"), error.message.clone())
    }

    /// Tells that there is no tray, and where the window is found again.
    pub fn no_tray() -> Self {
        Self::about(Topic::NoTray, "", "No tray here".to_owned(), NO_TRAY.to_owned())
    }

    /// Where it stands. There is one place for all copies, since a clipboard holds one thing; one for trouble and its end,
    /// so that the good news takes the bad news away; one for all accounts that need the user, and one for the vault. The
    /// others have one for each account.
    pub fn place(&self) -> (Topic, &str) {
        match self.topic {
            Topic::Copied | Topic::NeedsYou | Topic::Vault | Topic::NoTray => (self.topic, ""),
            Topic::Trouble | Topic::Recovered => (Topic::Trouble, ""),
            Topic::Revoked | Topic::Failed => (self.topic, &self.account),
        }
    }

    fn about(topic: Topic, account: &str, title: String, body: String) -> Self {
        Self { topic, account: account.to_owned(), title, body }
    }
}

/// The most account names in a notification.
const NAMES: usize = 4;

/// The sentence alone where it is about one account, which the title names; else after the names of all.
fn naming(accounts: &[String], message: &str) -> String {
    match accounts {
        [_] => message.to_owned(),
        _ => format!("{}. {message}", names(accounts)),
    }
}

fn names(accounts: &[String]) -> String {
    text::names(accounts.iter().map(String::as_str), NAMES)
}

/// What is said once where there is no tray host.
pub(crate) const NO_TRAY: &str =
    "This desktop shows no tray icons, so the window opens instead. Run `daypass tray` again to see it later.";
