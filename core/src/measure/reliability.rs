//! How well people agree, and what that lets anybody reach who predicts them.

use super::{inference::spearman, stats::mean};
use crate::rng::{Purpose, Stream};

/// How well one half of the raters predicts the other: Spearman's ρ between the means of two random
/// halves of every item's ratings, averaged over `splits` draws. An item with a single rating does not
/// count. `None` where it is never defined.
#[must_use]
pub fn split_half(ratings: &[Vec<f64>], splits: usize, seed: u64) -> Option<f64> {
    let several: Vec<&Vec<f64>> = ratings.iter().filter(|of| of.len() > 1).collect();
    let found: Vec<f64> = (0..splits)
        .filter_map(|split| {
            let mut stream = Stream::new(seed, Purpose::Bootstrap, 1, split as u64);
            let halves: Vec<[f64; 2]> = several
                .iter()
                .filter_map(|of| {
                    let mut shuffled = (*of).clone();
                    stream.shuffle(&mut shuffled);
                    let (first, second) = shuffled.split_at(shuffled.len() / 2);
                    Some([mean(first.iter().copied())?, mean(second.iter().copied())?])
                })
                .collect();
            let side = |which: usize| halves.iter().map(|half| half[which]).collect::<Vec<_>>();
            spearman(&side(0), &side(1)).map(|outcome| outcome.effect)
        })
        .collect();
    mean(found.into_iter())
}

/// The reliability of a measurement `times` as long as one whose reliability is `r` (Spearman 1910,
/// Brown 1910); 2 turns the agreement of halves into that of the whole.
#[must_use]
pub fn spearman_brown(r: f64, times: f64) -> f64 {
    times * r / (1.0 + (times - 1.0) * r)
}

/// The correlation that a predictor of the true means would reach with labels of this reliability: its
/// root (Spearman 1904, correction for attenuation). 0 where the reliability is negative.
#[must_use]
pub fn ceiling(reliability: f64) -> f64 {
    reliability.max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True means of variance 1 and ratings with noise of variance 4: the mean of eight has reliability
    /// 1 / (1 + 4 / 8), and halves agree as Spearman and Brown say.
    #[test]
    fn halves_of_known_noise_agree_as_theory_says() {
        let mut stream = Stream::new(7, Purpose::Corpus, 0, 0);
        let (mut truths, mut ratings) = (Vec::new(), Vec::new());
        for _ in 0..3000 {
            let truth = stream.normal();
            truths.push(truth);
            ratings.push((0..8).map(|_| truth + 2.0 * stream.normal()).collect::<Vec<_>>());
        }
        let half = split_half(&ratings, 10, 1).unwrap();
        // ρ of a normal pair is (6 / π) asin(r / 2), here of r = ½.
        assert!((half - 0.4826).abs() < 0.03, "{half}");
        let whole = spearman_brown(half, 2.0);
        assert!((whole - 2.0 / 3.0).abs() < 0.03, "{whole}");
        let means: Vec<f64> = ratings.iter().map(|of| mean(of.iter().copied()).unwrap()).collect();
        // The correlation of truths and means, of a normal pair by their ranks.
        let reached = spearman(&truths, &means).unwrap().effect;
        let expected = 6.0 / std::f64::consts::PI * (ceiling(2.0 / 3.0) / 2.0).asin();
        assert!((expected - reached).abs() < 0.02, "{reached}");
        assert_eq!(split_half(&[vec![1.0], vec![2.0]], 10, 1), None);
        assert_eq!(ceiling(-0.2), 0.0);
    }
}
