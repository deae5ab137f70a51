//! Internal reward models: what a language model itself believes about its answers.

pub mod baseline;
mod follow_up;
mod generative;
pub mod henry;
mod implicit;
mod prompt;
mod ratio;
mod readout;
pub mod relevance;
mod temperature;

pub use follow_up::{FollowUpJudge, Likelihoods, Sides, by_aspect, calibrated};
pub(crate) use generative::SMALLEST_PROBABILITY;
pub use generative::{BothOrders, Comparison, Form, Generative};
pub use henry::{Henry, HenryConfig, Opinion, Rating};
pub use implicit::Implicit;
pub use prompt::{JudgePrompt, chat_prompts, default_prompts};
pub use ratio::log_ratios;
pub use readout::{Readout, States};
pub use temperature::fit_temperature;
