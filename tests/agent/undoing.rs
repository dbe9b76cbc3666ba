//! What was only dropped here can be taken back for a moment, durably; what was revoked cannot.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use daypass_agent::{Agent, Setup};
use daypass_api::ErrorCode;
use daypass_api::request::{CreateSession, LogQuery, TokenRequest};
use daypass_api::view::{LogEvent, UndoView};
use daypass_core::clock::Reading;
use daypass_core::{Clock, Time};
use daypass_providers::Regenerated;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::bed::{Bed, TestClock, account, pass, read, read_fresh, work};
use crate::rotation::renewing;

/// How long something may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);

async fn forget(agent: &Agent, id: &str) -> UndoView {
    agent.revoke_session("work", id, true).await.unwrap().undo.expect("it cannot be taken back")
}

fn ids(agent: &Agent) -> Vec<String> {
    work(agent).sessions.into_iter().map(|session| session.id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_session_comes_back_for_good() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let token = read(&agent).await.unwrap();
    let undo = forget(&agent, "s1").await;
    assert_eq!(undo.until, bed.clock.now() + Duration::from_secs(10));
    assert_eq!(ids(&agent), Vec::<String>::new());
    pass(5.0).await;
    agent.undo(&undo.id).await.unwrap();
    assert_eq!(work(&agent).current.as_deref(), Some("s1"), "it was the current one, and is again");
    assert_eq!(read(&agent).await.unwrap().token, token.token, "nothing was opened in its place");

    let told = agent.log(LogQuery::default()).await.unwrap().entries;
    assert_eq!(told[0].event, LogEvent::Restored);
    assert_eq!(told[0].fingerprint, Some(token.token.fingerprint()));

    // Asked for twice it is done once.
    assert_eq!(agent.undo(&undo.id).await.unwrap_err().code, ErrorCode::Rejected);
    agent.stop().await;
    let agent = bed.agent().await;
    assert_eq!(ids(&agent), ["s1"]);
    assert_eq!(read(&agent).await.unwrap().token, token.token);
}

#[tokio::test(start_paused = true)]
async fn after_ten_seconds_it_is_over() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let undo = forget(&agent, "s1").await;
    pass(10.5).await;
    let late = agent.undo(&undo.id).await.unwrap_err();
    assert_eq!((late.code, late.message.as_str()), (ErrorCode::Rejected, "It is too late to take that back."));
    assert_eq!(ids(&agent), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_does_not_push_a_successor_away() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let undo = forget(&agent, "s1").await;
    assert_eq!(read(&agent).await.unwrap().session_id, "s2");
    agent.undo(&undo.id).await.unwrap();
    assert_eq!(work(&agent).current.as_deref(), Some("s2"));
    assert_eq!(ids(&agent), ["s2", "s1"]);
    let request = TokenRequest { session: Some("s1".to_owned()), ..TokenRequest::default() };
    assert_eq!(agent.token("work", request).await.unwrap().token.expose(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn what_was_revoked_is_over() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    let made = agent.create_session("work", CreateSession::default()).await.unwrap();
    let revoked = agent.revoke_session("work", &made.id, false).await.unwrap();
    assert_eq!(revoked.undo, None);
    assert!(bed.script.plot().calls.iter().any(|call| call.starts_with("revoke")), "it was not delayed");
}

#[tokio::test(start_paused = true)]
async fn what_was_revoked_after_it_was_forgotten_does_not_come_back() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    let mut undos = Vec::new();
    for _ in 0..3 {
        let made = agent.create_session("work", CreateSession::default()).await.unwrap();
        undos.push((forget(&agent, &made.id).await, made.id));
    }
    // It is still listed, as one that was opened elsewhere.
    agent.revoke_session("work", &undos[0].1, false).await.unwrap();
    assert_eq!(agent.undo(&undos[0].0.id).await.unwrap_err().code, ErrorCode::Rejected);
    agent.undo(&undos[1].0.id).await.unwrap();
    agent.revoke_all("work").await.unwrap();
    assert_eq!(agent.undo(&undos[2].0.id).await.unwrap_err().code, ErrorCode::Rejected);
    assert_eq!(work(&agent).sessions.iter().filter(|session| session.held).count(), 0);

    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    bed.script.plot().regenerated = Some(Regenerated { credential: None, signed_out: true, tokens_live_on: true });
    read(&agent).await.unwrap();
    let undo = forget(&agent, "s1").await;
    agent.revoke_all("work").await.unwrap();
    assert_eq!(agent.undo(&undo.id).await.unwrap_err().code, ErrorCode::Rejected);
}

/// A bed's clock that holds up who asks it for the time on another thread than the test's, once it is told to.
struct Gate {
    clock: Arc<TestClock>,
    here: ThreadId,
    next: Mutex<Option<(oneshot::Sender<()>, Receiver<()>)>>,
}

impl Gate {
    /// Holds up whoever comes next. Answers who hears of that, and who lets go.
    fn shut(&self) -> (oneshot::Receiver<()>, Sender<()>) {
        let ((came, comes), (goes, go)) = (oneshot::channel(), channel());
        *self.next.lock().unwrap() = Some((came, go));
        (comes, goes)
    }
}

impl Clock for Gate {
    fn now(&self) -> Time {
        if thread::current().id() != self.here
            && let Some((came, go)) = self.next.lock().unwrap().take()
        {
            came.send(()).unwrap();
            go.recv_timeout(SOON).unwrap();
        }
        self.clock.now()
    }

    fn reading(&self) -> Reading {
        self.clock.reading()
    }
}

#[tokio::test]
async fn an_undoing_that_had_begun_does_not_outdo_a_revocation() {
    let bed = Bed::new();
    let gate = Arc::new(Gate { clock: bed.clock.clone(), here: thread::current().id(), next: Mutex::new(None) });
    let agent = Agent::start(Setup { clock: gate.clone(), ..bed.setup(bed.script.clone()) }).await.unwrap();
    agent.add_account(account("antiraid", "work")).await.unwrap();
    read(&agent).await.unwrap();
    let made = agent.create_session("work", CreateSession::default()).await.unwrap();
    let undo = forget(&agent, &made.id).await;
    let (comes, goes) = gate.shut();
    let undoing = tokio::task::spawn_blocking({
        let agent = agent.clone();
        move || Builder::new_current_thread().enable_all().build().unwrap().block_on(agent.undo(&undo.id))
    });
    tokio::time::timeout(SOON, comes).await.unwrap().unwrap();
    agent.revoke_session("work", &made.id, false).await.unwrap();
    goes.send(()).unwrap();
    let undone = undoing.await.unwrap();
    assert_eq!(ids(&agent), ["s1"], "{} is dead", made.id);
    assert_eq!(undone.unwrap_err().code, ErrorCode::Rejected);
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_credential_is_just_being_used_up_is_removed_for_good() {
    let mut bed = Bed::new();
    renewing(&mut bed, true);
    let agent = bed.connected("renewing").await;
    read(&agent).await.unwrap();
    let flying = agent.clone();
    let reader = tokio::spawn(async move { read_fresh(&flying).await });
    pass(1.0).await;
    let removed = agent.remove_account("work").await.unwrap();
    assert_eq!(removed.undo, None, "its successor comes to no account");
    reader.await.unwrap().unwrap_err();
    assert_eq!(bed.script.plot().calls.last().unwrap(), "renew grant-1");
}

#[tokio::test(start_paused = true)]
async fn a_removed_account_comes_back_for_good() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let token = read(&agent).await.unwrap().token;
    agent.create_session("work", CreateSession::default()).await.unwrap();
    let undo = agent.remove_account("work").await.unwrap().undo.unwrap();
    assert!(agent.snapshot().accounts.is_empty());
    agent.undo(&undo.id).await.unwrap();
    assert_eq!((ids(&agent), work(&agent).current.as_deref()), (vec!["s1".to_owned(), "s2".to_owned()], Some("s1")));
    agent.stop().await;
    let agent = bed.agent().await;
    assert_eq!(read(&agent).await.unwrap().token, token);
    // Its credential came back too.
    agent.sessions("work").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_just_being_revoked_does_not_come_back_with_its_account() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    agent.create_session("work", CreateSession::default()).await.unwrap();
    agent.create_session("work", CreateSession::default()).await.unwrap();
    bed.script.plot().delay = Duration::from_secs(3);
    let revoking = agent.clone();
    let revoking = tokio::spawn(async move { revoking.revoke_all("work").await });
    while bed.script.count("revoke") == 0 {
        pass(0.1).await;
    }
    let asked = bed.script.plot().calls.last().unwrap().clone();
    let undo = agent.remove_account("work").await.unwrap().undo.unwrap();
    revoking.await.unwrap().unwrap_err();
    agent.undo(&undo.id).await.unwrap();
    let revoked = asked.split(' ').nth(1).unwrap();
    assert_eq!((ids(&agent).len(), ids(&agent).iter().any(|id| id == revoked)), (2, false), "{revoked} was revoked");
    assert_eq!(bed.script.count("revoke"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_taken_meanwhile_stays_taken() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    let undo = agent.remove_account("work").await.unwrap().undo.unwrap();
    agent.add_account(account("discovr", "work")).await.unwrap();
    assert_eq!(agent.undo(&undo.id).await.unwrap_err().code, ErrorCode::Rejected);
    assert_eq!(work(&agent).provider, "discovr");
}

#[tokio::test(start_paused = true)]
async fn the_clock_may_be_set_meanwhile() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    read(&agent).await.unwrap();
    let left = |agent: &Agent| work(agent).expires_at.map(|end| end - bed.clock.now());
    let before = left(&agent);
    let undo = forget(&agent, "s1").await;
    bed.clock.set(3600);
    pass(1.0).await;
    agent.undo(&undo.id).await.unwrap();
    let lost = before.unwrap() - left(&agent).unwrap();
    assert!(lost <= chrono::TimeDelta::seconds(2), "{lost}");
}
