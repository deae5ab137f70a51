//! The hinge on the margin, of SLiC-HF (arXiv 2305.10425), eq. 1, with a reference as in RSO (arXiv
//! 2309.06657), eq. 10: `max(0, 1 − Δ)`.

use burn::tensor::{Tensor, activation::relu};

/// `max(0, 1 − Δ)`, `[pairs]`: nothing is learned from a pair whose margin has reached 1.
#[must_use]
pub fn hinge(margin: Tensor<1>) -> Tensor<1> {
    relu(margin.neg() + 1.0)
}
