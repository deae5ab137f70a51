//! Ranks, and Spearman's correlation of them.

use super::{
    Outcome,
    distribution::{Z95, t_two_sided},
    finite, moments,
};

/// The rank of each value from 1 on; equal values share the mean of their ranks.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut rest = &order[..];
    let mut before = 0;
    while let Some(first) = rest.first() {
        let equal = rest.iter().take_while(|index| values[**index] == values[*first]).count().max(1);
        let (group, after) = rest.split_at(equal);
        for index in group {
            ranks[*index] = before as f64 + f64::midpoint(equal as f64, 1.0);
        }
        before += equal;
        rest = after;
    }
    ranks
}

/// Sizes of the groups of equal values.
#[allow(clippy::cast_precision_loss)] // counts
pub(super) fn ties(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|group| group.len() as f64).collect()
}

/// Spearman's ρ (1904): statistic and effect are ρ. The p value is that of Student's t with n − 2 degrees of
/// freedom; the interval is Fisher's with the standard error of Bonett and Wright (2000). `None` of fewer than
/// four pairs, or where a side is constant.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn spearman(first: &[f64], second: &[f64]) -> Option<Outcome> {
    let count = first.len();
    if count != second.len() || count < 4 || !finite(first) || !finite(second) {
        return None;
    }
    let (first, second) = (ranks(first), ranks(second));
    let ((mean_first, variance_first), (mean_second, variance_second)) = (moments(&first), moments(&second));
    if variance_first <= 0.0 || variance_second <= 0.0 {
        return None;
    }
    let count = count as f64;
    let product: f64 = first.iter().zip(&second).map(|(a, b)| (a - mean_first) * (b - mean_second)).sum();
    let rho = (product / (count - 1.0) / (variance_first * variance_second).sqrt()).clamp(-1.0, 1.0);
    let t = rho * ((count - 2.0) / (1.0 - rho * rho).max(0.0)).sqrt();
    let half = Z95 * ((1.0 + rho * rho / 2.0) / (count - 3.0)).sqrt();
    let interval = [rho.atanh() - half, rho.atanh() + half].map(f64::tanh);
    Some(Outcome { statistic: rho, p: t_two_sided(t, count - 2.0), effect: rho, interval })
}
