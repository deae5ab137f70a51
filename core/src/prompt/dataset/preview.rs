//! What a data set becomes before anything learns from it: tokens, which of them are learned, and
//! how many rows are too long.

use serde::Serialize;

use super::{Cut, Dataset, Form, Kind, TokenRow, length::too_long};
use crate::text::Tokenizer;

/// One token of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// Its id.
    pub id: u32,
    /// How the vocabulary spells it.
    pub text: String,
    /// Whether it is learned.
    pub learned: bool,
    /// Whether it lies beyond the limit.
    pub beyond: bool,
}

/// One sequence of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The row, counted from 1.
    pub row: usize,
    /// `prompt`, `completion`, `chosen`, `rejected` or `text`.
    pub part: &'static str,
    /// Whether the answer is a good one, in unpaired preferences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<bool>,
    /// All its tokens.
    pub pieces: Vec<Piece>,
}

/// A summary of a data set in tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The type.
    pub kind: Kind,
    /// Texts or conversations.
    pub form: Form,
    /// Number of rows.
    pub rows: usize,
    /// Tokens of all sequences together.
    pub tokens: usize,
    /// Those of them that are learned.
    pub learned: usize,
    /// The most tokens that a sequence can have.
    pub limit: usize,
    /// Rows with more, the longest first.
    pub too_long: Vec<Cut>,
    /// The longest rows with their tokens, the longest first; at most five.
    pub longest: Vec<(usize, usize)>,
    /// Rows whose prompt ends in tokens that are others when the answer follows.
    pub merged: usize,
    /// Columns that are not used.
    pub unused: Vec<String>,
    /// The first rows.
    #[serde(skip)]
    pub shown: Vec<Shown>,
}

/// Looks at a data set: figures over all rows, and the first `show` rows token by token.
#[must_use]
pub fn preview(data: &Dataset, rows: &[TokenRow], tokenizer: &Tokenizer, limit: usize, show: usize) -> Preview {
    let sequences = |row: &TokenRow| (0..row.answers.len().max(1)).map(|index| row.sequence(index)).collect::<Vec<_>>();
    let mut longest: Vec<(usize, usize)> =
        rows.iter().enumerate().map(|(index, row)| (index + 1, row.longest())).collect();
    longest.sort_by_key(|(row, tokens)| (std::cmp::Reverse(*tokens), *row));
    longest.truncate(5);
    let (mut tokens, mut learned) = (0, 0);
    for sequence in rows.iter().flat_map(sequences) {
        tokens += sequence.tokens.len();
        learned += sequence.labels.len();
    }
    let shown = rows
        .iter()
        .enumerate()
        .take(show)
        .flat_map(|(index, row)| {
            let names: &[&'static str] = match data.kind {
                Kind::PromptOnly => &["prompt"],
                Kind::PromptCompletion | Kind::UnpairedPreference => &["completion"],
                Kind::Preference | Kind::ImplicitPreference => &["chosen", "rejected"],
                Kind::LanguageModelling => &["text"],
            };
            names.iter().zip(sequences(row)).map(move |(part, sequence)| {
                let mut learned = vec![false; sequence.tokens.len()];
                for (position, _) in &sequence.labels {
                    if let Some(slot) = learned.get_mut(position + 1) {
                        *slot = true;
                    }
                }
                let pieces = sequence.tokens.iter().zip(learned).enumerate().map(|(position, (id, learned))| Piece {
                    id: *id,
                    text: tokenizer.token(*id).unwrap_or_else(|| format!("<{id}>")),
                    learned,
                    beyond: position >= limit,
                });
                Shown { row: index + 1, part, label: row.label, pieces: pieces.collect() }
            })
        })
        .collect();
    Preview {
        kind: data.kind,
        form: data.form,
        rows: rows.len(),
        tokens,
        learned,
        limit,
        too_long: too_long(rows, limit),
        longest,
        merged: rows.iter().filter(|row| !row.lost.is_empty()).count(),
        unused: data.unused.clone(),
        shown,
    }
}
