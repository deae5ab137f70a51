//! AdamW (Loshchilov and Hutter, arXiv 1711.05101) with PyTorch's defaults, and gradients.

use burn::tensor::{Gradients, Tensor};
use serde::{Deserialize, Serialize};

use crate::model::{Decoder, Mapper, Visitor};

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

    /// One step along `gradients` (flat, in the order of the walk), each multiplied by `scale`.
    #[must_use]
    pub fn update(&mut self, model: &Decoder, gradients: &[Tensor<1>], scale: f64, learning_rate: f64) -> Decoder {
        self.step += 1;
        if self.moments.is_empty() {
            self.moments = gradients.iter().map(|g| (g.zeros_like(), g.zeros_like())).collect();
        }
        let mut walk = Walk { optimiser: self, gradients, scale, learning_rate, index: 0 };
        let weights = model.weights().clone().map(&mut walk);
        model.with_weights(weights)
    }
}

struct Walk<'a> {
    optimiser: &'a mut AdamW,
    gradients: &'a [Tensor<1>],
    scale: f64,
    learning_rate: f64,
    index: usize,
}

impl Mapper for Walk<'_> {
    fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D> {
        let AdamWConfig { beta1, beta2, epsilon, mut weight_decay } = self.optimiser.config;
        if !(self.optimiser.decays)(name) {
            weight_decay = 0.0;
        }
        let weight = if weight.is_autodiff() { weight.inner() } else { weight };
        let shape = weight.dims();
        let gradient = self.gradients[self.index].clone() * self.scale;
        let (first, second) = self.optimiser.moments[self.index].clone();
        let first = first * beta1 + gradient.clone() * (1.0 - beta1);
        let second = second * beta2 + gradient.clone() * gradient * (1.0 - beta2);
        self.optimiser.moments[self.index] = (first.clone(), second.clone());
        self.index += 1;
        #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // step counts
        let step = self.optimiser.step as i32;
        let correction1 = 1.0 - beta1.powi(step);
        let correction2 = (1.0 - beta2.powi(step)).sqrt();
        let denominator = second.sqrt() / correction2 + epsilon;
        let update = first / denominator * (self.learning_rate / correction1);
        weight * (1.0 - self.learning_rate * weight_decay) - update.reshape(shape)
    }
}

/// The gradients of a tracked model, flat and in the order of the walk; zeros where the loss does
/// not depend on a weight.
#[must_use]
pub fn collect(model: &Decoder, gradients: &Gradients) -> Vec<Tensor<1>> {
    struct Collect<'a>(&'a Gradients, Vec<Tensor<1>>);
    impl Visitor for Collect<'_> {
        fn visit<const D: usize>(&mut self, _: &str, weight: &Tensor<D>) {
            let size = weight.dims().iter().product::<usize>();
            let gradient = weight.grad(self.0).unwrap_or_else(|| weight.clone().inner().zeros_like());
            self.1.push(gradient.reshape([size]));
        }
    }
    let mut collect = Collect(gradients, Vec::new());
    model.weights().visit(&mut collect);
    collect.1
}

/// The squared Euclidean norm of all gradients together, `[1]`.
#[must_use]
pub fn squared_norm(gradients: &[Tensor<1>]) -> Tensor<1> {
    Tensor::cat(gradients.iter().map(|g| (g.clone() * g.clone()).sum()).collect(), 0).sum()
}
