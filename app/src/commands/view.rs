//! `selfsame view`: a window on a run.

use crate::{Result, cli::ViewArgs, fold::RunView, window};

/// Runs the command.
///
/// # Errors
/// If the folder holds no run, or there is no display.
pub fn run(args: &ViewArgs) -> Result<()> {
    if let Some(dir) = &args.dir {
        // Said here, where it can be read, rather than in a window that shows nothing.
        RunView::load(dir)?;
    }
    window::open(args.dir.clone())
}
