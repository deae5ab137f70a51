//! Logs for the tests of this panel.

use std::collections::BTreeMap;

use selfsame_core::{
    learn::StepReport,
    measure::{Ballot, Ballots},
    prompt::Prompt,
    run::{Arm, Event, Record, Source},
    sample::{Answer, FinishReason},
    select::{Origin, PairRecord},
    text::Tokenizer,
    world::rules::tokenizer_json,
};

use crate::fold::{IterationView, RunView, tests::synthetic};

/// An answer in the words of the world, that ended by itself.
pub fn answer(text: &str) -> Answer {
    let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
    let mut ids = tokenizer.encode_piece(text).unwrap();
    ids.push(2);
    Answer {
        logprobs: ids.iter().map(|_| -0.5).collect(),
        sampling_logprob: -1.0,
        text: text.to_owned(),
        finish: FinishReason::Stop,
        ids,
    }
}

pub fn prompt(id: &str, text: &str) -> Prompt {
    Prompt { id: id.to_owned(), text: text.to_owned() }
}

pub fn pair(prompt: &str, answers: [&str; 2], label: f64, origin: Origin) -> PairRecord {
    PairRecord {
        prompt: prompt.to_owned(),
        text: String::new(),
        answers: answers.map(str::to_owned),
        label,
        weight: 1.0,
        origin,
    }
}

pub fn record(arm: Arm, iteration: u32, event: Event) -> Record {
    Record { arm, iteration, event, ..synthetic()[0].clone() }
}

fn sampled(purpose: &str, answers: &[&[&str]]) -> Event {
    let answers = answers.iter().map(|texts| texts.iter().map(|text| answer(text)).collect()).collect();
    Event::Sampled { purpose: purpose.to_owned(), first: 0, answers }
}

/// A step over some pairs.
pub fn step(step: usize, items: &[usize], of_items: &[(&str, &[f32])]) -> Event {
    Event::Step {
        report: StepReport {
            step,
            total: 4,
            loss: 0.5,
            learning_rate: 1e-4,
            grad_norm: 1.0,
            metrics: BTreeMap::new(),
            items: items.to_vec(),
            of_items: of_items.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect(),
            rows: None,
            tokens: None,
        },
    }
}

fn measured(own: &[(&str, f32)], truth: f64) -> Event {
    let Some(Event::Measured { measurement, .. }) =
        synthetic().into_iter().map(|r| r.event).find(|e| matches!(e, Event::Measured { .. }))
    else {
        unreachable!("the synthetic log has a measurement");
    };
    let ballot = Ballot {
        pairs: vec![0],
        truth: Some(vec![truth]),
        votes: own.iter().map(|(judge, p)| ((*judge).to_owned(), vec![*p])).collect(),
    };
    Event::Measured { measurement, ballots: Box::new(Ballots { fixed: None, on_policy: Some(ballot) }) }
}

/// A run of three arms:
/// - iteration 1 learns from the best against the worst: a right label, a wrong one on which the
///   judges disagree, a prompt with equal answers, one whose scores tie, and one left out;
/// - iteration 2 learns where judges agree: a pair kept, one dropped, one that no step has seen;
/// - a coin labels the same prompts wrongly.
pub fn log() -> Vec<Record> {
    let main = |iteration, event| record(Arm::Main, iteration, event);
    let first = vec![
        prompt("t1-0", "must:fox <resp>"),
        prompt("t1-1", "never:owl <resp>"),
        prompt("t1-2", "first:sun <resp>"),
        prompt("t1-3", "last:elm <resp>"),
        prompt("t1-4", "must:moss <resp>"),
    ];
    let answers: &[&[&str]] =
        &[&["fox", "bee now"], &["owl", "moss"], &["sun", "sun"], &["elm", "ash"], &["moss", "Moss Ünder"]];
    let judged = |judge: &str, scores: &[[f32; 2]]| Event::Judged {
        judge: judge.to_owned(),
        scores: scores.iter().map(|row| row.to_vec()).collect(),
    };
    let measure = |iteration, split: bool| {
        let votes: &[(&str, f32)] =
            if split { &[("content", 0.9), ("form", 0.2)] } else { &[("content", 0.9), ("form", 0.7)] };
        [
            main(iteration, sampled("held-out", &[&["fox", "owl"], &["bee", "bee"]])),
            main(iteration, sampled("held-out greedy", &[&[if iteration == 0 { "owl" } else { "fox" }], &["bee"]])),
            main(iteration, measured(votes, 1.0)),
        ]
    };
    let held = vec![prompt("held-0", "must:fox never:any <resp>"), prompt("held-1", "first:bee <resp>")];
    let mut records = vec![synthetic()[0].clone(), main(0, Event::Prompts { prompts: held })];
    records.extend(measure(0, true));
    records.extend([
        main(1, Event::Prompts { prompts: first.clone() }),
        main(1, sampled("train", answers)),
        main(1, judged("content", &[[4.0, 1.0], [4.0, 1.0], [2.0, 2.0], [3.0, 1.0], [3.0, 1.0]])),
        main(1, judged("form", &[[3.0, 2.0], [1.0, 3.0], [2.0, 2.0], [1.0, 3.0], [3.0, 2.0]])),
        main(
            1,
            Event::Selected {
                pairs: vec![
                    pair("t1-0", ["fox", "bee now"], 1.0, Origin::BestWorst),
                    pair("t1-1", ["owl", "moss"], 1.0, Origin::BestWorst),
                ],
            },
        ),
        main(1, step(0, &[0, 1], &[("margin", &[0.1, -0.2])])),
    ]);
    records.extend(measure(1, false));
    records.extend([
        main(2, Event::Prompts { prompts: vec![prompt("t2-0", "must:fox <resp>"), prompt("t2-1", "must:oak <resp>")] }),
        main(2, sampled("train", &[&["fox", "bee", "ash"], &["oak", "owl"]])),
        main(
            2,
            Event::Selected {
                pairs: vec![
                    pair("t2-0", ["fox", "bee"], 0.5, Origin::Unlabelled),
                    pair("t2-0", ["fox", "ash"], 0.5, Origin::Unlabelled),
                    pair("t2-1", ["oak", "owl"], 0.5, Origin::Unlabelled),
                ],
            },
        ),
        main(
            2,
            step(
                0,
                &[1, 0],
                &[
                    ("kept", &[0.0, 1.0]),
                    ("margin", &[0.3, 0.4]),
                    ("opinion/content", &[0.6, 0.7]),
                    ("opinion/implicit", &[0.3, 0.8]),
                ],
            ),
        ),
    ]);
    records.extend(measure(2, true));
    records.extend([
        record(Arm::RandomLabels, 1, Event::Prompts { prompts: first }),
        record(Arm::RandomLabels, 1, sampled("train", answers)),
        record(
            Arm::RandomLabels,
            1,
            Event::Selected { pairs: vec![pair("t1-0", ["bee now", "fox"], 1.0, Origin::Random)] },
        ),
        record(Arm::RandomLabels, 1, sampled("held-out greedy", &[&["clay"], &["bee"]])),
        main(0, Event::Finished {}),
    ]);
    records
}

/// A log on a file of the user's with pairs that came with it.
pub fn data_log() -> Vec<Record> {
    let mut started = synthetic()[0].clone();
    if let Event::Started { manifest } = &mut started.event {
        manifest.source = Source::File { path: "/no/such/file.jsonl".to_owned(), sha256: "22".to_owned() };
    }
    let mut given = pair("line-7", ["Yes, of course.", "No."], 1.0, Origin::Data);
    given.text = "Will you help me?".to_owned();
    vec![
        started,
        record(Arm::Main, 0, Event::Prompts { prompts: vec![prompt("line-1", "Say hello")] }),
        record(Arm::Main, 0, sampled("held-out greedy", &[&["hello"]])),
        record(Arm::Main, 1, Event::Selected { pairs: vec![given] }),
    ]
}

/// A view of one iteration with so many prompts of two answers each; every hundredth prompt asks
/// for a needle.
pub fn large(prompts: usize) -> RunView {
    let mut view = RunView::begin(Some(&synthetic()[0])).unwrap();
    let (fox, owl) = (answer("the fox now"), answer("the owl here"));
    let of = IterationView {
        prompts: (0..prompts)
            .map(|at| prompt(&format!("t1-{at}"), if at % 100 == 7 { "must:IVY <resp>" } else { "must:fox <resp>" }))
            .collect(),
        answers: (0..prompts).map(|_| vec![fox.clone(), owl.clone()]).collect(),
        ..IterationView::default()
    };
    view.arms.entry(Arm::Main).or_default().iterations.insert(1, of);
    view.lines = 2;
    view
}
