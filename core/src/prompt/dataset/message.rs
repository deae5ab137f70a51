//! Conversations as lists of messages, and what makes one usable.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks: `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// What is said.
    pub content: String,
}

impl Message {
    /// A message of a role.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into() }
    }
}

/// What chat templates write beside role and content, so that leaving it out would be silent loss.
const MEANT: [&str; 6] = ["tool_calls", "function_call", "tool_call_id", "name", "reasoning_content", "thinking"];

/// Which part of a conversation a list of messages is; it decides where the list may begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Everything up to the answer.
    Prompt,
    /// The answer alone.
    Completion,
    /// Prompt and answer in one.
    Whole,
}

/// The messages of a JSON list.
///
/// # Errors
/// Says which message lacks what.
pub(super) fn messages(list: &[Value]) -> Result<Vec<Message>, String> {
    list.iter()
        .enumerate()
        .map(|(index, value)| {
            let number = index + 1;
            let Some(fields) = value.as_object() else {
                return Err(format!(
                    "message {number} is {}; each message is an object with the texts `role` and `content`",
                    describe(value)
                ));
            };
            let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if let Some(name) = MEANT.iter().find(|name| fields.get(**name).is_some_and(|value| !empty(value))) {
                return Err(format!("message {number} has `{name}`, which is not read here; remove it, or the row"));
            }
            let text = |name: &str| match fields.get(name) {
                Some(Value::String(text)) => Ok(text.clone()),
                Some(Value::Array(_)) if name == "content" => Err(format!(
                    "message {number}: `content` is a list of parts; only texts are read, so write the text itself"
                )),
                None if name == "role" && fields.contains_key("from") => Err(format!(
                    "message {number} has `from` and `value`; rename them to `role` and `content`, and the roles to `user` and `assistant`"
                )),
                None => Err(format!("message {number} has no `{name}`; each message needs the texts `role` and `content`")),
                Some(other) => Err(format!("message {number}: `{name}` is {}; it must be a text", describe(other))),
            };
            Ok(Message { role: text("role")?, content: text("content")? })
        })
        .collect()
}

/// Checks that the roles of a conversation follow each other as a chat template expects.
///
/// # Errors
/// Names the first message that is out of order.
pub(super) fn check_order(messages: &[Message], part: Part) -> Result<(), String> {
    let Some(last) = messages.last() else {
        return Err("the conversation is empty".to_owned());
    };
    let mut before: Option<&str> = if part == Part::Completion { Some("user") } else { None };
    for (index, message) in messages.iter().enumerate() {
        let role = message.role.as_str();
        let place = format!("message {} is from `{role}`", index + 1);
        if !["system", "user", "assistant", "tool"].contains(&role) {
            return Err(format!("{place}; the roles are system, user, assistant and tool"));
        }
        let fits = matches!(
            (before, role),
            (None, "system" | "user")
                | (Some("system" | "assistant"), "user")
                | (Some("user" | "tool"), "assistant")
                | (Some("assistant" | "tool"), "tool")
        );
        if !fits {
            return Err(match (before, part, index) {
                (_, Part::Completion, 0) => format!("{place}; an answer begins with `assistant`"),
                (None, ..) => format!("{place}; a conversation begins with `system` or `user`"),
                (Some(before), ..) if before == role => {
                    format!("{place} as the one before it; merge the two, roles take turns")
                }
                (Some(before), ..) => format!("{place} after one from `{before}`; that is out of order"),
            });
        }
        before = Some(role);
    }
    match (part, last.role.as_str()) {
        (Part::Prompt, "user" | "tool")
        | (Part::Completion, "assistant")
        | (Part::Whole, "assistant" | "user" | "tool") => Ok(()),
        (Part::Prompt, role) => Err(format!("the last message is from `{role}`; a prompt ends with the user's turn")),
        (_, role) => Err(format!("the last message is from `{role}`; an answer ends with `assistant`")),
    }
}

/// A JSON value in words.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the truth value {value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(roles: &[&str], part: Part) -> Result<(), String> {
        check_order(&roles.iter().map(|role| Message::new(*role, "x")).collect::<Vec<_>>(), part)
    }

    #[test]
    fn turns_that_chat_templates_read_are_accepted() {
        for (roles, part) in [
            (&["user"][..], Part::Prompt),
            (&["system", "user", "assistant", "user"], Part::Prompt),
            (&["user", "assistant", "tool"], Part::Prompt),
            (&["assistant"], Part::Completion),
            (&["assistant", "user", "assistant"], Part::Completion),
            (&["system", "user", "assistant"], Part::Whole),
        ] {
            assert_eq!(order(roles, part), Ok(()), "{roles:?}");
        }
    }

    #[test]
    fn turns_out_of_order_are_named() {
        for (roles, part, words) in [
            (&[][..], Part::Prompt, "empty"),
            (&["assistant"], Part::Prompt, "begins with"),
            (&["user", "assistant"], Part::Prompt, "ends with the user's turn"),
            (&["user", "user"], Part::Prompt, "take turns"),
            (&["user", "system"], Part::Prompt, "message 2 is from `system` after one from `user`"),
            (&["user"], Part::Completion, "begins with `assistant`"),
            (&["assistant", "user"], Part::Completion, "ends with `assistant`"),
            (&["human"], Part::Whole, "the roles are"),
            (&["system"], Part::Whole, "`system`"),
        ] {
            let problem = order(roles, part).unwrap_err();
            assert!(problem.contains(words), "{roles:?}: {problem}");
        }
    }

    #[test]
    fn what_a_message_lacks_is_named() {
        for (json, words) in [
            (r#"["hello"]"#, "message 1 is a text"),
            (r#"[{"role": "user"}]"#, "no `content`"),
            (r#"[{"role": "user", "content": null}]"#, "`content` is null"),
            (r#"[{"role": "user", "content": 3}]"#, "the number 3"),
            (r#"[{"role": "user", "content": "a"}, {"content": "b"}]"#, "message 2 has no `role`"),
            (r#"[{"role": "user", "content": [{"type": "text"}]}]"#, "list of parts"),
            (r#"[{"role": "assistant", "content": null, "tool_calls": [{}]}]"#, "`tool_calls`"),
            (r#"[{"role": "assistant", "content": null, "tool_calls": []}]"#, "`content` is null"),
            (r#"[{"role": "user", "content": "a", "name": "b"}]"#, "`name`"),
            (r#"[{"from": "human", "value": "a"}]"#, "rename"),
        ] {
            let Value::Array(list) = serde_json::from_str(json).unwrap() else { panic!("{json}") };
            let problem = messages(&list).unwrap_err();
            assert!(problem.contains(words), "{json}: {problem}");
        }
    }
}
