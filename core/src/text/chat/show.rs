//! Values as text, as Python's `str` and `repr` write them.

use std::{borrow::Cow, fmt::Write as _};

use minijinja::{Error, ErrorKind, Value, value::ValueKind};

use super::{
    limits::Text,
    value::{Dict, List},
};

/// What `{{ value }}` shows.
pub(super) fn text(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(text) = value.as_str() {
        return Ok(Cow::Borrowed(text));
    }
    if value.is_undefined() {
        return Ok(Cow::Borrowed(""));
    }
    repr(value).map(Cow::Owned)
}

/// What Python's `repr` shows.
pub(super) fn repr(value: &Value) -> Result<String, Error> {
    let mut out = Text::default();
    write(value, &mut out)?;
    Ok(out.into_string())
}

fn write(value: &Value, out: &mut Text) -> Result<(), Error> {
    if let Some(list) = value.downcast_object_ref::<List>() {
        out.push(if list.tuple { "(" } else { "[" })?;
        for (index, item) in list.items.iter().enumerate() {
            out.push(if index > 0 { ", " } else { "" })?;
            write(item, out)?;
        }
        return out.push(match (list.tuple, list.items.len()) {
            (true, 1) => ",)",
            (true, _) => ")",
            (false, _) => "]",
        });
    }
    if let Some(dict) = value.downcast_object_ref::<Dict>() {
        out.push("{")?;
        for (index, (key, item)) in dict.entries.iter().enumerate() {
            out.push(if index > 0 { ", " } else { "" })?;
            write(key, out)?;
            out.push(": ")?;
            write(item, out)?;
        }
        return out.push("}");
    }
    match value.kind() {
        ValueKind::String => out.push(&quoted(value.as_str().unwrap_or_default())),
        ValueKind::Number if !value.is_integer() => out.push(&float(f64::try_from(value.clone())?)),
        ValueKind::Undefined => out.push("Undefined"),
        ValueKind::None | ValueKind::Bool | ValueKind::Number => out.push(&value.to_string()),
        kind => Err(Error::new(ErrorKind::InvalidOperation, format!("a {kind} cannot be shown"))),
    }
}

/// A float as Python writes it: the fewest digits that bring it back, with an exponent where it is
/// below 1e-4 or from 1e16 on.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let scientific = format!("{value:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
        return format!("{digits}e{sign}{exponent:0>2}");
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { plain + ".0" }
}

/// A text with the quotes and escapes of Python's `repr`.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => out.extend(['\\', c]),
            _ if hidden(c) => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
            _ => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Characters that `repr` writes as numbers: controls, blanks but the space, formats and private
/// ones. Code points that no Unicode version has assigned yet are not told apart.
fn hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{e007f}' | '\u{f0000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_does() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (-2.5e-7, "-2.5e-07"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(value), expected);
        }
    }

    #[test]
    fn containers_are_written_as_python_does() {
        let json = super::super::Json::parse(
            r#"{"a": [1, 2.0, true, null, "it's", "\"both'\"", "é\u0007\u200b\n"], "b": {}}"#,
        );
        assert_eq!(
            text(&json.unwrap().0).unwrap(),
            r#"{'a': [1, 2.0, True, None, "it's", '"both\'"', 'é\x07\u200b\n'], 'b': {}}"#
        );
    }
}
