//! The engine's only randomness: a seeded generator with named streams.
//!
//! A stream depends on the seed and its name alone, so a draw in one place never shifts those in
//! another. The generator is SplitMix64 (Steele, Lea, Flood 2014): 64 bits of state, equal on every
//! platform, and not for secrets.

/// One stream of pseudo-random numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The stream called `name` of the run with `seed`.
    pub fn stream(seed: u64, name: &str) -> Self {
        // FNV-1a over the name, so that streams differ by more than a constant.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut stream = Self { state: seed ^ hash };
        stream.next_u64();
        stream
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in [0, 1), with 53 random bits.
    pub fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs of the reference implementation for the state 0.
        let mut random = Random { state: 0 };
        assert_eq!(random.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next_u64(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn streams_are_repeatable_and_independent() {
        let draw = |seed, name| Random::stream(seed, name).next_u64();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        let mut random = Random::stream(9, "mean");
        let mean = (0..4096).map(|_| random.next_f64()).sum::<f64>() / 4096.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
