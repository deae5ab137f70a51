//! The rows of the list and what became of each, folded from a run view a little every frame:
//! neither opening a large run nor following a live one ever holds up the window.

use std::collections::BTreeMap;

use selfsame_core::{run::Arm, world::World};

use super::group::{Group, Place};
use crate::{
    engine::RunId,
    fold::{ArmView, RunView},
};

/// How much may be done before the frame has to be drawn. A unit is about a microsecond.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    left: usize,
}

impl Budget {
    /// A budget of so many units.
    #[must_use]
    pub fn new(units: usize) -> Self {
        Self { left: units }
    }

    /// Pays for the next piece of work. False when nothing is left; the last piece may cost more
    /// than is left, so that every frame gets on.
    pub fn spend(&mut self, units: usize) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left = self.left.saturating_sub(units);
        true
    }
}

/// Names a row. Rows stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowId {
    /// A prompt to learn from: its arm, its iteration and its place among the group's rows.
    Train(Arm, u32, usize),
    /// A held-out prompt, by its position: the same in all arms and iterations.
    HeldOut(usize),
}

/// All rows of a run, as far as they are folded.
#[derive(Default)]
pub struct Index {
    run: Option<(RunId, u64)>,
    lines: usize,
    version: u64,
    behind: bool,
    held_out: usize,
    groups: BTreeMap<(Arm, u32), Group>,
    /// Steps folded in, by arm.
    steps: BTreeMap<Arm, usize>,
    world: Option<Box<dyn World>>,
}

impl Index {
    /// Folds in what is new. Returns whether another run, or an earlier moment of this one, is
    /// shown than before.
    pub fn advance(&mut self, run: RunId, view: &RunView, budget: &mut Budget) -> bool {
        let key = Some((run, view.began.to_bits()));
        let again = self.run != key || view.lines < self.lines;
        if again {
            let version = self.version + 1;
            *self = Self { run: key, world: view.world(), behind: true, version, ..Self::default() };
        }
        if !self.behind && self.lines == view.lines {
            return again;
        }
        self.lines = view.lines;
        self.version += 1;
        self.behind = false;
        self.held_out = view.held_out_prompts.len();
        for (arm, of_arm) in &view.arms {
            for (iteration, of) in &of_arm.iterations {
                if of.prompts.is_empty() && of.pairs.is_empty() {
                    continue;
                }
                let group = self.groups.entry((*arm, *iteration)).or_default();
                group.advance(of, self.world.as_deref(), budget);
                self.behind |= group.behind(of);
            }
            if !self.behind {
                self.steps(*arm, of_arm, budget);
            }
        }
        again
    }

    fn steps(&mut self, arm: Arm, of: &ArmView, budget: &mut Budget) {
        let seen = self.steps.entry(arm).or_default();
        // Steps that were taken back after a crash are taken again with the same numbers.
        *seen = (*seen).min(of.steps.len());
        while let Some((iteration, report)) = of.steps.get(*seen) {
            if !budget.spend(1 + report.items.len() * report.of_items.len() / 8) {
                self.behind = true;
                return;
            }
            // Steps of another phase saw other pairs.
            if of.steps_on_pairs(*iteration).contains(seen)
                && let Some(group) = self.groups.get_mut(&(arm, *iteration))
            {
                group.add_step(report);
            }
            *seen += 1;
        }
    }

    /// Changes whenever anything of the index or of the fold behind it may have changed.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether there is more to fold in than one frame allowed.
    #[must_use]
    pub fn behind(&self) -> bool {
        self.behind
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held_out + self.groups.values().map(|group| group.rows.len()).sum::<usize>()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row after another, or the first. Rows that come while somebody walks along are either
    /// ahead or left out; none is met twice.
    #[must_use]
    pub fn next(&self, after: Option<RowId>) -> Option<RowId> {
        let held_out = |at: usize| (at < self.held_out).then_some(RowId::HeldOut(at));
        let (key, at) = match after {
            None => ((Arm::Main, 0), 0),
            Some(RowId::Train(arm, iteration, at)) => ((arm, iteration), at + 1),
            Some(RowId::HeldOut(at)) => return held_out(at + 1),
        };
        for ((arm, iteration), group) in self.groups.range(key..) {
            let at = if (*arm, *iteration) == key { at } else { 0 };
            if at < group.rows.len() {
                return Some(RowId::Train(*arm, *iteration, at));
            }
        }
        held_out(0)
    }

    /// The rows of an iteration of an arm.
    #[must_use]
    pub fn group(&self, arm: Arm, iteration: u32) -> Option<&Group> {
        self.groups.get(&(arm, iteration))
    }

    /// All groups, by arm and iteration.
    pub fn groups(&self) -> impl Iterator<Item = (Arm, u32, &Group)> {
        self.groups.iter().map(|((arm, iteration), group)| (*arm, *iteration, group))
    }

    /// The world behind the run.
    #[must_use]
    pub fn world(&self) -> Option<&dyn World> {
        self.world.as_deref()
    }
}

/// The prompt of a row: its identifier and its text.
#[must_use]
pub fn prompt<'a>(view: &'a RunView, index: &Index, row: RowId) -> Option<(&'a str, &'a str)> {
    match row {
        RowId::HeldOut(at) => view.held_out_prompts.get(at).map(|prompt| (prompt.id.as_str(), prompt.text.as_str())),
        RowId::Train(arm, iteration, at) => {
            let of = view.arms.get(&arm)?.iterations.get(&iteration)?;
            match index.group(arm, iteration)?.rows.get(at)?.place {
                Place::Prompt(at) => of.prompts.get(at).map(|prompt| (prompt.id.as_str(), prompt.text.as_str())),
                Place::Pair(at) => of.pairs.get(at).map(|pair| (pair.prompt.as_str(), pair.text.as_str())),
            }
        }
    }
}

#[cfg(test)]
mod tests;
