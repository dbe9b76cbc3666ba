//! Connecting and removing accounts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use daypass_api::request::AddAccount;
use daypass_api::view::{AccountView, LogEvent, RemoveView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Phrase, Secret, Time, phrase};
use daypass_providers::{Definition, Minted, ProviderError, Target, Wish};

use crate::fail;
use crate::failure;
use crate::history::{Entry, timed};
use crate::inner::{Inner, Unstored};
use crate::recognize::misplaced;
use crate::refresh::{put_current, removed};
use crate::state::Account;
use crate::state::clocks::Anchor;
use crate::undo::Dropped;
use crate::vault::{AccountRecord, Sealed, Store};
use crate::view;

/// The longest name of an account, in characters.
const MAX_NAME: usize = 64;
/// The longest credential, in bytes: as long as the longest token that is read.
const MAX_CREDENTIAL: usize = daypass_core::token::MAX_TOKEN_BYTES;

/// How a credential is tried before it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// Not at all.
    No,
    /// It is stored only if it works: the user still has it in hand.
    MustWork,
    /// It is stored unless it is refused: there is no other copy of it.
    UnlessRefused,
}

/// What connecting needs, checked.
pub(crate) struct Connect {
    pub(crate) definition: Arc<Definition>,
    pub(crate) name: String,
    pub(crate) base_url: Option<String>,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) credential: Secret,
    pub(crate) check: Check,
    pub(crate) life: Option<Duration>,
    pub(crate) pinned: bool,
    /// Whether an account of this name may get the credential although its own still works.
    pub(crate) replace: bool,
}

/// A name that nobody else may take while it is being connected or removed.
pub(crate) struct Reserved(Arc<Inner>, String);

impl Drop for Reserved {
    fn drop(&mut self) {
        self.0.state().reserved.remove(&self.1);
    }
}

impl Inner {
    /// Connects an account, or mends one that needs a new credential.
    pub(crate) async fn add_account(self: &Arc<Self>, request: AddAccount) -> Result<AccountView, ApiError> {
        let definition = self.definition(&request.provider)?;
        let life = request.life.map(Duration::from_secs);
        definition.check_life(life).map_err(|error| failure::told(&error).about("life"))?;
        let AddAccount { name, base_url, params, credential, command, check, pinned, .. } = request;
        let (credential, calls) = self.given(&definition, credential, command)?;
        let base_url = base_url.or(calls);
        let check = if check { Check::MustWork } else { Check::No };
        self.connect(Connect { definition, name, base_url, params, credential, check, life, pinned, replace: false })
            .await
    }

    /// The definition of this name.
    ///
    /// # Errors
    /// `bad_request` with the names that there are.
    pub(crate) fn definition(&self, name: &str) -> Result<Arc<Definition>, ApiError> {
        self.setup.catalog.find(name).ok_or_else(|| {
            let known: Vec<&str> = self.setup.catalog.all().map(|definition| definition.name()).collect();
            bad_request(phrase!(
                "error-unknown-provider",
                "There is no provider {provider}; there are {known}.",
                provider = format!("{name:?}"),
                known = known.join(", "),
            ))
        })
    }

    /// Tries the credential, and stores the account; nothing is stored where it is refused.
    pub(crate) async fn connect(self: &Arc<Self>, asked: Connect) -> Result<AccountView, ApiError> {
        check_name(&asked.name)?;
        check_credential(&asked.credential)?;
        // What the request itself has wrong is told before the vault is asked for.
        if asked.definition.partial_target(asked.base_url.as_deref(), asked.params.clone()).is_ok() {
            self.unlock().await?;
        }
        let _reserved = self.reserve(&asked.name)?;
        let mut record = self.record_for(&asked)?;
        let (base_url, params) = (record.base_url.as_deref(), record.params.map());
        let target = asked.definition.target(base_url, params.clone());
        let target = target.map_err(|error| misplaced(&asked.definition, base_url, &params, &error))?;
        let account = Account::new(record.clone(), &self.setup.catalog, self.now(), 0.0);
        let wish = account.wish(self.session_name());
        if asked.definition.rotates_credential() && asked.check != Check::No {
            // The call uses the credential up, and only the vault will have its successor.
            self.vault.run(Store::try_writing).await?;
        }
        let _only_copy = asked.definition.rotates_credential().then(|| self.calls_once(record.row));
        let (mut took, mut anchor) = (None, Anchor::default());
        let first = timed(&mut took, self.first_mint(&asked, &target, &wish, &account.place));
        let minted = self.anchored(&mut anchor, first).await.inspect_err(|error| {
            // Of an account that is not there yet there is no history.
            self.log_of(record.row, LogEvent::Failed, |entry| entry.failed(error).took(took));
        })?;
        let took = took.filter(|_| asked.check != Check::No);
        let brings_secret = minted.as_ref().is_some_and(|minted| minted.credential.is_some());
        fail::point("connect.answered");
        // The clock may have been set while the provider was asked.
        let by_now = |minted: Option<Minted>| minted.map(|minted| self.by_clock_of_now(minted, &anchor));
        let now = self.now();
        if record.row == 0 {
            record.created_at = now;
            let told = connected(&mut record, &asked, by_now(minted), now, took);
            return self.store_new(record, told).await;
        }
        // What else was stored of the account while its new credential was tried stays.
        let unstored = if brings_secret { Unstored::Keep } else { Unstored::Refuse };
        self.commit_logged(record.row, Vec::new(), unstored, |record| {
            renew(record, &asked);
            connected(record, &asked, by_now(minted), now, took)
        })
        .await?;
        self.incident(|incidents, now| incidents.mended(now, &asked.name));
        fail::point("connect.stored");
        let mut state = self.state();
        state.account(&asked.name)?;
        let state = &*state;
        state.accounts.get(&asked.name).map(|account| view::account(state, account, now)).ok_or_else(removed)
    }

    /// Keeps a name from others.
    ///
    /// # Errors
    /// `bad_request` where it is kept from us.
    pub(crate) fn reserve(self: &Arc<Self>, name: &str) -> Result<Reserved, ApiError> {
        if !self.state().reserved.insert(name.to_owned()) {
            return Err(bad_request(phrase!(
                "error-name-reserved",
                "{account} is just being connected or removed; wait for it.",
                account = name,
            )));
        }
        Ok(Reserved(self.clone(), name.to_owned()))
    }

    /// The record to fill: a new one, or that of the account that gets the new credential.
    fn record_for(&self, asked: &Connect) -> Result<AccountRecord, ApiError> {
        let state = self.state();
        let Some(there) = state.accounts.get(&asked.name) else {
            return Ok(AccountRecord {
                base_url: asked.base_url.clone(),
                params: asked.params.clone().into(),
                life: asked.life,
                pinned: asked.pinned,
                ..AccountRecord::new(&asked.name, asked.definition.name(), self.now())
            });
        };
        let record = &there.record;
        let name = &asked.name;
        if record.provider != asked.definition.name() {
            return Err(bad_request(phrase!(
                "error-name-taken-elsewhere",
                "There is an account {account} at {provider} already; choose another name, or remove it first.",
                account = name,
                provider = record.provider,
            ))
            .about("name"));
        }
        let needs_one = record.refused.is_some() || matches!(record.credential, Sealed::Nothing | Sealed::Damaged);
        if !needs_one && !asked.replace {
            return Err(bad_request(phrase!(
                "error-name-taken",
                "There is an account {account} already, and its credential works; choose another name, or remove it first.",
                account = name,
            ))
            .about("name"));
        }
        let mut record = record.clone();
        renew(&mut record, asked);
        Ok(record)
    }

    /// Tries the credential as far as was asked, and answers the session that this opened, if any.
    ///
    /// # Errors
    /// Why it is not to be stored.
    async fn first_mint(
        &self,
        asked: &Connect,
        target: &Target,
        wish: &Wish,
        place: &Arc<str>,
    ) -> Result<Option<Minted>, ApiError> {
        let free = self.state().may_ask_provider(place, self.now());
        match (asked.check, free) {
            (Check::No, _) | (Check::UnlessRefused, Err(_)) => return Ok(None),
            (Check::MustWork, Err(error)) => return Err(error),
            (_, Ok(())) => {}
        }
        let error = match self.try_credential(&asked.definition, target, &asked.credential, wish).await {
            Ok(minted) => return Ok(minted),
            Err(error) => error,
        };
        if let (ProviderError::RateLimited { .. }, Some(wait)) = (&error, failure::retry_after(&error)) {
            self.cool_down(place, wait);
        }
        let refused = matches!(error, ProviderError::Refused { .. });
        if asked.check == Check::UnlessRefused && !refused {
            return Ok(None);
        }
        Err(refused_on_connect(&error))
    }

    /// Tries the credential in the cheapest way: by inspecting it, else by the first mint, whose session is kept.
    ///
    /// The journal is not needed: until the account is stored the user still has the credential in hand. Where the call uses
    /// it up, that the vault can be written was tried a moment before.
    async fn try_credential(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        wish: &Wish,
    ) -> Result<Option<Minted>, ProviderError> {
        if !definition.abilities().inspect {
            return self.setup.upstream.mint(definition, target, credential, wish).await.map(Some);
        }
        let inspected = self.setup.upstream.inspect(definition, target, credential).await?;
        match inspected.barred {
            Some(why) => Err(ProviderError::Rejected {
                message: phrase!("error-shut-out", "The provider shuts this user out ({told}).", told = why),
            }),
            None => Ok(None),
        }
    }

    /// Stores a new account, and takes it in.
    ///
    /// # Errors
    /// Those of the vault; then there is no such account.
    pub(crate) async fn store_new(
        self: &Arc<Self>,
        record: AccountRecord,
        own: Vec<Entry>,
    ) -> Result<AccountView, ApiError> {
        let now = self.now();
        let own = own.into_iter().map(|entry| entry.without_secrets(&[&record]));
        let (own, history) = (self.history.screen(own), self.history.clone());
        let anchor = self.state().clocks.anchor();
        let by = anchor.clone();
        let save = move |store: &mut Store| {
            store.write_by(&by, record, |store, record| {
                history.write(own, |entries| store.save(record, None, &[], entries, now))
            })
        };
        let stored = self.vault.run(save).await;
        let (mut record, ahead) = match stored {
            Ok(stored) => stored,
            Err(error) => {
                self.state().vault = Some(error.clone());
                self.touched();
                return Err(error.into());
            }
        };
        fail::point("connect.stored");
        let view = {
            let mut state = self.state();
            let now = self.now();
            record.shift(state.clocks.anchor().since(&anchor) - ahead);
            let account = Account::new(record, &self.setup.catalog, now, self.setup.chance.unit());
            let view = view::account(&state, &account, now);
            state.accounts.insert(account);
            view
        };
        self.touched();
        Ok(view)
    }

    /// Removes an account and all that is stored of it. Nothing is revoked.
    pub(crate) async fn remove_account(self: &Arc<Self>, name: &str) -> Result<RemoveView, ApiError> {
        self.state().account(name)?;
        self.unlock().await?;
        let _reserved = self.reserve(name)?;
        let row = self.state().account(name)?.record.row;
        // A change that is just being stored ends first; one that comes later finds the account gone.
        let _one_at_a_time = self.saving.take(row).await;
        let now = self.now();
        let told = Entry::new(now, name, LogEvent::Removed).because("The user removed it; nothing was revoked.");
        let (own, history) = (self.history.screen([told]), self.history.clone());
        let remove = move |store: &mut Store| history.write(own, |entries| Ok(((), store.remove(row, entries, now)?)));
        self.vault.run(remove).await?;
        self.incident(|incidents, _| incidents.removed(name));
        let mut state = self.state();
        let record = state.accounts.row(row).map(|account| account.record.clone());
        // A call that is under way may use the credential up, and its successor finds no account.
        let settled = !self.is_calling_once(row) && state.intents.iter().all(|open| open.account != row);
        state.accounts.remove(row);
        state.intents.retain(|open| open.account != row);
        drop(state);
        self.touched();
        let whole = record.filter(|record| settled && record.damaged.is_empty()).and_then(AccountRecord::unstored);
        Ok(RemoveView { undo: whole.map(|record| self.can_undo(Dropped::Account(row, Box::new(record)))) })
    }
}

/// Makes the record of an account ready for another credential.
fn renew(record: &mut AccountRecord, asked: &Connect) {
    record.credential = Sealed::Nothing;
    record.generation += 1;
    record.grant = Sealed::Nothing;
    // What the old credential opened may have died with it.
    if let Some(current) = record.current().map(|current| current.session.id.clone()) {
        record.drop_session(&current);
    }
    record.base_url = asked.base_url.clone().or(record.base_url.take());
    record.params = record.params.map().into_iter().chain(asked.params.clone()).collect::<BTreeMap<_, _>>().into();
    record.life = asked.life.or(record.life);
    record.pinned |= asked.pinned;
}

/// Puts the credential into the record, with what the first mint brought. Answers what the history tells of it.
fn connected(
    record: &mut AccountRecord,
    asked: &Connect,
    minted: Option<Minted>,
    now: Time,
    took: Option<Duration>,
) -> Vec<Entry> {
    let reason = match asked.check {
        Check::No => "The user connected it; its credential was not tried.",
        Check::MustWork => "The user connected it with a credential that works.",
        Check::UnlessRefused => "The user signed in.",
    };
    let connected = Entry::new(now, &record.name, LogEvent::Connected).because(reason).took(took);
    let opened = minted.iter().flat_map(|minted| Entry::of_current(now, record, minted));
    let opened = opened.map(|entry| entry.or_because("It was opened to try the credential.").took(took));
    let told = std::iter::once(connected).chain(opened).collect();
    record.credential = Sealed::Open(asked.credential.clone());
    record.refused = None;
    if let Some(minted) = minted {
        // It replaces the credential where the provider rotated it.
        put_current(record, minted, false, |_| now);
    }
    told
}

/// A failed attempt to connect, with what to do about it.
fn refused_on_connect(error: &ProviderError) -> ApiError {
    let told = failure::told(error);
    match error {
        ProviderError::Refused { .. } => {
            // What the provider says of it is the best hint that there is.
            told.and(&phrase!("error-connect-check", "Check it and try again; nothing was stored.")).about("credential")
        }
        ProviderError::Rejected { .. } => told.about("credential"),
        ProviderError::Offline { .. } | ProviderError::TryLater { .. } => {
            told.and(&phrase!("error-connect-later", "Nothing was stored; try again later.")).about("base_url")
        }
        _ => told,
    }
}

/// 1 to 64 letters, digits and `._@+-`; not dots alone, which mean a folder in every path.
///
/// # Errors
/// `bad_request`.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_alphanumeric() || "._@+-".contains(c);
    let length = name.chars().count();
    if length == 0 || length > MAX_NAME || !name.chars().all(allowed) || name.chars().all(|c| c == '.') {
        let why = phrase!(
            "error-account-name",
            "An account's name has 1 to 64 letters, digits and ._@+- (and not dots alone)."
        );
        return Err(bad_request(why).about("name"));
    }
    Ok(())
}

fn check_credential(credential: &Secret) -> Result<(), ApiError> {
    let text = credential.expose();
    let why = if text.trim().is_empty() {
        phrase!("error-credential-empty", "The credential is empty.")
    } else if text.len() > MAX_CREDENTIAL {
        phrase!("error-credential-long", "The credential is longer than 8 KiB; is it the right one?")
    } else if text.trim() != text || text.chars().any(char::is_control) {
        phrase!("error-credential-blanks", "The credential has blanks around it or line breaks in it; give it alone.")
    } else {
        return Ok(());
    };
    Err(bad_request(why).about("credential"))
}

pub(crate) fn bad_request(why: impl Into<Phrase>) -> ApiError {
    ApiError::of(ErrorCode::BadRequest, &why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["work", "a", "me@home.example+1", "..a", "Büro-2", &"x".repeat(64)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "a\n", "ä?", &"x".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials() {
        assert!(check_credential(&Secret::new("rt_1")).is_ok());
        for bad in ["", "  ", "a\n", "a\nb", &"x".repeat(8193)] {
            assert!(check_credential(&Secret::new(bad)).is_err());
        }
    }
}
