//! What a model thinks at labelled positions beyond the label's log-probability: the numbers that TRL
//! logs beside a loss.

use burn::tensor::Tensor;
use selfsame_shaders::Figure;

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
    /// The numbers of every label, in the order of the sequences, from one forward pass and without a table of
    /// logits.
    #[must_use]
    pub fn statistics(&self, model: &Decoder) -> TokenStatistics {
        let figures = self.figures(model);
        let fixed = figures.clone().detach();
        TokenStatistics {
            logprobs: Figure::Logprob.of(&figures),
            entropy: Figure::Entropy.of(&fixed),
            mean_logit: Figure::MeanLogit.of(&fixed),
            correct: Figure::Behind.of(&fixed).greater_equal_elem(0.0).float(),
            collisions: Figure::Collisions.of(&fixed),
        }
    }
}
