//! Model folders to damage.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{goldens, rules_tokenizer, skipped, tiny};

/// The tensors of a safetensors file: number type, shape, bytes.
pub type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// Writes a tiny model with its tokenizer into `folder`.
///
/// # Panics
/// If the folder cannot be written.
pub fn write_tiny(folder: &Path, seed: u64) {
    fs::create_dir_all(folder).unwrap();
    pollster::block_on(selfsame_core::model::save(&tiny(seed), folder, selfsame_core::model::Precision::F32)).unwrap();
    fs::write(folder.join("tokenizer.json"), rules_tokenizer().json()).unwrap();
}

/// Copies a golden model into `folder`.
///
/// # Panics
/// If a file cannot be copied.
pub fn copy_golden(name: &str, folder: &Path) {
    copy_folder(&goldens().join(name), folder);
}

/// Copies a folder with everything in it.
///
/// # Panics
/// If a file cannot be copied.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Changes the tensors of `folder/model.safetensors`.
///
/// # Panics
/// If the file cannot be read or written.
pub fn edit_tensors(folder: &Path, edit: impl FnOnce(&mut Tensors)) {
    let path = folder.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Tensors = file
        .tensors()
        .into_iter()
        .map(|(name, view)| (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec())))
        .collect();
    edit(&mut tensors);
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, data))| (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap()));
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// Changes a setting of `folder/config.json`.
///
/// # Panics
/// If the file cannot be read or written.
pub fn edit_config(folder: &Path, edit: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) {
    let path = folder.join("config.json");
    let mut value: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edit(value.as_object_mut().unwrap());
    fs::write(path, value.to_string()).unwrap();
}

/// Cargo's target directory, in which tests lie as `PROFILE/deps/NAME`.
#[must_use]
pub fn target() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.ancestors().nth(3)?.to_path_buf())
}

/// A model that `cargo xtask VERB` fetches, as `cargo xtask check` does: in `$SELFSAME_MODELS`, or else in
/// `target/models`. Where it is absent the caller skips its test, loudly; on continuous integration
/// (`SELFSAME_CI=1`) that is a failure.
///
/// # Panics
/// If it is absent and `SELFSAME_CI` is 1.
#[must_use]
pub fn fetched(name: &str, verb: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("SELFSAME_MODELS") {
        Some(folder) => PathBuf::from(folder),
        None => target()?.join("models"),
    };
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("{} is missing; `cargo xtask {verb}` fetches it", path.display()));
    None
}

/// Data that is shared by several checkouts, in a folder `shared/data` beside or above this one. Where it
/// is absent the caller skips its test, loudly.
#[must_use]
pub fn shared(name: &str) -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("shared/data").join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: there is no `shared/data/{name}` beside or above the checkout");
    }
    found
}

/// The names of everything below `folder`, with paths relative to it; empty where it is absent.
#[must_use]
pub fn tree(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path.clone());
            }
            let relative = path.strip_prefix(folder).unwrap_or(&path);
            names.push(relative.display().to_string());
        }
    }
    names.sort();
    names
}
