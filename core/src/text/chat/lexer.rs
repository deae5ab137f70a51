//! Cuts a template into text and tags, and the inside of a tag into tokens, as Jinja 3.1 does.

use crate::{Error, Result};

/// A piece of a template.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    /// Everything that stands as it is: text, comments and raw blocks.
    Verbatim(&'a str),
    /// `{{ ... }}` or `{% ... %}`.
    Tag(Tag<'a>),
}

/// A tag with its tokens.
#[derive(Debug, PartialEq)]
pub(super) struct Tag<'a> {
    /// Whether it is a `{% ... %}`.
    pub block: bool,
    /// `-`, `+` or nothing after the opening braces.
    pub left: &'a str,
    /// The same before the closing ones.
    pub right: &'a str,
    pub tokens: Vec<Token<'a>>,
    /// Line breaks inside, which keep the engine's line numbers true.
    pub lines: usize,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    /// As written; strings with their quotes.
    pub text: &'a str,
}

/// What kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Integer,
    Float,
    String,
    Operator,
}

/// A complaint about a line of a template.
pub(super) fn wrong(line: usize, problem: impl std::fmt::Display) -> Error {
    Error::Template(format!("line {line}: {problem}"))
}

/// The pieces of a template whose line ends are `\n`.
pub(super) fn pieces(source: &str) -> Result<Vec<Piece<'_>>> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut at = 0;
    let (mut line, mut counted) = (1, 0);
    while let Some(next) = source[at..].find('{') {
        let open = at + next;
        line += source[counted..open].matches('\n').count();
        counted = open;
        let rest = &source[open..];
        if rest.starts_with("{#") {
            let end = rest.find("#}").ok_or_else(|| wrong(line, "a comment does not end"))?;
            // Jinja looks for the end after the opening, so that `{#}` opens and does not close.
            let end = if end == 1 { rest.match_indices("#}").nth(1).map(|(found, _)| found) } else { Some(end) }
                .ok_or_else(|| wrong(line, "a comment does not end"))?;
            at = open + end + 2;
        } else if rest.starts_with("{%") {
            if let Some(length) = raw(rest) {
                at = open + length;
                continue;
            }
            if !source[from..open].is_empty() {
                found.push(Piece::Verbatim(&source[from..open]));
            }
            let (tag, length) = tag(rest, "%}", line)?;
            found.push(Piece::Tag(tag));
            at = open + length;
            from = at;
        } else if rest.starts_with("{{") {
            if !source[from..open].is_empty() {
                found.push(Piece::Verbatim(&source[from..open]));
            }
            let (tag, length) = tag(rest, "}}", line)?;
            found.push(Piece::Tag(tag));
            at = open + length;
            from = at;
        } else {
            at = open + 1;
        }
    }
    if from < source.len() {
        found.push(Piece::Verbatim(&source[from..]));
    }
    Ok(found)
}

/// The length of a raw block at the start of `rest`, if there is one. One that does not end is left
/// to the engine, which says so.
fn raw(rest: &str) -> Option<usize> {
    fn named(text: &str, name: &str) -> Option<usize> {
        let inner = text.strip_prefix("{%")?;
        let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner).trim_start();
        let inner = inner.strip_prefix(name)?.trim_start();
        let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner);
        inner.strip_prefix("%}").map(|after| text.len() - after.len())
    }
    let opening = named(rest, "raw")?;
    rest[opening..]
        .match_indices("{%")
        .find_map(|(at, _)| named(&rest[opening + at..], "endraw").map(|length| opening + at + length))
        .or(Some(rest.len()))
}

/// The tag at the start of `rest` and its length.
fn tag<'a>(rest: &'a str, close: &str, line: usize) -> Result<(Tag<'a>, usize)> {
    let mut at = 2;
    let left = sign(&rest[at..]);
    at += left.len();
    let mut tokens = Vec::new();
    let mut open = Vec::new();
    loop {
        let inside = &rest[at..];
        let blank = inside.len() - inside.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        if inside.is_empty() {
            return Err(wrong(line, format_args!("a tag does not end with `{close}`")));
        }
        if open.is_empty() {
            let right = sign(inside);
            // `}}` knows no `+`.
            let right = if close == "}}" && right == "+" { "" } else { right };
            if inside[right.len()..].starts_with(close) {
                let length = at + right.len() + close.len();
                let lines = rest[..length].matches('\n').count();
                return Ok((Tag { block: close == "%}", left, right, tokens, lines, line }, length));
            }
        }
        let token = token(inside).ok_or_else(|| {
            let shown: String = inside.chars().take(20).collect();
            wrong(line, format_args!("cannot read `{shown}`"))
        })?;
        match token.text {
            "(" | "[" | "{" if token.kind == Kind::Operator => open.push(token.text),
            ")" | "]" | "}" if token.kind == Kind::Operator => {
                let pair = [open.pop().unwrap_or_default(), token.text].concat();
                if !matches!(pair.as_str(), "()" | "[]" | "{}") {
                    return Err(wrong(line, format_args!("`{}` closes nothing", token.text)));
                }
            }
            _ => {}
        }
        tokens.push(token);
        at += token.text.len();
    }
}

fn sign(text: &str) -> &str {
    if text.starts_with(['-', '+']) { &text[..1] } else { "" }
}

/// The token at the start of a text.
fn token(text: &str) -> Option<Token<'_>> {
    let first = text.chars().next()?;
    let (kind, length) = if first == '_' || first.is_ascii_alphabetic() {
        (Kind::Name, text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len()))
    } else if first.is_ascii_digit() {
        number(text)
    } else if first == '"' || first == '\'' {
        (Kind::String, string(text, first)?)
    } else {
        let double = ["//", "**", "==", "!=", ">=", "<="].iter().any(|op| text.starts_with(op));
        let single = "+-*/%.,:~|=<>()[]{}".contains(first);
        (Kind::Operator, if double { 2 } else { usize::from(single) })
    };
    (length > 0).then(|| Token { kind, text: &text[..length] })
}

/// The kind and length of a number.
fn number(text: &str) -> (Kind, usize) {
    let digits = |from: usize| {
        text[from..].find(|c: char| c != '_' && !c.is_ascii_digit()).map_or(text.len(), |length| from + length)
    };
    if let Some(prefix) = text.get(..2).filter(|p| matches!(*p, "0x" | "0X" | "0b" | "0B" | "0o" | "0O")) {
        let end = text[2..].find(|c: char| c != '_' && !c.is_ascii_hexdigit()).map_or(text.len(), |n| n + 2);
        return (Kind::Integer, end.max(prefix.len()));
    }
    let mut end = digits(0);
    let mut kind = Kind::Integer;
    let follows = |at: usize| text[at..].starts_with(|c: char| c.is_ascii_digit());
    if text[end..].starts_with('.') && follows(end + 1) {
        end = digits(end + 1);
        kind = Kind::Float;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        if follows(end + 1 + sign) {
            end = digits(end + 1 + sign);
            kind = Kind::Float;
        }
    }
    (kind, end)
}

/// The length of a string with its quotes.
fn string(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The content of a string token: Python's escapes, of which Jinja knows the same.
pub(super) fn unescape(token: &str) -> Option<String> {
    let inner = token.get(1..token.len().checked_sub(1)?)?;
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    let mut pending: Option<u32> = None;
    while let Some(c) = rest.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let hex = |rest: &mut std::str::Chars<'_>, length: usize| {
            let digits: String = rest.by_ref().take(length).collect();
            (digits.len() == length).then(|| u32::from_str_radix(&digits, 16).ok()).flatten()
        };
        match rest.next()? {
            '\n' => {}
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'v' => text.push('\u{b}'),
            'a' => text.push('\u{7}'),
            same @ ('\\' | '\'' | '"') => text.push(same),
            'x' => text.push(char::from_u32(hex(&mut rest, 2)?)?),
            'u' => {
                let unit = hex(&mut rest, 4)?;
                match (pending.take(), unit) {
                    (None, 0xD800..=0xDBFF) => pending = Some(unit),
                    (Some(high), 0xDC00..=0xDFFF) => {
                        text.push(char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (unit - 0xDC00))?);
                    }
                    (Some(_), _) => return None,
                    (None, _) => text.push(char::from_u32(unit)?),
                }
                continue;
            }
            'U' => text.push(char::from_u32(hex(&mut rest, 8)?)?),
            first @ '0'..='7' => {
                let mut value = first.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = rest.clone().next().and_then(|c| c.to_digit(8)) else { break };
                    rest.next();
                    value = value * 8 + digit;
                }
                text.push(char::from_u32(value)?);
            }
            other => text.extend(['\\', other]),
        }
        if pending.is_some() {
            return None;
        }
    }
    pending.is_none().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{
        Kind::{Float, Integer, Name, Operator},
        *,
    };

    fn texts<'a>(tag: &'a Tag<'a>) -> Vec<&'a str> {
        tag.tokens.iter().map(|token| token.text).collect()
    }

    #[test]
    fn tags_are_found_and_what_only_looks_like_them_is_not() {
        let source = "a{ b {# {{ no }} #}{% raw %}{{ no }}{% endraw %}{%- if x['%}'] -%}{{ {'}}': 1} }}z";
        let found = pieces(source).unwrap();
        let [Piece::Verbatim(first), Piece::Tag(block), Piece::Tag(shown), Piece::Verbatim(last)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!((*first, *last), ("a{ b {# {{ no }} #}{% raw %}{{ no }}{% endraw %}", "z"));
        assert_eq!((block.left, block.right, texts(block)), ("-", "-", vec!["if", "x", "[", "'%}'", "]"]));
        assert_eq!(texts(shown), ["{", "'}}'", ":", "1", "}"]);
    }

    #[test]
    fn numbers_and_signs_are_read_as_jinja_does() {
        let read = |source: &str| match &pieces(source).unwrap()[0] {
            Piece::Tag(tag) => tag.tokens.iter().map(|t| (t.kind, t.text.to_owned())).collect::<Vec<_>>(),
            other @ Piece::Verbatim(_) => panic!("{other:?}"),
        };
        let kinds: Vec<Kind> = read("{{ 1 1.5 1e3 1_000 0x1f 2.x }}").into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, [Integer, Float, Float, Integer, Integer, Integer, Operator, Name]);
        assert_eq!(read("{{-1-}}").iter().map(|t| t.1.as_str()).collect::<Vec<_>>(), ["1"]);
        assert_eq!(read("{{ a //b**c!=d }}").len(), 7);
    }

    #[test]
    fn strings_are_unescaped_as_python_does() {
        for (token, expected) in [
            (r"'a\nb'", "a\nb"),
            (r#""\"q\" \'""#, "\"q\" '"),
            (r"'\d\/'", r"\d\/"),
            (r"'\x41\u00e9\U0001F600'", "Aé😀"),
            (r"'\ud83d\ude00'", "😀"),
            (r"'\101\0'", "A\0"),
            ("'\\\nx'", "x"),
        ] {
            assert_eq!(unescape(token).as_deref(), Some(expected), "{token}");
        }
        assert_eq!(unescape(r"'\xZZ'"), None);
        assert_eq!(unescape(r"'\ud83d!'"), None);
    }

    #[test]
    fn damaged_tags_are_named_by_their_line() {
        for (source, word) in [
            ("\n{{ a", "line 2"),
            ("{# a", "comment"),
            ("{{ 'a }}", "cannot read"),
            ("{{ a) }}", "closes nothing"),
            ("{{ (a] }}", "closes nothing"),
            ("{{ a ? b }}", "cannot read"),
        ] {
            let error = pieces(source).unwrap_err().to_string();
            assert!(error.contains(word), "{source}: {error}");
        }
    }
}
