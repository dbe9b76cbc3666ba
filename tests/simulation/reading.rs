//! Answers as the engine reads them: the providers' own notations, corrected by their `Date`.

use daypass_core::expiry::{self, Notation, Source};
use daypass_core::fresh::{Life, RefreshKind};
use daypass_core::session::Session;
use daypass_core::{Secret, clock};
use daypass_providers::{Definition, Grant, Minted, ProviderError, Wish};
use serde_json::json;

use crate::stage::Scene;
use crate::truth::{Brought, Kind};
use crate::upstream::Heard;

/// What was asked for.
pub(crate) struct Told<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) wish: &'a Wish,
    pub(crate) name: Option<&'a str>,
    pub(crate) renewed: bool,
}

/// Reads the answer of a mint, a create or a renewal.
///
/// # Errors
/// `BadAnswer` for an expiry that lies in the past.
pub(crate) fn minted(scene: &mut Scene, told: &Told<'_>, heard: &Heard<Brought>) -> Result<Minted, ProviderError> {
    let truth = &mut scene.truth;
    let opened = &truth.opened[heard.brought.session];
    let kind = truth.parties[opened.party].kind;
    let token = Secret::new(opened.token.clone());
    let lives = clock::until(opened.made, opened.dies);
    let (notation, value) = match kind {
        Kind::Discovr => (Notation::UnixSeconds, json!(opened.dies.timestamp())),
        Kind::PocketPaw => (Notation::InsideToken, json!(null)),
        Kind::AntiRaid => (Notation::Rfc3339, json!(opened.dies.to_rfc3339())),
        Kind::Discover if told.renewed => (Notation::AsRequested, json!(null)),
        Kind::Discover => (Notation::MillisecondsFromNow, json!(lives.as_millis() as u64)),
        Kind::Ring => (Notation::SecondsFromNow, json!(lives.as_secs())),
    };
    let source = Source { value: Some(&value), token: &token, asked: told.wish.life, timing: heard.timing };
    let expires_at = expiry::read(notation, source)
        .map_err(|error| ProviderError::BadAnswer { message: format!("The expiry: {error}.").into() })?;
    let renews = told.definition.abilities().renew && (told.renewed || heard.brought.grant.is_some());
    let refresh = if renews { RefreshKind::Renews } else { RefreshKind::OpensNew };
    let sent_at = heard.timing.sent_at;
    let life = Life { sent_at, expires_at, hint: None, kind: refresh, doubtful: false };
    let named = matches!(kind, Kind::AntiRaid | Kind::Discovr);
    let id = if named { opened.id.clone() } else { token.fingerprint() };
    truth.opened[heard.brought.session].id.clone_from(&id);
    let session = Session {
        id,
        name: told.name.map(str::to_owned),
        kind: Some("session".to_owned()),
        created_at: Some(sent_at),
        expires_at: Some(expires_at),
    };
    let grant = heard.brought.grant.map(|index| {
        let grant = &truth.grants[index];
        let left = clock::until(truth.opened[heard.brought.session].made, grant.dies);
        Grant {
            token: Secret::new(grant.text.clone()),
            expires_at: Some(clock::later(sent_at, left)),
            life: life.length(),
        }
    });
    let party = truth.opened[heard.brought.session].party;
    let successor = heard.brought.successor.map(|index| truth.parties[party].credentials[index].text.clone());
    Ok(Minted { session, token, life, grant, credential: successor.map(Secret::new) })
}
