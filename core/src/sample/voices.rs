//! One model that draws, or two whose distributions are mixed for every token.

use burn::tensor::{Int, Tensor};

use crate::{
    Error, Result,
    device::read_floats,
    model::{Cache, Decoder},
};

/// Models that draw together.
#[derive(Debug, Clone)]
pub(super) struct Voices {
    first: Decoder,
    /// Another model, and the parts of both in the mixture.
    second: Option<(Decoder, [f32; 2])>,
}

/// What the models have read, each for itself.
#[derive(Debug, Clone)]
pub(super) struct Caches {
    first: Cache,
    second: Option<Cache>,
}

impl Voices {
    /// One model.
    pub(super) fn one(model: &Decoder) -> Self {
        Self { first: model.laid_out(), second: None }
    }

    /// The normalised `π^(1−κ) μ^κ` at every token. A model without a part in it is not asked.
    ///
    /// # Errors
    /// If κ is not from 0 to 1, or the models do not have the same vocabulary.
    pub(super) fn mixture(policy: &Decoder, reference: &Decoder, kappa: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&kappa) {
            return Err(Error::setting("kappa", format!("must be from 0 to 1; it is {kappa}")));
        }
        if policy.config().vocab_size != reference.config().vocab_size {
            return Err(Error::Recipe("a mixture needs two models with the same vocabulary".to_owned()));
        }
        #[allow(clippy::cast_possible_truncation)] // a share
        let parts = [1.0 - kappa as f32, kappa as f32];
        Ok(match parts {
            [_, 0.0] => Self::one(policy),
            [0.0, _] => Self::one(reference),
            parts => Self { second: Some((reference.laid_out(), parts)), ..Self::one(policy) },
        })
    }

    /// Empty caches for rows whose prompts are padded by so much.
    pub(super) fn caches(&self, padding: &[usize]) -> Caches {
        let empty = || Cache::new(padding.to_vec());
        Caches { first: empty(), second: self.second.as_ref().map(|_| empty()) }
    }

    /// Reads tokens `[rows, time]` and returns the next token's logits, `[rows, vocab]`. Those of a mixture are the
    /// weighted sum of the models' logits, which is its log-probability but for a constant of the row.
    pub(super) fn logits(&self, tokens: &Tensor<2, Int>, caches: &mut Caches) -> Tensor<2> {
        let of = |model: &Decoder, cache: &mut Cache| model.logits(model.extend(tokens.clone(), cache));
        let first = of(&self.first, &mut caches.first);
        match (&self.second, &mut caches.second) {
            (Some((model, [part, other])), Some(cache)) => first * *part + of(model, cache) * *other,
            _ => first,
        }
    }

    /// [`Voices::logits`], read: those of all rows, one after another.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) async fn read(&self, tokens: &Tensor<2, Int>, caches: &mut Caches) -> Result<Vec<f32>> {
        read_floats(self.logits(tokens, caches)).await
    }
}

impl Caches {
    /// The caches of these rows.
    pub(super) fn select(self, rows: &[usize]) -> Self {
        Self { first: self.first.select(rows), second: self.second.map(|cache| cache.select(rows)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device,
        learn::{Batch, Sequence, loss::nash_md::mixture},
        model::Config,
        sample::{Answer, Request, Sampling, generate, generate_mixture},
        text::Tokenizer,
        world::rules::tokenizer_json,
    };

    const PROMPTS: [&[u32]; 3] = [&[1, 5, 9, 7], &[1, 8], &[1, 3, 4, 5, 6, 7, 8, 9, 10, 11]];

    fn models() -> ([Decoder; 2], Tokenizer) {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let shape = || Config::llama(32, 64, 2, 4, 2, tokenizer.size());
        ([1, 2].map(|seed| Decoder::random(shape(), seed, &[], &device::cpu())), tokenizer)
    }

    /// What a request draws: from one model, or from a mixture of two.
    fn drawn(models: &[&Decoder], kappa: f64, tokenizer: &Tokenizer, batch: usize) -> Vec<Vec<Answer>> {
        let prompts: Vec<(u64, Vec<u32>)> = (0..).zip(PROMPTS.map(<[u32]>::to_vec)).collect();
        let sampling = Sampling { temperature: 0.9, max_new_tokens: 10, ..Sampling::default() };
        let request = Request { prompts: &prompts, samples: 3, sampling: &sampling, seed: 4, iteration: 2, batch };
        pollster::block_on(async {
            match models {
                [policy, reference] => generate_mixture([policy, reference], kappa, tokenizer, &request, None).await,
                _ => generate(models[0], tokenizer, &request).await,
            }
        })
        .unwrap()
    }

    #[test]
    fn the_ends_of_the_mixture_are_the_models_themselves() {
        let ([policy, reference], tokenizer) = models();
        for (kappa, alone) in [(0.0, &policy), (1.0, &reference)] {
            let mixed = drawn(&[&policy, &reference], kappa, &tokenizer, 16);
            assert_eq!(mixed, drawn(&[alone], 0.0, &tokenizer, 16), "κ = {kappa}");
        }
        // A model mixed with itself is itself, but for rounding.
        let mixed = drawn(&[&policy, &policy], 0.25, &tokenizer, 16);
        for (a, b) in mixed.iter().flatten().zip(drawn(&[&policy], 0.0, &tokenizer, 16).iter().flatten()) {
            assert_eq!(a.ids, b.ids);
        }
    }

    #[test]
    fn answers_of_a_mixture_do_not_depend_on_their_company() {
        let ([policy, reference], tokenizer) = models();
        let all = drawn(&[&policy, &reference], 0.4, &tokenizer, 64);
        let few = drawn(&[&policy, &reference], 0.4, &tokenizer, 3);
        for (a, b) in all.iter().flatten().zip(few.iter().flatten()) {
            assert_eq!(a.ids, b.ids);
        }
        assert_ne!(all, drawn(&[&policy], 0.0, &tokenizer, 64), "it is another distribution");
    }

    /// The log-probabilities of the answers are those of the mixture as the loss's file defines it.
    #[test]
    fn what_is_drawn_has_the_probability_of_the_mixture() {
        let ([policy, reference], tokenizer) = models();
        for (prompt, answers) in PROMPTS.iter().zip(drawn(&[&policy, &reference], 0.3, &tokenizer, 16)) {
            for answer in answers {
                let row = Sequence::completion(prompt, &answer.ids);
                let batch = Batch::new(&[&row], &device::cpu());
                let mixed = mixture(batch.logits(&policy), batch.logits(&reference), 0.3);
                let expected = batch.token_logprobs_of(mixed).into_data().try_to_vec::<f32>().unwrap();
                for (found, expected) in answer.logprobs.iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_mixed_is_refused() {
        let ([policy, reference], tokenizer) = models();
        let refused = |other: &Decoder, kappa| Voices::mixture(&policy, other, kappa).unwrap_err().to_string();
        assert!(refused(&reference, 1.5).contains("from 0 to 1"));
        assert!(refused(&reference, f64::NAN).contains("from 0 to 1"));
        let other = Decoder::random(Config::llama(32, 64, 2, 4, 2, tokenizer.size() + 1), 1, &[], &device::cpu());
        assert!(refused(&other, 0.5).contains("same vocabulary"));
    }
}
