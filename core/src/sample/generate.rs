//! Batched generation with a key-value cache.
//!
//! A prompt is read once and its cache is repeated for its samples. Rows that are done leave the
//! batch. Prompts are padded to a multiple of [`PADDING`] that depends on the prompt alone, and
//! every token is drawn with a number that depends on (seed, iteration, prompt, sample, position)
//! alone: the answers do not depend on which prompts share a batch.

use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{
    Grammar, Sampling,
    sampler::{Drawn, draw},
    voices::Voices,
};
use crate::{
    Error, Result,
    model::{Cache, Decoder},
    rng::{Purpose, Stream},
    text::Tokenizer,
};

/// Prompts are padded on the left to a multiple of this many tokens.
const PADDING: usize = 8;

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model wrote a stop token.
    Stop,
    /// The limit of new tokens, or the context, was reached.
    Length,
}

/// One drawn answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its tokens, the stop token included where there is one.
    pub ids: Vec<u32>,
    /// Its text, special tokens left out.
    pub text: String,
    /// Log-probability of each token under the model (temperature 1, no filters).
    #[serde(with = "crate::number")]
    pub logprobs: Vec<f32>,
    /// Log-probability of the answer under the distribution it was drawn from.
    #[serde(with = "crate::number")]
    pub sampling_logprob: f32,
    /// Why it ended.
    pub finish: FinishReason,
}

impl Answer {
    /// The tokens without the stop token: what a judge reads.
    #[must_use]
    pub fn content(&self) -> &[u32] {
        match self.finish {
            FinishReason::Stop => &self.ids[..self.ids.len().saturating_sub(1)],
            FinishReason::Length => &self.ids,
        }
    }

    /// Log-probability of the whole answer under the model.
    #[must_use]
    pub fn logprob(&self) -> f32 {
        self.logprobs.iter().sum()
    }
}

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The tokens of each prompt, with a number that names the prompt to the random generator.
    pub prompts: &'a [(u64, Vec<u32>)],
    /// Answers per prompt.
    pub samples: usize,
    /// How tokens are drawn.
    pub sampling: &'a Sampling,
    /// The run's seed.
    pub seed: u64,
    /// The run's iteration.
    pub iteration: u32,
    /// Rows decoded together; the answers do not depend on it.
    pub batch: usize,
}

/// What an answer is drawn for: its random numbers depend on nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Key {
    /// The run's seed.
    pub seed: u64,
    /// The run's iteration.
    pub iteration: u32,
    /// The number that names the prompt.
    pub prompt: u64,
    /// Which of the prompt's answers it is.
    pub sample: u64,
}

/// Draws `samples` answers for each prompt, in the order of the prompts.
///
/// # Errors
/// If a prompt is empty or leaves no room for an answer, or the device fails.
pub async fn generate(model: &Decoder, tokenizer: &Tokenizer, request: &Request<'_>) -> Result<Vec<Vec<Answer>>> {
    generate_within(model, tokenizer, request, None).await
}

/// [`generate()`], and with a grammar every answer has its form: at each token what the grammar does not let
/// through is left out and the rest renormalised, before temperature and filters. Log-probabilities under the
/// model are recorded as they are without a grammar.
///
/// # Errors
/// As [`generate()`], and if the shortest answer of that form does not fit.
pub async fn generate_within(
    model: &Decoder,
    tokenizer: &Tokenizer,
    request: &Request<'_>,
    grammar: Option<&Grammar>,
) -> Result<Vec<Vec<Answer>>> {
    draw_all(model, &Voices::one(model), tokenizer, request, grammar).await
}

/// [`generate_within`] from the mixture of a policy and a reference: at every token the normalised `π^(1−κ) μ^κ`
/// (the opponent of Nash-MD, arXiv 2312.00886, section 7). The answers' log-probabilities are the mixture's. With
/// κ = 0 they are those of [`generate()`] from the policy, with κ = 1 from the reference.
///
/// # Errors
/// As [`generate_within`], or if κ is not from 0 to 1 or the two have different vocabularies.
pub async fn generate_mixture(
    [policy, reference]: [&Decoder; 2],
    kappa: f64,
    tokenizer: &Tokenizer,
    request: &Request<'_>,
    grammar: Option<&Grammar>,
) -> Result<Vec<Vec<Answer>>> {
    draw_all(policy, &Voices::mixture(policy, reference, kappa)?, tokenizer, request, grammar).await
}

/// Draws for all prompts; `model` tells the limits and the stop tokens.
async fn draw_all(
    model: &Decoder,
    voices: &Voices,
    tokenizer: &Tokenizer,
    request: &Request<'_>,
    grammar: Option<&Grammar>,
) -> Result<Vec<Vec<Answer>>> {
    request.sampling.check()?;
    for (number, ids) in request.prompts {
        check_prompt(model, *number, ids)?;
        if let Some(grammar) = grammar {
            check_room(model, request.sampling, *number, ids, grammar)?;
        }
    }
    // Prompts of one padded length share batches; the sort is stable, so batches are reproducible.
    let mut order: Vec<usize> = (0..request.prompts.len()).collect();
    order.sort_by_key(|index| padded(&request.prompts[*index].1));
    let per_batch = (request.batch / request.samples.max(1)).max(1);
    let mut answers: Vec<Vec<Answer>> = vec![Vec::new(); request.prompts.len()];
    for bucket in order.chunk_by(|a, b| padded(&request.prompts[*a].1) == padded(&request.prompts[*b].1)) {
        for chunk in bucket.chunks(per_batch) {
            let length = padded(&request.prompts[chunk[0]].1);
            let drawn = decode(model, voices, request, grammar, (chunk, length)).await?;
            for (index, rows) in chunk.iter().zip(drawn) {
                answers[*index] = rows.into_iter().map(|row| row.finish(tokenizer)).collect::<Result<_>>()?;
            }
        }
    }
    Ok(answers)
}

/// Checks that a prompt can be read and leaves room for an answer.
pub(super) fn check_prompt(model: &Decoder, number: u64, ids: &[u32]) -> Result<()> {
    let context = model.config().max_position_embeddings;
    model.check_tokens(ids)?;
    if ids.is_empty() {
        return Err(Error::Tokenizer(format!(
            "prompt {number} has no tokens and the tokenizer adds none; a model needs at least one to start from"
        )));
    }
    if ids.len() >= context {
        return Err(Error::Context { prompt: number.to_string(), tokens: ids.len(), context, reserved: 1 });
    }
    Ok(())
}

/// Checks that the shortest answer of a form fits behind a prompt.
pub(super) fn check_room(
    model: &Decoder,
    sampling: &Sampling,
    number: u64,
    ids: &[u32],
    grammar: &Grammar,
) -> Result<()> {
    let (context, reserved) = (model.config().max_position_embeddings, grammar.shortest());
    if reserved > sampling.max_new_tokens {
        return Err(Error::setting(
            "sampling.max_new_tokens",
            format!("must be at least {reserved}, the length of the shortest answer of the form that is asked for"),
        ));
    }
    if ids.len() + reserved > context {
        return Err(Error::Context { prompt: number.to_string(), tokens: ids.len(), context, reserved });
    }
    Ok(())
}

/// The length that a prompt is padded to on the left.
pub(super) fn padded(ids: &[u32]) -> usize {
    ids.len().div_ceil(PADDING) * PADDING
}

/// An answer being written.
pub(super) struct Row {
    prompt: usize,
    stream: Stream,
    limit: usize,
    /// Where a grammar is in the answer.
    state: usize,
    pub(super) ids: Vec<u32>,
    logprobs: Vec<f32>,
    sampling_logprob: f32,
    pub(super) done: Option<FinishReason>,
}

impl Row {
    /// The empty answer number `sample` to the prompt with this number and these tokens, which is
    /// the `prompt`-th of its batch.
    pub(super) fn new(model: &Decoder, key: Key, prompt: usize, ids: &[u32], longest: usize) -> Self {
        let room = model.config().max_position_embeddings - ids.len();
        Self {
            prompt,
            stream: Stream::new(key.seed, Purpose::Sample, key.iteration, key.prompt << 16 | key.sample),
            limit: longest.min(room),
            state: 0,
            ids: Vec::new(),
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            done: None,
        }
    }

    /// Draws the next token from its logits, of those that a grammar lets through.
    pub(super) fn draw_within(
        &mut self,
        logits: &[f32],
        sampling: &Sampling,
        stop: &[u32],
        grammar: Option<&Grammar>,
    ) -> Drawn {
        let room = self.limit.saturating_sub(self.ids.len());
        let masked = grammar.map(|grammar| grammar.masked(logits, self.state, room));
        let drawn = draw(logits, masked.as_deref().unwrap_or(logits), sampling, self.stream.uniform());
        if let Some(state) = grammar.and_then(|grammar| grammar.step(self.state, drawn.token)) {
            self.state = state;
        }
        self.ids.push(drawn.token);
        self.logprobs.push(drawn.logprob);
        self.sampling_logprob += drawn.sampling_logprob;
        if stop.contains(&drawn.token) {
            self.done = Some(FinishReason::Stop);
        } else if self.ids.len() >= self.limit {
            self.done = Some(FinishReason::Length);
        }
        drawn
    }

    pub(super) fn finish(self, tokenizer: &Tokenizer) -> Result<Answer> {
        Ok(Answer {
            text: tokenizer.decode(&self.ids)?,
            finish: self.done.unwrap_or(FinishReason::Length),
            ids: self.ids,
            logprobs: self.logprobs,
            sampling_logprob: self.sampling_logprob,
        })
    }
}

/// Decodes the prompts with the indices `chunk`, all padded to `length`.
async fn decode(
    model: &Decoder,
    voices: &Voices,
    request: &Request<'_>,
    grammar: Option<&Grammar>,
    (chunk, length): (&[usize], usize),
) -> Result<Vec<Vec<Row>>> {
    let device = model.device();
    let vocabulary = model.config().vocab_size;
    let stop = model.config().stop_tokens();
    let mut rows: Vec<Row> = chunk
        .iter()
        .enumerate()
        .flat_map(|(prompt, index)| {
            let (number, ids) = &request.prompts[*index];
            (0..request.samples as u64).map(move |sample| {
                let key = Key { seed: request.seed, iteration: request.iteration, prompt: *number, sample };
                Row::new(model, key, prompt, ids, request.sampling.max_new_tokens)
            })
        })
        .collect();

    let padding: Vec<usize> = chunk.iter().map(|index| length - request.prompts[*index].1.len()).collect();
    let tokens = chunk
        .iter()
        .zip(&padding)
        .flat_map(|(index, pad)| std::iter::repeat_n(0, *pad).chain(request.prompts[*index].1.iter().copied()));
    let mut caches = voices.caches(&padding);
    let logits = voices.read(&token_tensor(tokens, [chunk.len(), length], &device), &mut caches).await?;
    for row in &mut rows {
        row.draw_within(&logits[row.prompt * vocabulary..][..vocabulary], request.sampling, &stop, grammar);
    }
    let mut alive: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].done.is_none()).collect();
    caches = select(caches, &alive.iter().map(|row| rows[*row].prompt).collect::<Vec<_>>());
    while !alive.is_empty() {
        let last = alive.iter().map(|row| rows[*row].ids[rows[*row].ids.len() - 1]);
        let logits = voices.read(&token_tensor(last, [alive.len(), 1], &device), &mut caches).await?;
        for (position, index) in alive.iter().enumerate() {
            rows[*index].draw_within(&logits[position * vocabulary..][..vocabulary], request.sampling, &stop, grammar);
        }
        let still: Vec<usize> = (0..alive.len()).filter(|position| rows[alive[*position]].done.is_none()).collect();
        if still.len() < alive.len() {
            alive = still.iter().map(|position| alive[*position]).collect();
            if !alive.is_empty() {
                caches = select(caches, &still);
            }
        }
    }
    let mut grouped: Vec<Vec<Row>> = chunk.iter().map(|_| Vec::new()).collect();
    for row in rows {
        grouped[row.prompt].push(row);
    }
    Ok(grouped)
}

/// The caches of these rows.
fn select(caches: Vec<Cache>, rows: &[usize]) -> Vec<Cache> {
    caches.into_iter().map(|cache| cache.select(rows)).collect()
}

#[allow(clippy::cast_possible_wrap)] // token ids are below 2^31
pub(super) fn token_tensor(
    ids: impl Iterator<Item = u32>,
    shape: [usize; 2],
    device: &burn::tensor::Device,
) -> Tensor<2, burn::tensor::Int> {
    Tensor::from_data(TensorData::new(ids.map(|id| id as i32).collect::<Vec<_>>(), shape), device)
}
