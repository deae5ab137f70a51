//! How much memory a `tokenizer.json` takes that it does not look like: steps that make a text longer, of which twenty that
//! write two blanks for one are a kilobyte of JSON and a million blanks, and a table that claims a size.

use serde_json::Value;

use crate::{Error, Result};

/// The most times longer. SentencePiece's sign for a blank is three bytes long.
const MOST: usize = 1000;

/// Checks what a `tokenizer.json` holds.
///
/// # Errors
/// Names what makes texts too long, or what is larger by its own account than it is.
pub(super) fn check(file: &Value) -> Result<()> {
    for part in ["normalizer", "decoder"] {
        let Some(step) = file.get(part) else { continue };
        if claims_more(step) {
            return Err(Error::Tokenizer(format!(
                "the `precompiled_charsmap` of its `{part}` is cut off; download tokenizer.json again"
            )));
        }
        let times = growth(step);
        if times > MOST {
            return Err(Error::Tokenizer(format!(
                "its `{part}` can make a text {times} times as long, and {MOST} times is the most that is done; choose another tokenizer.json"
            )));
        }
    }
    Ok(())
}

/// The steps of a row.
fn inside(step: &Value) -> impl Iterator<Item = &Value> {
    ["normalizers", "decoders"].iter().filter_map(|name| step.get(name)?.as_array()).flatten()
}

/// How many times longer a step, or several in a row, can make a text. What a step is says what it has: its type may be
/// missing.
fn growth(step: &Value) -> usize {
    let length = |text: Option<&Value>| text.and_then(Value::as_str).map_or(0, str::len);
    let replaces = step.get("pattern").map_or(1, |pattern| {
        let written = length(step.get("content"));
        match length(pattern.get("String")) {
            // An expression may find nothing everywhere, and every character stays.
            0 => written + 1,
            read => written.div_ceil(read).max(1),
        }
    });
    // Before each piece of a text, of which each has a character.
    let prepends = 1 + length(step.get("prepend"));
    inside(step).map(growth).fold(replaces.saturating_mul(prepends), usize::saturating_mul)
}

/// Whether a table of SentencePiece's, in base 64, says that it is larger than it is. Its first four bytes are the size
/// for which the crate makes room.
fn claims_more(step: &Value) -> bool {
    let own = step.get("precompiled_charsmap").and_then(Value::as_str).is_some_and(|table| {
        let digit = |sign: u8| {
            let place = match sign {
                b'A'..=b'Z' => sign - b'A',
                b'a'..=b'z' => sign - b'a' + 26,
                b'0'..=b'9' => sign - b'0' + 52,
                b'+' => 62,
                _ => 63,
            };
            u64::from(place)
        };
        let bits = table.bytes().take(6).fold(0, |bits, sign| bits << 6 | digit(sign));
        // Six digits of six bits are four bytes and a half.
        let [.., a, b, c, d] = (bits >> 4).to_be_bytes();
        u64::from(u32::from_le_bytes([a, b, c, d])) > table.len() as u64
    });
    own || inside(step).any(claims_more)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_doubles_a_text_over_and_over_is_refused() {
        let twice = json!({"type": "Replace", "pattern": {"String": " "}, "content": "  "});
        let all = |times: usize| json!({"normalizer": {"type": "Sequence", "normalizers": vec![twice.clone(); times]}});
        check(&all(9)).unwrap();
        let error = check(&all(20)).unwrap_err().to_string();
        assert!(error.contains("`normalizer`") && error.contains("1048576 times"), "{error}");
        check(&all(99)).unwrap_err();
        let nowhere = json!({"decoder": {"type": "Replace", "pattern": {"Regex": "a*"}, "content": "b".repeat(MOST)}});
        assert!(check(&nowhere).unwrap_err().to_string().contains("`decoder`"));
    }

    #[test]
    fn a_table_that_claims_more_than_it_has_is_refused() {
        let of = |table: &str| {
            let step = json!({"type": "Precompiled", "precompiled_charsmap": table});
            check(&json!({"normalizer": {"type": "Sequence", "normalizers": [step]}}))
        };
        // 8 bytes, and 8 follow.
        of("CAAAAAAAAAAAAAAA").unwrap();
        of("").unwrap();
        // 256 bytes, and two thousand million.
        for claims in ["AAEAAAAAAAAAAAAA", "AAAAgAAAAAAAAAAA", "/////w=="] {
            assert!(of(claims).unwrap_err().to_string().contains("cut off"), "{claims}");
        }
    }

    #[test]
    fn what_sentencepiece_needs_is_read() {
        let blank = json!({"type": "Replace", "pattern": {"String": " "}, "content": "\u{2581}"});
        let steps = json!([{"type": "Prepend", "prepend": "\u{2581}"}, blank, {"type": "Lowercase"}]);
        assert_eq!(growth(&json!({"type": "Sequence", "normalizers": steps})), 12);
        assert_eq!(growth(&json!({"type": "Replace", "pattern": {"String": "\u{2581}"}, "content": " "})), 1);
    }
}
