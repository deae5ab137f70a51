//! The rows of a file as they are: objects of named values. The one reader of data files.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::lines;
use crate::{Error, Result};

/// The rows of a file, before anybody asks what they mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Records {
    /// Names the file in errors.
    pub path: PathBuf,
    /// One object a row; row 1 of a JSONL file is its line 1.
    pub rows: Vec<Map<String, Value>>,
    /// The text that they were read from, with the keys of its objects in order; a line a row. Parquet has
    /// none.
    pub text: String,
    /// Columns that were left in the file because nobody reads them.
    pub unread: Vec<String>,
}

/// What a Parquet file begins with.
const PARQUET: &[u8] = b"PAR1";

impl Records {
    /// Reads a file of JSON lines or, natively, of Parquet. Which of the two it is says its first bytes.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, is neither text nor Parquet, or has no rows.
    #[cfg(not(target_family = "wasm"))]
    pub fn read(path: &Path) -> Result<Self> {
        use std::io::Read;

        let failed = |e| Error::read(path, e);
        let mut file = std::fs::File::open(path).map_err(failed)?;
        let mut first = Vec::new();
        file.by_ref().take(PARQUET.len() as u64).read_to_end(&mut first).map_err(failed)?;
        if first == PARQUET {
            return super::parquet::read(file, path);
        }
        let mut bytes = first;
        file.read_to_end(&mut bytes).map_err(failed)?;
        let text = String::from_utf8(bytes).map_err(|e| no_text(path, &e))?;
        Self::parse(text, path)
    }

    /// The rows of a JSONL text.
    ///
    /// # Errors
    /// Names the line that is not an object of JSON.
    pub fn parse(text: impl Into<String>, path: &Path) -> Result<Self> {
        let mut text = text.into();
        // Some editors begin a file with a mark of its encoding.
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        if text.as_bytes().starts_with(PARQUET) {
            return Err(Error::DataSet {
                path: path.to_path_buf(),
                problem: "is a Parquet file, which only the desktop program reads; save it as JSON lines".to_owned(),
            });
        }
        Ok(Self { path: path.to_path_buf(), rows: lines::parse(&text, path)?, text, unread: Vec::new() })
    }

    /// An error about one value; rows are counted from 0 here and from 1 in the message.
    pub fn wrong(&self, row: usize, column: &str, problem: impl Into<String>) -> Error {
        Error::Row { path: self.path.clone(), row: row + 1, column: column.to_owned(), problem: problem.into() }
    }

    /// An error about the whole file.
    pub fn unusable(&self, problem: impl Into<String>) -> Error {
        Error::DataSet { path: self.path.clone(), problem: problem.into() }
    }
}

/// Why a file that does not begin like Parquet is no text either. A Parquet file ends as it begins.
#[cfg(not(target_family = "wasm"))]
fn no_text(path: &Path, error: &std::string::FromUtf8Error) -> Error {
    let bytes = error.as_bytes();
    let at = error.utf8_error().valid_up_to();
    let problem = if bytes.ends_with(PARQUET) {
        "ends like a Parquet file and does not begin like one, so that it is damaged; write it again".to_owned()
    } else {
        let line = 1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
        format!(
            "is neither Parquet nor a text in UTF-8 (byte {} in line {line} is not); give JSON lines in UTF-8, or Parquet",
            at + 1
        )
    };
    Error::DataSet { path: path.to_path_buf(), problem }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_text_nor_parquet_is_told_as_that() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.jsonl");
        for (bytes, words) in [
            (&b"{\"prompt\": \"q\"}\n{\xff"[..], &["neither Parquet nor a text", "byte 18 in line 2"][..]),
            (b"XAR1\x00\xfe\x01PAR1", &["ends like a Parquet file", "damaged"]),
            (b"", &["holds no rows"]),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = Records::read(&path).unwrap_err().to_string();
            assert!(!error.contains("Check that the path exists"), "{error}");
            for word in words {
                assert!(error.contains(word), "{word:?} is not in: {error}");
            }
        }
    }
}
