//! What one run of a study says, read off its log.

use std::{collections::BTreeMap, path::Path};

use selfsame_core::{
    measure::{Figure, Mean, Measurement, Quantity, policy::demonstrated},
    run::{Arm, Manifest},
};

use crate::{
    Result,
    atlas::Spent,
    fold::{LearnedPair, RunView},
};

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
    if iteration == 0 {
        return figures;
    }
    // What judges labelled while learning is in the steps, not in the measurement.
    let pairs = view.learned(arm, iteration);
    if pairs.iter().any(|pair| pair.kept.is_some()) {
        let number = |yes: bool| f64::from(u8::from(yes));
        let mean = |values: Vec<f64>| (!values.is_empty()).then(|| Mean::of(values).mean);
        let used = mean(pairs.iter().filter_map(|pair| pair.kept).map(number).collect());
        let right = pairs.iter().filter(|pair| pair.kept == Some(true)).filter_map(LearnedPair::right);
        figures.extend(used.map(|used| (Figure::Used, used)));
        figures.extend(mean(right.map(number).collect()).map(|right| (Figure::Labels, right)));
    }
    figures
}

#[allow(clippy::cast_precision_loss)] // counts
fn spent(view: &RunView) -> Spent {
    let Some(main) = view.arms.get(&Arm::Main) else {
        return Spent::default();
    };
    let answers = main.iterations.values().flat_map(|iteration| iteration.answers.iter().flatten());
    Spent {
        steps: main.steps.len() as f64,
        items: main.steps.iter().map(|(_, step)| step.items.len()).sum::<usize>() as f64,
        drawn_tokens: answers.map(|answer| answer.ids.len()).sum::<usize>() as f64,
        seconds: view.last - view.began,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use selfsame_core::measure::Reading;

    use crate::fold::tests::{note, synthetic, without_oracle};

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
        let steps = view.arms[&Arm::Main].steps.len();
        assert!((numbers.spent.steps - f64::from(u32::try_from(steps).unwrap())).abs() < 1e-9);
        assert!(numbers.spent.drawn_tokens > 0.0 && numbers.spent.seconds >= 0.0);
        assert_eq!(numbers.after(0, Figure::Sampled.into()), Some(0.5));
        assert_eq!(numbers.last(Figure::Sampled.into()), Some(0.6));
        let without = Numbers::of(&RunView::of(&without_oracle()).unwrap());
        assert_eq!((without.demonstrations, reward(without.end().unwrap())), (None, None));
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
