//! The OpenAPI document of all dialects and of what an operator asks: what is written by hand in `openapi/*.json`, one file for each, put together.
//!
//! A file holds the paths of its dialect, the schemas and the security schemes; an operation lists the statuses of its
//! `refusals`. What a refusal looks like is not written there: its form is the schema `…Error` of the dialect, and its
//! examples are what [`Dialect::refuse`] says. Nor is HEAD, which is made of GET. `tests/authority/document.rs` holds every
//! answer of the suite against this.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::{Body as _, Bytes};
use serde_json::{Map, Value, json};

use crate::call::{Problem, Reply};
use crate::dialects::Dialect;

/// What every operation of a dialect can be refused with, whatever it does: the transport's own words, and a store that is
/// away.
const ALWAYS: [u64; 5] = [400, 408, 413, 421, 503];

/// A dialect, what its components' names begin with, and its file.
const PARTS: [(Dialect, &str, &str); 6] = [
    (Dialect::Discovr, "Discovr", include_str!("../openapi/discovr.json")),
    (Dialect::PocketPaw, "PocketPaw", include_str!("../openapi/pocketpaw.json")),
    (Dialect::AntiRaid, "AntiRaid", include_str!("../openapi/antiraid.json")),
    (Dialect::Discover, "Discover", include_str!("../openapi/discover.json")),
    (Dialect::Native, "OAuth", include_str!("../openapi/native.json")),
    (Dialect::Operation, "Operation", include_str!("../openapi/operation.json")),
];

const ABOUT: &str = "Issues sessions in five dialects on one port. Wherever GET is answered, HEAD is, with the same status and \
    headers and without the body (RFC 9110 section 9.3.2). A path or method that is not listed is 404 or 405 in the words of the dialect that the \
    path's first part belongs to. What is no HTTP at all, or has a head that is too long or too slow, is 400, 408, 414 \
    or 431 with `{\"code\": \"bad_request\", \"message\": …}`, as nobody knows for which dialect it was meant.";

/// The document for a server at the address `url`, as JSON.
pub(crate) fn document(url: &str) -> Bytes {
    // All but the address is put together once, on the first demand.
    static REST: LazyLock<String> = LazyLock::new(|| merged().to_string());
    let servers = json!([{ "url": url }]);
    // The rest is an object that is not empty: its opening brace goes before the servers.
    Bytes::from(format!("{{\"servers\":{servers},{}", &REST[1..]))
}

/// The document without its servers.
fn merged() -> Value {
    let mut tags = Vec::new();
    let mut paths = Map::new();
    let mut components = json!({ "schemas": {
        "Jwt": { "type": "string", "pattern": "^[0-9A-Za-z_-]+\\.[0-9A-Za-z_-]+\\.[0-9A-Za-z_-]+$" },
        "UnixSeconds": { "type": "integer", "format": "int64", "description": "Seconds since 1970 in UTC." },
    } });
    for (dialect, name, text) in PARTS {
        // A test sees that each can be read.
        let mut part: Value = serde_json::from_str(text).unwrap_or_default();
        let mut refusals = BTreeSet::new();
        for (path, mut item) in taken(&mut part, "paths") {
            for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
                finish(operation, dialect, name, &part["tag"]["name"], &mut refusals);
            }
            if let Some(rest) = path.strip_prefix("/api/") {
                paths.insert(format!("/api/v1/{rest}"), second(item.clone()));
            }
            paths.insert(path, item);
        }
        for status in refusals {
            components["responses"][format!("{name}{status}")] = refusal(dialect, name, status);
        }
        tags.push(part["tag"].take());
        for kind in ["schemas", "responses", "requestBodies", "securitySchemes"] {
            for (name, component) in taken(&mut part, kind) {
                components[kind][name] = component;
            }
        }
    }
    add_heads(&mut paths, &mut components["responses"]);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "The authority of Daypass",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "tags": tags,
        "paths": paths,
        "components": components,
    })
}

/// The object at `key` of a part; nothing where there is none.
fn taken(part: &mut Value, key: &str) -> Map<String, Value> {
    match part.get_mut(key).map(Value::take) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// Puts into an operation what its file does not write: the tag, and the refusals, which are noted in `seen`.
fn finish(operation: &mut Value, dialect: Dialect, name: &str, tag: &Value, seen: &mut BTreeSet<u64>) {
    // Beside the operations of a path there are its parameters.
    let Some(members) = operation.as_object_mut().filter(|members| members.contains_key("responses")) else { return };
    let own = members.remove("refusals").unwrap_or_default();
    let own = own.as_array().into_iter().flatten().filter_map(Value::as_u64);
    // What an operator asks is answered before a request is received in a dialect's name, and lists all of its own.
    let always: &[u64] = if dialect == Dialect::Operation { &[] } else { &ALWAYS };
    for status in own.chain(always.iter().copied()) {
        if operation["responses"].get(status.to_string()).is_some() {
            continue;
        }
        seen.insert(status);
        operation["responses"][status.to_string()] =
            json!({ "$ref": format!("#/components/responses/{name}{status}") });
    }
    operation["tags"] = json!([tag]);
}

/// The same operations under a second path: their ids must differ.
fn second(mut item: Value) -> Value {
    for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(id) = operation["operationId"].as_str().map(|id| format!("{id}V1")) {
            operation["operationId"] = id.into();
        }
    }
    item
}

/// Puts HEAD beside every GET: the same operation, whose answers have no body.
fn add_heads(paths: &mut Map<String, Value>, responses: &mut Value) {
    for item in paths.values_mut() {
        let Some(mut head) = item.get("get").cloned() else { continue };
        head["operationId"] = format!("{}Head", head["operationId"].as_str().unwrap_or_default()).into();
        for answer in head["responses"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(name) = answer["$ref"].as_str().and_then(|at| at.strip_prefix("#/components/responses/")) {
                let mut bare = responses[name].clone();
                bodiless(&mut bare);
                let name = format!("{name}Head");
                *answer = json!({ "$ref": format!("#/components/responses/{name}") });
                responses[name] = bare;
            } else {
                bodiless(answer);
            }
        }
        item["head"] = head;
    }
}

/// Takes the body out of an answer.
fn bodiless(answer: &mut Value) {
    if let Some(members) = answer.as_object_mut() {
        members.remove("content");
    }
}

/// How a dialect refuses with `status`.
fn refusal(dialect: Dialect, name: &str, status: u64) -> Value {
    let mut examples = Map::new();
    let mut headers = Map::new();
    for (about, problem) in problems() {
        let mut reply = dialect.refuse(&problem);
        if u64::from(reply.status().as_u16()) != status {
            continue;
        }
        for header in ["retry-after", "www-authenticate"] {
            if reply.headers().contains_key(header) {
                headers.insert(header.to_owned(), json!({ "required": true, "schema": { "type": "string" } }));
            }
        }
        examples.insert(about.to_owned(), json!({ "value": body(&mut reply) }));
    }
    let error = json!({ "$ref": format!("#/components/schemas/{name}Error") });
    let schema = match (dialect, status) {
        // Who sends no token is told no error (RFC 6750 section 3.1).
        (Dialect::Native, 401) => json!({ "anyOf": [error, { "type": "object", "maxProperties": 0 }] }),
        _ => error,
    };
    let known = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = json!({
        "description": known.and_then(|status| status.canonical_reason()).unwrap_or_default(),
        "content": { "application/json": { "schema": schema, "examples": examples } },
    });
    if !headers.is_empty() {
        response["headers"] = headers.into();
    }
    response
}

/// One problem of each kind.
fn problems() -> [(&'static str, Problem); 17] {
    [
        ("no_credential", Problem::NoCredential),
        ("bad_credential", Problem::BadCredential),
        ("expired_credential", Problem::ExpiredCredential),
        ("wrong_kind", Problem::WrongKind),
        ("session_gone", Problem::SessionGone),
        ("forbidden", Problem::Forbidden("The token may not do this")),
        ("malformed", Problem::Malformed("The body is not valid JSON".into())),
        ("wrong_shape", Problem::WrongShape("A field of the body has a wrong type or value".into())),
        ("unknown", Problem::Unknown("What the request names does not exist")),
        ("timed_out", Problem::TimedOut),
        ("too_many", Problem::TooManyOf("There are as many as there may be")),
        ("too_large", Problem::TooLarge),
        ("path_too_long", Problem::PathTooLong),
        ("media_type", Problem::MediaType),
        ("misdirected", Problem::Misdirected),
        ("too_often", Problem::TooOften(Duration::from_secs(1))),
        ("unavailable", Problem::Unavailable),
    ]
}

/// The body of an answer, which is all there already.
fn body(reply: &mut Reply) -> Value {
    let mut nobody = Context::from_waker(Waker::noop());
    match Pin::new(reply.body_mut()).poll_frame(&mut nobody) {
        Poll::Ready(Some(Ok(frame))) => {
            frame.into_data().ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::ROUTES;

    /// Every `$ref` in `value`.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_part_is_read_and_every_reference_leads_somewhere() {
        for (_, name, text) in PARTS {
            let part = serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(part["tag"]["name"].is_string(), "{name}");
        }
        let document = merged();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100, "{}", found.len());
        for reference in found {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
        }
        assert!(!document.to_string().contains("refusals"), "an operation was not finished");
    }

    #[test]
    fn its_paths_are_the_routes() {
        let bare = |path: &str| -> String {
            path.split('/')
                .map(|part| if part.starts_with('{') { "/{}".to_owned() } else { format!("/{part}") })
                .collect()
        };
        let routes: BTreeSet<String> = ROUTES.into_iter().map(bare).collect();
        let document = merged();
        let mut paths: BTreeSet<String> =
            document["paths"].as_object().unwrap().keys().map(|path| bare(path)).collect();
        // What the figures count apart is one session in the document.
        assert!(paths.insert(bare("/oauth2/sessions/current")));
        assert_eq!(paths, routes);
    }

    #[test]
    fn head_stands_where_get_does_and_has_no_body() {
        let document = merged();
        for (path, item) in document["paths"].as_object().unwrap() {
            let (Some(get), Some(head)) = (item.get("get"), item.get("head")) else {
                assert!(item.get("get").is_none() && item.get("head").is_none(), "{path}");
                continue;
            };
            assert_ne!(get["operationId"], head["operationId"], "{path}");
            assert_eq!((&get["security"], &get["parameters"]), (&head["security"], &head["parameters"]), "{path}");
            let answers = |operation: &Value| operation["responses"].as_object().unwrap().clone();
            let followed = |answer: &Value| {
                let at = answer["$ref"].as_str().map(|at| document.pointer(&at[1..]).unwrap().clone());
                at.unwrap_or_else(|| answer.clone())
            };
            for (status, answer) in answers(get) {
                let (full, bare) = (followed(&answer), followed(&head["responses"][&status]));
                assert!(bare["description"].is_string() && bare.get("content").is_none(), "{path} {status}");
                assert_eq!(full["headers"], bare["headers"], "{path} {status}");
            }
            assert_eq!(answers(get).len(), answers(head).len(), "{path}");
        }
    }

    #[test]
    fn every_kind_of_problem_stands_in_the_document_of_every_dialect_that_has_its_status() {
        let document = merged();
        for (dialect, name, _) in PARTS {
            for (about, problem) in problems() {
                let status = dialect.refuse(&problem).status();
                let Some(response) = document.pointer(&format!("/components/responses/{name}{}", status.as_u16()))
                else {
                    continue;
                };
                let example = &response["content"]["application/json"]["examples"][about]["value"];
                assert!(example.is_object(), "{name} {about}: {response}");
            }
        }
    }
}
