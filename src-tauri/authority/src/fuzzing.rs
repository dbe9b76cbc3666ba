//! For fuzzers only: what reads foreign bytes, without a connection around it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use daypass_core::Secret;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Bytes;

use crate::Service;
use crate::call::Call;
use crate::dialects::Dialect;

/// An answer: its status and its body.
pub type Answer = (u16, Vec<u8>);

/// Answers `request` as a connection from loopback to the host `127.0.0.1:7277` is answered, once its head was accepted and
/// its body has come.
pub async fn answer(service: &Arc<Service>, request: Request<Vec<u8>>) -> Answer {
    let dialect = Dialect::of(request.uri().path());
    let call = call(request);
    let reply = match dialect.answer(service, &call).await {
        Ok(reply) => reply,
        Err(problem) => dialect.refuse(&problem),
    };
    let status = reply.status().as_u16();
    // A full body cannot fail.
    let body = reply.into_body().collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    (status, body)
}

/// The parameters that the native dialect reads of a form; `None` where it refuses the form.
pub fn form(body: Vec<u8>) -> Option<Vec<(String, Secret)>> {
    let request = Request::builder().header("content-type", "application/x-www-form-urlencoded").body(body).ok()?;
    crate::dialects::parameters(&call(request))
}

/// Id and secret that the native dialect reads of the header `Authorization: <value>`.
pub fn basic(value: &[u8]) -> Option<(Secret, Secret)> {
    crate::dialects::basic(&call(Request::builder().header("authorization", value).body(Vec::new()).ok()?))
}

fn call(request: Request<Vec<u8>>) -> Call {
    let (head, body) = request.into_parts();
    Call {
        method: head.method,
        uri: head.uri,
        headers: head.headers,
        body: Bytes::from(body),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        origin: "http://127.0.0.1:7277".to_owned(),
    }
}
