//! Internal reward models: what a language model itself believes about its answers.

mod follow_up;
mod generative;
mod implicit;
mod prompt;
mod ratio;
pub mod relevance;
mod temperature;

pub use follow_up::{FollowUpJudge, Likelihoods, Sides, by_aspect, calibrated};
pub use generative::{Comparison, Form, Generative};
pub use implicit::Implicit;
pub use prompt::{JudgePrompt, default_prompts};
pub use ratio::log_ratios;
pub use temperature::fit_temperature;
