//! The commands, one file each.

pub mod ads;
pub mod compare;
pub mod devices;
pub mod export;
pub mod generate;
pub mod learn;
pub mod methods;
pub mod plan;
pub mod pretrain;
pub mod preview;
pub mod report;
pub mod reproduce;
pub mod resume;
pub mod run;
pub mod score;
pub mod view;

use crate::{Result, cli::Command, window};

/// Runs a command; without one, opens the window.
///
/// # Errors
/// Whatever went wrong, with what to do.
pub fn dispatch(command: Option<&Command>) -> Result<()> {
    let Some(command) = command else {
        return window::open(&[]);
    };
    match command {
        Command::Run(args) => run::run(args),
        Command::Resume(args) => resume::run(args),
        Command::Report(args) => report::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Reproduce(args) => reproduce::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Learn(args) => learn::run(args),
        Command::Preview(args) => preview::run(args),
        Command::Score(args) => score::run(args),
        Command::Export(args) => export::run(args),
        Command::Methods(args) => methods::run(args),
        Command::Devices(args) => devices::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Pretrain(args) => pretrain::run(args),
        Command::Ads(command) => ads::dispatch(command),
        Command::View(args) => view::run(args),
    }
}
