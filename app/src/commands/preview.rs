//! `selfsame preview`: what a data set becomes before anything learns from it.

use std::fmt::Write as _;

use selfsame_core::prompt::dataset::{Form, Preview, Shown, preview};
use serde::Serialize;

use crate::{Result, cli::PreviewArgs, format, material::Material, output};

/// A sequence as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    row: usize,
    part: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<bool>,
    ids: Vec<u32>,
    /// 1 where a token is learned.
    mask: Vec<u8>,
    texts: Vec<&'a str>,
}

/// Runs the command.
///
/// # Errors
/// If the data set or the model's tokenizer cannot be used.
pub fn run(args: &PreviewArgs) -> Result<()> {
    let material = Material::read(&args.data, args.data.wanted())?;
    let seen = preview(&material.data, &material.rows, &material.tokenizer, material.limit, args.rows);
    if args.json {
        for shown in &seen.shown {
            output::json(&Line {
                row: shown.row,
                part: shown.part,
                label: shown.label,
                ids: shown.pieces.iter().map(|piece| piece.id).collect(),
                mask: shown.pieces.iter().map(|piece| u8::from(piece.learned)).collect(),
                texts: shown.pieces.iter().map(|piece| piece.text.as_str()).collect(),
            })?;
        }
        return output::json(&seen);
    }
    let plainly = seen.form == Form::Conversational && material.chat.is_none();
    output::print(&text(&seen, plainly, args.too_long))
}

/// Rows that are too long and named, unless all are asked for.
const NAMED: usize = 10;

/// The preview as text. `all` is whether every row that is too long is named.
fn text(seen: &Preview, plainly: bool, all: bool) -> String {
    let mut out = String::new();
    for shown in &seen.shown {
        out += &sequence(shown);
    }
    let mut say = |line: String| {
        out += &line;
        out.push('\n');
    };
    say(format!("type       {}, {}", seen.kind, seen.form));
    if plainly {
        say("written    as plain text: the model has no chat template".to_owned());
    }
    say(format!("rows       {}", format::count(seen.rows)));
    say(format!("tokens     {}, of which {} are learned", format::count(seen.tokens), format::count(seen.learned)));
    let longest: Vec<String> = seen.longest.iter().map(|(row, tokens)| format!("row {row}: {tokens}")).collect();
    say(format!("longest    {}", longest.join(", ")));
    say(format!("too long   {} rows have more than {} tokens", format::count(seen.too_long.len()), seen.limit));
    let named = if all { seen.too_long.len() } else { NAMED };
    for cut in seen.too_long.iter().take(named) {
        let whole = if cut.whole_answer { "; nothing of an answer would be left" } else { "" };
        say(format!("           row {}: {} tokens{whole}", cut.row, cut.tokens));
    }
    if seen.too_long.len() > named {
        let more = format::count(seen.too_long.len() - named);
        say(format!("           and {more} more, which `--too-long` names"));
    }
    if seen.merged > 0 {
        say(format!(
            "merged     {} rows: the end of the prompt makes other tokens when an answer follows, and is left out as in TRL; end prompts where a word ends",
            format::count(seen.merged)
        ));
    }
    if !seen.unused.is_empty() {
        say(format!("not used   {}", seen.unused.join(", ")));
    }
    if !seen.shown.is_empty() {
        say("[token]: learned; ~token~: beyond the limit".to_owned());
    }
    out
}

/// One sequence, token by token.
fn sequence(shown: &Shown) -> String {
    let learned = shown.pieces.iter().filter(|piece| piece.learned).count();
    let label = match shown.label {
        Some(true) => ", good",
        Some(false) => ", bad",
        None => "",
    };
    let mut out =
        format!("row {}, {}{label}: {} tokens, {learned} learned\n ", shown.row, shown.part, shown.pieces.len());
    for piece in &shown.pieces {
        // One line a sequence, whatever its tokens hold.
        let text: String = piece.text.escape_debug().collect();
        let text = if piece.learned { format!("[{text}]") } else { text };
        let _ = if piece.beyond { write!(out, " ~{text}~") } else { write!(out, " {text}") };
    }
    out + "\n\n"
}

#[cfg(test)]
mod tests {
    use selfsame_core::prompt::dataset::{Cut, Kind, Piece};

    use super::*;

    #[test]
    fn every_row_that_is_too_long_can_be_named() {
        let too_long = |count: usize| (1..=count).map(|row| Cut { row, tokens: 40, whole_answer: false }).collect();
        let mut seen = Preview {
            kind: Kind::Preference,
            form: Form::Standard,
            rows: 20,
            tokens: 800,
            learned: 400,
            limit: 30,
            too_long: too_long(12),
            longest: vec![(1, 40)],
            merged: 0,
            unused: Vec::new(),
            shown: Vec::new(),
        };
        let lines = |seen: &Preview, all: bool| {
            let text = text(seen, false, all);
            let named = text.lines().filter(|line| line.contains(": 40 tokens")).count();
            (named, text.contains("and 2 more, which `--too-long` names"), text.contains("  and "))
        };
        assert_eq!(lines(&seen, false), (10, true, true));
        assert_eq!(lines(&seen, true), (12, false, false));
        seen.too_long = too_long(10);
        assert_eq!(lines(&seen, false), (10, false, false));
    }

    #[test]
    fn marks_tell_what_is_learned_and_what_is_cut() {
        let piece = |text: &str, learned, beyond| Piece { id: 1, text: text.to_owned(), learned, beyond };
        let pieces = vec![piece("<s>", false, false), piece("a\n", true, false), piece("b", true, true)];
        let shown = Shown { row: 2, part: "chosen", label: Some(false), pieces };
        assert_eq!(sequence(&shown), "row 2, chosen, bad: 3 tokens, 2 learned\n  <s> [a\\n] ~[b]~\n\n");
    }
}
