//! Checks a definition file as a whole: what is wrong between values, after each has been read by its own type.

use std::collections::BTreeMap;

use daypass_core::expiry::Notation;
use url::Url;

use crate::file::{
    Answers, Create, Expiry, File, Inspect, List, Method, Mint, Offers, OneOrMany, ParamKind, Piece, Place,
    Placeholder, Renew, Request, Revoke, RevokeAll, SignIn, Template,
};
use crate::{Abilities, CreateAbility, CredentialText, DefinitionError, Param};

/// A definition that is known to be sound: what the engine runs, and what the surface tells of it.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) name: String,
    /// The line that the name stands in, for the catalog's own complaints about it.
    pub(crate) name_line: usize,
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) base_url: Url,
    pub(crate) credential: CredentialText,
    pub(crate) params: Vec<Param>,
    pub(crate) param_kinds: BTreeMap<String, ParamKind>,
    pub(crate) header: String,
    pub(crate) prefix: String,
    /// The word for a session's kind where the answer gives none.
    pub(crate) kind: Option<String>,
    pub(crate) abilities: Abilities,
    pub(crate) session_is_credential: bool,
    pub(crate) deletes_predecessor: bool,
    pub(crate) token_shown_once: bool,
    pub(crate) operations: Operations,
}

/// The operations as the engine runs them.
#[derive(Debug, Clone)]
pub(crate) struct Operations {
    pub(crate) answers: Answers,
    pub(crate) mint: Mint,
    /// `None` where minting does it, or nothing does; [`Abilities::create`] tells which.
    pub(crate) create: Option<Mint>,
    pub(crate) renew: Option<Renew>,
    pub(crate) list: Option<List>,
    pub(crate) inspect: Option<Inspect>,
    pub(crate) revoke: Option<Revoke>,
    pub(crate) revoke_all: Option<RevokeAll>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) offers: BTreeMap<String, Offers>,
}

/// A fault at an offset in the text.
type Fault = (usize, String);

/// Reads and checks `text`.
///
/// # Errors
/// The first fault, with its line.
pub(crate) fn definition(file_name: &str, text: &str) -> Result<Checked, DefinitionError> {
    let told = |(at, reason): Fault| {
        let at = at.min(text.len());
        let line = 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        DefinitionError { file: file_name.to_owned(), line, reason }
    };
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        told((at, error.message().trim().replace('\n', "; ")))
    })?;
    check(&file).map_err(told)?;
    let name_line = told((file.name.span().start, String::new())).line;
    Ok(take(file, name_line))
}

fn check(file: &File) -> Result<(), Fault> {
    check_params(file)?;
    let params = Params { file };

    let mint = file.mint.get_ref();
    let at_mint = file.mint.span().start;
    check_opening(&params, at_mint, "mint", mint)?;
    if let Some(create) = &file.create
        && let Create::Own(own) = create.get_ref()
    {
        check_opening(&params, create.span().start, "create", own)?;
    }
    if let Some(renew) = &file.renew {
        let (at, renew) = (renew.span().start, renew.get_ref());
        let allowed = [Placeholder::Grant, Placeholder::LifeSeconds, Placeholder::LifeMs];
        params.check_request("renew", &renew.request, &allowed)?;
        must_send(at, "renew", &renew.request, &Placeholder::Grant)?;
        if mint.answer.grant.is_none() {
            return Err((at, "[renew] needs a grant, and [mint.answer] does not say where it stands".to_owned()));
        }
    }
    if let Some(list) = &file.list {
        params.check_request("list", &list.get_ref().request, &[Placeholder::Credential])?;
    }
    if let Some(inspect) = &file.inspect {
        params.check_request("inspect", &inspect.request, &[Placeholder::Credential])?;
    }
    for offers in file.offers.values() {
        params.check_request("offers", &offers.get_ref().request, &[Placeholder::Credential])?;
    }
    check_revoking(file, &params)?;
    if let Some(sign_in) = &file.sign_in {
        params.check_request("sign_in.begin", &sign_in.begin.request, &[])?;
        let expires = &sign_in.begin.answer.expires;
        check_expiries(expires.span().start, expires.get_ref(), false)?;
        let poll = &sign_in.poll.request;
        params.check_request("sign_in.poll", poll.get_ref(), &[Placeholder::DeviceCode])?;
        must_send(poll.span().start, "sign_in.poll", poll.get_ref(), &Placeholder::DeviceCode)?;
    }
    Ok(())
}

fn check_params(file: &File) -> Result<(), Fault> {
    for (rank, param) in file.params.iter().enumerate() {
        let (at, param) = (param.span().start, param.get_ref());
        let key = &param.key.0;
        if file.params[..rank].iter().any(|other| other.get_ref().key == param.key) {
            return Err((at, format!("the parameter {key} is there twice")));
        }
        if param.required && param.default.is_some() {
            return Err((at, format!("the parameter {key} has a default, so it cannot be required")));
        }
        if let Some(default) = &param.default {
            crate::values::read_param(key, param.kind, default).map_err(|error| (at, error.to_string()))?;
        }
    }
    for (key, offers) in &file.offers {
        if !file.params.iter().any(|param| param.get_ref().key.0 == *key) {
            return Err((offers.span().start, format!("[offers.{key}] is for a parameter that there is not")));
        }
    }
    Ok(())
}

/// Checks what opens a session.
fn check_opening(params: &Params<'_>, at: usize, operation: &str, mint: &Mint) -> Result<(), Fault> {
    use Placeholder::{Credential, LifeMs, LifeSeconds, Name};
    params.check_request(operation, &mint.request, &[Credential, Name, LifeSeconds, LifeMs])?;
    must_send(at, operation, &mint.request, &Credential)?;
    let sends_life = mint.request.sends(&LifeSeconds) || mint.request.sends(&LifeMs);
    match &mint.life {
        Some(life) => {
            let (at, life) = (life.span().start, life.get_ref());
            if !sends_life {
                return Err((at, "a life is offered, but the request sends no {life_seconds} or {life_ms}".to_owned()));
            }
            if !(life.min.0 <= life.default.0 && life.default.0 <= life.max.0) {
                return Err((at, "the default life must lie between min and max".to_owned()));
            }
        }
        None if sends_life => {
            return Err((at, format!("[{operation}] sends a life, but has no `life` with min, max and default")));
        }
        None => {}
    }
    if mint.default_name.is_some() && !mint.request.sends(&Name) {
        return Err((at, format!("[{operation}] has a default_name, but the request sends no {{name}}")));
    }
    let expires = &mint.answer.expires;
    check_expiries(expires.span().start, expires.get_ref(), mint.life.is_some())
}

/// `as_requested` needs a life that was asked for, or one to take in its place.
fn check_expiries(at: usize, expiries: &OneOrMany<Expiry>, asks: bool) -> Result<(), Fault> {
    let lost = |expiry: &&Expiry| expiry.notation == Notation::AsRequested && expiry.life.is_none() && !asks;
    match expiries.iter().find(lost) {
        Some(_) => Err((at, "as_requested: the request asks for no life; give the expiry a `life` to take".to_owned())),
        None => Ok(()),
    }
}

fn check_revoking(file: &File, params: &Params<'_>) -> Result<(), Fault> {
    if let Some(revoke) = &file.revoke {
        let (at, request) = (revoke.span().start, &revoke.get_ref().request);
        params.check_request("revoke", request, &[Placeholder::Credential, Placeholder::SessionId])?;
        must_send(at, "revoke", request, &Placeholder::SessionId)?;
    }
    if let Some(deletes) = &file.session.deletes_predecessor
        && *deletes.get_ref()
        && file.revoke.is_none()
    {
        return Err((deletes.span().start, "deletes_predecessor needs a [revoke]".to_owned()));
    }
    match (&file.revoke_all, &file.effects.revoke_all) {
        (Some(all), None) => {
            return Err((all.span().start, "revoke_all needs a sentence in [effects]: what it really does".to_owned()));
        }
        (None, Some(effect)) => {
            return Err((effect.span().start, "there is no revoke_all that this effect belongs to".to_owned()));
        }
        _ => {}
    }
    let Some(all) = &file.revoke_all else { return Ok(()) };
    match all.get_ref() {
        RevokeAll::Own(own) => params.check_request("revoke_all", &own.request, &[Placeholder::Credential]),
        RevokeAll::OneByOne if file.list.is_none() || file.revoke.is_none() => {
            Err((all.span().start, "\"one_by_one\" needs a [list] and a [revoke]".to_owned()))
        }
        RevokeAll::OneByOne => Ok(()),
    }
}

fn must_send(at: usize, operation: &str, request: &Request, placeholder: &Placeholder) -> Result<(), Fault> {
    if request.sends(placeholder) {
        Ok(())
    } else {
        Err((at, format!("the request of [{operation}] does not send {placeholder}")))
    }
}

/// The file, asked about its parameters.
struct Params<'a> {
    file: &'a File,
}

impl Params<'_> {
    /// Checks one request: its shape, and that each placeholder has a value here and may stand where it stands.
    fn check_request(&self, operation: &str, request: &Request, allowed: &[Placeholder]) -> Result<(), Fault> {
        let at = request.path.span().start;
        if let Some(wrong) = request.path.get_ref().iter().find_map(path_fault) {
            return Err((at, wrong));
        }
        if let (Some(json), Some(_)) = (&request.json, &request.form) {
            return Err((json.span().start, "a request has a json body or a form body, not both".to_owned()));
        }
        if request.method == Method::Get && (request.json.is_some() || request.form.is_some()) {
            return Err((at, format!("the request of [{operation}] is a GET, which has no body")));
        }
        for (place, at, placeholder) in request.placeholders() {
            self.check_placeholder(operation, place, placeholder, allowed).map_err(|reason| (at, reason))?;
        }
        Ok(())
    }

    fn check_placeholder(
        &self,
        operation: &str,
        place: Place,
        placeholder: &Placeholder,
        allowed: &[Placeholder],
    ) -> Result<(), String> {
        if let Placeholder::Param(key) = placeholder {
            let known = self.file.params.iter().map(toml::Spanned::get_ref).find(|param| param.key.0 == *key);
            let param = known.ok_or_else(|| format!("{placeholder} is not among the [[params]]"))?;
            if place == Place::Path && !param.required && param.default.is_none() {
                return Err(format!("{placeholder} stands in a path, so it must be required or have a default"));
            }
            return Ok(());
        }
        if !allowed.contains(placeholder) {
            return Err(format!("{placeholder} has no value in [{operation}]"));
        }
        let secret = matches!(placeholder, Placeholder::Credential | Placeholder::Grant);
        if (place == Place::Query && (secret || *placeholder == Placeholder::DeviceCode))
            || (place == Place::Path && secret)
        {
            return Err(format!("{placeholder} must not stand in an address: addresses end up in logs"));
        }
        if place == Place::Path && !matches!(placeholder, Placeholder::SessionId | Placeholder::DeviceCode) {
            return Err(format!("{placeholder} cannot stand in a path"));
        }
        Ok(())
    }
}

fn path_fault(path: &Template) -> Option<String> {
    let literal = |piece: &Piece| match piece {
        Piece::Text(text) => Some(text.clone()),
        Piece::Value(_) => None,
    };
    if !path.pieces().first().and_then(literal).is_some_and(|text| text.starts_with('/')) {
        return Some("a path begins with /".to_owned());
    }
    let unfit = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'?' | b'#' | b'\\');
    if path.pieces().iter().filter_map(literal).any(|text| text.bytes().any(unfit)) {
        return Some(
            "a path is plain text without spaces, ? and #; parameters of the address go into `query`".to_owned(),
        );
    }
    None
}

/// Takes a sound file apart.
fn take(file: File, name_line: usize) -> Checked {
    let mint = file.mint.into_inner();
    let (create_ability, create) = match file.create.map(toml::Spanned::into_inner) {
        None => (None, None),
        Some(Create::AsMint) => (Some(create_ability(&mint)), None),
        Some(Create::Own(own)) => (Some(create_ability(&own)), Some(*own)),
    };
    let abilities = Abilities {
        list: file.list.is_some(),
        inspect: file.inspect.is_some(),
        renew: file.renew.is_some(),
        sign_in: file.sign_in.is_some(),
        create: create_ability,
        revoke: file.revoke.is_some(),
        revoke_effect: file.effects.revoke,
        revoke_all_effect: file.effects.revoke_all.map(toml::Spanned::into_inner),
    };
    let params: Vec<_> = file.params.into_iter().map(toml::Spanned::into_inner).collect();
    Checked {
        name: file.name.into_inner().0,
        name_line,
        title: file.title,
        about: file.about,
        base_url: file.base_url.0,
        credential: CredentialText { label: file.credential.label, help: file.credential.help },
        param_kinds: params.iter().map(|param| (param.key.0.clone(), param.kind)).collect(),
        params: params
            .into_iter()
            .map(|param| Param {
                offered: file.offers.contains_key(&param.key.0),
                key: param.key.0,
                label: param.label,
                help: param.help,
                required: param.required,
                default: param.default,
            })
            .collect(),
        header: file.session.header.as_str().to_owned(),
        prefix: file.session.prefix,
        kind: file.session.kind,
        abilities,
        session_is_credential: file.session.is_credential,
        deletes_predecessor: file.session.deletes_predecessor.is_some_and(toml::Spanned::into_inner),
        token_shown_once: file.session.shown_once,
        operations: Operations {
            answers: file.answers,
            mint,
            create,
            renew: file.renew.map(toml::Spanned::into_inner),
            list: file.list.map(toml::Spanned::into_inner),
            inspect: file.inspect,
            revoke: file.revoke.map(toml::Spanned::into_inner),
            revoke_all: file.revoke_all.map(toml::Spanned::into_inner),
            sign_in: file.sign_in,
            offers: file.offers.into_iter().map(|(key, offers)| (key, offers.into_inner())).collect(),
        },
    }
}

fn create_ability(mint: &Mint) -> CreateAbility {
    CreateAbility { name_is_sent: mint.request.sends(&Placeholder::Name), life: mint.life_range() }
}
