//! What the tray asks of the agent, as a trait, so that the controller's stories can be told without a vault and a network.

use std::future::Future;
use std::sync::Arc;

use daypass_agent::{Agent, Notice};
use daypass_api::ApiError;
use daypass_api::request::{LogQuery, TokenRequest};
use daypass_api::settings::ShortcutView;
use daypass_api::view::{LogView, Place, Snapshot, TokenView};
use tokio::sync::{broadcast, watch};

/// The tray's door to the agent. Cheap to clone; all clones lead to the same one.
pub trait Door: Clone + Send + Sync + 'static {
    /// Everything as it is now, and every change of it.
    fn watch(&self) -> watch::Receiver<Arc<Snapshot>>;

    /// What a user may want to be told.
    fn notices(&self) -> broadcast::Receiver<Notice>;

    /// An account's token, refreshed first where that is needed.
    fn token(&self, account: &str, request: TokenRequest) -> impl Future<Output = Result<TokenView, ApiError>> + Send;

    /// Refreshes an account's current session now.
    fn refresh(&self, account: &str) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Revokes one session at the provider; with `forget` it is only dropped here.
    fn revoke(&self, account: &str, id: &str, forget: bool) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Changes the settings by a JSON merge patch (RFC 7396).
    fn change_settings(&self, patch: serde_json::Value) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// A part of the history, newest first.
    fn log(&self, query: LogQuery) -> impl Future<Output = Result<LogView, ApiError>> + Send;

    /// Tries to open the vault now; the keyring may ask the user for its password.
    fn open_vault(&self) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Tells that the clipboard has taken the token of a session, for the history.
    fn copied(&self, account: &str, session: &str);

    /// Whether a window listens.
    fn has_window(&self) -> bool;

    /// Brings a window to the front, where one listens.
    fn focus_window(&self, place: Place) -> bool;

    /// Has the palette show itself, or go where it is shown, where one listens.
    fn toggle_palette(&self) -> bool;

    /// Tells what became of the shortcut.
    fn shortcut_is(&self, shortcut: ShortcutView);
}

impl Door for Agent {
    fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        Agent::watch(self)
    }

    fn notices(&self) -> broadcast::Receiver<Notice> {
        Agent::notices(self)
    }

    async fn token(&self, account: &str, request: TokenRequest) -> Result<TokenView, ApiError> {
        Agent::token(self, account, request).await
    }

    async fn refresh(&self, account: &str) -> Result<(), ApiError> {
        Agent::refresh(self, account).await.map(drop)
    }

    async fn revoke(&self, account: &str, id: &str, forget: bool) -> Result<(), ApiError> {
        Agent::revoke_session(self, account, id, forget).await.map(drop)
    }

    async fn change_settings(&self, patch: serde_json::Value) -> Result<(), ApiError> {
        Agent::change_settings(self, patch).await.map(drop)
    }

    async fn log(&self, query: LogQuery) -> Result<LogView, ApiError> {
        Agent::log(self, query).await
    }

    async fn open_vault(&self) -> Result<(), ApiError> {
        Agent::open_vault(self).await
    }

    fn copied(&self, account: &str, session: &str) {
        Agent::copied(self, account, session);
    }

    fn has_window(&self) -> bool {
        Agent::windows(self) > 0
    }

    fn focus_window(&self, place: Place) -> bool {
        Agent::focus_window(self, place)
    }

    fn toggle_palette(&self) -> bool {
        Agent::toggle_palette(self)
    }

    fn shortcut_is(&self, shortcut: ShortcutView) {
        Agent::shortcut_is(self, shortcut);
    }
}
