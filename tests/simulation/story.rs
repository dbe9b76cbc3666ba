//! The story of one world, event by event, and the law that was broken in it.

use std::collections::VecDeque;
use std::time::Duration;

/// How much of a story is kept when nobody listens: what led to a violation.
const TAIL: usize = 120;

/// What happened, in order.
pub(crate) struct Story {
    /// Whether it is told while it happens.
    aloud: bool,
    tail: VecDeque<String>,
    /// A digest of the whole: two runs of a seed must tell the same story. Only in which order several readers hear of one
    /// flight is tokio's own chance.
    pub(crate) digest: u64,
    /// The first law that was broken.
    pub(crate) broken: Option<String>,
}

impl Story {
    pub(crate) fn new(aloud: bool) -> Self {
        Self { aloud, tail: VecDeque::new(), digest: 0, broken: None }
    }

    /// Adds an event that happened when the world was this old.
    pub(crate) fn tell(&mut self, age: Duration, event: &str) {
        let (seconds, millis) = (age.as_secs(), age.subsec_millis());
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let line = format!("day {days} {hours:02}:{minutes:02}:{:02}.{millis:03}  {event}", seconds % 60);
        // FNV-1a of the line; of one moment's lines the order does not count.
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.digest = self.digest.wrapping_add(line.bytes().fold(0xcbf2_9ce4_8422_2325, hash));
        if self.aloud {
            println!("{line}");
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(line);
    }

    /// Notes that a law is broken; only the first counts, for the rest may follow from it.
    pub(crate) fn breaks(&mut self, age: Duration, law: &str, how: &str) {
        if self.broken.is_none() {
            self.tell(age, &format!("BROKEN: {law}: {how}"));
            self.broken = Some(format!("{law}: {how}"));
        }
    }

    /// The last events.
    pub(crate) fn tail(&self) -> String {
        self.tail.iter().map(|line| format!("  {line}\n")).collect()
    }
}
