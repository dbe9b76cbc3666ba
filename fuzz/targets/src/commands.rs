//! Commands that were copied from an API's documentation. An input is what was pasted.
//!
//! Whatever it is, an answer only leads to where credentials may be sent, holds what a form takes, and repeats nothing of the
//! credential; and a command that is written for a provider is recognized whatever stands around it.

use daypass_core::Secret;
use daypass_providers::{Catalog, RecognizeError, Recognized};

use crate::is_a_sentence;

/// Nothing else of a command is like it.
const CREDENTIAL: &str = "zq7credentialzq7";

/// See the module.
pub fn commands(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let catalog = Catalog::built_in();
    match catalog.recognize(&Secret::new(text)) {
        Ok(found) => sound(&found),
        Err(error) => {
            assert!(is_a_sentence(&error.to_string()), "{error:?}");
            assert_eq!(error.phrase().text(), error.to_string());
        }
    }
    said_to_each(&catalog, text);
    carried_along(&catalog, text);
}

fn sound(found: &Recognized) {
    let definition = &found.definition;
    let base_url = found.base_url.as_ref().map(url::Url::as_str);
    // The same that is asked of what a person types.
    let target = definition.partial_target(base_url, found.params.clone());
    assert!(target.is_ok(), "{target:?}");
    if let Some(credential) = &found.credential {
        assert!(!credential.is_empty());
    }
}

/// A parameter's value may be anything; what it is, is read again.
fn said_to_each(catalog: &Catalog, text: &str) {
    let Ok(body) = serde_json::to_string(&serde_json::json!({ "profileId": text })) else { return };
    let quoted = body.replace('\'', r"'\''");
    let command = format!(
        "curl -X POST https://api.discovr.media/auth/session-token -H 'Authorization: Bearer {CREDENTIAL}' -d '{quoted}'"
    );
    // What a word processor would make of it is undone: then it is another text.
    let is_plain = !text.contains(['\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{a0}']);
    match catalog.recognize(&Secret::new(command)) {
        Ok(found) if is_plain => {
            sound(&found);
            assert_eq!(found.definition.name(), "discovr");
            assert_eq!(found.credential.as_ref().map(Secret::expose), Some(CREDENTIAL));
            assert!(found.params.get("profile_id").is_none_or(|profile| profile == text), "{:?}", found.params);
        }
        Ok(found) => sound(&found),
        Err(error) => assert!(error == RecognizeError::TooLong || !is_plain, "{error:?}"),
    }
}

/// What stands behind a whole command does not change whom it calls, and no error repeats a credential.
fn carried_along(catalog: &Catalog, text: &str) {
    let head = format!("curl https://api.rfksrv.com/account/1/access-token -H 'x-api-key: {CREDENTIAL}' -d '{{}}' ;\n");
    match catalog.recognize(&Secret::new(head + text)) {
        Ok(found) => assert_eq!(found.definition.name(), "discover"),
        Err(error) => assert!(!format!("{error} {error:?}").contains(CREDENTIAL), "{error:?}"),
    }
    let stray = format!("curl -H 'x-api-key: {CREDENTIAL}' {text}");
    if let Err(error) = catalog.recognize(&Secret::new(stray)) {
        // The host is repeated, and whoever pastes may write the same there.
        assert!(text.contains("zq7") || !format!("{error} {error:?}").contains(CREDENTIAL), "{error:?}");
        assert!(is_a_sentence(&error.to_string()), "{error:?}");
    }
}
