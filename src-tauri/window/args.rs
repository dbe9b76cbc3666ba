//! The command line of the window's program: which page to show first.

use daypass_api::view::Page;

/// What `--help` prints.
pub const USAGE: &str = "\
The window of Daypass. The tray app starts it; it can also be started by hand.

Usage: daypass-window [--page sessions|new_session|connect|history]

Example: daypass-window --page connect
";

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Args {
    /// Open the window on this page.
    Open(Page),
    /// Print [`USAGE`].
    Help,
}

/// Why a command line is refused: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// `--page` with another word, or with none.
    #[error("--page takes sessions, new_session, connect or history")]
    Page,
    /// An argument that there is not.
    #[error("there is no argument {0:?}; try --help")]
    Unknown(String),
}

/// Reads the arguments, without the program's name. Of several `--page` the last one counts.
///
/// # Errors
/// [`UsageError`].
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, UsageError> {
    let mut page = Page::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => return Ok(Args::Help),
            "--page" => page = page_of(args.next().as_deref())?,
            _ => match arg.strip_prefix("--page=") {
                Some(word) => page = page_of(Some(word))?,
                None => return Err(UsageError::Unknown(arg)),
            },
        }
    }
    Ok(Args::Open(page))
}

fn page_of(word: Option<&str>) -> Result<Page, UsageError> {
    match word {
        Some("sessions") => Ok(Page::Sessions),
        Some("new_session") => Ok(Page::NewSession),
        Some("connect") => Ok(Page::Connect),
        Some("history") => Ok(Page::History),
        _ => Err(UsageError::Page),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Args, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn pages_are_named_as_on_the_wire() {
        for page in [Page::Sessions, Page::NewSession, Page::Connect, Page::History] {
            let word = serde_json::to_value(page).unwrap();
            assert_eq!(parsed(&format!("--page {}", word.as_str().unwrap())), Ok(Args::Open(page)));
        }
        assert_eq!(parsed("--page=connect"), Ok(Args::Open(Page::Connect)));
        assert_eq!(parsed(""), Ok(Args::Open(Page::Sessions)));
    }

    #[test]
    fn anything_else_is_refused_with_a_sentence() {
        assert_eq!(parsed("--page"), Err(UsageError::Page));
        assert_eq!(parsed("--page vault"), Err(UsageError::Page));
        assert_eq!(parsed("connect"), Err(UsageError::Unknown("connect".to_owned())));
        assert_eq!(parsed("--page connect --help"), Ok(Args::Help));
    }
}
