//! Ctrl-C, and the other ways in which a system asks a program to end: `SIGTERM`, and `SIGHUP` when a
//! terminal is closed. The first asks the run to stop where it can be continued, the second ends the
//! program.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{Error, Result, output};

/// A flag that the first such signal sets, with a word about it. To be called once in a program.
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
    catch(move || output::note(words)).map_err(|e| Error::told(format!("Ctrl-C cannot be caught: {e}")))
}

/// A flag that the first such signal sets before `first` is called. To be called once in a program.
///
/// Where hang-ups are ignored (`nohup`), nothing is caught: the handler is one for all signals, and a run
/// that was meant to outlive its terminal would stop with it.
///
/// # Errors
/// If the system refuses the handler.
pub fn catch(first: impl Fn() + Send + 'static) -> std::result::Result<Arc<AtomicBool>, ctrlc::Error> {
    let flag = Arc::new(AtomicBool::new(false));
    if hang_ups_are_ignored() {
        return Ok(flag);
    }
    let set = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        first();
    })?;
    Ok(flag)
}

/// Whether whoever started this program had it ignore `SIGHUP`, as far as the system says.
fn hang_ups_are_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hang_ups(&status))
}

/// Reads the mask of ignored signals in Linux's description of a process; `SIGHUP` is the first.
fn ignores_hang_ups(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        let status = |mask: &str| format!("Name:\tselfsame\nSigBlk:\t0000000000000001\nSigIgn:\t{mask}\nSigCgt:\t1\n");
        assert!(ignores_hang_ups(&status("0000000000001001")));
        // `SIGINT`, as in the background of a script.
        assert!(!ignores_hang_ups(&status("0000000000000002")));
        assert!(!ignores_hang_ups(&status("x")) && !ignores_hang_ups(""));
    }
}
