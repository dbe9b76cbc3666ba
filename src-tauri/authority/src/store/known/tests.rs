//! What the memory answers beside what the store alone answers, whatever is done, and by whom.

use std::future::poll_fn;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use daypass_core::lineage::chain::Chain;
use daypass_core::lineage::{End, Terms};
use daypass_core::{Chance, Secret, clock};
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::ClientKind;
use crate::admin::Grants;
use crate::model::{Door, Keys, NewSession, SessionKind, Subject};
use crate::store::{DEAD_WITHIN, Store};

/// Numbers that never come twice (SplitMix64).
struct Dice(AtomicU64);

impl Chance for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

fn now() -> Time {
    Time::from_timestamp(1_900_000_000, 0).unwrap()
}

fn later() -> Time {
    clock::later(now(), Duration::from_secs(3600))
}

fn start(store: Store) -> Known {
    let memory = Memory::new();
    let (_, backend) = store.start(Keys { jwt: SigningKey::new([1; 32]) }, memory.told()).unwrap();
    Known::new(Arc::from(backend), memory)
}

fn on_file(path: &Path) -> Known {
    start(Store::sqlite(path).unwrap())
}

/// The digest number `n` of its kind: 0 credentials, 1 sessions.
fn digest(kind: u8, n: u8) -> Digest {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&[kind, n]);
    Digest(bytes)
}

fn credential(n: u8, kind: CredentialKind) -> NewCredential {
    NewCredential { digest: digest(0, n), kind, scopes: None, life: None, created_at: now(), expires_at: None }
}

fn session(n: u8, kind: SessionKind) -> NewSession {
    NewSession {
        id: format!("{n}"),
        digest: digest(1, n),
        kind,
        name: None,
        subject: Subject::Everything,
        created_at: now(),
        expires_at: later(),
    }
}

fn native(dice: &Dice) -> (NativeSession, Secret) {
    let life = Duration::from_secs(3600);
    let scopes = Scopes::parse("read").unwrap();
    let (chain, token) = Chain::open(Terms { life, idle: life }, scopes, dice, now());
    let (client_id, user_id) = ("tv".to_owned(), Some("me".to_owned()));
    (NativeSession { client_id, user_id, name: None, created_at: now(), seen_at: None, chain }, token)
}

/// Three masters, three AntiRaid logins.
fn user() -> NewUser {
    NewUser {
        id: "me".to_owned(),
        created_at: now(),
        profile: Profile { id: "p".to_owned(), name: "Me".to_owned(), avatar_url: None, created_at: now() },
        credentials: (0..3).map(|n| credential(n, CredentialKind::PocketPawMaster)).collect(),
        sessions: (0..3).map(|n| session(n, SessionKind::Login)).collect(),
    }
}

#[derive(Debug, Clone)]
enum Step {
    Paw { by: u8, to: u8 },
    Api { by: u8, to: u8 },
    End { id: u8 },
    Replace { by: u8, with: u8 },
    Remove { by: u8 },
    Native,
    Refresh { of: u8, stale: bool },
    Name { of: u8, by: u8 },
    Revoke { of: u8 },
    EndOwned { by: u8, which: u8 },
    Profile { n: u8 },
    Look,
    Told { of: u8 },
}

/// How many numbers there are for each kind of thing.
const N: u8 = 8;

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..N;
    prop_oneof![
        (n(), n()).prop_map(|(by, to)| Step::Paw { by, to }),
        (n(), n()).prop_map(|(by, to)| Step::Api { by, to }),
        n().prop_map(|id| Step::End { id }),
        (n(), n()).prop_map(|(by, with)| Step::Replace { by, with }),
        n().prop_map(|by| Step::Remove { by }),
        Just(Step::Native),
        (n(), any::<bool>()).prop_map(|(of, stale)| Step::Refresh { of, stale }),
        (n(), n()).prop_map(|(of, by)| Step::Name { of, by }),
        n().prop_map(|of| Step::Revoke { of }),
        (n(), 0..3_u8).prop_map(|(by, which)| Step::EndOwned { by, which }),
        n().prop_map(|n| Step::Profile { n }),
        Just(Step::Look),
        (0..5_u8).prop_map(|of| Step::Told { of }),
    ]
}

/// What a test knows of the sessions it opened.
struct World {
    dice: Dice,
    native: Vec<([u8; 16], Vec<Secret>)>,
}

impl World {
    fn new() -> Self {
        Self { dice: Dice(AtomicU64::new(1 << 40)), native: Vec::new() }
    }

    fn id(&self, n: u8) -> [u8; 16] {
        self.native.get(usize::from(n)).map_or([n; 16], |(id, _)| *id)
    }

    /// Does a step on `known`; what it answers does not matter here, nor that a number was taken.
    async fn take(&mut self, known: &Known, step: &Step) {
        let caller = |id| Caller { session: id, scopes: Scopes::parse("read").unwrap() };
        match *step {
            Step::Paw { by, to } => {
                let (by, door) = (digest(0, by), Door::Credential(CredentialKind::PocketPawMaster));
                let session = session(N + to, SessionKind::PocketPaw);
                drop(known.open(Opening { by, door, session, refresh: None }, now()).await);
            }
            Step::Api { by, to } => {
                let (by, door) = (digest(1, by), Door::AntiRaidSession);
                let session = session(to, SessionKind::Api);
                drop(known.open(Opening { by, door, session, refresh: None }, now()).await);
            }
            Step::End { id } => drop(known.end_antiraid_session("me".to_owned(), id.to_string(), now()).await),
            Step::Replace { by, with } => {
                if let Ok(Some(found)) = known.credential(digest(0, by)).await {
                    drop(known.replace_credential(found.id, credential(with, found.kind)).await);
                }
            }
            Step::Remove { by } => {
                drop(known.remove_credential(digest(0, by), CredentialKind::PocketPawMaster).await);
            }
            Step::Native if self.native.len() < usize::from(N) => {
                let (session, token) = native(&self.dice);
                self.native.push((session.chain.id, vec![token]));
                known.open_native(session).await.unwrap();
            }
            Step::Native | Step::Look => {}
            Step::Refresh { of, stale } => {
                let Some((_, tokens)) = self.native.get_mut(usize::from(of)) else { return };
                let token = Token::parse(if stale { &tokens[0] } else { tokens.last().unwrap() }).unwrap();
                let mut salt = Salt::default();
                self.dice.fill(salt.as_mut());
                let refreshed = known.refresh_native(token, "tv".to_owned(), None, salt, now()).await.unwrap();
                tokens.extend(refreshed.map(|refreshed| refreshed.refresh_token));
            }
            Step::Name { of, by } => {
                drop(known.name_owned(caller(self.id(by)), self.id(of), Some(format!("{by}")), now()).await);
            }
            Step::Revoke { of } => known.revoke_native(self.id(of)).await.unwrap(),
            Step::EndOwned { by, which } => {
                let which = [Which::One(self.id(by)), Which::Others, Which::All][usize::from(which)];
                drop(known.end_owned(caller(self.id(by)), which, now()).await);
            }
            Step::Profile { n } => {
                let profile = Profile { id: format!("{n}"), ..user().profile };
                drop(known.add_profile("me".to_owned(), profile, 100).await);
            }
            Step::Told { of } => {
                let told = [
                    Ended::Session(digest(1, of)),
                    Ended::Credential(digest(0, of)),
                    Ended::Native(self.id(of)),
                    Ended::Client("tv".to_owned()),
                    Ended::Everything,
                ];
                known.memory.forget(&told[usize::from(of)]);
            }
        }
    }

    /// Everything that can be read, as `backend` sees it.
    async fn all(&self, backend: &dyn Backend) -> Vec<String> {
        let mut all = Vec::new();
        for n in 0..2 * N {
            // Who looks at a session asks first whether it is rooted: one that is not is as good as none.
            let session = backend.session(digest(1, n)).await.unwrap().filter(|session| session.rooted);
            all.push(format!("{session:?}"));
        }
        for n in 0..N {
            all.push(format!("{:?}", backend.credential(digest(0, n)).await.unwrap()));
            all.push(format!("{:?}", backend.profile("me".to_owned(), n.to_string()).await.unwrap()));
            let native = backend.native_session(self.id(n)).await.unwrap();
            let native = native.map(|found| (found.name.clone(), found.chain.lineage.clone()));
            all.push(format!("{native:?}"));
        }
        for id in ["tv", "none"] {
            all.push(format!("{:?}", backend.client(id.to_owned()).await.unwrap()));
        }
        all
    }
}

async fn furnished(known: &Known) {
    known.add_user(user()).await.unwrap();
    let scopes = Scopes::parse("read").unwrap();
    let client = Client {
        id: "tv".to_owned(),
        digest: None,
        scopes,
        grants: Grants::all(ClientKind::Public),
        created_at: now(),
    };
    assert!(known.add_client(client).await.unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_a_memory_the_store_answers_as_without(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let known = start(Store::in_memory().unwrap());
            furnished(&known).await;
            let mut world = World::new();
            for step in &steps {
                world.take(&known, step).await;
                let alone = world.all(&*known.backend).await;
                assert_eq!(world.all(&known).await, alone, "{step:?}");
                assert_eq!(world.all(&known).await, alone, "{step:?}, from memory");
            }
        });
    }
}

#[test]
fn what_another_process_ends_is_dead_within_a_second() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    runtime.block_on(async {
        let (here, there) = (on_file(&path), on_file(&path));
        furnished(&there).await;
        let mut world = World::new();
        for _ in 0..N {
            world.take(&there, &Step::Native).await;
        }
        for n in 0..3 {
            world.take(&there, &Step::Paw { by: n, to: n }).await;
        }
        let mut steps = vec![Step::Revoke { of: 0 }, Step::EndOwned { by: 1, which: 0 }, Step::End { id: 0 }];
        steps.extend([Step::Remove { by: 0 }, Step::Replace { by: 1, with: 5 }, Step::EndOwned { by: 2, which: 1 }]);
        for step in &steps {
            // Until all of it is answered from memory.
            let deadline = Instant::now() + Duration::from_secs(60);
            while !here.hears() {
                assert!(Instant::now() < deadline, "it never hears");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            world.all(&here).await;
            world.take(&there, step).await;
            let (ended, truth) = (Instant::now(), world.all(&*there.backend).await);
            loop {
                let asked = Instant::now();
                if world.all(&here).await == truth {
                    break;
                }
                assert!(asked.duration_since(ended) < DEAD_WITHIN, "{step:?} was not heard of");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
}

#[tokio::test]
async fn nothing_is_answered_from_memory_while_the_store_hears_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sqlite");
    let known = on_file(&path);
    let (session, _) = native(&Dice(AtomicU64::new(7)));
    let id = session.chain.id;
    known.open_native(session).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while known.memory.native(id).is_err() {
        assert!(Instant::now() < deadline, "it is never remembered");
        known.native_session(id).await.unwrap();
    }
    // Whoever holds the file keeps the thread that would listen from it.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (late, _) = native(&Dice(AtomicU64::new(8)));
    let mut blocked = known.backend.open_native(late);
    begun(&mut blocked).await;
    while known.hears() {
        assert!(Instant::now() < deadline, "it pretends to hear");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(known.memory.native(id).is_ok(), "it still knows");
    other.execute_batch("UPDATE native_sessions SET ended = 'revoked'; COMMIT").unwrap();
    let found = known.native_session(id).await.unwrap().unwrap();
    assert_eq!(found.chain.lineage.ended, Some(End::Revoked));
    blocked.await.unwrap();
}

/// Polls once: what was to be queued is queued.
async fn begun<T>(answer: &mut Answer<'_, T>) {
    poll_fn(|cx| {
        assert!(answer.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_read_that_began_before_the_end_brings_nothing_back() {
    let known = start(Store::in_memory().unwrap());
    let (session, _) = native(&Dice(AtomicU64::new(9)));
    let id = session.chain.id;
    known.open_native(session).await.unwrap();
    // The store in memory does one thing after the other: this first, which takes it a while, then the read, then the end.
    let big = NewUser { sessions: (0..5000).map(numbered).collect(), ..user() };
    let big = known.add_user(big);
    let mut read = known.native_session(id);
    let mut early = None;
    poll_fn(|cx| {
        if let Poll::Ready(found) = read.as_mut().poll(cx) {
            early = Some(found);
        }
        Poll::Ready(())
    })
    .await;
    known.revoke_native(id).await.unwrap();
    let found = match early {
        Some(found) => found,
        None => read.await,
    };
    let found = found.unwrap().unwrap();
    assert_eq!(found.chain.lineage.ended, None, "it was living when it was read");
    let found = known.native_session(id).await.unwrap().unwrap();
    assert_eq!(found.chain.lineage.ended, Some(End::Revoked));
    big.await.unwrap();
}

fn numbered(n: u16) -> NewSession {
    let mut bytes = [9; 32];
    bytes[..2].copy_from_slice(&n.to_le_bytes());
    NewSession { id: format!("{n}"), digest: Digest(bytes), ..session(0, SessionKind::Login) }
}

#[tokio::test]
async fn an_end_that_nobody_waits_for_is_forgotten_all_the_same() {
    let known = start(Store::in_memory().unwrap());
    let (session, _) = native(&Dice(AtomicU64::new(10)));
    let id = session.chain.id;
    known.open_native(session).await.unwrap();
    known.native_session(id).await.unwrap();
    assert!(known.memory.native(id).is_ok());
    let mut end = known.revoke_native(id);
    begun(&mut end).await;
    drop(end);
    let deadline = Instant::now() + Duration::from_secs(60);
    while known.native_session(id).await.unwrap().unwrap().chain.lineage.ended.is_none() {
        assert!(Instant::now() < deadline, "it lives on in memory");
        tokio::task::yield_now().await;
    }
}
