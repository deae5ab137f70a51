//! Typed rows: what a row of each type holds, as text or as conversation.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Dataset, Kind, Message, Records,
    columns::Found,
    implicit::prompt_length,
    message::{Part, check_order, describe, messages},
};
use crate::Result;

/// How texts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As texts.
    Standard,
    /// As lists of messages.
    Conversational,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard",
            Self::Conversational => "conversational",
        })
    }
}

/// A text in one of the two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// A text.
    Plain(String),
    /// A conversation, or the end of one.
    Chat(Vec<Message>),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A prompt alone.
    Prompt(Text),
    /// A prompt and the answer to imitate.
    Completion {
        /// The prompt.
        prompt: Text,
        /// The answer.
        completion: Text,
    },
    /// A prompt with two answers.
    Preference {
        /// The prompt.
        prompt: Text,
        /// The better answer.
        chosen: Text,
        /// The other.
        rejected: Text,
    },
    /// A prompt with an answer that is good or bad.
    Unpaired {
        /// The prompt.
        prompt: Text,
        /// The answer.
        completion: Text,
        /// Whether it is good.
        label: bool,
    },
    /// A text to be learned as a whole.
    Whole(Text),
}

/// The data set of a file whose type is known.
///
/// # Errors
/// Names the first row and column that hold the wrong thing.
pub(super) fn typed(records: Records, found: Found) -> Result<Dataset> {
    let Found { mut kind, columns, unused } = found;
    let mut columns = columns.to_vec();
    let mut unused = unused;
    let texts = |columns: &[&'static str]| columns.iter().copied().filter(|name| *name != "label").collect::<Vec<_>>();
    let form_of = |name: &str| column_form(&records, name);
    let forms = texts(&columns).into_iter().map(|name| Ok((name, form_of(name)?))).collect::<Result<Vec<_>>>()?;
    // Some published preferences repeat the prompt as text beside whole conversations; the
    // conversations are what counts (`trl.data_utils.maybe_extract_prompt`).
    let repeats = |(name, form): &(&str, Form)| (*form == Form::Standard) == (*name == "prompt");
    if kind == Kind::Preference && forms.iter().all(repeats) {
        kind = Kind::ImplicitPreference;
        columns.retain(|name| *name != "prompt");
        unused.push("prompt".to_owned());
    }
    let forms: Vec<_> = forms.into_iter().filter(|(name, _)| columns.contains(name)).collect();
    let form = forms.first().map_or(Form::Standard, |(_, form)| *form);
    if let (Some((first, _)), Some((other, _))) = (forms.first(), forms.iter().find(|(_, other)| *other != form)) {
        return Err(records.wrong(
            0,
            other,
            format!("is {}, and `{first}` is {}; write both the same way", other_form(form), this_form(form)),
        ));
    }
    match (columns.as_slice(), form) {
        (["text"], Form::Conversational) => {
            return Err(records.wrong(0, "text", "is a list; a conversation belongs into a column `messages`"));
        }
        (["messages"], Form::Standard) => {
            return Err(records.wrong(0, "messages", "is a text; a text belongs into a column `text`"));
        }
        _ => {}
    }
    let rows = records
        .rows
        .iter()
        .enumerate()
        .map(|(index, row)| {
            item(row, kind, &columns).map_err(|(column, problem)| records.wrong(index, column, problem))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Dataset { path: records.path, kind, form, rows, unused })
}

fn this_form(form: Form) -> &'static str {
    match form {
        Form::Standard => "a text",
        Form::Conversational => "a list of messages",
    }
}

fn other_form(form: Form) -> &'static str {
    this_form(if form == Form::Standard { Form::Conversational } else { Form::Standard })
}

/// The form of a column, which has to be the same in every row.
fn column_form(records: &Records, name: &str) -> Result<Form> {
    let mut first = None;
    for (index, row) in records.rows.iter().enumerate() {
        let form = match row.get(name) {
            Some(Value::String(_)) => Form::Standard,
            Some(Value::Array(_)) => Form::Conversational,
            other => {
                let what = other.map_or_else(|| "missing".to_owned(), describe);
                return Err(records.wrong(index, name, format!("is {what}; it must be a text or a list of messages")));
            }
        };
        if *first.get_or_insert(form) != form {
            return Err(records.wrong(
                index,
                name,
                format!(
                    "is {}, and row 1 has {}; all rows of a file are written the same way",
                    this_form(form),
                    other_form(form)
                ),
            ));
        }
    }
    Ok(first.unwrap_or(Form::Standard))
}

/// What is wrong with a value, and the column it is in.
type Wrong = (&'static str, String);

fn item(row: &Map<String, Value>, kind: Kind, columns: &[&'static str]) -> Result<Item, Wrong> {
    Ok(match kind {
        Kind::PromptOnly => Item::Prompt(text(row, "prompt", Part::Prompt)?),
        Kind::PromptCompletion => Item::Completion {
            prompt: text(row, "prompt", Part::Prompt)?,
            completion: text(row, "completion", Part::Completion)?,
        },
        Kind::Preference => Item::Preference {
            prompt: text(row, "prompt", Part::Prompt)?,
            chosen: text(row, "chosen", Part::Completion)?,
            rejected: text(row, "rejected", Part::Completion)?,
        },
        Kind::ImplicitPreference => divided(text(row, "chosen", Part::Whole)?, text(row, "rejected", Part::Whole)?)?,
        Kind::UnpairedPreference => Item::Unpaired {
            prompt: text(row, "prompt", Part::Prompt)?,
            completion: text(row, "completion", Part::Completion)?,
            label: match row.get("label") {
                Some(Value::Bool(label)) => *label,
                other => {
                    let what = other.map_or_else(|| "missing".to_owned(), describe);
                    return Err((
                        "label",
                        format!("is {what}; it must be true for a good answer or false for a bad one"),
                    ));
                }
            },
        },
        Kind::LanguageModelling => Item::Whole(text(row, columns.first().copied().unwrap_or("text"), Part::Whole)?),
    })
}

fn text(row: &Map<String, Value>, name: &'static str, part: Part) -> Result<Text, Wrong> {
    let told = |problem: String| (name, problem);
    match row.get(name) {
        Some(Value::String(text)) if text.is_empty() => Err(told("is empty; fill it in or remove the row".to_owned())),
        Some(Value::String(text)) if part == Part::Prompt && text.trim().is_empty() => {
            Err(told("is blank; fill it in or remove the row".to_owned()))
        }
        Some(Value::String(text)) => Ok(Text::Plain(text.clone())),
        Some(Value::Array(list)) => {
            let list = messages(list).map_err(told)?;
            check_order(&list, part).map_err(told)?;
            Ok(Text::Chat(list))
        }
        other => Err(told(format!(
            "is {}; it must be a text or a list of messages",
            other.map_or_else(|| "missing".to_owned(), describe)
        ))),
    }
}

/// Divides two answers that begin with their prompt.
fn divided(chosen: Text, rejected: Text) -> Result<Item, Wrong> {
    let nothing = |what: &str| {
        (
            "chosen",
            format!("and `rejected` do not begin with the same {what}, so there is no prompt; add a column `prompt`"),
        )
    };
    match (chosen, rejected) {
        (Text::Plain(chosen), Text::Plain(rejected)) => {
            let (first, second): (Vec<char>, Vec<char>) = (chosen.chars().collect(), rejected.chars().collect());
            let length = prompt_length(&first, &second, |c| *c == ' ');
            let (prompt, chosen) = first.split_at(length);
            let (_, rejected) = second.split_at(length);
            if prompt.iter().all(|c| c.is_whitespace()) {
                return Err(nothing("words"));
            }
            let plain = |part: &[char]| Text::Plain(part.iter().collect());
            Ok(Item::Preference { prompt: plain(prompt), chosen: plain(chosen), rejected: plain(rejected) })
        }
        (Text::Chat(first), Text::Chat(second)) => {
            let length = prompt_length(&first, &second, |_| false);
            if length == 0 {
                return Err(nothing("messages"));
            }
            let (prompt, chosen) = first.split_at(length);
            let (_, rejected) = second.split_at(length);
            check_order(prompt, Part::Prompt).map_err(|problem| {
                ("chosen", format!("begins like `rejected` with {length} messages that are no prompt: {problem}"))
            })?;
            for (name, answer) in [("chosen", chosen), ("rejected", rejected)] {
                check_order(answer, Part::Completion)
                    .map_err(|problem| (name, format!("after the {length} messages of the prompt: {problem}")))?;
            }
            let chat = |part: &[Message]| Text::Chat(part.to_vec());
            Ok(Item::Preference { prompt: chat(prompt), chosen: chat(chosen), rejected: chat(rejected) })
        }
        _ => Err(("rejected", "is not written the same way as `chosen`".to_owned())),
    }
}
