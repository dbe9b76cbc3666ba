//! A request whose answer is held against the document before the test sees it.

use std::fmt;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::Document;
use super::held::{Asked, Said};

/// The least of [`reqwest::RequestBuilder`] that the tests need.
pub(crate) struct RequestBuilder(reqwest::RequestBuilder);

impl RequestBuilder {
    pub(crate) fn new(inner: reqwest::RequestBuilder) -> Self {
        Self(inner)
    }

    pub(crate) fn header(self, name: &str, value: impl TryInto<HeaderValue, Error: fmt::Debug>) -> Self {
        Self(self.0.header(name, value.try_into().unwrap()))
    }

    pub(crate) fn json(self, body: &impl Serialize) -> Self {
        Self(self.0.json(body))
    }

    /// The same, with its body called `kind`, whatever it is.
    pub(crate) fn of_kind(self, kind: &'static str) -> Self {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind))].into_iter().collect();
        Self(self.0.headers(headers))
    }

    pub(crate) fn form(self, fields: &(impl Serialize + ?Sized)) -> Self {
        Self(self.0.form(fields))
    }

    pub(crate) fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.body(body))
    }

    pub(crate) fn bearer_auth(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    pub(crate) fn basic_auth(self, name: impl fmt::Display, secret: Option<&str>) -> Self {
        Self(self.0.basic_auth(name, secret))
    }

    /// Sends it; the answer is in the document, or the test ends here.
    pub(crate) async fn send(self) -> reqwest::Result<Response> {
        let (client, request) = self.0.build_split();
        let request = request?;
        let document = document(&client, request.url()).await;
        let asked = Asked {
            method: request.method().to_string(),
            path: request.url().path().to_owned(),
            headers: request.headers().clone(),
            body: request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec(),
        };
        let response = client.execute(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?;
        let said = Said { status: status.as_u16(), headers: headers.clone(), body: body.to_vec() };
        if let Err(finding) = document.hold(&asked, &said) {
            panic!("{} {} is outside the document: {finding}", asked.method, asked.path);
        }
        let mut rebuilt = hyper::Response::new(body);
        *rebuilt.status_mut() = status;
        *rebuilt.headers_mut() = headers;
        Ok(rebuilt.into())
    }
}

/// The document, as the first authority that was asked serves it: it is the same for all of them.
pub(crate) async fn document(client: &Client, at: &Url) -> &'static Document {
    static DOCUMENT: OnceCell<Document> = OnceCell::const_new();
    let read = || async {
        let url = at.join("/openapi.json").unwrap();
        Document::read(client.get(url).send().await.unwrap().json::<Value>().await.unwrap())
    };
    DOCUMENT.get_or_init(read).await
}
