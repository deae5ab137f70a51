//! One phase of learning: optimiser steps with checkpoints and replayed judgements, or the replay of what the log
//! already holds of it.

use super::{
    Event, Lab,
    checkpoint::{read_model, read_optimiser, write},
};
use crate::{
    Error, Result,
    judge::{Form, Generative},
    learn::{Batch, LearnConfig, Objective, Sequence, StepReport, Trainer},
    model::Decoder,
    recipe::starter::{StarterConfig, judgement_sequence},
    rng::{Purpose, Stream},
    world::{Judgement, World},
};

/// How far a phase of learning is.
#[derive(Debug, Clone, Copy)]
pub struct Phase<'a> {
    /// The share of its steps that are done, from 0 to 1.
    pub progress: f64,
    /// The reports of those steps, whether they were taken or replayed: what an objective remembers
    /// of them it reads off here, so that a resumed run remembers the same.
    pub steps: &'a [StepReport],
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

impl Replay {
    /// No judgements: for a model whose judge channel nobody asks, or that learns in it anyway.
    pub const NONE: Self = Self { per_step: 0, weight: 0.0 };
}

impl Lab {
    /// The phase itself. `objective` gets the indices of a micro-batch, those of its whole batch, and
    /// how far the phase is.
    #[allow(clippy::cast_precision_loss)] // step counts
    pub(super) async fn learn(
        &mut self,
        config: &LearnConfig,
        replay: Replay,
        tokens: &[usize],
        mut objective: impl FnMut(&Decoder, &[usize], &[usize], &Phase<'_>) -> Result<Objective>,
    ) -> Result<()> {
        config.check()?;
        self.recorded.moved();
        let batches = config.batches(tokens.len(), self.manifest.seed, self.iteration);
        let total = batches.len();
        let mut trainer = Trainer::new(*config, total);
        let mut steps = Vec::new();
        let mut partial = match self.replay_learning(&mut trainer, &mut steps)? {
            Replayed::All => return Ok(()),
            Replayed::UpTo(checkpoint) => Some(checkpoint),
            Replayed::Nothing => None,
        };
        let replays = replay.per_step > 0 && self.world.is_some();
        let judges = if replays { self.judges(Form::Pointwise)? } else { Vec::new() };
        let prefix = self.checkpoint_prefix();
        for (step, batch) in batches.iter().enumerate().skip(trainer.step_count()) {
            let phase = Phase { progress: step as f64 / total as f64, steps: &steps };
            let replayed = self.replayed_judgements(&judges, replay.per_step, step)?;
            let mut first = true;
            let (updated, mut report) = trainer
                .step(&self.policy, batch, self.iteration, |model, chosen| {
                    let mut parts = objective(model, chosen, batch, &phase)?;
                    // The replayed rows count once a step, not once a micro-batch.
                    if std::mem::take(&mut first) && !replayed.is_empty() {
                        let share = chosen.len() as f64 / batch.len() as f64;
                        let rows: Vec<&Sequence> = replayed.iter().collect();
                        let loss = Batch::new(&rows, &model.device()).token_logprobs(model).mean().neg();
                        parts.loss = parts.loss + loss * (replay.weight / share);
                    }
                    Ok(parts)
                })
                .await?;
            self.policy = updated;
            let seen = batch.iter().map(|item| tokens[*item]).sum::<usize>();
            report.tokens = Some(seen + replayed.iter().map(|row| row.tokens.len()).sum::<usize>());
            self.append(Event::Step { report: report.clone() })?;
            steps.push(report);
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
        let sha256 = write(&mut *self.store, name, &self.policy, &self.tokenizer, optimiser, &self.manifest).await?;
        self.append(Event::Checkpoint { name: name.to_owned(), step, complete, sha256 })
    }

    fn checkpoint_prefix(&self) -> String {
        let arm = match self.arm {
            super::Arm::Main => "",
            super::Arm::RandomLabels => "random-",
            super::Arm::OracleLabels => "oracle-",
        };
        let aside = self.aside.map_or_else(String::new, |name| format!("-{name}"));
        format!("{arm}{:03}{aside}", self.iteration)
    }

    /// Replays the logged part of a learning phase: policy and trainer are then where its last
    /// checkpoint left them.
    fn replay_learning(&mut self, trainer: &mut Trainer, steps: &mut Vec<StepReport>) -> Result<Replayed> {
        let mut last: Option<(String, String, bool)> = None;
        let mut partial = Vec::new();
        while self.replaying() && !last.as_ref().is_some_and(|(_, _, complete)| *complete) {
            let event =
                self.replayed(|e| matches!(e, Event::Step { .. } | Event::Checkpoint { .. }), "a step or checkpoint")?;
            match event {
                Some(Event::Step { report }) => {
                    self.check_continuity("step", report.step, steps.len())?;
                    steps.push(report);
                }
                Some(Event::Checkpoint { name, step, sha256, complete }) => {
                    self.check_continuity("the checkpoint after step", step, steps.len())?;
                    partial.extend((!complete).then(|| name.clone()));
                    last = Some((name, sha256, complete));
                }
                _ => {}
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

    /// Steps follow each other without a gap: one that is missing was learned from, but its numbers, which later
    /// steps may depend on, are lost.
    fn check_continuity(&self, what: &str, is: usize, expected: usize) -> Result<()> {
        if is == expected {
            return Ok(());
        }
        Err(Error::Log {
            path: self.store.path(),
            problem: format!(
                "line {} says {what} {is} of its phase, where {expected} should come; lines before it are missing or were put in. Restore the file from a copy, or start a new run",
                self.replayed_lines()
            ),
        })
    }

    /// The judgements that this step of a phase replays, in tokens; none without a world, since nobody made any.
    fn replayed_judgements(&self, judges: &[Generative], count: usize, step: usize) -> Result<Vec<Sequence>> {
        let mut stream = Stream::new(self.manifest.seed, Purpose::Replay, self.iteration, step as u64);
        (0..count)
            .filter_map(|_| stream.pick(self.seed_judgements()))
            .map(|row| Ok(judgement_sequence(row, &judges[row.variant], &self.tokenizer)?.0))
            .collect()
    }

    /// The world's seed judgements, as many as [`StarterConfig`] has by default; none without a world. They are made
    /// once a run, and only those that are picked are ever read.
    pub(super) fn seed_judgements(&self) -> &[Judgement] {
        let starter = StarterConfig::default();
        let made = |world: &dyn World| world.judgements(starter.seed, starter.judgements, starter.noise);
        self.judgements.get_or_init(|| self.world().map_or_else(Vec::new, made))
    }
}
