//! Prompt sets: from a world, or from a file of the user's.

mod chat;
pub mod dataset;
mod goal;
mod jsonl;
mod revision;
pub mod scored;

pub use chat::{Chat, tokens, user_turn};
pub use goal::{Goal, said, with_feedback, with_goal};
pub use jsonl::parse_jsonl;
#[cfg(not(target_family = "wasm"))]
pub use jsonl::read_jsonl;
pub use revision::Revision;
use serde::{Deserialize, Serialize};

use crate::text::Json;

/// One prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Names the prompt in logs and errors.
    pub id: String,
    /// What the model reads.
    pub text: String,
}

/// One line of a file of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The prompt.
    pub prompt: Prompt,
    /// The prompt's messages, where it is a conversation.
    pub messages: Option<Json>,
    /// The answer to imitate.
    pub completion: Option<String>,
    /// The preferred answer.
    pub chosen: Option<String>,
    /// The other answer.
    pub rejected: Option<String>,
}
