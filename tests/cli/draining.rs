//! The end of an authority that is busy: what it has accepted is answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use daypass_test_support::program::{Authority, Running};
use daypass_test_support::wait;
use rustix::process::{Pid, Signal, kill_process};

use crate::installation;

/// How many clients ask without pause.
const CLIENTS: usize = 8;

/// Reads one answer; its status, and whether the connection may be used again. `None` where there was none at all.
pub(crate) fn read_answer(from: &mut impl BufRead) -> Option<(u16, bool)> {
    let mut status = String::new();
    if from.read_line(&mut status).ok()? == 0 {
        return None;
    }
    let (mut length, mut kept) = (0, true);
    loop {
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length: ") {
            length = text.parse().unwrap();
        }
        kept &= line != "connection: close";
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).unwrap();
    Some((status.split(' ').nth(1)?.parse().unwrap(), kept))
}

fn signal(process: &Running, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(process.pid()).unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn no_request_of_a_busy_server_fails_by_its_end() {
    let home = installation();
    let store = format!("sqlite:{}", home.beside().join("busy.sqlite").display());
    let arguments = ["serve", "--demo", "--json", "--listen", "127.0.0.1:0", "--store", &store, "--drain-delay", "2"];
    let mut server = Running::start(&mut home.command(&[arguments.as_slice(), &["--log-level", "info"]].concat()));
    let ready = server.line("the ready line", |line| line.starts_with("{\"url\":"));
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let address = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let master = ready["demo"]["pocketpaw"]["master_token"].as_str().unwrap();
    let ask = format!("POST /api/auth/session HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {master}\r\n\r\n");
    let (good, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (address, ask, good, told) = (address.clone(), ask.clone(), Arc::clone(&good), Arc::clone(&told));
            std::thread::spawn(move || {
                // Until nobody listens any more.
                while let Ok(mut stream) = TcpStream::connect(&address) {
                    let mut answers = BufReader::new(stream.try_clone().unwrap());
                    let mut first = true;
                    loop {
                        let sent = stream.write_all(ask.as_bytes());
                        let Some((status, kept)) = sent.ok().and_then(|()| read_answer(&mut answers)) else {
                            // The system may take a connection for a server that has just stopped to accept.
                            assert!(first, "an accepted request was not answered");
                            assert!(TcpStream::connect(&address).is_err(), "a connection was dropped");
                            return;
                        };
                        assert_eq!(status, 200);
                        good.fetch_add(1, Ordering::Relaxed);
                        first = false;
                        if !kept {
                            told.store(true, Ordering::Relaxed);
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    let many = || (good.load(Ordering::Relaxed) > 200).then_some(());
    wait::until("the server to be busy", Duration::from_secs(60), many);
    signal(&server, Signal::TERM);
    let not_ready = || {
        let mut stream = TcpStream::connect(&address).ok()?;
        write!(stream, "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
        let (status, _) = read_answer(&mut BufReader::new(stream))?;
        (status == 503).then_some(())
    };
    wait::until("the server to say that it ends", Duration::from_secs(20), not_ready);
    let before = good.load(Ordering::Relaxed);
    for client in clients {
        client.join().unwrap();
    }
    assert!(told.load(Ordering::Relaxed), "connections were asked to close");
    assert!(good.load(Ordering::Relaxed) > before, "it served on while it said so");
    assert_eq!(server.ended().code(), Some(0));
    let stopped = server.rest().into_iter().find(|line| line.contains("\"stopped\"")).unwrap();
    assert!(stopped.contains("\"cut\":0"), "{stopped}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let home = installation();
    let mut server = Authority::start(&home, None);
    let mut held = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    write!(held, "POST /sessions HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n")
        .unwrap();
    let mut go_on = [0; 25];
    held.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 "));
    signal(&server.process, Signal::TERM);
    server.process.line("that it drains", |line| line.contains("\"draining\""));
    signal(&server.process, Signal::TERM);
    assert_eq!(server.process.ended().code(), Some(1));
    let rest = server.process.rest();
    assert!(rest.iter().any(|line| line.contains("A second signal came")), "{rest:#?}");
    assert!(!rest.iter().any(|line| line.contains("\"stopped\"")), "{rest:#?}");
}
