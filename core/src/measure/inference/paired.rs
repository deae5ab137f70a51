//! Differences within the same people or things.

use super::{Outcome, distribution::t95, finite, moments};
use crate::rng::{Purpose, Stream};

/// Up to this many differences all signs are tried.
const EXACT: usize = 14;

/// Random signs beyond that.
const DRAWS: u64 = 9999;

/// Fisher's permutation test of differences (1935): under no effect each is as likely with the other sign. Statistic
/// and effect are the mean difference; the p value is the share of signs that bring the mean at least as far from 0,
/// exact up to 14 differences, else of 9,999 draws and the observed one. The interval is Student's. `None` of fewer
/// than two differences, or where they do not vary.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn sign_flip(differences: &[f64], seed: u64) -> Option<Outcome> {
    if differences.len() < 2 || !finite(differences) {
        return None;
    }
    let count = differences.len() as f64;
    let (mean, variance) = moments(differences);
    if variance <= 0.0 {
        return None;
    }
    let total: f64 = differences.iter().sum();
    // Sums in another order differ by rounding.
    let as_far = |sum: f64| sum.abs() >= total.abs() * (1.0 - 1e-12);
    let flipped = |negative: &mut dyn FnMut(usize) -> bool| {
        differences.iter().enumerate().map(|(index, d)| if negative(index) { -d } else { *d }).sum::<f64>()
    };
    let p = if differences.len() <= EXACT {
        let all = 1_u32 << differences.len();
        let far = (0..all).filter(|signs| as_far(flipped(&mut |index| signs >> index & 1 == 1))).count();
        far as f64 / f64::from(all)
    } else {
        let far = (0..DRAWS)
            .filter(|draw| {
                let mut stream = Stream::new(seed, Purpose::Bootstrap, 1, *draw);
                let mut bits = 0;
                as_far(flipped(&mut |index| {
                    if index % 32 == 0 {
                        bits = stream.bits();
                    }
                    bits >> (index % 32) & 1 == 1
                }))
            })
            .count();
        (far as f64 + 1.0) / (DRAWS as f64 + 1.0)
    };
    let half = t95(count - 1.0) * (variance / count).sqrt();
    Some(Outcome { statistic: mean, p, effect: mean, interval: [mean - half, mean + half] })
}
