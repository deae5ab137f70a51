//! Models of their own that learn to prefer what labels prefer: reward models, estimators, preference models.

use burn::tensor::Tensor;

use crate::{
    Result,
    judge::Generative,
    learn::{LearnConfig, Objective, loss::sigmoid::sigmoid},
    model::Decoder,
    run::{Lab, PairBatch, Replay, Snapshot},
    select::Pair,
};

/// A model of its own, trained in its judge channel from the initial one to prefer the chosen answers. Its checkpoints
/// carry its name.
///
/// # Errors
/// As [`Lab::learn_aside`].
pub(super) async fn model(
    lab: &mut Lab,
    name: &'static str,
    config: &LearnConfig,
    judges: &[Generative],
    labelled: &[Pair],
) -> Result<Decoder> {
    lab.learn_aside((name, Snapshot::Initial), config, Replay::NONE, labelled, &[], |batch, _| {
        Ok(ranking(judges, batch))
    })
    .await
}

/// `−log σ` of the judges' preference for the chosen answers, on the mean: the ranking loss where they are asked
/// for scores, the cross-entropy of the verdict in both orders where they compare.
fn ranking(judges: &[Generative], batch: &PairBatch<'_>) -> Objective {
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
