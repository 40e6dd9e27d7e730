//! Random choices that a seed repeats, today and on any machine.

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    /// The choices of one case, so that each can be drawn again by itself.
    pub(crate) fn of_case(seed: u64, case: u64) -> Random {
        let mut random = Random(seed);
        random.0 = random.next() ^ case;
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// A seed that was not used before, to be printed so that the run can be repeated.
pub(crate) fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's hash keys are random.
    std::collections::hash_map::RandomState::new().build_hasher().finish() >> 32
}
