//! `selfsame resume`: continues a run from its own log.

use selfsame_core::run::Event;

use super::run::{acquire, drive};
use crate::{
    Result,
    cli::ResumeArgs,
    folder::{self, Lock},
    inputs, metrics, output,
    shelf::Disk,
};

/// Runs the command.
///
/// # Errors
/// If the folder holds no run, what it was started with has changed, or the run fails.
pub fn run(args: &ResumeArgs) -> Result<()> {
    let records = folder::records(&args.dir)?;
    if records.iter().any(|record| matches!(record.event, Event::Finished {})) {
        // It may have been killed after its last event and before this file.
        let _lock = Lock::take(&args.dir)?;
        metrics::write(&args.dir)?;
        return output::print(&format!("already finished; `selfsame report {}` shows it\n", args.dir.display()));
    }
    drive(inputs::of_log(records, args.device.map(Into::into), &Disk, &acquire)?, &args.dir, args.json)
}
