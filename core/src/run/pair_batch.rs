//! A micro-batch of pairs on its way through an objective.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{Snapshot, lab_judge::comparison};
use crate::{
    Error, Result,
    judge::Comparison,
    learn::{
        Batch, MARGIN, Objective, Sequence,
        loss::{PairInputs, PairObjective, margin},
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
    #[allow(clippy::cast_possible_truncation)] // labels and weights
    pub fn constant(&self, value: impl Fn(&Pair) -> f64) -> Tensor<1> {
        let values: Vec<f32> = self.pairs.iter().map(|pair| value(pair) as f32).collect();
        Tensor::from_floats(values.as_slice(), &self.model.device())
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
        let rewards = mix.rewards(inputs)?;
        let mut metrics = rewards.metrics();
        metrics.push(("logps/chosen", self.policy[0].clone().mean()));
        metrics.push(("logps/rejected", self.policy[1].clone().mean()));
        let items = vec![(MARGIN.to_owned(), rewards.margins())];
        Ok(Objective { loss: mix.loss(inputs)?.mean(), metrics, items })
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
        let [chosen, rejected] =
            [0, 1].map(|side| ((self.policy[side].clone() - reference[side].clone()) * beta).mean());
        let delta = margin(self.policy.clone(), reference, beta);
        let losses = loss(delta.clone()) * self.constant(|pair| pair.weight);
        Ok(Objective {
            loss: losses.mean(),
            metrics: vec![
                ("rewards/chosen", chosen),
                ("rewards/rejected", rejected),
                ("rewards/accuracies", delta.clone().greater_elem(0.0).float().mean()),
                ("rewards/margins", delta.clone().mean()),
                ("logps/chosen", self.policy[0].clone().mean()),
                ("logps/rejected", self.policy[1].clone().mean()),
            ],
            items: vec![(MARGIN.to_owned(), delta)],
        })
    }
}

pub(super) fn not_asked_for(which: Snapshot) -> Error {
    Error::Recipe(format!("the recipe did not ask for the reference `{}` when it began to learn", which.name()))
}
