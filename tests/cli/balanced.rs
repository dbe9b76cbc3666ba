//! Two authorities behind the balancer of `deploy/`: a real HAProxy with the file that lies there, over TLS, and the settings
//! of the compose file. One of the two may end, and no request fails.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daypass_test_support::program::{Installation, Running};
use daypass_test_support::{postgres, wait};
use rustix::process::Signal;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::deployed::{certificate, file, variables};
use crate::draining::read_answer;
use crate::installation;

/// How many clients ask without pause, each on one connection.
const CLIENTS: usize = 8;

/// How many answers there are before the load is taken to be under way, and how many to be seen after each event.
const MANY: usize = 200;

/// A server on the database at `url`, set as in the compose file but for what is this machine's; its ready line.
fn serve(home: &Installation, url: &str) -> (Running, Value) {
    let here = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--trusted-proxies", "127.0.0.1"];
    let mut command = home.command(&[["serve", "--demo", "--json", "--store", url].as_slice(), &here].concat());
    let set = variables(&file("compose.yaml")).into_iter().filter(|(_, value)| !value.is_empty());
    let running = Running::start(command.envs(set));
    let ready = running.line("the ready line", |line| line.starts_with("{\"url\":"));
    (running, serde_json::from_str(&ready).unwrap())
}

/// The balancer in front of the servers at `urls`, and where it listens.
fn balance(home: &Installation, urls: [&str; 2]) -> (Running, SocketAddr) {
    let [one, two] = urls.map(|url| url.strip_prefix("http://").unwrap());
    let both = certificate(home).map(|path| std::fs::read_to_string(path).unwrap()).concat();
    let pem = home.beside().join("tls.pem");
    std::fs::write(&pem, both).unwrap();
    let mut text = file("haproxy.cfg");
    for (there, here) in [
        // Its standard input is a listener on a port that the system picked.
        ("bind :8443 ", "bind fd@0 "),
        ("/usr/local/etc/haproxy/tls.pem", pem.to_str().unwrap()),
        ("authority-one:7277", one),
        ("authority-two:7277", two),
    ] {
        assert_eq!(text.matches(there).count(), 1, "{there}");
        text = text.replace(there, here);
    }
    let path = home.beside().join("haproxy.cfg");
    std::fs::write(&path, text).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut command = Command::new(program());
    command.arg("-db").arg("-f").arg(path).stdin(Stdio::from(OwnedFd::from(listener)));
    (Running::start(&mut command), address)
}

/// HAProxy, as Debian installs it: beside what only root needs.
fn program() -> PathBuf {
    let path = PathBuf::from("/usr/sbin/haproxy");
    assert!(path.exists(), "no HAProxy: please install the package haproxy");
    path
}

/// Connects as one who trusts the root of the tests.
fn connect(at: SocketAddr) -> BufReader<StreamOwned<ClientConnection, TcpStream>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/providers/tls/root.cert.pem");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let session = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    BufReader::new(StreamOwned::new(session, stream))
}

/// What clients ask without pause through the balancer, and what becomes of it.
struct Load {
    at: SocketAddr,
    ask: String,
    good: AtomicUsize,
    /// What was answered in place of a session; 0 where a connection was cut.
    bad: Mutex<Vec<u16>>,
    stop: AtomicBool,
}

impl Load {
    /// One of them: opens sessions, each a durable write.
    fn client(&self) {
        while !self.stop.load(Ordering::Acquire) {
            let mut stream = connect(self.at);
            while !self.stop.load(Ordering::Acquire) {
                stream.get_mut().write_all(self.ask.as_bytes()).unwrap();
                let (status, kept) = read_answer(&mut stream).unwrap_or((0, false));
                if status == 200 {
                    self.good.fetch_add(1, Ordering::Relaxed);
                } else {
                    self.bad.lock().unwrap().push(status);
                }
                if !kept {
                    break;
                }
            }
        }
    }

    /// Waits for many more good answers.
    fn goes_on(&self) {
        let before = self.good.load(Ordering::Relaxed);
        let many = || (self.good.load(Ordering::Relaxed) >= before + MANY).then_some(());
        wait::until("the clients to be served", Duration::from_secs(60), many);
    }

    /// What else than sessions was answered since this was asked last.
    fn bad(&self) -> Vec<u16> {
        std::mem::take(&mut self.bad.lock().unwrap())
    }

    #[track_caller]
    fn all_good(&self, why: &str) {
        let bad = self.bad();
        assert!(bad.is_empty(), "{why}: {} requests failed, the first with {}", bad.len(), bad[0]);
    }
}

/// Runs `events` while clients ask two servers behind a balancer.
fn under_load(events: impl FnOnce(&Load, [Running; 2])) {
    let database = postgres::shared().database();
    let [one, two] = [installation(), installation()];
    let (here, ready) = serve(&one, &database.url());
    let (there, again) = serve(&two, &database.url());
    let (_balancer, at) = balance(&one, [&ready, &again].map(|ready| ready["url"].as_str().unwrap()));
    let master = ready["demo"]["pocketpaw"]["master_token"].as_str().unwrap();
    let ask = format!(
        "POST /api/auth/session HTTP/1.1\r\nhost: sessions.example\r\nauthorization: Bearer {master}\r\ncontent-length: 0\r\n\r\n"
    );
    let load = Load { at, ask, good: AtomicUsize::new(0), bad: Mutex::default(), stop: AtomicBool::new(false) };
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| load.client());
        }
        // Also where an assertion fails: the scope waits for its threads.
        let _stop = Stop(&load.stop);
        load.goes_on();
        events(&load, [here, there]);
    });
}

/// Tells the clients to stop when it is dropped.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn an_authority_behind_the_balancer_ends_without_a_failed_request() {
    under_load(|load, [mut here, there]| {
        assert_eq!(here.end_by(Signal::TERM).code(), Some(0));
        load.goes_on();
        load.all_good("one ends, the other serves");
        let stopped = here.rest().into_iter().find(|line| line.contains("\"stopped\"")).unwrap();
        assert!(stopped.contains("\"cut\":0"), "{stopped}");
        drop(there);
    });
}

#[test]
fn of_an_authority_that_is_killed_the_balancer_loses_only_what_was_under_way() {
    under_load(|load, [mut here, there]| {
        here.end_by(Signal::KILL);
        load.goes_on();
        // Cut off, where the balancer's connection had been used before: the client may know that it can be sent again.
        let lost = load.bad();
        let cut = lost.iter().filter(|status| [0, 502].contains(*status)).count();
        assert!(cut <= CLIENTS && cut == lost.len(), "{} failed, of which {cut} were cut off", lost.len());
        load.goes_on();
        load.all_good("the other serves");
        drop(there);
    });
}

#[test]
fn where_no_authority_is_ready_the_balancer_says_so_in_json() {
    let home = installation();
    // Nobody listens there.
    let (_balancer, at) = balance(&home, ["http://127.0.0.1:1", "http://127.0.0.1:2"]);
    let mut stream = connect(at);
    let ask = "GET /sessions HTTP/1.1\r\nhost: sessions.example\r\nconnection: close\r\n\r\n";
    stream.get_mut().write_all(ask.as_bytes()).unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).unwrap();
    let (head, body) = seen.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["error"], "temporarily_unavailable");
}
