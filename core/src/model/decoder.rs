//! The forward pass of a decoder. What distinguishes the families is asked of [`Family`] and of the
//! weights themselves.

use burn::tensor::{Device, Int, Tensor};
use selfsame_shaders::{Panels, cached_attention, swiglu};

use super::{
    Activation, Cache, Config, Layer, Layout, Linear, LoraConfig, Mapper, Matrix, Norm, Weights,
    attention::{attend, padded_mask},
    recompute::Tape,
    rope::{Angles, Rope},
    weights::{Part, fixed},
};
use crate::{Error, Result};

/// A model in memory. Cloning is cheap: the clone shares the weights.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: Config,
    rope: Rope,
    weights: Weights,
    /// What the adapters among the weights are, where there are some.
    lora: Option<LoraConfig>,
    /// Whether what learns from it computes its blocks again on the way back.
    recomputes: bool,
    /// Where the passes of a tracked model that does so are kept for the way back.
    tape: Option<Tape>,
}

impl Decoder {
    /// A model from its parts. The weights must have the shapes that `config` says.
    #[must_use]
    pub fn new(config: Config, weights: Weights) -> Self {
        Self { rope: Rope::new(&config), config, weights, lora: None, recomputes: false, tape: None }
    }

    /// The same model with its matrices laid out for the CPU, on which products with few rows, such as those of
    /// drawing, otherwise rearrange every matrix for every token. Since this copies the matrices, adapters are merged
    /// into the copies. Graphics devices rearrange for themselves; there it is the same model, and so it is where
    /// matrices are packed, which copies would make large again.
    #[must_use]
    pub fn laid_out(&self) -> Self {
        if self.device() != crate::device::cpu() || self.weights.has_packed() {
            return self.clone();
        }
        let panels = |matrix: &Matrix| Matrix::Panels(Panels::new(matrix.full()));
        let merged = self.merged();
        let mut weights = merged.weights.clone();
        // Embeddings are looked up row by row; as the head of the same model they are a matrix like others.
        weights.head = Some(panels(merged.head()));
        for (_, part) in weights.parts() {
            if let Part::Linear(linear) = part {
                linear.weight = panels(&linear.weight);
            }
        }
        merged.with_weights(weights)
    }

    /// The shape of the model.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The weights.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The same model with other weights of the same shapes.
    #[must_use]
    pub fn with_weights(&self, weights: Weights) -> Self {
        self.adapted(weights, self.lora)
    }

    /// The same model with other weights, among which there are these adapters or none.
    pub(super) fn adapted(&self, weights: Weights, lora: Option<LoraConfig>) -> Self {
        let (config, rope) = (self.config.clone(), self.rope.clone());
        Self { config, rope, weights, lora, recomputes: self.recomputes, tape: None }
    }

    /// The same model, of which learning keeps the inputs of its blocks alone and computes the rest of what they need
    /// again on the way back, or keeps all. Gradients are the same, to the last bit where a loss reads the model once; see [`gradients`](crate::learn::adamw::gradients).
    #[must_use]
    pub fn recomputing(self, recomputes: bool) -> Self {
        Self { recomputes, ..self }
    }

    /// Whether learning computes blocks again on the way back.
    #[must_use]
    pub fn recomputes(&self) -> bool {
        self.recomputes
    }

    /// What the adapters are, where there are some.
    #[must_use]
    pub fn adapters(&self) -> Option<&LoraConfig> {
        self.lora.as_ref()
    }

    /// Checks that the model knows every token.
    ///
    /// # Errors
    /// Names the first one that it does not: model and tokenizer do not belong together then.
    pub fn check_tokens<'a>(&self, ids: impl IntoIterator<Item = &'a u32>) -> Result<()> {
        let known = self.config.vocab_size;
        match ids.into_iter().find(|id| **id as usize >= known) {
            None => Ok(()),
            Some(id) => Err(Error::Tokenizer(format!(
                "token {id} is unknown to the model, whose `vocab_size` is {known}; `tokenizer.json` and the weights do not belong together"
            ))),
        }
    }

    /// Where the weights are.
    #[must_use]
    pub fn device(&self) -> Device {
        // Packed matrices know nothing of gradients, and norms are never packed.
        self.weights.norm.device()
    }

    /// The same model with all matrices in single precision; those that are not packed are shared.
    #[must_use]
    pub fn unpacked(&self) -> Self {
        let mut weights = self.weights.clone();
        for (_, part) in weights.parts() {
            match part {
                Part::Table(matrix) => *matrix = Matrix::Full(matrix.full()),
                Part::Linear(linear) => linear.weight = Matrix::Full(linear.weight.full()),
                Part::Positions(_) | Part::Norm(_) => (),
            }
        }
        self.with_weights(weights)
    }

    /// The weights that learn as leaves of a new gradient graph, the others as its constants. Gradients of a loss of it
    /// are asked for by [`gradients`](crate::learn::adamw::gradients).
    #[must_use]
    pub fn tracked(&self) -> Self {
        struct Constant;
        impl Mapper for Constant {
            fn map<const D: usize>(&mut self, _: &str, weight: Tensor<D>) -> Tensor<D> {
                Tensor::from_inner(fixed(weight))
            }
        }
        struct Leaf;
        impl Mapper for Leaf {
            fn map<const D: usize>(&mut self, _: &str, weight: Tensor<D>) -> Tensor<D> {
                weight.require_grad()
            }
        }
        let tracked = self.with_weights(self.weights.clone().map_all(&mut Constant).map(&mut Leaf));
        Self { tape: self.recomputes.then(Tape::default), ..tracked }
    }

    /// The same model outside of any gradient graph.
    pub(super) fn plain(&self) -> Self {
        struct Plain;
        impl Mapper for Plain {
            fn map<const D: usize>(&mut self, _: &str, weight: Tensor<D>) -> Tensor<D> {
                fixed(weight)
            }
        }
        self.with_weights(self.weights.clone().map_all(&mut Plain))
    }

    /// The passes that are kept for the way back, where they are.
    pub(super) fn tape(&self) -> Option<&Tape> {
        self.tape.as_ref()
    }

    /// The hidden states of the wanted tokens of `layout` in their order, `[wanted, hidden]`, after the
    /// last norm. The last block is computed at those tokens only: nobody reads the others' results.
    #[must_use]
    pub fn hidden(&self, layout: &Layout) -> Tensor<2> {
        let last = match &self.tape {
            Some(tape) => tape.pass(self, layout),
            None => self.through_blocks(layout, |_| ()),
        };
        self.normed(&self.weights.norm, last)
    }

    /// What the last block makes of the wanted tokens of `layout`, `[wanted, hidden]`; `seen` is told what every block
    /// reads.
    pub(super) fn through_blocks(&self, layout: &Layout, mut seen: impl FnMut(&Tensor<2>)) -> Tensor<2> {
        let angles = self.angles(layout);
        let mut x = self.first(layout);
        for index in 0..self.weights.layers.len() {
            seen(&x);
            x = self.block(index, x, layout, &angles);
        }
        if self.weights.layers.is_empty() { layout.select(x) } else { x }
    }

    /// Rotations of the tokens of `layout`.
    pub(super) fn angles(&self, layout: &Layout) -> Angles {
        self.rope.angles(&layout.positions, &self.device())
    }

    /// What the first block reads of `layout`, `[tokens, hidden]`.
    pub(super) fn first(&self, layout: &Layout) -> Tensor<2> {
        self.embed(layout.tokens.clone(), &layout.positions)
    }

    /// What the block of this number makes of its input, `[tokens, hidden]`; the last one of the wanted tokens alone,
    /// `[wanted, hidden]`.
    pub(super) fn block(&self, index: usize, x: Tensor<2>, layout: &Layout, angles: &Angles) -> Tensor<2> {
        let layer = &self.weights.layers[index];
        let (query, key, value) = self.project(layer, x.clone(), layout.tokens.dims(), angles);
        if index + 1 == self.weights.layers.len() {
            self.finish(layer, layout.select(x), layout.attend_wanted(query, key, value))
        } else {
            self.finish(layer, x, layout.attend(query, key, value))
        }
    }

    /// The hidden states of the wanted tokens of `layout` in their order, after so many blocks each: `[wanted, hidden]`
    /// for each of `depths`, after the last norm, which after fewer blocks than all only brings states to one scale.
    /// A depth beyond the last block is the last. No block behind the deepest is computed.
    #[must_use]
    pub fn hidden_after(&self, layout: &Layout, depths: &[usize]) -> Vec<Tensor<2>> {
        let [batch, time] = layout.tokens.dims();
        let angles = self.angles(layout);
        let deepest = depths.iter().copied().max().unwrap_or(0).min(self.weights.layers.len());
        let mut found: Vec<Option<Tensor<2>>> = vec![None; depths.len()];
        let mut x = self.first(layout);
        for (done, layer) in (0..).zip(self.weights.layers.iter().map(Some).take(deepest).chain([None])) {
            for (found, depth) in found.iter_mut().zip(depths) {
                if (*depth).min(deepest) == done {
                    *found = Some(self.normed(&self.weights.norm, layout.select(x.clone())));
                }
            }
            if let Some(layer) = layer {
                let (query, key, value) = self.project(layer, x.clone(), [batch, time], &angles);
                x = self.finish(layer, x, layout.attend(query, key, value));
            }
        }
        found.into_iter().flatten().collect()
    }

    /// Reads `time` more tokens of every row and returns the hidden state of the last one,
    /// `[batch, hidden]`.
    ///
    /// `tokens` is `[batch, time]`. Padding (see [`Cache::new`]) may only be in the first call.
    #[must_use]
    pub fn extend(&self, tokens: Tensor<2, Int>, cache: &mut Cache) -> Tensor<2> {
        let [batch, time] = tokens.dims();
        let device = self.device();
        let positions: Vec<Vec<usize>> = cache
            .padding
            .iter()
            .map(|pad| (cache.span..cache.span + time).map(|slot| slot.saturating_sub(*pad)).collect())
            .collect();
        let angles = self.rope.angles(&positions, &device);
        let alone = time == 1 && device == crate::device::cpu();
        let mask = (!alone).then(|| padded_mask(&cache.padding, cache.span, time, &device));
        let mut x = self.embed(tokens, &positions);
        for (index, layer) in self.weights.layers.iter().enumerate() {
            let (query, key, value) = self.project(layer, x.clone(), [batch, time], &angles);
            let (key, value) = cache.append(index, key, value);
            let mixed = match mask.clone() {
                Some(mask) => attend(query, key, value, mask, cache.span + time),
                None => cached_attention(query, key, value, &cache.padding, cache.span + time),
            };
            x = self.finish(layer, x, mixed);
        }
        cache.span += time;
        let hidden = self.config.hidden_size;
        let last = x.reshape([batch, time, hidden]).slice([0..batch, time - 1..time]).reshape([batch, hidden]);
        self.normed(&self.weights.norm, last)
    }

    /// Logits of hidden states: `[rows, hidden]` to `[rows, vocab]`.
    #[must_use]
    pub fn logits(&self, hidden: Tensor<2>) -> Tensor<2> {
        self.head().product(hidden)
    }

    /// What each [`Figure`](selfsame_shaders::Figure) says of a token after each hidden state, a column each, from
    /// `[rows, hidden]` and `[rows, 1]`. The logits of all tokens never exist at once where there are many.
    #[must_use]
    pub fn label_figures(&self, hidden: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<2> {
        self.head().figures(hidden, targets)
    }

    /// `[vocab, hidden]`
    fn head(&self) -> &Matrix {
        self.weights.head.as_ref().unwrap_or(&self.weights.embed)
    }

    /// What the first block reads of `tokens`, `[batch, time]`, that stand at `positions`, one list
    /// per row (a single list serves all rows): `[batch * time, hidden]`.
    fn embed(&self, tokens: Tensor<2, Int>, positions: &[Vec<usize>]) -> Tensor<2> {
        let [batch, time] = tokens.dims();
        let hidden = self.config.hidden_size;
        let mut x = self.weights.embed.rows(tokens.reshape([batch * time]));
        if self.config.model_type.scales_embeddings() {
            #[allow(clippy::cast_precision_loss)] // widths
            let root = (hidden as f64).sqrt();
            x = x * root;
        }
        let Some(table) = &self.weights.positions else {
            return x;
        };
        // Whatever stands behind the context is padding, and no device looks up what is not there.
        let last = self.config.max_position_embeddings.saturating_sub(1);
        let places = positions.iter().flatten().map(|position| (*position).min(last));
        let learned = table.clone().select(0, crate::device::indices(places, &table.device()));
        let x = x.reshape([batch, time, hidden]) + learned.reshape([positions.len(), time, hidden]);
        x.reshape([batch * time, hidden])
    }

    /// Rotated queries `[batch, time, heads, width]`, rotated keys and values
    /// `[batch, kv_heads, time, width]`.
    fn project(
        &self,
        layer: &Layer,
        x: Tensor<2>,
        [batch, time]: [usize; 2],
        angles: &Angles,
    ) -> (Tensor<4>, Tensor<4>, Tensor<4>) {
        let normed = self.normed(&layer.attention_norm, x);
        let width = self.config.head_width();
        let heads = |linear: &Linear, heads: usize, norm: Option<&Norm>| {
            let projected = linear.forward(normed.clone());
            let projected = match norm {
                None => projected,
                Some(norm) => self.normed(norm, projected.reshape([batch * time * heads, width])),
            };
            projected.reshape([batch, time, heads, width])
        };
        let (all, fewer) = (self.config.num_attention_heads, self.config.kv_heads());
        let query = angles.rotate(heads(&layer.query, all, layer.query_norm.as_ref()));
        let key = angles.rotate(heads(&layer.key, fewer, layer.key_norm.as_ref()));
        let value = heads(&layer.value, fewer, None);
        (query, key.swap_dims(1, 2), value.swap_dims(1, 2))
    }

    /// What follows attention in a block: output projection, residual, feed-forward, residual.
    fn finish(&self, layer: &Layer, x: Tensor<2>, mixed: Tensor<2>) -> Tensor<2> {
        let x = x + layer.output.forward(mixed);
        let normed = self.normed(&layer.feed_forward_norm, x.clone());
        let inner = match (&layer.gate, self.config.hidden_act) {
            (Some(gate), Activation::Silu) => swiglu(gate.forward(normed.clone()), layer.up.forward(normed)),
            (Some(gate), other) => other.forward(gate.forward(normed.clone())) * layer.up.forward(normed),
            (None, activation) => activation.forward(layer.up.forward(normed)),
        };
        x + layer.down.forward(inner)
    }

    fn normed(&self, norm: &Norm, x: Tensor<2>) -> Tensor<2> {
        norm.forward(x, self.config.norm_eps)
    }
}
