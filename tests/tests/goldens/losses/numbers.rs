//! Numbers that losses are tried on.

use burn::tensor::Tensor;
use selfsame_core::learn::loss::{PairInputs, TokenInputs};
use selfsame_tests::{floats, read, variable, vector};
use serde_json::Value;

/// A constant beside variables.
pub fn constant(values: &[f32]) -> Tensor<1> {
    Tensor::from_inner(vector(values))
}

/// Fails unless all values are within `tolerance` of the expected ones, relative to those above 1.
pub fn assert_near(ours: &[f32], expected: &[f32], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), expected.len(), "{what}: lengths differ");
    for (index, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        assert_one_near(f64::from(*ours), f64::from(*expected), tolerance, &format!("{what}[{index}]"));
    }
}

/// The same of one value.
pub fn assert_one_near(ours: f64, expected: f64, tolerance: f64, what: &str) {
    let gap = (ours - expected).abs() / expected.abs().max(1.0);
    assert!(gap <= tolerance, "{what}: {ours} instead of {expected}, off by {gap:.1e}");
}

/// The tokens of a batch of pairs.
pub struct Numbers {
    lengths: [Vec<usize>; 2],
    policy: Vec<f32>,
    reference: Vec<f32>,
    collisions: Vec<f32>,
}

impl Numbers {
    /// From a golden file.
    pub fn read(value: &Value) -> Self {
        let lengths = [0_usize, 1].map(|side| {
            let list = value["lengths"][side].as_array().unwrap();
            list.iter().map(|length| usize::try_from(length.as_u64().unwrap()).unwrap()).collect()
        });
        let of = |key: &str| floats(&value[key]);
        Self { lengths, policy: of("policy"), reference: of("reference"), collisions: of("collisions") }
    }

    /// The policy's tokens as variables, and the inputs that follow from them.
    pub fn inputs(&self) -> (Tensor<1>, PairInputs) {
        let policy = variable(&self.policy);
        let tokens = TokenInputs {
            policy: policy.clone(),
            reference: constant(&self.reference),
            collisions: Some(constant(&self.collisions)),
        };
        (policy, PairInputs::from_tokens(tokens, self.lengths.clone()).unwrap())
    }
}

/// Compares a loss with a formula of the same variables in double precision: the sum of its values, and its
/// gradient with central differences of the formula. Both within 1e-5, relative to values above 1.
pub fn assert_follows(what: &str, at: &[f64], loss: impl Fn(Tensor<1>) -> Tensor<1>, formula: impl Fn(&[f64]) -> f64) {
    let variable = variable(&at.iter().map(|value| *value as f32).collect::<Vec<_>>());
    let sum = loss(variable.clone()).sum();
    assert_one_near(f64::from(read(&sum)[0]), formula(at), 1e-5, &format!("{what} at {at:?}"));
    let gradient = read(&variable.grad(&sum.backward()).unwrap_or_else(|| panic!("{what}: no gradient")));
    for (index, ours) in gradient.iter().enumerate() {
        let moved = |step: f64| {
            let mut at = at.to_vec();
            at[index] += step;
            formula(&at)
        };
        let h = 1e-4;
        let slope = (moved(h) - moved(-h)) / (2.0 * h);
        assert_one_near(f64::from(*ours), slope, 1e-5, &format!("{what} at {at:?}, derivative {index}"));
    }
}

/// `σ(z)`.
pub fn sigmoid(z: f64) -> f64 {
    if z < 0.0 { z.exp() / (1.0 + z.exp()) } else { 1.0 / (1.0 + (-z).exp()) }
}

/// `log(1 + eᶻ)` without overflow: the logistic loss of the logit `−z`.
pub fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}
