//! The phases of learning of an arm. An iteration can have several: other models than the policy are taught in phases
//! of their own, and each counts its steps from 0.

use std::ops::Range;

use selfsame_core::learn::StepReport;

use super::ArmView;

/// One phase of learning, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Its iteration.
    pub iteration: u32,
    /// Its steps, by their places among the arm's.
    pub steps: Range<usize>,
    /// Steps of the same iteration before it.
    pub before: usize,
    /// What learned, where it is another model than the policy; known once the phase has ended.
    pub model: Option<String>,
    /// Whether it has ended: the log then names a checkpoint of its result.
    pub ended: bool,
}

impl ArmView {
    /// Adds a step to the phase that goes on, or to a new one.
    pub(super) fn add_step(&mut self, iteration: u32, report: &StepReport) {
        let goes_on = self.phases.last().is_some_and(|phase| phase.iteration == iteration && !phase.ended);
        if !goes_on {
            let before = self.phases.iter().filter(|phase| phase.iteration == iteration).map(|phase| phase.steps.len());
            let before = before.sum();
            let steps = self.steps.len()..self.steps.len();
            self.phases.push(Phase { iteration, steps, before, model: None, ended: false });
        }
        let Some(phase) = self.phases.last_mut() else { return };
        // A resumed phase may take the steps after its last checkpoint again.
        let start = phase.steps.start;
        while self.steps.len() > start && self.steps.last().is_some_and(|(_, last)| last.step >= report.step) {
            self.steps.pop();
        }
        self.steps.push((iteration, report.clone()));
        phase.steps.end = self.steps.len();
    }

    /// The phase that goes on is over, and has taught `model`, if it is another one than the policy.
    pub(super) fn end_phase(&mut self, iteration: u32, model: Option<&str>) {
        if let Some(phase) = self.phases.last_mut().filter(|phase| phase.iteration == iteration && !phase.ended) {
            phase.ended = true;
            phase.model = model.map(str::to_owned);
        }
    }

    /// The steps of a phase.
    #[must_use]
    pub fn steps_of(&self, phase: &Phase) -> &[(u32, StepReport)] {
        self.steps.get(phase.steps.clone()).unwrap_or_default()
    }

    /// The steps that saw the pairs of an iteration, by their places: those of the phase that came after the pairs
    /// were chosen. An item of an earlier phase is no position among them.
    #[must_use]
    pub fn steps_on_pairs(&self, iteration: u32) -> Range<usize> {
        let chosen_after = self.iterations.get(&iteration).map_or(0, |of| of.chosen_after);
        let mut phases = self.phases.iter().filter(|phase| phase.iteration == iteration);
        phases.find(|phase| phase.steps.start >= chosen_after).map_or(0..0, |phase| phase.steps.clone())
    }

    /// The other models than the policy that were taught, in the order in which they were.
    #[must_use]
    pub fn taught(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for model in self.phases.iter().filter_map(|phase| phase.model.as_deref()) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::{
        run::{Arm, Event, Record},
        select::{Origin, PairRecord},
    };

    use super::*;
    use crate::fold::{
        RunView,
        tests::{ends, record, step, step_on, synthetic},
    };

    /// A log of nothing but this, in one iteration.
    fn view(events: Vec<Event>) -> RunView {
        let start = synthetic().into_iter().take(1);
        let records: Vec<Record> = start.chain(events.into_iter().map(|event| record(Arm::Main, 1, event))).collect();
        RunView::of(&records).unwrap()
    }

    fn selected(count: usize) -> Event {
        let pair = PairRecord {
            prompt: "t1-0".to_owned(),
            text: String::new(),
            answers: ["fox".to_owned(), "owl".to_owned()],
            label: 1.0,
            weight: 1.0,
            origin: Origin::BestWorst,
        };
        Event::Selected { pairs: vec![pair; count] }
    }

    fn losses(view: &RunView) -> Vec<f32> {
        view.arms[&Arm::Main].steps.iter().map(|(_, report)| report.loss).collect()
    }

    #[test]
    fn another_models_steps_stay_when_the_policy_begins_to_learn() {
        let view = view(vec![
            step(0, 3.0),
            step(1, 2.0),
            ends("001-evaluator", 2),
            step(0, 0.7),
            step(1, 0.6),
            step(2, 0.5),
            ends("001", 3),
        ]);
        assert_eq!(losses(&view), [3.0, 2.0, 0.7, 0.6, 0.5]);
        let arm = &view.arms[&Arm::Main];
        let phases: Vec<(Option<&str>, Range<usize>, usize)> =
            arm.phases.iter().map(|phase| (phase.model.as_deref(), phase.steps.clone(), phase.before)).collect();
        assert_eq!(phases, [(Some("evaluator"), 0..2, 0), (None, 2..5, 2)]);
        assert!(arm.phases.iter().all(|phase| phase.ended));
        assert_eq!(arm.taught(), ["evaluator"]);
        assert_eq!(arm.steps_of(&arm.phases[1]).len(), 3);
    }

    /// A checkpoint within a phase does not end it, and what is taken again after it counts once; a second phase of
    /// the same model does count.
    #[test]
    fn repeated_steps_count_once_and_repeated_phases_twice() {
        let within = |step: usize| match ends("001", step) {
            Event::Checkpoint { name, step, sha256, .. } => {
                Event::Checkpoint { name: format!("{name}-step-{step:06}"), step, complete: false, sha256 }
            }
            other => other,
        };
        let view = view(vec![
            step(0, 0.9),
            within(1),
            step(1, 0.8),
            step(2, 0.7),
            step(1, 0.6),
            step(2, 0.5),
            ends("001", 3),
            step(0, 0.4),
            step(0, 0.3),
            step(1, 0.2),
        ]);
        assert_eq!(losses(&view), [0.9, 0.6, 0.5, 0.3, 0.2]);
        let phases = &view.arms[&Arm::Main].phases;
        assert_eq!(
            phases.iter().map(|phase| (phase.steps.clone(), phase.ended)).collect::<Vec<_>>(),
            [(0..3, true), (3..5, false)]
        );
    }

    /// Pairs that another model learned from come before those of the policy; each step belongs to its own.
    #[test]
    fn steps_are_told_of_the_pairs_they_saw() {
        let kept = |value: f32| step_on(0, &[0], &[("kept", &[value])]);
        let first = [selected(3), kept(0.0), ends("001-strong", 1)];
        let second = [selected(2), kept(1.0), ends("001", 1)];
        let third = [step(0, 0.5), step(1, 0.4), ends("001-listener", 2)];
        let of = |parts: &[&[Event]]| {
            let view = view(parts.concat());
            let kept: Vec<Option<bool>> = view.learned(Arm::Main, 1).iter().map(|pair| pair.kept).collect();
            (kept, view.arms[&Arm::Main].steps_on_pairs(1))
        };
        assert_eq!(of(&[&first[..]]), (vec![Some(false), None, None], 0..1));
        assert_eq!(of(&[&first[..], &second[..1]]), (vec![None, None], 0..0), "no step has seen the new ones");
        assert_eq!(of(&[&first[..], &second[..]]), (vec![Some(true), None], 1..2));
        assert_eq!(of(&[&first[..], &second[..], &third[..]]), (vec![Some(true), None], 1..2));
    }
}
