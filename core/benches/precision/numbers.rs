//! How much the log-probabilities of a small trained model move.

use std::path::Path;

use selfsame_core::{
    device,
    learn::{Sequence, batch::score},
    model::{self, BasePrecision},
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};

pub fn table() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let Some(folder) = above.map(|f| f.join("shared/data/stories260K/hf_converted")).find(|f| f.exists()) else {
        println!("\nskipped: there is no `shared/data/stories260K` beside or above the checkout");
        return;
    };
    let cpu = device::cpu();
    let tokenizer = Tokenizer::load(&folder).unwrap();
    let full = model::load(&folder, &cpu).unwrap();
    // What the model says by itself, at temperature 1.
    let sampling = Sampling { max_new_tokens: 128, ..Sampling::default() };
    let request =
        Request { prompts: &[(0, vec![1])], samples: 64, sampling: &sampling, seed: 1, iteration: 0, batch: 64 };
    let answers = pollster::block_on(generate(&full, &tokenizer, &request)).unwrap();
    let sequences: Vec<Sequence> = answers[0].iter().map(|answer| Sequence::completion(&[1], &answer.ids)).collect();
    let score = |precision| -> Vec<f64> {
        let model = model::load_in(&folder, &cpu, precision).unwrap();
        let scores = pollster::block_on(score(&model, &sequences, 4096)).unwrap();
        scores.into_iter().flatten().map(f64::from).collect()
    };
    let exact = score(BasePrecision::F32);
    println!(
        "\n| stories260K, {} tokens that it drew | nats a token | mean change | mean size of it | largest |",
        exact.len()
    );
    println!("|---|---|---|---|---|");
    for precision in BasePrecision::ALL {
        let scores = score(precision);
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / exact.len() as f64;
        let changes: Vec<f64> = scores.iter().zip(&exact).map(|(a, b)| a - b).collect();
        println!(
            "| {precision} | {:.4} | {:+.5} | {:.5} | {:.4} |",
            -mean(&mut scores.iter().copied()),
            mean(&mut changes.iter().copied()),
            mean(&mut changes.iter().map(|change| change.abs())),
            changes.iter().fold(0.0, |top: f64, change| top.max(change.abs()))
        );
    }
}
