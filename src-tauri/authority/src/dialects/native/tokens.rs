//! What can be done with a token that is there: revoke it, and ask what it is.

use hyper::StatusCode;
use serde_json::json;

use super::form::{Form, client, confidential};
use super::{Refusal, unkept};
use crate::Service;
use crate::call::{Call, Reply, json_of, ok};
use crate::service::Revoked;

/// `POST /oauth2/revoke` (RFC 7009): ends the session of the token. `token_type_hint` is not needed: the two differ.
pub(super) async fn revoke(service: &Service, call: &Call) -> Result<Reply, Refusal> {
    let form = Form::read(call)?;
    let client = client(service, call, &form).await?;
    match service.revoke_token(&client, form.demand("token")?).await? {
        // A token that is not known is as good as revoked (section 2.2).
        Revoked::Done => Ok(unkept(ok(&json!({}))?)),
        Revoked::Foreign => Err(Refusal::OAuth("invalid_grant", "The token was issued to another client".into())),
    }
}

/// `POST /oauth2/introspect` (RFC 7662): for every client that has a secret, since any of them may serve a resource.
pub(super) async fn introspect(service: &Service, call: &Call) -> Result<Reply, Refusal> {
    let form = Form::read(call)?;
    confidential(service, call, &form).await?;
    // Why a token is not active is not told (section 2.2).
    let Some(facts) = service.introspect(form.demand("token")?).await? else {
        return Ok(unkept(ok(&json!({ "active": false }))?));
    };
    Ok(unkept(json_of(StatusCode::OK, facts)))
}
