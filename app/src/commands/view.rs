//! `selfsame view`: the window with runs in it.

use selfsame_core::run::Folder;

use crate::{Result, cli::ViewArgs, folder, window};

/// Runs the command.
///
/// # Errors
/// If a folder holds no run, or there is no display.
pub fn run(args: &ViewArgs) -> Result<()> {
    for dir in &args.dirs {
        // Said here, where it can be read, rather than in a window that shows nothing.
        if !Folder::log_path(dir).exists() {
            return Err(folder::no_run(dir));
        }
    }
    window::open(&args.dirs)
}
