//! f-DPO (arXiv 2309.16240): DPO under another divergence from the reference than the reverse KL. The
//! log-ratio `h = log t` becomes the score `f'(t)`.

use burn::tensor::{Tensor, activation::log_sigmoid};
use serde::{Deserialize, Serialize};

use super::exp_bounded;

/// The divergence, by TRL's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FDivergence {
    /// `f'(t) = log t` (up to a constant, which cancels): plain DPO.
    #[default]
    ReverseKl,
    /// `f'(t) = 1 − 1/t`.
    ForwardKl,
    /// `f'(t) = log(2t / (1 + t))`.
    JsDivergence,
    /// `f'(t) = (t^(α−1) − 1)/(α − 1)`, which becomes `log t` as α goes to 1.
    AlphaDivergence,
}

impl FDivergence {
    /// The score of a log-ratio, `[pairs]`; `alpha` is the α of the last divergence.
    ///
    /// Exponents end at 80, as in TRL, so that a log-ratio far beyond what training meets is a large number
    /// and not an infinity.
    #[must_use]
    pub fn score(self, log_ratio: Tensor<1>, alpha: f64) -> Tensor<1> {
        match self {
            Self::ReverseKl => log_ratio,
            Self::ForwardKl => exp_bounded(log_ratio.neg()).neg() + 1.0,
            Self::JsDivergence => log_sigmoid(log_ratio) + std::f64::consts::LN_2,
            Self::AlphaDivergence if (alpha - 1.0).abs() < 1e-6 => log_ratio,
            Self::AlphaDivergence => (exp_bounded(log_ratio * (alpha - 1.0)) - 1.0) / (alpha - 1.0),
        }
    }
}
