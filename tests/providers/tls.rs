//! A server whose certificate nobody vouches for.
//!
//! `stranger.cert.der` and its key were made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1
//! -nodes -days 36500 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1`. No machine trusts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daypass_providers::{ProviderError, Wish};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
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
    assert_eq!(error, ProviderError::Offline { message, maybe_done: false });
    assert!(!connected.load(Ordering::SeqCst));
}
