//! What the agent knows at this moment: plain data under one lock, which nobody holds across an `await`.

mod accounts;
pub(crate) mod clocks;
mod promises;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use daypass_api::settings::{AuthorityView, KeepFresh, Refresh, SettingsView, ShortcutView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::agenda::Agenda;
use daypass_core::clock::Reading;
use daypass_core::drift::Drift;
use daypass_core::fresh::{Facts, Failure, Life};
use daypass_core::planner::Planner;
use daypass_core::session::Session;
use daypass_core::{Chance, Secret, Time, clock, phrase};
use daypass_providers::{Catalog, Definition, Target, Wish};
use tokio::sync::watch;

pub(crate) use self::accounts::Accounts;
use self::clocks::{Clocks, NETWORK_SPREAD};
use self::promises::Promises;
use crate::failure;
use crate::history::Why;
use crate::sign_in::Pending;
use crate::vault::{AccountRecord, OpenIntent, Sealed, VaultError, shift_session};

/// An account is kept warm while its token was asked for within this time (or it was connected within it).
pub(crate) const WARM_FOR: Duration = Duration::from_secs(8 * 60 * 60);

/// How a flight ended.
pub(crate) type Outcome = Result<(), ApiError>;
/// A refresh that is under way: `None` until it ended. A closed channel means that it broke.
pub(crate) type Flight = watch::Receiver<Option<Outcome>>;

/// All of it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: Accounts,
    /// When each is refreshed, by row, at the provider of [`Account::place`].
    pub(crate) planner: Planner<i64, Arc<str>>,
    /// When something else is to be done about one.
    pub(crate) chores: Agenda<i64>,
    /// What the machine's clocks have told so far.
    pub(crate) clocks: Clocks,
    /// What is wrong with the vault; `None` where it is open.
    pub(crate) vault: Option<VaultError>,
    /// What the user has chosen, and how the file is that says so.
    pub(crate) settings: SettingsView,
    /// What became of the shortcut that is chosen there, by the tray.
    pub(crate) shortcut: ShortcutView,
    /// What became of the local authority that is chosen there.
    pub(crate) authority: AuthorityView,
    /// Whether the accounts are known: the vault's file has been read.
    pub(crate) loaded: bool,
    /// Intents that a call left open, or that were found open on start.
    pub(crate) intents: Vec<OpenIntent>,
    /// Names of accounts that are just being connected.
    pub(crate) reserved: HashSet<String>,
    /// Sign-ins by device code, by id.
    pub(crate) sign_ins: BTreeMap<String, Pending>,
}

/// An account: what the vault keeps of it, and what only this moment knows.
pub(crate) struct Account {
    pub(crate) record: AccountRecord,
    /// `None` where the user removed the definition's file.
    pub(crate) definition: Option<Arc<Definition>>,
    /// Why it cannot be asked, where it cannot: its definition is gone, or asks for something else now.
    pub(crate) barred: Option<Box<ApiError>>,
    /// The provider at this address: what a cool-down, and all else that holds for its accounts together, is kept under.
    pub(crate) place: Arc<str>,
    /// The provider's last list.
    pub(crate) listed: Vec<Session>,
    /// Drawn once for the current token.
    pub(crate) jitter: f64,
    /// The failure since the last success.
    pub(crate) failure: Option<Failure>,
    /// What it said, and when the trouble began.
    pub(crate) trouble: Option<Box<(ApiError, Time)>>,
    /// Whether it failed because the provider could not be reached.
    pub(crate) unreachable: bool,
    /// The last refresh, and the credential's generation that it began in.
    pub(crate) flight: Option<(u64, Flight)>,
    /// Until when the token of a session, by id, was promised to live.
    pub(crate) promised: Promises,
    /// A call may have replaced the credential without our knowing: no held token is believed until one is minted.
    pub(crate) suspect: bool,
    /// The sessions whose revocation has begun and not ended, by id: their tokens may be dead.
    pub(crate) revoking: Vec<String>,
    /// Its last use is not in the vault yet.
    pub(crate) used_unsaved: bool,
    /// It is not in the vault as it is here (a full disk), with the intents that end when it is.
    pub(crate) unsaved: Option<Vec<i64>>,
    /// Until when the provider wants to be left alone, as it has said to something other than a refresh.
    pub(crate) chores_rest_until: Option<Time>,
    /// When open intents are looked at again.
    pub(crate) settle_at: Option<Time>,
}

impl State {
    /// Takes in what the clocks say. Answers whether anything follows from it.
    ///
    /// Every instant that is kept is by the wall clock of now: where that was set, they are moved by the same step.
    pub(crate) fn take_in(&mut self, reading: Reading) -> bool {
        let drift = self.clocks.take_in(reading);
        if let Some(step) = drift.step {
            self.accounts.values_mut().for_each(|account| account.shift(step));
            self.planner.shift(step);
            self.chores.shift(step);
            for open in &mut self.intents {
                open.begun_at = clock::shifted(open.begun_at, step);
            }
        }
        drift != Drift::default()
    }

    /// A network came up: what waits for want of one is tried soon, spread by `chance`; once, where several come up.
    pub(crate) fn network_up(&mut self, now: Time, chance: &dyn Chance) {
        if !self.clocks.network_up(now) {
            return;
        }
        self.planner.network_up(now, || NETWORK_SPREAD.mul_f64(chance.unit()));
        let unreachable = self.accounts.values().filter(|account| account.unreachable);
        let rows: Vec<i64> = unreachable.map(|account| account.record.row).collect();
        for account in rows {
            if let Some(account) = self.by_row(account) {
                (account.failure, account.unreachable) = (None, false);
            }
        }
    }

    /// The account of this row, to be changed.
    pub(crate) fn by_row(&mut self, row: i64) -> Option<&mut Account> {
        self.accounts.row_mut(row)
    }

    /// Notes at the account of this row which of its sessions are being revoked; called where its open intents change.
    pub(crate) fn note_revocations(&mut self, row: i64) {
        let open = self.intents.iter().filter(|open| open.account == row);
        let revoking = open.filter_map(|open| open.revokes().map(str::to_owned)).collect();
        if let Some(account) = self.by_row(row) {
            account.revoking = revoking;
        }
    }

    /// Until when chores leave the provider of an account alone: the pause that it asked for after any call, and its next
    /// probe where it cannot be reached.
    pub(crate) fn chores_rest_until(&self, account: &Account) -> Option<Time> {
        let told = account.failure.and_then(|failure| failure.forbidden_until());
        told.max(account.chores_rest_until).max(self.planner.probe_at(&account.place))
    }

    /// The account of this name.
    ///
    /// # Errors
    /// `unknown_account`; what is wrong with the vault, where the accounts are not even known.
    pub(crate) fn account(&mut self, name: &str) -> Result<&mut Account, ApiError> {
        match (self.accounts.get_mut(name), &self.vault) {
            (Some(account), _) => Ok(account),
            (None, Some(error)) if !self.loaded => Err(error.clone().into()),
            (None, _) => {
                let why = phrase!(
                    "error-unknown-account",
                    "There is no account {account}; `daypass account list` shows those that there are.",
                    account = format!("{name:?}"),
                );
                Err(ApiError::of(ErrorCode::UnknownAccount, &why))
            }
        }
    }

    /// How eagerly tokens are refreshed.
    pub(crate) fn refresh(&self) -> &Refresh {
        &self.settings.settings.refresh
    }

    /// What the planner must know of an account, the cool-down of its provider included.
    pub(crate) fn facts(&self, account: &Account, now: Time) -> Facts {
        let facts = account.facts(&self.clocks, self.refresh(), owes(&self.intents, account.record.row), now);
        let cool_down = self.planner.closed_until(&account.place, now);
        Facts { not_before: facts.not_before.max(cool_down), ..facts }
    }

    /// Why the account of this row is refreshed in the background now.
    pub(crate) fn why(&self, row: i64) -> Why {
        match self.accounts.row(row) {
            _ if owes(&self.intents, row) => Why::Settling,
            Some(account) if account.trouble.is_some() => Why::Again,
            Some(_) | None => Why::Due,
        }
    }

    /// Plans what was touched, and answers the rows of those whose refresh begins now.
    pub(crate) fn plan(&mut self, now: Time) -> Vec<i64> {
        for row in self.accounts.take_touched() {
            let chore = self.accounts.row(row).and_then(|account| {
                let closed = self.planner.closed_until(&account.place, now);
                account.next_chore(&self.intents, self.chores_rest_until(account).max(closed), now)
            });
            self.chores.set(row, chore);
            self.planner.touch(row);
        }
        let Self { accounts, planner, clocks, settings, intents, .. } = self;
        planner.wake(now, |row| {
            let account = accounts.row(row)?;
            Some((account.facts(clocks, &settings.settings.refresh, owes(intents, row), now), account.place.clone()))
        })
    }
}

/// Whether only a refresh tells what an earlier call did to the account of this row.
fn owes(intents: &[OpenIntent], row: i64) -> bool {
    intents.iter().any(|open| open.account == row && open.intent.is_told_by_a_mint())
}

impl Account {
    /// An account as it comes out of the vault at `now`; `jitter` is drawn from `[0, 1)`.
    pub(crate) fn new(record: AccountRecord, catalog: &Catalog, now: Time, jitter: f64) -> Self {
        let definition = catalog.find(&record.provider);
        // Promises of an earlier life of the agent are not known: the longest that they could be is kept. Those made with a
        // predecessor are in its own end.
        let deletes = definition.as_ref().is_some_and(|definition| definition.deletes_predecessor());
        let mut promised = Promises::default();
        for session in record.sessions.iter().filter(|session| deletes && session.retire_at.is_none()) {
            if let Some(life) = session.life {
                promised.keep(&session.session.id, clock::later(now, life.thresholds().hard));
            }
        }
        let target = target_of(&record, definition.as_deref());
        Self {
            promised,
            place: place_of(&record, &target),
            barred: target.err().map(Box::new),
            definition,
            listed: Vec::new(),
            jitter,
            failure: None,
            trouble: None,
            unreachable: false,
            flight: None,
            suspect: false,
            revoking: Vec::new(),
            used_unsaved: false,
            unsaved: None,
            chores_rest_until: None,
            settle_at: None,
            record,
        }
    }

    /// Puts `record` in place of the account's, with what follows from it; a use in the meantime is kept.
    pub(crate) fn replace(&mut self, mut record: AccountRecord, unsaved: Option<Vec<i64>>) {
        if self.record.last_used_at > record.last_used_at {
            record.last_used_at = self.record.last_used_at;
            record.resting = self.record.resting;
        }
        if self.record.generation != record.generation {
            // What failed, failed with the old credential, and perhaps elsewhere.
            (self.failure, self.trouble, self.suspect) = (None, None, false);
            let target = target_of(&record, self.definition.as_deref());
            self.place = place_of(&record, &target);
            self.barred = target.err().map(Box::new);
        }
        self.record = record;
        self.record.shrink();
        self.unsaved = unsaved;
    }

    /// The wall clock was set by `step`: what remained of everything remains.
    pub(crate) fn shift(&mut self, step: TimeDelta) {
        self.record.shift(step);
        self.listed.iter_mut().for_each(|session| shift_session(session, step));
        let failed = self.failure.iter_mut().map(|failure| &mut failure.at);
        let troubled = self.trouble.iter_mut().map(|trouble| &mut trouble.1);
        self.promised.shift(step);
        for at in failed.chain(troubled).chain(&mut self.chores_rest_until).chain(&mut self.settle_at) {
            *at = clock::shifted(*at, step);
        }
    }

    /// What the planner must know of it, but for the cool-down of its provider; `owed` where an intent was left open.
    fn facts(&self, clocks: &Clocks, refresh: &Refresh, owed: bool, now: Time) -> Facts {
        Facts {
            life: self.current_life().copied(),
            jitter: self.jitter,
            warm: !refresh.paused && self.is_warm(refresh.keep_fresh, now) && self.barred.is_none(),
            // The machine that a resting account comes from may still use the credential.
            owed: owed && !self.record.resting && self.barred.is_none(),
            in_flight: self.in_flight().is_some(),
            needs_sign_in: self.record.refused.is_some() || self.record.credential.open().is_none(),
            failure: self.failure,
            not_before: clocks.calm_until(self.jitter),
        }
    }

    /// Where to ask. Made when it is needed: most accounts rest most of the time.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub(crate) fn target(&self) -> Result<Target, ApiError> {
        target_of(&self.record, self.definition.as_deref())
    }

    /// The definition and target.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn ground(&self) -> Result<(Arc<Definition>, Target), ApiError> {
        let target = self.target()?;
        let gone = || {
            let why = phrase!("error-definition-gone", "The provider's definition is gone; put its file back.");
            ApiError::of(ErrorCode::NotSupported, &why)
        };
        Ok((self.definition.clone().ok_or_else(gone)?, target))
    }

    /// The life of the current session's token, where it is here and believed.
    pub(crate) fn current_life(&self) -> Option<&Life> {
        // Where sessions are credentials, a refusal was theirs too.
        let refused = self.record.refused.is_some()
            && self.definition.as_ref().is_some_and(|definition| definition.session_is_credential());
        let believed = !self.suspect && !refused && !self.is_current_revoked();
        self.record.current().filter(|_| believed)?.held().map(|(_, life)| life)
    }

    /// Whether the current session is being revoked.
    fn is_current_revoked(&self) -> bool {
        !self.revoking.is_empty()
            && self.record.current().is_some_and(|current| self.revoking.contains(&current.session.id))
    }

    /// The provider has refused `credential`: if that is the token of the current session, it is not believed any more.
    pub(crate) fn doubt(&mut self, credential: &Secret) {
        let held = self.record.current().and_then(|session| session.token.open());
        self.suspect |= held == Some(credential);
    }

    /// The flight that is under way with the credential of now.
    pub(crate) fn in_flight(&self) -> Option<&Flight> {
        let (generation, flight) = self.flight.as_ref()?;
        let current = *generation == self.record.generation;
        Some(flight).filter(|flight| current && flight.has_changed().is_ok() && flight.borrow().is_none())
    }

    /// Whether its token is to be kept fresh in the background, where nothing is paused and `keep` is the user's choice.
    pub(crate) fn is_warm(&self, keep: KeepFresh, now: Time) -> bool {
        let recent = |at: Time| clock::until(at, now) < WARM_FOR;
        let record = &self.record;
        // A new account is warm once it has a token: its first session is opened on first use.
        let connected = record.current().is_some() && recent(record.created_at);
        let kept = match keep {
            KeepFresh::Pinned => record.pinned,
            KeepFresh::Used => record.pinned || connected || record.last_used_at.is_some_and(recent),
            KeepFresh::All => true,
        };
        // The user is rid of the current session: none is opened in its place until the account is used.
        kept && !record.resting && !self.is_current_revoked()
    }

    /// The credentials to try, best first: a held session's token where the provider takes it, then the account's own.
    ///
    /// # Errors
    /// `locked` while the vault's key is not here; `needs_sign_in` where there is none.
    pub(crate) fn credentials(&self, now: Time) -> Result<Vec<Secret>, ApiError> {
        let mut found = Vec::new();
        if self.definition.as_ref().is_some_and(|definition| definition.session_is_credential()) {
            let current = self.record.current().and_then(|session| session.held());
            found.extend(current.filter(|(_, life)| life.expires_at > now).map(|(token, _)| token.clone()));
        }
        match &self.record.credential {
            Sealed::Open(credential) => found.push(credential.clone()),
            Sealed::Shut => return Err(VaultError::Locked.into()),
            Sealed::Nothing | Sealed::Damaged if found.is_empty() => return Err(self.no_credential()),
            Sealed::Nothing | Sealed::Damaged => {}
        }
        Ok(found)
    }

    /// Why there is no credential, and what to do.
    pub(crate) fn no_credential(&self) -> ApiError {
        let name = &self.record.name;
        let why = match (&self.record.refused, &self.record.credential) {
            (Some(refused), _) => return refused.error(),
            (None, Sealed::Damaged) => phrase!(
                "error-credential-damaged",
                "The credential of {account} in the vault is damaged; connect the account again.",
                account = name,
            ),
            (None, _) => phrase!(
                "error-no-credential",
                "{account} has no credential any more; connect it again.",
                account = name,
            ),
        };
        ApiError::of(ErrorCode::NeedsSignIn, &why)
    }

    /// What is wished of a new current session: the name that was made for it, with the life that was chosen.
    pub(crate) fn wish(&self, name: String) -> Wish {
        let create = self.definition.as_ref().and_then(|definition| definition.abilities().create.as_ref());
        Wish {
            name: create.filter(|create| create.name_is_sent).map(|_| name),
            life: self.record.life.filter(|_| create.is_some_and(|create| create.life.is_some())),
        }
    }
}

/// What is kept of a provider is kept by its name and origin.
fn place_of(record: &AccountRecord, target: &Result<Target, ApiError>) -> Arc<str> {
    let origin = target.as_ref().map(|target| target.base_url.origin().ascii_serialization());
    format!("{} {}", record.provider, origin.unwrap_or_default()).into()
}

/// Where an account is, or why that cannot be said.
fn target_of(record: &AccountRecord, definition: Option<&Definition>) -> Result<Target, ApiError> {
    let Some(definition) = definition else {
        let why = phrase!(
            "error-no-definition",
            "There is no definition of the provider {provider} any more; put its file back.",
            provider = format!("{:?}", record.provider),
        );
        return Err(ApiError::of(ErrorCode::NotSupported, &why));
    };
    let target = definition.target(record.base_url.as_deref(), record.params.map());
    target.map_err(|error| failure::told(&error))
}

/// Whole seconds from `now` until `at`, rounded up.
pub(crate) fn seconds_until(now: Time, at: Time) -> u64 {
    let left = clock::until(now, at);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}
