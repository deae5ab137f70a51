//! What a policy can be asked for beside its prompt.

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// An answer of a score, which stands in front of the prompt.
    Score(usize),
    /// An answer of which one would say these words, which stand between the prompt and the answer.
    Feedback(String),
}

impl Goal {
    /// A prompt's text that asks for it.
    #[must_use]
    pub fn pose(&self, text: &str) -> String {
        match self {
            Self::Score(score) => with_goal(text, *score),
            Self::Feedback(words) => with_feedback(text, words),
        }
    }
}

impl From<usize> for Goal {
    fn from(score: usize) -> Self {
        Self::Score(score)
    }
}

impl From<&str> for Goal {
    fn from(words: &str) -> Self {
        Self::Feedback(words.to_owned())
    }
}

/// A prompt's text with the score in front that its answer is to get.
#[must_use]
pub fn with_goal(text: &str, goal: usize) -> String {
    format!("{goal} {text}")
}

/// A prompt's text with feedback words behind it: what is said of the answer that follows.
#[must_use]
pub fn with_feedback(text: &str, words: &str) -> String {
    format!("{text} {words}")
}
