//! Drawing answers from a policy.

mod decode;
mod generate;
mod grammar;
mod rows;
mod sampler;
mod stream;
mod voices;

pub use generate::{
    Answer, Drawing, FinishReason, Key, Request, generate, generate_by, generate_mixture, generate_within,
};
pub use grammar::{Grammar, Rule};
pub use sampler::Sampling;
pub use stream::{Draw, Pieces, Token};
