//! Selfsame as a person meets it: the command line, its reports, and the views of the window and of
//! the page in a browser.
//!
//! Every command is one file under `commands`. What is shown of a run is a fold over its log
//! ([`fold`]), so that the terminal, the page and the window cannot disagree. What needs threads,
//! files or a display exists natively only; the rest is also what the page is made of.

// Reports are pieces of text put together; an allocation a line is nothing beside a run.
#![allow(clippy::format_push_string, clippy::format_collect)]

#[cfg(not(target_family = "wasm"))]
pub mod ads;
pub mod archive;
pub mod atlas;
pub mod cli;
#[cfg(not(target_family = "wasm"))]
pub mod commands;
pub mod comparison;
pub mod diagnosis;
pub mod engine;
mod error;
pub mod explanation;
pub mod fold;
#[cfg(not(target_family = "wasm"))]
pub mod folder;
pub mod format;
pub mod inputs;
#[cfg(not(target_family = "wasm"))]
pub mod interrupt;
#[cfg(not(target_family = "wasm"))]
mod logger;
#[cfg(not(target_family = "wasm"))]
pub mod material;
#[cfg(not(target_family = "wasm"))]
pub mod metrics;
#[cfg(not(target_family = "wasm"))]
pub mod model_folder;
#[cfg(not(target_family = "wasm"))]
pub mod observer;
#[cfg(not(target_family = "wasm"))]
pub mod output;
pub mod recorded;
#[cfg(not(target_family = "wasm"))]
pub mod report;
#[cfg(not(target_family = "wasm"))]
pub mod reproduction;
pub mod run_name;
pub mod settings;
pub mod shelf;
#[cfg(not(target_family = "wasm"))]
pub mod starter;
pub mod view;
#[cfg(not(target_family = "wasm"))]
pub mod window;

pub use error::{Error, Result};

/// The program: reads the arguments, runs the command, and turns its result into an exit code:
/// 0 for success, 1 for an error, 2 for wrong usage, 130 for a run that was stopped and saved.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn main() -> std::process::ExitCode {
    use std::process::ExitCode;

    use clap::Parser;

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
