//! From "the network is back" to "all fresh": 100 accounts at four providers with their limits, all of whose tokens died
//! while there was no network.
//!
//! It runs in a network of its own (`unshare`), where an address can come up without anybody's leave.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use daypass_api::view::Health;
use daypass_authority::{Config, Rate};
use daypass_core::fresh::Freshness;
use tokio::time::Instant;

use crate::authority::Embedded;
use crate::many::Many;
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

/// The word that makes this program the one in a network of its own.
pub(crate) const INSIDE: &str = "measure-back-inside";
const PROVIDERS: [&str; 4] = ["discovr", "pocketpaw", "antiraid", "discover"];
/// How many accounts each has.
const EACH: u32 = 25;
/// The limit of PocketPaw's real servers for one address.
const POCKETPAW: Rate = Rate { burst: 5, per_second: 1.0 };
/// How long a token lives: long enough that the first is still fresh when the last has come.
const LIFE: Duration = Duration::from_secs(80);
/// How long any part may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Measures once, in a network of its own.
pub(crate) fn run(programs: &Programs) -> anyhow::Result<Vec<Row>> {
    let mut inside = Command::new("unshare");
    inside.args(["--map-root-user", "--net"]).arg(&programs.bench).arg(INSIDE).stderr(Stdio::inherit());
    let output = inside.output().context("`unshare` cannot be started")?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "no network of its own could be measured in: {text}");
    let mut ours = Sample::default();
    ours.add(text.trim().parse().with_context(|| format!("{text:?} is no time"))?);
    let mut bound = Sample::default();
    bound.add(f64::from(EACH - POCKETPAW.burst) / POCKETPAW.per_second);
    Ok(vec![
        Row::alone("network back to 100 accounts fresh", "s", &ours)
            .beside("what PocketPaw's limit implies", &bound)
            .ratio_at_most(2.0),
    ])
}

/// The part that runs inside: prints the seconds.
///
/// # Errors
/// Where a part cannot be set up.
pub(crate) fn measure(programs: &Programs) -> anyhow::Result<()> {
    ip(&["link", "set", "lo", "up"])?;
    let config = Config { session_ttl: Some(LIFE), pocketpaw_rate: Some(POCKETPAW), ..Config::default() };
    let authority = Embedded::start(config)?;
    let many = Many::start(programs)?;
    for provider in PROVIDERS {
        many.add((0..EACH).map(|number| authority.account(provider, number, LIFE.as_secs())))?;
    }
    let fresh = |account: &daypass_api::view::AccountView| {
        account.freshness == Some(Freshness::Fresh) && account.health == Health::Well
    };
    many.wait_for_all("every account to be fresh", LIMIT, fresh);
    authority.set_open(false);
    many.wait_for_all("every token to die", LIMIT, |account| account.freshness == Some(Freshness::Expired));
    let back = Instant::now();
    authority.set_open(true);
    ip(&["address", "add", "192.0.2.1/32", "dev", "lo"])?;
    many.wait_for_all("every account to be fresh again", LIMIT, fresh);
    println!("{}", back.elapsed().as_secs_f64());
    Ok(())
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("ip").args(arguments).status().context("`ip` cannot be started")?;
    ensure!(status.success(), "ip {arguments:?} failed");
    Ok(())
}
