//! Reading a log back: repairing its end, refusing damage anywhere else.

mod chain;
mod tail;

use std::path::Path;

use serde::Deserialize;

pub use self::{chain::Chain, tail::Tail};
use super::{Event, Record, event::SCHEMA};
use crate::{Error, Result};

/// The records of a log, and how many bytes of it a resumed run keeps.
#[derive(Debug)]
pub struct Parsed {
    /// The records.
    pub records: Vec<Record>,
    /// The bytes that hold them.
    pub length: usize,
    /// How far the log is with them.
    pub chain: Chain,
}

/// Reads a log.
///
/// A last line that was cut off by a crash is left out. Any other line that cannot be read is
/// named and refused: what follows it could not be trusted. So is one that is not as it was written,
/// and one before which lines are missing, which its digest tells; lines of older versions have none.
///
/// # Errors
/// Names the line that is damaged or written by a newer version.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Parsed> {
    parse_after(Chain::default(), bytes, path)
}

/// Reads a piece of a log that is as far as `chain`: a log that is followed comes in pieces.
///
/// # Errors
/// Names the line that is damaged or written by a newer version.
pub fn parse_after(mut chain: Chain, bytes: &[u8], path: &Path) -> Result<Parsed> {
    let mut records: Vec<Record> = Vec::new();
    let mut length = 0;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for (index, line) in lines.iter().enumerate() {
        // Only the last one can lack its end, and then it was being written.
        if !line.ends_with(b"\n") {
            break;
        }
        let number = chain.lines() + 1;
        let last = index + 1 == lines.len();
        let problem = match serde_json::from_slice::<Record>(line) {
            Ok(record) if record.schema <= SCHEMA => {
                if number > 1 || matches!(record.event, Event::Started { .. }) {
                    match chain.after(line) {
                        Ok(next) => {
                            chain = next;
                            records.push(record);
                            length += line.len();
                            continue;
                        }
                        Err(_) if last => break,
                        Err(wrong) => format!(
                            "line {number} {wrong}. Only the last line can be repaired; restore the file from a copy, or start a new run"
                        ),
                    }
                } else {
                    "line 1 is not the start of a run; the beginning of the file is missing".to_owned()
                }
            }
            read => match (schema_of(line), read) {
                // What cannot be read may be sound all the same, and must not be cut off as damage.
                (Some(schema), _) if schema > SCHEMA => format!(
                    "line {number} was written by a newer version (schema {schema}, this program reads up to {SCHEMA}); update Selfsame"
                ),
                (_, Err(e)) if !last => format!(
                    "line {number} is damaged ({e}). Only the last line can be repaired; restore the file from a copy, or start a new run"
                ),
                _ => break,
            },
        };
        return Err(Error::Log { path: path.to_path_buf(), problem });
    }
    Ok(Parsed { records, length, chain })
}

/// The version of a line, where it is whole enough to have one.
fn schema_of(line: &[u8]) -> Option<u32> {
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    serde_json::from_slice::<Version>(line).ok().map(|version| version.schema)
}

/// Leaves out the steps at the end whose result is in no checkpoint, and a checkpoint at the end
/// inside a phase that is not `there` any more.
#[must_use]
pub fn committed(parsed: Parsed, bytes: &[u8], there: impl Fn(&str) -> bool) -> Parsed {
    let kept = |record: &Record| match &record.event {
        Event::Checkpoint { name, complete: false, .. } => there(name),
        _ => record.commits(),
    };
    let keep = parsed.records.iter().rposition(kept).map_or(0, |last| last + 1);
    if keep == parsed.records.len() {
        return parsed;
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(keep);
    // What was read once fits.
    let (length, chain) = lines
        .fold((0, Chain::default()), |(length, chain), line| (length + line.len(), chain.after(line).unwrap_or(chain)));
    let mut records = parsed.records;
    records.truncate(keep);
    Parsed { records, length, chain }
}

#[cfg(test)]
mod tests;
