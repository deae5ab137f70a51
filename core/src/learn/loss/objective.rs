//! A whole objective over pairs: a mix of losses and what modifies them.

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

    /// Checks that the parts go together. What TRL 1.16 refuses is refused, and what it would compute
    /// wrongly, or ignore, as well.
    ///
    /// # Errors
    /// Names the setting, why it cannot work, and what to choose.
    pub fn check(&self) -> Result<()> {
        self.check_numbers()?;
        let wrong = |key: &str, problem: String| Err(Error::setting(key, problem));
        let find = |test: fn(PairLoss) -> bool| self.loss_type.terms().iter().map(|(loss, _)| *loss).find(|l| test(*l));
        let names = |test: fn(PairLoss) -> bool| {
            PairLoss::ALL.iter().filter(|l| test(**l)).map(|l| l.name()).collect::<Vec<_>>().join(", ")
        };
        if self.f_divergence_type != FDivergence::ReverseKl
            && let Some(loss) = find(|loss| !loss.takes_f_divergence())
        {
            return wrong(
                "f_divergence_type",
                format!(
                    "`{loss}` needs `reverse_kl`: under another divergence a term of the prompt cancels only in the difference of two scores. Losses built on it are {}",
                    names(PairLoss::takes_f_divergence)
                ),
            );
        }
        if self.use_weighting
            && let Some(loss) = find(|loss| loss.sorts() || loss.is_reference_free())
        {
            let why = if loss.sorts() {
                "sorts the batch, and weights would meet the wrong pairs"
            } else {
                "is not a contrast with a reference, which the weights are for"
            };
            return wrong("use_weighting", format!("`{loss}` {why}; choose another loss, or no weighting"));
        }
        if self.ld_alpha.is_some()
            && let Some(loss) = find(|loss| loss.is_reference_free() && loss != PairLoss::Sft)
        {
            return wrong(
                "ld_alpha",
                format!(
                    "`{loss}` is defined on all tokens of an answer; leave `ld_alpha` out, or choose a loss with a reference"
                ),
            );
        }
        if self.loss_type.has(PairLoss::ExoPair) && self.label_smoothing == 0.0 {
            return wrong("label_smoothing", "must be above 0 for `exo_pair`, whose divergence from a certain label is infinite; the paper takes 1e-3".to_owned());
        }
        if self.label_smoothing > 0.0 && find(PairLoss::is_smoothed).is_none() {
            return wrong(
                "label_smoothing",
                format!("changes nothing in `{}`; it is for {}", self.loss_type, names(PairLoss::is_smoothed)),
            );
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<()> {
        let robust = self.loss_type.has(PairLoss::Robust);
        let most = if robust { 0.5 } else { 1.0 };
        let rules = [
            ("beta", self.beta > 0.0, "must be above 0"),
            (
                "label_smoothing",
                self.label_smoothing >= 0.0 && self.label_smoothing < most,
                if robust { "must be at least 0 and below 0.5 for `robust`" } else { "must be at least 0 and below 1" },
            ),
            ("f_alpha_divergence_coef", true, "must be a number"),
            ("ld_alpha", (0.0..=1.0).contains(&self.ld_alpha.unwrap_or(1.0)), "must be from 0 to 1"),
            ("discopop_tau", self.discopop_tau > 0.0 && self.discopop_tau <= 1.0, "must be above 0 and at most 1"),
            ("simpo_gamma", self.simpo_gamma >= 0.0, "must be at least 0"),
            ("cpo_alpha", self.cpo_alpha >= 0.0, "must be at least 0"),
        ];
        let values = [
            self.beta,
            self.label_smoothing,
            self.f_alpha_divergence_coef,
            self.ld_alpha.unwrap_or(1.0),
            self.discopop_tau,
            self.simpo_gamma,
            self.cpo_alpha,
        ];
        for ((key, right, problem), value) in rules.into_iter().zip(values) {
            if !right || !value.is_finite() {
                return Err(Error::setting(key, format!("{problem}; it is {value}")));
            }
        }
        Ok(())
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
