//! The command line of the window's program: what to show first.

use daypass_api::view::{Page, Place};

/// What `--help` prints.
pub const USAGE: &str = "\
The window of Daypass. The tray app starts it; it can also be started by hand.

Usage: daypass-window [--page PAGE] [--account NAME] [--session ID]
       daypass-window --palette [--warm]

PAGE is sessions, new_session, connect, sign_in, history, timeline or settings.

With --palette it is the palette for quick copies; --warm has it wait, hidden, until it is asked for.

Example: daypass-window --page history --account work
";

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Args {
    /// Open the window on this.
    Open(Place),
    /// Open the palette.
    Palette {
        /// Whether it waits, hidden, until it is asked for.
        warm: bool,
    },
    /// Print [`USAGE`].
    Help,
}

/// Why a command line is refused: one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// `--page` with another word, or with none.
    #[error("--page takes sessions, new_session, connect, sign_in, history, timeline or settings")]
    Page,
    /// `--palette` with anything but `--warm`, or `--warm` without it.
    #[error("--palette goes with nothing but --warm, and --warm only with --palette")]
    Palette,
    /// An option without its value.
    #[error("{0} takes a value")]
    Value(&'static str),
    /// An argument that there is not.
    #[error("there is no argument {0:?}; try --help")]
    Unknown(String),
}

/// The options that take a value.
const OPTIONS: [&str; 3] = ["--page", "--account", "--session"];

/// Reads the arguments, without the program's name. Of an option that is given several times the last one counts.
///
/// # Errors
/// [`UsageError`].
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, UsageError> {
    let mut place = None;
    let (mut palette, mut warm) = (false, false);
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => return Ok(Args::Help),
            "--palette" => {
                palette = true;
                continue;
            }
            "--warm" => {
                warm = true;
                continue;
            }
            _ => {}
        }
        let (name, joined) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg.as_str(), None),
        };
        let Some(option) = OPTIONS.into_iter().find(|option| *option == name) else {
            return Err(UsageError::Unknown(arg));
        };
        let value = joined.or_else(|| args.next());
        let place = place.get_or_insert_with(Place::default);
        match (option, value) {
            ("--page", value) => place.page = page_of(value.as_deref())?,
            (_, None) => return Err(UsageError::Value(option)),
            ("--account", value) => place.account = value,
            (_, value) => place.session = value,
        }
    }
    match (palette, warm, place) {
        (false, false, place) => Ok(Args::Open(place.unwrap_or_default())),
        (true, warm, None) => Ok(Args::Palette { warm }),
        _ => Err(UsageError::Palette),
    }
}

fn page_of(word: Option<&str>) -> Result<Page, UsageError> {
    match word {
        Some("sessions") => Ok(Page::Sessions),
        Some("new_session") => Ok(Page::NewSession),
        Some("connect") => Ok(Page::Connect),
        Some("sign_in") => Ok(Page::SignIn),
        Some("history") => Ok(Page::History),
        Some("timeline") => Ok(Page::Timeline),
        Some("settings") => Ok(Page::Settings),
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
        for page in [
            Page::Sessions,
            Page::NewSession,
            Page::Connect,
            Page::SignIn,
            Page::History,
            Page::Timeline,
            Page::Settings,
        ] {
            let word = serde_json::to_value(page).unwrap();
            assert_eq!(parsed(&format!("--page {}", word.as_str().unwrap())), Ok(Args::Open(page.into())));
        }
        assert_eq!(parsed("--page=connect"), Ok(Args::Open(Page::Connect.into())));
        assert_eq!(parsed(""), Ok(Args::Open(Page::Sessions.into())));
    }

    #[test]
    fn anything_else_is_refused_with_a_sentence() {
        assert_eq!(parsed("--page"), Err(UsageError::Page));
        assert_eq!(parsed("--page vault"), Err(UsageError::Page));
        assert_eq!(parsed("--account"), Err(UsageError::Value("--account")));
        assert_eq!(parsed("connect"), Err(UsageError::Unknown("connect".to_owned())));
        assert_eq!(parsed("--page connect --help"), Ok(Args::Help));
    }

    #[test]
    fn the_palette_is_shown_or_waits_and_takes_nothing_else() {
        assert_eq!(parsed("--palette"), Ok(Args::Palette { warm: false }));
        assert_eq!(parsed("--warm --palette"), Ok(Args::Palette { warm: true }));
        assert_eq!(parsed("--warm"), Err(UsageError::Palette));
        assert_eq!(parsed("--palette --page history"), Err(UsageError::Palette));
        assert_eq!(parsed("--palette --help"), Ok(Args::Help));
    }

    #[test]
    fn an_account_and_a_session_may_be_meant() {
        let account = Some("my=work".to_owned());
        let place = Place { page: Page::History, account: account.clone(), session: None };
        assert_eq!(parsed("--page history --account my=work"), Ok(Args::Open(place.clone())));
        assert_eq!(parsed("--account=my=work --page=history"), Ok(Args::Open(place)));
        let place = Place { page: Page::Sessions, account, session: Some("s 1".to_owned()) };
        let args = ["--account", "my=work", "--session", "s 1"].map(str::to_owned);
        assert_eq!(parse(args), Ok(Args::Open(place)));
    }
}
