//! Single answers with a thumb up or down.

use serde::{Deserialize, Serialize};

use crate::sample::Answer;

/// An answer that somebody rated.
#[derive(Debug, Clone, PartialEq)]
pub struct Rated {
    /// The prompt's identifier.
    pub prompt: String,
    /// The prompt's text.
    pub text: String,
    /// The prompt's tokens.
    pub ids: Vec<u32>,
    /// The answer.
    pub answer: Answer,
    /// Whether it got a thumb up.
    pub up: bool,
    /// How much it counts in the loss.
    pub weight: f64,
}

/// A rated answer as the log keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RatedRecord {
    /// The prompt's identifier.
    pub prompt: String,
    /// The prompt's text.
    pub text: String,
    /// The answer's text.
    pub answer: String,
    /// Whether it got a thumb up.
    pub up: bool,
    /// How much it counts.
    #[serde(with = "crate::number")]
    pub weight: f64,
}

impl Rated {
    /// What the log keeps.
    #[must_use]
    pub fn record(&self) -> RatedRecord {
        RatedRecord {
            prompt: self.prompt.clone(),
            text: self.text.clone(),
            answer: self.answer.text.clone(),
            up: self.up,
            weight: self.weight,
        }
    }
}
