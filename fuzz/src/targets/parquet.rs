//! Data sets as Parquet, from a file on disk.

use std::{io::Write, path::Path};

use selfsame_core::prompt::{dataset::Dataset, read_jsonl};

use super::data_set::learn;

pub(super) fn read(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("a file that can be written");
    let path: &Path = file.path();
    let _ = read_jsonl(path);
    if let Ok(data) = Dataset::read(path, None) {
        learn(&data);
    }
}
