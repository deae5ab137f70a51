//! The names of the losses over pairs, as TRL spells them, and weighted mixes of them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::UnpairedLoss;
use crate::{Error, spelling::meant};

/// A loss over pairs. Each variant's file has its equation and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PairLoss {
    /// DPO: [`super::sigmoid`].
    Sigmoid,
    /// SLiC's hinge: [`super::hinge`].
    Hinge,
    /// IPO: [`super::ipo`].
    Ipo,
    /// EXO: [`super::exo_pair`].
    ExoPair,
    /// NCA: [`super::nca_pair`].
    NcaPair,
    /// Robust DPO: [`super::robust`].
    Robust,
    /// BCO on pairs: [`super::bco`].
    BcoPair,
    /// SPPO with hard labels: [`super::sppo`].
    SppoHard,
    /// AOT: [`super::aot`].
    Aot,
    /// AOT on unpaired answers: [`super::aot`].
    AotUnpaired,
    /// APO-zero: [`super::apo`].
    ApoZero,
    /// APO-down: [`super::apo`].
    ApoDown,
    /// DiscoPOP: [`super::discopop`].
    Discopop,
    /// Cross-entropy on the chosen answers: [`super::sft`].
    Sft,
    /// DPO on means per token: [`super::sigmoid_norm`].
    SigmoidNorm,
    /// Conservative DPO, with smoothed labels: [`super::cdpo`].
    Cdpo,
    /// SimPO, without a reference: [`super::simpo`].
    Simpo,
    /// CPO, without a reference: [`super::cpo`].
    Cpo,
    /// ORPO, without a reference: [`super::orpo`].
    Orpo,
}

impl PairLoss {
    /// All of them: first those of TRL's `loss_type`, in its order.
    pub const ALL: [Self; 19] = [
        Self::Sigmoid,
        Self::Hinge,
        Self::Ipo,
        Self::ExoPair,
        Self::NcaPair,
        Self::Robust,
        Self::BcoPair,
        Self::SppoHard,
        Self::Aot,
        Self::AotUnpaired,
        Self::ApoZero,
        Self::ApoDown,
        Self::Discopop,
        Self::Sft,
        Self::SigmoidNorm,
        Self::Cdpo,
        Self::Simpo,
        Self::Cpo,
        Self::Orpo,
    ];

    /// The name, as TRL spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sigmoid => "sigmoid",
            Self::Hinge => "hinge",
            Self::Ipo => "ipo",
            Self::ExoPair => "exo_pair",
            Self::NcaPair => "nca_pair",
            Self::Robust => "robust",
            Self::BcoPair => "bco_pair",
            Self::SppoHard => "sppo_hard",
            Self::Aot => "aot",
            Self::AotUnpaired => "aot_unpaired",
            Self::ApoZero => "apo_zero",
            Self::ApoDown => "apo_down",
            Self::Discopop => "discopop",
            Self::Sft => "sft",
            Self::SigmoidNorm => "sigmoid_norm",
            Self::Cdpo => "cdpo",
            Self::Simpo => "simpo",
            Self::Cpo => "cpo",
            Self::Orpo => "orpo",
        }
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Sigmoid => "DPO (arXiv 2305.18290), eq. 7",
            Self::Hinge => "SLiC-HF (arXiv 2305.10425), eq. 1; with a reference as in RSO (arXiv 2309.06657), eq. 10",
            Self::Ipo => "IPO (arXiv 2310.12036), eq. 17",
            Self::ExoPair => "EXO (arXiv 2402.00856), eq. 16",
            Self::NcaPair => "NCA (arXiv 2402.05369), section 4",
            Self::Robust => "Robust DPO (arXiv 2403.00409), eq. 11",
            Self::BcoPair => "BCO (arXiv 2404.04656), section 3",
            Self::SppoHard => "SPPO (arXiv 2405.00675), eq. 4.7 with P in {0, 1}",
            Self::Aot | Self::AotUnpaired => "AOT (arXiv 2406.05882), section 3",
            Self::ApoZero => "APO (arXiv 2408.06266), eq. 7",
            Self::ApoDown => "APO (arXiv 2408.06266), eq. 8",
            Self::Discopop => "DiscoPOP (arXiv 2406.08414), eq. 5",
            Self::Sft => "cross-entropy, as in MPO (arXiv 2411.10442)",
            Self::SigmoidNorm => "Tulu 3 (arXiv 2411.15124), section 5",
            Self::Cdpo => "E. Mitchell, 'A note on DPO with noisy preferences', 2023",
            Self::Simpo => "SimPO (arXiv 2405.14734), eq. 6",
            Self::Cpo => "CPO (arXiv 2401.08417), eq. 3 to 5",
            Self::Orpo => "ORPO (arXiv 2403.07691), eq. 6 and 7",
        }
    }

    /// Whether it looks at the policy alone.
    #[must_use]
    pub const fn is_reference_free(self) -> bool {
        matches!(self, Self::Sft | Self::Simpo | Self::Cpo | Self::Orpo)
    }

    /// Whether `label_smoothing` changes it.
    #[must_use]
    pub const fn is_smoothed(self) -> bool {
        matches!(
            self,
            Self::ExoPair | Self::Robust | Self::Aot | Self::AotUnpaired | Self::Cdpo | Self::Simpo | Self::Cpo
        )
    }

    /// Whether it is built on the difference of two scores, in which the term `β log Z(x)` of another
    /// f-divergence cancels (f-DPO, arXiv 2309.16240, section 4).
    #[must_use]
    pub const fn takes_f_divergence(self) -> bool {
        matches!(
            self,
            Self::Sigmoid
                | Self::SigmoidNorm
                | Self::Hinge
                | Self::Ipo
                | Self::ExoPair
                | Self::Robust
                | Self::Discopop
                | Self::Sft
                | Self::Cdpo
        )
    }

    /// Whether it sorts the batch, so that its numbers no longer belong to pairs.
    #[must_use]
    pub const fn sorts(self) -> bool {
        matches!(self, Self::Aot | Self::AotUnpaired)
    }
}

impl fmt::Display for PairLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PairLoss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(loss) = Self::ALL.into_iter().find(|loss| loss.name() == text) {
            return Ok(loss);
        }
        if text.parse::<UnpairedLoss>().is_ok() {
            return Err(Error::setting(
                "objective",
                format!(
                    "`{text}` is a loss over single answers, each called good or bad: it cannot be mixed or weighted, and learns from rows of `prompt`, `completion` and `label`"
                ),
            ));
        }
        let names: Vec<&str> = Self::ALL.iter().map(|loss| loss.name()).collect();
        let known = names.iter().copied().chain(UnpairedLoss::ALL.map(UnpairedLoss::name));
        let near = if text.eq_ignore_ascii_case("dpo") { Some(Self::Sigmoid.name()) } else { meant(text, known) };
        let names = names.join(", ");
        Err(Error::setting(
            "objective",
            match near {
                Some(name) => format!("there is no loss `{text}`; did you mean `{name}`? There are {names}"),
                None => format!("there is no loss `{text}`; there are {names}"),
            },
        ))
    }
}

/// Losses with weights, added up: `sigmoid`, or `sigmoid:0.8+bco_pair:0.2+sft` as in MPO (arXiv
/// 2411.10442), where a weight that is not given is 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mix(Vec<(PairLoss, f64)>);

impl Mix {
    /// A mix of losses.
    ///
    /// # Errors
    /// If there is none, one is there twice, or a weight is not a positive number.
    pub fn new(terms: Vec<(PairLoss, f64)>) -> Result<Self, Error> {
        let wrong = |problem: String| Err(Error::setting("objective", problem));
        if terms.is_empty() {
            return wrong("needs a loss, such as `sigmoid`".to_owned());
        }
        for (index, (loss, weight)) in terms.iter().enumerate() {
            if !(weight.is_finite() && *weight > 0.0) {
                return wrong(format!("the weight of `{loss}` is {weight}; it must be a positive number"));
            }
            if terms.iter().take(index).any(|(other, _)| other == loss) {
                return wrong(format!("`{loss}` is there twice; add its weights up"));
            }
        }
        Ok(Self(terms))
    }

    /// The losses and their weights.
    #[must_use]
    pub fn terms(&self) -> &[(PairLoss, f64)] {
        &self.0
    }

    /// Whether a loss is among them.
    #[must_use]
    pub fn has(&self, loss: PairLoss) -> bool {
        self.any(|other| other == loss)
    }

    /// Whether one of them is what `test` asks for.
    #[must_use]
    pub fn any(&self, test: impl Fn(PairLoss) -> bool) -> bool {
        self.0.iter().any(|(loss, _)| test(*loss))
    }
}

impl Default for Mix {
    fn default() -> Self {
        PairLoss::Sigmoid.into()
    }
}

impl From<PairLoss> for Mix {
    fn from(loss: PairLoss) -> Self {
        Self(vec![(loss, 1.0)])
    }
}

impl FromStr for Mix {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let term = |part: &str| {
            let (name, weight) = part.split_once(':').unwrap_or((part, "1"));
            let weight = weight.trim().parse().map_err(|_| {
                Error::setting("objective", format!("`{weight}` is not a weight; write a mix as `sigmoid:0.8+sft:0.2`"))
            })?;
            Ok((name.trim().parse()?, weight))
        };
        Self::new(text.split('+').map(term).collect::<Result<_, Error>>()?)
    }
}

impl TryFrom<String> for Mix {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Mix> for String {
    fn from(mix: Mix) -> Self {
        mix.to_string()
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (loss, weight)) in self.0.iter().enumerate() {
            let plus = if index == 0 { "" } else { "+" };
            if *weight == 1.0 {
                write!(f, "{plus}{loss}")?;
            } else {
                write!(f, "{plus}{loss}:{weight}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_mixes_read_back() {
        for loss in PairLoss::ALL {
            assert_eq!(loss.to_string().parse::<PairLoss>().unwrap(), loss);
            assert!(!loss.source().is_empty());
        }
        for text in ["sigmoid", "sigmoid:0.8+bco_pair:0.2+sft", "ipo:2"] {
            assert_eq!(text.parse::<Mix>().unwrap().to_string(), text);
        }
        assert_eq!(" sigmoid : 0.5 + sft".parse::<Mix>().unwrap().to_string(), "sigmoid:0.5+sft");
    }

    #[test]
    fn what_is_no_mix_is_refused_with_advice() {
        for (text, said) in [
            ("", "there is no loss ``; there are sigmoid, hinge"),
            ("dpo", "there is no loss `dpo`; did you mean `sigmoid`? There are sigmoid, hinge"),
            ("DPO", "did you mean `sigmoid`?"),
            ("SIGMOID", "did you mean `sigmoid`?"),
            ("hinge:0.5+nca-pair", "there is no loss `nca-pair`; did you mean `nca_pair`?"),
            ("KTO", "did you mean `kto`?"),
            ("kto+sigmoid", "`kto` is a loss over single answers"),
            ("sigmoid+bco:0.5", "`bco` is a loss over single answers"),
            ("sigmoid:", "is not a weight"),
            ("sigmoid:x", "write a mix as `sigmoid:0.8+sft:0.2`"),
            ("sigmoid:0", "positive"),
            ("sigmoid:inf", "positive"),
            ("sft+sft", "`sft` is there twice"),
        ] {
            let error = text.parse::<Mix>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert!(Mix::new(Vec::new()).unwrap_err().to_string().contains("needs a loss"));
    }
}
