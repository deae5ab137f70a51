//! Single answers called good or bad: what TRL's `KTOTrainer` makes of them.

use burn::tensor::Tensor;

use super::{Material, Order, Reference, ReferenceCache, TuneConfig};
use crate::{
    Error, Result,
    device::read_floats,
    learn::{
        Batch, Objective, Sequence,
        loss::{UnpairedInputs, UnpairedLoss, UnpairedObjective},
    },
    model::Decoder,
    prompt::dataset::TokenRow,
};

/// What single answers bring beside their sequences.
#[derive(Debug, Default)]
pub(super) struct Thumbs {
    /// Whether each row's answer is a good one.
    labels: Vec<bool>,
    /// Each row's prompt with the answer of the row before it in its batch, by which KTO estimates how far the policy
    /// has moved; none for losses that do without.
    mismatched: Vec<Sequence>,
    /// The log-probability of every label of these under a reference that stays.
    references: Vec<Vec<f32>>,
    /// The rows whose mismatched answer did not fit and was cut, counted from 1.
    pub(super) cut: Vec<usize>,
}

impl Thumbs {
    /// Reads the labels, and puts answers to other prompts as `KTOTrainer` does: by +1 within the batches that the
    /// rows make in the order of the file. What the reference says of these is read from `cache`, where there is one
    /// and it has that.
    ///
    /// # Errors
    /// If the objective is out of range or not one of TRL's, a row has no label, batches would not be those of
    /// the file, or the cache cannot be used.
    pub(super) async fn new(
        objective: &UnpairedObjective,
        config: &TuneConfig,
        model: &Decoder,
        rows: &[TokenRow],
        cache: Option<&ReferenceCache>,
    ) -> Result<Self> {
        objective.check()?;
        let label = |(index, row): (usize, &TokenRow)| {
            row.label.ok_or_else(|| Error::Recipe(format!("row {} does not say whether its answer is good", index + 1)))
        };
        let labels = rows.iter().enumerate().map(label).collect::<Result<Vec<bool>>>()?;
        let mut thumbs = Self { labels, ..Self::default() };
        match objective.loss_type {
            UnpairedLoss::ApoZeroUnpaired => return Ok(thumbs),
            UnpairedLoss::Bco => {
                return Err(Error::setting(
                    "objective",
                    "`bco` remembers its rewards over a whole run and is a recipe of its own, `selfsame run bco`: there answers of a world are called good or bad, so that it cannot learn from a data set. Choose `kto` or `apo_zero_unpaired` here; with pairs there is `bco_pair`",
                ));
            }
            UnpairedLoss::Kto => {}
        }
        if config.order != Order::File {
            return Err(Error::setting(
                "order",
                "must be `file` for kto: its batches are made in the order of the rows",
            ));
        }
        let size = config.per_device_train_batch_size;
        let context = model.config().max_position_embeddings;
        let limit = config.max_length.map_or(context, |most| most.min(context));
        if size < 2 {
            return Err(Error::setting(
                "batch",
                "must be at least 2 for kto: an answer is put to another row's prompt, and there is none",
            ));
        }
        for rows in rows.chunks(size) {
            for (at, row) in rows.iter().enumerate() {
                let other = &rows[(at + rows.len() - 1) % rows.len()];
                let mixed =
                    TokenRow { prompt: row.prompt.clone(), answers: other.answers.clone(), ..TokenRow::default() };
                let whole = mixed.sequence(0);
                let beyond = whole.tokens.len() > limit;
                thumbs.mismatched.push(cut(whole, limit));
                if beyond {
                    thumbs.cut.push(thumbs.mismatched.len());
                }
            }
        }
        if config.sync_ref_model.is_some() {
            return Ok(thumbs);
        }
        thumbs.references = thumbs.score(size, model, cache).await?;
        Ok(thumbs)
    }

    /// The log-probability of every label of the mismatched answers under a model that stays, in batches of a size.
    async fn score(&self, size: usize, model: &Decoder, cache: Option<&ReferenceCache>) -> Result<Vec<Vec<f32>>> {
        let batches: Vec<Vec<&Sequence>> = self.mismatched.chunks(size).map(|batch| batch.iter().collect()).collect();
        let compute = async || {
            let mut values = Vec::new();
            for sequences in &batches {
                values.extend(read_floats(Batch::new(sequences, &model.device()).token_logprobs(model)).await?);
            }
            Ok(values)
        };
        let values = match cache {
            Some(cache) => cache.without_gradients().or_compute(&batches, compute).await?,
            None => compute().await?,
        };
        let mut values = values.into_iter();
        Ok(self.mismatched.iter().map(|sequence| values.by_ref().take(sequence.labels.len()).collect()).collect())
    }

    /// The log-probabilities of the mismatched answers of rows under policy and reference, without gradients.
    fn mismatched(&self, untracked: &Decoder, reference: &Reference, rows: &[usize]) -> Option<[Tensor<1>; 2]> {
        if self.mismatched.is_empty() {
            return None;
        }
        let device = untracked.device();
        let sequences: Vec<&Sequence> = rows.iter().map(|row| &self.mismatched[*row]).collect();
        let batch = Batch::new(&sequences, &device);
        let reference = match reference {
            Reference::Absent | Reference::Fixed(_) => {
                let values: Vec<f32> = rows.iter().flat_map(|row| self.references[*row].iter().copied()).collect();
                batch.sum_per_sequence(Tensor::from_floats(values.as_slice(), &device))
            }
            Reference::Following(model, _) => batch.sequence_logprobs(model),
        };
        Some([batch.sequence_logprobs(untracked), reference].map(Tensor::from_inner))
    }

    /// Of how many of a step's forward passes each kind is a part: good answers, bad ones, both.
    fn forwards(&self, step: &[usize], size: usize) -> [usize; 3] {
        let mut counts = [0; 3];
        for rows in step.chunks(size) {
            let good = rows.iter().any(|row| self.labels[*row]);
            let bad = rows.iter().any(|row| !self.labels[*row]);
            for (count, there) in counts.iter_mut().zip([good, bad, good && bad]) {
                *count += usize::from(there);
            }
        }
        counts
    }
}

/// The first tokens of a sequence: a long prompt with another row's long answer can be longer than either row.
fn cut(mut sequence: Sequence, limit: usize) -> Sequence {
    sequence.tokens.truncate(limit);
    sequence.labels.retain(|(position, _)| position + 1 < limit);
    sequence
}

impl Material {
    /// `untracked` is the same model as `model`, whose gradients are recorded.
    #[allow(clippy::cast_precision_loss)] // answer and token counts
    pub(super) fn unpaired(
        &self,
        objective: &UnpairedObjective,
        [model, untracked]: [&Decoder; 2],
        micro: &[usize],
        step: &[usize],
    ) -> Result<Objective> {
        let device = model.device();
        let members: Vec<&Sequence> = micro.iter().map(|row| &self.sequences[*row]).collect();
        let batch = Batch::new(&members, &device);
        let numbers = batch.statistics(model);
        let reference = self.reference.logprobs(&batch, micro.iter().copied(), &numbers.logprobs);
        let policy = batch.sum_per_sequence(numbers.logprobs);
        // Summed as the policy's, so that the rewards of a policy that has not moved are exactly 0.
        let reference = batch.sum_per_sequence(reference);
        let inputs = UnpairedInputs {
            policy: policy.clone(),
            reference,
            desirable: micro.iter().map(|row| self.thumbs.labels[*row]).collect(),
            mismatched: self.thumbs.mismatched(untracked, &self.reference, micro),
            shift: None,
            density_ratio: None,
        };
        let rewards = (policy.clone() - inputs.reference.clone()).detach() * objective.beta;
        let even = self.evenly(micro.len(), step.len());
        let kl = match &inputs.mismatched {
            Some([policy, reference]) => crate::learn::loss::kto::kl(policy.clone(), reference.clone()),
            None => Tensor::zeros([1], &device),
        };
        let mut metrics = vec![("kl", kl * even), ("entropy", numbers.entropy.mean() * even)];
        // A kind's numbers are means over its answers, and over the forward passes that have any.
        let forwards = self.thumbs.forwards(step, self.config.per_device_train_batch_size);
        let share = |there: usize| step.len() as f64 / (micro.len() * there.max(1)) as f64;
        let flags = |good: bool| -> Tensor<1> {
            let flags: Vec<f32> = inputs.desirable.iter().map(|is| f32::from(u8::from(*is == good))).collect();
            Tensor::from_floats(flags.as_slice(), &device)
        };
        let mut means = Vec::new();
        for (good, names, there) in [
            (true, ["rewards/chosen", "logps/chosen", "logits/chosen"], forwards[0]),
            (false, ["rewards/rejected", "logps/rejected", "logits/rejected"], forwards[1]),
        ] {
            if there == 0 {
                continue;
            }
            let of = flags(good);
            let per_label = batch.repeat_per_label(of.clone());
            let count = inputs.desirable.iter().filter(|is| **is == good).count().max(1) as f64;
            let labels: usize =
                members.iter().zip(&inputs.desirable).filter(|(_, is)| **is == good).map(|(s, _)| s.labels.len()).sum();
            let reward = (rewards.clone() * of.clone()).sum() / count;
            means.push(reward.clone());
            metrics.push((names[0], reward * share(there)));
            metrics.push((names[1], (policy.clone().detach() * of).sum() / count * share(there)));
            let logits = (numbers.mean_logit.clone() * per_label).sum() / labels.max(1) as f64;
            metrics.push((names[2], logits * share(there)));
        }
        if let ([chosen, rejected], true) = (&means[..], forwards[2] > 0) {
            let both = inputs.desirable.contains(&true) && inputs.desirable.contains(&false);
            let margin = (chosen.clone() - rejected.clone()) * f64::from(u8::from(both));
            metrics.push(("rewards/margins", margin * share(forwards[2])));
        }
        Ok(Objective { loss: objective.loss(&inputs)?.mean() * even, metrics, items: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device, model::Config};

    #[test]
    fn mismatched_rows_are_cut_where_rows_are() {
        let whole = Sequence::completion(&[1, 2, 3], &[4, 5, 6]);
        assert_eq!(cut(whole.clone(), 6), whole);
        let four = cut(whole.clone(), 4);
        assert_eq!((four.tokens, four.labels), (vec![1, 2, 3, 4], vec![(2, 4)]));
        let none = cut(whole, 2);
        assert_eq!((none.tokens, none.labels), (vec![1, 2], vec![]));
    }

    /// A good answer of so many tokens to a prompt of so many.
    fn row(prompt: u32, answer: u32) -> TokenRow {
        TokenRow {
            prompt: (1..=prompt).collect(),
            answers: vec![(1..=answer).collect()],
            label: Some(true),
            ..TokenRow::default()
        }
    }

    /// Told by another model that is given for the same: what it would say is not what is read.
    #[test]
    fn what_the_reference_says_of_mismatched_rows_is_computed_once() {
        let rows = [row(1, 4), row(3, 2), row(1, 3)];
        let config = TuneConfig { order: Order::File, per_device_train_batch_size: 2, ..TuneConfig::default() };
        let objective = UnpairedObjective::default();
        let references = |seed, cache| {
            let model = Decoder::random(Config::llama(16, 32, 1, 2, 1, 40), seed, &[], &device::cpu());
            pollster::block_on(Thumbs::new(&objective, &config, &model, &rows, cache)).unwrap().references
        };
        let folder = tempfile::tempdir().unwrap();
        let cache = ReferenceCache::new(folder.path(), "a model");
        let [first, other] = [1, 2].map(|seed| references(seed, None));
        // The first answer is put to the second prompt, the second to the first, and the third stays with its own.
        assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [2, 4, 3]);
        assert_ne!(first, other);
        for seed in [1, 2] {
            assert_eq!(references(seed, Some(&cache)), first, "{seed}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        // Numbers of another kind are not taken for them, though the rows are the same.
        let rows = [row(1, 4), row(3, 2), row(1, 3)].map(|row| row.sequence(0));
        let batch: Vec<&Sequence> = rows.iter().collect();
        for cache in [cache.clone(), cache.without_gradients()] {
            let count: usize = batch.iter().map(|row| row.labels.len()).sum();
            let get = cache.or_compute(std::slice::from_ref(&batch), async || Ok(vec![-1.0; count]));
            assert_eq!(pollster::block_on(get).unwrap().len(), count);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn mismatched_rows_that_are_cut_are_named() {
        // No row has more than five tokens. The second prompt with the first answer has seven, the fourth with the
        // third has six, and the other two have three.
        let rows = [row(1, 4), row(3, 2), row(1, 3), row(3, 2)];
        let model = Decoder::random(Config::llama(16, 32, 1, 2, 1, 40), 1, &[], &device::cpu());
        let objective = UnpairedObjective::default();
        let cut = |max_length| {
            let config =
                TuneConfig { order: Order::File, per_device_train_batch_size: 2, max_length, ..TuneConfig::default() };
            pollster::block_on(Thumbs::new(&objective, &config, &model, &rows, None)).unwrap().cut
        };
        assert_eq!(cut(Some(5)), [2, 4]);
        assert_eq!(cut(Some(6)), [2]);
        assert!(cut(None).is_empty());
    }
}
