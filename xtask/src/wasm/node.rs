//! Node, the packages of the harness, and the browser that it drives.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{Failure, execute};
use crate::tools::{Workspace, command, find_program, read};

/// Where the scripts are and what they are made of.
const HARNESS: &str = "web/harness";

/// Node with its package manager.
pub struct Node {
    node: PathBuf,
    npm: PathBuf,
}

impl Node {
    /// Finds both on `PATH`.
    pub fn find() -> Result<Self, Failure> {
        let find =
            |names: &[&str], what: &str| find_program(names).ok_or_else(|| Failure(format!("no {what} on PATH")));
        let found = Self { node: find(&["node", "nodejs"], "node (18 or newer)")?, npm: find(&["npm"], "npm")? };
        println!("{}\n{}", found.node.display(), found.npm.display());
        Ok(found)
    }

    /// Installs the packages of the harness, unless they are there.
    pub fn install(&self, workspace: &Workspace) -> Result<(), Failure> {
        let harness = workspace.root.join(HARNESS);
        if installed(&harness)? {
            return Ok(());
        }
        let mut npm = command(&self.npm, workspace);
        npm.args(["ci", "--no-audit", "--no-fund", "--prefix"]).arg(&harness);
        execute(&mut npm)
    }

    /// The command that runs a script of the harness.
    pub fn script(&self, workspace: &Workspace, path: &str) -> Command {
        let mut command = command(&self.node, workspace);
        command.arg(workspace.root.join(HARNESS).join(path));
        command
    }
}

/// Finds a Chromium.
pub fn browser() -> Result<PathBuf, Failure> {
    let found = match env::var_os("SELFSAME_BROWSER").map(PathBuf::from) {
        Some(chosen) if chosen.is_file() => chosen,
        Some(chosen) => {
            return Err(Failure(format!("SELFSAME_BROWSER is `{}`, which is no file", chosen.display())));
        }
        None => find_program(&["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"])
            .ok_or_else(|| Failure("no Chromium on PATH; install it or set SELFSAME_BROWSER to the program".into()))?,
    };
    println!("{}", found.display());
    Ok(found)
}

/// Whether `node_modules` already holds the versions the harness pins.
fn installed(harness: &Path) -> Result<bool, Failure> {
    let wanted = read(&harness.join("package.json"))?;
    Ok(pinned(&wanted).iter().all(|(name, version)| {
        fs::read_to_string(harness.join("node_modules").join(name).join("package.json"))
            .is_ok_and(|text| json_string(&text, "version") == Some(version))
    }))
}

/// The packages of a manifest with their versions.
fn pinned(manifest: &str) -> Vec<(&str, &str)> {
    let dependencies = manifest.split_once("\"dependencies\"").and_then(|(_, rest)| rest.split_once('}'));
    let words: Vec<&str> = dependencies.map_or("", |(inside, _)| inside).split('"').skip(1).step_by(2).collect();
    words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// The first string value of `key` in a JSON text. Enough for a package manifest.
fn json_string<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{key}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_harness_pins_exact_versions() -> Result<(), Failure> {
        let manifest = read(&Workspace::locate().root.join(HARNESS).join("package.json"))?;
        let pinned = pinned(&manifest);
        let names: Vec<&str> = pinned.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["binaryen", "playwright-core"]);
        for (name, version) in pinned {
            assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{name} {version}");
        }
        Ok(())
    }
}
