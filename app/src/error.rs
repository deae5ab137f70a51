//! The errors of the program: those of the library, and those of the command line.

use std::path::PathBuf;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something below the command line.
    #[error(transparent)]
    Core(#[from] selfsame_core::Error),
    /// Something about the arguments or the files they name; says what to do.
    #[error("{0}")]
    Told(String),
    /// The run in this folder was stopped by the user and can be continued.
    #[error("stopped; everything up to here is saved. Continue with `selfsame resume {}`", .0.display())]
    Stopped(PathBuf),
    /// Learning was ended early by the user, and what was learned is saved in this folder.
    #[error("stopped; the model as it was learned so far is in {}", .0.display())]
    Ended(PathBuf),
    /// Several runs were stopped by the user, and the same command continues them.
    #[error("stopped; everything up to here is saved, and the same command goes on from there")]
    Paused,
    /// Whoever read standard output has closed it.
    #[error("standard output was closed")]
    Closed,
}

impl Error {
    /// An [`Error::Told`].
    pub fn told(message: impl Into<String>) -> Self {
        Self::Told(message.into())
    }

    /// The exit code of the program.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Stopped(_) | Self::Ended(_) | Self::Paused => 130,
            Self::Core(_) | Self::Told(_) => 1,
        }
    }

    /// The message as one line: messages of libraries can have several.
    #[must_use]
    pub fn line(&self) -> String {
        let words = self.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Self::Stopped(_) | Self::Ended(_) | Self::Paused => words,
            _ => format!("error: {words}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_lines() {
        let told = Error::told("first\n  second");
        assert_eq!((told.code(), told.line().as_str()), (1, "error: first second"));
        let stopped = Error::Stopped("runs/x".into());
        assert_eq!(stopped.code(), 130);
        assert!(stopped.line().starts_with("stopped;") && stopped.line().contains("resume runs/x"));
    }
}
