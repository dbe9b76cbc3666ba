//! `daypass authority user …`.

use chrono::{DateTime, Utc};
use daypass_authority::{CredentialFacts, Service, UserFacts};
use daypass_core::{Clock as _, Secret};
use serde::Serialize;

use super::{credentials, failed, unknown};
use crate::args::authority::UserCommand;
use crate::failure::Failure;
use crate::serve::User;
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{output, words};

/// The command that lists users.
const LIST: &str = "user list";

/// A user as `--json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    sessions: u64,
    credentials: u64,
}

/// What `user show --json` prints.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    sessions: u64,
    credentials: Vec<Credential>,
}

#[derive(Serialize)]
struct Credential {
    kind: &'static str,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

/// What `user add --json` prints.
#[derive(Serialize)]
struct Added<'a> {
    id: &'a str,
    #[serde(flatten)]
    credentials: User<'a>,
}

impl<'a> From<&'a UserFacts> for Line<'a> {
    fn from(user: &'a UserFacts) -> Self {
        let UserFacts { id, created_at, disabled_at, credentials, sessions } = user;
        Self { id, created_at: *created_at, disabled_at: *disabled_at, sessions: *sessions, credentials: *credentials }
    }
}

pub(super) async fn run(service: &Service, command: &UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add(args) => add(service, args.json).await,
        UserCommand::List(args) => {
            let users = service.users(args.limit).await.map_err(|error| failed(&error))?;
            list(&users, args.json)
        }
        UserCommand::Show(args) => {
            let found = service.user_facts(&args.id).await.map_err(|error| failed(&error))?;
            let (user, credentials) = found.ok_or_else(|| unknown("user", &args.id, LIST))?;
            show(&user, &credentials, args.json)
        }
        UserCommand::Disable(args) => {
            let found = service.disable_user(&args.id).await.map_err(|error| failed(&error))?;
            told(found, &args.id, "is disabled, and its sessions are ended")
        }
        UserCommand::Enable(args) => {
            let found = service.enable_user(&args.id).await.map_err(|error| failed(&error))?;
            told(found, &args.id, "is enabled: its credentials are taken again")
        }
        UserCommand::Remove(args) => {
            let found = service.remove_user(&args.id).await.map_err(|error| failed(&error))?;
            told(found, &args.id, "is removed, and its sessions are ended")
        }
    }
}

fn told(found: bool, id: &str, done: &str) -> Result<(), Failure> {
    if found { output::line(&format!("The user {id} {done}.")) } else { Err(unknown("user", id, LIST)) }
}

async fn add(service: &Service, as_json: bool) -> Result<(), Failure> {
    let user = service.create_user().await.map_err(|error| failed(&error))?;
    if as_json {
        return output::json(&Added { id: &user.antiraid_user_id, credentials: User::from(&user) });
    }
    output::line(&format!("The user {} was added. Its credentials are shown this once:", user.antiraid_user_id))?;
    let profile = Secret::new(user.discovr_profile_id.clone());
    credentials(&[
        ("discovr    refresh token", &user.discovr_refresh_token),
        ("           profile_id", &profile),
        ("pocketpaw  master token", &user.pocketpaw_master_token),
        ("antiraid   login token", &user.antiraid_login_token),
        ("discover   API key", &user.discover_api_key),
    ])
}

fn list(users: &[UserFacts], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(&users.iter().map(Line::from).collect::<Vec<_>>());
    }
    if users.is_empty() {
        output::tell("There are no users; `daypass authority user add` adds one.");
        return Ok(());
    }
    let now = SystemClock.now();
    let mut table = Table::new(&["USER", "ADDED", "CREDENTIALS", "SESSIONS", "STATE"]);
    for user in users {
        table.row(vec![
            user.id.as_str().into(),
            words::ago(now, Some(user.created_at)).into(),
            user.credentials.to_string().into(),
            user.sessions.to_string().into(),
            state(user),
        ]);
    }
    output::write_parts(&[&table.render()])
}

fn state(user: &UserFacts) -> Cell {
    if user.disabled_at.is_some() { Cell::toned("disabled", Tone::Bad) } else { "enabled".into() }
}

fn show(user: &UserFacts, credentials: &[CredentialFacts], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let credential = |credential: &CredentialFacts| Credential {
            kind: credential.kind,
            created_at: credential.created_at,
            expires_at: credential.expires_at,
        };
        let UserFacts { id, created_at, disabled_at, sessions, .. } = user;
        return output::json(&Shown {
            id,
            created_at: *created_at,
            disabled_at: *disabled_at,
            sessions: *sessions,
            credentials: credentials.iter().map(credential).collect(),
        });
    }
    let disabled = user.disabled_at.map(|at| format!("disabled  {}\n", words::instant(at))).unwrap_or_default();
    let head = format!(
        "user      {}\nadded     {}\nsessions  {}\n{disabled}\n",
        user.id,
        words::instant(user.created_at),
        user.sessions
    );
    let now = SystemClock.now();
    let mut table = Table::new(&["CREDENTIAL", "ISSUED", "LIFE"]);
    for credential in credentials {
        table.row(vec![
            credential.kind.into(),
            words::ago(now, Some(credential.created_at)).into(),
            words::left(now, credential.expires_at).into(),
        ]);
    }
    output::write_parts(&[&head, &table.render()])
}
