//! `model.safetensors.index.json` and the shards beside it, as a folder on disk.

use std::fs;

use selfsame_core::{
    device,
    model::{INDEX, has_weights, hash_folder, load},
};

use super::safetensors::{count, tiny};
use crate::parts::parts;

pub(super) fn read(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("a file");
    write("config.json", &serde_json::to_vec(&tiny()).expect("JSON"));
    let parts = parts(bytes);
    write(INDEX, parts[0]);
    for (shard, name) in parts[1..].iter().zip(["a.safetensors", "b.safetensors", "c.safetensors"]) {
        write(name, shard);
    }
    assert!(has_weights(folder.path()));
    let hashed = hash_folder(folder.path());
    if let Ok(model) = load(folder.path(), &device::cpu()) {
        assert!(hashed.is_ok());
        assert_eq!(count(&model), model.config().parameters());
    }
}
