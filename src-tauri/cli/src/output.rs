//! Writing results to stdout and everything else to stderr.

use std::io::{ErrorKind, IsTerminal, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Writes `parts` to stdout, one after the other, and flushes. The parts are not joined first: one may be a secret.
///
/// A reader that has gone away (`daypass sessions | head -1`) is no failure.
///
/// # Errors
/// Where stdout cannot be written, such as on a full disk.
pub(crate) fn write_parts(parts: &[&str]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let result = parts.iter().try_for_each(|part| stdout.write_all(part.as_bytes())).and_then(|()| stdout.flush());
    written(result)
}

/// Writes one line to stdout.
///
/// # Errors
/// As [`write_parts`].
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    write_parts(&[text, "\n"])
}

/// Writes `value` as one line of JSON to stdout.
///
/// # Errors
/// As [`write_parts`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let result = serde_json::to_writer(&mut stdout, value).map_err(std::io::Error::from);
    written(result.and_then(|()| stdout.write_all(b"\n")).and_then(|()| stdout.flush()))
}

/// Tells a person something beside the result. Where stderr is gone, nobody wants to know.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether stdout may be coloured: a terminal that is not dumb, and no `NO_COLOR` (<https://no-color.org>).
pub(crate) fn colours() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether a terminal would act on `c` in place of showing it: control characters, and those of Unicode that turn the
/// direction of what stands around them (UAX #9, section 2). What a provider sends must not steer the terminal.
pub(crate) fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

/// `value` as JSON for people, on several lines. What would steer the terminal is escaped, so that it is still to be seen.
pub(crate) fn legible_json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    // Such characters stand in strings alone; the ones at the ends of lines are the layout's.
    let escaped = |c: char| if c != '\n' && steers(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    text.chars().map(escaped).collect()
}

fn written(result: std::io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            Err(Failure::other(format!("The result cannot be written to stdout: {}.", daypass_api::reason(&error))))
        }
        Ok(()) => Ok(()),
    }
}
