//! Synthetic logs with votes, and the panel on the accessibility tree.

use std::collections::BTreeMap;

use egui_kittest::{Harness, kittest::Queryable};
use selfsame_core::{
    measure::{Ballot, Ballots, JudgeQuality, Mean, Measurement},
    prompt::Prompt,
    run::{Event, Record},
    sample::{Answer, FinishReason},
    select::{Origin, PairRecord},
};

use super::*;
use crate::{
    fold::tests::{synthetic, without_oracle},
    view::{
        gate::tests::{FRAMES, frame},
        panels::stage::{Stage, stage},
        session::Session,
    },
};

fn answer(text: &str, tokens: usize) -> Answer {
    Answer {
        ids: vec![5; tokens],
        text: text.to_owned(),
        logprobs: vec![-1.0; tokens],
        sampling_logprob: -1.0,
        finish: FinishReason::Stop,
    }
}

fn quality() -> JudgeQuality {
    let mean = |mean| Mean { mean, error: 0.02, count: 150 };
    let names = ["content", "content (pairwise)", "implicit"];
    let rows = [[1.0, 0.96, 0.5], [0.96, 1.0, 0.4], [0.5, 0.4, 1.0]];
    let row = |row: [f64; 3]| names.iter().map(|name| (*name).to_owned()).zip(row).collect::<BTreeMap<_, _>>();
    JudgeQuality {
        pairs: 5,
        accuracy: row([0.0; 3]).into_keys().zip([0.7, 0.74, 0.4].map(mean)).collect(),
        agreement: names.iter().map(|name| (*name).to_owned()).zip(rows.map(row)).collect(),
        kept: 0.6,
        kept_accuracy: Some(mean(0.8)),
        dropped_accuracy: Some(mean(0.58)),
    }
}

fn enrich(measurement: &mut Measurement) {
    measurement.fixed = Some(quality());
    measurement.on_policy = Some(quality());
    let tau = [("content", "content (pairwise)", 0.7), ("content", "implicit", -0.2)];
    measurement.kendall = BTreeMap::new();
    for (a, b, value) in tau.into_iter().chain(tau.map(|(a, b, value)| (b, a, value))) {
        measurement.kendall.entry(a.to_owned()).or_default().insert(b.to_owned(), value);
    }
    measurement.position_flips = BTreeMap::from([("content".to_owned(), 0.85)]);
    let longer = [("content", 0.75), ("content (pairwise)", 0.7), ("implicit", 0.1)];
    measurement.prefers_longer = longer.map(|(name, share)| (name.to_owned(), share)).into();
}

fn ballots() -> Ballots {
    let votes = [
        ("content", [0.95, 0.1, 0.6, 0.5, 0.3, 0.4]),
        ("content (pairwise)", [0.8, 0.2, 0.7, 0.5, 0.6, 0.4]),
        ("implicit", [0.01, 0.99, 0.99, 0.9, 0.01, 0.9]),
    ];
    let ballot = Ballot {
        pairs: (0..6).collect(),
        truth: Some(vec![0.5, -0.5, 0.25, 0.0, 1.0, -0.25]),
        votes: votes.map(|(name, p)| (name.to_owned(), p.to_vec())).into(),
    };
    Ballots { fixed: None, on_policy: Some(ballot) }
}

/// The synthetic run with three judges, their votes on six pairs, and what a filter kept of three
/// pairs.
pub(crate) fn rich() -> Vec<Record> {
    let mut records = synthetic();
    for record in &mut records {
        match &mut record.event {
            Event::Measured { measurement, ballots: votes } => {
                enrich(measurement);
                **votes = ballots();
            }
            Event::Prompts { prompts } if record.iteration == 1 => {
                *prompts = vec![Prompt { id: "t1-0".to_owned(), text: "must:fox <resp>".to_owned() }];
            }
            Event::Selected { pairs } => {
                let pair = |first: &str, second: &str| PairRecord {
                    prompt: "t1-0".to_owned(),
                    text: String::new(),
                    answers: [first.to_owned(), second.to_owned()],
                    label: 0.5,
                    weight: 1.0,
                    origin: Origin::Unlabelled,
                };
                *pairs = vec![pair("fox", "cat"), pair("cat", "fox"), pair("fox", "cat")];
            }
            Event::Step { report } if record.arm == Arm::Main && report.step == 1 => {
                report.items = vec![0, 1, 2];
                report.of_items = BTreeMap::from([
                    ("kept".to_owned(), vec![1.0, 1.0, 0.0]),
                    ("opinion/content".to_owned(), vec![0.9, 0.2, 0.2]),
                    ("opinion/implicit".to_owned(), vec![0.8, 0.1, 0.7]),
                ]);
            }
            _ => {}
        }
    }
    // The held-out answers of the iteration, two to each of six prompts: lengths of first and second.
    let lengths = [(4, 2), (2, 4), (3, 3), (4, 2), (2, 5), (2, 3)];
    let answers = lengths.map(|(first, second)| vec![answer("fox", first), answer("cat", second)]).to_vec();
    let place = records.iter().rposition(|r| r.arm == Arm::Main && matches!(r.event, Event::Measured { .. })).unwrap();
    let drawn = Event::Sampled { purpose: "held-out".to_owned(), first: 0, answers };
    records.insert(place, Record { event: drawn, ..records[place].clone() });
    records
}

/// The fold of [`rich`].
pub(crate) fn rich_view() -> RunView {
    RunView::of(&rich()).unwrap()
}

/// A session that shows a whole log.
pub(crate) fn session(run: RunId, name: &str, records: Vec<Record>) -> Session {
    let mut session = Session::new(run, format!("runs/{name}"), false);
    session.extend(records);
    session
}

/// A panel of judges in a window of some size.
fn harness(sessions: Vec<Session>, width: f32) -> Harness<'static, Stage<Judges>> {
    let mut harness = stage::<Judges>(
        |panel, ui, scene| {
            panel.ui(ui, scene);
            assert!(scene.actions.is_empty());
        },
        sessions,
        [width, 3000.0],
    );
    harness.run();
    harness
}

#[test]
fn without_a_run_it_says_what_to_do() {
    harness(Vec::new(), 900.0).get_by_label(t("app.empty_title"));
    harness(vec![session(1, "a", synthetic()[..1].to_vec())], 900.0).get_by_label(t("judges.unmeasured"));
}

#[test]
fn a_whole_run_shows_every_card() {
    for width in [740.0, 1600.0] {
        let mut harness = harness(vec![session(1, "a", rich())], width);
        for title in [
            t("judges.accuracy_title"),
            t("judges.agreement_title"),
            t("judges.kendall_title"),
            t("judges.kept_title"),
            t("judges.learned_title"),
            t("judges.calibration_title"),
            t("judges.swap_title"),
            t("judges.length_title"),
            t("judges.trends_title"),
        ] {
            harness.get_by_label(title);
        }
        harness.get_by_label_contains("kept 2 pairs and dropped 1");
        // Every cell of the matrix is in the tree, and with the focus it is read in words below.
        let cell = "content and implicit prefer the same answer in 0.500 of the pairs.";
        harness.get_by_label(cell).focus();
        harness.run();
        assert_eq!(harness.get_all_by_label(cell).count(), 2);
        harness
            .get_by_label("content (pairwise) changes its verdict in 0.850 of the pairs when the answers swap places.");
    }
}

#[test]
fn the_iteration_and_the_pairs_can_be_chosen() {
    let mut harness = harness(vec![session(1, "a", rich())], 1200.0);
    harness.get_by_label(t("judges.earlier")).click();
    harness.run();
    harness.get_by_label(t("judges.learned_none"));
    harness.get_by_label(t("judges.later")).click();
    harness.run();
    harness.get_by_label_contains("kept 2 pairs");
    // On the start's pairs the log of the later iteration holds no votes.
    harness.get_all_by_label(t("judges.start_answers")).next().unwrap().click();
    harness.run();
    harness.get_by_label(t("judges.calibration_no_votes"));
}

#[test]
fn the_calibration_of_any_judge_can_be_read() {
    let mut harness = harness(vec![session(1, "a", rich())], 1200.0);
    harness.get_by_label_contains("content is sure at");
    harness.get_all_by_label("implicit").next_back().unwrap();
    harness.get_by_label(t("judges.bins_first")).click();
    harness.run();
    harness.get_by_label_contains("content gives the first answer");
    harness.get_by_label(
        "Gave the first answer 0.90 to 1.00: it is better in 1.000 of 1 pairs (95 % interval 0.21 to 1.00).",
    );
}

#[test]
fn without_a_world_nothing_is_said_about_truth() {
    let harness = harness(vec![session(1, "a", without_oracle())], 1200.0);
    assert!(harness.get_all_by_label_contains(t("judges.nobody_knows")).count() >= 2);
    harness.get_by_label(t("judges.agreement_title"));
    assert!(harness.query_by_label(t("judges.bins_first")).is_none());
    assert!(harness.query_by_label_contains("right most often").is_none());
    harness.get_by_label_contains("content prefers the longer answer in 0.550");
}

/// What is found changes with measurements, and what was learned with pairs and steps: no other line costs anything,
/// not even a second later.
#[test]
fn lines_between_two_measurements_cost_nothing() {
    let (records, mut panel, context) = (rich(), Judges::default(), egui::Context::default());
    let mut second = 0;
    let mut refresh = |panel: &mut Judges, view: &RunView, iteration: u32| {
        frame(&context, second * FRAMES, |ui| panel.refresh(ui, 1, view, iteration));
        second += 1;
        (panel.found.made(), panel.tallied.made())
    };
    let mut view = RunView::of(&records[..4]).unwrap();
    assert_eq!(view.main().len(), 1, "the start is measured");
    assert_eq!(refresh(&mut panel, &view, 0), (1, 1));
    for record in &records[4..] {
        view.push(record);
        assert_eq!(refresh(&mut panel, &view, 0), (view.main().len(), 1), "{:?}", record.event);
    }
    assert_eq!((view.main().len(), panel.learned), (2, None));
    assert_eq!(refresh(&mut panel, &view, 1), (3, 2));
    assert!(panel.learned.is_some());
    view.lines += 1;
    assert_eq!(refresh(&mut panel, &view, 1), (3, 2));
    assert_eq!(refresh(&mut panel, &view, 0), (4, 3));
    assert_eq!(panel.learned, None);
}
