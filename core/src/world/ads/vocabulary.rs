//! The tokens of the world and their tokenizer: one token a word.

use super::{
    brand::Brand,
    token_form::{ON, RESPOND, SCENE, SILENT, UNTITLED, faces_word},
    words::{
        Color, Complexity, DURATIONS, Emotion, Industry, Line, Orientation, Pace, Product, Thing, Title, Tone,
        duration_word,
    },
};

/// What stands for a word that is not in the vocabulary.
const UNKNOWN: &str = "<unk>";

/// Marks of the judge channel, and those around a score: `<score>` asks how memorable an ad is, in two digits, and
/// `<goal>` says how memorable one is to be.
const MARKS: [&str; 8] =
    ["<check>", "<versus>", "<judge:1>", "<judge:2>", "<verdict:1>", "<verdict:2>", "<score>", "<goal>"];

/// What judges answer.
const LABELS: [&str; 14] = ["yes", "no", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B"];

/// Every token in the order of its id; `<pad>`, `<bos>` and `<eos>` come first. All others are words, and texts
/// are words with blanks between them.
#[must_use]
pub fn tokens() -> Vec<String> {
    let mut tokens: Vec<String> = ["<pad>", "<bos>", "<eos>", UNKNOWN, RESPOND, SCENE, ON, UNTITLED, SILENT]
        .into_iter()
        .chain(MARKS)
        .chain(super::corpus::questions())
        .chain(LABELS)
        .map(str::to_owned)
        .collect();
    macro_rules! add {
        ($($name:ident),+) => { $(tokens.extend($name::ALL.iter().map(|one| one.word().to_owned()));)+ };
    }
    add!(Industry, Product, Title, Orientation, Pace, Thing, Color, Tone, Emotion, Complexity, Line);
    tokens.extend(DURATIONS.map(duration_word));
    tokens.extend((0..=super::MOST_FACES).map(faces_word));
    tokens.extend(Brand::all().map(Brand::name));
    tokens
}

/// The tokenizer in the Hugging Face `tokenizer.json` form: whole words, split at white space, `<bos>` before
/// every text.
#[must_use]
pub fn tokenizer_json() -> String {
    crate::world::word_tokenizer(&tokens(), UNKNOWN)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        rng::{Purpose, Stream},
        text::Tokenizer,
        world::ads::author::seed_ad,
    };

    #[test]
    fn tokens_are_distinct() {
        let tokens = tokens();
        assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), tokens.len());
        assert!(tokens.iter().all(|token| !token.is_empty() && !token.contains(char::is_whitespace)));
    }

    #[test]
    fn an_ad_and_its_brief_have_a_token_a_word_and_at_most_a_hundred() {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let unknown = tokenizer.id(UNKNOWN).unwrap();
        let mut longest = 0;
        for index in 0..2000 {
            let mut stream = Stream::new(5, Purpose::Corpus, 9, index);
            let (brief, ad) = seed_ad(Brand::COUNT, &mut stream);
            let text = format!("{} {}", brief.prompt(), ad.tokens());
            let ids = tokenizer.encode(&text).unwrap();
            assert_eq!(ids.len(), 1 + text.split_whitespace().count());
            assert!(!ids.contains(&unknown), "{text}");
            assert_eq!(tokenizer.decode(&ids).unwrap(), text);
            longest = longest.max(ids.len());
        }
        assert!((60..=100).contains(&longest), "{longest}");
    }
}
