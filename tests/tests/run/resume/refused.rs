//! Runs that must not be continued: damaged, of another version, with other inputs.

use std::fs;

use selfsame_core::{
    Error,
    run::{Folder, event::SCHEMA},
};
use selfsame_tests::runs::{Experiment, records};

use super::{finished, text};

#[test]
fn damage_in_the_middle_is_named_and_left_alone() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    let log = whole.log();
    let lines: Vec<Vec<u8>> = log.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    // The last line but one, run together with the last, would be a damaged last line.
    for line in 0..lines.len() - 2 {
        let mut damaged = lines.clone();
        let middle = damaged[line].len() / 2;
        match line % 4 {
            // A byte that no JSON holds, half a line, two lines in one, nothing but an empty line.
            0 => damaged[line][middle] = 0,
            1 => {
                damaged[line].truncate(middle);
                damaged[line].push(b'\n');
            }
            2 => {
                damaged[line].pop();
            }
            _ => damaged[line] = b"\n".to_vec(),
        }
        let disk = whole.copy();
        disk.set_log(damaged.concat());
        let before = disk.log();
        let error = experiment.run_quietly(disk.clone()).unwrap_err().to_string();
        assert!(error.contains(&format!("line {} is damaged", line + 1)), "line {}: {error}", line + 1);
        assert_eq!(disk.log(), before, "a damaged log is not touched");
    }
}

/// The lines of a log as older versions wrote them.
fn without_digests(log: &[u8]) -> Vec<serde_json::Value> {
    let lines = std::str::from_utf8(log).unwrap().lines();
    lines
        .map(|line| {
            let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
            value.as_object_mut().unwrap().remove("digest").expect("a line that was just written has a digest");
            value
        })
        .collect()
}

#[test]
fn a_token_that_was_changed_and_a_line_that_is_missing_are_refused() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    let text = String::from_utf8(whole.log()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = |event: &str| lines.iter().position(|line| line.contains(&format!("\"event\":\"{event}\""))).unwrap();
    let sampled = at("sampled");
    let (head, ids) = lines[sampled].split_once("\"ids\":[").unwrap();
    let end = ids.find([',', ']']).unwrap();
    let other = if &ids[..end] == "7" { "8" } else { "7" };
    let changed = format!("{head}\"ids\":[{other}{}", &ids[end..]);
    let replaced = |line: usize, by: &str| {
        lines.iter().enumerate().map(|(n, old)| if n == line { by } else { old }).collect::<String>()
    };
    for (log, line) in [(replaced(sampled, &changed), sampled), (replaced(at("step"), ""), at("step"))] {
        let disk = whole.copy();
        disk.set_log(log.into_bytes());
        let before = disk.log();
        let error = experiment.run_quietly(disk.clone()).unwrap_err().to_string();
        assert!(error.contains(&format!("line {} is not as it was written", line + 1)), "{error}");
        assert_eq!(disk.log(), before, "a damaged log is not touched");
    }
}

/// A program whose world draws other prompts must not go on with a run: neither with those that it is measured on nor
/// with those that it learns from.
#[test]
fn a_log_with_other_prompts_is_refused() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    let lines = without_digests(&whole.log());
    let posed: Vec<usize> = (0..lines.len()).filter(|n| lines[*n]["event"] == "prompts").collect();
    assert!(posed.len() > 1);
    for line in posed {
        let mut others = lines.clone();
        others[line]["prompts"][0]["text"] = "another".into();
        let disk = whole.copy();
        disk.set_log(text(&others).into_bytes());
        let before = disk.log();
        let error = experiment.run_quietly(disk.clone()).unwrap_err().to_string();
        assert!(error.contains("others than this program draws"), "line {}: {error}", line + 1);
        assert_eq!(disk.log(), before, "the log is not touched");
    }
}

/// A log of an older version has no digests; a step that is missing from it is found all the same, and a whole one
/// is continued.
#[test]
fn steps_of_an_older_log_follow_each_other() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    let lines = without_digests(&whole.log());
    let steps: Vec<usize> = (0..lines.len()).filter(|n| lines[*n]["event"] == "step").collect();
    for gone in &steps {
        let mut fewer = lines.clone();
        fewer.remove(*gone);
        let disk = whole.copy();
        disk.set_log(text(&fewer).into_bytes());
        let error = experiment.run_quietly(disk).unwrap_err().to_string();
        // What follows is where the step was.
        assert!(error.contains(&format!("line {} says", gone + 1)) && error.contains("missing"), "{error}");
    }
    let end = lines.iter().position(|line| line["complete"] == true).unwrap();
    let disk = whole.copy();
    disk.set_log(text(&lines[..=end]).into_bytes());
    experiment.run_quietly(disk.clone()).unwrap();
    assert_eq!(records(&disk.log()), records(&whole.log()));
    // It goes on with digests, and is read again.
    experiment.run_quietly(disk.clone()).unwrap();
    assert_eq!(without_digests(&disk.log()[text(&lines[..=end]).len()..]).len(), lines.len() - end - 1);
}

#[test]
fn a_log_of_the_future_or_without_its_beginning_is_refused() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    let text = String::from_utf8(whole.log()).unwrap();
    let without_first = text.split_once('\n').unwrap().1.to_owned();
    let schema = |number| format!("\"schema\":{number}");
    let newer = text.replacen(&schema(SCHEMA), &schema(SCHEMA + 1), 1);
    for (log, word) in [(without_first, "beginning"), (newer, "newer version")] {
        let disk = whole.copy();
        disk.set_log(log.into_bytes());
        let error = experiment.run_quietly(disk).unwrap_err().to_string();
        assert!(error.contains("line 1") && error.contains(word), "{error}");
    }
}

/// What is different, and how.
type Change = (&'static str, Box<dyn Fn(&mut Experiment)>);

#[test]
fn other_inputs_are_refused() {
    let experiment = Experiment::tiny("srlm");
    let whole = finished(&experiment);
    let changes: Vec<Change> = vec![
        ("seed", Box::new(|e| e.manifest.seed += 1)),
        ("recipe", Box::new(|e| e.manifest.recipe = "scir".to_owned())),
        ("model", Box::new(|e| e.manifest.model_sha256 = "2".to_owned())),
        ("base", Box::new(|e| e.manifest.base_sha256 = "2".to_owned())),
        ("device", Box::new(|e| e.manifest.device = "gpu".to_owned())),
        ("version", Box::new(|e| e.manifest.version = "other".to_owned())),
        ("options", Box::new(|e| e.manifest.options.held_out += 1)),
        ("beta", Box::new(|e| e.set(&["loop", "beta"], 0.2))),
        ("learning rate", Box::new(|e| e.set(&["loop", "learn", "learning_rate"], 1e-5))),
        ("judges", Box::new(|e| e.manifest.judges.truncate(1))),
    ];
    for (what, change) in changes {
        let mut other = Experiment::tiny("srlm");
        change(&mut other);
        let disk = whole.copy();
        let error = other.run_quietly(disk.clone()).unwrap_err();
        assert!(matches!(&error, Error::Log { problem, .. } if problem.contains("other inputs")), "{what}: {error}");
        assert_eq!(disk.log(), whole.log(), "{what}: the log is not touched");
    }
}

#[test]
fn a_checkpoint_that_was_tampered_with_is_refused() {
    let experiment = Experiment::tiny("srlm");
    let folder = tempfile::tempdir().unwrap();
    experiment.run_quietly(Folder::create(folder.path()).unwrap()).unwrap();
    let path = folder.path().join("checkpoints/001/model.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = experiment.run_quietly(Folder::create(folder.path()).unwrap()).unwrap_err().to_string();
    assert!(error.contains("001") && error.contains("SHA-256"), "{error}");
    fs::remove_file(&path).unwrap();
    let error = experiment.run_quietly(Folder::create(folder.path()).unwrap()).unwrap_err().to_string();
    assert!(error.contains("001") && error.contains("model.safetensors"), "{error}");
}
