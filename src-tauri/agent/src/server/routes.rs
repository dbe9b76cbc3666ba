//! The paths of the local API. Each is routed and documented by the same words, so the two cannot differ.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use daypass_api::request::{
    AddAccount, CopyRequest, CreateSession, Export, Import, LogQuery, Recognize, Shutdown, SignIn, TokenRequest,
};
use daypass_api::settings::SettingsView;
use daypass_api::view::{
    AccountView, ClaimsView, CopyView, ExportView, ImportView, LogView, Place, ProviderView, RecognizedView,
    RemoveView, RevokeView, SessionView, SignInView, Snapshot, StatusView, StreamEvent, TokenView, VaultFileView,
};
use daypass_api::{ApiError, ErrorCode};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Answer, Body, MAX_BODY, MAX_IMPORT, Refused, answer};
use super::{Shared, events};

#[derive(OpenApi)]
#[openapi(info(
    title = "Daypass",
    version = "1",
    description = "The local API of the Daypass agent, on its Unix socket. Every error is an ApiError."
))]
struct Document;

/// All paths, and their document at `/v1/openapi.json`.
pub(super) fn router(shared: Shared) -> Router {
    let (router, document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(status))
        .routes(routes!(snapshot))
        .routes(routes!(stream))
        .routes(routes!(openapi))
        .routes(routes!(providers))
        .routes(routes!(recognize))
        .routes(routes!(try_out))
        .routes(routes!(add_account))
        .routes(routes!(account, remove_account))
        .routes(routes!(sign_in))
        .routes(routes!(sign_in_state, cancel_sign_in))
        .routes(routes!(token))
        .routes(routes!(refresh))
        .routes(routes!(sessions, create_session, revoke_all))
        .routes(routes!(revoke_session))
        .routes(routes!(claims))
        .routes(routes!(undo))
        .routes(routes!(copy))
        .routes(routes!(log))
        .routes(routes!(window))
        .routes(routes!(palette))
        .routes(routes!(settings, change_settings))
        .routes(routes!(vault))
        .routes(routes!(open_vault))
        .routes(routes!(export))
        .merge(OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(MAX_IMPORT)))
        .routes(routes!(shutdown))
        .split_for_parts();
    // Asked for once in a blue moon: only the text is kept.
    let document = document.to_json().unwrap_or_default().into_boxed_str();
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(unknown_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::Extension(OpenApiText(document.into())))
        .with_state(shared)
}

#[derive(Clone)]
struct OpenApiText(std::sync::Arc<str>);

type Name = Result<Path<String>, PathRejection>;
type NameAndId = Result<Path<(String, String)>, PathRejection>;

fn path<T>(path: Result<Path<T>, PathRejection>) -> Result<T, Refused> {
    path.map(|Path(path)| path)
        .map_err(|_| Refused::bad_request(StatusCode::BAD_REQUEST, "The path is not UTF-8 once its %-signs are read."))
}

fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Refused> {
    query.map(|Query(query)| query).map_err(|_| {
        Refused::bad_request(StatusCode::BAD_REQUEST, "The query does not fit: its values are `true` or `false`.")
    })
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Tried {
    /// Whether the answer may wait until the vault was tried once: 3 s at most, and only just after the agent's start.
    #[serde(default)]
    tried: bool,
}

/// The agent in short.
#[utoipa::path(get, path = "/v1/status", params(Tried),
    responses((status = 200, body = StatusView), (status = "default", body = ApiError)))]
async fn status(
    State(shared): State<Shared>,
    wait: Result<Query<Tried>, QueryRejection>,
) -> Result<Json<StatusView>, Refused> {
    if query(wait)?.tried {
        shared.agent.tried_vault().await;
    }
    Ok(Json(shared.agent.status(shared.face.is_some())))
}

/// Everything that a face draws.
#[utoipa::path(get, path = "/v1/snapshot", params(Tried),
    responses((status = 200, body = Snapshot), (status = "default", body = ApiError)))]
async fn snapshot(
    State(shared): State<Shared>,
    wait: Result<Query<Tried>, QueryRejection>,
) -> Result<Json<Snapshot>, Refused> {
    if query(wait)?.tried {
        shared.agent.tried_vault().await;
    }
    Ok(Json((*shared.agent.snapshot()).clone()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Listener {
    /// Whether it is the window that listens: it is then asked to come to the front.
    #[serde(default)]
    window: bool,
    /// Whether it is the palette that listens: it is then asked to show itself.
    #[serde(default)]
    palette: bool,
    /// Whether only the first snapshot is told whole, and of each later one what has changed.
    #[serde(default)]
    changes: bool,
}

/// A line of JSON for every event, until the agent ends: a snapshot at once and another after every change, every entry that
/// comes into the history, a call for the window, and at the end a `bye`.
#[utoipa::path(get, path = "/v1/events", params(Listener),
    responses((status = 200, body = StreamEvent, content_type = "application/x-ndjson"), (status = "default", body = ApiError)))]
async fn stream(
    State(shared): State<Shared>,
    listener: Result<Query<Listener>, QueryRejection>,
) -> Result<Response, Refused> {
    let Listener { window, palette, changes } = query(listener)?;
    Ok(events::stream(shared.agent, shared.ended, events::Wish { window, palette, changes }))
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", responses((status = 200, body = serde_json::Value)))]
async fn openapi(axum::Extension(OpenApiText(text)): axum::Extension<OpenApiText>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.to_string()).into_response()
}

/// The providers that accounts can be connected to.
#[utoipa::path(get, path = "/v1/providers",
    responses((status = 200, body = Vec<ProviderView>), (status = "default", body = ApiError)))]
async fn providers(State(shared): State<Shared>) -> Json<Vec<ProviderView>> {
    Json(shared.agent.providers())
}

/// Connects an account. An account of this name gets the new credential where its own was refused.
#[utoipa::path(post, path = "/v1/accounts", request_body = AddAccount,
    responses((status = 200, body = AccountView), (status = "default", body = ApiError)))]
async fn add_account(State(shared): State<Shared>, Body(request): Body<AddAccount>) -> Answer<AccountView> {
    answer(shared.agent.add_account(request).await)
}

/// What a command says of an account that was copied from an API's documentation. The credential in it is not answered.
#[utoipa::path(post, path = "/v1/recognize", request_body = Recognize,
    responses((status = 200, body = RecognizedView), (status = "default", body = ApiError)))]
async fn recognize(State(shared): State<Shared>, Body(request): Body<Recognize>) -> Answer<RecognizedView> {
    answer(shared.agent.recognize(&request))
}

/// Connects accounts of the local authority to try Daypass with; it is switched on for that.
#[utoipa::path(post, path = "/v1/try",
    responses((status = 200, body = Vec<AccountView>), (status = "default", body = ApiError)))]
async fn try_out(State(shared): State<Shared>) -> Answer<Vec<AccountView>> {
    answer(shared.agent.try_out().await)
}

/// One account.
#[utoipa::path(get, path = "/v1/accounts/{name}", params(("name" = String, Path)),
    responses((status = 200, body = AccountView), (status = "default", body = ApiError)))]
async fn account(State(shared): State<Shared>, name: Name) -> Answer<AccountView> {
    answer(shared.agent.account(&path(name)?))
}

/// Removes an account and all that is stored of it. Nothing is revoked.
#[utoipa::path(delete, path = "/v1/accounts/{name}", params(("name" = String, Path)),
    responses((status = 200, body = RemoveView), (status = "default", body = ApiError)))]
async fn remove_account(State(shared): State<Shared>, name: Name) -> Answer<RemoveView> {
    answer(shared.agent.remove_account(&path(name)?).await)
}

/// Begins a sign-in by device code; the agent polls until it ends.
#[utoipa::path(post, path = "/v1/sign-ins", request_body = SignIn,
    responses((status = 200, body = SignInView), (status = "default", body = ApiError)))]
async fn sign_in(State(shared): State<Shared>, Body(request): Body<SignIn>) -> Answer<SignInView> {
    answer(shared.agent.sign_in(request).await)
}

/// How a sign-in stands.
#[utoipa::path(get, path = "/v1/sign-ins/{id}", params(("id" = String, Path)),
    responses((status = 200, body = SignInView), (status = "default", body = ApiError)))]
async fn sign_in_state(State(shared): State<Shared>, id: Name) -> Answer<SignInView> {
    answer(shared.agent.sign_in_state(&path(id)?))
}

/// Gives a sign-in up.
#[utoipa::path(delete, path = "/v1/sign-ins/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ApiError)))]
async fn cancel_sign_in(State(shared): State<Shared>, id: Name) -> Result<StatusCode, Refused> {
    shared.agent.cancel_sign_in(&path(id)?);
    Ok(StatusCode::NO_CONTENT)
}

/// A token, refreshed first where that is needed.
#[utoipa::path(post, path = "/v1/accounts/{name}/token", params(("name" = String, Path)), request_body = TokenRequest,
    responses((status = 200, body = TokenView), (status = "default", body = ApiError)))]
async fn token(State(shared): State<Shared>, name: Name, Body(request): Body<TokenRequest>) -> Answer<TokenView> {
    answer(shared.agent.token(&path(name)?, request).await)
}

/// Refreshes the current session now.
#[utoipa::path(post, path = "/v1/accounts/{name}/refresh", params(("name" = String, Path)),
    responses((status = 200, body = AccountView), (status = "default", body = ApiError)))]
async fn refresh(State(shared): State<Shared>, name: Name) -> Answer<AccountView> {
    answer(shared.agent.refresh(&path(name)?).await)
}

/// The sessions of an account, asked of the provider where it lists them.
#[utoipa::path(get, path = "/v1/accounts/{name}/sessions", params(("name" = String, Path)),
    responses((status = 200, body = Vec<SessionView>), (status = "default", body = ApiError)))]
async fn sessions(State(shared): State<Shared>, name: Name) -> Answer<Vec<SessionView>> {
    answer(shared.agent.sessions(&path(name)?).await)
}

/// Opens a further session beside the current one.
#[utoipa::path(post, path = "/v1/accounts/{name}/sessions", params(("name" = String, Path)), request_body = CreateSession,
    responses((status = 200, body = SessionView), (status = "default", body = ApiError)))]
async fn create_session(
    State(shared): State<Shared>,
    name: Name,
    Body(request): Body<CreateSession>,
) -> Answer<SessionView> {
    answer(shared.agent.create_session(&path(name)?, request).await)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Forget {
    /// Whether the session is only dropped here; its token stays valid.
    #[serde(default)]
    forget: bool,
}

/// Revokes one session at the provider, or only forgets it here.
#[utoipa::path(delete, path = "/v1/accounts/{name}/sessions/{id}",
    params(("name" = String, Path), ("id" = String, Path), Forget),
    responses((status = 200, body = RevokeView), (status = "default", body = ApiError)))]
async fn revoke_session(
    State(shared): State<Shared>,
    name_and_id: NameAndId,
    forget: Result<Query<Forget>, QueryRejection>,
) -> Answer<RevokeView> {
    let ((name, id), Forget { forget }) = (path(name_and_id)?, query(forget)?);
    answer(shared.agent.revoke_session(&name, &id, forget).await)
}

/// What the token of a held session says of itself, where it is a JWT: never its signature.
#[utoipa::path(get, path = "/v1/accounts/{name}/sessions/{id}/claims",
    params(("name" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = ClaimsView), (status = "default", body = ApiError)))]
async fn claims(State(shared): State<Shared>, name_and_id: NameAndId) -> Answer<ClaimsView> {
    let (name, id) = path(name_and_id)?;
    answer(shared.agent.claims(&name, &id).await)
}

/// Puts back what was only dropped here, a moment ago.
#[utoipa::path(post, path = "/v1/undo/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ApiError)))]
async fn undo(State(shared): State<Shared>, id: Name) -> Result<StatusCode, Refused> {
    shared.agent.undo(&path(id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes every session of the account, by the means that the provider has.
#[utoipa::path(delete, path = "/v1/accounts/{name}/sessions", params(("name" = String, Path)),
    responses((status = 200, body = RevokeView), (status = "default", body = ApiError)))]
async fn revoke_all(State(shared): State<Shared>, name: Name) -> Answer<RevokeView> {
    answer(shared.agent.revoke_all(&path(name)?).await)
}

/// Puts a token on the clipboard, through the tray app.
#[utoipa::path(post, path = "/v1/copy", request_body = CopyRequest,
    responses((status = 200, body = CopyView), (status = "default", body = ApiError)))]
async fn copy(State(shared): State<Shared>, Body(request): Body<CopyRequest>) -> Answer<CopyView> {
    let face = shared.face.as_ref().ok_or_else(|| no_face("Copying"))?;
    answer(face.copy(request).await)
}

/// A part of the history, newest first. Ask again with `before` set to the last id for what is older.
#[utoipa::path(get, path = "/v1/log", params(LogQuery),
    responses((status = 200, body = LogView), (status = "default", body = ApiError)))]
async fn log(State(shared): State<Shared>, asked: Result<Query<LogQuery>, QueryRejection>) -> Answer<LogView> {
    let Query(asked) = asked.map_err(|_| {
        let message = "The query does not fit: it takes `account`, `since` (an instant such as 2026-11-20T06:00:00Z), \
                       `before` (an id) and `limit` (1 to 1000), each once.";
        Refused::bad_request(StatusCode::BAD_REQUEST, message)
    })?;
    shared.agent.tried_vault().await;
    answer(shared.agent.log(asked).await)
}

/// Opens the window, or brings it to the front.
#[utoipa::path(post, path = "/v1/window", request_body = Place,
    responses((status = 204), (status = "default", body = ApiError)))]
async fn window(State(shared): State<Shared>, Body(request): Body<Place>) -> Result<StatusCode, Refused> {
    match &shared.face {
        Some(face) => face.open_window(request).await?,
        None if shared.agent.focus_window(request.clone()) => {}
        None => return Err(no_face("Opening the window").into()),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The settings that are in force, and how their file is.
#[utoipa::path(get, path = "/v1/settings",
    responses((status = 200, body = SettingsView), (status = "default", body = ApiError)))]
async fn settings(State(shared): State<Shared>) -> Json<SettingsView> {
    Json(shared.agent.settings())
}

/// Changes settings by a JSON merge patch (RFC 7396) and writes them to their file; `null` stands for the default.
#[utoipa::path(patch, path = "/v1/settings", request_body = serde_json::Value,
    responses((status = 200, body = SettingsView), (status = "default", body = ApiError)))]
async fn change_settings(State(shared): State<Shared>, Body(patch): Body<serde_json::Value>) -> Answer<SettingsView> {
    answer(shared.agent.change_settings(patch).await)
}

/// Opens the palette for quick copies, or closes it where it is open.
#[utoipa::path(post, path = "/v1/palette", responses((status = 204), (status = "default", body = ApiError)))]
async fn palette(State(shared): State<Shared>) -> Result<StatusCode, Refused> {
    let face = shared.face.as_ref().ok_or_else(|| no_face("The palette"))?;
    face.toggle_palette().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The vault and its file.
#[utoipa::path(get, path = "/v1/vault",
    responses((status = 200, body = VaultFileView), (status = "default", body = ApiError)))]
async fn vault(State(shared): State<Shared>) -> Answer<VaultFileView> {
    shared.agent.tried_vault().await;
    answer(shared.agent.vault().await)
}

/// Every account with its secrets, as a text that is sealed under the passphrase.
#[utoipa::path(post, path = "/v1/vault/export", request_body = Export,
    responses((status = 200, body = ExportView), (status = "default", body = ApiError)))]
async fn export(State(shared): State<Shared>, Body(request): Body<Export>) -> Answer<ExportView> {
    shared.agent.tried_vault().await;
    answer(shared.agent.export(request).await)
}

/// Takes the accounts of an export in; they rest until they are used here.
#[utoipa::path(post, path = "/v1/vault/import", request_body = Import,
    responses((status = 200, body = ImportView), (status = "default", body = ApiError)))]
async fn import(State(shared): State<Shared>, Body(request): Body<Import>) -> Answer<ImportView> {
    shared.agent.tried_vault().await;
    answer(shared.agent.import(request).await)
}

/// Tries to open the vault now; the keyring may ask the user for its password.
#[utoipa::path(post, path = "/v1/vault/open", responses((status = 204), (status = "default", body = ApiError)))]
async fn open_vault(State(shared): State<Shared>) -> Result<StatusCode, Refused> {
    shared.agent.open_vault().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the agent to end.
#[utoipa::path(post, path = "/v1/shutdown", request_body = Shutdown,
    responses((status = 204), (status = "default", body = ApiError)))]
async fn shutdown(State(shared): State<Shared>, Body(request): Body<Shutdown>) -> Result<StatusCode, Refused> {
    if request.take_over && shared.face.is_some() {
        let message = "This agent lives in a tray app, and stays.";
        return Err(ApiError::new(ErrorCode::Rejected, message).into());
    }
    shared.asked_to_end.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

fn no_face(what: &str) -> ApiError {
    ApiError::new(ErrorCode::NotSupported, format!("{what} needs the tray app; start it with `daypass tray`."))
}

async fn unknown_path() -> Refused {
    Refused::bad_request(StatusCode::NOT_FOUND, "There is no such path; GET /v1/openapi.json lists them.")
}

async fn unknown_method() -> Refused {
    let message = "The path does not take this method; GET /v1/openapi.json lists what it takes.";
    Refused::bad_request(StatusCode::METHOD_NOT_ALLOWED, message)
}
