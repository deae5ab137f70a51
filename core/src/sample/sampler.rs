//! How tokens are drawn.

use selfsame_shaders::Filters;
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
        self.filters().distribution(logits)
    }

    /// What is done to a distribution before a token is drawn from it.
    pub(super) fn filters(&self) -> Filters {
        let Self { temperature, top_k, top_p, min_p, .. } = *self;
        Filters { temperature, top_k, top_p, min_p }
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

#[cfg(test)]
mod tests {
    use super::*;

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
