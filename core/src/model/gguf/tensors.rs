//! The tensors of a GGUF file under their Hugging Face names, as f32.

use std::path::Path;

use selfsame_shaders::Format as PackedFormat;

use super::{
    super::source::{Source, in_pieces},
    blocks::{self, Format},
    container::Header,
    names,
};
use crate::{Error, Result, model::files::Library};

/// Reads tensors as a model asks for them.
pub(super) struct Tensors<'a> {
    pub source: &'a mut dyn Source,
    pub header: &'a Header,
    /// The width of a head, whose rows are rotated together, where they are in another order than ours.
    pub rotated: Option<usize>,
}

impl Library for Tensors<'_> {
    fn path(&self) -> &Path {
        &self.header.metadata.path
    }

    fn has(&self, name: &str) -> bool {
        names::stored(name).is_some_and(|stored| self.header.tensors.contains_key(&stored))
    }

    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        // What a model does not have is refused by the file's own names, before anything is read.
        Box::new(std::iter::empty())
    }

    fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        // Every name that is asked for has one; its own would be missing from the file just as well.
        let stored = names::stored(name).unwrap_or_else(|| name.to_owned());
        let mut values = floats(self.source, self.header, &stored, shape)?;
        if let Some(width) = self.rotated.filter(|_| names::is_rotated(name)) {
            names::into_halves(&mut values, shape.last().copied().unwrap_or(1), width);
        }
        Ok(values)
    }

    fn stored(&mut self, name: &str, shape: [usize; 2], most: PackedFormat) -> Result<Option<(PackedFormat, Vec<u8>)>> {
        let stored = names::stored(name).unwrap_or_else(|| name.to_owned());
        let code = self.header.tensors.get(&stored).map(|entry| entry.code);
        let Some(format) = code.and_then(blocks::packed).filter(|format| format.bits() <= most.bits()) else {
            return Ok(None);
        };
        let mut bytes = collect(self.source, self.header, &stored, &shape, |_, size| size, |bytes, _| bytes)?;
        if let Some(width) = self.rotated.filter(|_| names::is_rotated(name)) {
            let row = bytes.len() / shape[0].max(1);
            names::into_halves(&mut bytes, row, width);
        }
        Ok(Some((format, bytes)))
    }
}

/// The values of a tensor by the file's name for it. Beside them, one piece of the file is in memory.
///
/// # Errors
/// If there is no such tensor of that shape, its number type is none that we read, a value is not
/// finite, or there is no memory for them.
pub(super) fn floats(source: &mut dyn Source, header: &Header, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    collect(source, header, name, shape, |format, size| size / format.bytes * format.values, |_, values| values)
}

/// What `part` chooses of the bytes and the values of a tensor, of which there are as many as `count` says of its
/// format and size.
///
/// # Errors
/// As [`floats`].
fn collect<T: Copy>(
    source: &mut dyn Source,
    header: &Header,
    name: &str,
    shape: &[usize],
    count: fn(&Format, u64) -> u64,
    part: for<'a> fn(&'a [u8], &'a [f32]) -> &'a [T],
) -> Result<Vec<T>> {
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
    let count = count(format, size);
    let mut all = Vec::new();
    // The file has that many, but a browser tab may still have no room for them.
    usize::try_from(count).ok().and_then(|count| all.try_reserve_exact(count).ok()).ok_or_else(|| {
        let values = size / format.bytes * format.values;
        wrong(format!("has {values} values, and there is no memory for them; choose a smaller model"))
    })?;
    let (mut values, mut before) = (Vec::new(), 0);
    let begin = header.start.saturating_add(entry.offset);
    in_pieces(source, begin..begin.saturating_add(size), format.bytes, |piece| {
        values.clear();
        (format.read)(piece, &mut values);
        if let Some((at, value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(wrong(format!("holds {value} at element {}; these weights cannot be used", before + at)));
        }
        before += values.len();
        all.extend_from_slice(part(piece, &values));
        Ok(())
    })?;
    Ok(all)
}
