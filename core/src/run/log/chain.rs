//! Digests that chain the lines of a log: each covers its line and the digest of the line before, so that a line that
//! was changed, taken out, put in or moved is found by the first digest that no longer fits.

use sha2::{Digest, Sha256};

/// What stands before a digest at the end of a line, and after it.
const ENDS: [&[u8]; 2] = [b",\"digest\":\"", b"\"}"];

/// The hexadecimal digits of a digest. They guard against accidents, not against somebody who computes them anew.
const DIGITS: usize = 16;

/// How far a log is: its lines so far, and what their digests come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    lines: usize,
    digest: Option<[u8; DIGITS]>,
    /// Whether the last line has a digest; older logs have none.
    sealed: bool,
}

impl Chain {
    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// Goes on by a line that is new: `json`, an object with at least one field, becomes that line, its digest the
    /// last field and the line feed included.
    #[must_use]
    pub fn seal(&mut self, json: &str) -> String {
        let body = json.strip_suffix('}').unwrap_or(json);
        let digest = self.next(body.as_bytes());
        *self = Self { lines: self.lines + 1, digest: Some(digest), sealed: true };
        let [before, after] = ENDS.map(String::from_utf8_lossy);
        format!("{body}{before}{}{after}\n", String::from_utf8_lossy(&digest))
    }

    /// The chain after a line that was read, whose line feed may be there or not.
    ///
    /// # Errors
    /// Says what is wrong if the line is not the one that was written here.
    pub fn after(&self, line: &[u8]) -> Result<Self, &'static str> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let (body, written) = match split(line) {
            Some((body, written)) => (body, Some(written)),
            None => (line, None),
        };
        let digest = self.next(body);
        match written {
            Some(written) if written != digest => {
                return Err("is not as it was written, or lines before it are missing: its digest does not fit");
            }
            None if self.sealed => {
                return Err("has no digest, as the lines before it have: it is not as it was written");
            }
            _ => {}
        }
        Ok(Self { lines: self.lines + 1, digest: Some(digest), sealed: written.is_some() })
    }

    /// The digest of a line after the lines so far.
    fn next(&self, body: &[u8]) -> [u8; DIGITS] {
        let mut hash = Sha256::new();
        hash.update(self.digest.unwrap_or_default());
        hash.update(body);
        let mut digits = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        std::array::from_fn(|_| digits.next().map_or(b'0', |digit| b"0123456789abcdef"[usize::from(digit)]))
    }
}

/// What a line says, and its digest, where it ends with one.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_suffix(ENDS[1])?;
    let (rest, digest) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
    Some((rest.strip_suffix(ENDS[0])?, digest))
}
