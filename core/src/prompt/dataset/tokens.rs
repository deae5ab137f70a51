//! Rows as tokens, the way TRL 1.16 makes them: the prompt alone and the prompt with each answer are
//! tokenised as wholes, and an answer begins where the two differ.

use super::{Dataset, Item, Message, Render, Text};
use crate::{Error, Result, learn::Sequence, text::Tokenizer};

/// A row in tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenRow {
    /// What all answers begin with. Nothing of it is learned.
    pub prompt: Vec<u32>,
    /// The answers, to be learned: none of a prompt alone, two of a preference (the better one first),
    /// the whole text in language modelling.
    pub answers: Vec<Vec<u32>>,
    /// Whether the answer is a good one, in unpaired preferences.
    pub label: Option<bool>,
    /// The end of the prompt that is not in the sequences, because its letters become other tokens
    /// when the answer follows.
    pub lost: Vec<u32>,
}

impl TokenRow {
    /// Prompt and answer with the answer's tokens as labels. The first token of all can have no label,
    /// since nothing comes before it.
    #[must_use]
    pub fn sequence(&self, answer: usize) -> Sequence {
        let answer = self.answers.get(answer).map(Vec::as_slice).unwrap_or_default();
        let tokens: Vec<u32> = self.prompt.iter().chain(answer).copied().collect();
        let labels = tokens.iter().enumerate().skip(self.prompt.len().max(1));
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
    if tokenizer.id(eos).is_none_or(|id| tokenizer.encode_piece(eos).ok().as_deref() != Some(&[id])) {
        return Err(Error::Tokenizer(format!(
            "{eos:?} ends a text, but the tokenizer does not read it as one token; add it to `added_tokens` in tokenizer.json"
        )));
    }
    let maker = Maker { tokenizer, eos, render };
    data.rows
        .iter()
        .enumerate()
        .map(|(index, item)| {
            maker.row(item).map_err(|e| Error::Row {
                path: data.path.clone(),
                row: index + 1,
                column: column(item).to_owned(),
                problem: e.to_string(),
            })
        })
        .collect()
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
}

impl Maker<'_> {
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
            label: None,
            lost: lost.to_vec(),
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
