//! What a graphics adapter makes of a run's phases: how much is saved by reading tokens in blocks, and the share of
//! the adapter's own peaks that each phase achieves, measured in the same process.

use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use selfsame_core::{
    device::{self, Choice, readings},
    learn::{Batch, Sequence, batch::score},
    model::{Config, Decoder},
    sample::{Drawing, Request, Sampling, generate_by},
    text::Tokenizer,
    world::rules,
};
use selfsame_shaders::linear;

use super::{
    Stepper,
    clock::{Cost, take_turns},
    parts::{self, force},
    read_pairs,
};

/// Rounds, whose medians are printed.
const ROUNDS: usize = 2;
/// Answers drawn together, and tokens of each.
const SAMPLES: usize = 8;
const TOKENS: usize = 16;
/// Seconds that a measurement of a peak takes at least.
const LONG_ENOUGH: f64 = 0.1;

/// Prints what reading in blocks saves and what the parts take, or why there is nothing to print.
pub fn table() {
    if let Some(device) = adapter() {
        blocks(&device);
        super::sharing::readings(&device);
        parts::table_of_adapter(&device);
    }
}

/// The adapter, with its name printed; where there is none, why.
fn adapter() -> Option<Device> {
    let selected = device::select(Choice::Gpu).inspect_err(|error| println!("\nno table of adapters: {error}")).ok()?;
    let rehearsal = device::adapters().iter().all(|adapter| adapter.software);
    println!("\n{}", selected.name);
    if rehearsal {
        println!("An adapter in software ranks ways to compute; it does not predict a GPU.");
    }
    Some(selected.device)
}

fn tokenizer() -> Tokenizer {
    Tokenizer::parse(&rules::tokenizer_json()).unwrap()
}

/// Draws answers of a fixed length to a prompt of `prompt` tokens.
fn draw(model: &Decoder, tokenizer: &Tokenizer, prompt: usize, drawing: Drawing) {
    let prompts = [(0, (0..prompt).map(|t| u32::try_from(3 + t).unwrap()).collect())];
    let sampling = Sampling { top_p: 0.95, max_new_tokens: TOKENS, ..Sampling::default() };
    let request =
        Request { prompts: &prompts, samples: SAMPLES, sampling: &sampling, seed: 1, iteration: 0, batch: SAMPLES };
    pollster::block_on(generate_by(model, tokenizer, &request, drawing)).unwrap();
}

/// Logits read for every token beside tokens read in blocks, with a small vocabulary and with a large one.
fn blocks(device: &Device) {
    println!(
        "\n| {SAMPLES} answers of {TOKENS} tokens, top-p 0.95 | readings | wall ms | CPU ms | wall, of the first |"
    );
    println!("|---|---|---|---|---|");
    let tokenizer = tokenizer();
    for vocabulary in [tokenizer.size(), 49_152] {
        let mut config = Config::llama(160, 448, 4, 4, 2, vocabulary);
        // No stop token: every answer has its full length.
        config.eos_token_id = None;
        let model = Decoder::random(config, 1, &[], device);
        let ways = [Drawing::OnHost, Drawing::InBlocks(8), Drawing::InBlocks(16)];
        // Ids beyond the tokenizer's have no text.
        let own = if vocabulary == tokenizer.size() { tokenizer.clone() } else { spelt(vocabulary) };
        let mut read = [0; 3];
        let [a, b, c] = &mut read;
        let timed = |count: &mut u64, way: Drawing| {
            let before = readings();
            draw(&model, &own, 24, way);
            *count = readings() - before;
        };
        let costs = take_turns(
            ROUNDS,
            1,
            &mut [&mut || timed(a, ways[0]), &mut || timed(b, ways[1]), &mut || timed(c, ways[2])],
        );
        for ((way, cost), read) in ways.iter().zip(&costs).zip(read) {
            let name = match way {
                Drawing::OnHost => "logits read for every token".to_owned(),
                Drawing::InBlocks(block) => format!("drawn on the adapter, blocks of {block}"),
            };
            println!(
                "| {name}, vocabulary of {vocabulary} | {read} | {:.0} | {:.0} | {:.2} |",
                cost.wall * 1e3,
                cost.cpu * 1e3,
                cost.wall / costs[0].wall
            );
        }
    }
}

/// A tokenizer of so many words.
pub fn spelt(vocabulary: usize) -> Tokenizer {
    let mut json: serde_json::Value = serde_json::from_str(&rules::tokenizer_json()).unwrap();
    let words = json["model"]["vocab"].as_object_mut().unwrap();
    for id in words.len()..vocabulary {
        words.insert(format!("w{id}"), id.into());
    }
    Tokenizer::parse(&json.to_string()).unwrap()
}

/// Seconds of the fastest of some runs that together take long enough, after one that does not count. A run returns
/// something of which a number is then read.
fn fastest<const D: usize>(mut run: impl FnMut() -> Tensor<D>) -> f64 {
    let mut timed = || {
        let start = Instant::now();
        force(run());
        start.elapsed().as_secs_f64()
    };
    timed();
    let (mut best, mut all) = (f64::INFINITY, 0.0);
    for round in 0.. {
        let seconds = timed();
        (best, all) = (best.min(seconds), all + seconds);
        if round >= 4 && all >= LONG_ENOUGH {
            break;
        }
    }
    best
}

/// GFLOP/s of the fastest product of large matrices, burn's or ours, and their size: up to the first that takes
/// long, or 4,096.
fn matmul_peak(device: &Device) -> (f64, usize) {
    let mut best = (0.0, 0);
    for size in [512, 1024, 2048, 4096] {
        let [a, b] = [(); 2].map(|()| Tensor::<2>::random([size, size], Distribution::Default, device));
        let theirs = fastest(|| a.clone().matmul(b.clone().transpose()));
        let ours = fastest(|| linear(a.clone(), b.clone()));
        let rate = |seconds: f64| 2.0 * (size as f64).powi(3) / seconds / 1e9;
        println!("A product of {size} x {size} matrices: burn's {:.1} GFLOP/s, ours {:.1}.", rate(theirs), rate(ours));
        let seconds = theirs.min(ours);
        best = if rate(seconds) > best.0 { (rate(seconds), size) } else { best };
        if theirs.max(ours) > LONG_ENOUGH {
            break;
        }
    }
    best
}

/// GB/s that a large copy reads and writes: 64 MiB, which no cache of a GPU holds and every binding does.
fn copy_peak(device: &Device) -> f64 {
    let count = 1 << 24;
    let values = Tensor::<1>::random([count], Distribution::Default, device);
    let seconds = fastest(|| values.clone() + 1.0);
    2.0 * 4.0 * f64::from(count) / seconds / 1e9
}

/// What a phase has to compute, and the fewest bytes that it has to move: weights, caches, an optimiser's moments.
struct Work {
    name: String,
    flops: f64,
    bytes: f64,
}

/// The work of a model by the usual count: two operations for a weight of a matrix and a token, and those of
/// attention, for tokens that stand where `positions` say and of which `labels` go through the head.
fn flops(config: &Config, positions: impl Iterator<Item = usize>, labels: usize) -> f64 {
    let tables = if config.tie_word_embeddings { 1 } else { 2 };
    let head = config.vocab_size * config.hidden_size;
    let blocks = config.parameters() - tables * head;
    let of_scores = 4 * config.num_hidden_layers * config.num_attention_heads * config.head_width();
    let tokens = positions.map(|position| (2 * blocks + of_scores * (position + 1)) as f64);
    tokens.sum::<f64>() + 2.0 * (head * labels) as f64
}

/// Prints each phase's share of the peaks, with the model and the pairs of the table of steps.
pub fn shares() {
    let Some(device) = &adapter() else { return };
    println!();
    let (product, size) = matmul_peak(device);
    let copy = copy_peak(device);
    println!("\nPeaks: a product of {size} x {size} matrices {product:.1} GFLOP/s, a copy of 64 MiB {copy:.1} GB/s.");
    let mut config = Config::llama(256, 448, 4, 8, 4, 4096);
    config.tie_word_embeddings = false;
    config.eos_token_id = None;
    let model = Decoder::random(config.clone(), 1, &[], device);
    let weights = 4.0 * config.parameters() as f64;
    let prompt = 64;
    let pairs = read_pairs(&std::env::temp_dir().join("selfsame-bench-trl"));
    let sequences: Vec<Sequence> =
        (0..2).flat_map(|side| pairs.iter().map(move |pair| Sequence::completion(&pair[0], &pair[1 + side]))).collect();
    let batch = Batch::new(&sequences.iter().collect::<Vec<_>>(), device);
    let labels: usize = sequences.iter().map(|s| s.labels.len()).sum();

    let drawn = (prompt..prompt + TOKENS - 1).flat_map(|position| [position; SAMPLES]);
    let spans: usize = (prompt..prompt + TOKENS - 1).sum();
    let cache = (8 * config.num_hidden_layers * config.kv_heads() * config.head_width() * SAMPLES * spans) as f64;
    let answers = || sequences.iter().flat_map(|s| prompt..s.tokens.len());
    let prompts = || (0..pairs.len()).flat_map(|_| 0..prompt);
    let forward = flops(&config, prompts().chain(answers()), labels);
    let work = [
        Work {
            name: format!("sample: {SAMPLES} answers of {TOKENS} tokens to a prompt of {prompt}"),
            flops: flops(&config, (0..prompt).chain(drawn), 1 + SAMPLES * (TOKENS - 1)),
            bytes: weights * TOKENS as f64 + cache,
        },
        Work { name: format!("score: {} tokens", batch.computed()), flops: forward, bytes: weights },
        // Backward costs twice as much; AdamW reads four numbers a weight and writes three.
        Work { name: format!("step: {} tokens", batch.computed()), flops: 3.0 * forward, bytes: 10.0 * weights },
    ];
    let (tokenizer, mut stepper) = (spelt(config.vocab_size), Stepper::new(&model, &sequences));
    let costs = take_turns(
        ROUNDS,
        1,
        &mut [
            &mut || draw(&model, &tokenizer, prompt, Drawing::suited(&model, None)),
            &mut || drop(pollster::block_on(score(&model, &sequences, usize::MAX)).unwrap()),
            &mut || {
                stepper.step();
                device.sync().unwrap();
            },
        ],
    );
    println!(
        "\n| {} weights | wall ms | GFLOP | GFLOP/s | of the product's | least MB | GB/s | of the copy's |",
        config.parameters()
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (Work { name, flops, bytes }, Cost { wall, .. }) in work.iter().zip(&costs) {
        let (flops, bytes) = (flops / 1e9, bytes / 1e9);
        let (rate, moved) = (flops / wall, bytes / wall);
        println!(
            "| {name} | {:.0} | {flops:.2} | {rate:.2} | {:.1} % | {:.0} | {moved:.2} | {:.1} % |",
            wall * 1e3,
            100.0 * rate / product,
            1e3 * bytes,
            100.0 * moved / copy
        );
    }
}
