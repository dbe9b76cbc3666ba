//! Faulty servers over real sockets, through the real engine and the real agent: what a reader is told and how soon, what
//! is stored, who sees the credential, and when it is tried again.

use std::sync::Arc;
use std::time::Duration;

use daypass_agent::{Agent, Setup};
use daypass_api::ErrorCode::{self, BadAnswer, NeedsSignIn, Offline, RateLimited, Rejected};
use daypass_api::request::{AddAccount, LogQuery};
use daypass_api::view::{Health, SessionView};
use daypass_core::fresh::{MAX_BACKOFF, MAX_RETRY_AFTER};
use daypass_core::{Clock, Secret, Time, clock};
use daypass_providers::{Engine, Limits};
use daypass_test_support::faulty::{Fault, Faulty};
use tokio::time::Instant;

use crate::bed::{Bed, account, notices, read, read_fresh, work};

const MASTER: &str = "0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10";
const TOKEN: &str = "the-token-that-is-held";
/// Short, so that what is mute is given up soon.
const LIMITS: Limits =
    Limits { connect: Duration::from_millis(700), total: Duration::from_millis(1500), body: 1 << 20 };
/// What a busy machine may need beside the limits: the call has two paths to try, and there is the storing.
const BOUND: Duration = Duration::from_secs(10);

/// An agent with the account `work`, whose token was minted before the server began to fail.
struct World {
    bed: Bed,
    agent: Agent,
    server: Faulty,
}

/// PocketPaw's answer to a mint.
fn minted(token: &str, hours: f64) -> Fault {
    Fault::answers("200 OK", "", &format!(r#"{{"session_token": "{token}", "expires_in_hours": {hours}}}"#))
}

fn json(status: &str, headers: &str) -> Fault {
    Fault::answers(status, headers, r#"{"detail": "No"}"#)
}

impl World {
    async fn new(hours: f64) -> Self {
        let (bed, server) = (Bed::new(), Faulty::start(minted(TOKEN, hours)).await);
        let agent = start(&bed).await;
        let credential = Secret::new(MASTER);
        let request = AddAccount {
            base_url: Some(server.url.clone()),
            credential: Some(credential),
            ..account("pocketpaw", "work")
        };
        agent.add_account(request).await.unwrap();
        assert_eq!(read(&agent).await.unwrap().token.expose(), TOKEN);
        Self { bed, agent, server }
    }

    fn now(&self) -> Time {
        self.bed.clock.now()
    }

    /// Refreshes against `fault`: the reader is told `code`, in time, and nothing that is held is lost.
    ///
    /// `wait` is how many seconds later it is tried again, from and to; `None`: not by itself.
    async fn fails(self, name: &str, fault: Fault, code: ErrorCode, wait: Option<(u64, u64)>) {
        let mut told = self.agent.notices();
        let before = sessions(&self.agent);
        self.server.turn(fault);
        let (began, at) = (Instant::now(), self.now());
        let error = read_fresh(&self.agent).await.unwrap_err();
        let took = began.elapsed();
        assert_eq!(error.code, code, "{name}: {error:?}");
        assert!(took < LIMITS.total + BOUND, "{name}: the reader waited for {took:?}");

        // What is held is served on, and shown as it was.
        assert_eq!(read(&self.agent).await.unwrap().token.expose(), TOKEN, "{name}");
        let view = work(&self.agent);
        assert_eq!(sessions(&self.agent), before, "{name}");
        let problem = view.problem.clone().unwrap_or_else(|| panic!("{name}: the problem is not shown"));
        assert_eq!((problem.code, problem.message.as_str()), (code, error.message.as_str()), "{name}");
        match wait {
            None => assert_eq!((view.health, problem.retry_at), (Health::NeedsYou, None), "{name}"),
            Some((from, to)) => {
                assert_eq!(view.health, Health::Trouble, "{name}");
                let forbidden = error.retry_after.map_or(0, |seconds| seconds);
                assert!((from..=to.max(from)).contains(&forbidden), "{name}: {error:?}");
                // A token in its prime is not refreshed any sooner because somebody wished it.
                let retry_at = problem.retry_at.unwrap_or_else(|| panic!("{name}: it is not tried again"));
                assert!(retry_at >= clock::later(at, Duration::from_secs(from)), "{name}: {retry_at} {at}");
                assert!(retry_at <= view.expires_at.unwrap().max(clock::later(at, longest(to))), "{name}: {retry_at}");
            }
        }

        // A pause that nobody keeps is not told either.
        assert!(!error.message.contains("99999999999"), "{name}: {error:?}");
        // Nothing that a person or another program sees holds a secret.
        let log = self.agent.log(LogQuery::default()).await.unwrap();
        let seen = format!("{error:?} {view:?} {:?} {log:?}", notices(&mut told));
        assert!(!seen.contains(MASTER) && !seen.contains(TOKEN), "{name}: {seen}");

        // And the vault has it all: a new agent serves the same.
        let Self { bed, agent, server } = self;
        agent.stop().await;
        let heard = server.heard().len();
        let again = start(&bed).await;
        assert_eq!(read(&again).await.unwrap().token.expose(), TOKEN, "{name}");
        assert_eq!(sessions(&again), before, "{name}");
        assert_eq!(server.heard().len(), heard, "{name}: what is fresh needs no call");
    }
}

async fn start(bed: &Bed) -> Agent {
    let engine = Arc::new(Engine::new(bed.clock.clone(), LIMITS).unwrap());
    Agent::start(Setup { ..bed.setup(engine) }).await.unwrap()
}

/// The sessions. When one was created is kept to the microsecond, so it is not compared.
fn sessions(agent: &Agent) -> Vec<SessionView> {
    let sessions = work(agent).sessions.into_iter();
    sessions.map(|session| SessionView { created_at: None, ..session }).collect()
}

/// The longest that is waited where the server asks for `seconds`.
fn longest(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(MAX_RETRY_AFTER) + MAX_BACKOFF
}

macro_rules! faults {
    ($($name:ident: $fault:expr, $code:expr, $wait:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            World::new(1.0).await.fails(stringify!($name), $fault, $code, $wait).await;
        }
    )*};
}

fn raw(bytes: &str) -> Fault {
    Fault::Sends(bytes.as_bytes().to_vec())
}

const DAY: u64 = 24 * 60 * 60;

faults! {
    a_connection_that_is_cut_at_once: raw(""), Offline, Some((0, 0));
    a_connection_that_is_cut_in_the_head: raw("HTTP/1.1 200 OK\r\nContent-Le"), Offline, Some((0, 0));
    a_connection_that_is_cut_in_the_body:
        raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"session_token\":"), Offline, Some((0, 0));
    a_server_that_says_nothing: Fault::Holds(Vec::new()), Offline, Some((0, 0));
    a_server_that_stops_in_the_body:
        Fault::Holds(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()), Offline, Some((0, 0));
    one_byte_a_second:
        Fault::Drips(b"HTTP/1.1 200 OK\r\n\r\n{}".to_vec(), Duration::from_secs(1)), Offline, Some((0, 0));
    a_hundred_mebibytes: Fault::Floods("HTTP/1.1 200 OK\r\n\r\n".to_owned(), 100 << 20), BadAnswer, Some((0, 0));
    garbage_in_place_of_http: raw("SSH-2.0-OpenSSH_9.2p1\r\n\r\n"), BadAnswer, Some((0, 0));
    garbage_in_place_of_chunks:
        raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), BadAnswer, Some((0, 0));
    a_page_in_place_of_json: Fault::answers("200 OK", "", "<html>Log in</html>"), BadAnswer, Some((0, 0));
    json_of_the_wrong_shape: Fault::answers("200 OK", "", r#"[{"session_token": 7}]"#), BadAnswer, Some((0, 0));
    an_expiry_in_the_past: minted("born-dead", 0.0), BadAnswer, Some((0, 0));
    an_expiry_that_is_absent: Fault::answers("200 OK", "", r#"{"session_token": "a"}"#), BadAnswer, Some((0, 0));
    an_expiry_that_is_negative: minted("born-dead", -1.0), BadAnswer, Some((0, 0));
    a_redirect_to_nowhere: json("301 Moved", ""), BadAnswer, Some((0, 0));
    a_redirect_in_a_circle: json("307 Again", "Location: /api/auth/session\r\n"), BadAnswer, Some((0, 0));
    a_401: json("401 Unauthorized", ""), NeedsSignIn, None;
    a_401_that_asks_for_a_pause: json("401 Unauthorized", "Retry-After: 90\r\n"), NeedsSignIn, None;
    a_403: json("403 Forbidden", ""), Rejected, Some((0, 0));
    a_404: json("404 Not Found", ""), Rejected, Some((0, 0));
    a_409: json("409 Conflict", "Retry-After: 90\r\n"), Rejected, Some((0, 0));
    // A 429 always means a pause, also where it does not say for how long.
    a_429: json("429 Slow Down", ""), RateLimited, Some((1, 10));
    a_429_with_seconds: json("429 Slow Down", "Retry-After: 90\r\n"), RateLimited, Some((90, 90));
    a_429_with_an_absurd_pause: json("429 Slow Down", "Retry-After: 99999999999\r\n"), RateLimited, Some((DAY, DAY));
    a_429_with_a_date_that_has_passed:
        json("429 Slow Down", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), RateLimited, Some((0, 0));
    a_429_until_the_year_9999:
        json("429 Slow Down", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"), RateLimited, Some((DAY, DAY));
    a_500: json("500 Oops", ""), Offline, Some((0, 0));
    a_503: json("503 Later", ""), Offline, Some((0, 0));
    a_503_with_seconds: json("503 Later", "Retry-After: 90\r\n"), Offline, Some((90, 90));
    a_503_with_an_absurd_pause: json("503 Later", "Retry-After: 99999999999\r\n"), Offline, Some((DAY, DAY));
}

#[tokio::test]
async fn a_503_with_a_date() {
    let world = World::new(1.0).await;
    // By the server's clock, which is a year behind ours.
    let headers = "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nRetry-After: Thu, 01 Jan 2026 00:01:30 GMT\r\n";
    world.fails("a_503_with_a_date", json("503 Later", headers), Offline, Some((90, 90))).await;
}

#[tokio::test]
async fn a_connection_that_is_refused() {
    let world = World::new(1.0).await;
    // The port of a server that is gone.
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let request = AddAccount {
        base_url: Some(url),
        check: false,
        credential: Some(Secret::new(MASTER)),
        command: None,
        ..account("pocketpaw", "other")
    };
    world.agent.add_account(request).await.unwrap();
    let error = world.agent.token("other", Default::default()).await.unwrap_err();
    assert_eq!(error.code, Offline);
    assert!(error.message.ends_with("cannot be reached: the connection was refused."), "{error:?}");
    assert_eq!(world.agent.account("other").unwrap().health, Health::Trouble);
    assert_eq!(work(&world.agent).health, Health::Well, "the other account is not touched");
}

#[tokio::test]
async fn a_redirect_to_another_origin_shows_it_no_credential() {
    let elsewhere = Faulty::start(minted("stolen", 1.0)).await;
    let world = World::new(1.0).await;
    let headers = format!("Location: {}/api/auth/session\r\n", elsewhere.url);
    world.fails("a_redirect", json("307 Elsewhere", &headers), BadAnswer, Some((0, 0))).await;
    assert_eq!(elsewhere.heard(), Vec::<String>::new(), "the other origin is not even asked");
}

#[tokio::test]
async fn an_absurd_expiry_is_shown_and_does_no_harm() {
    let world = World::new(1.0).await;
    world.server.turn(minted("immortal", 1e300));
    assert_eq!(read_fresh(&world.agent).await.unwrap().token.expose(), "immortal");
    let view = work(&world.agent);
    assert_eq!((view.health, view.expires_at), (Health::Well, Some(Time::MAX_UTC)));
    world.agent.stop().await;
    let again = start(&world.bed).await;
    assert_eq!(read(&again).await.unwrap().token.expose(), "immortal");
    assert_eq!(work(&again).expires_at, Some(Time::MAX_UTC));
}

#[tokio::test]
async fn what_asks_for_a_pause_gets_it_and_then_all_is_fresh_by_itself() {
    // A life of 7.2 s: from 2.4 s before its end on it is refreshed in the background.
    let world = World::new(0.002).await;
    world.server.turn(json("503 Later", "Retry-After: 3\r\n"));
    let asked = world.server.heard().len();
    let wait_for = |count: usize| {
        let server = world.server.clone();
        async move {
            while server.heard().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    let deadline = Duration::from_secs(60);
    tokio::time::timeout(deadline, wait_for(asked + 1)).await.expect("it is refreshed before it dies");
    let refused_at = Instant::now();
    world.server.turn(minted("after-the-pause", 1.0));
    tokio::time::timeout(deadline, wait_for(asked + 2)).await.expect("it is tried again");
    let paused = refused_at.elapsed();
    // What is seen of the first call comes up to 5 ms late.
    assert!(paused >= Duration::from_millis(2900), "it was asked again after {paused:?}");
    let fresh = async {
        while work(&world.agent).health != Health::Well {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(deadline, fresh).await.expect("it is fresh by itself");
    assert_eq!(read(&world.agent).await.unwrap().token.expose(), "after-the-pause");
}
