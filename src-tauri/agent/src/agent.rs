//! The agent: one value that every door asks.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use daypass_api::request::{AddAccount, CreateSession, Export, Import, LogQuery, Recognize, SignIn, TokenRequest};
use daypass_api::settings::{Settings, SettingsView, ShortcutView};
use daypass_api::view::{
    AccountView, ClaimsView, ExportView, Health, ImportView, LogView, Place, ProviderView, RecognizedView, RemoveView,
    RevokeView, SessionView, SignInView, Snapshot, StatusView, TokenView, VaultFileView,
};
use daypass_api::{ApiError, Home};
use daypass_core::{Chance, Clock};
use daypass_providers::Catalog;
use tokio::sync::{broadcast, watch};

use crate::inner::Inner;
use crate::refresh::removed;
use crate::{Authority, Happening, Notice, Upstream, folder, history, keeper, settings, tell, view};

/// How long work that is under way may go on when the agent is told to stop.
const LAST_WORK: Duration = Duration::from_secs(5);
/// How long a call may go on whose answer is the only copy of something: as long as the engine waits for one (20 s), and
/// until the answer is stored.
const LAST_CALLS: Duration = Duration::from_secs(25);

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
pub struct Agent {
    pub(crate) inner: Arc<Inner>,
}

impl Agent {
    /// Opens the vault, settles open intents, and starts keeping tokens fresh, on the current tokio runtime.
    ///
    /// A locked or absent keyring is not an error: the agent starts and says so in its snapshot.
    ///
    /// # Errors
    /// `internal` where the folders cannot be made.
    pub async fn start(setup: Setup) -> Result<Self, ApiError> {
        let agent = Self::begin(Inner::new(setup)).await?;
        tokio::spawn(settings::follow(agent.inner.clone()));
        Ok(agent)
    }

    /// The same, with the work on the vault done in turn with everything else, on the one thread of the runtime.
    ///
    /// What happens then depends on time and chance alone, and can be told again: it is for simulations. Whatever is
    /// ready has its turn before and after a piece of that work, as it has while another thread does it. The settings' file is
    /// read once and not watched.
    ///
    /// # Errors
    /// As [`Agent::start`].
    pub async fn start_in_turn(setup: Setup) -> Result<Self, ApiError> {
        let mut inner = Inner::new(setup);
        inner.vault.works_in_turn();
        Self::begin(inner).await
    }

    async fn begin(inner: Inner) -> Result<Self, ApiError> {
        folder::private(inner.setup.home.data_dir())?;
        let inner = Arc::new(inner);
        inner.load_settings().await;
        if inner.vault.waits_for_keyring() {
            inner.first_look().await;
            // The keyring may take its time; the agent is there meanwhile.
            let opening = inner.clone();
            inner.spawn(async move { opening.open_vault(false).await });
        } else if inner.open_vault(false).await.is_err() {
            // What is wrong is in the snapshot, and it is tried again; the rest can be known all the same.
            inner.first_look().await;
        }
        tokio::spawn(keeper::keep(inner.clone()));
        tokio::spawn(keeper::publish(inner.clone()));
        tokio::spawn(history::write(inner.clone()));
        tokio::spawn(tell::tell(inner.clone()));
        Ok(Self { inner })
    }

    /// Everything as it is now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.publish()
    }

    /// The same, and every change of it.
    pub fn watch(&self) -> watch::Receiver<Arc<Snapshot>> {
        let mut watch = self.inner.snapshots.subscribe();
        // While nobody watched, none was drawn.
        self.inner.publish();
        self.inner.changed.notify_one();
        watch.mark_unchanged();
        watch
    }

    /// What a user may want to be told.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices.subscribe()
    }

    /// The agent in short; `tray` is what the server knows of its face.
    pub fn status(&self, tray: bool) -> StatusView {
        let now = self.inner.now();
        let state = self.inner.state();
        // One after another: a crowd is not drawn for two numbers.
        let health = state.accounts.values().map(|account| view::account(&state, account, now).health);
        let (accounts, needs_you) =
            health.fold((0, 0), |(all, those), health| (all + 1, those + u32::from(health == Health::NeedsYou)));
        StatusView {
            version: self.inner.setup.version.to_owned(),
            api: daypass_api::API_VERSION,
            pid: std::process::id(),
            tray,
            vault: view::vault(state.vault.as_ref()),
            accounts,
            needs_you,
            started_at: self.inner.started_at,
        }
    }

    /// The providers that accounts can be connected to.
    pub fn providers(&self) -> Vec<ProviderView> {
        self.inner.setup.catalog.all().map(view::provider).collect()
    }

    /// An account as it is now.
    ///
    /// # Errors
    /// `unknown_account`; what is wrong with the vault, where the accounts are not even known.
    pub fn account(&self, name: &str) -> Result<AccountView, ApiError> {
        let now = self.inner.now();
        let mut state = self.inner.state();
        state.account(name)?;
        let state = &*state;
        state.accounts.get(name).map(|account| view::account(state, account, now)).ok_or_else(removed)
    }

    /// Tries to open the vault now; the keyring may ask the user for its password. Where it is open, nothing is done.
    ///
    /// # Errors
    /// What is wrong with it, mostly `locked`.
    pub async fn open_vault(&self) -> Result<(), ApiError> {
        self.inner.vault.prompt_again();
        self.inner.unlock().await
    }

    /// An account's token, refreshed first where that is needed.
    ///
    /// # Errors
    /// `unknown_account`, `unknown_session`, `locked`, `needs_sign_in`, `offline`, `rejected`, `rate_limited`, `bad_answer`.
    pub async fn token(&self, account: &str, request: TokenRequest) -> Result<TokenView, ApiError> {
        self.inner.token(account, &request).await
    }

    /// Refreshes the current session now, and waits for it.
    ///
    /// # Errors
    /// As [`Agent::token`].
    pub async fn refresh(&self, account: &str) -> Result<AccountView, ApiError> {
        let request = TokenRequest { fresh: true, ..TokenRequest::default() };
        self.inner.token(account, &request).await?;
        self.account(account)
    }

    /// An account's sessions, asked of the provider where it lists them.
    ///
    /// # Errors
    /// As [`Agent::token`].
    pub async fn sessions(&self, account: &str) -> Result<Vec<SessionView>, ApiError> {
        let inner = self.inner.clone();
        let account = account.to_owned();
        self.inner.to_the_end(async move { inner.sessions(&account).await }).await
    }

    /// Opens a further session beside the current one.
    ///
    /// # Errors
    /// As [`Agent::token`], and `not_supported`, `bad_request`.
    pub async fn create_session(&self, account: &str, request: CreateSession) -> Result<SessionView, ApiError> {
        let inner = self.inner.clone();
        let account = account.to_owned();
        self.inner.to_the_end(async move { inner.create_session(&account, request).await }).await
    }

    /// Revokes one session at the provider; with `forget` it is only dropped here.
    ///
    /// # Errors
    /// As [`Agent::token`], and `not_supported` where the provider cannot revoke one (the message says what can be done).
    pub async fn revoke_session(&self, account: &str, id: &str, forget: bool) -> Result<RevokeView, ApiError> {
        let inner = self.inner.clone();
        let account = account.to_owned();
        let id = id.to_owned();
        self.inner.to_the_end(async move { inner.revoke_session(&account, &id, forget).await }).await
    }

    /// What the token of a session says of itself, without its signature; nothing of it is kept.
    ///
    /// # Errors
    /// `unknown_account`, `unknown_session`, `locked`, and `not_supported` where the token is not here or is no JWT.
    pub async fn claims(&self, account: &str, id: &str) -> Result<ClaimsView, ApiError> {
        self.inner.claims(account, id).await
    }

    /// Puts back what was only dropped here, for as long as that is possible.
    ///
    /// # Errors
    /// `rejected` where it is too late; those of the vault.
    pub async fn undo(&self, id: &str) -> Result<(), ApiError> {
        let inner = self.inner.clone();
        let id = id.to_owned();
        self.inner.to_the_end(async move { inner.undo(&id).await }).await
    }

    /// Revokes every session of the account, by the means that the provider has.
    ///
    /// # Errors
    /// As [`Agent::revoke_session`].
    pub async fn revoke_all(&self, account: &str) -> Result<RevokeView, ApiError> {
        let inner = self.inner.clone();
        let account = account.to_owned();
        self.inner.to_the_end(async move { inner.revoke_all(&account).await }).await
    }

    /// Connects an account; the credential is tried once before anything is stored.
    ///
    /// # Errors
    /// `bad_request`, `needs_sign_in` for a refused credential, `locked`, `offline`, `rejected`, `bad_answer`.
    pub async fn add_account(&self, request: AddAccount) -> Result<AccountView, ApiError> {
        let inner = self.inner.clone();
        self.inner.to_the_end(async move { inner.add_account(request).await }).await
    }

    /// What a pasted command says of an account, as far as a provider is recognized in it.
    ///
    /// # Errors
    /// `bad_request`: it is no command that a known provider would understand.
    pub fn recognize(&self, request: &Recognize) -> Result<RecognizedView, ApiError> {
        self.inner.recognize(request)
    }

    /// Runs this authority as the settings say, as long as the agent runs.
    pub fn take_authority(&self, authority: Arc<dyn Authority>) {
        self.inner.take_authority(authority);
    }

    /// Connects accounts of the local authority, one for each system that it stands in for, and switches it on for that.
    /// Those that are there already, and work, stay as they are. All of them are answered.
    ///
    /// # Errors
    /// `not_supported` where the agent has no authority, `internal` with the reason why it does not run, and those of
    /// [`Agent::add_account`] and [`Agent::change_settings`].
    pub async fn try_out(&self) -> Result<Vec<AccountView>, ApiError> {
        let inner = self.inner.clone();
        self.inner.to_the_end(async move { inner.try_out().await }).await
    }

    /// Removes an account and all that is stored of it. Nothing is revoked.
    ///
    /// # Errors
    /// `unknown_account`, `locked`, `internal`.
    pub async fn remove_account(&self, account: &str) -> Result<RemoveView, ApiError> {
        let inner = self.inner.clone();
        let account = account.to_owned();
        self.inner.to_the_end(async move { inner.remove_account(&account).await }).await
    }

    /// The vault and its file.
    ///
    /// # Errors
    /// `offline` once the agent has stopped.
    pub async fn vault(&self) -> Result<VaultFileView, ApiError> {
        let vault = self.snapshot().vault.clone();
        Ok(self.inner.vault.describe(vault).await?)
    }

    /// Every account with its secrets, as a text that is sealed under a passphrase.
    ///
    /// # Errors
    /// `bad_request`, `locked`, `internal`.
    pub async fn export(&self, request: Export) -> Result<ExportView, ApiError> {
        let inner = self.inner.clone();
        self.inner.to_the_end(async move { inner.export(request).await }).await
    }

    /// Takes the accounts of an export in. They rest until they are used here.
    ///
    /// # Errors
    /// `bad_request` where it cannot be opened, with the reason; `locked`, `internal`. Nothing has changed then.
    pub async fn import(&self, request: Import) -> Result<ImportView, ApiError> {
        let inner = self.inner.clone();
        self.inner.to_the_end(async move { inner.import(request).await }).await
    }

    /// Begins a sign-in by device code; the agent polls until it ends.
    ///
    /// # Errors
    /// `bad_request`, `not_supported`, `offline`, `rejected`, `bad_answer`.
    pub async fn sign_in(&self, request: SignIn) -> Result<SignInView, ApiError> {
        let inner = self.inner.clone();
        self.inner.to_the_end(async move { inner.sign_in(request).await }).await
    }

    /// How a sign-in stands.
    ///
    /// # Errors
    /// `bad_request` for an unknown id.
    pub fn sign_in_state(&self, id: &str) -> Result<SignInView, ApiError> {
        self.inner.sign_in_state(id)
    }

    /// A part of the history, newest first.
    ///
    /// # Errors
    /// `bad_request`, `unknown_account` for a name that never was, and what is wrong with the vault.
    pub async fn log(&self, query: LogQuery) -> Result<LogView, ApiError> {
        self.inner.history(query).await
    }

    /// The settings that are in force, and how their file is.
    pub fn settings(&self) -> SettingsView {
        crate::view::settings(&self.inner.state())
    }

    /// The settings in force, and every change of them: for those who apply them.
    pub fn watch_settings(&self) -> watch::Receiver<Settings> {
        self.inner.settings.subscribe()
    }

    /// Changes settings by a JSON merge patch (RFC 7396) of [`Settings`], in force and in their file; `null` stands for the
    /// default. What else is in the file stays as its user wrote it.
    ///
    /// # Errors
    /// `bad_request` for a patch that does not fit; `internal` while the file on disk has an error, which is the user's to
    /// correct, and where it cannot be written. Nothing has changed then.
    pub async fn change_settings(&self, patch: serde_json::Value) -> Result<SettingsView, ApiError> {
        let inner = self.inner.clone();
        self.inner.to_the_end(async move { inner.change_settings(patch).await }).await
    }

    /// Takes in that a token of `account` went to the clipboard: that of the session `session`.
    pub fn copied(&self, account: &str, session: &str) {
        self.inner.copied(account, session);
    }

    /// Waits until the vault was tried once: at once, except for a moment after the start with a keyring (3 s at most).
    pub(crate) async fn tried_vault(&self) {
        // The sender lives as long as the agent.
        let _ = self.inner.tried.subscribe().wait_for(|tried| *tried).await;
    }

    /// Takes in what the host knows of the machine. It never waits.
    pub fn hear(&self, happening: Happening) {
        self.inner.hear(happening);
    }

    /// Waits until no work is under way: what a provider has answered is stored then.
    pub async fn idle(&self) {
        self.inner.idle().await;
    }

    /// How many windows listen on the stream of events.
    pub fn windows(&self) -> usize {
        self.inner.windows.load(Ordering::Acquire)
    }

    /// Asks the window to come to the front and show `place`; `false` where none is listening.
    pub fn focus_window(&self, place: Place) -> bool {
        self.windows() > 0 && self.inner.focus.send(place).is_ok()
    }

    /// Asks the palette to show itself, or to go where it is shown; `false` where none is listening.
    pub fn toggle_palette(&self) -> bool {
        self.inner.palettes.load(Ordering::Acquire) > 0 && self.inner.palette.send(()).is_ok()
    }

    /// Takes in what became of the shortcut that is chosen in the settings.
    pub fn shortcut_is(&self, shortcut: ShortcutView) {
        self.inner.state().shortcut = shortcut;
        self.inner.touched();
    }

    /// Gives a sign-in up.
    pub fn cancel_sign_in(&self, id: &str) {
        self.inner.cancel_sign_in(id);
    }

    /// Stops the keeper and closes the vault. Calls after it fail with `offline`.
    pub async fn stop(&self) {
        if self.inner.stopped.swap(true, Ordering::AcqRel) {
            return;
        }
        self.inner.stop.notify_one();
        self.inner.settings_wake.notify_one();
        self.inner.wake.notify_one();
        // A call that is under way may still bring a secret, and one that uses a credential up brings the only copy of its
        // successor; what is cut off after that is settled on the next start.
        let last_calls = tokio::time::timeout(LAST_CALLS, self.inner.called_once(|_| true));
        let last_work = tokio::time::timeout(LAST_WORK, self.inner.idle());
        drop(tokio::join!(last_calls, last_work));
        self.inner.note_uses().await;
        self.inner.history.wake.notify_one();
        self.inner.teller.wake.notify_one();
        // What cannot be written now cannot be kept.
        let _ = self.inner.write_history().await;
        self.inner.close_authority().await;
        self.inner.vault.close().await;
        self.inner.changed.notify_one();
    }
}
