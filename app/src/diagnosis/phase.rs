//! The steps of one phase of learning, and how a number moves over them.

use selfsame_core::learn::StepReport;

use crate::fold::ArmView;

/// Steps below which a phase says nothing about a trend.
pub(super) const FEWEST_STEPS: usize = 12;

/// One phase of learning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phase<'a> {
    /// Its iteration.
    pub iteration: u32,
    /// Its steps so far.
    pub steps: &'a [(u32, StepReport)],
}

/// The phases in which an arm's policy learned, in order. What is looked for is known of policies; models that are
/// taught beside one learn at rates and from labels of their own. Until its end says otherwise, a phase that goes on is the
/// policy's.
pub(super) fn phases(arm: &ArmView) -> Vec<Phase<'_>> {
    let of_policy = arm.phases.iter().filter(|phase| phase.model.is_none());
    of_policy.map(|phase| Phase { iteration: phase.iteration, steps: arm.steps_of(phase) }).collect()
}

/// The phase, of whatever model, of the step at a place among the arm's.
pub(super) fn phase_at(arm: &ArmView, place: usize) -> Option<Phase<'_>> {
    let phase = arm.phases.iter().find(|phase| phase.steps.contains(&place))?;
    Some(Phase { iteration: phase.iteration, steps: arm.steps_of(phase) })
}

impl<'a> Phase<'a> {
    /// The reports of the steps.
    pub(super) fn reports(&self) -> impl DoubleEndedIterator<Item = &'a StepReport> + ExactSizeIterator {
        self.steps.iter().map(|(_, report)| report)
    }

    /// The reports of the last quarter.
    pub(super) fn last_quarter(&self) -> impl Iterator<Item = &'a StepReport> {
        self.steps.iter().skip(self.steps.len() - self.steps.len() / 4).map(|(_, report)| report)
    }

    /// A metric at every step that has it.
    pub(super) fn values(&self, metric: &str) -> Vec<f64> {
        self.reports().filter_map(|report| report.metrics.get(metric)).map(|value| f64::from(*value)).collect()
    }

    /// How a metric moved over the phase.
    pub(super) fn trend(&self, metric: &str) -> Option<Trend> {
        Trend::of(&self.values(metric))
    }

    /// A metric as the points of a line over steps.
    #[allow(clippy::cast_precision_loss)] // step counts
    pub(super) fn points(&self, of: impl Fn(&StepReport) -> Option<f32>) -> Vec<[f64; 2]> {
        self.reports()
            .filter_map(|report| Some([report.step as f64, f64::from(of(report)?)]))
            .filter(|point| point[1].is_finite())
            .collect()
    }
}

/// How a number moved: its means over the first and the last quarter, and the standard error of
/// one such mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Trend {
    /// The mean of the first quarter.
    pub first: f64,
    /// The mean of the last quarter.
    pub last: f64,
    /// The standard error of either.
    pub error: f64,
}

impl Trend {
    /// The trend of values in order; `None` where there are too few or one is not a number.
    #[allow(clippy::cast_precision_loss)] // step counts
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        if values.len() < FEWEST_STEPS || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let quarter = values.len() / 4;
        let mean = |of: &[f64]| of.iter().sum::<f64>() / quarter as f64;
        let (first, last) = (values.get(..quarter)?, values.get(values.len() - quarter..)?);
        // Differences of neighbours measure the noise of a batch without the trend.
        let squares: f64 = values.windows(2).map(|two| (two[1] - two[0]).powi(2)).sum();
        let noise = (squares / (2 * (values.len() - 1)) as f64).sqrt();
        Some(Self { first: mean(first), last: mean(last), error: noise / (quarter as f64).sqrt() })
    }

    /// How much it rose.
    pub(super) fn change(&self) -> f64 {
        self.last - self.first
    }

    /// The rise in standard errors of itself; endless where there is no noise.
    pub(super) fn certainty(&self) -> f64 {
        let error = self.error * std::f64::consts::SQRT_2;
        if self.change() == 0.0 { 0.0 } else { self.change() / error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_knows_its_noise() {
        let noisy: Vec<f64> = (0..400_i32).map(|x| f64::from(x) / 100.0 + f64::from(x % 2)).collect();
        let trend = Trend::of(&noisy).unwrap();
        assert!((trend.change() - 3.0).abs() < 0.1, "{trend:?}");
        // Neighbours differ by about one: a standard deviation of 0.7 over a hundred values.
        assert!((trend.error - 0.0707).abs() < 0.01, "{trend:?}");
        assert_eq!(Trend::of(&noisy[..FEWEST_STEPS - 1]), None);
        assert_eq!(Trend::of(&[f64::NAN; 40]), None);
        assert!(Trend::of(&[1.0; 40]).unwrap().certainty().abs() < 1e-12);
    }
}
