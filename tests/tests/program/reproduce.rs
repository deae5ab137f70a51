//! `selfsame reproduce` as a person starts it, killed once; and every baseline of every claim at its smallest.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use selfsame::{atlas::Atlas, fold::RunView};
use selfsame_core::{
    measure::Quantity,
    recipe::claims::{Against, studies},
};
use selfsame_tests::{
    files::tree,
    program::{assert_nothing_half_written, assert_refused, command, locate, run},
    runs::{Disk, Experiment, final_sha256, records},
};
use serde_json::Value;

/// Longest time for the part before the kill, so that a program that hangs fails the test.
const PATIENCE: Duration = Duration::from_secs(300);

fn arguments(out: &Path, seeds: &str, more: &[&str]) -> Vec<String> {
    let mut words = "reproduce dpo --quick --device cpu --set pairs=16 --set replay=2 \
        --set learn.batch_size=4 --set options.held_out=4 --set options.checkpoint_every=1 --out"
        .split_whitespace()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    words.extend([out.display().to_string(), "--seeds".to_owned(), seeds.to_owned()]);
    words.extend(more.iter().map(|word| (*word).to_owned()));
    words
}

/// The logs of all runs below a folder.
fn logs(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = tree(out).into_iter().filter(|name| name.ends_with("events.jsonl"));
    names.map(|name| (name.clone(), fs::read(out.join(&name)).unwrap())).collect()
}

fn atlas(out: &Path) -> Atlas {
    Atlas::parse(&fs::read_to_string(out.join("atlas.json")).unwrap(), "atlas.json").unwrap()
}

/// What does not depend on clock and machine.
fn timeless(out: &Path) -> Value {
    let mut value = serde_json::to_value(atlas(out)).unwrap();
    for row in value["rows"].as_array_mut().unwrap() {
        for part in ["origin", "earlier"] {
            row.as_object_mut().unwrap().remove(part);
        }
        for arm in row["arms"].as_array_mut().unwrap() {
            arm["spent"].as_object_mut().unwrap().remove("seconds");
        }
    }
    value
}

#[test]
fn a_reproduction_that_was_killed_ends_as_one_that_was_not() {
    let Some(program) = locate("a_reproduction_that_was_killed_ends_as_one_that_was_not") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [whole, killed] = ["whole", "killed"].map(|name| folder.path().join(name));
    // Two at a time in one piece, and one after the other in two.
    let output = run(&program, arguments(&whole, "2", &["--jobs", "2"]));
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stderr}");
    for words in ["Claim: Preferences can be learned", "Verdict: ", "2 seeds", "preferred-alone", "95 % (bootstrap)"] {
        assert!(stdout.contains(words), "{words:?} is not in:\n{stdout}");
    }
    let mut child = command(&program)
        .args(arguments(&killed, "2", &["--jobs", "1"]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // In the middle of the second run.
    let (second, began) = (killed.join("dpo/preferred-alone/seed-1/events.jsonl"), Instant::now());
    let of_whole = fs::metadata(whole.join("dpo/preferred-alone/seed-1/events.jsonl")).unwrap().len();
    while fs::metadata(&second).map_or(0, |log| log.len()) < of_whole / 2 {
        assert!(began.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "the second run never came");
        sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!killed.join("atlas.json").exists());
    let first = fs::read(killed.join("dpo/dpo/seed-1/events.jsonl")).unwrap();
    let output = run(&program, arguments(&killed, "2", &["--jobs", "1", "--json"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read(killed.join("dpo/dpo/seed-1/events.jsonl")).unwrap(), first, "what was finished is only read");
    let (expected, found) = (logs(&whole), logs(&killed));
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    assert_eq!(expected.len(), 4);
    for (name, log) in &expected {
        assert_eq!(records(log), records(&found[name]), "{name}");
        assert!(RunView::load(whole.join(name).parent().unwrap()).unwrap().finished, "{name} opens as any run");
    }
    assert_eq!(timeless(&whole), timeless(&killed));
    assert_nothing_half_written(&killed);
    // The row on standard output is the one in the file, and says where it comes from.
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, serde_json::to_value(&atlas(&killed).rows[0]).unwrap());
    let origin = &atlas(&killed).rows[0].origin;
    assert!(origin.cores > 0 && origin.jobs == 1 && origin.written > 1.7e9 && origin.device == "cpu");
    let page = fs::read_to_string(killed.join("atlas.html")).unwrap();
    assert!(
        page.contains("preferred-alone") && fs::read_to_string(killed.join("atlas.md")).unwrap().contains("| dpo |")
    );
    // Another budget has no place among these runs.
    let refused = run(&program, arguments(&killed, "2", &["--set", "beta=0.2"]));
    assert_refused(&refused, &["parameters.beta", "--out"], "another budget");
    assert_eq!(logs(&killed), found);
}

#[test]
fn seeds_of_two_machines_make_one_row() {
    let Some(program) = locate("seeds_of_two_machines_make_one_row") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [whole, first, second] = ["whole", "first", "second"].map(|name| folder.path().join(name));
    let reproduce = |out: &Path, seeds: &str| {
        let output = run(&program, arguments(out, seeds, &["--json"]));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    reproduce(&whole, "2");
    reproduce(&first, "1");
    fs::create_dir(&second).unwrap();
    fs::copy(first.join("atlas.json"), second.join("atlas.json")).unwrap();
    let printed = reproduce(&second, "2-2");
    assert_eq!(logs(&second).len(), 2, "only the seed that was asked for");
    assert_eq!(timeless(&second), timeless(&whole));
    assert_eq!(printed, serde_json::to_value(&atlas(&second).rows[0]).unwrap());
    assert_eq!(atlas(&second).rows[0].earlier[0].seeds, [1]);
    // The same command again changes nothing.
    reproduce(&second, "2-2");
    assert_eq!(timeless(&second), timeless(&whole));
    // The seeds of another budget leave, and are named.
    let output = run(&program, arguments(&second, "3-3", &["--set", "beta=0.2"]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("seeds 1, 2 leave the atlas, since their settings"), "{said}");
    assert_eq!(atlas(&second).rows[0].seeds, [3]);
}

/// A switch that changes nothing would be no baseline, and a number that nobody notes is no test.
#[test]
fn every_baseline_runs_and_differs_from_its_recipe() {
    for study in studies() {
        let mut recipe = Experiment::tiny(study.recipe);
        if let Some(world) = study.world {
            recipe = recipe.in_world(world);
        }
        if study.recipe == "sharpening" {
            // Sums and means of log-probabilities order answers of one length alike, and a random model rarely ends.
            recipe.set(&["loop", "sampling", "max_new_tokens"], 45);
            recipe.set(&["loop", "samples"], 8);
        }
        if study.recipe == "scir" {
            // Labels can only change once a step moved something, and judges seldom agree.
            recipe.set(&["loop", "learn", "epochs"], 4);
            recipe.set(&["loop", "prompts"], 12);
            recipe.set(&["loop", "pairs"], 12);
        }
        recipe.manifest.parameters = study.parameters(&recipe.manifest.parameters).unwrap();
        if study.id == "r3-relevance" {
            // A correlation over iterations needs three of them.
            recipe.set(&["iterations"], 3);
        }
        if study.id == "dno-cyclic" {
            // What a random model says seldom wins every second time.
            recipe.set(&["floor"], 0);
        }
        let ended = |experiment: &Experiment| {
            let disk = Disk::default();
            let name = &experiment.manifest.recipe;
            experiment.run_quietly(disk.clone()).unwrap_or_else(|e| panic!("{}, {name}: {e}", study.id));
            let log = disk.log();
            let noted: BTreeSet<String> = records(&log)
                .iter()
                .filter(|record| record["event"] == "noted")
                .filter_map(|record| record["name"].as_str().map(str::to_owned))
                .collect();
            (final_sha256(&log), noted)
        };
        let (of_recipe, noted) = ended(&recipe);
        for quantity in study.compared() {
            let Quantity::Noted { noted: name, .. } = quantity else { unreachable!("only those are given") };
            assert!(noted.contains(name), "{} notes no {name:?}, but {noted:?}", study.id);
        }
        for arm in study.arms {
            let mut baseline = recipe.clone();
            baseline.manifest.recipe = arm.recipe.to_owned();
            baseline.manifest.parameters = study.parameters_of(arm, &recipe.manifest.parameters).unwrap();
            let (of_arm, noted) = ended(&baseline);
            // No answer of a random model beats the teacher's there; in `dno` the same switch is seen to change the run.
            let teacher_always_wins = (study.id, arm.name) == ("dno-cyclic", "teacher-wins");
            assert!(teacher_always_wins || of_arm != of_recipe, "{}: {}", study.id, arm.name);
            for test in study.tests.iter().filter(|test| test.against == Against::Arm(arm.name)) {
                if let Quantity::Noted { noted: name, .. } = test.figure {
                    assert!(noted.contains(name), "{}: {} notes no {name:?}", study.id, arm.name);
                }
            }
        }
    }
}
