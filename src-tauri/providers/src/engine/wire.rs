//! Sends one request of a definition, within limits, and takes the answer in.

#[cfg(feature = "fuzzing")]
mod canned;
mod fault;
mod reply;

use std::sync::Arc;

use daypass_core::{Clock, Time, clock, phrase};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Response, redirect};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::Url;
use zeroize::Zeroizing;

#[cfg(feature = "fuzzing")]
pub(super) use canned::Answering;
pub(super) use reply::Reply;

use super::Limits;
use crate::file::{self, Request};
use crate::values::Values;
use crate::{Definition, ProviderError, Target, policy};

/// The most redirects that are followed, within one origin.
const MAX_REDIRECTS: usize = 3;

/// The clients, and what every call has in common.
pub(super) struct Wire {
    clock: Arc<dyn Clock>,
    limits: Limits,
    /// For plain http to this machine; it knows no certificates, and so costs next to nothing.
    plain: Client,
    /// For https to this machine: never through a proxy. Set up on first use, with the system's certificates.
    local: OnceCell<Client>,
    /// For everything else; the environment's proxy applies, which sees only the tunnel.
    remote: OnceCell<Client>,
    /// Who answers in place of every server.
    #[cfg(feature = "fuzzing")]
    pub(super) answering: Option<Box<Answering>>,
}

impl Wire {
    pub(super) fn new(clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, ProviderError> {
        // The first one to install a provider wins; another library's choice is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = base(limits).no_proxy().tls_certs_only([]).build().map_err(|_| no_client())?;
        Ok(Self {
            clock,
            limits,
            plain,
            local: OnceCell::new(),
            remote: OnceCell::new(),
            #[cfg(feature = "fuzzing")]
            answering: None,
        })
    }

    /// Sends `request`, and its alternatives as long as the answer is 404 (another path) or 401 (another header).
    ///
    /// # Errors
    /// `BadRequest` before anything is sent; `Offline`, `BadAnswer` for what happens on the way. Whatever status
    /// comes back is not an error here.
    pub(super) async fn send(
        &self,
        definition: &Definition,
        target: &Target,
        request: &Request,
        values: &Values<'_>,
    ) -> Result<Reply, ProviderError> {
        policy::check(&target.base_url)?;
        let call = Call {
            wire: self,
            client: self.client(&target.base_url).await?,
            title: definition.title(),
            deadline: Instant::now() + self.limits.total,
        };
        let headers_most = request.headers.values().map(|header| header.get_ref().len()).max().unwrap_or(1);
        let (mut path, mut header) = (0, 0);
        loop {
            let reply = call.send(&address(target, request, values, path)?, request, values, header).await?;
            match reply.status {
                404 if path + 1 < request.path.get_ref().len() => path += 1,
                401 if header + 1 < headers_most => header += 1,
                _ => return Ok(reply),
            }
        }
    }

    async fn client(&self, base_url: &Url) -> Result<&Client, ProviderError> {
        #[cfg(feature = "fuzzing")]
        if self.answering.is_some() {
            return Ok(&self.plain);
        }
        let limits = self.limits;
        // Reading the system's certificates takes a while, so not on the runtime's thread.
        let set_up = |proxy: bool| async move {
            let build = move || {
                let client = base(limits);
                if proxy { client.build() } else { client.no_proxy().build() }
            };
            tokio::task::spawn_blocking(build).await.map_err(|_| no_client())?.map_err(|_| no_client())
        };
        match (base_url.scheme(), policy::is_loopback(base_url)) {
            ("http", _) => Ok(&self.plain),
            (_, true) => self.local.get_or_try_init(|| set_up(false)).await,
            (_, false) => self.remote.get_or_try_init(|| set_up(true)).await,
        }
    }
}

/// An answer that is not taken.
macro_rules! bad {
    ($call:expr, $id:literal, $text:literal) => {
        ProviderError::BadAnswer { message: phrase!($id, $text, provider = $call.title) }
    };
}

/// What all clients have in common.
fn base(limits: Limits) -> reqwest::ClientBuilder {
    let loopback = [([127, 0, 0, 1], 0).into(), ([0, 0, 0, 0, 0, 0, 0, 1], 0).into()];
    Client::builder()
        .user_agent(concat!("daypass/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect)
        // Followed by hand, within the origin only.
        .redirect(redirect::Policy::none())
        // Calls are minutes apart. A connection kept that long is dead after a sleep, and a request that is lost on it
        // leaves open whether it was acted on.
        .pool_max_idle_per_host(0)
        // Plain http is allowed to this name, so no name server is asked who it is.
        .resolve_to_addrs("localhost", &loopback)
}

fn no_client() -> ProviderError {
    let message = phrase!(
        "error-no-client",
        "The HTTPS client cannot be set up; are the system's certificates installed (ca-certificates)?"
    );
    ProviderError::Offline { message, maybe_done: false }
}

/// The address of a request by its path of the given rank.
fn address(target: &Target, request: &Request, values: &Values<'_>, rank: usize) -> Result<Url, ProviderError> {
    let mut url = target.base_url.clone();
    let Some(template) = request.path.get_ref().up_to(rank) else { return Ok(url) };
    let path = format!("{}{}", url.path().trim_end_matches('/'), values.path(template)?);
    url.set_path(&path);
    for (key, template) in &request.query {
        if let Some(value) = values.fill(template.get_ref())? {
            url.query_pairs_mut().append_pair(key, &value);
        }
    }
    Ok(url)
}

/// One call, from its first request to the answer that counts.
struct Call<'a> {
    wire: &'a Wire,
    client: &'a Client,
    title: &'a str,
    deadline: Instant,
}

impl Call<'_> {
    /// Sends the request to `url`, and follows redirects within its origin.
    async fn send(
        &self,
        url: &Url,
        request: &Request,
        values: &Values<'_>,
        rank: usize,
    ) -> Result<Reply, ProviderError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let outgoing = self.outgoing(&url, request, values, rank)?;
            let sent = self.wire.clock.reading();
            let response = self.exchange(outgoing).await.map_err(|error| self.lost(&url, &error))?;
            if !response.status().is_redirection() {
                // By the setting of the wall clock that the request was sent at, however it was set meanwhile.
                let took = self.wire.clock.reading().since_boot.saturating_sub(sent.since_boot);
                return self.take(&url, response, (sent.wall, clock::later(sent.wall, took))).await;
            }
            url = self.next(&url, request.method, &response)?;
        }
        Err(bad!(self, "error-redirect-circle", "{provider} redirects in a circle."))
    }

    /// One request over the wire, up to the end of the answer's head.
    async fn exchange(&self, outgoing: reqwest::RequestBuilder) -> reqwest::Result<Response> {
        #[cfg(feature = "fuzzing")]
        if let Some(answering) = &self.wire.answering {
            return outgoing.build().map(|request| canned::answer(answering, request));
        }
        outgoing.send().await
    }

    fn outgoing(
        &self,
        url: &Url,
        request: &Request,
        values: &Values<'_>,
        rank: usize,
    ) -> Result<reqwest::RequestBuilder, ProviderError> {
        let method = match request.method {
            file::Method::Get => Method::GET,
            file::Method::Post => Method::POST,
            file::Method::Put => Method::PUT,
            file::Method::Patch => Method::PATCH,
            file::Method::Delete => Method::DELETE,
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        for (name, templates) in &request.headers {
            let Some(template) = templates.get_ref().up_to(rank) else { continue };
            let Some(text) = values.fill(template)? else { continue };
            let name = HeaderName::try_from(name.as_str()).map_err(|_| ProviderError::BadRequest {
                message: phrase!("error-header-name", "A header's name is not usable."),
            })?;
            let mut value = header_value(&text)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        let mut outgoing = self.client.request(method, url.clone()).headers(headers).timeout(left);
        if let Some(json) = &request.json {
            outgoing = outgoing.json(&values.body(json.get_ref())?.unwrap_or_default());
        }
        let may_hold = !matches!(request.method, file::Method::Get | file::Method::Delete);
        if may_hold && request.json.is_none() && request.form.is_none() {
            // Said to be empty, or else some servers ask for the length (RFC 9110 section 8.6).
            outgoing = outgoing.body("").header(CONTENT_LENGTH, 0);
        }
        if let Some(form) = &request.form {
            let mut fields = Vec::new();
            for (key, template) in form.get_ref() {
                fields.extend(values.fill(template.get_ref())?.map(|value| (key.as_str(), value)));
            }
            outgoing = outgoing.form(&fields);
        }
        Ok(outgoing)
    }

    /// Where a redirect leads.
    ///
    /// Only within the origin (scheme, host and port), so that no credential is carried elsewhere; and only for GET,
    /// because a provider that moves a call which changes something is better asked at its right address.
    fn next(&self, url: &Url, method: file::Method, response: &Response) -> Result<Url, ProviderError> {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let next = location.and_then(|location| url.join(location).ok());
        let next =
            next.ok_or_else(|| bad!(self, "error-redirect-nowhere", "{provider} redirects without saying where to."))?;
        if next.origin() != url.origin() {
            return Err(bad!(
                self,
                "error-redirect-elsewhere",
                "{provider} redirects to another origin, where the credential must not go; check the base URL."
            ));
        }
        if method != file::Method::Get {
            return Err(bad!(
                self,
                "error-redirect-change",
                "{provider} redirects a call that changes something; check the base URL."
            ));
        }
        Ok(next)
    }

    /// Takes the answer's body in, up to the limit, whatever its head says of the length.
    async fn take(&self, url: &Url, mut response: Response, moments: (Time, Time)) -> Result<Reply, ProviderError> {
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = response.chunk().await.map_err(|error| self.lost(url, &error))? {
            if body.len() + chunk.len() > self.wire.limits.body {
                return Err(bad!(
                    self,
                    "error-answer-too-long",
                    "{provider} answers with more than is ever needed, and was cut off."
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply::new(response.status().as_u16(), response.headers(), body, moments))
    }

    fn lost(&self, url: &Url, error: &reqwest::Error) -> ProviderError {
        fault::of(error, self.title, url, self.wire.limits)
    }
}

/// A value that can stand in a header: visible ASCII and inner spaces (RFC 9110 section 5.5).
fn header_value(text: &str) -> Result<HeaderValue, ProviderError> {
    let fits = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    HeaderValue::try_from(text).ok().filter(|_| fits).ok_or_else(|| {
        let message = phrase!(
            "error-credential-characters",
            "The credential has characters that cannot be sent in a header; was it copied whole?"
        );
        ProviderError::BadRequest { message }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_takes_visible_ascii_only() {
        for text in ["tök", "a\nb", "a\tb", "a\u{7f}"] {
            assert!(header_value(text).is_err(), "{text:?}");
        }
        assert!(header_value("Bearer a-b").is_ok());
    }
}
