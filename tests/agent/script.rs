//! A provider after a script: it remembers what was asked, and does what the test told it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use daypass_agent::{Asked, Upstream};
use daypass_core::fresh::{Life, RefreshKind};
use daypass_core::session::Session;
use daypass_core::{Clock, Secret};
use daypass_providers::{
    Definition, DeviceCode, Grant, Inspected, Listed, Minted, Offer, Poll, ProviderError, Regenerated, Target, Wish,
};

use crate::bed::TestClock;

/// What the provider does, and what it was asked.
pub(crate) struct Plot {
    /// Every call as `operation credential`, in order.
    pub(crate) calls: Vec<String>,
    /// Failures for the next calls, whatever they are.
    pub(crate) failures: VecDeque<ProviderError>,
    /// How long a call takes.
    pub(crate) delay: Duration,
    /// How long a session lives where none is wished for.
    pub(crate) life: Duration,
    /// Whether sessions come with a grant.
    pub(crate) grants: bool,
    /// Whether a renewal brings a successor of the grant.
    pub(crate) rotates_grants: bool,
    /// Whether a grant is still taken.
    pub(crate) takes_grants: bool,
    /// What the provider lists; a mint adds to it, a revocation takes away.
    pub(crate) listed: Vec<Session>,
    /// Whether every row of its list can be read.
    pub(crate) lists_all: bool,
    /// Credentials that are refused.
    pub(crate) refused: Vec<String>,
    /// What a revocation of everything brings; `None`: it is done one by one.
    pub(crate) regenerated: Option<Regenerated>,
    /// A successor of the credential that the next mint brings.
    pub(crate) successor: Option<String>,
    /// What polls of a sign-in answer, in order; the last is repeated.
    pub(crate) polls: VecDeque<Poll>,
    /// A call whose answer gets lost after it took effect.
    pub(crate) lose_answer: bool,
    /// Two sessions of one second are one: the next mint brings the last session again.
    pub(crate) same_second: bool,
    /// Where the calls of a sign-in and the mints went, in order.
    pub(crate) addresses: Vec<String>,
    /// How much longer than usual tokens are, in bytes.
    pub(crate) padding: usize,
    /// The token that the next mint brings, in place of one that is made up.
    pub(crate) next_token: Option<String>,
    count: u32,
}

/// The scripted provider.
pub(crate) struct Script {
    clock: Arc<TestClock>,
    plot: Mutex<Plot>,
}

impl Script {
    pub(crate) fn new(clock: Arc<TestClock>) -> Arc<Self> {
        let plot = Plot {
            calls: Vec::new(),
            failures: VecDeque::new(),
            delay: Duration::from_millis(100),
            life: Duration::from_secs(1800),
            grants: false,
            rotates_grants: false,
            takes_grants: true,
            listed: Vec::new(),
            lists_all: true,
            refused: Vec::new(),
            regenerated: None,
            successor: None,
            polls: VecDeque::new(),
            lose_answer: false,
            same_second: false,
            addresses: Vec::new(),
            padding: 0,
            next_token: None,
            count: 0,
        };
        Arc::new(Self { clock, plot: Mutex::new(plot) })
    }

    pub(crate) fn plot(&self) -> MutexGuard<'_, Plot> {
        self.plot.lock().unwrap()
    }

    /// How often `operation` was asked for.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.plot().calls.iter().filter(|call| call.split(' ').next() == Some(operation)).count()
    }

    /// The next calls fail with `error`, `times` in a row.
    pub(crate) fn fail(&self, error: &ProviderError, times: usize) {
        self.plot().failures.extend(std::iter::repeat_n(error.clone(), times));
    }

    /// The beginning of a call: it is noted, it takes its time, and may fail.
    async fn begin(&self, operation: &str, with: &Secret) -> Result<(), ProviderError> {
        let delay = {
            let mut plot = self.plot();
            plot.calls.push(format!("{operation} {}", with.expose()));
            plot.delay
        };
        tokio::time::sleep(delay).await;
        let mut plot = self.plot();
        if let Some(error) = plot.failures.pop_front() {
            return Err(error);
        }
        if plot.refused.iter().any(|refused| refused == with.expose()) {
            return Err(ProviderError::Refused { message: "The token is not valid".into() });
        }
        Ok(())
    }

    /// Opens a session, and may lose the answer.
    async fn open(
        &self,
        operation: &str,
        definition: &Definition,
        with: &Secret,
        wish: &Wish,
        kind: RefreshKind,
    ) -> Result<Minted, ProviderError> {
        let sent_at = self.clock.now();
        self.begin(operation, with).await?;
        let mut plot = self.plot();
        if !std::mem::take(&mut plot.same_second) {
            plot.count += 1;
        }
        let made_up = format!("token-{}{}", plot.count, "x".repeat(plot.padding));
        let (id, token) = (format!("s{}", plot.count), Secret::new(plot.next_token.take().unwrap_or(made_up)));
        let expires_at = sent_at + wish.life.unwrap_or(plot.life);
        let session = Session {
            id,
            name: wish.name.clone(),
            kind: Some("api".to_owned()),
            created_at: Some(sent_at),
            expires_at: Some(expires_at),
        };
        if definition.abilities().list {
            plot.listed.push(session.clone());
        }
        if std::mem::take(&mut plot.lose_answer) {
            return Err(ProviderError::Offline { message: "The connection was cut.".into(), maybe_done: true });
        }
        let grant = plot.grants.then(|| Grant {
            token: Secret::new(format!("grant-{}", plot.count)),
            expires_at: None,
            life: expires_at.signed_duration_since(sent_at).to_std().unwrap(),
        });
        let credential = plot.successor.take().map(Secret::new);
        Ok(Minted {
            session,
            token,
            life: Life { sent_at, expires_at, hint: None, kind, doubtful: false },
            grant,
            credential,
        })
    }
}

impl Upstream for Script {
    fn mint<'a>(&'a self, d: &'a Definition, t: &'a Target, c: &'a Secret, wish: &'a Wish) -> Asked<'a, Minted> {
        self.plot().addresses.push(t.base_url.to_string());
        Box::pin(self.open("mint", d, c, wish, RefreshKind::OpensNew))
    }

    fn renew<'a>(&'a self, d: &'a Definition, _: &'a Target, grant: &'a Grant) -> Asked<'a, Minted> {
        Box::pin(async move {
            if !self.plot().takes_grants {
                self.plot().calls.push(format!("renew {}", grant.token.expose()));
                return Err(ProviderError::Refused { message: "The grant is over".into() });
            }
            let wish = Wish { name: None, life: Some(grant.life) };
            let minted = self.open("renew", d, &grant.token, &wish, RefreshKind::Renews).await?;
            let successor = minted.grant.filter(|_| self.plot().rotates_grants);
            Ok(Minted { grant: successor, ..minted })
        })
    }

    fn inspect<'a>(&'a self, _: &'a Definition, _: &'a Target, credential: &'a Secret) -> Asked<'a, Inspected> {
        Box::pin(async move {
            self.begin("inspect", credential).await?;
            Ok(Inspected { id: "login".to_owned(), kind: Some("login".to_owned()), barred: None })
        })
    }

    fn list<'a>(&'a self, _: &'a Definition, _: &'a Target, credential: &'a Secret) -> Asked<'a, Listed> {
        Box::pin(async move {
            // The list is as it was when it was asked for.
            let listed = {
                let plot = self.plot();
                Listed { sessions: plot.listed.clone(), whole: plot.lists_all }
            };
            self.begin("list", credential).await?;
            Ok(listed)
        })
    }

    fn create<'a>(&'a self, d: &'a Definition, _: &'a Target, c: &'a Secret, wish: &'a Wish) -> Asked<'a, Minted> {
        Box::pin(self.open("create", d, c, wish, RefreshKind::OpensNew))
    }

    fn revoke<'a>(&'a self, _: &'a Definition, _: &'a Target, credential: &'a Secret, id: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            self.begin(&format!("revoke {id}"), credential).await?;
            let mut plot = self.plot();
            let there = plot.listed.iter().any(|session| session.id == id);
            plot.listed.retain(|session| session.id != id);
            if there { Ok(()) } else { Err(ProviderError::AlreadyGone) }
        })
    }

    fn revoke_all<'a>(&'a self, _: &'a Definition, _: &'a Target, credential: &'a Secret) -> Asked<'a, Regenerated> {
        Box::pin(async move {
            let regenerated = self.plot().regenerated.clone();
            let Some(regenerated) = regenerated else {
                return Err(ProviderError::NotSupported { message: "One by one".into() });
            };
            self.begin("revoke_all", credential).await?;
            self.plot().refused.push(credential.expose().to_owned());
            if std::mem::take(&mut self.plot().lose_answer) {
                return Err(ProviderError::Offline { message: "The connection was cut.".into(), maybe_done: true });
            }
            Ok(regenerated)
        })
    }

    fn begin_sign_in<'a>(&'a self, _: &'a Definition, t: &'a Target) -> Asked<'a, DeviceCode> {
        self.plot().addresses.push(t.base_url.to_string());
        Box::pin(async move {
            self.begin("begin_sign_in", &Secret::new("-")).await?;
            Ok(DeviceCode {
                device_code: Secret::new("dvc_1"),
                user_code: "ABCD-EFGH".to_owned(),
                qr: None,
                expires_at: self.clock.now() + Duration::from_secs(600),
                interval: Duration::from_secs(5),
            })
        })
    }

    fn poll_sign_in<'a>(&'a self, _: &'a Definition, t: &'a Target, code: &'a DeviceCode) -> Asked<'a, Poll> {
        self.plot().addresses.push(t.base_url.to_string());
        Box::pin(async move {
            self.begin("poll", &code.device_code).await?;
            let mut plot = self.plot();
            let poll = if plot.polls.len() > 1 { plot.polls.pop_front() } else { plot.polls.front().cloned() };
            Ok(poll.unwrap_or(Poll::Pending))
        })
    }

    fn offers<'a>(
        &'a self,
        _: &'a Definition,
        _: &'a Target,
        credential: &'a Secret,
        param: &'a str,
    ) -> Asked<'a, Vec<Offer>> {
        Box::pin(async move {
            self.begin("offers", credential).await?;
            Ok(vec![Offer { value: format!("{param}-1"), label: "The first".to_owned() }])
        })
    }
}
