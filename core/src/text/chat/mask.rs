//! Which tokens the assistant wrote.

use super::Rendered;
use crate::{Error, Result, text::Tokenizer};

impl Rendered {
    /// The tokens of the text, nothing added, and for each whether the assistant wrote it: whether any of
    /// its bytes lie between `{% generation %}` and `{% endgeneration %}`.
    ///
    /// # Errors
    /// If the template does not say what the assistant wrote, or the tokenizer cannot read the text.
    pub fn tokens(&self, tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<bool>)> {
        let generated = self.generated.as_ref().ok_or_else(|| {
            Error::Template(
                "it does not mark what the assistant wrote with {% generation %}, or marks it inside a macro; mark it there, or learn without --assistant-only-loss"
                    .to_owned(),
            )
        })?;
        let (ids, spans) = tokenizer.encode_with_spans(&self.text)?;
        let mask = spans
            .iter()
            .map(|span| generated.iter().any(|range| span.start.max(range.start) < span.end.min(range.end)))
            .collect();
        Ok((ids, mask))
    }
}
