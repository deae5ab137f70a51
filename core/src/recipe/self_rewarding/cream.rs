//! CREAM: Consistency Regularized Self-Rewarding Language Models (arXiv 2410.12735).
//!
//! The policy ranks its own answers by its implicit reward against `M_0`. How far that ranking agrees
//! with the one of the iteration before, the consistency `C`, says how much the labels are to be
//! trusted: `C` is the label of the preference loss.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The reward is measured against `M_0` ([`Snapshot::Base`]), the update against `M_t`
//!   ([`Snapshot::Start`]). If the two models of a reward are the same, [`Lab::log_ratio`] refuses.
//! - In the first iteration the model before is `M_0` itself, which has no reward; its mean
//!   log-likelihood per token ranks instead. The reward `lp_{M_1} − lp_{M_0}` then has `−lp_{M_0}` in it, which this
//!   ranking is the opposite of: with the built-in starter C is 0.41, so that all pairs of the first iteration are
//!   learned the wrong way round and the reward falls before it rises. That is the method as published.
//! - Kendall's τ is rescaled to `[0, 1]`, with ties by τ-b. A label below one half reverses a pair and is
//!   not clamped.
//! - The loss is least where `σ(Δ) = C`: however long one learns, the margin ends at `ln(C / (1 − C))`, which is
//!   ln 4 = 1.39 at C = 0.8. What looks like saturation may be that; the mean of C is in the log.
//! - With two answers τ is ±1 and says nothing: there are at least three.
//! - Consistencies are kept by prompt, so that a prompt without a pair moves none to another. A prompt
//!   without a ranking takes the mean.

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    learn::loss::cream::cream,
    measure::control::Budget,
    recipe::{Card, Loop, OracleUse, Recipe},
    run::{Lab, Snapshot},
    sample::Sampling,
    select::{Candidates, Origin, Pair, best_worst, mean_consistency, rank_consistency, subset},
};

/// The label of all pairs where none is consulted: the mean of the labels of three iterations and five seeds that
/// consistency gave with the built-in starter.
const ALIKE: f64 = 0.7;

/// Whose consistency labels a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// The mean over all prompts labels every pair (the main method).
    #[default]
    Mean,
    /// Each prompt's own labels its pair (the paper's dynamic variant).
    Prompt,
    /// None does: every label is 1, and nothing holds the policy back (our ablation).
    None,
    /// None does: every label is 0.7, as much as consistency makes them on the mean (our ablation: plain label smoothing).
    Constant,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cream {
    /// Whose consistency labels a pair (the mean in the paper's main method).
    pub consistency: Consistency,
    /// The loop (five answers in the paper, at temperature 0.8 and top-p 0.95; one pass over the pairs).
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Cream {
    fn default() -> Self {
        let sampling = Sampling { top_p: 0.95, ..Loop::default().sampling };
        Self { consistency: Consistency::Mean, shared: Loop { samples: 5, sampling, ..Loop::once() } }
    }
}

impl Recipe for Cream {
    const CARD: Card = Card {
        id: "cream",
        title: "CREAM: Consistency Regularized Self-Rewarding Language Models",
        paper: "arXiv 2410.12735",
        family: "self-rewarding",
        claim: "Softening self-made labels by how consistently two successive models rank the same answers keeps self-rewarding from reinforcing its own errors.",
        fidelity: "Rewards, consistency and loss as in the authors' code: summed log-ratios to M_0, Kendall's tau rescaled to [0, 1], the mean or each prompt's own as soft label. M_0 is the base before instruction fine-tuning; learning rates suit small models.",
        oracle: OracleUse::None,
        base: true,
    };

    fn quick(self) -> Self {
        Self { shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let now = lab.log_ratio("implicit", &answers, Snapshot::Start, Snapshot::Base).await?;
            let before = match iteration {
                1 => lab.mean_logprob("likelihood before", &answers, Snapshot::Base).await?,
                _ => lab.log_ratio("implicit before", &answers, Snapshot::Previous, Snapshot::Base).await?,
            };
            let consistency: Vec<Option<f64>> =
                now.iter().zip(&before).map(|(now, before)| rank_consistency(now, before)).collect();
            note(lab, &consistency)?;
            let pairs = self.label(best_worst(&answers, &now, Origin::Implicit), &answers, &consistency)?;
            let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
            lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[Snapshot::Start], |batch, _| {
                batch.preference(Snapshot::Start, settings.beta, |margin| cream(margin, batch.labels()))
            })
            .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Cream {
    /// Labels the pairs with the consistency of all prompts or of their own.
    fn label(&self, pairs: Vec<Pair>, answers: &[Candidates], of_prompts: &[Option<f64>]) -> Result<Vec<Pair>> {
        let mean = mean_consistency(of_prompts).ok_or_else(|| {
            Error::Recipe("no prompt's answers can be ranked by both models: all of them tie".to_owned())
        })?;
        let own = |id: &str| {
            let place = answers.iter().position(|group| group.prompt.id == id);
            place.and_then(|place| of_prompts.get(place).copied().flatten())
        };
        let label = |pair: &Pair| match self.consistency {
            Consistency::Mean => mean,
            Consistency::Prompt => own(&pair.prompt).unwrap_or(mean),
            Consistency::None => 1.0,
            Consistency::Constant => ALIKE,
        };
        Ok(pairs.into_iter().map(|pair| Pair { label: label(&pair), ..pair }).collect())
    }
}

/// Writes the consistency of every prompt and their mean to the log.
#[allow(clippy::cast_possible_truncation)] // the log keeps single precision
fn note(lab: &mut Lab, consistency: &[Option<f64>]) -> Result<()> {
    lab.note("consistency", consistency.iter().map(|c| c.unwrap_or(-1.0) as f32).collect())?;
    lab.note("mean consistency", vec![mean_consistency(consistency).unwrap_or(-1.0) as f32])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::named as group;

    /// The first prompt gives no pair: its consistency must not slip to the second.
    #[test]
    fn labels_belong_to_their_prompts() {
        let answers = [group("a", &[5, 5, 5]), group("b", &[5, 6, 7]), group("c", &[5, 6, 7])];
        let now = [vec![1.0, 1.0, 1.0], vec![3.0, 2.0, 1.0], vec![1.0, 2.0, 3.0]];
        let pairs = best_worst(&answers, &now, Origin::Implicit);
        let own = [Some(0.9), Some(0.25), None];
        let labels = |consistency| {
            let cream = Cream { consistency, ..Cream::default() };
            let pairs = cream.label(pairs.clone(), &answers, &own).unwrap();
            pairs.iter().map(|pair| (pair.prompt.clone(), pair.label)).collect::<Vec<_>>()
        };
        let (b, c) = ("b".to_owned(), "c".to_owned());
        assert_eq!(labels(Consistency::Prompt), [(b.clone(), 0.25), (c.clone(), 0.575)], "a label may reverse a pair");
        assert_eq!(labels(Consistency::None), [(b.clone(), 1.0), (c.clone(), 1.0)]);
        assert_eq!(labels(Consistency::Constant), [(b.clone(), 0.7), (c.clone(), 0.7)]);
        assert_eq!(labels(Consistency::Mean), [(b, 0.575), (c, 0.575)]);
    }

    #[test]
    fn without_any_ranking_there_is_nothing_to_learn() {
        let error = Cream::default().label(Vec::new(), &[], &[None]).unwrap_err().to_string();
        assert!(error.contains("tie"), "{error}");
    }
}
