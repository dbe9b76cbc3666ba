//! `daypass log`: what happened to the accounts and to the vault, newest last, and what goes on to happen.

use daypass_api::client::{CallError, Client, Listener};
use daypass_api::path;
use daypass_api::request::LogQuery;
use daypass_api::view::{LogEntry, LogEvent, LogView, StreamEvent};
use daypass_core::{Clock, Time};

use crate::args::LogArgs;
use crate::failure::Failure;
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{door, output, process, words};

/// How many entries are shown where neither their number nor their beginning is given.
const USUAL: u32 = 100;
/// The most that the agent gives at once.
const PAGE: u32 = 1000;

/// Prints the history, and with `--follow` what comes into it.
pub(crate) fn run(args: &LogArgs) -> Result<(), Failure> {
    let client = door::open(&door::home()?)?;
    let since = args.since.map(|since| since.at(SystemClock.now()));
    // The stream is opened first, so that nothing falls between the two.
    let stream = if args.follow { Some(client.events(Listener::Other)?) } else { None };
    let entries = read(&client, args, since)?;
    let last = entries.last().map_or(0, |entry| entry.id);
    let mut printer = Printer::new(args);
    if entries.is_empty() && !args.follow && !args.json {
        output::tell(if since.is_some() { "Nothing has happened since then." } else { "Nothing has happened yet." });
        return Ok(());
    }
    if !entries.is_empty() {
        printer.print(&entries)?;
    }
    let Some(stream) = stream else { return Ok(()) };
    end_with_the_reader();
    for event in stream {
        match event? {
            StreamEvent::Logged { entry } => {
                let wanted = (args.account.is_none() || args.account == entry.account)
                    && (args.session.is_none() || args.session == entry.session);
                if wanted && entry.id > last && since.is_none_or(|since| entry.at >= since) {
                    printer.print(&[entry])?;
                }
            }
            StreamEvent::Bye => break,
            StreamEvent::Snapshot { .. }
            | StreamEvent::Changed { .. }
            | StreamEvent::Focus { .. }
            | StreamEvent::Palette => {}
        }
    }
    Err(Failure::other("The agent has ended, and with it what there was to follow; run `daypass log --follow` again."))
}

/// The entries that are asked for, oldest first.
fn read(client: &Client, args: &LogArgs, since: Option<Time>) -> Result<Vec<LogEntry>, CallError> {
    let wanted = args.limit.or(since.is_none().then_some(USUAL));
    let mut entries: Vec<LogEntry> = Vec::new();
    loop {
        let left =
            wanted.map_or(PAGE, |wanted| wanted.saturating_sub(u32::try_from(entries.len()).unwrap_or(u32::MAX)));
        let before = entries.last().map(|entry| entry.id);
        let query = LogQuery {
            account: args.account.clone(),
            since,
            session: args.session.clone(),
            before,
            limit: Some(left.min(PAGE)),
        };
        let LogView { entries: page, more } = client.get(&path::log(&query))?;
        let full = left <= PAGE && wanted.is_some();
        let done = page.is_empty() || !more || full;
        entries.extend(page);
        if done {
            entries.reverse();
            return Ok(entries);
        }
    }
}

/// Ends this process when the reader of stdout goes away (`daypass log --follow | head -5`): until something happens there
/// is nothing to write, so that would not be noticed by writing.
fn end_with_the_reader() {
    std::thread::spawn(|| {
        if process::reader_has_gone() {
            std::process::exit(0);
        }
    });
}

/// Prints entries as they come, as rows of one table or as lines of JSON.
struct Printer {
    json: bool,
    several: bool,
    table: Table,
}

impl Printer {
    fn new(args: &LogArgs) -> Self {
        let several = args.account.is_none();
        let head = ["TIME (UTC)", "ACCOUNT", "EVENT", "TOOK", "REASON"];
        let head: Vec<&str> = head.into_iter().filter(|name| several || *name != "ACCOUNT").collect();
        Self { json: args.json, several, table: Table::new(&head) }
    }

    fn print(&mut self, entries: &[LogEntry]) -> Result<(), Failure> {
        if self.json {
            return entries.iter().try_for_each(output::json);
        }
        for entry in entries {
            self.table.row(row(entry, self.several));
        }
        output::write_parts(&[&self.table.render_on()])
    }
}

fn row(entry: &LogEntry, several: bool) -> Vec<Cell> {
    let dash = |text: Option<String>| text.map_or(Cell::toned("–", Tone::Dim), Cell::from);
    let (event, tone) = event(entry.event);
    let mut cells = vec![Cell::toned(entry.at.format("%Y-%m-%d %H:%M:%S").to_string(), Tone::Dim)];
    if several {
        cells.push(dash(entry.account.clone()));
    }
    cells.push(Cell::toned(event, tone));
    cells.push(dash(entry.duration_ms.map(words::took)));
    cells.push(entry.reason.clone().unwrap_or_default().into());
    cells
}

/// The event in words.
fn event(event: LogEvent) -> (&'static str, Tone) {
    match event {
        LogEvent::Connected => ("connected", Tone::Plain),
        LogEvent::Removed => ("removed", Tone::Plain),
        LogEvent::Minted => ("minted", Tone::Plain),
        LogEvent::Refreshed => ("refreshed", Tone::Plain),
        LogEvent::Rotated => ("rotated", Tone::Plain),
        LogEvent::Created => ("created", Tone::Plain),
        LogEvent::Failed => ("failed", Tone::Warn),
        LogEvent::Refused => ("refused", Tone::Bad),
        LogEvent::Copied => ("copied", Tone::Plain),
        LogEvent::Revoked => ("revoked", Tone::Plain),
        LogEvent::RevokedAll => ("revoked all", Tone::Plain),
        LogEvent::Forgotten => ("forgotten", Tone::Plain),
        LogEvent::Restored => ("put back", Tone::Plain),
        LogEvent::OrphanFound => ("orphan found", Tone::Warn),
        LogEvent::VaultOpened => ("vault opened", Tone::Plain),
        LogEvent::VaultShut => ("vault shut", Tone::Warn),
        LogEvent::VaultUpgraded => ("vault upgraded", Tone::Plain),
        LogEvent::Exported => ("exported", Tone::Plain),
        LogEvent::Imported => ("imported", Tone::Plain),
    }
}
