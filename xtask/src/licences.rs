//! Compares the dependencies with `deny.toml`, without needing cargo-deny.
//!
//! Covered are the licences and the sources, which only need what cargo already knows. Advisories
//! and duplicate versions are left to `cargo deny check`, which fetches a database for them.

use std::collections::BTreeSet;

use crate::steps::{Failure, Runner, announce};
use crate::tools::{Workspace, command, output, read};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The step `licences`.
pub fn check(workspace: &Workspace, runner: &mut Runner) -> Result<(), Failure> {
    runner.perform("licences and sources", || {
        let policy = read(&workspace.root.join("deny.toml"))?;
        let allowed = string_list(&policy, "licenses", "allow");
        let targets = string_list(&policy, "graph", "targets");
        if allowed.is_empty() || targets.is_empty() {
            return Err(Failure("deny.toml lists no allowed licences or no targets".into()));
        }

        // Of the workspace also what only `cargo xtask fuzz` builds.
        let fuzzed = ["--features", "selfsame-fuzz/libfuzzer"];
        for (lock, manifest, features) in [
            ("Cargo.lock", "Cargo.toml", &fuzzed[..]),
            ("web/toolchain/bindgen/Cargo.lock", "web/toolchain/bindgen/Cargo.toml", &[]),
        ] {
            check_sources(lock, &read(&workspace.root.join(lock))?)?;
            let mut tree = command("cargo", workspace);
            tree.args(["tree", "--locked", "--workspace", "--edges", "normal,build,dev"]).args(features).args([
                "--prefix",
                "none",
                "--format",
                "{l}|{p}",
                "--manifest-path",
                manifest,
            ]);
            for target in &targets {
                tree.args(["--target", target]);
            }
            announce(&tree);
            let listing = output(&mut tree).ok_or_else(|| Failure(format!("`cargo tree` failed for {manifest}")))?;
            let packages: BTreeSet<&str> = listing
                .lines()
                .map(|line| line.trim_end_matches(" (*)").trim())
                .filter(|line| !line.is_empty())
                .collect();
            let refused: Vec<&str> = packages.iter().filter(|line| !line_is_allowed(line, &allowed)).copied().collect();
            if !refused.is_empty() {
                return Err(Failure(format!("licences that deny.toml does not allow:\n  {}", refused.join("\n  "))));
            }
            println!("{manifest}: {} packages, all under allowed licences", packages.len());
        }
        Ok(())
    })
}

/// Every package of a lock file that is not our own must come from crates.io.
fn check_sources(name: &str, lock: &str) -> Result<(), Failure> {
    for line in lock.lines() {
        if let Some(source) = line.strip_prefix("source = ")
            && source.trim_matches('"') != REGISTRY
        {
            return Err(Failure(format!("{name} has a package from {source}")));
        }
    }
    Ok(())
}

/// The strings of `key = [...]` in the table `[table]` of a TOML text.
///
/// Understands what deny.toml uses: double-quoted strings without escapes, comments to line ends.
fn string_list(toml: &str, table: &str, key: &str) -> Vec<String> {
    let header = format!("[{table}]");
    let mut inside = false;
    let mut collecting = false;
    let mut found = Vec::new();
    for line in toml.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !collecting && line.starts_with('[') {
            inside = line == header;
            continue;
        }
        let mut rest = line;
        if inside && !collecting {
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            if name.trim() != key {
                continue;
            }
            collecting = true;
            rest = value;
        }
        if collecting {
            found.extend(rest.split('"').skip(1).step_by(2).map(str::to_owned));
            if rest.contains(']') {
                break;
            }
        }
    }
    found
}

/// Whether a `licence|package` line of `cargo tree` is covered by the allow list.
fn line_is_allowed(line: &str, allowed: &[String]) -> bool {
    line.split_once('|').is_some_and(|(licence, _)| is_allowed(licence, allowed))
}

/// Whether an SPDX expression can be satisfied with the allowed licences alone.
///
/// `/` is the obsolete spelling of `OR`. Anything that is not understood is not allowed.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Expression { words: &words, allowed };
    parser.either() == Some(true) && parser.words.is_empty()
}

/// Evaluates an SPDX expression by recursive descent; `AND` binds tighter than `OR`.
struct Expression<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl Expression<'_> {
    fn next_is(&mut self, word: &str) -> bool {
        let is = self.words.first() == Some(&word);
        if is {
            self.words = &self.words[1..];
        }
        is
    }

    fn either(&mut self) -> Option<bool> {
        let mut value = self.both()?;
        while self.next_is("OR") {
            value |= self.both()?;
        }
        Some(value)
    }

    fn both(&mut self) -> Option<bool> {
        let mut value = self.single()?;
        while self.next_is("AND") {
            value &= self.single()?;
        }
        Some(value)
    }

    fn single(&mut self) -> Option<bool> {
        if self.next_is("(") {
            let value = self.either()?;
            return self.next_is(")").then_some(value);
        }
        let (name, rest) = self.words.split_first()?;
        self.words = rest;
        let mut licence = (*name).to_owned();
        if self.next_is("WITH") {
            let (exception, rest) = self.words.split_first()?;
            self.words = rest;
            licence = format!("{licence} WITH {exception}");
        }
        Some(self.allowed.contains(&licence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        let allowed: Vec<String> = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for yes in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-2.0-only OR MIT",
            "(Apache-2.0 OR MIT) AND Zlib",
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 AND OFL-1.1 OR MIT",
        ] {
            assert!(is_allowed(yes, &allowed), "{yes}");
        }
        for no in ["", "Apache-2.0", "MIT AND OFL-1.1", "(MIT", "MIT Zlib", "MIT OR", "AND MIT"] {
            assert!(!is_allowed(no, &allowed), "{no}");
        }
    }

    #[test]
    fn lists_are_read_from_their_own_table() {
        let toml = "[graph]\ntargets = [\"a\"]\n[licenses]\nallow = [ # why\n  \"MIT\", # x\n  \
                    \"Zlib\",\n]\nother = [\"no\"]\n";
        assert_eq!(string_list(toml, "graph", "targets"), ["a"]);
        assert_eq!(string_list(toml, "licenses", "allow"), ["MIT", "Zlib"]);
        assert!(string_list(toml, "bans", "allow").is_empty());
    }

    #[test]
    fn other_sources_are_refused() {
        assert!(check_sources("x", &format!("source = \"{REGISTRY}\"\n")).is_ok());
        assert!(check_sources("x", "source = \"git+https://example.org/x\"\n").is_err());
    }
}
