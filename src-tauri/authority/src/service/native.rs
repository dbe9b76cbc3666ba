//! The native dialect's verbs: clients, sessions with rotating refresh tokens, and access tokens that die with them.

use std::sync::Arc;
use std::time::Duration;

use chrono::SubsecRound as _;
use daypass_core::lineage::chain::{Chain, Token};
use daypass_core::lineage::seed::Seed;
use daypass_core::lineage::{Refusal, Scopes, Terms};
use daypass_core::token::opaque;
use daypass_core::{Secret, Time, clock};
use hyper::body::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::Service;
use super::verified::Verified;
use crate::Error;
use crate::admin::Grants;
use crate::model::{Client, Digest, NativeSession, Redeemed, Refreshed, Salt, SignedIn, storable};

/// The life of an access token.
pub(super) const ACCESS_LIFE: Duration = Duration::from_secs(600);

/// The life of a session that a person signed in to.
pub(super) const TERMS: Terms =
    Terms { life: Duration::from_secs(90 * 86_400), idle: Duration::from_secs(30 * 86_400) };

/// How long a device whose answer was lost may ask for it again: some retries, each later than the one before (RFC 8628
/// section 3.5).
const ANSWERED_AGAIN: Duration = Duration::from_secs(120);

/// The longest id of a client, in bytes.
const LONGEST_ID: usize = 64;

/// Whether a client can keep a secret (RFC 6749 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// It can: it authenticates with one, and may act for itself.
    Confidential,
    /// It cannot, a program on a user's machine say: it is known by its id alone, and acts only for users.
    Public,
}

/// A client that [`Service::register_client`] stored.
#[derive(Debug)]
pub struct RegisteredClient {
    /// Its id.
    pub id: String,
    /// Its secret, 64 hex digits, unless it is public. It is nowhere else: the store has its hash.
    pub secret: Option<Secret>,
}

/// What a token request brings.
pub(crate) struct Issued {
    pub(crate) access_token: Secret,
    pub(crate) expires_in: Duration,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) scopes: Scopes,
}

/// What a living token says of itself (RFC 7662 section 2.2).
#[derive(Serialize)]
struct Facts {
    active: bool,
    sub: String,
    client_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    sid: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
}

/// What a revocation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revoked {
    /// The token is no good from now on, or was none before (RFC 7009 section 2.2).
    Done,
    /// It is another client's, and was left alone.
    Foreign,
}

/// What an access token says (RFC 9068 section 2.2), besides `exp`.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    sid: String,
    jti: String,
    iat: i64,
}

impl Service {
    /// Registers a client of the native dialect, which may ask for `scopes`.
    ///
    /// `None` where the id is taken, or is not 1 to 64 letters, digits, `-`, `.` and `_`.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn register_client(
        &self,
        id: &str,
        kind: ClientKind,
        scopes: Scopes,
    ) -> Result<Option<RegisteredClient>, Error> {
        self.register_client_for(id, kind, scopes, Grants::all(kind)).await
    }

    /// The same for a client that has only some of the grants.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn register_client_for(
        &self,
        id: &str,
        kind: ClientKind,
        scopes: Scopes,
        grants: Grants,
    ) -> Result<Option<RegisteredClient>, Error> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(fits) {
            return Ok(None);
        }
        let secret = (kind == ClientKind::Confidential).then(|| opaque::hex("", 32, self.chance()));
        let digest = secret.as_ref().map(Digest::of);
        let client = Client { id: id.to_owned(), digest, scopes, grants, created_at: storable(self.now()) };
        let added = self.store.add_client(client).await?;
        Ok(added.then(|| RegisteredClient { id: id.to_owned(), secret }))
    }

    /// The client with this id, if `secret` is its secret, or it has none and none was sent.
    pub(crate) async fn verify_client(&self, id: &str, secret: Option<&Secret>) -> Result<Option<Arc<Client>>, Error> {
        let found = self.store.client(id.to_owned()).await?;
        Ok(found.filter(|client| client.digest == secret.map(Digest::of)))
    }

    /// Opens a session in which `client` acts for itself. It lives as long as its one access token.
    pub(crate) async fn open_for_client(&self, client: &Client, scopes: Scopes, issuer: &str) -> Result<Issued, Error> {
        let now = storable(self.now());
        let life = clock::until(now, self.access_end(now));
        let (session, _) = self.native_session(&client.id, Terms { life, idle: life }, scopes.clone(), now);
        // The token is signed while the store writes, and nobody has it before that is done.
        let stored = self.store.open_native(session.clone());
        let issued = self.issue(&session, scopes, None, issuer, now).await;
        stored.await?;
        issued
    }

    /// Asks after a device sign-in of `client`; an approved one is used up by this, and opens a session.
    ///
    /// Where the user has as many sessions as may be, those that were used longest ago end in the same step.
    ///
    /// Who lost the answer and asks again within [`ANSWERED_AGAIN`] is answered the same refresh token, unless a token was used.
    pub(crate) async fn poll_native(
        &self,
        client: &Client,
        device_code: &Secret,
        issuer: &str,
    ) -> Result<Redeemed<Issued>, Error> {
        let now = storable(self.now());
        let seed = Seed::of(&self.key, device_code);
        let (chain, refresh_token) = Chain::open_from(&seed, TERMS, Scopes::default(), self.chance(), now);
        let session = of_chain(chain, &client.id, now);
        let most = self.config().most_sessions;
        Ok(match self.store.redeem_native(Digest::of(device_code), session, most, now).await? {
            Redeemed::Approved(SignedIn { session, .. }) => {
                let scopes = session.chain.lineage.scopes.clone();
                Redeemed::Approved(self.issue(&session, scopes, Some(refresh_token), issuer, now).await?)
            }
            Redeemed::Pending => Redeemed::Pending,
            Redeemed::Denied => Redeemed::Denied,
            Redeemed::Unknown => match self.answered_before(client, &seed, now).await? {
                Some((session, first)) => {
                    let scopes = session.chain.lineage.scopes.clone();
                    Redeemed::Approved(self.issue(&session, scopes, Some(first), issuer, now).await?)
                }
                None => Redeemed::Unknown,
            },
            Redeemed::Expired => Redeemed::Expired,
        })
    }

    /// The session of `seed`, and its first refresh token, if it was opened a short time ago and may be answered again.
    async fn answered_before(
        &self,
        client: &Client,
        seed: &Seed,
        now: Time,
    ) -> Result<Option<(Arc<NativeSession>, Secret)>, Error> {
        let found = self.store.native_session(seed.id()).await?.filter(|session| session.client_id == client.id);
        let recent = found.filter(|session| clock::until(session.created_at, now) < ANSWERED_AGAIN);
        Ok(recent.and_then(|session| session.chain.first_again(seed, now).map(|first| (session, first))))
    }

    /// Renews a session of `client` with a refresh token, by the rules of [`daypass_core::lineage`].
    pub(crate) async fn refresh(
        &self,
        client: &Client,
        refresh_token: &Secret,
        asked: Option<Scopes>,
        issuer: &str,
    ) -> Result<Result<Issued, Refusal>, Error> {
        let now = storable(self.now());
        let Some(token) = Token::parse(refresh_token) else { return Ok(Err(Refusal::Unknown)) };
        let mut salt = Salt::default();
        self.chance().fill(salt.as_mut());
        match self.store.refresh_native(token, client.id.clone(), asked, salt, now).await? {
            Ok(Refreshed { session, refresh_token, scopes }) => {
                self.issue(&session, scopes, Some(refresh_token), issuer, now).await.map(Ok)
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Ends the session of an access or refresh token, if it is `client`'s: with it die all tokens of the session.
    pub(crate) async fn revoke_token(&self, client: &Client, token: &Secret) -> Result<Revoked, Error> {
        let found = match Token::parse(token) {
            // Also one that was replaced long ago: it shows that the session is its holder's.
            Some(refresh) => {
                self.store.native_session(refresh.id()).await?.filter(|found| found.chain.issued(&refresh))
            }
            None => self.of_access_token(token).await?.map(|(session, _)| session),
        };
        match found {
            Some(session) if session.client_id != client.id => Ok(Revoked::Foreign),
            Some(session) => self.store.revoke_native(session.chain.id).await.map(|()| Revoked::Done),
            None => Ok(Revoked::Done),
        }
    }

    /// What an access or refresh token says of itself, as JSON (RFC 7662 section 2.2), if it would be accepted now. Of an
    /// access token that is a use of its session; nothing else is changed.
    pub(crate) async fn introspect(&self, token: &Secret) -> Result<Option<Bytes>, Error> {
        let now = self.now();
        let Some(refresh) = Token::parse(token) else {
            let found = self.of_access_token(token).await?;
            let alive = found.filter(|(session, _)| session.chain.lineage.end_at(now).is_none());
            return Ok(alive.map(|(session, claims)| {
                self.uses.note(&session, now);
                claims.facts.get_or_init(|| written(&facts_of_access(&session, &claims.claims.all))).clone()
            }));
        };
        let found = self.store.native_session(refresh.id()).await?;
        Ok(found.filter(|session| session.chain.accepts(&refresh, now)).map(|session| written(&facts(&session))))
    }

    /// The session of an access token that is intact and has not expired, and what the token says.
    pub(super) async fn of_access_token(
        &self,
        token: &Secret,
    ) -> Result<Option<(Arc<NativeSession>, Arc<Verified>)>, Error> {
        let keys = self.keys().await?;
        let Some(verified) = self.tokens.verify(token, &keys, self.now()) else { return Ok(None) };
        Ok(self.store.native_session(verified.session).await?.map(|session| (session, verified)))
    }

    pub(super) fn native_session(
        &self,
        client_id: &str,
        terms: Terms,
        scopes: Scopes,
        now: Time,
    ) -> (NativeSession, Secret) {
        let (chain, refresh_token) = Chain::open(terms, scopes, self.chance(), now);
        (of_chain(chain, client_id, now), refresh_token)
    }

    /// Signs an access token of `session`, which never outlives it.
    pub(super) async fn issue(
        &self,
        session: &NativeSession,
        scopes: Scopes,
        refresh_token: Option<Secret>,
        issuer: &str,
        now: Time,
    ) -> Result<Issued, Error> {
        let expires_at = self.access_end(now).min(session.chain.lineage.expires_at);
        let claims = Claims {
            iss: issuer,
            aud: issuer,
            sub: subject(session),
            client_id: &session.client_id,
            scope: scopes.to_string(),
            sid: data_encoding::HEXLOWER.encode(&session.chain.id),
            jti: opaque::uuid(self.chance()),
            iat: now.timestamp(),
        };
        let signed = self.keys().await?.signer(now)?.sign(&claims, expires_at);
        let access_token = signed.map_err(|_| Error::Damaged("no access token can be made of a session"))?;
        Ok(Issued { access_token, expires_in: clock::until(now, expires_at), refresh_token, scopes })
    }

    /// When an access token of `now` ends: in whole seconds, rounded up, so that its life is never shorter than promised.
    fn access_end(&self, now: Time) -> Time {
        clock::later(now, self.config().life(ACCESS_LIFE) + Duration::from_nanos(999_999_999)).trunc_subsecs(0)
    }
}

/// A session of `chain` without a user.
fn of_chain(chain: Chain, client_id: &str, now: Time) -> NativeSession {
    NativeSession { client_id: client_id.to_owned(), user_id: None, name: None, created_at: now, seen_at: None, chain }
}

/// Whom a session acts for: its user, or its client.
fn subject(session: &NativeSession) -> &str {
    session.user_id.as_deref().unwrap_or(&session.client_id)
}

fn written(facts: &Facts) -> Bytes {
    // Texts and numbers are always written.
    serde_json::to_vec(facts).unwrap_or_default().into()
}

/// What an access token says of itself.
fn facts_of_access(session: &NativeSession, claims: &serde_json::Map<String, Value>) -> Facts {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let instant = |name: &str| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
    Facts {
        scope: text("scope").unwrap_or_default(),
        iat: instant("iat"),
        exp: instant("exp"),
        iss: text("iss"),
        aud: text("aud"),
        jti: text("jti"),
        token_type: Some("Bearer"),
        ..facts(session)
    }
}

/// What a refresh token says of itself.
fn facts(session: &NativeSession) -> Facts {
    let lineage = &session.chain.lineage;
    Facts {
        active: true,
        sub: subject(session).to_owned(),
        client_id: session.client_id.clone(),
        scope: lineage.scopes.to_string(),
        sid: data_encoding::HEXLOWER.encode(&session.chain.id),
        iat: session.created_at.timestamp(),
        exp: lineage.over_at().timestamp(),
        iss: None,
        aud: None,
        jti: None,
        token_type: None,
    }
}
