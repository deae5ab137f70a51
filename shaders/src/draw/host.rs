//! The draw as a processor computes it, in double precision.

use super::Filters;
use crate::flex::{LANES, exp_double, largest, widest};

/// One drawn token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// Its id.
    pub token: u32,
    /// Its log-probability under the model itself (temperature 1, no filters).
    pub logprob: f32,
    /// Its log-probability under the distribution it was drawn from.
    pub sampling_logprob: f32,
}

impl Filters {
    /// The distribution that tokens are drawn from, summing to 1. The temperature must not be 0.
    #[must_use]
    pub fn distribution(&self, logits: &[f32]) -> Vec<f64> {
        let mut p = masses(logits, f64::from(self.temperature));
        if self.top_k > 0 && self.top_k < p.len() {
            let mut sorted = p.clone();
            sorted.select_nth_unstable_by(self.top_k - 1, |a, b| b.total_cmp(a));
            let least = sorted[self.top_k - 1];
            p.iter_mut().filter(|v| **v < least).for_each(|v| *v = 0.0);
        }
        normalise(&mut p);
        if self.top_p < 1.0 {
            let mut order: Vec<usize> = (0..p.len()).collect();
            order.sort_by(|a, b| p[*b].total_cmp(&p[*a]).then(a.cmp(b)));
            let mut mass = 0.0;
            for token in order {
                if mass >= f64::from(self.top_p) {
                    p[token] = 0.0;
                }
                mass += p[token];
            }
            normalise(&mut p);
        }
        if self.min_p > 0.0 {
            let least = f64::from(self.min_p) * p.iter().copied().fold(0.0, f64::max);
            p.iter_mut().filter(|v| **v < least).for_each(|v| *v = 0.0);
            normalise(&mut p);
        }
        p
    }

    /// Draws a token with `uniform` in `[0, 1)` from the logits `masked`, those of the model or what a grammar
    /// leaves of them; `logits` are the model's. Neither may be empty.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // token ids
    pub fn draw(&self, logits: &[f32], masked: &[f32], uniform: f64) -> Drawn {
        let normaliser = log_sum_exp(logits);
        let logprob = |token: usize| (f64::from(logits[token]) - normaliser) as f32;
        let best = argmax(masked);
        if self.temperature == 0.0 {
            return Drawn { token: best as u32, logprob: logprob(best), sampling_logprob: 0.0 };
        }
        let probabilities = self.distribution(masked);
        let mut left = uniform;
        let mut chosen = best;
        for (token, p) in probabilities.iter().enumerate() {
            if *p > 0.0 {
                chosen = token;
                left -= p;
                if left < 0.0 {
                    break;
                }
            }
        }
        Drawn { token: chosen as u32, logprob: logprob(chosen), sampling_logprob: probabilities[chosen].ln() as f32 }
    }
}

fn normalise(p: &mut [f64]) {
    let total = total(p);
    for v in p {
        *v /= total;
    }
}

/// The first of the most likely tokens.
fn argmax(logits: &[f32]) -> usize {
    let top = top(logits);
    logits.iter().position(|logit| *logit == top).unwrap_or(0)
}

widest! {
    fn top(logits: &[f32]) -> f32 {
        largest(logits)
    }
}

widest! {
    /// `e^(logit / temperature)` of all tokens, as shares of the largest.
    fn masses(logits: &[f32], temperature: f64) -> Vec<f64> {
        let top = f64::from(largest(logits));
        let mut masses = vec![0.0; logits.len()];
        for (mass, logit) in masses.iter_mut().zip(logits) {
            *mass = exp_double::<VECTORS>((f64::from(*logit) - top) / temperature);
        }
        masses
    }
}

widest! {
    fn log_sum_exp(logits: &[f32]) -> f64 {
        let top = f64::from(largest(logits));
        let mut sums = [0.0_f64; LANES];
        let (chunks, rest) = logits.as_chunks::<LANES>();
        for chunk in chunks {
            for (sum, logit) in sums.iter_mut().zip(chunk) {
                *sum += exp_double::<VECTORS>(f64::from(*logit) - top);
            }
        }
        let rest = rest.iter().map(|logit| exp_double::<VECTORS>(f64::from(*logit) - top)).sum::<f64>();
        top + (sums.iter().sum::<f64>() + rest).ln()
    }
}

widest! {
    fn total(masses: &[f64]) -> f64 {
        let mut sums = [0.0_f64; LANES];
        let (chunks, rest) = masses.as_chunks::<LANES>();
        for chunk in chunks {
            for (sum, mass) in sums.iter_mut().zip(chunk) {
                *sum += mass;
            }
        }
        sums.iter().sum::<f64>() + rest.iter().sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greedy_takes_the_first_of_the_best() {
        let logits = [0.0, 2.0, 2.0];
        let drawn = Filters { temperature: 0.0, ..Filters::NONE }.draw(&logits, &logits, 0.99);
        assert_eq!(drawn.token, 1);
        assert!((f64::from(drawn.logprob) - (-(2.0 + (-2.0_f64).exp()).ln())).abs() < 1e-6);
    }

    #[test]
    fn draws_follow_the_cumulative_distribution() {
        let logits = [0.1_f32.ln(), 0.2_f32.ln(), 0.7_f32.ln()];
        for (uniform, token) in [(0.0, 0), (0.0999, 0), (0.1001, 1), (0.2999, 1), (0.3001, 2), (0.9999, 2)] {
            assert_eq!(Filters::NONE.draw(&logits, &logits, uniform).token, token, "{uniform}");
        }
    }
}
