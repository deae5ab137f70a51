//! A run that is stopped, loses power or loses the end of its log, and is opened again, ends where
//! it would have ended: the same weights, the same lines.

mod refused;

use std::{fs, sync::Arc};

use selfsame_core::{
    Error,
    rng::{Purpose, Stream},
    run::{Folder, Store, event::SCHEMA},
};
use selfsame_tests::{
    files::{copy_folder, tree},
    runs::{Crash, Disk, Experiment, StopAfter, final_sha256, lasting_records, records},
};

/// A finished run.
fn finished(experiment: &Experiment) -> Disk {
    let disk = Disk::default();
    experiment.run_quietly(disk.clone()).unwrap();
    disk
}

/// A run that was stopped after so many records, and resumed.
fn resumed(experiment: &Experiment, after: usize) -> Disk {
    let disk = Disk::default();
    let stop = Arc::default();
    let observer = StopAfter { left: after, stop: Arc::clone(&stop) };
    let error = experiment.run(Box::new(disk.clone()), Box::new(observer), stop).unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error}");
    experiment.run_quietly(disk.clone()).unwrap();
    disk
}

/// Lines as the text of a log.
fn text(lines: &[serde_json::Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The recipes at their smallest, one that keeps the labels of its iteration's start, and one in which
/// adapters learn.
fn experiments() -> Vec<Experiment> {
    let mut fixed = Experiment::tiny("scir");
    fixed.set(&["static_labels"], true);
    vec![Experiment::tiny("srlm"), Experiment::tiny("scir"), fixed, Experiment::tiny("srlm").with_adapters()]
}

#[test]
fn a_run_does_what_its_settings_say_and_the_same_every_time() {
    for experiment in experiments() {
        let (first, second) = (finished(&experiment), finished(&experiment));
        assert_eq!(records(&first.log()), records(&second.log()));
        let records = records(&first.log());
        let count = |event: &str| records.iter().filter(|r| r["event"] == event).count();
        // Two iterations of six pairs, two pairs a step; a checkpoint after two steps and one at the end.
        assert_eq!(
            (count("step"), count("checkpoint"), count("measured")),
            (6, 4, 3),
            "{}",
            experiment.manifest.recipe
        );
        assert_eq!(first.checkpoints(), ["001", "002"], "checkpoints inside a phase are temporary");
        assert_ne!(final_sha256(&first.log()), records[0]["manifest"]["model_sha256"]);
        let hashes: Vec<_> = records.iter().filter(|r| r["complete"] == true).map(|r| &r["sha256"]).collect();
        assert_ne!(hashes[0], hashes[1], "the second iteration learned something");
    }
}

#[test]
fn stopped_after_any_record() {
    for experiment in experiments() {
        let expected = finished(&experiment).log();
        let mut stopped = 0;
        for after in 1..records(&expected).len() {
            let disk = Disk::default();
            let stop = Arc::default();
            let observer = StopAfter { left: after, stop: Arc::clone(&stop) };
            match experiment.run(Box::new(disk.clone()), Box::new(observer), stop) {
                Err(Error::Stopped) => stopped += 1,
                // Too late: what was left to do has no safe point in it.
                Ok(()) => assert!(after + 3 >= records(&expected).len(), "not stopped after {after} records"),
                Err(error) => panic!("{error}"),
            }
            experiment.run_quietly(disk.clone()).unwrap();
            assert_eq!(lasting_records(&disk.log()), lasting_records(&expected), "stopped after {after} records");
            assert_eq!(final_sha256(&disk.log()), final_sha256(&expected));
            assert_eq!(disk.checkpoints(), ["001", "002"], "stopped after {after} records");
        }
        assert!(stopped > 10, "{stopped} of the runs were stopped");
    }
}

/// Every operation on the disk in turn is the one that fails: before it, or in the middle of it.
#[test]
fn power_lost_at_any_moment() {
    for (index, experiment) in experiments().into_iter().enumerate() {
        let whole = finished(&experiment);
        for operation in 1..=whole.operations() {
            let mut stream = Stream::new(5, Purpose::Bootstrap, 1, operation as u64);
            let shares = [0.0, 0.5 + 0.49 * stream.uniform()];
            // Both for the first recipe; the others take turns.
            let chosen = if index == 0 { &shares[..] } else { &shares[(operation + index) % 2..][..1] };
            for share in chosen.iter().copied() {
                let disk = Disk::crashing(Crash { operation, share });
                experiment.run_quietly(disk.clone()).unwrap_err();
                disk.restart(None);
                let what = format!("{}, operation {operation}, {share:.2} of it", experiment.manifest.recipe);
                experiment.run_quietly(disk.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
                assert_eq!(records(&disk.log()), records(&whole.log()), "{what}");
                assert_eq!(final_sha256(&disk.log()), final_sha256(&whole.log()), "{what}");
            }
        }
    }
}

/// A number that is none, beside the loss, ends no run and keeps none from being continued: as this
/// program writes it, and as one of schema 1 did.
#[test]
fn a_log_with_numbers_that_are_none_is_continued() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    for (schema, word) in [(SCHEMA, serde_json::json!("NaN")), (1, serde_json::Value::Null)] {
        let mut lines: Vec<serde_json::Value> =
            String::from_utf8(whole.log()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let end = lines.iter().position(|line| line["complete"] == true).unwrap();
        lines.truncate(end + 1);
        let mut changed = 0;
        for line in &mut lines {
            line["schema"] = schema.into();
            for metric in line["metrics"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
                *metric = word.clone();
                changed += 1;
            }
            if line["event"] == "measured" {
                line["measurement"]["kl_to_start"] = word.clone();
                changed += 1;
            }
        }
        assert!(changed > 3, "{changed}");
        let text = text(&lines);
        let disk = whole.copy();
        disk.set_log(text.clone().into_bytes());
        experiment.run_quietly(disk.clone()).unwrap();
        assert!(disk.log().starts_with(text.as_bytes()));
        assert_eq!(final_sha256(&disk.log()), final_sha256(&whole.log()), "schema {schema}");
    }
}

/// Power is lost again and again; each life lasts long enough for a checkpoint.
#[test]
fn power_lost_many_times() {
    let experiment = Experiment::tiny("scir");
    let whole = finished(&experiment);
    for lifetime in [9, 14, 23] {
        let disk = Disk::default();
        let mut lives = 0;
        loop {
            lives += 1;
            assert!(lives < 100, "no progress in lives of {lifetime} operations");
            disk.restart(Some(Crash { operation: lifetime, share: 0.7 }));
            match experiment.run_quietly(disk.clone()) {
                Ok(()) => break,
                Err(error) => assert!(disk.dead(), "{error}"),
            }
        }
        assert!(lives > 1, "nothing was tested");
        disk.restart(None);
        assert_eq!(records(&disk.log()), records(&whole.log()), "lives of {lifetime} operations");
    }
}

/// What a power failure leaves of a removal or a replacement must not pile up.
#[test]
fn no_temporary_checkpoint_outlives_its_run() {
    let experiment = Experiment::tiny("srlm");
    let operations = finished(&experiment).operations();
    for operation in 1..=operations {
        let disk = Disk::crashing(Crash { operation, share: 0.0 });
        experiment.run_quietly(disk.clone()).unwrap_err();
        disk.restart(None);
        experiment.run_quietly(disk.clone()).unwrap();
        assert_eq!(disk.checkpoints(), ["001", "002"], "after a failure of operation {operation}");
    }
}

/// The log of a finished run is cut anywhere; the checkpoints on disk are then newer than it.
#[test]
fn a_log_that_is_cut_anywhere_on_disk() {
    let experiment = Experiment::tiny("srlm");
    let original = tempfile::tempdir().unwrap();
    experiment.run_quietly(Folder::create(original.path()).unwrap()).unwrap();
    let log = fs::read(Folder::log_path(original.path())).unwrap();
    let mut stream = Stream::new(8, Purpose::Bootstrap, 0, 0);
    let mut failures = Vec::new();
    for _ in 0..30 {
        let length = stream.below(log.len());
        let copy = tempfile::tempdir().unwrap();
        copy_folder(original.path(), copy.path());
        fs::write(Folder::log_path(copy.path()), &log[..length]).unwrap();
        let last = log[..length].split(|b| *b == b'\n').count();
        if let Err(error) = experiment.run_quietly(Folder::create(copy.path()).unwrap()) {
            failures.push(format!("cut to {length} bytes, inside line {last}: {error}"));
            continue;
        }
        let finished = fs::read(Folder::log_path(copy.path())).unwrap();
        assert_eq!(records(&finished), records(&log), "cut to {length} bytes");
        assert_eq!(tree(copy.path()), tree(original.path()), "cut to {length} bytes");
    }
    assert!(failures.is_empty(), "{} of 30:\n{}", failures.len(), failures.join("\n"));
}

/// The same at the one line after which it matters most: a checkpoint inside a phase that the rest
/// of the run has tidied away.
#[test]
fn a_log_that_ends_with_a_checkpoint_that_is_no_longer_there() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    let log = whole.log();
    let lines: Vec<&[u8]> = log.split_inclusive(|b| *b == b'\n').collect();
    let parsed = records(&log);
    let partial = parsed.iter().position(|r| r["event"] == "checkpoint" && r["complete"] == false).unwrap();
    let disk = whole.copy();
    disk.set_log(lines[..=partial].concat());
    experiment.run_quietly(disk.clone()).unwrap_or_else(|e| panic!("line {}: {e}", partial + 1));
    assert_eq!(final_sha256(&disk.log()), final_sha256(&log));
}

#[test]
fn steps_that_replay_judgements_resume_as_well() {
    let mut experiment = Experiment::tiny("srlm");
    experiment.set(&["loop", "replay"], 2);
    experiment.set(&["loop", "iterations"], 1);
    let expected = finished(&experiment).log();
    assert_ne!(
        final_sha256(&expected),
        final_sha256(&{
            experiment.set(&["loop", "replay"], 0);
            finished(&experiment).log()
        }),
        "the judgements are learned from"
    );
    experiment.set(&["loop", "replay"], 2);
    let first_step = records(&expected).iter().position(|r| r["event"] == "step").unwrap();
    for after in [first_step + 1, first_step + 2] {
        let disk = resumed(&experiment, after);
        assert_eq!(lasting_records(&disk.log()), lasting_records(&expected), "stopped after {after} records");
    }
}

/// A loss that reads the model twice adds gradients up in another order where blocks are computed again: a run that
/// resumed has to compute them again, too.
#[test]
fn blocks_that_are_computed_again_are_so_after_resuming() {
    let mut experiment = Experiment::tiny("srlm");
    experiment.set(&["loop", "replay"], 2);
    experiment.set(&["loop", "iterations"], 2);
    let kept = finished(&experiment).log();
    experiment.model = experiment.model.recomputing(true);
    let expected = finished(&experiment).log();
    let loss = |log: &[u8]| records(log).iter().find_map(|r| r["loss"].as_f64()).unwrap();
    assert!((loss(&kept) - loss(&expected)).abs() < 1e-6, "it is the same loss");
    let second = |r: &serde_json::Value| r["event"] == "step" && r["iteration"] == 2;
    let after = records(&expected).iter().position(second).unwrap();
    let disk = resumed(&experiment, after);
    assert_eq!(lasting_records(&disk.log()), lasting_records(&expected));
}

#[test]
fn recipes_that_learn_from_given_answers_resume_as_well() {
    for id in ["sft", "dpo"] {
        let experiment = Experiment::tiny(id);
        let whole = finished(&experiment);
        for operation in 1..=whole.operations() {
            let disk = Disk::crashing(Crash { operation, share: [0.0, 0.6][operation % 2] });
            experiment.run_quietly(disk.clone()).unwrap_err();
            disk.restart(None);
            experiment.run_quietly(disk.clone()).unwrap();
            assert_eq!(records(&disk.log()), records(&whole.log()), "{id}, operation {operation}");
        }
    }
}

#[test]
fn control_lines_resume_as_well() {
    let mut experiment = Experiment::tiny("srlm");
    experiment.set(&["loop", "iterations"], 1);
    experiment.manifest.options.controls = true;
    let whole = finished(&experiment);
    assert_eq!(whole.checkpoints(), ["001", "oracle-001", "random-001"]);
    let mut stream = Stream::new(13, Purpose::Bootstrap, 0, 0);
    for _ in 0..12 {
        let operation = 1 + stream.below(whole.operations());
        let disk = Disk::crashing(Crash { operation, share: stream.uniform() });
        experiment.run_quietly(disk.clone()).unwrap_err();
        disk.restart(None);
        experiment.run_quietly(disk.clone()).unwrap();
        assert_eq!(records(&disk.log()), records(&whole.log()), "operation {operation}");
    }
}

#[test]
fn a_finished_run_stays_as_it_is() {
    let experiment = Experiment::tiny("srlm");
    let disk = finished(&experiment);
    let log = disk.log();
    experiment.run_quietly(disk.clone()).unwrap();
    assert_eq!(disk.log(), log);
}

/// A folder on disk and the tests' disk keep the same things.
#[test]
fn a_folder_holds_what_the_log_says() {
    let experiment = Experiment::tiny("srlm");
    let folder = tempfile::tempdir().unwrap();
    let mut store = Folder::create(folder.path().join("run")).unwrap();
    store.write("note.txt", "one").unwrap();
    store.write("note.txt", "two").unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("run/note.txt")).unwrap(), "two");
    experiment.run_quietly(store).unwrap();
    let log = fs::read(Folder::log_path(&folder.path().join("run"))).unwrap();
    assert_eq!(records(&log), records(&finished(&experiment).log()));
    let weights = fs::read(folder.path().join("run/checkpoints/002/model.safetensors")).unwrap();
    assert_eq!(selfsame_core::model::content_hash(&weights), final_sha256(&log));
    let names = tree(&folder.path().join("run"));
    assert!(!names.iter().any(|name| name.contains(".tmp")), "{names:?}");
}
