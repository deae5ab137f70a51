//! Sharpening: what it learns from, and what it says where all answers can be counted.

use selfsame_core::rng::{Purpose, Stream};
use selfsame_tests::runs::{Crash, Disk, Experiment, records};
use serde_json::Value;

use super::{finished, steps};

/// RLHF-sharpening begins at the mean squared difference of the base's own log-likelihoods, which are in the log, and
/// each of its pairs stands in their order; the reward stays that of the base when the policy has moved.
#[test]
fn sharpening_regresses_on_the_frozen_base() {
    let mut experiment = Experiment::tiny("sharpening");
    experiment.set(&["algorithm"], "regress");
    // All pairs in one step, which is repeated: the first of a phase warms up and moves nothing.
    experiment.set(&["loop", "pairs"], 100);
    experiment.set(&["loop", "learn", "epochs"], 4);
    experiment.set(&["loop", "learn", "batch_size"], 100);
    experiment.set(&["loop", "learn", "micro_batch"], 100);
    experiment.set(&["loop", "learn", "learning_rate"], 3e-3);
    let records = records(&finished(&experiment).log());
    let of = |event: &str, iteration: u32| {
        records.iter().find(|r| r["event"] == event && r["iteration"] == iteration).unwrap()
    };
    let mut squares = Vec::new();
    let judged = of("judged", 1);
    assert_eq!(judged["judge"], "likelihood");
    for scores in judged["scores"].as_array().unwrap() {
        let scores: Vec<f64> = scores.as_array().unwrap().iter().map(|s| s.as_f64().unwrap()).collect();
        for first in 0..scores.len() {
            for second in first + 1..scores.len() {
                // Answers of a random model that are equally likely are the same.
                let difference = scores[first] - scores[second];
                squares.extend((difference != 0.0).then_some(difference * difference));
            }
        }
    }
    let pairs = of("selected", 1)["pairs"].as_array().unwrap().len();
    assert_eq!(pairs, squares.len());
    #[allow(clippy::cast_precision_loss)]
    let expected = squares.iter().sum::<f64>() / pairs as f64;
    let loss = of("step", 1)["loss"].as_f64().unwrap();
    assert!(expected > 0.1 && (loss / expected - 1.0).abs() < 1e-3, "{loss} and {expected}");
    // In the second iteration the policy has moved and the reference has not: there are margins from the start.
    assert!(of("step", 2)["metrics"]["rewards/margins"].as_f64().unwrap().abs() > 1e-3);
}

/// Exploration puts every answer against one that the base drew, and changes the gradient alone.
#[test]
fn sharpening_explores_against_the_base() {
    let run = |exploration: f64| {
        let mut experiment = Experiment::tiny("sharpening");
        experiment.set(&["algorithm"], "regress");
        experiment.set(&["exploration"], exploration);
        records(&finished(&experiment).log())
    };
    let (none, some) = (run(0.0), run(0.5));
    let drawn = |records: &[Value]| records.iter().filter(|r| r["purpose"] == "initial").count();
    assert_eq!((drawn(&none), drawn(&some)), (0, 2));
    let answers: Vec<&str> = some
        .iter()
        .filter(|r| r["purpose"] == "initial" && r["iteration"] == 1)
        .flat_map(|r| r["answers"].as_array().unwrap())
        .filter_map(|group| group[0]["text"].as_str())
        .collect();
    let selected = some.iter().find(|r| r["event"] == "selected" && r["iteration"] == 1).unwrap();
    for pair in selected["pairs"].as_array().unwrap() {
        let two: Vec<&str> = pair["answers"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(two.iter().any(|text| answers.contains(text)), "{two:?}");
    }
    assert!(steps(&some).all(|step| !step["metrics"]["logps/explored"].is_null()));
}

/// In a world whose answers can be counted the base is taught first, its standing is exact, and sharpening starts
/// from it and goes through every record again as it was.
#[test]
fn a_grammar_is_taught_counted_and_resumed() {
    let mut experiment = Experiment::tiny("sharpening").in_world("grammar");
    experiment.manifest.options.held_out = 2;
    experiment.manifest.options.checkpoint_every = 1;
    let whole = finished(&experiment);
    let lines = records(&whole.log());
    let noted = |name: &str, iteration: u32| -> Vec<f64> {
        let found = lines.iter().find(|r| r["event"] == "noted" && r["iteration"] == iteration && r["name"] == name);
        found.unwrap()["values"].as_array().unwrap().iter().filter_map(Value::as_f64).collect()
    };
    for iteration in 1..=3 {
        let masses = noted("mass on y*", iteration);
        assert_eq!(masses.len(), 2);
        let all = noted("mass, entropy and accuracy", iteration);
        let mean = masses.iter().sum::<f64>() / 2.0;
        assert!(mean > 0.0 && mean < all[0] && all[0] <= 1.0 && all[2] <= all[0], "{mean} {all:?}");
        // At most 512 answers.
        assert!(all[1] > 0.0 && all[1] < 512.0_f64.ln());
        let best = noted("best of N finds y*", iteration);
        assert!((best[0] - mean).abs() < 1e-6 && best.is_sorted());
    }
    // The first iteration teaches: what comes then is measured against what it ended with.
    let kl = |iteration: u32| {
        let found = lines.iter().find(|r| r["event"] == "measured" && r["iteration"] == iteration).unwrap();
        found["measurement"]["kl_to_start"].as_f64().unwrap()
    };
    assert!(kl(1).abs() < 1e-4 && kl(3).abs() > 1e-4, "{} {}", kl(1), kl(3));
    let mut stream = Stream::new(22, Purpose::Bootstrap, 0, 0);
    for _ in 0..12 {
        let operation = 1 + stream.below(whole.operations());
        let disk = Disk::crashing(Crash { operation, share: stream.uniform() });
        experiment.run_quietly(disk.clone()).unwrap_err();
        disk.restart(None);
        experiment.run_quietly(disk.clone()).unwrap_or_else(|e| panic!("operation {operation}: {e}"));
        assert_eq!(records(&disk.log()), lines, "operation {operation}");
    }
}
