//! `daypass authority session …`.

use chrono::{DateTime, Utc};
use daypass_authority::{Service, SessionFacts, SessionFilter, Speech};
use daypass_core::Clock as _;
use serde::Serialize;

use super::{confirm, failed, unknown};
use crate::args::authority::{DialectWord, FilterArgs, RevokeStoredArgs, StoredCommand};
use crate::failure::Failure;
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{output, words};

/// The command that lists sessions.
const LIST: &str = "session list";

/// A session as `--json` prints it: there is no token to print.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    dialect: &'static str,
    kind: &'static str,
    user: Option<&'a str>,
    client: Option<&'a str>,
    name: Option<&'a str>,
    limits: Option<&'a str>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

/// What `session revoke --json` prints.
#[derive(Serialize)]
struct Revoked {
    revoked: usize,
}

impl<'a> From<&'a SessionFacts> for Line<'a> {
    fn from(session: &'a SessionFacts) -> Self {
        Self {
            id: &session.id,
            dialect: session.dialect.name(),
            kind: session.kind,
            user: session.user.as_deref(),
            client: session.client.as_deref(),
            name: session.name.as_deref(),
            limits: session.limits.as_deref(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            used_at: session.used_at,
        }
    }
}

impl From<DialectWord> for Speech {
    fn from(word: DialectWord) -> Self {
        match word {
            DialectWord::Discovr => Self::Discovr,
            DialectWord::PocketPaw => Self::PocketPaw,
            DialectWord::AntiRaid => Self::AntiRaid,
            DialectWord::Discover => Self::Discover,
            DialectWord::Native => Self::Native,
        }
    }
}

impl From<&FilterArgs> for SessionFilter {
    fn from(args: &FilterArgs) -> Self {
        let FilterArgs { user, client, dialect } = args;
        Self { id: None, user: user.clone(), client: client.clone(), dialect: dialect.map(Speech::from) }
    }
}

pub(super) async fn run(service: &Service, command: &StoredCommand) -> Result<(), Failure> {
    match command {
        StoredCommand::List(args) => {
            let filter = SessionFilter::from(&args.filter);
            let sessions = service.sessions(&filter, args.limit).await.map_err(|error| failed(&error))?;
            list(&sessions, args.json)
        }
        StoredCommand::Show(args) => {
            let filter = SessionFilter { id: Some(args.id.clone()), ..SessionFilter::default() };
            let sessions = service.sessions(&filter, u32::MAX).await.map_err(|error| failed(&error))?;
            if sessions.is_empty() {
                return Err(unknown("session", &args.id, LIST));
            }
            show(&sessions, args.json)
        }
        StoredCommand::Revoke(args) => revoke(service, args).await,
    }
}

async fn revoke(service: &Service, args: &RevokeStoredArgs) -> Result<(), Failure> {
    let filter = SessionFilter { id: args.id.clone(), ..SessionFilter::from(&args.filter) };
    if args.all && !args.yes {
        confirm("", "This revokes every session of the store, of all users and clients", "Nothing was revoked.")?;
    }
    let revoked = service.end_sessions(&filter).await.map_err(|error| failed(&error))?;
    match &args.id {
        Some(id) if revoked == 0 => return Err(unknown("session", id, LIST)),
        _ if args.json => return output::json(&Revoked { revoked }),
        _ => {}
    }
    output::line(&match revoked {
        0 => "There was no such session.".to_owned(),
        1 => "One session was revoked.".to_owned(),
        more => format!("{more} sessions were revoked."),
    })
}

fn dash(text: Option<&str>) -> Cell {
    text.map_or(Cell::toned("–", Tone::Dim), Cell::from)
}

fn list(sessions: &[SessionFacts], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(&sessions.iter().map(Line::from).collect::<Vec<_>>());
    }
    if sessions.is_empty() {
        output::tell("There are no such sessions.");
        return Ok(());
    }
    let now = SystemClock.now();
    let mut table = Table::new(&["ID", "KIND", "USER", "CLIENT", "NAME", "CREATED", "LIFE"]);
    for session in sessions {
        table.row(vec![
            session.id.as_str().into(),
            session.kind.into(),
            dash(session.user.as_deref()),
            dash(session.client.as_deref()),
            dash(session.name.as_deref()),
            words::ago(now, Some(session.created_at)).into(),
            words::left(now, Some(session.expires_at)).into(),
        ]);
    }
    output::write_parts(&[&table.render()])
}

fn show(sessions: &[SessionFacts], as_json: bool) -> Result<(), Failure> {
    if as_json {
        return output::json(&sessions.iter().map(Line::from).collect::<Vec<_>>());
    }
    let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    for session in sessions {
        let mut table = Table::new(&["SESSION", ""]);
        let used = session.used_at.map_or_else(|| "–".to_owned(), words::instant);
        for (name, value) in [
            ("id", session.id.clone()),
            ("dialect", session.dialect.name().to_owned()),
            ("kind", session.kind.to_owned()),
            ("user", dash(&session.user)),
            ("client", dash(&session.client)),
            ("name", dash(&session.name)),
            ("limits", dash(&session.limits)),
            ("created", words::instant(session.created_at)),
            ("expires", words::instant(session.expires_at)),
            ("used", used),
        ] {
            table.row(vec![name.into(), value.into()]);
        }
        output::write_parts(&[&table.render()])?;
    }
    Ok(())
}
