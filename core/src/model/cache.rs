//! Keys and values of what a model has already read.

use burn::tensor::{Int, Tensor};

/// Room is made for so many further positions at a time: what was read before is then copied once
/// for so many tokens, not for each.
const ROOM: usize = 64;

/// The cache of one batch. Rows are left-padded to a common length.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    /// Keys and values of each block, `[batch, kv_heads, span and room, width]`.
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

    /// Appends keys and values of block `layer` and returns all of them, with whatever is in the room behind them.
    pub(super) fn append(&mut self, layer: usize, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let time = key.dims()[2];
        if layer == self.layers.len() {
            self.layers.push((with_room(&key, time), with_room(&value, time)));
        } else if self.layers[layer].0.dims()[2] < self.span + time {
            let (old_key, old_value) = self.layers[layer].clone();
            self.layers[layer] = (with_room(&old_key, time), with_room(&old_value, time));
        }
        let [batch, heads, _, width] = key.dims();
        let from = self.span;
        let write = |all: &mut Tensor<4>, new: Tensor<4>| {
            // Nobody else may hold it: it is then written in place.
            let held = std::mem::replace(all, new.clone());
            *all = held.slice_assign([0..batch, 0..heads, from..from + time, 0..width], new);
            all.clone()
        };
        let (keys, values) = &mut self.layers[layer];
        (write(keys, key), write(values, value))
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

/// A tensor with room behind its positions, for at least `time` further ones.
fn with_room(all: &Tensor<4>, time: usize) -> Tensor<4> {
    let [batch, heads, _, width] = all.dims();
    Tensor::cat(vec![all.clone(), Tensor::zeros([batch, heads, ROOM.max(time), width], &all.device())], 2)
}
