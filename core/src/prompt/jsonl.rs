//! Rows of a file as recipes read them: `{"prompt": "..."}`, or TRL's conversational form
//! `{"prompt": [{"role": "user", "content": "..."}]}`; with `completion`, or with `chosen` and
//! `rejected`, where a recipe learns from given answers.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Prompt, Row,
    dataset::{Message, Records, plain},
};
use crate::{Error, Result, text::Json};

/// A line whose prompt is a conversation, with its keys in order.
#[derive(Deserialize)]
struct Conversation {
    prompt: Json,
}

/// Reads every row of a file of JSON lines or Parquet. Blank lines at the end are allowed, others are
/// not.
///
/// # Errors
/// Names the line that is empty, is not JSON or has no usable prompt.
#[cfg(not(target_family = "wasm"))]
pub fn read_jsonl(path: &Path) -> Result<Vec<Row>> {
    rows(&Records::read(path)?)
}

/// The rows of a JSONL text; `path` names it in errors.
///
/// # Errors
/// As [`read_jsonl`], but for reading.
pub fn parse_jsonl(text: &str, path: &Path) -> Result<Vec<Row>> {
    rows(&Records::parse(text, path)?)
}

/// The rows as recipes read them: a prompt, and whichever answers are there.
fn rows(records: &Records) -> Result<Vec<Row>> {
    let mut lines = records.text.lines();
    records
        .rows
        .iter()
        .enumerate()
        .map(|(index, fields)| {
            let line = index + 1;
            let told = |problem| Error::Data { path: records.path.clone(), line, problem };
            let answer = |name: &str| answer_text(fields.get(name), name).map_err(told);
            Ok(Row {
                prompt: Prompt { id: format!("line-{line}"), text: prompt_text(fields.get("prompt")).map_err(told)? },
                messages: messages(fields.get("prompt"), lines.next()).map_err(told)?,
                completion: answer("completion")?,
                chosen: answer("chosen")?,
                rejected: answer("rejected")?,
            })
        })
        .collect()
}

/// The messages of a prompt that is a conversation. `line` is what the row was read from, where it was text.
fn messages(prompt: Option<&Value>, line: Option<&str>) -> Result<Option<Json>, String> {
    let Some(prompt @ Value::Array(_)) = prompt else { return Ok(None) };
    match line {
        Some(line) => serde_json::from_str::<Conversation>(line).map(|read| read.prompt),
        None => Json::deserialize(prompt),
    }
    .map(Some)
    .map_err(|e| format!("the conversation cannot be read ({e})"))
}

fn prompt_text(value: Option<&Value>) -> Result<String, String> {
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err("`prompt` is blank".to_owned()),
        Some(Value::Array(messages)) => conversation(messages),
        Some(_) => Err("`prompt` must be a text or a list of messages".to_owned()),
        None => Err("no `prompt` in this object".to_owned()),
    }
}

/// An answer: a text, or a conversation whose last message it is.
fn answer_text(value: Option<&Value>, name: &str) -> Result<Option<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Array(messages)) => messages
            .last()
            .and_then(|message| message.get("content"))
            .and_then(Value::as_str)
            .map(|text| Some(text.to_owned()))
            .ok_or_else(|| format!("the last message of `{name}` has no text `content`")),
        Some(_) => Err(format!("`{name}` must be a text or a list of messages")),
    }
}

/// Writes a conversation as plain text.
fn conversation(messages: &[Value]) -> Result<String, String> {
    let turns = messages
        .iter()
        .map(|message| {
            let field = |name: &str| message.get(name).and_then(Value::as_str);
            let (role, content) =
                field("role").zip(field("content")).ok_or("each message needs the texts `role` and `content`")?;
            Ok(Message::new(role, content))
        })
        .collect::<Result<Vec<_>, String>>()?;
    match turns.last() {
        None => Err("the conversation is empty".to_owned()),
        Some(last) if last.role != "user" => {
            Err(format!("the last message is from `{}`; a prompt ends with the user's turn", last.role))
        }
        Some(_) => {
            let text = plain(&turns, true);
            if text.trim().is_empty() { Err("the conversation is blank".to_owned()) } else { Ok(text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Vec<Row>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        read_jsonl(file.path())
    }

    #[test]
    fn both_forms_are_read() {
        let prompts = read(concat!(
            "{\"prompt\": \"hello\"}\n",
            "{\"prompt\": [{\"role\": \"user\", \"content\": \"hi\"}], \"extra\": 1}\n",
            "{\"prompt\": [{\"role\": \"system\", \"content\": \"be kind\"}, {\"role\": \"user\", \"content\": \"hi\"}]}\n\n",
        ))
        .unwrap();
        let texts: Vec<_> = prompts.iter().map(|row| row.prompt.text.as_str()).collect();
        assert_eq!(texts, ["hello", "hi", "system: be kind\nuser: hi\nassistant:"]);
        assert_eq!(prompts[2].prompt.id, "line-3");
        assert_eq!(prompts.iter().map(|row| row.messages.is_some()).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn given_answers_are_read() {
        let rows = read(concat!(
            "{\"prompt\": \"a\", \"completion\": \"b\"}\n",
            "{\"prompt\": \"a\", \"chosen\": \"c\", \"rejected\": [{\"role\": \"assistant\", \"content\": \"d\"}]}\n",
        ))
        .unwrap();
        assert_eq!(rows[0].completion.as_deref(), Some("b"));
        assert_eq!((rows[1].chosen.as_deref(), rows[1].rejected.as_deref()), (Some("c"), Some("d")));
    }

    #[test]
    fn errors_name_the_line() {
        for (content, line, word) in [
            ("", "line 1", "no rows"),
            ("{\"prompt\": \"a\"}\n\n{\"prompt\": \"b\"}", "line 2", "empty"),
            ("{\"prompt\": \"a\"}\n{\"prompt\": ", "line 2", "JSON"),
            ("{\"text\": \"a\"}", "line 1", "no `prompt`"),
            ("{\"prompt\": 3}", "line 1", "must be"),
            ("{\"prompt\": \"  \"}", "line 1", "blank"),
            ("{\"prompt\": []}", "line 1", "empty"),
            ("{\"prompt\": [{\"role\": \"user\", \"content\": \" \"}]}", "line 1", "blank"),
            ("{\"prompt\": [{\"role\": \"assistant\", \"content\": \"x\"}]}", "line 1", "assistant"),
            ("{\"prompt\": [{\"role\": \"user\"}]}", "line 1", "content"),
        ] {
            let error = read(content).unwrap_err().to_string();
            assert!(error.contains(line) && error.contains(word), "{content:?}: {error}");
        }
    }
}
