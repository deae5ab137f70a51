//! How many ads a second Henry rates with the starter of ads.

use std::path::Path;

use selfsame_core::{
    device,
    judge::Henry,
    model,
    recipe::self_rewarding::seed_ads::TEMPLATE,
    text::Tokenizer,
    world::ads::{Study, StudyConfig},
};

use super::clock::take_turns;

/// Ads rated at once.
const ADS: usize = 512;

/// Prints the table.
pub fn table() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/starter-ads"));
    let (model, tokenizer) = (model::load(folder, &device::cpu()).unwrap(), Tokenizer::load(folder).unwrap());
    let henry = Henry::new(TEMPLATE, &tokenizer).unwrap();
    let study = Study::run(&StudyConfig { ads: ADS, ..StudyConfig::default() });
    let read: Vec<Vec<u32>> = study
        .ads
        .iter()
        .map(|studied| format!("{} {}", studied.brief.prompt(), studied.ad.tokens()))
        .map(|text| henry.read(&text, usize::MAX, &tokenizer).unwrap())
        .collect();
    let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
    let tokens = read.iter().map(|text| text.len()).sum::<usize>() as f64 / read.len() as f64;
    let rate = |budget: usize| {
        let scores = pollster::block_on(henry.score(&model, &read, budget)).unwrap();
        assert_eq!(scores.len(), read.len());
    };
    let budgets = [1024, 4096, 16_384];
    let costs = take_turns(4, 1, &mut [&mut || rate(budgets[0]), &mut || rate(budgets[1]), &mut || rate(budgets[2])]);
    println!("| rating {} ads of {tokens:.0} tokens | ads a second | ads a second of CPU |", read.len());
    println!("|---|---|---|");
    for (budget, cost) in budgets.iter().zip(&costs) {
        println!(
            "| {budget} tokens in one pass | {:.0} | {:.0} |",
            read.len() as f64 / cost.wall,
            read.len() as f64 / cost.cpu
        );
    }
}
