//! What the program itself takes: its start, and the default demo with its time and memory, as tables. Not a gate.
//!
//! `cargo bench -p selfsame -p selfsame-core --bench demo`; minutes long. `-- --quick` runs a tenth of the demo.

#![allow(clippy::unwrap_used)] // a failure here is a failed bench

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// Starts timed; the median is printed.
const STARTS: usize = 9;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selfsame"));
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn main() {
    println!("| start | wall ms |\n|---|---|");
    for arguments in [["--version"], ["methods"]] {
        let mut times: Vec<Duration> = (0..STARTS)
            .map(|_| {
                let begun = Instant::now();
                assert!(program(&arguments).status().unwrap().success());
                begun.elapsed()
            })
            .collect();
        times.sort();
        println!("| selfsame {} | {:.0} |", arguments[0], times[STARTS / 2].as_secs_f64() * 1e3);
    }

    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    if out.exists() {
        fs::remove_dir_all(&out).unwrap();
    }
    let out = out.to_str().unwrap();
    let mut arguments = vec!["run", "scir", "--device", "cpu", "--out", out];
    arguments.extend(std::env::args().any(|argument| argument == "--quick").then_some("--quick"));
    let begun = Instant::now();
    let mut run = program(&arguments).spawn().unwrap();
    let mut most = None;
    let ended = loop {
        // The system keeps the largest so far, so that only what comes after the last look can be missed.
        most = resident(&run).or(most);
        if let Some(status) = run.try_wait().unwrap() {
            break status;
        }
        sleep(Duration::from_millis(100));
    };
    assert!(ended.success(), "{ended}");
    let memory = most.map_or("unknown on this system".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
    println!("\n| default demo | wall s | resident memory, most |\n|---|---|---|");
    println!("| selfsame {} | {:.0} | {memory} |", arguments[..2].join(" "), begun.elapsed().as_secs_f64());
    fs::remove_dir_all(out).unwrap();
}

/// The most bytes of memory that a process has had, where the system says it.
fn resident(process: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}
