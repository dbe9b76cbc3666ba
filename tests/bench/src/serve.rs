//! The authority under load, beside the least that the same could cost and beside two peers, by one client in one run.
//!
//! The client and what it asks share the machine: what counts are the ratios within a run. One thread asks; the authority and
//! the bare handler answer on a thread for each processor, the peers on the one that Node has.

mod floor;
mod http;
mod peers;
mod stage;
mod store;

use std::collections::BTreeMap;
use std::time::Duration;

use daypass_test_support::postgres::Server;
use floor::BareServer;
use stage::{Stage, Verb};
use store::Store;
use tokio::runtime::Runtime;

use crate::bare;
use crate::load::{self, Load, Turns};
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

const ROUNDS: usize = 3;
/// How long each contender runs in a round.
const TIME: Duration = Duration::from_millis(1500);
/// How many connections ask at once.
const CROWDS: [usize; 2] = [16, 256];
/// The stages by name: the first of those on a SQLite file has few sessions stored, the second many.
const STAGES: [&str; 4] = ["10³ stored", "10⁶ stored", "PostgreSQL", "PostgreSQL, two processes"];
const FEW: usize = 0;
const MANY: usize = 1;
const ONE: usize = 2;
const TWO: usize = 3;

/// What was measured of whom, by how many connections.
#[derive(Default)]
struct Measured {
    /// The last number is that of the stage.
    ours: BTreeMap<(Verb, usize, usize), Load>,
    handler: BTreeMap<(Verb, usize), Load>,
    inserts: BTreeMap<usize, Sample>,
    /// Issue and verify of each peer.
    peers: BTreeMap<(&'static str, usize), [Load; 2]>,
    memory: Sample,
}

/// Loads all of them in turns.
pub(crate) fn run(programs: &Programs) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let postgres = Server::start(&[]);
    let file = |name: &str| Store::Sqlite(folder.path().join(name));
    let start = |store, sessions, processes| Stage::start(programs, &runtime, store, sessions, processes);
    let mut stages = [
        start(file("few.sqlite"), 1000, 1)?,
        start(file("many.sqlite"), 1_000_000, 1)?,
        start(Store::Postgres(postgres.database()), 1000, 1)?,
        start(Store::Postgres(postgres.database()), 1000, 2)?,
    ];
    let peers = [peers::better_auth(&runtime, &folder.path().join("peer.sqlite"))?, peers::oidc_provider(&runtime)?];
    let mut floors = Vec::new();
    for verb in [Verb::Verify, Verb::Introspect, Verb::Issue] {
        let size = stages[FEW].size(&runtime, verb)?;
        floors.push((verb, BareServer::start(programs, size)?));
    }

    let mut measured = Measured::default();
    for round in 0..ROUNDS {
        for (number, stage) in stages.iter_mut().enumerate() {
            stage.renew(&runtime, number == MANY)?;
        }
        for crowd in CROWDS {
            for (verb, server) in &floors {
                let requests = stages[FEW].requests(*verb).unwrap_or_default();
                let requests = requests.iter().map(|request| http::bare(request)).collect();
                let load = measured.handler.entry((*verb, crowd)).or_default();
                same(&runtime, load, &server.address, Turns::all(requests, crowd, ""))?;
            }
            for verb in Verb::ALL {
                for (number, stage) in stages.iter_mut().enumerate() {
                    if verb == Verb::Scattered && number != MANY {
                        continue;
                    }
                    let load = measured.ours.entry((verb, crowd, number)).or_default();
                    stage.measure(&runtime, load, verb, crowd, TIME)?;
                }
            }
            let file = folder.path().join(format!("bare-{round}-{crowd}.sqlite"));
            measured.inserts.entry(crowd).or_default().add(bare::insert_rows(&file, crowd, TIME)?);
            for peer in &peers {
                let [issue, verify] = measured.peers.entry((peer.name, crowd)).or_default();
                same(&runtime, issue, &peer.address, Turns::all(vec![peer.issue.clone()], crowd, ""))?;
                same(&runtime, verify, &peer.address, Turns::all(vec![peer.verify.clone()], crowd, ""))?;
            }
        }
        measured.memory.add(stages[MANY].memory());
    }
    Ok(rows(&measured))
}

fn same(runtime: &Runtime, load: &mut Load, address: &str, scripts: Vec<Box<dyn load::Script>>) -> anyhow::Result<()> {
    runtime.block_on(load::run(load, &[address.to_owned()], scripts, TIME))
}

fn rows(measured: &Measured) -> Vec<Row> {
    let mut rows = Vec::new();
    for (&(verb, crowd, stage), load) in &measured.ours {
        let name = format!("{}, {}, {crowd} connections", verb.word(), STAGES[stage]);
        let row = || Row::alone(&name, "/s", &load.per_second);
        let handler = measured.handler.get(&(verb, crowd));
        match (verb, handler) {
            (Verb::Verify | Verb::Introspect, Some(handler)) => {
                rows.push(row().beside("bare axum handler", &handler.per_second).ratio_at_least(0.7));
            }
            (Verb::Issue | Verb::Refresh, _) => {
                let row = row().beside(&format!("bare SQLite inserts, {crowd} a commit"), &measured.inserts[&crowd]);
                rows.push(if stage <= MANY { row.ratio_at_least(0.5) } else { row });
            }
            _ => rows.push(row()),
        }
        rows.extend(beside_peers(measured, verb, crowd, &row));
        let beside = |other: usize| row().beside(STAGES[other], &measured.ours[&(verb, crowd, other)].per_second);
        match stage {
            _ if verb == Verb::Scattered => {
                let few = &measured.ours[&(Verb::Introspect, crowd, stage)];
                rows.push(row().beside("introspect 1 000 in turn", &few.per_second));
            }
            // How much longer one takes is how many fewer are done.
            MANY => rows.push(beside(FEW).ratio_at_least(0.83)),
            TWO => rows.push(beside(ONE)),
            _ => {}
        }
        rows.push(Row::alone(&format!("{name}: p50"), "ms", &load.p50));
        let slowest = Row::alone(&format!("{name}: p99"), "ms", &load.p99);
        rows.push(if crowd == CROWDS[0] { slowest.at_most(10.0) } else { slowest });
    }
    for ((verb, crowd), load) in &measured.handler {
        let name = format!("bare axum handler for {}, {crowd} connections: p99", verb.word());
        rows.push(Row::alone(&name, "ms", &load.p99));
    }
    for ((name, crowd), loads) in &measured.peers {
        for (what, load) in ["issue", "verify"].iter().zip(loads) {
            rows.push(Row::alone(&format!("{name}: {what}, {crowd} connections: p50"), "ms", &load.p50));
            rows.push(Row::alone(&format!("{name}: {what}, {crowd} connections: p99"), "ms", &load.p99));
        }
    }
    rows.push(Row::alone("memory of the authority, 10⁶ stored, after all that", "MiB", &measured.memory).at_most(60.0));
    rows
}

/// The same beside each peer that does the same.
fn beside_peers(measured: &Measured, verb: Verb, crowd: usize, row: &impl Fn() -> Row) -> Vec<Row> {
    let peer = |name: &'static str, at: usize| &measured.peers[&(name, crowd)][at].per_second;
    let (better_auth, oidc) = ("better-auth, SQLite", "oidc-provider, in memory");
    match verb {
        Verb::Issue => vec![
            row().beside(better_auth, peer("better-auth", 0)).ratio_at_least(20.0),
            row().beside(oidc, peer("oidc-provider", 0)).ratio_at_least(1.0),
        ],
        Verb::Verify => vec![row().beside(better_auth, peer("better-auth", 1)).ratio_at_least(5.0)],
        Verb::Introspect => vec![row().beside(oidc, peer("oidc-provider", 1)).ratio_at_least(5.0)],
        Verb::Scattered | Verb::Refresh | Verb::List | Verb::Revoke => Vec::new(),
    }
}
