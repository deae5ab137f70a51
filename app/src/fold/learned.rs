//! The pairs an iteration learned from, with what the optimiser steps said about each.

use std::collections::BTreeMap;

use selfsame_core::{
    learn::{KEPT, MARGIN, OPINION},
    measure::policy::answer_quality,
    run::Arm,
    sample::{Answer, FinishReason},
    select::{Origin, PairRecord},
    world::World,
};

use super::RunView;

/// A pair and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedPair {
    /// The pair.
    pub record: PairRecord,
    /// The prompt's text.
    pub prompt: String,
    /// For each judge that was asked while learning, the probability it last gave to the first
    /// answer.
    pub opinions: BTreeMap<String, f32>,
    /// Whether the last step that saw the pair learned from it; `None` before one did, or where
    /// the recipe learns from all.
    pub kept: Option<bool>,
    /// How much more the policy had raised the first answer than the second when a step last saw
    /// them, times β.
    pub margin: Option<f32>,
    /// How much better the first answer truly is; `None` without a world.
    pub truth: Option<f64>,
}

impl LearnedPair {
    /// Whether the label that was learned is right: the recipe's own where it gave one, else the
    /// mean opinion of the judges; `None` where there is no truth, no label, or no difference.
    #[must_use]
    pub fn right(&self) -> Option<bool> {
        right(self.label(), self.truth)
    }

    /// The probability that the first answer is better, as the recipe or its judges have it.
    #[must_use]
    pub fn label(&self) -> Option<f64> {
        label(&self.record, self.opinions.values().copied())
    }
}

/// See [`LearnedPair::right`].
pub(crate) fn right(label: Option<f64>, truth: Option<f64>) -> Option<bool> {
    let truth = truth.filter(|truth| *truth != 0.0)?;
    Some((label? > 0.5) == (truth > 0.0))
}

/// See [`LearnedPair::label`].
pub(crate) fn label(record: &PairRecord, opinions: impl Iterator<Item = f32>) -> Option<f64> {
    if record.origin != Origin::Unlabelled {
        // Some labels choose an answer without saying that it is the better one.
        return record.origin.says_better().then_some(record.label);
    }
    let (sum, count) = opinions.fold((0.0, 0.0), |(sum, count), p| (sum + f64::from(p), count + 1.0));
    (count > 0.0).then(|| sum / count)
}

impl RunView {
    /// The pairs that an iteration of an arm learned from, in the order of the log.
    #[must_use]
    pub fn learned(&self, arm: Arm, iteration: u32) -> Vec<LearnedPair> {
        self.learned_part(arm, iteration, 0, usize::MAX)
    }

    /// So many of these from the one at `first` on: grading all takes a while.
    #[must_use]
    pub fn learned_part(&self, arm: Arm, iteration: u32, first: usize, count: usize) -> Vec<LearnedPair> {
        let Some(view) = self.arms.get(&arm) else {
            return Vec::new();
        };
        let Some(of) = view.iterations.get(&iteration) else {
            return Vec::new();
        };
        let world = self.world();
        let texts: BTreeMap<&str, &str> = of.prompts.iter().map(|p| (p.id.as_str(), p.text.as_str())).collect();
        let mut pairs: Vec<LearnedPair> = of
            .pairs
            .iter()
            .skip(first)
            .take(count)
            .map(|record| {
                let known = texts.get(record.prompt.as_str()).copied().unwrap_or_default();
                let prompt = if record.text.is_empty() { known } else { &record.text };
                LearnedPair {
                    record: record.clone(),
                    prompt: prompt.to_owned(),
                    opinions: BTreeMap::new(),
                    kept: None,
                    margin: None,
                    truth: difference(world.as_deref(), prompt, &record.answers),
                }
            })
            .collect();
        for (_, step) in view.steps.get(view.steps_on_pairs(iteration)).unwrap_or_default() {
            for (name, values) in &step.of_items {
                for (item, value) in step.items.iter().zip(values) {
                    let Some(pair) = item.checked_sub(first).and_then(|at| pairs.get_mut(at)) else { continue };
                    match (name.as_str(), name.strip_prefix(OPINION)) {
                        (_, Some(judge)) => {
                            pair.opinions.insert(judge.to_owned(), *value);
                        }
                        (KEPT, _) => pair.kept = Some(*value > 0.5),
                        (MARGIN, _) => pair.margin = Some(*value),
                        _ => {}
                    }
                }
            }
        }
        pairs
    }
}

/// How much better the first of two answers truly is.
fn difference(world: Option<&dyn World>, prompt: &str, answers: &[String; 2]) -> Option<f64> {
    Some(reward(world, prompt, &answers[0])? - reward(world, prompt, &answers[1])?)
}

/// The oracle's reward of an answer; `None` without a world.
pub(crate) fn reward(world: Option<&dyn World>, prompt: &str, text: &str) -> Option<f64> {
    let answer = Answer {
        ids: Vec::new(),
        text: text.to_owned(),
        logprobs: Vec::new(),
        sampling_logprob: 0.0,
        finish: FinishReason::Stop,
    };
    answer_quality(world, &[(prompt, &answer)]).reward.map(|mean| mean.mean)
}
