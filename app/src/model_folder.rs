//! The folder of a model in the Hugging Face layout, which is there whole or not at all.

use std::{
    fs::{self, File},
    path::Path,
};

use selfsame_core::{
    Error as CoreError,
    model::{self, ADAPTER_WEIGHTS, Decoder, Precision},
    run::checkpoint::{AdaptedBase, about_adapter},
    text::Tokenizer,
};

use crate::Result;

/// Writes a model with its tokenizer and what lies beside that, or, where `base` says what was adapted, its adapters
/// alone. `target` must not be there yet, or be empty.
///
/// # Errors
/// If the device fails, or the folder cannot be written; no part of it stays.
pub fn write(
    model: &Decoder,
    tokenizer: &Tokenizer,
    base: Option<&AdaptedBase>,
    target: &Path,
    precision: Precision,
) -> Result<()> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = target.with_file_name(format!(".{name}.tmp"));
    // Of a write that was killed: its files are those of another model.
    match fs::remove_dir_all(&temporary) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(CoreError::write(&temporary, e).into()),
        _ => {}
    }
    let written = fill(model, tokenizer, base, &temporary, precision)
        .and_then(|()| Ok(fs::rename(&temporary, target).map_err(|e| CoreError::write(target, e))?));
    if written.is_err() {
        // On a full disk the part that was written must not stay.
        let _ = fs::remove_dir_all(&temporary);
    }
    written
}

fn fill(
    model: &Decoder,
    tokenizer: &Tokenizer,
    base: Option<&AdaptedBase>,
    folder: &Path,
    precision: Precision,
) -> Result<()> {
    fs::create_dir_all(folder).map_err(|e| CoreError::write(folder, e))?;
    let mut files = tokenizer.files();
    match base.filter(|_| model.adapters().is_some()) {
        Some(base) => {
            files.extend(about_adapter(model, base)?);
            files.insert(ADAPTER_WEIGHTS.to_owned(), pollster::block_on(model::adapter_to_bytes(model))?);
        }
        None => pollster::block_on(model::save(model, folder, precision))?,
    }
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|e| CoreError::write(&path, e))?;
    }
    for entry in fs::read_dir(folder).map_err(|e| CoreError::read(folder, e))?.flatten() {
        let path = entry.path();
        File::open(&path).and_then(|file| file.sync_all()).map_err(|e| CoreError::write(&path, e))?;
    }
    Ok(())
}
