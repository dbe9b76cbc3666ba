//! What holds of the planner whatever the numbers are.

use std::time::Duration;

use chrono::TimeDelta;
use daypass_core::Time;
use daypass_core::clock::{earlier, later, shifted, until};
use daypass_core::fresh::{
    Facts, Failure, Freshness, Life, MAX_BACKOFF, MAX_HARD, MAX_RETRY_AFTER, Plan, RefreshKind, Serve, plan, serve,
};
use proptest::prelude::*;

/// Any instant that the calendar has.
fn instants() -> impl Strategy<Value = Time> {
    prop_oneof![
        // Near each other, where something happens.
        (1_767_000_000_i64..1_767_400_000, 0_u32..1_000_000_000),
        (Time::MIN_UTC.timestamp()..=Time::MAX_UTC.timestamp(), 0_u32..1_000_000_000),
    ]
    .prop_map(|(seconds, nanos)| Time::from_timestamp(seconds, nanos).unwrap_or(Time::MAX_UTC))
}

/// Any span, most of them such as occur.
fn spans() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0_u64..1_000_000_000).prop_map(Duration::from_millis),
        1 => any::<Duration>(),
    ]
}

/// Any number, those of the jitter most often.
fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..1.0, 1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), -10.0..10.0]]
}

prop_compose! {
    fn lives()(
        sent_at in instants(), length in spans(), hint in prop::option::of(spans()), renews in any::<bool>(),
        doubtful in prop::bool::weighted(0.1),
    ) -> Life {
        let kind = if renews { RefreshKind::Renews } else { RefreshKind::OpensNew };
        Life { sent_at, expires_at: later(sent_at, length), hint, kind, doubtful }
    }
}

prop_compose! {
    fn failures()(
        count in any::<u32>(), at in instants(), retry_after in prop::option::of(spans()), jitter in numbers(),
    ) -> Failure {
        Failure { count, at, retry_after, jitter }
    }
}

prop_compose! {
    fn facts()(
        life in prop::option::of(lives()), jitter in numbers(), warm in any::<bool>(), owed in any::<bool>(), in_flight in any::<bool>(),
        needs_sign_in in any::<bool>(), failure in prop::option::of(failures()), not_before in prop::option::of(instants()),
    ) -> Facts {
        Facts { life, jitter, warm, owed, in_flight, needs_sign_in, failure, not_before }
    }
}

/// Instants near each other, where adding and taking away never meets the ends of the calendar.
fn everyday() -> impl Strategy<Value = Time> {
    (1_767_000_000_i64..1_767_400_000, 0_u32..1_000_000_000)
        .prop_map(|(seconds, nanos)| Time::from_timestamp(seconds, nanos).unwrap_or(Time::UNIX_EPOCH))
}

prop_compose! {
    fn everyday_facts()(
        facts in facts(), sent_at in everyday(), length in 0_u64..1_000_000, failed_at in everyday(),
        not_before in prop::option::of(everyday()),
    ) -> Facts {
        let expires_at = later(sent_at, Duration::from_secs(length));
        Facts {
            life: facts.life.map(|life| Life { sent_at, expires_at, ..life }),
            failure: facts.failure.map(|failure| Failure { at: failed_at, ..failure }),
            not_before,
            ..facts
        }
    }
}

/// The same facts by a wall clock that was set by `step`.
fn set_by(facts: Facts, step: TimeDelta) -> Facts {
    Facts {
        life: facts.life.map(|life| life.shifted(step)),
        failure: facts.failure.map(|failure| Failure { at: shifted(failure.at, step), ..failure }),
        not_before: facts.not_before.map(|at| shifted(at, step)),
        ..facts
    }
}

proptest! {
    #[test]
    fn thresholds_leave_room_for_each_other(life in lives()) {
        let thresholds = life.thresholds();
        prop_assert!(thresholds.hard <= thresholds.soft / 2);
        prop_assert!(thresholds.hard <= MAX_HARD);
        prop_assert!(thresholds.soft <= life.length());
    }

    #[test]
    fn a_refresh_starts_within_the_life_and_rests_for_a_tenth_of_it(life in lives(), jitter in numbers()) {
        let at = life.refresh_at(jitter);
        prop_assert!(at <= life.expires_at);
        // A nanosecond for the rounding of a float.
        prop_assert!(at >= earlier(later(life.sent_at, life.length() / 10), life.length() / 1_000_000 + Duration::from_nanos(1)));
    }

    #[test]
    fn a_token_only_ages(life in lives(), first in spans(), second in spans()) {
        let (first, second) = (later(life.sent_at, first), later(life.sent_at, second));
        let (sooner, later) = (first.min(second), first.max(second));
        prop_assert!(life.freshness(sooner) <= life.freshness(later));
    }

    #[test]
    fn expired_means_that_the_end_has_come(life in lives(), now in instants()) {
        prop_assert_eq!(life.freshness(now) == Freshness::Expired, now >= life.expires_at);
    }

    #[test]
    fn what_is_served_at_once_lives_long_enough(
        life in lives(), now in instants(), min_ttl in prop::option::of(spans()),
    ) {
        let served = serve(now, Some(&life), min_ttl, false);
        if matches!(served, Serve::Now | Serve::NowAndRefresh) {
            prop_assert!(life.remaining(now) >= min_ttl.unwrap_or(life.thresholds().hard));
        }
        if served != Serve::Refresh {
            prop_assert!(life.remaining(now) > Duration::ZERO, "a dead token is never a substitute");
        }
        if served == Serve::NowThoughShort {
            prop_assert!(min_ttl >= Some(life.length()), "a new token would have lived long enough");
        }
    }

    #[test]
    fn an_unhindered_account_is_refreshed_before_its_token_dies(life in lives(), jitter in numbers(), now in instants()) {
        let facts = Facts { life: Some(life), jitter, warm: true, ..Facts::default() };
        match plan(now, &facts) {
            Plan::Refresh => {}
            Plan::Wait(at) => prop_assert!(now < at && at <= life.expires_at),
            Plan::Rest => prop_assert!(false, "it is warm"),
        }
    }

    #[test]
    fn a_wait_always_lies_ahead_and_ends(facts in facts(), now in instants()) {
        if let Plan::Wait(at) = plan(now, &facts) {
            prop_assert!(at > now);
            prop_assert!(!matches!(plan(at, &facts), Plan::Wait(next) if next <= at));
        }
    }

    #[test]
    fn nothing_is_asked_before_it_may_be(facts in facts(), now in instants()) {
        if plan(now, &facts) == Plan::Refresh {
            prop_assert!((facts.warm || facts.owed) && !facts.in_flight && !facts.needs_sign_in);
            prop_assert!(facts.not_before.is_none_or(|at| at <= now));
            // Unless the clock was turned back behind the failure: then only its own wait is kept.
            let failed = facts.failure.filter(|failure| failure.at <= now);
            prop_assert!(failed.is_none_or(|failure| failure.next_attempt(facts.life.as_ref()) <= now));
        }
    }

    #[test]
    fn a_clock_that_is_set_changes_nothing_that_remains(
        facts in everyday_facts(), seconds in -10_000_000_i64..10_000_000, now in everyday(),
    ) {
        let step = TimeDelta::seconds(seconds);
        let (moved, later) = (set_by(facts, step), shifted(now, step));
        // But for the doubt that a step ahead brings.
        let doubtful = moved.life.is_some_and(|life| life.doubtful);
        let facts = Facts { life: facts.life.map(|life| Life { doubtful, ..life }), ..facts };
        let expected = match plan(now, &facts) {
            Plan::Wait(at) => Plan::Wait(shifted(at, step)),
            other => other,
        };
        prop_assert_eq!(plan(later, &moved), expected);
        if let (Some(before), Some(after)) = (facts.life, moved.life) {
            prop_assert_eq!(before.remaining(now), after.remaining(later));
            prop_assert_eq!(before.freshness(now), after.freshness(later));
            prop_assert_eq!(serve(now, Some(&before), None, false), serve(later, Some(&after), None, false));
        }
    }

    #[test]
    fn a_step_ahead_makes_a_life_doubtful_for_good(
        life in lives(), ahead in spans(), after in -10_000_000_i64..10_000_000,
    ) {
        let step = TimeDelta::from_std(ahead).unwrap_or(TimeDelta::MAX);
        let doubtful = life.doubtful || step.to_std().unwrap() > life.thresholds().hard;
        prop_assert_eq!(life.shifted(step).doubtful, doubtful);
        prop_assert_eq!(life.shifted(-step).doubtful, life.doubtful);
        prop_assert!(!doubtful || life.shifted(step).shifted(TimeDelta::seconds(after)).doubtful);
    }

    #[test]
    fn a_doubtful_token_is_never_served_without_trying_for_another(
        life in lives(), now in instants(), min_ttl in prop::option::of(spans()), jitter in numbers(),
    ) {
        let life = Life { doubtful: true, ..life };
        prop_assert!(life.freshness(now) >= Freshness::Urgent);
        prop_assert!(matches!(serve(now, Some(&life), min_ttl, false), Serve::RefreshOrLast | Serve::Refresh));
        let facts = Facts { life: Some(life), jitter, warm: true, ..Facts::default() };
        prop_assert_eq!(plan(now, &facts), Plan::Refresh);
    }

    #[test]
    fn who_asks_for_less_gets_no_less(
        life in lives(), now in instants(), first in spans(), second in spans(),
    ) {
        let served = |min_ttl| serve(now, Some(&life), Some(min_ttl), false);
        if matches!(served(first.max(second)), Serve::Now | Serve::NowAndRefresh) {
            prop_assert_eq!(served(first.min(second)), served(first.max(second)));
        }
    }

    #[test]
    fn a_back_off_is_bounded(failure in failures(), life in prop::option::of(lives())) {
        let most = failure.retry_after.unwrap_or_default().min(MAX_RETRY_AFTER).max(MAX_BACKOFF);
        prop_assert!(failure.wait(life.as_ref()) <= most);
        prop_assert!(failure.forbidden_until().is_none_or(|at| at <= failure.next_attempt(life.as_ref())));
    }

    #[test]
    fn time_saturates(at in instants(), span in spans(), other in instants()) {
        prop_assert!(later(at, span) >= at);
        prop_assert!(earlier(at, span) <= at);
        prop_assert!(later(other, until(other, at)) == at.max(other));
    }
}
