//! The same work by transformers and TRL and by us, at four sizes: drawing answers, a DPO step, a whole
//! self-rewarding iteration; time, processor time and the most memory.
//!
//! Each task of each side is a process of its own, so that its memory is its own: `benches/trl/peers.py`
//! there, this bench with `peers-child` here. Both have random weights of the same shape, the same numbers
//! of tokens, and as many threads. `-- peers 4.3M step` does one row; names of sizes and tasks choose.

#[path = "peers/child.rs"]
mod child;

use std::{path::Path, process::Command};

use serde_json::Value;

use super::clock::Cost;

pub use child::run as child;

/// What a size is called, and how many rounds of each task count.
const SIZES: [(&str, u32); 4] = [("0.16M", 12), ("4.3M", 8), ("30M", 3), ("135M", 1)];

/// What a task is called here and in tables, and how much of the other side's time is aimed at, if any.
const TASKS: [(&str, &str, Option<f64>); 6] = [
    ("sampling", "8 answers of 64 tokens to one prompt", Some(1.0)),
    ("step", "DPO step, reference within", Some(0.75)),
    ("step-once", "DPO step, reference computed once", Some(0.75)),
    ("step-again", "the same, blocks computed again", Some(0.75)),
    ("step-lora", "the step, reference once, adapters of rank 8", None),
    ("iteration", "sample, judge, DPO epoch", Some(0.5)),
];

/// How much of the other side's memory is aimed at.
const MEMORY: f64 = 0.25;

/// What a child says.
struct Said {
    cost: Cost,
    /// Bytes.
    resident: f64,
    /// Seconds of a processor in each part, where there are some.
    parts: Vec<(String, f64)>,
}

/// Prints the tables of what the arguments name, or of everything.
pub fn table() {
    let chosen = |name: &str, all: &[&str]| {
        let asked = |name: &str| std::env::args().any(|argument| argument == name);
        asked(name) || !all.iter().any(|name| asked(name))
    };
    let threads = super::threads();
    println!("\nAt {threads} threads. Aims: sampling and steps, see the column; memory, {MEMORY}.");
    println!(
        "\n| weights | task | peer wall s | peer CPU s | ours wall s | ours CPU s | ours / peer, wall | CPU | aim | peer MB | ours MB | ours / peer |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (size, rounds) in SIZES {
        for (task, name, aim) in TASKS {
            if !chosen(size, &SIZES.map(|size| size.0)) || !chosen(task, &TASKS.map(|task| task.0)) {
                continue;
            }
            let rounds = if task == "iteration" { rounds.div_ceil(3) } else { rounds };
            let arguments = [size, task, "--threads", &threads, "--rounds", &rounds.to_string()].map(str::to_owned);
            let peer = python(&arguments).and_then(|mut command| said(&mut command));
            let mut command = Command::new(std::env::current_exe().unwrap());
            let ours = said(command.arg("peers-child").args(&arguments)).unwrap();
            print(size, name, aim, peer.as_ref(), &ours);
        }
    }
}

fn print(size: &str, name: &str, aim: Option<f64>, peer: Option<&Said>, ours: &Said) {
    let number =
        |value: Option<f64>, digits: usize| value.map_or("–".to_owned(), |value| format!("{value:.digits$}"));
    let of_peer = |number: fn(&Said) -> f64| peer.map(number);
    let ratio = |number: fn(&Said) -> f64| peer.map(|peer| number(ours) / number(peer));
    println!(
        "| {size} | {name} | {} | {} | {:.4} | {:.4} | {} | {} | {} | {} | {:.0} | {} |",
        number(of_peer(|said| said.cost.wall), 4),
        number(of_peer(|said| said.cost.cpu), 4),
        ours.cost.wall,
        ours.cost.cpu,
        number(ratio(|said| said.cost.wall), 2),
        number(ratio(|said| said.cost.cpu), 2),
        number(aim, 2),
        number(of_peer(|said| said.resident / 1e6), 0),
        ours.resident / 1e6,
        number(ratio(|said| said.resident), 2),
    );
    let parts = |said: &Said| said.parts.iter().map(|(name, cpu)| format!("{name} {cpu:.3}")).collect::<Vec<_>>();
    if !ours.parts.is_empty() {
        println!(
            "|  | CPU s of its parts | | {} | | {} | | | | | | |",
            peer.map_or_else(String::new, |peer| parts(peer).join(", ")),
            parts(ours).join(", ")
        );
    }
}

fn python(arguments: &[String]) -> Option<Command> {
    let mut command = Command::new(std::env::var("SELFSAME_TRL_PYTHON").ok()?);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/trl/peers.py")).args(arguments);
    Some(command)
}

/// What a child prints as its last line; nothing, with what it complained of, where it failed.
fn said(command: &mut Command) -> Option<Said> {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let json = text.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok());
    let Some(json) = json.filter(|_| output.status.success()) else {
        eprintln!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    };
    let parts = json["parts"].as_object().into_iter().flatten();
    Some(Said {
        cost: Cost { wall: json["wall"].as_f64()?, cpu: json["cpu"].as_f64()? },
        resident: json["resident"].as_f64()?,
        parts: parts.filter_map(|(name, cost)| Some((name.clone(), cost[1].as_f64()?))).collect(),
    })
}
