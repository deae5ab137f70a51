//! What the integration tests share: goldens, tiny models, runs that crash, the program itself.
//!
//! The goldens are made by `goldens/make.py` with PyTorch and transformers; the tests read them and
//! never need Python.

#[cfg(target_os = "linux")]
pub mod display;
pub mod files;
pub mod lab;
pub mod picture;
pub mod program;
pub mod runs;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use burn::tensor::{Tensor, TensorData};
use selfsame_core::{
    device,
    learn::adamw,
    model::{Config, Decoder, Layer, Linear, Norm, Visitor, Weights},
    text::Tokenizer,
    world::{World, ads::Ads, rules::tokenizer_json},
};
use serde_json::Value;

/// The folder of the goldens.
#[must_use]
pub fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens")
}

/// Says that something was not tested, and why; on continuous integration (`SELFSAME_CI=1`) that is a failure.
///
/// # Panics
/// If `SELFSAME_CI` is 1.
pub fn skipped(why: &str) {
    assert_ne!(std::env::var("SELFSAME_CI").as_deref(), Ok("1"), "{why}");
    eprintln!("SKIPPED: {why}");
}

/// One golden file, such as `llama.json`.
///
/// # Panics
/// If it is missing or not JSON.
#[must_use]
pub fn golden(name: &str) -> Value {
    let path = goldens().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A list of numbers, or one number, of a golden file.
///
/// # Panics
/// If it is neither.
#[must_use]
pub fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(list) => list.iter().map(|v| v.as_f64().unwrap_or_else(|| panic!("{v} is not a number"))).collect(),
        None => vec![value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))],
    }
}

/// The same as the f32 they were written from.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // nine digits bring every f32 back
pub fn floats(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|v| v as f32).collect()
}

/// A list of token ids of a golden file.
///
/// # Panics
/// If it is not one.
#[must_use]
pub fn ids(value: &Value) -> Vec<u32> {
    let list = value.as_array().unwrap_or_else(|| panic!("{value} is not a list"));
    list.iter().map(|v| u32::try_from(v.as_u64().unwrap()).unwrap()).collect()
}

/// The values of a tensor, recorded or not.
///
/// # Panics
/// If the device fails.
#[must_use]
pub fn read<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    let tensor = if tensor.is_autodiff() { tensor.clone().inner() } else { tensor.clone() };
    pollster::block_on(device::read_floats(tensor)).unwrap()
}

/// A constant on the CPU.
#[must_use]
pub fn vector(values: &[f32]) -> Tensor<1> {
    Tensor::from_floats(values, &device::cpu())
}

/// A vector on the CPU whose gradient is recorded.
#[must_use]
pub fn variable(values: &[f32]) -> Tensor<1> {
    Tensor::from_inner(vector(values)).require_grad()
}

/// A matrix on the CPU, row by row.
#[must_use]
pub fn matrix(values: Vec<f32>, [rows, columns]: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, [rows, columns]), &device::cpu())
}

/// Every weight under its name, in the order of the walk.
#[must_use]
pub fn named(model: &Decoder) -> Vec<(String, Vec<f32>)> {
    struct Collect(Vec<(String, Vec<f32>)>);
    impl Visitor for Collect {
        fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
            self.0.push((name.to_owned(), read(weight)));
        }
    }
    let mut collect = Collect(Vec::new());
    model.weights().visit(&mut collect);
    collect.0
}

/// The gradient of `loss` by every weight of a tracked model.
#[must_use]
pub fn gradients(model: &Decoder, loss: &Tensor<1>) -> BTreeMap<String, Vec<f32>> {
    let flat = adamw::gradients(model, loss);
    named(model).into_iter().zip(flat).map(|((name, _), gradient)| (name, read(&gradient))).collect()
}

/// Fails unless all values are within `tolerance` of the expected ones; returns the largest gap.
///
/// # Panics
/// Names the value that is off, or the lengths that differ.
pub fn assert_close(ours: &[f32], expected: &[f32], tolerance: f64, what: &str) -> f64 {
    assert_eq!(ours.len(), expected.len(), "{what}: lengths differ");
    let mut largest = 0.0;
    for (index, (a, b)) in ours.iter().zip(expected).enumerate() {
        let gap = (f64::from(*a) - f64::from(*b)).abs();
        assert!(gap <= tolerance, "{what}[{index}]: {a} instead of {b}, off by {gap:e}, more than {tolerance:e}");
        largest = f64::max(largest, gap);
    }
    largest
}

/// Compares gradients with those of a golden file, each relative to its own largest value.
///
/// # Panics
/// Names the weight whose gradient is missing, superfluous or off.
pub fn assert_gradients(ours: &BTreeMap<String, Vec<f32>>, expected: &Value, tolerance: f64, what: &str) -> f64 {
    let expected = expected.as_object().unwrap();
    let names: Vec<&String> = ours.keys().collect();
    let mut expected_names: Vec<&String> = expected.keys().collect();
    expected_names.sort();
    assert_eq!(names, expected_names, "{what}: other weights");
    let mut largest = 0.0;
    for (name, values) in ours {
        let golden = floats(&expected[name]);
        let scale = golden.iter().fold(0.0, |top: f64, v| top.max(f64::from(*v).abs()));
        assert!(scale > 0.0, "{what}: the golden gradient of {name} is zero and tests nothing");
        let gap = assert_close(values, &golden, tolerance * scale, &format!("{what}, gradient of {name}"));
        largest = f64::max(largest, gap / scale);
    }
    largest
}

/// The tokenizer of the Rules world.
///
/// # Panics
/// If it cannot be read, which other tests rule out.
#[must_use]
pub fn rules_tokenizer() -> Tokenizer {
    Tokenizer::parse(&tokenizer_json()).unwrap()
}

/// The shape of the tiny models: two blocks, grouped queries, a context of 128.
#[must_use]
pub fn tiny_config() -> Config {
    let mut config = Config::llama(32, 64, 2, 4, 2, rules_tokenizer().size());
    config.max_position_embeddings = 128;
    config
}

/// A random tiny model on the CPU.
#[must_use]
pub fn tiny(seed: u64) -> Decoder {
    Decoder::random(tiny_config(), seed, &[], &device::cpu())
}

/// The tokenizer of the world of ads.
///
/// # Panics
/// If it cannot be read, which other tests rule out.
#[must_use]
pub fn ads_tokenizer() -> Tokenizer {
    Tokenizer::parse(&Ads.tokenizer_json()).unwrap()
}

/// A random tiny model of the world of ads on the CPU.
#[must_use]
pub fn tiny_ads(seed: u64) -> Decoder {
    let mut config = Config::llama(16, 24, 1, 2, 1, ads_tokenizer().size());
    config.max_position_embeddings = Ads.context();
    Decoder::random(config, seed, &[], &device::cpu())
}

/// A model whose logits are exactly `logits`, whatever it reads: it embeds every token as ones,
/// its block adds nothing, and its head multiplies by one.
#[must_use]
pub fn constant_model(logits: &[f32]) -> Decoder {
    let vocabulary = logits.len();
    let mut config = Config::llama(2, 2, 1, 1, 1, vocabulary);
    config.tie_word_embeddings = false;
    config.norm_eps = 0.0;
    config.max_position_embeddings = 128;
    let zeros = || Linear::new(matrix(vec![0.0; 4], [2, 2]));
    let layer = Layer {
        attention_norm: Norm::rms(vector(&[1.0, 1.0])),
        query: zeros(),
        key: zeros(),
        value: zeros(),
        output: zeros(),
        query_norm: None,
        key_norm: None,
        feed_forward_norm: Norm::rms(vector(&[1.0, 1.0])),
        gate: Some(zeros()),
        up: zeros(),
        down: zeros(),
    };
    let weights = Weights {
        embed: matrix(vec![1.0; 2 * vocabulary], [vocabulary, 2]).into(),
        positions: None,
        layers: vec![layer],
        norm: Norm::rms(vector(&[1.0, 0.0])),
        head: Some(matrix(logits.iter().flat_map(|l| [*l, 0.0]).collect(), [vocabulary, 2]).into()),
    };
    Decoder::new(config, weights)
}
