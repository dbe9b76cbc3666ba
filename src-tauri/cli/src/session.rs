//! `daypass sessions` and `daypass session …`: listing, creating and revoking sessions.

use chrono::{DateTime, Utc};
use daypass_api::client::{CallError, Client};
use daypass_api::request::CreateSession;
use daypass_api::view::{AccountView, ClaimsView, RevokeView, SessionView, Snapshot};
use daypass_api::{ApiError, ErrorCode, Home, path};
use daypass_core::Clock;
use daypass_core::session::SessionState;
use serde::Serialize;

use crate::args::{CreateArgs, RevokeArgs, SessionCommand, SessionsArgs, ShowSessionArgs};
use crate::failure::{Exit, Failure};
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{door, output, words};

/// A session as `--json` prints it: never with a token.
#[derive(Serialize)]
struct Line<'a> {
    account: &'a str,
    id: &'a str,
    name: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    created_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    state: SessionState,
    held: bool,
}

/// What `session show --json` prints beside it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    fingerprint: Option<&'a str>,
    claims: Option<&'a ClaimsView>,
}

impl<'a> From<&'a SessionView> for Line<'a> {
    fn from(session: &'a SessionView) -> Self {
        Self {
            account: &session.account,
            id: &session.id,
            name: session.name.as_deref(),
            kind: session.kind.as_deref(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            state: session.state,
            held: session.held,
        }
    }
}

/// Does one of the commands on a single session.
pub(crate) fn run(command: &SessionCommand) -> Result<(), Failure> {
    let home = door::home()?;
    match command {
        SessionCommand::Create(args) => create(&home, args),
        SessionCommand::Show(args) => show(&home, args),
        SessionCommand::Revoke(args) => revoke(&home, args),
    }
}

/// `daypass sessions`.
pub(crate) fn list(args: &SessionsArgs) -> Result<(), Failure> {
    let client = door::open(&door::home()?)?;
    let (sessions, failure) = match &args.account {
        Some(account) => (client.get(&path::sessions(account)?)?, None),
        None => of_all(&client)?,
    };
    if args.json {
        output::json(&sessions.iter().map(Line::from).collect::<Vec<_>>())?;
    } else if sessions.is_empty() {
        output::tell("There are no sessions.");
    } else {
        output::write_parts(&[&table(&sessions, args.account.is_none()).render()])?;
    }
    failure.map_or(Ok(()), Err)
}

/// The sessions of every account. Where a provider cannot be asked, what is known here is listed, and the first such
/// failure is answered beside it, so that the others are not lost.
fn of_all(client: &Client) -> Result<(Vec<SessionView>, Option<Failure>), Failure> {
    let snapshot: Snapshot = client.get("/v1/snapshot")?;
    if let (true, Some(problem)) = (snapshot.accounts.is_empty(), door::vault_problem(&snapshot.vault)) {
        return Err(problem.into());
    }
    let mut sessions = Vec::new();
    let mut failure = None;
    for account in snapshot.accounts {
        match client.get::<Vec<SessionView>>(&path::sessions(&account.name)?) {
            Ok(listed) => sessions.extend(listed),
            Err(error) => {
                let mut error = Failure::from(error);
                error.message = format!("{}: {} Only what is known here is listed.", account.name, error.message);
                sessions.extend(account.sessions);
                if let Some(earlier) = Option::<Failure>::replace(&mut failure, error) {
                    output::tell(&format!("daypass: {}", earlier.message));
                }
            }
        }
    }
    Ok((sessions, failure))
}

/// The sessions, one a line; the account's column only where there may be several.
pub(crate) fn table(sessions: &[SessionView], several: bool) -> Table {
    let now = SystemClock.now();
    let head = ["ACCOUNT", "ID", "NAME", "TYPE", "CREATED", "LIFE", "STATE"];
    let mut table = Table::new(&head[usize::from(!several)..]);
    for session in sessions {
        let dash = |text: &Option<String>| text.as_deref().map_or(Cell::toned("–", Tone::Dim), Cell::from);
        let created = session.created_at.map(|at| words::ago(now, Some(at)));
        let (state, tone) = state(session.state);
        let state = match (session.current, session.held) {
            (true, _) => format!("{state}, current"),
            (false, true) => format!("{state}, held"),
            (false, false) => state.to_owned(),
        };
        let cells = [
            session.account.as_str().into(),
            session.id.as_str().into(),
            dash(&session.name),
            dash(&session.kind),
            dash(&created),
            words::left(now, session.expires_at).into(),
            Cell::toned(state, tone),
        ];
        table.row(cells.into_iter().skip(usize::from(!several)).collect());
    }
    table
}

fn state(state: SessionState) -> (&'static str, Tone) {
    match state {
        SessionState::Fresh => ("fresh", Tone::Plain),
        SessionState::Stale => ("stale", Tone::Plain),
        SessionState::Urgent => ("urgent", Tone::Warn),
        SessionState::Expired => ("expired", Tone::Bad),
        SessionState::Foreign => ("foreign", Tone::Dim),
        SessionState::Orphan => ("orphan", Tone::Warn),
    }
}

fn create(home: &Home, args: &CreateArgs) -> Result<(), Failure> {
    let request = CreateSession { name: args.name.clone(), life: args.life.map(|life| life.as_secs()) };
    let session: SessionView = door::open(home)?.post(&path::sessions(&args.account)?, &request)?;
    if args.json {
        return output::json(&Line::from(&session));
    }
    let life = words::left(SystemClock.now(), session.expires_at);
    output::line(&format!("Created session {} at {}: {life}.", session.id, session.account))
}

/// `daypass session show`: what is known of a session, and what its token says where that can be read.
fn show(home: &Home, args: &ShowSessionArgs) -> Result<(), Failure> {
    let client = door::open(home)?;
    let account: AccountView = client.get(&path::account(&args.account)?)?;
    let Some(session) = account.sessions.iter().find(|session| session.id == args.id) else {
        let message =
            format!("{0} has no session {1:?}; `daypass sessions {0}` shows those that it has.", args.account, args.id);
        return Err(ApiError::new(ErrorCode::UnknownSession, message).into());
    };
    let (claims, silent) = match client.get::<ClaimsView>(&path::claims(&args.account, &args.id)?) {
        Ok(claims) => (Some(claims), None),
        Err(CallError::Api(error)) if error.code == ErrorCode::NotSupported => (None, Some(error.message)),
        Err(error) => return Err(error.into()),
    };
    if args.json {
        let line = Line::from(session);
        return output::json(&Shown { line, fingerprint: session.fingerprint.as_deref(), claims: claims.as_ref() });
    }
    let mut text = table(std::slice::from_ref(session), false).render();
    if let Some(fingerprint) = &session.fingerprint {
        text.push_str(&format!("\nThe fingerprint of its token is {fingerprint}.\n"));
    }
    match (claims, silent) {
        (Some(claims), _) => {
            let claims = output::legible_json(&claims);
            text.push_str(&format!("\nIts token says of itself (nobody has checked that here):\n{claims}\n"));
        }
        (None, Some(message)) => text.push_str(&format!("\n{message}\n")),
        (None, None) => {}
    }
    output::write_parts(&[&text])
}

fn revoke(home: &Home, args: &RevokeArgs) -> Result<(), Failure> {
    let client = door::open(home)?;
    let path = match &args.id {
        Some(id) => path::session(&args.account, id, args.forget)?,
        None => path::sessions(&args.account)?,
    };
    match client.delete::<RevokeView>(&path) {
        Ok(done) => output::line(&done.message),
        Err(CallError::Api(error)) if error.code == ErrorCode::NotSupported && args.id.is_some() => {
            Err(instead(&client.get(&path::account(&args.account)?)?))
        }
        Err(error) => Err(error.into()),
    }
}

/// What can be typed instead where the provider cannot revoke one session.
fn instead(account: &AccountView) -> Failure {
    let title = &account.title;
    let all = if account.abilities.revoke_all_effect.is_some() { "; --all revokes every session" } else { "" };
    let message = format!(
        "{title} cannot revoke one session: --forget drops it here, and {title} accepts it until it expires{all}."
    );
    Failure::new(Exit::NotSupported, message)
}
