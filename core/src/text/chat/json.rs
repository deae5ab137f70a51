//! `tojson` as transformers defines it: Python's `json.dumps`, not escaped for HTML.

use std::fmt::Write as _;

use minijinja::{Error, ErrorKind, Value, value::ValueKind};

use super::{
    limits::{Text, exceeded},
    operators::wrong,
    show,
    value::{Dict, List},
};

/// How JSON is laid out.
pub(super) struct Layout {
    /// Whether everything beyond ASCII is written as an escape.
    pub ascii: bool,
    /// What a level is indented by; on one line without.
    pub indent: Option<String>,
    /// What stands between items, and between key and value.
    pub separators: (String, String),
    /// Whether keys are sorted.
    pub sorted: bool,
}

impl Layout {
    /// From the arguments of `tojson`.
    pub(super) fn new(
        ascii: bool,
        indent: Option<&Value>,
        separators: Option<&Value>,
        sorted: bool,
    ) -> Result<Self, Error> {
        let indent = match indent {
            None => None,
            Some(text) if text.as_str().is_some() => text.as_str().map(str::to_owned),
            Some(number) => {
                // `True` is 1, and what is below 0 breaks lines without indenting.
                let width = if number.kind() == ValueKind::Bool {
                    i64::from(number.is_true())
                } else {
                    i64::try_from(number.clone())?
                };
                let width = usize::try_from(width.max(0)).unwrap_or(usize::MAX);
                if width > 1000 {
                    return Err(exceeded("`tojson` would indent by more than 1000 blanks"));
                }
                Some(" ".repeat(width))
            }
        };
        let separators = match separators {
            Some(given) => {
                let parts: Vec<Value> = given.try_iter()?.checked().collect::<Result<_, _>>()?;
                match &parts[..] {
                    [item, key] => (show::text(item)?.into_owned(), show::text(key)?.into_owned()),
                    _ => return Err(wrong("the separators of `tojson` are two texts")),
                }
            }
            None => (if indent.is_some() { "," } else { ", " }.to_owned(), ": ".to_owned()),
        };
        Ok(Self { ascii, indent, separators, sorted })
    }

    /// The JSON of a value.
    pub(super) fn dumps(&self, value: &Value) -> Result<String, Error> {
        let mut out = Text::default();
        self.write(value, 0, &mut out)?;
        Ok(out.into_string())
    }

    fn write(&self, value: &Value, depth: usize, out: &mut Text) -> Result<(), Error> {
        if let Some(list) = value.downcast_object_ref::<List>() {
            if list.items.is_empty() {
                return out.push("[]");
            }
            out.push("[")?;
            for (index, item) in list.items.iter().enumerate() {
                self.gap(index, depth + 1, out)?;
                self.write(item, depth + 1, out)?;
            }
            self.line(depth, out)?;
            return out.push("]");
        }
        if let Some(dict) = value.downcast_object_ref::<Dict>() {
            if dict.entries.is_empty() {
                return out.push("{}");
            }
            let mut entries: Vec<&(Value, Value)> = dict.entries.iter().collect();
            if self.sorted {
                entries.sort_by(|a, b| a.0.cmp(&b.0));
            }
            out.push("{")?;
            for (index, (key, item)) in entries.into_iter().enumerate() {
                self.gap(index, depth + 1, out)?;
                match key.as_str() {
                    Some(key) => out.push(&self.quoted(key))?,
                    None => out.push(&self.quoted(&Self::scalar(key)?))?,
                }
                out.push(&self.separators.1)?;
                self.write(item, depth + 1, out)?;
            }
            self.line(depth, out)?;
            return out.push("}");
        }
        match value.as_str() {
            Some(text) => out.push(&self.quoted(text)),
            None => out.push(&Self::scalar(value)?),
        }
    }

    fn gap(&self, index: usize, depth: usize, out: &mut Text) -> Result<(), Error> {
        if index > 0 {
            out.push(&self.separators.0)?;
        }
        self.line(depth, out)
    }

    fn line(&self, depth: usize, out: &mut Text) -> Result<(), Error> {
        let Some(indent) = &self.indent else { return Ok(()) };
        out.push("\n")?;
        (0..depth).try_for_each(|_| out.push(indent))
    }

    fn scalar(value: &Value) -> Result<String, Error> {
        Ok(match value.kind() {
            ValueKind::None => "null".to_owned(),
            ValueKind::Bool => if value.is_true() { "true" } else { "false" }.to_owned(),
            ValueKind::Number if value.is_integer() => value.to_string(),
            ValueKind::Number => match f64::try_from(value.clone())? {
                number if number.is_nan() => "NaN".to_owned(),
                number if number.is_infinite() => if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
                number => show::float(number),
            },
            ValueKind::Undefined => {
                return Err(Error::new(ErrorKind::UndefinedError, "`tojson` of something that is undefined"));
            }
            kind => return Err(wrong(format!("`tojson` cannot write a {kind}"))),
        })
    }

    fn quoted(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 2);
        out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if c < ' ' || (self.ascii && !(' '..='~').contains(&c)) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Json, *};

    const DATA: &str = r#"{"b": [1, 2.50, true, null, {}], "a": "é😀\"\\\n\u0001<&'", "c": {"d": []}}"#;

    fn dumps(ascii: bool, indent: Option<&Value>, separators: Option<&Value>, sorted: bool) -> String {
        Layout::new(ascii, indent, separators, sorted).unwrap().dumps(&Json::parse(DATA).unwrap().0).unwrap()
    }

    /// The expectations are the output of Python 3.11's `json.dumps`.
    #[test]
    fn json_is_laid_out_as_python_does() {
        assert_eq!(
            dumps(false, None, None, false),
            r#"{"b": [1, 2.5, true, null, {}], "a": "é😀\"\\\n\u0001<&'", "c": {"d": []}}"#
        );
        assert_eq!(
            dumps(true, None, Some(&Json::parse(r#"[",", ":"]"#).unwrap().0), true),
            r#"{"a":"\u00e9\ud83d\ude00\"\\\n\u0001<&'","b":[1,2.5,true,null,{}],"c":{"d":[]}}"#
        );
        assert_eq!(
            dumps(false, Some(&Value::from(2)), None, false),
            "{\n  \"b\": [\n    1,\n    2.5,\n    true,\n    null,\n    {}\n  ],\n  \"a\": \"é😀\\\"\\\\\\n\\u0001<&'\",\n  \"c\": {\n    \"d\": []\n  }\n}"
        );
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        let layout = Layout::new(false, None, None, false).unwrap();
        assert!(layout.dumps(&Value::UNDEFINED).is_err());
        assert!(Layout::new(false, Some(&Value::from(1_000_000)), None, false).is_err());
        assert!(Layout::new(false, None, Some(&Value::from("x")), false).is_err());
    }
}
