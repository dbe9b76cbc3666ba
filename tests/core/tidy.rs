//! The house rules as tests. What is wrong is told with file, line, the reason, and what to do instead.
//!
//! Each rule is a function of a path and a text, so that it can be seen to fail on a planted case beside it.

mod crates;
mod files;
mod page;
mod points;
mod source;

use files::{File, all};

/// What is wrong, where, and what to do about it.
type Finding = String;

/// Fails with all findings at once: who mends one wants to know of the others.
#[track_caller]
fn nothing_in(findings: &[Finding]) {
    assert!(findings.is_empty(), "\n\n{}\n", findings.join("\n"));
}

/// Looks at every file of ours with `rule`.
fn in_every_file(rule: impl Fn(&File) -> Vec<Finding>) -> Vec<Finding> {
    all().iter().flat_map(rule).collect()
}

#[test]
fn tidy_files_say_what_they_are_for() {
    nothing_in(&in_every_file(source::purpose));
}

#[test]
fn tidy_files_are_short() {
    nothing_in(&in_every_file(source::length));
}

#[test]
fn tidy_nothing_is_left_open() {
    nothing_in(&in_every_file(source::left_open));
}

#[test]
fn tidy_the_project_speaks_of_itself_alone() {
    nothing_in(&in_every_file(source::foreign_words));
}

#[test]
fn tidy_names_say_what_a_thing_is() {
    nothing_in(&in_every_file(source::empty_names));
}

#[test]
fn tidy_exceptions_have_reasons() {
    nothing_in(&in_every_file(source::exceptions));
}

#[test]
fn tidy_time_and_chance_come_in_through_one_door() {
    nothing_in(&in_every_file(source::doors));
}

#[test]
fn tidy_secrets_cannot_be_printed() {
    nothing_in(&in_every_file(source::secrets));
}

#[test]
fn tidy_the_core_is_pure() {
    nothing_in(&in_every_file(source::purity));
}

#[test]
fn tidy_libraries_stay_behind_their_doors() {
    nothing_in(&in_every_file(source::libraries));
}

#[test]
fn tidy_crates_use_only_whom_they_may() {
    nothing_in(&in_every_file(crates::directions));
}

#[test]
fn tidy_every_shared_dependency_is_used() {
    nothing_in(&crates::unused(all()));
}

#[test]
fn tidy_the_page_has_one_door_and_keeps_nothing() {
    nothing_in(&in_every_file(page::doors));
}

#[test]
fn tidy_every_fail_point_is_killed_at() {
    nothing_in(&points::points(all()));
}
