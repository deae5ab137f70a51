//! Dialogues, what follow-ups say about answers, and how right they are.

use super::{Event, Lab};
use crate::{
    Error, Result,
    judge::{FollowUpJudge, Likelihoods},
    learn::{Sequence, batch::score},
    measure::{
        annotator::{self, Annotator},
        aspects::{self, Over},
    },
    model::Decoder,
    rng::{Purpose, Stream},
    select::Candidates,
    world::Dialogue,
};

/// What is said about replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// What users went on to say.
    ByUsers,
    /// What annotators commented, who err at a known rate.
    ByAnnotators,
}

impl Lab {
    /// The world's lists of follow-ups, said by the user or, with the roles swapped, by the model.
    ///
    /// # Errors
    /// If there is no world with users, or its texts do not fit the tokenizer.
    pub fn follow_up_judge(&self, swapped: bool) -> Result<FollowUpJudge> {
        let lists = self.world().and_then(crate::world::World::follow_ups).ok_or_else(|| {
            Error::Recipe(
                "this recipe listens to users, and this run's prompts have none: run it on a world whose users answer (`--world dialog` or `--world rules`)"
                    .to_owned(),
            )
        })?;
        let stop = self.policy.config().stop_tokens().first().copied();
        let stop = stop.ok_or_else(|| Error::Tokenizer("the model has no stop token".to_owned()))?;
        FollowUpJudge::new(&lists, swapped, stop, &self.tokenizer)
    }

    /// Replies of the world's authors and what was said about them, as rows whose labels are what was said.
    ///
    /// # Errors
    /// If another recipe runs, or a row does not fit the model.
    pub fn dialogues(
        &self,
        annotator: &Annotator,
        judge: &FollowUpJudge,
        said: Said,
        count: usize,
    ) -> Result<Vec<Sequence>> {
        self.admit(annotator)?;
        // Neighbouring seeds have nothing in common.
        let mut stream = Stream::new(self.manifest.seed, Purpose::Corpus, 0, u64::MAX - 1);
        let seed = u64::from(stream.bits()) << 32 | u64::from(stream.bits());
        let texts: Vec<Dialogue> = self.world().map_or_else(Vec::new, |world| match said {
            Said::ByUsers => world.dialogues(seed, count),
            Said::ByAnnotators => world.comments(seed, count, annotator::NOISE),
        });
        texts
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let (prompt, reply) = (self.prompt_tokens(&row.prompt)?, self.tokenizer.encode_piece(&row.reply)?);
                let sequence = judge.sequence(&prompt, &reply, &self.tokenizer.encode_piece(&row.follow_up)?);
                self.check_row(&format!("dialogue-{index}"), &sequence.tokens, &[])?;
                Ok(sequence)
            })
            .collect()
    }

    /// How likely a model finds each follow-up after every answer, and, last of each prompt, after the generic
    /// reply. The log keeps them under `name`: for every prompt, answer and aspect the satisfied and the
    /// dissatisfied ones.
    ///
    /// # Errors
    /// If a dialogue does not fit the context, the device fails or the run is stopped.
    pub async fn follow_ups(
        &mut self,
        name: &str,
        model: &Decoder,
        judge: &FollowUpJudge,
        candidates: &[Candidates],
    ) -> Result<Vec<Vec<Likelihoods>>> {
        let values = match self.replayed_note(name)? {
            Some(values) => values,
            None => {
                let mut values = Vec::new();
                for (done, group) in candidates.iter().enumerate() {
                    self.pace.pause().await?;
                    self.progress("judge", done, candidates.len(), 0);
                    let replies = group.answers.iter().map(crate::sample::Answer::content).chain([judge.generic()]);
                    let rows: Vec<Vec<Sequence>> = replies.map(|reply| judge.sequences(&group.ids, reply)).collect();
                    for row in rows.iter().flatten() {
                        self.check_row(&group.prompt.id, &row.tokens, &[])?;
                    }
                    let logprobs = score(model, &rows.concat(), self.manifest.options.token_budget).await?;
                    let mut left = logprobs.as_slice();
                    for of in &rows {
                        let (now, later) = left.split_at(of.len());
                        values.extend(judge.likelihoods(now).into_iter().flatten());
                        left = later;
                    }
                }
                self.progress("judge", candidates.len(), candidates.len(), 0);
                self.noted(name, values)?
            }
        };
        let mut replies = values.chunks(2 * judge.aspects()).map(|of| of.chunks(2).map(|s| [s[0], s[1]]).collect());
        Ok(candidates.iter().map(|group| replies.by_ref().take(group.answers.len() + 1).collect()).collect())
    }

    /// Writes what a recipe's own arithmetic makes of its judges, a number for each answer, to the log.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn rank(&mut self, name: &str, scores: &[Vec<f32>]) -> Result<()> {
        let judged = || Event::Judged { judge: name.to_owned(), scores: scores.to_vec() };
        self.append_once(|e| matches!(e, Event::Judged { judge, .. } if judge == name), "a judgement", judged)
    }

    /// Measures how often numbers for each aspect of every answer order two answers to a prompt as the truth about
    /// that aspect does, and their sum as the oracle's reward does. The log keeps the shares under `name`, the last
    /// for the sum; nothing comes back.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn measure_aspects(&mut self, name: &str, candidates: &[Candidates], rewards: &[Vec<Vec<f32>>]) -> Result<()> {
        let Some(world) = self.world() else {
            return Ok(());
        };
        let shares = aspects::pair_accuracies(world, candidates, rewards);
        self.note(name, shares)
    }

    /// Measures how numbers for all answers go with the oracle's reward: Pearson's correlation, which the log keeps
    /// under `name`, one for each kind of numbers.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn measure_correlations(
        &mut self,
        name: &str,
        candidates: &[Candidates],
        kinds: &[Vec<Vec<f32>>],
        over: Over,
    ) -> Result<()> {
        let Some(world) = self.world() else {
            return Ok(());
        };
        let correlations = kinds.iter().map(|scores| aspects::correlation(world, candidates, scores, over)).collect();
        self.note(name, correlations)
    }
}
