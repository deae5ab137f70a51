//! `tokenizer.json`.

use selfsame_core::text::Tokenizer;

/// Texts of many kinds: blanks, digits, signs, other scripts, long words.
const TEXTS: [&str; 6] = [
    "",
    "Hello, world! It's 2024.",
    " \t\n  \r\n",
    "na\u{ef}ve \u{4f60}\u{597d} \u{1f999}\u{200d}\u{0}e\u{301}",
    "<s>[INST] <|user|> must:fox </s><unk>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(tokenizer) = Tokenizer::parse(text) {
        spell(&tokenizer);
    }
}

/// Turns texts into tokens and back.
pub(super) fn spell(tokenizer: &Tokenizer) {
    for text in TEXTS {
        let _ = tokenizer.unknown_word(text);
        if let Ok(ids) = tokenizer.encode(text) {
            let _ = tokenizer.decode(&ids);
            let _ = ids.iter().filter_map(|id| tokenizer.token(*id)).count();
        }
        if let Ok((ids, spans)) = tokenizer.encode_with_spans(text) {
            assert_eq!(ids.len(), spans.len());
        }
    }
    let _ = (tokenizer.size(), tokenizer.single("A"), tokenizer.decode(&[0, 1, 2, 3, u32::MAX]));
}
