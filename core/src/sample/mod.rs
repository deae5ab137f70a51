//! Drawing answers from a policy.

mod generate;
mod sampler;
mod stream;
mod voices;

pub use generate::{Answer, FinishReason, Key, Request, generate, generate_mixture};
pub use sampler::Sampling;
pub use stream::{Draw, Pieces, Token};
