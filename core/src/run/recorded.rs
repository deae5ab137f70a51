//! What drawing answers has already computed: an answer comes with its log-probabilities under the
//! policy that wrote it, which until the policy learns is the policy of the iteration's start.

use std::collections::HashMap;

use super::{Lab, Snapshot};
use crate::{
    Result,
    learn::{Sequence, batch::score},
    sample::Answer,
};

/// Summed log-probabilities of answers under [`Snapshot::Start`].
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded {
    /// By prompt and answer in one, and the number of the answer's tokens.
    sums: HashMap<(Vec<u32>, usize), f32>,
    /// Whether the policy has begun to learn, so that it is no longer the one of the start.
    moved: bool,
}

impl Recorded {
    /// Begins an iteration.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The policy leaves the start.
    pub(super) fn moved(&mut self) {
        self.moved = true;
    }

    /// Answers that the policy drew.
    pub(super) fn add(&mut self, prompt: &[u32], answers: &[Answer]) {
        if self.moved {
            return;
        }
        for answer in answers {
            let tokens = prompt.iter().chain(&answer.ids).copied().collect();
            self.sums.insert((tokens, answer.ids.len()), answer.logprob());
        }
    }

    fn sum(&self, sequence: &Sequence) -> Option<f32> {
        self.sums.get(&(sequence.tokens.clone(), sequence.labels.len())).copied()
    }
}

impl Lab {
    /// The summed log-probability of each completion under a frozen model, computed only where drawing
    /// it has not computed it already.
    pub(super) async fn frozen_sums(&self, which: Snapshot, completions: &[Sequence]) -> Result<Vec<f32>> {
        let known = |sequence: &Sequence| match which {
            Snapshot::Start => self.recorded.sum(sequence),
            Snapshot::Base | Snapshot::Initial | Snapshot::Previous => None,
        };
        let sums: Vec<Option<f32>> = completions.iter().map(known).collect();
        let unknown: Vec<Sequence> =
            completions.iter().zip(&sums).filter(|(_, sum)| sum.is_none()).map(|(row, _)| row.clone()).collect();
        let scored = score(self.snapshot(which), &unknown, self.manifest.options.token_budget).await?;
        let mut scored = scored.iter().map(|row| row.iter().sum());
        Ok(sums.into_iter().filter_map(|sum| sum.or_else(|| scored.next())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device,
        model::{Config, Decoder},
        sample::{Request, Sampling, generate},
        text::Tokenizer,
        world::rules::tokenizer_json,
    };

    fn drawn() -> (Decoder, Vec<u32>, Vec<Answer>) {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let model = Decoder::random(Config::llama(32, 64, 2, 4, 2, tokenizer.size()), 1, &[], &device::cpu());
        // Filters and temperature shape what is drawn, not what is recorded.
        let sampling = Sampling { temperature: 0.7, top_k: 50, max_new_tokens: 12, ..Sampling::default() };
        let prompt = vec![1, 5, 9, 7];
        let request = Request {
            prompts: &[(3, prompt.clone())],
            samples: 6,
            sampling: &sampling,
            seed: 2,
            iteration: 1,
            batch: 8,
        };
        let answers = pollster::block_on(generate(&model, &tokenizer, &request)).unwrap().remove(0);
        (model, prompt, answers)
    }

    #[test]
    fn what_drawing_records_is_what_scoring_computes() {
        let (model, prompt, answers) = drawn();
        let mut recorded = Recorded::default();
        recorded.add(&prompt, &answers);
        let rows: Vec<Sequence> = answers.iter().map(|a| Sequence::completion(&prompt, &a.ids)).collect();
        let scored = pollster::block_on(score(&model, &rows, 4096)).unwrap();
        for ((row, scored), answer) in rows.iter().zip(&scored).zip(&answers) {
            for (drawn, scored) in answer.logprobs.iter().zip(scored) {
                assert!((drawn - scored).abs() < 1e-5, "{drawn} {scored}");
            }
            let sum: f32 = scored.iter().sum();
            assert!((recorded.sum(row).unwrap() - sum).abs() < 1e-5 * sum.abs(), "{sum}");
        }
    }

    #[test]
    fn nothing_is_recorded_once_the_policy_learns() {
        let (_, prompt, answers) = drawn();
        let row = Sequence::completion(&prompt, &answers[0].ids);
        let mut recorded = Recorded::default();
        recorded.moved();
        recorded.add(&prompt, &answers);
        assert_eq!(recorded.sum(&row), None);
        recorded.clear();
        recorded.add(&prompt, &answers);
        assert!(recorded.sum(&row).is_some());
        // The same tokens with another boundary are another completion.
        assert_eq!(recorded.sum(&Sequence::completion(&row.tokens[..5], &row.tokens[5..])), None);
    }
}
