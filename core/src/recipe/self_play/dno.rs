//! Direct Nash Optimization: Teaching Language Models to Self-Improve with General Preferences (arXiv
//! 2404.03715), the practical algorithm.
//!
//! Answers of the policy and of a teacher are annotated side by side; pairs with a large margin teach the
//! policy to win against itself.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The reference is the policy of the iteration's start, [`Snapshot::Start`](crate::run::Snapshot::Start), and moves with it.
//! - The annotators are not the policy: the card declares them.
//! - A teacher's answer can lose: which one is chosen is for the scores to say. The restrictive variant,
//!   where the teacher always wins or there is no pair, is a setting.
//! - A chosen answer needs a high score of its own; the least bad one is not a positive.
//! - Win rates need opponents: at least four answers are drawn.
//! - Hard labels after the margin filter are the approximation, soft labels from the win rates the theory. Both are
//!   there; the filter comes before either, so that soft labels lie above ½ here.
//! - Where preferences go round in a circle, a large η makes the policy swing from one answer to the next instead of
//!   settling: η is the loop's `beta`, and [`Lab::measure_game`] has how often each iterate wins against all earlier
//!   ones, and how far it can be exploited. Nothing damps the swinging. The scores of one prompt cannot go round; only
//!   the truth of a world such as `style-cyclic` can.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::loss::dno,
    measure::{annotator::Annotator, control::Budget},
    recipe::{Card, Loop, OracleUse, Recipe},
    run::Lab,
    select::{Candidates, Margins, Origin, Pair, by_margin, repetitive, subset, win_rates},
};

/// The top of the annotators' additive scale.
const SCALE: usize = 6;

/// What labels a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Labels {
    /// 1: with a large margin the difference of win rates hardly matters (the practical algorithm).
    #[default]
    Hard,
    /// The logistic function of the difference of the win rates (the theory).
    Soft,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dno {
    /// What labels a pair (hard in the practical algorithm).
    pub labels: Labels,
    /// The least score of a chosen answer, of 6 (5 in the paper).
    pub floor: usize,
    /// How much lower the rejected answer must score (2 in the paper).
    pub margin: usize,
    /// The same where the chosen answer is the policy's own (1 in the paper).
    pub own_margin: usize,
    /// Whether only the teacher's answers are chosen (the ablation DNO-Restrictive).
    pub restrictive: bool,
    /// Share of an iteration's pairs that come again from the iteration before; half as many from each
    /// earlier one (0.3 in the paper).
    pub replayed: f64,
    /// The loop (five answers in the paper, at temperature 0.7 and top-p 0.95, one pass; η = 0.1 or 0.05).
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Dno {
    fn default() -> Self {
        Self {
            labels: Labels::Hard,
            floor: 5,
            margin: 2,
            own_margin: 1,
            restrictive: false,
            replayed: 0.3,
            shared: Loop { samples: 5, prompts: 300, ..Loop::once() },
        }
    }
}

impl Recipe for Dno {
    const CARD: Card = Card {
        id: "dno",
        title: "Direct Nash Optimization: Teaching Language Models to Self-Improve with General Preferences",
        paper: "arXiv 2404.03715",
        family: "self-play",
        claim: "Regressing towards win rates against oneself, batch by batch, beats offline DPO and goes on improving from batch to batch.",
        fidelity: "The paper's algorithm 2 with its scale, floor, margins and replay. Annotators and teacher are the world's and err; ties count half in a win rate; every iterate is measured instead of the best one returned.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let annotator = Annotator::of::<Self>();
        let mut earlier: Vec<Vec<Pair>> = Vec::new();
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let drawn = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let teacher = lab.teach(&annotator, &prompts)?;
            let answers: Vec<Candidates> = drawn
                .into_iter()
                .zip(teacher)
                .map(|(group, answer)| Candidates { answers: [group.answers, vec![answer]].concat(), ..group })
                .collect();
            let scores = lab.annotate(&annotator, &answers, SCALE)?;
            let fresh = self.pairs(lab, &answers, scores)?;
            let fresh = subset(fresh, self.fresh(iteration), lab.seed(), iteration);
            let pairs = self.with_replayed(&fresh, &earlier, lab.seed(), iteration);
            earlier.insert(0, fresh);
            lab.learn_labels(&settings.learn, settings.replay(), settings.beta, &pairs).await?;
            lab.measure().await?;
            lab.measure_game()?;
        }
        Ok(())
    }
}

impl Dno {
    /// The pairs that keep the margins, labelled; notes who won how often. The teacher's answer is the last.
    fn pairs(&self, lab: &mut Lab, answers: &[Candidates], scores: Vec<Vec<f32>>) -> Result<Vec<Pair>> {
        let (mut pairs, mut own, mut teachers, mut over_teacher) = (Vec::new(), 0_u16, 0_u16, 0_u16);
        for (group, mut scores) in answers.iter().zip(scores) {
            // What repeats itself is a negative whatever its score.
            for (answer, score) in group.answers.iter().zip(&mut scores) {
                if repetitive(answer) {
                    *score = -1.0;
                }
            }
            let rates = win_rates(&scores);
            let teacher = group.answers.len() - 1;
            for (chosen, rejected) in by_margin(group, &scores, &self.margins()) {
                let count = match (chosen == teacher, rejected == teacher) {
                    (true, _) => &mut teachers,
                    (_, true) => &mut over_teacher,
                    _ => &mut own,
                };
                *count = count.saturating_add(1);
                let label = match self.labels {
                    Labels::Hard => 1.0,
                    Labels::Soft => dno::label([rates[chosen], rates[rejected]]),
                };
                pairs.push(Pair::new(group, chosen, rejected, label, Origin::Annotated));
            }
        }
        for (name, count) in [("own over own", own), ("teacher over own", teachers), ("own over teacher", over_teacher)]
        {
            lab.note(name, vec![f32::from(count)])?;
        }
        Ok(pairs)
    }

    #[allow(clippy::cast_precision_loss)] // scores of a short scale
    fn margins(&self) -> Margins {
        Margins {
            floor: self.floor as f32,
            margin: self.margin as f32,
            own_margin: self.own_margin as f32,
            restrictive: self.restrictive,
        }
    }

    /// How many pairs of an iteration come from each earlier one, the last first.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // pair counts
    fn again(&self, iteration: u32) -> Vec<usize> {
        let share = |age: u32| self.replayed * 0.5_f64.powi(age.cast_signed());
        (0..iteration - 1).map(|age| (self.shared.pairs as f64 * share(age)) as usize).collect()
    }

    /// How many of an iteration's pairs are fresh, at most.
    fn fresh(&self, iteration: u32) -> usize {
        self.shared.pairs.saturating_sub(self.again(iteration).iter().sum())
    }

    /// Adds pairs of earlier iterations, as they were.
    fn with_replayed(&self, fresh: &[Pair], earlier: &[Vec<Pair>], seed: u64, iteration: u32) -> Vec<Pair> {
        let mut pairs = fresh.to_vec();
        for (of, count) in earlier.iter().zip(self.again(iteration)) {
            pairs.extend(subset(of.clone(), count, seed, iteration));
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_and_half_of_it_come_again() {
        let dno = Dno { shared: Loop { pairs: 200, ..Loop::default() }, ..Dno::default() };
        let parts: Vec<(usize, Vec<usize>)> = (1..=3).map(|t| (dno.fresh(t), dno.again(t))).collect();
        assert_eq!(parts, [(200, vec![]), (140, vec![60]), (110, vec![60, 30])]);
    }
}
