//! The proof natively, against the numbers that the browser is held to.
//!
//! `SELFSAME_BLESS=1` writes those numbers anew, which a new starter model makes necessary.

#![allow(clippy::unwrap_used)] // a failure here is a failed test

use std::{fs, path::Path};

use selfsame_web::proof::{ModelFiles, Proof, compare, proof};

#[test]
fn the_native_numbers_are_the_expected_ones() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let starter = root.join("../assets/starter");
    let config = fs::read_to_string(starter.join("config.json")).unwrap();
    let tokenizer = fs::read_to_string(starter.join("tokenizer.json")).unwrap();
    let weights = fs::read(starter.join("model.safetensors")).unwrap();
    let files = ModelFiles { config: &config, tokenizer: &tokenizer, weights: &weights };
    let got = pollster::block_on(proof(&files, &selfsame_core::device::cpu())).unwrap();

    // The policy is its own reference: the loss is ln 2 before the step, and a step lowers it.
    assert!((f64::from(got.loss) - std::f64::consts::LN_2).abs() < 1e-5, "{}", got.loss);
    assert!(got.loss_after < got.loss);
    assert_eq!(got.scores.len(), 8);

    let path = root.join("harness/expected.json");
    if std::env::var_os("SELFSAME_BLESS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&got).unwrap() + "\n").unwrap();
    }
    let expected: Proof = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    compare(&got, &expected).unwrap();
    assert_eq!(got.sampled, expected.sampled);
}
