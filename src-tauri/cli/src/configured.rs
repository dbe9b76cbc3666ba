//! The settings of an authority as they are in force: flags, then the environment, then the file, then the defaults.

use std::ffi::OsString;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daypass_api::{Home, reason};
use daypass_authority::{Config, Form, Level, Rate};
use serde::Serialize;
use toml::de::{DeTable, DeValue};

use crate::args::setting::{
    Flags, Keep, PREFIX, SETTINGS, Setting, parse_hosts, parse_networks, parse_rate, parse_span, parse_store,
};
use crate::failure::Failure;
use crate::output;
use crate::table::{Cell, Table, Tone};

/// The file of the whole machine.
const OF_THE_MACHINE: &str = "/etc/daypass/authority.toml";

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Flag,
    Environment(String),
    File(PathBuf, usize),
    Default,
}

/// Every setting with its value and where that was said, in the order of [`SETTINGS`].
#[derive(Debug)]
pub(crate) struct Configured(Vec<(&'static Setting, Option<String>, Origin)>);

/// A setting as `--show-config --json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    setting: String,
    value: Option<&'a str>,
    from: String,
}

impl Configured {
    /// What is in force: by `flags`, by the environment, by the file `named` or else the first of the usual ones, and by
    /// default.
    ///
    /// # Errors
    /// A setting that is not known, or a value that is wrong: with its file and line, or its variable.
    pub(crate) fn read(flags: &Flags, named: Option<&Path>, home: Option<&Home>) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var_os(name);
        let named = named.map(Path::to_owned).or_else(|| variable(&format!("{PREFIX}CONFIG")).map(PathBuf::from));
        let usual = home.map(Home::authority_config).into_iter().chain([PathBuf::from(OF_THE_MACHINE)]);
        let path = named.or_else(|| usual.into_iter().find(|path| path.exists()));
        let file = match path {
            Some(path) => {
                let text = text(&path)?;
                Some((path, text))
            }
            None => None,
        };
        Self::of(flags, variable, file.as_ref().map(|(path, text)| (path.as_path(), text.as_str())))
    }

    /// The same, of what was read.
    fn of(
        flags: &Flags,
        variable: impl Fn(&str) -> Option<OsString>,
        file: Option<(&Path, &str)>,
    ) -> Result<Self, Failure> {
        let said = file.map_or_else(|| Ok(Vec::new()), |(path, text)| in_file(path, text))?;
        let mut all = Vec::new();
        for setting in &SETTINGS {
            // Names that are not known are left alone here, unlike in the file: where the program runs as a service of the
            // name daypass-authority, some put variables of their own beside ours.
            let name = setting.variable();
            let in_environment = match variable(&name).filter(|value| !value.is_empty()) {
                Some(value) => {
                    let text = value.into_string().map_err(|_| "write it in UTF-8".to_owned());
                    let checked = text.and_then(|text| setting.check(&text).map(|()| text));
                    let wrong = |why| Failure::usage(format!("{name} in the environment is wrong: {why}."));
                    Some(checked.map_err(wrong)?)
                }
                None => None,
            };
            let in_file = said.iter().find(|(of, ..)| std::ptr::eq(*of, setting));
            let (value, origin) = if let Some(typed) = flags.value(setting.flag) {
                let wrong = |why| Failure::usage(format!("--{} is wrong: {why}.", setting.flag));
                setting.check(typed).map_err(wrong)?;
                (Some(typed.to_owned()), Origin::Flag)
            } else if let Some(value) = in_environment {
                (Some(value), Origin::Environment(name))
            } else if let Some(((_, value, line), (path, _))) = in_file.zip(file) {
                (Some(value.clone()), Origin::File(path.to_owned(), *line))
            } else {
                (setting.default.map(str::to_owned), Origin::Default)
            };
            all.push((setting, value, origin));
        }
        Ok(Self(all))
    }

    /// The value of the setting with this flag.
    fn value(&self, flag: &str) -> Option<&str> {
        self.0.iter().find(|(setting, ..)| setting.flag == flag)?.1.as_deref()
    }

    /// What stands there as a number; it was looked at when it was read.
    fn count<T: TryFrom<u64>>(&self, flag: &str, usual: T) -> T {
        self.value(flag).and_then(|text| text.parse::<u64>().ok()?.try_into().ok()).unwrap_or(usual)
    }

    fn span(&self, flag: &str) -> Option<Duration> {
        self.value(flag).and_then(|text| parse_span(text).ok())
    }

    fn rate(&self, flag: &str) -> Option<Rate> {
        let (burst, per_second) = parse_rate(self.value(flag)?).ok()?;
        Some(Rate { burst, per_second })
    }

    /// The settings of the service. Every field is named here: a new one is not forgotten.
    pub(crate) fn config(&self) -> Config {
        let usual = Config::default();
        Config {
            session_ttl: self.span("session-ttl"),
            failures: self.rate("failures").unwrap_or(usual.failures),
            pocketpaw_rate: self.rate("pocketpaw-rate"),
            most_sessions: self.count("most-sessions", usual.most_sessions),
            key_life: self.span("key-life").unwrap_or(usual.key_life),
            key_ahead: self.span("key-ahead").unwrap_or(usual.key_ahead),
            public_url: self.value("public-url").map(str::to_owned),
            hosts: self.value("hosts").and_then(|text| parse_hosts(text).ok()).unwrap_or_default(),
            trusted_proxies: self
                .value("trusted-proxies")
                .and_then(|text| parse_networks(text).ok())
                .unwrap_or_default(),
            handshake_timeout: self.span("handshake-timeout").unwrap_or(usual.handshake_timeout),
            max_body: self.count("max-body", usual.max_body),
            head_timeout: self.span("head-timeout").unwrap_or(usual.head_timeout),
            body_timeout: self.span("body-timeout").unwrap_or(usual.body_timeout),
            max_connections: self.count("max-connections", usual.max_connections),
            max_connections_each: self.count("max-connections-each", usual.max_connections_each),
            drain_delay: self.span("drain-delay").unwrap_or(usual.drain_delay),
            grace: self.span("grace").unwrap_or(usual.grace),
        }
    }

    /// Where to listen.
    pub(crate) fn listen(&self) -> SocketAddr {
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 7277));
        self.value("listen").and_then(|text| text.parse().ok()).unwrap_or(usual)
    }

    /// Where to answer for figures and probes apart, where that is said.
    pub(crate) fn metrics_listen(&self) -> Option<SocketAddr> {
        self.value("metrics-listen")?.parse().ok()
    }

    /// The files of certificate and key, where they are said.
    ///
    /// # Errors
    /// Where one is said without the other.
    pub(crate) fn tls(&self) -> Result<Option<(&Path, &Path)>, Failure> {
        match (self.value("tls-cert"), self.value("tls-key")) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some((Path::new(certificate), Path::new(key)))),
            _ => Err(Failure::usage("A certificate and its key are set together: tls-cert and tls-key.".to_owned())),
        }
    }

    /// Where the store is kept, if that is said.
    pub(crate) fn store(&self) -> Option<Keep> {
        self.value("store").and_then(|text| parse_store(text).ok())
    }

    /// How the log is written, where that is said.
    pub(crate) fn log_form(&self) -> Option<Form> {
        match self.value("log-format")? {
            "json" => Some(Form::Json),
            _ => Some(Form::Text),
        }
    }

    /// What the log takes; nothing where it is off.
    pub(crate) fn log_level(&self) -> Option<Level> {
        match self.value("log-level")? {
            "error" => Some(Level::Error),
            "warn" => Some(Level::Warn),
            "info" => Some(Level::Info),
            "request" => Some(Level::Request),
            _ => None,
        }
    }

    /// Prints every setting with its value and where that was said. No setting is a secret: those stand in files of their
    /// own, which are named here and not shown.
    pub(crate) fn show(&self, as_json: bool) -> Result<(), Failure> {
        let from = |origin: &Origin| match origin {
            Origin::Flag => "flag".to_owned(),
            Origin::Environment(name) => name.clone(),
            Origin::File(path, line) => format!("{}:{line}", path.display()),
            Origin::Default => "default".to_owned(),
        };
        if as_json {
            let lines = self.0.iter().map(|(setting, value, origin)| Line {
                setting: setting.key(),
                value: value.as_deref(),
                from: from(origin),
            });
            return output::json(&lines.collect::<Vec<_>>());
        }
        let mut table = Table::new(&["SETTING", "VALUE", "FROM"]);
        for (setting, value, origin) in &self.0 {
            let tone = if *origin == Origin::Default { Tone::Dim } else { Tone::Plain };
            let value = value.as_deref().map_or(Cell::toned("–", Tone::Dim), Cell::from);
            table.row(vec![setting.key().into(), value, Cell::toned(from(origin), tone)]);
        }
        output::write_parts(&[&table.render()])
    }
}

/// The text of the file at `path`.
fn text(path: &Path) -> Result<String, Failure> {
    let cannot = |why: String| Failure::usage(format!("The configuration {} cannot be read: {why}.", path.display()));
    let file = std::fs::File::open(path).map_err(|error| cannot(reason(&error)))?;
    let mut text = String::new();
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(|error| cannot(reason(&error)))?;
    if text.len() as u64 > LONGEST { Err(cannot("it is longer than 64 KiB".to_owned())) } else { Ok(text) }
}

/// What the file says, with the lines.
///
/// # Errors
/// The first line that is wrong, and why.
fn in_file(path: &Path, text: &str) -> Result<Vec<(&'static Setting, String, usize)>, Failure> {
    let line = |span: Range<usize>| text.get(..span.start).unwrap_or(text).matches('\n').count() + 1;
    let wrong = |line: usize, why: String| Failure::usage(format!("{}, line {line}: {why}.", path.display()));
    let table = DeTable::parse(text).map_err(|error| {
        let why = error.message().trim_end_matches('.').to_owned();
        wrong(error.span().map_or(1, line), format!("this is not TOML: {why}"))
    })?;
    let mut said = Vec::new();
    for (key, value) in table.get_ref() {
        let name: &str = key.get_ref();
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key() == name) else {
            let known: Vec<String> = SETTINGS.iter().map(Setting::key).collect();
            return Err(wrong(
                line(key.span()),
                format!("there is no setting {name:?}; there are {}", known.join(", ")),
            ));
        };
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            _ => return Err(wrong(line(value.span()), format!("{name} is a text or a whole number"))),
        };
        setting.check(&text).map_err(|why| wrong(line(value.span()), format!("{name} is wrong: {why}")))?;
        said.push((setting, text, line(key.span())));
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value for each setting that is not its default.
    fn other(setting: &Setting) -> &'static str {
        let values = ["127.0.0.1:1", "sqlite:x", "2000", "7/3", "json", "warn", "https://a.example", "10.0.0.0/8"];
        let fits = |value: &&&str| setting.check(value).is_ok() && setting.default != Some(**value);
        values.iter().find(fits).unwrap()
    }

    fn nothing(_: &str) -> Option<OsString> {
        None
    }

    fn path() -> &'static Path {
        Path::new("/x/authority.toml")
    }

    fn read(text: &str) -> Result<Configured, String> {
        Configured::of(&Flags::default(), nothing, Some((path(), text))).map_err(|failure| failure.message)
    }

    /// All that a server takes of its settings.
    fn taken(configured: &Configured) -> String {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            configured.config(),
            configured.listen(),
            configured.metrics_listen(),
            configured.tls().map_err(|failure| failure.message),
            configured.store(),
            configured.log_form(),
            configured.log_level()
        )
    }

    #[test]
    fn the_defaults_are_those_of_the_service() {
        let configured = Configured::of(&Flags::default(), nothing, None).unwrap();
        assert_eq!(configured.config(), Config::default());
    }

    #[test]
    fn flags_environment_and_file_say_the_same_things_in_this_order() {
        for setting in &SETTINGS {
            let value = other(setting).to_owned();
            let usual = Configured::of(&Flags::default(), nothing, None).unwrap();
            let text = format!("{} = {value:?}\n", setting.key());
            let by_file = read(&text).unwrap();
            assert_ne!(taken(&by_file), taken(&usual), "{setting:?} changes something");
            let variable = |name: &str| (name == setting.variable()).then(|| value.clone().into());
            let by_environment = Configured::of(&Flags::default(), variable, None).unwrap();
            let flags = Flags::default().with(setting.flag, Some(&value));
            let by_flag = Configured::of(&flags, nothing, None).unwrap();
            assert_eq!((taken(&by_file), taken(&by_environment)), (taken(&by_flag), taken(&by_flag)));

            let origin = |configured: Configured| {
                configured.0.into_iter().find(|(of, ..)| std::ptr::eq(*of, setting)).unwrap().2
            };
            let file = Some((path(), text.as_str()));
            assert_eq!(origin(usual), Origin::Default);
            assert_eq!(origin(by_file), Origin::File(path().to_owned(), 1));
            let both = Configured::of(&Flags::default(), variable, file).unwrap();
            assert_eq!(origin(both), Origin::Environment(setting.variable()));
            assert_eq!(origin(Configured::of(&flags, variable, file).unwrap()), Origin::Flag);
        }
    }

    #[test]
    fn what_is_wrong_in_the_file_is_told_with_its_line() {
        for (text, told) in [
            ("\nlisten = 5\n", "/x/authority.toml, line 2: listen is wrong: write an address"),
            ("# x\n\nlissten = \"127.0.0.1:1\"\n", "/x/authority.toml, line 3: there is no setting \"lissten\""),
            ("grace = \"5s\"\nmost_sessions = 0\n", "/x/authority.toml, line 2: most_sessions is wrong: write a whole"),
            ("grace = \n", "/x/authority.toml, line 1: this is not TOML"),
            ("grace = true\n", "/x/authority.toml, line 1: grace is a text or a whole number"),
            ("[grace]\n", "/x/authority.toml, line 1: grace is a text or a whole number"),
            ("grace = 1\ngrace = 2\n", "/x/authority.toml, line 2: this is not TOML"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.starts_with(told), "{message}");
        }
    }

    #[test]
    fn what_is_wrong_in_the_environment_is_told_with_its_name() {
        let variable = |name: &str| (name == "DAYPASS_AUTHORITY_GRACE").then(|| "long".into());
        let failure = Configured::of(&Flags::default(), variable, None).unwrap_err();
        assert!(failure.message.starts_with("DAYPASS_AUTHORITY_GRACE in the environment is wrong: write a span"));
    }
}
