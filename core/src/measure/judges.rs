//! How often the internal judges are right, and how often they agree.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{oracle::OracleKey, stats::Mean};
use crate::world::World;

/// What several judges think of the same pairs of answers: for each judge's name, the probability
/// that the first answer of each pair is better.
pub type Votes = BTreeMap<String, Vec<f64>>;

/// The votes behind a [`JudgeQuality`], pair by pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Ballot {
    /// The held-out prompt of each pair, by its position; the pair is the prompt's first two
    /// sampled answers.
    pub pairs: Vec<usize>,
    /// How much better the first answer truly is; absent without a world.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::number")]
    pub truth: Option<Vec<f64>>,
    /// For each judge, the probability that the first answer is better.
    #[serde(with = "crate::number")]
    pub votes: BTreeMap<String, Vec<f32>>,
}

/// The votes behind a measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Ballots {
    /// On answers of the start; empty at the start itself, where it would repeat `on_policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Ballot>,
    /// On this iteration's answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_policy: Option<Ballot>,
}

impl Ballots {
    /// Whether nobody voted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fixed.is_none() && self.on_policy.is_none()
    }
}

impl Ballot {
    /// The ballot of votes on pairs of the held-out prompts at these positions.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // probabilities
    pub fn new(world: Option<&dyn World>, pairs: Vec<usize>, texts: &[PairTexts<'_>], votes: &Votes) -> Self {
        let votes = votes.iter().map(|(name, p)| (name.clone(), p.iter().map(|p| *p as f32).collect())).collect();
        Self { pairs, truth: differences(world, texts), votes }
    }
}

/// The quality of a set of judges on a set of pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeQuality {
    /// The pairs that count: those the oracle does not call equal (all, without a world).
    pub pairs: usize,
    /// For each judge, the share of pairs in which it is right; a tie counts half. Empty without
    /// a world.
    pub accuracy: BTreeMap<String, Mean>,
    /// For each two judges, the share of pairs in which they prefer the same answer.
    #[serde(with = "crate::number")]
    pub agreement: BTreeMap<String, BTreeMap<String, f64>>,
    /// Share of pairs in which all judges prefer the same answer.
    #[serde(with = "crate::number")]
    pub kept: f64,
    /// How often that common answer is the better one.
    pub kept_accuracy: Option<Mean>,
    /// How often the majority is right where the judges differ.
    pub dropped_accuracy: Option<Mean>,
}

/// Texts of a pair: prompt, first answer, second answer.
pub type PairTexts<'a> = (&'a str, &'a str, &'a str);

/// Compares votes with each other and, where there is a world, with the truth.
#[must_use]
#[allow(clippy::cast_precision_loss)] // pair counts
pub fn judge_quality(world: Option<&dyn World>, texts: &[PairTexts<'_>], votes: &Votes) -> JudgeQuality {
    let differences = differences(world, texts);
    let counted: Vec<usize> =
        (0..texts.len()).filter(|pair| differences.as_ref().is_none_or(|d| d[*pair] != 0.0)).collect();
    let right = |pair: usize, p: f64| differences.as_ref().map(|d| correct(p, d[pair]));
    let accuracy = match differences {
        None => BTreeMap::new(),
        Some(_) => votes
            .iter()
            .map(|(name, p)| (name.clone(), Mean::of(counted.iter().filter_map(|pair| right(*pair, p[*pair])))))
            .collect(),
    };
    let agreement = votes
        .iter()
        .map(|(name, p)| {
            let row = votes
                .iter()
                .map(|(other, q)| {
                    let same = counted.iter().filter(|pair| (p[**pair] > 0.5) == (q[**pair] > 0.5)).count();
                    (other.clone(), same as f64 / counted.len().max(1) as f64)
                })
                .collect();
            (name.clone(), row)
        })
        .collect();
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    let mut kept_count = 0_usize;
    for pair in &counted {
        let firsts = votes.values().filter(|p| p[*pair] > 0.5).count();
        let unanimous = firsts == 0 || firsts == votes.len();
        kept_count += usize::from(unanimous);
        let majority = if 2 * firsts == votes.len() { 0.5 } else { f64::from(u8::from(2 * firsts > votes.len())) };
        let list = if unanimous { &mut kept } else { &mut dropped };
        list.extend(right(*pair, majority));
    }
    JudgeQuality {
        pairs: counted.len(),
        accuracy,
        agreement,
        kept: kept_count as f64 / counted.len().max(1) as f64,
        kept_accuracy: (!kept.is_empty()).then(|| Mean::of(kept)),
        dropped_accuracy: (!dropped.is_empty()).then(|| Mean::of(dropped)),
    }
}

/// The accuracy of labels: the share of pairs whose first answer, the one with `q > ½`, is better.
#[must_use]
pub fn label_accuracy(world: &dyn World, texts: &[PairTexts<'_>], labels: &[f64]) -> Option<Mean> {
    let differences = differences(Some(world), texts)?;
    let right: Vec<f64> =
        labels.iter().zip(differences).filter(|(_, d)| *d != 0.0).map(|(q, d)| correct(*q, d)).collect();
    (!right.is_empty()).then(|| Mean::of(right))
}

/// 1 where the side of `p` is that of `difference`, ½ where `p` takes no side.
fn correct(p: f64, difference: f64) -> f64 {
    if p == 0.5 { 0.5 } else { f64::from(u8::from((p > 0.5) == (difference > 0.0))) }
}

/// How much better the first answer of each pair truly is.
fn differences(world: Option<&dyn World>, texts: &[PairTexts<'_>]) -> Option<Vec<f64>> {
    let world = world?;
    let key = OracleKey::new();
    Some(texts.iter().map(|(prompt, first, second)| world.margin(&key, prompt, [first, second])).collect())
}
