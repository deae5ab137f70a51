//! Whether a difference over seeds bears a claim out.
//!
//! Both arms of a comparison share their seeds, and with them their prompts, so that what counts is the
//! difference of each seed. Its interval is Student's: with the five seeds of a reproduction the percentile
//! bootstrap covers the truth in 82 to 88 of 100 cases instead of 95, since samples of five spread too little;
//! the bootstrap-t covers it in 95 to 97, at intervals that are half as wide again on the mean and have no end
//! with three seeds. Student's covers 95 of 100 normal differences, which it is made for, and 93 to 97 of
//! others that are as likely to be high as low. A test below measures all three.

use serde::{Deserialize, Serialize};

use super::stats::{Mean, quantile, student};
use crate::rng::{Purpose, Stream};

/// Bootstrap samples of more seeds than can be gone through one by one.
const DRAWS: usize = 5000;

/// All samples of so many seeds are gone through: 5⁵ of them.
const ENUMERATED: usize = 5;

/// What a claim expects of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// More than the other.
    More,
    /// Less than the other.
    Less,
    /// The same, up to the smallest effect worth the name.
    Same,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The expected effect is there, and is worth the name.
    Reproduced,
    /// An effect worth the name is ruled out.
    NotReproduced,
    /// Neither: more seeds would tell.
    Inconclusive,
}

impl Verdict {
    /// The word for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::NotReproduced => "not reproduced",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// An interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    #[serde(with = "crate::number")]
    pub low: f64,
    /// Its upper end.
    #[serde(with = "crate::number")]
    pub high: f64,
}

/// The 95 % interval of the mean of some differences by Student's t; `None` for fewer than two.
#[must_use]
pub fn student_interval(differences: &[f64]) -> Option<Interval> {
    let mean = Mean::of(differences.iter().copied());
    let half = student(mean.count.checked_sub(1).filter(|freedom| *freedom > 0)?) * mean.error;
    Some(Interval { low: mean.mean - half, high: mean.mean + half })
}

/// The 95 % interval of the mean by the percentile bootstrap (Efron 1979); `None` for fewer than two.
///
/// Too narrow for a handful of seeds: it stands beside Student's interval, and decides nothing.
#[must_use]
pub fn percentile_interval(differences: &[f64]) -> Option<Interval> {
    let mut means: Vec<f64> = resampled(differences)?.into_iter().map(|mean| mean.mean).collect();
    means.sort_by(f64::total_cmp);
    Some(Interval { low: quantile(&means, 0.025)?, high: quantile(&means, 0.975)? })
}

/// The 95 % interval of the mean by the bootstrap-t (Efron and Tibshirani 1993, chapter 12), without an
/// end where samples of one value only are frequent; `None` for fewer than two.
#[must_use]
pub fn studentised_interval(differences: &[f64]) -> Option<Interval> {
    let mean = Mean::of(differences.iter().copied());
    let ratio = |sample: Mean| {
        let off = sample.mean - mean.mean;
        // A sample of one value is infinitely many of its errors away.
        if sample.error > 1e-12 * mean.error { off / sample.error } else { f64::INFINITY.copysign(off) }
    };
    let mut ratios: Vec<f64> = resampled(differences)?.into_iter().map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let ends = [quantile(&ratios, 0.975)?, quantile(&ratios, 0.025)?];
    let [low, high] = ends.map(|t| if mean.error > 0.0 { mean.mean - t * mean.error } else { mean.mean });
    Some(Interval { low, high })
}

/// The means of bootstrap samples: of all there are where they are few.
fn resampled(values: &[f64]) -> Option<Vec<Mean>> {
    let count = values.len();
    if count < 2 {
        return None;
    }
    let nth = |index: usize| values.get(index).copied().unwrap_or_default();
    if count <= ENUMERATED {
        let exponent = u32::try_from(count).ok()?;
        let sample = |code: usize| (0..exponent).map(move |place| nth(code / count.pow(place) % count));
        return Some((0..count.pow(exponent)).map(|code| Mean::of(sample(code))).collect());
    }
    let drawn = |draw: usize| {
        let mut stream = Stream::new(0, Purpose::Bootstrap, 0, draw as u64);
        Mean::of((0..count).map(move |_| nth(stream.below(count))))
    };
    Some((0..DRAWS).map(drawn).collect())
}

/// What several verdicts say together, those of all tests that a claim stands or falls with: it is reproduced if all
/// of them are, and not if any is not. `None` without any.
///
/// A claim with two such tests is found by chance less often than one with a single test, and ruled out more often:
/// with effects that are there and worth just the name, two tests that know nothing of each other rule it out in up
/// to 4.9 of 100 cases.
#[must_use]
pub fn together(verdicts: impl IntoIterator<Item = Verdict>) -> Option<Verdict> {
    // From the one that gives way to the one that does not.
    let order = |verdict: &Verdict| match verdict {
        Verdict::Reproduced => 0,
        Verdict::Inconclusive => 1,
        Verdict::NotReproduced => 2,
    };
    verdicts.into_iter().max_by_key(order)
}

/// A difference over seeds, and what it says about a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The mean difference.
    #[serde(with = "crate::number")]
    pub difference: f64,
    /// Its 95 % interval; absent for a single seed, and where no seed differs from another.
    pub interval: Option<Interval>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Judges differences, one for each seed. `least` is the smallest effect worth the name.
///
/// - *Reproduced*: the interval leaves out 0 on the expected side, and the difference is worth the name.
///   Without an effect that happens in at most 2.5 of 100 cases.
/// - *Not reproduced*: the interval leaves out every effect worth the name. With such an effect that happens
///   in at most 2.5 of 100 cases.
/// - *Inconclusive*: neither. A single seed always is, and so are seeds that do not differ at all, whose
///   spread nobody knows.
///
/// Where the same is expected, the claim is reproduced if the whole interval is closer to 0 than `least`,
/// and not if the whole interval is further away.
///
/// How often each verdict is given, in percent, for normal differences with a true effect of so many spreads over
/// seeds: where more (or, mirrored, less) is expected and `least` is one spread, the same for claims with two
/// deciding tests of that effect that know nothing of each other, and where the same is expected and `least` is two
/// spreads. Each is reproduced / not reproduced; the rest is inconclusive.
///
/// | seeds | effect | more, less | two tests | same |
/// | ---: | ---: | ---: | ---: | ---: |
/// | 3 | 0 | 0.9 / 17.9 | 0.0 / 32.5 | 32.4 / 0.0 |
/// | 3 | 1 | 14.8 / 2.5 | 2.2 / 4.9 | 17.2 / 0.1 |
/// | 3 | 2 | 46.7 / 0.1 | 21.8 / 0.1 | 2.5 / 2.5 |
/// | 3 | 3 | 74.5 / 0.0 | 55.5 / 0.0 | 0.1 / 17.9 |
/// | 5 | 0 | 0.6 / 40.1 | 0.0 / 64.2 | 82.9 / 0.0 |
/// | 5 | 1 | 32.7 / 2.5 | 10.7 / 4.9 | 40.1 / 0.0 |
/// | 5 | 2 | 90.6 / 0.0 | 82.0 / 0.0 | 2.5 / 2.5 |
/// | 5 | 3 | 99.8 / 0.0 | 99.5 / 0.0 | 0.0 / 40.1 |
///
/// They are integrals over the distribution of the spread (scipy 1.17); tests below find the same by drawing.
///
/// `None` without any difference.
#[must_use]
pub fn judge(differences: &[f64], expected: Expected, least: f64) -> Option<Outcome> {
    let mean = Mean::of(differences.iter().copied());
    if mean.count == 0 || !mean.mean.is_finite() {
        return None;
    }
    let interval = student_interval(differences).filter(|of| of.low < of.high);
    let verdict = interval.map_or(Verdict::Inconclusive, |Interval { low, high }| {
        let (center, low, high) = match expected {
            Expected::More | Expected::Same => (mean.mean, low, high),
            Expected::Less => (-mean.mean, -high, -low),
        };
        let (there, ruled_out) = match expected {
            Expected::Same => (low > -least && high < least, low > least || high < -least),
            _ => (low > 0.0 && center >= least, high < least),
        };
        match (there, ruled_out) {
            (true, _) => Verdict::Reproduced,
            (_, true) => Verdict::NotReproduced,
            _ => Verdict::Inconclusive,
        }
    });
    Some(Outcome { difference: mean.mean, interval, verdict })
}

#[cfg(test)]
mod tests;
