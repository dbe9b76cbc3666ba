//! The URL of a PostgreSQL store: where the server is, and how the way to it is protected.

use std::fmt;
use std::path::PathBuf;
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

/// How long to wait for a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(3);

/// What the server is told of every connection: no statement and no wait for a lock is longer than a request may take,
/// and a process that has vanished in the middle of a transaction does not keep its locks for long.
const LIMITS: &str = "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000";

/// How many connections a process has at most, unless the URL says another number as `connections=…`.
const CONNECTIONS: usize = 16;

/// Where the server listens on a Debian, as libpq has it.
const SOCKETS: &str = "/var/run/postgresql";

/// How to connect to a server.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: tokio_postgres::Config,
    /// None where the way does not leave the machine, or the URL says that it needs no protection.
    pub(super) tls: Option<MakeRustlsConnect>,
    pub(super) connections: usize,
}

/// Says where, and never the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?}/{:?})", self.config.get_hosts(), self.config.get_dbname())
    }
}

impl Address {
    /// Reads `postgres://user@host:port/database?…` with libpq's parameters as far as `tokio_postgres` knows them, and
    /// with these: `sslmode` (`disable`, or `require`, which here also looks at the certificate, as `verify-full` does;
    /// without it only a way that does not leave the machine is not encrypted), `sslrootcert` (a PEM file that is believed
    /// in place of the system's roots) and `connections`.
    ///
    /// `password` goes before one that the URL holds.
    ///
    /// # Errors
    /// [`Error::Address`], which repeats nothing of the URL: it may hold a password.
    pub(super) fn parse(url: &Secret, password: Option<&Secret>) -> Result<Self, Error> {
        let url = url.expose();
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(Error::Address("it must begin with postgres://"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots, mut connections, mut rest) = (None, None, CONNECTIONS, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let text = || percent_decode_str(value).decode_utf8_lossy().into_owned();
            match name {
                "sslmode" => {
                    mode = Some(match value {
                        "disable" => SslMode::Disable,
                        "require" | "verify-ca" | "verify-full" => SslMode::Require,
                        _ => return Err(Error::Address("sslmode must be require, verify-full or disable")),
                    });
                }
                "sslrootcert" => roots = Some(PathBuf::from(text())),
                "connections" => {
                    connections = value
                        .parse()
                        .ok()
                        .filter(|count| (1..=1000).contains(count))
                        .ok_or(Error::Address("connections must be a number from 1 to 1000"))?;
                }
                _ => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        let plain = Secret::new(plain);
        let mut config: tokio_postgres::Config =
            plain.expose().parse().map_err(|_| Error::Address("it cannot be read as postgres://user@host/database"))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host(SOCKETS);
        }
        if let Some(password) = password {
            config.password(password.expose());
        }
        let mode = mode.unwrap_or(if is_here(&config) { SslMode::Disable } else { SslMode::Require });
        let options = config.get_options().map_or_else(|| LIMITS.to_owned(), |own| format!("{LIMITS} {own}"));
        config
            .ssl_mode(mode)
            .options(options)
            .connect_timeout(CONNECT)
            .tcp_user_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("daypass");
        }
        let tls = if mode == SslMode::Require { Some(tls(roots)?) } else { None };
        Ok(Self { config, tls, connections })
    }
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
fn tls(roots: Option<PathBuf>) -> Result<MakeRustlsConnect, Error> {
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
        ] {
            let address = parsed(url).unwrap();
            assert_eq!(address.tls.is_some(), encrypted, "{url}");
            let mode = if encrypted { SslMode::Require } else { SslMode::Disable };
            assert_eq!(address.config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for url in [
            "mysql://me:hunter2@db/x",
            "postgres://me:hunter2@db:port/x",
            "postgres://me:hunter2@db/x?sslmode=prefer",
            "postgres://me:hunter2@db/x?sslmode=allow",
            "postgres://me:hunter2@db/x?colour=blue",
            "postgres://me:hunter2@db/x?connections=0",
            "postgres://me:hunter2@db/x?sslrootcert=/nowhere/at/all.pem",
        ] {
            let error = parsed(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
        let address = parsed("postgres://me:hunter2@localhost/x?connections=3").unwrap();
        assert_eq!(address.connections, 3);
        assert!(!format!("{address:?}").contains("hunter2"));
    }
}
