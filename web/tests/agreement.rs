//! What the processor computes natively, which the browser's devices are compared with.
//!
//! `SELFSAME_BLESS=1` writes those numbers anew.

#![allow(clippy::unwrap_used)] // a failure here is a failed test

use std::{fs, path::Path};

use selfsame_core::device::{
    self, Choice,
    agreement::{Difference, Figures, differences, figures},
};

#[test]
fn every_native_device_computes_what_the_browser_is_held_to() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/agreement.json");
    let cpu = pollster::block_on(figures("native CPU", &device::cpu())).unwrap();
    if std::env::var_os("SELFSAME_BLESS").is_some() {
        fs::write(&path, serde_json::to_string(&cpu).unwrap() + "\n").unwrap();
    }
    let expected: Vec<Figures> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_all_small(&differences(&cpu, &expected));

    let Ok(gpu) = device::select(Choice::Gpu) else {
        println!("skipped: there is no graphics adapter to compare with");
        return;
    };
    assert_all_small(&differences(&pollster::block_on(figures(&gpu.name, &gpu.device)).unwrap(), &expected));
}

fn assert_all_small(differences: &[Difference]) {
    for apart in differences {
        println!("{apart}");
        assert!(apart.is_small(), "{apart}");
    }
}
