use std::path::{Path, PathBuf};

use super::*;
use crate::{
    device::{cpu, read_floats},
    learn::{AdamW, AdamWConfig, Batch, Sequence, adamw::gradients, batch::score},
    model::{Config, Decoder, Family, LoraConfig, Precision, Visitor, from_bytes, from_source_in, to_bytes},
};

fn golden(name: &str) -> serde_json::Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/goldens").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn bytes(hex: &serde_json::Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let tensor = if tensor.is_autodiff() { tensor.inner() } else { tensor };
    pollster::block_on(read_floats(tensor)).unwrap()
}

const FORMATS: [(Format, &str); 3] = [(Format::F16, "F16"), (Format::Q8, "Q8_0"), (Format::Q4, "Q4_0")];

/// Against the `gguf` package of Python, bit for bit.
#[test]
fn blocks_stand_for_what_the_reference_reads_in_them() {
    let golden = golden("gguf_blocks.json");
    for (format, name) in FORMATS {
        let case = &golden["cases"][name];
        let expected = floats(&bytes(&case["values"]));
        let packed = Packed::from_gguf(&bytes(&case["blocks"]), format, [1, expected.len()], &cpu()).unwrap();
        assert_eq!(bits(&read(packed.unpacked())), bits(&expected), "{name}");
    }
}

#[test]
fn numbers_become_the_blocks_that_the_reference_makes_of_them() {
    let golden = golden("gguf_quantised.json");
    let values = floats(&bytes(&golden["values"]));
    let shape = [values.len() / 32, 32];
    for (format, name) in FORMATS {
        let ours = Packed::new(&values, format, shape, &cpu()).unwrap();
        let theirs = Packed::from_gguf(&bytes(&golden["blocks"][name]), format, shape, &cpu()).unwrap();
        assert_eq!(bits(&read(ours.unpacked())), bits(&read(theirs.unpacked())), "{name}");
    }
}

/// Widths that are no whole blocks among them.
fn weights(family: Family, tied: bool) -> (Config, Vec<u8>) {
    let mut config = Config { model_type: family, tie_word_embeddings: tied, ..Config::llama(24, 44, 2, 4, 2, 61) };
    config.max_position_embeddings = 64;
    if family == Family::Gpt2 {
        config.num_key_value_heads = None;
    }
    let model = Decoder::random(config.clone(), 3, &[], &cpu());
    (config, pollster::block_on(to_bytes(&model, Precision::F32)).unwrap())
}

fn packed((config, bytes): &(Config, Vec<u8>), precision: BasePrecision) -> Decoder {
    let mut source = crate::model::MemorySource::new(bytes);
    from_source_in(config.clone(), &mut source, Path::new("x"), &cpu(), precision).unwrap()
}

fn sequences() -> Vec<Sequence> {
    (0..4_u32)
        .map(|row| {
            let ids: Vec<u32> =
                (0..9).map(|at| (row / 2 * 17 + at * 7 + if at > 4 { row * 5 } else { 0 }) % 61).collect();
            Sequence::completion(&ids[..5], &ids[5..])
        })
        .collect()
}

#[test]
fn every_family_computes_with_packed_matrices_what_it_does_with_the_numbers_they_stand_for() {
    for (family, tied) in [(Family::Llama, true), (Family::Qwen2, false), (Family::Qwen3, true), (Family::Gpt2, true)] {
        let weights = weights(family, tied);
        for precision in [BasePrecision::F16, BasePrecision::Q8, BasePrecision::Q4] {
            let model = packed(&weights, precision);
            assert!(model.weights().has_packed());
            let plain = model.unpacked();
            assert!(!plain.weights().has_packed());
            let scores = |model: &Decoder| pollster::block_on(score(model, &sequences(), 64)).unwrap().concat();
            for (a, b) in scores(&model).iter().zip(&scores(&plain)) {
                assert!((a - b).abs() < 1e-5, "{family:?} {precision}: {a} and {b}");
            }
            // What is written is what was computed with.
            let written = pollster::block_on(to_bytes(&model, Precision::F32)).unwrap();
            let again = from_bytes(weights.0.clone(), &written, Path::new("x"), &cpu()).unwrap();
            assert_eq!(scores(&again), scores(&plain), "{family:?} {precision}");
        }
    }
}

/// An optimiser step on the sequences' log-probabilities.
fn step(policy: &Decoder, optimiser: &mut AdamW) -> (Decoder, Vec<Vec<f32>>) {
    let tracked = policy.tracked();
    let sequences = sequences();
    let batch = Batch::new(&sequences.iter().collect::<Vec<_>>(), &tracked.device());
    let loss = batch.token_logprobs(&tracked).mean().neg();
    let gradients = gradients(&tracked, &loss);
    let updated = optimiser.update(policy, gradients.clone(), 1.0, 1e-2);
    (updated, gradients.into_iter().map(read).collect())
}

fn adapters(model: &Decoder) -> Vec<Vec<f32>> {
    struct All(Vec<Vec<f32>>);
    impl Visitor for All {
        fn visit<const D: usize>(&mut self, _: &str, weight: &Tensor<D>) {
            self.0.push(read(weight.clone()));
        }
    }
    let mut all = All(Vec::new());
    model.weights().visit(&mut all);
    all.0
}

#[test]
fn adapters_learn_the_same_beside_packed_matrices_and_beside_the_numbers_they_stand_for() {
    let weights = weights(Family::Llama, true);
    for precision in [BasePrecision::F16, BasePrecision::Q8, BasePrecision::Q4] {
        let lora = LoraConfig { rank: 4, alpha: 8.0 };
        let base = packed(&weights, precision);
        let mut runs = [base.clone(), base.unpacked()]
            .map(|model| (model.with_adapters(lora, 7).unwrap(), AdamW::new(AdamWConfig::default())));
        for _ in 0..4 {
            let [ours, theirs] = runs.each_mut().map(|(policy, optimiser)| {
                let (updated, gradients) = step(policy, optimiser);
                *policy = updated;
                gradients
            });
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let size = theirs.iter().fold(0.0, |top: f32, value| top.max(value.abs()));
                for (a, b) in ours.iter().zip(theirs) {
                    assert!((a - b).abs() <= 1e-5 * size, "{precision}: {a} and {b}, of {size}");
                }
            }
        }
        let [ours, theirs] = &runs;
        assert!(ours.0.weights().has_packed());
        for (ours, theirs) in adapters(&ours.0).iter().zip(&adapters(&theirs.0)) {
            for (a, b) in ours.iter().zip(theirs) {
                assert!((a - b).abs() < 1e-5, "{precision}: {a} and {b}");
            }
        }
        // Without its adapters it is the reference, to the last bit.
        let scores = |model: &Decoder| pollster::block_on(score(model, &sequences(), 64)).unwrap().concat();
        assert_eq!(scores(&ours.0.without_adapters()), scores(&base));
        assert_ne!(scores(&ours.0), scores(&base));
    }
}

/// On whatever adapter there is, software ones included; without any the test says so.
#[test]
fn an_adapter_computes_the_same() {
    let Some(gpu) = crate::device::of_tests() else { return };
    let (config, bytes) = weights(Family::Llama, true);
    let run = |device: &Device| {
        let mut source = crate::model::MemorySource::new(&bytes);
        let base = from_source_in(config.clone(), &mut source, Path::new("x"), device, BasePrecision::Q4).unwrap();
        let policy = base.with_adapters(LoraConfig { rank: 4, alpha: 8.0 }, 7).unwrap();
        let mut optimiser = AdamW::new(AdamWConfig::default());
        let (policy, first) = step(&policy, &mut optimiser);
        let (_, second) = step(&policy, &mut optimiser);
        [first, second].concat()
    };
    for (ours, theirs) in run(&gpu).iter().zip(&run(&cpu())) {
        let size = theirs.iter().fold(0.0, |top: f32, value| top.max(value.abs()));
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() <= 1e-3 * size + 1e-7, "{a} and {b}, of {size}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let values = vec![1e6; 32];
    let told = |precision| Matrix::new(values.clone(), [1, 32], precision, &cpu(), (Path::new("x"), "a.weight"));
    let error = told(BasePrecision::F16).unwrap_err().to_string();
    assert!(error.contains("a.weight") && error.contains("1000000") && error.contains("f16"), "{error}");
    told(BasePrecision::Q8).unwrap();
}

#[test]
fn names_are_read_and_sizes_are_those_of_the_formats() {
    for precision in BasePrecision::ALL {
        assert_eq!(precision.to_string().parse::<BasePrecision>().unwrap(), precision);
    }
    let error = "int8".parse::<BasePrecision>().unwrap_err();
    assert!(error.contains("f32, f16, q8, q4"), "{error}");
    assert_eq!(BasePrecision::ALL.map(|precision| precision.bytes(64)), [256, 128, 68, 36]);
    assert_eq!(BasePrecision::Q4.bytes(1), 20, "a whole block, and its scale in a word");
}
