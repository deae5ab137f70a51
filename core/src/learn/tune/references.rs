//! The reference's log-probabilities on disk, so that what one run computed the next one reads: other learning
//! rates, other objectives, other β on the same rows have the same reference.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

use crate::{
    Error, Result,
    learn::Sequence,
    model::{Precision, content_hash, serialize},
};

/// The one tensor of a file, `[labels]`, in nats.
const TENSOR: &str = "logprobs";

/// A folder of log-probabilities, each file named by what decided its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceCache {
    folder: PathBuf,
    model: String,
}

impl ReferenceCache {
    /// The files of a folder, which need not be there yet. `model` has to tell apart whatever changes the
    /// numbers: the weights, how they are kept in memory, the device.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, model: impl Into<String>) -> Self {
        Self { folder: folder.into(), model: model.into() }
    }

    /// The same folder for numbers that are computed without gradients being recorded: that can change the last digit.
    pub(super) fn without_gradients(&self) -> Self {
        Self::new(&self.folder, format!("{}, without gradients", self.model))
    }

    /// The log-probability of every label of some batches: from the folder where it has them, else computed and
    /// put there.
    ///
    /// # Errors
    /// If they cannot be computed, or a file cannot be read or written or holds something else.
    pub(super) async fn or_compute(
        &self,
        batches: &[Vec<&Sequence>],
        compute: impl AsyncFnOnce() -> Result<Vec<f32>>,
    ) -> Result<Vec<f32>> {
        let path = self.folder.join(format!("{}.safetensors", self.name(batches)));
        if path.exists() {
            return read(&path, batches.iter().flatten().map(|sequence| sequence.labels.len()).sum());
        }
        let values = compute().await?;
        self.write(&path, &values)?;
        Ok(values)
    }

    /// The SHA-256 of everything that decides the numbers, the batches included: what is computed together can
    /// change the last digit.
    fn name(&self, batches: &[Vec<&Sequence>]) -> String {
        let mut hash = Sha256::new();
        let mut add = |number: usize| hash.update((number as u64).to_le_bytes());
        add(batches.len());
        for batch in batches {
            add(batch.len());
            for sequence in batch {
                add(sequence.tokens.len());
                sequence.tokens.iter().for_each(|token| add(*token as usize));
                add(sequence.labels.len());
                for (position, token) in &sequence.labels {
                    add(*position);
                    add(*token as usize);
                }
            }
        }
        let rows = hash.finalize();
        content_hash(&[env!("CARGO_PKG_VERSION").as_bytes(), b"\n", self.model.as_bytes(), b"\n", &rows].concat())
    }

    fn write(&self, path: &Path, values: &[f32]) -> Result<()> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let named = BTreeMap::from([(TENSOR.to_owned(), (vec![values.len()], bytes))]);
        let file = serialize(&named, Precision::F32)?;
        // Under another name until it is whole; of its own, since another run may write the same.
        let temporary = path.with_extension(format!("{}.unfinished", std::process::id()));
        fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&temporary, file))
            .and_then(|()| fs::rename(&temporary, path))
            .map_err(|e| {
                // On a full disk the part that was written must not stay.
                let _ = fs::remove_file(&temporary);
                Error::write(path, e)
            })
    }
}

/// As many numbers as a file has to hold.
fn read(path: &Path, count: usize) -> Result<Vec<f32>> {
    let bytes = fs::read(path).map_err(|e| Error::read(path, e))?;
    let wrong =
        || Error::model(path, format!("does not hold {count} log-probabilities; delete it, and it is made anew"));
    let file = SafeTensors::deserialize(&bytes).map_err(|_| wrong())?;
    let view = file.tensor(TENSOR).map_err(|_| wrong())?;
    if view.dtype() != Dtype::F32 || view.shape() != [count] {
        return Err(wrong());
    }
    let values: Vec<f32> = view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences() -> [Sequence; 3] {
        [(&[1, 2][..], &[3][..]), (&[1], &[2, 3]), (&[4], &[5, 6, 7])].map(|(p, c)| Sequence::completion(p, c))
    }

    #[test]
    fn what_was_computed_is_read_and_only_for_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ReferenceCache::new(folder.path().join("kept"), "a model");
        let [a, b, c] = &sequences();
        let get = |cache: &ReferenceCache, batches: &[Vec<&Sequence>], value: f32| {
            let count: usize = batches.iter().flatten().map(|s| s.labels.len()).sum();
            pollster::block_on(cache.or_compute(batches, async || Ok(vec![value; count]))).unwrap()
        };
        assert_eq!(get(&cache, &[vec![a, b], vec![c]], -1.5), [-1.5; 6]);
        assert_eq!(get(&cache, &[vec![a, b], vec![c]], -2.0), [-1.5; 6]);
        // Another model, other batches, another order.
        assert_eq!(get(&ReferenceCache::new(folder.path().join("kept"), "b"), &[vec![a, b], vec![c]], -2.0), [-2.0; 6]);
        assert_eq!(get(&cache, &[vec![a], vec![b, c]], -3.0), [-3.0; 6]);
        assert_eq!(get(&cache, &[vec![b, a], vec![c]], -4.0), [-4.0; 6]);
        assert_eq!(fs::read_dir(folder.path().join("kept")).unwrap().count(), 4);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ReferenceCache::new(folder.path(), "m");
        let [a, ..] = &sequences();
        let batches = [vec![a]];
        let path = folder.path().join(format!("{}.safetensors", cache.name(&batches)));
        let mut damage: Vec<Vec<u8>> = vec![b"nothing".to_vec()];
        for values in [&[-1.0_f32, -2.0][..], &[f32::NAN]] {
            cache.write(&path, values).unwrap();
            damage.push(fs::read(&path).unwrap());
        }
        for bytes in damage {
            fs::write(&path, bytes).unwrap();
            let error = pollster::block_on(cache.or_compute(&batches, async || Ok(vec![-1.0]))).unwrap_err();
            assert!(error.to_string().contains("delete it"), "{error}");
        }
    }
}
