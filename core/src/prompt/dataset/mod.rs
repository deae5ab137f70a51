//! Data sets of given texts: every type and form that TRL 1.16 trains on, from JSON lines or Parquet.
//!
//! A file is read in three steps, each of which refuses what it cannot use and names the row and the
//! column: its rows as they are, the type that their columns make, and the typed rows. Turning
//! them into tokens and cutting what is too long come after that.

mod columns;
mod implicit;
mod length;
mod lines;
mod message;
#[cfg(not(target_family = "wasm"))]
mod parquet;
mod preview;
mod record;
mod render;
mod rows;
mod tokens;

use std::path::{Path, PathBuf};

pub use self::{
    columns::Kind,
    length::{Cut, Fitted, Truncation, fit},
    message::Message,
    preview::{Piece, Preview, Shown, preview},
    render::{Plain, Render, Rendered, Template, plain},
    rows::{Form, Item, Text},
    tokens::{TokenRow, tokenise, tokenise_assistant},
};
use crate::Result;
pub(super) use record::Records;

/// A file whose rows are all of one type and form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Names the file in errors.
    pub path: PathBuf,
    /// What the columns make of it.
    pub kind: Kind,
    /// Texts or conversations.
    pub form: Form,
    /// The rows, in the order of the file.
    pub rows: Vec<Item>,
    /// Columns that the type has no use for.
    pub unused: Vec<String>,
}

impl Dataset {
    /// Reads a file of JSON lines or Parquet. `wanted` decides where the columns fit several types.
    ///
    /// # Errors
    /// Names the row and the column of what cannot be used, and says what to do.
    #[cfg(not(target_family = "wasm"))]
    pub fn read(path: &Path, wanted: Option<Kind>) -> Result<Self> {
        Self::of(Records::read(path)?, wanted)
    }

    /// The data set of a JSONL text; `path` names it in errors.
    ///
    /// # Errors
    /// As [`Dataset::read`], but for reading.
    pub fn parse(text: &str, path: &Path, wanted: Option<Kind>) -> Result<Self> {
        Self::of(Records::parse(text, path)?, wanted)
    }

    fn of(records: Records, wanted: Option<Kind>) -> Result<Self> {
        let found = columns::detect(&records, wanted)?;
        rows::typed(records, found)
    }
}

#[cfg(test)]
mod tests;
