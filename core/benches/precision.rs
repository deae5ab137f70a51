//! What keeping the frozen matrices in f16, q8 or q4 does to memory and to numbers, as tables. Not a gate.
//!
//! `cargo bench -p selfsame -p selfsame-core --bench precision`; `-- memory` or `-- numbers` prints one of
//! the tables alone. Memory is what Linux says of a process that does nothing else; the models there have random
//! weights, in a temporary folder of 1.3 GB. The numbers are those of stories260K, where it is in `shared/data`
//! beside or above the checkout.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss)] // a failure here is a failed bench

#[path = "precision/model.rs"]
mod model;
#[path = "precision/numbers.rs"]
mod numbers;
#[path = "precision/step.rs"]
mod step;

use std::process::Command;

use selfsame_core::model::BasePrecision;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [child, folder, precision] = arguments.as_slice()
        && child == step::CHILD
    {
        return step::run(folder.as_ref(), precision.parse().unwrap());
    }
    let wanted = |table: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == table);
    if wanted("memory") {
        memory();
    }
    if wanted("numbers") {
        numbers::table();
    }
}

/// The memory of a learning step for each model and precision, each in a process of its own.
fn memory() {
    println!(
        "| DPO step of adapters of rank 8, 2 pairs of 64 + 64 tokens | frozen matrices | model, MiB | at most while loading, MiB | at most while learning, MiB | planned, MiB | seconds a step |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, config) in [("SmolLM2-135M", model::smollm2()), ("Qwen2.5-0.5B", model::qwen2())] {
        let folder = std::env::temp_dir().join(format!("selfsame-bench-{name}"));
        model::write(&config, &folder);
        for precision in BasePrecision::ALL {
            let output = Command::new(std::env::current_exe().unwrap())
                .args([step::CHILD, folder.to_str().unwrap(), precision.name()])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            println!("| {name} | {precision} | {} |", String::from_utf8_lossy(&output.stdout).trim());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
