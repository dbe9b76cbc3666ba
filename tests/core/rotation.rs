//! How an intent that never ended is settled on start.

use daypass_core::rotation::Settlement::{AskForList, NothingHappened, Orphans, RetryWithOld};
use daypass_core::rotation::{Intent, settle};
use daypass_core::session::Session;

use crate::clock::noon;

const NAME: &str = "daypass on heron";

fn create() -> Intent {
    Intent::Create { name: NAME.to_owned(), replaces: Some("old".to_owned()), unique: false }
}

/// A listed session, created `second` after the intent was written at noon.
fn listed(id: &str, name: &str, second: i64) -> Session {
    Session {
        id: id.to_owned(),
        name: Some(name.to_owned()),
        kind: Some("api".to_owned()),
        created_at: Some(noon(second)),
        expires_at: Some(noon(604_800)),
    }
}

#[test]
fn a_single_use_secret_is_tried_again() {
    // Either it still works, or the provider will say that it does not: nothing else can tell.
    for intent in [Intent::Regenerate, Intent::Renew] {
        assert_eq!(settle(&intent, noon(0), true, Some(&[]), &[]), RetryWithOld);
        assert_eq!(settle(&intent, noon(0), false, None, &[]), RetryWithOld);
    }
}

#[test]
fn a_creation_is_looked_for_in_the_list_before_it_is_done_again() {
    assert_eq!(settle(&create(), noon(0), true, None, &["old"]), AskForList);
    // Where nothing can be listed, the old secret is all there is.
    assert_eq!(settle(&create(), noon(0), false, None, &["old"]), RetryWithOld);
}

#[test]
fn a_session_that_was_created_and_lost_is_an_orphan() {
    let list = [listed("old", NAME, -86_400), listed("lost", NAME, 1), listed("other", "ci", 2)];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &["old"]), Orphans(vec!["lost".to_owned()]));
}

#[test]
fn a_name_that_was_made_for_it_is_enough() {
    // Where the clock was set in between, nobody can tell which came first.
    let intent = Intent::Create { name: "heron-7f3a01".to_owned(), replaces: None, unique: true };
    let list = [listed("other", NAME, 5), listed("lost", "heron-7f3a01", -86_400)];
    assert_eq!(settle(&intent, noon(0), true, Some(&list), &[]), Orphans(vec!["lost".to_owned()]));
    assert_eq!(settle(&intent, noon(0), true, Some(&list), &["lost"]), NothingHappened);
}

#[test]
fn a_creation_that_never_happened_leaves_nothing() {
    let list = [listed("old", NAME, -86_400), listed("other", "ci", 2)];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &["old"]), NothingHappened);
    assert_eq!(settle(&create(), noon(0), true, Some(&[]), &[]), NothingHappened);
}

#[test]
fn a_predecessor_of_the_same_name_is_not_taken_for_it() {
    // Not held any more, yet created before: revoked too late, or by a vault that was since restored.
    let list = [listed("older", NAME, -3600)];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &[]), NothingHappened);
}

#[test]
fn a_session_whose_token_we_hold_is_not_lost() {
    // The user created another by the same name, and its intent did end.
    let list = [listed("held", NAME, 5), listed("lost", NAME, 1)];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &["held"]), Orphans(vec!["lost".to_owned()]));
}

#[test]
fn clocks_may_differ_by_a_minute() {
    let list = [listed("lost", NAME, -60), listed("older", NAME, -61)];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &[]), Orphans(vec!["lost".to_owned()]));
}

#[test]
fn a_session_of_unknown_age_that_bears_the_name_is_ours() {
    let list = [Session { created_at: None, ..listed("lost", NAME, 0) }];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &[]), Orphans(vec!["lost".to_owned()]));
}

#[test]
fn a_session_without_a_name_is_not_ours() {
    let list = [Session { name: None, ..listed("x", NAME, 1) }];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &[]), NothingHappened);
}

#[test]
fn two_lost_in_a_row_are_both_shown() {
    let list = [listed("lost", NAME, 1), listed("lost too", NAME, 9)];
    let orphans = vec!["lost".to_owned(), "lost too".to_owned()];
    assert_eq!(settle(&create(), noon(0), true, Some(&list), &[]), Orphans(orphans));
}

#[test]
fn an_intent_outlives_a_restart_as_it_was_written() {
    // What stands in the vault of an older version must be read by this one.
    let written = [
        (create(), r#"{"what":"create","name":"daypass on heron","replaces":"old","unique":false}"#),
        (Intent::Regenerate, r#"{"what":"regenerate"}"#),
        (Intent::Renew, r#"{"what":"renew"}"#),
    ];
    for (intent, text) in written {
        assert_eq!(serde_json::to_string(&intent).unwrap(), text);
        assert_eq!(serde_json::from_str::<Intent>(text).unwrap(), intent);
    }
    let of_format_1 = r#"{"what":"create","name":"daypass on heron","replaces":"old"}"#;
    assert_eq!(serde_json::from_str::<Intent>(of_format_1).unwrap(), create());
}
