//! `make bench`: speed and memory beside bare programs that do the least that the same job needs.
//!
//! `daypass-bench [CONTEST]…` runs all contests or the named ones: `token`, `memory`, `icon`, `window`, `palette`, `crowd`, `sizes`, `serve`,
//! `plan`, `accounts`, `idle`, `back`, `vault`. It prints a table and writes `target/bench.json`. The programs are taken from `target/release`, and must have been built.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what it is for")]

mod accounts;
mod authority;
mod back;
mod bare;
mod crowd;
mod home;
mod icon;
mod idle;
mod load;
mod many;
mod memory;
mod palette;
mod plan;
mod programs;
mod report;
mod sample;
mod serve;
mod token;
mod vault;
mod window;

use std::path::Path;

use anyhow::bail;
use report::{Report, Row};

use crate::home::TrayHome;
use crate::programs::Programs;

/// Every contest by name. Those on a desktop share one, with its ten accounts.
const CONTESTS: [&str; 13] = [
    "token", "icon", "memory", "window", "palette", "crowd", "sizes", "serve", "plan", "accounts", "idle", "back",
    "vault",
];

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [word, size] = words.as_slice()
        && word == bare::HTTP
    {
        return bare::serve_http(size.parse()?);
    }
    match words.as_slice() {
        [word, socket] if word == idle::BARE => return idle::rest(Path::new(socket)),
        [word] if word == back::INSIDE => return back::measure(&Programs::find()?),
        _ => {}
    }
    if let Some(unknown) = words.iter().find(|word| !CONTESTS.contains(&word.as_str())) {
        bail!("there is no contest {unknown:?}; there are {}", CONTESTS.join(", "));
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);

    let programs = Programs::find()?;
    let mut report = Report::new();
    if ["token", "icon", "memory", "window", "palette", "crowd"].iter().any(|name| wanted(name)) {
        let home = TrayHome::prepare(&programs);
        run(&mut report, wanted("token"), "token", || token::run(&programs, &home))?;
        run(&mut report, wanted("icon"), "icon", || icon::run(&programs, &home))?;
        run(&mut report, wanted("memory"), "memory", || memory::run(&programs, &home))?;
        run(&mut report, wanted("window"), "window", || window::run(&programs, &home))?;
        run(&mut report, wanted("palette"), "palette", || palette::run(&programs, &home))?;
        run(&mut report, wanted("crowd"), "crowd", || crowd::run(&programs, &home))?;
    }
    run(&mut report, wanted("sizes"), "sizes", crowd::sizes)?;
    run(&mut report, wanted("serve"), "serve", || serve::run(&programs))?;
    run(&mut report, wanted("plan"), "plan", plan::run)?;
    run(&mut report, wanted("accounts"), "accounts", || accounts::run(&programs))?;
    run(&mut report, wanted("idle"), "idle", || idle::run(&programs))?;
    run(&mut report, wanted("back"), "back", || back::run(&programs))?;
    run(&mut report, wanted("vault"), "vault", vault::run)?;

    println!("{}", report.table());
    if words.is_empty() {
        report.write(Path::new("target/bench.json"))?;
    }
    Ok(())
}

fn run(
    report: &mut Report,
    wanted: bool,
    name: &str,
    contest: impl FnOnce() -> anyhow::Result<Vec<Row>>,
) -> anyhow::Result<()> {
    if wanted {
        eprintln!("measuring: {name}");
        report.rows.extend(contest()?);
    }
    Ok(())
}
