//! How fuzzing a target ended, read from what libFuzzer says.

use std::path::PathBuf;
use std::process::ExitStatus;

use crate::steps::Failure;

/// How it ended.
#[derive(Debug)]
pub struct Outcome {
    target: String,
    /// Files of the corpus and of what once broke it.
    files: usize,
    said: Said,
    /// What went wrong, with the last lines that were said.
    problem: Option<String>,
}

/// libFuzzer's figures; those that it did not live to say are missing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    inputs: Option<u64>,
    per_second: Option<u64>,
    /// Edges of the code that were taken.
    edges: Option<u64>,
    megabytes: Option<u64>,
    slowest: Option<u64>,
}

impl Said {
    fn of(text: &str) -> Self {
        let figure = |name: &str| {
            let line = text.lines().rev().find_map(|line| line.trim().strip_prefix(name))?;
            line.trim_start_matches([':', ' ']).split_whitespace().next()?.parse().ok()
        };
        let last = text.lines().rev().find(|line| line.starts_with('#') && line.contains(" cov: "));
        let edges = last.and_then(|line| line.split(" cov: ").nth(1)?.split_whitespace().next()?.parse().ok());
        let begun = last.and_then(|line| line.trim_start_matches('#').split_whitespace().next()?.parse().ok());
        Self {
            inputs: figure("stat::number_of_executed_units").or(begun),
            per_second: figure("stat::average_exec_per_sec"),
            edges,
            megabytes: figure("stat::peak_rss_mb"),
            slowest: figure("stat::slowest_unit_time_sec"),
        }
    }
}

impl Outcome {
    /// From libFuzzer's words and its end; `broke` is the file that it left, if it did.
    pub fn of(target: &str, files: usize, said: &str, status: ExitStatus, broke: Option<PathBuf>) -> Self {
        let figures = Said::of(said);
        let problem = if !status.success() || broke.is_some() {
            let lines: Vec<&str> = said.lines().collect();
            let last = lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n");
            let file = broke.map_or_else(|| "it left no file".to_owned(), |file| file.display().to_string());
            Some(format!("{target} ended with {status}: {file}\n{last}"))
        } else if figures.edges.is_none_or(|edges| edges == 0) {
            // Flags that a compiler does not know any more would go unnoticed otherwise.
            Some(format!("{target}: libFuzzer counted no edges; was it built with the flags of xtask?\n{said}"))
        } else {
            None
        };
        Self { target: target.to_owned(), files, said: figures, problem }
    }
}

/// Prints all outcomes, sorted, and fails if one went wrong.
pub fn print_table(mut outcomes: Vec<Outcome>) -> Result<(), Failure> {
    outcomes.sort_by(|a, b| a.target.cmp(&b.target));
    let figure = |figure: Option<u64>| figure.map_or_else(|| "–".to_owned(), |figure| figure.to_string());
    println!(
        "\n{:<17} {:>6} {:>10} {:>8} {:>7} {:>7} {:>9}  result",
        "target", "files", "inputs", "a second", "edges", "MB", "slowest s"
    );
    for Outcome { target, files, said, problem } in &outcomes {
        let result = if problem.is_none() { "passed" } else { "FAILED" };
        println!(
            "{target:<17} {files:>6} {:>10} {:>8} {:>7} {:>7} {:>9}  {result}",
            figure(said.inputs),
            figure(said.per_second),
            figure(said.edges),
            figure(said.megabytes),
            figure(said.slowest),
        );
    }
    let problems: Vec<String> = outcomes.into_iter().filter_map(|outcome| outcome.problem).collect();
    for problem in &problems {
        println!("\n{problem}");
    }
    let first: Vec<&str> = problems.iter().filter_map(|problem| problem.lines().next()).collect();
    if first.is_empty() { Ok(()) } else { Err(Failure(first.join("; "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "INFO: seed corpus: files: 3 min: 1b max: 9b total: 12b rss: 60Mb\n\
        #4\tINITED cov: 120 ft: 130 corp: 3/12b exec/s: 0 rss: 61Mb\n\
        #900\tNEW    cov: 131 ft: 150 corp: 4/19b lim: 9 exec/s: 0 rss: 62Mb L: 7/9 MS: 1 CopyPart-\n\
        #5000\tDONE   cov: 133 ft: 150 corp: 4/19b lim: 9 exec/s: 1000 rss: 62Mb\n\
        Done 5000 runs in 5 second(s)\n\
        stat::number_of_executed_units: 5000\n\
        stat::average_exec_per_sec:     1000\n\
        stat::new_units_added:          1\n\
        stat::slowest_unit_time_sec:    0\n\
        stat::peak_rss_mb:              63\n";

    #[test]
    fn figures_are_read_from_the_end() {
        let said = Said::of(TEXT);
        let all = [said.inputs, said.per_second, said.edges, said.megabytes, said.slowest];
        assert_eq!(all, [5000, 1000, 133, 63, 0].map(Some));
        // It died: what it said last is what is known.
        let said = Said::of(TEXT.split("#5000").next().unwrap());
        assert_eq!((said.inputs, said.edges, said.megabytes), (Some(900), Some(131), None));
        assert_eq!(Said::of("nothing"), Said::default());
    }

    #[cfg(unix)]
    #[test]
    fn an_end_by_itself_without_edges_or_with_a_file_left_is_a_failure() {
        use std::os::unix::process::ExitStatusExt;

        let of = |said, status, file: Option<&str>| {
            Outcome::of("gguf", 3, said, ExitStatus::from_raw(status), file.map(PathBuf::from))
        };
        assert!(print_table(vec![of(TEXT, 0, None)]).is_ok());
        let problem = |outcome| print_table(vec![of(TEXT, 0, None), outcome]).unwrap_err().0;
        assert!(problem(of(TEXT, 77 << 8, Some("broke/crash-1"))).contains("broke/crash-1"));
        assert!(problem(of(TEXT, 11, None)).contains("left no file"));
        assert!(problem(of("", 0, None)).contains("no edges"));
    }
}
