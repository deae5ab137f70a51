//! A log that is read while it grows, or a piece at a time.

use std::path::{Path, PathBuf};

use super::{Chain, parse_after};
use crate::{Result, run::Record};

/// What was read of a log so far: how far it is, and the bytes at its end that are no record yet.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    chain: Chain,
    rest: Vec<u8>,
}

impl Tail {
    /// The log at `path`, of which nothing was read. The path is only what errors call it by.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), chain: Chain::default(), rest: Vec::new() }
    }

    /// Goes on by the next bytes, wherever they were cut, and gives the records that are whole with them.
    ///
    /// A last line that cannot be read is kept: it may still be repaired. With a line behind it, it is damage.
    ///
    /// # Errors
    /// Names the line that is damaged or written by a newer version.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Record>> {
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let parsed = parse_after(self.chain, self.rest.get(..whole).unwrap_or_default(), &self.path)?;
        self.rest.drain(..parsed.length);
        self.chain = parsed.chain;
        Ok(parsed.records)
    }
}
