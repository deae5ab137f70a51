//! How a conversation becomes text: by the model's chat template, or plainly where it has none.

use super::Message;
use crate::{
    Result,
    text::{self, ChatTemplate, Json, Moment, Rendering, Tokenizer},
};

/// A conversation as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Whether the tokenizer has to add its special tokens, such as the one for the beginning; chat
    /// templates write theirs.
    pub special: bool,
}

/// Turns conversations into text.
pub trait Render {
    /// The text of a conversation. `answer_follows` ends it where the assistant's turn begins.
    ///
    /// # Errors
    /// If the conversation cannot be written.
    fn render(&self, messages: &[Message], answer_follows: bool) -> Result<Rendered>;
}

/// Conversations as a chat template writes them.
#[derive(Debug)]
pub struct Template<'a> {
    /// The template.
    pub template: &'a ChatTemplate,
    /// What it is told when it asks for the time.
    pub now: Moment,
}

impl Template<'_> {
    fn written(&self, messages: &[Message], answer_follows: bool) -> Result<text::Rendered> {
        let turns = messages.iter().map(|message| Json::message(&message.role, &message.content));
        let messages = Json::list(turns.collect::<Result<_>>()?)?;
        let with = Rendering { add_generation_prompt: answer_follows, now: self.now, ..Rendering::default() };
        self.template.render(&messages, &with)
    }

    /// Whether the assistant wrote them, for each token of a whole conversation.
    ///
    /// # Errors
    /// If the conversation cannot be written, or the template does not mark what the assistant wrote.
    pub(super) fn by_assistant(&self, messages: &[Message], tokenizer: &Tokenizer) -> Result<Vec<bool>> {
        Ok(self.written(messages, false)?.tokens(tokenizer)?.1)
    }
}

impl Render for Template<'_> {
    fn render(&self, messages: &[Message], answer_follows: bool) -> Result<Rendered> {
        Ok(Rendered { text: self.written(messages, answer_follows)?.text, special: false })
    }
}

/// Conversations for a model without a chat template: [`plain`], and the end of a text after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// How the end of a text is spelled.
    pub eos: String,
}

impl Render for Plain {
    fn render(&self, messages: &[Message], answer_follows: bool) -> Result<Rendered> {
        let mut text = plain(messages, answer_follows);
        if !answer_follows {
            text.push_str(&self.eos);
        }
        Ok(Rendered { text, special: true })
    }
}

/// Writes a conversation as plain text. A single user message is its content alone, with the answer
/// after a blank; longer ones carry the roles, since a model without a chat template knows no
/// other separators.
#[must_use]
pub fn plain(messages: &[Message], answer_follows: bool) -> String {
    let single = match messages {
        [prompt] if prompt.role == "user" => Some((prompt, None)),
        [prompt, answer] if prompt.role == "user" && answer.role == "assistant" => Some((prompt, Some(answer))),
        _ => None,
    };
    if let Some((prompt, answer)) = single {
        let Some(answer) = answer else { return prompt.content.clone() };
        let joint = if prompt.content.ends_with(char::is_whitespace) { "" } else { " " };
        return format!("{}{joint}{}", prompt.content, answer.content);
    }
    let turns: Vec<String> = messages.iter().map(|m| format!("{}: {}", m.role, m.content)).collect();
    let mut text = turns.join("\n");
    if answer_follows {
        text.push_str("\nassistant:");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_alone_begins_the_whole() {
        let one = [Message::new("user", "hi"), Message::new("assistant", "hello")];
        assert_eq!(plain(&one[..1], true), "hi");
        assert_eq!(plain(&one, false), "hi hello");
        let more = [Message::new("system", "be kind"), Message::new("user", "hi"), Message::new("assistant", "hello")];
        assert_eq!(plain(&more[..2], true), "system: be kind\nuser: hi\nassistant:");
        assert_eq!(plain(&more, false), "system: be kind\nuser: hi\nassistant: hello");
        let eos = Plain { eos: "</s>".to_owned() };
        assert_eq!(eos.render(&one, false).unwrap().text, "hi hello</s>");
        assert_eq!(eos.render(&one[..1], true).unwrap().text, "hi");
    }
}
