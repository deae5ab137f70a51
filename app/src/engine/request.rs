//! A run as a person asks for it, and the same as a command line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Changes;
use crate::cli::{Assignment, DeviceChoice, RunArgs};

/// Everything that a person decides about a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The recipe.
    pub recipe: String,
    /// The model's folder; the built-in starter if absent.
    pub model: Option<String>,
    /// The folder of the implicit reward's base, or `same`.
    pub base: Option<String>,
    /// A file of prompts.
    pub data: Option<String>,
    /// The world; `rules` if there is no file either.
    pub world: Option<String>,
    /// Settings that differ from the defaults.
    pub changes: Changes,
    /// The seed.
    pub seed: u64,
    /// `auto`, `cpu` or `gpu`.
    pub device: String,
    /// A tenth of the work.
    pub quick: bool,
    /// Whether the random-label and oracle-label lines are computed too.
    pub controls: bool,
    /// The folder of the run.
    pub out: Option<String>,
}

impl Request {
    /// A recipe with all defaults.
    #[must_use]
    pub fn new(recipe: &str) -> Self {
        Self {
            recipe: recipe.to_owned(),
            model: None,
            base: None,
            data: None,
            world: None,
            changes: Changes::new(),
            seed: 1,
            device: "auto".to_owned(),
            quick: false,
            controls: true,
            out: None,
        }
    }

    /// The same as arguments of `selfsame run`.
    #[must_use]
    pub fn args(&self) -> RunArgs {
        RunArgs {
            model: self.model.clone().map(PathBuf::from),
            base: self.base.clone().map(PathBuf::from),
            data: self.data.clone().map(PathBuf::from),
            world: self.world.clone(),
            set: self.changes.iter().map(|(k, v)| Assignment { key: k.clone(), value: v.clone() }).collect(),
            seed: self.seed,
            device: match self.device.as_str() {
                "cpu" => DeviceChoice::Cpu,
                "gpu" => DeviceChoice::Gpu,
                _ => DeviceChoice::Auto,
            },
            out: self.out.clone().map(PathBuf::from),
            quick: self.quick,
            no_controls: !self.controls,
            ..RunArgs::new(&self.recipe)
        }
    }

    /// The command line that does the same, with what is default left out.
    #[must_use]
    pub fn command_line(&self) -> String {
        let mut words = vec!["selfsame".to_owned(), "run".to_owned(), quoted(&self.recipe)];
        let named = [
            ("--model", &self.model),
            ("--base", &self.base),
            ("--data", &self.data),
            ("--world", &self.world),
            ("--out", &self.out),
        ];
        for (name, value) in named {
            words.extend(value.iter().flat_map(|value| [name.to_owned(), quoted(value)]));
        }
        for (key, value) in &self.changes {
            words.extend(["--set".to_owned(), quoted(&format!("{key}={value}"))]);
        }
        if self.seed != 1 {
            words.extend(["--seed".to_owned(), self.seed.to_string()]);
        }
        if self.device != "auto" {
            words.extend(["--device".to_owned(), self.device.clone()]);
        }
        words.extend(self.quick.then(|| "--quick".to_owned()));
        words.extend((!self.controls).then(|| "--no-controls".to_owned()));
        words.join(" ")
    }
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn the_command_line_means_the_same() {
        let mut request = Request::new("scir");
        assert_eq!(request.command_line(), "selfsame run scir");
        request.model = Some("/home/someone/my model's".to_owned());
        request.changes.insert("loop.iterations".to_owned(), "2".to_owned());
        request.seed = 7;
        request.device = "cpu".to_owned();
        request.quick = true;
        request.controls = false;
        let line = request.command_line();
        assert!(line.contains(r"'/home/someone/my model'\''s'"), "{line}");
        // The same words without the shell's quotes.
        let words = line.replace(r"'/home/someone/my model'\''s'", "MODEL");
        let parsed = Cli::try_parse_from(words.split(' ')).unwrap();
        let Some(Command::Run(args)) = parsed.command else { panic!("not a run") };
        assert_eq!((args.seed, args.quick, args.no_controls), (7, true, true));
        assert_eq!(args.set, request.args().set);
    }
}
