//! How much longer a `tokenizer.json` makes a text before it splits it, or after it put tokens together. Twenty steps that
//! write two blanks for one are a kilobyte of JSON and a million blanks.

use serde_json::Value;

use crate::{Error, Result};

/// The most times longer. SentencePiece's sign for a blank is three bytes long.
const MOST: usize = 1000;

/// Checks the text of a `tokenizer.json`. One that is no JSON is left to whoever reads it.
///
/// # Errors
/// Names what makes texts too long.
pub(super) fn check(json: &str) -> Result<()> {
    let file: Value = serde_json::from_str(json).unwrap_or_default();
    for part in ["normalizer", "decoder"] {
        let times = file.get(part).map_or(1, growth);
        if times > MOST {
            return Err(Error::Tokenizer(format!(
                "its `{part}` can make a text {times} times as long, and {MOST} times is the most that is done; choose another tokenizer.json"
            )));
        }
    }
    Ok(())
}

/// How many times longer a step, or several in a row, can make a text.
fn growth(step: &Value) -> usize {
    let inside = ["normalizers", "decoders"].iter().filter_map(|name| step.get(name)?.as_array()).flatten();
    let own = match step.get("type").and_then(Value::as_str) {
        Some("Replace") => {
            let length = |text: Option<&Value>| text.and_then(Value::as_str).map_or(0, str::len);
            let written = length(step.get("content"));
            match length(step.get("pattern").and_then(|pattern| pattern.get("String"))) {
                // An expression may find nothing everywhere, and every character stays.
                0 => written + 1,
                read => written.div_ceil(read).max(1),
            }
        }
        // Before each piece of a text, of which each has a character.
        Some("Prepend") => 1 + step.get("prepend").and_then(Value::as_str).map_or(0, str::len),
        _ => 1,
    };
    inside.map(growth).fold(own, usize::saturating_mul)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_doubles_a_text_over_and_over_is_refused() {
        let twice = json!({"type": "Replace", "pattern": {"String": " "}, "content": "  "});
        let all = |times: usize| json!({"normalizer": {"type": "Sequence", "normalizers": vec![twice.clone(); times]}});
        check(&all(9).to_string()).unwrap();
        let error = check(&all(20).to_string()).unwrap_err().to_string();
        assert!(error.contains("`normalizer`") && error.contains("1048576 times"), "{error}");
        check(&all(99).to_string()).unwrap_err();
        let nowhere = json!({"decoder": {"type": "Replace", "pattern": {"Regex": "a*"}, "content": "b".repeat(MOST)}});
        assert!(check(&nowhere.to_string()).unwrap_err().to_string().contains("`decoder`"));
        check("no JSON").unwrap();
    }

    #[test]
    fn what_sentencepiece_needs_is_read() {
        let blank = json!({"type": "Replace", "pattern": {"String": " "}, "content": "\u{2581}"});
        let steps = json!([{"type": "Prepend", "prepend": "\u{2581}"}, blank, {"type": "Lowercase"}]);
        assert_eq!(growth(&json!({"type": "Sequence", "normalizers": steps})), 12);
        assert_eq!(growth(&json!({"type": "Replace", "pattern": {"String": "\u{2581}"}, "content": " "})), 1);
    }
}
