//! Writing to the terminal without panicking when nobody listens any more.

use std::io::{self, Write};

use serde::Serialize;

use crate::{Error, Result};

/// Writes text to standard output as it is.
///
/// # Errors
/// [`Error::Closed`] if the reader has gone, or what the system says otherwise.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| match e.kind() {
        io::ErrorKind::BrokenPipe => Error::Closed,
        _ => Error::told(format!("standard output cannot be written: {e}")),
    })
}

/// Writes one value as a line of JSON to standard output.
///
/// # Errors
/// As [`print()`].
pub fn json(value: &impl Serialize) -> Result<()> {
    print(&(to_json(value)? + "\n"))
}

/// A value as one line of JSON.
///
/// # Errors
/// If the value cannot be written, which would be a mistake of ours.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::told(format!("JSON cannot be written: {e}")))
}

/// Writes a line to standard error. Where that fails there is nowhere left to say so.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
