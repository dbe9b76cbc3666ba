//! Requests to the local API. The first line of an input is `METHOD /path`, the rest is the body.
//!
//! Each gets exactly one answer, in JSON and in the words of the API, and no refusal repeats a secret of the request. What
//! can be read as a request of the API is written back as the same.

use daypass_api::ApiError;
use daypass_api::request::{
    AddAccount, CopyRequest, CreateSession, Export, Import, LogQuery, Recognize, Shutdown, SignIn, TokenRequest,
};
use daypass_api::view::Place;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::connections::{read, talk};

/// The fields of requests that hold a secret.
const SECRETS: [&str; 3] = ["credential", "passphrase", "command"];

/// See the module.
pub fn requests(bytes: &[u8]) {
    let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let body = bytes.get(line + 1..).unwrap_or_default();
    read_back::<AddAccount>(body);
    read_back::<SignIn>(body);
    read_back::<TokenRequest>(body);
    read_back::<CreateSession>(body);
    read_back::<CopyRequest>(body);
    read_back::<Place>(body);
    read_back::<Recognize>(body);
    read_back::<LogQuery>(body);
    read_back::<Export>(body);
    read_back::<Import>(body);
    read_back::<Shutdown>(body);

    // A path with blanks, or a method with signs, is the other target's: here the head is sound.
    let Ok(line) = std::str::from_utf8(&bytes[..line]) else { return };
    let Some((method, path)) = line.split_once(' ') else { return };
    let sound = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    if !["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"].contains(&method) || !sound || path.len() > 4096 {
        return;
    }
    let head = format!("{method} {path} HTTP/1.1\r\nHost: daypass\r\nContent-Length: {}\r\n\r\n", body.len());
    let answered = talk(&[&[head.as_bytes(), body].concat()]);
    let answers = read(&answered);
    let [(status, answer)] = answers.as_slice() else { panic!("{} answers to {line:?}", answers.len()) };
    if *status >= 400 {
        let error: ApiError = serde_json::from_slice(answer).expect("an error is told in JSON");
        let text = String::from_utf8_lossy(body);
        for secret in secrets(body).filter(|secret| secret.len() >= 8 && text.matches(secret.as_str()).count() == 1) {
            assert!(line.contains(&secret) || !error.message.contains(&secret), "{error:?}");
        }
    }
}

/// The texts of the body that are secrets.
fn secrets(body: &[u8]) -> impl Iterator<Item = String> {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    SECRETS.into_iter().filter_map(move |field| Some(value.get(field)?.as_str()?.to_owned()))
}

/// What can be read is written back as the same.
fn read_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(body: &[u8]) {
    let Ok(request) = serde_json::from_slice::<T>(body) else { return };
    let written = serde_json::to_vec(&request).unwrap();
    assert_eq!(serde_json::from_slice::<T>(&written).unwrap(), request);
    // What is shorter, or has signs in it, may be a part of what is shown anyway.
    for secret in secrets(body) {
        let telling = secret.len() >= 12 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric());
        assert!(!telling || reads_elsewhere(body, &secret) || !format!("{request:?}").contains(&secret));
    }
}

/// Whether the text stands in the body more than once: another field may then hold it too.
fn reads_elsewhere(body: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(body).matches(text).count() != 1
}
