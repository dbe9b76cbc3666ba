//! `daypass authority key …`.

use chrono::{DateTime, Utc};
use daypass_authority::{KeyFacts, Phase, Service};
use daypass_core::Clock as _;
use serde::Serialize;

use super::{failed, unknown};
use crate::args::authority::KeyCommand;
use crate::failure::Failure;
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{output, words};

/// A key as `--json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    kid: &'a str,
    state: &'static str,
    created_at: DateTime<Utc>,
    active_at: DateTime<Utc>,
    withdrawn_at: Option<DateTime<Utc>>,
}

impl<'a> From<&'a KeyFacts> for Line<'a> {
    fn from(key: &'a KeyFacts) -> Self {
        Self {
            kid: &key.id,
            state: state(key.phase).0,
            created_at: key.created_at,
            active_at: key.active_at,
            withdrawn_at: key.withdrawn_at,
        }
    }
}

fn state(phase: Phase) -> (&'static str, Tone) {
    match phase {
        Phase::Published => ("published", Tone::Dim),
        Phase::Active => ("active", Tone::Plain),
        Phase::Retiring => ("retiring", Tone::Dim),
        Phase::Withdrawn => ("withdrawn", Tone::Bad),
        Phase::Gone => ("gone", Tone::Dim),
    }
}

pub(super) async fn run(service: &Service, command: &KeyCommand) -> Result<(), Failure> {
    let (keys, as_json) = match command {
        KeyCommand::List(args) => (service.list_keys().await, args.json),
        KeyCommand::Rotate(args) => (service.rotate_key(args.now).await, args.json),
        KeyCommand::Withdraw(args) => {
            let keys = service.withdraw_key(&args.id).await.map_err(|error| failed(&error))?;
            (Ok(keys.ok_or_else(|| unknown("key", &args.id, "key list"))?), args.json)
        }
    };
    let keys = keys.map_err(|error| failed(&error))?;
    if as_json {
        return output::json(&keys.iter().map(Line::from).collect::<Vec<_>>());
    }
    let now = SystemClock.now();
    let mut table = Table::new(&["KEY", "STATE", "SIGNS"]);
    for key in &keys {
        let (state, tone) = state(key.phase);
        let signs = match key.phase {
            Phase::Published => format!("from {}", words::instant(key.active_at)),
            Phase::Active => format!("since {}", words::ago(now, Some(key.active_at))),
            Phase::Retiring | Phase::Withdrawn | Phase::Gone => "no more".to_owned(),
        };
        table.row(vec![key.id.as_str().into(), Cell::toned(state, tone), signs.into()]);
    }
    output::write_parts(&[&table.render()])
}
