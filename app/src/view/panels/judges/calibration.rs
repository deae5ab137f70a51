//! Whether a judge is as often right as it is sure: pairs in bins of what it said, beside how often
//! that was so.

use crate::format::INTERVAL;

/// Bins of a diagram.
pub const BINS: usize = 10;

/// What the bins are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Axis {
    /// The confidence in the preferred answer, max(p, 1 − p), beside how often that answer is
    /// better.
    #[default]
    Confidence,
    /// The probability p of the first answer, beside how often the first answer is better.
    First,
}

impl Axis {
    /// The lowest and the highest thing that can be said.
    #[must_use]
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Confidence => (0.5, 1.0),
            Self::First => (0.0, 1.0),
        }
    }

    /// What was said, and whether it was so; a judge that takes no side is half right.
    fn outcome(self, p: f64, truth: f64) -> (f64, f64) {
        let first_is_better = f64::from(u8::from(truth > 0.0));
        match self {
            Self::First => (p, first_is_better),
            Self::Confidence if p == 0.5 => (0.5, 0.5),
            Self::Confidence if p > 0.5 => (p, first_is_better),
            Self::Confidence => (1.0 - p, 1.0 - first_is_better),
        }
    }
}

/// Pairs of which a judge said about the same.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bin {
    /// Pairs.
    pub pairs: usize,
    /// What was said about them, summed.
    said: f64,
    /// How many it was so of.
    so: f64,
    /// The variance of `so`, were every word true.
    variance: f64,
}

#[allow(clippy::cast_precision_loss)] // pair counts
impl Bin {
    fn count(&self) -> f64 {
        self.pairs.max(1) as f64
    }

    /// What was said on average.
    #[must_use]
    pub fn said(&self) -> f64 {
        self.said / self.count()
    }

    /// How often it was so.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.so / self.count()
    }

    /// The 95 % interval of how often it is so (Wilson 1927); `None` for an empty bin.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        wilson(self.so, self.pairs)
    }
}

/// The calibration of a judge.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// What the bins are made of.
    pub axis: Axis,
    /// The bins, equally wide, from the lowest to the highest.
    pub bins: Vec<Bin>,
    /// All pairs together.
    pub whole: Bin,
    /// The expected calibration error: the distance between what was said and what was so, over
    /// bins, weighted by their pairs (Guo et al. 2017).
    pub error: f64,
    /// About the calibration error that a judge of true words would show with as few pairs.
    pub chance: f64,
}

impl Calibration {
    /// The calibration of votes, the probabilities of the first answers, against how much better
    /// the first answers truly are. Pairs that the truth calls equal do not count. `None` where
    /// none is left.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bins
    pub fn of(axis: Axis, votes: &[f32], truth: &[f64]) -> Option<Self> {
        let (low, high) = axis.range();
        let mut bins = vec![Bin::default(); BINS];
        let mut whole = Bin::default();
        for (p, truth) in votes.iter().map(|p| f64::from(*p)).zip(truth) {
            if *truth == 0.0 || !p.is_finite() {
                continue;
            }
            let (said, so) = axis.outcome(p.clamp(0.0, 1.0), *truth);
            let index = ((said - low) / (high - low) * BINS as f64) as usize;
            for bin in bins.get_mut(index.min(BINS - 1)).into_iter().chain([&mut whole]) {
                bin.pairs += 1;
                bin.said += said;
                bin.so += so;
                bin.variance += said * (1.0 - said);
            }
        }
        // The mean distance of a normal variable from its mean is √(2/π) standard deviations.
        let by_chance = (2.0 / std::f64::consts::PI).sqrt();
        (whole.pairs > 0).then(|| Self {
            axis,
            error: bins.iter().map(|bin| (bin.said - bin.so).abs()).sum::<f64>() / whole.count(),
            chance: bins.iter().map(|bin| by_chance * bin.variance.sqrt()).sum::<f64>() / whole.count(),
            bins,
            whole,
        })
    }

    /// The lower and the upper end of a bin.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // bins
    pub fn ends(&self, bin: usize) -> (f64, f64) {
        let (low, high) = self.axis.range();
        let end = |bin: usize| low + (high - low) * bin as f64 / BINS as f64;
        (end(bin), end(bin + 1))
    }
}

/// The 95 % interval of a share by Wilson's score: it stays between 0 and 1 and says something even
/// of few pairs that were all right.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn wilson(so: f64, of: usize) -> Option<(f64, f64)> {
    if of == 0 {
        return None;
    }
    let (n, square) = (of as f64, INTERVAL * INTERVAL);
    let share = so / n;
    let middle = (share + square / (2.0 * n)) / (1.0 + square / n);
    let half = INTERVAL / (1.0 + square / n) * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    Some(((middle - half).max(0.0), (middle + half).min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 1e-4
    }

    #[test]
    fn wilson_of_known_shares() {
        let (low, high) = wilson(8.0, 10).unwrap();
        assert!(near(low, 0.4902) && near(high, 0.9433), "{low} {high}");
        // Of none of n it is (0, z² / (n + z²)).
        let (low, high) = wilson(0.0, 10).unwrap();
        assert!(low.abs() < 1e-12 && near(high, 3.8416 / 13.8416), "{low} {high}");
        let (low, high) = wilson(50.0, 100).unwrap();
        assert!(near(low, 0.4038) && near(high, 0.5962), "{low} {high}");
        assert_eq!(wilson(0.0, 0), None);
    }

    #[test]
    fn confidence_folds_both_sides_together() {
        // Two pairs at 0.92: one right, one wrong; two at 0.62: both right; one without a truth.
        let votes = [0.92, 0.08, 0.62, 0.38, 0.99];
        let truth = [1.0, 0.5, 0.2, -0.3, 0.0];
        let of = Calibration::of(Axis::Confidence, &votes, &truth).unwrap();
        assert_eq!(of.whole.pairs, 4);
        assert!(near(of.whole.said(), 0.77) && near(of.whole.share(), 0.75));
        let counts: Vec<usize> = of.bins.iter().map(|bin| bin.pairs).collect();
        assert_eq!(counts.iter().sum::<usize>(), 4);
        // |0.92 − 0.5| and |0.62 − 1|, half of the pairs each.
        assert!(near(of.error, 0.4), "{}", of.error);
        let full: Vec<&Bin> = of.bins.iter().filter(|bin| bin.pairs > 0).collect();
        assert_eq!(full.len(), 2);
        assert!(near(full[0].share(), 1.0) && near(full[1].share(), 0.5));
        assert_eq!(of.bins[0].interval(), None);
    }

    #[test]
    fn the_first_answer_keeps_its_side() {
        let of = Calibration::of(Axis::First, &[0.05, 0.05, 0.95], &[-1.0, 1.0, 1.0]).unwrap();
        assert_eq!((of.bins[0].pairs, of.bins[9].pairs), (2, 1));
        assert!(near(of.bins[0].share(), 0.5) && near(of.bins[0].said(), 0.05));
        // Two thirds at |0.05 − 0.5|, one third at |0.95 − 1|.
        assert!(near(of.error, (0.9 + 0.05) / 3.0), "{}", of.error);
        assert_eq!(of.ends(9), (0.9, 1.0));
    }

    #[test]
    fn the_ends_of_the_scale_and_no_side_have_a_bin() {
        let of = Calibration::of(Axis::Confidence, &[1.0, 0.0, 0.5], &[1.0, -1.0, 1.0]).unwrap();
        assert_eq!((of.bins[9].pairs, of.bins[0].pairs), (2, 1));
        assert!(near(of.bins[0].share(), 0.5) && near(of.error, 0.0));
        assert_eq!(of.ends(0), (0.5, 0.55));
    }

    #[test]
    fn a_judge_of_true_words_errs_only_by_chance() {
        // 100 pairs at 0.8 of which 80 are right: no error; by chance √(2/π) · √(0.8 · 0.2 / 100).
        let votes = vec![0.8_f32; 100];
        let truth: Vec<f64> = (0..100).map(|pair| if pair < 80 { 1.0 } else { -1.0 }).collect();
        let of = Calibration::of(Axis::Confidence, &votes, &truth).unwrap();
        assert!(near(of.error, 0.0) && near(of.chance, 0.797_885 * 0.04), "{} {}", of.error, of.chance);
    }

    #[test]
    fn nothing_that_counts_is_no_calibration() {
        assert_eq!(Calibration::of(Axis::Confidence, &[], &[]), None);
        assert_eq!(Calibration::of(Axis::Confidence, &[0.7, f32::NAN], &[0.0, 1.0]), None);
    }
}
