//! What a template may use. It comes with a model from a stranger, so that every render has an end,
//! and one that is known before it begins: nothing here looks at a clock.

use minijinja::{Error, ErrorKind, State};

/// The bounds of one render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the engine. A step is an instruction, or the handling of 64 bytes.
    pub steps: u64,
    /// Bytes of the rendered text.
    pub output: usize,
    /// Bytes of the messages, tools and documents together, as text.
    pub input: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 2_000_000, output: 16 << 20, input: 16 << 20 }
    }
}

/// Bytes of a template's source. The longest of the 72 that TRL 1.16 ships has 19 574.
pub(super) const SOURCE: usize = 256 << 10;

/// Bytes that a value may have if it is written out, shared parts as often as they appear.
pub(super) const VALUE: usize = 16 << 20;

/// Bytes of a date's format.
pub(super) const FORMAT: usize = 1000;

/// How deep lists and mappings may nest. `serde_json` reads 128 levels.
pub(super) const DEPTH: usize = 128;

/// How deep expressions may nest: the engine's parser stops at 150 and counts parentheses twice.
pub(super) const EXPRESSION: usize = 60;

/// How deep blocks may nest, where every `elif` counts as a level.
pub(super) const BLOCKS: usize = 120;

/// How deep macros, loops and blocks may nest while rendering; a macro counts as four.
pub(super) const RECURSION: usize = 400;

/// The longest `range`, as in Jinja's sandbox.
pub(super) const RANGE: usize = 100_000;

/// An error of a template that wants too much.
pub(super) fn exceeded(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::OutOfFuel, format!("{what}; no chat template needs that much"))
}

/// A text that cannot outgrow the limit of values.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn push(&mut self, piece: &str) -> Result<(), Error> {
        fits(self.0.len().saturating_add(piece.len()))?;
        self.0.push_str(piece);
        Ok(())
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// Whether a text may have this many bytes.
pub(super) fn fits(bytes: usize) -> Result<(), Error> {
    if bytes > VALUE {
        return Err(exceeded(format_args!("a text would be longer than {VALUE} bytes")));
    }
    Ok(())
}

/// A text of this many bytes is about to be made.
pub(super) fn room(state: &State<'_, '_>, bytes: usize) -> Result<(), Error> {
    fits(bytes)?;
    state.consume_fuel(bytes as u64 / 64)
}
