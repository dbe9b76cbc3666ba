//! `daypass serve` as it is typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use daypass_authority::{Form, Level};

/// `daypass serve`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  daypass serve --demo --listen 127.0.0.1:0 --session-ttl 60 --json")]
pub(crate) struct ServeArgs {
    /// Where to listen; a loopback address, port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7277")]
    pub(crate) listen: SocketAddr,
    /// Where to keep the sessions; in the data folder if left out, in memory with --demo
    #[arg(long, value_name = "sqlite:FILE", value_parser = parse_store)]
    pub(crate) store: Option<PathBuf>,
    /// Create one user with fresh random credentials in a new store, and print them
    #[arg(long)]
    pub(crate) demo: bool,
    /// Give sessions this default life, so that refreshing can be watched
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=315_360_000))]
    pub(crate) session_ttl: Option<u64>,
    /// Where to answer for the figures (/metrics) and the probes (/healthz, /readyz) in plain HTTP; if left out, the figures
    /// are at --listen, for this machine alone
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// How long to go on as before after the end was asked for, while /readyz says so, for balancers to look elsewhere
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) drain_delay: u64,
    /// How lines of the log are written on stderr; words on a terminal if left out, else JSON
    #[arg(long, value_name = "FORM")]
    pub(crate) log_format: Option<LogForm>,
    /// What the log takes: the level and all that matters more
    #[arg(long, value_name = "LEVEL", default_value = "request")]
    pub(crate) log_level: LogLevel,
    /// Print one line of JSON when ready
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// One object of JSON
    Json,
    /// Words for a person
    Text,
}

/// What the log takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Nothing
    Off,
    /// What does not work that must
    Error,
    /// Refused credentials and old refresh tokens too
    Warn,
    /// Sessions, credentials and clients that come and go too
    Info,
    /// Every request too
    Request,
}

impl From<LogForm> for Form {
    fn from(form: LogForm) -> Self {
        match form {
            LogForm::Json => Self::Json,
            LogForm::Text => Self::Text,
        }
    }
}

impl LogLevel {
    /// The level, unless nothing is taken.
    pub(crate) fn level(self) -> Option<Level> {
        match self {
            Self::Off => None,
            Self::Error => Some(Level::Error),
            Self::Warn => Some(Level::Warn),
            Self::Info => Some(Level::Info),
            Self::Request => Some(Level::Request),
        }
    }
}

/// `sqlite:FILE`, the one kind of store there is.
pub(super) fn parse_store(text: &str) -> Result<PathBuf, String> {
    match text.strip_prefix("sqlite:") {
        Some(file) if !file.is_empty() => Ok(PathBuf::from(file)),
        _ => Err("write it as sqlite:FILE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_with_its_kind() {
        assert_eq!(parse_store("sqlite:a.db"), Ok(PathBuf::from("a.db")));
        assert!(parse_store("a.db").is_err() && parse_store("sqlite:").is_err());
    }
}
