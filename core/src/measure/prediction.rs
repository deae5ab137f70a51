//! How well scores were predicted that people gave.

use serde::{Deserialize, Serialize};

use super::{
    bootstrap::Interval,
    calibration::{Bin, bins, calibration_error},
    inference::spearman,
};

/// Bins of a calibration.
const BINS: usize = 10;

/// The quality of predictions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Spearman's ρ over all rows, with its bootstrap interval.
    pub spearman: Interval,
    /// The mean of ρ over folds, each with its own model: what is often published as cross-validated ρ. `None`
    /// without folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold_mean: Option<f64>,
    /// The expected calibration error, on the scale of the scores.
    #[serde(with = "crate::number")]
    pub calibration_error: f64,
    /// The bins behind it.
    pub bins: Vec<Bin>,
}

impl Prediction {
    /// Compares predictions with what was observed; `fold_of` is the fold of each row, or empty. `None` where a side
    /// is constant or there are fewer than four rows.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a handful of folds
    pub fn of(predicted: &[f64], observed: &[f64], fold_of: &[usize], seed: u64) -> Option<Self> {
        let folds = fold_of.iter().max().map_or(0, |last| last + 1);
        let of_fold = |fold: usize| {
            let rows: Vec<usize> = (0..fold_of.len()).filter(|row| fold_of[*row] == fold).collect();
            let of = |list: &[f64]| rows.iter().filter_map(|row| list.get(*row).copied()).collect::<Vec<_>>();
            spearman(&of(predicted), &of(observed)).map(|outcome| outcome.effect)
        };
        let each: Vec<f64> = (0..folds).filter_map(of_fold).collect();
        let bins = bins(predicted, observed, BINS);
        Some(Self {
            spearman: Interval::of_spearman(predicted, observed, seed)?,
            fold_mean: (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64),
            calibration_error: calibration_error(&bins),
            bins,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fold_that_is_off_by_a_constant_hurts_the_whole_and_not_the_folds() {
        let observed: Vec<f64> = (0..40).map(|row| f64::from(row % 20)).collect();
        let predicted: Vec<f64> =
            observed.iter().zip(0..).map(|(o, row)| o + if row < 20 { 0.0 } else { 7.5 }).collect();
        let fold_of: Vec<usize> = (0..40).map(|row| row / 20).collect();
        let quality = Prediction::of(&predicted, &observed, &fold_of, 1).unwrap();
        assert!(quality.fold_mean.is_some_and(|mean| (mean - 1.0).abs() < 1e-9));
        assert!(quality.spearman.value < 0.95 && quality.spearman.low < quality.spearman.value);
        assert!((quality.calibration_error - 3.75).abs() < 1.0, "{quality:?}");
        assert_eq!(Prediction::of(&predicted, &observed, &[], 1).unwrap().fold_mean, None);
        assert_eq!(Prediction::of(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0], &[], 1), None);
    }
}
