//! The weights of a fresh model.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Config, Decoder, Family, Layer, Linear, Norm, Weights};
use crate::rng::{Purpose, Stream};

impl Decoder {
    /// A fresh model: normal weights of variance `1 / fan-in` (residual outputs scaled down by
    /// `sqrt(2 · layers)` as in GPT-2), norms at one, biases at zero.
    ///
    /// Four choices of ours help a small model to learn matching and copying, the two skills that
    /// following and judging constraints are made of. In every second query head the queries start
    /// equal to the keys, so that equal tokens attend to each other. The output of every head
    /// starts as the transpose of its value, so that what is attended to is copied. Each
    /// `(token, part)` of `parts` starts with the part's embedding added to half of its own. An
    /// untied head starts as a copy of the embedding without parts, so that a copied word is a
    /// predicted word. The result is a plain model of its family.
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
        let linear = |values: Vec<f32>, rows: usize, columns: usize, bias: bool| {
            Linear::with_bias(matrix(values, rows, columns), bias.then(|| Tensor::zeros([rows], device)))
        };
        let family = config.model_type;
        let norm = |width: usize| match family {
            Family::Gpt2 => Norm::Layer { weight: Tensor::ones([width], device), bias: Tensor::zeros([width], device) },
            Family::Gemma => Norm::RmsAroundOne { weight: Tensor::zeros([width], device) },
            Family::Llama | Family::Qwen2 | Family::Qwen3 => Norm::rms(Tensor::ones([width], device)),
        };
        let (d, f, width) = (config.hidden_size, config.intermediate_size, config.head_width());
        let (queries, keys) = (config.num_attention_heads * width, config.kv_heads() * width);
        let group = config.num_attention_heads / config.kv_heads();
        let biases = config.biases();
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
                    attention_norm: norm(d),
                    query: linear(query, queries, d, biases.heads),
                    key: linear(key, keys, d, biases.heads),
                    value: linear(value, keys, d, biases.heads),
                    output: linear(output, d, queries, biases.output),
                    query_norm: family.norms_heads().then(|| norm(width)),
                    key_norm: family.norms_heads().then(|| norm(width)),
                    feed_forward_norm: norm(d),
                    gate: family.gated().then(|| linear(normal(f, d, 1.0), f, d, biases.feed_forward)),
                    up: linear(normal(f, d, 1.0), f, d, biases.feed_forward),
                    down: linear(normal(d, f, residual), d, f, biases.feed_forward),
                }
            })
            .collect();
        let head = (!config.tie_word_embeddings).then(|| matrix(plain, config.vocab_size, d).into());
        let positions = config.max_position_embeddings;
        let weights = Weights {
            embed: matrix(embed, config.vocab_size, d).into(),
            positions: family.learns_positions().then(|| matrix(normal(positions, d, 1.0), positions, d)),
            layers,
            norm: norm(d),
            head,
        };
        Self::new(config, weights)
    }
}
