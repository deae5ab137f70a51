use std::{collections::BTreeMap, path::Path};

use selfsame_core::{
    measure::{AnswerQuality, JudgeQuality},
    prompt::Prompt,
    recipe::by_id,
    run::{Options, event::SCHEMA},
    sample::{Answer, FinishReason},
    select::{Origin, PairRecord},
};

use super::*;

fn manifest(source: Source) -> Manifest {
    Manifest {
        version: "0.1.0".to_owned(),
        recipe: "srlm".to_owned(),
        seed: 1,
        device: "cpu".to_owned(),
        model: "starter".to_owned(),
        model_sha256: "00".to_owned(),
        base: "starter/base".to_owned(),
        base_sha256: "11".to_owned(),
        lora: None,
        base_precision: selfsame_core::model::BasePrecision::F32,
        gradient_checkpointing: false,
        source,
        chat: None,
        options: Options::default(),
        parameters: by_id("srlm").unwrap().defaults().unwrap(),
        judges: Vec::new(),
    }
}

fn quality(reward: Option<f64>) -> AnswerQuality {
    AnswerQuality {
        reward: reward.map(|mean| Mean { mean, error: 0.01, count: 400 }),
        all_met: reward.map(|_| 0.25),
        length: 8.5,
        distinct1: 0.1,
        distinct2: 0.4,
        truncated: 0.02,
    }
}

fn judged(content: f64, implicit: f64, oracle: bool) -> JudgeQuality {
    let mean = |mean| Mean { mean, error: 0.02, count: 150 };
    let row = |other: &str| BTreeMap::from([("content".to_owned(), 0.7), (other.to_owned(), 1.0)]);
    let accuracy = [("content", content), ("implicit", implicit)];
    JudgeQuality {
        pairs: 150,
        accuracy: accuracy.iter().filter(|_| oracle).map(|(name, value)| ((*name).to_owned(), mean(*value))).collect(),
        agreement: BTreeMap::from([("content".to_owned(), row("implicit")), ("implicit".to_owned(), row("implicit"))]),
        kept: 0.6,
        kept_accuracy: oracle.then(|| mean(0.8)),
        dropped_accuracy: oracle.then(|| mean(0.58)),
    }
}

fn measured(reward: Option<f64>, implicit: f64) -> Event {
    let oracle = reward.is_some();
    Event::Measured {
        measurement: Box::new(Measurement {
            sampled: quality(reward),
            greedy: quality(reward.map(|r| r + 0.1)),
            kl_to_start: 0.5,
            fixed: Some(judged(0.75, 0.6, oracle)),
            on_policy: Some(judged(0.7, implicit, oracle)),
            kendall: BTreeMap::new(),
            position_flips: BTreeMap::from([("content".to_owned(), 0.1)]),
            prefers_longer: BTreeMap::from([("content".to_owned(), 0.55)]),
            pairs: 240,
            label_accuracy: reward.map(|_| Mean { mean: 0.72, error: 0.03, count: 230 }),
        }),
        ballots: Box::default(),
    }
}

/// The end of a phase of so many steps, by the folder of its checkpoint.
pub(crate) fn ends(folder: &str, step: usize) -> Event {
    Event::Checkpoint { name: folder.to_owned(), step, complete: true, sha256: String::new() }
}

/// A step with numbers of its items.
pub(super) fn step_on(at: usize, items: &[usize], of_items: &[(&str, &[f32])]) -> Event {
    let Event::Step { report } = step(at, 0.5) else { unreachable!("a step is a step") };
    let of_items = of_items.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect();
    Event::Step { report: StepReport { items: items.to_vec(), of_items, ..report } }
}

pub(crate) fn step(step: usize, loss: f32) -> Event {
    Event::Step {
        report: StepReport {
            step,
            total: 2,
            loss,
            learning_rate: 3e-4,
            grad_norm: 1.5,
            metrics: BTreeMap::from([("rewards/margins".to_owned(), 0.5)]),
            items: Vec::new(),
            of_items: BTreeMap::new(),
            rows: Some(3),
            tokens: Some(24),
        },
    }
}

fn answer(text: &str) -> Answer {
    Answer {
        ids: vec![5, 2],
        text: text.to_owned(),
        logprobs: vec![-1.0, -0.5],
        sampling_logprob: -1.2,
        finish: FinishReason::Stop,
    }
}

pub(crate) fn record(arm: Arm, iteration: u32, event: Event) -> Record {
    Record { schema: SCHEMA, at: 1000.0 + f64::from(iteration), arm, iteration, event }
}

fn sampled(purpose: &str, texts: &[&str]) -> Event {
    Event::Sampled {
        purpose: purpose.to_owned(),
        first: 0,
        answers: vec![texts.iter().map(|text| answer(text)).collect()],
    }
}

/// Numbers that a recipe noted.
pub(crate) fn note(iteration: u32, name: &str, values: &[f32]) -> Record {
    record(Arm::Main, iteration, Event::Noted { name: name.to_owned(), values: values.to_vec() })
}

/// What a recipe says that tokens are worth.
pub(crate) fn credit(iteration: u32, by: &str, tokens: &[Vec<Vec<f32>>]) -> Record {
    record(Arm::Main, iteration, Event::Credited { by: by.to_owned(), tokens: tokens.to_vec() })
}

/// A log of a start, an iteration with a prompt that would break a careless page, and a control.
pub(crate) fn synthetic() -> Vec<Record> {
    let world = Source::World("rules".to_owned());
    let main = |iteration, event| record(Arm::Main, iteration, event);
    let prompt = Prompt { id: "t1-0".to_owned(), text: "must:fox <resp> <script>alert(1)</script>".to_owned() };
    vec![
        main(0, Event::Started { manifest: Box::new(manifest(world)) }),
        main(0, sampled("held-out greedy", &["the fox"])),
        main(0, Event::Prompts { prompts: vec![prompt.clone()] }),
        main(0, measured(Some(0.5), 0.5)),
        main(1, Event::Prompts { prompts: vec![prompt] }),
        main(1, sampled("train", &["fox", "a & b"])),
        main(1, Event::Judged { judge: "content".to_owned(), scores: vec![vec![4.0, 1.5]] }),
        main(
            1,
            Event::Selected {
                pairs: vec![PairRecord {
                    prompt: "t1-0".to_owned(),
                    text: String::new(),
                    answers: ["fox".to_owned(), "a & b".to_owned()],
                    label: 1.0,
                    weight: 1.0,
                    origin: Origin::BestWorst,
                }],
            },
        ),
        main(1, step(0, 0.7)),
        main(1, step(1, 0.6)),
        main(1, sampled("held-out greedy", &["fox fox"])),
        main(1, measured(Some(0.6), 0.65)),
        record(Arm::RandomLabels, 1, step(0, 0.69)),
        record(Arm::RandomLabels, 1, step(1, 0.69)),
        record(Arm::RandomLabels, 1, measured(Some(0.49), 0.5)),
        main(0, Event::Finished {}),
    ]
}

/// The same run on a file of the user's.
pub(crate) fn without_oracle() -> Vec<Record> {
    let hello = Prompt { id: "held-0".to_owned(), text: "say hello".to_owned() };
    let source = Source::File { path: "/no/such/file.jsonl".to_owned(), sha256: "22".to_owned() };
    vec![
        record(Arm::Main, 0, Event::Started { manifest: Box::new(manifest(source)) }),
        record(Arm::Main, 0, Event::Prompts { prompts: vec![hello] }),
        record(Arm::Main, 0, sampled("held-out greedy", &["hello"])),
        record(Arm::Main, 0, measured(None, 0.5)),
    ]
}

#[test]
fn the_fold_of_a_whole_run() {
    let view = RunView::of(&synthetic()).unwrap();
    assert!(view.finished && view.has_oracle());
    assert_eq!(view.measured_arms(), [Arm::Main, Arm::RandomLabels]);
    assert_eq!(view.iterations(), [0, 1]);
    assert_eq!(view.judges(), ["content", "implicit"]);
    assert_eq!(view.final_measurement().unwrap().0, 1);
    // All arms share the start.
    assert_eq!(view.at(Arm::RandomLabels, 0), view.at(Arm::Main, 0));
    assert_eq!(view.at(Arm::RandomLabels, 1).unwrap().sampled.reward.unwrap().mean.to_bits(), 0.49_f64.to_bits());
    assert_eq!(view.at(Arm::OracleLabels, 1), None);
    assert_eq!(view.arms[&Arm::Main].steps.len(), 2);
    // Two answers of two tokens; those to held-out prompts are measured.
    assert_eq!(view.arms[&Arm::Main].drawn_tokens, 4);
    let warnings = view.warnings();
    // Two judges that agree on every pair, and one that began as a coin.
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("`implicit`") && warnings[0].contains("0.500 (iteration 0)"), "{warnings:?}");
    assert!(warnings[1].contains("`content`, `implicit` agree on 100 %"), "{warnings:?}");
}

#[test]
fn examples_carry_roles_scores_and_rewards() {
    let view = RunView::of(&synthetic()).unwrap();
    let answers = &view.training()[0].answers;
    assert_eq!((answers[0].role.as_str(), answers[1].role.as_str()), ("chosen", "rejected"));
    assert_eq!(answers[1].scores, [("content".to_owned(), 1.5)]);
    assert!((answers[0].logprob + 1.5).abs() < 1e-6);
    assert!((answers[0].reward.unwrap() - 1.0).abs() < 1e-9);
    let held_out = &view.held_out()[0];
    assert!(held_out.prompt.contains("<resp>"));
    let roles: Vec<&str> = held_out.answers.iter().map(|answer| answer.role.as_str()).collect();
    assert_eq!(roles, ["start", "iteration 1"]);
}

#[test]
fn without_an_oracle_it_says_so() {
    let view = RunView::of(&without_oracle()).unwrap();
    let warnings = view.warnings().join("\n");
    assert!(warnings.contains("no oracle") && warnings.contains("not finished"), "{warnings}");
    assert_eq!(view.held_out()[0].prompt, "say hello");
    assert_eq!(view.held_out()[0].answers[0].reward, None);
    assert!(view.training().is_empty());
}

#[test]
fn the_log_round_trips_and_a_cut_last_line_is_left_out() {
    let text: String = synthetic().iter().map(|r| serde_json::to_string(r).unwrap() + "\n").collect();
    let read = |text: &str| selfsame_core::run::log::parse(text.as_bytes(), Path::new("x"));
    assert_eq!(read(&text).unwrap().records, synthetic());
    let cut = &text[..text.len() - 10];
    let view = RunView::of(&read(cut).unwrap().records).unwrap();
    assert!(!view.finished);
    let damaged = text.replacen("\"arm\":\"main\",\"iteration\":1", "\"arm\":\"ma", 1);
    assert!(read(&damaged).unwrap_err().to_string().contains("line 5"));
    assert!(RunView::of(&[]).is_err());
}

#[test]
fn the_json_has_all_arms() {
    let view = RunView::of(&synthetic()).unwrap();
    let json = serde_json::to_value(view.json()).unwrap();
    assert_eq!(json["arms"]["main"][1]["iteration"], 1);
    assert_eq!(json["arms"]["random_labels"][0]["sampled"]["reward"]["mean"], 0.49);
    assert_eq!(json["manifest"]["recipe"], "srlm");
    assert_eq!(json["finished"], true);
}
