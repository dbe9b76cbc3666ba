//! TLS by rustls: the certificate and the key from PEM files, and again when they have changed.
//!
//! HTTP/1.1 alone is offered (ALPN, RFC 7301): requests here are small and answered one by one, and a proxy that speaks
//! HTTP/2 to the world speaks HTTP/1.1 to its upstreams anyway. TLS 1.2 and 1.3, with the cipher suites of ring.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::log::Event;
use crate::meters::Journal;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Why there is no TLS. A key is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{file} cannot be read: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A file is not PEM, or has nothing of the kind that it is read for.
    #[error("{file} has no {wanted} in PEM form")]
    Pem {
        /// The file.
        file: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// The key is not that of the certificate, or of a kind that is not known.
    #[error("{certificate} and {key} do not go together: {source}")]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What rustls says.
        source: rustls::Error,
    },
}

/// A certificate with its key, for connections that come from now on. Clones are one.
#[derive(Clone)]
pub struct Tls(Arc<Files>);

struct Files {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Current>,
    /// Somebody wants them to be looked at.
    asked: Notify,
}

struct Current {
    config: Arc<ServerConfig>,
    read: Stamp,
}

/// By what a file is known to have changed: when it was written, and how long it is.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// The certificate (with those that lead to its root, if there are some) in `certificate`, and its key in `key`.
    ///
    /// # Errors
    /// With the file and what is wrong with it.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = stamp(certificate, key);
        let current = RwLock::new(Current { config: config(certificate, key)?, read });
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Self(Arc::new(Files { certificate, key, current, asked: Notify::new() })))
    }

    /// Asks whoever serves with it to look now whether the files have changed, and not at the next time.
    pub fn look(&self) {
        self.0.asked.notify_one();
    }

    /// Looks every now and then, and when it is asked to, whether the files have changed, and uses what they are then. For ever.
    pub(super) async fn watch(&self, journal: &Journal) {
        loop {
            let _ = timeout(LOOK_EVERY, self.0.asked.notified()).await;
            match self.renew() {
                Ok(true) => journal.tell(&Event::CertificateRenewed),
                Ok(false) => {}
                Err(error) => journal.tell(&Event::CertificateFailed { error: error.to_string() }),
            }
        }
    }

    /// Reads the files again, if they have changed; answers whether they had. Connections that are open keep what they have,
    /// and after an error so does everyone.
    fn renew(&self) -> Result<bool, TlsError> {
        let Files { certificate, key, current, .. } = &*self.0;
        let now = stamp(certificate, key);
        if current.read().unwrap_or_else(PoisonError::into_inner).read == now {
            return Ok(false);
        }
        let config = config(certificate, key)?;
        *current.write().unwrap_or_else(PoisonError::into_inner) = Current { config, read: now };
        Ok(true)
    }

    /// What a connection that comes now is met with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner).config).into()
    }
}

fn stamp(certificate: &Path, key: &Path) -> Stamp {
    [certificate, key].map(|file| {
        let about = std::fs::metadata(file).ok()?;
        Some((about.modified().ok()?, about.len()))
    })
}

fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let bytes = read(certificate)?;
    let chain: Result<Vec<CertificateDer<'static>>, pem::Error> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| TlsError::Pem { file: certificate.to_owned(), wanted: "certificate" })?;
    let bytes = zeroize::Zeroizing::new(read(key)?);
    let private = PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| TlsError::Pem { file: key.to_owned(), wanted: "private key" })?;
    let pair = |source| TlsError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(pair)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read(file: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|source| TlsError::File { file: file.to_owned(), source })
}
