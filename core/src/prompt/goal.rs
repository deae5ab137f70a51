//! What a policy can be asked for beside its prompt.

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// An answer of a score, which stands in front of the prompt.
    Score {
        /// The score.
        score: usize,
        /// How often it is said.
        times: usize,
    },
    /// An answer of which one would say these words, which stand between the prompt and the answer.
    Feedback(String),
}

impl Goal {
    /// A prompt's text that asks for it.
    #[must_use]
    pub fn pose(&self, text: &str) -> String {
        match self {
            Self::Score { score, times } => with_goal(text, *score, *times),
            Self::Feedback(words) => with_feedback(text, words),
        }
    }
}

impl From<&str> for Goal {
    fn from(words: &str) -> Self {
        Self::Feedback(words.to_owned())
    }
}

/// A word that is said so many times, at least once: a small model overhears a single one.
#[must_use]
pub fn said(word: &str, times: usize) -> String {
    vec![word; times.max(1)].join(" ")
}

/// A prompt's text with the score in front, said so many times, that its answer is to get.
#[must_use]
pub fn with_goal(text: &str, goal: usize, times: usize) -> String {
    format!("{} {text}", said(&goal.to_string(), times))
}

/// A prompt's text with feedback words behind it: what is said of the answer that follows.
#[must_use]
pub fn with_feedback(text: &str, words: &str) -> String {
    format!("{text} {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_stands_in_front_and_feedback_behind() {
        let score = |times| Goal::Score { score: 5, times };
        assert_eq!(score(3).pose("must:fox <resp>"), "5 5 5 must:fox <resp>");
        assert_eq!(score(0).pose("must:fox <resp>"), "5 must:fox <resp>", "it is said at least once");
        assert_eq!(Goal::from(said("yes", 2).as_str()).pose("must:fox <resp>"), "must:fox <resp> yes yes");
    }
}
