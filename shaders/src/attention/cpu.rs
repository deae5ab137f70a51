//! The operation on the CPU backend: the products are the backend's, a block of queries at a time.

use std::sync::Arc;

use burn::backend::{Flex, flex::FlexTensor, tensor::FloatTensor};

use super::{AttentionOps, Stretch};
use crate::flex::{dimensions, dot, exp, largest, product, sum, tensor, values, view, wide};

/// Queries whose scores exist at the same time: enough rows for a product, few enough for the cache.
const BLOCK: usize = 64;

impl AttentionOps for Flex {
    fn packed_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        width: usize,
        stretches: Arc<[Stretch]>,
    ) -> FloatTensor<Self> {
        let (query, key, value) = (query.to_contiguous(), key.to_contiguous(), value.to_contiguous());
        let heads = Heads::new(&query, &key, width);
        let [rows, columns] = dimensions(&query);
        let mut result = vec![0.0; rows * columns];
        for stretch in stretches.iter() {
            let path = Path::new(&key, &value, stretch);
            for block in blocks(stretch) {
                let queries = heads.gather(values(&query), &block, heads.scale());
                let mut scores = product(tensor(queries, &heads.of_rows(block.rows)), path.keys(&heads, block.seen));
                let sums = softmax(scores.storage_mut(), block.visible, block.seen);
                let mixed = product(scores, path.values(&heads, block.seen));
                heads.scatter(values(&mixed), Some(&sums), &block, &mut result);
            }
        }
        tensor(result, &[rows, columns])
    }

    fn packed_attention_backward(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        width: usize,
        stretches: Arc<[Stretch]>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (query, key, value) = (query.to_contiguous(), key.to_contiguous(), value.to_contiguous());
        let gradient = gradient.to_contiguous();
        let heads = Heads::new(&query, &key, width);
        let [rows, columns] = dimensions(&query);
        let [keys, key_columns] = dimensions(&key);
        let mut of_query = vec![0.0; rows * columns];
        let (mut of_key, mut of_value) = (vec![0.0; keys * key_columns], vec![0.0; keys * key_columns]);
        for stretch in stretches.iter() {
            let path = Path::new(&key, &value, stretch);
            for block in blocks(stretch) {
                let shape = heads.of_rows(block.rows);
                let queries = tensor(heads.gather(values(&query), &block, heads.scale()), &shape);
                let gradients = tensor(heads.gather(values(&gradient), &block, 1.0), &shape);
                let mut shares = product(queries.clone(), path.keys(&heads, block.seen));
                let sums = softmax(shares.storage_mut(), block.visible, block.seen);
                normalise(shares.storage_mut(), &sums, block.seen);
                // Of values: sharesᵀ · gradient; of shares: gradient · valuesᵀ.
                let turned = heads.turned(&shares, &block);
                path.add(values(&product(turned, gradients.clone())), &heads, block.seen, &mut of_value);
                let mut of_scores = product(gradients, path.values_turned(&heads, block.seen));
                softmax_backward(of_scores.storage_mut(), values(&shares), block.seen);
                drop(shares);
                let turned = heads.turned(&of_scores, &block);
                path.add(values(&product(turned, queries)), &heads, block.seen, &mut of_key);
                let mut of_queries = product(of_scores, path.keys_turned(&heads, block.seen));
                scale(of_queries.storage_mut(), heads.scale());
                heads.scatter(values(&of_queries), None, &block, &mut of_query);
            }
        }
        let shape = [keys, key_columns];
        (tensor(of_query, &[rows, columns]), tensor(of_key, &shape), tensor(of_value, &shape))
    }
}

/// Neighbouring queries of a stretch.
struct Block<'a> {
    /// The first of their rows.
    first: usize,
    rows: usize,
    visible: &'a [usize],
    /// How many keys of the path the one with the widest view sees.
    seen: usize,
}

fn blocks(stretch: &Stretch) -> impl Iterator<Item = Block<'_>> {
    stretch.visible.chunks(BLOCK).enumerate().map(|(index, visible)| Block {
        first: stretch.queries.start + index * BLOCK,
        rows: visible.len(),
        visible,
        seen: visible.iter().copied().max().unwrap_or(1),
    })
}

/// How rows divide into heads.
struct Heads {
    /// Key heads.
    keys: usize,
    /// Query heads for each.
    group: usize,
    width: usize,
}

impl Heads {
    fn new(query: &FlexTensor, key: &FlexTensor, width: usize) -> Self {
        let keys = dimensions(key)[1] / width;
        Self { keys, group: dimensions(query)[1] / (width * keys), width }
    }

    #[allow(clippy::cast_precision_loss)] // head widths
    fn scale(&self) -> f32 {
        1.0 / (self.width as f32).sqrt()
    }

    /// The shape of a block's queries, those of one key head together.
    fn of_rows(&self, rows: usize) -> [usize; 3] {
        [self.keys, self.group * rows, self.width]
    }

    /// A block's rows as `[kv_heads, group * rows, width]`.
    fn gather(&self, all: &[f32], block: &Block<'_>, scale: f32) -> Vec<f32> {
        let (heads, width) = (self.keys * self.group, self.width);
        let mut gathered = Vec::with_capacity(heads * block.rows * width);
        for head in 0..heads {
            for row in block.first..block.first + block.rows {
                let from = &all[(row * heads + head) * width..][..width];
                gathered.extend(from.iter().map(|v| v * scale));
            }
        }
        gathered
    }

    /// The inverse of [`Self::gather`] into `all`, each row divided by its sum where there are sums.
    fn scatter(&self, gathered: &[f32], sums: Option<&[f32]>, block: &Block<'_>, all: &mut [f32]) {
        let (heads, width) = (self.keys * self.group, self.width);
        for head in 0..heads {
            for row in 0..block.rows {
                let at = head * block.rows + row;
                let scale = sums.map_or(1.0, |sums| 1.0 / sums[at]);
                let to = &mut all[((block.first + row) * heads + head) * width..][..width];
                for (to, from) in to.iter_mut().zip(&gathered[at * width..][..width]) {
                    *to = from * scale;
                }
            }
        }
    }

    /// `[kv_heads, group * rows, seen]` with the last two axes exchanged.
    fn turned(&self, scores: &FlexTensor, block: &Block<'_>) -> FlexTensor {
        let (rows, seen) = (self.group * block.rows, block.seen);
        view(scores, &[self.keys, seen, rows], &[rows * seen, 1, seen], 0)
    }
}

/// The keys and values of a stretch's path, in one piece.
struct Path {
    key: FlexTensor,
    value: FlexTensor,
    /// Elements of `key` and `value` before the path.
    offset: usize,
    columns: usize,
    /// The row of each key.
    rows: Vec<usize>,
}

impl Path {
    fn new(key: &FlexTensor, value: &FlexTensor, stretch: &Stretch) -> Self {
        let [_, columns] = dimensions(key);
        let rows: Vec<usize> = stretch.path.iter().cloned().flatten().collect();
        if let [whole] = stretch.path.as_slice() {
            let offset = whole.start * columns;
            return Self { key: key.clone(), value: value.clone(), offset, columns, rows };
        }
        let gather = |all: &FlexTensor| {
            let mut gathered = Vec::with_capacity(rows.len() * columns);
            for range in &stretch.path {
                gathered.extend_from_slice(&values(all)[range.start * columns..range.end * columns]);
            }
            tensor(gathered, &[rows.len(), columns])
        };
        Self { key: gather(key), value: gather(value), offset: 0, columns, rows }
    }

    /// `[kv_heads, seen, width]`
    fn upright(&self, of: &FlexTensor, heads: &Heads, seen: usize) -> FlexTensor {
        view(of, &[heads.keys, seen, heads.width], &[heads.width, self.columns, 1], self.offset)
    }

    /// `[kv_heads, width, seen]`
    fn turned(&self, of: &FlexTensor, heads: &Heads, seen: usize) -> FlexTensor {
        view(of, &[heads.keys, heads.width, seen], &[heads.width, 1, self.columns], self.offset)
    }

    /// What scores are computed from.
    fn keys(&self, heads: &Heads, seen: usize) -> FlexTensor {
        self.turned(&self.key, heads, seen)
    }

    fn keys_turned(&self, heads: &Heads, seen: usize) -> FlexTensor {
        self.upright(&self.key, heads, seen)
    }

    /// What is mixed.
    fn values(&self, heads: &Heads, seen: usize) -> FlexTensor {
        self.upright(&self.value, heads, seen)
    }

    fn values_turned(&self, heads: &Heads, seen: usize) -> FlexTensor {
        self.turned(&self.value, heads, seen)
    }

    /// Adds `[kv_heads, seen, width]` to the path's rows of `all`.
    fn add(&self, part: &[f32], heads: &Heads, seen: usize, all: &mut [f32]) {
        let width = heads.width;
        for head in 0..heads.keys {
            for (at, row) in self.rows[..seen].iter().enumerate() {
                let to = &mut all[row * self.columns + head * width..][..width];
                let from = &part[(head * seen + at) * width..][..width];
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            }
        }
    }
}

wide! {
    /// Replaces scores `[heads * rows, seen]` by their exponentials, zero where a query does not see, and
    /// returns the sum of each row. Every head has rows with these many `visible` keys.
    fn softmax(scores: &mut [f32], visible: &[usize], seen: usize) -> Vec<f32> {
        let mut sums = Vec::with_capacity(scores.len() / seen);
        for rows in scores.chunks_exact_mut(seen * visible.len()) {
            for (row, visible) in rows.chunks_exact_mut(seen).zip(visible) {
                let (row, hidden) = row.split_at_mut(*visible);
                let top = largest(row);
                for score in row.iter_mut() {
                    *score = exp(*score - top);
                }
                hidden.fill(0.0);
                sums.push(sum(row));
            }
        }
        sums
    }
}

wide! {
    fn normalise(shares: &mut [f32], sums: &[f32], seen: usize) {
        for (row, sum) in shares.chunks_exact_mut(seen).zip(sums) {
            let scale = 1.0 / sum;
            for share in row {
                *share *= scale;
            }
        }
    }
}

wide! {
    fn scale(values: &mut [f32], factor: f32) {
        for value in values {
            *value *= factor;
        }
    }
}

wide! {
    /// The gradient of scores from that of their shares, in place.
    fn softmax_backward(gradients: &mut [f32], shares: &[f32], seen: usize) {
        for (gradient, share) in gradients.chunks_exact_mut(seen).zip(shares.chunks_exact(seen)) {
            let mean = dot(gradient, share);
            for (gradient, share) in gradient.iter_mut().zip(share) {
                *gradient = share * (*gradient - mean);
            }
        }
    }
}
