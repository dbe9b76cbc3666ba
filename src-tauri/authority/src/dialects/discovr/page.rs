//! The page at which a person approves a device sign-in: plain HTML, no script.
//!
//! Approving needs no password, so three things stand in for one: the page answers only to this machine, only to a form
//! that this very page sent (`Origin`), and only to who knows the user code, at which one cannot guess for long.

use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, ORIGIN};
use url::form_urlencoded;

use crate::Service;
use crate::call::{Call, Problem, Reply};
use crate::dialects::Dialect;

/// `GET /device?user_code=…`: asks the person.
pub(super) async fn show(service: &Service, call: &Call) -> Result<Reply, Problem> {
    only_this_machine(call)?;
    let typed = field(call.uri.query().unwrap_or_default().as_bytes(), "user_code").unwrap_or_default();
    if typed.is_empty() {
        return Ok(page(StatusCode::OK, &ask(None, "")));
    }
    service.may_guess(call.peer).map_err(Problem::TooOften)?;
    match service.waiting_client(&typed).await? {
        Some(client) => Ok(page(StatusCode::OK, &ask(Some(&client), &typed))),
        None => not_waiting(service, call),
    }
}

/// `POST /device`: the person's decision.
pub(super) async fn settle(service: &Service, call: &Call) -> Result<Reply, Problem> {
    only_this_machine(call)?;
    // A browser sends Origin with every form; another site cannot choose it.
    let origin = call.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin != Some(&call.origin) {
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
    service.may_guess(call.peer).map_err(Problem::TooOften)?;
    if !service.settle_sign_in(&typed, approved).await? {
        return not_waiting(service, call);
    }
    let text = if approved {
        "<h1>Signed in</h1><p>The device will go on by itself. You can close this page.</p>"
    } else {
        "<h1>Denied</h1><p>The device was not signed in. You can close this page.</p>"
    };
    Ok(page(StatusCode::OK, text))
}

fn only_this_machine(call: &Call) -> Result<(), Problem> {
    let here = call.peer.to_canonical().is_loopback();
    if here { Ok(()) } else { Err(Problem::Forbidden("Sign-ins are approved on the server's own machine")) }
}

/// A wrong code counts as a guess.
fn not_waiting(service: &Service, call: &Call) -> Result<Reply, Problem> {
    service.refuse_guess(Dialect::Discovr, "unknown_code", call.peer, None).map_err(Problem::TooOften)?;
    let text = "<h1>No such code</h1><p>This code is unknown, was used, or came too late. Ask the device for another \
                one.</p><p><a href=\"/device\">Type a code</a></p>";
    Ok(page(StatusCode::NOT_FOUND, text))
}

fn ask(client: Option<&str>, typed: &str) -> String {
    let typed = escaped(typed);
    match client {
        None => "<h1>Sign in a device</h1><form method=\"get\" action=\"/device\"><p><label>Code shown by the device \
                 <input name=\"user_code\" autocomplete=\"off\" autofocus required></label></p>\
                 <p><button>Continue</button></p></form>"
            .to_owned(),
        Some(client) => format!(
            "<h1>Sign in a device</h1><p><b>{}</b> shows the code <b>{typed}</b> and asks to be signed in. Approve only \
             if you started this yourself.</p><form method=\"post\" action=\"/device\">\
             <input type=\"hidden\" name=\"user_code\" value=\"{typed}\">\
             <p><button name=\"decision\" value=\"approve\">Approve</button> \
             <button name=\"decision\" value=\"deny\">Deny</button></p></form>",
            escaped(client)
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
