//! Learning only from pairs on which several internal reward models agree, and making them agree (SCIR,
//! arXiv 2502.08922): what `scir` does with all judges of a policy, and `seed-ads` with Henry and the implicit reward.

use burn::tensor::{Tensor, activation::sigmoid};

use crate::{
    Result,
    learn::{
        KEPT, MARGIN, OPINION, Objective,
        loss::{bernoulli_divergence, bernoulli_entropy, margin, soft_logistic},
    },
    run::{PairBatch, Snapshot},
};

/// How opinions on pairs become an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Scale of the update's implicit reward.
    pub beta: f64,
    /// Weight of the inconsistency penalty, λ_c.
    pub consistency: f64,
    /// Weight of the entropy of the judges, λ_h.
    pub confidence: f64,
    /// Share of a phase before the entropy counts.
    pub confidence_warmup: f64,
    /// How far from ½ every judge must be for a pair to count.
    pub margin: f64,
    /// Whether only pairs count on which all agree; else all count, by the mean opinion.
    pub filter: bool,
}

impl Agreement {
    /// DPO where the judges agree, plus their inconsistency, plus their entropy. `opinions` and `labels` are each
    /// judge's logits of "the first answer is better", `[pairs]`: the former are pulled together, with gradients into
    /// the judges that have some, the latter say which pairs count and how. The log gets the opinions under `names`.
    ///
    /// # Errors
    /// If the recipe did not ask for the start's log-probabilities when it began to learn.
    pub fn objective<'a>(
        &self,
        names: impl Iterator<Item = &'a str>,
        opinions: &[Tensor<1>],
        labels: &[Tensor<1>],
        batch: &PairBatch<'_>,
        progress: f64,
    ) -> Result<Objective> {
        let (label, mask) = self.verdict(labels);
        let reference = batch.reference(Snapshot::Start)?;
        let delta = margin(batch.policy.clone(), reference.clone(), self.beta);
        let preference = soft_logistic(delta.clone(), label.clone()) * mask.clone();
        // Which answer is the chosen one is the judges' verdict; pairs without one have none.
        let [first, second] =
            [0, 1].map(|side| (batch.policy[side].clone() - reference[side].clone()).detach() * self.beta);
        let turned = label.clone().neg() + 1.0;
        let chosen = (first.clone() * label.clone() + second.clone() * turned.clone()) * mask.clone();
        let rejected = (first * turned + second * label) * mask.clone();
        let mut items: Vec<(String, Tensor<1>)> =
            names.zip(opinions).map(|(name, logit)| (format!("{OPINION}{name}"), sigmoid(logit.clone()))).collect();
        items.push((KEPT.to_owned(), mask.clone()));
        items.push((MARGIN.to_owned(), delta));

        let mut inconsistency = preference.zeros_like();
        let mut pairs_of_judges = 0.0;
        for (index, first) in opinions.iter().enumerate() {
            for second in &opinions[index + 1..] {
                inconsistency = inconsistency + bernoulli_divergence(first.clone(), second.clone());
                pairs_of_judges += 1.0;
            }
        }
        let inconsistency = inconsistency / f64::max(pairs_of_judges, 1.0);
        #[allow(clippy::cast_precision_loss)] // a handful of judges
        let count = opinions.len() as f64;
        let entropy =
            opinions.iter().fold(preference.zeros_like(), |sum, logit| sum + bernoulli_entropy(logit.clone())) / count;
        let confidence = if progress < self.confidence_warmup { 0.0 } else { self.confidence };
        let kept = mask.mean();
        let of_kept = |rewards: Tensor<1>| rewards.mean() / (kept.clone() + 1e-9);
        let loss = preference.clone().mean()
            + inconsistency.clone().mean() * self.consistency
            + entropy.clone().mean() * confidence;
        Ok(Objective {
            items,
            loss,
            metrics: vec![
                ("loss/preference", preference.mean()),
                ("loss/inconsistency", inconsistency.mean()),
                ("loss/entropy", entropy.mean()),
                ("kept", kept.clone()),
                ("rewards/chosen", of_kept(chosen.clone())),
                ("rewards/rejected", of_kept(rejected.clone())),
                ("rewards/accuracies", of_kept((chosen.clone() - rejected.clone()).greater_elem(0.0).float())),
                ("rewards/margins", of_kept(chosen - rejected)),
                ("logps/first", batch.policy[0].clone().mean()),
                ("logps/second", batch.policy[1].clone().mean()),
            ],
        })
    }

    /// The common verdict: label 1 where the first answer is preferred, and a mask of the pairs
    /// that count. Neither carries a gradient: which pairs count is a decision, not an objective.
    fn verdict(&self, opinions: &[Tensor<1>]) -> (Tensor<1>, Tensor<1>) {
        let threshold = (0.5 + self.margin).ln() - (0.5 - self.margin).ln();
        let detached: Vec<Tensor<1>> = opinions.iter().map(|logit| logit.clone().detach()).collect();
        let all = |test: &dyn Fn(Tensor<1>) -> Tensor<1>| detached.iter().cloned().map(test).reduce(|a, b| a * b);
        let mean = detached.iter().cloned().map(sigmoid).reduce(|a, b| a + b);
        let (Some(firsts), Some(seconds), Some(mean)) = (
            all(&|logit| logit.greater_elem(threshold).float()),
            all(&|logit| logit.lower_elem(-threshold).float()),
            mean,
        ) else {
            let nothing = Tensor::zeros([0], &burn::tensor::Device::flex());
            return (nothing.clone(), nothing);
        };
        if self.filter {
            return (firsts.clone(), firsts + seconds);
        }
        #[allow(clippy::cast_precision_loss)] // a handful of judges
        let label = mean.greater_elem(detached.len() as f64 / 2.0).float();
        (label.clone(), label.ones_like())
    }
}
