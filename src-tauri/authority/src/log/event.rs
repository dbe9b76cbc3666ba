//! What an operator may read of an authority: events of fixed kinds, whose fields are ids, words, numbers and addresses.
//!
//! That no secret is in the log is held by this type: no field is a token, a path, a header or a body, and what a client
//! chooses freely gets in only where it was looked up first (the id of a client that is registered).

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::Level;

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    /// The authority answers from now on.
    Serving {
        /// Where it listens.
        address: SocketAddr,
        /// The version of the program.
        version: &'static str,
        /// Whether it speaks TLS itself.
        tls: bool,
    },
    /// The end was asked for: what is under way may finish.
    Draining {
        /// How many connections there are.
        connections: usize,
    },
    /// The authority answers no more.
    Stopped {
        /// How many connections had to be cut.
        cut: usize,
    },
    /// A request was answered.
    Request {
        /// One of the well-known methods, or `OTHER`.
        method: &'static str,
        /// The route with its parameters unnamed, or `-` where there is none.
        route: &'static str,
        /// The dialect that answered.
        dialect: &'static str,
        /// The status of the answer.
        status: u16,
        /// What became of it, in one word.
        outcome: &'static str,
        /// From the last byte of its head to the answer, in microseconds.
        micros: u64,
        /// The client's address.
        peer: IpAddr,
    },
    /// A credential or code was refused, and counted as a guess.
    CredentialRefused {
        /// Where it was presented.
        dialect: &'static str,
        /// Why, in one word.
        reason: &'static str,
        /// The client's address.
        peer: IpAddr,
    },
    /// A session was opened.
    SessionOpened {
        /// Its kind.
        kind: &'static str,
        /// Its id; where a dialect has none, one of ours.
        session: Cow<'a, str>,
        /// Its user, where it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<Cow<'a, str>>,
        /// Its client, where the dialect has some.
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<Cow<'a, str>>,
    },
    /// A session was renewed by its refresh token.
    SessionRefreshed {
        /// Its id.
        session: Cow<'a, str>,
        /// Its client.
        client: &'a str,
        /// Which of its refresh tokens was answered; the first is 0.
        generation: u32,
    },
    /// A refresh was refused; with the reason `reused` the session ends by it.
    RefreshRefused {
        /// The id of the session that the token names.
        session: Cow<'a, str>,
        /// The client that asked.
        client: &'a str,
        /// Why, in one word of [`daypass_core::lineage::End`], or `unknown` or `scope`.
        reason: &'static str,
    },
    /// Sessions were ended.
    SessionsEnded {
        /// Their kind.
        kind: &'static str,
        /// Which: an id, `others` or `all`.
        which: Cow<'a, str>,
        /// How many they were.
        count: usize,
    },
    /// A long-lived credential is good from now on.
    CredentialIssued {
        /// Its kind.
        kind: &'static str,
        /// Its user.
        user: &'a str,
    },
    /// A long-lived credential was removed, or replaced by another; the sessions that are rooted in it ended with it.
    CredentialEnded {
        /// Its kind.
        kind: &'static str,
    },
    /// A user was added.
    UserAdded {
        /// Its id.
        user: &'a str,
    },
    /// A client was registered.
    ClientAdded {
        /// Its id.
        client: &'a str,
    },
    /// The keys of access tokens were changed.
    KeysChanged {
        /// How: `tend`, `rotate` or `withdraw`.
        deed: &'static str,
        /// How many there are now.
        keys: usize,
    },
    /// A device sign-in was approved or denied.
    SignInSettled {
        /// Whether it was approved.
        approved: bool,
        /// For which user, where it was.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<&'a str>,
    },
    /// Rows whose time is over were removed.
    Swept {
        /// How many they were.
        rows: usize,
    },
    /// The store did not do a step.
    StoreFailed {
        /// The step's name.
        step: &'static str,
        /// What the store says; statements are told without their values.
        error: String,
    },
    /// The certificate and its key have changed, and are used from now on.
    CertificateRenewed,
    /// The certificate and its key have changed, and cannot be used: those from before are used on.
    CertificateFailed {
        /// Which file, and what is wrong with it.
        error: String,
    },
    /// A connection could not be accepted.
    AcceptFailed {
        /// What the operating system says.
        error: String,
    },
}

impl Event<'_> {
    /// How much it matters.
    pub(super) fn level(&self) -> Level {
        match self {
            Self::StoreFailed { .. } | Self::CertificateFailed { .. } => Level::Error,
            Self::Request { status: 500.., .. } => Level::Error,
            Self::CredentialRefused { .. } | Self::RefreshRefused { .. } | Self::AcceptFailed { .. } => Level::Warn,
            Self::Stopped { cut } if *cut > 0 => Level::Warn,
            Self::Request { .. } => Level::Request,
            _ => Level::Info,
        }
    }
}
