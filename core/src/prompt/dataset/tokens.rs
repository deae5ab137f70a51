//! Rows as tokens, the way TRL 1.16 makes them: the prompt alone and the prompt with each answer are
//! tokenised as wholes, and an answer begins where the two differ.

use super::{Dataset, Item, Message, Render, Template, Text};
use crate::{Error, Result, learn::Sequence, text::Tokenizer};

/// A row in tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenRow {
    /// What all answers begin with. Nothing of it is learned.
    pub prompt: Vec<u32>,
    /// The answers, to be learned: none of a prompt alone, two of a preference (the better one first),
    /// the whole text in language modelling.
    pub answers: Vec<Vec<u32>>,
    /// For each token of the only answer whether the assistant wrote it, where those tokens alone are learned; none
    /// where all are.
    pub by_assistant: Option<Vec<bool>>,
    /// Whether the answer is a good one, in unpaired preferences.
    pub label: Option<bool>,
    /// The end of the prompt that is not in the sequences, because its letters become other tokens
    /// when the answer follows.
    pub lost: Vec<u32>,
}

impl TokenRow {
    /// Prompt and answer with the answer's tokens as labels, or those of them that the assistant wrote. The first token
    /// of all can have no label, since nothing comes before it.
    #[must_use]
    pub fn sequence(&self, answer: usize) -> Sequence {
        let answer = self.answers.get(answer).map(Vec::as_slice).unwrap_or_default();
        let tokens: Vec<u32> = self.prompt.iter().chain(answer).copied().collect();
        let labels = tokens.iter().enumerate().skip(self.prompt.len().max(1)).filter(|(position, _)| {
            self.by_assistant.as_ref().is_none_or(|by| by.get(position - self.prompt.len()).is_some_and(|is| *is))
        });
        Sequence { labels: labels.map(|(position, token)| (position - 1, *token)).collect(), tokens }
    }

    /// Tokens of the longest sequence.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.prompt.len() + self.answers.iter().map(Vec::len).max().unwrap_or(0)
    }
}

/// Every row in tokens. `eos` is how the tokenizer spells the end of a text; answers in the standard
/// form get it where they do not end with it. `render` writes conversations.
///
/// # Errors
/// If a row cannot be tokenised, or the tokenizer does not know `eos` as one token; names the row.
pub fn tokenise(data: &Dataset, tokenizer: &Tokenizer, eos: &str, render: &dyn Render) -> Result<Vec<TokenRow>> {
    Maker { tokenizer, eos, render, marks: None }.rows(data)
}

/// The same where the tokens alone are learned that the assistant wrote, as `SFTTrainer` does with
/// `assistant_only_loss`: of conversations those between the template's `{% generation %}` tags, and of a prompt with
/// a completion those of them that are the completion's.
///
/// # Errors
/// As [`tokenise`], and if the rows are neither conversations nor prompts with completions, the template does not mark
/// what the assistant wrote, or a row has nothing of it.
pub fn tokenise_assistant(
    data: &Dataset,
    tokenizer: &Tokenizer,
    eos: &str,
    template: &Template<'_>,
) -> Result<Vec<TokenRow>> {
    Maker { tokenizer, eos, render: template, marks: Some(template) }.rows(data)
}

fn check_end(tokenizer: &Tokenizer, eos: &str) -> Result<()> {
    if tokenizer.id(eos).is_none_or(|id| tokenizer.encode_piece(eos).ok().as_deref() != Some(&[id])) {
        return Err(Error::Tokenizer(format!(
            "{eos:?} ends a text, but the tokenizer does not read it as one token; add it to `added_tokens` in tokenizer.json"
        )));
    }
    Ok(())
}

/// The column that a row's tokens come from first, for errors.
fn column(item: &Item) -> &'static str {
    match item {
        Item::Whole(Text::Plain(_)) => "text",
        Item::Whole(Text::Chat(_)) => "messages",
        _ => "prompt",
    }
}

struct Maker<'a> {
    tokenizer: &'a Tokenizer,
    eos: &'a str,
    render: &'a dyn Render,
    /// What tells which tokens the assistant wrote, where those alone are learned.
    marks: Option<&'a Template<'a>>,
}

impl Maker<'_> {
    fn rows(&self, data: &Dataset) -> Result<Vec<TokenRow>> {
        check_end(self.tokenizer, self.eos)?;
        let row = |(index, item): (usize, &Item)| {
            let made = match self.marks {
                None => self.row(item),
                Some(template) => self.marked(item, template),
            };
            made.map_err(|e| Error::Row {
                path: data.path.clone(),
                row: index + 1,
                column: column(item).to_owned(),
                problem: e.to_string(),
            })
        };
        data.rows.iter().enumerate().map(row).collect()
    }

    fn marked(&self, item: &Item, template: &Template<'_>) -> Result<TokenRow> {
        let messages = match item {
            Item::Whole(Text::Chat(messages)) => messages.clone(),
            Item::Completion { prompt: Text::Chat(prompt), completion: Text::Chat(completion) } => {
                prompt.iter().chain(completion).cloned().collect()
            }
            _ => {
                return Err(Error::Template(
                    "--assistant-only-loss learns what the assistant wrote in `messages`, or in a `completion` that is one; leave it out"
                        .to_owned(),
                ));
            }
        };
        let row = self.row(item)?;
        let by: Vec<bool> =
            template.by_assistant(&messages, self.tokenizer)?.into_iter().skip(row.prompt.len()).collect();
        if !by.contains(&true) {
            return Err(Error::Template(
                "nothing of the row is marked as what the assistant wrote; remove it, or learn without --assistant-only-loss"
                    .to_owned(),
            ));
        }
        Ok(TokenRow { by_assistant: Some(by), ..row })
    }

    fn row(&self, item: &Item) -> Result<TokenRow> {
        match item {
            Item::Prompt(prompt) => Ok(TokenRow { prompt: self.prompt(prompt)?, ..TokenRow::default() }),
            Item::Completion { prompt, completion } => self.answers(prompt, &[completion]),
            Item::Preference { prompt, chosen, rejected } => self.answers(prompt, &[chosen, rejected]),
            Item::Unpaired { prompt, completion, label } => {
                Ok(TokenRow { label: Some(*label), ..self.answers(prompt, &[completion])? })
            }
            Item::Whole(text) => {
                let whole = match text {
                    Text::Plain(text) => self.encode(&self.ended(text))?,
                    Text::Chat(messages) => self.chat(messages, false)?,
                };
                Ok(TokenRow { answers: vec![whole], ..TokenRow::default() })
            }
        }
    }

    fn answers(&self, prompt: &Text, answers: &[&Text]) -> Result<TokenRow> {
        let alone = self.prompt(prompt)?;
        let wholes = answers.iter().map(|answer| self.whole(prompt, answer)).collect::<Result<Vec<_>>>()?;
        let common = |whole: &Vec<u32>| alone.iter().zip(whole).take_while(|(a, b)| a == b).count();
        // Both answers begin at the same place, after the shorter of the two beginnings.
        let length = wholes.iter().map(common).min().unwrap_or(alone.len());
        let (kept, lost) = alone.split_at(length);
        Ok(TokenRow {
            prompt: kept.to_vec(),
            answers: wholes.iter().map(|whole| whole.iter().skip(length).copied().collect()).collect(),
            lost: lost.to_vec(),
            ..TokenRow::default()
        })
    }

    fn prompt(&self, prompt: &Text) -> Result<Vec<u32>> {
        match prompt {
            Text::Plain(text) => self.encode(text),
            Text::Chat(messages) => self.chat(messages, true),
        }
    }

    fn whole(&self, prompt: &Text, answer: &Text) -> Result<Vec<u32>> {
        match (prompt, answer) {
            (Text::Plain(prompt), Text::Plain(answer)) => self.encode(&format!("{prompt}{}", self.ended(answer))),
            (Text::Chat(prompt), Text::Chat(answer)) => {
                self.chat(&prompt.iter().chain(answer).cloned().collect::<Vec<_>>(), false)
            }
            _ => Err(Error::Tokenizer("prompt and answer are not written the same way".to_owned())),
        }
    }

    fn chat(&self, messages: &[Message], answer_follows: bool) -> Result<Vec<u32>> {
        let rendered = self.render.render(messages, answer_follows)?;
        if rendered.special { self.encode(&rendered.text) } else { self.tokenizer.encode_piece(&rendered.text) }
    }

    /// A whole text in tokens. A tokenizer of whole words would read every other word as one and the same.
    fn encode(&self, text: &str) -> Result<Vec<u32>> {
        match self.tokenizer.unknown_word(text) {
            None => self.tokenizer.encode(text),
            Some(word) => Err(Error::Tokenizer(format!(
                "this model's language has no word `{word}`; give a model that can read the text"
            ))),
        }
    }

    fn ended(&self, text: &str) -> String {
        if text.ends_with(self.eos) { text.to_owned() } else { format!("{text}{}", self.eos) }
    }
}
