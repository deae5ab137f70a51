//! The weights of a Llama-family decoder and the walks over them.

use burn::tensor::Tensor;

/// All weights, matrices as `[out, in]` like the files have them.
#[derive(Debug, Clone)]
pub struct Weights {
    /// `model.embed_tokens.weight`, `[vocab, hidden]`.
    pub embed: Tensor<2>,
    /// The blocks.
    pub layers: Vec<Layer>,
    /// `model.norm.weight`, `[hidden]`.
    pub norm: Tensor<1>,
    /// `lm_head.weight`, `[vocab, hidden]`; `None` where it is tied to the embedding.
    pub head: Option<Tensor<2>>,
}

/// The weights of one block.
#[derive(Debug, Clone)]
pub struct Layer {
    /// `input_layernorm.weight`
    pub attention_norm: Tensor<1>,
    /// `self_attn.q_proj.weight`
    pub query: Tensor<2>,
    /// `self_attn.k_proj.weight`
    pub key: Tensor<2>,
    /// `self_attn.v_proj.weight`
    pub value: Tensor<2>,
    /// `self_attn.o_proj.weight`
    pub output: Tensor<2>,
    /// `post_attention_layernorm.weight`
    pub feed_forward_norm: Tensor<1>,
    /// `mlp.gate_proj.weight`
    pub gate: Tensor<2>,
    /// `mlp.up_proj.weight`
    pub up: Tensor<2>,
    /// `mlp.down_proj.weight`
    pub down: Tensor<2>,
}

/// Sees every weight under its Hugging Face name, always in the same order.
pub trait Visitor {
    /// One weight.
    fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>);
}

/// Replaces every weight, in the order of [`Visitor`].
pub trait Mapper {
    /// The replacement of one weight.
    fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D>;
}

impl Weights {
    /// Shows every weight to `visitor`.
    pub fn visit(&self, visitor: &mut impl Visitor) {
        visitor.visit("model.embed_tokens.weight", &self.embed);
        for (index, layer) in self.layers.iter().enumerate() {
            let name = |part: &str| format!("model.layers.{index}.{part}.weight");
            visitor.visit(&name("input_layernorm"), &layer.attention_norm);
            visitor.visit(&name("self_attn.q_proj"), &layer.query);
            visitor.visit(&name("self_attn.k_proj"), &layer.key);
            visitor.visit(&name("self_attn.v_proj"), &layer.value);
            visitor.visit(&name("self_attn.o_proj"), &layer.output);
            visitor.visit(&name("post_attention_layernorm"), &layer.feed_forward_norm);
            visitor.visit(&name("mlp.gate_proj"), &layer.gate);
            visitor.visit(&name("mlp.up_proj"), &layer.up);
            visitor.visit(&name("mlp.down_proj"), &layer.down);
        }
        visitor.visit("model.norm.weight", &self.norm);
        if let Some(head) = &self.head {
            visitor.visit("lm_head.weight", head);
        }
    }

    /// Replaces every weight by what `mapper` makes of it.
    #[must_use]
    pub fn map(self, mapper: &mut impl Mapper) -> Self {
        let embed = mapper.map("model.embed_tokens.weight", self.embed);
        let layers = self
            .layers
            .into_iter()
            .enumerate()
            .map(|(index, layer)| {
                let name = |part: &str| format!("model.layers.{index}.{part}.weight");
                Layer {
                    attention_norm: mapper.map(&name("input_layernorm"), layer.attention_norm),
                    query: mapper.map(&name("self_attn.q_proj"), layer.query),
                    key: mapper.map(&name("self_attn.k_proj"), layer.key),
                    value: mapper.map(&name("self_attn.v_proj"), layer.value),
                    output: mapper.map(&name("self_attn.o_proj"), layer.output),
                    feed_forward_norm: mapper.map(&name("post_attention_layernorm"), layer.feed_forward_norm),
                    gate: mapper.map(&name("mlp.gate_proj"), layer.gate),
                    up: mapper.map(&name("mlp.up_proj"), layer.up),
                    down: mapper.map(&name("mlp.down_proj"), layer.down),
                }
            })
            .collect();
        Self {
            embed,
            layers,
            norm: mapper.map("model.norm.weight", self.norm),
            head: self.head.map(|head| mapper.map("lm_head.weight", head)),
        }
    }
}
