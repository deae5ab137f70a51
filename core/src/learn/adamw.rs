//! AdamW (Loshchilov and Hutter, arXiv 1711.05101) with PyTorch's defaults, and gradients.

use burn::tensor::{Gradients, Tensor};
use selfsame_shaders::{AdamWStep, adamw, sum_of_squares};
use serde::{Deserialize, Serialize};

use crate::model::{Decoder, Mapper, Visitor, fixed};

/// Settings of the optimiser. The defaults are those of `torch.optim.AdamW` 2.x, learning rate apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWConfig {
    /// Decay of the running mean of gradients.
    pub beta1: f64,
    /// Decay of the running mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled weight decay, applied to every weight as PyTorch does.
    pub weight_decay: f64,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-2 }
    }
}

/// The optimiser and its moments, one flat tensor per weight in the order of the walk.
#[derive(Debug, Clone)]
pub struct AdamW {
    config: AdamWConfig,
    /// Steps taken.
    pub step: usize,
    /// `(first, second)` moments; empty before the first step.
    pub moments: Vec<(Tensor<1>, Tensor<1>)>,
    /// Which weights decay, by their names.
    decays: fn(&str) -> bool,
}

impl AdamW {
    /// An optimiser that has taken no step.
    #[must_use]
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, step: 0, moments: Vec::new(), decays: |_| true }
    }

    /// The same, but only weights whose names `decays` accepts decay.
    #[must_use]
    pub fn decaying(self, decays: fn(&str) -> bool) -> Self {
        Self { decays, ..self }
    }

    /// One step along `gradients` (flat, in the order of the walk), each multiplied by `scale`. They are handed over:
    /// the new weights are written where they were.
    #[must_use]
    pub fn update(&mut self, model: &Decoder, gradients: Vec<Tensor<1>>, scale: f64, learning_rate: f64) -> Decoder {
        self.step += 1;
        if self.moments.is_empty() {
            self.moments = gradients.iter().map(|g| (g.zeros_like(), g.zeros_like())).collect();
        }
        let step = self.config.step(self.step, scale, learning_rate);
        let moments = Vec::with_capacity(gradients.len());
        // The moments are handed over too, so that they can be written in place.
        let inputs = gradients.into_iter().zip(std::mem::take(&mut self.moments));
        let mut walk = Walk { inputs, step, decays: self.decays, moments };
        let weights = model.weights().clone().map(&mut walk);
        self.moments = walk.moments;
        model.with_weights(weights)
    }
}

impl AdamWConfig {
    /// The numbers of the `step`-th step, counted from 1.
    #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // the device computes in f32; step counts
    fn step(&self, step: usize, scale: f64, learning_rate: f64) -> AdamWStep {
        let step = step as i32;
        AdamWStep {
            scale: scale as f32,
            beta1: self.beta1 as f32,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            correction2: (1.0 - self.beta2.powi(step)).sqrt() as f32,
            epsilon: self.epsilon as f32,
            keep: (1.0 - learning_rate * self.weight_decay) as f32,
            rate: (learning_rate / (1.0 - self.beta1.powi(step))) as f32,
        }
    }
}

struct Walk<I> {
    inputs: I,
    step: AdamWStep,
    decays: fn(&str) -> bool,
    moments: Vec<(Tensor<1>, Tensor<1>)>,
}

impl<I: Iterator<Item = (Tensor<1>, (Tensor<1>, Tensor<1>))>> Mapper for Walk<I> {
    fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D> {
        let weight = fixed(weight);
        let Some((gradient, (first, second))) = self.inputs.next() else {
            return weight;
        };
        let shape = weight.dims();
        let size = shape.iter().product::<usize>();
        let step = if (self.decays)(name) { self.step } else { AdamWStep { keep: 1.0, ..self.step } };
        let [weight, first, second] = adamw(weight.reshape([size]), gradient, first, second, step);
        self.moments.push((first, second));
        weight.reshape(shape)
    }
}

/// The gradients of a loss `[1]` of a tracked model, flat and in the order of the walk; zeros where the loss does
/// not depend on a weight.
#[must_use]
pub fn gradients(model: &Decoder, loss: &Tensor<1>) -> Vec<Tensor<1>> {
    struct Collect(Vec<Gradients>, Vec<Tensor<1>>);
    impl Visitor for Collect {
        fn visit<const D: usize>(&mut self, _: &str, weight: &Tensor<D>) {
            let size = weight.dims().iter().product::<usize>();
            // What is taken out is not kept twice where it becomes a sum.
            let parts = self.0.iter_mut().filter_map(|gradients| weight.grad_remove(gradients));
            let gradient = parts.reduce(|sum, part| sum + part).unwrap_or_else(|| weight.clone().inner().zeros_like());
            self.1.push(gradient.reshape([size]));
        }
    }
    let mut collect = Collect(model.backward(loss), Vec::new());
    model.weights().visit(&mut collect);
    collect.1
}

/// The squared Euclidean norm of all gradients together, `[1]`.
#[must_use]
pub fn squared_norm(gradients: &[Tensor<1>]) -> Tensor<1> {
    Tensor::cat(gradients.iter().map(|g| sum_of_squares(g.clone())).collect(), 0).sum()
}
