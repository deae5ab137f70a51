//! From the logits of one position to one token.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How tokens are drawn. The filters apply in the order of the fields, as in `transformers`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sampling {
    /// Divides the logits; 0 means greedy, and the filters do not matter then.
    pub temperature: f32,
    /// Keeps the `k` most likely tokens; 0 keeps all.
    pub top_k: usize,
    /// Keeps the smallest set of most likely tokens whose probability reaches `p`; 1 keeps all.
    pub top_p: f32,
    /// Keeps tokens at least `p` times as likely as the most likely one; 0 keeps all.
    pub min_p: f32,
    /// Longest answer, in tokens.
    pub max_new_tokens: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0, max_new_tokens: 24 }
    }
}

impl Sampling {
    /// The most likely token, always.
    #[must_use]
    pub fn greedy(max_new_tokens: usize) -> Self {
        Self { temperature: 0.0, max_new_tokens, ..Self::default() }
    }

    /// The distribution that tokens are drawn from, summing to 1. The temperature must not be 0.
    #[must_use]
    pub fn distribution(&self, logits: &[f32]) -> Vec<f64> {
        let temperature = f64::from(self.temperature);
        let top = f64::from(logits[argmax(logits)]);
        let mut p: Vec<f64> = logits.iter().map(|l| ((f64::from(*l) - top) / temperature).exp()).collect();
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

    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = |key: &str, problem: &str| Err(Error::setting(format!("sampling.{key}"), problem));
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return wrong("temperature", "must be 0 (greedy) or a positive number");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return wrong("top_p", "must lie in (0, 1]");
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return wrong("min_p", "must lie in [0, 1]");
        }
        if self.max_new_tokens == 0 {
            return wrong("max_new_tokens", "must be at least 1");
        }
        Ok(())
    }
}

/// One drawn token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drawn {
    /// Its id.
    pub token: u32,
    /// Its log-probability under the model itself (temperature 1, no filters).
    pub logprob: f32,
    /// Its log-probability under the distribution it was drawn from.
    pub sampling_logprob: f32,
}

/// Draws a token with `uniform` in `[0, 1)` from the logits `masked`, those of the model or what a grammar leaves
/// of them; `logits` are the model's.
#[allow(clippy::cast_possible_truncation)] // token ids
pub(super) fn draw(logits: &[f32], masked: &[f32], sampling: &Sampling, uniform: f64) -> Drawn {
    let normaliser = log_sum_exp(logits);
    let logprob = |token: usize| (f64::from(logits[token]) - normaliser) as f32;
    let best = argmax(masked);
    if sampling.temperature == 0.0 {
        return Drawn { token: best as u32, logprob: logprob(best), sampling_logprob: 0.0 };
    }
    let probabilities = sampling.distribution(masked);
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

fn normalise(p: &mut [f64]) {
    let total: f64 = p.iter().sum();
    for v in p {
        *v /= total;
    }
}

fn argmax(logits: &[f32]) -> usize {
    let mut best = 0;
    for (token, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = token;
        }
    }
    best
}

fn log_sum_exp(logits: &[f32]) -> f64 {
    let top = f64::from(logits[argmax(logits)]);
    top + logits.iter().map(|l| (f64::from(*l) - top).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greedy_takes_the_first_of_the_best() {
        let logits = [0.0, 2.0, 2.0];
        let drawn = draw(&logits, &logits, &Sampling::greedy(1), 0.99);
        assert_eq!(drawn.token, 1);
        assert!((f64::from(drawn.logprob) - (-(2.0 + (-2.0_f64).exp()).ln())).abs() < 1e-6);
    }

    #[test]
    fn draws_follow_the_cumulative_distribution() {
        let logits = [0.1_f32.ln(), 0.2_f32.ln(), 0.7_f32.ln()];
        let sampling = Sampling::default();
        for (uniform, token) in [(0.0, 0), (0.0999, 0), (0.1001, 1), (0.2999, 1), (0.3001, 2), (0.9999, 2)] {
            assert_eq!(draw(&logits, &logits, &sampling, uniform).token, token, "{uniform}");
        }
    }

    #[test]
    fn ranges_are_checked_and_named() {
        for (sampling, key) in [
            (Sampling { temperature: f32::NAN, ..Sampling::default() }, "temperature"),
            (Sampling { top_p: 0.0, ..Sampling::default() }, "top_p"),
            (Sampling { min_p: 1.5, ..Sampling::default() }, "min_p"),
            (Sampling { max_new_tokens: 0, ..Sampling::default() }, "max_new_tokens"),
        ] {
            assert!(sampling.check().unwrap_err().to_string().contains(key));
        }
        assert!(Sampling::default().check().is_ok());
    }
}
