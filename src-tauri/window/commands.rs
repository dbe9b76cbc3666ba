//! All that the page can ask for. Each command is thin: take the request, ask the agent, give its answer.
//!
//! A name stands in three places: here, in `src-tauri/permissions/`, and in `ui/src/ipc.ts`. None of the answers holds
//! a token; a credential passes once, on its way to the agent.

use daypass_api::client::CallError;
use daypass_api::request::{AddAccount, CopyRequest, CreateSession, LogQuery, Recognize, Shutdown, SignIn};
use daypass_api::view::{
    AccountView, ClaimsView, CopyView, LogView, Place, ProviderView, RecognizedView, RemoveView, RevokeView,
    SessionView, SignInView,
};
use daypass_api::{ApiError, Client, ErrorCode, path};
use serde::de::IgnoredAny;
use tauri::ipc::{Channel, Invoke};
use tauri::{Runtime, State, WebviewWindow};

use crate::data;
use crate::feed::Feed;

/// The handler of every command in this file.
pub fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        subscribe,
        retry,
        close,
        quit,
        open_window,
        providers,
        recognize,
        try_out,
        add_account,
        remove_account,
        refresh,
        sessions,
        claims,
        undo,
        create_session,
        revoke_session,
        revoke_all,
        copy,
        log,
        open_vault,
        sign_in,
        sign_in_state,
        cancel_sign_in,
        change_settings,
        data::places,
        data::copy_place,
        data::open_place,
        data::export_vault,
        data::choose_import,
        data::import_vault,
    ]
}

/// Asks the agent on a thread where waiting is allowed: never on the one that draws the window.
pub(crate) async fn ask<T: Send + 'static>(
    client: State<'_, Client>,
    question: impl FnOnce(&Client) -> Result<T, CallError> + Send + 'static,
) -> Result<T, ApiError> {
    let client = Client::clone(&client);
    let answer = tauri::async_runtime::spawn_blocking(move || question(&client)).await;
    let answer =
        answer.map_err(|_| ApiError::new(ErrorCode::Internal, "The window failed to ask the agent; try again."))?;
    Ok(answer?)
}

/// Follows the agent: every [`Update`](crate::feed::Update) goes to `updates`, from the revision that the page `knows` on,
/// where it was given a snapshot. Answers the page to begin with.
#[tauri::command]
async fn subscribe(feed: State<'_, Feed>, updates: Channel, knows: Option<u64>) -> Result<Place, ApiError> {
    Ok(feed.subscribe(updates, knows))
}

/// Looks for the agent at once.
#[tauri::command]
async fn retry(feed: State<'_, Feed>) -> Result<(), ApiError> {
    feed.retry();
    Ok(())
}

/// Closes the window, and with it the program.
#[tauri::command]
async fn close<R: Runtime>(window: WebviewWindow<R>) -> Result<(), ApiError> {
    window.close().map_err(|error| ApiError::new(ErrorCode::Internal, format!("The window does not close: {error}.")))
}

/// Ends Daypass as a whole: the tray app, and with it this window.
#[tauri::command]
async fn quit(client: State<'_, Client>) -> Result<(), ApiError> {
    ask(client, |client| client.post("/v1/shutdown", &Shutdown::default())).await
}

/// Opens the window on a place, from the palette.
#[tauri::command]
async fn open_window(client: State<'_, Client>, place: Place) -> Result<(), ApiError> {
    ask(client, move |client| client.post("/v1/window", &place)).await
}

/// The providers that accounts can be connected to.
#[tauri::command]
async fn providers(client: State<'_, Client>) -> Result<Vec<ProviderView>, ApiError> {
    ask(client, |client| client.get("/v1/providers")).await
}

/// Who is called by a command that was pasted, and with what; the credential in it is not answered.
#[tauri::command]
async fn recognize(client: State<'_, Client>, request: Recognize) -> Result<RecognizedView, ApiError> {
    ask(client, move |client| client.post("/v1/recognize", &request)).await
}

/// Connects accounts of the local authority to try Daypass with.
#[tauri::command]
async fn try_out(client: State<'_, Client>) -> Result<Vec<AccountView>, ApiError> {
    ask(client, |client| client.post("/v1/try", &serde_json::json!({}))).await
}

/// Connects an account; the agent tries the credential before it stores anything.
#[tauri::command]
async fn add_account(client: State<'_, Client>, request: AddAccount) -> Result<AccountView, ApiError> {
    ask(client, move |client| client.post("/v1/accounts", &request)).await
}

/// Removes an account and all that is stored of it.
#[tauri::command]
async fn remove_account(client: State<'_, Client>, account: String) -> Result<RemoveView, ApiError> {
    ask(client, move |client| client.delete(&path::account(&account)?)).await
}

/// Refreshes the account's current session now.
#[tauri::command]
async fn refresh(client: State<'_, Client>, account: String) -> Result<AccountView, ApiError> {
    ask(client, move |client| client.post(&path::refresh(&account)?, &serde_json::json!({}))).await
}

/// Has the account's sessions asked of the provider, where it lists them. They come with the updates: there may be thousands.
#[tauri::command]
async fn sessions(client: State<'_, Client>, account: String) -> Result<(), ApiError> {
    ask(client, move |client| client.get(&path::sessions(&account)?).map(|IgnoredAny| ())).await
}

/// What the token of a held session says of itself: its claims, and never its signature.
#[tauri::command]
async fn claims(client: State<'_, Client>, account: String, id: String) -> Result<ClaimsView, ApiError> {
    ask(client, move |client| client.get(&path::claims(&account, &id)?)).await
}

/// Puts back what was only dropped here, a moment ago.
#[tauri::command]
async fn undo(client: State<'_, Client>, id: String) -> Result<(), ApiError> {
    ask(client, move |client| client.post(&path::undo(&id)?, &serde_json::json!({}))).await
}

/// Opens a further session.
#[tauri::command]
async fn create_session(
    client: State<'_, Client>,
    account: String,
    request: CreateSession,
) -> Result<SessionView, ApiError> {
    ask(client, move |client| client.post(&path::sessions(&account)?, &request)).await
}

/// Revokes one session; with `forget` it is only dropped here.
#[tauri::command]
async fn revoke_session(
    client: State<'_, Client>,
    account: String,
    id: String,
    forget: bool,
) -> Result<RevokeView, ApiError> {
    ask(client, move |client| client.delete(&path::session(&account, &id, forget)?)).await
}

/// Revokes every session of the account, by the means that the provider has.
#[tauri::command]
async fn revoke_all(client: State<'_, Client>, account: String) -> Result<RevokeView, ApiError> {
    ask(client, move |client| client.delete(&path::sessions(&account)?)).await
}

/// Has the tray app copy a token; it outlives the window, and the page never sees the token.
#[tauri::command]
async fn copy(client: State<'_, Client>, request: CopyRequest) -> Result<CopyView, ApiError> {
    ask(client, move |client| client.post("/v1/copy", &request)).await
}

/// A part of the history, newest first.
#[tauri::command]
async fn log(client: State<'_, Client>, query: LogQuery) -> Result<LogView, ApiError> {
    ask(client, move |client| client.get(&path::log(&query))).await
}

/// Tries to open the vault now; the keyring may ask the user for its password.
#[tauri::command]
async fn open_vault(client: State<'_, Client>) -> Result<(), ApiError> {
    ask(client, |client| client.post("/v1/vault/open", &serde_json::json!({}))).await
}

/// Begins a sign-in by device code.
#[tauri::command]
async fn sign_in(client: State<'_, Client>, request: SignIn) -> Result<SignInView, ApiError> {
    ask(client, move |client| client.post("/v1/sign-ins", &request)).await
}

/// How a sign-in stands.
#[tauri::command]
async fn sign_in_state(client: State<'_, Client>, id: String) -> Result<SignInView, ApiError> {
    ask(client, move |client| client.get(&path::sign_in(&id)?)).await
}

/// Gives a sign-in up.
#[tauri::command]
async fn cancel_sign_in(client: State<'_, Client>, id: String) -> Result<(), ApiError> {
    ask(client, move |client| client.delete(&path::sign_in(&id)?)).await
}

/// Changes settings by a JSON merge patch. What is in force then comes with the updates.
#[tauri::command]
async fn change_settings(client: State<'_, Client>, patch: serde_json::Value) -> Result<(), ApiError> {
    ask(client, move |client| client.patch("/v1/settings", &patch).map(|IgnoredAny| ())).await
}
