//! Runs a definition's operations over HTTP.

mod judge;
mod read;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use daypass_core::fresh::RefreshKind;
use daypass_core::{Clock, Secret, phrase};

use crate::file::{Mint, Request, RevokeAll};
use crate::values::Values;
use crate::{
    Definition, DeviceCode, Grant, Inspected, Listed, Minted, Offer, Poll, ProviderError, Regenerated, Target, Wish,
};
use judge::Operation;
use wire::{Reply, Wire};

/// What a definition has no operation for.
macro_rules! unsupported {
    ($definition:expr, $id:literal, $text:literal) => {
        ProviderError::NotSupported { message: phrase!($id, $text, provider = $definition.title()) }
    };
}

/// How long and how much a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the connection: name, TCP and TLS together.
    pub connect: Duration,
    /// For the whole call, with the connection and every alternative that is tried.
    pub total: Duration,
    /// The longest body of an answer, in bytes.
    pub body: usize,
}

impl Default for Limits {
    /// 5 s, 20 s, 8 MiB: a list of 10 000 sessions takes three.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(20), body: 8 << 20 }
    }
}

/// Runs the operations of definitions. Cheap to clone; all clones share one set of connections' settings.
///
/// Every operation sends at most one request that takes effect: alternatives follow only answers that mean that nothing
/// was done (404 for a path, 401 for a header). Nothing is repeated after a fault; whether and when is the caller's to
/// say. Calls must be made inside a tokio runtime with time and I/O.
#[derive(Clone)]
pub struct Engine {
    wire: Arc<Wire>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that tells time by `clock`.
    ///
    /// # Errors
    /// [`ProviderError::Offline`] where the HTTP client cannot be set up at all.
    pub fn new(clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, ProviderError> {
        Ok(Self { wire: Arc::new(Wire::new(clock, limits)?) })
    }

    /// An engine for fuzzers: `answering` is given the method, address, headers and body of every request, and its
    /// answer is read as a server's would be. All the rest is what the programs do.
    ///
    /// # Errors
    /// As [`Engine::new`].
    #[cfg(feature = "fuzzing")]
    pub fn answered(
        clock: Arc<dyn Clock>,
        limits: Limits,
        answering: impl Fn(&http::Method, &url::Url, &http::HeaderMap, &[u8]) -> http::Response<Vec<u8>>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self, ProviderError> {
        let mut wire = Wire::new(clock, limits)?;
        wire.answering = Some(Box::new(answering));
        Ok(Self { wire: Arc::new(wire) })
    }

    /// Opens a session from the credential.
    ///
    /// # Errors
    /// [`ProviderError`]; `NotSupported` for a life where the provider lets none be chosen, `BadRequest` for one out
    /// of its range.
    pub async fn mint(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        wish: &Wish,
    ) -> Result<Minted, ProviderError> {
        let mint = &definition.checked.operations.mint;
        self.open(Operation::Mint, definition, target, mint, credential, wish).await
    }

    /// Gets a new token for the same grant.
    ///
    /// # Errors
    /// [`ProviderError`]; `Refused` where the grant is of no use any more, for whatever reason the provider gives
    /// (RFC 6749 section 5.2 makes it a 400): the caller mints again.
    pub async fn renew(
        &self,
        definition: &Definition,
        target: &Target,
        grant: &Grant,
    ) -> Result<Minted, ProviderError> {
        let renew = definition.checked.operations.renew.as_ref();
        let renew = renew
            .ok_or_else(|| unsupported!(definition, "error-no-renewal", "{provider} has no way to renew a session."))?;
        let values = Values { grant: Some(&grant.token), life: Some(grant.life), ..Values::of(definition, target)? };
        let reply = self.call(Operation::Renew, definition, target, &renew.request, &values).await;
        let reply = reply.map_err(|error| match error {
            ProviderError::Rejected { message } => ProviderError::Refused { message },
            other => other,
        })?;
        let opened = read::Opened { asked: Some(grant.life), name: None, kind: RefreshKind::Renews };
        let mut minted = read::minted(definition, &renew.answer, &reply, opened)?;
        // A provider that does not rotate says nothing of the grant, which then goes on as it is.
        minted.grant.get_or_insert_with(|| grant.clone());
        Ok(minted)
    }

    /// Tries the credential without opening anything.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn inspect(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
    ) -> Result<Inspected, ProviderError> {
        let inspect = definition.checked.operations.inspect.as_ref();
        let inspect = inspect.ok_or_else(|| {
            unsupported!(definition, "error-no-inspection", "{provider} has no way to show the credential's session.")
        })?;
        let values = Values { credential: Some(credential), ..Values::of(definition, target)? };
        let reply = self.call(Operation::Inspect, definition, target, &inspect.request, &values).await?;
        read::inspected(definition, &inspect.answer, &reply, credential)
    }

    /// The sessions that the provider lists. A row that cannot be read is left out, which is said; the rest is told.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn list(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
    ) -> Result<Listed, ProviderError> {
        let list = definition.checked.operations.list.as_ref();
        let list =
            list.ok_or_else(|| unsupported!(definition, "error-no-list", "{provider} has no way to list sessions."))?;
        let values = Values { credential: Some(credential), ..Values::of(definition, target)? };
        let reply = self.call(Operation::List, definition, target, &list.request, &values).await?;
        read::sessions(definition, &list.answer, &reply)
    }

    /// Opens a further session beside the current one.
    ///
    /// # Errors
    /// [`ProviderError`], as [`Engine::mint`].
    pub async fn create(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        wish: &Wish,
    ) -> Result<Minted, ProviderError> {
        if definition.abilities().create.is_none() {
            return Err(unsupported!(
                definition,
                "error-no-creation",
                "{provider} has no way to create a further session."
            ));
        }
        let operations = &definition.checked.operations;
        let create = operations.create.as_ref().unwrap_or(&operations.mint);
        self.open(Operation::Create, definition, target, create, credential, wish).await
    }

    /// Ends one session at the provider.
    ///
    /// # Errors
    /// [`ProviderError`]; `AlreadyGone` where there is no such session any more.
    pub async fn revoke(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        id: &str,
    ) -> Result<(), ProviderError> {
        let revoke = definition.checked.operations.revoke.as_ref();
        let revoke = revoke.ok_or_else(|| {
            unsupported!(definition, "error-no-revocation", "{provider} has no way to revoke a single session.")
        })?;
        let values = Values { credential: Some(credential), session_id: Some(id), ..Values::of(definition, target)? };
        self.call(Operation::Revoke, definition, target, &revoke.request, &values).await.map(drop)
    }

    /// Ends all sessions with one call.
    ///
    /// # Errors
    /// [`ProviderError`]; `NotSupported` also where the definition says `one_by_one`: the caller then lists and
    /// revokes each.
    pub async fn revoke_all(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
    ) -> Result<Regenerated, ProviderError> {
        let Some(RevokeAll::Own(all)) = &definition.checked.operations.revoke_all else {
            return Err(unsupported!(
                definition,
                "error-no-revocation-of-all",
                "{provider} has no way to revoke all sessions at once."
            ));
        };
        let values = Values { credential: Some(credential), ..Values::of(definition, target)? };
        let reply = self.call(Operation::RevokeAll, definition, target, &all.request, &values).await?;
        let successor = match &all.answer.credential {
            None => None,
            Some(at) => Some(read::secret(definition, &reply, at)?),
        };
        Ok(Regenerated { credential: successor, signed_out: all.signs_out, tokens_live_on: all.tokens_live_on })
    }

    /// Begins a sign-in by device code (RFC 8628).
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn begin_sign_in(&self, definition: &Definition, target: &Target) -> Result<DeviceCode, ProviderError> {
        let sign_in = definition.checked.operations.sign_in.as_ref();
        let sign_in = sign_in.ok_or_else(|| {
            unsupported!(definition, "error-no-sign-in", "{provider} has no way to sign in through a browser.")
        })?;
        let values = Values::of(definition, target)?;
        let begin = &sign_in.begin;
        let reply = self.call(Operation::BeginSignIn, definition, target, &begin.request, &values).await?;
        read::device_code(definition, &begin.answer, &reply, sign_in.poll.interval.0)
    }

    /// Asks whether the sign-in was approved. The caller keeps to [`DeviceCode::interval`] and `expires_at`.
    ///
    /// # Errors
    /// [`ProviderError`]; `Refused` where the sign-in has ended without a credential.
    pub async fn poll_sign_in(
        &self,
        definition: &Definition,
        target: &Target,
        code: &DeviceCode,
    ) -> Result<Poll, ProviderError> {
        let sign_in = definition.checked.operations.sign_in.as_ref();
        let sign_in = sign_in.ok_or_else(|| {
            unsupported!(definition, "error-no-sign-in", "{provider} has no way to sign in through a browser.")
        })?;
        let values = Values { device_code: Some(&code.device_code), ..Values::of(definition, target)? };
        let poll = &sign_in.poll;
        let reply = self.wire.send(definition, target, poll.request.get_ref(), &values).await?;
        // "Not yet" first: RFC 8628 section 3.5 says it with a 400.
        if poll.answer.pending.match_any(reply.status, &reply.text(), reply.json()) {
            return Ok(Poll::Pending);
        }
        judge::judge(Operation::PollSignIn, definition, &reply, &values)?;
        read::secret(definition, &reply, &poll.answer.credential).map(Poll::Done)
    }

    /// The values that `param` can take, as the provider lists them.
    ///
    /// # Errors
    /// [`ProviderError`]; `NotSupported` where it lists none for this parameter.
    pub async fn offers(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        param: &str,
    ) -> Result<Vec<Offer>, ProviderError> {
        let offers = definition.checked.operations.offers.get(param);
        let offers = offers.ok_or_else(|| ProviderError::NotSupported {
            message: phrase!(
                "error-no-offers",
                "{provider} has no way to list values for {parameter}.",
                provider = definition.title(),
                parameter = param,
            ),
        })?;
        let values = Values { credential: Some(credential), ..Values::of(definition, target)? };
        let reply = self.call(Operation::Offers, definition, target, &offers.request, &values).await?;
        read::offers(definition, &offers.answer, &reply)
    }

    /// Opens a session by `[mint]` or `[create]`.
    async fn open(
        &self,
        operation: Operation,
        definition: &Definition,
        target: &Target,
        mint: &Mint,
        credential: &Secret,
        wish: &Wish,
    ) -> Result<Minted, ProviderError> {
        let life = life(definition, mint, wish)?;
        let name = wish.name.as_deref().or(mint.default_name.as_deref());
        let values = Values { credential: Some(credential), name, life: life.sent, ..Values::of(definition, target)? };
        let reply = self.call(operation, definition, target, &mint.request, &values).await?;
        let renews = definition.abilities().renew;
        let kind = if renews { RefreshKind::Renews } else { RefreshKind::OpensNew };
        let mut minted =
            read::minted(definition, &mint.answer, &reply, read::Opened { asked: life.believed, name, kind })?;
        // Without a grant there is nothing to renew with: the next refresh mints, and opens a new session.
        if minted.grant.is_none() {
            minted.life.kind = RefreshKind::OpensNew;
        }
        Ok(minted)
    }

    async fn call(
        &self,
        operation: Operation,
        definition: &Definition,
        target: &Target,
        request: &Request,
        values: &Values<'_>,
    ) -> Result<Reply, ProviderError> {
        let reply = self.wire.send(definition, target, request, values).await?;
        judge::judge(operation, definition, &reply, values)?;
        Ok(reply)
    }
}

/// The life of a session that is about to be opened.
struct AskedLife {
    /// What the request says; `None` leaves it to the provider.
    sent: Option<Duration>,
    /// What it comes to, where the answer should not say.
    believed: Option<Duration>,
}

fn life(definition: &Definition, mint: &Mint, wish: &Wish) -> Result<AskedLife, ProviderError> {
    definition.check_life_within(mint.life_range(), wish.life)?;
    let default = mint.life.as_ref().map(toml::Spanned::get_ref);
    let sent = wish.life.or_else(|| default.filter(|life| life.send_default).map(|life| life.default.0));
    Ok(AskedLife { sent, believed: wish.life.or_else(|| default.map(|life| life.default.0)) })
}
