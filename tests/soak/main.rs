//! The soak: fifty readers at once, an agent that is killed (SIGKILL) at random moments, thousands of rotations at real
//! servers, and nothing lost.
//!
//! `DAYPASS_SOAK_ROTATIONS` says how many rotations, `DAYPASS_SOAK_SEED` which chances are drawn.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod chances;
mod fleet;
mod killer;
mod reader;

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::Instant;

use crate::chances::Chances;
use crate::fleet::Fleet;
use crate::reader::Tally;

/// How many commands run at once.
const READERS: u64 = 50;
/// How many rotations there are where nobody says otherwise: about a minute's worth.
const ROTATIONS: usize = 800;

#[test]
fn nothing_is_lost_however_often_the_agent_is_killed() {
    let rotations = setting("DAYPASS_SOAK_ROTATIONS").unwrap_or(ROTATIONS);
    let seed = setting("DAYPASS_SOAK_SEED").unwrap_or(1);
    let fleet = Fleet::start(env!("CARGO_BIN_EXE_daypass"));
    let (tally, done) = (Tally::default(), AtomicBool::new(false));
    let begun = Instant::now();
    let kills = std::thread::scope(|scope| {
        let killer = scope.spawn(|| killer::kill(&fleet.home, &mut Chances::new(seed, 0), &done));
        let readers: Vec<_> = (1..=READERS)
            .map(|number| {
                let (fleet, tally) = (&fleet, &tally);
                scope.spawn(move || reader::read(fleet, &mut Chances::new(seed, number), tally, rotations))
            })
            .collect();
        let broken = readers.into_iter().filter_map(|reader| reader.join().err()).count();
        done.store(true, Ordering::Release);
        assert_eq!(broken, 0, "readers have panicked, see above");
        killer.join().unwrap()
    });
    let took = begun.elapsed();
    let orphans = fleet.settled();
    println!(
        "soak: {} rotations, {} reads, {kills} kills, {} lost, {:.1} s; {} commands cut off, {} told to wait, {} tokens \
         too late to judge, {orphans} orphans shown; seed {seed}",
        tally.rotations(),
        tally.reads(),
        tally.lost().len(),
        took.as_secs_f64(),
        tally.cut_off(),
        tally.told_to_wait(),
        tally.late(),
    );
    assert_eq!(tally.lost(), Vec::<String>::new());
    assert!(kills > 0 && tally.rotations() >= rotations);
}

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
