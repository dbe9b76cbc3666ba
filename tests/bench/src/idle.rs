//! What an agent costs that keeps 1 000 accounts fresh while nothing is due: processor time and context switches over a
//! minute, beside a bare program with a socket and a timer.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use daypass_api::view::Health;
use daypass_authority::Config;
use daypass_core::fresh::Freshness;
use daypass_test_support::wait;
use tokio::net::UnixListener;

use crate::authority::Embedded;
use crate::many::Many;
use crate::programs::Programs;
use crate::report::Row;
use crate::sample::Sample;

/// The word that makes this program the bare one.
pub(crate) const BARE: &str = "rest-on-a-socket";
/// How many accounts there are.
const ACCOUNTS: u32 = 1_000;
/// How long it is watched.
const MINUTE: Duration = Duration::from_secs(60);
/// Tokens of a day: none is due within the minute.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long 1 000 first tokens may take.
const ALL_FRESH: Duration = Duration::from_secs(300);
/// After this only those threads are left that stay.
const THREADS_END: Duration = Duration::from_secs(15);
/// A timer as the agent's: it asks the clock this often.
const TIMER: Duration = Duration::from_secs(30);

/// Watches both at the same time.
pub(crate) fn run(programs: &Programs) -> anyhow::Result<Vec<Row>> {
    let config = Config { session_ttl: Some(LIFE), ..Config::default() };
    let authority = Embedded::start(config)?;
    let mut many = Many::start(programs)?;
    many.add((0..ACCOUNTS).map(|number| authority.account("pocketpaw", number, LIFE.as_secs())))?;
    many.wait_for_all("every account to be fresh", ALL_FRESH, |account| {
        account.freshness == Some(Freshness::Fresh) && account.health == Health::Well
    });
    many.restart();
    many.wait_for_all("the accounts to be there again", ALL_FRESH, |account| account.health == Health::Well);
    let scratch = std::env::temp_dir().join(format!("daypass-bench-{}.sock", std::process::id()));
    let bare = Bare::start(programs, &scratch)?;
    // The runtime's threads for blocking work end after ten idle seconds.
    wait::pause(THREADS_END);

    let before = [Spent::of(many.agent.pid())?, Spent::of(bare.child.id())?];
    wait::pause(MINUTE);
    let ours = Spent::of(many.agent.pid())?.since(&before[0]);
    let other = Spent::of(bare.child.id())?.since(&before[1]);
    Ok(vec![
        Row::alone("processor, 1 000 fresh accounts at rest", "%", &ours.share())
            .beside("bare socket and timer", &other.share())
            .at_most(0.1),
        Row::alone("context switches of it in a minute", "", &ours.switches())
            .beside("bare socket and timer", &other.switches()),
    ])
}

/// What each thread of a process has used up: nanoseconds on a processor, and context switches.
struct Spent(BTreeMap<String, [u64; 2]>);

/// What all threads together have used up between two looks.
struct Rest {
    nanos: u64,
    switches: u64,
}

impl Spent {
    /// So far (proc(5); the kernel's `sched-stats`).
    fn of(pid: u32) -> anyhow::Result<Self> {
        let mut spent = BTreeMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?;
            let read = |name: &str| fs::read_to_string(task.path().join(name));
            let nanos = read("schedstat")?.split(' ').next().context("no time on a processor")?.parse()?;
            let status = read("status")?;
            let counts = status.lines().filter_map(|line| line.split_once("ctxt_switches:"));
            let switches = counts.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum();
            spent.insert(task.file_name().to_string_lossy().into_owned(), [nanos, switches]);
        }
        Ok(Self(spent))
    }

    /// What was used up since `before`. A thread that has ended takes its figures with it, which is why none may be about to.
    fn since(&self, before: &Self) -> Rest {
        let mut rest = Rest { nanos: 0, switches: 0 };
        for (task, [nanos, switches]) in &self.0 {
            let [nanos_before, switches_before] = before.0.get(task).copied().unwrap_or_default();
            rest.nanos += nanos - nanos_before;
            rest.switches += switches - switches_before;
        }
        rest
    }
}

impl Rest {
    /// Percent of one processor over the minute.
    fn share(&self) -> Sample {
        let mut sample = Sample::default();
        sample.add(self.nanos as f64 / MINUTE.as_nanos() as f64 * 100.0);
        sample
    }

    fn switches(&self) -> Sample {
        let mut sample = Sample::default();
        sample.add(self.switches as f64);
        sample
    }
}

/// The bare program; killed when dropped.
struct Bare {
    child: Child,
}

impl Bare {
    fn start(programs: &Programs, socket: &Path) -> anyhow::Result<Self> {
        let child = Command::new(&programs.bench).arg(BARE).arg(socket).stdout(Stdio::null()).spawn()?;
        let bare = Self { child };
        wait::until("the bare program's socket", ALL_FRESH, || UnixStream::connect(socket).ok());
        fs::remove_file(socket)?;
        Ok(bare)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Listens on `socket` and looks at the clock now and then; runs until it is killed.
///
/// # Errors
/// Where it cannot listen.
pub(crate) fn rest(socket: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = UnixListener::bind(socket)?;
        loop {
            tokio::select! {
                accepted = listener.accept() => drop(accepted?),
                () = tokio::time::sleep(TIMER) => {}
            }
        }
    })
}
