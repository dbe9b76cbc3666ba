//! Chances that a seed repeats: SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).

/// A sequence of numbers.
pub(crate) struct Chances(u64);

impl Chances {
    /// The sequence `number` of `seed`.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut chances = Self(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        chances.below(1);
        chances
    }

    /// The next number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    /// A place in a list of `length`, which must not be empty.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }
}
