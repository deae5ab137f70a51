//! The shape of a model by the header of its GGUF file.

use serde_json::{Map, Value, json};

use super::{
    super::{Config, Family, rope},
    container::Header,
    names,
    value::{Metadata, Number, shown},
};
use crate::{Error, Result};

/// The families that are read from GGUF files; their names there are those of `model_type`.
const FAMILIES: [Family; 3] = [Family::Llama, Family::Qwen2, Family::Qwen3];

/// Settings by which a model computes something else than these families, unless they are nothing.
const FOREIGN: [&str; 13] = [
    "expert_count",
    "attention.sliding_window",
    "attention.clamp_kqv",
    "attention.max_alibi_bias",
    "attention.scale",
    "attention.temperature_scale",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "logit_scale",
    "residual_scale",
    "embedding_scale",
    "use_parallel_residual",
    "rope.scaling.attn_factor",
];

/// The context that Llama 3 was first trained with, where the header does not say another.
const LLAMA3_CONTEXT: usize = 8192;

/// The config of the file's model. `slowed` are the factors of [`names::ROPE_FACTORS`].
///
/// # Errors
/// Names the key that is missing, contradictory or not supported.
pub(super) fn config(header: &Header, slowed: Option<&[f32]>) -> Result<Config> {
    let metadata = &header.metadata;
    let keys = Keys { metadata, family: family(metadata)? };
    keys.whole_model()?;
    let heads = keys.size("attention.head_count")?;
    let hidden = keys.size("embedding_length")?;
    let mut json = Map::new();
    let mut set = |name: &str, value: Value| json.insert(name.to_owned(), value);
    set("architectures", json!([keys.family.architecture()]));
    set("model_type", json!(keys.family.name()));
    set("hidden_size", json!(hidden));
    set("intermediate_size", json!(keys.size("feed_forward_length")?));
    set("num_hidden_layers", json!(keys.size("block_count")?));
    set("num_attention_heads", json!(heads));
    if let Some(own) = keys.optional_size("attention.head_count_kv")? {
        set("num_key_value_heads", json!(own));
    }
    let width = keys.head_width(hidden / heads.max(1))?;
    set("head_dim", json!(width));
    set("max_position_embeddings", json!(keys.size("context_length")?));
    let epsilon = "attention.layer_norm_rms_epsilon";
    set("rms_norm_eps", json!(keys.real(epsilon)?.ok_or_else(|| metadata.missing(&keys.key(epsilon)))?));
    set("rope_theta", json!(keys.real("rope.freq_base")?.unwrap_or(10_000.0)));
    set("vocab_size", json!(keys.vocabulary(header)?));
    set("tie_word_embeddings", json!(!header.tensors.contains_key(names::HEAD)));
    set("bos_token_id", json!(metadata.size("tokenizer.ggml.bos_token_id")?));
    set("eos_token_id", json!(ends(metadata)?));
    let linear = keys.linear()?;
    if let Some(factor) = linear {
        set("rope_scaling", json!({"rope_type": "linear", "factor": factor}));
    }
    let parsed = |json: &Map<String, Value>| {
        // The check of a config speaks of its own fields; their file is this header.
        Config::parse(&Value::Object(json.clone()).to_string(), &metadata.path)
    };
    let plain = parsed(&json)?;
    let Some(slowed) = slowed.filter(|slowed| slowed.iter().any(|factor| (factor - 1.0).abs() > 1e-4)) else {
        return Ok(plain);
    };
    if linear.is_some() {
        return Err(keys.unknown_factors("beside a linear scaling"));
    }
    json.insert("rope_scaling".to_owned(), keys.llama3(slowed)?);
    let stretched = parsed(&json)?;
    let ours = rope::slowing(&stretched);
    let close = |(ours, theirs): (&f64, &f32)| (ours / f64::from(*theirs) - 1.0).abs() < 1e-3;
    if ours.len() == slowed.len() && ours.iter().zip(slowed).all(close) {
        return Ok(stretched);
    }
    Err(keys.unknown_factors("other than those of Llama 3.1 and its successors"))
}

/// The tokens that end a text or a turn.
fn ends(metadata: &Metadata) -> Result<Vec<usize>> {
    let mut ends = Vec::new();
    for name in ["eos", "eot", "eom"] {
        if let Some(id) = metadata.size(&format!("tokenizer.ggml.{name}_token_id"))?
            && !ends.contains(&id)
        {
            ends.push(id);
        }
    }
    Ok(ends)
}

/// The family that the header names.
fn family(metadata: &Metadata) -> Result<Family> {
    const ARCHITECTURE: &str = "general.architecture";
    let name = metadata.text(ARCHITECTURE)?.ok_or_else(|| metadata.missing(ARCHITECTURE))?;
    FAMILIES.into_iter().find(|family| family.name() == name).ok_or_else(|| {
        let known = FAMILIES.map(|family| format!("`{}`", family.name())).join(", ");
        metadata.wrong(
            ARCHITECTURE,
            format!("is `{}`, which is not supported; this version reads {known} from GGUF files, such as SmolLM2, TinyLlama, Llama 3.2 or Qwen2.5", shown(name)),
        )
    })
}

/// The settings of a model.
struct Keys<'a> {
    metadata: &'a Metadata,
    family: Family,
}

impl Keys<'_> {
    /// The whole key of a setting.
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.family.name())
    }

    fn optional_size(&self, name: &str) -> Result<Option<usize>> {
        let key = self.key(name);
        // Files of models whose blocks differ have a list with a number for each block.
        if let Ok(Some(numbers)) = self.metadata.numbers(&key) {
            let sizes: Vec<Option<usize>> = numbers.into_iter().map(Number::size).collect();
            return match sizes.split_first() {
                Some((Some(size), rest)) if rest.iter().all(|other| *other == Some(*size)) => Ok(Some(*size)),
                _ => Err(self.metadata.wrong(&key, "differs from block to block, which is not supported")),
            };
        }
        self.metadata.size(&key)
    }

    fn size(&self, name: &str) -> Result<usize> {
        self.optional_size(name)?.ok_or_else(|| self.metadata.missing(&self.key(name)))
    }

    fn real(&self, name: &str) -> Result<Option<f64>> {
        self.metadata.real(&self.key(name))
    }

    /// Checks that the file is the whole of a model that we compute.
    fn whole_model(&self) -> Result<()> {
        let metadata = self.metadata;
        if let Some(parts) = metadata.size("split.count")?.filter(|parts| *parts > 1) {
            return Err(metadata.wrong(
                "split.count",
                format!("is {parts}: the model is split into that many files. Put them together: `llama-gguf-split --merge FIRST OUT.gguf`"),
            ));
        }
        for name in FOREIGN {
            let key = self.key(name);
            let nothing = match metadata.values.get(&key) {
                None => true,
                Some(_) => {
                    metadata.truth(&key).is_ok_and(|truth| truth == Some(false))
                        || metadata.real(&key).is_ok_and(|value| value == Some(0.0))
                }
            };
            if !nothing {
                return Err(
                    metadata.wrong(&key, "is set, and this version cannot compute what it means; choose another model")
                );
            }
        }
        Ok(())
    }

    /// The width of a head: keys and values have the same, and all of it is rotated.
    fn head_width(&self, share: usize) -> Result<usize> {
        let width = self.optional_size("attention.key_length")?.unwrap_or(share);
        for name in ["attention.value_length", "rope.dimension_count"] {
            if let Some(other) = self.optional_size(name)?.filter(|other| *other != width) {
                return Err(self.metadata.wrong(
                    &self.key(name),
                    format!(
                        "is {other}, and a head is {width} wide; only heads that are the same everywhere are supported"
                    ),
                ));
            }
        }
        Ok(width)
    }

    /// The number of tokens: as many as the embedding has rows.
    fn vocabulary(&self, header: &Header) -> Result<usize> {
        let rows = header.tensors.get(names::EMBEDDING).and_then(|entry| entry.shape.first().copied());
        let rows = rows.and_then(|rows| usize::try_from(rows).ok()).ok_or_else(|| {
            Error::model(
                &self.metadata.path,
                format!("tensor `{}` is missing; download the file again", names::EMBEDDING),
            )
        })?;
        match self.optional_size("vocab_size")? {
            Some(other) if other != rows => Err(self.metadata.wrong(
                &self.key("vocab_size"),
                format!("is {other}, but tensor `{}` has {rows} rows; download the file again", names::EMBEDDING),
            )),
            _ => Ok(rows),
        }
    }

    /// The factor by which all positions are squeezed, if they are.
    fn linear(&self) -> Result<Option<f64>> {
        let kind = self.metadata.text(&self.key("rope.scaling.type"))?;
        // Files of 2023 say no type.
        let old = self.real("rope.scale_linear")?;
        let factor = self.real("rope.scaling.factor")?.or(old);
        match kind {
            None | Some("linear") => Ok(factor.filter(|factor| *factor != 1.0 && *factor != 0.0)),
            Some("none") => Ok(None),
            Some(other) => Err(self.metadata.wrong(
                &self.key("rope.scaling.type"),
                format!("is `{}`; `none` and `linear` are supported", shown(other)),
            )),
        }
    }

    /// The settings of the one family of factors that we know: those of Llama 3.1, whose longest
    /// waves are slowed the most.
    fn llama3(&self, slowed: &[f32]) -> Result<Value> {
        let original = self.optional_size("rope.scaling.original_context_length")?.unwrap_or(LLAMA3_CONTEXT);
        let most = slowed.iter().fold(1.0, |most: f32, factor| most.max(*factor));
        // The factors were computed in f32; the one they come from is a round number.
        let most = (most * 1000.0).round() / 1000.0;
        Ok(json!({
            "rope_type": "llama3",
            "factor": most,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": original,
        }))
    }

    fn unknown_factors(&self, which: &str) -> Error {
        Error::model(
            &self.metadata.path,
            format!(
                "tensor `{}` has factors {which}, which this version cannot compute; choose another model",
                names::ROPE_FACTORS
            ),
        )
    }
}
