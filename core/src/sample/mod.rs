//! Drawing answers from a policy.

mod generate;
mod grammar;
mod sampler;
mod stream;
mod voices;

pub use generate::{Answer, FinishReason, Key, Request, generate, generate_mixture, generate_within};
pub use grammar::{Grammar, Rule};
pub use sampler::Sampling;
pub use stream::{Draw, Pieces, Token};
