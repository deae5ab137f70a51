//! Self-Evolutionary Large Language Models through Uncertainty-Enhanced Preference Optimization (UPO, arXiv
//! 2409.11212).
//!
//! A reward model orders the policy's own answers, and an estimator of other weights is asked ten times, with
//! dropout on, whether it agrees. Where it does not, the pair is noise; of the others, those it is sure of are
//! learned from more often.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Dropout is on in the estimator and only there, while it is asked.
//! - Estimator and reward model are two models of their own, trained apart; neither shares weights with the policy that
//!   goes on learning. As in the paper they learn from the same labelled pairs, here from one initial model as well, and
//!   differ in how they are asked: what both get wrong is not found. They agree about five of six pairs, so that the
//!   filter has little to do.
//! - The estimator learns both orders of every labelled pair, and is asked in both.
//! - A pair on which all passes are equally undecided carries no information and would pass for an easy one: the
//!   majority filter comes first.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    judge::Form,
    measure::{annotator::Annotator, control::Budget},
    recipe::{Card, Loop, OracleUse, Recipe, ranking, tenth},
    rng::{Purpose, Stream},
    run::Lab,
    select::{Doubt, Pair, one_per_prompt, ordered_ends, subset, weighted_subset},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upo {
    /// Labelled pairs to begin with (our choice).
    pub labelled: usize,
    /// Share of the estimator's hidden units that a pass leaves out (0.1 in the released code).
    pub dropout: f64,
    /// Passes of the estimator (10 in the released code).
    pub passes: usize,
    /// Share of the ordered pairs that the estimator is asked about (a quarter in the released code).
    pub asked: f64,
    /// Share of the informative pairs that is learned from beside the easy ones (0.2 in the released code).
    pub hard: f64,
    /// Share of the clean pairs, by their margin of reward, that is learned from as well (0.3 in the released
    /// code).
    pub widest: f64,
    /// Share of the labelled pairs that is learned from again (0.4 in the released code).
    pub again: f64,
    /// Ablation: what the estimator contradicts is learned from too.
    pub filter: bool,
    /// Whether the estimator's mean probability labels a pair (our reading of the paper's weighted objective; the
    /// released trainer is plain DPO).
    pub soft_labels: bool,
    /// The loop (six answers in the released code). Its first iteration learns from the labelled pairs.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Upo {
    fn default() -> Self {
        Self {
            labelled: 240,
            dropout: 0.1,
            passes: 10,
            asked: 0.25,
            hard: 0.2,
            widest: 0.3,
            again: 0.4,
            filter: true,
            soft_labels: false,
            shared: Loop { samples: 6, ..Loop::default() },
        }
    }
}

impl Recipe for Upo {
    const CARD: Card = Card {
        id: "upo",
        title: "Self-Evolutionary Large Language Models through Uncertainty-Enhanced Preference Optimization",
        paper: "arXiv 2409.11212",
        family: "self-rewarding",
        claim: "An estimator that doubts under dropout finds the noise in self-made preferences, and learning from what it confirms beats learning from all.",
        fidelity: "Filter, sampling by information gain and mixing shares as in the authors' code. Reward model and estimator are full models read at the judge channel instead of adapters with heads, dropout leaves out hidden units, and there is no final training on all iterations together.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        // Labels of its own begin in the second iteration.
        let shared = Loop { iterations: 2, ..self.shared.quick() };
        Self { labelled: tenth(self.labelled, 16), shared, ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(Budget { first: Some((self.labelled, self.shared.learn.epochs)), ..self.shared.budget() })
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let (scorers, comparers) = (lab.judges(Form::Pointwise)?, lab.judges(Form::Pairwise)?);
        let labelled = lab.preferences(&Annotator::of::<Self>(), self.labelled)?;
        lab.begin(1);
        let reward_model = ranking::model(lab, "reward-model", &settings.learn, &scorers, &labelled).await?;
        let estimator = ranking::model(lab, "estimator", &settings.learn, &comparers, &labelled).await?;
        self.learn(lab, &labelled).await?;
        for iteration in lab.iterations(settings.iterations).skip(1) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let rewards = lab.score_by("reward model", &reward_model, &scorers, &answers).await?;
            let ordered = ordered_ends(&answers, &rewards);
            let asked = share(ordered.len(), self.asked);
            let ordered = subset(ordered, asked, lab.seed(), iteration);
            let pairs: Vec<Pair> = ordered.iter().map(|(pair, _)| pair.clone()).collect();
            let asking = (self.passes, self.dropout);
            let passes = lab.passes("passes of the estimator", &estimator, &comparers, &pairs, asking).await?;
            let doubts: Vec<Doubt> = passes.iter().map(|of| Doubt::of(of)).collect();
            note(lab, &doubts)?;
            let chosen = self.select(&ordered, &doubts, &mut Stream::new(lab.seed(), Purpose::Select, iteration, 1));
            let again = subset(labelled.clone(), share(labelled.len(), self.again), lab.seed(), iteration);
            let pairs = subset([chosen, again].concat(), settings.pairs, lab.seed(), iteration);
            self.learn(lab, &pairs).await?;
        }
        Ok(())
    }
}

impl Upo {
    /// DPO on pairs, and the measurement after it.
    async fn learn(&self, lab: &mut Lab, pairs: &[Pair]) -> Result<()> {
        let settings = &self.shared;
        lab.learn_labels(&settings.learn, settings.replay(), settings.beta, pairs).await?;
        lab.measure().await
    }

    /// The easy pairs, some of the informative ones and those of the widest margin, one for each prompt.
    fn select(&self, ordered: &[(Pair, f32)], doubts: &[Doubt], stream: &mut Stream) -> Vec<Pair> {
        let clean: Vec<usize> = (0..ordered.len()).filter(|place| !self.filter || doubts[*place].agrees).collect();
        let information = |easy: bool| {
            let weight = |place: &usize| {
                let information = doubts[*place].information;
                if easy { 1.0 - information } else { information }
            };
            clean.iter().map(weight).collect::<Vec<_>>()
        };
        let half = clean.len() / 2;
        let mut places = weighted_subset(&information(true), half, stream);
        let hard = weighted_subset(&information(false), half, stream);
        let some = share(hard.len(), self.hard);
        places.extend(subset(hard, some, u64::from(stream.bits()), 0));
        let mut widest: Vec<usize> = (0..clean.len()).collect();
        widest.sort_by(|a, b| ordered[clean[*b]].1.total_cmp(&ordered[clean[*a]].1));
        places.extend(widest.into_iter().take(share(clean.len(), self.widest)));
        let pair = |place: usize| {
            let (pair, doubt) = (&ordered[clean[place]].0, &doubts[clean[place]]);
            Pair { label: if self.soft_labels { doubt.mean } else { 1.0 }, ..pair.clone() }
        };
        one_per_prompt(places.into_iter().map(pair).collect())
    }
}

/// How many a share of so many are.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // counts
fn share(count: usize, share: f64) -> usize {
    (count as f64 * share).round() as usize
}

/// Writes how often the estimator agrees, and how much its passes differ, to the log.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // counts
fn note(lab: &mut Lab, doubts: &[Doubt]) -> Result<()> {
    let agrees = doubts.iter().filter(|doubt| doubt.agrees).count();
    lab.note("estimator agrees", vec![agrees as f32 / doubts.len().max(1) as f32])?;
    lab.note("information", doubts.iter().map(|doubt| doubt.information as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::{Origin, named as group};

    #[test]
    fn what_the_estimator_contradicts_is_not_learned_from() {
        let ordered: Vec<(Pair, f32)> = (0..40)
            .map(|place| {
                let id = format!("p{place}");
                (Pair::new(&group(&id, &[10, 11]), 0, 1, 1.0, Origin::Estimated), 1.0)
            })
            .collect();
        let doubts: Vec<Doubt> =
            (0..40).map(|place| Doubt::of(&[if place < 10 { 0.8 } else { 0.2 }, 0.7, 0.1])).collect();
        let upo = Upo { soft_labels: true, ..Upo::default() };
        let chosen = upo.select(&ordered, &doubts, &mut Stream::new(1, Purpose::Select, 1, 1));
        assert!((5..=9).contains(&chosen.len()), "{}", chosen.len());
        for pair in &chosen {
            assert!(pair.prompt[1..].parse::<usize>().unwrap() < 10, "{}", pair.prompt);
            assert!((pair.label - 1.6 / 3.0).abs() < 1e-6, "{}", pair.label);
        }
    }
}
