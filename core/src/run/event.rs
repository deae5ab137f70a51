//! The typed lines of `events.jsonl`. Everything that is ever shown is a fold over them.

use serde::{Deserialize, Serialize};

use super::Manifest;
use crate::{
    learn::StepReport,
    measure::{Ballots, Measurement},
    prompt::Prompt,
    sample::Answer,
    select::{PairRecord, RatedRecord},
};

/// The version of the lines this program writes: in 2 a number that is not finite is a word; 1 had
/// `null` for it, and could not say which it was.
pub const SCHEMA: u32 = 2;

/// Which of the lines beside each other a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The recipe itself.
    #[default]
    Main,
    /// The same budget with labels from a coin.
    RandomLabels,
    /// The same budget with labels from the oracle.
    OracleLabels,
}

impl Arm {
    /// A name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "run",
            Self::RandomLabels => "random labels",
            Self::OracleLabels => "oracle labels",
        }
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the line.
    pub schema: u32,
    /// Seconds since 1970 when it was written.
    pub at: f64,
    /// The arm.
    pub arm: Arm,
    /// The iteration; 0 is the start, before any learning.
    pub iteration: u32,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began; always the first line.
    Started {
        /// Everything that decides the run.
        manifest: Box<Manifest>,
    },
    /// The prompts of an iteration; those of iteration 0 are the held-out ones.
    Prompts {
        /// The prompts.
        prompts: Vec<Prompt>,
    },
    /// Answers to some of the prompts of a phase.
    Sampled {
        /// `train`, `greedy` (to the same prompts), `teacher`, `opponent`, `revision`, `initial` (of that model),
        /// `held-out`, `held-out greedy`, `held-out goal` with the goal, `held-out bad`, `held-out good` or `held-out
        /// good after bad`.
        purpose: String,
        /// The prompts these answers belong to, by their position in the phase.
        first: usize,
        /// For each prompt its answers.
        answers: Vec<Vec<Answer>>,
    },
    /// What a judge thinks of the answers.
    Judged {
        /// The judge.
        judge: String,
        /// For each prompt a number per answer.
        #[serde(with = "crate::number")]
        scores: Vec<Vec<f32>>,
    },
    /// What a judge thinks of every two answers to a prompt.
    Compared {
        /// The judge.
        judge: String,
        /// For each prompt the probability that the first of two answers is better: of the answers 0
        /// and 1, 0 and 2, ..., 1 and 2, ...
        #[serde(with = "crate::number")]
        preferences: Vec<Vec<f32>>,
    },
    /// What every single token of answers is worth, stop tokens included.
    Credited {
        /// What says so.
        by: String,
        /// For each prompt, or each pair that is selected next, and each of its answers, a number per token.
        #[serde(with = "crate::number")]
        tokens: Vec<Vec<Vec<f32>>>,
    },
    /// Numbers that a recipe selected or labelled by, or that say how much it kept.
    Noted {
        /// What they are.
        name: String,
        /// One number, or one for each prompt; -1 where a prompt has none.
        #[serde(with = "crate::number")]
        values: Vec<f32>,
    },
    /// The rated single answers to learn from.
    Rated {
        /// The answers.
        answers: Vec<RatedRecord>,
    },
    /// The pairs to learn from.
    Selected {
        /// The pairs.
        pairs: Vec<PairRecord>,
    },
    /// One optimiser step.
    Step {
        /// Its numbers.
        #[serde(flatten)]
        report: StepReport,
    },
    /// Weights were written.
    Checkpoint {
        /// The folder under `checkpoints/`.
        name: String,
        /// Steps taken in this phase.
        step: usize,
        /// Whether the phase ended with it.
        complete: bool,
        /// SHA-256 of `model.safetensors`, or of `adapter_model.safetensors` where adapters learn.
        sha256: String,
    },
    /// The state of policy and judges.
    Measured {
        /// The numbers.
        measurement: Box<Measurement>,
        /// What they are made of.
        #[serde(default, skip_serializing_if = "Ballots::is_empty")]
        ballots: Box<Ballots>,
    },
    /// The run ended as planned; always the last line.
    Finished {},
}

impl Record {
    /// Whether a resumed run keeps this line even where it is the last: steps are only kept up to
    /// the checkpoint that holds their result.
    #[must_use]
    pub fn commits(&self) -> bool {
        !matches!(self.event, Event::Step { .. })
    }
}
