//! The tensors of a GGUF file under their Hugging Face names, as f32.

use std::path::Path;

use super::{
    super::source::{Source, in_pieces},
    blocks,
    container::Header,
    names,
};
use crate::{Error, Result, model::files::Library};

/// Reads tensors as a model asks for them.
pub(super) struct Tensors<'a> {
    pub source: &'a mut dyn Source,
    pub header: &'a Header,
    /// The width of a head, whose rows are rotated together.
    pub width: usize,
}

impl Library for Tensors<'_> {
    fn path(&self) -> &Path {
        &self.header.metadata.path
    }

    fn has(&self, name: &str) -> bool {
        names::stored(name).is_some_and(|stored| self.header.tensors.contains_key(&stored))
    }

    fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        // Every name that is asked for has one; its own would be missing from the file just as well.
        let stored = names::stored(name).unwrap_or_else(|| name.to_owned());
        let mut values = floats(self.source, self.header, &stored, shape)?;
        if names::is_rotated(name) {
            names::into_halves(&mut values, shape.last().copied().unwrap_or(1), self.width);
        }
        Ok(values)
    }
}

/// The values of a tensor by the file's name for it. Beside them, one piece of the file is in memory.
///
/// # Errors
/// If there is no such tensor of that shape, its number type is none that we read, a value is not
/// finite, or there is no memory for them.
pub(super) fn floats(source: &mut dyn Source, header: &Header, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    let wrong = |problem: String| Error::model(&header.metadata.path, format!("tensor `{name}` {problem}"));
    let entry = header.tensors.get(name).ok_or_else(|| {
        wrong("is missing; the header promises it. Download the file again, or convert the model again".to_owned())
    })?;
    if !entry.shape.iter().copied().eq(shape.iter().map(|side| *side as u64)) {
        return Err(wrong(format!("has shape {:?}, but by the header it is {shape:?}", entry.shape)));
    }
    let Some(format) = blocks::format(entry.code) else {
        return Err(wrong(format!(
            "has number type {}; {} are read. Choose a file of another quantisation, such as Q8_0 or Q4_K_M",
            blocks::name(entry.code),
            blocks::readable()
        )));
    };
    let size = format.size(&entry.shape).unwrap_or(0);
    let count = size / format.bytes * format.values;
    let mut values = Vec::new();
    // The file has that many values, but a browser tab may still have no room for them.
    usize::try_from(count)
        .ok()
        .and_then(|count| values.try_reserve_exact(count).ok())
        .ok_or_else(|| wrong(format!("has {count} values, and there is no memory for them; choose a smaller model")))?;
    let begin = header.start.saturating_add(entry.offset);
    in_pieces(source, begin..begin.saturating_add(size), format.bytes, |piece| {
        let before = values.len();
        (format.read)(piece, &mut values);
        match values.iter().enumerate().skip(before).find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some((at, value)) => Err(wrong(format!("holds {value} at element {at}; these weights cannot be used"))),
        }
    })?;
    Ok(values)
}
