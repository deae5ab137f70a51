//! The six verbs of the loop, and which of them a log or a running phase is at.

use selfsame_core::run::{Arm, Event, Record};

/// What a recipe does, in the order of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Prompts are taken.
    Prompt,
    /// The policy answers.
    Sample,
    /// Judges look at the answers.
    Judge,
    /// Pairs are chosen.
    Select,
    /// The policy learns from them.
    Learn,
    /// Policy and judges are measured.
    Measure,
}

impl Verb {
    /// All, in the order of the loop.
    pub const ALL: [Self; 6] = [Self::Prompt, Self::Sample, Self::Judge, Self::Select, Self::Learn, Self::Measure];

    /// The name in words and phases.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Sample => "sample",
            Self::Judge => "judge",
            Self::Select => "select",
            Self::Learn => "learn",
            Self::Measure => "measure",
        }
    }

    /// The verb of a running phase.
    #[must_use]
    pub fn of_phase(phase: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.id() == phase)
    }
}

/// Where a log has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The arm.
    pub arm: Arm,
    /// The iteration.
    pub iteration: u32,
    /// What was being done.
    pub verb: Verb,
}

impl Reached {
    /// Where a line of the log belongs to; beginning, end and notes belong to no verb.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let verb = match &record.event {
            Event::Started { .. } | Event::Finished {} | Event::Noted { .. } => return None,
            // The prompts of the start are those to measure with.
            Event::Prompts { .. } if record.iteration == 0 => Verb::Measure,
            Event::Prompts { .. } => Verb::Prompt,
            Event::Sampled { purpose, .. }
                if matches!(purpose.as_str(), "train" | "teacher" | "opponent" | "revision") =>
            {
                Verb::Sample
            }
            Event::Sampled { .. } | Event::Measured { .. } => Verb::Measure,
            Event::Judged { .. } | Event::Compared { .. } | Event::Credited { .. } => Verb::Judge,
            Event::Selected { .. } | Event::Rated { .. } => Verb::Select,
            Event::Step { .. } | Event::Checkpoint { .. } => Verb::Learn,
        };
        Some(Self { arm: record.arm, iteration: record.iteration, verb })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::synthetic;

    #[test]
    fn a_log_walks_through_the_loop() {
        let mut verbs: Vec<Verb> = synthetic()
            .iter()
            .filter_map(Reached::of)
            .filter(|reached| reached.arm == Arm::Main && reached.iteration == 1)
            .map(|reached| reached.verb)
            .collect();
        verbs.dedup();
        assert_eq!(verbs, Verb::ALL);
        assert_eq!(Verb::of_phase("learn"), Some(Verb::Learn));
        assert_eq!(Verb::of_phase("rest"), None);
    }
}
