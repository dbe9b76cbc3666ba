//! The message files: every language has the same messages with the same variables, and no file has a mistake.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

use super::*;

/// The messages of a language, each with its variables.
fn messages(files: Files) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for (name, text) in files {
        let resource =
            fluent_syntax::parser::parse(*text).unwrap_or_else(|(_, errors)| panic!("{name}.ftl: {errors:?}"));
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let mut variables = BTreeSet::new();
            variables_of(message.value.as_ref().unwrap(), &mut variables);
            let twice = found.insert(message.id.name.to_owned(), variables);
            assert_eq!(twice, None, "{name}.ftl: {} stands there twice", message.id.name);
        }
    }
    found
}

/// The variables of the message `id`, where there is one.
pub(super) fn variables_in(files: Files, id: &str) -> Option<BTreeSet<String>> {
    messages(files).remove(id)
}

fn variables_of(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            match expression {
                Expression::Inline(inline) => variable_of(inline, found),
                Expression::Select { selector, variants } => {
                    variable_of(selector, found);
                    for variant in variants {
                        variables_of(&variant.value, found);
                    }
                }
            }
        }
    }
}

fn variable_of(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => drop(found.insert(id.name.to_owned())),
        InlineExpression::Placeable { expression } => {
            if let Expression::Inline(inline) = &**expression {
                variable_of(inline, found);
            }
        }
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments.positional.iter().for_each(|one| variable_of(one, found));
        }
        _ => {}
    }
}

#[test]
fn every_language_has_the_same_messages_with_the_same_variables() {
    assert_eq!(messages(ENGLISH), messages(GERMAN));
}

#[test]
fn the_environment_names_the_language_unless_one_is_chosen() {
    let of = |chosen, set: &'static [(&str, &str)]| {
        Spoken::of(chosen, |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(of(Language::System, &[]), Spoken::English);
    assert_eq!(of(Language::System, &[("LANG", "de_AT.UTF-8")]), Spoken::German);
    assert_eq!(of(Language::System, &[("LANG", "de_AT.UTF-8"), ("LC_ALL", "fr_FR.UTF-8")]), Spoken::English);
    assert_eq!(of(Language::System, &[("LANG", "de"), ("LC_ALL", "")]), Spoken::German);
    assert_eq!(of(Language::System, &[("LANG", "den_CA")]), Spoken::English);
    assert_eq!(of(Language::En, &[("LANG", "de_DE")]), Spoken::English);
    assert_eq!(of(Language::De, &[]), Spoken::German);
}

#[test]
fn a_sentence_without_a_translation_stays_as_it_is() {
    let german = Words::new(Spoken::German);
    assert_eq!(german.sentence(None, "It is away."), "It is away.");
    assert_eq!(german.sentence(Some(&Said::new("no-such-message", [])), "It is away."), "It is away.");
}

#[test]
fn a_message_takes_its_variables() {
    let say = |language| Words::new(language).say("menu-life-left", [("life", "32 min".into())]);
    assert_eq!(say(Spoken::English), "32 min left");
    assert_eq!(say(Spoken::German), "noch 32 min");
    assert_eq!(Words::new(Spoken::German).say("no-such-message", []), "no-such-message");
}
