//! Internal reward models: what a language model itself believes about its answers.

mod generative;
mod implicit;
mod prompt;
mod ratio;
pub mod relevance;
mod temperature;

pub use generative::{Comparison, Form, Generative};
pub use implicit::Implicit;
pub use prompt::{JudgePrompt, default_prompts};
pub use ratio::log_ratios;
pub use temperature::fit_temperature;
