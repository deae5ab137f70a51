//! Prompts to learn from and prompts to measure on.

use super::rules::Constraints;
use crate::{
    prompt::Prompt,
    rng::{Purpose, Stream},
};

/// Which prompts: those to learn from are fresh in every iteration, those to measure on are fixed.
///
/// The two are always drawn with random numbers of their own. Whether a text can come on both sides nevertheless is a
/// matter of the world, and stands under *Split* in its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Prompts to learn from in this iteration.
    Train(u32),
    /// Prompts to measure on, the same in every iteration.
    HeldOut,
}

impl Split {
    /// `count` prompts whose texts are drawn, each with numbers that depend on the seed, the split and its place alone.
    pub(super) fn prompts(self, seed: u64, count: usize, draw: impl Fn(&mut Stream) -> String) -> Vec<Prompt> {
        let (purpose, iteration, name) = match self {
            Self::Train(iteration) => (Purpose::Prompt, iteration, format!("t{iteration}")),
            Self::HeldOut => (Purpose::Measure, 0, "held".to_owned()),
        };
        (0..count)
            .map(|index| {
                let mut stream = Stream::new(seed, purpose, iteration, index as u64);
                Prompt { id: format!("{name}-{index}"), text: draw(&mut stream) }
            })
            .collect()
    }

    /// Draws until a prompt is of this side, where its text alone says which that is, whatever the seed and the
    /// iteration: the fifth of all texts whose hash is a multiple of 5 is measured on and never learned from.
    pub(super) fn draw(self, stream: &mut Stream, draw: impl Fn(&mut Stream) -> Constraints) -> Constraints {
        loop {
            let constraints = draw(stream);
            if hash(&constraints.prompt()).is_multiple_of(5) == (self == Self::HeldOut) {
                return constraints;
            }
        }
    }
}

/// FNV-1a with 32 bits: Fowler, Noll and Vo.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the authors' `test_fnv.c`.
    #[test]
    fn hashes_are_those_of_fnv_1a() {
        for (text, expected) in [("", 0x811c_9dc5), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(hash(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_is_on_one_side() {
        let mut stream = Stream::new(1, Purpose::Corpus, 0, 0);
        let mut drawn = |split: Split| split.draw(&mut stream, Constraints::draw).prompt();
        for _ in 0..200 {
            assert!(hash(&drawn(Split::HeldOut)).is_multiple_of(5));
            assert!(!hash(&drawn(Split::Train(1))).is_multiple_of(5));
        }
    }
}
