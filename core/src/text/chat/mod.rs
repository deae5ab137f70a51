//! Chat templates: how a model wants a conversation written, as a program in Jinja that comes with it
//! (`chat_template` of Hugging Face's tokenizers). The text is the one that `apply_chat_template` of
//! transformers 5.23 makes, byte for byte.
//!
//! Templates are programs of strangers. They see the conversation and nothing else, and every render is
//! bounded before it begins ([`Limits`]). Each template is read once by a parser of ours, which hands it
//! to minijinja with every operator that can make a large value replaced by a bounded one.

mod engine;
mod expression;
mod files;
mod filters;
mod json;
mod lexer;
mod limits;
mod mask;
mod messages;
mod methods;
mod operand;
mod operators;
mod printf;
mod reader;
mod show;
mod statements;
mod time;
mod value;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::Range};

use engine::{Engine, told};
use minijinja::Value;
use statements::Generation;

use crate::{Error, Result, model::content_hash};

pub use limits::Limits;
pub use time::Moment;
pub use value::Json;

/// A chat template with the special tokens it may name.
#[derive(Clone)]
pub struct ChatTemplate {
    source: String,
    engine: Engine,
    /// The template for conversations with tools, where the model has one of its own.
    with_tools: Option<Box<ChatTemplate>>,
    tokens: BTreeMap<String, String>,
    limits: Limits,
}

impl std::fmt::Debug for ChatTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChatTemplate({} bytes)", self.source.len())
    }
}

/// How a conversation is to be written.
#[derive(Debug, Clone, Default)]
pub struct Rendering {
    /// Whether the text ends with the beginning of the assistant's turn, for the model to go on.
    pub add_generation_prompt: bool,
    /// Whether the last message stays open, for the model to continue it.
    pub continue_final_message: bool,
    /// A list of tools the model may call, as JSON schemas.
    pub tools: Option<Json>,
    /// A list of documents to answer from.
    pub documents: Option<Json>,
    /// Further variables, such as `enable_thinking`. They come before special tokens of the same name.
    pub variables: Vec<(String, Json)>,
    /// What `strftime_now` shows.
    pub now: Moment,
}

/// A conversation as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text, special tokens included: nothing is to be added when it is tokenized.
    pub text: String,
    /// The bytes of the text that the assistant wrote, by the template's `{% generation %}` tags.
    /// Nothing if the template has none, or has them where they cannot be followed.
    pub generated: Option<Vec<Range<usize>>>,
}

impl ChatTemplate {
    /// A template from its source, such as the `tokenizer.chat_template` of a GGUF file.
    ///
    /// # Errors
    /// Names the line that is not Jinja, or is more than a chat template may do.
    pub fn new(source: &str) -> Result<Self> {
        Ok(Self {
            source: source.to_owned(),
            engine: Engine::compile(source)?,
            with_tools: None,
            tokens: BTreeMap::new(),
            limits: Limits::default(),
        })
    }

    /// The same template with special tokens, by names such as `bos_token`.
    #[must_use]
    pub fn with_tokens(mut self, tokens: BTreeMap<String, String>) -> Self {
        if let Some(other) = self.with_tools.take() {
            self.with_tools = Some(Box::new(other.with_tokens(tokens.clone())));
        }
        self.tokens = tokens;
        self
    }

    /// The same template with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// SHA-256 of all that decides what the template writes: its source, that of the one for tools,
    /// and the special tokens.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut all = Vec::new();
        let mut part = |text: &str| {
            all.extend((text.len() as u64).to_le_bytes());
            all.extend(text.as_bytes());
        };
        part(&self.source);
        part(self.with_tools.as_ref().map_or("", |other| &other.source));
        self.tokens.iter().for_each(|(name, token)| {
            part(name);
            part(token);
        });
        content_hash(&all)
    }

    /// Writes a conversation: a list of messages, each with `role` and `content`.
    ///
    /// # Errors
    /// If the template refuses the conversation, wants more than the limits, or is wrong.
    pub fn render(&self, messages: &Json, with: &Rendering) -> Result<Rendered> {
        if let (Some(other), Some(_)) = (&self.with_tools, &with.tools) {
            return other.render(messages, with);
        }
        let input = [Some(messages), with.tools.as_ref(), with.documents.as_ref()];
        let bytes = input.into_iter().flatten().map(Json::bytes).fold(0, usize::saturating_add);
        if bytes > self.limits.input {
            return Err(Error::Template(format!(
                "the conversation has about {bytes} bytes, and at most {} are written",
                self.limits.input
            )));
        }
        let failed = |e: minijinja::Error| Error::Template(told(&e));
        let (messages, open) = messages::prepared(messages, with, &self.source)?;
        let optional = |json: &Option<Json>| json.as_ref().map_or(Value::from(()), |json| json.0.clone());
        let mut context: BTreeMap<String, Value> =
            self.tokens.iter().map(|(name, token)| (name.clone(), Value::from(token.as_str()))).collect();
        context.extend(with.variables.iter().map(|(name, json)| (name.clone(), json.0.clone())));
        context.insert("messages".to_owned(), messages);
        context.insert("tools".to_owned(), optional(&with.tools));
        context.insert("documents".to_owned(), optional(&with.documents));
        context.insert("add_generation_prompt".to_owned(), Value::from(with.add_generation_prompt));
        let (text, ranges) = self.engine.render(Value::from_pairs(context), with.now, &self.limits).map_err(failed)?;
        let text = match open {
            Some(message) => messages::left_open(&text, &message)?,
            None => text,
        };
        let generated =
            (self.engine.generation == Generation::Marked && !with.continue_final_message).then_some(ranges);
        Ok(Rendered { text, generated })
    }
}
