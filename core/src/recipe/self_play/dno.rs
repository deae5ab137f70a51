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
//! - Scores of one prompt cannot go round in a circle. Where preferences do, annotators can be asked to compare
//!   (`annotated`).
//! - Hard labels after the margin filter are the approximation, soft labels from the win rates the theory. Both are
//!   there; the filter comes before either, so that soft labels lie above ½ here.
//! - Where preferences go round in a circle, a large η makes the policy swing from one answer to the next instead of
//!   settling: η is the loop's `beta`, and [`Lab::measure_game`] has how often each iterate wins against all earlier
//!   ones, and how far it can be exploited. Nothing damps the swinging.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::loss::dno,
    measure::{annotator::Annotator, control::Budget},
    recipe::{Card, Loop, OracleUse, Recipe},
    run::Lab,
    select::{
        Candidates, Margins, Origin, Pair, by_margin, repetitive, round_robin, round_robin_rates, subset, win_rates,
    },
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

/// What annotators say about answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Annotated {
    /// A score each; the higher one wins (the practical algorithm).
    #[default]
    Scores,
    /// Which of every two they prefer (the theory). An answer's score is its win rate on the same scale.
    Preferences,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dno {
    /// What annotators say about answers (scores in the paper).
    pub annotated: Annotated,
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
            annotated: Annotated::Scores,
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
            let (scores, rates) = self.annotate(lab, &annotator, &answers)?;
            let fresh = self.pairs(lab, &answers, &scores, &rates)?;
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

/// A score for every answer to every prompt.
type Scores = Vec<Vec<f32>>;

/// How often every answer wins against the others to its prompt.
type Rates = Vec<Vec<f64>>;

impl Dno {
    /// The score of every answer, and how often it wins against its prompt's others.
    fn annotate(&self, lab: &mut Lab, annotator: &Annotator, answers: &[Candidates]) -> Result<(Scores, Rates)> {
        if self.annotated == Annotated::Scores {
            let mut scores = lab.annotate(annotator, answers, SCALE)?;
            refuse_repetition(answers, &mut scores);
            let rates = scores.iter().map(|scores| win_rates(scores)).collect();
            return Ok((scores, rates));
        }
        let preferred = lab.annotate_pairs(annotator, &round_robin(answers))?;
        let mut rates = round_robin_rates(answers, &preferred);
        let mut scores: Scores = rates.iter().map(|rates| rates.iter().map(|rate| on_scale(*rate)).collect()).collect();
        refuse_repetition(answers, &mut scores);
        never_won(&scores, &mut rates);
        Ok((scores, rates))
    }

    /// The pairs that keep the margins, labelled; notes who won how often. The teacher's answer is the last.
    fn pairs(
        &self,
        lab: &mut Lab,
        answers: &[Candidates],
        scores: &[Vec<f32>],
        rates: &[Vec<f64>],
    ) -> Result<Vec<Pair>> {
        let (mut pairs, mut own, mut teachers, mut over_teacher) = (Vec::new(), 0_u16, 0_u16, 0_u16);
        for ((group, scores), rates) in answers.iter().zip(scores).zip(rates) {
            let teacher = group.answers.len() - 1;
            for (chosen, rejected) in by_margin(group, scores, &self.margins()) {
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

/// What repeats itself is a negative whatever its score.
fn refuse_repetition(answers: &[Candidates], scores: &mut [Vec<f32>]) {
    for (group, scores) in answers.iter().zip(scores) {
        for (answer, score) in group.answers.iter().zip(scores) {
            if repetitive(answer) {
                *score = -1.0;
            }
        }
    }
}

/// What was refused wins against nobody, whomever annotators prefer.
fn never_won(scores: &[Vec<f32>], rates: &mut [Vec<f64>]) {
    for (score, rate) in scores.iter().flatten().zip(rates.iter_mut().flatten()) {
        if *score < 0.0 {
            *rate = 0.0;
        }
    }
}

/// A win rate on the annotators' scale.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // a short scale
fn on_scale(rate: f64) -> f32 {
    (rate * SCALE as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::named;

    /// Of three answers each beats the next: rock, paper and scissors, by different margins.
    #[test]
    fn win_rates_of_preferences_by_hand() {
        let answers = [named("a", &[5, 6, 7]), named("b", &[8, 9])];
        let pairs: Vec<(u32, u32)> =
            round_robin(&answers).iter().map(|p| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(pairs, [(5, 6), (5, 7), (6, 7), (8, 9)]);
        let rates = round_robin_rates(&answers, &[0.75, 0.25, 0.625, 1.0]);
        let expected = [vec![0.5, 0.4375, 0.5625], vec![1.0, 0.0]];
        for (rates, expected) in rates.iter().flatten().zip(expected.iter().flatten()) {
            assert!((rates - expected).abs() < 1e-12, "{rates} instead of {expected}");
        }
        assert_eq!([0.0, 0.5, 1.0].map(on_scale), [0.0, 3.0, 6.0]);
        // A soft label of a refused answer prefers the other one.
        let mut rates = vec![vec![0.5, 0.7], vec![0.3]];
        never_won(&[vec![3.0, -1.0], vec![1.8]], &mut rates);
        assert_eq!(rates, [vec![0.5, 0.0], vec![0.3]]);
        assert!(dno::label([rates[0][0], rates[0][1]]) > 0.5);
    }

    #[test]
    fn a_third_and_half_of_it_come_again() {
        let dno = Dno { shared: Loop { pairs: 200, ..Loop::default() }, ..Dno::default() };
        let parts: Vec<(usize, Vec<usize>)> = (1..=3).map(|t| (dno.fresh(t), dno.again(t))).collect();
        assert_eq!(parts, [(200, vec![]), (140, vec![60]), (110, vec![60, 30])]);
    }
}
