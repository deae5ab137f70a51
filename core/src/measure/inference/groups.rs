//! Several independent samples.

use super::{
    Outcome,
    distribution::chi_squared_above,
    finite,
    rank::{ranks, ties},
};
use crate::rng::{Purpose, Stream};

/// Resamples of the interval.
const RESAMPLES: u64 = 1000;

/// Kruskal and Wallis' H (1952) with the correction for ties; the p value is that of chi-squared. The effect is ε²,
/// the share of the ranks' variance that is between the samples: `(H − k + 1) / (n − k)`, which is 0 on average where
/// nothing differs and can be below. Its interval is a percentile bootstrap within the samples; `seed` is its seed.
/// `None` of fewer than two samples, of an empty one, of no more values than samples, or where all values are equal.
#[must_use]
pub fn kruskal_wallis(samples: &[Vec<f64>], seed: u64) -> Option<Outcome> {
    let (statistic, effect) = statistic(samples)?;
    let mut effects: Vec<f64> = (0..RESAMPLES)
        .filter_map(|index| {
            let mut stream = Stream::new(seed, Purpose::Bootstrap, 0, index);
            let drawn: Vec<Vec<f64>> = samples
                .iter()
                .map(|sample| (0..sample.len()).filter_map(|_| stream.pick(sample).copied()).collect())
                .collect();
            // A resample in which all values are equal says nothing.
            self::statistic(&drawn).map(|(_, effect)| effect)
        })
        .collect();
    effects.sort_by(f64::total_cmp);
    let at = |thousandth: usize| effects.get(effects.len() * thousandth / 1000).copied().unwrap_or(effect);
    #[allow(clippy::cast_precision_loss)] // counts
    let degrees = samples.len() as f64 - 1.0;
    Some(Outcome { statistic, p: chi_squared_above(statistic, degrees), effect, interval: [at(25), at(974)] })
}

/// H and ε².
#[allow(clippy::cast_precision_loss)] // counts
fn statistic(samples: &[Vec<f64>]) -> Option<(f64, f64)> {
    let all: Vec<f64> = samples.iter().flatten().copied().collect();
    if samples.len() < 2 || samples.iter().any(Vec::is_empty) || all.len() <= samples.len() || !finite(&all) {
        return None;
    }
    let count = all.len() as f64;
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
    let groups = samples.len() as f64;
    Some((h, (h - groups + 1.0) / (count - groups)))
}
