//! Two independent samples.

use super::{
    Outcome,
    distribution::{Z95, normal_two_sided, t_two_sided, t95},
    finite, moments,
    rank::{ranks, ties},
};

/// Mann and Whitney's U of the first sample (1947): the p value is that of the normal approximation with corrections
/// for ties and continuity; the effect is Cliff's δ, how much more often a value of the first sample is above one of
/// the second than below, with an interval from DeLong's variance (1988). `None` of fewer than two values on a side,
/// or where all values are equal.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn mann_whitney(first: &[f64], second: &[f64]) -> Option<Outcome> {
    if first.len() < 2 || second.len() < 2 || !finite(first) || !finite(second) {
        return None;
    }
    let (n, m) = (first.len() as f64, second.len() as f64);
    let both: Vec<f64> = first.iter().chain(second).copied().collect();
    let among_both = ranks(&both);
    let (of_first, of_second) = among_both.split_at(first.len());
    let u = of_first.iter().sum::<f64>() - n * (n + 1.0) / 2.0;
    let total = n + m;
    let tied: f64 = ties(&both).iter().map(|t| t.powi(3) - t).sum();
    let variance = n * m / 12.0 * (total + 1.0 - tied / (total * (total - 1.0)));
    if variance <= 0.0 {
        return None;
    }
    let distance = ((u - n * m / 2.0).abs() - 0.5).max(0.0);
    // How large a share of the other side each value is above.
    let above = |among: &[f64], own: &[f64], other: f64| {
        among.iter().zip(ranks(own)).map(|(all, own)| (all - own) / other).collect::<Vec<_>>()
    };
    let (_, spread_first) = moments(&above(of_first, first, m));
    let (_, spread_second) = moments(&above(of_second, second, n));
    let delta = 2.0 * u / (n * m) - 1.0;
    let half = 2.0 * Z95 * (spread_first / n + spread_second / m).sqrt();
    Some(Outcome {
        statistic: u,
        p: normal_two_sided(distance / variance.sqrt()),
        effect: delta,
        interval: [(delta - half).max(-1.0), (delta + half).min(1.0)],
    })
}

/// Welch's t test (1947): the effect is the difference of the means, with its interval. `None` of fewer than two
/// values on a side, or where neither side varies.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn welch(first: &[f64], second: &[f64]) -> Option<Outcome> {
    if first.len() < 2 || second.len() < 2 || !finite(first) || !finite(second) {
        return None;
    }
    let (n, m) = (first.len() as f64, second.len() as f64);
    let ((mean_first, variance_first), (mean_second, variance_second)) = (moments(first), moments(second));
    let (of_first, of_second) = (variance_first / n, variance_second / m);
    let variance = of_first + of_second;
    if variance <= 0.0 {
        return None;
    }
    let degrees = variance.powi(2) / (of_first.powi(2) / (n - 1.0) + of_second.powi(2) / (m - 1.0));
    let (effect, error) = (mean_first - mean_second, variance.sqrt());
    let half = t95(degrees) * error;
    Some(Outcome {
        statistic: effect / error,
        p: t_two_sided(effect / error, degrees),
        effect,
        interval: [effect - half, effect + half],
    })
}
