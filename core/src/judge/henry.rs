//! Henry: a language model that says how memorable a text is as two digits, `00` to `99` (Long-Term Ad
//! Memorability, arXiv 2309.00378).
//!
//! What is learned is the mean recall of many people, not anybody's own. The score is not a head's number
//! and is not sampled: it is the expected value over the hundred strings, each as likely as its tokens
//! are, one after the other. With a token for each digit that is `Σ P(tens) · P(ones | tens)`; a tokenizer
//! with a token for `37` has a hundred strings of one token each. Both are the same walk through the tree
//! of the strings' beginnings.

use burn::tensor::{
    Tensor, TensorData,
    activation::{log_softmax, softmax},
};

mod opinion;

pub use opinion::Opinion;

use crate::{
    Error, Result,
    device::read_floats,
    learn::{Batch, LearnConfig, Objective, Sequence, StepReport, Trainer, batch::by_beginning},
    model::Decoder,
    text::Tokenizer,
};

/// The strings: `00` to `99`.
pub const STRINGS: usize = 100;

/// The highest of them as a number: what a recall of 1 is.
const TOP: f64 = 99.0;

/// Where the text goes in a template.
const PLACE: &str = "{text}";

/// The template for a model that was not taught another one.
pub const TEMPLATE: &str = "{text}\nMemorability from 00 to 99: ";

/// Logits that exist at once, at most.
const LOGITS: usize = 1 << 25;

/// The score channel of a tokenizer: how a model is asked for two digits, and how its answer is read.
#[derive(Debug, Clone)]
pub struct Henry {
    /// What the tokenizer puts before every text.
    opening: Vec<u32>,
    before: Vec<u32>,
    after: Vec<u32>,
    strings: Vec<Vec<u32>>,
    /// What has been read of a string before one of its tokens, each once; first nothing.
    contexts: Vec<Vec<u32>>,
    /// Every token of a string, each once.
    tokens: Vec<u32>,
}

/// A text with the mean recall of the people who saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// The tokens that [`Henry::read`] made of the text.
    pub read: Vec<u32>,
    /// The mean, from 0 to 1.
    pub recall: f64,
}

impl Henry {
    /// The score channel of a template, which holds `{text}` once.
    ///
    /// # Errors
    /// If the template does not, or the tokenizer cannot spell two digits.
    pub fn new(template: &str, tokenizer: &Tokenizer) -> Result<Self> {
        let mut parts = template.split(PLACE);
        let (Some(before), Some(after), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::setting("template", format!("must hold `{PLACE}` exactly once")));
        };
        let piece = |text: &str| if text.is_empty() { Ok(Vec::new()) } else { tokenizer.encode_piece(text) };
        let strings = (0..STRINGS).map(|number| spelled(number, after, tokenizer)).collect::<Result<Vec<_>>>()?;
        let mut contexts: Vec<Vec<u32>> =
            strings.iter().flat_map(|string| (0..string.len()).map(|read| string[..read].to_vec())).collect();
        contexts.sort();
        contexts.dedup();
        let mut tokens = strings.concat();
        tokens.sort_unstable();
        tokens.dedup();
        Ok(Self {
            opening: tokenizer.encode("")?,
            before: piece(before)?,
            after: piece(after)?,
            strings,
            contexts,
            tokens,
        })
    }

    /// What the model reads before it says a score: the template with a text in it, the text cut after
    /// `longest` tokens.
    ///
    /// # Errors
    /// If the tokenizer cannot represent the text.
    pub fn read(&self, text: &str, longest: usize, tokenizer: &Tokenizer) -> Result<Vec<u32>> {
        let mut tokens = tokenizer.encode_piece(text)?;
        tokens.truncate(longest);
        Ok(self.around(&tokens))
    }

    /// The same of a text that is in tokens already, with what the tokenizer puts before every text or without.
    #[must_use]
    pub fn around(&self, text: &[u32]) -> Vec<u32> {
        let text = text.strip_prefix(self.opening.as_slice()).unwrap_or(text);
        [&self.opening, &self.before, text, &self.after].concat()
    }

    /// The longest text that a context has room for, in tokens.
    #[must_use]
    pub fn room(&self, context: usize) -> usize {
        let longest = self.strings.iter().map(Vec::len).max().unwrap_or(0);
        context.saturating_sub(self.around(&[]).len() + longest)
    }

    /// A rating to learn from: the two digits of its mean as completion, label noise as it is.
    #[must_use]
    pub fn sequence(&self, rating: &Rating) -> Sequence {
        Sequence::completion(&rating.read, &self.strings[digits(rating.recall)])
    }

    /// The log-probability of every string after every text, `[texts, 100]`: the sum over its tokens,
    /// under the distribution over all tokens. Differentiable where `model` is tracked.
    #[must_use]
    pub fn logprobs(&self, model: &Decoder, texts: &[&[u32]]) -> Tensor<2> {
        let device = model.device();
        let sequences: Vec<Sequence> = texts
            .iter()
            .flat_map(|text| {
                self.contexts.iter().map(|context| {
                    let tokens = [*text, context].concat();
                    let last = tokens.len().saturating_sub(1);
                    Sequence { tokens, labels: vec![(last, 0)] }
                })
            })
            .collect();
        let logits = Batch::new(&sequences.iter().collect::<Vec<_>>(), &device).logits(model);
        let used = crate::device::indices(self.tokens.iter().map(|token| *token as usize), &device);
        let each = log_softmax(logits, 1).select(1, used);
        let steps = self.contexts.len() * self.tokens.len();
        // Which of all steps from a context by a token a string takes.
        let mut takes = vec![0.0_f32; steps * STRINGS];
        for (number, string) in self.strings.iter().enumerate() {
            for (index, token) in string.iter().enumerate() {
                let context = self.contexts.iter().position(|context| *context == string[..index]);
                let token = self.tokens.binary_search(token).ok();
                if let (Some(context), Some(token)) = (context, token) {
                    takes[(context * self.tokens.len() + token) * STRINGS + number] = 1.0;
                }
            }
        }
        let takes = Tensor::<2>::from_data(TensorData::new(takes, [steps, STRINGS]), &device);
        each.reshape([texts.len(), steps]).matmul(takes)
    }

    /// What the model expects: the mean of the hundred strings by their probabilities, which are made to
    /// sum to 1, from 0 to 1, `[texts]`. Differentiable where `model` is tracked.
    #[must_use]
    pub fn expected(&self, model: &Decoder, texts: &[&[u32]]) -> Tensor<1> {
        #[allow(clippy::cast_precision_loss)] // a hundred
        let values: Vec<f32> = (0..STRINGS).map(|number| number as f32 / 99.0).collect();
        let values = Tensor::<1>::from_floats(values.as_slice(), &model.device());
        (softmax(self.logprobs(model, texts), 1) * values.unsqueeze::<2>()).sum_dim(1).squeeze_dim(1)
    }

    /// [`Henry::expected`] of any number of texts without gradients, in groups of at most `budget` tokens.
    ///
    /// # Errors
    /// If a text is empty, a token is unknown to the model, or the device fails.
    pub async fn score(&self, model: &Decoder, texts: &[&[u32]], budget: usize) -> Result<Vec<f64>> {
        let scores = self.asked(model, texts, budget, |members| self.expected(model, members).unsqueeze_dim(1)).await?;
        Ok(scores.into_iter().flatten().map(f64::from).collect())
    }

    /// What a model says of any number of texts, a row of numbers each, in groups of at most `budget` tokens.
    async fn asked(
        &self,
        model: &Decoder,
        texts: &[&[u32]],
        budget: usize,
        ask: impl Fn(&[&[u32]]) -> Tensor<2>,
    ) -> Result<Vec<Vec<f32>>> {
        for text in texts {
            model.check_tokens(*text)?;
            if text.is_empty() {
                return Err(Error::Tokenizer("a text without tokens cannot be scored".to_owned()));
            }
        }
        let items: Vec<Vec<&[u32]>> = texts.iter().map(|text| vec![*text]).collect();
        // Each text is followed by the strings' beginnings.
        let beside = self.contexts.iter().map(Vec::len).sum::<usize>();
        let together = (LOGITS / (self.contexts.len() * model.config().vocab_size)).max(1);
        let mut rows = vec![Vec::new(); texts.len()];
        for group in by_beginning(&items, budget) {
            let shorter = (budget / (beside + texts[group[0]].len())).clamp(1, together);
            for group in group.chunks(shorter) {
                let members: Vec<&[u32]> = group.iter().map(|index| texts[*index]).collect();
                let said = read_floats(ask(&members)).await?;
                let width = said.len() / members.len().max(1);
                for (index, row) in group.iter().zip(said.chunks(width.max(1))) {
                    rows[*index] = row.to_vec();
                }
            }
        }
        Ok(rows)
    }

    /// The loss on some ratings: cross-entropy of their digits' tokens, the mean over the texts. With a
    /// `spread` above 0 the target is no single string but a bell of that deviation (in recall) around the
    /// mean, and the loss its cross-entropy over the hundred strings.
    #[must_use]
    pub fn objective(&self, model: &Decoder, ratings: &[&Rating], spread: f64) -> Objective {
        let device = model.device();
        #[allow(clippy::cast_precision_loss)] // counts
        let count = ratings.len().max(1) as f64;
        let loss = if spread > 0.0 {
            let texts: Vec<&[u32]> = ratings.iter().map(|rating| rating.read.as_slice()).collect();
            let targets: Vec<f32> = ratings.iter().flat_map(|rating| bell(rating.recall, spread)).collect();
            let targets = Tensor::<2>::from_data(TensorData::new(targets, [ratings.len(), STRINGS]), &device);
            (self.logprobs(model, &texts) * targets).sum().neg()
        } else {
            let sequences: Vec<Sequence> = ratings.iter().map(|rating| self.sequence(rating)).collect();
            Batch::new(&sequences.iter().collect::<Vec<_>>(), &device).token_logprobs(model).sum().neg()
        };
        Objective { loss: loss / count, metrics: Vec::new(), items: Vec::new() }
    }

    /// Teaches a model the scores of texts. Adapters learn in place of the model where it has some.
    /// `report` sees every step.
    ///
    /// # Errors
    /// If there are no ratings, one does not fit the context, a loss is not finite, or the device fails.
    pub async fn train(
        &self,
        mut model: Decoder,
        ratings: &[Rating],
        config: &HenryConfig,
        mut report: impl FnMut(&StepReport),
    ) -> Result<Decoder> {
        config.check()?;
        self.check(&model, ratings)?;
        let batches = config.learn.batches(ratings.len(), config.seed, 0);
        let mut trainer = Trainer::new(config.learn, batches.len());
        for batch in &batches {
            let step = trainer.step(&model, batch, 0, |tracked, chosen| {
                let chosen: Vec<&Rating> = chosen.iter().map(|index| &ratings[*index]).collect();
                Ok(self.objective(tracked, &chosen, config.spread))
            });
            let (updated, done) = step.await?;
            model = updated;
            report(&done);
        }
        Ok(model)
    }

    /// Every rating must fit the context and hold known tokens.
    ///
    /// # Errors
    /// Names the first that does not, or says that there are none.
    pub fn check(&self, model: &Decoder, ratings: &[Rating]) -> Result<()> {
        if ratings.is_empty() {
            return Err(Error::Recipe("there are no rated texts to learn from".to_owned()));
        }
        let context = model.config().max_position_embeddings;
        let reserved = self.strings.iter().map(Vec::len).max().unwrap_or(0);
        for (index, rating) in ratings.iter().enumerate() {
            let tokens = rating.read.len();
            if tokens + reserved > context {
                return Err(Error::Context { prompt: format!("text-{}", index + 1), tokens, context, reserved });
            }
            model.check_tokens(rating.read.iter().chain(self.strings.iter().flatten()))?;
        }
        Ok(())
    }
}

/// How Henry is trained.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HenryConfig {
    /// Seed of the order.
    pub seed: u64,
    /// Deviation of soft labels, in recall; 0 learns the digits as they are.
    pub spread: f64,
    /// The optimiser (2e-5, 2 epochs, batches of 16 for the paper's model of billions of weights).
    pub learn: LearnConfig,
}

impl Default for HenryConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            spread: 0.0,
            learn: LearnConfig {
                learning_rate: 1e-3,
                schedule: crate::learn::ScheduleKind::Cosine,
                epochs: 4,
                ..LearnConfig::default()
            },
        }
    }
}

impl HenryConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.spread) {
            return Err(Error::setting("spread", "must lie in [0, 1]; 0 learns the digits as they are"));
        }
        self.learn.check()
    }
}

/// The number of the string for a recall.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 99
fn digits(recall: f64) -> usize {
    // `as` makes 0 of what is not a number.
    (recall.clamp(0.0, 1.0) * TOP).round() as usize
}

/// A normal density around `recall`, at the hundred strings, summing to 1.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // a hundred probabilities
fn bell(recall: f64, spread: f64) -> Vec<f32> {
    let heights: Vec<f64> = (0..STRINGS)
        .map(|number| (-0.5 * ((number as f64 / TOP - recall.clamp(0.0, 1.0)) / spread).powi(2)).exp())
        .collect();
    let total: f64 = heights.iter().sum();
    // A bell narrower than the scale is its nearest string.
    if total <= 0.0 {
        return (0..STRINGS).map(|number| f32::from(u8::from(number == digits(recall)))).collect();
    }
    heights.iter().map(|height| (height / total) as f32).collect()
}

/// The tokens of a number's two digits behind a text: as the tokenizer itself writes them there, where that
/// continues the text's own tokens, otherwise a token for each digit.
fn spelled(number: usize, behind: &str, tokenizer: &Tokenizer) -> Result<Vec<u32>> {
    let text = format!("{number:02}");
    let whole = tokenizer.encode_piece(&format!("{behind}{text}"))?;
    let alone = if behind.is_empty() { Vec::new() } else { tokenizer.encode_piece(behind)? };
    if let Some(rest) = whole.strip_prefix(alone.as_slice())
        && !rest.is_empty()
        && tokenizer.decode(rest)?.trim() == text
    {
        return Ok(rest.to_vec());
    }
    let digit = |digit: char| {
        let digit = digit.to_string();
        let id = tokenizer.single(&digit)?;
        // A tokenizer of whole words has one token for all that it does not know.
        if tokenizer.decode(&[id])?.trim() == digit {
            return Ok(id);
        }
        Err(Error::Tokenizer(format!("there is no token for the digit `{digit}`, with which scores are written")))
    };
    text.chars().map(digit).collect()
}

#[cfg(test)]
mod tests;
