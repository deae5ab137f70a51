//! Distributions that are known and not estimated: what sharpening (arXiv 2412.01951) says about best-of-N, greedy
//! decoding and its own optimum, in closed form, and how a model stands where all answers can be counted.

use super::oracle::OracleKey;
use crate::world::World;

/// The log-probabilities, in nats, of finitely many answers to one prompt. They need not sum to 1: a model can also
/// say something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Exact {
    logprobs: Vec<f64>,
}

impl Exact {
    /// The distribution with these log-probabilities.
    #[must_use]
    pub fn new(logprobs: Vec<f64>) -> Self {
        Self { logprobs }
    }

    /// The likeliest answer, `y*`; the first of equals, 0 without any.
    #[must_use]
    pub fn best(&self) -> usize {
        let by_logprob = |a: &usize, b: &usize| self.logprobs[*a].total_cmp(&self.logprobs[*b]);
        (0..self.logprobs.len()).rev().max_by(by_logprob).unwrap_or(0)
    }

    /// The probability of an answer; 0 where there is no such answer.
    #[must_use]
    pub fn mass(&self, answer: usize) -> f64 {
        self.logprobs.get(answer).map_or(0.0, |logprob| logprob.exp())
    }

    /// The probability of all answers together.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.logprobs.iter().map(|logprob| logprob.exp()).sum()
    }

    /// The entropy over these answers, in nats, given that it is one of them.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        let total = self.total();
        let part = |logprob: &f64| {
            let p = logprob.exp() / total;
            if p > 0.0 { -p * p.ln() } else { 0.0 }
        };
        self.logprobs.iter().map(part).sum()
    }

    /// The optimum of `E_π[log π_base] − β KL(π ‖ π_base)`: proportional to `π_base^(1 + 1/β)` (eq. 3).
    #[must_use]
    pub fn sharpened(&self, beta: f64) -> Self {
        let power = 1.0 + 1.0 / beta;
        let top = self.logprobs.get(self.best()).copied().unwrap_or(0.0);
        let normaliser = self.logprobs.iter().map(|l| (power * (l - top)).exp()).sum::<f64>().ln();
        Self { logprobs: self.logprobs.iter().map(|l| power * (l - top) - normaliser).collect() }
    }

    /// What RLHF-sharpening maximises, for this policy against a base: `E_π[log π_base] − β KL(π ‖ π_base)`.
    #[must_use]
    pub fn objective(&self, base: &Self, beta: f64) -> f64 {
        let part = |(policy, base): (&f64, &f64)| {
            let p = policy.exp();
            if p > 0.0 { p * (base - beta * (policy - base)) } else { 0.0 }
        };
        self.logprobs.iter().zip(&base.logprobs).map(part).sum()
    }
}

/// The probability that an answer of this mass is among so many drawn ones: `1 − (1 − p)^N`. If it is the likeliest
/// one, that is how often best-of-N returns it.
#[must_use]
pub fn best_of(mass: f64, samples: u32) -> f64 {
    1.0 - (1.0 - mass).powi(samples.cast_signed())
}

/// The coverage of the likeliest answers, `C_cov = E_x[1 / π(y*(x) | x)]` (eq. 6), from their masses.
#[must_use]
#[allow(clippy::cast_precision_loss)] // prompts
pub fn coverage(masses: &[f64]) -> f64 {
    masses.iter().map(|mass| 1.0 / mass).sum::<f64>() / masses.len().max(1) as f64
}

/// What greedy decoding returns: at each step the token that most of the mass goes on with, until an answer ends.
/// `answers` are token sequences of which none begins another, with their probabilities. `None` without any.
#[must_use]
pub fn greedy(answers: &[(&[u32], f64)]) -> Option<usize> {
    let mut left: Vec<usize> = (0..answers.len()).collect();
    let mut place = 0;
    while left.len() > 1 {
        let mut masses = std::collections::BTreeMap::new();
        for answer in &left {
            *masses.entry(answers[*answer].0.get(place)).or_insert(0.0) += answers[*answer].1;
        }
        let likeliest = masses.into_iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))?.0.copied();
        left.retain(|answer| answers[*answer].0.get(place).copied() == likeliest);
        place += 1;
        if likeliest.is_none() {
            break;
        }
    }
    left.first().copied()
}

/// What a model says to one prompt, where all answers are known.
#[derive(Debug, Clone)]
pub struct Counted<'a> {
    /// The prompt's text.
    pub prompt: &'a str,
    /// All answers.
    pub texts: &'a [String],
    /// Their tokens, the stop token included.
    pub ids: &'a [Vec<u32>],
    /// What the frozen base says.
    pub base: Exact,
    /// What the policy says.
    pub policy: Exact,
}

/// The names of [`standing`]'s numbers.
pub const STANDING: [&str; 7] = [
    "mass on y*",
    "greedy returns y*",
    "best of N finds y*",
    "coverage",
    "mass, entropy and accuracy",
    "accuracy of y*",
    "proven y*",
];

/// How a policy stands to the likeliest answers of its base, `y*`, under the names [`STANDING`]:
///
/// - for every prompt the policy's mass on `y*`;
/// - for every prompt, whether greedy decoding among the answers returns it;
/// - the mean probability that best-of-N returns it, for N = 1, 2, 4, 8, 16, 32, 64;
/// - the policy's coverage of `y*`;
/// - the mean mass of all answers together, their mean entropy in nats, and the probability that the policy says
///   something that is right;
/// - for every prompt whether `y*` is right;
/// - for every prompt whether nothing else that the base can say can be likelier than `y*`.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // the log keeps single precision
pub fn standing(world: &dyn World, counted: &[Counted<'_>]) -> [Vec<f32>; 7] {
    let key = OracleKey::new();
    let flag = |yes: bool| f32::from(u8::from(yes));
    let count = counted.len().max(1) as f64;
    let mean = |of: &dyn Fn(&Counted<'_>) -> f64| (counted.iter().map(of).sum::<f64>() / count) as f32;
    let masses: Vec<f64> = counted.iter().map(|c| c.policy.mass(c.base.best())).collect();
    let right = |c: &Counted<'_>, answer: usize| {
        c.texts.get(answer).is_some_and(|text| world.grade(&key, c.prompt, text).all_met)
    };
    let accuracy = |c: &Counted<'_>| {
        (0..c.texts.len()).filter(|answer| right(c, *answer)).map(|answer| c.policy.mass(answer)).sum()
    };
    let decoded = |c: &Counted<'_>| {
        let answers: Vec<(&[u32], f64)> =
            c.ids.iter().enumerate().map(|(answer, ids)| (ids.as_slice(), c.policy.mass(answer))).collect();
        greedy(&answers)
    };
    [
        masses.iter().map(|mass| *mass as f32).collect(),
        counted.iter().map(|c| flag(decoded(c) == Some(c.base.best()))).collect(),
        (0..7).map(|n| (masses.iter().map(|m| best_of(*m, 1 << n)).sum::<f64>() / count) as f32).collect(),
        vec![coverage(&masses) as f32],
        vec![mean(&|c| c.policy.total()), mean(&|c| c.policy.entropy()), mean(&accuracy)],
        counted.iter().map(|c| flag(right(c, c.base.best()))).collect(),
        counted.iter().map(|c| flag(c.base.mass(c.base.best()) >= 1.0 - c.base.total())).collect(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rng::{Purpose, Stream},
        world::grammar::Grammar,
    };

    fn of(probabilities: &[f64]) -> Exact {
        Exact::new(probabilities.iter().map(|p| p.ln()).collect())
    }

    /// A random distribution over all words of three letters of an alphabet of three, and the words.
    fn random(item: u64) -> (Vec<[u32; 3]>, Vec<f64>) {
        let mut stream = Stream::new(7, Purpose::Corpus, 0, item);
        let words: Vec<[u32; 3]> = (0..27).map(|n| [n / 9, n / 3 % 3, n % 3]).collect();
        let weights: Vec<f64> = words.iter().map(|_| (-stream.uniform().ln()).powi(4)).collect();
        let total: f64 = weights.iter().sum();
        (words, weights.iter().map(|w| w / total).collect())
    }

    #[test]
    fn best_of_n_is_what_counting_all_draws_gives() {
        let p = [0.5, 0.2, 0.3];
        for samples in 1..=5_u32 {
            // Every way to draw so many answers, the mass of those in which answer 2 is among them.
            let mut found = 0.0;
            for draw in 0..3_usize.pow(samples) {
                let drawn: Vec<usize> = (0..samples).map(|place| draw / 3_usize.pow(place) % 3).collect();
                if drawn.contains(&2) {
                    found += drawn.iter().map(|answer| p[*answer]).product::<f64>();
                }
            }
            assert!((best_of(0.3, samples) - found).abs() < 1e-12, "{samples}");
        }
        assert!((best_of(0.3, 2) - 0.51).abs() < 1e-12);
    }

    #[test]
    fn the_optimum_is_a_power_and_nothing_near_it_is_better() {
        let base = of(&[0.5, 0.3, 0.2]);
        // β = 1: the squares, 0.25, 0.09 and 0.04 of 0.38.
        let squares = base.sharpened(1.0);
        for (answer, expected) in [(0, 25.0 / 38.0), (1, 9.0 / 38.0), (2, 4.0 / 38.0)] {
            assert!((squares.mass(answer) - expected).abs() < 1e-12);
        }
        for beta in [0.1, 0.5, 1.0, 4.0] {
            let optimum = base.sharpened(beta);
            assert!((optimum.total() - 1.0).abs() < 1e-12);
            let value = optimum.objective(&base, beta);
            // β log Σ π_base^(1 + 1/β) is what the objective is there.
            let closed = beta * [0.5_f64, 0.3, 0.2].iter().map(|p| p.powf(1.0 + 1.0 / beta)).sum::<f64>().ln();
            assert!((value - closed).abs() < 1e-12, "{value} {closed}");
            for (from, to) in [(0, 1), (1, 0), (1, 2), (2, 0)] {
                let mut p: Vec<f64> = (0..3).map(|answer| optimum.mass(answer)).collect();
                let moved = 0.1 * p[from];
                p[from] -= moved;
                p[to] += moved;
                assert!(of(&p).objective(&base, beta) < value, "β = {beta}, from {from} to {to}");
            }
        }
        assert!(base.sharpened(0.01).mass(0) > 1.0 - 1e-12, "a small β leaves the likeliest alone");
        assert!((base.sharpened(1e9).mass(1) - 0.3).abs() < 1e-6, "a large one leaves everything as it is");
    }

    #[test]
    fn more_than_half_of_the_mass_is_enough_for_greedy_decoding() {
        let (mut sure, mut missed) = (0, 0);
        for item in 0..400 {
            let (words, p) = random(item);
            let answers: Vec<(&[u32], f64)> = words.iter().zip(&p).map(|(w, p)| (w.as_slice(), *p)).collect();
            let best = of(&p).best();
            let found = greedy(&answers).unwrap();
            if p[best] > 0.5 {
                assert_eq!(found, best);
                sure += 1;
            } else {
                missed += u32::from(found != best);
            }
        }
        assert!(sure > 20 && missed > 20, "{sure} {missed}");
        // The smallest counter-example: 0.4 on one word, 0.6 on two that begin alike.
        assert_eq!(greedy(&[(&[1, 1], 0.4), (&[2, 1], 0.3), (&[2, 2], 0.3)]), Some(1));
        assert_eq!(greedy(&[]), None);
        // Words of different lengths, whose ends are tokens.
        assert_eq!(greedy(&[(&[1, 9], 0.3), (&[1, 1, 9], 0.6), (&[2, 9], 0.1)]), Some(1));
    }

    #[test]
    fn coverage_and_entropy_of_known_distributions() {
        assert!((coverage(&[0.5, 0.25]) - 3.0).abs() < 1e-12);
        assert!((of(&[0.25; 4]).entropy() - 4.0_f64.ln()).abs() < 1e-12);
        // Given that it is one of them: the rest of the mass does not count.
        assert!((of(&[0.2, 0.2]).entropy() - 2.0_f64.ln()).abs() < 1e-12);
        assert_eq!(of(&[0.2, 0.4, 0.4]).best(), 1, "the first of equals");
    }

    #[test]
    fn the_standing_of_a_policy_counted_by_hand() {
        let texts = ["fox sun elm", "elm sun fox", "sun elm fox"].map(str::to_owned);
        let ids = [vec![5, 6, 7, 2], vec![7, 6, 5, 2], vec![6, 7, 5, 2]];
        let counted = Counted {
            prompt: "must:fox never:any first:any last:any early:sun late:elm count:any length:any <resp>",
            texts: &texts,
            ids: &ids,
            base: of(&[0.3, 0.5, 0.1]),
            policy: of(&[0.2, 0.1, 0.5]),
        };
        let [mass, greedy, best, coverage, means, right, proven] = standing(&Grammar, &[counted]);
        let near = |found: &[f32], expected: &[f32]| {
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-5), "{found:?} {expected:?}");
        };
        near(&mass, &[0.1]);
        near(&greedy, &[0.0]);
        near(&best[..3], &[0.1, 0.19, 0.3439]);
        near(&coverage, &[10.0]);
        let p = [0.25_f32, 0.125, 0.625];
        near(&means, &[0.8, -p.iter().map(|p| p * p.ln()).sum::<f32>(), 0.7]);
        near(&right, &[0.0]);
        near(&proven, &[1.0]);
    }
}
