//! An objective over single answers, each called good or bad.

use std::{fmt, str::FromStr};

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    bco::bco,
    kto::{kl, kto},
    objective::single,
};
use crate::{Error, Result};

/// A loss over single answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnpairedLoss {
    /// KTO: [`super::kto`].
    #[default]
    Kto,
    /// APO-zero on single answers ([`super::apo`]): KTO whose reference point is 0.
    ApoZeroUnpaired,
    /// BCO: [`super::bco`].
    Bco,
}

impl UnpairedLoss {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kto, Self::ApoZeroUnpaired, Self::Bco];

    /// The name, as TRL spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kto => "kto",
            Self::ApoZeroUnpaired => "apo_zero_unpaired",
            Self::Bco => "bco",
        }
    }
}

impl fmt::Display for UnpairedLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for UnpairedLoss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|loss| loss.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::setting("objective", format!("there is no loss `{text}` over single answers; there are {names}"))
        })
    }
}

/// A batch of single answers. All tensors are `[answers]` unless they say otherwise.
#[derive(Debug, Clone)]
pub struct UnpairedInputs {
    /// Summed log-probabilities under the policy. Gradients flow through these.
    pub policy: Tensor<1>,
    /// The same under the frozen reference.
    pub reference: Tensor<1>,
    /// Which answers are good.
    pub desirable: Vec<bool>,
    /// For `kto`: summed log-probabilities under policy and reference of answers put to *other* prompts of the
    /// batch, as many as there are. They need no gradient.
    pub mismatched: Option<[Tensor<1>; 2]>,
    /// For `bco`: the running mean of the rewards, `[1]`; `None` is zero.
    pub shift: Option<Tensor<1>>,
    /// For `bco`: the density ratio of each prompt; `None` is 1 for all.
    pub density_ratio: Option<Tensor<1>>,
}

/// An objective over single answers, with TRL's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnpairedObjective {
    /// The loss.
    pub loss_type: UnpairedLoss,
    /// Scale β of the implicit reward.
    pub beta: f64,
    /// Weight of good answers. With classes of different sizes, weights times counts should be about equal
    /// (KTO, section 4.2).
    pub desirable_weight: f64,
    /// Weight of bad answers.
    pub undesirable_weight: f64,
}

impl Default for UnpairedObjective {
    fn default() -> Self {
        Self { loss_type: UnpairedLoss::Kto, beta: 0.1, desirable_weight: 1.0, undesirable_weight: 1.0 }
    }
}

impl UnpairedObjective {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<()> {
        let beta = single(self.beta);
        if !(beta.is_finite() && beta > 0.0) {
            let problem =
                format!("must be above 0, and a number that single precision can hold; it is {:?}", self.beta);
            return Err(Error::setting("beta", problem));
        }
        let weights = [("desirable_weight", self.desirable_weight), ("undesirable_weight", self.undesirable_weight)];
        for (key, weight) in weights {
            if !(single(weight).is_finite() && weight >= 0.0) {
                let problem =
                    format!("must be at least 0, and a number that single precision can hold; it is {weight:?}");
                return Err(Error::setting(key, problem));
            }
        }
        Ok(())
    }

    /// The loss of every answer, `[answers]`; the loss of the batch is its mean.
    ///
    /// # Errors
    /// If the objective does not pass its own check, the inputs are not of one size, or `kto` has no
    /// mismatched answers.
    pub fn loss(&self, inputs: &UnpairedInputs) -> Result<Tensor<1>> {
        self.check()?;
        let answers = inputs.desirable.len();
        let weights = inputs.density_ratio.as_ref().map_or(answers, |weights| weights.dims()[0]);
        if answers == 0 || [inputs.policy.dims()[0], inputs.reference.dims()[0], weights] != [answers; 3] {
            return Err(Error::Recipe(format!(
                "a loss over single answers needs one number of each kind an answer, and there are {answers} answers"
            )));
        }
        let device = inputs.policy.device();
        let flags: Vec<f32> = inputs.desirable.iter().map(|good| f32::from(u8::from(*good))).collect();
        let desirable = Tensor::from_floats(flags.as_slice(), &device);
        let rewards = (inputs.policy.clone() - inputs.reference.clone()) * self.beta;
        let zero = || Tensor::zeros([1], &device);
        let losses = match self.loss_type {
            UnpairedLoss::Kto => {
                let [policy, reference] = inputs.mismatched.clone().ok_or_else(|| {
                    Error::Recipe(
                        "`kto` needs answers put to other prompts, to estimate how far the policy has moved; `apo_zero_unpaired` does without"
                            .to_owned(),
                    )
                })?;
                kto(rewards, desirable.clone(), kl(policy, reference) * self.beta)
            }
            UnpairedLoss::ApoZeroUnpaired => kto(rewards, desirable.clone(), zero()),
            UnpairedLoss::Bco => {
                let weight = inputs.density_ratio.clone().unwrap_or_else(|| desirable.ones_like());
                bco(rewards, desirable.clone(), inputs.shift.clone().unwrap_or_else(zero), weight)
            }
        };
        let weights = desirable * (self.desirable_weight - self.undesirable_weight) + self.undesirable_weight;
        Ok(losses * weights)
    }
}

/// 1 where `desirable` is 1, −1 where it is 0.
pub(super) fn signed(desirable: Tensor<1>) -> Tensor<1> {
    desirable * 2.0 - 1.0
}
