//! What a model thinks at labelled positions beyond the label's log-probability: the numbers that TRL
//! logs beside a loss.

use burn::tensor::Tensor;
use selfsame_shaders::selective_log_softmax;

use super::Batch;
use crate::model::Decoder;

/// Numbers of every label, each `[labels]`. Only the log-probabilities have a gradient.
#[derive(Debug, Clone)]
pub struct TokenStatistics {
    /// The label's log-probability.
    pub logprobs: Tensor<1>,
    /// The entropy of the model's distribution, in nats.
    pub entropy: Tensor<1>,
    /// The mean of all logits.
    pub mean_logit: Tensor<1>,
    /// 1 where no token has a larger logit than the label, else 0.
    pub correct: Tensor<1>,
    /// `log Σ_v p_v²`: the logarithm of the probability that two draws are the same token.
    pub collisions: Tensor<1>,
}

impl Batch {
    /// The numbers of every label, in the order of the sequences, from one forward pass.
    #[must_use]
    pub fn statistics(&self, model: &Decoder) -> TokenStatistics {
        let logits = self.logits(model);
        let fixed = logits.clone().detach();
        // Sums of exponentials from the largest on, so that none overflows.
        let shifted = fixed.clone() - fixed.clone().max_dim(1);
        let exponentials = shifted.clone().exp();
        let sum = exponentials.clone().sum_dim(1);
        let normaliser = sum.clone().log();
        let expected = (exponentials.clone() * shifted).sum_dim(1) / sum;
        let collisions = exponentials.square().sum_dim(1).log() - normaliser.clone() * 2.0;
        TokenStatistics {
            entropy: (normaliser - expected).squeeze_dim(1),
            mean_logit: fixed.clone().mean_dim(1).squeeze_dim(1),
            correct: fixed.argmax(1).equal(self.targets.clone()).float().squeeze_dim(1),
            collisions: collisions.squeeze_dim(1),
            logprobs: selective_log_softmax(logits, self.targets.clone()).squeeze_dim(1),
        }
    }
}
