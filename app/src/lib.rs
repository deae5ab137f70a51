//! Selfsame on a computer: the command line, its reports and a small window.
//!
//! Every command is one file under [`commands`]. What is shown of a run is a fold over its log
//! ([`fold`]), so that the terminal, the page and the window cannot disagree.

// Reports are pieces of text put together; an allocation a line is nothing beside a run.
#![allow(clippy::format_push_string, clippy::format_collect)]

pub mod cli;
pub mod commands;
pub mod comparison;
pub mod diagnosis;
pub mod engine;
mod error;
pub mod fold;
pub mod folder;
pub mod format;
pub mod inputs;
pub mod interrupt;
mod logger;
pub mod metrics;
pub mod observer;
pub mod output;
pub mod recorded;
pub mod report;
pub mod settings;
pub mod starter;
pub mod view;
pub mod window;

use std::process::ExitCode;

use clap::Parser;

pub use error::{Error, Result};

/// The program: reads the arguments, runs the command, and turns its result into an exit code:
/// 0 for success, 1 for an error, 2 for wrong usage, 130 for a run that was stopped and saved.
#[must_use]
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    logger::install();
    match commands::dispatch(cli.command.as_ref()) {
        // Whoever closed the output (`| head`) has seen enough.
        Ok(()) | Err(Error::Closed) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&error.line());
            ExitCode::from(error.code())
        }
    }
}
