use std::path::Path;

use super::{
    super::{Layout, MemorySource, Visitor},
    *,
};
use crate::{
    device::{cpu, read_floats},
    learn::{AdamW, AdamWConfig, adamw::gradients},
};

fn model() -> Decoder {
    let mut config = Config::llama(16, 24, 2, 4, 2, 29);
    config.max_position_embeddings = 64;
    Decoder::random(config, 3, &[], &cpu())
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let tensor = if tensor.is_autodiff() { tensor.inner() } else { tensor };
    pollster::block_on(read_floats(tensor)).unwrap()
}

fn logits(model: &Decoder) -> Tensor<2> {
    let rows: [&[u32]; 2] = [&[3, 14, 15, 9, 2, 6], &[5, 3, 5, 8, 9, 7]];
    let (layout, _) = Layout::new(&rows.map(|row| (row, (0..row.len()).collect())), &model.device());
    model.logits(model.hidden(&layout))
}

fn gap(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Names and sizes, in the order of the walk.
fn names(model: &Decoder, all: bool) -> Vec<(String, usize)> {
    struct Names(Vec<(String, usize)>);
    impl Visitor for Names {
        fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
            self.0.push((name.to_owned(), weight.dims().iter().product()));
        }
    }
    let mut names = Names(Vec::new());
    if all {
        model.weights().visit_all(&mut names);
    } else {
        model.weights().visit(&mut names);
    }
    names.0
}

/// An adapted model that has learned something: three steps of the optimiser on some loss.
fn learned() -> Decoder {
    let mut policy = model().with_adapters(LoraConfig { rank: 4, alpha: 8.0 }, 7).unwrap();
    let mut optimiser = AdamW::new(AdamWConfig::default());
    for _ in 0..3 {
        let tracked = policy.tracked();
        let out = logits(&tracked);
        let loss = (out.clone() * out).mean();
        let gradients = gradients(&tracked, &loss);
        policy = optimiser.update(&policy, gradients, 1.0, 1e-2);
    }
    policy
}

#[test]
fn a_fresh_adapter_changes_nothing_and_its_numbers_are_as_pefts() {
    let plain = model();
    let adapted = plain.with_adapters(LoraConfig { rank: 4, alpha: 8.0 }, 7).unwrap();
    assert_eq!(read(logits(&plain)), read(logits(&adapted)));
    let adapter = adapted.weights().layers[1].down.adapter.clone().unwrap();
    assert_eq!((adapter.down.dims(), adapter.up.dims()), ([4, 24], [16, 4]));
    let values = read(adapter.down);
    let bound = 1.0 / 24.0_f32.sqrt();
    assert!(values.iter().all(|v| v.abs() <= bound) && values.iter().any(|v| v.abs() > 0.8 * bound));
    assert!(read(adapter.up).iter().all(|v| *v == 0.0));
}

#[test]
fn the_walk_comes_to_the_adapters_alone_and_to_everything_without_them() {
    let lora = LoraConfig { rank: 4, alpha: 8.0 };
    let plain = model();
    let adapted = plain.with_adapters(lora, 7).unwrap();
    assert_eq!(names(&plain, false), names(&plain, true));
    let trained = names(&adapted, false);
    assert_eq!(trained.len(), 2 * 7 * 2);
    assert!(trained.iter().all(|(name, _)| name.contains(".lora_")));
    assert_eq!(trained[0].0, "model.layers.0.self_attn.q_proj.lora_A.weight");
    assert_eq!(trained.iter().map(|(_, size)| size).sum::<usize>(), lora.parameters(plain.config()));
    assert_eq!(names(&adapted, true).len(), names(&plain, true).len() + trained.len());
    assert_eq!(names(&adapted.without_adapters(), false), names(&plain, false));
}

#[test]
fn learning_changes_the_adapters_and_nothing_else() {
    let before = model();
    let after = learned();
    assert!(gap(&read(logits(&before)), &read(logits(&after))) > 1e-3);
    assert_eq!(read(logits(&before)), read(logits(&after.without_adapters())), "the reference is what it was");
    // Only the adapters have gradients.
    let tracked = after.tracked();
    let graph = logits(&tracked).mean().backward();
    assert!(tracked.weights().embed.full().grad(&graph).is_none());
    assert!(tracked.weights().layers[0].query.weight.full().grad(&graph).is_none());
    let flat = gradients(&tracked, &logits(&tracked).mean());
    assert_eq!(flat.len(), 28);
    assert!(flat.into_iter().all(|g| read(g).iter().any(|v| *v != 0.0)));
}

#[test]
fn gradients_of_adapters_are_those_of_differences() {
    let policy = learned();
    let tracked = policy.tracked();
    let value = |model: &Decoder| {
        let out = logits(model);
        (out.clone() * out).mean()
    };
    let gradients = value(&tracked).backward();
    let layer = &tracked.weights().layers[0];
    for (index, linear) in [&layer.key, layer.gate.as_ref().unwrap(), &layer.down].into_iter().enumerate() {
        let adapter = linear.adapter.as_ref().unwrap();
        let exact = [read(adapter.down.grad(&gradients).unwrap())[5], read(adapter.up.grad(&gradients).unwrap())[5]];
        for (side, exact) in exact.into_iter().enumerate() {
            let at = |shift: f32| {
                let mut weights = policy.weights().clone();
                let layer = &mut weights.layers[0];
                let linear = match index {
                    0 => &mut layer.key,
                    1 => layer.gate.as_mut().unwrap(),
                    _ => &mut layer.down,
                };
                let adapter = linear.adapter.as_mut().unwrap();
                let weight = if side == 0 { &mut adapter.down } else { &mut adapter.up };
                let shape = weight.dims();
                let mut values = read(weight.clone());
                values[5] += shift;
                *weight = Tensor::from_data(TensorData::new(values, shape), &cpu());
                read(value(&policy.with_weights(weights)))[0]
            };
            let difference = (at(0.05) - at(-0.05)) / 0.1;
            assert!(
                (exact - difference).abs() < 2e-2 * exact.abs() + 1e-5,
                "projection {index}, side {side}: {exact} and {difference}"
            );
        }
    }
}

#[test]
fn merged_and_laid_out_it_is_the_same_model() {
    let adapted = learned();
    let expected = read(logits(&adapted));
    let merged = adapted.merged();
    assert!(merged.adapters().is_none() && !merged.weights().has_adapters());
    assert!(gap(&expected, &read(logits(&merged))) < 1e-5);
    assert!(gap(&expected, &read(logits(&adapted.laid_out()))) < 1e-5);
}

#[test]
fn an_adapter_that_is_written_is_read_as_the_same() {
    let adapted = learned();
    let bytes = pollster::block_on(adapter_to_bytes(&adapted)).unwrap();
    let config = adapter_config(&adapted, "/models/base").unwrap().to_string();
    let folder = Path::new("somewhere");
    assert_eq!(base_of_adapter(&config, folder).unwrap(), "/models/base");
    let again = adapter_from_source(&model(), &config, &mut MemorySource::new(&bytes), folder).unwrap();
    assert_eq!(again.adapters(), adapted.adapters());
    assert_eq!(read(logits(&again)), read(logits(&adapted)));
    assert_eq!(pollster::block_on(adapter_to_bytes(&again)).unwrap(), bytes);
    assert!(pollster::block_on(adapter_to_bytes(&model())).is_err());

    let refused = |config: &str, base: &Decoder| {
        adapter_from_source(base, config, &mut MemorySource::new(&bytes), folder).unwrap_err().to_string()
    };
    for (key, value) in [
        ("peft_type", serde_json::json!("IA3")),
        ("use_dora", serde_json::json!(true)),
        ("bias", serde_json::json!("all")),
        ("modules_to_save", serde_json::json!(["lm_head"])),
        ("rank_pattern", serde_json::json!({"q_proj": 2})),
        ("r", serde_json::json!(0)),
        ("lora_alpha", serde_json::json!(-1.0)),
    ] {
        let mut changed: serde_json::Value = serde_json::from_str(&config).unwrap();
        changed[key] = value;
        let error = refused(&changed.to_string(), &model());
        assert!(error.contains(if key == "r" { "rank" } else { key.trim_start_matches("lora_") }), "{key}: {error}");
    }
    let mut wider: serde_json::Value = serde_json::from_str(&config).unwrap();
    wider["r"] = 5.into();
    assert!(refused(&wider.to_string(), &model()).contains("lora_A"));
    let mut shallow = Config::llama(16, 24, 1, 4, 2, 29);
    shallow.max_position_embeddings = 64;
    assert!(refused(&config, &Decoder::random(shallow, 3, &[], &cpu())).contains("model.layers.1."));
}

#[test]
fn settings_are_read_and_checked() {
    assert_eq!("8".parse::<LoraConfig>().unwrap(), LoraConfig { rank: 8, alpha: 16.0 });
    assert_eq!("4:2.5".parse::<LoraConfig>().unwrap(), LoraConfig { rank: 4, alpha: 2.5 });
    for bad in ["", "0", "-1", "8:", "8:0", "8:-3", "8:inf", ":8", "eight", "8:16:2"] {
        assert!(bad.parse::<LoraConfig>().is_err(), "{bad}");
    }
    assert!(model().with_adapters(LoraConfig { rank: 17, alpha: 1.0 }, 1).is_err());
    let mut config = Config::llama(16, 24, 2, 4, 4, 29);
    config.model_type = Family::Gpt2;
    let error = Decoder::random(config, 1, &[], &cpu()).with_adapters(LoraConfig { rank: 2, alpha: 1.0 }, 1);
    assert!(error.unwrap_err().to_string().contains("GPT-2"));
}
