//! The token endpoint and its three grants, and the beginning of a device sign-in.

use daypass_core::Secret;
use daypass_core::lineage::{self, Scopes};
use serde_json::{Value, json};

use super::form::{Form, client};
use super::metadata::{DEVICE_CODE, issuer};
use super::{Refusal, unkept};
use crate::Service;
use crate::call::{Call, Problem, Reply, ok};
use crate::model::{Client, Redeemed};
use crate::rate::Target;
use crate::service::{DEVICE_CODE_LIFE, Issued, POLL_EVERY};

/// `POST /oauth2/token`.
pub(super) async fn answer(service: &Service, call: &Call) -> Result<Reply, Refusal> {
    let form = Form::read(call)?;
    // The client first: who is not known learns nothing else.
    let client = client(service, call, &form).await?;
    let issued = match form.demand("grant_type")?.expose() {
        "client_credentials" => for_itself(service, call, &form, &client).await?,
        "refresh_token" => refresh(service, call, &form, &client).await?,
        DEVICE_CODE => poll(service, call, &form, &client).await?,
        _ => return Err(Refusal::OAuth("unsupported_grant_type", "This grant type is not supported".into())),
    };
    Ok(unkept(ok(&body(&issued))?))
}

/// An answer as RFC 6749 section 5.1 writes it.
pub(super) fn body(issued: &Issued) -> Value {
    let mut body = json!({
        "access_token": issued.access_token.expose(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in.as_secs(),
    });
    // An empty scope cannot be written (RFC 6749 appendix A.4).
    if issued.scopes != Scopes::default() {
        body["scope"] = issued.scopes.to_string().into();
    }
    if let Some(refresh_token) = &issued.refresh_token {
        body["refresh_token"] = refresh_token.expose().into();
    }
    body
}

/// RFC 6749 section 4.4: for confidential clients only, and without a refresh token.
async fn for_itself(service: &Service, call: &Call, form: &Form, client: &Client) -> Result<Issued, Refusal> {
    if client.digest.is_none() {
        return Err(Refusal::OAuth("unauthorized_client", "A public client cannot act for itself".into()));
    }
    if !client.grants.client_credentials {
        return Err(Refusal::OAuth("unauthorized_client", "The client may not act for itself".into()));
    }
    let scopes = asked_or_all(form, client)?;
    Ok(service.open_for_client(client, scopes, &issuer(call)).await?)
}

/// RFC 6749 section 6. Why the session is over is told to who once held it.
async fn refresh(service: &Service, call: &Call, form: &Form, client: &Client) -> Result<Issued, Refusal> {
    let token: &Secret = form.demand("refresh_token")?;
    let asked = match form.find("scope") {
        // Held against the session's scopes in the step that renews it.
        Some(text) => Some(Scopes::parse(text.expose()).ok_or_else(beyond)?),
        None => None,
    };
    service.refresh(client, token, asked, &issuer(call)).await?.map_err(|refusal| match refusal {
        lineage::Refusal::Scope => beyond(),
        lineage::Refusal::Unknown => {
            let targets = Target::session(token).into_iter().chain([Target::client(&client.id)]).collect();
            Refusal::Guess("invalid_grant", refusal.to_string().into(), targets)
        }
        lineage::Refusal::Ended(_) => Refusal::OAuth("invalid_grant", refusal.to_string().into()),
    })
}

/// RFC 8628 section 3.4.
async fn poll(service: &Service, call: &Call, form: &Form, client: &Client) -> Result<Issued, Refusal> {
    let device_code = form.demand("device_code")?;
    let (error, about) = match service.poll_native(client, device_code, &issuer(call)).await? {
        Redeemed::Approved(issued) => return Ok(issued),
        Redeemed::Pending if service.is_hasty(device_code) => {
            ("slow_down", "The device asks too often: from now on wait five seconds longer before each question")
        }
        Redeemed::Pending => ("authorization_pending", "Nobody has approved the sign-in yet"),
        Redeemed::Denied => ("access_denied", "The sign-in was denied"),
        Redeemed::Expired => ("expired_token", "The sign-in was not approved in time"),
        Redeemed::Unknown => {
            let targets = vec![Target::client(&client.id)];
            return Err(Refusal::Guess("invalid_grant", "The device code is not known, or was used".into(), targets));
        }
    };
    Err(Refusal::OAuth(error, about.into()))
}

/// `POST /oauth2/device_authorization` (RFC 8628 section 3.1).
pub(super) async fn begin(service: &Service, call: &Call) -> Result<Reply, Refusal> {
    let form = Form::read(call)?;
    let client = client(service, call, &form).await?;
    if !client.grants.device_code {
        return Err(Refusal::OAuth("unauthorized_client", "The client may not sign people in".into()));
    }
    let scopes = asked_or_all(&form, &client)?;
    let code =
        service.begin_sign_in(client.id.clone(), Some(scopes)).await?.ok_or(Problem::TooOften(DEVICE_CODE_LIFE))?;
    let page = format!("{}/device", issuer(call));
    Ok(unkept(ok(&json!({
        "device_code": code.device_code.expose(),
        "user_code": code.user_code.expose(),
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", code.user_code.expose()),
        "expires_in": DEVICE_CODE_LIFE.as_secs(),
        "interval": POLL_EVERY.as_secs(),
    }))?))
}

fn asked_or_all(form: &Form, client: &Client) -> Result<Scopes, Refusal> {
    Ok(form.scopes(&client.scopes)?.unwrap_or_else(|| client.scopes.clone()))
}

fn beyond() -> Refusal {
    Refusal::OAuth("invalid_scope", lineage::Refusal::Scope.to_string().into())
}
