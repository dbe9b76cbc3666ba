//! The raw bytes of a connection to the agent's socket. An input is what a client sends, in one piece or in two.
//!
//! Whatever comes, the connection ends when the client goes; every answer is HTTP, every refusal is JSON in the words of
//! the API.

use std::cell::OnceCell;
use std::sync::Arc;

use daypass_agent::{Agent, Doorstep, KeySource, Setup};
use daypass_api::{ApiError, Home};
use daypass_core::Clock;
use daypass_providers::{Catalog, Engine, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Duration, timeout};

use crate::still::{Even, Still, run};

/// Longer than anything that the server does by itself is under way; waits take no real time.
const QUIET: Duration = Duration::from_secs(1);
/// The server gives a slow head up after 30 s.
const GIVEN_UP: Duration = Duration::from_secs(120);
/// No answer to so little may be longer.
const MOST: usize = 4 << 20;

/// The path of the stream of events.
const EVENTS: &[u8] = b"/v1/events";

/// See the module.
pub fn connections(bytes: &[u8]) {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let answered = talk(&[bytes]);
    well_formed(bytes, &answered);
    // How the bytes come in pieces changes no answer, only how many there are: a head that is no HTTP may be found out when
    // all of it is there, and a connection is given up whose request was refused before its body had come.
    let in_two = talk(&[first, second]);
    well_formed(bytes, &in_two);
    let (all, some) = (statuses(&answered), statuses(&in_two));
    let (longer, shorter) = if all.len() >= some.len() { (all, some) } else { (some, all) };
    assert!(longer.starts_with(&shorter), "{longer:?} {shorter:?}");
}

/// Sends `pieces` one after the other, and answers all that comes back.
pub(crate) fn talk(pieces: &[&[u8]]) -> Vec<u8> {
    thread_local! {
        static DOORSTEP: OnceCell<Arc<Doorstep>> = const { OnceCell::new() };
    }
    let doorstep = DOORSTEP.with(|doorstep| doorstep.get_or_init(|| Arc::new(run(locked_agent()))).clone());
    run(async move {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let server = tokio::spawn(async move { doorstep.answer(theirs).await });
        let (mut reader, mut writer) = tokio::io::split(ours);
        let mut answered = Vec::new();
        for piece in pieces {
            let send = async {
                // The server may have seen enough.
                let _ = writer.write_all(piece).await;
            };
            let (mut sent, mut buffer) = (Box::pin(send), [0; 16 << 10]);
            let mut is_sent = false;
            loop {
                tokio::select! {
                    () = &mut sent, if !is_sent => is_sent = true,
                    read = timeout(QUIET, reader.read(&mut buffer)) => match read {
                        Ok(Ok(count)) if count > 0 => answered.extend_from_slice(&buffer[..count]),
                        _ => break,
                    },
                }
                assert!(answered.len() < MOST, "the answer does not end");
            }
        }
        drop((reader, writer));
        let abort = server.abort_handle();
        match timeout(GIVEN_UP, server).await {
            Ok(ended) => ended.unwrap(),
            // A stream of events that has more to read than it should looks for its client with its next line only.
            Err(_) => {
                let streams = pieces.concat().windows(EVENTS.len()).any(|word| word == EVENTS);
                assert!(streams, "the connection outlives its client");
                abort.abort();
            }
        }
        answered
    })
}

/// An agent whose key file is not there: nothing that is asked of it lasts, so every input meets the same one.
async fn locked_agent() -> Doorstep {
    let scratch = tempfile::tempdir().unwrap().keep();
    let clock = Arc::new(Still);
    let setup = Setup {
        home: Home::under(&scratch),
        clock: clock.clone() as Arc<dyn Clock>,
        chance: Arc::new(Even),
        key: KeySource::KeyFile(scratch.join("no-key")),
        catalog: Catalog::built_in(),
        upstream: Arc::new(Engine::new(clock, Limits::default()).unwrap()),
        machine: "testbed".to_owned(),
        version: "0.0.0",
    };
    Doorstep::new(Agent::start(setup).await.unwrap())
}

/// The status lines of all answers, up to the first that is a stream.
fn statuses(answered: &[u8]) -> Vec<u16> {
    read(answered).into_iter().map(|(status, _)| status).collect()
}

fn well_formed(asked: &[u8], answered: &[u8]) {
    // What answers HEAD tells the length of a body, and has none.
    let heads = asked.windows(4).any(|word| word == b"HEAD");
    for (status, body) in read(answered) {
        assert!((200..=599).contains(&status), "{status}");
        if status >= 400 && !(heads && body.is_empty()) {
            let error: ApiError = serde_json::from_slice(&body).expect("an error is told in JSON");
            assert!(crate::is_a_sentence(&error.message), "{error:?}");
        }
    }
}

/// Every answer as its status and body; a stream without a length is the last.
pub(crate) fn read(mut rest: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut answers = Vec::new();
    while !rest.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = response.parse(rest).expect("it is HTTP") else {
            panic!("a head is cut: {:?}", String::from_utf8_lossy(rest))
        };
        let status = response.code.unwrap();
        if status == 100 {
            // Only says that the body may come (RFC 9110 section 15.2.1).
            rest = &rest[head..];
            continue;
        }
        let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = length.map(|header| std::str::from_utf8(header.value).unwrap().parse::<usize>().unwrap());
        let Some(length) = length.or((status == 204).then_some(0)) else {
            answers.push((status, Vec::new()));
            break;
        };
        // HEAD has the length of an answer and not the answer: what follows is then the next.
        let there = rest[head..].len() >= length && !rest[head..].starts_with(b"HTTP/1.");
        let body = if there { &rest[head..head + length] } else { &rest[head..head] };
        answers.push((status, body.to_vec()));
        rest = &rest[head + body.len()..];
    }
    answers
}
