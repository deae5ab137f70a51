//! What the laboratory works on: prompts, demonstrations and preferences, from a world or from a
//! file of the user's.

use super::{Event, Lab};
use crate::{
    Error, Result,
    learn::Sequence,
    prompt::{Prompt, Row},
    rng::{Purpose, Stream},
    sample::{Answer, FinishReason},
    select::{Origin, Pair},
    world::Split,
};

/// How often the world's annotators err (Rules: a quarter, within the 20-35 % of the method cards).
const ANNOTATOR_NOISE: f64 = 0.25;

impl Lab {
    /// Prompts to learn from in this iteration: fresh ones from a world, the next ones of a file.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn prompts(&mut self, count: usize) -> Result<Vec<Prompt>> {
        if let Some(Event::Prompts { prompts }) =
            self.replayed(|e| matches!(e, Event::Prompts { .. }), "the prompts")?
        {
            return Ok(prompts);
        }
        let prompts = match &self.world {
            Some(world) => world.prompts(self.manifest.seed, Split::Train(self.iteration), count),
            None => {
                let pool = self.training_pool();
                let offset = (self.iteration.max(1) as usize - 1) * count;
                (0..count.min(pool.len())).map(|index| pool[(offset + index) % pool.len()].prompt.clone()).collect()
            }
        };
        self.append(Event::Prompts { prompts: prompts.clone() })?;
        Ok(prompts)
    }

    /// The rows of the file that are not held out.
    fn training_pool(&self) -> &[Row] {
        &self.rows[self.held_out_of_file()..]
    }

    /// How many of the file's prompts are held out: a fifth, at most what the options ask for.
    fn held_out_of_file(&self) -> usize {
        (self.rows.len() / 5).min(self.manifest.options.held_out)
    }

    /// Prompts to measure on.
    pub(super) fn held_out(&self) -> Vec<Prompt> {
        match &self.world {
            Some(world) => world.prompts(self.manifest.seed, Split::HeldOut, self.manifest.options.held_out),
            // Too few rows to spare any: measured on what is learned from, which the log shows.
            None => {
                let held_out = if self.held_out_of_file() == 0 { self.rows.len() } else { self.held_out_of_file() };
                self.rows[..held_out].iter().map(|row| row.prompt.clone()).collect()
            }
        }
    }

    /// Demonstrations to imitate: the world's, fresh ones in every round, or the completions of
    /// the file.
    ///
    /// # Errors
    /// If the file has none.
    pub fn demonstrations(&self, count: usize) -> Result<Vec<Sequence>> {
        // Neighbouring seeds and rounds have nothing in common.
        let mut stream = Stream::new(self.manifest.seed, Purpose::Corpus, self.iteration, u64::MAX);
        let seed = u64::from(stream.bits()) << 32 | u64::from(stream.bits());
        let texts: Vec<(String, String, String)> = match &self.world {
            Some(world) => world
                .demonstrations(seed, count)
                .into_iter()
                .enumerate()
                .map(|(index, row)| (format!("demonstration-{index}"), row.prompt, row.answer))
                .collect(),
            None => self
                .training_pool()
                .iter()
                .filter_map(|row| Some((row.prompt.id.clone(), row.prompt.text.clone(), row.completion.clone()?)))
                .take(count)
                .collect(),
        };
        if texts.is_empty() {
            return Err(Error::Recipe(
                "this recipe imitates answers; give it a file whose rows have `prompt` and `completion`".to_owned(),
            ));
        }
        texts
            .iter()
            .map(|(id, prompt, answer)| {
                let (prompt, answer) = (self.prompt_tokens(prompt)?, self.given_answer(answer)?.ids);
                self.check_row(id, &prompt, &answer)?;
                Ok(Sequence::completion(&prompt, &answer))
            })
            .collect()
    }

    /// Preferences to learn from: the world's annotators', who err at a known rate, or those of
    /// the file.
    ///
    /// # Errors
    /// If the file has none.
    pub fn preferences(&self, count: usize) -> Result<Vec<Pair>> {
        let texts: Vec<(String, (String, String, String))> = match &self.world {
            Some(world) => world
                .preferences(self.manifest.seed, count, ANNOTATOR_NOISE)
                .into_iter()
                .enumerate()
                .map(|(index, row)| (format!("pair-{index}"), row))
                .collect(),
            None => self
                .training_pool()
                .iter()
                .filter_map(|row| {
                    Some((row.prompt.id.clone(), (row.prompt.text.clone(), row.chosen.clone()?, row.rejected.clone()?)))
                })
                .take(count)
                .collect(),
        };
        if texts.is_empty() {
            return Err(Error::Recipe(
                "this recipe learns from preferences; give it a file whose rows have `prompt`, `chosen` and `rejected`"
                    .to_owned(),
            ));
        }
        texts
            .into_iter()
            .map(|(id, (text, chosen, rejected))| {
                Ok(Pair {
                    prompt: id,
                    ids: self.prompt_tokens(&text)?,
                    text,
                    answers: [self.given_answer(&chosen)?, self.given_answer(&rejected)?],
                    label: 1.0,
                    weight: 1.0,
                    origin: Origin::Data,
                })
            })
            .collect()
    }

    /// A written answer as if the policy had drawn it, its stop token included.
    fn given_answer(&self, text: &str) -> Result<Answer> {
        let mut ids = self.tokenizer.encode_piece(text)?;
        ids.extend(self.policy.config().stop_tokens().first());
        Ok(Answer {
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            text: text.to_owned(),
            finish: FinishReason::Stop,
            ids,
        })
    }
}
