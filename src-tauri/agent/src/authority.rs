//! The local authority beside the agent: runs as the settings say, and gives whoever wants to try Daypass accounts of it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use daypass_api::request::{AddAccount, TokenRequest};
use daypass_api::settings::{AuthorityView, LocalAuthority};
use daypass_api::view::{AccountView, Health};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::phrase;
use serde_json::json;
use tokio::sync::{Notify, watch};

use crate::inner::{Inner, Unstored};
use crate::view;

/// A boxed future, so that [`Authority`] can be a trait object.
pub type AuthorityFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How often a start that failed, or accounts that could not be moved along, are tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// The file in the data's folder that remembers where the authority answered last.
const LAST_URL: &str = "authority.url";

/// The issuer of sessions that can run in the agent's process.
pub trait Authority: Send + Sync + 'static {
    /// Answers on this port of the loopback address from now on, and on no other any more; 0 is any that is free. Its URL.
    ///
    /// # Errors
    /// `internal`, such as for a port that is taken; then it answers nowhere.
    fn listen(&self, port: u16) -> AuthorityFuture<'_, Result<String, ApiError>>;

    /// Answers nowhere any more.
    fn close(&self) -> AuthorityFuture<'_, ()>;

    /// The names of the providers that it stands in for.
    fn providers(&self) -> &[&'static str];

    /// Makes a user who has an account at each of these providers: what they are connected with, less name and URL.
    ///
    /// # Errors
    /// `internal` where it does not run, or its store cannot be written.
    fn new_user(&self) -> AuthorityFuture<'_, Result<Vec<AddAccount>, ApiError>>;
}

/// The authority of an agent that has one.
#[derive(Default)]
pub(crate) struct Beside {
    authority: OnceLock<Arc<dyn Authority>>,
    /// How it stands, for those who wait for it; faces see the copy in the state.
    stands: watch::Sender<AuthorityView>,
    /// Wakes who runs it.
    wake: Notify,
    /// One who tries at a time: a second click finds what the first has made.
    trying: tokio::sync::Mutex<()>,
}

impl Inner {
    /// Runs `authority` as the settings say, from now on. A second one is not taken.
    pub(crate) fn take_authority(self: &Arc<Self>, authority: Arc<dyn Authority>) {
        if self.beside.authority.set(authority.clone()).is_ok() {
            tokio::spawn(follow(self.clone(), authority));
        }
    }

    /// Ends the authority, where there is one.
    pub(crate) async fn close_authority(&self) {
        self.beside.wake.notify_one();
        if let Some(authority) = self.beside.authority.get() {
            authority.close().await;
        }
    }

    /// Connects an account of the local authority for each system, those that are not there yet; it is switched on for that.
    ///
    /// # Errors
    /// As [`Agent::try_out`](crate::Agent::try_out).
    pub(crate) async fn try_out(self: &Arc<Self>) -> Result<Vec<AccountView>, ApiError> {
        let Some(authority) = self.beside.authority.get() else {
            let none = phrase!("error-authority-none", "This agent has no local authority.");
            return Err(ApiError::of(ErrorCode::NotSupported, &none));
        };
        self.unlock().await?;
        let _one_at_a_time = self.beside.trying.lock().await;
        self.change_settings(json!({ "authority": { "enabled": true } })).await?;
        let url = self.authority_url().await?;
        let names: Vec<String> = authority.providers().iter().map(|provider| self.tried(provider, &url)).collect();
        if !names.iter().all(|name| self.is_well(name)) {
            for account in authority.new_user().await? {
                let name = self.tried(&account.provider, &url);
                if !self.is_well(&name) {
                    self.add_account(AddAccount { name: name.clone(), base_url: Some(url.clone()), ..account }).await?;
                    // What it was connected with may live for an hour only: it is used at once.
                    self.token(&name, &TokenRequest::default()).await?;
                }
            }
        }
        let (state, now) = (self.state(), self.now());
        Ok(names.iter().filter_map(|name| Some(view::account(&state, state.accounts.get(name)?, now))).collect())
    }

    /// The name of the account that stands for a provider at the authority, which is at `url`: the one that is there, or else
    /// a free one. An account of such a name elsewhere is somebody's own, and is left alone.
    fn tried(&self, provider: &str, url: &str) -> String {
        let last = self.last_url();
        let state = self.state();
        let there = |base: &str| base.trim_end_matches('/') == url || last.as_deref() == Some(base);
        let stands = |name: &String| {
            let record = state.accounts.get(name).map(|account| &account.record);
            record.is_some_and(|record| record.provider == provider && record.base_url.as_deref().is_some_and(there))
        };
        let first = format!("try-{provider}");
        // One more than there are accounts: one of them is free.
        let names = || {
            let further = (2..state.accounts.values().count() + 2).map(|number| format!("try-{provider}-{number}"));
            std::iter::once(first.clone()).chain(further)
        };
        let free = |name: &String| state.accounts.get(name).is_none();
        names().find(stands).or_else(|| names().find(free)).unwrap_or_else(|| first.clone())
    }

    /// Whether there is an account of this name that does without the user.
    fn is_well(&self, name: &str) -> bool {
        let (state, now) = (self.state(), self.now());
        let account = state.accounts.get(name);
        account.is_some_and(|account| view::account(&state, account, now).health != Health::NeedsYou)
    }

    /// The URL of the authority, which has just been switched on, once it answers.
    ///
    /// # Errors
    /// Why it does not run.
    async fn authority_url(&self) -> Result<String, ApiError> {
        let mut stands = self.beside.stands.subscribe();
        if !matches!(*stands.borrow(), AuthorityView::Running { .. }) {
            self.authority_is(AuthorityView::Starting);
            self.beside.wake.notify_one();
        }
        let ended = |view: &AuthorityView| match view {
            AuthorityView::Running { .. } | AuthorityView::Failed { .. } => true,
            // Unless that is of before it was switched on.
            AuthorityView::Off => !self.settings.borrow().authority.enabled,
            AuthorityView::Starting => false,
        };
        // The sender is ours, so this only ends by the condition.
        let stands = stands.wait_for(ended).await.map(|view| view.clone()).unwrap_or_default();
        match stands {
            AuthorityView::Running { url } => Ok(url),
            AuthorityView::Failed { message, said } => {
                let error = ApiError::new(ErrorCode::Internal, message);
                Err(ApiError { said: said.map(Box::new), ..error })
            }
            AuthorityView::Off | AuthorityView::Starting => {
                let off = phrase!("error-authority-off", "The local authority was switched off meanwhile.");
                Err(ApiError::of(ErrorCode::Internal, &off))
            }
        }
    }

    fn authority_is(&self, view: AuthorityView) {
        self.state().authority = view.clone();
        self.beside.stands.send_replace(view);
        self.touched();
    }

    /// Brings the authority to what is `wanted`; `runs` is what it was brought to last. Answers whether that is all: what
    /// failed is to be tried again.
    async fn run_authority(
        &self,
        authority: &dyn Authority,
        wanted: &LocalAuthority,
        runs: &mut Option<LocalAuthority>,
    ) -> bool {
        if !wanted.enabled {
            if runs.take().is_some() {
                authority.close().await;
            }
            self.authority_is(AuthorityView::Off);
            return true;
        }
        if runs.as_ref() != Some(wanted) {
            self.authority_is(AuthorityView::Starting);
            *runs = None;
            match self.listen(authority, wanted.port).await {
                Ok(url) => {
                    *runs = Some(wanted.clone());
                    let moved = self.move_accounts(&url).await.is_ok();
                    self.authority_is(AuthorityView::Running { url });
                    return moved;
                }
                Err(ApiError { message, said, .. }) => {
                    self.authority_is(AuthorityView::Failed { message, said: said.map(|said| *said) });
                    return false;
                }
            }
        }
        let stands = self.beside.stands.borrow().clone();
        match stands {
            AuthorityView::Running { url } => self.move_accounts(&url).await.is_ok(),
            _ => true,
        }
    }

    /// Any port that is free is the one of last time where that is free.
    async fn listen(&self, authority: &dyn Authority, port: u16) -> Result<String, ApiError> {
        if port == 0
            && let Some(last) = self.last_url().and_then(|url| url.rsplit(':').next()?.parse().ok())
            && let Ok(url) = authority.listen(last).await
        {
            return Ok(url);
        }
        authority.listen(port).await
    }

    /// Leads the accounts of the authority to where it answers now.
    ///
    /// # Errors
    /// Where the vault is not open; to be tried again.
    async fn move_accounts(&self, url: &str) -> Result<(), ApiError> {
        let Some(last) = self.last_url().filter(|last| last != url) else {
            return self.remember_url(url);
        };
        if let Some(shut) = self.state().vault.clone() {
            return Err(shut.into());
        }
        let is_there = |base: &Option<String>| base.as_deref() == Some(&last);
        let rows: Vec<i64> = {
            let state = self.state();
            let there = state.accounts.values().filter(|account| is_there(&account.record.base_url));
            there.map(|account| account.record.row).collect()
        };
        for row in rows {
            // What was answered there yet may be the only copy of a new credential: it is stored first.
            self.called_once(|calling| calling == row).await;
            let elsewhere = |record: &mut crate::vault::AccountRecord| {
                record.base_url = Some(url.to_owned());
                // What is under way there says nothing any more.
                record.generation += 1;
            };
            self.commit(row, Vec::new(), Unstored::Refuse, elsewhere).await?;
        }
        self.remember_url(url)
    }

    fn last_url(&self) -> Option<String> {
        std::fs::read_to_string(self.url_file()).ok().filter(|url| url.starts_with("http://127.0.0.1:"))
    }

    fn remember_url(&self, url: &str) -> Result<(), ApiError> {
        if self.last_url().as_deref() == Some(url) {
            return Ok(());
        }
        let cannot = |error| {
            let (file, reason) = (self.url_file(), daypass_api::reason(&error));
            ApiError::new(ErrorCode::Internal, format!("{} cannot be written: {reason}.", file.display()))
        };
        std::fs::write(self.url_file(), url).map_err(cannot)
    }

    fn url_file(&self) -> PathBuf {
        self.setup.home.data_dir().join(LAST_URL)
    }
}

/// Runs the authority as the settings say, until the agent stops.
async fn follow(inner: Arc<Inner>, authority: Arc<dyn Authority>) {
    let mut settings = inner.settings.subscribe();
    let mut runs = None;
    while !inner.stopped.load(Ordering::Acquire) {
        let wanted = settings.borrow_and_update().authority.clone();
        let settled = inner.run_authority(&*authority, &wanted, &mut runs).await;
        tokio::select! {
            // The sender is ours.
            _ = settings.changed() => {}
            () = inner.beside.wake.notified() => {}
            () = tokio::time::sleep(AGAIN), if !settled => {}
        }
    }
    authority.close().await;
}
