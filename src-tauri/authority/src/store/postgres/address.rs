//! The URL of a PostgreSQL store: where the server is, and how the way to it is protected.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use daypass_core::Secret;
use percent_encoding::percent_decode_str;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;

/// How long to wait for a connection, unless the URL says another time as `connect_timeout=…`.
const CONNECT: Duration = Duration::from_secs(3);

/// What the server is told of every connection: no statement and no wait for a lock is longer than a request may take,
/// and a process that has vanished in the middle of a transaction does not keep its locks for long.
///
/// A statement of a transaction must see what was committed while the one before it waited for a lock, whatever the database
/// has for its other clients.
const LIMITS: &str = "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000 \
                      -c default_transaction_isolation=read\\ committed";

/// How many connections a process has at most, unless the URL says another number as `connections=…`.
const CONNECTIONS: usize = 16;

/// Where the server listens on a Debian, as libpq has it.
pub(super) const SOCKETS: &str = "/var/run/postgresql";

/// The parameters that mean here what they mean to libpq, and that `tokio_postgres` reads.
const TAKEN: [&str; 12] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "host",
    "hostaddr",
    "port",
    "keepalives",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

/// Names of libpq's parameters, each with what is said where one stands in a URL.
macro_rules! refused {
    ($($name:literal)*) => { [$(($name, concat!($name, " is not known here, and what it asks for would not be done"))),*] };
}

/// What libpq knows and this program does not: each is told by its name, as what it asks for may be protection.
const REFUSED: [(&str, &str); 24] = refused! {
    "passfile" "service" "servicefile" "sslcert" "sslkey" "sslpassword" "sslcertmode" "sslcrl" "sslcrldir" "sslsni"
    "sslcompression" "sslnegotiation" "ssl_min_protocol_version" "ssl_max_protocol_version" "requiressl" "requirepeer"
    "require_auth" "gssencmode" "gssdelegation" "gsslib" "krbsrvname" "client_encoding" "fallback_application_name"
    "replication"
};

/// How to connect to a server.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: tokio_postgres::Config,
    /// None where the way does not leave the machine, or the URL says that it needs no protection.
    pub(super) tls: Option<MakeRustlsConnect>,
    pub(super) connections: usize,
    /// How long to wait for a connection.
    pub(super) patience: Duration,
}

/// Says where, and never the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?}/{:?})", self.config.get_hosts(), self.config.get_dbname())
    }
}

/// What the parameters of a URL say that is read here.
#[derive(Default)]
pub(super) struct Said {
    mode: Option<SslMode>,
    roots: Option<String>,
    connections: Option<usize>,
    connect_timeout: Option<Duration>,
    tcp_user_timeout: Option<Duration>,
    keepalives_idle: Option<Duration>,
    keepalives_interval: Option<Duration>,
    keepalives_count: Option<u32>,
}

impl Said {
    /// Reads the parameters of `query`; answers those that are not read here beside what was read.
    fn parse(query: &str) -> Result<(Self, Vec<String>), Error> {
        let (mut said, mut rest) = (Self::default(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let number = |of, problem| {
                let count = value.parse().ok().filter(|count| std::ops::RangeInclusive::contains(&of, count));
                count.ok_or(Error::Address(problem))
            };
            match name {
                "sslmode" => said.mode = Some(mode(value)?),
                "sslrootcert" => said.roots = Some(percent_decode_str(value).decode_utf8_lossy().into_owned()),
                "connections" => {
                    let count: u64 = number(1..=1000, "connections must be a number from 1 to 1000")?;
                    said.connections = usize::try_from(count).ok();
                }
                "connect_timeout" => {
                    let seconds = number(1..=60, "connect_timeout must be a number of seconds from 1 to 60")?;
                    said.connect_timeout = Some(Duration::from_secs(seconds));
                }
                "tcp_user_timeout" => {
                    let millis = number(1..=600_000, "tcp_user_timeout must be a number of milliseconds, 1 to 600000")?;
                    said.tcp_user_timeout = Some(Duration::from_millis(millis));
                }
                "keepalives_idle" | "keepalives_interval" => {
                    let seconds = number(1..=86_400, "the times of keepalives must be seconds from 1 to 86400")?;
                    let place =
                        if name.ends_with("idle") { &mut said.keepalives_idle } else { &mut said.keepalives_interval };
                    *place = Some(Duration::from_secs(seconds));
                }
                "keepalives_count" => {
                    let count = number(1..=100, "keepalives_count must be a number from 1 to 100")?;
                    said.keepalives_count = u32::try_from(count).ok();
                }
                // The reader of the URL takes the first @ of all for the end of the user.
                _ if TAKEN.contains(&name) => rest.push(pair.replace('@', "%40")),
                _ => {
                    let known = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, problem)| *problem);
                    return Err(Error::Address(known.unwrap_or("it has a parameter that is not known")));
                }
            }
        }
        Ok((said, rest))
    }
}

/// What an `sslmode` of libpq's means. Those that would settle for less than they seem to say are none.
fn mode(value: &str) -> Result<SslMode, Error> {
    match value {
        "disable" => Ok(SslMode::Disable),
        // More than libpq's: whoever answers must also be the one that was called.
        "require" | "verify-full" => Ok(SslMode::Require),
        "verify-ca" => Err(Error::Address("sslmode=verify-ca would not look at the server's name; say verify-full")),
        "prefer" | "allow" => Err(Error::Address(
            "sslmode=prefer and sslmode=allow let whoever is on the way switch TLS off; say verify-full or disable",
        )),
        _ => Err(Error::Address("sslmode must be verify-full, require or disable")),
    }
}

impl Address {
    /// Reads `postgres://user@host:port/database?…` with libpq's parameters; those that are not known are refused. Different
    /// from libpq are `sslmode` ([`mode`]; without it only a way that does not leave the machine is not encrypted, unless
    /// `sslrootcert` is said) and `sslrootcert` (a PEM file that is believed in place of the system's roots, or `system`).
    /// Of its own is `connections`.
    ///
    /// `password` goes before one that the URL holds.
    ///
    /// # Errors
    /// [`Error::Address`], which repeats nothing of the URL: it may hold a password.
    pub(super) fn parse(url: &Secret, password: Option<&Secret>) -> Result<Self, Error> {
        let (said, mut config) = read(url)?;
        if let Some(password) = password {
            config.password(password.expose());
        }
        let patience = said.connect_timeout.unwrap_or(CONNECT);
        let options = config.get_options().map_or_else(|| LIMITS.to_owned(), |own| format!("{LIMITS} {own}"));
        let mode = match said.mode {
            // As libpq does: TLS is nothing for a socket of this machine.
            _ if is_socket(&config) => SslMode::Disable,
            Some(mode) => mode,
            None if said.roots.is_none() && is_here(&config) => SslMode::Disable,
            None => SslMode::Require,
        };
        config
            .ssl_mode(mode)
            .options(options)
            .connect_timeout(patience)
            .tcp_user_timeout(said.tcp_user_timeout.unwrap_or(Duration::from_secs(10)))
            .keepalives_idle(said.keepalives_idle.unwrap_or(Duration::from_secs(30)));
        if let Some(interval) = said.keepalives_interval {
            config.keepalives_interval(interval);
        }
        if let Some(count) = said.keepalives_count {
            config.keepalives_retries(count);
        }
        if config.get_application_name().is_none() {
            config.application_name("daypass");
        }
        let tls =
            if mode == SslMode::Require { Some(tls(said.roots.filter(|roots| roots != "system"))?) } else { None };
        if tls.is_some() && config.get_hosts().is_empty() {
            return Err(Error::Address("a certificate is for a name, so it must name the host besides hostaddr"));
        }
        Ok(Self { config, tls, connections: said.connections.unwrap_or(CONNECTIONS), patience })
    }
}

/// What a URL says, and what `tokio_postgres` reads in it.
pub(super) fn read(url: &Secret) -> Result<(Said, tokio_postgres::Config), Error> {
    let url = url.expose();
    let place = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    let place = place.ok_or(Error::Address("it must begin with postgres://"))?;
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let (host, database) = place.split_once('/').unwrap_or((place, ""));
    let (said, rest) = Said::parse(query)?;
    let named = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if !named.is_empty() && rest.iter().any(|pair| pair.starts_with("host=") || pair.starts_with("port=")) {
        return Err(Error::Address("it names its host twice"));
    }
    let plain = Secret::new(format!("postgres://{host}/{}?{}", database.replace('@', "%40"), rest.join("&")));
    let mut config: tokio_postgres::Config =
        plain.expose().parse().map_err(|_| Error::Address("it cannot be read as postgres://user@host/database"))?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host(SOCKETS);
    }
    Ok((said, config))
}

/// Whether the server is reached by a socket in a folder, and in no other way.
fn is_socket(config: &tokio_postgres::Config) -> bool {
    let hosts = config.get_hosts();
    #[cfg(unix)]
    let all = hosts.iter().all(|host| matches!(host, Host::Unix(_)));
    #[cfg(not(unix))]
    let all = false;
    all && !hosts.is_empty() && config.get_hostaddrs().is_empty()
}

/// Whether the way to the server does not leave the machine.
fn is_here(config: &tokio_postgres::Config) -> bool {
    let by_name = config.get_hosts().iter().all(|host| match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
    });
    let addresses = config.get_hostaddrs();
    if addresses.is_empty() { by_name } else { addresses.iter().all(std::net::IpAddr::is_loopback) }
}

/// What speaks TLS: to servers that the system's roots vouch for, or those in the PEM file.
fn tls(roots: Option<String>) -> Result<MakeRustlsConnect, Error> {
    let versions = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::Address("there is no TLS here"))?;
    let config = match roots {
        None => versions
            .with_platform_verifier()
            .map_err(|_| Error::Address("the system has no root certificates; say sslrootcert=FILE"))?
            .with_no_client_auth(),
        Some(path) => {
            let unreadable = |_| Error::Address("sslrootcert names no readable PEM file");
            let mut store = RootCertStore::empty();
            for found in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
                let added = found.map(|certificate| store.add(certificate));
                added
                    .map_err(unreadable)?
                    .map_err(|_| Error::Address("sslrootcert holds something that is no root certificate"))?;
            }
            if store.is_empty() {
                return Err(Error::Address("sslrootcert holds no certificate"));
            }
            versions.with_root_certificates(store).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<Address, Error> {
        Address::parse(&Secret::new(url), None)
    }

    #[test]
    fn a_way_that_leaves_the_machine_is_encrypted() {
        for (url, encrypted) in [
            ("postgres://me@db.example/daypass", true),
            ("postgres://me@db.example/daypass?sslmode=verify-full", true),
            ("postgres://me@db.example/daypass?sslmode=disable", false),
            ("postgres://me@10.0.0.7:5433/daypass", true),
            ("postgres://me@127.0.0.1/daypass", false),
            ("postgres://me@localhost/daypass", false),
            ("postgresql://me@%2Frun%2Fpostgresql/daypass", false),
            ("postgres://me@localhost,db.example/daypass", true),
            ("postgres://me@localhost/daypass?hostaddr=10.0.0.7", true),
            ("postgres:///daypass", false),
            ("postgres:///daypass?sslmode=require", false),
            ("postgres://me@localhost/daypass?sslmode=require", true),
            ("postgres://me@localhost/daypass?sslrootcert=system", true),
            ("postgres://me@db.example/daypass?sslrootcert=system&sslmode=disable", false),
        ] {
            let address = parsed(url).unwrap();
            assert_eq!(address.tls.is_some(), encrypted, "{url}");
            let mode = if encrypted { SslMode::Require } else { SslMode::Disable };
            assert_eq!(address.config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for (url, problem) in [
            ("mysql://me:hunter2@db/x", "begin with postgres://"),
            ("postgres://me:hunter2@db:port/x", "cannot be read"),
            ("postgres://me:hunter2@db/x?sslmode=prefer", "switch TLS off"),
            ("postgres://me:hunter2@db/x?sslmode=allow", "switch TLS off"),
            ("postgres://me:hunter2@db/x?sslmode=verify-ca", "say verify-full"),
            ("postgres://me:hunter2@db/x?sslmode=", "must be verify-full"),
            ("postgres://me:hunter2@db/x?colour=hunter2", "a parameter that is not known"),
            // It would come behind the one that is read here.
            ("postgres://me:hunter2@db/x?ssl%6Dode=disable", "a parameter that is not known"),
            ("postgres://me:hunter2@db/x?connections=0", "from 1 to 1000"),
            ("postgres://me:hunter2@db/x?connect_timeout=0", "from 1 to 60"),
            ("postgres://me:hunter2@db/x?tcp_user_timeout=10s", "milliseconds"),
            ("postgres://me:hunter2@db/x?keepalives_idle=-1", "from 1 to"),
            ("postgres://me:hunter2@db/x?host=hunter2", "its host twice"),
            ("postgres:///x?hostaddr=10.0.0.7&password=hunter2", "for a name"),
            ("postgres://me:hunter2@db/x?sslrootcert=/nowhere/at/all.pem", "no readable PEM file"),
        ] {
            let error = parsed(url).unwrap_err();
            assert!(error.to_string().contains(problem), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        let address = parsed("postgres://me:hunter2@localhost/x?connections=3").unwrap();
        assert_eq!(address.connections, 3);
        assert!(!format!("{address:?}").contains("hunter2"));
    }

    #[test]
    fn a_parameter_of_libpq_means_what_it_means_there_or_is_refused_by_its_name() {
        for (name, problem) in REFUSED {
            let error = parsed(&format!("postgres://me@db/x?{name}=1")).unwrap_err().to_string();
            assert!(error.contains(problem) && problem.starts_with(name), "{error}");
        }
        for name in TAKEN {
            assert!(REFUSED.iter().all(|(refused, _)| *refused != name), "{name}");
        }
        let said =
            "connect_timeout=20&tcp_user_timeout=4000&keepalives_idle=5&keepalives_interval=6&keepalives_count=7";
        let address = parsed(&format!("postgres://me@localhost/x?{said}&options=-c%20jit%3Doff")).unwrap();
        let config = &address.config;
        assert_eq!(address.patience, Duration::from_secs(20));
        assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(20)));
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(4)));
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(5));
        assert_eq!(config.get_keepalives_interval(), Some(Duration::from_secs(6)));
        assert_eq!(config.get_keepalives_retries(), Some(7));
        assert_eq!(config.get_options(), Some(format!("{LIMITS} -c jit=off").as_str()));
    }

    #[test]
    fn an_at_sign_behind_the_host_is_a_letter() {
        let address = parsed("postgres://me@localhost/a@b?application_name=c@d").unwrap();
        assert_eq!(address.config.get_hosts(), [Host::Tcp("localhost".to_owned())]);
        let config = &address.config;
        assert_eq!((config.get_user(), config.get_dbname()), (Some("me"), Some("a@b")));
        assert_eq!(config.get_application_name(), Some("c@d"));
    }
}
