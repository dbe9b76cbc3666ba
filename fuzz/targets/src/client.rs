//! The agent's answers, as the light client reads them. An input is what came over the socket.
//!
//! An answer is read whole or not at all, and no error repeats anything of it: it may hold a token.

use daypass_api::client::{CallError, read_answer, read_events};
use daypass_api::view::{AccountView, Snapshot, TokenView};
use serde_json::Value;

use crate::is_a_sentence;

/// A text this long that stands in a message and in the answer did not get there by chance.
const TELLING: usize = 12;

/// See the module.
pub fn client(bytes: &[u8]) {
    let any = read_answer::<Value>(bytes);
    told(bytes, any.as_ref().err());
    told(bytes, read_answer::<TokenView>(bytes).as_ref().err());
    told(bytes, read_answer::<Snapshot>(bytes).as_ref().err());
    told(bytes, read_answer::<Vec<AccountView>>(bytes).as_ref().err());
    told(bytes, read_answer::<()>(bytes).as_ref().err());

    // Each event takes one line, so they end.
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let events: Vec<_> = read_events(bytes).collect();
    assert!(events.len() <= lines, "{} events in {lines} lines", events.len());
    for event in events {
        told(bytes, event.as_ref().err());
    }
}

/// The error can be shown, and holds nothing of the answer but the sentence of a refusal.
fn told(bytes: &[u8], error: Option<&CallError>) {
    let Some(CallError::Api(error)) = error else { return };
    if !error.message.starts_with("The agent's answer cannot be read") {
        return;
    }
    assert!(is_a_sentence(&error.message), "{error:?}");
    let Some(body) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return };
    let Ok(body) = serde_json::from_slice::<Value>(&bytes[body + 4..]) else { return };
    each_text(&body, &mut |text| {
        let telling = text.chars().count() >= TELLING && !OWN_WORDS.contains(text);
        assert!(!telling || !error.message.contains(text), "{error:?} repeats {text:?}");
    });
}

/// What the message says by itself.
const OWN_WORDS: &str = "The agent's answer cannot be read; is it of another version? missing field unknown field";

fn each_text(value: &Value, look: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => look(text),
        Value::Array(list) => list.iter().for_each(|value| each_text(value, look)),
        Value::Object(table) => table.values().for_each(|value| each_text(value, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
