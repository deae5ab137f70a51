//! What the reference says of the rows: a table, where it stays as it was, or a model that follows the policy.

use burn::tensor::Tensor;

use super::Task;
use crate::{
    Error, Result,
    learn::{Batch, loss::tr_dpo::ReferenceSync},
    model::Decoder,
};

/// The reference of a run.
pub(super) enum Reference {
    /// There is none: the task looks at the policy alone.
    Absent,
    /// Stays: its log-probability of every label of every sequence, computed once.
    Fixed(Vec<Vec<f32>>),
    /// Follows the policy, so that what it says has to be computed at every step.
    Following(Box<Decoder>, ReferenceSync),
}

impl Reference {
    /// A reference that begins as the policy and follows it.
    ///
    /// # Errors
    /// If a setting is out of range, the task has no reference, or the reference is bound to stay: that of adapters,
    /// which is the model beside them, and that of a cache.
    pub(super) fn following(sync: ReferenceSync, task: &Task, policy: &Decoder, cached: bool) -> Result<Self> {
        sync.check()?;
        let wrong = |problem: String| Err(Error::setting("sync-ref-model", problem));
        match task {
            Task::Completions => {
                return wrong("is not for completions, which have no reference; leave it out".to_owned());
            }
            Task::Pairs(objective) if !objective.needs_reference() => {
                return wrong(format!(
                    "changes nothing in `{}`, which has no reference; leave it out",
                    objective.loss_type
                ));
            }
            Task::Pairs(_) | Task::Unpaired(_) => {}
        }
        if policy.adapters().is_some() {
            return wrong(
                "needs a reference of its own, and that of adapters is the model beside them; leave it out, or learn all weights: without --lora, and from a model that is no adapter".to_owned(),
            );
        }
        if cached {
            return wrong(
                "moves the reference, and a cache keeps what one says that stays; leave out --reference-cache"
                    .to_owned(),
            );
        }
        Ok(Self::Following(Box::new(policy.clone()), sync))
    }

    /// Goes after the policy, where that is due after so many optimiser steps.
    pub(super) fn follow(&mut self, policy: &Decoder, steps: usize) {
        if let Self::Following(model, sync) = self
            && sync.due(steps)
        {
            **model = sync.mix(model, policy);
        }
    }

    /// The log-probability of every label of a batch, `[labels]`, beside those of the policy, `[labels]`. `indices` are
    /// those of its sequences among all. Where there is no reference the policy stands in its place.
    pub(super) fn logprobs(
        &self,
        batch: &Batch,
        indices: impl Iterator<Item = usize>,
        policy: &Tensor<1>,
    ) -> Tensor<1> {
        match self {
            Self::Absent => policy.clone().detach(),
            Self::Fixed(table) => {
                let values: Vec<f32> = indices.flat_map(|index| table[index].iter().copied()).collect();
                Tensor::from_floats(values.as_slice(), &policy.device())
            }
            Self::Following(model, _) => Tensor::from_inner(as_policy(batch, model)),
        }
    }
}

/// The log-probability of every label under a frozen model, `[labels]`, by the same operations and with gradients
/// recorded, as the policy's: only then are the numbers the same to the last digit, and the rewards of a policy that
/// has not moved exactly 0, as in TRL.
pub(super) fn as_policy(batch: &Batch, model: &Decoder) -> Tensor<1> {
    batch.token_logprobs(&model.tracked()).inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::{self, read_floats},
        learn::{
            Sequence,
            loss::{PairLoss, PairObjective, UnpairedObjective},
        },
        model::{Config, LoraConfig},
    };

    fn model(seed: u64) -> Decoder {
        Decoder::random(Config::llama(16, 32, 1, 2, 1, 40), seed, &[], &device::cpu())
    }

    fn sync(every: usize) -> ReferenceSync {
        ReferenceSync { ref_model_mixup_alpha: 1.0, ref_model_sync_steps: every }
    }

    #[test]
    fn one_that_follows_says_what_the_policy_of_the_last_update_says() {
        let (first, second) = (model(1), model(2));
        let sequence = Sequence::completion(&[1, 2], &[3, 4, 5]);
        let batch = Batch::new(&[&sequence], &device::cpu());
        let task = Task::Unpaired(UnpairedObjective::default());
        let mut reference = Reference::following(sync(2), &task, &first, false).unwrap();
        let values = |tensor: Tensor<1>| pollster::block_on(read_floats(tensor)).unwrap();
        let said = |reference: &Reference| {
            let policy = batch.token_logprobs(&first.tracked());
            values(reference.logprobs(&batch, std::iter::once(0), &policy).inner())
        };
        let [before, after] = [&first, &second].map(|model| values(batch.token_logprobs(model)));
        assert_ne!(before, after);
        reference.follow(&second, 1);
        assert_eq!(said(&reference), values(as_policy(&batch, &first)));
        reference.follow(&second, 2);
        assert_eq!(said(&reference), values(as_policy(&batch, &second)));
    }

    #[test]
    fn what_has_no_reference_that_could_move_is_refused() {
        let pairs = Task::Pairs(PairObjective::default());
        let adapters = model(1).with_adapters("2".parse::<LoraConfig>().unwrap(), 1).unwrap();
        let free = Task::Pairs(PairObjective::new(PairLoss::Cpo));
        for (task, policy, cached, words) in [
            (&pairs, &adapters, false, "--lora"),
            (&pairs, &model(1), true, "--reference-cache"),
            (&free, &model(1), false, "`cpo"),
            (&Task::Completions, &model(1), false, "completions"),
        ] {
            let problem = Reference::following(sync(1), task, policy, cached).err().unwrap().to_string();
            assert!(problem.contains("`sync-ref-model`") && problem.contains(words), "{problem}");
        }
        assert!(Reference::following(sync(0), &pairs, &model(1), false).is_err());
    }
}
