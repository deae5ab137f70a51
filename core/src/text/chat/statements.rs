//! Rewrites a template for the engine: tags by tag, with `{% generation %}` as a scope whose first
//! and last byte are noted.

use super::{
    lexer::{Kind, Piece, Tag, Token, pieces, wrong},
    limits::BLOCKS,
    reader::{Expressions, Problem},
};
use crate::Result;

/// A template that the engine can compile.
pub(super) struct Rewritten {
    pub text: String,
    /// What the names of our functions begin with.
    pub prefix: String,
    /// Whether it says what the assistant wrote, and if not why it cannot be told.
    pub generation: Generation,
}

/// Where the `{% generation %}` tags of a template are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// There are none.
    Absent,
    /// They write to the output.
    Marked,
    /// They are in a macro, a captured block or a recursive loop, whose text can end up anywhere.
    Captured,
}

/// An open block.
struct Open<'a> {
    name: &'a str,
    line: usize,
    /// Levels it stands for.
    height: usize,
    /// Whether what it writes is captured.
    captures: bool,
}

/// Rewrites the source of a template, whose line ends are `\n`.
pub(super) fn rewrite(source: &str) -> Result<Rewritten> {
    // A name that the template itself does not know.
    let mut prefix = "_py_".to_owned();
    while source.contains(&prefix) {
        prefix.push('_');
    }
    let mut text = String::with_capacity(source.len() * 2);
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut generation = Generation::Absent;
    let all = pieces(source)?;
    for piece in &all {
        match piece {
            Piece::Verbatim(verbatim) => text.push_str(verbatim),
            Piece::Tag(tag) => {
                let inner =
                    inside(tag, &prefix, &mut open, &mut generation).map_err(|problem| wrong(tag.line, problem))?;
                let (before, after) = if tag.block { ("{%", "%}") } else { ("{{", "}}") };
                text.push_str(before);
                text.push_str(tag.left);
                text.push(' ');
                text.push_str(&inner);
                text.push_str(&"\n".repeat(tag.lines.saturating_sub(inner.matches('\n').count())));
                text.push(' ');
                text.push_str(tag.right);
                text.push_str(after);
            }
        }
    }
    if let Some(block) = open.last() {
        return Err(wrong(block.line, format_args!("`{}` has no `end{0}`", block.name)));
    }
    Ok(Rewritten { text, prefix, generation })
}

fn inside<'a>(
    tag: &'a Tag<'a>,
    prefix: &str,
    open: &mut Vec<Open<'a>>,
    generation: &mut Generation,
) -> Result<String, Problem> {
    let mut reader = Expressions::new(&tag.tokens, prefix);
    if !tag.block {
        let code = reader.tuple(true)?;
        reader.end()?;
        return Ok(code.text);
    }
    let name = reader.name()?;
    let (text, captures) = match name {
        "if" | "elif" => (format!("{name} {}", reader.tuple(false)?.text), false),
        "for" => loop_head(&mut reader, prefix)?,
        "set" => match assignment(&mut reader, prefix)? {
            (text, true) => (text, true),
            (text, false) => {
                reader.end()?;
                return Ok(text);
            }
        },
        "with" => (with(&mut reader)?, false),
        "macro" => (macro_head(&mut reader)?, true),
        "call" => (call(&mut reader)?, true),
        "filter" => (format!("filter {}", reader.chain()?), true),
        "generation" => {
            if *generation != Generation::Captured {
                let captured = open.iter().any(|block| block.captures);
                *generation = if captured { Generation::Captured } else { Generation::Marked };
            }
            (format!("with {prefix}mark = {prefix}begin()"), false)
        }
        "endgeneration" => (format!("set {prefix}mark = {prefix}end() %}}{{% endwith"), false),
        "else" | "break" | "continue" | "endif" | "endfor" | "endset" | "endwith" | "endmacro" | "endcall"
        | "endfilter" => (name.to_owned(), false),
        _ => return Err(format!("a chat template cannot use `{name}`")),
    };
    reader.end()?;
    match name {
        "elif" => {
            let block = open.last_mut().filter(|block| block.name == "if").ok_or("`elif` without `if`")?;
            block.height += 1;
        }
        "else" => {
            open.last().filter(|block| matches!(block.name, "if" | "for")).ok_or("`else` without `if` or `for`")?;
        }
        "break" | "continue" => {
            // As in Jinja, whose blocks are functions: a loop is left from within, not through one.
            let inner = open.iter().rev().find(|b| b.captures || matches!(b.name, "for" | "generation"));
            inner.filter(|block| block.name == "for").ok_or_else(|| format!("`{name}` outside of a loop"))?;
        }
        _ => match name.strip_prefix("end") {
            Some(block) => {
                open.pop_if(|last| last.name == block).ok_or_else(|| format!("`{name}` without `{block}`"))?;
            }
            None => {
                open.push(Open { name, line: tag.line, height: 1, captures });
            }
        },
    }
    if open.iter().map(|block| block.height).sum::<usize>() > BLOCKS {
        return Err(format!("blocks nest more than {BLOCKS} levels deep"));
    }
    Ok(text)
}

/// `for a, b in list if condition recursive`, and whether it is recursive.
fn loop_head(reader: &mut Expressions<'_>, prefix: &str) -> Result<(String, bool), Problem> {
    let target = target(reader, false)?;
    if !reader.eat_name("in") {
        return Err("a `for` needs `in`".to_owned());
    }
    let mut text = format!("for {target} in {prefix}each({})", reader.tuple(false)?.text);
    if reader.eat_name("if") {
        text = format!("{text} if {}", reader.expression()?.text);
    }
    let recursive = reader.eat_name("recursive");
    Ok((if recursive { text + " recursive" } else { text }, recursive))
}

/// `set a = b`, or the head of a block, which is the second answer.
fn assignment(reader: &mut Expressions<'_>, prefix: &str) -> Result<(String, bool), Problem> {
    let target = target(reader, true)?;
    if reader.eat("=") {
        let value = reader.tuple(true)?.text;
        // What a namespace holds is data: it outlives loops, and could be nested without end.
        let value = if target.contains('.') { format!("{prefix}data({value})") } else { value };
        return Ok((format!("set {target} = {value}"), false));
    }
    if reader.eat("|") {
        return Ok((format!("set {target} | {}", reader.chain()?), true));
    }
    Ok((format!("set {target}"), true))
}

/// A name, an attribute of a namespace, or several names.
fn target(reader: &mut Expressions<'_>, attribute: bool) -> Result<String, Problem> {
    let mut text = String::new();
    let mut depth = 0_usize;
    loop {
        while reader.eat("(") {
            text.push('(');
            depth += 1;
        }
        let name = reader.name()?;
        if name == "namespace" {
            return Err("`namespace` cannot be assigned to".to_owned());
        }
        text.push_str(name);
        if attribute && text == name && reader.eat(".") {
            let field = reader.name()?;
            if field.starts_with('_') {
                return Err(format!("a namespace cannot hold `{field}`"));
            }
            return Ok(format!("{text}.{field}"));
        }
        while depth > 0 && reader.eat(")") {
            text.push(')');
            depth -= 1;
        }
        if !reader.eat(",") {
            break;
        }
        text.push(',');
        if !matches!(reader.peek(), Some(Token { kind: Kind::Name, text }) if text != "in")
            && !matches!(reader.peek(), Some(Token { kind: Kind::Operator, text: "(" }))
        {
            break;
        }
        text.push(' ');
    }
    if depth > 0 { Err("a parenthesis is not closed".to_owned()) } else { Ok(text) }
}

fn with(reader: &mut Expressions<'_>) -> Result<String, Problem> {
    let mut parts = Vec::new();
    while reader.peek().is_some() {
        if !parts.is_empty() {
            reader.expect(",")?;
        }
        let name = reader.name()?;
        reader.expect("=")?;
        parts.push(format!("{name} = {}", reader.expression()?.text));
    }
    Ok(format!("with {}", parts.join(", ")))
}

/// The parameters of a macro or of a `call`.
fn parameters(reader: &mut Expressions<'_>) -> Result<String, Problem> {
    reader.expect("(")?;
    let mut parts = Vec::new();
    while !reader.eat(")") {
        if !parts.is_empty() {
            reader.expect(",")?;
            if reader.eat(")") {
                break;
            }
        }
        let name = reader.name()?;
        parts.push(if reader.eat("=") { format!("{name}={}", reader.expression()?.text) } else { name.to_owned() });
    }
    Ok(parts.join(", "))
}

fn macro_head(reader: &mut Expressions<'_>) -> Result<String, Problem> {
    let name = reader.name()?;
    Ok(format!("macro {name}({})", parameters(reader)?))
}

fn call(reader: &mut Expressions<'_>) -> Result<String, Problem> {
    let parameters = if matches!(reader.peek(), Some(Token { kind: Kind::Operator, text: "(" })) {
        format!("({})", parameters(reader)?)
    } else {
        String::new()
    };
    Ok(format!("call{parameters} {}", reader.expression()?.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        rewrite(source).unwrap().text
    }

    #[test]
    fn tags_keep_their_signs_and_lines() {
        assert_eq!(text("a{%- if x -%}\n b {%+ endif +%} c"), "a{%- if x -%}\n b {%+ endif +%} c");
        assert_eq!(text("{{-\n x\n -}}y"), "{{- x\n\n -}}y");
        assert_eq!(
            text("{% for a, b in c if d recursive %}{% endfor %}"),
            "{% for a, b in _py_each(c) if d recursive %}{% endfor %}"
        );
        assert_eq!(text("{% set n.x = [] %}"), "{% set n.x = _py_data(_py_list()) %}");
        assert_eq!(text("{% set a, b = 1, 2 %}"), "{% set a, b = _py_tuple(1, 2) %}");
        assert_eq!(text("{% macro m(a, b=1+2) %}{% endmacro %}"), "{% macro m(a, b=_py_add(1, 2)) %}{% endmacro %}");
        assert_eq!(text("{% call(x) m(1) %}{% endcall %}"), "{% call(x) m(1) %}{% endcall %}");
        assert_eq!(text("{% set x | trim %}{% endset %}"), "{% set x | trim %}{% endset %}");
    }

    #[test]
    fn our_names_are_none_of_the_templates() {
        let found = rewrite("{{ _py_add }}{{ a + b }}").unwrap();
        assert_eq!((found.prefix.as_str(), found.text.as_str()), ("_py__", "{{ _py_add }}{{ _py__add(a, b) }}"));
    }

    #[test]
    fn generation_is_a_scope_with_marks() {
        let found = rewrite("{%- generation -%}x{% endgeneration %}").unwrap();
        assert_eq!(found.generation, Generation::Marked);
        assert_eq!(found.text, "{%- with _py_mark = _py_begin() -%}x{% set _py_mark = _py_end() %}{% endwith %}");
        for captured in ["macro m()", "set x", "filter trim", "call m()", "for x in y recursive"] {
            let name = captured.split(' ').next().unwrap();
            let source = format!("{{% {captured} %}}{{% generation %}}{{% endgeneration %}}{{% end{name} %}}");
            assert_eq!(rewrite(&source).unwrap().generation, Generation::Captured, "{captured}");
        }
        assert_eq!(rewrite("{# {% generation %} #}{{ '{% generation %}' }}").unwrap().generation, Generation::Absent);
    }

    #[test]
    fn what_a_chat_template_may_not_do_is_named() {
        for (source, word) in [
            ("{% include 'x' %}", "include"),
            ("{% import 'x' as y %}", "import"),
            ("{% from 'x' import y %}", "from"),
            ("{% extends 'x' %}", "extends"),
            ("{% block x %}{% endblock %}", "block"),
            ("{% do x %}", "do"),
            ("{% autoescape true %}{% endautoescape %}", "autoescape"),
            ("\n\n{% if x %}", "line 3"),
            ("{% endif %}", "without"),
            ("{% if x %}{% endfor %}", "without"),
            ("{% break %}", "outside"),
            ("{% for x in y %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", "outside"),
            ("{% for x in y %}{% generation %}{% break %}{% endgeneration %}{% endfor %}", "outside"),
            ("{% generation %}", "endgeneration"),
            ("{% set namespace = 1 %}", "namespace"),
            ("{% set n._x = 1 %}", "_x"),
            ("{% if x y %}{% endif %}", "end of the tag"),
        ] {
            let error = rewrite(source).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(word), "{source}: {error}");
        }
    }

    #[test]
    fn deep_blocks_are_refused() {
        assert!(rewrite(&"{% if x %}".repeat(5000)).is_err());
        let long = "{% if x %}".to_owned() + &"{% elif x %}".repeat(5000) + "{% endif %}";
        assert!(rewrite(&long).err().unwrap().to_string().contains("levels deep"));
    }
}
