//! `daypass status`, `daypass copy` and `daypass palette`: what can be said of, and asked from, an agent that may not be there.

use daypass_api::client::{CallError, Client};
use daypass_api::request::CopyRequest;
use daypass_api::view::{CopyView, StatusView};
use daypass_core::Clock;
use serde::Serialize;

use crate::args::{CopyArgs, StatusArgs};
use crate::failure::Failure;
use crate::system::SystemClock;
use crate::{door, output, words};

/// What `status --json` prints: whether an agent runs, and if so how it is.
#[derive(Serialize)]
struct Line {
    running: bool,
    #[serde(flatten)]
    status: Option<StatusView>,
}

/// `daypass status`. It starts no agent: that would change what it tells.
pub(crate) fn status(args: &StatusArgs) -> Result<(), Failure> {
    let home = door::home()?;
    let client = Client::new(&home)?;
    let status = match client.get::<StatusView>("/v1/status?tried=true") {
        Ok(status) => Some(status),
        Err(CallError::NotRunning | CallError::Ended) => None,
        Err(error) => return Err(error.into()),
    };
    if args.json {
        return output::json(&Line { running: status.is_some(), status });
    }
    let Some(status) = status else {
        return output::line("No agent is running; the next command that needs one starts it.");
    };
    let vault = match (door::vault_problem(&status.vault), door::unused_key(&home)) {
        (None, _) => "open".to_owned(),
        (Some(problem), None) => problem.message,
        (Some(problem), Some(advice)) => format!("{} {advice}", problem.message),
    };
    let needs_you = match status.needs_you {
        0 => String::new(),
        1 => ", 1 of them needs you".to_owned(),
        several => format!(", {several} of them need you"),
    };
    let place = if status.tray { "in the tray app" } else { "headless" };
    let since = words::ago(SystemClock.now(), Some(status.started_at));
    output::write_parts(&[&format!(
        "agent     {place}, version {}, process {}, started {since}\nvault     {vault}\naccounts  {}{needs_you}\n",
        status.version, status.pid, status.accounts
    )])?;
    if status.version != env!("CARGO_PKG_VERSION") {
        output::tell(&of_another_version(&status));
    }
    Ok(())
}

/// What to do after an upgrade: the agent that runs is still the program that was there before.
fn of_another_version(agent: &StatusView) -> String {
    let ours = env!("CARGO_PKG_VERSION");
    let how = if agent.tray {
        "quit the tray app and start it again"
    } else {
        "stop it with `daypass agent --stop`, and the next command starts one"
    };
    format!("daypass: this is version {ours}, and the agent is of version {}; {how}.", agent.version)
}

/// `daypass copy`. The clipboard belongs to the tray app; a headless agent is not started for it.
pub(crate) fn copy(args: &CopyArgs) -> Result<(), Failure> {
    let client = tray("Copying")?;
    let request = CopyRequest { account: args.account.clone(), session: args.session.clone() };
    let copied: CopyView = client.post("/v1/copy", &request)?;
    let now = SystemClock.now();
    // A wait is rounded up, as a life is rounded down: neither promises too much.
    let wait = daypass_core::clock::until(now, copied.cleared_at).as_secs_f64().ceil();
    let cleared = words::span(std::time::Duration::from_secs_f64(wait));
    let life = words::left(now, copied.expires_at);
    output::line(&format!("Copied the token of {} ({life}); the clipboard is cleared in {cleared}.", copied.account))
}

/// `daypass palette`. Its process belongs to the tray app.
pub(crate) fn palette() -> Result<(), Failure> {
    Ok(tray("The palette")?.post("/v1/palette", &serde_json::json!({}))?)
}

/// The way to the tray app, which `what` needs.
fn tray(what: &str) -> Result<Client, Failure> {
    let client = Client::new(&door::home()?)?;
    match client.get::<StatusView>("/v1/status") {
        Ok(status) if status.tray => Ok(client),
        Ok(_) | Err(CallError::NotRunning | CallError::Ended) => {
            let message = format!("{what} needs the tray app, which is not running; start it with `daypass tray`.");
            Err(Failure::other(message))
        }
        Err(error) => Err(error.into()),
    }
}
