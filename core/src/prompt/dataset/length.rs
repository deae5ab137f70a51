//! Rows that are longer than the model can read, or than one wants. Nothing is cut in silence.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::TokenRow;
use crate::{Error, Result};

/// What happens to rows that are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truncation {
    /// They are named and refused.
    #[default]
    Refuse,
    /// Their beginning is kept, as TRL's `truncation_mode="keep_start"` does.
    KeepStart,
}

/// A row that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// The row, counted from 1.
    pub row: usize,
    /// Tokens of its longest sequence.
    pub tokens: usize,
    /// Whether of some answer no token would be left.
    pub whole_answer: bool,
}

/// Rows that fit, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// The rows, none of them too long.
    pub rows: Vec<TokenRow>,
    /// Those that were cut.
    pub cut: Vec<Cut>,
}

/// Which rows have more than `limit` tokens, the longest first.
#[must_use]
pub fn too_long(rows: &[TokenRow], limit: usize) -> Vec<Cut> {
    let mut found: Vec<Cut> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.longest() > limit)
        .map(|(index, row)| Cut {
            row: index + 1,
            tokens: row.longest(),
            whole_answer: !row.answers.is_empty() && row.prompt.len() >= limit,
        })
        .collect();
    found.sort_by_key(|cut| (std::cmp::Reverse(cut.tokens), cut.row));
    found
}

/// Brings every row to at most `limit` tokens, or refuses; `path` names the file in errors.
///
/// # Errors
/// Names the rows that are too long where cutting was not asked for, and those whose answer would be
/// cut away whole, from which nothing could be learned.
pub fn fit(rows: Vec<TokenRow>, limit: usize, truncation: Truncation, path: &Path) -> Result<Fitted> {
    let cut = too_long(&rows, limit);
    let refused = |problem: String| Err(Error::DataSet { path: path.to_path_buf(), problem });
    let total = rows.len();
    if truncation == Truncation::Refuse && !cut.is_empty() {
        return refused(format!(
            "{} of {total} rows are longer than {limit} tokens ({}). Shorten them, or cut their ends with `--truncate keep-start`; nothing is cut unless you say so",
            cut.len(),
            listed(&cut)
        ));
    }
    let lost: Vec<Cut> = cut.iter().copied().filter(|cut| cut.whole_answer).collect();
    if !lost.is_empty() {
        return refused(format!(
            "{} of {total} rows have prompts of {limit} tokens or more, so that nothing of an answer would be left ({}). Shorten the prompts or remove the rows",
            lost.len(),
            listed(&lost)
        ));
    }
    let rows = rows
        .into_iter()
        .map(|mut row| {
            row.prompt.truncate(limit);
            let left = limit - row.prompt.len();
            row.answers.iter_mut().for_each(|answer| answer.truncate(left));
            row
        })
        .collect();
    Ok(Fitted { rows, cut })
}

/// The first few of a list.
fn listed(cuts: &[Cut]) -> String {
    let mut text: Vec<String> =
        cuts.iter().take(5).map(|cut| format!("row {}: {} tokens", cut.row, cut.tokens)).collect();
    if cuts.len() > text.len() {
        text.push(format!("and {} more, which `selfsame preview --too-long` names", cuts.len() - text.len()));
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(prompt: usize, answers: &[usize]) -> TokenRow {
        TokenRow {
            prompt: vec![1; prompt],
            answers: answers.iter().map(|n| vec![2; *n]).collect(),
            ..TokenRow::default()
        }
    }

    #[test]
    fn cutting_is_asked_for_and_counted() {
        let rows = vec![row(3, &[2, 9]), row(3, &[2, 2]), row(2, &[5, 1])];
        let error = fit(rows.clone(), 6, Truncation::Refuse, Path::new("x.jsonl")).unwrap_err().to_string();
        assert!(error.contains("2 of 3 rows") && error.contains("row 1: 12 tokens, row 3: 7 tokens"), "{error}");
        let fitted = fit(rows, 6, Truncation::KeepStart, Path::new("x.jsonl")).unwrap();
        assert_eq!(fitted.cut.iter().map(|cut| cut.row).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(fitted.rows[0].answers.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
        assert!(fitted.rows.iter().all(|row| row.longest() <= 6));
    }

    #[test]
    fn an_answer_that_is_cut_away_is_an_error() {
        for truncation in [Truncation::Refuse, Truncation::KeepStart] {
            let error = fit(vec![row(6, &[1, 1])], 6, truncation, Path::new("x.jsonl")).unwrap_err().to_string();
            assert!(error.contains("row 1: 7 tokens"), "{error}");
        }
        let alone = fit(vec![row(9, &[])], 6, Truncation::KeepStart, Path::new("x.jsonl")).unwrap();
        assert_eq!(alone.rows[0].prompt.len(), 6);
    }
}
