//! Drawing answers from a policy.

mod generate;
mod sampler;
mod stream;

pub use generate::{Answer, FinishReason, Key, Request, generate};
pub use sampler::Sampling;
pub use stream::{Draw, Pieces, Token};
