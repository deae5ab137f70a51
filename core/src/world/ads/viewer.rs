//! Simulated viewers: what they remember of an ad days later.
//!
//! A viewer recalls an ad with probability
//! `σ(logit m* + u − 0.5·blocks_ads + 0.6·knows_brand + 0.8·(attention − 0.5) − 0.2·(days − 1))`, `u ~ N(0, 0.6²)`.
//! That viewers who block ads remember less is LAMBDA's finding (arXiv 2309.00378); all figures are ours.

use serde::{Deserialize, Serialize};

use super::{brand::Brand, memory::sigmoid};
use crate::rng::{Purpose, Stream};

/// The share of viewers who block ads.
pub const BLOCKERS: f64 = 0.4;
/// The standard deviation of viewers' memories.
pub(super) const ABILITY: f64 = 0.6;
/// What blocking ads does to the logit of recall.
pub(super) const BLOCKING: f64 = -0.5;
/// What knowing the brand does to it.
pub(super) const KNOWING: f64 = 0.6;
/// What attention does to it, from none to full.
pub(super) const ATTENTION: f64 = 0.8;
/// What each further day does to it.
pub(super) const FORGETTING: f64 = -0.2;
/// The longest delay, in days.
pub(super) const MOST_DAYS: u8 = 3;

/// Two disjoint groups of viewers: a predictor that learned from one can be checked by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Group {
    /// Whose labels are learned from.
    A,
    /// Whose labels check.
    B,
}

/// A viewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Viewer {
    /// Which half of the viewers this one is in.
    pub group: Group,
    /// Whether an ad-blocker is used at home.
    pub blocks_ads: bool,
    /// The share of checks in between that were passed, 0 to 1.
    pub attention: f64,
    /// How good the memory is: never reported, only its effect is seen.
    ability: f64,
    /// Which brands are known, by their indices.
    known: Vec<bool>,
}

/// What came of showing an ad to a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) knows_brand: bool,
    pub(super) days: u8,
    pub(super) recalled: bool,
}

impl Viewer {
    /// The viewer of an index; even ones are in group A.
    #[must_use]
    pub fn draw(seed: u64, index: usize) -> Self {
        let mut stream = Stream::new(seed, Purpose::Corpus, 11, index as u64);
        Self {
            group: if index.is_multiple_of(2) { Group::A } else { Group::B },
            blocks_ads: stream.chance(BLOCKERS),
            attention: stream.uniform(),
            ability: ABILITY * stream.normal(),
            known: Brand::all().map(|brand| stream.chance(brand.renown())).collect(),
        }
    }

    /// Whether the viewer knows a brand.
    #[must_use]
    pub fn knows(&self, brand: Brand) -> bool {
        self.known.get(brand.index()).copied().unwrap_or(false)
    }

    /// How probably the viewer recalls an ad of a brand after some days. `logit` is that of the ad's memorability.
    pub(super) fn recall(&self, brand: Brand, logit: f64, days: u8) -> f64 {
        sigmoid(
            logit
                + self.ability
                + if self.blocks_ads { BLOCKING } else { 0.0 }
                + if self.knows(brand) { KNOWING } else { 0.0 }
                + ATTENTION * (self.attention - 0.5)
                + FORGETTING * f64::from(days.saturating_sub(1)),
        )
    }

    /// Shows an ad, and asks after one to three days.
    pub(super) fn watch(&self, brand: Brand, logit: f64, stream: &mut Stream) -> Answer {
        #[allow(clippy::cast_possible_truncation)] // at most 3
        let days = 1 + stream.below(usize::from(MOST_DAYS)) as u8;
        let recalled = stream.chance(self.recall(brand, logit, days));
        Answer { knows_brand: self.knows(brand), days, recalled }
    }
}
