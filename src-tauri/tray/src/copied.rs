//! What became of the token that was copied last: whether it is still its account's, so that nobody goes on using one that
//! has been replaced or revoked without knowing.
//!
//! The snapshot shows that a token is not held any more, by its fingerprint; why, the history says.

use daypass_api::view::{AccountView, LogEntry, LogEvent, SessionView, Snapshot, TokenView};
use daypass_core::Time;
use daypass_core::session::SessionState;

/// The token that was copied last. Only its fingerprint is kept.
#[derive(Debug)]
pub(crate) struct Copied {
    account: String,
    session: String,
    fingerprint: String,
    /// When it was copied.
    at: Time,
    /// When its life ends of itself; nobody is told after that.
    end: Option<Time>,
    /// Whether it was the account's current one, so that a successor replaces it.
    was_current: bool,
    /// Whether a snapshot has shown it: one that is older than the token has not.
    seen: bool,
}

/// How a copied token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As it was, or nobody knows.
    Same,
    /// Its life is over, or its account is gone: nothing is to be told any more.
    Forgotten,
    /// Another is handed out in its place.
    Replaced,
    /// It is not held any more; the history knows why.
    Gone,
}

/// What happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It has a successor, and may live on until this instant.
    Replaced {
        /// `None` where its end is not known.
        until: Option<Time>,
    },
    /// Its session was revoked.
    Revoked,
    /// All sessions of its account were revoked.
    AllRevoked,
}

impl Copied {
    /// A token that was just put on the clipboard.
    pub(crate) fn new(token: &TokenView, at: Time) -> Self {
        Self {
            account: token.account.clone(),
            session: token.session_id.clone(),
            fingerprint: token.token.fingerprint(),
            at,
            end: token.expires_at,
            was_current: false,
            seen: false,
        }
    }

    /// The account's name.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// When it was copied.
    pub(crate) fn at(&self) -> Time {
        self.at
    }

    /// Its account in `snapshot`.
    pub(crate) fn account_in<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a AccountView> {
        snapshot.accounts.iter().find(|account| account.name == self.account)
    }

    /// How it stands by a snapshot.
    pub(crate) fn look(&mut self, snapshot: &Snapshot, now: Time) -> Standing {
        if self.end.is_some_and(|end| now >= end) {
            return Standing::Forgotten;
        }
        let Some(account) = self.account_in(snapshot) else {
            // Until the vault is open nobody knows of any account.
            return if snapshot.vault.message().is_some() { Standing::Same } else { Standing::Forgotten };
        };
        match account.sessions.iter().find(|session| self.is_in(session)) {
            Some(session) => {
                let replaced = self.was_current && !session.current && account.current.is_some();
                (self.seen, self.was_current) = (true, self.was_current || session.current);
                if replaced { Standing::Replaced } else { Standing::Same }
            }
            // The agent holds a token before it answers it, so that what was taken later would show it.
            None if self.seen || snapshot.at > self.at => Standing::Gone,
            None => Standing::Same,
        }
    }

    /// What happened to it by the history since it was copied, newest first. `None` where the user let go of it here, which
    /// ends nothing.
    pub(crate) fn fate(&self, entries: &[LogEntry]) -> Option<Fate> {
        let of_it = |entry: &&LogEntry| match &entry.fingerprint {
            Some(fingerprint) => *fingerprint == self.fingerprint,
            None => entry.session.as_ref() == Some(&self.session),
        };
        let replaced = Fate::Replaced { until: self.end };
        let own = entries.iter().filter(of_it).find_map(|entry| match entry.event {
            LogEvent::Revoked => Some(Some(Fate::Revoked)),
            LogEvent::Forgotten => Some(None),
            _ => None,
        });
        let all = || entries.iter().any(|entry| entry.event == LogEvent::RevokedAll).then_some(Some(Fate::AllRevoked));
        own.or_else(all).unwrap_or(Some(replaced))
    }

    /// Its end, as a fate where it has a successor.
    pub(crate) fn replaced(&self) -> Fate {
        Fate::Replaced { until: self.end }
    }

    fn is_in(&self, session: &SessionView) -> bool {
        let held = match session.state {
            SessionState::Fresh | SessionState::Stale | SessionState::Urgent | SessionState::Expired => session.held,
            SessionState::Foreign | SessionState::Orphan => false,
        };
        held && session.fingerprint.as_ref() == Some(&self.fingerprint)
    }
}
