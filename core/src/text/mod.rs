//! Text to tokens and back, with the `tokenizer.json` of the model, and conversations to text, with its
//! chat template.

mod chat;
mod claims;

use std::{
    collections::BTreeMap,
    fmt::Display,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Error, Result,
    model::gguf::{self, Gguf},
};

pub use chat::{ChatTemplate, Json, Limits, Moment, Rendered, Rendering};

/// The file of a tokenizer in a model's folder.
pub const TOKENIZER: &str = "tokenizer.json";

/// Files that lie beside it and say more: the chat template, and which tokens are special.
pub const BESIDE: [&str; 3] = ["chat_template.jinja", "tokenizer_config.json", "special_tokens_map.json"];

/// What a `tokenizer.json` can say. Its reader passes over other parts of a value, and a tokenizer without one of its
/// parts is another tokenizer.
const PARTS: [&str; 9] = [
    "version",
    "truncation",
    "padding",
    "added_tokens",
    "normalizer",
    "pre_tokenizer",
    "post_processor",
    "decoder",
    "model",
];

/// A tokenizer and where it came from.
#[derive(Clone)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    json: Arc<str>,
    /// The texts of [`BESIDE`], as far as they are there.
    beside: Arc<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tokenizer({} tokens)", self.inner.get_vocab_size(true))
    }
}

/// The texts of [`BESIDE`] in a folder, as far as they are there.
///
/// # Errors
/// If one cannot be read.
pub fn beside(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for name in BESIDE {
        let path = folder.join(name);
        if path.exists() {
            texts.insert(name.to_owned(), std::fs::read_to_string(&path).map_err(|e| Error::read(&path, e))?);
        }
    }
    Ok(texts)
}

impl Tokenizer {
    /// Reads the tokenizer of a model: the `tokenizer.json` of its folder, or what its GGUF file says.
    ///
    /// # Errors
    /// If the file is missing or not a tokenizer.
    pub fn load(model: &Path) -> Result<Self> {
        if let Some(file) = gguf::find(model)? {
            let header = Gguf::read(&file)?;
            let tokenizer = Self::parse(&header.tokenizer_json()?).map_err(|e| Error::model(&file, e.to_string()))?;
            return Ok(tokenizer.with_beside(header.beside_tokenizer()?));
        }
        let path: PathBuf = model.join(TOKENIZER);
        let json = std::fs::read_to_string(&path)
            .map_err(|e| Error::model(&path, format!("{e}. A model folder needs its `{TOKENIZER}`")))?;
        let tokenizer = Self::parse(&json).map_err(|e| Error::model(&path, e.to_string()))?;
        Ok(tokenizer.with_beside(beside(model)?))
    }

    /// The texts of [`BESIDE`], as far as they are there.
    #[must_use]
    pub fn beside(&self) -> &BTreeMap<String, String> {
        &self.beside
    }

    /// The same with the texts of [`BESIDE`], by name: whoever writes the tokenizer into a folder writes them, too.
    #[must_use]
    pub fn with_beside(self, beside: BTreeMap<String, String>) -> Self {
        Self { beside: Arc::new(beside), ..self }
    }

    /// The tokenizer of an adapter: what its own folder has stands before what its base has, text by text.
    #[must_use]
    pub fn of_adapter(base: Self, own: Option<Self>, beside: BTreeMap<String, String>) -> Self {
        let texts = base.beside().clone().into_iter().chain(beside).collect();
        own.unwrap_or(base).with_beside(texts)
    }

    /// The files of a model's folder that are the tokenizer's.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let own = (TOKENIZER.to_owned(), self.json.as_bytes().to_vec());
        let beside = self.beside.iter().map(|(name, text)| (name.clone(), text.as_bytes().to_vec()));
        std::iter::once(own).chain(beside).collect()
    }

    /// A tokenizer from the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// If the text is not a tokenizer, or one that makes texts absurdly long.
    pub fn parse(json: &str) -> Result<Self> {
        let unread = |e: &dyn Display| Error::Tokenizer(format!("not a tokenizer.json this version reads ({e})"));
        let file: Value = serde_json::from_str(json).map_err(|e| unread(&e))?;
        let mut parts = file.as_object().into_iter().flat_map(|parts| parts.keys());
        if let Some(other) = parts.find(|part| !PARTS.contains(&part.as_str())) {
            return Err(unread(&format!("it has a part `{other}`")));
        }
        claims::check(&file)?;
        // What was checked, and not the text once more: what stands there twice, or before a mistake, was not checked.
        let mut inner =
            sound(|| tokenizers::Tokenizer::deserialize(&file).map_err(Into::into)).map_err(|e| unread(&e))?;
        // As in transformers, which neither cuts nor fills a text unless it is asked to; the file may say to a length
        // for which there is no memory.
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| unread(&e))?;
        Ok(Self { inner, json: json.into(), beside: Arc::default() })
    }

    /// The text of the `tokenizer.json`.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The number of tokens, added ones included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The tokens of a whole text, with the special tokens that `tokenizer.json` adds and no others.
    ///
    /// # Errors
    /// If the tokenizer cannot represent the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        self.ids(text, true)
    }

    /// The tokens of a piece of text that continues another: no special tokens.
    ///
    /// # Errors
    /// If the tokenizer cannot represent the text.
    pub fn encode_piece(&self, text: &str) -> Result<Vec<u32>> {
        self.ids(text, false)
    }

    fn ids(&self, text: &str, special: bool) -> Result<Vec<u32>> {
        sound(|| self.inner.encode(text, special))
            .map(|encoding| encoding.get_ids().to_vec())
            .map_err(|e| Error::Tokenizer(format!("cannot encode {text:?} ({e})")))
    }

    /// The tokens of a text that brings its special tokens along, and the bytes of the text that each
    /// spells.
    ///
    /// # Errors
    /// If the tokenizer cannot represent the text.
    pub fn encode_with_spans(&self, text: &str) -> Result<(Vec<u32>, Vec<Range<usize>>)> {
        let encoding = sound(|| self.inner.encode(text, false))
            .map_err(|e| Error::Tokenizer(format!("cannot encode {text:?} ({e})")))?;
        let spans = encoding.get_offsets().iter().map(|&(start, end)| start..end).collect();
        Ok((encoding.get_ids().to_vec(), spans))
    }

    /// The text of tokens, special ones left out.
    ///
    /// # Errors
    /// If an id is not in the vocabulary.
    pub fn decode(&self, ids: &[u32]) -> Result<String> {
        sound(|| self.inner.decode(ids, true))
            .map_err(|e| Error::Tokenizer(format!("cannot decode {} tokens ({e})", ids.len())))
    }

    /// The id of a token.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// How the vocabulary spells a token.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The first word of a text that a tokenizer of whole words would read as its token for unknown
    /// words, if any. Tokenizers of pieces of words can spell everything.
    #[must_use]
    pub fn unknown_word<'a>(&self, text: &'a str) -> Option<&'a str> {
        let tokenizers::ModelWrapper::WordLevel(model) = self.inner.get_model() else { return None };
        let unknown = self.id(&model.unk_token)?;
        text.split_whitespace()
            .find(|word| self.id(word).is_none() && self.encode_piece(word).is_ok_and(|ids| ids.contains(&unknown)))
    }

    /// The one token that spells `text` as a continuation, or else the token of that name:
    /// tokenizers that put a blank before every text split even single digits.
    ///
    /// # Errors
    /// If there is neither: such a label cannot be scored by one logit.
    pub fn single(&self, text: &str) -> Result<u32> {
        match (&self.encode_piece(text)?[..], self.id(text)) {
            ([id], _) => Ok(*id),
            (_, Some(id)) => Ok(id),
            (ids, None) => Err(Error::Tokenizer(format!(
                "the judge label {text:?} takes {} tokens; choose labels of one token each",
                ids.len()
            ))),
        }
    }
}

/// What the crate says, or that it gave up: it trusts some of what a file says about itself, such as the table of a
/// `Precompiled` normalizer, and panics where it lies.
fn sound<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    // Nothing that it may have left half done is looked at: a tokenizer is only read.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("its parts contradict each other".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_tokenizer_has_a_token_per_word() {
        let tokenizer = Tokenizer::parse(&crate::world::rules::tokenizer_json()).unwrap();
        let ids = tokenizer.encode("must:fox never:any <resp> the fox").unwrap();
        assert_eq!(ids.len(), 6, "one per word and <bos>");
        assert_eq!(ids[0], 1);
        assert_eq!(tokenizer.decode(&ids[4..]).unwrap(), "the fox");
        assert_eq!(tokenizer.encode_piece("<versus>").unwrap().len(), 1);
        assert_eq!(tokenizer.decode(&[2]).unwrap(), "");
        assert!(tokenizer.single("two words").is_err());
    }

    #[test]
    fn unknown_words_are_found_where_a_word_is_a_token() {
        let tokenizer = Tokenizer::parse(&crate::world::rules::tokenizer_json()).unwrap();
        assert_eq!(tokenizer.unknown_word("must:fox never:any <resp> the fox"), None);
        assert_eq!(tokenizer.unknown_word("the banana fox"), Some("banana"));
        let pieces = serde_json::json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
            "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}});
        assert_eq!(Tokenizer::parse(&pieces.to_string()).unwrap().unknown_word("banana"), None);
    }

    #[test]
    fn what_an_adapter_brings_stands_before_what_its_base_has() {
        fn named(texts: &[(&str, &str)]) -> BTreeMap<String, String> {
            texts.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect()
        }
        let base = || {
            let tokenizer = Tokenizer::parse(&crate::world::rules::tokenizer_json()).unwrap();
            tokenizer.with_beside(named(&[("a.json", "base"), ("b.json", "base")]))
        };
        let brought = || named(&[("b.json", "own"), ("c.json", "own")]);
        let adapter = Tokenizer::of_adapter(base(), None, brought());
        let texts = named(&[("a.json", "base"), ("b.json", "own"), ("c.json", "own")]);
        assert_eq!(adapter.beside(), &texts);
        assert_eq!(adapter.json(), base().json());
        let own = Tokenizer::parse(&crate::world::ads::tokenizer_json()).unwrap();
        let adapter = Tokenizer::of_adapter(base(), Some(own.clone()), brought());
        assert_eq!(adapter.beside(), &texts);
        assert_eq!(adapter.json(), own.json());
    }

    #[test]
    fn a_table_that_lies_is_an_error_and_nobody_fills_a_text_up() {
        let mut file: Value = serde_json::from_str(&crate::world::rules::tokenizer_json()).unwrap();
        file["padding"] = serde_json::json!({"strategy": {"Fixed": 1_000_000_000_000_u64}, "direction": "Right",
            "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"});
        file["truncation"] = serde_json::json!({"direction": "Right", "max_length": 1, "strategy": "LongestFirst",
            "stride": 0});
        let tokenizer = Tokenizer::parse(&file.to_string()).unwrap();
        assert_eq!(tokenizer.encode("the fox").unwrap().len(), 3, "two words and <bos>");
        // A table of one entry, which is looked up beyond its end.
        file["normalizer"] = serde_json::json!({"type": "Precompiled", "precompiled_charsmap": "AAAAAAAAAAAAAAAA"});
        let tokenizer = Tokenizer::parse(&file.to_string()).unwrap();
        let error = tokenizer.encode("the fox").unwrap_err().to_string();
        assert!(error.contains("contradict"), "{error}");
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Tokenizer::parse("{}").is_err());
        assert!(Tokenizer::parse("").is_err());
        let mut file: Value = serde_json::from_str(&crate::world::rules::tokenizer_json()).unwrap();
        Tokenizer::parse(&file.to_string()).unwrap();
        file["later"] = Value::Null;
        let error = Tokenizer::parse(&file.to_string()).unwrap_err().to_string();
        assert!(error.contains("`later`"), "{error}");
    }
}
