//! The parts that a loss is the sum of, as TRL's trainers of CPO and ORPO log them.

use burn::tensor::{Tensor, activation::log_sigmoid};

use super::{PairInputs, PairLoss, PairObjective, inputs::token_counts, orpo::log_odds_ratio, sft::sft};
use crate::Result;

impl PairObjective {
    /// The parts of `cpo` and `orpo` under TRL's names, each a mean over the batch, `[1]`, without gradients; nothing of
    /// other losses. `nll_loss` is the mean negative log-probability per token of the chosen answers, and 0 where it has
    /// no weight, as TRL does not compute it then. `log_odds_chosen` of `orpo` is how far the chosen answers' log-odds
    /// are ahead, and `log_odds_ratio` is `log σ` of that, a pair at a time.
    ///
    /// # Errors
    /// If the inputs do not speak of the same pairs.
    pub fn parts(&self, inputs: &PairInputs) -> Result<Vec<(&'static str, Tensor<1>)>> {
        inputs.check()?;
        let [cpo, orpo] = [PairLoss::Cpo, PairLoss::Orpo].map(|loss| self.loss_type.has(loss));
        let mut parts = Vec::new();
        if !(cpo || orpo) {
            return Ok(parts);
        }
        let [chosen, rejected] = inputs.policy.each_ref().map(|sums| sums.clone().detach());
        let [chosen_tokens, rejected_tokens] = token_counts(&inputs.lengths, &chosen);
        let nll = sft(chosen.clone(), chosen_tokens.clone()).mean();
        parts.push(("nll_loss", if orpo || self.cpo_alpha > 0.0 { nll } else { nll.zeros_like() }));
        if orpo {
            let ahead = log_odds_ratio([chosen / chosen_tokens, rejected / rejected_tokens]);
            parts.push(("log_odds_ratio", log_sigmoid(ahead.clone()).mean()));
            parts.push(("log_odds_chosen", ahead.mean()));
        }
        Ok(parts)
    }
}
