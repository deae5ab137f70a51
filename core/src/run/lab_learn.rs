//! What can be learned from inside the laboratory: pairs, rated answers, whole completions. The log-probabilities of
//! frozen models are computed once; the steps are those of one phase (`lab_phase.rs`).

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{Event, Lab, PairBatch, Phase, RatedBatch, Replay, Snapshot};
use crate::{
    Error, Result,
    learn::{Batch, LearnConfig, Objective, Sequence, loss::soft_logistic},
    model::Decoder,
    select::{Pair, Rated},
};

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
        mut objective: impl FnMut(&PairBatch<'_>, &Phase<'_>) -> Result<Objective>,
    ) -> Result<()> {
        self.choose(pairs)?;
        // Either every pair has a third answer or no objective asks for them.
        let thirds = !pairs.is_empty() && pairs.iter().all(|pair| pair.third.is_some());
        let width = if thirds { 3 } else { 2 };
        let mut sequences = Vec::new();
        for pair in pairs {
            for answer in pair.answers.iter().chain(&pair.third).take(width) {
                self.check_row(&pair.prompt, &pair.ids, &answer.ids)?;
                sequences.push(Sequence::completion(&pair.ids, &answer.ids));
            }
        }
        let tokens: Vec<usize> =
            sequences.chunks(width).map(|rows| rows.iter().map(|row| row.tokens.len()).sum()).collect();
        let cached = self.reference_logprobs(&sequences, references).await?;
        let frozen: BTreeMap<Snapshot, Decoder> =
            references.iter().map(|which| (*which, self.snapshot(*which).clone())).collect();
        self.learn(config, replay, &tokens, |model, chosen, _, phase| {
            let device = model.device();
            let count = chosen.len();
            let of = |answer: usize| chosen.iter().map(move |pair| width * pair + answer);
            let rows: Vec<&Sequence> = (0..width).flat_map(&of).map(|row| &sequences[row]).collect();
            let layout = Batch::new(&rows, &device);
            let hidden = layout.hidden(model);
            let tokens = layout.token_logprobs_at(model, hidden.clone());
            let logprobs = layout.sum_per_sequence(tokens.clone());
            let labels = rows[..2 * count].iter().map(|row| row.labels.len()).sum::<usize>();
            let side = |answer: usize| logprobs.clone().slice([answer * count..(answer + 1) * count]);
            let references = cached
                .iter()
                .map(|(which, values)| {
                    let sums = |answer| {
                        let sums: Vec<f32> = of(answer).map(|row| values[row]).collect();
                        Tensor::from_floats(sums.as_slice(), &device)
                    };
                    (*which, (0..width).map(sums).collect())
                })
                .collect();
            let batch = PairBatch {
                model,
                pairs: chosen.iter().map(|pair| &pairs[*pair]).collect(),
                positions: chosen,
                policy: [side(0), side(1)],
                tokens: tokens.slice([0..labels]),
                third: thirds.then(|| side(2)),
                references,
                frozen: &frozen,
                rows,
                hidden,
            };
            objective(&batch, phase)
        })
        .await
    }

    /// Writes the pairs to the log that are learned from next, in whatever form.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn choose(&mut self, pairs: &[Pair]) -> Result<()> {
        self.learned = pairs.to_vec();
        let selected = || Event::Selected { pairs: pairs.iter().map(Pair::record).collect() };
        self.append_once(|e| matches!(e, Event::Selected { .. }), "the pairs", selected)
    }

    /// Lets another model than the policy learn from pairs, beginning with the weights of a snapshot, and returns
    /// it. Its checkpoints carry its name; the policy is untouched.
    ///
    /// # Errors
    /// As [`Lab::learn_pairs`].
    pub async fn learn_aside(
        &mut self,
        (name, from): (&'static str, Snapshot),
        config: &LearnConfig,
        replay: Replay,
        pairs: &[Pair],
        references: &[Snapshot],
        objective: impl FnMut(&PairBatch<'_>, &Phase<'_>) -> Result<Objective>,
    ) -> Result<Decoder> {
        let policy = self.step_aside(name, self.snapshot(from).clone());
        let learned = self.learn_pairs(config, replay, pairs, references, objective).await;
        let model = self.step_back(policy);
        learned.map(|()| model)
    }

    /// Lets another model than the policy learn from whole completions, beginning with the weights of `from`, and
    /// returns it. Nobody asks its judge channel, so that no judgements are mixed in. Its checkpoints carry its
    /// name; the policy is untouched.
    ///
    /// # Errors
    /// As [`Lab::learn_pairs`].
    pub async fn imitate_aside(
        &mut self,
        name: &'static str,
        from: Decoder,
        config: &LearnConfig,
        rows: &[Sequence],
    ) -> Result<Decoder> {
        let policy = self.step_aside(name, from);
        let learned = self.learn_completions(config, Replay::NONE, rows).await;
        let model = self.step_back(policy);
        learned.map(|()| model)
    }

    /// DPO (arXiv 2305.18290) against the iteration's start, by cross-entropy with the pairs' labels, on the mean.
    ///
    /// # Errors
    /// As [`Lab::learn_pairs`].
    pub async fn learn_labels(
        &mut self,
        config: &LearnConfig,
        replay: Replay,
        beta: f64,
        pairs: &[Pair],
    ) -> Result<()> {
        self.learn_pairs(config, replay, pairs, &[Snapshot::Start], |batch, _| {
            batch.preference(Snapshot::Start, beta, |margin| soft_logistic(margin, batch.labels()))
        })
        .await
    }

    /// Puts another model in the place of the policy, which is returned.
    fn step_aside(&mut self, name: &'static str, other: Decoder) -> Decoder {
        self.aside = Some(name);
        std::mem::replace(&mut self.policy, other)
    }

    /// Puts the policy back in its place, and returns what stood there.
    fn step_back(&mut self, policy: Decoder) -> Decoder {
        self.aside = None;
        std::mem::replace(&mut self.policy, policy)
    }

    /// Learns from single answers that somebody rated.
    ///
    /// # Errors
    /// As [`Lab::learn_pairs`].
    pub async fn learn_rated(
        &mut self,
        config: &LearnConfig,
        replay: Replay,
        answers: &[Rated],
        references: &[Snapshot],
        mut objective: impl FnMut(&RatedBatch<'_>, &Phase<'_>) -> Result<Objective>,
    ) -> Result<()> {
        self.learned.clear();
        let rated = || Event::Rated { answers: answers.iter().map(Rated::record).collect() };
        self.append_once(|e| matches!(e, Event::Rated { .. }), "the rated answers", rated)?;
        for rated in answers {
            self.check_row(&rated.prompt, &rated.ids, &rated.answer.ids)?;
        }
        let sequences: Vec<Sequence> =
            answers.iter().map(|rated| Sequence::completion(&rated.ids, &rated.answer.ids)).collect();
        self.learn_answers(config, replay, &sequences, references, |model, chosen, (layout, references), phase| {
            let answers = chosen.iter().map(|row| &answers[*row]).collect();
            objective(&RatedBatch { model, answers, policy: layout.sequence_logprobs(model), references }, phase)
        })
        .await
    }

    /// Learns from single answers. `objective` gets the indices of a micro-batch, how its answers are laid out, and
    /// their summed log-probabilities under frozen models.
    pub(super) async fn learn_answers(
        &mut self,
        config: &LearnConfig,
        replay: Replay,
        sequences: &[Sequence],
        references: &[Snapshot],
        mut objective: impl FnMut(
            &Decoder,
            &[usize],
            (Batch, BTreeMap<Snapshot, Tensor<1>>),
            &Phase<'_>,
        ) -> Result<Objective>,
    ) -> Result<()> {
        let tokens: Vec<usize> = sequences.iter().map(|row| row.tokens.len()).collect();
        let cached = self.reference_logprobs(sequences, references).await?;
        self.learn(config, replay, &tokens, |model, chosen, _, phase| {
            let device = model.device();
            let rows: Vec<&Sequence> = chosen.iter().map(|row| &sequences[*row]).collect();
            let of = |values: &Vec<f32>| {
                let values: Vec<f32> = chosen.iter().map(|row| values[*row]).collect();
                Tensor::from_floats(values.as_slice(), &device)
            };
            let references = cached.iter().map(|(which, values)| (*which, of(values))).collect();
            objective(model, chosen, (Batch::new(&rows, &device), references), phase)
        })
        .await
    }

    /// The summed log-probability of every sequence under frozen models; nothing where the log holds
    /// the end of the phase, which then needs none.
    pub(super) async fn reference_logprobs(
        &self,
        sequences: &[Sequence],
        references: &[Snapshot],
    ) -> Result<BTreeMap<Snapshot, Vec<f32>>> {
        let mut cached = BTreeMap::new();
        if !self.replay_has_complete_checkpoint() {
            for which in references {
                cached.insert(*which, self.frozen_sums(*which, sequences).await?);
            }
        }
        Ok(cached)
    }

    /// Learns from whole completions by cross-entropy, the mean over their tokens.
    ///
    /// # Errors
    /// As [`Lab::learn_pairs`].
    #[allow(clippy::cast_precision_loss)] // token counts
    pub async fn learn_completions(&mut self, config: &LearnConfig, replay: Replay, rows: &[Sequence]) -> Result<()> {
        for (index, row) in rows.iter().enumerate() {
            self.check_row(&format!("row {}", index + 1), &row.tokens, &[])?;
        }
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
}
