//! The layout of GPT-2's files: matrices as `[in, out]`, and queries, keys and values as one.

use burn::tensor::Tensor;

use super::{
    super::{Config, Layer, Linear, Norm, Weights},
    Flat,
    read::Loader,
};
use crate::{Error, Result};

impl Loader<'_> {
    /// One block, whose tensors' names begin with `prefix`.
    pub(super) fn gpt2(&mut self, config: &Config, prefix: &str) -> Result<Layer> {
        let (d, f) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("{prefix}{part}");
        let attention_norm = self.norm(config, &name("ln_1"), d)?;
        let [query, key, value] = self.conv1d(&name("attn.c_attn"), d, d)?;
        let [output] = self.conv1d(&name("attn.c_proj"), d, d)?;
        let feed_forward_norm = self.norm(config, &name("ln_2"), d)?;
        let [up] = self.conv1d(&name("mlp.c_fc"), d, f)?;
        let [down] = self.conv1d(&name("mlp.c_proj"), f, d)?;
        Ok(Layer {
            attention_norm,
            query,
            key,
            value,
            output,
            query_norm: None,
            key_norm: None,
            feed_forward_norm,
            gate: None,
            up,
            down,
        })
    }

    /// `N` projections of `input` numbers to `output` each, which stand side by side in one matrix
    /// `[input, N · output]`.
    fn conv1d<const N: usize>(&mut self, name: &str, input: usize, output: usize) -> Result<[Linear; N]> {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let all = output.saturating_mul(N);
        let values = self.floats(&weight, &[input, all])?;
        let biases = self.floats(&bias, &[all])?;
        let mut parts = Vec::with_capacity(N);
        for part in 0..N {
            // Turned while the values are at hand: `[output, input]`.
            let columns = part * output..(part + 1) * output;
            let turned = columns.clone().flat_map(|column| values.iter().skip(column).step_by(all)).copied().collect();
            let own: Vec<f32> = columns.filter_map(|column| biases.get(column)).copied().collect();
            parts.push(Linear::with_bias(
                self.keep(&weight, turned, [output, input])?,
                Some(self.bring(&bias, own, [output])?),
            ));
        }
        parts.try_into().map_err(|_| Error::model(&weight, "cannot be split"))
    }
}

/// The weights as these files have them.
pub(super) fn layout(weights: &Weights) -> Vec<Flat> {
    let mut flat = vec![Flat::of("transformer.wte.weight", &weights.embed.full())];
    flat.extend(weights.positions.as_ref().map(|positions| Flat::of("transformer.wpe.weight", positions)));
    for (index, layer) in weights.layers.iter().enumerate() {
        let name = |part: &str| format!("transformer.h.{index}.{part}");
        norm(&mut flat, &name("ln_1"), &layer.attention_norm);
        conv1d(&mut flat, &name("attn.c_attn"), &[&layer.query, &layer.key, &layer.value]);
        conv1d(&mut flat, &name("attn.c_proj"), &[&layer.output]);
        norm(&mut flat, &name("ln_2"), &layer.feed_forward_norm);
        conv1d(&mut flat, &name("mlp.c_fc"), &[&layer.up]);
        conv1d(&mut flat, &name("mlp.c_proj"), &[&layer.down]);
    }
    norm(&mut flat, "transformer.ln_f", &weights.norm);
    flat.extend(weights.head.as_ref().map(|head| Flat::of("lm_head.weight", &head.full())));
    flat
}

fn norm(flat: &mut Vec<Flat>, name: &str, norm: &Norm) {
    match norm {
        Norm::Rms { weight } | Norm::RmsAroundOne { weight } => flat.push(Flat::of(&format!("{name}.weight"), weight)),
        Norm::Layer { weight, bias } => {
            flat.push(Flat::of(&format!("{name}.weight"), weight));
            flat.push(Flat::of(&format!("{name}.bias"), bias));
        }
    }
}

fn conv1d(flat: &mut Vec<Flat>, name: &str, parts: &[&Linear]) {
    let weights: Vec<Tensor<2>> = parts.iter().map(|part| part.weight.full()).collect();
    flat.push(Flat::of(&format!("{name}.weight"), &Tensor::cat(weights, 0).transpose()));
    let biases: Vec<Tensor<1>> = parts.iter().filter_map(|part| part.bias.clone()).collect();
    if !biases.is_empty() {
        flat.push(Flat::of(&format!("{name}.bias"), &Tensor::cat(biases, 0)));
    }
}
