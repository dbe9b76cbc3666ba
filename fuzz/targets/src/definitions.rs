//! Definition files. An input is the file.
//!
//! What is wrong is told in one sentence with a line of the file. What is accepted sends the credential to its own origin
//! only, never in an address, and survives any answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use daypass_core::Secret;
use daypass_providers::{Definition, Engine, Limits, Target, Wish};

use crate::still::{Still, run};

/// Nothing else of a request is like it.
const CREDENTIAL: &str = "zq7credentialzq7";
/// What a provider may say to a definition that is not known beforehand.
const ANSWER: &str =
    r#"{"token":"t0","access_token":"t1","expires":1767229200,"expires_in":60,"id":"a","sessions":[{"id":1}]}"#;

/// See the module.
pub fn definitions(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Definition::parse("own.toml", text) {
        Ok(definition) => {
            well_formed(&definition);
            let again = Definition::parse("own.toml", text).expect("it is read the same way twice");
            assert_eq!(format!("{definition:?}"), format!("{again:?}"));
            sends_nothing_astray(&definition);
        }
        Err(error) => {
            assert_eq!(error.file, "own.toml");
            let lines = text.lines().count().max(1);
            // What is missing at the very end may be told of the line behind it.
            assert!((1..=lines + 1).contains(&error.line), "line {} of {lines}: {error}", error.line);
            assert!(!error.reason.is_empty() && !error.reason.contains(['\n', '\r']), "{error:?}");
        }
    }
}

fn well_formed(definition: &Definition) {
    let name = definition.name();
    assert!((1..=32).contains(&name.len()), "{name:?}");
    assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')), "{name:?}");
    assert!(http::HeaderName::try_from(definition.header().0).is_ok(), "{:?}", definition.header());
    let url = definition.base_url();
    let local = url.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "[::1]");
    assert!(url.scheme() == "https" || (url.scheme() == "http" && local), "{url}");
    let abilities = definition.abilities();
    assert!(!abilities.revoke_effect.is_empty());
    if let Some(life) = abilities.create.as_ref().and_then(|create| create.life) {
        assert!(!life.min.is_zero() && life.min <= life.default && life.default <= life.max, "{life:?}");
    }
}

/// Runs every operation that the definition has, and looks at each request.
fn sends_nothing_astray(definition: &Definition) {
    let needed = definition.params().iter().filter(|param| param.required);
    let params: BTreeMap<String, String> = needed.map(|param| (param.key.clone(), "1".to_owned())).collect();
    let target = definition.target(None, params).expect("1 is a text, a list and a number");
    let astray: Arc<Mutex<Vec<String>>> = Arc::default();
    let found = astray.clone();
    let origin = target.base_url.origin();
    let engine = Engine::answered(Arc::new(Still), Limits::default(), move |_, url, _, _| {
        if url.origin() != origin || url.as_str().contains(CREDENTIAL) || !url.username().is_empty() {
            found.lock().unwrap().push(url.to_string());
        }
        http::Response::new(ANSWER.into())
    })
    .unwrap();
    let told = run(ask_everything(&engine, definition, &target));
    assert!(astray.lock().unwrap().is_empty(), "{astray:?}");
    assert!(!told.contains(CREDENTIAL), "{told}");
}

/// What every operation says.
async fn ask_everything(engine: &Engine, definition: &Definition, target: &Target) -> String {
    let credential = Secret::new(CREDENTIAL);
    let wish = Wish { name: Some("ci/cd ü".to_owned()), life: None };
    let minted = engine.mint(definition, target, &credential, &wish).await;
    let mut told = format!("{minted:?}");
    if let Some(grant) = minted.ok().and_then(|minted| minted.grant) {
        told += &format!("{:?}", engine.renew(definition, target, &grant).await);
    }
    told += &format!("{:?}", engine.create(definition, target, &credential, &wish).await);
    told += &format!("{:?}", engine.inspect(definition, target, &credential).await);
    told += &format!("{:?}", engine.list(definition, target, &credential).await);
    told += &format!("{:?}", engine.revoke(definition, target, &credential, "../a?b#c").await);
    told += &format!("{:?}", engine.revoke_all(definition, target, &credential).await);
    let begun = engine.begin_sign_in(definition, target).await;
    told += &format!("{begun:?}");
    if let Ok(code) = begun {
        told += &format!("{:?}", engine.poll_sign_in(definition, target, &code).await);
    }
    for param in definition.params() {
        told += &format!("{:?}", engine.offers(definition, target, &credential, &param.key).await);
    }
    told
}
