//! Figures with bootstrap intervals.

use serde::{Deserialize, Serialize};

use super::{
    inference::spearman,
    stats::{mean, quantile},
};
use crate::rng::{Purpose, Stream};

/// Resamples behind an interval.
pub const RESAMPLES: usize = 1000;

/// A figure with the interval that holds it in 95 of 100 resamples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The figure itself.
    #[serde(with = "crate::number")]
    pub value: f64,
    /// The lower end.
    #[serde(with = "crate::number")]
    pub low: f64,
    /// The upper end.
    #[serde(with = "crate::number")]
    pub high: f64,
    /// How many things it is computed from.
    pub count: usize,
}

impl Interval {
    /// The mean of values with its bootstrap interval; `None` of no values.
    #[must_use]
    pub fn of_mean(values: &[f64], seed: u64) -> Option<Self> {
        Self::of(values.len(), seed, |rows| mean(rows.iter().map(|row| values[*row])))
    }

    /// Spearman's ρ of two lists with its bootstrap interval; `None` where it is not defined.
    #[must_use]
    pub fn of_spearman(first: &[f64], second: &[f64], seed: u64) -> Option<Self> {
        if first.len() != second.len() {
            return None;
        }
        let of = |list: &[f64], rows: &[usize]| rows.iter().map(|row| list[*row]).collect::<Vec<_>>();
        let rho = |rows: &[usize]| spearman(&of(first, rows), &of(second, rows)).map(|outcome| outcome.effect);
        Self::of(first.len(), seed, rho)
    }

    /// A statistic of `count` rows with its percentile bootstrap interval (Efron 1979): `statistic` is
    /// given the rows' numbers, some twice and some not at all. Resamples in which it is not defined do
    /// not count.
    pub fn of(count: usize, seed: u64, statistic: impl Fn(&[usize]) -> Option<f64>) -> Option<Self> {
        let value = statistic(&(0..count).collect::<Vec<_>>())?;
        let mut values: Vec<f64> = (0..RESAMPLES)
            .filter_map(|resample| {
                let mut stream = Stream::new(seed, Purpose::Bootstrap, 0, resample as u64);
                statistic(&(0..count).map(|_| stream.below(count)).collect::<Vec<_>>())
            })
            .collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| quantile(&values, share).unwrap_or(value);
        Some(Self { value, low: at(0.025), high: at(0.975), count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The interval of a mean of many values is that of the normal distribution.
    #[test]
    fn intervals_are_as_wide_as_theory_says() {
        let mut stream = Stream::new(5, Purpose::Corpus, 0, 0);
        let values: Vec<f64> = (0..400).map(|_| stream.normal()).collect();
        let interval = Interval::of_mean(&values, 3).unwrap();
        let expected = 2.0 * 1.96 / 20.0;
        assert!((interval.high - interval.low - expected).abs() < 0.025, "{interval:?}");
        assert!(interval.low < interval.value && interval.value < interval.high);
        assert_eq!(Interval::of_mean(&values, 3), Interval::of_mean(&values, 3));
        assert_eq!(Interval::of_mean(&[], 3), None);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
    }
}
