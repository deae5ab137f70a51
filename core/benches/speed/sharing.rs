//! What is computed once instead of several times, and without padding: tokens and time of the same work with it and
//! without, on a Llama of 4.3 million weights on the CPU.

use std::collections::HashMap;

use selfsame_core::{
    device::{self, read_floats},
    learn::{
        Batch, LearnConfig, Objective, Sequence, Trainer,
        loss::PairObjective,
        tune::{ReferenceCache, Task, Tune, TuneConfig},
    },
    model::{Config, Decoder},
    prompt::dataset::TokenRow,
    sample::{Request, Sampling, generate},
    text::Tokenizer,
    world::rules,
};

use super::{
    clock::{Cost, take_turns},
    reference,
};

/// Rounds, whose medians are printed, and runs in each.
const ROUNDS: usize = 5;
const REPEATS: u32 = 3;

/// Tokens of a prompt and of an answer.
const PROMPT: usize = 64;
const ANSWER: usize = 24;

/// Answers to a prompt.
const ANSWERS: usize = 8;

/// Prints the table.
pub fn table() {
    println!("\n| work | tokens without | tokens with | CPU ms without | CPU ms with |");
    println!("|---|---|---|---|---|");
    let mut config = Config::llama(256, 448, 4, 8, 4, 4096);
    config.eos_token_id = None;
    let model = Decoder::random(config, 1, &[], &device::cpu());
    samples(&model);
    prefixes(&model);
    padding(&model);
    references(&model);
    cached(&model);
    readings(&model);
}

fn print(name: &str, tokens: [usize; 2], [without, with]: [&mut dyn FnMut(); 2]) {
    let costs = take_turns(ROUNDS, REPEATS, &mut [without, with]);
    let time = |cost: &Cost| 1e3 * cost.cpu;
    println!("| {name} | {} | {} | {:.1} | {:.1} |", tokens[0], tokens[1], time(&costs[0]), time(&costs[1]));
}

/// Rows scored one way and the other.
fn scored(model: &Decoder, name: &str, [without, with]: [&[Sequence]; 2]) {
    let score = |rows: &[Sequence]| {
        std::hint::black_box(reference(model, rows));
    };
    print(name, [computed(without), computed(with)], [&mut || score(without), &mut || score(with)]);
}

/// Tokens that differ for each `item` from its first on.
fn tokens(item: usize, count: usize) -> Vec<u32> {
    (0..count).map(|at| u32::try_from(9 + (item * 977 + at * 31 + item * at) % 300).unwrap()).collect()
}

/// All answers to a prompt, against as many prompts of which no two begin alike.
fn samples(model: &Decoder) {
    let tokenizer = Tokenizer::parse(&rules::tokenizer_json()).unwrap();
    let sampling = Sampling { max_new_tokens: ANSWER, ..Sampling::default() };
    let draw = |prompts: &[(u64, Vec<u32>)], samples: usize| {
        let request = Request { prompts, samples, sampling: &sampling, seed: 1, iteration: 0, batch: ANSWERS };
        // Words that the tokenizer does not have are drawn as well as any.
        let _ = pollster::block_on(generate(model, &tokenizer, &request));
    };
    let one = [(0, tokens(0, PROMPT))];
    let apart: Vec<(u64, Vec<u32>)> = (0..ANSWERS).map(|item| (item as u64, tokens(item, PROMPT))).collect();
    print(
        "prompt of 64 tokens read once for its 8 samples of 24",
        [ANSWERS * (PROMPT + ANSWER), PROMPT + ANSWERS * ANSWER],
        [&mut || draw(&apart, 1), &mut || draw(&one, ANSWERS)],
    );
}

/// Rows that begin with the same tokens, and the same rows with other first tokens.
fn prefixes(model: &Decoder) {
    let rows = |same: bool, shared: usize, own: usize| -> Vec<Sequence> {
        (0..ANSWERS)
            .map(|item| {
                let mut prompt = tokens(0, shared);
                prompt[0] = if same { 9 } else { u32::try_from(9 + item).unwrap() };
                Sequence::completion(&prompt, &tokens(100 + item, own))
            })
            .collect()
    };
    for (name, shared, own) in [
        ("question of a judge read once for 8 answers", 2 * PROMPT, ANSWER),
        ("prompt read once for 8 answers that are scored", PROMPT, ANSWER),
    ] {
        let [apart, shared] = [rows(false, shared, own), rows(true, shared, own)];
        scored(model, name, [&apart, &shared]);
    }
}

/// Rows of 16 to 128 tokens behind one another, against rows that are all as long as the longest.
fn padding(model: &Decoder) {
    let rows = |longest: bool| -> Vec<Sequence> {
        (1..=ANSWERS)
            .map(|item| {
                let length = 16 * if longest { ANSWERS } else { item };
                Sequence::completion(&tokens(item, length / 2), &tokens(100 + item, length / 2))
            })
            .collect()
    };
    let [padded, packed] = [rows(true), rows(false)];
    scored(model, "8 rows of 16 to 128 tokens without padding", [&padded, &packed]);
}

/// Log-probabilities of the reference for pairs of the policy's own answers: scored, and as they came with them. What
/// drawing said is kept by a row's tokens and the number that are its answer's, as a run keeps it, and looked up.
fn references(model: &Decoder) {
    let pairs: Vec<Sequence> =
        (0..8).map(|row| Sequence::completion(&tokens(row % 4, PROMPT), &tokens(100 + row, PROMPT))).collect();
    let drawn = reference(model, &pairs);
    let key = |row: &Sequence| (row.tokens.clone(), row.labels.len());
    print(
        "reference of 4 pairs from drawing them",
        [computed(&pairs), 0],
        [
            &mut || {
                reference(model, &pairs);
            },
            &mut || {
                let kept: HashMap<_, f32> = pairs.iter().map(key).zip(drawn.iter().copied()).collect();
                let found: Vec<f32> = pairs.iter().map(|row| kept[&key(row)]).collect();
                assert_eq!(found, drawn);
            },
        ],
    );
}

/// Getting ready to fine-tune on 16 pairs whose reference nobody has computed yet, and on those of an earlier run.
fn cached(model: &Decoder) {
    let rows: Vec<TokenRow> = (0..16)
        .map(|row| TokenRow {
            prompt: tokens(row, PROMPT),
            answers: vec![tokens(100 + row, ANSWER), tokens(200 + row, ANSWER)],
            ..TokenRow::default()
        })
        .collect();
    let sequences: Vec<Sequence> = rows.iter().flat_map(|row| [row.sequence(0), row.sequence(1)]).collect();
    let folder = tempfile::tempdir().unwrap();
    let cache = ReferenceCache::new(folder.path(), "the model of this table");
    let ready = |cache: Option<&ReferenceCache>| {
        let task = Task::Pairs(PairObjective::default());
        let tune = Tune::new(TuneConfig::default(), task, model.clone(), &rows, cache);
        std::hint::black_box(pollster::block_on(tune).unwrap());
    };
    // The earlier run.
    ready(Some(&cache));
    print(
        "ready to learn from 16 pairs, reference from disk",
        [computed(&sequences), 0],
        [&mut || ready(None), &mut || ready(Some(&cache))],
    );
}

/// A step of four forward passes whose losses are read one by one, and all at once at its end. On the CPU a reading
/// waits for nothing, so that the two are near each other; on adapters each waits for the device.
fn readings(model: &Decoder) {
    let rows: Vec<Sequence> =
        (0..4).map(|row| Sequence::completion(&tokens(row, PROMPT), &tokens(100 + row, ANSWER))).collect();
    let batch: Vec<usize> = (0..rows.len()).collect();
    let config = LearnConfig { micro_batch: 1, warmup: 0.0, ..LearnConfig::default() };
    let step = |each: bool| {
        let objective = |tracked: &Decoder, micro: &[usize]| {
            let members: Vec<&Sequence> = micro.iter().map(|row| &rows[*row]).collect();
            let loss = Batch::new(&members, &tracked.device()).sequence_logprobs(tracked).mean().neg();
            if each {
                std::hint::black_box(pollster::block_on(read_floats(loss.clone().inner()))?);
            }
            Ok(Objective { loss, metrics: Vec::new(), items: Vec::new() })
        };
        let taken = pollster::block_on(Trainer::new(config, 1).step(model, &batch, 0, objective)).unwrap();
        std::hint::black_box(taken);
    };
    print("step of 4 forward passes read once", [computed(&rows); 2], [&mut || step(true), &mut || step(false)]);
}

fn computed(rows: &[Sequence]) -> usize {
    Batch::new(&rows.iter().collect::<Vec<_>>(), &device::cpu()).computed()
}
