//! Several independent samples.

use super::{
    Outcome,
    distribution::{chi_squared_above, noncentrality95},
    finite,
    rank::{ranks, ties},
};

/// Kruskal and Wallis' H (1952) with the correction for ties; the p value is that of chi-squared. The effect is ε²,
/// the share of the ranks' variance that is between the samples, without what is between them by chance:
/// `(H − k + 1) / (n − k)`, at least 0. Its interval is the one that Steiger (2004) gives for the share of variance of
/// an F statistic, here that of the ranks. `None` of fewer than two samples, of an empty one, of no more values than
/// samples, or where all values, or all in each sample, are equal.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn kruskal_wallis(samples: &[Vec<f64>]) -> Option<Outcome> {
    let all: Vec<f64> = samples.iter().flatten().copied().collect();
    if samples.len() < 2 || samples.iter().any(Vec::is_empty) || all.len() <= samples.len() || !finite(&all) {
        return None;
    }
    let (count, groups) = (all.len() as f64, samples.len() as f64);
    let tied: f64 = ties(&all).iter().map(|t| t.powi(3) - t).sum();
    let correction = 1.0 - tied / (count.powi(3) - count);
    if correction <= 0.0 {
        return None;
    }
    let ranks = ranks(&all);
    let mut rest = &ranks[..];
    let mut sum = 0.0;
    for sample in samples {
        let (own, after) = rest.split_at(sample.len());
        sum += own.iter().sum::<f64>().powi(2) / sample.len() as f64;
        rest = after;
    }
    let h = (12.0 / (count * (count + 1.0)) * sum - 3.0 * (count + 1.0)) / correction;
    // Of the ranks' variance, H / (n − 1) is between the samples.
    let within = count - 1.0 - h;
    if within <= 1e-9 * count {
        return None;
    }
    let degrees = [groups - 1.0, count - groups];
    let f = h / degrees[0] / (within / degrees[1]);
    Some(Outcome {
        statistic: h,
        p: chi_squared_above(h, degrees[0]),
        effect: ((h - groups + 1.0) / (count - groups)).max(0.0),
        interval: noncentrality95(f, degrees).map(|shift| shift / (shift + count)),
    })
}
