//! JSON lines: one object a line.

use std::path::Path;

use serde_json::{Map, Value};

use crate::{Error, Result};

/// The objects of a text. Blank lines at the end are allowed, others are not.
///
/// # Errors
/// Names the line that is empty, is not JSON or not an object.
pub(super) fn parse(text: &str, path: &Path) -> Result<Vec<Map<String, Value>>> {
    let wrong = |line: usize, problem: String| Error::Data { path: path.to_path_buf(), line, problem };
    let text = text.trim_end();
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.trim().is_empty() {
            return Err(wrong(number, "the line is empty; remove it".to_owned()));
        }
        match serde_json::from_str(line) {
            Ok(Value::Object(fields)) => rows.push(fields),
            Ok(_) => {
                return Err(wrong(
                    number,
                    "not an object; each line holds one object such as {\"prompt\": \"...\"}".to_owned(),
                ));
            }
            Err(e) => {
                return Err(wrong(
                    number,
                    format!("not valid JSON ({e}); each line holds one object such as {{\"prompt\": \"...\"}}"),
                ));
            }
        }
    }
    if rows.is_empty() {
        return Err(wrong(1, "the file holds no prompts".to_owned()));
    }
    Ok(rows)
}
