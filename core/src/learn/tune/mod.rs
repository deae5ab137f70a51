//! Fine-tuning a model on a given data set by the rules of TRL 1.16: what its `DPOTrainer` does with
//! preferences, its `KTOTrainer` with single answers and its `SFTTrainer` with completions, step by step.

mod line;
mod order;
mod reference;
mod references;
mod scheduler;
mod settings;
mod unpaired;

use burn::tensor::Tensor;

pub use self::{
    line::Line,
    order::Order,
    references::ReferenceCache,
    scheduler::SchedulerType,
    settings::{Task, TuneConfig},
};
use self::{
    line::said,
    reference::{Reference, as_policy},
    unpaired::Thumbs,
};
use super::{
    AdamW, Batch, Objective, Sequence, Trainer,
    loss::{PairInputs, PairObjective, TokenInputs},
};
use crate::{Error, Result, device::read_floats, model::Decoder, prompt::dataset::TokenRow};

/// A model that is being fine-tuned.
pub struct Tune {
    material: Material,
    trainer: Trainer,
    model: Decoder,
    tokens: u64,
}

/// What a step is computed from, beside the policy.
struct Material {
    config: TuneConfig,
    task: Task,
    rows: usize,
    /// One sequence a row, or two of a preference, the better one first.
    sequences: Vec<Sequence>,
    /// The epoch whose order was drawn last, counted from 0, and that order.
    drawn: Option<(usize, Vec<usize>)>,
    reference: Reference,
    /// What there is of single answers.
    thumbs: Thumbs,
}

impl Tune {
    /// Gets ready to learn from rows. The model as it is now is the reference, from which on it stays or follows the
    /// policy, as the settings say; what it says of the rows is read from `cache`, where there is one and it has that.
    ///
    /// # Errors
    /// If a setting is out of range, a row has not the answers that the task learns from or tokens that
    /// the model does not know, the reference is to follow and cannot (that of adapters, or of a cache), the cache
    /// cannot be used or the task has no reference to keep there, or the device fails.
    pub async fn new(
        config: TuneConfig,
        task: Task,
        model: Decoder,
        rows: &[TokenRow],
        cache: Option<&ReferenceCache>,
    ) -> Result<Self> {
        config.check()?;
        if let Task::Pairs(objective) = &task {
            objective.check()?;
        }
        if cache.is_some() {
            task.check_cache()?;
        }
        check_rows(rows, task.answers())?;
        let answers = task.answers();
        let sequences: Vec<Sequence> =
            rows.iter().flat_map(|row| (0..answers).map(|answer| row.sequence(answer))).collect();
        for sequence in &sequences {
            model.check_tokens(&sequence.tokens)?;
        }
        let thumbs = match &task {
            Task::Unpaired(objective) => Thumbs::new(objective, &config, &model, rows, cache).await?,
            Task::Pairs(_) | Task::Completions => Thumbs::default(),
        };
        let reference = Reference::Absent;
        let mut material = Material { config, task, rows: rows.len(), sequences, drawn: None, reference, thumbs };
        if let Some(sync) = config.sync_ref_model {
            material.reference = Reference::following(sync, &material.task, &model, cache.is_some())?;
        } else if material.task.reads_reference() {
            material.reference = Reference::Fixed(material.score(&model, cache).await?);
        }
        let mut trainer = Trainer::with_schedule(config.trainer(), config.schedule(config.steps(rows.len())));
        trainer.optimiser = AdamW::new(config.trainer().adamw).decaying(is_decayed);
        Ok(Self { material, trainer, model, tokens: 0 })
    }

    /// All steps of the run.
    #[must_use]
    pub fn total(&self) -> usize {
        self.material.config.steps(self.material.rows)
    }

    /// Steps taken.
    #[must_use]
    pub fn done(&self) -> usize {
        self.trainer.step_count()
    }

    /// The rows, counted from 1, to whose prompt KTO put an answer of another row that was too long for it and was
    /// cut. What the rows themselves say is whole.
    #[must_use]
    pub fn cut_mismatches(&self) -> &[usize] {
        &self.material.thumbs.cut
    }

    /// The model as it is now.
    #[must_use]
    pub fn model(&self) -> &Decoder {
        &self.model
    }

    /// Takes one optimiser step.
    ///
    /// # Errors
    /// If the loss or a gradient is not finite (nothing is changed then), or the device fails.
    pub async fn step(&mut self) -> Result<Line> {
        let (rows, epoch) = self.material.batch(self.trainer.step_count());
        let (material, untracked) = (&self.material, &self.model);
        let learn = |model: &Decoder, micro: &[usize]| match &material.task {
            Task::Pairs(objective) => material.pairs(objective, model, micro, rows.len()),
            Task::Unpaired(objective) => material.unpaired(objective, [model, untracked], micro, &rows),
            Task::Completions => Ok(material.completions(model, micro, &rows)),
        };
        let (model, report) =
            self.trainer.step(&self.model, &rows, 1, learn).await.map_err(|e| said(e, &self.material.task, &rows))?;
        self.tokens += material.indices(&rows).map(|index| material.sequences[index].tokens.len() as u64).sum::<u64>();
        self.model = model;
        self.material.reference.follow(&self.model, self.trainer.step_count());
        Ok(Line::new(report, epoch, self.tokens))
    }
}

impl Material {
    /// The rows of a step, counted from 0, and how many times the run has been through the data after it.
    #[allow(clippy::cast_precision_loss)] // step counts
    fn batch(&mut self, step: usize) -> (Vec<usize>, f64) {
        let config = &self.config;
        let per_epoch = config.steps_per_epoch(self.rows).max(1);
        let (epoch, within) = (step / per_epoch, step % per_epoch);
        let size = config.per_device_train_batch_size * config.gradient_accumulation_steps;
        let order = match self.drawn.take() {
            Some((drawn, order)) if drawn == epoch => order,
            _ => config.order.of(self.rows, config.seed, epoch),
        };
        let rows = order.iter().skip(within * size).take(size).copied().collect();
        self.drawn = Some((epoch, order));
        let forwards = config.forwards(self.rows).max(1);
        let done = ((within + 1) * config.gradient_accumulation_steps).min(forwards);
        (rows, epoch as f64 + done as f64 / forwards as f64)
    }

    /// The log-probability of every label of every sequence under a model that stays, in the batches of the first
    /// epoch: what is computed together can change the last digit.
    async fn score(&self, model: &Decoder, cache: Option<&ReferenceCache>) -> Result<Vec<Vec<f32>>> {
        let order = self.config.order.of(self.rows, self.config.seed, 0);
        let batches = order.chunks(self.config.per_device_train_batch_size);
        let members: Vec<Vec<usize>> = batches.map(|rows| self.indices(rows).collect()).collect();
        let sequences = |batch: &Vec<usize>| batch.iter().map(|index| &self.sequences[*index]).collect();
        let batches: Vec<Vec<&Sequence>> = members.iter().map(sequences).collect();
        let compute = async || {
            let mut values = Vec::new();
            for sequences in &batches {
                let batch = Batch::new(sequences, &model.device());
                values.extend(read_floats(as_policy(&batch, model)).await?);
            }
            Ok(values)
        };
        let values = match cache {
            Some(cache) => cache.or_compute(&batches, compute).await?,
            None => compute().await?,
        };
        let mut values = values.into_iter();
        let mut scores = vec![Vec::new(); self.sequences.len()];
        for index in members.into_iter().flatten() {
            scores[index] = values.by_ref().take(self.sequences[index].labels.len()).collect();
        }
        Ok(scores)
    }

    /// The sequences of rows: of preferences all better answers first.
    fn indices<'a>(&self, rows: &'a [usize]) -> impl Iterator<Item = usize> + use<'a> {
        let answers = self.task.answers();
        (0..answers).flat_map(move |answer| rows.iter().map(move |row| answers * row + answer))
    }

    /// The trainer weights forward passes by their rows. In TRL each counts the same.
    #[allow(clippy::cast_precision_loss)] // row counts
    fn evenly(&self, micro: usize, step: usize) -> f64 {
        let forwards = step.div_ceil(self.config.per_device_train_batch_size);
        step as f64 / (micro * forwards) as f64
    }

    fn pairs(&self, objective: &PairObjective, model: &Decoder, micro: &[usize], step: usize) -> Result<Objective> {
        let device = model.device();
        let members: Vec<&Sequence> = self.indices(micro).map(|index| &self.sequences[index]).collect();
        let (chosen, rejected) = members.split_at(micro.len());
        let lengths = [chosen, rejected].map(|side| side.iter().map(|s| s.labels.len()).collect::<Vec<_>>());
        let batch = Batch::new(&members, &device);
        let numbers = batch.statistics(model);
        let tokens = TokenInputs {
            reference: self.reference.logprobs(&batch, self.indices(micro), &numbers.logprobs),
            policy: numbers.logprobs,
            collisions: objective.needs_collisions().then_some(numbers.collisions),
        };
        let middle = lengths[0].iter().sum::<usize>();
        let inputs = PairInputs::from_tokens(tokens, lengths)?;
        let side = |values: &Tensor<1>, first: bool| {
            let range = if first { 0..middle } else { middle..values.dims()[0] };
            values.clone().slice([range]).mean()
        };
        let mut metrics = objective.rewards(&inputs)?.metrics();
        metrics.extend(objective.parts(&inputs)?);
        let [chosen, rejected] = objective.logps(&inputs)?;
        metrics.extend([
            ("logps/chosen", chosen.mean()),
            ("logps/rejected", rejected.mean()),
            ("logits/chosen", side(&numbers.mean_logit, true)),
            ("logits/rejected", side(&numbers.mean_logit, false)),
            ("entropy", numbers.entropy.mean()),
            ("mean_token_accuracy", side(&numbers.correct, true)),
        ]);
        let even = self.evenly(micro.len(), step);
        let metrics = metrics.into_iter().map(|(name, value)| (name, value * even)).collect();
        Ok(Objective { loss: objective.loss(&inputs)?.mean() * even, metrics, items: Vec::new() })
    }

    #[allow(clippy::cast_precision_loss)] // token counts
    fn completions(&self, model: &Decoder, micro: &[usize], step: &[usize]) -> Objective {
        let members: Vec<&Sequence> = micro.iter().map(|row| &self.sequences[*row]).collect();
        let numbers = Batch::new(&members, &model.device()).statistics(model);
        let labels = step.iter().map(|row| self.sequences[*row].labels.len()).sum::<usize>() as f64;
        let even = self.evenly(micro.len(), step.len());
        // The mean over all tokens of the step, whichever forward pass they are in; the trainer will
        // multiply by the pass's share of the rows.
        let undo = step.len() as f64 / micro.len() as f64;
        Objective {
            loss: numbers.logprobs.sum().neg() * (undo / labels),
            metrics: vec![
                ("entropy", numbers.entropy.mean() * even),
                ("mean_token_accuracy", numbers.correct.mean() * even),
            ],
            items: Vec::new(),
        }
    }
}

/// Every row needs what the task learns from.
fn check_rows(rows: &[TokenRow], answers: usize) -> Result<()> {
    if rows.is_empty() {
        return Err(Error::Recipe("there are no rows to learn from".to_owned()));
    }
    for (index, row) in rows.iter().enumerate() {
        let problem = if row.answers.len() != answers {
            "has not the answers that this objective learns from; look at it with `selfsame preview`"
        } else if answers == 2 && row.prompt.is_empty() {
            "has a prompt that begins with other tokens when an answer follows; the tokenizer needs one for the beginning of a text"
        } else if (0..answers).any(|answer| row.sequence(answer).labels.is_empty()) {
            "has an answer without a token to learn"
        } else {
            continue;
        };
        return Err(Error::Recipe(format!("row {} {problem}", index + 1)));
    }
    Ok(())
}

/// Whether `transformers` lets a weight of this name decay: not those of norms, and no biases.
fn is_decayed(name: &str) -> bool {
    let norm = |part: &str| part == "norm" || part.ends_with("_norm");
    !(name.contains("bias") || name.contains("layernorm") || name.contains("rmsnorm") || name.split('.').any(norm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device, model::Config};

    #[test]
    fn norms_and_biases_do_not_decay() {
        for (name, decays) in [
            ("model.embed_tokens.weight", true),
            ("model.layers.0.self_attn.q_proj.weight", true),
            ("model.layers.0.self_attn.q_proj.bias", false),
            ("model.layers.0.self_attn.q_norm.weight", false),
            ("model.layers.0.input_layernorm.weight", false),
            ("model.norm.weight", false),
            ("lm_head.weight", true),
        ] {
            assert_eq!(is_decayed(name), decays, "{name}");
        }
    }

    fn material(config: TuneConfig) -> Material {
        Material {
            config,
            task: Task::Completions,
            rows: 7,
            sequences: Vec::new(),
            drawn: None,
            reference: Reference::Absent,
            thumbs: Thumbs::default(),
        }
    }

    /// What an epoch's first step drew is what its other steps take from, and another epoch draws anew.
    #[test]
    fn an_order_is_drawn_once_an_epoch() {
        let config = TuneConfig { per_device_train_batch_size: 3, num_train_epochs: 2, ..TuneConfig::default() };
        let mut material = material(config);
        let order = |epoch| Order::Trl.of(7, 42, epoch);
        assert_eq!(material.batch(0).0, order(0)[..3]);
        material.drawn = Some((0, vec![6, 5, 4, 3, 2, 1, 0]));
        assert_eq!(material.batch(1).0, [3, 2, 1]);
        assert_eq!(material.batch(2).0, [0]);
        assert_eq!(material.batch(3).0, order(1)[..3]);
        assert_eq!(material.batch(0).0, order(0)[..3]);
    }

    fn model(seed: u64) -> Decoder {
        Decoder::random(Config::llama(16, 32, 1, 2, 1, 40), seed, &[], &device::cpu())
    }

    /// Two pairs of a vocabulary of sixteen tokens.
    fn pairs() -> [TokenRow; 2] {
        let row = |prompt: &[u32], chosen: &[u32], rejected: &[u32]| TokenRow {
            prompt: prompt.to_vec(),
            answers: vec![chosen.to_vec(), rejected.to_vec()],
            ..TokenRow::default()
        };
        [row(&[1, 2], &[3, 4], &[5]), row(&[6], &[7], &[8, 9, 10])]
    }

    /// What a step logs of objectives without a reference is told by the policy alone, so that none is scored.
    #[test]
    fn objectives_without_a_reference_score_none() {
        for (mix, scored) in [("cpo", false), ("simpo+sft", false), ("orpo", false), ("sft", true), ("ipo+cpo", true)] {
            let objective = PairObjective { loss_type: mix.parse().unwrap(), ..PairObjective::default() };
            let config = TuneConfig { learning_rate: 1e-2, max_steps: Some(2), ..TuneConfig::default() };
            let task = Task::Pairs(objective);
            let new = |cache| pollster::block_on(Tune::new(config, task.clone(), model(1), &pairs(), cache));
            let mut tune = new(None).unwrap();
            assert_eq!(matches!(tune.material.reference, Reference::Fixed(_)), scored, "{mix}");
            let margins: Vec<f32> =
                (0..2).map(|_| pollster::block_on(tune.step()).unwrap().metrics["rewards/margins"]).collect();
            // Against itself a policy is undecided; by itself this one is not.
            assert_eq!(margins[0] == 0.0, scored, "{mix}: {margins:?}");
            assert_ne!(margins[0], margins[1], "{mix}");
            let folder = tempfile::tempdir().unwrap();
            let cached = new(Some(&ReferenceCache::new(folder.path(), "m")));
            let files = std::fs::read_dir(folder.path()).unwrap().count();
            match cached {
                Ok(_) => assert_eq!((scored, files), (true, 1), "{mix}"),
                Err(error) => {
                    assert_eq!((scored, files), (false, 0), "{mix}");
                    let said = error.to_string();
                    assert!(said.contains(&format!("`reference-cache`: `{mix}` has no reference")), "{said}");
                }
            }
        }
    }

    #[test]
    fn every_row_comes_once_an_epoch_and_the_last_step_is_shorter() {
        let config = TuneConfig {
            per_device_train_batch_size: 2,
            gradient_accumulation_steps: 2,
            num_train_epochs: 2,
            ..TuneConfig::default()
        };
        let mut material = material(config);
        assert_eq!(config.steps(7), 4);
        for epoch in 0..2 {
            let steps: Vec<_> = (0..2).map(|step| material.batch(2 * epoch + step).0).collect();
            assert_eq!(steps.iter().map(Vec::len).collect::<Vec<_>>(), [4, 3]);
            let mut all = steps.concat();
            all.sort_unstable();
            assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
        }
        let epochs: Vec<f64> = (0..4).map(|step| material.batch(step).1).collect();
        assert_eq!(epochs, [0.5, 1.0, 1.5, 2.0]);
        // Two forward passes of 2 and 1 rows count the same.
        assert!((material.evenly(2, 3) * 2.0 / 3.0 - 0.5).abs() < 1e-12);
        assert!((material.evenly(1, 3) / 3.0 - 0.5).abs() < 1e-12);
    }
}
