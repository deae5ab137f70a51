//! Verbs about the window: its pictures, its endurance, the run it shows first.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use crate::steps::{Failure, Runner, announce};
use crate::tools::{Workspace, command};

/// The recorded run may not be larger: it is part of every copy of the program.
const LARGEST: u64 = 3 << 19;

/// Decimals that are kept of the log-probabilities of a recorded run's answers; more are never
/// shown.
const DECIMALS: usize = 4;

/// The tests of the window in one module. Never `--package` alone: features would unify differently, and
/// burn would be built anew.
fn test(workspace: &Workspace, module: &str) -> Command {
    let mut command = command("cargo", workspace);
    command.args(["test", "--release", "--workspace", "--test", "window", "--", &format!("{module}::"), "--nocapture"]);
    command
}

/// Makes the pictures under `assets/screenshots/` anew.
pub fn screenshots(workspace: &Workspace, runner: &mut Runner) -> Result<(), Failure> {
    runner.run("screenshots", test(workspace, "pictures").env("SELFSAME_BLESS", "1"))
}

/// Leaves the window alone with a long run for `minutes`.
pub fn soak(workspace: &Workspace, runner: &mut Runner, minutes: &str) -> Result<(), Failure> {
    if !minutes.parse::<f64>().is_ok_and(|minutes| minutes > 0.0) {
        return Err(Failure(format!("{minutes:?} is not a number of minutes")));
    }
    runner.run("soak", test(workspace, "soak").arg("--ignored").env("SELFSAME_SOAK_MINUTES", minutes))
}

/// Makes the recorded run of the program from the finished run in `folder`: the same records with
/// fewer decimals in the log-probabilities of answers, packed by `gzip`. Measurements, scores and
/// steps stay to the last digit. Without the digests of the lines, which would say that they were changed.
pub fn record(workspace: &Workspace, runner: &mut Runner, folder: &str) -> Result<(), Failure> {
    runner.perform("recorded run", || {
        let from = Path::new(folder).join("events.jsonl");
        let log = fs::read_to_string(&from).map_err(|e| Failure::io(format!("reading {}", from.display()), &e))?;
        if !log.trim_end().rsplit('\n').next().is_some_and(|last| last.contains("\"event\":\"finished\"")) {
            return Err(Failure(format!("{folder} holds no finished run")));
        }
        let to = workspace.root.join("assets/recorded/scir.jsonl.gz");
        let plain = workspace.target.join("scir.jsonl");
        let io = |e: std::io::Error| Failure::io(format!("writing {}", to.display()), &e);
        let answers = |line: &str| line.contains("\"event\":\"sampled\"");
        let lines = log.lines().map(undigested);
        let lines = lines.map(|line| if answers(&line) { shorter(&line) } else { line } + "\n");
        fs::write(&plain, lines.collect::<String>()).map_err(io)?;
        let mut gzip = Command::new("gzip");
        gzip.args(["-9", "-n", "-c"]).arg(&plain).stdin(Stdio::null()).stdout(File::create(&to).map_err(io)?);
        announce(&gzip);
        let status = gzip.status().map_err(|e| Failure::io("`gzip`", &e))?;
        let size = fs::metadata(&to).map_err(io)?.len();
        println!("{}: {} lines, {size} bytes", to.display(), log.lines().count());
        match status.success() {
            false => Err(Failure(format!("`gzip`: {status}"))),
            true if size > LARGEST => {
                Err(Failure(format!("{size} bytes are more than {LARGEST}; record a shorter run")))
            }
            true => Ok(()),
        }
    })
}

/// A line of a log without its digest, the last field.
fn undigested(line: &str) -> String {
    match line.rsplit_once(",\"digest\":\"") {
        Some((before, digest)) if digest.ends_with("\"}") && digest.len() == 18 => format!("{before}}}"),
        _ => line.to_owned(),
    }
}

/// JSON with at most [`DECIMALS`] decimals in its numbers, or as many significant digits where a
/// number is smaller than that; texts stay as they are.
fn shorter(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    let mut text = false;
    while let Some(first) = rest.chars().next() {
        let number = rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(rest.len());
        if text || number == 0 {
            let mut length = first.len_utf8();
            if text && first == '\\' {
                // Whatever follows is part of the text.
                length += rest.chars().nth(1).map_or(0, char::len_utf8);
            } else if first == '"' {
                text = !text;
            } else if !text && first.is_ascii_alphabetic() {
                // `true` and its like: their letters are no exponents.
                length = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            }
            out.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            out.push_str(&rounded(&rest[..number]));
            rest = &rest[number..];
        }
    }
    out
}

fn rounded(number: &str) -> String {
    let long = number.split_once('.').is_some_and(|(_, decimals)| decimals.len() > DECIMALS);
    let Some(value) = number.parse::<f64>().ok().filter(|_| long) else {
        return number.to_owned();
    };
    let fixed = format!("{value:.DECIMALS$}");
    let fixed = fixed.trim_end_matches('0');
    let fixed = if fixed.ends_with('.') { format!("{fixed}0") } else { fixed.to_owned() };
    // What would become nothing, or nearly, keeps its digits.
    if value.abs() < 0.1 { format!("{value:.*e}", DECIMALS - 1) } else { fixed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_its_digest_is_as_it_was() {
        let line = r#"{"schema":2,"text":",\"digest\":\"","event":"finished"}"#;
        let digested = format!("{},\"digest\":\"0123456789abcdef\"}}", line.strip_suffix('}').unwrap());
        assert_eq!(undigested(&digested), line);
        assert_eq!(undigested(line), line);
    }

    #[test]
    fn numbers_get_shorter_and_texts_stay() {
        let long = r#"{"at":1795479790.6805043,"text":"a 0.123456789 \" 0.987654321","x":[-1.23456789,2,0.000300000014,true,null,1e-8,3.00000001],"0.123456":0.5}"#;
        let short = shorter(long);
        assert_eq!(
            short,
            r#"{"at":1795479790.6805,"text":"a 0.123456789 \" 0.987654321","x":[-1.2346,2,3.000e-4,true,null,1e-8,3.0],"0.123456":0.5}"#
        );
        assert_eq!(shorter(&short), short);
    }
}
