//! The methods of Python's texts, lists and mappings that read and do not change.

use std::collections::HashSet;

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Kwargs, ValueKind, from_args},
};

use super::{
    limits::{fits, room},
    operators::{equal, found, integer, wrong},
    show,
    value::{Dict, List, adopt, list},
};

/// What counts as blank for Python's `str`.
pub(super) fn blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Calls a method that the engine does not know.
pub(super) fn call(state: &mut State<'_, '_>, value: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    let unknown = || Error::new(ErrorKind::UnknownMethod, format!("a {} has no method `{name}` here", value.kind()));
    let (given, named): (&[Value], Kwargs) = from_args(arguments)?;
    let arguments = Arguments { name, given, named };
    let found = if let Some(text) = value.as_str() {
        of_text(state, text, &arguments)?
    } else if let Some(dict) = value.downcast_object_ref::<Dict>() {
        of_mapping(state, dict, value, &arguments)?
    } else if value.kind() == ValueKind::Seq {
        let value = adopt(state, value.clone())?;
        match value.downcast_object_ref::<List>() {
            Some(list) => of_list(state, list, &value, &arguments)?,
            None => None,
        }
    } else {
        None
    };
    arguments.named.assert_all_used()?;
    found.ok_or_else(unknown)
}

/// What a method is called with.
struct Arguments<'a> {
    name: &'a str,
    given: &'a [Value],
    named: Kwargs,
}

impl<'a> Arguments<'a> {
    /// An argument by place or name; `None` of Python is none.
    fn get(&self, index: usize, name: &str) -> Result<Option<Value>, Error> {
        let found = match self.given.get(index) {
            Some(value) => Some(value.clone()),
            None if name.is_empty() => None,
            None => self.named.get::<Option<Value>>(name)?,
        };
        Ok(found.filter(|value| !value.is_none()))
    }

    /// An argument that has to be a text.
    fn text(&self, index: usize) -> Result<&'a str, Error> {
        self.given
            .get(index)
            .and_then(Value::as_str)
            .ok_or_else(|| wrong(format!("`{}` needs a text as argument {}", self.name, index + 1)))
    }

    fn count(&self, index: usize, name: &str) -> Result<Option<usize>, Error> {
        let Some(value) = self.get(index, name)? else { return Ok(None) };
        let number = i64::try_from(value).map_err(|_| wrong(format!("`{}` needs an integer", self.name)))?;
        Ok(usize::try_from(number).ok())
    }

    /// No more than this many.
    fn at_most(&self, count: usize) -> Result<(), Error> {
        if self.given.len() > count {
            return Err(wrong(format!("`{}` takes at most {count} arguments", self.name)));
        }
        Ok(())
    }
}

fn of_mapping(
    state: &State<'_, '_>,
    dict: &Dict,
    value: &Value,
    arguments: &Arguments<'_>,
) -> Result<Option<Value>, Error> {
    Ok(Some(match arguments.name {
        "get" => {
            arguments.at_most(2)?;
            let key = arguments.given.first().ok_or_else(|| wrong("`get` needs a key"))?;
            found(state, dict, key)?.or_else(|| arguments.given.get(1).cloned()).unwrap_or_else(|| Value::from(()))
        }
        "items" => {
            arguments.at_most(0)?;
            let pair = |(key, value): &(Value, Value)| {
                List::new(vec![key.clone(), value.clone()], true).map(Value::from_object)
            };
            state.consume_fuel(2 * dict.entries.len() as u64)?;
            list(dict.entries.iter().map(pair).collect::<Result<_, _>>()?)?
        }
        "keys" => {
            arguments.at_most(0)?;
            state.consume_fuel(dict.entries.len() as u64)?;
            list(dict.entries.iter().map(|(key, _)| key.clone()).collect())?
        }
        "values" => {
            arguments.at_most(0)?;
            state.consume_fuel(dict.entries.len() as u64)?;
            list(dict.entries.iter().map(|(_, value)| value.clone()).collect())?
        }
        "copy" => value.clone(),
        "clear" | "pop" | "popitem" | "setdefault" | "update" => return Err(unchanged(arguments.name)),
        _ => return Ok(None),
    }))
}

fn of_list(
    state: &State<'_, '_>,
    list: &List,
    value: &Value,
    arguments: &Arguments<'_>,
) -> Result<Option<Value>, Error> {
    let wanted = || arguments.given.first().ok_or_else(|| wrong(format!("`{}` needs a value", arguments.name)));
    Ok(Some(match arguments.name {
        "count" | "index" => {
            let wanted = wanted()?;
            let mut places = Vec::new();
            for (index, item) in list.items.iter().enumerate() {
                state.consume_fuel(1)?;
                if equal(state, item, wanted)? {
                    places.push(index);
                }
            }
            if arguments.name == "count" {
                Value::from(places.len())
            } else {
                Value::from(*places.first().ok_or_else(|| wrong("`index` does not find the value"))?)
            }
        }
        "copy" => value.clone(),
        "append" | "clear" | "extend" | "insert" | "pop" | "remove" | "reverse" | "sort" => {
            return Err(unchanged(arguments.name));
        }
        _ => return Ok(None),
    }))
}

fn unchanged(name: &str) -> Error {
    wrong(format!("a chat template cannot change a value with `{name}`"))
}

fn of_text(state: &mut State<'_, '_>, text: &str, arguments: &Arguments<'_>) -> Result<Option<Value>, Error> {
    let truth = |test: fn(char) -> bool| Value::from(!text.is_empty() && text.chars().all(test));
    Ok(Some(match arguments.name {
        "strip" | "lstrip" | "rstrip" => {
            arguments.at_most(1)?;
            let set: Option<HashSet<char>> = match arguments.get(0, "")? {
                Some(_) => Some(characters(state, text, arguments.text(0)?)?),
                None => None,
            };
            let matches = |c: char| set.as_ref().map_or_else(|| blank(c), |set| set.contains(&c));
            Value::from(match arguments.name {
                "strip" => text.trim_matches(matches),
                "lstrip" => text.trim_start_matches(matches),
                _ => text.trim_end_matches(matches),
            })
        }
        "split" | "rsplit" => split(state, text, arguments)?,
        "splitlines" => {
            let keep = arguments.get(0, "keepends")?.is_some_and(|keep| keep.is_true());
            list(lines(text, keep).into_iter().map(Value::from).collect())?
        }
        "partition" | "rpartition" => {
            let separator = arguments.text(0)?;
            let first = arguments.name == "partition";
            let cut = if first { text.split_once(separator) } else { text.rsplit_once(separator) };
            let parts = match cut {
                Some((before, after)) => [before, separator, after],
                None if first => [text, "", ""],
                None => ["", "", text],
            };
            Value::from_object(List::new(parts.map(Value::from).to_vec(), true)?)
        }
        "startswith" | "endswith" => {
            let given = arguments.given.first().cloned().unwrap_or_default();
            let test = |part: &Value| {
                let part = part.as_str().ok_or_else(|| wrong(format!("`{}` needs a text", arguments.name)))?;
                Ok(if arguments.name == "startswith" { text.starts_with(part) } else { text.ends_with(part) })
            };
            match given.downcast_object_ref::<List>() {
                Some(parts) => {
                    let found = parts.items.iter().map(test).collect::<Result<Vec<_>, Error>>()?;
                    Value::from(found.contains(&true))
                }
                None => Value::from(test(&given)?),
            }
        }
        "replace" => {
            let (old, new) = (arguments.text(0)?, arguments.text(1)?);
            let count = arguments.count(2, "count")?;
            let found = text.matches(old).count().min(count.unwrap_or(usize::MAX));
            room(state, text.len().saturating_add(found.saturating_mul(new.len().saturating_sub(old.len()))))?;
            Value::from(count.map_or_else(|| text.replace(old, new), |count| text.replacen(old, new, count)))
        }
        "removeprefix" => Value::from(text.strip_prefix(arguments.text(0)?).unwrap_or(text)),
        "removesuffix" => Value::from(text.strip_suffix(arguments.text(0)?).unwrap_or(text)),
        "join" => {
            let items = arguments.given.first().ok_or_else(|| wrong("`join` needs a list"))?;
            let mut out = String::new();
            for (index, item) in items.try_iter()?.checked().enumerate() {
                let item = item?;
                let part = item.as_str().ok_or_else(|| wrong(format!("`join` needs texts, not a {}", item.kind())))?;
                let lead = if index > 0 { text } else { "" };
                fits(out.len() + lead.len() + part.len())?;
                state.consume_fuel(1 + (lead.len() + part.len()) as u64 / 64)?;
                out.push_str(lead);
                out.push_str(part);
            }
            Value::from(out)
        }
        "upper" => Value::from(text.to_uppercase()),
        "lower" | "casefold" => Value::from(text.to_lowercase()),
        "capitalize" => state.apply_filter("capitalize", &[Value::from(text)])?,
        "title" => Value::from(title(text)),
        "find" | "rfind" | "index" | "count" => {
            arguments.at_most(1)?;
            let part = arguments.text(0)?;
            if arguments.name == "count" {
                Value::from(text.matches(part).count())
            } else {
                let at = if arguments.name == "rfind" { text.rfind(part) } else { text.find(part) };
                match at {
                    Some(at) => Value::from(text[..at].chars().count()),
                    None if arguments.name == "index" => return Err(wrong("`index` does not find the text")),
                    None => integer(-1),
                }
            }
        }
        "isdigit" | "isdecimal" | "isnumeric" => truth(char::is_numeric),
        "isalpha" => truth(char::is_alphabetic),
        "isalnum" => truth(char::is_alphanumeric),
        "isspace" => truth(blank),
        "isupper" => Value::from(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)),
        "islower" => Value::from(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase)),
        "zfill" | "ljust" | "rjust" | "center" => {
            let width = arguments.count(0, "width")?.unwrap_or(0);
            let missing = width.saturating_sub(text.chars().count());
            let fill = if arguments.name == "zfill" {
                "0"
            } else {
                arguments.given.get(1).and_then(Value::as_str).unwrap_or(" ")
            };
            room(state, text.len().saturating_add(missing.saturating_mul(fill.len())))?;
            let (left, right) = match arguments.name {
                "ljust" => (0, missing),
                "center" => (missing / 2 + (missing & width & 1), missing - missing / 2 - (missing & width & 1)),
                _ => (missing, 0),
            };
            let (sign, rest) = match text.strip_prefix(['-', '+']) {
                Some(rest) if arguments.name == "zfill" => text.split_at(text.len() - rest.len()),
                _ => ("", text),
            };
            Value::from(format!("{sign}{}{rest}{}", fill.repeat(left), fill.repeat(right)))
        }
        "format" => Value::from(format_text(text, arguments)?),
        _ => return Ok(None),
    }))
}

/// The characters of a set that a text is about to be stripped of.
pub(super) fn characters(state: &State<'_, '_>, text: &str, set: &str) -> Result<HashSet<char>, Error> {
    state.consume_fuel((text.len() + set.len()) as u64 / 8)?;
    Ok(set.chars().collect())
}

fn split(state: &State<'_, '_>, text: &str, arguments: &Arguments<'_>) -> Result<Value, Error> {
    arguments.at_most(2)?;
    let limit = arguments.count(1, "maxsplit")?.unwrap_or(usize::MAX);
    let reversed = arguments.name == "rsplit";
    let parts: Vec<&str> = match arguments.get(0, "sep")? {
        Some(separator) => {
            let separator = separator.as_str().ok_or_else(|| wrong("`split` needs a text"))?;
            if separator.is_empty() {
                return Err(wrong("`split` needs a separator that is not empty"));
            }
            let pieces = limit.saturating_add(1);
            if reversed {
                let mut parts: Vec<&str> = text.rsplitn(pieces, separator).collect();
                parts.reverse();
                parts
            } else {
                text.splitn(pieces, separator).collect()
            }
        }
        None if reversed => {
            let mut parts = Vec::new();
            let mut rest = text.trim_end_matches(blank);
            while !rest.is_empty() {
                let cut = if parts.len() < limit { rest.rfind(blank) } else { None };
                let from = cut.map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
                parts.push(if cut.is_none() { rest.trim_start_matches(blank) } else { &rest[from..] });
                rest = cut.map_or("", |at| rest[..at].trim_end_matches(blank));
            }
            parts.reverse();
            parts
        }
        None => {
            let mut parts = Vec::new();
            let mut rest = text.trim_start_matches(blank);
            while !rest.is_empty() {
                let cut = if parts.len() < limit { rest.find(blank) } else { None };
                parts.push(cut.map_or(rest, |at| &rest[..at]));
                rest = cut.map_or("", |at| rest[at..].trim_start_matches(blank));
            }
            parts
        }
    };
    state.consume_fuel(parts.len() as u64)?;
    list(parts.into_iter().map(Value::from).collect())
}

/// Lines as `str.splitlines` finds them.
fn lines(text: &str, keep: bool) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    let ends = |c: char| {
        matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    while let Some(at) = rest.find(ends) {
        let length =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        found.push(if keep { &rest[..at + length] } else { &rest[..at] });
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}

/// `str.title`: a capital after everything that is not a letter.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

/// `str.format` with `{}`, `{0}` and `{name}`, without format specifications.
fn format_text(text: &str, arguments: &Arguments<'_>) -> Result<String, Error> {
    let mut out = super::limits::Text::default();
    let mut next = 0;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push(&rest[..at])?;
        let (brace, after) = rest[at..].split_at(1);
        if after.starts_with(brace) {
            out.push(brace)?;
            rest = &after[1..];
            continue;
        }
        let (field, after) = (brace == "{")
            .then(|| after.split_once('}'))
            .flatten()
            .ok_or_else(|| wrong("a format has a single brace"))?;
        let value = if field.is_empty() {
            next += 1;
            arguments.given.get(next - 1).cloned()
        } else if let Ok(index) = field.parse::<usize>() {
            arguments.given.get(index).cloned()
        } else if field.chars().all(|c| c == '_' || c.is_alphanumeric()) {
            arguments.named.get::<Option<Value>>(field)?
        } else {
            return Err(wrong(format!("a format with `{{{field}}}` is not supported")));
        };
        out.push(&show::text(&value.ok_or_else(|| wrong("a format asks for more values than are given"))?)?)?;
        rest = after;
    }
    out.push(rest)?;
    Ok(out.into_string())
}
