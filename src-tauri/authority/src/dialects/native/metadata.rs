//! What a client finds out by itself: the server's metadata (RFC 8414), the keys of its access tokens (RFC 7517), and the
//! OpenAPI document.

use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use serde_json::json;

use super::Refusal;
use crate::Service;
use crate::call::{Call, Reply, ok};
use crate::openapi;

/// The grant type of RFC 8628 section 3.4.
pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How the server is called in its tokens and metadata.
pub(super) fn issuer(call: &Call) -> String {
    call.origin.clone()
}

/// `GET /.well-known/jwks.json`.
pub(super) async fn keys(service: &Service) -> Result<Reply, Refusal> {
    public(ok(&json!({ "keys": service.public_keys().await? }))?)
}

/// `GET /.well-known/oauth-authorization-server`.
pub(super) fn server(call: &Call) -> Result<Reply, Refusal> {
    let issuer = issuer(call);
    let at = |path: &str| format!("{issuer}{path}");
    let with_secret = ["client_secret_basic", "client_secret_post"];
    let or_none = ["client_secret_basic", "client_secret_post", "none"];
    public(ok(&json!({
        "issuer": issuer,
        "token_endpoint": at("/oauth2/token"),
        "device_authorization_endpoint": at("/oauth2/device_authorization"),
        "revocation_endpoint": at("/oauth2/revoke"),
        "introspection_endpoint": at("/oauth2/introspect"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials", "refresh_token", DEVICE_CODE],
        // There is no authorization endpoint, so none of its response types either (RFC 8414 demands the field).
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": or_none,
        "revocation_endpoint_auth_methods_supported": or_none,
        "introspection_endpoint_auth_methods_supported": with_secret,
    }))?)
}

/// `GET /openapi.json`.
pub(super) fn document(call: &Call) -> Result<Reply, Refusal> {
    let mut reply = public(ok(&json!({}))?)?;
    *reply.body_mut() = Full::new(openapi::document(&issuer(call)));
    Ok(reply)
}

/// The answer, free to be kept for five minutes.
fn public(mut reply: Reply) -> Result<Reply, Refusal> {
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    Ok(reply)
}
