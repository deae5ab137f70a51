//! Python's `'%s and %d' % (a, b)`.

use minijinja::{Error, Value};

use super::{
    limits::{Text, exceeded},
    operators::wrong,
    show,
    value::{Dict, List},
};

/// The widest field and the most digits that a format may ask for.
const WIDEST: usize = 1000;

/// A format with its values filled in: a tuple's one after another, or one value.
pub(super) fn format(format: &str, values: &Value) -> Result<String, Error> {
    let tuple = values.downcast_object_ref::<List>().filter(|list| list.tuple);
    let mut waiting = match tuple {
        Some(list) => list.items.iter(),
        None => std::slice::from_ref(values).iter(),
    };
    let mapping = values.downcast_object_ref::<Dict>();
    let mut out = Text::default();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push(&rest[..at])?;
        rest = &rest[at + 1..];
        let mut named = None;
        if let Some(after) = rest.strip_prefix('(') {
            let (name, after) = after.split_once(')').ok_or_else(|| wrong("a name in a format has no `)`"))?;
            let found = mapping.and_then(|dict| dict.get(&Value::from(name)));
            named = Some(found.ok_or_else(|| wrong(format!("a format asks for `{name}`, which is not given")))?);
            rest = after;
        }
        let flags = &rest[..rest.find(|c| !"-+ 0#".contains(c)).unwrap_or(rest.len())];
        rest = &rest[flags.len()..];
        let width = digits(&mut rest)?;
        let precision = match rest.strip_prefix('.') {
            Some(after) => {
                rest = after;
                Some(digits(&mut rest)?.unwrap_or(0))
            }
            None => None,
        };
        let conversion = rest.chars().next().ok_or_else(|| wrong("a format ends with `%`"))?;
        rest = &rest[conversion.len_utf8()..];
        if conversion == '%' {
            out.push("%")?;
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => waiting.next().ok_or_else(|| wrong("a format asks for more values than are given"))?,
        };
        out.push(&padded(&converted(conversion, value, flags, precision)?, flags, width.unwrap_or(0)))?;
    }
    out.push(rest)?;
    if mapping.is_none() && waiting.next().is_some() {
        return Err(wrong("a format asks for fewer values than are given"));
    }
    Ok(out.into_string())
}

fn digits(rest: &mut &str) -> Result<Option<usize>, Error> {
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, after) = rest.split_at(length);
    *rest = after;
    if number.is_empty() {
        return Ok(None);
    }
    match number.parse() {
        Ok(number) if number <= WIDEST => Ok(Some(number)),
        _ => Err(exceeded(format_args!("a format asks for more than {WIDEST} places"))),
    }
}

fn converted(conversion: char, value: &Value, flags: &str, precision: Option<usize>) -> Result<String, Error> {
    let signed = |text: String| {
        if text.starts_with('-') || !flags.contains(['+', ' ']) {
            return text;
        }
        format!("{}{text}", if flags.contains('+') { '+' } else { ' ' })
    };
    let number = || f64::try_from(value.clone()).map_err(|_| wrong(format!("%{conversion} needs a number")));
    let integer = || {
        if value.is_integer() {
            return i128::try_from(value.clone());
        }
        number().map(whole)
    };
    Ok(match conversion {
        's' => cut(show::text(value)?.into_owned(), precision),
        'r' => cut(show::repr(value)?, precision),
        'd' | 'i' | 'u' => signed(integer()?.to_string()),
        'x' => signed(format!("{:x}", integer()?)),
        'X' => signed(format!("{:X}", integer()?)),
        'o' => signed(format!("{:o}", integer()?)),
        'f' | 'F' => signed(format!("{:.*}", precision.unwrap_or(6), number()?)),
        _ => return Err(wrong(format!("a format with `%{conversion}` is not supported"))),
    })
}

#[allow(clippy::cast_possible_truncation)] // as Python's int(), within 128 bits
fn whole(value: f64) -> i128 {
    value.trunc() as i128
}

fn cut(text: String, precision: Option<usize>) -> String {
    match precision {
        Some(length) => text.chars().take(length).collect(),
        None => text,
    }
}

fn padded(text: &str, flags: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    if flags.contains('-') {
        return format!("{text}{}", " ".repeat(missing));
    }
    let number = text.trim_start_matches(['-', '+', ' ']);
    if flags.contains('0') && number.starts_with(|c: char| c.is_ascii_digit()) {
        let sign = &text[..text.len() - number.len()];
        return format!("{sign}{}{number}", "0".repeat(missing));
    }
    format!("{}{text}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::{super::Json, *};

    fn with(text: &str, values: &str) -> Result<String, Error> {
        let Json(values) = Json::parse(values).unwrap();
        let list = values.downcast_object_ref::<List>().map(|list| List::new(list.items.clone(), true).unwrap());
        format(text, &list.map_or(values, Value::from_object))
    }

    #[test]
    fn values_are_filled_in_as_python_does() {
        for (text, values, expected) in [
            ("%s is %d%%", r#"["a", 3]"#, "a is 3%"),
            ("%5.2f|%-5s|%05d|%+d", r#"[3.14159, "é", -42, 7]"#, " 3.14|é    |-0042|+7"),
            ("%r %x", r#"["it's", 255]"#, "\"it's\" ff"),
            ("%(a)s-%(b)s", r#"{"a": 1, "b": 2.5}"#, "1-2.5"),
            ("%s", "\"one\"", "one"),
            ("%.2s", "\"one\"", "on"),
        ] {
            assert_eq!(with(text, values).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn formats_that_do_not_fit_are_refused() {
        for (text, values) in [
            ("%s", "[]"),
            ("%s", "[1, 2]"),
            ("%d", "[\"a\"]"),
            ("%", "[1]"),
            ("%(a)s", "{}"),
            ("%100000000d", "[1]"),
            ("%.100000000f", "[1]"),
        ] {
            assert!(with(text, values).is_err(), "{text}");
        }
    }
}
