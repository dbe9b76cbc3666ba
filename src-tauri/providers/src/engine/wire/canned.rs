//! Answers out of a fuzzer's hand: the opening of a connection is the one thing that it must not do for real.

use http::{HeaderMap, Method};
use reqwest::{Request, Response};
use url::Url;

/// What is given the method, address, headers and body of a request, and answers it.
pub(in crate::engine) type Answering =
    dyn Fn(&Method, &Url, &HeaderMap, &[u8]) -> http::Response<Vec<u8>> + Send + Sync;

pub(super) fn answer(answering: &Answering, request: Request) -> Response {
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    answering(request.method(), request.url(), request.headers(), body).into()
}
