//! Reading a log back: repairing its end, refusing damage anywhere else.

use std::path::Path;

use super::{Event, Record, event::SCHEMA};
use crate::{Error, Result};

/// The records of a log, and how many bytes of it a resumed run keeps.
#[derive(Debug)]
pub struct Parsed {
    /// The records.
    pub records: Vec<Record>,
    /// The bytes that hold them.
    pub length: usize,
}

/// Reads a log.
///
/// A last line that was cut off by a crash is left out. Any other line that cannot be read is
/// named and refused: what follows it could not be trusted.
///
/// # Errors
/// Names the line that is damaged or written by a newer version.
pub fn parse(bytes: &[u8], path: &Path) -> Result<Parsed> {
    parse_after(0, bytes, path)
}

/// Reads a piece of a log that `before` lines stand before: a log that is followed comes in pieces.
///
/// # Errors
/// Names the line that is damaged or written by a newer version.
pub fn parse_after(before: usize, bytes: &[u8], path: &Path) -> Result<Parsed> {
    let mut records: Vec<Record> = Vec::new();
    let mut length = 0;
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for (index, line) in lines.iter().enumerate() {
        let problem = match serde_json::from_slice::<Record>(line) {
            Ok(_) if !line.ends_with(b"\n") => break,
            Ok(record) if record.schema > SCHEMA => format!(
                "line {} was written by a newer version (schema {}, this program reads up to {SCHEMA}); update Selfsame",
                before + index + 1,
                record.schema
            ),
            Ok(record) if before + index == 0 && !matches!(record.event, Event::Started { .. }) => {
                "line 1 is not the start of a run; the beginning of the file is missing".to_owned()
            }
            Ok(record) => {
                records.push(record);
                length += line.len();
                continue;
            }
            Err(_) if index + 1 == lines.len() => break,
            Err(e) => format!(
                "line {} is damaged ({e}). Only the last line can be repaired; restore the file from a copy, or start a new run",
                before + index + 1
            ),
        };
        return Err(Error::Log { path: path.to_path_buf(), problem });
    }
    Ok(Parsed { records, length })
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
    let length = bytes.split_inclusive(|byte| *byte == b'\n').take(keep).map(<[u8]>::len).sum();
    let mut records = parsed.records;
    records.truncate(keep);
    Parsed { records, length }
}
