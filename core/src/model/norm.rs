//! Norms over the last axis.

use burn::tensor::{Device, Tensor};
use selfsame_shaders::rms_norm;

/// One norm and its weights, `[width]` each.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // a handful per block, each beside matrices
pub enum Norm {
    /// `x / rms(x) · weight` (Zhang and Sennrich, arXiv 1910.07467).
    Rms {
        /// `weight`
        weight: Tensor<1>,
    },
    /// Gemma's: `x / rms(x) · (1 + weight)`.
    RmsAroundOne {
        /// `weight`
        weight: Tensor<1>,
    },
    /// `(x − mean(x)) / deviation(x) · weight + bias` (Ba et al., arXiv 1607.06450).
    Layer {
        /// `weight`
        weight: Tensor<1>,
        /// `bias`
        bias: Tensor<1>,
    },
}

impl Norm {
    /// Llama's norm.
    #[must_use]
    pub fn rms(weight: Tensor<1>) -> Self {
        Self::Rms { weight }
    }

    /// Where its weights are.
    #[must_use]
    pub fn device(&self) -> Device {
        match self {
            Self::Rms { weight } | Self::RmsAroundOne { weight } | Self::Layer { weight, .. } => weight.device(),
        }
    }

    /// Norms every row of `x`, `[rows, width]`. `epsilon` is added to what is divided by, squared.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>, epsilon: f64) -> Tensor<2> {
        match self {
            Self::Rms { weight } => rms_norm(x, weight.clone(), epsilon),
            Self::RmsAroundOne { weight } => rms_norm(x, weight.clone() + 1.0, epsilon),
            Self::Layer { weight, bias } => {
                let centred = x.clone() - x.mean_dim(1);
                let scale = (centred.clone() * centred.clone()).mean_dim(1).add_scalar(epsilon).sqrt().recip();
                centred * scale * weight.clone().unsqueeze::<2>() + bias.clone().unsqueeze::<2>()
            }
        }
    }
}
