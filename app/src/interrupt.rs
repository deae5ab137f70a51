//! Ctrl-C: the first asks the run to stop where it can be continued, the second ends the program.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{Error, Result, output};

/// A flag that the first Ctrl-C sets. To be called once in a program.
///
/// # Errors
/// If the system refuses the handler.
pub fn flag() -> Result<Arc<AtomicBool>> {
    flag_saying("stopping at the next safe point; Ctrl-C again ends at once (the run can be resumed all the same)")
}

/// [`flag`], with other words for the person who pressed it.
///
/// # Errors
/// As [`flag`].
pub fn flag_saying(words: &'static str) -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        output::note(words);
    })
    .map_err(|e| Error::told(format!("Ctrl-C cannot be caught: {e}")))?;
    Ok(flag)
}
