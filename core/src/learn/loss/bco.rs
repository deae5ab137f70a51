//! Binary Classifier Optimization (arXiv 2404.04656): a classifier of good and bad answers whose logit is the
//! implicit reward `r = β h`, shifted by the mean δ of all rewards (section 3), with bad answers weighted by
//! the density ratio of the two sets of prompts (section 4).

use burn::tensor::{Tensor, activation::log_sigmoid};

use super::unpaired::signed;

/// On pairs: `−log σ(r_w − δ) − log σ(−(r_l − δ))`, `[pairs]`. The shift δ, `[1]`, has no gradient; `None` is
/// zero, as in TRL 1.16.
#[must_use]
pub fn bco_pair(rewards: [Tensor<1>; 2], shift: Option<Tensor<1>>) -> Tensor<1> {
    let [chosen, rejected] = match shift {
        Some(shift) => {
            let shift = shift.detach();
            rewards.map(|reward| reward - shift.clone())
        }
        None => rewards,
    };
    (log_sigmoid(chosen) + log_sigmoid(rejected.neg())).neg()
}

/// On single answers: `−log σ(r − δ)` for good ones and `−w(x) log σ(−(r − δ))` for bad ones, `[answers]`.
/// `desirable` is 1 or 0; `weight` is [the density ratio](crate::select::density_ratios) of the prompt, kept
/// within bounds (0.5 to 10 in TRL's release 0.29), and counts for bad answers alone.
#[must_use]
pub fn bco(rewards: Tensor<1>, desirable: Tensor<1>, shift: Tensor<1>, weight: Tensor<1>) -> Tensor<1> {
    let weight = desirable.clone() + (desirable.clone().neg() + 1.0) * weight.detach();
    log_sigmoid((rewards - shift.detach()) * signed(desirable)).neg() * weight
}

/// The mean of all rewards so far and of these, `[1]`, without a gradient; every reward counts the same. `earlier`
/// are means of rewards and of how many.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn shift(earlier: impl Iterator<Item = (f64, usize)>, now: Tensor<1>) -> Tensor<1> {
    let [count] = now.dims();
    let (sum, seen) =
        earlier.fold((0.0, count as f64), |(sum, seen), (mean, of)| (sum + mean * of as f64, seen + of as f64));
    (now.detach().sum() + sum) / seen
}
