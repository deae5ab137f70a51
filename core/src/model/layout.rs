//! How forests of sequences lie on a device, and who sees whom there.
//!
//! On the CPU all nodes stand behind one another without padding, and attention reads along the trees.
//! On an adapter a row holds a tree, padded to the longest, and a mask hides what is not on a token's
//! path: few large operations are what adapters are fast at.

use std::{ops::Range, sync::Arc};

use burn::tensor::{Device, Int, Tensor, TensorData};
use selfsame_shaders::{Stretch, packed_attention};

use super::{
    Forest,
    attention::{HIDDEN, attend, causal_mask},
};
use crate::device::{cpu, indices};

/// On an adapter a row takes further sequences of a prompt up to so many times its longest one:
/// attention there costs the square of a row.
const WIDEST_ROW: usize = 2;

/// Sequences as a decoder reads them, and the positions whose hidden states are wanted.
#[derive(Debug, Clone)]
pub struct Layout {
    /// `[rows, time]`
    pub(super) tokens: Tensor<2, Int>,
    /// The position of each token in its sequence, a list per row, or one for all.
    pub(super) positions: Vec<Vec<usize>>,
    /// The wanted ones of the flattened tokens, rising, `[wanted]`; `None` where all are.
    pub(super) wanted: Option<Tensor<1, Int>>,
    sight: Sight,
    /// Tokens that are computed, padding left out.
    computed: usize,
}

/// Who sees whom.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // one a batch
enum Sight {
    /// Along the trees of packed tokens: for all queries, and for the wanted ones alone.
    Trees { all: Arc<[Stretch]>, wanted: Arc<[Stretch]> },
    /// Within rows, by a mask that is added to the scores, `[1 or rows, time, time]`.
    Rows(Tensor<3>),
}

impl Layout {
    /// Lays out sequences on a device. `wanted` lists positions of each sequence, in any order.
    ///
    /// Returns the layout, and for each wanted position, in the given order, its place among the hidden
    /// states; `None` where that is the order already.
    #[must_use]
    pub fn new(sequences: &[(&[u32], Vec<usize>)], device: &Device) -> (Self, Option<Vec<usize>>) {
        if *device == cpu() { Self::packed(sequences, device) } else { Self::in_rows(sequences, device) }
    }

    /// How many tokens the model computes for it, padding left out.
    #[must_use]
    pub fn computed(&self) -> usize {
        self.computed
    }

    /// All sequences in one forest, without padding.
    fn packed(sequences: &[(&[u32], Vec<usize>)], device: &Device) -> (Self, Option<Vec<usize>>) {
        let mut forest = Forest::default();
        let places: Vec<usize> = sequences
            .iter()
            .flat_map(|(tokens, wanted)| {
                let nodes = forest.insert(tokens);
                wanted.iter().map(move |position| nodes[*position]).collect::<Vec<_>>()
            })
            .collect();
        let (wanted, order) = distinct(&places);
        let stretch = |queries: Range<usize>, nodes: &[usize], branch: &super::forest::Branch| Stretch {
            queries,
            path: branch.past.iter().cloned().chain([branch.nodes.clone()]).collect(),
            visible: nodes.iter().map(|node| branch.depth() + node - branch.nodes.start + 1).collect(),
        };
        let all = forest
            .branches
            .iter()
            .map(|branch| stretch(branch.nodes.clone(), &branch.nodes.clone().collect::<Vec<_>>(), branch))
            .collect::<Arc<[Stretch]>>();
        // Branches follow one another, and so do the wanted nodes among them.
        let mut asked = Vec::new();
        for branch in &forest.branches {
            let first = wanted.partition_point(|node| *node < branch.nodes.start);
            let end = wanted.partition_point(|node| *node < branch.nodes.end);
            if first < end {
                asked.push(stretch(first..end, &wanted[first..end], branch));
            }
        }
        let layout = Self {
            tokens: matrix(&[forest.tokens.clone()], forest.len(), device),
            positions: vec![forest.positions.clone()],
            wanted: (wanted.len() < forest.len()).then(|| indices(wanted, device)),
            sight: Sight::Trees { all, wanted: asked.into() },
            computed: forest.len(),
        };
        (layout, order)
    }

    /// A tree a row, or a sequence a row where that is less to compute.
    fn in_rows(sequences: &[(&[u32], Vec<usize>)], device: &Device) -> (Self, Option<Vec<usize>>) {
        let longest = sequences.iter().map(|(tokens, _)| tokens.len()).max().unwrap_or(0);
        let mut rows: Vec<Forest> = Vec::new();
        let mut nodes: Vec<(usize, Vec<usize>)> = Vec::new();
        for (tokens, _) in sequences {
            let fitting = rows.iter().position(|row| {
                let shared = row.shared(tokens);
                4 * shared >= tokens.len() && row.len() + tokens.len() - shared <= WIDEST_ROW * longest
            });
            let row = fitting.unwrap_or_else(|| {
                rows.push(Forest::default());
                rows.len() - 1
            });
            nodes.push((row, rows[row].insert(tokens)));
        }
        let mut time = rows.iter().map(Forest::len).max().unwrap_or(0);
        if rows.len() * time >= sequences.len() * longest {
            rows.clear();
            time = longest;
            nodes = sequences
                .iter()
                .enumerate()
                .map(|(row, (tokens, _))| {
                    let mut forest = Forest::default();
                    let nodes = forest.insert(tokens);
                    rows.push(forest);
                    (row, nodes)
                })
                .collect();
        }
        let places: Vec<usize> = nodes
            .iter()
            .zip(sequences)
            .flat_map(|((row, nodes), (_, wanted))| wanted.iter().map(move |position| row * time + nodes[*position]))
            .collect();
        let (wanted, order) = distinct(&places);
        let plain = rows.iter().all(|row| row.branches.len() <= 1);
        let layout = Self {
            tokens: matrix(&rows.iter().map(|row| row.tokens.clone()).collect::<Vec<_>>(), time, device),
            positions: if plain {
                vec![(0..time).collect()]
            } else {
                // Padding stands anywhere: nobody sees it.
                rows.iter()
                    .map(|row| (0..time).map(|node| row.positions.get(node).copied().unwrap_or(0)).collect())
                    .collect()
            },
            wanted: (wanted.len() < rows.len() * time).then(|| indices(wanted, device)),
            sight: Sight::Rows(if plain { causal_mask(time, device) } else { tree_mask(&rows, time, device) }),
            computed: rows.iter().map(Forest::len).sum(),
        };
        (layout, order)
    }

    /// The attention of every token: `query`, `key` and `value` as [`attend`] takes them.
    pub(super) fn attend(&self, query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<2> {
        match &self.sight {
            Sight::Trees { all, .. } => along_trees(query, key, value, all),
            Sight::Rows(mask) => {
                let [_, _, time] = mask.dims();
                attend(query, key, value, mask.clone(), time)
            }
        }
    }

    /// The attention of the wanted tokens alone.
    pub(super) fn attend_wanted(&self, query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<2> {
        match (&self.sight, &self.wanted) {
            (Sight::Trees { wanted, .. }, Some(places)) => {
                let [_, _, heads, width] = query.dims();
                let [count] = places.dims();
                let rows = self.select(query.reshape([self.computed, heads * width]));
                along_trees(rows.reshape([1, count, heads, width]), key, value, wanted)
            }
            _ => self.select(self.attend(query, key, value)),
        }
    }

    /// The rows of the wanted tokens.
    pub(super) fn select(&self, rows: Tensor<2>) -> Tensor<2> {
        match &self.wanted {
            Some(places) => rows.select(0, places.clone()),
            None => rows,
        }
    }
}

fn along_trees(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, stretches: &Arc<[Stretch]>) -> Tensor<2> {
    let [_, count, heads, width] = query.dims();
    let [_, kv_heads, span, _] = key.dims();
    let rows = |x: Tensor<4>| x.swap_dims(1, 2).reshape([span, kv_heads * width]);
    packed_attention(query.reshape([count, heads * width]), rows(key), rows(value), width, stretches.clone())
}

/// Places in rising order, each once, and where each of the given ones is among them; `None` where they
/// were so already.
fn distinct(places: &[usize]) -> (Vec<usize>, Option<Vec<usize>>) {
    if places.is_sorted_by(|a, b| a < b) {
        return (places.to_vec(), None);
    }
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let order = places.iter().map(|place| sorted.partition_point(|other| other < place)).collect();
    (sorted, Some(order))
}

/// Rows of tokens, padded at their ends.
fn matrix(rows: &[Vec<u32>], time: usize, device: &Device) -> Tensor<2, Int> {
    let mut tokens = vec![0_i32; rows.len() * time];
    for (index, row) in rows.iter().enumerate() {
        for (slot, token) in tokens[index * time..].iter_mut().zip(row) {
            *slot = token.cast_signed();
        }
    }
    Tensor::from_data(TensorData::new(tokens, [rows.len(), time]), device)
}

/// A token sees its path and itself. Padding sees itself alone.
fn tree_mask(rows: &[Forest], time: usize, device: &Device) -> Tensor<3> {
    let mut values = vec![HIDDEN; rows.len() * time * time];
    for (row, values) in rows.iter().zip(values.chunks_exact_mut(time * time)) {
        for node in 0..time {
            values[node * time + node] = 0.0;
        }
        for branch in &row.branches {
            for node in branch.nodes.clone() {
                let seen = branch.past.iter().cloned().chain([branch.nodes.start..node]);
                seen.for_each(|run| values[node * time..][run].fill(0.0));
            }
        }
    }
    Tensor::from_data(TensorData::new(values, [rows.len(), time, time]), device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        learn::{Batch, Sequence},
        model::{Activation, Cache, Config, Decoder, Family},
    };

    fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        pollster::block_on(crate::device::read_floats(tensor)).unwrap()
    }

    fn model(family: Family, device: &Device) -> Decoder {
        // GPT-2 has as many key heads as query heads.
        let keys = if family == Family::Gpt2 { 4 } else { 2 };
        let mut config = Config::llama(32, 48, 3, 4, keys, 60);
        config.model_type = family;
        if matches!(family, Family::Gpt2 | Family::Gemma) {
            config.hidden_act = Activation::GeluTanh;
        }
        config.max_position_embeddings = 96;
        config.tie_word_embeddings = false;
        Decoder::random(config, 3, &[], device)
    }

    /// Two prompts with three answers each, a row without a label in common, and labels in the middle.
    fn sequences() -> Vec<Sequence> {
        let text = |seed: u32, count: u32| (0..count).map(|i| 1 + (seed * 17 + i * 7) % 59).collect::<Vec<u32>>();
        let mut rows: Vec<Sequence> = [(1, 70), (2, 9)]
            .into_iter()
            .flat_map(|(seed, count)| {
                (3..6).map(move |a| Sequence::completion(&text(seed, count), &text(a + seed, 2 * a)))
            })
            .collect();
        rows.swap(1, 3);
        rows.push(Sequence { tokens: text(1, 40), labels: vec![(39, 5), (3, 8), (3, 9)] });
        rows
    }

    /// Each sequence alone, in a row of its own, with the head computed everywhere.
    fn alone(model: &Decoder, sequence: &Sequence) -> Tensor<1> {
        let (layout, _) = Layout::in_rows(&[(&sequence.tokens, (0..sequence.tokens.len()).collect())], &model.device());
        let logprobs = burn::tensor::activation::log_softmax(model.logits(model.hidden(&layout)), 1);
        let parts = sequence.labels.iter().map(|(position, token)| {
            let (position, token) = (*position, *token as usize);
            logprobs.clone().slice([position..position + 1, token..token + 1]).reshape([1])
        });
        Tensor::cat(parts.collect(), 0)
    }

    /// Log-probabilities, and gradients of a weighted sum of them.
    fn run(family: Family, logprobs: impl Fn(&Decoder) -> Tensor<1>) -> (Vec<f32>, Vec<Vec<f32>>) {
        let tracked = model(family, &cpu()).tracked();
        let values = logprobs(&tracked);
        #[allow(clippy::cast_precision_loss)]
        let weights: Vec<f32> = (0..values.dims()[0]).map(|i| ((i * 31 % 17) as f32 - 8.0) / 8.0).collect();
        let weighted = values.clone() * Tensor::<1>::from_floats(weights.as_slice(), &tracked.device());
        let gradients = crate::learn::adamw::gradients(&tracked, &weighted.sum());
        (floats(values.inner()), gradients.into_iter().map(floats).collect())
    }

    fn assert_same(ours: &(Vec<f32>, Vec<Vec<f32>>), expected: &(Vec<f32>, Vec<Vec<f32>>)) {
        for (x, y) in ours.0.iter().zip(&expected.0) {
            assert!((x - y).abs() < 1e-5, "{x} {y}");
        }
        assert_eq!((ours.0.len(), ours.1.len()), (expected.0.len(), expected.1.len()));
        for (ours, expected) in ours.1.iter().zip(&expected.1) {
            let largest = expected.iter().fold(0.0_f32, |top, g| top.max(g.abs()));
            assert!(largest > 0.0);
            for (x, y) in ours.iter().zip(expected) {
                assert!((x - y).abs() < 1e-5 * largest.max(1.0), "{x} {y}");
            }
        }
    }

    #[test]
    fn shared_beginnings_change_neither_log_probabilities_nor_gradients() {
        let sequences = sequences();
        let all: Vec<&Sequence> = sequences.iter().collect();
        let inputs: Vec<(&[u32], Vec<usize>)> =
            sequences.iter().map(|s| (s.tokens.as_slice(), s.labels.iter().map(|l| l.0).collect())).collect();
        for family in Family::ALL {
            let expected = run(family, |model| Tensor::cat(sequences.iter().map(|s| alone(model, s)).collect(), 0));
            let packed = run(family, |model| Batch::new(&all, &model.device()).token_logprobs(model));
            assert_same(&packed, &expected);
            let rows = run(family, |model| {
                let (layout, order) = Layout::in_rows(&inputs, &model.device());
                assert!(matches!(&layout.sight, Sight::Rows(mask) if mask.dims()[0] < sequences.len()));
                let hidden = model.hidden(&layout).select(0, indices(order.unwrap(), &model.device()));
                let targets = indices(all.iter().flat_map(|s| s.labels.iter().map(|l| l.1 as usize)), &model.device());
                let count = targets.dims()[0];
                model.label_figures(hidden, targets.reshape([count, 1])).slice([0..count, 0..1]).reshape([count])
            });
            assert_same(&rows, &expected);
        }
    }

    /// Learned positions are those of the sequences, wherever a layout puts their tokens: reading one token
    /// at a time over the cache, which knows no layout, says the same.
    #[test]
    fn learned_positions_are_those_of_the_sequences() {
        let model = model(Family::Gpt2, &cpu());
        let sequences = sequences();
        let expected: Vec<f32> = sequences
            .iter()
            .flat_map(|sequence| {
                let mut cache = Cache::new(vec![0]);
                let logprobs: Vec<Vec<f32>> = sequence
                    .tokens
                    .iter()
                    .map(|token| {
                        let token = Tensor::<2, Int>::from_ints([[token.cast_signed()]], &cpu());
                        let logits = model.logits(model.extend(token, &mut cache));
                        floats(burn::tensor::activation::log_softmax(logits, 1))
                    })
                    .collect();
                sequence.labels.iter().map(|(at, token)| logprobs[*at][*token as usize]).collect::<Vec<_>>()
            })
            .collect();
        let inputs: Vec<(&[u32], Vec<usize>)> =
            sequences.iter().map(|s| (s.tokens.as_slice(), s.labels.iter().map(|l| l.0).collect())).collect();
        let targets: Vec<usize> = sequences.iter().flat_map(|s| s.labels.iter().map(|l| l.1 as usize)).collect();
        for (layout, order) in [Layout::packed(&inputs, &cpu()), Layout::in_rows(&inputs, &cpu())] {
            let hidden = model.hidden(&layout).select(0, indices(order.unwrap(), &cpu()));
            let count = targets.len();
            let both = model.label_figures(hidden, indices(targets.clone(), &cpu()).reshape([count, 1]));
            for (x, y) in floats(both.slice([0..count, 0..1])).iter().zip(&expected) {
                assert!((x - y).abs() < 1e-5, "{x} {y}");
            }
        }
    }

    /// On whatever adapter there is, software ones included; without any the test says so.
    #[test]
    fn an_adapter_computes_the_same() {
        let Some(gpu) = crate::device::of_tests() else { return };
        let sequences = sequences();
        let all: Vec<&Sequence> = sequences.iter().collect();
        let values = |device: &Device| floats(Batch::new(&all, device).token_logprobs(&model(Family::Llama, device)));
        for (x, y) in values(&gpu).iter().zip(&values(&cpu())) {
            assert!((x - y).abs() < 1e-4, "{x} {y}");
        }
    }

    #[test]
    fn a_prompt_is_computed_once() {
        let sequences = sequences();
        let batch = Batch::new(&sequences.iter().collect::<Vec<_>>(), &cpu());
        let answers = 2 * (3 + 4 + 5);
        assert_eq!(batch.computed(), 70 + 9 + 2 * answers);
    }
}
