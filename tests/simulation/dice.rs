//! Chance from a seed: the same seed rolls the same dice, on every machine and in every run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use daypass_core::Chance;

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64: small, and evenly spread from any seed.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Dice {
    /// Dice of their own for whatever `parts` name: they do not depend on what else was rolled before.
    pub(crate) fn of(seed: u64, parts: &[u64]) -> Self {
        Self(parts.iter().fold(mixed(seed.wrapping_add(STEP)), |dice, part| mixed(dice ^ part.wrapping_mul(STEP))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number from `[0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number from `0..count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }

    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// One of these, each with its weight.
    pub(crate) fn weighed<T: Clone>(&mut self, choices: &[(u32, T)]) -> T {
        let total: u32 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = self.unit() * f64::from(total);
        for (weight, choice) in choices {
            left -= f64::from(*weight);
            if left < 0.0 {
                return choice.clone();
            }
        }
        choices[choices.len() - 1].1.clone()
    }

    /// A span between two numbers of seconds, to the millisecond.
    pub(crate) fn seconds(&mut self, from: f64, to: f64) -> Duration {
        Duration::from_millis(((from + (to - from) * self.unit()) * 1000.0) as u64)
    }

    /// The same where every order of magnitude between the two is as likely as any other.
    pub(crate) fn magnitude(&mut self, from: f64, to: f64) -> Duration {
        let seconds = (from.ln() + (to.ln() - from.ln()) * self.unit()).exp();
        Duration::from_millis((seconds * 1000.0) as u64)
    }
}

/// The agent's own source of chance.
pub(crate) struct AgentChance(AtomicU64);

impl AgentChance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(Dice::of(seed, &[0xa9e27]).0))
    }
}

impl Chance for AgentChance {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = mixed(self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP));
            chunk.copy_from_slice(&drawn.to_le_bytes()[..chunk.len()]);
        }
    }
}
