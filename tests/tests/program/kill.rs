//! The program itself is killed at twenty moments and asked to interrupt, and goes on as if nothing
//! had happened.
//!
//! Moments are lengths of the log, not times: the same on a fast machine and on a slow one.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use selfsame_tests::{
    program::{assert_nothing_half_written, command, locate, run},
    runs::{final_sha256, records},
};

/// Kills of the run.
const KILLS: u64 = 20;

/// Longest time for one run, so that a program that hangs fails the test.
const PATIENCE: Duration = Duration::from_secs(600);

fn arguments(out: &Path) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["run", "srlm", "--quick", "--no-controls", "--seed", "3", "--device", "cpu", "--out"]
            .map(str::to_owned)
            .into();
    arguments.push(out.display().to_string());
    for setting in
        ["loop.prompts=8", "loop.pairs=8", "loop.iterations=1", "options.held_out=6", "options.checkpoint_every=1"]
    {
        arguments.extend(["--set".to_owned(), setting.to_owned()]);
    }
    arguments
}

fn start(program: &Path, out: &Path) -> Child {
    spawn(command(program), out)
}

fn spawn(mut command: Command, out: &Path) -> Child {
    command.args(arguments(out)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

fn log_length(out: &Path) -> u64 {
    fs::metadata(out.join("events.jsonl")).map_or(0, |metadata| metadata.len())
}

/// Waits until the log has a length or the program has ended; false if it ended first.
fn wait_for_log(child: &mut Child, out: &Path, length: u64) -> bool {
    let started = Instant::now();
    loop {
        if log_length(out) >= length {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return log_length(out) >= length;
        }
        assert!(started.elapsed() < PATIENCE, "the log does not grow to {length} bytes");
        sleep(Duration::from_millis(1));
    }
}

fn resume(program: &Path, out: &Path) -> Output {
    run(program, ["resume".as_ref(), out.as_os_str(), "--device".as_ref(), "cpu".as_ref()])
}

fn assert_success(output: &Output, what: &str) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {}\n{stdout}\n{stderr}", output.status);
}

#[test]
fn killed_at_twenty_moments() {
    let Some(program) = locate("killed_at_twenty_moments") else { return };
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    assert_success(&run(&program, arguments(&whole)), "the run that is left alone");
    let expected = fs::read(whole.join("events.jsonl")).unwrap();
    let total = u64::try_from(expected.len()).unwrap();
    assert_nothing_half_written(&whole);
    let mut killed = 0;
    for k in 1..=KILLS {
        let out = folder.path().join(format!("killed-{k}"));
        let mut child = start(&program, &out);
        assert!(wait_for_log(&mut child, &out, k * total / (KILLS + 1)), "kill {k}: the run ended early");
        child.kill().unwrap();
        let status = child.wait().unwrap();
        killed += u32::from(!status.success());
        let left = fs::read(out.join("events.jsonl")).unwrap();
        assert_success(&resume(&program, &out), &format!("kill {k}: resume"));
        let log = fs::read(out.join("events.jsonl")).unwrap();
        // What was committed is still there, to the byte.
        let kept = left.iter().zip(&log).take_while(|(a, b)| a == b).count();
        let lines_kept = log[..kept].iter().filter(|b| **b == b'\n').count();
        println!("kill {k}: {} of {total} bytes written, {lines_kept} lines kept", left.len());
        assert_eq!(final_sha256(&log), final_sha256(&expected), "kill {k}");
        assert_eq!(records(&log), records(&expected), "kill {k}");
        assert_nothing_half_written(&out);
        fs::remove_dir_all(&out).unwrap();
    }
    // A run may end between its last line and the blow, but not all of them.
    assert!(killed >= 5, "only {killed} of the runs were still going on when they were killed");
}

#[test]
fn a_finished_run_can_be_resumed_and_stays_as_it_is() {
    let Some(program) = locate("a_finished_run_can_be_resumed") else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    assert_success(&run(&program, arguments(&out)), "the run");
    let before = fs::read(out.join("events.jsonl")).unwrap();
    assert_success(&resume(&program, &out), "resume");
    assert_eq!(fs::read(out.join("events.jsonl")).unwrap(), before);
}

/// Whether the log of a run ends as a finished one does.
#[cfg(unix)]
fn finished(out: &Path) -> bool {
    let log = fs::read_to_string(out.join("events.jsonl")).unwrap();
    log.ends_with('\n') && log.lines().last().is_some_and(|line| line.contains("\"event\":\"finished\""))
}

#[cfg(unix)]
fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Ctrl-C, a polite kill and a closed terminal end the run at the next safe point with an exit code of
/// their own, and lose nothing.
#[cfg(unix)]
#[test]
fn interrupted_and_resumed() {
    let Some(program) = locate("interrupted_and_resumed") else { return };
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    assert_success(&run(&program, arguments(&whole)), "the run that is left alone");
    let expected = fs::read(whole.join("events.jsonl")).unwrap();
    for signal in ["-INT", "-TERM", "-HUP"] {
        let out = folder.path().join(format!("interrupted{signal}"));
        let mut child = start(&program, &out);
        assert!(wait_for_log(&mut child, &out, 1), "{signal}: the run wrote nothing");
        send(signal, &child);
        let status = child.wait().unwrap();
        // Only a run that had nothing left to do may ignore it.
        let done = finished(&out);
        assert_eq!(status.code(), Some(if done { 0 } else { 130 }), "{signal}: the exit code");
        println!("{signal}: {status}");
        assert_nothing_half_written(&out);
        assert_success(&resume(&program, &out), "resume");
        let log = fs::read(out.join("events.jsonl")).unwrap();
        assert_eq!(final_sha256(&log), final_sha256(&expected), "{signal}");
    }
}

/// A run that was started with `nohup` outlives its terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_run_under_nohup_goes_on() {
    let Some(program) = locate("a_run_under_nohup_goes_on") else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let mut nohup = Command::new("nohup");
    nohup.arg(&program);
    let mut child = spawn(nohup, &out);
    assert!(wait_for_log(&mut child, &out, 1), "the run wrote nothing");
    send("-HUP", &child);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(finished(&out));
}
