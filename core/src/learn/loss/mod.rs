//! Objectives: what learning minimises, one file a loss, by the name that TRL or its paper gives it.
//!
//! They read log-probabilities and never tokens, so that they can be tested on plain numbers. Throughout,
//! `lp` is the sum of an answer's token log-probabilities, `h = lp − lp_reference` its log-ratio, `r = β h` its
//! implicit reward, `Δ = r_w − r_l` the margin of a pair of a chosen and a rejected answer. Logarithms of
//! probabilities are computed as such (`log_sigmoid`), never as logarithms of numbers near 0 or 1.
//!
//! | what is learned from | the way in | losses |
//! |---|---|---|
//! | pairs | [`PairObjective`]: a [`Mix`] of [`PairLoss`]es, with f-divergences, [`ld_dpo`], [`wpo`] | [`sigmoid`] (DPO), [`hinge`], [`ipo`], [`exo_pair`], [`nca_pair`], [`robust`], [`bco`], [`sppo`], [`aot`], [`apo`], [`discopop`], [`sft`], [`sigmoid_norm`], [`cdpo`] |
//! | pairs, without a reference | the same | [`simpo`], [`cpo`], [`orpo`] |
//! | pairs with labels between 0 and 1 | functions of a margin and a label | [`soft_label`], [`cream`], [`spce`], [`dno`], [`mm_rlhf`] |
//! | the policy's own answers | functions of log-probabilities | [`spin`], [`sppo`], [`nash_md`], [`policy_gradient`], [`sharpening`] |
//! | and what it has not tried | the same, with a bonus | [`selm`], [`xpo`] |
//! | single tokens | a function of their log-probabilities and credit | [`t_reg`] |
//! | answers called good or bad | [`UnpairedObjective`] | [`kto`], [`apo`], [`bco`] |
//! | judges beside each other | functions of logits | [`divergence`] (SCIR) |
//!
//! [`tr_dpo`] is no loss: it moves the reference.

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
mod parts;
pub mod policy_gradient;
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
pub(super) use objective::single;
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
