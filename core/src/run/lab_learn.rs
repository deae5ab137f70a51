//! Learning inside the laboratory: reference log-probabilities once, then optimiser steps with
//! checkpoints, or the replay of a phase that the log already holds.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{
    Event, Lab, Snapshot,
    checkpoint::{read_model, read_optimiser, write},
};
use crate::{
    Error, Result,
    judge::{Comparison, Form, Generative},
    learn::{Batch, LearnConfig, Objective, Sequence, Trainer, loss::PairInputs},
    model::Decoder,
    recipe::starter::judgement_sequence,
    rng::{Purpose, Stream},
    select::Pair,
};

/// A micro-batch of pairs on its way through an objective. All tensors are `[pairs]`.
pub struct PairBatch<'a> {
    /// The policy with its gradients recorded.
    pub model: &'a Decoder,
    /// The pairs.
    pub pairs: Vec<&'a Pair>,
    /// Summed log-probabilities of the two answers under the policy, with gradients.
    pub policy: [Tensor<1>; 2],
    references: BTreeMap<Snapshot, [Tensor<1>; 2]>,
}

impl PairBatch<'_> {
    /// Summed log-probabilities of the two answers under a frozen model.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn reference(&self, which: Snapshot) -> Result<[Tensor<1>; 2]> {
        self.references
            .get(&which)
            .cloned()
            .ok_or_else(|| Error::Recipe(format!("the recipe did not ask for the reference {which:?}")))
    }

    /// What losses over pairs read, against a frozen model; with labels where not every first answer is the
    /// better one.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn inputs(&self, which: Snapshot) -> Result<PairInputs> {
        let lengths = [self.lengths(0), self.lengths(1)];
        let soft = self.pairs.iter().any(|pair| pair.label != 1.0);
        let label = soft.then(|| self.constant(|pair| pair.label));
        Ok(PairInputs { label, ..PairInputs::new(self.policy.clone(), self.reference(which)?, lengths) })
    }

    /// The pairs as a generative judge reads them.
    #[must_use]
    pub fn comparisons(&self) -> Vec<Comparison<'_>> {
        self.pairs
            .iter()
            .map(|pair| Comparison {
                prompt: &pair.ids,
                answers: [pair.answers[0].content(), pair.answers[1].content()],
            })
            .collect()
    }

    /// The number of tokens of one answer of each pair, the stop token included.
    #[must_use]
    pub fn lengths(&self, answer: usize) -> Vec<usize> {
        self.pairs.iter().map(|pair| pair.answers[answer].ids.len()).collect()
    }

    /// One number per pair as a constant, `[pairs]`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // labels and weights
    pub fn constant(&self, value: impl Fn(&Pair) -> f64) -> Tensor<1> {
        let values: Vec<f32> = self.pairs.iter().map(|pair| value(pair) as f32).collect();
        Tensor::from_floats(values.as_slice(), &self.model.device())
    }
}

/// How much of a learning phase the log held.
enum Replayed {
    Nothing,
    /// Up to this checkpoint.
    UpTo(String),
    All,
}

/// Judgement data that keeps the judge alive while the policy learns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replay {
    /// Judgements in each optimiser step; 0 turns replay off.
    pub per_step: usize,
    /// Weight of their cross-entropy.
    pub weight: f64,
}

impl Lab {
    /// Learns from pairs. `references` names the frozen models the objective needs; their
    /// log-probabilities are computed once.
    ///
    /// # Errors
    /// If a loss or gradient is not finite, the device fails, the run is stopped, or a checkpoint
    /// cannot be written.
    pub async fn learn_pairs(
        &mut self,
        config: &LearnConfig,
        replay: Replay,
        pairs: &[Pair],
        references: &[Snapshot],
        mut objective: impl FnMut(&PairBatch<'_>, f64) -> Result<Objective>,
    ) -> Result<()> {
        self.learned = pairs.to_vec();
        let logged = self.replayed(|e| matches!(e, Event::Selected { .. }), "the pairs")?.is_some();
        if !logged {
            self.append(Event::Selected { pairs: pairs.iter().map(Pair::record).collect() })?;
        }
        for pair in pairs {
            for answer in &pair.answers {
                self.check_row(&pair.prompt, &pair.ids, &answer.ids)?;
            }
        }
        let tokens: Vec<usize> =
            pairs.iter().map(|p| p.answers.iter().map(|a| p.ids.len() + a.ids.len()).sum()).collect();
        let sequences: Vec<Sequence> =
            pairs.iter().flat_map(|p| p.answers.iter().map(|a| Sequence::completion(&p.ids, &a.ids))).collect();
        let mut cached: BTreeMap<Snapshot, Vec<f32>> = BTreeMap::new();
        if !self.replay_has_complete_checkpoint() {
            for which in references {
                cached.insert(*which, self.frozen_sums(*which, &sequences).await?);
            }
        }
        self.learn(config, replay, &tokens, |model, chosen, _, progress| {
            let device = model.device();
            let side = |answer: usize| chosen.iter().map(move |pair| 2 * pair + answer);
            let rows: Vec<&Sequence> = side(0).chain(side(1)).map(|row| &sequences[row]).collect();
            let logprobs = Batch::new(&rows, &device).sequence_logprobs(model);
            let count = chosen.len();
            let references = cached
                .iter()
                .map(|(which, values)| {
                    let of = |answer| {
                        let values: Vec<f32> = side(answer).map(|row| values[row]).collect();
                        Tensor::from_floats(values.as_slice(), &device)
                    };
                    (*which, [of(0), of(1)])
                })
                .collect();
            let batch = PairBatch {
                model,
                pairs: chosen.iter().map(|pair| &pairs[*pair]).collect(),
                policy: [logprobs.clone().slice([0..count]), logprobs.slice([count..2 * count])],
                references,
            };
            objective(&batch, progress)
        })
        .await
    }

    /// Learns from whole completions by cross-entropy, the mean over their tokens.
    ///
    /// # Errors
    /// As [`Lab::learn_pairs`].
    #[allow(clippy::cast_precision_loss)] // token counts
    pub async fn learn_completions(&mut self, config: &LearnConfig, replay: Replay, rows: &[Sequence]) -> Result<()> {
        let tokens: Vec<usize> = rows.iter().map(|row| row.tokens.len()).collect();
        self.learn(config, replay, &tokens, |model, chosen, batch, _| {
            let labels = |items: &[usize]| items.iter().map(|row| rows[*row].labels.len()).sum::<usize>() as f64;
            // The trainer weights micro-batches by their rows; the mean is over the tokens of all.
            let share = labels(chosen) / labels(batch).max(1.0) * batch.len() as f64 / chosen.len() as f64;
            let chosen: Vec<&Sequence> = chosen.iter().map(|row| &rows[*row]).collect();
            let loss = Batch::new(&chosen, &model.device()).token_logprobs(model).mean().neg() * share;
            Ok(Objective { loss, metrics: Vec::new(), items: Vec::new() })
        })
        .await
    }

    /// A row to learn from must fit the context and hold only tokens that the model knows: cutting
    /// it silently would teach something else.
    pub(super) fn check_row(&self, id: &str, prompt: &[u32], answer: &[u32]) -> Result<()> {
        let context = self.policy.config().max_position_embeddings;
        if prompt.len() + answer.len() > context {
            return Err(Error::Context {
                prompt: id.to_owned(),
                tokens: prompt.len(),
                context,
                reserved: answer.len(),
            });
        }
        self.policy.check_tokens(prompt.iter().chain(answer))
    }

    /// The phase itself. `objective` gets the indices of a micro-batch, those of its whole batch, and
    /// how far the phase is, from 0 to 1.
    #[allow(clippy::cast_precision_loss)] // step counts
    async fn learn(
        &mut self,
        config: &LearnConfig,
        replay: Replay,
        tokens: &[usize],
        mut objective: impl FnMut(&Decoder, &[usize], &[usize], f64) -> Result<Objective>,
    ) -> Result<()> {
        config.check()?;
        self.recorded.moved();
        let batches = config.batches(tokens.len(), self.manifest.seed, self.iteration);
        let total = batches.len();
        let mut trainer = Trainer::new(*config, total);
        let mut partial = match self.replay_learning(&mut trainer)? {
            Replayed::All => return Ok(()),
            Replayed::UpTo(checkpoint) => Some(checkpoint),
            Replayed::Nothing => None,
        };
        let judgements = if replay.per_step > 0 { self.judgement_rows()? } else { Vec::new() };
        let prefix = self.checkpoint_prefix();
        for (step, batch) in batches.iter().enumerate().skip(trainer.step_count()) {
            let progress = step as f64 / total as f64;
            let mut stream = Stream::new(self.manifest.seed, Purpose::Replay, self.iteration, step as u64);
            let replayed: Vec<&Sequence> = (0..replay.per_step).filter_map(|_| stream.pick(&judgements)).collect();
            let mut first = true;
            let (updated, report) = trainer
                .step(&self.policy, batch, self.iteration, |model, chosen| {
                    let mut parts = objective(model, chosen, batch, progress)?;
                    // The replayed rows count once a step, not once a micro-batch.
                    if std::mem::take(&mut first) && !replayed.is_empty() {
                        let share = chosen.len() as f64 / batch.len() as f64;
                        let loss = Batch::new(&replayed, &model.device()).token_logprobs(model).mean().neg();
                        parts.loss = parts.loss + loss * (replay.weight / share);
                    }
                    Ok(parts)
                })
                .await?;
            self.policy = updated;
            self.append(Event::Step { report })?;
            let seen = batch.iter().map(|item| tokens[*item]).sum();
            self.progress("learn", step + 1, total, seen);
            self.pace.breathe().await;
            let stopping = self.pace.stopping();
            let due = (step + 1).is_multiple_of(self.manifest.options.checkpoint_every.max(1));
            if step + 1 < total && (due || stopping) {
                let name = format!("{prefix}-step-{:06}", step + 1);
                self.write_checkpoint(&name, Some(&trainer), step + 1, false).await?;
                // The newest one is enough; the older is removed only after it is safe.
                if let Some(old) = partial.replace(name) {
                    self.store.remove(&old)?;
                }
                if stopping {
                    return Err(Error::Stopped);
                }
            }
        }
        self.write_checkpoint(&prefix, None, total, true).await?;
        if let Some(old) = partial {
            self.store.remove(&old)?;
        }
        Ok(())
    }

    async fn write_checkpoint(
        &mut self,
        name: &str,
        trainer: Option<&Trainer>,
        step: usize,
        complete: bool,
    ) -> Result<()> {
        let optimiser = trainer.map(|trainer| &trainer.optimiser);
        let sha256 = write(&mut *self.store, name, &self.policy, &self.tokenizer, optimiser).await?;
        self.append(Event::Checkpoint { name: name.to_owned(), step, complete, sha256 })
    }

    fn checkpoint_prefix(&self) -> String {
        match self.arm {
            super::Arm::Main => format!("{:03}", self.iteration),
            super::Arm::RandomLabels => format!("random-{:03}", self.iteration),
            super::Arm::OracleLabels => format!("oracle-{:03}", self.iteration),
        }
    }

    /// Replays the logged part of a learning phase: policy and trainer are then where its last
    /// checkpoint left them.
    fn replay_learning(&mut self, trainer: &mut Trainer) -> Result<Replayed> {
        let mut last: Option<(String, String, bool)> = None;
        let mut partial = Vec::new();
        while self.replaying() && !last.as_ref().is_some_and(|(_, _, complete)| *complete) {
            let event =
                self.replayed(|e| matches!(e, Event::Step { .. } | Event::Checkpoint { .. }), "a step or checkpoint")?;
            if let Some(Event::Checkpoint { name, sha256, complete, .. }) = event {
                partial.extend((!complete).then(|| name.clone()));
                last = Some((name, sha256, complete));
            }
        }
        let Some((name, sha256, complete)) = last else {
            return Ok(Replayed::Nothing);
        };
        self.policy = read_model(&*self.store, &name, &sha256, &self.policy)?;
        if complete {
            // A crash may have come between the last checkpoint and the removal of those before.
            for old in partial {
                self.store.remove(&old)?;
            }
            return Ok(Replayed::All);
        }
        read_optimiser(&*self.store, &name, &mut trainer.optimiser, &self.policy.device())?;
        Ok(Replayed::UpTo(name))
    }

    /// The world's judgements in tokens; none without a world, since nobody made any.
    fn judgement_rows(&self) -> Result<Vec<Sequence>> {
        let Some(world) = &self.world else {
            return Ok(Vec::new());
        };
        let judges: Vec<Generative> = self.judges(Form::Pointwise)?;
        let starter = crate::recipe::starter::StarterConfig::default();
        world
            .judgements(starter.seed, starter.judgements, starter.noise)
            .iter()
            .map(|row| Ok(judgement_sequence(row, &judges[row.variant], &self.tokenizer)?.0))
            .collect()
    }
}
