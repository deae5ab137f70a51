//! What is computed once instead of several times, and without padding: tokens and time of the same work with it and
//! without, on a Llama of 4.3 million weights on the CPU.

use burn::tensor::Device;
use selfsame_core::{
    device::{self, read_floats},
    learn::{
        Batch, LearnConfig, Objective, Sequence, Trainer,
        loss::{PairObjective, soft_logistic},
        tune::{ReferenceCache, Task, Tune, TuneConfig},
    },
    model::{BasePrecision, Config, Decoder},
    prompt::{Prompt, dataset::TokenRow},
    run::{Lab, Manifest, Memory, Options, Pace, PairBatch, Phase, Replay, Setup, Silent, Snapshot, Source, Subject},
    sample::{Request, Sampling, generate},
    select::round_robin,
    text::Tokenizer,
    world::rules,
};

use super::{
    adapter::spelt,
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
    let model = model(&device::cpu());
    samples(&model);
    prefixes(&model);
    padding(&model);
    references(&model);
    cached(&model);
    readings(&device::cpu());
}

/// The model, none of whose answers ends before its length.
fn model(device: &Device) -> Decoder {
    let mut config = Config::llama(256, 448, 4, 8, 4, 4096);
    config.eos_token_id = None;
    Decoder::random(config, 1, &[], device)
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

/// A phase of learning from pairs of the policy's own answers, whose reference is the policy that drew them: scored, and
/// as it came with drawing. The base is the same model, of which a run records nothing; answers are drawn before the
/// clock runs.
fn references(model: &Decoder) {
    let tokenizer = spelt(model.config().vocab_size);
    let word = |item: usize, at: usize| format!("w{}", 1000 + (977 * item + 31 * at) % 3000);
    let prompt = |item: usize| {
        // The tokenizer begins every text with a token of its own.
        let words: Vec<String> = (1..PROMPT).map(|at| word(item, at)).collect();
        Prompt { id: item.to_string(), text: words.join(" ") }
    };
    let prompts: Vec<Prompt> = (0..4).map(prompt).collect();
    let sampling = Sampling { max_new_tokens: PROMPT, ..Sampling::default() };
    let [(mut anew, pairs), (mut drawn, _)] = [(); 2].map(|()| {
        let mut lab = lab(model, &tokenizer);
        lab.begin(1);
        let answers = pollster::block_on(lab.sample(&prompts, 2, &sampling)).unwrap();
        (lab, round_robin(&answers))
    });
    let rows: Vec<Sequence> = pairs
        .iter()
        .flat_map(|pair| pair.answers.each_ref().map(|answer| Sequence::completion(&pair.ids, &answer.ids)))
        .collect();
    let learn = |lab: &mut Lab, against: Snapshot| {
        let objective = |batch: &PairBatch<'_>, _: &Phase<'_>| {
            batch.preference(against, 0.1, |delta| soft_logistic(delta.clone(), delta.ones_like()))
        };
        pollster::block_on(lab.learn_pairs(&LearnConfig::default(), Replay::NONE, &pairs, &[against], objective))
            .unwrap();
    };
    print(
        "phase of a step on 4 pairs, reference from drawing them",
        [2 * computed(&rows), computed(&rows)],
        [&mut || learn(&mut anew, Snapshot::Base), &mut || learn(&mut drawn, Snapshot::Start)],
    );
}

/// A run in memory whose base is the policy itself.
fn lab(model: &Decoder, tokenizer: &Tokenizer) -> Lab {
    let manifest = Manifest {
        version: String::new(),
        recipe: "sharing".to_owned(),
        seed: 1,
        device: "cpu".to_owned(),
        model: String::new(),
        model_sha256: String::new(),
        base: String::new(),
        base_sha256: String::new(),
        lora: None,
        base_precision: BasePrecision::F32,
        gradient_checkpointing: false,
        source: Source::File { path: String::new(), sha256: String::new() },
        chat: None,
        options: Options::default(),
        parameters: toml::Table::new(),
        judges: Vec::new(),
    };
    let subject = Subject { model: model.clone(), base: model.clone(), tokenizer: tokenizer.clone() };
    let (store, observer) = (Box::<Memory>::default(), Box::new(Silent));
    let (world, rows, pace) = (None, Vec::new(), Pace::default());
    Lab::open(Setup { manifest, subject, world, rows, store, observer, pace }).unwrap()
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

/// Prints a table of its own: a step of four forward passes whose losses are read one by one, and all at once at its
/// end. On the CPU a reading waits for nothing, so that the two are near each other; on adapters each waits for the
/// device, and the time is that on the wall.
pub fn readings(device: &Device) {
    let model = model(device);
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
        let taken = pollster::block_on(Trainer::new(config, 1).step(&model, &batch, 0, objective)).unwrap();
        std::hint::black_box(taken);
        device.sync().unwrap();
    };
    println!("\n| step of 4 forward passes | wall ms | CPU ms |");
    println!("|---|---|---|");
    let costs = take_turns(ROUNDS, REPEATS, &mut [&mut || step(true), &mut || step(false)]);
    for (name, cost) in ["losses read one by one", "losses read at its end"].iter().zip(&costs) {
        println!("| {name} | {:.1} | {:.1} |", 1e3 * cost.wall, 1e3 * cost.cpu);
    }
}

fn computed(rows: &[Sequence]) -> usize {
    Batch::new(&rows.iter().collect::<Vec<_>>(), &device::cpu()).computed()
}
