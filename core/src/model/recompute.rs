//! Blocks that are computed again on the way back instead of kept: gradient checkpointing (Chen, Xu, Zhang and Guestrin,
//! arXiv 1604.06174), every block a segment. A pass then keeps `[tokens, hidden]` a block, and while gradients are
//! taken what one block needs. It costs one more forward pass through the blocks.
//!
//! A block is computed by the same operations in the same order both times, so that gradients are those of a pass
//! that keeps everything, to the last bit, as long as the loss reads the model once.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use burn::tensor::{Gradients, Tensor};

use super::{Decoder, Layout};

/// The passes through the blocks of a tracked model that a loss may come from.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape(Arc<Mutex<Vec<Pass>>>);

#[derive(Debug)]
struct Pass {
    layout: Layout,
    /// What each block read, outside of any gradient graph.
    inputs: Vec<Tensor<2>>,
    /// What came out of the last block, a leaf of the loss's graph.
    output: Tensor<2>,
}

impl Tape {
    /// What the last block makes of the wanted tokens of `layout`, `[wanted, hidden]`.
    pub(super) fn pass(&self, model: &Decoder, layout: &Layout) -> Tensor<2> {
        let mut inputs = Vec::new();
        let last = model.plain().through_blocks(layout, |x| inputs.push(x.clone()));
        let output = Tensor::from_inner(last).require_grad();
        self.passes().push(Pass { layout: layout.clone(), inputs, output: output.clone() });
        output
    }

    fn passes(&self) -> std::sync::MutexGuard<'_, Vec<Pass>> {
        // A panic elsewhere leaves the list as it was.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Decoder {
    /// The gradients of a loss `[1]` of this tracked model: of what is behind its blocks, and where the blocks are
    /// computed again, of each of them. A weight's gradient is the sum over them.
    pub(crate) fn backward(&self, loss: &Tensor<1>) -> Vec<Gradients> {
        let mut all = vec![loss.backward()];
        let passes = self.tape().map(|tape| mem::take(&mut *tape.passes())).unwrap_or_default();
        for Pass { layout, inputs, output } in passes.into_iter().rev() {
            let Some(mut gradient) = output.grad(&all[0]) else { continue };
            drop(output);
            let angles = self.angles(&layout);
            for (index, input) in inputs.into_iter().enumerate().rev() {
                let input = Tensor::from_inner(input).require_grad();
                let output = self.block(index, input.clone(), &layout, &angles);
                let mut gradients = (output * Tensor::from_inner(gradient)).sum().backward();
                gradient = match input.grad_remove(&mut gradients) {
                    Some(gradient) => gradient,
                    None => input.inner().zeros_like(),
                };
                all.push(gradients);
            }
            // Beside adapters nothing learns there.
            if self.adapters().is_none() {
                all.push((self.first(&layout) * Tensor::from_inner(gradient)).sum().backward());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        device::{cpu, read_floats},
        learn::{Batch, Sequence, adamw::gradients},
        model::{BasePrecision, Config, Family, LoraConfig, MemorySource, Precision, from_source_in, to_bytes},
    };

    fn model(family: Family, tied: bool) -> Decoder {
        let mut config = Config { model_type: family, tie_word_embeddings: tied, ..Config::llama(32, 48, 3, 4, 2, 60) };
        if family == Family::Gpt2 {
            config.num_key_value_heads = None;
        }
        Decoder::random(config, 3, &[], &cpu())
    }

    /// A loss that reads the model so often on answers of different lengths to two prompts, and all its gradients.
    fn learned(model: &Decoder, readings: usize) -> (Vec<f32>, Vec<Vec<f32>>) {
        let sequences: Vec<Sequence> = (0..4_u32)
            .map(|row| {
                Sequence::completion(&[1, 2 + row % 2, 3], &(0..=row).map(|at| 4 + 7 * at + row).collect::<Vec<_>>())
            })
            .collect();
        let tracked = model.tracked();
        let batch = Batch::new(&sequences.iter().collect::<Vec<_>>(), &tracked.device());
        let losses = (0..readings).map(|_| batch.sequence_logprobs(&tracked).mean().neg());
        let loss = losses.reduce(|sum, loss| sum + loss).unwrap();
        let read = |tensor| pollster::block_on(read_floats(tensor)).unwrap();
        let value = read(loss.clone().inner());
        (value, gradients(&tracked, &loss).into_iter().map(read).collect())
    }

    #[test]
    fn gradients_are_the_same_to_the_last_bit() {
        for family in Family::ALL {
            for tied in [true, false] {
                let model = model(family, tied);
                let kept = learned(&model, 1);
                assert!(
                    kept.1.iter().filter(|one| one.iter().any(|value| *value != 0.0)).count() * 3 > kept.1.len() * 2
                );
                assert_eq!(kept, learned(&model.recomputing(true), 1), "{family:?}, tied {tied}");
            }
        }
    }

    #[test]
    fn adapters_over_packed_matrices_learn_the_same() {
        let full = model(Family::Llama, true);
        let bytes = pollster::block_on(to_bytes(&full, Precision::F32)).unwrap();
        let mut source = MemorySource::new(&bytes);
        let packed =
            from_source_in(full.config().clone(), &mut source, Path::new("x"), &cpu(), BasePrecision::Q8).unwrap();
        let adapted = packed.with_adapters(LoraConfig { rank: 2, alpha: 4.0 }, 1).unwrap();
        let kept = learned(&adapted, 1);
        assert_eq!(kept.1.len(), 3 * 7 * 2);
        assert_eq!(kept, learned(&adapted.recomputing(true), 1));
    }

    #[test]
    fn a_loss_that_reads_the_model_twice_adds_up() {
        let once = learned(&model(Family::Llama, true), 1);
        let twice = learned(&model(Family::Llama, true).recomputing(true), 2);
        for (once, twice) in once.1.into_iter().flatten().zip(twice.1.into_iter().flatten()) {
            assert!((2.0 * once - twice).abs() <= 1e-5 * once.abs().max(1e-2), "{once} {twice}");
        }
    }

    #[test]
    fn what_learned_goes_on_computing_again() {
        let model = model(Family::Llama, true).recomputing(true);
        assert!(model.tracked().tape().is_some() && model.tape().is_none());
        let changed = model.with_weights(model.weights().clone());
        assert!(changed.recomputes() && changed.tracked().plain().tape().is_none());
    }
}
