//! What is true: oracle reward, judge accuracy, agreement, and the statistics to say so.

pub mod advertising;
pub mod annotator;
pub mod aspects;
pub mod bootstrap;
pub mod calibration;
pub mod control;
pub mod credit;
pub mod exact;
pub mod explanation;
pub mod figure;
pub mod folds;
pub(crate) mod game;
pub mod inference;
pub mod judges;
pub mod memorability;
pub mod oracle;
pub mod policy;
pub mod prediction;
pub(crate) mod proxy;
pub mod quantity;
pub mod reliability;
pub mod stats;
pub mod verdict;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use figure::Figure;
pub use judges::{Ballot, Ballots, JudgeQuality, Votes};
pub use policy::AnswerQuality;
pub use quantity::{Quantity, Reading};
pub use stats::Mean;
pub use verdict::{Expected, Interval, Outcome, Verdict};

/// The state of policy and judges after an iteration; iteration 0 is the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Answers to held-out prompts, sampled.
    pub sampled: AnswerQuality,
    /// Answers to held-out prompts, greedy: what is left when sharpening does not count.
    pub greedy: AnswerQuality,
    /// The mean of `log π(y|x) − log π_0(y|x)` over the sampled answers as they were drawn, in nats per answer: the
    /// usual sampled estimate of the KL divergence from the start of the run. Both models count as they are, at
    /// temperature 1, while the answers are drawn at that of [`Options::sampling`](crate::run::Options::sampling) (0.9
    /// unless set otherwise), which below 1 leans to the likelier answers.
    #[serde(with = "crate::number")]
    pub kl_to_start: f64,
    /// The judges on the same pairs in every iteration: answers of the start.
    pub fixed: Option<JudgeQuality>,
    /// The judges on pairs of this iteration's held-out answers.
    pub on_policy: Option<JudgeQuality>,
    /// Kendall's τ-b between two judges' confidences over all measured pairs.
    #[serde(with = "crate::number")]
    pub kendall: BTreeMap<String, BTreeMap<String, f64>>,
    /// Share of pairwise verdicts that change with the order of the answers, per variant.
    #[serde(with = "crate::number")]
    pub position_flips: BTreeMap<String, f64>,
    /// Share of on-policy pairs in which a judge prefers the longer answer.
    #[serde(with = "crate::number")]
    pub prefers_longer: BTreeMap<String, f64>,
    /// Pairs the iteration learned from, and how often their labels were right.
    pub pairs: usize,
    /// How often the labels of those pairs were right, where they had labels.
    pub label_accuracy: Option<Mean>,
}
