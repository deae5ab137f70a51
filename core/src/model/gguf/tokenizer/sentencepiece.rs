//! SentencePiece's BPE, as the first Llamas have it: blanks are signs, the pair whose whole has the best
//! score is put together first, and what no token spells is spelled in bytes.
//!
//! The pairs are not in the file; they are all that make a token. Where two of them make the same token,
//! SentencePiece takes the one further left, and a list of pairs the one that stands first.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{Json, Parts, Role, Vocabulary};
use crate::Result;

const SCORES: &str = "tokenizer.ggml.scores";

/// The sign that stands for a blank.
const BLANK: &str = "\u{2581}";

pub(super) fn json<'a>(vocabulary: &Vocabulary<'a>) -> Result<Json<'a>> {
    let prefix = vocabulary.metadata.truth("tokenizer.ggml.add_space_prefix")?.unwrap_or(true);
    let blanks = json!({"type": "Replace", "pattern": {"String": " "}, "content": BLANK});
    let mut normalizers = vec![blanks];
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": BLANK}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if prefix {
        normalizers.insert(0, json!({"type": "Prepend", "prepend": BLANK}));
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    let unknown = match vocabulary.named("unknown")? {
        Some(id) => Some(id),
        None => vocabulary.roles.iter().position(|role| *role == Role::Unknown),
    };
    Ok(vocabulary.tokenizer(Parts {
        normalizer: json!({"type": "Sequence", "normalizers": normalizers}),
        pre_tokenizer: Value::Null,
        post_processor: vocabulary.around(true)?,
        decoder: json!({"type": "Sequence", "decoders": decoders}),
        unknown: unknown.and_then(|id| vocabulary.tokens.get(id)),
        byte_fallback: (0..=u8::MAX).all(|byte| vocabulary.ids.contains_key(format!("<0x{byte:02X}>").as_str())),
        ignore_merges: false,
        merges: merges(vocabulary)?,
    }))
}

/// All pairs that make a token, by its score.
fn merges<'a>(vocabulary: &Vocabulary<'a>) -> Result<Vec<(&'a str, &'a str)>> {
    let metadata = vocabulary.metadata;
    let scores = metadata.numbers(SCORES)?.ok_or_else(|| metadata.missing(SCORES))?;
    if scores.len() != vocabulary.tokens.len() {
        let problem = format!("has {} entries, and there are {} tokens", scores.len(), vocabulary.tokens.len());
        return Err(metadata.wrong(SCORES, format!("{problem}; download the file again")));
    }
    let takes_part = |id: usize| matches!(vocabulary.roles.get(id), Some(Role::Normal | Role::UserDefined));
    let part = |text: &'a str| vocabulary.ids.get(text).copied().filter(|id| takes_part(*id));
    let mut pairs = Vec::new();
    for (id, (whole, score)) in vocabulary.tokens.iter().zip(scores).enumerate() {
        let Some(score) = score.real() else {
            return Err(metadata.wrong(SCORES, format!("says {score:?} of token {id}; download the file again")));
        };
        if !takes_part(id) {
            continue;
        }
        for (at, _) in whole.char_indices().skip(1) {
            let (left, right) = whole.split_at(at);
            if let (Some(first), Some(second)) = (part(left), part(right)) {
                pairs.push((score, first, second, left, right));
            }
        }
    }
    let order = |a: &(f64, usize, usize, _, _), b: &(f64, usize, usize, _, _)| {
        b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then((a.1, a.2).cmp(&(b.1, b.2)))
    };
    pairs.sort_by(order);
    Ok(pairs.into_iter().map(|(_, _, _, left, right)| (left, right)).collect())
}
