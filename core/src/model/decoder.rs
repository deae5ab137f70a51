//! The forward pass of a Llama-family decoder (Touvron et al., arXiv 2302.13971).

use burn::tensor::{Device, Int, Tensor, TensorData};
use selfsame_shaders::{linear, linear_logprobs, rms_norm, swiglu};

use super::{
    Cache, Config, Layer, Layout, Mapper, Weights,
    attention::{attend, padded_mask},
    rope::{Angles, Rope},
};
use crate::{
    Error, Result,
    rng::{Purpose, Stream},
};

/// A model in memory. Cloning is cheap: the clone shares the weights.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: Config,
    rope: Rope,
    weights: Weights,
}

impl Decoder {
    /// A model from its parts. The weights must have the shapes that `config` says.
    #[must_use]
    pub fn new(config: Config, weights: Weights) -> Self {
        Self { rope: Rope::new(&config), config, weights }
    }

    /// A fresh model: normal weights of variance `1 / fan-in` (residual outputs scaled down by
    /// `sqrt(2 · layers)` as in GPT-2), norms at one.
    ///
    /// Four choices of ours help a small model to learn matching and copying, the two skills that
    /// following and judging constraints are made of. In every second query head the queries start
    /// equal to the keys, so that equal tokens attend to each other. The output of every head
    /// starts as the transpose of its value, so that what is attended to is copied. Each
    /// `(token, part)` of `parts` starts with the part's embedding added to half of its own. An
    /// untied head starts as a copy of the embedding without parts, so that a copied word is a
    /// predicted word. The result is a plain Llama.
    #[must_use]
    pub fn random(config: Config, seed: u64, parts: &[(usize, usize)], device: &Device) -> Self {
        let mut item = 0;
        let mut normal = |rows: usize, columns: usize, scale: f64| -> Vec<f32> {
            item += 1;
            let mut stream = Stream::new(seed, Purpose::Init, 0, item);
            #[allow(clippy::cast_precision_loss)] // widths
            let deviation = scale / (columns as f64).sqrt();
            #[allow(clippy::cast_possible_truncation)]
            (0..rows * columns).map(|_| (deviation * stream.normal()) as f32).collect()
        };
        let matrix = |values: Vec<f32>, rows: usize, columns: usize| {
            Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), device)
        };
        let (d, f, width) = (config.hidden_size, config.intermediate_size, config.head_width());
        let (queries, keys) = (config.num_attention_heads * width, config.kv_heads() * width);
        let group = config.num_attention_heads / config.kv_heads();
        #[allow(clippy::cast_precision_loss)] // layer counts
        let residual = 1.0 / (2.0 * config.num_hidden_layers as f64).sqrt();
        let plain = normal(config.vocab_size, d, 1.0);
        let mut embed = plain.clone();
        let composed: std::collections::BTreeSet<usize> = parts.iter().map(|(token, _)| *token).collect();
        for token in composed {
            embed[token * d..][..d].iter_mut().for_each(|value| *value *= 0.5);
        }
        for (token, part) in parts {
            for column in 0..d {
                embed[token * d + column] += plain[part * d + column];
            }
        }
        let layers = (0..config.num_hidden_layers)
            .map(|_| {
                let key = normal(keys, d, 1.0);
                let value = normal(keys, d, 1.0);
                let mut query = normal(queries, d, 1.0);
                let mut output = vec![0.0; d * queries];
                for head in 0..config.num_attention_heads {
                    let source = head / group * width;
                    if head % 2 == 0 {
                        query[head * width * d..][..width * d].copy_from_slice(&key[source * d..][..width * d]);
                    }
                    for row in 0..d {
                        for column in 0..width {
                            #[allow(clippy::cast_possible_truncation)]
                            let copied = value[(source + column) * d + row] * residual as f32;
                            output[row * queries + head * width + column] = copied;
                        }
                    }
                }
                Layer {
                    attention_norm: Tensor::ones([d], device),
                    query: matrix(query, queries, d),
                    key: matrix(key, keys, d),
                    value: matrix(value, keys, d),
                    output: matrix(output, d, queries),
                    feed_forward_norm: Tensor::ones([d], device),
                    gate: matrix(normal(f, d, 1.0), f, d),
                    up: matrix(normal(f, d, 1.0), f, d),
                    down: matrix(normal(d, f, residual), d, f),
                }
            })
            .collect();
        let head = (!config.tie_word_embeddings).then(|| matrix(plain, config.vocab_size, d));
        let weights =
            Weights { embed: matrix(embed, config.vocab_size, d), layers, norm: Tensor::ones([d], device), head };
        Self::new(config, weights)
    }

    /// The same model with its matrices laid out so that products with few rows are fast on the CPU:
    /// each column of `[out, in]` in one piece, so that the matrix need not be rearranged for every
    /// token that is drawn. Adapters rearrange for themselves; there it is the same model.
    #[must_use]
    pub fn laid_out_for_few_rows(&self) -> Self {
        struct ByColumns;
        impl Mapper for ByColumns {
            fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D> {
                if D != 2 || name == "model.embed_tokens.weight" { weight } else { by_columns(weight) }
            }
        }
        fn by_columns<const D: usize>(weight: Tensor<D>) -> Tensor<D> {
            let turned = weight.transpose();
            let rows = i64::try_from(turned.dims()[0]).unwrap_or_default();
            let all = Tensor::<1, Int>::arange(0..rows, &turned.device());
            turned.select(0, all).transpose()
        }
        if self.device() != crate::device::cpu() {
            return self.clone();
        }
        let mut weights = self.weights.clone().map(&mut ByColumns);
        // Embeddings are looked up row by row; as the head of the same model they are a matrix like others.
        weights.head = weights.head.or_else(|| Some(by_columns(self.weights.embed.clone())));
        self.with_weights(weights)
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
        Self { config: self.config.clone(), rope: self.rope.clone(), weights }
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
        self.weights.embed.device()
    }

    /// The same weights as leaves of a new gradient graph.
    #[must_use]
    pub fn tracked(&self) -> Self {
        struct Track;
        impl Mapper for Track {
            fn map<const D: usize>(&mut self, _: &str, weight: Tensor<D>) -> Tensor<D> {
                let weight = if weight.is_autodiff() { weight.inner() } else { weight };
                Tensor::from_inner(weight).require_grad()
            }
        }
        self.with_weights(self.weights.clone().map(&mut Track))
    }

    /// The hidden states of the wanted tokens of `layout` in their order, `[wanted, hidden]`, after the
    /// last norm. The last block is computed at those tokens only: nobody reads the others' results.
    #[must_use]
    pub fn hidden(&self, layout: &Layout) -> Tensor<2> {
        let [batch, time] = layout.tokens.dims();
        let angles = self.rope.angles(&layout.positions, &self.device());
        let mut x = self.embed(layout.tokens.clone());
        if let Some((last, others)) = self.weights.layers.split_last() {
            for layer in others {
                let (query, key, value) = self.project(layer, x.clone(), [batch, time], &angles);
                x = self.finish(layer, x, layout.attend(query, key, value));
            }
            let (query, key, value) = self.project(last, x.clone(), [batch, time], &angles);
            x = self.finish(last, layout.select(x), layout.attend_wanted(query, key, value));
        } else {
            x = layout.select(x);
        }
        rms_norm(x, self.weights.norm.clone(), self.config.rms_norm_eps)
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
        let mask = padded_mask(&cache.padding, cache.span, time, &device);
        let mut x = self.embed(tokens);
        for (index, layer) in self.weights.layers.iter().enumerate() {
            let (query, key, value) = self.project(layer, x.clone(), [batch, time], &angles);
            let (key, value) = cache.append(index, key, value);
            let mixed = attend(query, key, value, mask.clone());
            x = self.finish(layer, x, mixed);
        }
        cache.span += time;
        let hidden = self.config.hidden_size;
        let last = x.reshape([batch, time, hidden]).slice([0..batch, time - 1..time]).reshape([batch, hidden]);
        rms_norm(last, self.weights.norm.clone(), self.config.rms_norm_eps)
    }

    /// Logits of hidden states: `[rows, hidden]` to `[rows, vocab]`.
    #[must_use]
    pub fn logits(&self, hidden: Tensor<2>) -> Tensor<2> {
        linear(hidden, self.head())
    }

    /// The log-probability of a token after each hidden state, and the entropy of the distribution over
    /// all tokens in nats, `[rows, 2]`, from `[rows, hidden]` and `[rows, 1]`. The logits of all tokens
    /// never exist at once where there are many.
    #[must_use]
    pub fn label_logprobs(&self, hidden: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<2> {
        linear_logprobs(hidden, self.head(), targets)
    }

    /// `[vocab, hidden]`
    fn head(&self) -> Tensor<2> {
        self.weights.head.as_ref().unwrap_or(&self.weights.embed).clone()
    }

    /// What the first block reads of `tokens`, `[batch, time]`: `[batch * time, hidden]`.
    fn embed(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        let [batch, time] = tokens.dims();
        self.weights.embed.clone().select(0, tokens.reshape([batch * time]))
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
        let normed = rms_norm(x, layer.attention_norm.clone(), self.config.rms_norm_eps);
        let width = self.config.head_width();
        let heads = |weight: &Tensor<2>, heads: usize| {
            linear(normed.clone(), weight.clone()).reshape([batch, time, heads, width])
        };
        let query = angles.rotate(heads(&layer.query, self.config.num_attention_heads));
        let key = angles.rotate(heads(&layer.key, self.config.kv_heads()));
        let value = heads(&layer.value, self.config.kv_heads());
        (query, key.swap_dims(1, 2), value.swap_dims(1, 2))
    }

    /// What follows attention in a block: output projection, residual, feed-forward, residual.
    fn finish(&self, layer: &Layer, x: Tensor<2>, mixed: Tensor<2>) -> Tensor<2> {
        let x = x + linear(mixed, layer.output.clone());
        let normed = rms_norm(x.clone(), layer.feed_forward_norm.clone(), self.config.rms_norm_eps);
        let gate = linear(normed.clone(), layer.gate.clone());
        let up = linear(normed, layer.up.clone());
        x + linear(swiglu(gate, up), layer.down.clone())
    }
}
