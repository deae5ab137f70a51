//! What the laboratory works on: prompts, demonstrations and preferences, from a world or from a
//! file of the user's.

use super::{Event, Lab, room::held_out_of};
use crate::{
    Error, Result,
    learn::Sequence,
    measure::annotator::{self, Annotator},
    prompt::{Prompt, Row},
    rng::{Purpose, Stream},
    sample::{Answer, FinishReason},
    select::{Candidates, Origin, Pair},
    world::Split,
};

impl Lab {
    /// Prompts to learn from in this iteration: fresh ones from a world, the next ones of a file.
    ///
    /// # Errors
    /// If the log does not fit, or holds others.
    pub fn prompts(&mut self, count: usize) -> Result<Vec<Prompt>> {
        let prompts = match &self.world {
            Some(world) => world.prompts(self.manifest.seed, Split::Train(self.iteration), count),
            None => {
                let pool = self.training_pool();
                let offset = (self.iteration.max(1) as usize - 1) * count;
                (0..count.min(pool.len())).map(|index| pool[(offset + index) % pool.len()].prompt.clone()).collect()
            }
        };
        self.pose(prompts)
    }

    /// The rows of the file that are not held out.
    fn training_pool(&self) -> &[Row] {
        &self.rows[self.held_out_of_file()..]
    }

    /// How many of the file's prompts are held out: a fifth, at most what the options ask for.
    fn held_out_of_file(&self) -> usize {
        held_out_of(self.rows.len(), &self.manifest)
    }

    /// Poses prompts as those of this iteration: they go to the log, or are those that it holds.
    ///
    /// # Errors
    /// If the log does not fit, or holds others.
    pub fn pose(&mut self, prompts: Vec<Prompt>) -> Result<Vec<Prompt>> {
        match self.replayed(|e| matches!(e, Event::Prompts { .. }), "the prompts")? {
            None => self.append(Event::Prompts { prompts: prompts.clone() })?,
            Some(Event::Prompts { prompts: held }) if held == prompts => {}
            // Half of the run would stand on other prompts than the rest, and no number of it would say so.
            Some(_) => {
                return Err(Error::Log {
                    path: self.store.path(),
                    problem: format!(
                        "the prompts of iteration {} ({}) are others than this program draws; resume the run with the program that began it, or start a new one",
                        self.iteration,
                        self.arm.name()
                    ),
                });
            }
        }
        Ok(prompts)
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

    /// Demonstrations to imitate: the world's, fresh ones in every round or the lasting ones of
    /// [`Self::lasting_demonstrations`], or the completions of the file.
    ///
    /// # Errors
    /// If the file has none.
    pub fn demonstrations(&self, count: usize, lasting: bool) -> Result<Vec<Sequence>> {
        let rows = self.demonstrated(if lasting { 0 } else { self.iteration }, count)?;
        Ok(rows.iter().map(|row| Sequence::completion(&row.ids, &row.answers[0].ids)).collect())
    }

    /// Demonstrations that are the same in every iteration, each as a prompt and its one answer.
    ///
    /// # Errors
    /// If the file has none.
    pub fn lasting_demonstrations(&self, count: usize) -> Result<Vec<Candidates>> {
        self.demonstrated(0, count)
    }

    fn demonstrated(&self, round: u32, count: usize) -> Result<Vec<Candidates>> {
        // Neighbouring seeds and rounds have nothing in common.
        let mut stream = Stream::new(self.manifest.seed, Purpose::Corpus, round, u64::MAX);
        let seed = u64::from(stream.bits()) << 32 | u64::from(stream.bits());
        let texts: Vec<(Prompt, String)> = match &self.world {
            Some(world) => world
                .demonstrations(seed, count)
                .into_iter()
                .enumerate()
                .map(|(index, row)| (Prompt { id: format!("demonstration-{index}"), text: row.prompt }, row.answer))
                .collect(),
            None => self
                .training_pool()
                .iter()
                .filter_map(|row| Some((row.prompt.clone(), row.completion.clone()?)))
                .take(count)
                .collect(),
        };
        if texts.is_empty() {
            return Err(Error::Recipe(
                "this recipe imitates answers; give it a file whose rows have `prompt` and `completion`".to_owned(),
            ));
        }
        texts
            .into_iter()
            .map(|(prompt, answer)| {
                let (ids, answer) = (self.prompt_tokens(&prompt.text)?, self.given_answer(&answer)?);
                self.check_row(&prompt.id, &ids, &answer.ids)?;
                Ok(Candidates { prompt, ids, answers: vec![answer] })
            })
            .collect()
    }

    /// Preferences to learn from: the world's annotators', who err at a known rate, or those of
    /// the file.
    ///
    /// # Errors
    /// If the file has none, or the annotators are another recipe's.
    pub fn preferences(&self, annotator: &Annotator, count: usize) -> Result<Vec<Pair>> {
        self.admit(annotator)?;
        let texts: Vec<(String, (String, String, String))> = match &self.world {
            Some(world) => world
                .preferences(self.manifest.seed, count, annotator::NOISE)
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
                    third: None,
                })
            })
            .collect()
    }

    /// A written answer as if the policy had drawn it, its stop token included.
    pub(super) fn given_answer(&self, text: &str) -> Result<Answer> {
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
