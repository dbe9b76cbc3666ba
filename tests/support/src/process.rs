//! Looking at processes from outside, by `/proc`: who belongs to whom, their arguments, and their memory.

use std::fs;
use std::path::PathBuf;

/// One process, as it was a moment ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The id of its parent.
    pub parent: u32,
    /// The file name of its program.
    pub program: String,
}

impl Process {
    /// Its arguments, each ended by a zero byte; empty where it has ended.
    pub fn arguments(&self) -> Vec<u8> {
        fs::read(self.file("cmdline")).unwrap_or_default()
    }

    /// The environment that it was started with, each entry ended by a zero byte; empty where it has ended.
    pub fn environment(&self) -> Vec<u8> {
        fs::read(self.file("environ")).unwrap_or_default()
    }

    /// Its proportional set size in KiB: what is shared counts by its share (`smaps_rollup` of proc(5)).
    /// Zero where it has ended.
    pub fn memory_kib(&self) -> u64 {
        let text = fs::read_to_string(self.file("smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
        line.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
    }

    /// Whether nothing of it is left: it has ended, and its parent has taken notice.
    pub fn is_gone(&self) -> bool {
        !self.file("stat").exists()
    }

    fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.pid))
    }
}

/// Every process of which a thread still runs; those that only wait to be collected are left out.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// The process `root` and all that descend from it.
pub fn family(root: u32) -> Vec<Process> {
    let all = all();
    let mut pids = vec![root];
    let mut next = 0;
    while let Some(&pid) = pids.get(next) {
        pids.extend(all.iter().filter(|process| process.parent == pid).map(|process| process.pid));
        next += 1;
    }
    all.into_iter().filter(|process| pids.contains(&process.pid)).collect()
}

/// Reads `/proc/PID/stat` (proc(5)); its second field is in brackets and may hold anything.
fn read(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    // A process that only waits to be collected is over, but not before its last thread is: until then its files are open
    // and its locks are held.
    let threads = || fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    if matches!(fields.next()?, "Z" | "X") && threads() < 2 {
        return None;
    }
    let parent = fields.next()?.parse().ok()?;
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let program = String::from_utf8_lossy(arguments.split(|byte| *byte == 0).next()?).into_owned();
    let program = program.rsplit('/').next()?.to_owned();
    Some(Process { pid, parent, program })
}
