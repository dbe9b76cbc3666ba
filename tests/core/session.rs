//! The one word that a user sees for the state of a session.

use daypass_core::session::SessionState::{self, Expired, Foreign, Fresh, Orphan, Stale, Urgent};
use daypass_core::session::Standing;

use crate::clock::{MINUTE, life, noon};

#[test]
fn a_held_session_ages_with_its_token() {
    let token = life(30 * MINUTE);
    let story = [(0, Fresh), (20 * 60, Stale), (27 * 60, Urgent), (30 * 60, Expired)];
    for (second, expected) in story {
        let state = SessionState::of(Standing::Held, Some(&token), None, noon(second));
        assert_eq!(state, expected, "after {second} s");
    }
}

#[test]
fn what_we_do_not_hold_is_foreign_until_it_ends() {
    let of = |second| SessionState::of(Standing::Foreign, None, Some(noon(600)), noon(second));
    assert_eq!(of(0), Foreign);
    assert_eq!(of(599), Foreign);
    assert_eq!(of(600), Expired);
}

#[test]
fn an_orphan_is_an_orphan_until_it_ends() {
    let of = |second| SessionState::of(Standing::Orphan, None, Some(noon(600)), noon(second));
    assert_eq!(of(599), Orphan);
    assert_eq!(of(600), Expired);
}

#[test]
fn a_session_without_a_known_end_never_expires() {
    let of = |standing| SessionState::of(standing, None, None, daypass_core::Time::MAX_UTC);
    assert_eq!(of(Standing::Held), Fresh);
    assert_eq!(of(Standing::Foreign), Foreign);
    assert_eq!(of(Standing::Orphan), Orphan);
}

#[test]
fn the_life_of_the_token_counts_before_what_the_list_says() {
    // The list shows the end by the server's clock, a minute later or earlier.
    let token = life(30 * MINUTE);
    let of = |listed, second| SessionState::of(Standing::Held, Some(&token), Some(noon(listed)), noon(second));
    assert_eq!(of(31 * 60, 30 * 60), Expired);
    assert_eq!(of(29 * 60, 29 * 60), Urgent);
}
