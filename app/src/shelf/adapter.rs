//! Folders that hold an adapter (LoRA) and no model: what the adapter and the model that it belongs to make together.

use std::path::Path;

use selfsame_core::{
    Error as CoreError,
    model::{self, ADAPTER_WEIGHTS, BasePrecision, Decoder, Source, content_hash, hash_source},
    run::checkpoint::AdaptedBase,
};

use crate::{Error, Result};

/// How many adapters can lie upon each other.
pub const DEEPEST: usize = 16;

/// The files of an adapter.
pub struct Files<'a> {
    /// Where they lie, for errors.
    pub folder: &'a Path,
    /// The text of `adapter_config.json`.
    pub config: &'a str,
    /// The text of [`AdaptedBase::FILE`], where there is one.
    pub belongs_to: Option<&'a str>,
    /// `adapter_model.safetensors`.
    pub weights: &'a mut dyn Source,
}

/// The model that an adapter and its base make together, and the SHA-256 of the two. `base` is a model in that precision
/// with the SHA-256 of its weights; what is added to a packed one stays beside it.
///
/// # Errors
/// If the files are damaged or belong to another model.
pub fn join(
    files: Files<'_>,
    (base, sha256): &(Decoder, String),
    precision: BasePrecision,
) -> Result<(Decoder, String)> {
    let Files { folder, config, belongs_to, weights } = files;
    if let Some(text) = belongs_to {
        check_base(folder, text, sha256)?;
    }
    let model = model::adapter_from_source(base, config, weights, folder)?;
    let list = format!("{sha256}  base\n{}  {ADAPTER_WEIGHTS}\n", hash_source(weights)?);
    let model = if precision.is_full() { model.merged() } else { model };
    Ok((model, content_hash(list.as_bytes())))
}

/// An adapter that says which weights it belongs to is used with no others.
fn check_base(folder: &Path, text: &str, sha256: &str) -> Result<()> {
    let base: AdaptedBase = serde_json::from_str(text).map_err(|e| {
        let path = folder.join(AdaptedBase::FILE);
        CoreError::model(path, format!("not what a run wrote ({e}); restore it from a copy"))
    })?;
    if base.sha256 == sha256 {
        return Ok(());
    }
    Err(Error::told(format!(
        "{}: the model in {} has changed since it was adapted (its SHA-256 differs); restore it from a copy",
        folder.display(),
        base.model
    )))
}

/// Adapters can lie upon adapters, but must not lie in a circle.
pub fn in_a_circle(folder: &Path) -> Error {
    Error::told(format!(
        "{}: adapters of adapters lie in a circle; set `base_model_name_or_path` to the model that was adapted",
        folder.display()
    ))
}
