//! Which rows are shown: filters and a search for text, a slice of the rows every frame.

use selfsame_core::{run::Arm, sample::Answer};

use super::{
    group::Place,
    index::{Budget, Index, RowId},
    verdict::{self, Agreement},
};
use crate::fold::RunView;

/// Which prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Prompts to learn from.
    Training,
    /// Prompts to measure on.
    HeldOut,
}

/// What became of a row's pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pairs {
    /// At least one is learned from.
    Kept,
    /// At least one is not learned from, or there is none although pairs were chosen.
    Dropped,
}

/// What a person looks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Text in the prompt or an answer, in any case.
    pub text: String,
    /// The arm.
    pub arm: Option<Arm>,
    /// The iteration.
    pub iteration: Option<u32>,
    /// Which prompts.
    pub kind: Option<Kind>,
    /// What became of the pairs.
    pub pairs: Option<Pairs>,
    /// Only where judges disagree.
    pub disagree: bool,
    /// Only where a label is wrong by the oracle.
    pub wrong: bool,
}

/// The search, as far as it has come.
#[derive(Debug, Default)]
pub struct Search {
    query: Query,
    needle: String,
    /// The version of the index that the rows found belong to.
    version: Option<u64>,
    found: Vec<RowId>,
    pass: Option<Pass>,
    buffer: String,
}

/// A way through all rows.
#[derive(Debug)]
struct Pass {
    version: u64,
    last: Option<RowId>,
    found: Vec<RowId>,
    /// Whether the rows found before belong to another query and are not to be shown any more.
    anew: bool,
}

impl Search {
    /// Goes on searching. What the index learned meanwhile is searched in a second pass, so that a
    /// live run neither flickers nor keeps the search from ever coming to its end.
    pub fn advance(&mut self, index: &Index, view: &RunView, query: &Query, budget: &mut Budget) {
        if *query != self.query || self.version.is_none() && self.pass.is_none() {
            self.query = query.clone();
            self.needle = query.text.trim().to_lowercase();
            self.pass = Some(Pass { version: index.version(), last: None, found: Vec::new(), anew: true });
        } else if self.pass.is_none() && self.version != Some(index.version()) {
            self.pass = Some(Pass { version: index.version(), last: None, found: Vec::new(), anew: false });
        }
        let Some(pass) = &mut self.pass else { return };
        while let Some(row) = index.next(pass.last) {
            if !budget.spend(1) {
                return;
            }
            let mut look =
                Look { index, view, query: &self.query, needle: &self.needle, buffer: &mut self.buffer, budget };
            if look.matches(row) {
                pass.found.push(row);
            }
            pass.last = Some(row);
        }
        self.version = Some(pass.version);
        self.found = std::mem::take(&mut pass.found);
        self.pass = None;
    }

    /// Forgets everything, because another run is shown.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The rows to show.
    #[must_use]
    pub fn rows(&self) -> &[RowId] {
        match &self.pass {
            Some(pass) if pass.anew => &pass.found,
            _ => &self.found,
        }
    }

    /// Whether rows may be missing, because the search for this query is going on.
    #[must_use]
    pub fn searching(&self) -> bool {
        self.pass.as_ref().is_some_and(|pass| pass.anew)
    }

    /// Whether there is something to do in the next frame.
    #[must_use]
    pub fn unfinished(&self, index: &Index) -> bool {
        self.pass.is_some() || self.version != Some(index.version())
    }
}

/// One look at one row.
struct Look<'a> {
    index: &'a Index,
    view: &'a RunView,
    query: &'a Query,
    /// In lower case.
    needle: &'a str,
    buffer: &'a mut String,
    budget: &'a mut Budget,
}

impl Look<'_> {
    fn matches(&mut self, row: RowId) -> bool {
        match row {
            RowId::Train(..) if self.query.kind == Some(Kind::HeldOut) => false,
            RowId::HeldOut(_) if self.query.kind == Some(Kind::Training) => false,
            RowId::Train(arm, iteration, at) => self.passes(arm, iteration) && self.training(row, arm, iteration, at),
            RowId::HeldOut(at) => self.held_out(row, at),
        }
    }

    fn passes(&self, arm: Arm, iteration: u32) -> bool {
        self.query.arm.is_none_or(|wanted| wanted == arm)
            && self.query.iteration.is_none_or(|wanted| wanted == iteration)
    }

    /// Whether a text holds the needle. What is over the budget is searched all the same: a row is
    /// never cut in two.
    fn holds(&mut self, text: &str) -> bool {
        self.budget.spend(1 + text.len() / 256);
        self.buffer.clear();
        if text.is_ascii() {
            self.buffer.push_str(text);
            self.buffer.make_ascii_lowercase();
        } else {
            self.buffer.extend(text.chars().flat_map(char::to_lowercase));
        }
        self.buffer.contains(self.needle)
    }

    fn any_holds(&mut self, answers: Option<&Vec<Answer>>) -> bool {
        answers.into_iter().flatten().any(|answer| self.holds(&answer.text))
    }

    fn prompt_holds(&mut self, row: RowId) -> bool {
        super::index::prompt(self.view, self.index, row).is_some_and(|(id, text)| self.holds(text) || self.holds(id))
    }

    fn training(&mut self, id: RowId, arm: Arm, iteration: u32, at: usize) -> bool {
        let view = self.view;
        let of = view.arms.get(&arm).and_then(|of| of.iterations.get(&iteration));
        let (Some(of), Some(group)) = (of, self.index.group(arm, iteration)) else { return false };
        let Some(row) = group.rows.get(at) else { return false };
        let query = self.query;
        if query.pairs.is_some() || query.disagree || query.wrong {
            self.budget.spend(1 + row.pairs.len());
            let fate = group.fate(of, row);
            let by_pairs = match query.pairs {
                None => true,
                Some(Pairs::Kept) => fate.kept > 0,
                Some(Pairs::Dropped) => fate.dropped > 0 || fate.selected && row.pairs.is_empty(),
            };
            let by_judges = !query.disagree || fate.agreement == Agreement::Split;
            if !(by_pairs && by_judges && (!query.wrong || fate.wrong > 0)) {
                return false;
            }
        }
        if self.needle.is_empty() {
            return true;
        }
        let found = match row.place {
            Place::Prompt(prompt) => self.any_holds(of.answers.get(prompt)),
            Place::Pair(_) => {
                let pairs = row.pairs.iter().filter_map(|pair| of.pairs.get(*pair));
                pairs.flat_map(|pair| &pair.answers).any(|text| self.holds(text))
            }
        };
        found || self.prompt_holds(id)
    }

    /// A held-out prompt is the same everywhere; it is shown if any of the chosen arms and
    /// iterations has what is looked for.
    fn held_out(&mut self, id: RowId, at: usize) -> bool {
        let query = self.query;
        // Nothing is learned from held-out prompts.
        if query.pairs.is_some() || query.wrong {
            return false;
        }
        let (mut drawn, mut split, mut found) = (false, false, self.needle.is_empty());
        for (arm, of) in &self.view.arms {
            for (iteration, of) in &of.iterations {
                if !self.passes(*arm, *iteration) {
                    continue;
                }
                self.budget.spend(1);
                drawn |= of.held_out.len() > at || of.greedy.len() > at;
                split |= query.disagree && verdict::on_ballot(of.ballots.on_policy.as_ref(), at) == Agreement::Split;
                found = found || self.any_holds(of.held_out.get(at)) || self.any_holds(of.greedy.get(at));
            }
        }
        let chosen = query.arm.is_some() || query.iteration.is_some();
        (drawn || !chosen) && (split || !query.disagree) && (found || self.prompt_holds(id))
    }
}

#[cfg(test)]
mod tests;
