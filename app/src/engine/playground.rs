//! Drawing answers and rating texts, piece by piece, whoever drives it: a thread of the desktop, or the worker of
//! a page.

use std::{cell::RefCell, rc::Rc};

use selfsame_core::{
    judge::{Henry, Opinion},
    model::Decoder,
    recipe::self_rewarding::seed_ads,
    sample::{Draw, Key, Pieces, Sampling, Token},
    text::Tokenizer,
    world,
};

use super::{Chat, Message, Rate};
use crate::{Error, Result, format};

/// Models that are kept for the next question.
const KEPT_MODELS: usize = 4;

/// Weights that all kept models may have together. The last one used is kept whatever its size.
const KEPT_WEIGHTS: usize = 500_000_000;

/// The longest answer, in tokens, whatever a question asks for.
pub const LONGEST_ANSWER: usize = 2048;

/// Texts that are rated before anybody else has a turn.
const TOGETHER: usize = 4;

/// Tokens of texts that are rated at once, at most.
const TOKENS: usize = 4096;

/// Something that can be asked of a model, and is answered piece by piece.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Draw an answer.
    Chat(Chat),
    /// Rate texts.
    Rate(Rate),
}

/// What was said since the last piece.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// A token and its text.
    Token(String, Token),
    /// Opinions of further texts, and whether they are the last.
    Opinions(Vec<Opinion>, bool),
    /// There is nothing more to say.
    End,
}

impl Question {
    /// The model that is asked.
    #[must_use]
    pub fn model(&self) -> &str {
        match self {
            Self::Chat(chat) => &chat.model,
            Self::Rate(rate) => &rate.henry,
        }
    }

    /// Comes back with everything that is said.
    #[must_use]
    pub fn ticket(&self) -> u64 {
        match self {
            Self::Chat(chat) => chat.ticket,
            Self::Rate(rate) => rate.ticket,
        }
    }

    /// What to tell the view about a piece, and whether it is the last.
    #[must_use]
    pub fn message(&self, slot: u32, piece: Result<Piece>) -> (Message, bool) {
        let (mut tokens, mut opinions) = (Vec::new(), Vec::new());
        let (done, problem) = match piece {
            Ok(Piece::Token(text, token)) => {
                tokens.push((text, token.logprob));
                (token.finish.is_some(), None)
            }
            Ok(Piece::Opinions(further, last)) => {
                opinions = further;
                (last, None)
            }
            Ok(Piece::End) => (true, None),
            Err(e) => (true, Some(e.to_string())),
        };
        let ticket = self.ticket();
        let message = match self {
            Self::Chat(_) => Message::Said { slot, ticket, tokens, done, problem },
            Self::Rate(_) => Message::Rated { slot, ticket, opinions, done, problem },
        };
        (message, done)
    }
}

/// A question that is being answered.
#[allow(clippy::large_enum_variant)] // one a question
pub enum Answering {
    /// An answer is being drawn.
    Growing(Growing),
    /// Texts are being rated.
    Rating(Rating),
}

impl Answering {
    /// Begins; nothing is computed yet.
    ///
    /// # Errors
    /// If the model cannot read what it is asked.
    pub fn begin(question: &Question, speaker: Rc<Speaker>) -> Result<Self> {
        Ok(match question {
            Question::Chat(chat) => Self::Growing(Growing::begin(chat, speaker)?),
            Question::Rate(rate) => Self::Rating(Rating::begin(rate, speaker)?),
        })
    }

    /// The next piece.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn next(&mut self) -> Result<Piece> {
        match self {
            Self::Growing(growing) => {
                Ok(growing.next().await?.map_or(Piece::End, |(text, token)| Piece::Token(text, token)))
            }
            Self::Rating(rating) => rating.next().await,
        }
    }
}

/// Texts that are being rated, a few at a time.
pub struct Rating {
    henry: Henry,
    read: Vec<Vec<u32>>,
    rated: usize,
    speaker: Rc<Speaker>,
}

impl Rating {
    /// Begins to rate texts; nothing is computed yet.
    ///
    /// # Errors
    /// If the model does not speak the language of ads, does not know a word of a text, or has no room for one.
    pub fn begin(rate: &Rate, speaker: Rc<Speaker>) -> Result<Self> {
        let henry = Henry::new(seed_ads::TEMPLATE, &speaker.tokenizer)?;
        let context = speaker.model.config().max_position_embeddings;
        let room = henry.around(&[]).len() + henry.room(context);
        let read = rate.texts.iter().map(|text| {
            if let Some(word) = speaker.tokenizer.unknown_word(text) {
                return Err(Error::told(format!(
                    "this Henry has no word `{word}`: ask one who was taught the ads of the world `ads`"
                )));
            }
            let read = henry.read(text, usize::MAX, &speaker.tokenizer)?;
            if read.len() > room {
                return Err(Error::told(format!(
                    "the ad is too long for this Henry: {} tokens, and he reads {room} at most",
                    read.len()
                )));
            }
            Ok(read)
        });
        Ok(Self { read: read.collect::<Result<_>>()?, henry, rated: 0, speaker })
    }

    async fn next(&mut self) -> Result<Piece> {
        let waiting = self.read.get(self.rated..).unwrap_or_default();
        let texts: Vec<&[u32]> = waiting.iter().take(TOGETHER).map(Vec::as_slice).collect();
        let opinions = self.henry.opinions(&self.speaker.model, &texts, TOKENS).await?;
        self.rated += opinions.len();
        Ok(Piece::Opinions(opinions, self.rated >= self.read.len()))
    }
}

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
        let form = match &chat.form {
            None => None,
            Some(name) => {
                let world = world::by_name(name).ok_or_else(|| {
                    Error::told(format!("there is no world `{name}` whose form an answer could keep to"))
                })?;
                world.grammar(&speaker.tokenizer)?
            }
        };
        let draw = Draw::within(&speaker.model, &prompt, &sampling, key, form)?;
        Ok(Self { draw, pieces: Pieces::default(), speaker })
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
    loaded: RefCell<Vec<(String, Rc<Speaker>)>>,
}

impl Speakers {
    /// The model of this name: one that is loaded, or else what `load` gives, which is kept for the next question.
    ///
    /// # Errors
    /// Those of `load`.
    pub async fn find(&self, name: &str, load: impl AsyncFnOnce(&str) -> Result<Speaker>) -> Result<Rc<Speaker>> {
        if let Some(speaker) = self.get(name) {
            return Ok(speaker);
        }
        // Others may ask meanwhile: nothing is borrowed here.
        let speaker = Rc::new(load(name).await?);
        self.keep(name, &speaker);
        Ok(speaker)
    }

    fn get(&self, name: &str) -> Option<Rc<Speaker>> {
        let mut loaded = self.loaded.borrow_mut();
        let at = loaded.iter().position(|(known, _)| known == name)?;
        let found = loaded.remove(at);
        let speaker = Rc::clone(&found.1);
        loaded.push(found);
        Some(speaker)
    }

    /// Keeps a model for the next question; others may have to go.
    fn keep(&self, name: &str, speaker: &Rc<Speaker>) {
        let mut loaded = self.loaded.borrow_mut();
        loaded.push((name.to_owned(), Rc::clone(speaker)));
        let too_much = |loaded: &[(String, Rc<Speaker>)]| {
            let weights: usize = loaded.iter().map(|(_, speaker)| speaker.model.config().parameters()).sum();
            loaded.len() > KEPT_MODELS || (loaded.len() > 1 && weights > KEPT_WEIGHTS)
        };
        while too_much(&loaded) {
            loaded.remove(0);
        }
    }
}

/// A question that has come, and the answer to it as soon as it is begun.
pub struct Slot {
    /// The question.
    pub question: Question,
    answer: Option<Answering>,
}

impl Slot {
    /// A question that has come.
    #[must_use]
    pub fn new(question: Question) -> Self {
        Self { question, answer: None }
    }

    /// The next piece of the answer; for the first one the model may have to be loaded.
    ///
    /// # Errors
    /// If the model cannot be loaded or cannot read what it is asked, or the device fails.
    pub async fn next(
        &mut self,
        speakers: &Speakers,
        load: impl AsyncFnOnce(&str) -> Result<Speaker>,
    ) -> Result<Piece> {
        let answer = match &mut self.answer {
            Some(answer) => answer,
            None => {
                let speaker = speakers.find(self.question.model(), load).await?;
                self.answer.insert(Answering::begin(&self.question, speaker)?)
            }
        };
        answer.next().await
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::device;

    use super::*;
    use crate::{shelf::STARTER, starter};

    fn load() -> Speaker {
        let cpu = device::select(device::Choice::Cpu).unwrap();
        let model = starter::model(starter::MODEL, STARTER, &cpu).unwrap();
        Speaker { model, tokenizer: starter::tokenizer().unwrap() }
    }

    /// The model of a name, and whether it had to be loaded.
    fn ask(speakers: &Speakers, name: &str) -> (Rc<Speaker>, bool) {
        let mut loaded = false;
        let speaker = pollster::block_on(speakers.find(name, async |asked: &str| {
            assert_eq!(asked, name);
            loaded = true;
            Ok(load())
        }));
        (speaker.unwrap(), loaded)
    }

    #[test]
    fn a_model_is_loaded_once_and_only_a_few_stay_loaded() {
        let speakers = Speakers::default();
        let (first, loaded) = ask(&speakers, "first");
        assert!(loaded);
        for other in 0..2 * KEPT_MODELS {
            let other = other.to_string();
            assert!(ask(&speakers, &other).1, "nobody asked for it before");
            // Asked for again and again it stays, whatever else comes and goes.
            let (again, loaded) = ask(&speakers, "first");
            assert!(Rc::ptr_eq(&first, &again) && !loaded);
            assert!(!ask(&speakers, &other).1, "the last one asked for is there");
            ask(&speakers, "first");
        }
        assert!(ask(&speakers, "0").1, "what was not asked for lately had to go");
        assert_eq!(speakers.loaded.borrow().len(), KEPT_MODELS);
    }

    #[test]
    fn a_model_that_cannot_be_loaded_is_not_kept() {
        let speakers = Speakers::default();
        let refused = pollster::block_on(speakers.find("none", async |_: &str| Err(Error::told("no such model"))));
        assert!(refused.is_err_and(|e| e.to_string().contains("no such model")));
        assert!(ask(&speakers, "none").1);
    }
}
