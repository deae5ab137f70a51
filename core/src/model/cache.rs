//! Keys and values of what a model has already read.

use burn::tensor::{Int, Tensor};

/// The cache of one batch. Rows are left-padded to a common length.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    /// Keys and values of each block, `[batch, kv_heads, span, width]`.
    pub(super) layers: Vec<(Tensor<4>, Tensor<4>)>,
    /// For each row, how many of its first positions are padding.
    pub(super) padding: Vec<usize>,
    /// Positions read so far, padding included.
    pub(super) span: usize,
}

impl Cache {
    /// An empty cache for rows whose first `padding[row]` positions are padding.
    #[must_use]
    pub fn new(padding: Vec<usize>) -> Self {
        Self { layers: Vec::new(), padding, span: 0 }
    }

    /// Appends keys and values of block `layer` and returns all of them.
    pub(super) fn append(&mut self, layer: usize, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let joined = match self.layers.get(layer) {
            Some((old_key, old_value)) => {
                (Tensor::cat(vec![old_key.clone(), key], 2), Tensor::cat(vec![old_value.clone(), value], 2))
            }
            None => (key, value),
        };
        if layer < self.layers.len() {
            self.layers[layer] = joined.clone();
        } else {
            self.layers.push(joined.clone());
        }
        joined
    }

    /// The cache whose row `i` is this one's row `rows[i]`: repeats a prompt for its samples, or
    /// leaves out the rows that are done.
    #[must_use]
    pub fn select(self, rows: &[usize]) -> Self {
        let indices = |device: &burn::tensor::Device| {
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // batch sizes
            let rows: Vec<i32> = rows.iter().map(|r| *r as i32).collect();
            Tensor::<1, Int>::from_ints(rows.as_slice(), device)
        };
        Self {
            padding: rows.iter().map(|row| self.padding[*row]).collect(),
            span: self.span,
            layers: self
                .layers
                .into_iter()
                .map(|(key, value)| {
                    let at = indices(&key.device());
                    (key.select(0, at.clone()), value.select(0, at))
                })
                .collect(),
        }
    }
}
