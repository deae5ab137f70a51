//! Whether predicted values mean what they say.

use serde::{Deserialize, Serialize};

/// Rows whose predictions are alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The mean prediction.
    #[serde(with = "crate::number")]
    pub predicted: f64,
    /// The mean of what was observed.
    #[serde(with = "crate::number")]
    pub observed: f64,
    /// How many rows.
    pub count: usize,
}

/// Predictions and observations in bins of (nearly) equal counts, from the lowest predictions to the
/// highest. Fewer bins than asked for where there are fewer rows.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn bins(predicted: &[f64], observed: &[f64], count: usize) -> Vec<Bin> {
    let mut rows: Vec<(f64, f64)> = predicted.iter().copied().zip(observed.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = count.min(rows.len());
    (0..count)
        .map(|bin| {
            let rows = &rows[bin * rows.len() / count..(bin + 1) * rows.len() / count];
            let mean = |of: fn(&(f64, f64)) -> f64| rows.iter().map(of).sum::<f64>() / rows.len() as f64;
            Bin { predicted: mean(|row| row.0), observed: mean(|row| row.1), count: rows.len() }
        })
        .collect()
}

/// The expected calibration error: the mean distance between prediction and observation over the bins,
/// each by its rows (Guo et al., arXiv 1706.04599, with bins of equal counts).
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn calibration_error(bins: &[Bin]) -> f64 {
    let rows: usize = bins.iter().map(|bin| bin.count).sum();
    let sum: f64 = bins.iter().map(|bin| (bin.predicted - bin.observed).abs() * bin.count as f64).sum();
    sum / rows.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_even_and_their_error_is_the_shift() {
        let predicted: Vec<f64> = (0..10).rev().map(f64::from).collect();
        let observed: Vec<f64> = predicted.iter().map(|p| p + 0.25).collect();
        let found = bins(&predicted, &observed, 5);
        assert_eq!(found.len(), 5);
        assert_eq!(found[0], Bin { predicted: 0.5, observed: 0.75, count: 2 });
        assert!((calibration_error(&found) - 0.25).abs() < 1e-12);
        assert_eq!(bins(&[1.0], &[1.0], 5).len(), 1);
        assert!(bins(&[], &[], 5).is_empty() && calibration_error(&[]) == 0.0);
    }
}
