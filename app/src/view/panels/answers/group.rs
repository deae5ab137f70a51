//! The prompts and pairs of one iteration of one arm, and what became of them.

use std::collections::HashMap;

use selfsame_core::{
    learn::{KEPT, MARGIN, OPINION, StepReport},
    select::PairRecord,
    world::World,
};

use super::{
    index::Budget,
    verdict::{self, Agreement},
    why,
};
use crate::fold::{IterationView, LearnedPair, learned};

/// Where a row's prompt stands in the fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the iteration's prompts.
    Prompt(usize),
    /// It came with a pair of the data.
    Pair(usize),
}

/// A prompt to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainRow {
    /// Where its prompt stands.
    pub place: Place,
    /// Its pairs, by their positions.
    pub pairs: Vec<usize>,
}

/// What is known of a pair besides its record.
#[derive(Debug, Clone, PartialEq)]
pub struct PairState {
    /// The two answers among the prompt's; `None` where the answer came with the data.
    pub answers: [Option<usize>; 2],
    /// The probability that each judge of the group last gave to the first answer; not a number
    /// where a judge said nothing.
    pub opinions: Vec<f32>,
    /// See [`LearnedPair::kept`].
    pub kept: Option<bool>,
    /// See [`LearnedPair::margin`].
    pub margin: Option<f32>,
    /// See [`LearnedPair::truth`].
    pub truth: Option<f64>,
}

impl PairState {
    /// Whether the label was right; see [`LearnedPair::right`].
    #[must_use]
    pub fn right(&self, record: &PairRecord) -> Option<bool> {
        let opinions = self.opinions.iter().copied().filter(|p| !p.is_nan());
        learned::right(learned::label(record, opinions), self.truth)
    }
}

/// The rows of one iteration of one arm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// The rows, in the order of the log.
    pub rows: Vec<TrainRow>,
    /// The pairs, in the order of the log.
    pub pairs: Vec<PairState>,
    /// The judges that were asked while learning.
    pub judges: Vec<String>,
    by_id: HashMap<String, usize>,
    prompts: usize,
    /// See [`IterationView::chosen_after`].
    chosen_after: usize,
}

impl Group {
    /// The row of a prompt's identifier.
    #[must_use]
    pub fn row_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Whether anything of the iteration is not folded in yet.
    pub(super) fn behind(&self, of: &IterationView) -> bool {
        self.prompts != of.prompts.len() || self.pairs.len() != of.pairs.len()
    }

    pub(super) fn advance(&mut self, of: &IterationView, world: Option<&dyn World>, budget: &mut Budget) {
        let others = !self.pairs.is_empty() && self.chosen_after != of.chosen_after;
        if self.prompts > of.prompts.len() || self.pairs.len() > of.pairs.len() || others {
            *self = Self::default();
        }
        self.chosen_after = of.chosen_after;
        while let Some(prompt) = of.prompts.get(self.prompts) {
            if !budget.spend(1) {
                return;
            }
            self.by_id.entry(prompt.id.clone()).or_insert(self.rows.len());
            self.rows.push(TrainRow { place: Place::Prompt(self.prompts), pairs: Vec::new() });
            self.prompts += 1;
        }
        while let Some(record) = of.pairs.get(self.pairs.len()) {
            // Two answers are graded.
            if !budget.spend(8) {
                return;
            }
            self.add_pair(record, of, world);
        }
    }

    fn add_pair(&mut self, record: &PairRecord, of: &IterationView, world: Option<&dyn World>) {
        let pair = self.pairs.len();
        let row = *self.by_id.entry(record.prompt.clone()).or_insert_with(|| {
            self.rows.push(TrainRow { place: Place::Pair(pair), pairs: Vec::new() });
            self.rows.len() - 1
        });
        let Some(row) = self.rows.get_mut(row) else { return };
        row.pairs.push(pair);
        let (prompt, drawn) = match row.place {
            Place::Prompt(at) => (of.prompts.get(at).map_or("", |p| p.text.as_str()), of.answers.get(at)),
            Place::Pair(_) => (record.text.as_str(), None),
        };
        let position = |text: &String| drawn?.iter().position(|answer| answer.text == *text);
        let reward = |text: &String| learned::reward(world, prompt, text);
        let [first, second] = &record.answers;
        self.pairs.push(PairState {
            answers: [position(first), position(second)],
            opinions: vec![f32::NAN; self.judges.len()],
            kept: None,
            margin: None,
            truth: reward(first).zip(reward(second)).map(|(first, second)| first - second),
        });
    }

    pub(super) fn add_step(&mut self, report: &StepReport) {
        for (name, values) in &report.of_items {
            let judge = name.strip_prefix(OPINION).map(|judge| self.judge(judge));
            for (item, value) in report.items.iter().zip(values) {
                let Some(pair) = self.pairs.get_mut(*item) else { continue };
                match (name.as_str(), judge) {
                    (_, Some(judge)) => {
                        if let Some(opinion) = pair.opinions.get_mut(judge) {
                            *opinion = *value;
                        }
                    }
                    (KEPT, _) => pair.kept = Some(*value > 0.5),
                    (MARGIN, _) => pair.margin = Some(*value),
                    _ => {}
                }
            }
        }
    }

    /// The position of a judge, who gets a place in all pairs when heard for the first time.
    fn judge(&mut self, name: &str) -> usize {
        if let Some(known) = self.judges.iter().position(|judge| judge == name) {
            return known;
        }
        self.judges.push(name.to_owned());
        for pair in &mut self.pairs {
            pair.opinions.push(f32::NAN);
        }
        self.judges.len() - 1
    }

    /// What became of a row of an iteration.
    #[must_use]
    pub fn fate(&self, of: &IterationView, row: &TrainRow) -> Fate {
        let mut fate = Fate { selected: !of.pairs.is_empty(), ..Fate::default() };
        for pair in &row.pairs {
            let (Some(state), Some(record)) = (self.pairs.get(*pair), of.pairs.get(*pair)) else { continue };
            let outcome = why::outcome(record, state.kept, state.opinions.iter().any(|p| !p.is_nan()));
            match outcome {
                why::Outcome::Dropped => fate.dropped += 1,
                why::Outcome::Waiting => fate.waiting += 1,
                why::Outcome::Kept | why::Outcome::Softened => fate.kept += 1,
            }
            // The label of a pair that is not learned from does no harm.
            let learned = outcome != why::Outcome::Dropped;
            fate.wrong += usize::from(learned && state.right(record) == Some(false));
            fate.agreement = fate.agreement.max(Agreement::of(verdict::leans(of, row, state)));
        }
        if row.pairs.is_empty()
            && let Place::Prompt(at) = row.place
        {
            fate.agreement = verdict::favourites(of, at);
        }
        fate
    }

    /// A pair with what became of it, as [`RunView::learned`] tells it.
    #[must_use]
    pub fn learned(&self, of: &IterationView, prompt: &str, pair: usize) -> Option<LearnedPair> {
        let (state, record) = (self.pairs.get(pair)?, of.pairs.get(pair)?);
        let opinions = self.judges.iter().zip(&state.opinions).filter(|(_, p)| !p.is_nan());
        Some(LearnedPair {
            record: record.clone(),
            prompt: prompt.to_owned(),
            opinions: opinions.map(|(judge, p)| (judge.clone(), *p)).collect(),
            kept: state.kept,
            margin: state.margin,
            truth: state.truth,
        })
    }
}

/// What became of a row's pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fate {
    /// Pairs that are learned from.
    pub kept: usize,
    /// Pairs that were chosen and then not learned from.
    pub dropped: usize,
    /// Pairs whose fate a later optimiser step decides.
    pub waiting: usize,
    /// Labels that are learned from and wrong by the oracle.
    pub wrong: usize,
    /// Whether the iteration has chosen its pairs.
    pub selected: bool,
    /// How the judges agree; the worst of the row's pairs.
    pub agreement: Agreement,
}
