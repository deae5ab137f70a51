//! The names of tensors, and the order of rows that differs: of a Llama, llama.cpp rotates neighbouring rows of
//! a head, and Hugging Face the rows of its two halves. Of Qwen, both rotate halves.

use super::{super::Family, container::Header, value::shown};
use crate::{Error, Result};

/// The factors by which the rotary frequencies are slowed down.
pub(super) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// The embedding, `[vocab, hidden]`.
pub(super) const EMBEDDING: &str = "token_embd.weight";

/// The head, absent where it is tied to the embedding.
pub(super) const HEAD: &str = "output.weight";

/// Tensors outside the blocks: Hugging Face, GGUF.
const OUTSIDE: [(&str, &str); 3] =
    [("model.embed_tokens.weight", EMBEDDING), ("model.norm.weight", "output_norm.weight"), ("lm_head.weight", HEAD)];

/// Weights of a block: Hugging Face, GGUF.
const PARTS: [(&str, &str); 9] = [
    ("input_layernorm", "attn_norm"),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("post_attention_layernorm", "ffn_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
];

/// Norms of a block's heads, which Qwen3 has.
const HEAD_NORMS: [(&str, &str); 2] = [("self_attn.q_norm", "attn_q_norm"), ("self_attn.k_norm", "attn_k_norm")];

/// The parts that have a bias in Qwen2.
const BIASED: [&str; 3] = ["attn_q", "attn_k", "attn_v"];

/// The parts whose rows are in another order.
const ROTATED: [&str; 2] = ["self_attn.q_proj", "self_attn.k_proj"];

/// A tensor's name that has the form `{before}{block}.{part}.{kind}`.
struct Name<'a> {
    block: &'a str,
    part: &'a str,
    /// `weight` or `bias`.
    kind: &'a str,
}

fn split<'a>(name: &'a str, before: &str) -> Option<Name<'a>> {
    let (rest, kind) = name.strip_prefix(before)?.rsplit_once('.')?;
    let (block, part) = rest.split_once('.')?;
    let canonical = block == "0" || !block.starts_with('0');
    let whole = canonical && !block.is_empty() && block.bytes().all(|digit| digit.is_ascii_digit());
    (whole && ["weight", "bias"].contains(&kind)).then_some(Name { block, part, kind })
}

/// The GGUF name of a tensor that Hugging Face calls `name`.
pub(super) fn stored(name: &str) -> Option<String> {
    if let Some((_, gguf)) = OUTSIDE.iter().find(|(hf, _)| *hf == name) {
        return Some((*gguf).to_owned());
    }
    let Name { block, part, kind } = split(name, "model.layers.")?;
    let (_, gguf) = PARTS.iter().chain(&HEAD_NORMS).find(|(hf, _)| *hf == part)?;
    Some(format!("blk.{block}.{gguf}.{kind}"))
}

/// Whether the rows of a tensor that Hugging Face calls `name` are in another order in files of a Llama.
pub(super) fn is_rotated(name: &str) -> bool {
    split(name, "model.layers.").is_some_and(|Name { part, .. }| ROTATED.contains(&part))
}

/// Whether a block of the family has this part.
fn belongs(family: Family, part: &str, kind: &str) -> bool {
    let among = |parts: &[(&str, &str)]| parts.iter().any(|(_, gguf)| *gguf == part);
    match kind {
        "bias" => family == Family::Qwen2 && BIASED.contains(&part),
        _ => among(&PARTS) || family.norms_heads() && among(&HEAD_NORMS),
    }
}

/// Brings the rows of each head into the order of Hugging Face: of its pairs `2i` and `2i + 1`, the
/// first rows come first and the second rows after them. `values` are rows of `columns` each, and
/// `width` of them are a head.
pub(super) fn into_halves<T: Copy>(values: &mut [T], columns: usize, width: usize) {
    let mut head = Vec::new();
    for rows in values.chunks_exact_mut(columns.saturating_mul(width).max(1)) {
        head.clear();
        for second in 0..2 {
            rows.chunks_exact(columns).skip(second).step_by(2).for_each(|row| head.extend_from_slice(row));
        }
        if head.len() == rows.len() {
            rows.copy_from_slice(&head);
        }
    }
}

/// Checks that a file has no tensor that a model of the family with `blocks` blocks does not have: it would
/// compute something else.
///
/// # Errors
/// Names the tensor.
pub(super) fn check(header: &Header, family: Family, blocks: usize) -> Result<()> {
    let known = |name: &str| {
        name == ROPE_FACTORS
            || OUTSIDE.iter().any(|(_, gguf)| *gguf == name)
            || split(name, "blk.").is_some_and(|Name { block, part, kind }| {
                belongs(family, part, kind) && block.parse().is_ok_and(|block: usize| block < blocks)
            })
    };
    match header.tensors.keys().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(Error::model(
            &header.metadata.path,
            format!(
                "holds tensor `{}`, which a model of architecture `{}` with {blocks} blocks does not have: the file's model computes something else, which this version does not know (biases, experts, adapters). Choose another model",
                shown(name),
                family.name()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_translated() {
        for (hf, gguf) in [
            ("model.embed_tokens.weight", Some("token_embd.weight")),
            ("lm_head.weight", Some("output.weight")),
            ("model.norm.weight", Some("output_norm.weight")),
            ("model.layers.0.self_attn.q_proj.weight", Some("blk.0.attn_q.weight")),
            ("model.layers.12.mlp.down_proj.weight", Some("blk.12.ffn_down.weight")),
            ("model.layers.00.mlp.down_proj.weight", None),
            ("model.layers.1.self_attn.q_proj.bias", Some("blk.1.attn_q.bias")),
            ("model.layers.1.self_attn.k_norm.weight", Some("blk.1.attn_k_norm.weight")),
            ("model.layers.1.self_attn.q_proj.scale", None),
            ("model.layers..mlp.down_proj.weight", None),
        ] {
            assert_eq!(stored(hf).as_deref(), gguf, "{hf}");
        }
        assert!(is_rotated("model.layers.3.self_attn.k_proj.weight"));
        assert!(!is_rotated("model.layers.3.self_attn.v_proj.weight") && !is_rotated("lm_head.weight"));
    }

    #[test]
    fn neighbouring_rows_become_halves() {
        // Two heads of four rows of two columns, numbered by their place in the file.
        let mut values: Vec<f32> = (0_u8..16).map(f32::from).collect();
        into_halves(&mut values, 2, 4);
        let expected = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15_u8];
        assert_eq!(values, expected.map(f32::from));
    }
}
