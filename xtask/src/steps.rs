//! Runs steps one after another and keeps their times.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Why a run stopped, in one line for a human.
#[derive(Debug)]
pub struct Failure(pub String);

impl Failure {
    /// A failure of `action`, such as "reading Cargo.lock", caused by `error`.
    pub fn io(action: impl std::fmt::Display, error: &io::Error) -> Self {
        Self(format!("{action}: {error}"))
    }
}

#[derive(Clone, Copy)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

struct Step {
    title: String,
    time: Duration,
    outcome: Outcome,
}

/// The steps of one run, in order.
pub struct Runner {
    started: Instant,
    steps: Vec<Step>,
}

impl Runner {
    /// Starts the clock.
    pub fn new() -> Self {
        Self { started: Instant::now(), steps: Vec::new() }
    }

    /// Runs `command` as the step `title`, with its output passed through.
    pub fn run(&mut self, title: &str, command: &mut Command) -> Result<(), Failure> {
        self.perform(title, || execute(command))
    }

    /// Runs `work` as the step `title`. It may call [`execute`] any number of times.
    pub fn perform<T>(&mut self, title: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        println!("\n== {title} (at {})", clock(self.started.elapsed()));
        flush();
        let start = Instant::now();
        let result = work();
        let time = start.elapsed();
        let outcome = if result.is_ok() { Outcome::Passed } else { Outcome::Failed };
        self.steps.push(Step { title: title.to_owned(), time, outcome });
        match result {
            Ok(value) => {
                println!("-- {title}: passed in {}", clock(time));
                flush();
                Ok(value)
            }
            Err(Failure(reason)) => {
                println!("-- {title}: FAILED after {}", clock(time));
                flush();
                Err(Failure(format!("{title}: {reason}")))
            }
        }
    }

    /// Starts `command` beside the steps that follow; what it prints goes into the file `log`, and is shown
    /// by [`Runner::join`] if it fails.
    pub fn beside(&self, title: &str, command: &mut Command, log: &Path) -> Result<Beside, Failure> {
        println!("\n== {title}: begun beside the others (at {})", clock(self.started.elapsed()));
        let line = announce(command);
        let file = File::create(log).map_err(|error| Failure::io(log.display(), &error))?;
        let errors = file.try_clone().map_err(|error| Failure::io(log.display(), &error))?;
        let child =
            command.stdout(file).stderr(errors).spawn().map_err(|error| Failure::io(format!("`{line}`"), &error))?;
        Ok(Beside { title: title.to_owned(), line, child, log: log.to_path_buf() })
    }

    /// Waits for a command that runs beside the steps; its time is what was waited.
    pub fn join(&mut self, mut beside: Beside) -> Result<(), Failure> {
        let title = beside.title.clone();
        self.perform(&title, || {
            let status = beside.child.wait().map_err(|error| Failure::io(format!("`{}`", beside.line), &error))?;
            if status.success() {
                return Ok(());
            }
            // It was written by another program: bytes that are no text are no reason to hide the rest.
            println!("{}", String::from_utf8_lossy(&fs::read(&beside.log).unwrap_or_default()));
            Err(Failure(format!("`{}`: {status}", beside.line)))
        })
    }

    /// Notes that the step `title` was left out.
    pub fn skip(&mut self, title: &str) {
        println!("\n== {title}: SKIPPED");
        self.steps.push(Step { title: title.to_owned(), time: Duration::ZERO, outcome: Outcome::Skipped });
    }

    /// Prints each step with its time, and the total.
    pub fn print_table(&self) {
        let width = self.steps.iter().map(|step| step.title.len()).max().unwrap_or(0).max(5);
        println!("\n{:<width$}  {:>9}  result", "step", "time");
        for step in &self.steps {
            let result = match step.outcome {
                Outcome::Passed => "passed",
                Outcome::Failed => "FAILED",
                Outcome::Skipped => "SKIPPED",
            };
            println!("{:<width$}  {:>9}  {result}", step.title, clock(step.time));
        }
        println!("{:<width$}  {:>9}", "total", clock(self.started.elapsed()));
    }
}

/// A command that runs beside the steps. It ends with this.
pub struct Beside {
    title: String,
    line: String,
    child: Child,
    log: PathBuf,
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It has ended already, or a step failed and nobody waits for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prints `command` as it could be typed into a shell, runs it, and fails unless it succeeds.
pub fn execute(command: &mut Command) -> Result<(), Failure> {
    let line = announce(command);
    let status = command.status().map_err(|error| Failure::io(format!("`{line}`"), &error))?;
    if status.success() { Ok(()) } else { Err(Failure(format!("`{line}`: {status}"))) }
}

/// Prints `command` as it could be typed into a shell, and returns that line.
pub fn announce(command: &Command) -> String {
    let line = shell_line(command);
    println!("$ {line}");
    flush();
    line
}

/// `command` as a line for a POSIX shell, with the variables it sets.
///
/// Variables it removes are left out: they are those that `cargo run` added for this program, and
/// are absent from the shell into which the line would be typed.
fn shell_line(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", name.to_string_lossy(), quote(&value.to_string_lossy())));
        }
    }
    words.push(quote(&command.get_program().to_string_lossy()));
    words.extend(command.get_args().map(|argument| quote(&argument.to_string_lossy())));
    words.join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Minutes and seconds, or seconds with a decimal when under a minute.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} m {:02} s", seconds / 60, seconds % 60)
    }
}

/// Keeps our lines in order with those of the programs we start, which write past our buffer.
fn flush() {
    // A closed pipe is not worth failing for: the exit status still tells the outcome.
    let _ = io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("cargo");
        command.args(["doc", "--no-deps", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        command.env_remove("LEFT_OUT");
        assert_eq!(shell_line(&command), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s'");
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(clock(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(clock(Duration::from_secs(754)), "12 m 34 s");
    }

    #[test]
    fn a_command_beside_the_steps_is_waited_for_and_can_fail() {
        let mut runner = Runner::new();
        let log = std::env::temp_dir().join(format!("selfsame-beside-{}", std::process::id()));
        let mut begin = |script: &str| {
            let beside = runner.beside("aside", Command::new("sh").args(["-c", script]), &log);
            beside.and_then(|beside| runner.join(beside))
        };
        assert!(begin("echo fine").is_ok());
        let Err(Failure(reason)) = begin("echo wrong; exit 3") else {
            panic!("it failed and was taken for done");
        };
        assert!(reason.starts_with("aside: `sh -c") && reason.contains('3'), "{reason}");
        let _ = fs::remove_file(&log);
    }

    #[test]
    fn a_failing_step_names_itself_and_its_command() {
        let mut runner = Runner::new();
        let Err(Failure(reason)) = runner.run("impossible", &mut Command::new("/nonexistent/program")) else {
            panic!("a program that does not exist ran");
        };
        assert!(reason.starts_with("impossible: `/nonexistent/program`"), "{reason}");
    }
}
