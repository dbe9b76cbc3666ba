//! The agent: one value that every door asks.

use std::path::PathBuf;
use std::sync::Arc;

use daypass_api::request::{AddAccount, CreateSession, SignIn, TokenRequest};
use daypass_api::view::{
    AccountView, Page, ProviderView, RevokeView, SessionView, SignInView, Snapshot, StatusView, TokenView,
};
use daypass_api::{ApiError, Home};
use daypass_core::{Chance, Clock};
use daypass_providers::Catalog;
use tokio::sync::{broadcast, watch};

use crate::{Notice, Upstream};

/// What an agent is made of; time, chance and the outside world come in here.
pub struct Setup {
    /// Its folders.
    pub home: Home,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The random source.
    pub chance: Arc<dyn Chance>,
    /// Where the key of the vault comes from.
    pub key: KeySource,
    /// The providers that are known.
    pub catalog: Catalog,
    /// Who asks them.
    pub upstream: Arc<dyn Upstream>,
    /// The host's name: what sessions that the agent opens are named after.
    pub machine: String,
    /// The program's version, for the status.
    pub version: &'static str,
}

/// Where the key of the vault comes from. The user chooses; nothing falls back from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The keyring of the desktop: a random key, written there once.
    Keyring,
    /// A file of 32 bytes or more, provided by a service manager.
    KeyFile(PathBuf),
    /// A file whose text, less a line break at its end, is a passphrase.
    PassphraseFile(PathBuf),
}

/// The agent. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Agent {}

impl Agent {
    /// Opens the vault, settles open intents, and starts keeping tokens fresh, on the current tokio runtime.
    ///
    /// A locked or absent keyring is not an error: the agent starts and says so in its snapshot.
    ///
    /// # Errors
    /// `internal` where the folders cannot be made.
    pub async fn start(_setup: Setup) -> Result<Self, ApiError> {
        todo!()
    }

    /// Everything as it is now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        todo!()
    }

    /// The same, and every change of it.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        todo!()
    }

    /// What a user may want to be told.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        todo!()
    }

    /// The agent in short; `tray` is what the server knows of its face.
    pub fn status(&self, _tray: bool) -> StatusView {
        todo!()
    }

    /// The providers that accounts can be connected to.
    pub fn providers(&self) -> Vec<ProviderView> {
        todo!()
    }

    /// An account's token, refreshed first where that is needed.
    ///
    /// # Errors
    /// `unknown_account`, `unknown_session`, `locked`, `needs_sign_in`, `offline`, `rejected`, `rate_limited`, `bad_answer`.
    pub async fn token(&self, _account: &str, _request: TokenRequest) -> Result<TokenView, ApiError> {
        todo!()
    }

    /// Refreshes the current session now, and waits for it.
    ///
    /// # Errors
    /// As [`Agent::token`].
    pub async fn refresh(&self, _account: &str) -> Result<AccountView, ApiError> {
        todo!()
    }

    /// An account's sessions, asked of the provider where it lists them.
    ///
    /// # Errors
    /// As [`Agent::token`].
    pub async fn sessions(&self, _account: &str) -> Result<Vec<SessionView>, ApiError> {
        todo!()
    }

    /// Opens a further session beside the current one.
    ///
    /// # Errors
    /// As [`Agent::token`], and `not_supported`, `bad_request`.
    pub async fn create_session(&self, _account: &str, _request: CreateSession) -> Result<SessionView, ApiError> {
        todo!()
    }

    /// Revokes one session at the provider; with `forget` it is only dropped here.
    ///
    /// # Errors
    /// As [`Agent::token`], and `not_supported` where the provider cannot revoke one (the message says what can be done).
    pub async fn revoke_session(&self, _account: &str, _id: &str, _forget: bool) -> Result<RevokeView, ApiError> {
        todo!()
    }

    /// Revokes every session of the account, by the means that the provider has.
    ///
    /// # Errors
    /// As [`Agent::revoke_session`].
    pub async fn revoke_all(&self, _account: &str) -> Result<RevokeView, ApiError> {
        todo!()
    }

    /// Connects an account; the credential is tried once before anything is stored.
    ///
    /// # Errors
    /// `bad_request`, `needs_sign_in` for a refused credential, `locked`, `offline`, `rejected`, `bad_answer`.
    pub async fn add_account(&self, _request: AddAccount) -> Result<AccountView, ApiError> {
        todo!()
    }

    /// Removes an account and all that is stored of it. Nothing is revoked.
    ///
    /// # Errors
    /// `unknown_account`, `locked`, `internal`.
    pub async fn remove_account(&self, _account: &str) -> Result<(), ApiError> {
        todo!()
    }

    /// Begins a sign-in by device code; the agent polls until it ends.
    ///
    /// # Errors
    /// `bad_request`, `not_supported`, `offline`, `rejected`, `bad_answer`.
    pub async fn sign_in(&self, _request: SignIn) -> Result<SignInView, ApiError> {
        todo!()
    }

    /// How a sign-in stands.
    ///
    /// # Errors
    /// `bad_request` for an unknown id.
    pub fn sign_in_state(&self, _id: &str) -> Result<SignInView, ApiError> {
        todo!()
    }

    /// How many windows listen on the stream of events.
    pub fn windows(&self) -> usize {
        todo!()
    }

    /// Asks the window to come to the front and show `page`; `false` where none is listening.
    pub fn focus_window(&self, _page: Page) -> bool {
        todo!()
    }

    /// Gives a sign-in up.
    pub fn cancel_sign_in(&self, _id: &str) {}

    /// Stops the keeper and closes the vault. Calls after it fail with `offline`.
    pub async fn stop(&self) {}
}
