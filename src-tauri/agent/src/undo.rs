//! Taking back what was only dropped here: a forgotten session, a removed account. It is kept in memory for a moment, and is
//! put back durably. What was revoked at a provider is over, and never comes here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daypass_api::view::{LogEvent, UndoView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{clock, phrase, token};
use daypass_providers::Grant;

use crate::history::Entry;
use crate::inner::{Inner, Unstored};
use crate::sessions::drop_by_wish;
use crate::state::clocks::Anchor;
use crate::vault::{AccountRecord, Sealed, SessionRecord};

/// How long something can be taken back: as long as a hand that slipped needs.
const FOR: Duration = Duration::from_secs(10);

/// What can be taken back, by the id of its undoing.
#[derive(Debug, Default)]
pub(crate) struct Undos(Mutex<BTreeMap<String, (Anchor, Dropped)>>);

/// What was dropped.
#[derive(Debug, Clone)]
pub(crate) enum Dropped {
    /// A session of the account of this row.
    Session(i64, Box<Forgotten>),
    /// The account of this row, with all that was stored of it.
    Account(i64, Box<AccountRecord>),
}

/// A session that was forgotten, and what of its account went with it.
#[derive(Debug, Clone)]
pub(crate) struct Forgotten {
    session: SessionRecord,
    /// As of the account before; what went with the current session comes back with it.
    generation: u64,
    resting: bool,
    grant: Sealed<Grant>,
}

impl Forgotten {
    /// The session `id` of an account that is still as it was before.
    pub(crate) fn of(record: &AccountRecord, id: &str) -> Option<Self> {
        let session = SessionRecord { row: None, ..record.session(id)?.clone() };
        Some(Self { session, generation: record.generation, resting: record.resting, grant: record.grant.clone() })
    }

    /// Puts the session back. Where the account has another current session by now, or another credential, it comes back
    /// beside that.
    fn put_back(mut self, record: &mut AccountRecord) {
        let current = self.session.current && record.current().is_none() && record.generation == self.generation;
        self.session.current = current;
        if current {
            record.resting = self.resting;
            if record.grant == Sealed::Nothing {
                record.grant = self.grant;
            }
        }
        record.sessions.push(self.session);
    }
}

impl Undos {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, (Anchor, Dropped)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is taken back by `id`, where it still can be.
    fn find(&self, id: &str) -> Option<(Anchor, Dropped)> {
        self.all().get(id).cloned()
    }

    /// Sessions of the account of `row` were revoked at the provider, those that `which` says by their ids: what was
    /// forgotten or removed of them is over as well. To be said before the revocation is stored.
    pub(crate) fn revoked(&self, row: i64, which: impl Fn(&str) -> bool) {
        self.all().retain(|_, (_, dropped)| match dropped {
            Dropped::Session(of, forgotten) => *of != row || !which(&forgotten.session.session.id),
            Dropped::Account(of, record) => {
                if *of == row {
                    let ids = record.sessions.iter().map(|kept| kept.session.id.clone());
                    for id in ids.filter(|id| which(id)).collect::<Vec<_>>() {
                        drop_by_wish(record, &id);
                    }
                }
                true
            }
        });
    }
}

impl Inner {
    /// Keeps what was dropped for a moment. Answers how it is taken back.
    pub(crate) fn can_undo(self: &Arc<Self>, dropped: Dropped) -> UndoView {
        let id = token::opaque::uuid(&*self.setup.chance);
        let anchor = self.state().clocks.anchor();
        self.undos.all().insert(id.clone(), (anchor, dropped));
        let (inner, over) = (Arc::downgrade(self), id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(FOR).await;
            // With its secrets, which are wiped.
            drop(inner.upgrade().and_then(|inner| inner.undos.all().remove(&over)));
        });
        UndoView { id, until: clock::later(self.now(), FOR) }
    }

    /// Puts back what was dropped, and stores it.
    ///
    /// # Errors
    /// `rejected` where that is too late; those of the vault, and then it can be tried again.
    pub(crate) async fn undo(self: &Arc<Self>, id: &str) -> Result<(), ApiError> {
        match self.undos.find(id).ok_or_else(over)? {
            (_, Dropped::Session(row, _)) => self.put_session_back(row, id).await?,
            (anchor, Dropped::Account(_, record)) => self.put_account_back(*record, &anchor).await?,
        }
        self.undos.all().remove(id);
        Ok(())
    }

    async fn put_session_back(&self, row: i64, id: &str) -> Result<(), ApiError> {
        let (now, mut late) = (self.now(), false);
        self.commit_logged(row, Vec::new(), Unstored::Refuse, |record| {
            // It is looked up in its turn: of a revocation that was stored meanwhile nothing is put back, and one that is
            // stored later finds it here.
            let Some((since, Dropped::Session(_, mut forgotten))) = self.undos.find(id) else {
                late = true;
                return Vec::new();
            };
            forgotten.session.shift(self.state().clocks.anchor().since(&since));
            if record.session(&forgotten.session.session.id).is_some() {
                return Vec::new();
            }
            let told = Entry::new(now, &record.name, LogEvent::Restored).kept(&forgotten.session);
            forgotten.put_back(record);
            vec![told.because("The user took it back that it was forgotten.")]
        })
        .await?;
        if late { Err(over()) } else { Ok(()) }
    }

    async fn put_account_back(self: &Arc<Self>, mut record: AccountRecord, since: &Anchor) -> Result<(), ApiError> {
        let _reserved = self.reserve(&record.name)?;
        if self.state().accounts.get(&record.name).is_some() {
            let why =
                phrase!("error-undo-name-taken", "There is another account {account} by now.", account = record.name,);
            return Err(ApiError::of(ErrorCode::Rejected, &why));
        }
        record.shift(self.state().clocks.anchor().since(since));
        let told = Entry::new(self.now(), &record.name, LogEvent::Restored);
        let told = told.because("The user took it back that it was removed.");
        self.store_new(record, vec![told]).await.map(drop)
    }
}

/// That what was dropped cannot be put back any more.
fn over() -> ApiError {
    let why = phrase!("error-undo-over", "It is too late to take that back.");
    ApiError::of(ErrorCode::Rejected, &why)
}
