//! TLS: the certificate and its renewal, what is offered, and who does not speak it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use daypass_authority::{Config, Listeners, Store, Tls};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::world::World;

/// The certificates of the tests of providers.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/providers/tls");

/// Writes the certificate and the key for `name` as PEM.
pub(crate) fn write(folder: &Path, name: &str) {
    for (end, label) in [("cert", "CERTIFICATE"), ("key", "PRIVATE KEY")] {
        let text = BASE64.encode(&std::fs::read(format!("{FOLDER}/{name}.{end}.der")).unwrap());
        let pem = format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
        std::fs::write(folder.join(format!("{end}.pem")), pem).unwrap();
    }
}

fn read(folder: &Path) -> Result<Tls, daypass_authority::TlsError> {
    Tls::read(&folder.join("cert.pem"), &folder.join("key.pem"))
}

/// Connects as one who trusts the root of the tests, and expects `name`.
async fn connect(at: SocketAddr, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(format!("{FOLDER}/root.cert.pem")).unwrap()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(at).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), stream).await
}

#[tokio::test]
async fn a_certificate_makes_it_https_and_is_renewed_while_it_runs() {
    let config = Config { handshake_timeout: Duration::from_millis(500), ..Config::default() };
    let world = World::with(config, Store::in_memory().unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "localhost");
    let tls = read(folder.path()).unwrap();
    let main = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = main.local_addr().unwrap();
    let listeners = Listeners { main, metrics: None, tls: Some(tls.clone()) };
    let serving =
        tokio::spawn(daypass_authority::run_at(listeners, Arc::clone(&world.service), std::future::pending()));

    let mut stream = connect(at, "localhost").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let head = "GET /.well-known/oauth-authorization-server HTTP/1.1\r\nhost: localhost:9\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).await.unwrap();
    assert!(seen.starts_with("HTTP/1.1 200 ") && seen.contains("\"issuer\":\"https://localhost:9\""), "{seen}");

    // Plain HTTP is no way in, and who says nothing is let go.
    for said in ["GET /sessions HTTP/1.1\r\nhost: localhost\r\n\r\n", ""] {
        let mut plain = TcpStream::connect(at).await.unwrap();
        plain.write_all(said.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        let _ = timeout(Duration::from_secs(20), plain.read_to_end(&mut seen)).await.expect("it is held for ever");
        assert!(!seen.starts_with(b"HTTP"), "{seen:?}");
    }

    // A pair that does not fit changes nothing; the next one does.
    std::fs::write(folder.path().join("cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
    tls.look();
    assert!(connect(at, "localhost").await.is_ok());
    write(folder.path(), "elsewhere.example");
    tls.look();
    let end = Instant::now() + Duration::from_secs(20);
    while connect(at, "elsewhere.example").await.is_err() {
        assert!(Instant::now() < end, "the new certificate is not used");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(connect(at, "localhost").await.is_err());
    serving.abort();
}

#[test]
fn what_is_wrong_with_the_files_is_told_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = || read(folder.path()).err().unwrap().to_string();
    assert!(wrong().contains("cert.pem cannot be read: No such file"), "{}", wrong());
    write(folder.path(), "localhost");
    assert!(read(folder.path()).is_ok());
    let key = std::fs::read(folder.path().join("key.pem")).unwrap();
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    assert!(wrong().ends_with("key.pem has no private key in PEM form"), "{}", wrong());
    write(folder.path(), "elsewhere.example");
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    assert!(wrong().contains("cert.pem and ") && wrong().contains("do not go together"), "{}", wrong());
    std::fs::write(folder.path().join("cert.pem"), "").unwrap();
    assert!(wrong().ends_with("cert.pem has no certificate in PEM form"), "{}", wrong());
}
