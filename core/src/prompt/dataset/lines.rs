//! JSON lines: one object a line.

use std::{collections::BTreeSet, fmt, path::Path};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::{Error, Result};

/// The objects of a text. Blank lines at the end are allowed, others are not.
///
/// # Errors
/// Names the line that is empty, is not JSON, is not an object, or has a key twice.
pub(super) fn parse(text: &str, path: &Path) -> Result<Vec<Map<String, Value>>> {
    let wrong = |line: usize, problem: String| Error::Data { path: path.to_path_buf(), line, problem };
    let text = text.trim_end();
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.trim().is_empty() {
            return Err(wrong(number, "the line is empty; remove it".to_owned()));
        }
        match serde_json::from_str(line) {
            Ok(Value::Object(fields)) => {
                if let Ok(Twin(Some(key))) = serde_json::from_str(line) {
                    return Err(wrong(
                        number,
                        format!(
                            "the key `{key}` is there twice, and only one of its values could be read; remove the other"
                        ),
                    ));
                }
                rows.push(fields);
            }
            Ok(_) => {
                return Err(wrong(
                    number,
                    "not an object; each line holds one object such as {\"prompt\": \"...\"}".to_owned(),
                ));
            }
            Err(e) => {
                return Err(wrong(
                    number,
                    format!("not valid JSON ({e}); each line holds one object such as {{\"prompt\": \"...\"}}"),
                ));
            }
        }
    }
    if rows.is_empty() {
        return Err(wrong(1, "the file holds no rows".to_owned()));
    }
    Ok(rows)
}

/// The first key that an object of a JSON text has twice, at any depth. What reads the values keeps the last in silence.
struct Twin(Option<String>);

impl<'de> Deserialize<'de> for Twin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seeker)
    }
}

struct Seeker;

impl<'de> Visitor<'de> for Seeker {
    type Value = Twin;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Twin, E> {
        Ok(Twin(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Twin, E> {
        Ok(Twin(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Twin, E> {
        Ok(Twin(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Twin, E> {
        Ok(Twin(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Twin, E> {
        Ok(Twin(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Twin, E> {
        Ok(Twin(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Twin, A::Error> {
        let mut found = None;
        while let Some(Twin(twin)) = list.next_element()? {
            found = found.or(twin);
        }
        Ok(Twin(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Twin, A::Error> {
        let (mut keys, mut found) = (BTreeSet::new(), None);
        while let Some(key) = object.next_key::<String>()? {
            if keys.contains(&key) {
                object.next_value::<IgnoredAny>()?;
                found = found.or(Some(key));
            } else {
                let Twin(twin) = object.next_value()?;
                found = found.or(twin);
                keys.insert(key);
            }
        }
        Ok(Twin(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_there_twice_are_named_at_any_depth() {
        let good = "{\"prompt\": \"q\", \"completion\": \"a\"}";
        let said = |line: &str| {
            let text = format!("{good}\n{line}\n");
            parse(&text, Path::new("d.jsonl")).map(|rows| rows.len()).map_err(|e| e.to_string())
        };
        for (line, key) in [
            ("{\"prompt\": \"q\", \"completion\": \"a\", \"prompt\": \"other\"}", "prompt"),
            ("{\"a\": [1, -2, 0.5, null, true, {\"b\": 1, \"c\": {}, \"b\": 1}]}", "b"),
            // The same letters, spelt in another way.
            ("{\"prompt\": 1, \"pr\\u006fmpt\": 2}", "prompt"),
        ] {
            let error = said(line).unwrap_err();
            assert!(error.contains("line 2") && error.contains(&format!("the key `{key}` is there twice")), "{error}");
        }
        // Objects beside and inside each other have keys of their own.
        assert_eq!(said("{\"a\": {\"a\": [{\"a\": 1}, {\"a\": 1}]}, \"b\": {\"a\": -1.5e3}}"), Ok(2));
    }

    #[test]
    fn a_file_without_rows_says_so() {
        let error = parse(" \n", Path::new("d.jsonl")).unwrap_err().to_string();
        assert!(error.contains("holds no rows"), "{error}");
    }
}
