//! What an administrator sees of an authority: users, clients and sessions of all dialects as plain facts, without a secret.

use std::fmt;

use daypass_core::{Time, lineage};

use crate::model::SessionKind;
use crate::service::ClientKind;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFacts {
    /// Its id.
    pub id: String,
    /// When it was added.
    pub created_at: Time,
    /// Since when its credentials are refused, if they are.
    pub disabled_at: Option<Time>,
    /// How many credentials it has.
    pub credentials: u64,
    /// How many sessions of it live.
    pub sessions: u64,
}

/// A credential of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFacts {
    /// Its kind, such as `pocketpaw_master`.
    pub kind: &'static str,
    /// When it was issued.
    pub created_at: Time,
    /// When it ends, if it does.
    pub expires_at: Option<Time>,
}

/// A client of the native dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFacts {
    /// Its id.
    pub id: String,
    /// Whether it has a secret.
    pub kind: ClientKind,
    /// What its tokens may be allowed.
    pub scopes: lineage::Scopes,
    /// What it may ask for.
    pub grants: Grants,
    /// When it was registered.
    pub created_at: Time,
    /// How many sessions of it live.
    pub sessions: u64,
}

/// How a client may come to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grants {
    /// It acts for itself (RFC 6749 section 4.4).
    pub client_credentials: bool,
    /// It signs people in (RFC 8628), and renews their sessions.
    pub device_code: bool,
}

impl Grants {
    /// All that a client of this kind may have: a public one cannot act for itself.
    pub fn all(kind: ClientKind) -> Self {
        Self { client_credentials: kind == ClientKind::Confidential, device_code: true }
    }

    /// The grants with these names, a space between each two. `None` where one is not known.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut grants = Self { client_credentials: false, device_code: false };
        for word in text.split_ascii_whitespace() {
            match word {
                "client_credentials" => grants.client_credentials = true,
                "device_code" => grants.device_code = true,
                _ => return None,
            }
        }
        Some(grants)
    }
}

impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.client_credentials, self.device_code) {
            (true, true) => "client_credentials device_code",
            (true, false) => "client_credentials",
            (false, true) => "device_code",
            (false, false) => "",
        })
    }
}

/// A device sign-in that waits to be settled. Its codes are not among this: the store has their hashes alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFacts {
    /// The client that asks: a registered one, or, with Discovr, what the device calls itself.
    pub client: String,
    /// What the session will be allowed, in the native dialect; none with Discovr, where it may do everything.
    pub scopes: Option<lineage::Scopes>,
    /// When it was begun.
    pub created_at: Time,
    /// When it is too late to approve it.
    pub expires_at: Time,
}

impl SignInFacts {
    /// The dialect of the session that is asked for.
    pub fn dialect(&self) -> Speech {
        if self.scopes.is_some() { Speech::Native } else { Speech::Discovr }
    }
}

/// What became of a verdict on a device sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is approved: what the device gets is of the user with this id.
    Approved(String),
    /// It is denied.
    Denied,
    /// None waits with that code: it is unknown, was settled before, or came too late.
    NotWaiting,
    /// There is no such user.
    NoUser,
    /// The user is disabled.
    UserDisabled,
}

/// A session that lives, of any dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFacts {
    /// Its id: as its dialect shows it, where it shows one.
    pub id: String,
    /// Its dialect.
    pub dialect: Speech,
    /// Its kind, such as `app_login`; the dialect's name where there is but one.
    pub kind: &'static str,
    /// Its user; none where a client acts for itself.
    pub user: Option<String>,
    /// Its client, in the native dialect.
    pub client: Option<String>,
    /// What its user calls it.
    pub name: Option<String>,
    /// What it may do, where it may not do everything: scopes, or a profile.
    pub limits: Option<String>,
    /// When it was opened.
    pub created_at: Time,
    /// When it ends, used or not.
    pub expires_at: Time,
    /// When it was last used, as far as that is stored: opened, refreshed, or one of its access tokens accepted. Told in the
    /// native dialect alone.
    pub used_at: Option<Time>,
}

/// The dialect of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Discovr's.
    Discovr,
    /// PocketPaw's.
    PocketPaw,
    /// AntiRaid's.
    AntiRaid,
    /// Sitecore Discover's.
    Discover,
    /// OAuth 2.0.
    Native,
}

impl Speech {
    /// Its name: `discovr`, `pocketpaw`, `antiraid`, `discover`, `native`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Discovr => "discovr",
            Self::PocketPaw => "pocketpaw",
            Self::AntiRaid => "antiraid",
            Self::Discover => "discover",
            Self::Native => "native",
        }
    }

    /// The kinds of its sessions in the store; none for the native dialect's, which are kept apart.
    pub(crate) fn kinds(self) -> &'static [SessionKind] {
        match self {
            Self::Discovr => &[SessionKind::Discovr],
            Self::PocketPaw => &[SessionKind::PocketPaw],
            Self::AntiRaid => &[SessionKind::Login, SessionKind::AppLogin, SessionKind::Api],
            Self::Discover => &[SessionKind::Discover],
            Self::Native => &[],
        }
    }
}

impl From<SessionKind> for Speech {
    fn from(kind: SessionKind) -> Self {
        match kind {
            SessionKind::Discovr => Self::Discovr,
            SessionKind::PocketPaw => Self::PocketPaw,
            SessionKind::Login | SessionKind::AppLogin | SessionKind::Api => Self::AntiRaid,
            SessionKind::Discover => Self::Discover,
        }
    }
}

/// Which sessions are meant: those for which all that is said here holds; all, where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// The one with this id. Ids of different dialects may be alike.
    pub id: Option<String>,
    /// Those of this user.
    pub user: Option<String>,
    /// Those of this client of the native dialect.
    pub client: Option<String>,
    /// Those of this dialect.
    pub dialect: Option<Speech>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_as_they_are_written() {
        for client_credentials in [false, true] {
            for device_code in [false, true] {
                let grants = Grants { client_credentials, device_code };
                assert_eq!(Grants::parse(&grants.to_string()), Some(grants));
            }
        }
        assert_eq!(Grants::parse("password"), None);
    }

    #[test]
    fn every_kind_of_session_belongs_to_the_dialect_that_lists_it() {
        for speech in [Speech::Discovr, Speech::PocketPaw, Speech::AntiRaid, Speech::Discover, Speech::Native] {
            assert!(speech.kinds().iter().all(|kind| Speech::from(*kind) == speech), "{speech:?}");
        }
    }
}
