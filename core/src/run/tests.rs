use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{event::SCHEMA, log::parse, *};
use crate::{
    device,
    judge::{Form, JudgePrompt},
    learn::{LearnConfig, Sequence},
    measure::oracle::OracleKey,
    model::{BasePrecision, Config, Decoder},
    prompt::Prompt,
    recipe::starter::judgement_sequence,
    rng::{Purpose, Stream},
    select::{Origin, Pair},
    text::Tokenizer,
    world::{
        Demonstration, Grade, Judgement, Split, World,
        rules::{Rules, tokenizer_json},
    },
};

/// Rules, which counts how often its judgements are made.
#[derive(Default)]
struct Counting(Arc<AtomicUsize>);

impl World for Counting {
    fn name(&self) -> &'static str {
        Rules.name()
    }

    fn prompts(&self, seed: u64, split: Split, count: usize) -> Vec<Prompt> {
        Rules.prompts(seed, split, count)
    }

    fn judge_prompts(&self) -> Vec<JudgePrompt> {
        Rules.judge_prompts()
    }

    fn language(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        Rules.language(seed, count)
    }

    fn demonstrations(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        Rules.demonstrations(seed, count)
    }

    fn judgements(&self, seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Rules.judgements(seed, count, noise)
    }

    fn preferences(&self, seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)> {
        Rules.preferences(seed, count, noise)
    }

    fn grade(&self, key: &OracleKey, prompt: &str, answer: &str) -> Grade {
        Rules.grade(key, prompt, answer)
    }
}

/// A lab of a new run with a random model.
fn lab(world: Counting) -> Lab {
    let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
    let model = Decoder::random(Config::llama(32, 64, 2, 4, 2, tokenizer.size()), 1, &[], &device::cpu());
    let manifest = Manifest {
        version: "test".to_owned(),
        recipe: "test".to_owned(),
        seed: 7,
        device: "cpu".to_owned(),
        model: "model".to_owned(),
        model_sha256: "00".to_owned(),
        base: "base".to_owned(),
        base_sha256: "11".to_owned(),
        lora: None,
        base_precision: BasePrecision::F32,
        gradient_checkpointing: false,
        source: Source::World("rules".to_owned()),
        chat: None,
        options: Options::default(),
        parameters: toml::Table::new(),
        judges: Rules.judge_prompts(),
    };
    Lab::open(Setup {
        manifest,
        subject: Subject { model: model.clone(), base: model, tokenizer },
        world: Some(Box::new(world)),
        rows: Vec::new(),
        store: Box::new(Memory::default()),
        observer: Box::new(Silent),
        pace: Pace::default(),
    })
    .unwrap()
}

/// What a lab has written to its log after the start.
fn written(lab: &Lab) -> Vec<Event> {
    let log = lab.store.read_log().unwrap();
    parse(&log, Path::new("log")).unwrap().records.into_iter().skip(1).map(|record| record.event).collect()
}

fn noted(name: &str, value: f32) -> Event {
    Event::Noted { name: name.to_owned(), values: vec![value] }
}

#[test]
fn judgements_are_made_once_a_run_and_those_that_are_picked_are_read() {
    let made: Arc<AtomicUsize> = Arc::default();
    let mut lab = lab(Counting(Arc::clone(&made)));
    let answer = lab.given_answer("fox owl").unwrap().ids;
    let rows = vec![Sequence::completion(&lab.prompt_tokens("must:fox").unwrap(), &answer); 2];
    let config = LearnConfig { batch_size: 1, ..LearnConfig::default() };
    for replay in [Replay::NONE, Replay { per_step: 3, weight: 0.5 }, Replay { per_step: 3, weight: 0.5 }] {
        pollster::block_on(lab.learn_completions(&config, replay, &rows)).unwrap();
        // Nobody asks for any where none are replayed.
        assert_eq!(made.load(Ordering::Relaxed), usize::from(replay.per_step > 0));
    }
    let judges = lab.judges(Form::Pointwise).unwrap();
    pollster::block_on(lab.temperature(&judges[0])).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 1);
    // Those of a step are named by its own random numbers: the seed's, the iteration's, its place.
    let all = Rules.judgements(1, 24_000, 0.25);
    let tokens = |step: u64| -> usize {
        let mut stream = Stream::new(7, Purpose::Replay, 0, step);
        let picked = (0..3).map(|_| &all[stream.below(24_000)]);
        picked.map(|row| judgement_sequence(row, &judges[row.variant], &lab.tokenizer).unwrap().0.tokens.len()).sum()
    };
    let steps = written(&lab).into_iter().filter_map(|event| match event {
        Event::Step { report } => Some((report.step, report.tokens.unwrap())),
        _ => None,
    });
    let alone = rows[0].tokens.len();
    let replayed = [(0, alone + tokens(0)), (1, alone + tokens(1))];
    assert_eq!(steps.collect::<Vec<_>>(), [[(0, alone), (1, alone)], replayed, replayed].concat());
}

#[test]
fn only_notes_that_the_log_lacks_are_written_and_none_are_computed_where_it_has_all() {
    let names = ["first", "second", "third"];
    for held in 0..=3 {
        let mut lab = lab(Counting::default());
        lab.replay = (0..held)
            .map(|index| Record {
                schema: SCHEMA,
                at: 0.0,
                arm: Arm::Main,
                iteration: 0,
                event: noted(names[index], 9.0),
            })
            .collect();
        let mut computed = 0;
        pollster::block_on(lab.note_missing(&names, async |_| {
            computed += 1;
            Ok(vec![vec![1.0], vec![2.0], vec![3.0]])
        }))
        .unwrap();
        let all = [noted("first", 1.0), noted("second", 2.0), noted("third", 3.0)];
        assert_eq!(written(&lab), all[held..], "{held} were there");
        assert_eq!(computed, usize::from(held < 3), "{held} were there");
    }
    // Another note in its place is another recipe's log.
    let mut lab = lab(Counting::default());
    lab.replay.push_back(Record { schema: SCHEMA, at: 0.0, arm: Arm::Main, iteration: 0, event: noted("other", 9.0) });
    let refused = pollster::block_on(lab.note_missing(&names, async |_| Ok(Vec::new()))).unwrap_err().to_string();
    assert!(refused.contains("should be the note `first` of iteration 0"), "{refused}");
}

#[test]
fn without_judges_nobody_prefers_anything() {
    let mut lab = lab(Counting::default());
    let (text, answer) = ("must:fox".to_owned(), lab.given_answer("fox").unwrap());
    let pair = Pair {
        prompt: "p".to_owned(),
        ids: lab.prompt_tokens(&text).unwrap(),
        text,
        answers: [answer.clone(), answer],
        label: 1.0,
        weight: 1.0,
        origin: Origin::BestWorst,
        third: None,
    };
    let model = lab.policy().clone();
    let opinions = pollster::block_on(lab.prefer_by("nobody", &model, &[], &[pair])).unwrap();
    assert_eq!(opinions, [0.5]);
    assert_eq!(written(&lab), [noted("nobody", 0.5)]);
}
