//! Which columns make which type of data set: the rules of TRL 1.16 (`trl.data_utils` and the
//! trainers), asked of all rows instead of the first.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::Records;
use crate::Result;

/// The types of data sets that TRL knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `prompt`.
    PromptOnly,
    /// `prompt`, `completion`.
    PromptCompletion,
    /// `prompt`, `chosen`, `rejected`.
    Preference,
    /// `chosen`, `rejected`: the prompt is what both begin with.
    ImplicitPreference,
    /// `prompt`, `completion`, `label`.
    UnpairedPreference,
    /// `text` or `messages`.
    LanguageModelling,
}

impl Kind {
    /// The types by the names that a person gives; the two preferences are one there.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("prompt-only", Self::PromptOnly),
        ("prompt-completion", Self::PromptCompletion),
        ("preference", Self::Preference),
        ("unpaired-preference", Self::UnpairedPreference),
        ("language-modelling", Self::LanguageModelling),
    ];

    /// A data set of the type, with its article.
    #[must_use]
    pub const fn data_set(self) -> &'static str {
        match self {
            Self::PromptOnly => "a prompt-only data set",
            Self::PromptCompletion => "a prompt-completion data set",
            Self::Preference => "a preference data set",
            Self::ImplicitPreference => "a preference data set with an implicit prompt",
            Self::UnpairedPreference => "an unpaired-preference data set",
            Self::LanguageModelling => "a language-modelling data set",
        }
    }

    /// The sets of columns that make the type, the best first.
    fn columns(self) -> &'static [(Self, &'static [&'static str])] {
        match self {
            Self::PromptOnly => &[(Self::PromptOnly, &["prompt"])],
            Self::PromptCompletion => &[(Self::PromptCompletion, &["prompt", "completion"])],
            Self::Preference | Self::ImplicitPreference => &[
                (Self::Preference, &["prompt", "chosen", "rejected"]),
                (Self::ImplicitPreference, &["chosen", "rejected"]),
            ],
            Self::UnpairedPreference => &[(Self::UnpairedPreference, &["prompt", "completion", "label"])],
            Self::LanguageModelling => {
                &[(Self::LanguageModelling, &["messages"]), (Self::LanguageModelling, &["text"])]
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PromptOnly => "prompt-only",
            Self::PromptCompletion => "prompt-completion",
            Self::Preference => "preference",
            Self::ImplicitPreference => "preference with an implicit prompt",
            Self::UnpairedPreference => "unpaired-preference",
            Self::LanguageModelling => "language-modelling",
        })
    }
}

/// The columns that types are made of.
const COLUMNS: [&str; 7] = ["prompt", "completion", "chosen", "rejected", "label", "text", "messages"];

/// Columns that would change what a row means, so that leaving them out would be silent loss.
const REFUSED: [&str; 4] = ["image", "images", "tools", "chat_template_kwargs"];

/// Whether a column of this name is looked at.
#[cfg(not(target_family = "wasm"))]
pub(super) fn is_read(name: &str) -> bool {
    COLUMNS.contains(&name) || REFUSED.contains(&name) || name == "conversations"
}

/// What a file is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub kind: Kind,
    /// The columns of the type, each with a value in every row.
    pub columns: &'static [&'static str],
    /// The others.
    pub unused: Vec<String>,
}

/// Finds the type of a file, or checks that it is the one that is wanted.
///
/// # Errors
/// Names the row and column where the rows are of several types, or lack a value; the types that
/// would fit where the columns fit several; what to rename where they fit none.
pub(super) fn detect(records: &Records, wanted: Option<Kind>) -> Result<Found> {
    let has = |row: &serde_json::Map<String, Value>, name: &str| row.get(name).is_some_and(|value| !value.is_null());
    for name in REFUSED {
        // Stored data sets often carry the column empty.
        let used = |value: &Value| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty));
        if let Some(row) = records.rows.iter().position(|row| row.get(name).is_some_and(used)) {
            return Err(records.wrong(
                row,
                name,
                "this version reads texts only, without images, tools or settings of templates; remove such rows, or the column if they mean the same without it",
            ));
        }
    }
    let present: Vec<&str> = COLUMNS.into_iter().filter(|name| records.rows.iter().any(|row| has(row, name))).collect();
    let kinds: Vec<Kind> = wanted.map_or_else(|| Kind::NAMES.map(|(_, kind)| kind).to_vec(), |kind| vec![kind]);
    let candidates: Vec<_> = kinds.iter().flat_map(|kind| kind.columns()).collect();
    let fits = |(_, columns): &&&(Kind, &'static [&'static str])| columns.iter().all(|name| present.contains(name));
    let found = if wanted.is_some() {
        candidates.iter().find(fits)
    } else {
        candidates
            .iter()
            .find(|(_, columns)| columns.len() == present.len() && columns.iter().all(|c| present.contains(c)))
    };
    let Some((kind, columns)) = found else {
        let fitting: Vec<Kind> = candidates.iter().filter(fits).map(|(kind, _)| *kind).collect();
        return Err(no_type(records, &present, wanted, &fitting));
    };
    for (index, row) in records.rows.iter().enumerate() {
        if let Some(name) = columns.iter().find(|name| !has(row, name)) {
            let with = records.rows.iter().position(|row| has(row, name)).unwrap_or(0) + 1;
            let what = if row.contains_key(*name) { "is null" } else { "is missing" };
            return Err(records.wrong(
                index,
                name,
                format!("{what}, but row {with} has it: a file holds rows of one type ({kind}). Fill it in, remove the row, or put rows of another type into a file of their own"),
            ));
        }
    }
    let mut unused: Vec<String> = records.unread.clone();
    for name in records.rows.iter().flat_map(serde_json::Map::keys) {
        if !columns.contains(&name.as_str()) && !unused.contains(name) {
            unused.push(name.clone());
        }
    }
    Ok(Found { kind: *kind, columns, unused })
}

/// Why the columns make no type, or not the one that is wanted.
fn no_type(records: &Records, present: &[&str], wanted: Option<Kind>, fitting: &[Kind]) -> crate::Error {
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if let Some(kind) = wanted {
        let needed: Vec<String> = kind.columns().iter().map(|(_, columns)| quoted(columns)).collect();
        let has = if present.is_empty() { "none of those".to_owned() } else { quoted(present) };
        return records.unusable(format!(
            "is not {}: that needs the columns {}; the file has {has}",
            kind.data_set(),
            needed.join(" or ")
        ));
    }
    if present.is_empty() {
        if records.rows.iter().any(|row| row.contains_key("conversations")) {
            return records.unusable(
                "has the column `conversations`; rename it to `messages`, and in its messages `from` and `value` to `role` and `content`",
            );
        }
        return records.unusable(format!("has none of the columns that a data set is made of: {}", quoted(&COLUMNS)));
    }
    // Rows that differ are a mixture; rows that are alike say too much or too little.
    let of = |row: &serde_json::Map<String, Value>| -> Vec<&str> {
        COLUMNS.into_iter().filter(|name| row.get(*name).is_some_and(|value| !value.is_null())).collect()
    };
    let first = records.rows.first().map(of).unwrap_or_default();
    if let Some((index, other)) = records.rows.iter().map(of).enumerate().find(|(_, columns)| *columns != first) {
        let name = other.iter().chain(&first).find(|name| !(other.contains(name) && first.contains(name)));
        let had = if other.is_empty() { "none".to_owned() } else { quoted(&other) };
        return records.wrong(
            index,
            name.unwrap_or(&"prompt"),
            format!(
                "the row has the columns {had} and row 1 has {}: a file holds rows of one type. Put each type into a file of its own",
                if first.is_empty() { "none".to_owned() } else { quoted(&first) }
            ),
        );
    }
    if fitting.is_empty() {
        return records.unusable(format!(
            "the columns {} make no data set. The types are: `prompt`; `prompt`, `completion`; `prompt`, `chosen`, `rejected`; `chosen`, `rejected`; `prompt`, `completion`, `label`; `text`; `messages`",
            quoted(present)
        ));
    }
    let mut names: Vec<&str> = Vec::new();
    for kind in fitting {
        let kind = if *kind == Kind::ImplicitPreference { Kind::Preference } else { *kind };
        names.extend(Kind::NAMES.iter().find(|(_, known)| *known == kind).map(|(name, _)| *name));
    }
    names.dedup();
    records.unusable(format!(
        "the columns {} could be read as several things; say which with `--type` and one of: {}",
        quoted(present),
        names.join(", ")
    ))
}
