//! The weights of a decoder and the walks over them.

use burn::tensor::Tensor;

use super::{Linear, Matrix, Norm};

/// A weight outside of any gradient graph.
pub(crate) fn fixed<const D: usize>(weight: Tensor<D>) -> Tensor<D> {
    if weight.is_autodiff() { weight.inner() } else { weight }
}

/// All weights, matrices as `[out, in]` like most files have them.
///
/// Their names are those of Llama's files, whatever the family.
#[derive(Debug, Clone)]
pub struct Weights {
    /// `model.embed_tokens.weight`, `[vocab, hidden]`.
    pub embed: Matrix,
    /// `model.embed_positions.weight`, `[positions, hidden]`, where positions are learned.
    pub positions: Option<Tensor<2>>,
    /// The blocks.
    pub layers: Vec<Layer>,
    /// `model.norm`
    pub norm: Norm,
    /// `lm_head.weight`, `[vocab, hidden]`; `None` where it is tied to the embedding.
    pub head: Option<Matrix>,
}

/// The weights of one block.
#[derive(Debug, Clone)]
pub struct Layer {
    /// `input_layernorm`
    pub attention_norm: Norm,
    /// `self_attn.q_proj`
    pub query: Linear,
    /// `self_attn.k_proj`
    pub key: Linear,
    /// `self_attn.v_proj`
    pub value: Linear,
    /// `self_attn.o_proj`
    pub output: Linear,
    /// `self_attn.q_norm`, over the width of one head, where heads are normed.
    pub query_norm: Option<Norm>,
    /// `self_attn.k_norm`
    pub key_norm: Option<Norm>,
    /// `post_attention_layernorm`
    pub feed_forward_norm: Norm,
    /// `mlp.gate_proj`, where the block has a gate.
    pub gate: Option<Linear>,
    /// `mlp.up_proj`
    pub up: Linear,
    /// `mlp.down_proj`
    pub down: Linear,
}

/// Sees weights under their names, always in the same order. Matrices that are packed or laid out are not what files
/// have, and no walk comes to them.
pub trait Visitor {
    /// One weight.
    fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>);
}

/// Replaces weights, in the order of [`Visitor`].
pub trait Mapper {
    /// The replacement of one weight.
    fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D>;
}

/// A visitor as a mapper that replaces nothing, so that there is one walk.
struct See<'a, V>(&'a mut V);

impl<V: Visitor> Mapper for See<'_, V> {
    fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D> {
        self.0.visit(name, &weight);
        weight
    }
}

/// Which weights a walk comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// All there are.
    All,
    /// The adapters alone.
    Adapters,
}

/// A group of weights with a name in common.
pub(super) enum Part<'a> {
    Table(&'a mut Matrix),
    Positions(&'a mut Tensor<2>),
    Norm(&'a mut Norm),
    Linear(&'a mut Linear),
}

impl Weights {
    /// Shows every weight that learns to `visitor`: all of them, or, where there are adapters, those
    /// alone. What is frozen then is shown by [`Weights::visit_all`].
    pub fn visit(&self, visitor: &mut impl Visitor) {
        drop(self.clone().map(&mut See(visitor)));
    }

    /// Replaces every weight that learns by what `mapper` makes of it.
    #[must_use]
    pub fn map(self, mapper: &mut impl Mapper) -> Self {
        let reach = if self.has_adapters() { Reach::Adapters } else { Reach::All };
        self.walk(reach, mapper)
    }

    /// Shows every weight to `visitor`, frozen ones too.
    pub fn visit_all(&self, visitor: &mut impl Visitor) {
        drop(self.clone().map_all(&mut See(visitor)));
    }

    /// Replaces every weight, frozen ones too, by what `mapper` makes of it.
    #[must_use]
    pub fn map_all(self, mapper: &mut impl Mapper) -> Self {
        self.walk(Reach::All, mapper)
    }

    fn walk(mut self, reach: Reach, mapper: &mut impl Mapper) -> Self {
        for (name, part) in self.parts() {
            match part {
                Part::Table(weight) => {
                    if reach == Reach::All {
                        weight.walk(&format!("{name}.weight"), mapper);
                    }
                }
                Part::Positions(weight) => {
                    if reach == Reach::All {
                        replace(weight, &format!("{name}.weight"), mapper);
                    }
                }
                Part::Norm(norm) => {
                    if reach == Reach::All {
                        norm.walk(&name, mapper);
                    }
                }
                Part::Linear(linear) => linear.walk(&name, reach, mapper),
            }
        }
        self
    }

    /// Whether any matrix is packed.
    #[must_use]
    pub fn has_packed(&self) -> bool {
        let tables = std::iter::once(&self.embed).chain(&self.head);
        let projections = self.layers.iter().flat_map(Layer::projections).map(|linear| &linear.weight);
        tables.chain(projections).any(|matrix| matches!(matrix, Matrix::Packed(_)))
    }

    /// Whether any projection has an adapter.
    #[must_use]
    pub fn has_adapters(&self) -> bool {
        self.layers.iter().flat_map(Layer::projections).any(|linear| linear.adapter.is_some())
    }

    /// The parts under the names that precede `.weight`, in the order of the walk.
    pub(super) fn parts(&mut self) -> Vec<(String, Part<'_>)> {
        let mut parts = vec![("model.embed_tokens".to_owned(), Part::Table(&mut self.embed))];
        parts.extend(self.positions.as_mut().map(|p| ("model.embed_positions".to_owned(), Part::Positions(p))));
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let named = layer.parts().into_iter().map(|(name, part)| (format!("model.layers.{index}.{name}"), part));
            parts.extend(named);
        }
        parts.push(("model.norm".to_owned(), Part::Norm(&mut self.norm)));
        parts.extend(self.head.as_mut().map(|head| ("lm_head".to_owned(), Part::Table(head))));
        parts
    }
}

impl Layer {
    fn parts(&mut self) -> Vec<(&'static str, Part<'_>)> {
        let mut parts = vec![
            ("input_layernorm", Part::Norm(&mut self.attention_norm)),
            ("self_attn.q_proj", Part::Linear(&mut self.query)),
            ("self_attn.k_proj", Part::Linear(&mut self.key)),
            ("self_attn.v_proj", Part::Linear(&mut self.value)),
            ("self_attn.o_proj", Part::Linear(&mut self.output)),
        ];
        parts.extend(self.query_norm.as_mut().map(|norm| ("self_attn.q_norm", Part::Norm(norm))));
        parts.extend(self.key_norm.as_mut().map(|norm| ("self_attn.k_norm", Part::Norm(norm))));
        parts.push(("post_attention_layernorm", Part::Norm(&mut self.feed_forward_norm)));
        parts.extend(self.gate.as_mut().map(|gate| ("mlp.gate_proj", Part::Linear(gate))));
        parts.push(("mlp.up_proj", Part::Linear(&mut self.up)));
        parts.push(("mlp.down_proj", Part::Linear(&mut self.down)));
        parts
    }

    /// The projections.
    fn projections(&self) -> impl Iterator<Item = &Linear> {
        let always = [&self.query, &self.key, &self.value, &self.output, &self.up, &self.down];
        always.into_iter().chain(&self.gate)
    }
}

impl Matrix {
    fn walk(&mut self, name: &str, mapper: &mut impl Mapper) {
        if let Self::Full(weight) = self {
            replace(weight, name, mapper);
        }
    }
}

impl Norm {
    fn walk(&mut self, name: &str, mapper: &mut impl Mapper) {
        match self {
            Self::Rms { weight } | Self::RmsAroundOne { weight } => replace(weight, &format!("{name}.weight"), mapper),
            Self::Layer { weight, bias } => {
                replace(weight, &format!("{name}.weight"), mapper);
                replace(bias, &format!("{name}.bias"), mapper);
            }
        }
    }
}

impl Linear {
    fn walk(&mut self, name: &str, reach: Reach, mapper: &mut impl Mapper) {
        if reach == Reach::All {
            self.weight.walk(&format!("{name}.weight"), mapper);
            if let Some(bias) = &mut self.bias {
                replace(bias, &format!("{name}.bias"), mapper);
            }
        }
        if let Some(adapter) = &mut self.adapter {
            replace(&mut adapter.down, &format!("{name}.lora_A.weight"), mapper);
            replace(&mut adapter.up, &format!("{name}.lora_B.weight"), mapper);
        }
    }
}

fn replace<const D: usize>(weight: &mut Tensor<D>, name: &str, mapper: &mut impl Mapper) {
    *weight = mapper.map(name, weight.clone());
}
