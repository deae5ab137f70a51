//! Weights, tokenizer and optimiser of a moment, as a folder that other programs can read.

use std::{collections::BTreeMap, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::{Manifest, Store, store::Files};
use crate::{
    Error, Result,
    device::read_floats,
    learn::AdamW,
    model::{self, ADAPTER_CONFIG, ADAPTER_WEIGHTS, Decoder, MemorySource, Precision, WEIGHTS, content_hash},
    text::Tokenizer,
};

/// `state.json`: where in a phase the optimiser was.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct State {
    /// Optimiser steps taken.
    step: usize,
}

/// `base.json` beside an adapter: which model it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdaptedBase {
    /// Where the model was, as manifests name it.
    pub model: String,
    /// SHA-256 of its weights.
    pub sha256: String,
}

impl AdaptedBase {
    /// The name of the file.
    pub const FILE: &str = "base.json";
}

/// The file of weights in the checkpoints of a run.
#[must_use]
pub fn weights_file(manifest: &Manifest) -> &'static str {
    if manifest.lora.is_some() { ADAPTER_WEIGHTS } else { WEIGHTS }
}

/// Writes a checkpoint and returns the hash of its weights. Of a model with adapters only those are
/// written, beside the name and hash of the model that `manifest` says they belong to. The optimiser
/// is only needed to continue inside a phase.
///
/// # Errors
/// If the device or the store fails.
pub async fn write(
    store: &mut dyn Store,
    name: &str,
    model: &Decoder,
    tokenizer: &Tokenizer,
    optimiser: Option<&AdamW>,
    manifest: &Manifest,
) -> Result<String> {
    let json = |e: serde_json::Error| Error::model(name, e.to_string());
    let mut files = tokenizer.files();
    let weights = if model.adapters().is_some() {
        let base = AdaptedBase { model: manifest.model.clone(), sha256: manifest.model_sha256.clone() };
        files.extend(about_adapter(model, &base)?);
        model::adapter_to_bytes(model).await?
    } else {
        files.insert("config.json".to_owned(), serde_json::to_vec_pretty(model.config()).map_err(json)?);
        model::to_bytes(model, Precision::F32).await?
    };
    let hash = content_hash(&weights);
    files.insert(weights_file(manifest).to_owned(), weights);
    if let Some(optimiser) = optimiser {
        let mut named = BTreeMap::new();
        for (index, (first, second)) in optimiser.moments.iter().enumerate() {
            for (moment, tensor) in [("first", first), ("second", second)] {
                let values = read_floats(tensor.clone()).await?;
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                named.insert(format!("{index:04}.{moment}"), (vec![values.len()], bytes));
            }
        }
        files.insert("optimizer.safetensors".to_owned(), model::serialize(&named, Precision::F32)?);
        let state = State { step: optimiser.step };
        files.insert("state.json".to_owned(), serde_json::to_vec_pretty(&state).map_err(json)?);
    }
    store.put(name, &files)?;
    Ok(hash)
}

/// What lies beside the weights of a model's adapters: their settings, and the model that they belong to.
///
/// # Errors
/// If the model has no adapters.
pub fn about_adapter(model: &Decoder, base: &AdaptedBase) -> Result<Files> {
    let json = |e: serde_json::Error| Error::model(ADAPTER_CONFIG, e.to_string());
    let config = model::adapter_config(model, &base.model)?;
    Ok(Files::from([
        (ADAPTER_CONFIG.to_owned(), serde_json::to_vec_pretty(&config).map_err(json)?),
        (AdaptedBase::FILE.to_owned(), serde_json::to_vec_pretty(base).map_err(json)?),
    ]))
}

/// Reads the weights of a checkpoint and checks them against the hash in the log. Adapters are put in
/// the place of those of `like`.
///
/// # Errors
/// If a file is missing, or is not the one that was logged.
pub fn read_model(store: &dyn Store, name: &str, sha256: &str, like: &Decoder) -> Result<Decoder> {
    let adapted = like.adapters().is_some();
    let file = if adapted { ADAPTER_WEIGHTS } else { WEIGHTS };
    let bytes = store.get(name, file)?;
    let folder = Path::new("checkpoints").join(name);
    let path = folder.join(file);
    if content_hash(&bytes) != sha256 {
        return Err(Error::model(
            path,
            "is not the file the log speaks of (its SHA-256 differs); restore it from a copy, or start a new run",
        ));
    }
    if !adapted {
        let read = model::from_bytes(like.config().clone(), &bytes, &path, &like.device())?;
        return Ok(read.recomputing(like.recomputes()));
    }
    let config = store.get(name, ADAPTER_CONFIG)?;
    let config = String::from_utf8_lossy(&config);
    let read = model::adapter_from_source(like, &config, &mut MemorySource::new(&bytes), &folder)?;
    if read.adapters() != like.adapters() {
        return Err(Error::model(
            folder.join(ADAPTER_CONFIG),
            "has another rank or alpha than the run; restore it from a copy, or start a new run",
        ));
    }
    Ok(read)
}

/// Reads the optimiser of a checkpoint into `optimiser`.
///
/// # Errors
/// If a file is missing or damaged.
pub fn read_optimiser(store: &dyn Store, name: &str, optimiser: &mut AdamW, device: &Device) -> Result<()> {
    let path = Path::new("checkpoints").join(name).join("optimizer.safetensors");
    let wrong = |problem: String| Error::model(&path, format!("{problem}; restore it from a copy, or start a new run"));
    let bytes = store.get(name, "optimizer.safetensors")?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| wrong(e.to_string()))?;
    let moment = |index: usize, moment: &str| -> Result<Tensor<1>> {
        let view = file.tensor(&format!("{index:04}.{moment}")).map_err(|e| wrong(e.to_string()))?;
        let values: Vec<f32> = view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        let size = values.len();
        Ok(Tensor::from_data(TensorData::new(values, [size]), device))
    };
    let state: State = serde_json::from_slice(&store.get(name, "state.json")?).map_err(|e| wrong(e.to_string()))?;
    optimiser.step = state.step;
    optimiser.moments = (0..file.len() / 2)
        .map(|index| Ok((moment(index, "first")?, moment(index, "second")?)))
        .collect::<Result<_>>()?;
    Ok(())
}
