//! How much flows through the loop.

use std::collections::BTreeMap;

use selfsame_core::{learn::OPINION, run::Arm};

use crate::fold::{ArmView, IterationView, RunView, Verb};

/// What went through each verb in one iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    prompts: usize,
    answers: usize,
    verdicts: usize,
    pairs: usize,
    steps: usize,
    held_out: usize,
}

impl Flow {
    /// The count at a verb.
    pub fn at(self, verb: Verb) -> usize {
        match verb {
            Verb::Prompt => self.prompts,
            Verb::Sample => self.answers,
            Verb::Judge => self.verdicts,
            Verb::Select => self.pairs,
            Verb::Learn => self.steps,
            Verb::Measure => self.held_out,
        }
    }
}

/// The counts of all iterations of all arms in which something happened.
pub fn all(view: &RunView) -> BTreeMap<(Arm, u32), Flow> {
    let mut flows = BTreeMap::new();
    for (arm, of_arm) in &view.arms {
        let steps = steps(of_arm);
        for (iteration, of) in &of_arm.iterations {
            let flow = count(of, steps.get(iteration).copied().unwrap_or_default());
            if flow != Flow::default() || of_arm.measured.contains_key(iteration) {
                flows.insert((*arm, *iteration), flow);
            }
        }
    }
    flows
}

/// Steps, and opinions that judges gave while learning, by iteration.
fn steps(of_arm: &ArmView) -> BTreeMap<u32, (usize, usize)> {
    let mut counts = BTreeMap::new();
    for (iteration, report) in &of_arm.steps {
        let opinions = report.of_items.iter().filter(|(name, _)| name.starts_with(OPINION));
        let count: &mut (usize, usize) = counts.entry(*iteration).or_default();
        count.0 += 1;
        count.1 += opinions.map(|(_, values)| values.len()).sum::<usize>();
    }
    counts
}

fn count(of: &IterationView, (steps, opinions): (usize, usize)) -> Flow {
    let before: usize = of.judged.iter().flat_map(|(_, scores)| scores).map(Vec::len).sum();
    Flow {
        prompts: of.prompts.len(),
        answers: of.answers.iter().map(Vec::len).sum(),
        verdicts: before + opinions,
        pairs: of.pairs.len(),
        steps,
        held_out: of.held_out.len().max(of.greedy.len()),
    }
}
