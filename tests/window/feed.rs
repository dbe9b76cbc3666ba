//! The feed: what the page is told, in which order, and how an agent that goes is found again.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use daypass_api::view::{Page, Place};
use daypass_api::{Client, Home};
use daypass_window::feed::Feed;
use serde_json::{Value, json};
use tauri::ipc::{Channel, InvokeResponseBody};
use tempfile::TempDir;

use crate::agent::FakeAgent;
use crate::stage::{SOON, entry, snapshot};

struct Story {
    _dir: TempDir,
    home: Home,
    feed: Feed,
}

impl Story {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::under(dir.path());
        let feed = Feed::start(Client::new(&home).unwrap(), Place::default()).unwrap();
        Self { _dir: dir, home, feed }
    }

    /// A page that listens from now on.
    fn listen(&self) -> (Place, Updates) {
        self.listen_knowing(None)
    }

    /// A page that was given the snapshot of the revision `knows`.
    fn listen_knowing(&self, knows: Option<u64>) -> (Place, Updates) {
        let (tell, told) = channel();
        let updates = Channel::new(move |body| {
            let InvokeResponseBody::Json(json) = body else { panic!("an update that is not JSON") };
            let _ = tell.send(serde_json::from_str(&json).unwrap());
            Ok(())
        });
        (self.feed.subscribe(updates, knows), Updates(told))
    }
}

struct Updates(Receiver<Value>);

impl Updates {
    #[track_caller]
    fn next(&self) -> Value {
        self.0.recv_timeout(SOON).expect("the page was told nothing")
    }

    /// The next update that is not of the kind `passing`.
    #[track_caller]
    fn next_but(&self, passing: &str) -> Value {
        loop {
            let update = self.next();
            if update["event"] != passing {
                return update;
            }
        }
    }
}

#[test]
fn a_page_is_told_the_present_state_first_and_then_every_change() {
    let story = Story::new();
    let agent = FakeAgent::start(&story.home);
    agent.wait_followed();
    agent.say(&snapshot(1));
    let (_, page) = story.listen();
    assert_eq!(page.next_but("offline"), snapshot(1));
    agent.say(&snapshot(2));
    assert_eq!(page.next(), snapshot(2));

    assert_eq!(serde_json::from_str::<Value>(&story.feed.present().unwrap()).unwrap(), snapshot(2));

    // The page is loaded again: the last snapshot is there at once, and the old page is told no more.
    let (_, again) = story.listen();
    assert_eq!(again.next(), snapshot(2));
    agent.say(&snapshot(3));
    assert_eq!(again.next(), snapshot(3));
    assert!(page.0.try_recv().is_err());
}

#[test]
fn a_change_is_passed_on_as_it_is_and_is_part_of_the_present_state() {
    let story = Story::new();
    let agent = FakeAgent::start(&story.home);
    agent.wait_followed();
    agent.say(&snapshot(1));
    let (_, page) = story.listen();
    assert_eq!(page.next_but("offline"), snapshot(1));
    let mut change = snapshot(2)["snapshot"].clone();
    change.as_object_mut().unwrap().remove("accounts");
    change["names"] = json!([]);
    change["accounts"] = json!([]);
    let changed = json!({ "event": "changed", "change": change });
    agent.say(&changed);
    assert_eq!(page.next(), changed);
    // Who begins to listen now is told the whole, and who has it already is told nothing.
    assert_eq!(story.listen().1.next()["snapshot"]["revision"], 2);
    assert!(story.listen_knowing(Some(2)).1.0.try_recv().is_err());
    assert_eq!(story.listen_knowing(Some(1)).1.next()["snapshot"]["revision"], 2);
}

#[test]
fn without_an_agent_the_page_is_told_so_once_and_recovers_when_one_comes() {
    let story = Story::new();
    let (_, page) = story.listen();
    let offline = page.next();
    assert_eq!((&offline["event"], &offline["error"]["code"]), (&json!("offline"), &json!("offline")));
    assert!(offline["error"]["message"].as_str().unwrap().contains("daypass tray"), "{offline}");

    // Time enough to look again more than once: "still offline" is no news.
    assert!(page.0.recv_timeout(Duration::from_millis(400)).is_err());

    let agent = FakeAgent::start(&story.home);
    story.feed.retry();
    agent.wait_followed();
    agent.say(&snapshot(1));
    assert_eq!(page.next(), snapshot(1));
}

#[test]
fn an_agent_that_goes_is_lost_then_offline_then_found_again() {
    let story = Story::new();
    let agent = FakeAgent::start(&story.home);
    agent.wait_followed();
    let (_, page) = story.listen();
    agent.say(&snapshot(7));
    assert_eq!(page.next_but("offline"), snapshot(7));
    agent.say(&json!({ "event": "bye" }));
    assert_eq!(page.next(), json!({ "event": "lost" }));
    agent.wait_followed();

    drop(agent);
    assert_eq!(page.next_but("lost")["event"], "offline");
    let next = FakeAgent::start(&story.home);
    story.feed.retry();
    next.wait_followed();
    next.say(&snapshot(1));
    assert_eq!(page.next(), snapshot(1));
}

#[test]
fn a_line_that_cannot_be_read_is_a_loss_and_not_the_end() {
    let story = Story::new();
    let agent = FakeAgent::start(&story.home);
    agent.wait_followed();
    let (_, page) = story.listen();
    agent.say(&json!({ "event": "from a later version" }));
    assert_eq!(page.next_but("offline"), json!({ "event": "lost" }));
    agent.wait_followed();
    agent.say(&json!({ "event": "bye" }));
}

#[test]
fn what_is_logged_is_told_as_it_happens_and_is_no_state() {
    let story = Story::new();
    let agent = FakeAgent::start(&story.home);
    agent.wait_followed();
    let (_, page) = story.listen();
    agent.say(&snapshot(1));
    assert_eq!(page.next_but("offline"), snapshot(1));
    let logged = json!({ "event": "logged", "entry": entry() });
    agent.say(&logged);
    assert_eq!(page.next(), logged);
    // The same once more is another event, and a page that comes later begins with the state.
    agent.say(&logged);
    assert_eq!(page.next(), logged);
    assert_eq!(story.listen().1.next(), snapshot(1));
}

#[test]
fn a_focus_brings_the_window_to_the_front_and_tells_the_page_which_page() {
    let story = Story::new();
    let (brought, front) = channel();
    story.feed.on_focus(move || brought.send(()).unwrap());
    let agent = FakeAgent::start(&story.home);
    story.feed.retry();
    agent.wait_followed();
    let (_, page) = story.listen();
    let focus = json!({ "event": "focus", "page": "new_session" });
    agent.say(&focus);
    front.recv_timeout(SOON).expect("the window stays where it is");
    assert_eq!(page.next_but("offline"), focus);
}

#[test]
fn a_focus_before_there_is_a_window_is_not_lost() {
    let story = Story::new();
    let agent = FakeAgent::start(&story.home);
    story.feed.retry();
    agent.wait_followed();
    let (_, page) = story.listen();
    let focus = json!({ "event": "focus", "page": "connect" });
    agent.say(&focus);
    assert_eq!(page.next_but("offline"), focus);
    let (brought, front) = channel();
    story.feed.on_focus(move || brought.send(()).unwrap());
    front.try_recv().expect("the window stays where it is");
}

#[test]
fn a_focus_before_there_is_a_page_decides_what_it_begins_with() {
    let story = Story::new();
    let (brought, front) = channel();
    story.feed.on_focus(move || brought.send(()).unwrap());
    let agent = FakeAgent::start(&story.home);
    story.feed.retry();
    agent.wait_followed();
    agent.say(&json!({ "event": "focus", "page": "connect" }));
    front.recv_timeout(SOON).expect("the window stays where it is");
    let (first, _page) = story.listen();
    assert_eq!(first, Page::Connect.into());
    assert_eq!(story.listen().0, Place::default());
}
