//! Servers whose certificate is not to be trusted: nobody vouches for it, or it is another's.
//!
//! `stranger.cert.der` and its key were made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
//! -nodes -days 36500 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1`. No machine trusts it. Those in `tls/` were made by the script there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daypass_providers::{ProviderError, Wish};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{built_in, engine, map, secret};

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_the_call_before_the_credential_is_sent() {
    // Installs the crypto provider that the server needs too.
    let engine = engine();
    let certificate = CertificateDer::from(include_bytes!("stranger.cert.der").as_slice());
    let key = PrivateKeyDer::try_from(include_bytes!("stranger.key.der").as_slice()).unwrap();
    let config =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let connected = Arc::new(AtomicBool::new(false));
    let seen = connected.clone();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        seen.store(acceptor.accept(stream).await.is_ok(), Ordering::SeqCst);
    });

    let pocketpaw = built_in("pocketpaw");
    let target = pocketpaw.target(Some(&format!("https://{host}")), map(&[])).unwrap();
    let error = engine.mint(&pocketpaw, &target, &secret("master"), &Wish::default()).await.unwrap_err();
    let message = format!("PocketPaw at {host} cannot be reached: its certificate is not accepted.");
    assert_eq!(error, ProviderError::Offline { message: message.into(), maybe_done: false });
    assert!(!connected.load(Ordering::SeqCst));
}

/// A server that shows this certificate; what it was sent behind the handshake, if one came about.
async fn with_certificate(name: &str) -> (String, tokio::sync::oneshot::Receiver<String>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/providers/tls");
    let file = |end: &str| std::fs::read(format!("{folder}/{name}.{end}.der")).unwrap();
    let certificate = CertificateDer::from(file("cert"));
    let key = PrivateKeyDer::try_from(file("key")).unwrap();
    let config =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", listener.local_addr().unwrap().port());
    let (tell, heard) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let count = match acceptor.accept(stream).await {
            Ok(mut stream) => {
                let count = stream.read(&mut request).await.unwrap_or(0);
                let answer = b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                // The client may have seen enough.
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
                count
            }
            Err(_) => 0,
        };
        // The test may have ended.
        let _ = tell.send(String::from_utf8_lossy(&request[..count]).into_owned());
    });
    (host, heard)
}

/// Mints there in a process that trusts the root of the tests and no other; `told` is what that says.
async fn in_child_that_trusts_us(host: &str, told: &str) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/providers/tls/root.cert.pem");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["faults::child_that_mints", "--exact", "--nocapture"]);
    child.env("SSL_CERT_FILE", root).env_remove("SSL_CERT_DIR");
    child.env("DAYPASS_TEST_URL", format!("https://{host}")).env("DAYPASS_TEST_TOLD", told);
    assert!(tokio::task::spawn_blocking(move || child.status().unwrap()).await.unwrap().success());
}

#[tokio::test]
async fn a_certificate_for_another_name_ends_the_call_before_the_credential_is_sent() {
    // Installs the crypto provider that the server needs too.
    engine();
    let (host, heard) = with_certificate("elsewhere.example").await;
    in_child_that_trusts_us(&host, "cannot be reached: its certificate is not accepted.").await;
    assert_eq!(heard.await.unwrap(), "", "the credential must not have been sent");
}

#[tokio::test]
async fn a_certificate_for_this_name_by_a_trusted_root_is_accepted() {
    // The counterpart: only the name is different.
    engine();
    let (host, heard) = with_certificate("localhost").await;
    in_child_that_trusts_us(&host, "PocketPaw cannot answer now (503); it is worth trying later.").await;
    assert!(heard.await.unwrap().starts_with("POST /api/auth/session HTTP/1.1\r\n"));
}
