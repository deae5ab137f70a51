//! `selfsame ads`: memorable ads, one command a file.

pub mod excerpt;
pub mod explain;
pub mod explore;
mod figures;
pub mod generate;
mod rated;
mod readout;
pub mod score;
pub mod study;
pub mod train;

use crate::{Result, cli::AdsCommand};

/// Runs a command of the group.
///
/// # Errors
/// Whatever went wrong, with what to do.
pub fn dispatch(command: &AdsCommand) -> Result<()> {
    match command {
        AdsCommand::Explore(args) => explore::run(args),
        AdsCommand::Study(args) => study::run(args),
        AdsCommand::Train(args) => train::run(args),
        AdsCommand::Score(args) => score::run(args),
        AdsCommand::Explain(args) => explain::run(args),
        AdsCommand::Generate(args) => generate::run(args),
        AdsCommand::Excerpt(args) => excerpt::run(args),
    }
}
