//! A micro-batch of pairs on its way through an objective.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};

use super::{Snapshot, lab_judge::comparison};
use crate::{
    Error, Result,
    judge::Comparison,
    learn::{
        Batch, MARGIN, Objective, Sequence,
        loss::{PairInputs, PairObjective, Rewards, margin},
    },
    model::Decoder,
    select::Pair,
};

/// A micro-batch of pairs. All tensors are `[pairs]` unless it says otherwise.
pub struct PairBatch<'a> {
    /// The policy with its gradients recorded.
    pub model: &'a Decoder,
    /// The pairs.
    pub pairs: Vec<&'a Pair>,
    /// Their positions among the pairs of the phase.
    pub positions: &'a [usize],
    /// Summed log-probabilities of the two answers under the policy, with gradients.
    pub policy: [Tensor<1>; 2],
    /// The log-probability of every token under the policy, with gradients, `[tokens]`: those of all first answers,
    /// then those of all second ones.
    pub tokens: Tensor<1>,
    pub(super) third: Option<Tensor<1>>,
    pub(super) references: BTreeMap<Snapshot, Vec<Tensor<1>>>,
    pub(super) frozen: &'a BTreeMap<Snapshot, Decoder>,
    pub(super) rows: Vec<&'a Sequence>,
    /// The policy's hidden states at every label of `rows`, `[labels, hidden]`.
    pub(super) hidden: Tensor<2>,
}

impl PairBatch<'_> {
    /// Summed log-probabilities of the two answers under a frozen model.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn reference(&self, which: Snapshot) -> Result<[Tensor<1>; 2]> {
        match self.references.get(&which).map(Vec::as_slice) {
            Some([first, second, ..]) => Ok([first.clone(), second.clone()]),
            _ => Err(not_asked_for(which)),
        }
    }

    /// Summed log-probabilities of the pairs' third answers: under the policy, with gradients, and
    /// under a frozen model.
    ///
    /// # Errors
    /// If a pair has no third answer, or the recipe did not ask for this snapshot.
    pub fn third(&self, which: Snapshot) -> Result<[Tensor<1>; 2]> {
        let third = self
            .third
            .clone()
            .ok_or_else(|| Error::Recipe("the recipe asks for third answers, but not every pair has one".to_owned()))?;
        match self.references.get(&which).map(Vec::as_slice) {
            Some([_, _, reference]) => Ok([third, reference.clone()]),
            _ => Err(not_asked_for(which)),
        }
    }

    /// Summed log-probabilities of the two answers under the logits `λ z_policy + (1 − λ) z_frozen`,
    /// without gradients. `λ = 1` is the policy, more goes beyond it, away from the frozen model.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn extrapolated(&self, which: Snapshot, lambda: f64) -> Result<[Tensor<1>; 2]> {
        let frozen = self.frozen.get(&which).ok_or_else(|| not_asked_for(which))?;
        let layout = Batch::new(&self.rows, &frozen.device());
        let policy = self.model.logits(self.hidden.clone()).inner();
        let logits = policy * lambda + layout.logits(frozen) * (1.0 - lambda);
        let sums = Tensor::from_inner(layout.sum_per_sequence(layout.token_logprobs_of(logits)));
        let count = self.pairs.len();
        Ok([sums.clone().slice([0..count]), sums.slice([count..2 * count])])
    }

    /// What losses over pairs read, against a frozen model; with labels where not every first answer is the
    /// better one.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn inputs(&self, which: Snapshot) -> Result<PairInputs> {
        Ok(self.inputs_with(self.reference(which)?))
    }

    /// The same for losses that look at no reference: the policy stands in its place.
    #[must_use]
    pub fn inputs_without_reference(&self) -> PairInputs {
        self.inputs_with(self.policy.each_ref().map(|sums| sums.clone().detach()))
    }

    fn inputs_with(&self, reference: [Tensor<1>; 2]) -> PairInputs {
        let lengths = [self.lengths(0), self.lengths(1)];
        let soft = self.pairs.iter().any(|pair| pair.label != 1.0);
        let label = soft.then(|| self.labels());
        PairInputs { label, ..PairInputs::new(self.policy.clone(), reference, lengths) }
    }

    /// The pairs as a generative judge reads them.
    #[must_use]
    pub fn comparisons(&self) -> Vec<Comparison<'_>> {
        self.pairs.iter().map(|pair| comparison(pair)).collect()
    }

    /// The number of tokens of one answer of each pair, the stop token included.
    #[must_use]
    pub fn lengths(&self, answer: usize) -> Vec<usize> {
        self.pairs.iter().map(|pair| pair.answers[answer].ids.len()).collect()
    }

    /// One number per pair as a constant.
    #[must_use]
    pub fn constant(&self, value: impl Fn(&Pair) -> f64) -> Tensor<1> {
        constants(&self.pairs, &self.model.device(), value)
    }

    /// The pairs' labels.
    #[must_use]
    pub fn labels(&self) -> Tensor<1> {
        self.constant(|pair| pair.label)
    }

    /// A mix of losses on the mean, and the numbers TRL logs beside it.
    ///
    /// # Errors
    /// If the mix does not pass its own check, or lacks an input that it needs.
    pub fn objective(&self, mix: &PairObjective, inputs: &PairInputs) -> Result<Objective> {
        let (rewards, parts) = (mix.rewards(inputs)?, mix.parts(inputs)?);
        Ok(self.logged(&mix.loss(inputs)?, rewards, parts))
    }

    /// An objective on the pairs' margins against a frozen model: what `loss` makes of them, each pair by
    /// its weight, and the numbers TRL logs beside it. A margin of exactly 0 is a tie and no success.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn preference(
        &self,
        against: Snapshot,
        beta: f64,
        loss: impl FnOnce(Tensor<1>) -> Tensor<1>,
    ) -> Result<Objective> {
        let reference = self.reference(against)?;
        let [chosen, rejected] = [0, 1].map(|side| (self.policy[side].clone() - reference[side].clone()) * beta);
        let margins = margin(self.policy.clone(), reference, beta);
        let losses = loss(margins.clone()) * self.constant(|pair| pair.weight);
        // The margins that the loss reads: rounding lets the difference of the rewards be another in the last bit.
        Ok(self.logged(&losses, Rewards { chosen, rejected, margins }, Vec::new()))
    }

    /// The mean of the pairs' losses, with what is logged beside it.
    fn logged(&self, losses: &Tensor<1>, rewards: Rewards, parts: Vec<(&'static str, Tensor<1>)>) -> Objective {
        let mut metrics = rewards.metrics();
        metrics.extend(parts);
        metrics.push(("logps/chosen", self.policy[0].clone().mean()));
        metrics.push(("logps/rejected", self.policy[1].clone().mean()));
        Objective { loss: losses.clone().mean(), metrics, items: vec![(MARGIN.to_owned(), rewards.margins)] }
    }
}

/// One number of each item as a constant, `[items]`.
#[allow(clippy::cast_possible_truncation)] // labels, ratings, rewards and weights
pub(super) fn constants<T>(items: &[&T], device: &Device, value: impl Fn(&T) -> f64) -> Tensor<1> {
    let values: Vec<f32> = items.iter().map(|item| value(item) as f32).collect();
    Tensor::from_floats(values.as_slice(), device)
}

pub(super) fn not_asked_for(which: Snapshot) -> Error {
    Error::Recipe(format!("the recipe did not ask for the reference `{}` when it began to learn", which.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_the_numbers_of_the_items_in_their_order() {
        let values = constants(&[&0.25, &-1.5, &4.0], &crate::device::cpu(), |value| 2.0 * value);
        assert_eq!(values.into_data().try_to_vec::<f32>().unwrap(), [0.5, -3.0, 8.0]);
    }
}
