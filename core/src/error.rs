//! The one error type of the library. Every message names the thing that is wrong and what to do.

use std::path::{Path, PathBuf};

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong because of a file, a user, a device or a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{path}: {source}. {advice}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
        /// What to do about it.
        advice: &'static str,
    },
    /// A browser's storage refused; says what to do.
    #[error("{0}")]
    Storage(String),
    /// A model folder that cannot be used.
    #[error("model {path}: {problem}")]
    Model {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Text could not be turned into tokens or back.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// A chat template that cannot be read, refuses the conversation, or wants too much.
    #[error("chat template: {0}")]
    Template(String),
    /// A line of a data file is not what it should be.
    #[error("{path}, line {line}: {problem}")]
    Data {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A value in a data set is not what it should be.
    #[error("{path}, row {row}, column `{column}`: {problem}")]
    Row {
        /// The file.
        path: PathBuf,
        /// The row, counted from 1; in a JSONL file it is the line.
        row: usize,
        /// The column.
        column: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A data set cannot be used as a whole.
    #[error("{path}: {problem}")]
    DataSet {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A setting has a value that cannot work.
    #[error("setting `{key}`: {problem}")]
    Setting {
        /// The hyper-parameter, as `--set` spells it.
        key: String,
        /// What is wrong, with the values that would work.
        problem: String,
    },
    /// A prompt does not fit into the model's context.
    #[error(
        "prompt {prompt}: {tokens} tokens do not fit: the model's context is {context} and {reserved} are reserved for the answer and for the judges that read it. Shorten the prompt or lower `max_new_tokens`."
    )]
    Context {
        /// The prompt's identifier.
        prompt: String,
        /// Tokens of the prompt.
        tokens: usize,
        /// The model's context length.
        context: usize,
        /// Tokens kept free for the answer.
        reserved: usize,
    },
    /// A loss or gradient stopped being a number.
    #[error(
        "{what} is not finite at iteration {iteration}, step {step} ({batch}). Nothing of this step was kept; the last checkpoint is intact. Lower `learning_rate` or raise `beta`."
    )]
    NonFinite {
        /// `loss` or `gradient`.
        what: &'static str,
        /// The iteration.
        iteration: u32,
        /// The optimiser step.
        step: usize,
        /// Which items were in the batch.
        batch: String,
    },
    /// The run log says something that cannot be continued.
    #[error("run log {path}: {problem}")]
    Log {
        /// The log file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// No usable compute device, or one that computes wrong numbers.
    #[error("device: {0}")]
    Device(String),
    /// A run needs more than the place where it would run can give.
    #[error("{0}")]
    TooLarge(String),
    /// A recipe needs something that is not there.
    #[error("{0}")]
    Recipe(String),
    /// The run was asked to stop; everything up to the last commit is on disk.
    #[error("stopped on request; `selfsame resume` continues from here")]
    Stopped,
}

impl Error {
    /// An [`Error::Io`] for a path that was to be read.
    pub fn read(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_path_buf(), source, advice: "Check that the path exists and can be read." }
    }

    /// An [`Error::Io`] for a path that was to be written.
    pub fn write(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.as_ref().to_path_buf(),
            source,
            advice: "Check that the folder is writable and the disk has room; what was written before is intact.",
        }
    }

    /// An [`Error::Model`] about a file or folder.
    pub fn model(path: impl AsRef<Path>, problem: impl Into<String>) -> Self {
        Self::Model { path: path.as_ref().to_path_buf(), problem: problem.into() }
    }

    /// An [`Error::Setting`].
    pub fn setting(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Setting { key: key.into(), problem: problem.into() }
    }
}
