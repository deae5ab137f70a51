//! What distinguishes the families of decoders, in one place: everything else is common to all.

use burn::tensor::{Tensor, activation::silu};
use serde::{Deserialize, Serialize};

/// A family, under the name that `model_type` of `config.json` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Llama 1 to 3, SmolLM2, TinyLlama (Touvron et al., arXiv 2302.13971).
    Llama,
    /// Qwen2 and Qwen2.5: biases on queries, keys and values (Yang et al., arXiv 2407.10671).
    Qwen2,
    /// Qwen3: queries and keys are normed head by head (Yang et al., arXiv 2505.09388).
    Qwen3,
    /// GPT-2: learned positions, layer norms, a feed-forward block without gate (Radford et al.,
    /// "Language models are unsupervised multitask learners", 2019).
    Gpt2,
    /// Gemma 1: norms around one, scaled embeddings (Mesnard et al., arXiv 2403.08295).
    Gemma,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Llama, Self::Qwen2, Self::Qwen3, Self::Gpt2, Self::Gemma];

    /// The name in `model_type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gpt2 => "gpt2",
            Self::Gemma => "gemma",
        }
    }

    /// The class of `transformers` that reads it.
    #[must_use]
    pub fn architecture(self) -> &'static str {
        match self {
            Self::Llama => "LlamaForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
            Self::Qwen3 => "Qwen3ForCausalLM",
            Self::Gpt2 => "GPT2LMHeadModel",
            Self::Gemma => "GemmaForCausalLM",
        }
    }

    /// Whether positions are learned vectors that are added to the embeddings, instead of rotations.
    #[must_use]
    pub fn learns_positions(self) -> bool {
        self == Self::Gpt2
    }

    /// Whether the feed-forward block multiplies by a gate.
    #[must_use]
    pub fn gated(self) -> bool {
        self != Self::Gpt2
    }

    /// Whether queries and keys are normed head by head before they are rotated.
    #[must_use]
    pub fn norms_heads(self) -> bool {
        self == Self::Qwen3
    }

    /// Whether embeddings are multiplied by the root of their width when they are looked up.
    #[must_use]
    pub fn scales_embeddings(self) -> bool {
        self == Self::Gemma
    }
}

/// The activation of the feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x · sigmoid(x)`.
    Silu,
    /// The Gaussian error linear unit in its approximation by `tanh` (Hendrycks and Gimpel, arXiv
    /// 1606.08415), which GPT-2 calls `gelu_new` and Gemma `gelu_pytorch_tanh`.
    GeluTanh,
}

impl Activation {
    /// The activation of a name in `config.json`, where it is one of these.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "silu" | "swish" => Some(Self::Silu),
            "gelu_new" | "gelu_pytorch_tanh" => Some(Self::GeluTanh),
            _ => None,
        }
    }

    /// The activation of every element.
    pub(super) fn forward(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Silu => silu(x),
            Self::GeluTanh => {
                let root = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
                // Not a power of three: on graphics devices powers of negative numbers are none.
                let cubic = x.clone() * ((x.clone() * x.clone()) * 0.044_715 + 1.0) * root;
                x * (cubic.tanh() + 1.0) * 0.5
            }
        }
    }
}
