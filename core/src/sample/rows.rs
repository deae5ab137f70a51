//! Answers while they are written, and those that are decoded together.

use burn::tensor::{Device, Int, Tensor, TensorData};
use selfsame_shaders::Drawn;

use super::{Answer, FinishReason, Grammar, Key, Request, Sampling};
use crate::{
    Result,
    model::Decoder,
    rng::{Purpose, Stream},
    text::Tokenizer,
};

/// Prompts are padded on the left to a multiple of this many tokens.
const PADDING: usize = 8;

/// The length that a prompt is padded to on the left.
pub(super) fn padded(ids: &[u32]) -> usize {
    ids.len().div_ceil(PADDING) * PADDING
}

/// An answer being written.
pub(super) struct Row {
    /// Its prompt's place in the batch.
    pub(super) prompt: usize,
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
        let masked = grammar.map(|grammar| grammar.masked(logits, self.state, self.room()));
        let drawn = sampling.filters().draw(logits, masked.as_deref().unwrap_or(logits), self.uniform());
        if let Some(state) = grammar.and_then(|grammar| grammar.step(self.state, drawn.token)) {
            self.state = state;
        }
        self.push(drawn, stop);
        drawn
    }

    /// The most tokens that can follow.
    pub(super) fn room(&self) -> usize {
        self.limit.saturating_sub(self.ids.len())
    }

    /// The number that the next token is drawn with.
    pub(super) fn uniform(&mut self) -> f64 {
        self.stream.uniform()
    }

    /// Takes the next token.
    pub(super) fn push(&mut self, drawn: Drawn, stop: &[u32]) {
        self.ids.push(drawn.token);
        self.logprobs.push(drawn.logprob);
        self.sampling_logprob += drawn.sampling_logprob;
        if stop.contains(&drawn.token) {
            self.done = Some(FinishReason::Stop);
        } else if self.ids.len() >= self.limit {
            self.done = Some(FinishReason::Length);
        }
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

/// Answers that are decoded together, nothing of them drawn yet.
pub(super) struct Together {
    /// The answers, those to a prompt one after the other.
    pub(super) rows: Vec<Row>,
    /// The prompts' tokens, `[prompts, time]`, padded on the left.
    pub(super) prompts: Tensor<2, Int>,
    /// By how much each prompt is padded.
    pub(super) padding: Vec<usize>,
    /// The tokens that end an answer.
    pub(super) stop: Vec<u32>,
}

impl Together {
    /// The answers to the prompts with the indices `chunk`, all padded to one length.
    pub(super) fn new(model: &Decoder, request: &Request<'_>, chunk: &[usize]) -> Self {
        let prompts = || chunk.iter().map(|index| &request.prompts[*index]);
        let length = prompts().map(|(_, ids)| padded(ids)).max().unwrap_or(0);
        let padding: Vec<usize> = prompts().map(|(_, ids)| length - ids.len()).collect();
        let rows = prompts().enumerate().flat_map(|(prompt, (number, ids))| {
            (0..request.samples as u64).map(move |sample| {
                let key = Key { seed: request.seed, iteration: request.iteration, prompt: *number, sample };
                Row::new(model, key, prompt, ids, request.sampling.max_new_tokens)
            })
        });
        let tokens =
            prompts().zip(&padding).flat_map(|((_, ids), pad)| std::iter::repeat_n(0, *pad).chain(ids.iter().copied()));
        Self {
            rows: rows.collect(),
            prompts: token_tensor(tokens, [chunk.len(), length], &model.device()),
            padding,
            stop: model.config().stop_tokens(),
        }
    }

    /// The answers by prompt.
    pub(super) fn by_prompt(self) -> Vec<Vec<Row>> {
        let mut grouped: Vec<Vec<Row>> = self.padding.iter().map(|_| Vec::new()).collect();
        for row in self.rows {
            grouped[row.prompt].push(row);
        }
        grouped
    }
}

#[allow(clippy::cast_possible_wrap)] // token ids are below 2^31
pub(super) fn token_tensor(ids: impl Iterator<Item = u32>, shape: [usize; 2], device: &Device) -> Tensor<2, Int> {
    Tensor::from_data(TensorData::new(ids.map(|id| id as i32).collect::<Vec<_>>(), shape), device)
}
