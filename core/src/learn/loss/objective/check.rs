//! Which parts of an objective over pairs go together.

use super::{FDivergence, PairLoss, PairObjective};
use crate::{Error, Result};

/// Whether a loss reads a part of the objective.
type Reads = fn(PairLoss) -> bool;

/// The parts that only some losses read, and which losses these are.
const READ_BY: [(&str, Reads); 4] = [
    ("label_smoothing", PairLoss::is_smoothed),
    ("discopop_tau", |loss| matches!(loss, PairLoss::Discopop)),
    ("simpo_gamma", |loss| matches!(loss, PairLoss::Simpo)),
    ("cpo_alpha", |loss| matches!(loss, PairLoss::Cpo)),
];

impl PairObjective {
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
        let usual = Self::default();
        let changed = [
            self.label_smoothing != usual.label_smoothing,
            self.discopop_tau != usual.discopop_tau,
            self.simpo_gamma != usual.simpo_gamma,
            self.cpo_alpha != usual.cpo_alpha,
        ];
        for ((key, reads), changed) in READ_BY.into_iter().zip(changed) {
            if changed && find(reads).is_none() {
                return wrong(key, format!("changes nothing in `{}`; it is for {}", self.loss_type, names(reads)));
            }
        }
        if self.f_alpha_divergence_coef != usual.f_alpha_divergence_coef
            && self.f_divergence_type != FDivergence::AlphaDivergence
        {
            return wrong(
                "f_alpha_divergence_coef",
                "is for `alpha_divergence`, and changes nothing under another divergence; set `f_divergence_type=alpha_divergence` as well, or leave it out"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<()> {
        let robust = self.loss_type.has(PairLoss::Robust);
        let most = if robust { 0.5 } else { 1.0 };
        let rules = [
            ("beta", single(self.beta) > 0.0, "must be above 0"),
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
                return Err(Error::setting(key, format!("{problem}; it is {value:?}")));
            }
            if !single(value).is_finite() {
                return Err(Error::setting(key, format!("is {value:?}, which single precision cannot hold; lower it")));
            }
        }
        Ok(())
    }
}

/// A setting as tensors hold it.
#[allow(clippy::cast_possible_truncation)] // that is the question
pub(in crate::learn) fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mix: &str) -> PairObjective {
        PairObjective { loss_type: mix.parse().unwrap(), ..PairObjective::default() }
    }

    #[test]
    fn what_changes_nothing_is_refused_and_what_reads_it_is_named() {
        let refused = |objective: PairObjective| objective.check().unwrap_err().to_string();
        for (objective, words) in [
            (
                PairObjective { simpo_gamma: 3.0, ..of("sigmoid") },
                "`simpo_gamma`: changes nothing in `sigmoid`; it is for simpo",
            ),
            (
                PairObjective { discopop_tau: 1.0, ..of("ipo") },
                "`discopop_tau`: changes nothing in `ipo`; it is for discopop",
            ),
            (
                PairObjective { cpo_alpha: 0.0, ..of("hinge+sft") },
                "`cpo_alpha`: changes nothing in `hinge+sft`; it is for cpo",
            ),
            (PairObjective { label_smoothing: 0.1, ..of("hinge") }, "`label_smoothing`: changes nothing in `hinge`"),
            (
                PairObjective { f_alpha_divergence_coef: 0.9, ..of("sigmoid") },
                "`f_alpha_divergence_coef`: is for `alpha_divergence`",
            ),
        ] {
            let said = refused(objective);
            assert!(said.contains(words), "{said}");
        }
        for objective in [
            PairObjective { simpo_gamma: 3.0, ..of("sigmoid+simpo") },
            PairObjective { discopop_tau: 1.0, ..of("discopop") },
            PairObjective { cpo_alpha: 0.0, ..of("cpo") },
            PairObjective {
                f_alpha_divergence_coef: 0.9,
                f_divergence_type: FDivergence::AlphaDivergence,
                ..of("sigmoid")
            },
        ] {
            objective.check().unwrap();
        }
    }

    #[test]
    fn numbers_that_single_precision_cannot_hold_are_refused() {
        let refused = |objective: PairObjective| objective.check().unwrap_err().to_string();
        let said = refused(PairObjective { beta: 1e300, ..of("sigmoid") });
        assert!(said.contains("`beta`") && said.contains("single precision"), "{said}");
        let said = refused(PairObjective { beta: 1e-50, ..of("sigmoid") });
        assert!(said.contains("`beta`: must be above 0"), "{said}");
        let said = refused(PairObjective { simpo_gamma: 1e39, ..of("simpo") });
        assert!(said.contains("`simpo_gamma`") && said.contains("lower it"), "{said}");
        PairObjective { beta: 1e38, ..of("sigmoid") }.check().unwrap();
    }
}
