//! How well a command fits the requests of a definition.

use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::command::{Body, Command};
use super::example::is_example;
use crate::file::{Method, Node, Piece, Placeholder, Request, RevokeAll, Template};
use crate::{Definition, policy};

/// How much of a request must be there for a command to another host to be taken for it: parts of the path and of the body.
const TELLING: usize = 2;

/// What was found where a placeholder stands.
type Found = Vec<(Placeholder, Zeroizing<String>)>;

/// Where a command leads.
pub(super) struct Address {
    pub(super) host: Host,
    /// Without the slash at its end.
    path: String,
    query: Vec<(String, String)>,
}

/// The host of a command.
pub(super) enum Host {
    /// The whole URL.
    At(Url),
    /// A placeholder for one.
    Placeholder(String),
}

/// A request that a command may be.
pub(super) struct Fit {
    /// Whether it goes to the definition's own host.
    own: bool,
    /// Whether path and method are the request's.
    same_path: bool,
    same_method: bool,
    /// How many parts of path and body are the same.
    telling: usize,
    /// Whether it is where the definition says, with no other path before it.
    pub(super) at_own_place: bool,
    /// The path before that of the request.
    pub(super) prefix: Option<String>,
    pub(super) found: Found,
}

impl Fit {
    /// The better, the higher.
    pub(super) fn rank(&self) -> (bool, bool, bool, usize, bool) {
        (self.own, self.same_path, self.same_method, self.telling, self.at_own_place)
    }
}

impl Address {
    /// Reads the address of a command; `None` where it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        if authority.is_empty() || authority.contains(['<', '>', '{', '}', '$']) {
            let url = Url::parse("https://placeholder.invalid").ok()?.join(behind).ok()?;
            return (scheme.is_none() || !authority.is_empty())
                .then(|| Self::at(&url, Host::Placeholder(authority.to_owned())));
        }
        let written = |scheme: &str| Url::parse(&format!("{scheme}://{rest}")).ok().filter(Url::has_host);
        let url = match scheme {
            Some(scheme) => written(scheme)?,
            // curl takes it for http; whoever leaves it out means what the provider has.
            None => written("http").filter(policy::is_loopback).or_else(|| written("https"))?,
        };
        Some(Self::at(&url, Host::At(url.clone())))
    }

    fn at(url: &Url, host: Host) -> Self {
        let path = url.path().trim_end_matches('/').to_owned();
        Self { host, path, query: url.query_pairs().into_owned().collect() }
    }

    /// Its host, for a message: without the user and the password before it.
    pub(super) fn shown(&self) -> String {
        match &self.host {
            Host::Placeholder(text) => text.rsplit('@').next().unwrap_or_default().to_owned(),
            Host::At(url) => match (url.host_str().unwrap_or_default(), url.port()) {
                (host, Some(port)) => format!("{host}:{port}"),
                (host, None) => host.to_owned(),
            },
        }
    }
}

/// Every way in which `command` fits a request of `definition`.
pub(super) fn all(definition: &Definition, command: &Command, address: &Address) -> Vec<Fit> {
    let own = matches!(&address.host, Host::At(url) if url.origin() == definition.base_url().origin());
    let own_path = definition.base_url().path().trim_end_matches('/');
    let mut fits = Vec::new();
    for request in requests(definition) {
        let (found, hits, carried) = carries(request, command, address);
        let same_method = command.method == method(request);
        for template in request.path.get_ref().iter() {
            let Some((prefix, in_path)) = behind_prefix(template, &address.path) else { continue };
            let telling = hits + literal_segments(template);
            // Elsewhere, the path alone may be anybody's.
            let enough = own || (same_method && carried && telling >= TELLING);
            if !enough {
                continue;
            }
            let at_own_place = own && prefix == own_path;
            let found = found.iter().cloned().chain(in_path).collect();
            fits.push(Fit {
                own,
                same_path: true,
                same_method,
                telling,
                at_own_place,
                prefix: Some(prefix.to_owned()),
                found,
            });
        }
    }
    // Another call at the provider's own host still says which provider it is. On this machine a port says little.
    if own && !policy::is_loopback(definition.base_url()) {
        let found = Vec::new();
        fits.push(Fit {
            own,
            same_path: false,
            same_method: false,
            telling: 0,
            at_own_place: true,
            prefix: None,
            found,
        });
    }
    fits
}

/// Every request that a definition has; what opens sessions first.
fn requests(definition: &Definition) -> Vec<&Request> {
    let operations = &definition.checked.operations;
    let mut all = vec![&operations.mint.request];
    all.extend(operations.create.iter().map(|create| &create.request));
    all.extend(operations.renew.iter().map(|renew| &renew.request));
    all.extend(operations.inspect.iter().map(|inspect| &inspect.request));
    all.extend(operations.list.iter().map(|list| &list.request));
    all.extend(operations.offers.values().map(|offers| &offers.request));
    all.extend(operations.revoke.iter().map(|revoke| &revoke.request));
    if let Some(RevokeAll::Own(table)) = &operations.revoke_all {
        all.push(&table.request);
    }
    if let Some(sign_in) = &operations.sign_in {
        all.extend([&sign_in.begin.request, sign_in.poll.request.get_ref()]);
    }
    all
}

fn method(request: &Request) -> http::Method {
    match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

/// The path before the request's own, and what stands in that; `None` where the path does not end like it.
fn behind_prefix<'a>(template: &Template, path: &'a str) -> Option<(&'a str, Found)> {
    path.match_indices('/').find_map(|(at, _)| {
        let found = capture(template, &path[at..])?;
        if found.iter().any(|(_, value)| value.contains('/')) {
            return None;
        }
        let decoded = |value: &str| percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
        let found = found.into_iter().map(|(name, value)| (name.clone(), Zeroizing::new(decoded(value)))).collect();
        Some((&path[..at], found))
    })
}

/// How many segments of a path are written out.
fn literal_segments(template: &Template) -> usize {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.split('/').filter(|part| !part.is_empty()).count(),
        Piece::Value(_) => 0,
    };
    template.pieces().iter().map(text).sum()
}

/// What the command carries in headers, query and body that the request has there as well; how many parts of the query and body are the
/// same; and whether anything at all is.
fn carries(request: &Request, command: &Command, address: &Address) -> (Found, usize, bool) {
    let mut found = Found::new();
    let mut carried = false;
    for (name, templates) in &request.headers {
        let same = |there: &&(String, Zeroizing<String>)| there.0.eq_ignore_ascii_case(name.as_str());
        let Some((_, value)) = command.headers.iter().find(same) else { continue };
        let captured =
            templates.get_ref().iter().find_map(|template| capture(template, value).filter(|found| sound(found)));
        for (placeholder, value) in captured.into_iter().flatten() {
            carried = true;
            found.push((placeholder.clone(), Zeroizing::new(value.to_owned())));
        }
    }
    let mut hits = 0;
    let pairs = request.query.iter().map(|(key, template)| (key, template, &address.query));
    let form = request.form.iter().flat_map(|form| form.get_ref());
    let fields = match &command.body {
        Body::Form(fields) => fields.as_slice(),
        _ => &[],
    };
    let form = form.map(|(key, template)| (key, template, fields));
    for (key, template, there) in pairs.map(|(key, template, there)| (key, template, there.as_slice())).chain(form) {
        let Some((_, value)) = there.iter().find(|(name, _)| name == key) else { continue };
        if let Some(captured) = capture(template.get_ref(), value).filter(|found| sound(found)) {
            hits += 1;
            found.extend(captured.into_iter().map(|(name, value)| (name.clone(), Zeroizing::new(value.to_owned()))));
        }
    }
    if let (Some(node), Body::Json(value)) = (&request.json, &command.body) {
        in_json(node.get_ref(), value, &mut found, &mut hits);
    }
    let carried = carried || hits > 0;
    (found, hits, carried)
}

/// Whether a credential was found as a whole: one word, or a placeholder for it.
fn sound(found: &[(&Placeholder, &str)]) -> bool {
    let whole = |value: &str| !value.contains(char::is_whitespace) || is_example(value);
    found.iter().all(|(placeholder, value)| **placeholder != Placeholder::Credential || whole(value))
}

fn in_json(node: &Node, value: &Value, found: &mut Found, hits: &mut usize) {
    match (node, value) {
        (Node::Table(nodes), Value::Object(values)) => {
            for (key, node) in nodes {
                if let Some(value) = values.get(key) {
                    in_json(node.get_ref(), value, found, hits);
                }
            }
        }
        (Node::List(nodes), Value::Array(values)) => {
            for (node, value) in nodes.iter().zip(values) {
                in_json(node.get_ref(), value, found, hits);
            }
        }
        (Node::Literal(literal), value) => *hits += usize::from(literal == value),
        (Node::Text(template), value) => {
            let Some(text) = text(value) else { return };
            if let Some(captured) = capture(template, &text).filter(|found| sound(found)) {
                *hits += 1;
                found
                    .extend(captured.into_iter().map(|(name, value)| (name.clone(), Zeroizing::new(value.to_owned()))));
            }
        }
        _ => {}
    }
}

/// A value as the text that a parameter is given by.
fn text(value: &Value) -> Option<Zeroizing<String>> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(words) => words.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join(","),
        _ => return None,
    };
    Some(Zeroizing::new(text))
}

/// What stands in `text` where the template has placeholders; `None` where its own text does not stand there.
fn capture<'t, 'v>(template: &'t Template, text: &'v str) -> Option<Vec<(&'t Placeholder, &'v str)>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut pieces = template.pieces().iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(literal) => {
                // `bearer` is as good as `Bearer` (RFC 9110 section 11.1).
                rest.get(..literal.len()).filter(|head| head.eq_ignore_ascii_case(literal))?;
                rest = &rest[literal.len()..];
            }
            Piece::Value(placeholder) => {
                let end = match pieces.peek() {
                    Some(Piece::Text(literal)) => rest.find(literal.as_str())?,
                    _ => rest.len(),
                };
                let (value, behind) = rest.split_at(end);
                if value.is_empty() {
                    return None;
                }
                found.push((placeholder, value));
                rest = behind;
            }
        }
    }
    rest.is_empty().then_some(found)
}
