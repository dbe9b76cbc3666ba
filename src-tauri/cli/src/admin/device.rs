//! `daypass authority device …`: where nobody is on the server's own machine, an administrator approves sign-ins here.

use chrono::{DateTime, Utc};
use daypass_authority::{Service, Settled, SignInFacts, Speech};
use daypass_core::Clock as _;
use serde::Serialize;

use super::{confirm, failed, unknown};
use crate::args::authority::{ApproveArgs, DeviceCommand};
use crate::failure::{Exit, Failure};
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{output, words};

/// The command that lists users.
const LIST: &str = "user list";

/// A sign-in that waits, as `--json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    dialect: &'static str,
    client: &'a str,
    scopes: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// What `device approve --json` prints.
#[derive(Serialize)]
struct Approved<'a> {
    user: &'a str,
    #[serde(flatten)]
    sign_in: Line<'a>,
}

impl<'a> From<&'a SignInFacts> for Line<'a> {
    fn from(sign_in: &'a SignInFacts) -> Self {
        Self {
            dialect: sign_in.dialect().name(),
            client: &sign_in.client,
            scopes: sign_in.scopes.as_ref().map(ToString::to_string),
            created_at: sign_in.created_at,
            expires_at: sign_in.expires_at,
        }
    }
}

pub(super) async fn run(service: &Service, command: &DeviceCommand) -> Result<(), Failure> {
    match command {
        DeviceCommand::List(args) => {
            let waiting = service.sign_ins(args.limit).await.map_err(|error| failed(&error))?;
            list(&waiting, args.json)
        }
        DeviceCommand::Show(args) => {
            let waiting = found(service, &args.of.code).await?;
            if args.json { output::json(&Line::from(&waiting)) } else { output::write_parts(&[&shown(&waiting, None)]) }
        }
        DeviceCommand::Approve(args) => approve(service, args).await,
        DeviceCommand::Deny(args) => match service.deny_sign_in(&args.code).await.map_err(|error| failed(&error))? {
            Settled::Denied => output::line("The sign-in is denied."),
            _ => Err(not_waiting(&args.code)),
        },
    }
}

/// Approves what was shown before, as whoever sends a code to a person hopes that nobody looks (RFC 8628 section 5.4).
async fn approve(service: &Service, args: &ApproveArgs) -> Result<(), Failure> {
    let code = &args.of.code;
    let waiting = found(service, code).await?;
    let whose = match &args.user {
        None => "a new one".to_owned(),
        Some(id) => {
            let user = service.user_facts(id).await.map_err(|error| failed(&error))?;
            let (user, _) = user.ok_or_else(|| unknown("user", id, LIST))?;
            if user.disabled_at.is_some() {
                return Err(disabled(id));
            }
            format!("{id}  ({} sessions)", user.sessions)
        }
    };
    if !args.yes {
        let about = shown(&waiting, Some(&whose));
        confirm(&about, "This signs in the device that shows the code", "Nothing was approved.")?;
    }
    // What was looked at before is looked at again in the step that approves.
    let settled = service.approve_sign_in(code, args.user.as_deref()).await.map_err(|error| failed(&error))?;
    match (settled, &args.user) {
        (Settled::Approved(user), _) if args.json => {
            output::json(&Approved { user: &user, sign_in: Line::from(&waiting) })
        }
        (Settled::Approved(user), named) => {
            let new = if named.is_some() { "" } else { "new " };
            output::line(&format!(
                "The sign-in of {:?} is approved: with {}, for the {new}user {user}.",
                waiting.client,
                scopes(&waiting)
            ))
        }
        (Settled::NoUser, Some(user)) => Err(unknown("user", user, LIST)),
        (Settled::UserDisabled, Some(user)) => Err(disabled(user)),
        _ => Err(not_waiting(code)),
    }
}

fn disabled(user: &str) -> Failure {
    Failure::usage(format!("The user {user} is disabled; `daypass authority user enable` takes its credentials again."))
}

async fn found(service: &Service, code: &str) -> Result<SignInFacts, Failure> {
    service.sign_in_facts(code).await.map_err(|error| failed(&error))?.ok_or_else(|| not_waiting(code))
}

fn not_waiting(code: &str) -> Failure {
    Failure::new(
        Exit::Unknown,
        format!(
            "No sign-in waits with the code {code:?}: it is unknown, was settled, or came too late; `daypass authority \
             device list` shows those that wait."
        ),
    )
}

fn list(waiting: &[SignInFacts], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(&waiting.iter().map(Line::from).collect::<Vec<_>>());
    }
    if waiting.is_empty() {
        output::tell("No device waits to be signed in.");
        return Ok(());
    }
    let now = SystemClock.now();
    let mut table = Table::new(&["CLIENT", "DIALECT", "SCOPES", "ASKED", "LIFE"]);
    for sign_in in waiting {
        let scopes = sign_in.scopes.as_ref().map(ToString::to_string).filter(|scopes| !scopes.is_empty());
        table.row(vec![
            sign_in.client.as_str().into(),
            sign_in.dialect().name().into(),
            scopes.map_or(Cell::toned("–", Tone::Dim), Cell::from),
            words::ago(now, Some(sign_in.created_at)).into(),
            words::left(now, Some(sign_in.expires_at)).into(),
        ]);
    }
    output::write_parts(&[&table.render()])
}

/// What the session may do, in words.
fn scopes(sign_in: &SignInFacts) -> String {
    match sign_in.scopes.as_ref().map(ToString::to_string) {
        None => "all that its user may do".to_owned(),
        Some(scopes) if scopes.is_empty() => "no scope".to_owned(),
        Some(scopes) => format!("the scopes {scopes}"),
    }
}

/// What is asked for, in lines; and whose the session will be, where that is decided.
fn shown(sign_in: &SignInFacts, user: Option<&str>) -> String {
    let now = SystemClock.now();
    // Anybody may begin one of Discovr's, under any name.
    let client = match sign_in.dialect() {
        Speech::Native => sign_in.client.clone(),
        _ => format!("{}  (as the device calls itself)", sign_in.client),
    };
    let mut table = Table::new(&["SIGN-IN", ""]);
    for (name, value) in [
        ("client", client),
        ("dialect", sign_in.dialect().name().to_owned()),
        ("may have", scopes(sign_in)),
        ("asked", words::ago(now, Some(sign_in.created_at))),
        ("life", words::left(now, Some(sign_in.expires_at))),
    ]
    .into_iter()
    .chain(user.map(|user| ("user", user.to_owned())))
    {
        table.row(vec![name.into(), value.into()]);
    }
    table.render()
}
