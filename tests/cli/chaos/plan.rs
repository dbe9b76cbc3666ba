//! What happens in the chaos, drawn from a seed before it begins.

use std::time::Duration;

/// A generator of numbers that are as good as random (SplitMix64), the same again for the same seed.
pub(super) struct Chances(u64);

impl Chances {
    /// Those of the actor of this number.
    pub(super) fn new(seed: u64, actor: u64) -> Self {
        let mut chances = Self(seed.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(actor));
        chances.next();
        chances
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.below(all.len() as u64);
        all[usize::try_from(at).unwrap()]
    }

    fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.below(most + 1))
    }
}

/// What is done to somebody, and after what time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is left to end by itself.
    Lives,
    /// SIGTERM after this time.
    Ended(Duration),
    /// SIGKILL after this time.
    Killed(Duration),
}

/// One act of an actor.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    /// Runs a command.
    Command(&'static [&'static str], Fate),
    /// Does something to whoever is the agent.
    Agent(Fate),
    /// Waits.
    Rest(Duration),
}

const COMMANDS: [&[&str]; 10] = [
    &["token", "raid"],
    &["token", "tv"],
    &["token", "paw"],
    &["token", "raid", "--fresh"],
    &["token", "tv", "--fresh"],
    &["token", "paw", "--fresh"],
    &["account", "list", "--json"],
    &["sessions", "raid", "--json"],
    &["status", "--json"],
    &["agent", "--stop"],
];

impl Act {
    /// The part of one actor in one round.
    pub(super) fn part(chances: &mut Chances) -> Vec<Self> {
        (0..6).flat_map(|_| [Self::Rest(chances.millis(150)), Self::draw(chances)]).collect()
    }

    fn draw(chances: &mut Chances) -> Self {
        match chances.below(20) {
            // Agents and tray apps live until they are told to end.
            0 | 1 => Self::Command(&["agent"], Self::end(chances, 900)),
            2 | 3 => Self::Command(&["tray"], Self::end(chances, 900)),
            4 | 5 => Self::Agent(Self::end(chances, 50)),
            // Some commands are killed in their first moments, in which they start an agent.
            6..=9 => Self::Command(chances.one_of(&COMMANDS), Self::end(chances, 40)),
            _ => Self::Command(chances.one_of(&COMMANDS), Fate::Lives),
        }
    }

    fn end(chances: &mut Chances, most: u64) -> Fate {
        let after = chances.millis(most);
        if chances.below(2) == 0 { Fate::Ended(after) } else { Fate::Killed(after) }
    }
}
