//! Objectives: what learning minimises, one file a loss, by the name that TRL or its paper gives it.
//!
//! They read log-probabilities and never tokens, so that they can be tested on plain numbers. Throughout,
//! `lp` is the sum of an answer's token log-probabilities, `h = lp − lp_reference` its log-ratio, `r = β h` its
//! implicit reward, `Δ = r_w − r_l` the margin of a pair of a chosen and a rejected answer. Logarithms of
//! probabilities are computed as such (`log_sigmoid`), never as logarithms of numbers near 0 or 1.
//!
//! [`PairObjective`] is the way in for losses over pairs: a [`Mix`] of [`PairLoss`]es and what modifies them.

pub mod aot;
pub mod apo;
pub mod bco;
pub mod cdpo;
pub mod cpo;
pub mod cream;
pub mod discopop;
pub mod divergence;
pub mod dno;
pub mod exo_pair;
pub mod f_divergence;
pub mod hinge;
mod inputs;
pub mod ipo;
pub mod kto;
pub mod ld_dpo;
pub mod mm_rlhf;
pub mod nash_md;
pub mod nca_pair;
mod objective;
pub mod orpo;
mod pair;
pub mod robust;
pub mod selm;
pub mod sft;
pub mod sharpening;
pub mod sigmoid;
pub mod sigmoid_norm;
pub mod simpo;
pub mod soft_label;
pub mod spce;
pub mod spin;
pub mod sppo;
pub mod t_reg;
pub mod tr_dpo;
mod unpaired;
pub mod wpo;
pub mod xpo;

use burn::tensor::Tensor;

pub use divergence::{bernoulli_divergence, bernoulli_entropy};
pub use f_divergence::FDivergence;
pub use inputs::{PairInputs, TokenInputs};
pub use objective::{PairObjective, Rewards};
pub use pair::{Mix, PairLoss};
pub use sigmoid::margin;
pub use soft_label::soft_logistic;
pub use unpaired::{UnpairedInputs, UnpairedLoss, UnpairedObjective};

/// `exp(min(x, 80))`: the largest exponent, as in TRL, whose power is still far from infinity in single
/// precision.
fn exp_bounded(x: Tensor<1>) -> Tensor<1> {
    x.clamp_max(80.0).exp()
}
