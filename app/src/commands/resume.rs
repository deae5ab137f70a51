//! `selfsame resume`: continues a run from its own log.

use selfsame_core::run::{Event, Record};

use super::run::drive;
use crate::{
    Error, Result,
    cli::ResumeArgs,
    folder::{self, Lock},
    inputs, metrics, output,
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
    let Some(Record { event: Event::Started { manifest }, .. }) = records.into_iter().next() else {
        return Err(Error::told("the log does not begin with the start of a run"));
    };
    let inputs = inputs::rebuild(*manifest, args.device.map(Into::into))?;
    drive(inputs, &args.dir, args.json)
}
