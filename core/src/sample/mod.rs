//! Drawing answers from a policy.

mod generate;
mod sampler;

pub use generate::{Answer, FinishReason, Request, generate};
pub use sampler::Sampling;
