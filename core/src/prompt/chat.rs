//! Prompts as the model's chat template writes them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Row;
use crate::{
    Error, Result,
    text::{ChatTemplate, Json, Moment, Rendering, Tokenizer},
};

/// How the prompts of a run are written, by content, so that it can be done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// SHA-256 of the template with its special tokens.
    pub template_sha256: String,
    /// Whether prompts that are plain text were made user turns.
    pub plain: bool,
    /// What templates were told when they asked for the time.
    pub now: Moment,
}

impl Chat {
    /// Prompts written by this template from now on.
    #[must_use]
    pub fn new(template: &ChatTemplate, plain: bool) -> Self {
        Self { template_sha256: template.sha256(), plain, now: Moment::now() }
    }

    /// One prompt: the conversation, or the text as the user's turn, and the beginning of the assistant's.
    ///
    /// # Errors
    /// If the template refuses it.
    pub fn written(&self, template: &ChatTemplate, messages: &Json) -> Result<String> {
        let with = Rendering { add_generation_prompt: true, now: self.now, ..Rendering::default() };
        template.render(messages, &with).map(|rendered| rendered.text)
    }

    /// What the template writes before and after what a user says in a conversation of one turn, the beginning of the
    /// assistant's included; `None` where the template writes it not as it is, or more than once.
    ///
    /// # Errors
    /// If the template refuses a user's turn.
    pub fn around(&self, template: &ChatTemplate) -> Result<Option<[String; 2]>> {
        // No template has a reason to know this word.
        const SAID: &str = "selfsame0said0this";
        let written = self.written(template, &user_turn(SAID)?)?;
        Ok(match written.split(SAID).collect::<Vec<_>>()[..] {
            [before, after] => Some([before.to_owned(), after.to_owned()]),
            _ => None,
        })
    }

    /// Puts the prompts of a file as the template writes them in place of their texts.
    ///
    /// # Errors
    /// Names the line that the template refuses, or that is plain text among conversations.
    pub fn write(&self, template: &ChatTemplate, rows: &mut [Row], path: &Path) -> Result<()> {
        for (index, row) in rows.iter_mut().enumerate() {
            let wrong = |problem: String| Error::Data { path: path.to_path_buf(), line: index + 1, problem };
            let turn = match &row.messages {
                Some(messages) => messages.clone(),
                None if self.plain => user_turn(&row.prompt.text)?,
                None => {
                    return Err(wrong(
                        "the prompt is a text and others are conversations, which the model's chat template writes; make it a conversation too, or all texts user turns with --chat".to_owned(),
                    ));
                }
            };
            row.prompt.text = self.written(template, &turn).map_err(|e| wrong(e.to_string()))?;
        }
        Ok(())
    }
}

/// A text as a conversation of one turn.
///
/// # Errors
/// If the text is longer than a conversation may be.
pub fn user_turn(text: &str) -> Result<Json> {
    Json::list(vec![Json::message("user", text)?])
}

/// The tokens of a prompt's text. One that a template wrote has its special tokens already.
///
/// # Errors
/// If the tokenizer cannot represent the text.
pub fn tokens(tokenizer: &Tokenizer, text: &str, chat: Option<&Chat>) -> Result<Vec<u32>> {
    if chat.is_some() { tokenizer.encode_piece(text) } else { tokenizer.encode(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{prompt::parse_jsonl, world::rules::tokenizer_json};

    const LINES: &str = concat!(
        "{\"prompt\": [{\"role\": \"system\", \"content\": \"s\"}, {\"role\": \"user\", \"content\": \"a\"}]}\n",
        "{\"prompt\": \"b\"}\n",
    );

    fn template(source: &str) -> ChatTemplate {
        ChatTemplate::new(source).unwrap().with_tokens([("bos_token".to_owned(), "<bos>".to_owned())].into())
    }

    #[test]
    fn conversations_are_written_with_the_assistants_beginning() {
        let template = template(
            "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
        );
        let path = Path::new("x.jsonl");
        let mut rows = parse_jsonl(LINES, path).unwrap();
        Chat::new(&template, true).write(&template, &mut rows, path).unwrap();
        let texts: Vec<&str> = rows.iter().map(|row| row.prompt.text.as_str()).collect();
        assert_eq!(texts, ["<bos><system>s<user>a<assistant>", "<bos><user>b<assistant>"]);

        let mut rows = parse_jsonl(LINES, path).unwrap();
        let error = Chat::new(&template, false).write(&template, &mut rows, path).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("--chat"), "{error}");
    }

    #[test]
    fn a_template_that_refuses_names_the_line() {
        let template = template("{{ raise_exception('no') if messages | length == 1 }}");
        let path = Path::new("x.jsonl");
        let mut rows = parse_jsonl(LINES, path).unwrap();
        let error = Chat::new(&template, true).write(&template, &mut rows, path).unwrap_err().to_string();
        assert!(error.contains("x.jsonl, line 2") && error.contains("no"), "{error}");
    }

    #[test]
    fn a_beginning_that_the_template_wrote_is_not_written_twice() {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let template = template("{{ bos_token }} the fox");
        let chat = Chat::new(&template, false);
        let text = chat.written(&template, &user_turn("x").unwrap()).unwrap();
        assert_eq!(tokens(&tokenizer, &text, Some(&chat)).unwrap(), tokenizer.encode("the fox").unwrap());
        assert_eq!(tokens(&tokenizer, "the fox", None).unwrap(), tokenizer.encode("the fox").unwrap());
    }
}
