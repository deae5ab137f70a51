//! What teaches a model of its own to prefer what the labels prefer.

use burn::tensor::Tensor;

use crate::{
    judge::Generative,
    learn::{Objective, loss::sigmoid::sigmoid},
    run::PairBatch,
};

/// `−log σ` of the judges' preference for the chosen answers, on the mean: the ranking loss where they are asked
/// for scores, the cross-entropy of the verdict in both orders where they compare.
pub(super) fn ranking(judges: &[Generative], batch: &PairBatch<'_>) -> Objective {
    let comparisons = batch.comparisons();
    let mut loss = batch.policy[0].zeros_like();
    let mut right = batch.policy[0].zeros_like();
    for judge in judges {
        let logits: Tensor<1> = judge.preference_logits(batch.model, &comparisons);
        right = right + logits.clone().greater_elem(0.0).float();
        loss = loss + sigmoid(logits);
    }
    #[allow(clippy::cast_precision_loss)] // a handful of judges
    let count = judges.len().max(1) as f64;
    Objective {
        loss: loss.mean() / count,
        metrics: vec![("rewards/accuracies", right.mean() / count)],
        items: Vec::new(),
    }
}
