//! Batched generation with a key-value cache.
//!
//! A prompt is read once and its cache is repeated for its samples. Rows that are done leave the
//! batch. Prompts are padded to a length that depends on the prompt alone, and
//! every token is drawn with a number that depends on (seed, iteration, prompt, sample, position)
//! alone: the answers do not depend on which prompts share a batch. [`Drawing`] says where they are drawn.

use selfsame_shaders::MOST_CLASSES;
use serde::{Deserialize, Serialize};

use super::{
    Grammar, Sampling,
    decode::{in_blocks, on_host},
    rows::{Together, padded},
    voices::Voices,
};
use crate::{Error, Result, model::Decoder, text::Tokenizer};

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

/// Where tokens are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// From logits that are read for every token.
    OnHost,
    /// Where the logits are. So many tokens of every answer are drawn before they are read together; what was
    /// drawn behind the end of an answer is dropped.
    InBlocks(usize),
}

impl Drawing {
    /// Tokens of a block. What is drawn in vain is half of it, on average, for each answer; each reading waits for
    /// the device.
    const BLOCK: usize = 8;

    /// What suits a model where it is: on adapters nothing is read between the tokens of a block, on the CPU there is
    /// nothing to wait for. A grammar says on the host what may come next.
    #[must_use]
    pub fn suited(model: &Decoder, grammar: Option<&Grammar>) -> Self {
        let on_adapter = model.device() != crate::device::cpu() && model.config().vocab_size <= MOST_CLASSES;
        if on_adapter && grammar.is_none() { Self::InBlocks(Self::BLOCK) } else { Self::OnHost }
    }
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
    let drawing = Drawing::suited(model, grammar);
    draw_all(model, &Voices::one(model), tokenizer, request, (grammar, drawing)).await
}

/// [`generate()`] with the tokens drawn where told: the same answers, but where bounds round differently.
///
/// # Errors
/// As [`generate()`].
pub async fn generate_by(
    model: &Decoder,
    tokenizer: &Tokenizer,
    request: &Request<'_>,
    drawing: Drawing,
) -> Result<Vec<Vec<Answer>>> {
    draw_all(model, &Voices::one(model), tokenizer, request, (None, drawing)).await
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
    let drawing = Drawing::suited(policy, grammar);
    draw_all(policy, &Voices::mixture(policy, reference, kappa)?, tokenizer, request, (grammar, drawing)).await
}

/// Draws for all prompts; `model` tells the limits and the stop tokens.
pub(super) async fn draw_all(
    model: &Decoder,
    voices: &Voices,
    tokenizer: &Tokenizer,
    request: &Request<'_>,
    (grammar, drawing): (Option<&Grammar>, Drawing),
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
            let batch = Together::new(model, request, chunk);
            let drawn = match drawing {
                Drawing::OnHost => on_host(voices, request.sampling, grammar, batch).await?,
                Drawing::InBlocks(block) => in_blocks(voices, request.sampling, block, batch).await?,
            };
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
