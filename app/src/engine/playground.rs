//! Drawing answers for the playground, whoever drives it: a thread of the desktop, or the worker of a
//! page.

use std::rc::Rc;

use selfsame_core::{
    model::Decoder,
    sample::{Draw, Key, Pieces, Sampling, Token},
    text::Tokenizer,
};

use super::Chat;
use crate::{Error, Result, format};

/// Models that are kept for the next question.
pub const KEPT_MODELS: usize = 4;

/// Weights that all kept models may have together. The last one used is kept whatever its size.
const KEPT_WEIGHTS: usize = 500_000_000;

/// The longest answer, in tokens, whatever a question asks for.
pub const LONGEST_ANSWER: usize = 2048;

/// A model that can be talked to.
pub struct Speaker {
    /// The model.
    pub model: Decoder,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
}

/// An answer that is being drawn.
pub struct Growing {
    draw: Draw,
    pieces: Pieces,
    speaker: Rc<Speaker>,
}

impl Growing {
    /// Begins the answer to a question; nothing is computed yet.
    ///
    /// # Errors
    /// If the model does not know a word of the prompt, or there is no room for an answer.
    pub fn begin(chat: &Chat, speaker: Rc<Speaker>) -> Result<Self> {
        if let Some(word) = speaker.tokenizer.unknown_word(&chat.prompt) {
            return Err(Error::told(format!(
                "this model has no word `{word}`: it was taught a small language of its own, as that of the world `rules`. Build a prompt from the lists, or ask a model that reads English"
            )));
        }
        let prompt = speaker.tokenizer.encode(&chat.prompt)?;
        let context = speaker.model.config().max_position_embeddings;
        if prompt.len() >= context {
            return Err(Error::told(format!(
                "the prompt is too long: it has {} tokens and this model reads {} at most, the answer included. Shorten it",
                format::count(prompt.len()),
                format::count(context)
            )));
        }
        let sampling = Sampling {
            temperature: chat.temperature,
            max_new_tokens: chat.max_new_tokens.min(LONGEST_ANSWER),
            ..Sampling::default()
        };
        // The numbers of the first answer of `selfsame generate` with the same seed.
        let key = Key { seed: chat.seed, ..Key::default() };
        Ok(Self { draw: Draw::new(&speaker.model, &prompt, &sampling, key)?, pieces: Pieces::default(), speaker })
    }

    /// The next token and its text, or `None` after the last one.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn next(&mut self) -> Result<Option<(String, Token)>> {
        let Some(token) = self.draw.next().await? else { return Ok(None) };
        let text = self.pieces.push(&self.speaker.tokenizer, token.id, token.finish.is_some())?;
        Ok(Some((text, token)))
    }
}

/// The models that are loaded, the last one used last. An answer that is being drawn holds on to
/// its own.
#[derive(Default)]
pub struct Speakers {
    loaded: Vec<(String, Rc<Speaker>)>,
}

impl Speakers {
    /// A model that is loaded.
    pub fn get(&mut self, name: &str) -> Option<Rc<Speaker>> {
        let at = self.loaded.iter().position(|(known, _)| known == name)?;
        let found = self.loaded.remove(at);
        let speaker = Rc::clone(&found.1);
        self.loaded.push(found);
        Some(speaker)
    }

    /// Keeps a model for the next question; others may have to go.
    pub fn keep(&mut self, name: &str, speaker: &Rc<Speaker>) {
        self.loaded.push((name.to_owned(), Rc::clone(speaker)));
        let too_much = |loaded: &[(String, Rc<Speaker>)]| {
            let weights: usize = loaded.iter().map(|(_, speaker)| speaker.model.config().parameters()).sum();
            loaded.len() > KEPT_MODELS || (loaded.len() > 1 && weights > KEPT_WEIGHTS)
        };
        while too_much(&self.loaded) {
            self.loaded.remove(0);
        }
    }

    /// How many models are loaded.
    #[must_use]
    pub fn count(&self) -> usize {
        self.loaded.len()
    }
}
