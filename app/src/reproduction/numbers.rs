//! What one run of a study says, read off its log.

use std::{collections::BTreeMap, path::Path};

use selfsame_core::{
    learn::StepReport,
    measure::{Figure, Measurement, Quantity, policy::demonstrated},
    run::{Arm, Manifest},
};

use super::panel;
use crate::{Result, atlas::Spent, fold::RunView};

/// Demonstrations that are graded: enough for a standard error of about one hundredth.
const DEMONSTRATIONS: usize = 1000;

/// The figures after an iteration.
pub type Figures = BTreeMap<Figure, f64>;

/// The figures of a run and what it spent.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Everything that decided the run.
    pub manifest: Manifest,
    /// Whether it ended as planned.
    pub finished: bool,
    /// The figures of the recipe by iteration; 0 is the start.
    pub after: BTreeMap<u32, Figures>,
    /// The last figures of the control lines.
    pub controls: BTreeMap<Arm, Figures>,
    /// The oracle's reward of the world's demonstrations.
    pub demonstrations: Option<f64>,
    /// What the recipe noted, by iteration and name.
    pub noted: BTreeMap<u32, BTreeMap<String, Vec<f64>>>,
    /// What it spent.
    pub spent: Spent,
}

impl Numbers {
    /// Reads the log of a run's folder.
    ///
    /// # Errors
    /// If there is no log, or it is damaged before its last line.
    pub fn load(root: &Path) -> Result<Self> {
        Ok(Self::of(&RunView::load(root)?))
    }

    /// What a run says.
    #[must_use]
    pub fn of(view: &RunView) -> Self {
        let arm = |arm: Arm| view.arms.get(&arm).map(|of| &of.measured).into_iter().flatten();
        let last = |of: Arm| arm(of).last().map(|(iteration, last)| figures(view, of, *iteration, last));
        Self {
            manifest: view.manifest.clone(),
            finished: view.finished,
            after: arm(Arm::Main)
                .map(|(iteration, measured)| (*iteration, figures(view, Arm::Main, *iteration, measured)))
                .collect(),
            controls: [Arm::RandomLabels, Arm::OracleLabels]
                .into_iter()
                .filter_map(|of| Some((of, last(of)?)))
                .collect(),
            demonstrations: view
                .world()
                .map(|world| demonstrated(&*world, view.manifest.seed, DEMONSTRATIONS))
                .map(|reward| reward.mean),
            noted: view.arms.get(&Arm::Main).map_or_else(BTreeMap::new, |arm| {
                let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect();
                let of = |notes: &[(String, Vec<f32>)]| {
                    notes.iter().map(|(name, values)| (name.clone(), wide(values))).collect()
                };
                arm.iterations.iter().map(|(iteration, view)| (*iteration, of(&view.notes))).collect()
            }),
            spent: spent(view),
        }
    }

    /// The figures before anything was learned.
    #[must_use]
    pub fn start(&self) -> Option<&Figures> {
        self.after.get(&0)
    }

    /// The figures after the last iteration.
    #[must_use]
    pub fn end(&self) -> Option<&Figures> {
        self.after.last_key_value().map(|(_, figures)| figures)
    }

    /// What was noted under a name in the last iteration.
    #[must_use]
    pub fn last_noted(&self, name: &str) -> Option<&[f64]> {
        self.noted.last_key_value()?.1.get(name).map(Vec::as_slice)
    }

    /// A number after an iteration; 0 is the start.
    #[must_use]
    pub fn after(&self, iteration: u32, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Figure(figure) => self.after.get(&iteration)?.get(&figure).copied(),
            Quantity::Noted { noted, read } => read.of(self.noted.get(&iteration)?.get(noted)?),
        }
    }

    /// A number after the last iteration.
    #[must_use]
    pub fn last(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Figure(figure) => self.end()?.get(&figure).copied(),
            Quantity::Noted { noted, read } => read.of(self.last_noted(noted)?),
        }
    }
}

fn figures(view: &RunView, arm: Arm, iteration: u32, measurement: &Measurement) -> Figures {
    let mut figures: Figures =
        Figure::ALL.into_iter().filter_map(|figure| Some((figure, figure.of(measurement)?))).collect();
    // Before anything is learned nobody is asked: the judges are those of the first iteration.
    let learned = view.learned(arm, iteration.max(1));
    if let Some(quality) = &measurement.fixed {
        figures.extend(panel::on_start(&panel::judges(&learned), quality));
    }
    // What judges labelled while learning is in the steps, not in the measurement.
    if iteration > 0 {
        figures.extend(panel::figures(&learned));
    }
    figures
}

#[allow(clippy::cast_precision_loss)] // counts
fn spent(view: &RunView) -> Spent {
    let Some(main) = view.arms.get(&Arm::Main) else {
        return Spent::default();
    };
    // A sum without some steps would be a number of something else.
    let all = |of: fn(&StepReport) -> Option<usize>| {
        let sum = main.steps.iter().map(|(_, step)| of(step)).sum::<Option<usize>>();
        sum.filter(|sum| *sum > 0).map(|sum| sum as f64)
    };
    Spent {
        steps: main.steps.len() as f64,
        items: all(StepReport::learned_from),
        learned_tokens: all(|step| step.tokens),
        drawn_tokens: main.drawn_tokens as f64,
        seconds: view.last - view.began,
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::run::Event;

    use super::*;
    use selfsame_core::measure::Reading;

    use crate::fold::tests::{ends, note, record, step, synthetic, without_oracle};

    #[test]
    fn numbers_are_those_of_the_log() {
        let view = RunView::of(&synthetic()).unwrap();
        let numbers = Numbers::of(&view);
        let reward = |figures: &Figures| figures.get(&Figure::Sampled).copied();
        assert_eq!(numbers.after.keys().copied().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(reward(numbers.start().unwrap()), Some(0.5));
        assert_eq!(reward(numbers.end().unwrap()), Some(0.6));
        assert_eq!(numbers.controls.keys().copied().collect::<Vec<_>>(), [Arm::RandomLabels]);
        assert_eq!(reward(&numbers.controls[&Arm::RandomLabels]), Some(0.49));
        assert!(numbers.demonstrations.is_some_and(|reward| (0.0..1.0).contains(&reward)));
        // Two steps on three rows and 24 tokens each, and two answers of two tokens; the control's do not count.
        let spent = Spent {
            steps: 2.0,
            items: Some(6.0),
            learned_tokens: Some(48.0),
            drawn_tokens: 4.0,
            seconds: view.last - view.began,
        };
        assert_eq!(numbers.spent, spent);
        assert_eq!(numbers.after(0, Figure::Sampled.into()), Some(0.5));
        assert_eq!(numbers.last(Figure::Sampled.into()), Some(0.6));
        let without = Numbers::of(&RunView::of(&without_oracle()).unwrap());
        assert_eq!((without.demonstrations, reward(without.end().unwrap())), (None, None));
    }

    /// A model that is taught beside the policy costs steps too, and answers that an opponent draws cost tokens.
    #[test]
    fn everything_that_learns_and_draws_is_counted() {
        let mut records = synthetic();
        let at = records.iter().position(|r| matches!(r.event, Event::Step { .. })).unwrap();
        let answers = records.iter().find_map(|record| match &record.event {
            Event::Sampled { answers, .. } => Some(answers.clone()),
            _ => None,
        });
        let drawn =
            |purpose: &str| Event::Sampled { purpose: purpose.to_owned(), first: 0, answers: answers.clone().unwrap() };
        let beside = [step(0, 3.0), step(1, 2.0), step(2, 1.0), ends("001-preference-model", 3)];
        let more = beside.into_iter().chain([drawn("opponent"), drawn("teacher"), drawn("greedy"), drawn("held-out")]);
        records.splice(at..at, more.map(|event| record(Arm::Main, 1, event)));
        let spent = Numbers::of(&RunView::of(&records).unwrap()).spent;
        assert_eq!((spent.steps, spent.items, spent.learned_tokens), (5.0, Some(15.0), Some(120.0)));
        assert_eq!(spent.drawn_tokens, 6.0, "the opponent's answer has two tokens");
        // A log of an earlier version does not say it of one of the models.
        let Event::Step { report } = &mut records[at].event else { panic!("a step was put there") };
        (report.rows, report.tokens) = (None, None);
        let spent = Numbers::of(&RunView::of(&records).unwrap()).spent;
        assert_eq!((spent.steps, spent.items, spent.learned_tokens), (5.0, None, None));
    }

    #[test]
    fn noted_numbers_are_those_of_their_iteration() {
        let mut records = synthetic();
        records.splice(12..12, [note(0, "mass", &[0.25, 0.5]), note(1, "mass", &[0.25, 0.75, 1.0])]);
        let numbers = Numbers::of(&RunView::of(&records).unwrap());
        let mass = |read| Quantity::Noted { noted: "mass", read };
        assert_eq!(numbers.after(0, mass(Reading::Mean)), Some(0.375));
        assert_eq!(numbers.last(mass(Reading::Place(1))), Some(0.75));
        assert_eq!(numbers.last(mass(Reading::AboveHalf)), Some(2.0 / 3.0));
        assert_eq!(numbers.after(2, mass(Reading::Mean)), None);
        assert_eq!(numbers.last(Quantity::Noted { noted: "nothing", read: Reading::Mean }), None);
    }
}
