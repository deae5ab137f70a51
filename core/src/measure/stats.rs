//! The statistics behind the tables.

use serde::{Deserialize, Serialize};

use super::inference::ranks;

/// A mean with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    /// The mean.
    #[serde(with = "crate::number")]
    pub mean: f64,
    /// The standard error of the mean.
    #[serde(with = "crate::number")]
    pub error: f64,
    /// How many values.
    pub count: usize,
}

impl Mean {
    /// The mean of values; of none it is 0 with an infinite error.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len();
        if count == 0 {
            return Self { mean: 0.0, error: f64::MAX, count };
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        let variance = if count > 1 { squares / (count - 1) as f64 } else { 0.0 };
        Self { mean, error: (variance / count as f64).sqrt(), count }
    }
}

/// Kendall's τ-b of two rankings of the same things (Kendall 1945, with ties). `None` where a
/// ranking is constant or has fewer than two values, or where a value is not a number.
#[must_use]
#[allow(clippy::cast_precision_loss)] // pair counts
pub fn kendall_tau_b(first: &[f64], second: &[f64]) -> Option<f64> {
    let count = first.len();
    if count != second.len() || first.iter().chain(second).any(|v| v.is_nan()) {
        return None;
    }
    let (mut balance, mut untied_first, mut untied_second) = (0_i64, 0_u64, 0_u64);
    for i in 0..count {
        for j in i + 1..count {
            let a = first[i].total_cmp(&first[j]) as i64 * i64::from(first[i] != first[j]);
            let b = second[i].total_cmp(&second[j]) as i64 * i64::from(second[i] != second[j]);
            balance += a * b;
            untied_first += a.unsigned_abs();
            untied_second += b.unsigned_abs();
        }
    }
    if untied_first == 0 || untied_second == 0 {
        return None;
    }
    Some(balance as f64 / ((untied_first as f64) * (untied_second as f64)).sqrt())
}

/// Spearman's ρ of two rankings of the same things: the correlation of their ranks, ties sharing the mean of theirs.
/// `None` where a ranking is constant or has fewer than two values, or where a value is not a number.
#[must_use]
pub fn spearman(first: &[f64], second: &[f64]) -> Option<f64> {
    if first.len() != second.len() || first.iter().chain(second).any(|v| v.is_nan()) {
        return None;
    }
    pearson(&ranks(first), &ranks(second))
}

/// The area under the ROC curve: the probability that a positive has a higher score than a negative, a tie
/// counting half (Mann and Whitney 1947). `None` without positives or without negatives, or where a score is not a
/// number.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn auroc(scored: &[(f64, bool)]) -> Option<f64> {
    if scored.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    let mut order: Vec<&(f64, bool)> = scored.iter().collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = scored.iter().filter(|(_, positive)| *positive).count();
    let negatives = scored.len() - positives;
    let (mut below, mut wins) = (0, 0.0);
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let up = tied.iter().filter(|(_, positive)| *positive).count();
        let down = tied.len() - up;
        wins += up as f64 * (below as f64 + down as f64 / 2.0);
        below += down;
    }
    (positives > 0 && negatives > 0).then(|| wins / (positives as f64 * negatives as f64))
}

/// The 97.5 % quantile of Student's t distribution, which is wider than the normal one where there
/// are few seeds: tabled up to ten degrees of freedom, above by its expansion around the normal
/// quantile (Abramowitz and Stegun 26.7.5).
#[must_use]
#[allow(clippy::cast_precision_loss)] // a handful of seeds
pub fn student(freedom: usize) -> f64 {
    const FEW: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    if let Some(tabled) = freedom.checked_sub(1).and_then(|index| FEW.get(index)) {
        return *tabled;
    }
    let (z, n) = (1.959_964_f64, freedom.max(1) as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / n + second / n.powi(2) + third / n.powi(3)
}

/// The mean; `None` of nothing.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = values.len();
    (count > 0).then(|| values.sum::<f64>() / count as f64)
}

/// A quantile of sorted values, between two of them by their distance (as numpy's).
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // positions
pub(super) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (*sorted.get(place.floor() as usize)?, *sorted.get(place.ceil() as usize)?);
    // Between two infinities of one sign there is nothing to weigh.
    Some(if below.total_cmp(&above).is_eq() { below } else { below + place.fract() * (above - below) })
}

/// Pearson's correlation of two rows of numbers. `None` where one is constant or they are not alike in length.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn pearson(first: &[f64], second: &[f64]) -> Option<f64> {
    if first.len() != second.len() {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (a, b) = (mean(first), mean(second));
    let (mut both, mut left, mut right) = (0.0, 0.0, 0.0);
    for (x, y) in first.iter().zip(second) {
        both += (x - a) * (y - b);
        left += (x - a).powi(2);
        right += (y - b).powi(2);
    }
    (left > 0.0 && right > 0.0).then(|| both / (left * right).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_of_known_orders() {
        let area = |scores: &[f64], positives: &[usize]| {
            let scored: Vec<(f64, bool)> =
                scores.iter().enumerate().map(|(at, score)| (*score, positives.contains(&at))).collect();
            auroc(&scored)
        };
        assert_eq!(area(&[1.0, 2.0, 3.0, 4.0], &[2, 3]), Some(1.0));
        assert_eq!(area(&[1.0, 2.0, 3.0, 4.0], &[0, 1]), Some(0.0));
        assert_eq!(area(&[5.0; 6], &[1, 2]), Some(0.5));
        // Of the six comparisons of {2, 4} with {1, 2, 3}: four won, one tied.
        assert_eq!(area(&[2.0, 4.0, 1.0, 2.0, 3.0], &[0, 1]), Some(4.5 / 6.0));
        assert_eq!(area(&[1.0, 2.0], &[]), None);
        assert_eq!(area(&[1.0, f64::NAN], &[0]), None);
    }

    #[test]
    fn mean_and_error_of_known_values() {
        let mean = Mean::of([1.0, 2.0, 3.0, 4.0]);
        assert!((mean.mean - 2.5).abs() < 1e-12);
        // Sample variance 5/3 over four values.
        assert!((mean.error - (5.0_f64 / 12.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn pearson_of_known_rows() {
        // By hand: deviations -2, -1, 0, 1, 2 and -1, 0, 0, 1, 0.
        let r = pearson(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1.0, 2.0, 2.0, 3.0, 2.0]).unwrap();
        assert!((r - 3.0 / (10.0_f64 * 2.0).sqrt()).abs() < 1e-12, "{r}");
        assert_eq!(pearson(&[1.0, 1.0], &[0.0, 1.0]), None);
        assert_eq!(pearson(&[1.0], &[0.0, 1.0]), None);
    }

    #[test]
    fn tau_of_reversed_tied_and_broken_rankings() {
        assert_eq!(kendall_tau_b(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        assert_eq!(kendall_tau_b(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(kendall_tau_b(&[1.0, f64::NAN], &[1.0, 2.0]), None);
        assert_eq!(kendall_tau_b(&[1.0], &[1.0]), None);
        assert_eq!(kendall_tau_b(&[0.0, -0.0, 1.0], &[1.0, 2.0, 3.0]).map(|t| (t * 1000.0).round()), Some(816.0));
    }

    /// With `scipy.stats.spearmanr` of SciPy 1.17.0.
    #[test]
    fn rho_of_reversed_tied_and_broken_rankings() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[9.0, 4.0, 1.0]), Some(-1.0));
        let tied = spearman(&[1.0, 2.0, 2.0, 4.0, 5.0], &[2.0, 1.0, 3.0, 3.0, 5.0]).unwrap();
        assert!((tied - 0.763_157_894_736_842_1).abs() < 1e-12, "{tied}");
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0, f64::NAN], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0], &[1.0]), None);
    }

    #[test]
    fn quantiles_of_the_tables() {
        for (freedom, quantile) in [(1, 12.706), (4, 2.776), (11, 2.201), (20, 2.086), (60, 2.000), (1000, 1.962)] {
            assert!((student(freedom) - quantile).abs() < 1e-3, "{freedom}: {}", student(freedom));
        }
    }
}
