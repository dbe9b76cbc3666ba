//! One question and its answer, held against the document.

use std::collections::BTreeSet;

use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{Answer, Document, Operation};

/// What was asked.
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What was answered.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What any path can be refused with before it is looked at.
const TRANSPORT: [u16; 6] = [400, 408, 413, 414, 421, 431];

impl Document {
    /// Whether the document says that `asked` may be answered by `said`.
    ///
    /// Both ways: an answer has one of the statuses, headers and forms that stand there, and who was served has asked for it
    /// in a form that stands there, so that the authority takes nothing that the document does not tell of.
    pub(crate) fn hold(&self, asked: &Asked, said: &Said) -> Result<(), String> {
        let Some((template, operations)) = self.item(&asked.path) else {
            return match said.status {
                404 => self.refused(said),
                status if TRANSPORT.contains(&status) => self.refused(said),
                status => Err(format!("{status}, where there should be nothing")),
            };
        };
        let Some(operation) = operations.get(&asked.method) else {
            return match said.status {
                405 => self.refused(said).and(self.allowed(template, said)),
                status if TRANSPORT.contains(&status) => self.refused(said),
                status => Err(format!("{status}, where the path does not know the method")),
            };
        };
        let answer = operation.answers.get(&said.status).ok_or(format!("the status {} is not there", said.status))?;
        answer.hold(said).map_err(|finding| format!("{}: {finding}", said.status))?;
        if (200..300).contains(&said.status) {
            operation.hold(asked, &self.security).map_err(|finding| format!("was served although {finding}"))?;
        }
        Ok(())
    }

    /// The answer of a request that may not even be HTTP.
    pub(crate) fn overhear(&self, asked: &[u8], status: u16, body: &Value) -> Result<(), String> {
        let line = String::from_utf8_lossy(asked);
        let mut words = line.lines().next().unwrap_or_default().split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let operation = self.item(path.split('?').next().unwrap_or_default()).and_then(|(_, item)| item.get(method));
        let said = operation.and_then(|operation| operation.answers.get(&status)?.content.get("application/json"));
        if said.is_some_and(|schema| schema.is_valid(body)) || self.errors.iter().any(|error| error.is_valid(body)) {
            return Ok(());
        }
        Err(format!("{status} {body}"))
    }

    /// An error in the form of some dialect.
    fn refused(&self, said: &Said) -> Result<(), String> {
        if said.body.is_empty() {
            // To HEAD.
            return Ok(());
        }
        let body: Value = serde_json::from_slice(&said.body).map_err(|error| error.to_string())?;
        if self.errors.iter().any(|error| error.is_valid(&body)) { Ok(()) } else { Err(format!("an error, {body}")) }
    }

    /// The methods that 405 names are those that stand there.
    fn allowed(&self, template: &str, said: &Said) -> Result<(), String> {
        let known: BTreeSet<&str> = self.paths[template].keys().map(String::as_str).collect();
        let allow = said.headers.get("allow").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let told: BTreeSet<&str> = allow.split(", ").collect();
        if told == known { Ok(()) } else { Err(format!("Allow is {told:?}, and there are {known:?}")) }
    }
}

impl Answer {
    fn hold(&self, said: &Said) -> Result<(), String> {
        if let Some(missing) = self.headers.iter().find(|name| !said.headers.contains_key(name.as_str())) {
            return Err(format!("the header {missing} is missing"));
        }
        let kind = essence(&said.headers);
        if self.content.is_empty() {
            return if said.body.is_empty() { Ok(()) } else { Err("there is a body".to_owned()) };
        }
        let schema = self.content.get(&kind).ok_or(format!("the media type {kind:?} is not there"))?;
        match kind.as_str() {
            "application/json" => {
                let body = serde_json::from_slice(&said.body).map_err(|error| error.to_string())?;
                fits(schema, &body)
            }
            _ => fits(schema, &String::from_utf8_lossy(&said.body).into_owned().into()),
        }
    }
}

impl Operation {
    /// What is wrong with a question that was served.
    fn hold(&self, asked: &Asked, schemes: &Value) -> Result<(), String> {
        let parts: Vec<&str> = asked.path.split('/').collect();
        for (place, schema) in &self.parts {
            fits(schema, &parts[*place].into())?;
        }
        let shown = |name: &String| {
            let scheme = &schemes[name];
            let header = scheme["name"].as_str().unwrap_or("authorization");
            let value = asked.headers.get(header).and_then(|value| value.to_str().ok());
            let way = scheme["scheme"].as_str().unwrap_or_default();
            value.is_some_and(|value| value.to_ascii_lowercase().starts_with(way))
        };
        if !self.security.is_empty() && !self.security.iter().any(|way| way.iter().all(shown)) {
            return Err("no credential of the document was shown".to_owned());
        }
        let Some((required, content)) = &self.body else { return Ok(()) };
        if asked.body.is_empty() && !required {
            return Ok(());
        }
        let kind = essence(&asked.headers);
        let schema = content.get(&kind).ok_or(format!("a body of the media type {kind:?} is not there"))?;
        let body = match kind.as_str() {
            "application/json" => serde_json::from_slice(&asked.body).map_err(|error| error.to_string())?,
            _ => form(&asked.body)?,
        };
        fits(schema, &body)
    }
}

/// The media type, without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A form as an object. A field without a value counts as left out (RFC 6749 section 3.2).
fn form(body: &[u8]) -> Result<Value, String> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty()) {
        if fields.insert(name.to_string(), value.into()).is_some() {
            return Err(format!("{name} stands there twice"));
        }
    }
    Ok(fields.into())
}

fn fits(schema: &Validator, value: &Value) -> Result<(), String> {
    let findings: Vec<String> =
        schema.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    if findings.is_empty() { Ok(()) } else { Err(findings.join("; ")) }
}

/// What a fault in the code or the document would look like is found.
mod planted {
    use serde_json::json;

    use super::*;

    fn document() -> Document {
        let error = json!({ "type": "object", "required": ["error"] });
        let errors =
            ["AError", "BError", "CError", "DError", "EError", "FError"].map(|name| (name.to_owned(), error.clone()));
        Document::read(json!({
            "paths": { "/a/{id}": { "post": {
                "security": [{ "key": [] }],
                "parameters": [{ "name": "id", "in": "path", "schema": { "pattern": "^[0-9]+$" } }],
                "requestBody": { "required": true, "content": { "application/json": { "schema": { "type": "object" } } } },
                "responses": { "200": { "headers": { "x-a": { "required": true } }, "content": {
                    "application/json": { "schema": { "$ref": "#/components/schemas/Good" } } } } },
            } } },
            "components": {
                "schemas": errors.into_iter().chain([("Good".to_owned(), json!({ "required": ["b"] }))])
                    .collect::<Map<_, _>>(),
                "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "x-key" } },
            },
        }))
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn asked() -> Asked {
        let headers = headers(&[("content-type", "application/json"), ("x-key", "k")]);
        Asked { method: "POST".into(), path: "/a/1".into(), headers, body: b"{}".to_vec() }
    }

    fn said() -> Said {
        let headers = headers(&[("content-type", "application/json; charset=utf-8"), ("x-a", "1")]);
        Said { status: 200, headers, body: b"{\"b\":1}".to_vec() }
    }

    #[test]
    fn what_stands_there_is_well() {
        assert_eq!(document().hold(&asked(), &said()), Ok(()));
    }

    #[test]
    fn an_answer_that_does_not_stand_there_is_found() {
        for wrong in [
            Said { status: 201, ..said() },
            Said { status: 500, ..said() },
            Said { headers: headers(&[("content-type", "application/json")]), ..said() },
            Said { headers: headers(&[("content-type", "text/plain"), ("x-a", "1")]), ..said() },
            Said { body: b"{}".to_vec(), ..said() },
            Said { body: Vec::new(), ..said() },
        ] {
            assert!(document().hold(&asked(), &wrong).is_err(), "{}", wrong.status);
        }
    }

    #[test]
    fn who_is_served_without_having_asked_rightly_is_found() {
        for wrong in [
            Asked { path: "/a/x".into(), ..asked() },
            Asked { path: "/b".into(), ..asked() },
            Asked { method: "PUT".into(), ..asked() },
            Asked { body: b"[]".to_vec(), ..asked() },
            Asked { body: Vec::new(), ..asked() },
            Asked { headers: headers(&[("content-type", "application/json")]), ..asked() },
            Asked { headers: headers(&[("content-type", "text/plain"), ("x-key", "k")]), ..asked() },
        ] {
            assert!(document().hold(&wrong, &said()).is_err(), "{} {}", wrong.method, wrong.path);
        }
    }

    #[test]
    fn a_method_that_is_refused_names_those_that_there_are() {
        let put = Asked { method: "PUT".into(), ..asked() };
        let refused = |allow| Said {
            status: 405,
            headers: headers(&[("content-type", "application/json"), ("allow", allow)]),
            body: b"{\"error\":\"x\"}".to_vec(),
        };
        assert_eq!(document().hold(&put, &refused("POST")), Ok(()));
        assert!(document().hold(&put, &refused("GET, HEAD, POST")).is_err());
        assert!(document().hold(&put, &Said { body: b"{}".to_vec(), ..refused("POST") }).is_err());
    }
}
