//! Prompt sets: from a world, or from a file of the user's.

mod jsonl;

pub use jsonl::read_jsonl;
use serde::{Deserialize, Serialize};

/// One prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Names the prompt in logs and errors.
    pub id: String,
    /// What the model reads.
    pub text: String,
}
