//! The words of the world and its tokenizer: one token per word.

use super::constraint::Band;

/// Words that constraints are about.
pub const WORDS: [&str; 32] = [
    "ash", "bay", "bee", "cat", "clay", "crow", "dawn", "deer", "elm", "fern", "fish", "fox", "frog", "gold", "hare",
    "hill", "ice", "ivy", "jade", "kite", "lake", "lark", "mist", "moon", "moss", "oak", "owl", "pine", "rain", "rose",
    "sun", "wolf",
];

/// Words that no constraint mentions: irrelevant freedom.
pub(in crate::world) const FILLERS: [&str; 8] = ["and", "here", "now", "oh", "so", "the", "then", "very"];

/// Slots that name a word.
const WORD_SLOTS: [&str; 8] = ["must", "never", "first", "last", "early", "late", "twice", "thrice"];

/// Slots that can be empty.
const ANY_SLOTS: [&str; 8] = ["must", "never", "first", "last", "early", "late", "count", "length"];

/// Marks and labels of the prompt and the judge channel.
const MARKS: [&str; 18] = [
    "<resp>",
    "<check>",
    "<versus>",
    "<judge:1>",
    "<judge:2>",
    "<verdict:1>",
    "<verdict:2>",
    "yes",
    "no",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "A",
    "B",
    "any",
];

/// Every token in the order of its id; `<pad>`, `<bos>` and `<eos>` come first. All others are words, and
/// texts are words with blanks between them.
#[must_use]
pub fn tokens() -> Vec<String> {
    let mut tokens: Vec<String> = ["<pad>", "<bos>", "<eos>"].map(str::to_owned).to_vec();
    tokens.extend(MARKS.map(str::to_owned));
    tokens.extend(WORDS.map(str::to_owned));
    tokens.extend(FILLERS.map(str::to_owned));
    for slot in WORD_SLOTS {
        tokens.extend(WORDS.map(|word| format!("{slot}:{word}")));
    }
    tokens.extend(ANY_SLOTS.map(|slot| format!("{slot}:any")));
    tokens.extend(Band::ALL.map(|band| format!("length:{}", band.name())));
    tokens
}

/// For each slot token the tokens it is made of: `must:fox` of `fox` and of the empty slot
/// `must:any`. A fresh model starts with their embeddings added up, so that matching need not be
/// learned from nothing; see [`crate::model::Decoder::random`].
#[must_use]
pub fn compositional_parts() -> Vec<(usize, usize)> {
    let tokens = tokens();
    let id = |name: &str| tokens.iter().position(|token| token == name);
    let mut parts = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some((kind, value)) =
            token.split_once(':').filter(|(kind, value)| !kind.starts_with('<') && *value != "any")
        else {
            continue;
        };
        let kind = if matches!(kind, "twice" | "thrice") { "count" } else { kind };
        let word = WORDS.contains(&value).then(|| id(value)).flatten();
        parts.extend(id(&format!("{kind}:any")).into_iter().chain(word).map(|part| (index, part)));
    }
    parts
}

/// The tokenizer in the Hugging Face `tokenizer.json` form: whole words, split at white space,
/// `<bos>` before every text.
#[must_use]
pub fn tokenizer_json() -> String {
    crate::world::word_tokenizer(&tokens(), "any")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_distinct_and_special_ones_come_first() {
        let tokens = tokens();
        let distinct: std::collections::BTreeSet<_> = tokens.iter().collect();
        assert_eq!(distinct.len(), tokens.len());
        assert_eq!(&tokens[..3], ["<pad>", "<bos>", "<eos>"]);
    }

    #[test]
    fn every_slot_has_its_kind_and_every_word_slot_its_word() {
        let words = 2 * WORD_SLOTS.len() * WORDS.len();
        assert_eq!(compositional_parts().len(), words + Band::ALL.len());
    }
}
