//! What holds of a provider's gate, and of the settlement of an open intent, whatever happened before.

use std::time::Duration;

use daypass_core::Time;
use daypass_core::clock::later;
use daypass_core::gate::{FIRST_PACE, Gate, LANES, Landing};
use daypass_core::rotation::{Intent, Settlement, settle};
use daypass_core::session::Session;
use proptest::prelude::*;

/// What happens at a gate: some milliseconds pass, and then this.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A refresh in the background begins, if the gate lets it.
    Begin,
    /// One that a reader waits for begins in any case.
    BeginForReader,
    /// The one that began first ends.
    Land(Landing),
    Close(Duration),
    NetworkUp,
}

fn steps() -> impl Strategy<Value = (u64, Step)> {
    let spans = || (0_u64..120_000).prop_map(Duration::from_millis);
    let landings = prop_oneof![
        Just(Landing::Success),
        Just(Landing::Answered),
        spans().prop_map(Landing::Limited),
        (0.0..1.0).prop_map(Landing::Offline),
        Just(Landing::Unknown),
    ];
    let step = prop_oneof![
        4 => Just(Step::Begin),
        1 => Just(Step::BeginForReader),
        4 => landings.prop_map(Step::Land),
        1 => spans().prop_map(Step::Close),
        1 => Just(Step::NetworkUp),
    ];
    (0_u64..20_000, step)
}

fn session(id: u8, name: u8, second: i64) -> Session {
    let name = ["ours", "theirs"].get(usize::from(name)).map(|name| (*name).to_owned());
    Session { id: id.to_string(), name, kind: None, created_at: Time::from_timestamp(second, 0), expires_at: None }
}

proptest! {
    #[test]
    fn a_gate_lets_nobody_through_too_soon_and_everybody_in_the_end(story in prop::collection::vec(steps(), 1..80)) {
        let (mut gate, mut now) = (Gate::default(), Time::UNIX_EPOCH);
        // Those under way, by when they began.
        let mut flying: Vec<Time> = Vec::new();
        let (mut shut_until, mut limited_at) = (Time::MIN_UTC, None::<Time>);
        for (millis, step) in story {
            now = later(now, Duration::from_millis(millis));
            match step {
                Step::Begin => {
                    if gate.opens_at().is_some_and(|at| at <= now) {
                        prop_assert!(now >= shut_until, "it is closed");
                        prop_assert!(flying.len() < LANES as usize, "{} are under way", flying.len());
                        let last = flying.last().copied();
                        if let (Some(last), Some(limited)) = (last, limited_at) {
                            prop_assert!(last < limited || now >= later(last, FIRST_PACE), "too soon after the last");
                        }
                        gate.begin(now);
                        flying.push(now);
                    }
                }
                Step::BeginForReader => {
                    gate.begin(now);
                    flying.push(now);
                }
                Step::Land(landing) if !flying.is_empty() => {
                    let begun = flying.remove(0);
                    gate.land(begun, now, landing);
                    match landing {
                        Landing::Limited(wait) => {
                            shut_until = shut_until.max(later(now, wait));
                            limited_at = Some(now);
                        }
                        // Each takes an eighth off the pace.
                        Landing::Success => limited_at = None,
                        _ => {}
                    }
                }
                Step::Land(_) => {}
                Step::Close(wait) => {
                    gate.close(now, wait);
                    shut_until = shut_until.max(later(now, wait));
                }
                Step::NetworkUp => gate.network_up(now, Duration::from_secs(1)),
            }
            prop_assert_eq!(gate.closed_until(now), Some(shut_until).filter(|at| *at > now));
        }
        for begun in flying {
            gate.land(begun, now, Landing::Unknown);
        }
        let opens = gate.opens_at();
        prop_assert!(opens.is_some(), "nobody is under way, so somebody may go");
        let soon = shut_until.max(later(now, Duration::from_secs(60)));
        prop_assert!(opens <= Some(soon), "{opens:?} {soon}");
    }

    #[test]
    fn an_orphan_is_one_that_is_listed_ours_and_not_held(
        listed in prop::collection::vec((0_u8..6, 0_u8..3, -200_i64..200), 0..8),
        held in prop::collection::vec(0_u8..6, 0..4),
    ) {
        let intent = Intent::Create { name: "ours".to_owned(), replaces: None, unique: false };
        let listed: Vec<Session> = listed.into_iter().map(|(id, name, second)| session(id, name, second)).collect();
        let held: Vec<String> = held.into_iter().map(|id| id.to_string()).collect();
        let held: Vec<&str> = held.iter().map(String::as_str).collect();
        let ours = |session: &Session| {
            let young = session.created_at >= Time::from_timestamp(-60, 0);
            session.name.as_deref() == Some("ours") && young && !held.contains(&session.id.as_str())
        };
        let expected: Vec<String> = listed.iter().filter(|session| ours(session)).map(|session| session.id.clone()).collect();
        match settle(&intent, Time::UNIX_EPOCH, true, Some(&listed), &held) {
            Settlement::Orphans(ids) => prop_assert_eq!(ids, expected),
            other => {
                prop_assert_eq!(other, Settlement::NothingHappened);
                prop_assert!(expected.is_empty());
            }
        }
    }
}
