//! Internal reward models: what a language model itself believes about its answers.

pub mod baseline;
mod generative;
pub mod henry;
mod implicit;
mod prompt;
mod temperature;

pub use generative::{Comparison, Form, Generative};
pub use henry::{Henry, HenryConfig, Rating};
pub use implicit::Implicit;
pub use prompt::{JudgePrompt, default_prompts};
pub use temperature::fit_temperature;
