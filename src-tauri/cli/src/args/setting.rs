//! The settings of an authority, in one table: the flags of `daypass serve`, the names in its environment and the keys of
//! its file are all made of it, so that they cannot drift apart.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use daypass_authority::Network;

use crate::words::parse_life;

/// What the name of every variable of the environment begins with.
pub(crate) const PREFIX: &str = "DAYPASS_AUTHORITY_";

const DAY: u64 = 86_400;

/// A hundred years, less the second for which a life may be rounded up.
const LONGEST: u64 = 3_155_759_999;

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The name of its flag, without the two hyphens.
    pub(crate) flag: &'static str,
    /// What stands for its value in the help.
    value: &'static str,
    /// What it is when nobody says otherwise; none where `help` tells.
    pub(crate) default: Option<&'static str>,
    /// What it is for.
    help: &'static str,
    kind: Kind,
}

/// What a value must be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// `127.0.0.1:7277`.
    Address,
    /// `sqlite:FILE`.
    Store,
    /// A number of seconds, or `30m`, within these seconds.
    Span { least: u64, most: u64 },
    /// A whole number within these.
    Count { least: u64, most: u64 },
    /// `BURST/PER_SECOND`.
    Rate,
    /// The path of a file.
    File,
    /// `https://sessions.example`, without a path.
    Url,
    /// Host names, with commas between.
    Hosts,
    /// `10.0.0.0/8`, with commas between.
    Networks,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// Shortens the table below.
const fn setting(
    flag: &'static str,
    value: &'static str,
    default: Option<&'static str>,
    kind: Kind,
    help: &'static str,
) -> Setting {
    Setting { flag, value, default, help, kind }
}

/// A count that has no bound but its type.
const fn count(least: u64, most: u64) -> Kind {
    Kind::Count { least, most }
}

/// A span of at least and at most these seconds.
const fn span(least: u64, most: u64) -> Kind {
    Kind::Span { least, most }
}

/// Every setting, in the order of the help.
pub(crate) static SETTINGS: [Setting; 24] = [
    setting(
        "listen",
        "ADDRESS:PORT",
        Some("127.0.0.1:7277"),
        Kind::Address,
        "Where to listen; port 0 picks a free one. Others than loopback addresses take --tls-cert or --trusted-proxies",
    ),
    setting(
        "tls-cert",
        "FILE",
        None,
        Kind::File,
        "Speak TLS with this certificate and those that lead to its root (PEM); looked at again every half minute and on \
         SIGHUP",
    ),
    setting("tls-key", "FILE", None, Kind::File, "The private key of the certificate (PEM)"),
    setting(
        "public-url",
        "URL",
        None,
        Kind::Url,
        "What clients call the authority, such as https://sessions.example; what each request calls it if left out",
    ),
    setting(
        "hosts",
        "NAME,…",
        None,
        Kind::Hosts,
        "Other host names that requests may name, besides those of this machine and of --public-url",
    ),
    setting(
        "trusted-proxies",
        "NETWORK,…",
        None,
        Kind::Networks,
        "The proxies in front, such as 10.0.0.0/8, that speak TLS for it and whose X-Forwarded-For says who the client is",
    ),
    setting(
        "metrics-listen",
        "ADDRESS:PORT",
        None,
        Kind::Address,
        "Where to answer for the figures (/metrics) and the probes (/healthz, /readyz) in plain HTTP; if left out, the \
         figures are at --listen, for this machine alone",
    ),
    setting(
        "store",
        "STORE",
        None,
        Kind::Store,
        "Where to keep the sessions: sqlite:FILE or postgres://USER@HOST/DATABASE (its password in PGPASSWORD or a \
         password file, PGPASSFILE); in the data folder if left out, in memory with --demo",
    ),
    setting(
        "session-ttl",
        "SPAN",
        None,
        span(1, LONGEST),
        "Give sessions this default life, such as 60 (seconds) or 30m, in place of each dialect's own",
    ),
    setting("most-sessions", "N", Some("100"), count(1, 1_000_000), "How many OAuth sessions a user may have at once"),
    setting("key-life", "SPAN", Some("90d"), span(600, 3650 * DAY), "How long a key signs access tokens"),
    setting(
        "key-ahead",
        "SPAN",
        Some("1d"),
        span(600, 365 * DAY),
        "How long the next key is published before it signs; keys may be kept for five minutes",
    ),
    setting(
        "failures",
        "BURST/PER_SECOND",
        Some("100/5"),
        Kind::Rate,
        "How many refused credentials are borne from one client, or at one OAuth client or session, at once and in the long run",
    ),
    setting(
        "pocketpaw-rate",
        "BURST/PER_SECOND",
        None,
        Kind::Rate,
        "How often a client may use PocketPaw's auth routes; its real servers have 5/1. No limit if left out",
    ),
    setting("max-body", "BYTES", Some("65536"), count(1024, 16 << 20), "The longest body of a request"),
    setting("max-connections", "N", Some("1024"), count(1, 1_000_000), "How many connections are open at once"),
    setting(
        "max-connections-each",
        "N",
        Some("512"),
        count(1, 1_000_000),
        "How many of them one client has: an IPv4 address, or the /64 of an IPv6 one",
    ),
    setting(
        "drain-delay",
        "SPAN",
        Some("0"),
        span(0, 3600),
        "How long to go on as before after the end was asked for, while /readyz says so, for balancers to look elsewhere",
    ),
    setting("handshake-timeout", "SPAN", Some("10s"), span(1, 3600), "How long a TLS handshake may take"),
    setting(
        "head-timeout",
        "SPAN",
        Some("30s"),
        span(1, 3600),
        "How long the head of a request may take to arrive, and an idle connection is kept",
    ),
    setting("body-timeout", "SPAN", Some("10s"), span(1, 3600), "How long the body of a request may take to arrive"),
    setting("grace", "SPAN", Some("5s"), span(0, 3600), "How long requests that are under way may take at the end"),
    setting(
        "log-format",
        "FORM",
        None,
        Kind::Word(&["json", "text"]),
        "How lines of the log are written on stderr; text on a terminal if left out, else json",
    ),
    setting(
        "log-level",
        "LEVEL",
        Some("request"),
        Kind::Word(&["off", "error", "warn", "info", "request"]),
        "What the log takes: the level and all that matters more",
    ),
];

impl Setting {
    /// Its key in the file: `session_ttl`.
    pub(crate) fn key(&self) -> String {
        self.flag.replace('-', "_")
    }

    /// Its name in the environment: `DAYPASS_AUTHORITY_SESSION_TTL`.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key().to_ascii_uppercase())
    }

    /// Whether `text` can be its value.
    ///
    /// # Errors
    /// What it would have to be.
    pub(crate) fn check(&self, text: &str) -> Result<(), String> {
        match self.kind {
            Kind::Address => match text.parse::<SocketAddr>() {
                Ok(_) => Ok(()),
                Err(_) => Err("write an address and a port, such as 127.0.0.1:7277".to_owned()),
            },
            Kind::Store => parse_store(text).map(drop),
            Kind::Span { least, most } => {
                let seconds = parse_span(text)?.as_secs();
                if (least..=most).contains(&seconds) {
                    return Ok(());
                }
                Err(format!("it must be from {least} to {most} seconds"))
            }
            Kind::Count { least, most } => match text.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(()),
                _ => Err(format!("write a whole number from {least} to {most}")),
            },
            Kind::Rate => parse_rate(text).map(drop),
            Kind::File if text.is_empty() => Err("write the path of a file".to_owned()),
            Kind::File => Ok(()),
            Kind::Url => parse_url(text).map(drop),
            Kind::Hosts => parse_hosts(text).map(drop),
            Kind::Networks => parse_networks(text).map(drop),
            Kind::Word(words) if words.contains(&text) => Ok(()),
            Kind::Word(words) => Err(format!("write one of {}", words.join(", "))),
        }
    }

    fn arg(&'static self) -> Arg {
        let default = self.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
        let arg = Arg::new(self.flag).long(self.flag).value_name(self.value).help(format!("{}{default}", self.help));
        match self.kind {
            Kind::Word(words) => arg.value_parser(PossibleValuesParser::new(words)),
            // Looked at later: the parser would repeat what it refuses, and that may be a password.
            Kind::Store => arg,
            _ => arg.value_parser(|text: &str| self.check(text).map(|()| text.to_owned())),
        }
    }
}

/// What was typed of the settings.
#[derive(Debug, Default)]
pub(crate) struct Flags(Vec<(&'static str, String)>);

impl Flags {
    /// The same, with `value` for the setting `flag`.
    pub(crate) fn with(mut self, flag: &'static str, value: Option<&String>) -> Self {
        self.0.extend(value.map(|value| (flag, value.clone())));
        self
    }

    /// What was typed for this flag.
    pub(crate) fn value(&self, flag: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == flag).map(|(_, value)| value.as_str())
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = |setting: &Setting| Some((setting.flag, matches.get_one::<String>(setting.flag)?));
        Ok(SETTINGS
            .iter()
            .filter_map(typed)
            .fold(Self::default(), |flags, (flag, value)| flags.with(flag, Some(value))))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(Setting::arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Where a store is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keep {
    /// In this file.
    File(PathBuf),
    /// In the PostgreSQL database with this URL, which holds no password.
    Database(String),
}

/// `sqlite:FILE` or `postgres://USER@HOST/DATABASE`.
pub(crate) fn parse_store(text: &str) -> Result<Keep, String> {
    if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let user = place.rsplit_once('@').map_or("", |(user, _)| user);
        // Not even repeated: everybody on the machine can read what is typed, and settings are shown.
        if user.contains(':') || parameters.split('&').any(|pair| pair.starts_with("password=")) {
            return Err(
                "a password does not belong there, where others can read it; put it into ~/.pgpass or PGPASSWORD"
                    .to_owned(),
            );
        }
        return Ok(Keep::Database(text.to_owned()));
    }
    match text.strip_prefix("sqlite:") {
        Some(file) if !file.is_empty() => Ok(Keep::File(file.into())),
        _ => Err("write it as sqlite:FILE or postgres://USER@HOST/DATABASE".to_owned()),
    }
}

/// A span: a number of seconds, or one with a unit.
pub(crate) fn parse_span(text: &str) -> Result<Duration, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().map_err(|_| "this span is too long".to_owned())?;
        return Ok(Duration::from_secs(seconds));
    }
    parse_life(text).map_err(|_| "write a span as 90 (seconds), 90s, 30m, 12h, 7d or 2w".to_owned())
}

/// `BURST/PER_SECOND`: how many at once, and how many a second in the long run.
pub(crate) fn parse_rate(text: &str) -> Result<(u32, f64), String> {
    let read = || {
        let (burst, per_second) = text.split_once('/')?;
        let burst = burst.parse().ok().filter(|burst| *burst > 0)?;
        // Digits and a point alone: `inf` and `1e9` are numbers to the parser too.
        let plain = per_second.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let per_second = per_second.parse().ok().filter(|per_second| plain && *per_second > 0.0)?;
        Some((burst, per_second))
    };
    read().ok_or_else(|| "write a rate as BURST/PER_SECOND, such as 100/5".to_owned())
}

/// What clients call the authority: scheme, host and perhaps a port, as it stands in front of every path.
pub(crate) fn parse_url(text: &str) -> Result<&str, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let (host, port) = rest.map_or(("", None), |rest| match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    });
    let fits = is_name(host) && port.is_none_or(|port| port.parse::<u16>().is_ok());
    if fits { Ok(text) } else { Err("write it as https://sessions.example, without a path".to_owned()) }
}

/// Host names, in lower case.
pub(crate) fn parse_hosts(text: &str) -> Result<Vec<String>, String> {
    let names: Vec<_> = text.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
    if names.iter().all(|name| is_name(name)) {
        return Ok(names);
    }
    Err("write host names with commas between, without ports".to_owned())
}

/// Networks and single addresses.
pub(crate) fn parse_networks(text: &str) -> Result<Vec<Network>, String> {
    text.split(',').map(|network| network.trim().parse().map_err(str::to_owned)).collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_takes_its_own_default_and_has_one_name_by_one_rule() {
        for setting in &SETTINGS {
            assert_eq!(setting.default.map(|default| setting.check(default)).unwrap_or(Ok(())), Ok(()), "{setting:?}");
            assert_eq!(setting.variable(), format!("DAYPASS_AUTHORITY_{}", setting.key().to_uppercase()));
            assert!(setting.flag.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{setting:?}");
            assert_eq!(SETTINGS.iter().filter(|other| other.flag == setting.flag).count(), 1);
        }
    }

    #[test]
    fn values_are_of_their_kind() {
        let takes =
            |flag: &str, text: &str| SETTINGS.iter().find(|setting| setting.flag == flag).unwrap().check(text).is_ok();
        for (flag, good, wrong) in [
            ("listen", &["127.0.0.1:0", "[::1]:7277"][..], &["", "7277", "localhost:1"][..]),
            (
                "store",
                &["sqlite:a.db", "postgres://me@db.example/daypass", "postgresql:///daypass?host=/run/x"],
                &["a.db", "sqlite:", "", "postgres://me:pw@db/x", "postgres://db/x?user=me&password=pw", "mysql://x"],
            ),
            ("session-ttl", &["1", "30m", "7d"], &["0", "-1", "1.5", "9999999999", "6000w", ""]),
            ("grace", &["0", "5s"], &["2h", "5 s"]),
            (
                "public-url",
                &["https://a.example", "http://a:1"],
                &["a.example", "https://", "https://a/", "https://a:x", "ftp://a"],
            ),
            ("hosts", &["a", "a.example, B"], &["", "a,,b", "a:1", "a/b"]),
            ("trusted-proxies", &["10.0.0.1", "10.0.0.0/8, ::1"], &["", "10.0.0.0/33", "proxy"]),
            ("most-sessions", &["1"], &["0", "-1", "+1x", ""]),
            ("failures", &["5/1", "5/0.5"], &["5", "0/1", "5/0", "5/-1", "5/inf", "5/1e9", "/", ""]),
            ("log-level", &["off"], &["loud", ""]),
        ] {
            assert!(good.iter().all(|text| takes(flag, text)), "{flag}");
            let taken: Vec<_> = wrong.iter().filter(|text| takes(flag, text)).collect();
            assert!(taken.is_empty(), "{flag}: {taken:?}");
        }
    }
}
