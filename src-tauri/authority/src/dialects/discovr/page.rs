//! The page at which a person approves a device sign-in: plain HTML, no script.
//!
//! Approving needs no password, so three things stand in for one: the page answers only to this machine, only to a form
//! that this very page sent (`Origin`), and only to who knows the user code, at which nobody can guess for long, from however
//! many addresses. Whoever comes from elsewhere is told how an administrator approves: by a command on the store.

use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, ORIGIN};
use url::form_urlencoded;

use crate::Service;
use crate::admin::{Settled, SignInFacts};
use crate::call::{Call, Outcome, Problem, Reply};
use crate::dialects::Dialect;
use crate::rate::Target;

/// `GET /device?user_code=…`: asks the person.
pub(super) async fn show(service: &Service, call: &Call) -> Result<Reply, Problem> {
    if !is_here(call) {
        return Ok(elsewhere());
    }
    let typed = field(call.uri.query().unwrap_or_default().as_bytes(), "user_code").unwrap_or_default();
    if typed.is_empty() {
        return Ok(page(StatusCode::OK, &ask(None, "")));
    }
    service.may_try_code(call.peer).map_err(Problem::TooOften)?;
    match service.sign_in_facts(&typed).await? {
        Some(waiting) => Ok(page(StatusCode::OK, &ask(Some(&waiting), &typed))),
        None => not_waiting(service, call),
    }
}

/// `POST /device`: the person's decision.
pub(super) async fn settle(service: &Service, call: &Call) -> Result<Reply, Problem> {
    if !is_here(call) {
        return Ok(elsewhere());
    }
    // A browser sends Origin with every form; another site cannot choose it.
    let origin = call.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    if !origin.is_some_and(|origin| origin == call.origin || is_named(call, origin)) {
        return Err(Problem::Forbidden("The form must come from this server's own page"));
    }
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(Problem::MediaType);
    }
    let typed = field(&call.body, "user_code").ok_or(Problem::WrongShape("The field user_code is missing".into()))?;
    let approved = match field(&call.body, "decision").as_deref() {
        Some("approve") => true,
        Some("deny") => false,
        _ => return Err(Problem::WrongShape("The field decision must be approve or deny".into())),
    };
    service.may_try_code(call.peer).map_err(Problem::TooOften)?;
    let settled =
        if approved { service.approve_sign_in(&typed, None).await } else { service.deny_sign_in(&typed).await };
    let text = match settled? {
        Settled::Approved(_) => "<h1>Signed in</h1><p>The device will go on by itself. You can close this page.</p>",
        Settled::Denied => "<h1>Denied</h1><p>The device was not signed in. You can close this page.</p>",
        Settled::NotWaiting | Settled::NoUser | Settled::UserDisabled => return not_waiting(service, call),
    };
    Ok(page(StatusCode::OK, text))
}

/// Whether the client is on this machine.
fn is_here(call: &Call) -> bool {
    call.peer.to_canonical().is_loopback()
}

/// Whether `origin` is this server by the name that the request gives it, which is one of its own: on its machine that may be
/// another one than in public.
fn is_named(call: &Call, origin: &str) -> bool {
    let host = call.headers.get(HOST).and_then(|host| host.to_str().ok());
    let named = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    named.is_some() && named == host
}

/// What a person is told who may not approve here. The code is not repeated: it stands on the device.
fn elsewhere() -> Reply {
    let text = "<h1>Ask your administrator</h1><p>This server cannot know you, so a sign-in is approved on its own machine. \
                Tell the code that your device shows to an administrator, who approves it with</p>\
                <p><code>daypass authority device approve</code></p>";
    let mut reply = page(StatusCode::FORBIDDEN, text);
    reply.extensions_mut().insert(Outcome("forbidden"));
    reply
}

/// A wrong code counts as a guess.
fn not_waiting(service: &Service, call: &Call) -> Result<Reply, Problem> {
    let guess = service.refuse_guess(Dialect::Discovr, "unknown_code", call.peer, &[Target::user_codes()]);
    guess.map_err(Problem::TooOften)?;
    let text = "<h1>No such code</h1><p>This code is unknown, was used, or came too late. Ask the device for another \
                one.</p><p><a href=\"/device\">Type a code</a></p>";
    Ok(page(StatusCode::NOT_FOUND, text))
}

fn ask(waiting: Option<&SignInFacts>, typed: &str) -> String {
    let typed = escaped(typed);
    match waiting {
        None => "<h1>Sign in a device</h1><form method=\"get\" action=\"/device\"><p><label>Code shown by the device \
                 <input name=\"user_code\" autocomplete=\"off\" autofocus required></label></p>\
                 <p><button>Continue</button></p></form>"
            .to_owned(),
        Some(SignInFacts { client, scopes, .. }) => format!(
            "<h1>Sign in a device</h1><p><b>{}</b> shows the code <b>{typed}</b> and asks to be signed in{}. Approve only \
             if you started this yourself.</p><form method=\"post\" action=\"/device\">\
             <input type=\"hidden\" name=\"user_code\" value=\"{typed}\">\
             <p><button name=\"decision\" value=\"approve\">Approve</button> \
             <button name=\"decision\" value=\"deny\">Deny</button></p></form>",
            escaped(client),
            match scopes.as_ref().map(ToString::to_string) {
                Some(scopes) if !scopes.is_empty() => format!(", for <b>{}</b>", escaped(&scopes)),
                _ => String::new(),
            }
        ),
    }
}

fn page(status: StatusCode, body: &str) -> Reply {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Daypass</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>:root{{color-scheme:light dark}}\
         body{{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem}}\
         button,input{{font:inherit;padding:.4rem .8rem}}</style></head><body><main>{body}</main></body></html>"
    );
    let mut reply = Reply::new(Full::new(Bytes::from(html)));
    *reply.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE.as_str(), "text/html; charset=utf-8"),
        (CACHE_CONTROL.as_str(), "no-store"),
        ("content-security-policy", CSP),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        // The code stands in the address. Not `no-referrer`: with that, browsers say `Origin: null` for the form.
        ("referrer-policy", "same-origin"),
    ] {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

const CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
                   base-uri 'none'";

/// The field `name` of a form, where it stands exactly once.
fn field(form: &[u8], name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(form).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.into_owned()),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
