//! Rows of a JSONL file: `{"prompt": "..."}`, or TRL's conversational form
//! `{"prompt": [{"role": "user", "content": "..."}]}`; with `completion`, or with `chosen` and
//! `rejected`, where a recipe learns from given answers.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Prompt, Row};
use crate::{Error, Result, text::Json};

/// A line whose prompt is a conversation, with its keys in order.
#[derive(Deserialize)]
struct Conversation {
    prompt: Json,
}

/// Reads every line of a file. Blank lines at the end are allowed, others are not.
///
/// # Errors
/// Names the line that is empty, is not JSON or has no usable prompt.
pub fn read_jsonl(path: &Path) -> Result<Vec<Row>> {
    parse_jsonl(&std::fs::read_to_string(path).map_err(|e| Error::read(path, e))?, path)
}

/// The rows of a JSONL text; `path` names it in errors.
///
/// # Errors
/// As [`read_jsonl`], but for reading.
pub fn parse_jsonl(text: &str, path: &Path) -> Result<Vec<Row>> {
    let wrong = |line: usize, problem: String| Error::Data { path: path.to_path_buf(), line, problem };
    let mut rows = Vec::new();
    for (index, line) in text.trim_end().lines().enumerate() {
        if line.trim().is_empty() {
            return Err(wrong(index + 1, "the line is empty; remove it".to_owned()));
        }
        let value: Value = serde_json::from_str(line).map_err(|e| {
            wrong(
                index + 1,
                format!("not valid JSON ({e}); each line holds one object such as {{\"prompt\": \"...\"}}"),
            )
        })?;
        let text = prompt_text(&value).map_err(|problem| wrong(index + 1, problem))?;
        let messages = if value.get("prompt").is_some_and(Value::is_array) {
            let read = serde_json::from_str::<Conversation>(line);
            Some(read.map_err(|e| wrong(index + 1, format!("the conversation cannot be read ({e})")))?.prompt)
        } else {
            None
        };
        let answer = |name: &str| answer_text(&value, name).map_err(|problem| wrong(index + 1, problem));
        rows.push(Row {
            prompt: Prompt { id: format!("line-{}", index + 1), text },
            messages,
            completion: answer("completion")?,
            chosen: answer("chosen")?,
            rejected: answer("rejected")?,
        });
    }
    if rows.is_empty() {
        return Err(wrong(1, "the file holds no prompts".to_owned()));
    }
    Ok(rows)
}

fn prompt_text(value: &Value) -> Result<String, String> {
    match value.get("prompt") {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err("`prompt` is blank".to_owned()),
        Some(Value::Array(messages)) => conversation(messages),
        Some(_) => Err("`prompt` must be a text or a list of messages".to_owned()),
        None => Err("no `prompt` in this object".to_owned()),
    }
}

/// An answer: a text, or a conversation whose last message it is.
fn answer_text(value: &Value, name: &str) -> Result<Option<String>, String> {
    match value.get(name) {
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

/// Renders a conversation as plain text. A single user message is its content alone; longer ones
/// carry the roles, since a model without a chat template knows no other separators.
fn conversation(messages: &[Value]) -> Result<String, String> {
    let turns = messages
        .iter()
        .map(|message| {
            let field = |name: &str| message.get(name).and_then(Value::as_str);
            field("role").zip(field("content")).ok_or("each message needs the texts `role` and `content`")
        })
        .collect::<Result<Vec<_>, _>>()?;
    match turns[..] {
        [] => Err("the conversation is empty".to_owned()),
        [("user", content)] => Ok(content.to_owned()),
        [.., (role, _)] if role != "user" => {
            Err(format!("the last message is from `{role}`; a prompt ends with the user's turn"))
        }
        _ => {
            let mut text = String::new();
            for (role, content) in turns {
                text.push_str(role);
                text.push_str(": ");
                text.push_str(content);
                text.push('\n');
            }
            text.push_str("assistant:");
            Ok(text)
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
            ("", "line 1", "no prompts"),
            ("{\"prompt\": \"a\"}\n\n{\"prompt\": \"b\"}", "line 2", "empty"),
            ("{\"prompt\": \"a\"}\n{\"prompt\": ", "line 2", "JSON"),
            ("{\"text\": \"a\"}", "line 1", "no `prompt`"),
            ("{\"prompt\": 3}", "line 1", "must be"),
            ("{\"prompt\": \"  \"}", "line 1", "blank"),
            ("{\"prompt\": []}", "line 1", "empty"),
            ("{\"prompt\": [{\"role\": \"assistant\", \"content\": \"x\"}]}", "line 1", "assistant"),
            ("{\"prompt\": [{\"role\": \"user\"}]}", "line 1", "content"),
        ] {
            let error = read(content).unwrap_err().to_string();
            assert!(error.contains(line) && error.contains(word), "{content:?}: {error}");
        }
    }
}
