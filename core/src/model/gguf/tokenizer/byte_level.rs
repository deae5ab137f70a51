//! Byte-level BPE, as GPT-2 brought it up: texts are split by an expression, and pairs of a list are put
//! together. The expression is not in the file; the header names it as llama.cpp knows it.

use serde_json::{Value, json};

use super::{Json, Parts, Vocabulary, shown};
use crate::Result;

const PRE: &str = "tokenizer.ggml.pre";
const MERGES: &str = "tokenizer.ggml.merges";

/// Words with a blank before them, runs of digits, runs of other signs, blanks.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";

/// Of the newer expressions, what comes before the digits.
const WORDS: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|";

/// And what comes after them.
const REST: &str = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How texts are split.
struct Family {
    /// The names in headers.
    names: &'static [&'static str],
    split: fn() -> Vec<String>,
    /// Whether a piece that is a token is taken whole, whatever the pairs say.
    ignore_merges: bool,
    /// Whether a text has a beginning unless the header says otherwise.
    begins: bool,
}

/// The families that we know, by llama.cpp's table of pre-tokenizers.
const FAMILIES: [Family; 5] = [
    Family {
        names: &["gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling"],
        split: || vec![GPT2.to_owned()],
        ignore_merges: false,
        begins: false,
    },
    Family {
        names: &["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
        split: || vec![r"\p{N}".to_owned(), GPT2.to_owned()],
        ignore_merges: false,
        begins: false,
    },
    Family {
        names: &["default"],
        split: || [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"].map(str::to_owned).to_vec(),
        ignore_merges: false,
        begins: false,
    },
    Family {
        names: &["qwen2", "stablelm2", "hunyuan", "deepseek-r1-qwen", "megrez"],
        split: || vec![format!(r"{WORDS}\p{{N}}{REST}")],
        ignore_merges: false,
        begins: false,
    },
    Family {
        names: &["llama-bpe", "llama3", "llama-v3"],
        split: || vec![format!(r"{WORDS}\p{{N}}{{1,3}}{REST}")],
        ignore_merges: true,
        begins: true,
    },
];

pub(super) fn json<'a>(vocabulary: &Vocabulary<'a>) -> Result<Json<'a>> {
    let metadata = vocabulary.metadata;
    let name = metadata.text(PRE)?.unwrap_or("default");
    let family = FAMILIES.iter().find(|family| family.names.contains(&name)).ok_or_else(|| {
        let known: Vec<&str> = FAMILIES.iter().flat_map(|family| family.names).copied().collect();
        metadata.wrong(PRE, format!("is `{}`, and how it splits texts is not known to this version; known are {}. Choose the model in the Hugging Face layout", shown(name), known.join(", ")))
    })?;
    Ok(vocabulary.tokenizer(Parts {
        normalizer: Value::Null,
        pre_tokenizer: pre_tokenizer(family),
        post_processor: vocabulary.around(family.begins)?,
        decoder: json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}),
        unknown: None,
        byte_fallback: false,
        ignore_merges: family.ignore_merges,
        merges: merges(vocabulary)?,
    }))
}

fn pre_tokenizer(family: &Family) -> Value {
    let split = |expression| json!({"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": false});
    let mut steps: Vec<Value> = (family.split)().into_iter().map(split).collect();
    steps.push(json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}));
    json!({"type": "Sequence", "pretokenizers": steps})
}

/// The pairs of the header. Their first blank parts them, unless a pair begins with it.
fn merges<'a>(vocabulary: &Vocabulary<'a>) -> Result<Vec<(&'a str, &'a str)>> {
    let metadata = vocabulary.metadata;
    let merges = metadata.texts(MERGES)?.ok_or_else(|| metadata.missing(MERGES))?;
    let wrong = |index: usize, problem: String| {
        let problem: String = problem.chars().take(200).collect();
        metadata.wrong(MERGES, format!("{problem} (entry {index}); download the file again"))
    };
    let pair = |(index, merge): (usize, &'a str)| {
        let first = merge.chars().next().map_or(0, char::len_utf8);
        let at = merge.get(first..).and_then(|rest| rest.find(' ')).map(|at| first + at);
        let pair = at.and_then(|at| Some((merge.get(..at)?, merge.get(at + 1..)?)));
        let (left, right) = pair.ok_or_else(|| wrong(index, format!("has {merge:?}, which is no pair")))?;
        let whole = [left, right].concat();
        for token in [left, right, &whole] {
            if !vocabulary.ids.contains_key(token) {
                return Err(wrong(index, format!("has {merge:?}, but there is no token {token:?}")));
            }
        }
        Ok((left, right))
    };
    merges.iter().enumerate().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, PreTokenizerWrapper};

    use super::*;

    /// Against the same expressions in Python's `regex`.
    #[test]
    fn texts_are_split_as_the_names_say() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens/gguf_pieces.json");
        let golden: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let texts = golden["texts"].as_array().unwrap();
        let cases = golden["cases"].as_object().unwrap();
        assert_eq!(cases.len(), FAMILIES.len());
        for (name, expected) in cases {
            let family = FAMILIES.iter().find(|family| family.names.contains(&name.as_str())).unwrap();
            let split: PreTokenizerWrapper = serde_json::from_value(pre_tokenizer(family)).unwrap();
            for (text, expected) in texts.iter().zip(expected.as_array().unwrap()) {
                let text = text.as_str().unwrap();
                let mut pieces = PreTokenizedString::from(text);
                split.pre_tokenize(&mut pieces).unwrap();
                let pieces: Vec<&str> = pieces
                    .get_splits(OffsetReferential::Original, OffsetType::Byte)
                    .into_iter()
                    .map(|(_, (begin, end), _)| &text[begin..end])
                    .collect();
                let expected: Vec<&str> = expected.as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
                assert_eq!(pieces, expected, "{name}: {text:?}");
            }
        }
    }
}
