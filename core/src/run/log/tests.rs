use std::{collections::BTreeMap, path::Path};

use super::*;
use crate::{
    learn::StepReport,
    measure::{AnswerQuality, Ballot, Ballots, JudgeQuality, Mean, Measurement},
    rng::{Purpose, Stream},
    run::{Arm, Manifest, Options, Source},
    sample::{Answer, FinishReason},
    select::{Origin, PairRecord, RatedRecord},
};

mod tail;

fn record(event: Event) -> Record {
    Record { schema: SCHEMA, at: 1.5, arm: Arm::Main, iteration: 0, event }
}

fn start() -> Record {
    record(Event::Started {
        manifest: Box::new(Manifest {
            version: "test".to_owned(),
            recipe: "srlm".to_owned(),
            seed: 1,
            device: "cpu".to_owned(),
            model: "starter".to_owned(),
            model_sha256: "00".to_owned(),
            base: "starter/base".to_owned(),
            base_sha256: "11".to_owned(),
            source: Source::World("rules".to_owned()),
            lora: None,
            base_precision: crate::model::BasePrecision::F32,
            gradient_checkpointing: false,
            chat: None,
            options: Options::default(),
            parameters: toml::Table::new(),
            judges: Vec::new(),
        }),
    })
}

fn named<T>(value: T) -> BTreeMap<String, T> {
    BTreeMap::from([("content".to_owned(), value)])
}

/// A line of every kind that holds numbers, all of which are drawn by `x`. There is no `..` in here: a
/// field that is added has to be filled, and is then tested.
#[allow(clippy::cast_possible_truncation)] // on purpose
fn lines(mut x: impl FnMut() -> f64) -> Vec<Record> {
    let mean = |x: &mut dyn FnMut() -> f64| Mean { mean: x(), error: x(), count: 3 };
    let answer = |x: &mut dyn FnMut() -> f64| Answer {
        ids: vec![1, 2],
        text: "fox".to_owned(),
        logprobs: vec![x() as f32, x() as f32],
        sampling_logprob: x() as f32,
        finish: FinishReason::Stop,
    };
    let pair = |x: &mut dyn FnMut() -> f64| PairRecord {
        prompt: "p".to_owned(),
        text: String::new(),
        answers: ["a".to_owned(), "b".to_owned()],
        label: x(),
        weight: x(),
        origin: Origin::BestWorst,
    };
    let rated = |x: &mut dyn FnMut() -> f64| RatedRecord {
        prompt: "p".to_owned(),
        text: "must:fox".to_owned(),
        answer: "fox".to_owned(),
        up: true,
        weight: x(),
    };
    let step = |x: &mut dyn FnMut() -> f64| StepReport {
        step: 0,
        total: 1,
        loss: x() as f32,
        learning_rate: x(),
        grad_norm: x() as f32,
        metrics: named(x() as f32),
        items: vec![4, 0],
        of_items: named(vec![x() as f32, x() as f32]),
        rows: Some(2),
        tokens: Some(31),
    };
    let ballot = |x: &mut dyn FnMut() -> f64| Ballot {
        pairs: vec![0, 1],
        truth: Some(vec![x(), x()]),
        votes: named(vec![x() as f32, x() as f32]),
    };
    let quality = |x: &mut dyn FnMut() -> f64| AnswerQuality {
        reward: Some(mean(x)),
        all_met: Some(x()),
        length: x(),
        distinct1: x(),
        distinct2: x(),
        truncated: x(),
    };
    let (sampled, greedy) = (quality(&mut x), quality(&mut x));
    let judged = |x: &mut dyn FnMut() -> f64| JudgeQuality {
        pairs: 2,
        accuracy: named(mean(x)),
        agreement: named(named(x())),
        kept: x(),
        kept_accuracy: Some(mean(x)),
        dropped_accuracy: Some(mean(x)),
    };
    let measurement = Measurement {
        sampled,
        greedy,
        kl_to_start: x(),
        fixed: Some(judged(&mut x)),
        on_policy: Some(judged(&mut x)),
        kendall: named(named(x())),
        position_flips: named(x()),
        prefers_longer: named(x()),
        pairs: 3,
        label_accuracy: Some(mean(&mut x)),
    };
    let ballots = Ballots { fixed: Some(ballot(&mut x)), on_policy: Some(ballot(&mut x)) };
    [
        Event::Sampled { purpose: "train".to_owned(), first: 0, answers: vec![vec![answer(&mut x)], vec![]] },
        Event::Judged { judge: "content".to_owned(), scores: vec![vec![x() as f32, x() as f32]] },
        Event::Selected { pairs: vec![pair(&mut x)] },
        Event::Step { report: step(&mut x) },
        Event::Measured { measurement: Box::new(measurement), ballots: Box::new(ballots) },
        Event::Compared { judge: "content".to_owned(), preferences: vec![vec![x() as f32], vec![]] },
        Event::Noted { name: "consistency".to_owned(), values: vec![x() as f32, x() as f32] },
        Event::Rated { answers: vec![rated(&mut x)] },
    ]
    .map(record)
    .into()
}

fn text(records: &[Record]) -> String {
    records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect()
}

fn read(text: &str) -> Result<Parsed> {
    parse(text.as_bytes(), Path::new("events.jsonl"))
}

fn problem(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

/// Two numbers that are none are equal here.
fn same(a: &[Record], b: &[Record]) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

#[test]
fn a_number_that_is_not_finite_is_read_back_wherever_it_is() {
    for (value, word) in [(f64::NAN, "\"NaN\""), (f64::INFINITY, "\"inf\""), (f64::NEG_INFINITY, "\"-inf\"")] {
        let mut count = 0;
        let mut all = vec![start()];
        all.extend(lines(|| {
            count += 1;
            value
        }));
        let text = text(&all);
        assert!(!text.contains("null"), "{text}");
        assert_eq!(text.matches(word).count(), count, "{text}");
        let parsed = read(&text).unwrap();
        assert_eq!(parsed.length, text.len());
        assert!(same(&parsed.records, &all));
    }
}

#[test]
fn any_numbers_are_read_back() {
    let mut stream = Stream::new(5, Purpose::Corpus, 0, 0);
    let mut strange = 0;
    for _ in 0..200 {
        let all: Vec<Record> = [start()]
            .into_iter()
            .chain(lines(|| {
                // As numbers are, and now and then whatever a pattern of bits says.
                match stream.bits() % 4 {
                    0 => f64::from_bits(u64::from(stream.bits()) << 32 | u64::from(stream.bits())),
                    1 => *stream.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]).unwrap(),
                    _ => stream.uniform() * 10.0 - 5.0,
                }
            }))
            .collect();
        let text = text(&all);
        strange += text.matches("\"NaN\"").count();
        assert!(same(&read(&text).unwrap().records, &all), "{text}");
    }
    assert!(strange > 100, "{strange}");
}

#[test]
fn a_log_of_the_first_schema_is_read_and_what_it_lost_is_no_number() {
    let mut all = vec![start()];
    all.extend(lines(|| f64::NAN));
    let old = text(&all).replace("\"NaN\"", "null").replace(&format!("\"schema\":{SCHEMA}"), "\"schema\":1");
    let records = read(&old).unwrap().records;
    assert_eq!(records.len(), all.len());
    let Event::Step { report } = &records[4].event else { panic!("{:?}", records[4]) };
    assert!(report.metrics["content"].is_nan() && report.of_items["content"][1].is_nan());
    let Event::Measured { measurement, .. } = &records[5].event else { panic!("{:?}", records[5]) };
    assert!(measurement.kl_to_start.is_nan() && measurement.sampled.reward.unwrap().mean.is_nan());
    // Where a number may be missing, it is.
    assert_eq!(measurement.sampled.all_met, None);
}

#[test]
fn a_newer_line_is_named_and_never_cut_off() {
    let newer = SCHEMA + 1;
    let begin = text(&[start()]);
    // One that this program could read, and one with an event that it does not know.
    let known = text(&lines(|| 0.5)[..1]).replace(&format!("\"schema\":{SCHEMA}"), &format!("\"schema\":{newer}"));
    let unknown = format!("{{\"schema\":{newer},\"at\":1.0,\"arm\":\"main\",\"iteration\":0,\"event\":\"dreamed\"}}\n");
    for line in [&known, &unknown] {
        for text in [format!("{begin}{line}"), format!("{begin}{line}{line}"), line.clone()] {
            let problem = problem(&text);
            assert!(problem.contains("newer version") && problem.contains(&format!("schema {newer}")), "{problem}");
        }
        // A line without its end was being written.
        let cut = format!("{begin}{}", line.trim_end());
        assert_eq!(read(&cut).unwrap().length, begin.len());
    }
}

#[test]
fn damage_is_repaired_at_the_end_and_named_anywhere_else() {
    let begin = text(&[start()]);
    let line = text(&lines(|| 0.5)[3..4]);
    let damaged = line.replace("\"loss\":0.5", "\"loss\":\"much\"");
    assert_ne!(damaged, line);
    assert_eq!(read(&format!("{begin}{damaged}")).unwrap().length, begin.len());
    let problem_text = problem(&format!("{begin}{damaged}{line}"));
    assert!(problem_text.contains("line 2 is damaged") && problem_text.contains("a number, \"NaN\""), "{problem_text}");
    assert!(problem(&line).contains("line 1 is not the start"));
    let mut halves = read(&format!("{begin}{}", &line[..line.len() / 2])).unwrap();
    assert_eq!((halves.records.len(), halves.length), (1, begin.len()));
    halves.records.clear();
    assert_eq!(parse_after(read(&begin).unwrap().chain, line.as_bytes(), Path::new("x")).unwrap().records.len(), 1);
}

/// The lines of a log as a run writes them.
fn sealed(records: &[Record]) -> Vec<String> {
    let mut chain = Chain::default();
    records.iter().map(|record| chain.seal(&serde_json::to_string(record).unwrap())).collect()
}

fn whole() -> Vec<Record> {
    [start()].into_iter().chain(lines(|| 0.5)).collect()
}

#[test]
fn a_digest_is_the_hash_of_the_digest_before_and_the_line() {
    let records = whole();
    let lines = sealed(&records);
    let mut before = "\0".repeat(16);
    for (line, record) in lines.iter().zip(&records) {
        let json = serde_json::to_string(record).unwrap();
        let digest = crate::model::content_hash(format!("{before}{}", json.strip_suffix('}').unwrap()).as_bytes());
        before = digest[..16].to_owned();
        let fields: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(fields["digest"], before, "{line}");
        assert!(line.ends_with(&format!(",\"digest\":\"{before}\"}}\n")), "{line}");
    }
    let parsed = read(&lines.concat()).unwrap();
    assert_eq!(parsed.records, records);
    assert_eq!(parsed.chain.lines(), records.len());
}

#[test]
fn a_line_that_was_changed_taken_out_or_moved_is_named() {
    let lines = sealed(&whole());
    let bad = |lines: &[String], number: usize| {
        let told = problem(&lines.concat());
        assert!(told.contains("events.jsonl") && told.contains(&format!("line {number} ")), "{number}: {told}");
        assert!(told.contains("restore the file from a copy, or start a new run"), "{told}");
    };
    for index in 1..lines.len() - 1 {
        let mut changed = lines.clone();
        // Still JSON: another moment, and one that says the same.
        for (from, to) in [("\"at\":1.5", "\"at\":2.5"), ("\"at\":1.5", "\"at\":1.50"), ("\"digest\":", "\"digesu\":")]
        {
            changed[index] = lines[index].replace(from, to);
            assert_ne!(changed[index], lines[index]);
            bad(&changed, index + 1);
        }
        let mut fewer = lines.clone();
        fewer.remove(index);
        if index + 1 < fewer.len() {
            bad(&fewer, index + 1);
            let mut swapped = lines.clone();
            swapped.swap(index, index + 1);
            bad(&swapped, index + 1);
            let mut twice = lines.clone();
            twice.insert(index, lines[index].clone());
            bad(&twice, index + 2);
        }
    }
    // What follows the first line tells that it was changed.
    let mut changed = lines.clone();
    changed[0] = lines[0].replace("\"recipe\":\"srlm\"", "\"recipe\":\"scir\"");
    bad(&changed, 1);
    changed[0] = lines[0].replace("\"digest\":", "\"digesu\":");
    bad(&changed, 2);
}

#[test]
fn a_torn_or_changed_last_line_is_left_out_and_the_chain_goes_on_before_it() {
    let records = whole();
    let lines = sealed(&records);
    let (last, before) = lines.split_last().unwrap();
    let length = before.concat().len();
    let changed = last.replace("\"at\":1.5", "\"at\":2.5");
    assert_ne!(&changed, last);
    for end in [&last[..last.len() / 2], &last[..last.len() - 1], changed.as_str()] {
        let parsed = read(&format!("{}{end}", before.concat())).unwrap();
        assert_eq!((parsed.records.len(), parsed.length), (records.len() - 1, length), "{end}");
        let mut chain = parsed.chain;
        assert_eq!(chain.seal(&serde_json::to_string(&records[records.len() - 1]).unwrap()), *last);
    }
}

#[test]
fn the_chain_goes_on_where_a_resumed_run_does() {
    let mut records = whole();
    // A step at the end is in no checkpoint.
    records.truncate(5);
    assert!(!records[4].commits());
    let lines = sealed(&records);
    let text = lines.concat();
    let kept = committed(read(&text).unwrap(), text.as_bytes(), |_| true);
    assert_eq!((kept.records.len(), kept.length, kept.chain.lines()), (4, lines[..4].concat().len(), 4));
    let mut chain = kept.chain;
    let next = chain.seal(&serde_json::to_string(&record(Event::Finished {})).unwrap());
    assert_eq!(read(&format!("{}{next}", lines[..4].concat())).unwrap().records.len(), 5);
    // In pieces as well.
    let first = read(&lines[..2].concat()).unwrap();
    let rest = parse_after(first.chain, lines[2..].concat().as_bytes(), Path::new("x")).unwrap();
    assert_eq!(rest.records, records[2..]);
    assert!(parse_after(first.chain, lines[3..].concat().as_bytes(), Path::new("x")).is_err());
}

#[test]
fn an_older_log_without_digests_is_read_and_goes_on_with_them() {
    let records = whole();
    let old = text(&records[..4]);
    let mut chain = read(&old).unwrap().chain;
    let rest: String = records[4..].iter().map(|record| chain.seal(&serde_json::to_string(record).unwrap())).collect();
    assert_eq!(read(&format!("{old}{rest}")).unwrap().records, records);
    // From there on what is before is guarded too, and nothing comes without a digest.
    let told = problem(&format!("{}{rest}", old.replacen("\"at\":1.5", "\"at\":2.5", 1)));
    assert!(told.contains("line 5 is not as it was written"), "{told}");
    let told = problem(&format!("{old}{rest}{}", text(&records[4..6])));
    assert!(told.contains(&format!("line {} has no digest", records.len() + 1)), "{told}");
}
