//! A real pretrained model against the reference values that came with it.

#![allow(clippy::unwrap_used)] // a failure here is a failed test

use std::path::PathBuf;

use selfsame_core::{
    device,
    learn::{Sequence, batch::score},
    model,
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/stories260K/hf_converted");
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("skipped: {} is absent", folder.display());
    None
}

#[test]
fn stories260k_reproduces_its_reference() {
    let Some(folder) = folder() else { return };
    let reference: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("reference.json")).unwrap()).unwrap();
    println!("{:?}", reference.as_object().unwrap().keys().collect::<Vec<_>>());
    let ids = |name: &str| -> Vec<u32> {
        reference[name].as_array().unwrap().iter().map(|v| v.as_u64().unwrap().try_into().unwrap()).collect()
    };
    let model = model::load(&folder, &device::cpu()).unwrap();
    let tokenizer = Tokenizer::load(&folder).unwrap();
    assert_eq!(tokenizer.encode(reference["prompt"].as_str().unwrap()).unwrap(), ids("prompt_ids"));
    let greedy = ids("greedy_ids_from_bos");
    let sampling = Sampling::greedy(greedy.len() - 1);
    let answers = pollster::block_on(generate(
        &model,
        &tokenizer,
        &Request { prompts: &[(0, vec![1])], samples: 1, sampling: &sampling, seed: 0, iteration: 0, batch: 8 },
    ))
    .unwrap();
    assert_eq!(answers[0][0].ids, greedy[1..]);
    let scores = pollster::block_on(score(&model, &[Sequence::completion(&greedy[..1], &greedy[1..])], 4096)).unwrap();
    for (a, b) in scores[0].iter().zip(&answers[0][0].logprobs) {
        assert!((a - b).abs() < 1e-4);
    }
}
