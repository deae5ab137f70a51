//! The pathology suite: synthetic logs with one known pathology each, at several strengths, and
//! sound ones. Every detector must find all clear cases of its own and stay silent on everything
//! else; what it makes of borderline cases is printed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::*;
use crate::fold::RunView;
use cases::{sick, sound};
use log::Log;

pub(crate) mod cases;
pub(crate) mod log;
mod maker;
mod measuring;

/// Seeds of every case.
const SEEDS: u64 = 6;

/// Detectors of plain facts: they are no alarms.
const FACTS: [&str; 2] = ["unfinished", "no_oracle"];

fn view(log: &Log) -> RunView {
    RunView::of(&log.records()).unwrap()
}

fn view_of_sound(name: &str, log: &Log) -> RunView {
    let mut view = view(log);
    if name.starts_with("no filter") {
        view.manifest.parameters.insert("filter".to_owned(), toml::Value::Boolean(false));
    }
    view
}

#[derive(Default)]
struct Score {
    found: usize,
    missed: usize,
    false_alarms: usize,
    borderline: [usize; 2],
}

#[test]
#[allow(clippy::cast_precision_loss)] // counts
fn precision_and_recall_of_every_detector() {
    let mut scores: BTreeMap<&str, Score> = registry::ALL.iter().map(|d| (d.id, Score::default())).collect();
    let mut wrong = Vec::new();
    let mut runs = 0;
    for case in sick() {
        for seed in 0..SEEDS {
            runs += 1;
            let log = case.log(seed);
            let found = diagnose(&view(&log));
            let own = found.iter().find(|diagnosis| diagnosis.id == case.detector);
            let score = scores.get_mut(case.detector).unwrap();
            match (case.severity, own) {
                (None, own) => score.borderline[usize::from(own.is_some())] += 1,
                (Some(severity), Some(own)) => {
                    score.found += 1;
                    if own.severity != severity {
                        wrong.push(format!("{}, {}, seed {seed}: {:?}", case.detector, case.name, own.severity));
                    }
                }
                (Some(_), None) => {
                    score.missed += 1;
                    wrong.push(format!("{} missed: {}, seed {seed}", case.detector, case.name));
                }
            }
            for other in found.iter().filter(|other| other.id != case.detector) {
                let fact = FACTS.contains(&other.id) && (!log.world || !log.finished);
                if !fact && !case.follows.contains(&other.id) {
                    scores.get_mut(other.id).unwrap().false_alarms += 1;
                    wrong.push(format!(
                        "{}, {}, seed {seed}: false alarm: {}",
                        case.detector, case.name, other.sentence
                    ));
                }
            }
        }
    }
    let sound = sound();
    for (name, log) in &sound {
        for other in diagnose(&view_of_sound(name, log)) {
            if other.id != "no_oracle" || log.world {
                scores.get_mut(other.id).unwrap().false_alarms += 1;
                wrong.push(format!("sound ({name}): false alarm: {}", other.sentence));
            }
        }
    }
    println!("{runs} sick and {} sound logs", sound.len());
    println!(
        "{:<18} {:>5} {:>6} {:>12} {:>9} {:>6}  borderline found",
        "detector", "found", "missed", "false alarms", "precision", "recall"
    );
    for (id, score) in &scores {
        let of = |part: usize, rest: usize| if part + rest == 0 { 1.0 } else { part as f64 / (part + rest) as f64 };
        let (precision, recall) = (of(score.found, score.false_alarms), of(score.found, score.missed));
        let [not, borderline] = score.borderline;
        println!(
            "{id:<18} {:>5} {:>6} {:>12} {precision:>9.3} {recall:>6.3}  {borderline} of {}",
            score.found,
            score.missed,
            score.false_alarms,
            not + borderline
        );
        assert!(score.found > 0, "no clear case for {id}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_sound_run_raises_no_alarm_on_its_way() {
    for recipe in ["srlm", "scir", "dpo", "sft"] {
        for seed in 0..3 {
            let records = Log::sound(recipe, 40 + seed).records();
            let mut live = RunView::begin(records.first()).unwrap();
            let mut memory = Memory::default();
            for record in &records[1..] {
                live.push(record);
                let found = memory.look(&live, usize::MAX).unwrap().found;
                let alarms: Vec<_> = found.iter().filter(|one| one.id != "unfinished").collect();
                assert!(alarms.is_empty(), "{recipe}, seed {seed}, line {}: {alarms:?}", live.lines);
            }
            assert!(memory.look(&live, usize::MAX).unwrap().found.is_empty());
        }
    }
}

#[test]
fn what_was_remembered_is_what_would_be_counted_again() {
    for case in sick().iter().step_by(5) {
        let records = case.log(0).records();
        let mut live = RunView::begin(records.first()).unwrap();
        let mut memory = Memory::default();
        for (line, record) in records[1..].iter().enumerate() {
            live.push(record);
            let remembered = memory.look(&live, usize::MAX).unwrap();
            if line % 9 == 0 {
                // Evidence holds numbers that are not numbers only where the log does.
                let anew = Memory::default().look(&live, usize::MAX).unwrap();
                assert_eq!(format!("{remembered:?}"), format!("{anew:?}"), "{}, line {line}", case.name);
            }
        }
        memory.forget();
        assert_eq!(
            format!("{:?}", memory.look(&live, usize::MAX).unwrap()),
            format!("{:?}", Memory::default().look(&live, usize::MAX).unwrap())
        );
    }
}

#[test]
fn findings_speak_in_full_sentences_with_numbers_evidence_and_a_remedy() {
    for case in sick().iter().filter(|case| case.severity.is_some()) {
        for diagnosis in diagnose(&view(&case.log(0))) {
            for text in [&diagnosis.sentence, &diagnosis.remedy] {
                assert!(!text.contains(['{', '}']) && !text.contains("diagnosis."), "{text}");
                assert!(text.ends_with('.') && text.chars().next().is_some_and(|c| !c.is_lowercase()), "{text}");
                assert!(!text.contains("NaN") && !text.contains("inf "), "{text}");
            }
            if diagnosis.id != "no_oracle" {
                assert!(diagnosis.sentence.chars().any(|c| c.is_ascii_digit()), "{}", diagnosis.sentence);
                assert!(!diagnosis.evidence.is_empty(), "{}", diagnosis.id);
            }
            for evidence in &diagnosis.evidence {
                match evidence {
                    Evidence::Lines(lines) => {
                        assert!(lines.traces.iter().any(|trace| !trace.points.is_empty()), "{}", diagnosis.id);
                    }
                    Evidence::Rows(rows) => {
                        assert!(!rows.rows.is_empty(), "{}: {}", diagnosis.id, rows.title);
                        assert!(rows.rows.iter().all(|row| row.len() == rows.columns.len()), "{}", diagnosis.id);
                    }
                }
            }
        }
    }
}

#[test]
fn the_worst_comes_first_and_settings_have_their_full_names() {
    let mut log = Log::sound("srlm", 3);
    (log.cut, log.flips, log.chosen, log.finished) = (0.7, 0.45, -3.0, false);
    let found = diagnose(&view(&log));
    assert!(found.iter().map(|one| one.severity).is_sorted_by(|a, b| a >= b), "{found:?}");
    assert_eq!(found[0].id, "truncation");
    let remedy = |id: &str| found.iter().find(|one| one.id == id).unwrap().remedy.clone();
    assert!(remedy("truncation").contains("`loop.sampling.max_new_tokens` (now 24)"), "{}", remedy("truncation"));
    assert!(remedy("displacement").contains("`loop.beta` (now 0.1)"), "{}", remedy("displacement"));
    assert!(remedy("displacement").contains("`loop.learn.learning_rate` (now 0.0002)"));
    let dpo = diagnose(&view(&Log { chosen: -25.0, ..Log::sound("dpo", 3) }));
    assert!(dpo[0].remedy.contains("`beta` (now 0.1)") && !dpo[0].remedy.contains("loop."), "{}", dpo[0].remedy);
}

#[test]
fn a_log_of_one_line_and_one_of_a_hundred_thousand_answers() {
    let records = Log::sound("srlm", 1).records();
    let first = Memory::default().look(&RunView::begin(records.first()).unwrap(), usize::MAX).unwrap();
    assert_eq!(first.found.len(), 1);
    assert!(first.unknown.len() > 10, "{:?}", first.clear);
    let view = view(&Log { prompts: 8_000, pairs: 8_000, ..Log::sound("srlm", 1) });
    let main = &view.arms[&selfsame_core::run::Arm::Main];
    let answers: usize = main.iterations.values().flat_map(|of| &of.answers).map(Vec::len).sum();
    assert_eq!(answers, 96_000);
    let mut memory = Memory::default();
    assert!(memory.look(&view, usize::MAX).unwrap().found.is_empty());
    assert!(memory.spent() > answers, "{}", memory.spent());
    assert!(memory.look(&view, usize::MAX).unwrap().found.is_empty());
    assert_eq!(memory.spent(), 0, "what is counted stays counted");
}

#[test]
fn a_metric_that_is_no_number_comes_through_the_log_and_is_named() {
    let mut records = Log::sound("srlm", 1).records();
    let steps = records.iter_mut().filter_map(|record| match &mut record.event {
        selfsame_core::run::Event::Step { report } => Some(report),
        _ => None,
    });
    let report = steps.into_iter().nth(3).unwrap();
    report.metrics.insert("rewards/margins".to_owned(), f32::NEG_INFINITY);
    let text: String = records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect();
    let parsed = selfsame_core::run::log::parse(text.as_bytes(), std::path::Path::new("x")).unwrap();
    assert_eq!(parsed.records, records);
    let found = diagnose(&RunView::of(&parsed.records).unwrap());
    let sentence = "`rewards/margins` is not a finite number in step 4 of iteration 1 (run).";
    assert!(found.iter().any(|one| one.severity == Severity::Serious && one.sentence == sentence), "{found:?}");
}

/// Counting is spread over looks: none costs more than it may, together they cost what there is to
/// count, and what is found is the same.
#[test]
fn no_look_counts_more_than_it_may() {
    const MOST: usize = 500;
    let long = |recipe| Log { prompts: 1_000, pairs: 1_000, ..Log::sound(recipe, 1) };
    for log in [long("srlm"), long("scir"), Log { flips: 0.6, repeated: 0.8, ..long("srlm") }] {
        let view = view(&log);
        let mut whole = Memory::default();
        let at_once = whole.look(&view, usize::MAX).unwrap();
        let all = whole.spent();
        let (mut memory, mut looks, mut together, mut slowest) = (Memory::default(), 0, 0, Duration::ZERO);
        let found = loop {
            let begin = Instant::now();
            let found = memory.look(&view, MOST);
            slowest = slowest.max(begin.elapsed());
            looks += 1;
            together += memory.spent();
            // One piece that does not fit any more is counted to its end.
            let last_piece = 16.max(view.held_out_prompts.len()).max(1_000 * 4 / 16 + 1);
            assert!(memory.spent() < MOST + last_piece, "{} in look {looks}", memory.spent());
            match found {
                Some(found) => break found,
                None => assert!(memory.spent() >= MOST, "a look stopped early: {}", memory.spent()),
            }
        };
        println!("{}: {all} units, {looks} looks, the slowest {slowest:?}", log.recipe);
        assert_eq!(together, all);
        assert!(all > 10 * MOST && looks >= all / (MOST + 500), "{looks} looks for {all}");
        assert_eq!(format!("{found:?}"), format!("{at_once:?}"));
        // What is counted stays counted.
        assert!(memory.look(&view, MOST).is_some());
        assert_eq!(memory.spent(), 0);
    }
}
