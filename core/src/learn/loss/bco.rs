//! Binary Classifier Optimization (arXiv 2404.04656): a classifier of good and bad answers whose logit is the
//! implicit reward `r = β h`, shifted by the mean δ of all rewards (section 3), with bad answers weighted by
//! the density ratio of the two sets of prompts (section 4).

use burn::tensor::{Device, Tensor, activation::log_sigmoid};
use serde::{Deserialize, Serialize};

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
/// `desirable` is 1 or 0; `weight` is [`density_ratio`] of the prompt and counts for bad answers alone.
#[must_use]
pub fn bco(rewards: Tensor<1>, desirable: Tensor<1>, shift: Tensor<1>, weight: Tensor<1>) -> Tensor<1> {
    let weight = desirable.clone() + (desirable.clone().neg() + 1.0) * weight.detach();
    log_sigmoid((rewards - shift.detach()) * signed(desirable)).neg() * weight
}

/// The weight of a bad answer by the probability, of a classifier of prompts, that its prompt is one of those
/// whose answers are good: `p / (1 − p)`, kept from 0.5 to 10 as in TRL's release 0.29.
#[must_use]
pub fn density_ratio(probability: f64) -> f64 {
    (probability / (1.0 - probability)).clamp(0.5, 10.0)
}

/// The running mean δ of all rewards, in which every reward counts the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RewardShift {
    mean: f64,
    count: u64,
}

impl RewardShift {
    /// Takes in the rewards of a batch, of good and of bad answers.
    #[allow(clippy::cast_precision_loss)] // reward counts
    pub fn update(&mut self, rewards: &[f32]) {
        for reward in rewards {
            self.count += 1;
            self.mean += (f64::from(*reward) - self.mean) / self.count as f64;
        }
    }

    /// The mean so far; 0 before the first reward.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The mean as the shift of a loss, `[1]`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // a reward
    pub fn tensor(&self, device: &Device) -> Tensor<1> {
        Tensor::from_floats([self.mean as f32], device)
    }
}
