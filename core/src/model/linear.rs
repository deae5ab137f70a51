//! Projections: a matrix, perhaps a bias, perhaps a low-rank adapter that learns in their place.

use burn::tensor::Tensor;
use selfsame_shaders::linear;

use super::Matrix;

/// `y = x Wᵀ + b`, and with an adapter `y = x Wᵀ + b + scale · (x Aᵀ) Bᵀ`.
#[derive(Debug, Clone)]
pub struct Linear {
    /// `W`, `[out, in]` like the files have it.
    pub weight: Matrix,
    /// `b`, `[out]`.
    pub bias: Option<Tensor<1>>,
    /// What learns instead of the two, where there is one.
    pub adapter: Option<Adapter>,
}

/// A low-rank update of a matrix (LoRA; Hu et al., arXiv 2106.09685, section 4.1).
#[derive(Debug, Clone)]
pub struct Adapter {
    /// `A`, `[rank, in]`.
    pub down: Tensor<2>,
    /// `B`, `[out, rank]`.
    pub up: Tensor<2>,
    /// What the product is multiplied by: alpha over rank.
    pub scale: f64,
}

impl Linear {
    /// A projection without bias.
    #[must_use]
    pub fn new(weight: impl Into<Matrix>) -> Self {
        Self::with_bias(weight, None)
    }

    /// A projection with a bias.
    #[must_use]
    pub fn with_bias(weight: impl Into<Matrix>, bias: Option<Tensor<1>>) -> Self {
        Self { weight: weight.into(), bias, adapter: None }
    }

    /// Projects every row of `x`: `[rows, in]` to `[rows, out]`.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let update = self.adapter.as_ref().map(|adapter| {
            // Scaled while it is narrow.
            linear(linear(x.clone(), adapter.down.clone()).mul_scalar(adapter.scale), adapter.up.clone())
        });
        let mut y = self.weight.product(x);
        if let Some(bias) = &self.bias {
            y = y + bias.clone().unsqueeze::<2>();
        }
        match update {
            None => y,
            Some(update) => y + update,
        }
    }

    /// The same projection without adapter, whose matrix is `W + scale · B A`, in single precision where there
    /// was one.
    #[must_use]
    pub fn merged(self) -> Self {
        let weight = match self.adapter {
            None => self.weight,
            Some(adapter) => {
                let update = adapter.up.matmul(adapter.down).mul_scalar(adapter.scale);
                Matrix::Full(self.weight.full() + update)
            }
        };
        Self { weight, bias: self.bias, adapter: None }
    }
}
