//! A whole objective over pairs: a mix of losses and what modifies them.

mod check;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    FDivergence, Mix, PairInputs, PairLoss,
    aot::{aot, aot_unpaired},
    apo::{apo_down, apo_zero},
    bco::bco_pair,
    cdpo::cdpo,
    cpo::cpo,
    discopop::discopop,
    exo_pair::exo_pair,
    hinge::hinge,
    inputs::{TokenInputs, token_counts},
    ipo::ipo,
    ld_dpo::desensitised,
    nca_pair::nca_pair,
    orpo::orpo,
    robust::robust,
    sft::sft,
    sigmoid::sigmoid,
    sigmoid_norm::sigmoid_norm,
    simpo::simpo,
    sppo::sppo_hard,
    wpo::wpo_weight,
};
use crate::{Error, Result};

pub(in crate::learn) use check::single;

/// An objective over pairs, with TRL's names and defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PairObjective {
    /// The losses and their weights.
    pub loss_type: Mix,
    /// Scale β of the implicit reward; τ of IPO, λ of ORPO.
    pub beta: f64,
    /// ε: the share of labels taken to be wrong by the losses that are [smoothed](PairLoss::is_smoothed).
    pub label_smoothing: f64,
    /// The divergence from the reference.
    pub f_divergence_type: FDivergence,
    /// α of the α-divergence.
    pub f_alpha_divergence_coef: f64,
    /// How much tokens beyond the pair's shorter length count (LD-DPO); `None` is as much as others.
    pub ld_alpha: Option<f64>,
    /// Whether pairs count by the policy's own probability of them (WPO).
    pub use_weighting: bool,
    /// τ of DiscoPOP.
    pub discopop_tau: f64,
    /// The margin γ of SimPO.
    pub simpo_gamma: f64,
    /// The weight of CPO's cross-entropy.
    pub cpo_alpha: f64,
}

impl Default for PairObjective {
    fn default() -> Self {
        Self {
            loss_type: Mix::default(),
            beta: 0.1,
            label_smoothing: 0.0,
            f_divergence_type: FDivergence::ReverseKl,
            f_alpha_divergence_coef: 0.5,
            ld_alpha: None,
            use_weighting: false,
            discopop_tau: 0.05,
            simpo_gamma: 0.5,
            cpo_alpha: 1.0,
        }
    }
}

/// What the losses of a batch are computed from, each `[pairs]`.
struct Sides {
    policy: [Tensor<1>; 2],
    reference: [Tensor<1>; 2],
    /// The policy's plain sums, whatever LD-DPO makes of `policy`.
    sums: [Tensor<1>; 2],
    tokens: [Tensor<1>; 2],
    shift: Option<Tensor<1>>,
}

impl Sides {
    fn swapped(&self) -> Self {
        let swap = |[first, second]: &[Tensor<1>; 2]| [second.clone(), first.clone()];
        Self {
            policy: swap(&self.policy),
            reference: swap(&self.reference),
            sums: swap(&self.sums),
            tokens: swap(&self.tokens),
            shift: self.shift.clone(),
        }
    }

    fn log_ratios(&self) -> [Tensor<1>; 2] {
        both(&self.policy, &self.reference, |policy, reference| policy - reference)
    }

    fn means(&self, values: &[Tensor<1>; 2]) -> [Tensor<1>; 2] {
        both(values, &self.tokens, |value, tokens| value / tokens)
    }
}

fn both(a: &[Tensor<1>; 2], b: &[Tensor<1>; 2], join: impl Fn(Tensor<1>, Tensor<1>) -> Tensor<1>) -> [Tensor<1>; 2] {
    [join(a[0].clone(), b[0].clone()), join(a[1].clone(), b[1].clone())]
}

/// The implicit rewards of a batch as TRL logs them, each `[pairs]`, without gradients.
#[derive(Debug, Clone)]
pub struct Rewards {
    /// Of the first answers.
    pub chosen: Tensor<1>,
    /// Of the second answers.
    pub rejected: Tensor<1>,
    /// How far the first answers are ahead.
    pub margins: Tensor<1>,
}

impl Rewards {
    /// The rewards of the first and of the second answers, each `[pairs]`, and their difference.
    #[must_use]
    pub fn new([chosen, rejected]: [Tensor<1>; 2]) -> Self {
        Self { margins: chosen.clone() - rejected.clone(), chosen, rejected }
    }

    /// Their means and those of what follows from them, each `[1]`, under TRL's names. A tie is not
    /// counted as right.
    #[must_use]
    pub fn metrics(&self) -> Vec<(&'static str, Tensor<1>)> {
        vec![
            ("rewards/chosen", self.chosen.clone().mean()),
            ("rewards/rejected", self.rejected.clone().mean()),
            ("rewards/accuracies", self.margins.clone().greater_elem(0.0).float().mean()),
            ("rewards/margins", self.margins.clone().mean()),
        ]
    }
}

impl PairObjective {
    /// An objective of one loss with TRL's defaults.
    #[must_use]
    pub fn new(loss: PairLoss) -> Self {
        Self { loss_type: loss.into(), ..Self::default() }
    }

    /// Whether it needs [`PairInputs::tokens`].
    #[must_use]
    pub fn needs_tokens(&self) -> bool {
        self.ld_alpha.is_some() || self.use_weighting
    }

    /// Whether it needs the tokens' collisions.
    #[must_use]
    pub fn needs_collisions(&self) -> bool {
        self.use_weighting
    }

    /// Whether it looks at a reference at all.
    #[must_use]
    pub fn needs_reference(&self) -> bool {
        self.loss_type.any(|loss| !loss.is_reference_free())
    }

    /// Whether a reference changes anything: a loss, or the rewards that are logged, which are told without one for
    /// `simpo`, `cpo` and `orpo` alone. [`PairInputs::reference`] can hold anything where it does not.
    #[must_use]
    pub fn reads_reference(&self) -> bool {
        self.needs_reference() || self.loss_type.terms().iter().all(|(loss, _)| *loss == PairLoss::Sft)
    }

    /// The loss of every pair, `[pairs]`; the loss of the batch is its mean. For `aot` and `aot_unpaired` the
    /// numbers belong to quantiles of the batch instead.
    ///
    /// # Errors
    /// If the objective does not pass its own check, or lacks an input that it needs.
    pub fn loss(&self, inputs: &PairInputs) -> Result<Tensor<1>> {
        self.check()?;
        inputs.check()?;
        let sides = self.sides(inputs)?;
        let loss = match &inputs.label {
            None => self.sum(&sides),
            Some(_) if self.loss_type.any(PairLoss::sorts) => {
                return Err(Error::Recipe(format!(
                    "`{}` sorts the batch, so that pairs cannot have labels of their own; choose another objective",
                    self.loss_type
                )));
            }
            Some(label) => {
                let turned = self.sum(&sides.swapped()) * (label.clone().neg() + 1.0);
                self.sum(&sides) * label.clone() + turned
            }
        };
        if !self.use_weighting {
            return Ok(loss);
        }
        Ok(loss * wpo_weight(tokens_of(inputs)?, &inputs.lengths)?)
    }

    /// The implicit rewards as TRL logs them: β times the log-ratio; without a reference β times the
    /// log-probability for CPO, and times its mean per token for SimPO and ORPO.
    ///
    /// # Errors
    /// As [`PairObjective::loss`].
    pub fn rewards(&self, inputs: &PairInputs) -> Result<Rewards> {
        inputs.check()?;
        let sides = self.sides(inputs)?;
        let values = if self.reads_means() {
            sides.means(&sides.sums)
        } else if self.loss_type.has(PairLoss::Cpo) && !self.needs_reference() {
            sides.sums
        } else {
            sides.log_ratios()
        };
        Ok(Rewards::new(values.map(|value| value.detach() * self.beta)))
    }

    /// The log-probabilities of both answers as the objective reads them, each `[pairs]`, without gradients: TRL logs
    /// these. With `ld_alpha` they are not the plain sums, and for SimPO and ORPO they are means per token.
    ///
    /// # Errors
    /// As [`PairObjective::loss`].
    pub fn logps(&self, inputs: &PairInputs) -> Result<[Tensor<1>; 2]> {
        inputs.check()?;
        let sides = self.sides(inputs)?;
        let values = if self.reads_means() { sides.means(&sides.sums) } else { sides.policy };
        Ok(values.map(Tensor::detach))
    }

    /// Whether means per token are all that it knows of an answer, as in TRL's trainers of SimPO and ORPO.
    fn reads_means(&self) -> bool {
        let means = |loss| matches!(loss, PairLoss::Simpo | PairLoss::Orpo);
        self.loss_type.any(means) && !self.loss_type.has(PairLoss::Cpo) && !self.needs_reference()
    }

    fn sides(&self, inputs: &PairInputs) -> Result<Sides> {
        let (policy, reference) = match self.ld_alpha {
            None => (inputs.policy.clone(), inputs.reference.clone()),
            Some(alpha) => {
                let tokens = tokens_of(inputs)?;
                let sum = |values: &Tensor<1>| desensitised(values, &inputs.lengths, alpha);
                (sum(&tokens.policy), sum(&tokens.reference))
            }
        };
        Ok(Sides {
            policy,
            reference,
            sums: inputs.policy.clone(),
            tokens: token_counts(&inputs.lengths, &inputs.policy[0]),
            shift: inputs.shift.clone(),
        })
    }

    /// The weighted sum of the losses with the first answers as the chosen ones.
    fn sum(&self, sides: &Sides) -> Tensor<1> {
        let terms = self.loss_type.terms().iter().map(|(loss, weight)| self.term(*loss, sides) * *weight);
        terms.reduce(|sum, term| sum + term).unwrap_or_else(|| sides.policy[0].zeros_like())
    }

    fn term(&self, loss: PairLoss, sides: &Sides) -> Tensor<1> {
        let (beta, smoothing) = (self.beta, self.label_smoothing);
        let scores = || sides.log_ratios().map(|h| self.f_divergence_type.score(h, self.f_alpha_divergence_coef));
        let margin = || {
            let [chosen, rejected] = scores();
            (chosen - rejected) * beta
        };
        let rewards = || sides.log_ratios().map(|log_ratio| log_ratio * beta);
        match loss {
            PairLoss::Sigmoid => sigmoid(margin()),
            PairLoss::Hinge => hinge(margin()),
            PairLoss::Ipo => ipo(sides.means(&scores()), beta),
            PairLoss::ExoPair => exo_pair(margin(), smoothing),
            PairLoss::NcaPair => nca_pair(rewards()),
            PairLoss::Robust => robust(margin(), smoothing),
            PairLoss::BcoPair => bco_pair(rewards(), sides.shift.clone()),
            PairLoss::SppoHard => sppo_hard(sides.log_ratios(), beta),
            PairLoss::Aot => aot(sides.policy.clone(), sides.reference.clone(), beta, smoothing),
            PairLoss::AotUnpaired => aot_unpaired(sides.log_ratios(), beta, smoothing),
            PairLoss::ApoZero => apo_zero(rewards()),
            PairLoss::ApoDown => apo_down(rewards()),
            PairLoss::Discopop => discopop(margin(), self.discopop_tau),
            PairLoss::Sft => sft(sides.sums[0].clone(), sides.tokens[0].clone()),
            PairLoss::SigmoidNorm => sigmoid_norm(sides.means(&scores()), beta),
            PairLoss::Cdpo => cdpo(margin(), smoothing),
            PairLoss::Simpo => simpo(sides.means(&sides.sums), beta, self.simpo_gamma, smoothing),
            PairLoss::Cpo => cpo(sides.sums.clone(), sides.tokens[0].clone(), beta, self.cpo_alpha, smoothing),
            PairLoss::Orpo => orpo(sides.sums[0].clone(), sides.tokens[0].clone(), sides.means(&sides.sums), beta),
        }
    }
}

fn tokens_of(inputs: &PairInputs) -> Result<&TokenInputs> {
    inputs.tokens.as_ref().ok_or_else(|| {
        Error::Recipe("`ld_alpha` and `use_weighting` look at single tokens, and only sums were given".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{self, read_floats};

    fn read(tensor: Tensor<1>) -> Vec<f32> {
        pollster::block_on(read_floats(tensor)).unwrap()
    }

    fn of(mix: &str) -> PairObjective {
        let label_smoothing = if mix.contains("exo_pair") { 0.1 } else { 0.0 };
        PairObjective { loss_type: mix.parse().unwrap(), label_smoothing, ..PairObjective::default() }
    }

    /// Asked of the numbers themselves: whether two references give two losses or two rewards.
    #[test]
    fn a_reference_is_read_where_it_changes_a_number() {
        let device = device::cpu();
        let floats = |values: [f32; 2]| Tensor::<1>::from_floats(values, &device);
        let inputs = |reference: f32| {
            let policy = [floats([-3.0, -5.0]), floats([-4.0, -2.5])];
            let reference = [floats([-3.5, -5.0]) + reference, floats([-3.0, -6.0])];
            PairInputs::new(policy, reference, [vec![3, 4], vec![2, 5]])
        };
        let mixes = ["simpo+sft", "sft+cpo", "sigmoid+simpo"].map(str::to_owned);
        for mix in PairLoss::ALL.map(|loss| loss.to_string()).into_iter().chain(mixes) {
            let objective = of(&mix);
            let numbers = |reference: f32| {
                let inputs = inputs(reference);
                let rewards = objective.rewards(&inputs).unwrap();
                [objective.loss(&inputs).unwrap(), rewards.chosen, rewards.rejected].map(read)
            };
            assert_eq!(objective.reads_reference(), numbers(0.0) != numbers(0.75), "{mix}");
        }
        let free = ["simpo", "cpo", "orpo", "simpo+sft", "sft+cpo"];
        assert!(free.iter().all(|mix| !of(mix).reads_reference()));
        assert!(of("sft").reads_reference() && of("sigmoid+simpo").reads_reference());
    }
}
