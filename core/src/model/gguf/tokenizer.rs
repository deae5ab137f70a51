//! The tokenizer of a GGUF file in the form of a Hugging Face `tokenizer.json`.

mod byte_level;
mod sentencepiece;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::value::{Metadata, Number, Texts, shown};
use crate::Result;

const MODEL: &str = "tokenizer.ggml.model";
pub(super) const TOKENS: &str = "tokenizer.ggml.tokens";
const TYPES: &str = "tokenizer.ggml.token_type";

/// `tokenizer.json`.
#[derive(Debug, Serialize)]
pub(super) struct Json<'a> {
    version: &'static str,
    truncation: (),
    padding: (),
    added_tokens: Vec<Value>,
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: Value,
    decoder: Value,
    model: Bpe<'a>,
}

/// A vocabulary and the pairs that are put together, the first first.
#[derive(Debug, Serialize)]
struct Bpe<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    dropout: (),
    unk_token: Option<&'a str>,
    continuing_subword_prefix: (),
    end_of_word_suffix: (),
    fuse_unk: bool,
    byte_fallback: bool,
    ignore_merges: bool,
    vocab: BTreeMap<&'a str, usize>,
    merges: Vec<(&'a str, &'a str)>,
}

/// What a token is, by llama.cpp's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

/// The tokens of a header and what they are.
struct Vocabulary<'a> {
    metadata: &'a Metadata,
    tokens: &'a Texts,
    roles: Vec<Role>,
    ids: BTreeMap<&'a str, usize>,
}

/// The tokenizer of a header.
///
/// # Errors
/// Names the key that is missing, contradictory or not supported.
pub(super) fn json(metadata: &Metadata) -> Result<Json<'_>> {
    let model = metadata.text(MODEL)?.ok_or_else(|| metadata.missing(MODEL))?;
    let build = match model {
        "gpt2" => byte_level::json,
        "llama" => sentencepiece::json,
        other => {
            let name = shown(other);
            return Err(metadata.wrong(
                MODEL,
                format!("is `{name}`, which is not supported; `gpt2` (byte-level BPE) and `llama` (SentencePiece) are. Choose the model in the Hugging Face layout"),
            ));
        }
    };
    build(&Vocabulary::read(metadata)?)
}

impl<'a> Vocabulary<'a> {
    fn read(metadata: &'a Metadata) -> Result<Self> {
        let tokens = metadata.texts(TOKENS)?.ok_or_else(|| metadata.missing(TOKENS))?;
        let mut ids = BTreeMap::new();
        for (id, token) in tokens.iter().enumerate() {
            if let Some(before) = ids.insert(token, id) {
                let problem =
                    format!("has the same text for tokens {before} and {id}; convert the model to GGUF again");
                return Err(metadata.wrong(TOKENS, problem));
            }
        }
        let mut vocabulary = Self { metadata, tokens, roles: vec![Role::Normal; tokens.len()], ids };
        match metadata.numbers(TYPES)? {
            Some(types) => vocabulary.roles = vocabulary.roles_of(&types)?,
            // Files of 2023 say no more than the tokens that have a name.
            None => {
                for name in ["bos", "eos", "unknown", "padding"] {
                    if let Some(id) = vocabulary.named(name)?
                        && let Some(role) = vocabulary.roles.get_mut(id)
                    {
                        *role = Role::Control;
                    }
                }
            }
        }
        Ok(vocabulary)
    }

    fn roles_of(&self, types: &[Number]) -> Result<Vec<Role>> {
        if types.len() != self.tokens.len() {
            let problem = format!("has {} entries, and `{TOKENS}` has {}", types.len(), self.tokens.len());
            return Err(self.metadata.wrong(TYPES, format!("{problem}; download the file again")));
        }
        let role = |(id, number): (usize, &Number)| {
            Ok(match number.size() {
                Some(0 | 1) => Role::Normal,
                Some(2) => Role::Unknown,
                Some(3) => Role::Control,
                Some(4) => Role::UserDefined,
                Some(5) => Role::Unused,
                Some(6) => Role::Byte,
                _ => {
                    return Err(self.metadata.wrong(TYPES, format!("says {number:?} of token {id}; 1 to 6 are known")));
                }
            })
        };
        types.iter().enumerate().map(role).collect()
    }

    /// The token that has a name of its own, such as `bos`.
    fn named(&self, name: &str) -> Result<Option<usize>> {
        let key = format!("tokenizer.ggml.{name}_token_id");
        match self.metadata.size(&key)? {
            Some(id) if id >= self.tokens.len() => {
                let problem = format!("is {id}, and there are {} tokens; download the file again", self.tokens.len());
                Err(self.metadata.wrong(&key, problem))
            }
            id => Ok(id),
        }
    }

    /// The tokens that a text can name: they are found before anything else is done to it.
    fn added(&self) -> Vec<Value> {
        let all = self.tokens.iter().zip(&self.roles).enumerate();
        let added = all.filter(|(_, (content, role))| {
            !content.is_empty() && matches!(role, Role::Unknown | Role::Control | Role::UserDefined)
        });
        let entry = |(id, (content, role)): (usize, (&str, &Role))| {
            json!({
                "id": id,
                "content": content,
                "single_word": false,
                "lstrip": false,
                "rstrip": false,
                "normalized": false,
                "special": *role != Role::UserDefined,
            })
        };
        added.map(entry).collect()
    }

    /// What is put around a text: its beginning and end, where the header or else the family wants them.
    fn around(&self, begins_by_default: bool) -> Result<Value> {
        let mut single = vec![json!({"Sequence": {"id": "A", "type_id": 0}})];
        let mut pair = vec![single.clone(), vec![json!({"Sequence": {"id": "B", "type_id": 1}})]].concat();
        let mut special = serde_json::Map::new();
        for (name, default, at_end) in [("bos", begins_by_default, false), ("eos", false, true)] {
            let key = format!("tokenizer.ggml.add_{name}_token");
            let asked = self.metadata.truth(&key)?;
            if !asked.unwrap_or(default) {
                continue;
            }
            let Some(id) = self.named(name)? else {
                if asked.is_none() {
                    continue;
                }
                return Err(self.metadata.missing(&format!("tokenizer.ggml.{name}_token_id")));
            };
            let token = self.tokens.get(id).unwrap_or_default();
            let piece = json!({"SpecialToken": {"id": token, "type_id": 0}});
            for template in [&mut single, &mut pair] {
                template.insert(if at_end { template.len() } else { 0 }, piece.clone());
            }
            special.insert(token.to_owned(), json!({"id": token, "ids": [id], "tokens": [token]}));
        }
        if special.is_empty() {
            return Ok(Value::Null);
        }
        Ok(json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}))
    }

    /// A `tokenizer.json` of this vocabulary.
    fn tokenizer(&self, parts: Parts<'a>) -> Json<'a> {
        Json {
            version: "1.0",
            truncation: (),
            padding: (),
            added_tokens: self.added(),
            normalizer: parts.normalizer,
            pre_tokenizer: parts.pre_tokenizer,
            post_processor: parts.post_processor,
            decoder: parts.decoder,
            model: Bpe {
                kind: "BPE",
                dropout: (),
                unk_token: parts.unknown,
                continuing_subword_prefix: (),
                end_of_word_suffix: (),
                fuse_unk: parts.unknown.is_some(),
                byte_fallback: parts.byte_fallback,
                ignore_merges: parts.ignore_merges,
                vocab: self.ids.clone(),
                merges: parts.merges,
            },
        }
    }
}

/// What differs between the families.
struct Parts<'a> {
    normalizer: Value,
    pre_tokenizer: Value,
    post_processor: Value,
    decoder: Value,
    unknown: Option<&'a str>,
    byte_fallback: bool,
    ignore_merges: bool,
    merges: Vec<(&'a str, &'a str)>,
}

#[cfg(test)]
mod tests;
