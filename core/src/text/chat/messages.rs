//! What transformers does to a conversation before and after the template sees it.

use minijinja::Value;

use super::{
    Json, Rendering,
    engine::told,
    methods::blank,
    value::{Dict, List},
};
use crate::{Error, Result};

/// Names that a message's reasoning goes by. The first is the one that templates read.
const REASONING: [&str; 3] = ["reasoning_content", "thinking", "reasoning"];

/// Put at the end of a message that is to stay open.
const TAG: &str = "CONTINUE_FINAL_MESSAGE_TAG ";

fn refused(problem: impl Into<String>) -> Error {
    Error::Template(problem.into())
}

fn failed(error: &minijinja::Error) -> Error {
    Error::Template(told(error))
}

/// The messages as templates see them, and the text of the message that is to stay open.
pub(super) fn prepared(messages: &Json, with: &Rendering, source: &str) -> Result<(Value, Option<String>)> {
    let list =
        messages.0.downcast_object_ref::<List>().ok_or_else(|| refused("a conversation is a list of messages"))?;
    if list.items.is_empty() {
        return Err(refused("the conversation is empty"));
    }
    let mut prepared = Vec::with_capacity(list.items.len());
    for message in &list.items {
        let dict = message.downcast_object_ref::<Dict>().ok_or_else(|| refused("each message is an object"))?;
        prepared.push(entries(dict));
    }
    let mut open = None;
    if with.continue_final_message {
        if with.add_generation_prompt {
            return Err(refused("a message cannot be continued and followed by a new one"));
        }
        if let Some(last) = prepared.last_mut() {
            open = Some(tagged(last, source)?);
        }
    }
    let dicts = prepared.into_iter().map(|entries| Dict::new(entries).map(Value::from_object));
    let list = dicts.collect::<Result<_, _>>().and_then(|dicts| List::new(dicts, false)).map_err(|e| failed(&e))?;
    Ok((Value::from_object(list), open))
}

/// A message without what is null, and with its reasoning under the names that templates read.
fn entries(dict: &Dict) -> Vec<(Value, Value)> {
    let mut entries: Vec<(Value, Value)> = dict.entries.iter().filter(|(_, value)| !value.is_none()).cloned().collect();
    let reasoning = REASONING.iter().find_map(|name| dict.get(&Value::from(*name)).filter(|value| !value.is_none()));
    if let Some(reasoning) = reasoning {
        if dict.get(&Value::from("thinking")).is_none_or(Value::is_none) {
            entries.insert(0, ("thinking".into(), reasoning.clone()));
        }
        entries.push(("reasoning_content".into(), reasoning.clone()));
    }
    entries
}

/// Marks the end of a message's text and gives the text.
fn tagged(entries: &mut [(Value, Value)], source: &str) -> Result<String> {
    let content = entries.iter_mut().find(|(key, _)| key.as_str() == Some("content"));
    let (_, content) = content.ok_or_else(|| refused("the last message has no `content` to continue"))?;
    if !source.contains("content") {
        return Err(refused("it does not write `content`, so that no message can be continued"));
    }
    if let Some(text) = content.as_str().map(str::to_owned) {
        *content = Value::from(format!("{text}{TAG}"));
        return Ok(text);
    }
    let blocks =
        content.downcast_object_ref::<List>().ok_or_else(|| refused("the last message has no text to continue"))?;
    let mut items = blocks.items.clone();
    for item in items.iter_mut().rev() {
        let Some(block) = item.downcast_object_ref::<Dict>() else { continue };
        let Some(text) = block.get(&Value::from("text")).and_then(Value::as_str).map(str::to_owned) else { continue };
        let mut pairs = block.entries.clone();
        pairs.push(("text".into(), Value::from(format!("{text}{TAG}"))));
        *item = Dict::new(pairs).map(Value::from_object).map_err(|e| failed(&e))?;
        *content = List::new(items, false).map(Value::from_object).map_err(|e| failed(&e))?;
        return Ok(text);
    }
    Err(refused("the last message has no text to continue"))
}

/// The text up to the end of the message that stays open.
pub(super) fn left_open(text: &str, message: &str) -> Result<String> {
    let found = text.rfind(TAG.trim_end()).filter(|_| text.contains(message.trim_matches(blank)));
    let at = found.ok_or_else(|| refused("it changes the last message, which can therefore not be continued"))?;
    // A template that trims the message has trimmed the tag's blank with it.
    let before = &text[..at];
    Ok(if text[at..].starts_with(TAG) { before } else { before.trim_end_matches(blank) }.to_owned())
}
