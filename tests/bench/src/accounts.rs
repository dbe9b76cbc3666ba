//! Memory for each account: the agent with one, with 1 000 more, and with 10 000 more.

use daypass_api::request::AddAccount;
use daypass_core::Secret;
use daypass_test_support::{process, wait};

use crate::many::{Many, REST};
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

const MANY: u32 = 1_000;
const CROWD: u32 = 10_000;
const ROUNDS: usize = 3;

/// Measures one home as it grows; the agent is started anew for each figure.
pub(crate) fn run(programs: &Programs) -> anyhow::Result<Vec<Row>> {
    let mut many = Many::start(programs)?;
    many.add([account(0)])?;
    let one = measure(&mut many);
    many.add((1..=MANY).map(account))?;
    let thousand = measure(&mut many);
    many.add((MANY + 1..=CROWD).map(account))?;
    let ten_thousand = measure(&mut many);
    let each = |with: &Sample, count: u32| {
        let mut each = Sample::default();
        each.add((with.median() - one.median()) / f64::from(count));
        each
    };
    Ok(vec![
        Row::alone("memory of the agent, 1 account", "KiB", &one),
        Row::alone("memory for each account, 1 000 more", "KiB", &each(&thousand, MANY)).at_most(1.0),
        Row::alone("memory for each account, 10 000 more", "KiB", &each(&ten_thousand, CROWD)).at_most(1.0),
    ])
}

/// What the agent rests at, in KiB.
fn measure(many: &mut Many) -> Sample {
    let mut sample = Sample::default();
    for _ in 0..ROUNDS {
        many.restart();
        wait::pause(REST);
        let kib: u64 = process::family(many.agent.pid()).iter().map(process::Process::memory_kib).sum();
        sample.add(kib as f64);
    }
    sample
}

/// An account like any other, that nobody has used yet.
fn account(number: u32) -> AddAccount {
    AddAccount {
        provider: "pocketpaw".to_owned(),
        name: format!("account-{number}"),
        base_url: Some("http://127.0.0.1:9".to_owned()),
        params: Default::default(),
        credential: Some(Secret::new(format!("0b5f9d3e-2c1a-4e8f-9b7d-{number:012}"))),
        command: None,
        check: false,
        life: None,
        pinned: false,
    }
}
