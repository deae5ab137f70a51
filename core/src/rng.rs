//! Random numbers that depend on *what* they are for, not on *when* they are drawn.
//!
//! A counter-based generator (Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as
//! 1, 2, 3", SC 2011) maps a key and a counter to 128 random bits. The key is the seed of the run;
//! the counter names the purpose, the iteration, the item and the draw. Results therefore do not
//! depend on batch size, order or threads, and a resumed run sees the numbers it would have seen.

/// What a stream of random numbers is for; streams of different purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Initial weights.
    Init = 1,
    /// Prompts drawn from a world.
    Prompt = 2,
    /// Tokens drawn from the policy.
    Sample = 3,
    /// Order of the training items.
    Shuffle = 4,
    /// World-made texts: corpora, judgements, noise.
    Corpus = 5,
    /// Choices made while selecting pairs, random labels included.
    Select = 6,
    /// Held-out prompts and fixed pairs.
    Measure = 7,
    /// Resampling for intervals.
    Bootstrap = 8,
    /// Replay of judgement data.
    Replay = 9,
    /// Initial weights of adapters.
    Adapter = 10,
    /// Annotators and teachers.
    Annotator = 11,
    /// Hidden units that a pass leaves out.
    Dropout = 12,
}

/// One stream: a seed, a purpose, an iteration and an item.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

impl Stream {
    /// The stream of `item` (a prompt, a pair, an epoch) in `iteration` for `purpose`.
    ///
    /// `item` may use the lower 56 bits; the purpose takes the rest.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // the halves of a u64
    pub fn new(seed: u64, purpose: Purpose, iteration: u32, item: u64) -> Self {
        Self {
            key: [seed as u32, (seed >> 32) as u32],
            counter: [0, iteration, item as u32, ((item >> 32) as u32 & 0x00ff_ffff) | ((purpose as u32) << 24)],
            block: [0; 4],
            used: 4,
        }
    }

    /// 32 random bits.
    pub fn bits(&mut self) -> u32 {
        if self.used == 4 {
            self.block = philox4x32(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        let out = self.block[self.used];
        self.used += 1;
        out
    }

    /// Uniform in `[0, 1)`, with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        let high = u64::from(self.bits() >> 5);
        let low = u64::from(self.bits() >> 6);
        #[allow(clippy::cast_precision_loss)] // exactly 53 bits
        let numerator = ((high << 26) | low) as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// Uniform in `0..bound`; 0 for an empty range.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub fn below(&mut self, bound: usize) -> usize {
        ((self.uniform() * bound as f64) as usize).min(bound.saturating_sub(1))
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Standard normal (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Fisher-Yates shuffle.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// A random element, `None` of an empty slice.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

/// Ten rounds of Philox 4x32.
fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    for _ in 0..10 {
        let first = MULTIPLIERS[0] * u64::from(counter[0]);
        let second = MULTIPLIERS[1] * u64::from(counter[2]);
        #[allow(clippy::cast_possible_truncation)] // the halves of a u64
        let halves = |x: u64| ((x >> 32) as u32, x as u32);
        let (high0, low0) = halves(first);
        let (high1, low1) = halves(second);
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known-answer vectors published with Random123 (`kat_vectors`, philox4x32 10).
    #[test]
    fn philox_matches_random123() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox4x32(counter, key), expected);
        }
    }

    #[test]
    fn streams_are_keyed_by_purpose_iteration_and_item() {
        let draw = |purpose, iteration, item| Stream::new(7, purpose, iteration, item).bits();
        let first = draw(Purpose::Sample, 1, 1);
        assert_eq!(first, draw(Purpose::Sample, 1, 1));
        for other in [
            draw(Purpose::Shuffle, 1, 1),
            draw(Purpose::Sample, 2, 1),
            draw(Purpose::Sample, 1, 2),
            draw(Purpose::Sample, 1, 1 << 40),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn uniform_has_the_moments_of_a_uniform() {
        let mut stream = Stream::new(3, Purpose::Corpus, 0, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| stream.uniform()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 0.003, "{variance}");
        assert!(draws.iter().all(|x| (0.0..1.0).contains(x)));
    }

    #[test]
    fn shuffle_is_a_permutation() {
        let mut items: Vec<usize> = (0..50).collect();
        Stream::new(1, Purpose::Shuffle, 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
