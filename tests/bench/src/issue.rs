//! Sessions issued per second by the authority over HTTP, every one durable.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use daypass_test_support::program::{Authority, Installation};

use crate::bare;
use crate::load::{self, CONNECTIONS};
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

const ROUNDS: usize = 5;
/// How long each contender runs in a round.
const TIME: Duration = Duration::from_secs(3);

/// Loads the authority (Discovr's `POST /auth/session-token`), a bare handler and a bare database in turns.
pub(crate) fn run(programs: &Programs) -> anyhow::Result<Vec<Row>> {
    let installation = Installation::new(&programs.daypass);
    let authority = Authority::start(&installation, None);
    let address = authority.url.trim_start_matches("http://").to_owned();
    let mint = mint_request(&authority, &address);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(load::ask_once(&address, &mint)).context("the authority did not issue a session")?;
    let bare_server = BareServer::start(programs, answer.len())?;
    let bare_request = request(&bare_server.address, "/", "", "{}");

    let (mut ours, mut handler, mut inserts) = (Sample::default(), Sample::default(), Sample::default());
    for round in 0..ROUNDS {
        ours.add(runtime.block_on(load::run(&address, &mint, TIME))?);
        handler.add(runtime.block_on(load::run(&bare_server.address, &bare_request, TIME))?);
        let file = installation.beside().join(format!("bare-{round}.sqlite"));
        inserts.add(bare::insert_rows(&file, CONNECTIONS, TIME)?);
    }
    let row = || Row::alone("sessions issued per second", "/s", &ours);
    Ok(vec![
        row().beside("bare SQLite inserts, 64 a commit", &inserts).ratio_at_least(0.3),
        row().beside("bare axum handler", &handler),
    ])
}

fn mint_request(authority: &Authority, address: &str) -> Vec<u8> {
    let bearer = format!("Authorization: Bearer {}\r\n", authority.credential("discovr"));
    let body = serde_json::json!({ "profileId": authority.demo["discovr"]["profile_id"] }).to_string();
    request(address, "/auth/session-token", &bearer, &body)
}

fn request(address: &str, path: &str, header: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{header}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The bare HTTP server, in a process of its own as the authority is; killed when dropped.
struct BareServer {
    child: Child,
    address: String,
}

impl BareServer {
    fn start(programs: &Programs, size: usize) -> anyhow::Result<Self> {
        let mut command = Command::new(&programs.bench);
        let mut child = command.args([bare::HTTP, &size.to_string()]).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
