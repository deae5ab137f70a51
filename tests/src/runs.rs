//! Small runs of whole recipes, on a disk that can lose power at any moment.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::PathBuf,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use selfsame_core::{
    Error, Result,
    model::{Decoder, LoraConfig},
    prompt::Row,
    recipe,
    run::{
        Lab, Manifest, Observer, Options, Pace, Progress, Record, Setup, Silent, Source, Store, Subject, store::Files,
    },
    world::{self, World, ads::Ads, rules::Rules},
};
use serde_json::Value;

use crate::{ads_tokenizer, rules_tokenizer, tiny, tiny_ads};

/// A run of a recipe with a random tiny model: everything but the place where it is kept.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// What decides the run.
    pub manifest: Manifest,
    /// The policy.
    pub model: Decoder,
    /// The base of the implicit reward.
    pub base: Decoder,
    /// The prompts, where they come from a file; empty where they come from a world.
    pub rows: Vec<Row>,
}

impl Experiment {
    /// A recipe at its smallest: two iterations (`dpo` has one) of about three optimiser steps, a
    /// checkpoint after the second of them.
    ///
    /// # Panics
    /// If the recipe or a setting does not exist.
    #[must_use]
    pub fn tiny(id: &str) -> Self {
        let mut experiment = Self {
            manifest: Manifest {
                version: "test".to_owned(),
                recipe: id.to_owned(),
                seed: 3,
                device: "cpu".to_owned(),
                model: "tiny".to_owned(),
                model_sha256: "0".to_owned(),
                base: "tiny base".to_owned(),
                base_sha256: "1".to_owned(),
                lora: None,
                base_precision: selfsame_core::model::BasePrecision::F32,
                gradient_checkpointing: false,
                source: Source::World("rules".to_owned()),
                chat: None,
                options: Options { held_out: 6, controls: false, checkpoint_every: 2, ..Options::default() },
                parameters: recipe::by_id(id).unwrap().defaults().unwrap(),
                judges: Rules.judge_prompts(),
            },
            model: tiny(1),
            base: tiny(2),
            rows: Vec::new(),
        };
        experiment.manifest.options.sampling.max_new_tokens = 8;
        if id == "seed-ads" {
            experiment.manifest.source = Source::World("ads".to_owned());
            experiment.manifest.judges = Ads.judge_prompts();
            // The shortest ad has 13 tokens.
            experiment.manifest.options.sampling.max_new_tokens = 14;
            (experiment.model, experiment.base) = (tiny_ads(1), tiny_ads(2));
        }
        let (group, settings): (&[&str], &[(&str, i64)]) = match id {
            "sft" => (&[], &[("rounds", 2), ("demonstrations", 6), ("replay", 0)]),
            "dpo" => (&[], &[("pairs", 6), ("replay", 0)]),
            "spin" => (&[], &[("iterations", 2), ("demonstrations", 40), ("replay", 0)]),
            "selm" => (&[], &[("rounds", 1), ("pairs", 6), ("replay", 0), ("max_new_tokens", 8)]),
            "nlhf" => {
                (&[], &[("iterations", 2), ("prompts", 3), ("labelled", 6), ("labelled_epochs", 1), ("replay", 0)])
            }
            "r3-relevance" => {
                (&[], &[("iterations", 2), ("prompts", 3), ("samples", 2), ("corpus", 40), ("replay", 0)])
            }
            // Enough answers that some pairs are no ties, and more than one step learns from them.
            "cream" | "dno" | "t-reg" | "coh" | "cdr" => {
                (&["loop"], &[("iterations", 2), ("prompts", 6), ("samples", 4), ("pairs", 6), ("replay", 0)])
            }
            "sharpening" => {
                (&["loop"], &[("iterations", 2), ("prompts", 6), ("samples", 3), ("pairs", 6), ("replay", 0)])
            }
            _ => (&["loop"], &[("iterations", 2), ("prompts", 6), ("samples", 2), ("pairs", 6), ("replay", 0)]),
        };
        for (key, value) in settings {
            experiment.set(&[group, &[*key]].concat(), *value);
        }
        for (key, value) in [("batch_size", 2), ("epochs", 1)] {
            experiment.set(&[group, &["learn", key]].concat(), value);
        }
        match id {
            "sft" | "dpo" | "selm" => {}
            "nlhf" | "r3-relevance" => experiment.set(&["sampling", "max_new_tokens"], 8),
            // Only finished answers play, and a random model rarely finishes one.
            "spin" => experiment.set(&["sampling", "max_new_tokens"], 45),
            "seed-ads" => experiment.set(&["loop", "sampling", "max_new_tokens"], 14),
            _ => experiment.set(&["loop", "sampling", "max_new_tokens"], 8),
        }
        if id == "selfie-spa" {
            experiment.set(&["seed_pairs"], 6);
            experiment.set(&["seed_epochs"], 1);
        }
        if id == "seed-ads" {
            experiment.set(&["ads"], 60);
            experiment.set(&["viewers_each"], 3);
            experiment.set(&["seed_epochs"], 1);
            for (key, value) in [("batch_size", 8), ("epochs", 1)] {
                experiment.set(&["henry", key], value);
            }
            // A random model names any brand but the right one.
            experiment.set(&["brand_kept"], false);
        }
        if id == "upo" {
            experiment.set(&["labelled"], 6);
            experiment.set(&["passes"], 3);
            // Few pairs as it is.
            experiment.set(&["asked"], 1.0);
        }
        if id == "t-reg" {
            experiment.set(&["revised"], 3);
            experiment.set(&["skill", "batch_size"], 2);
        }
        if id == "coh" {
            experiment.set(&["imitate", "batch_size"], 2);
        }
        if id == "cdr" {
            experiment.set(&["labelled"], 6);
            experiment.set(&["strong", "batch_size"], 2);
            experiment.set(&["strong", "epochs"], 1);
        }
        if id == "flr" {
            experiment.set(&["dialogues"], 4);
            experiment.set(&["comments"], 4);
            experiment.set(&["listening", "batch_size"], 2);
        }
        if id == "sharpening" {
            experiment.set(&["demonstrations"], 4);
            experiment.set(&["teaching", "batch_size"], 2);
        }
        if id == "dno" {
            // Answers of a random model are worth nothing.
            experiment.set(&["floor"], 1);
            experiment.set(&["margin"], 1);
        }
        experiment
    }

    /// The same run in another world.
    ///
    /// # Panics
    /// If there is no such world.
    #[must_use]
    pub fn in_world(mut self, name: &str) -> Self {
        assert!(world::by_name(name).is_some(), "there is no world {name}");
        self.manifest.source = Source::World(name.to_owned());
        self
    }

    /// The same run, in which adapters learn.
    ///
    /// # Panics
    /// If the model cannot have any.
    #[must_use]
    pub fn with_adapters(mut self) -> Self {
        let lora = LoraConfig { rank: 4, alpha: 8.0 };
        self.manifest.lora = Some(lora);
        self.model = self.model.with_adapters(lora, self.manifest.seed).unwrap();
        self
    }

    /// Sets a hyper-parameter that exists.
    ///
    /// # Panics
    /// If it does not.
    pub fn set(&mut self, path: &[&str], value: impl Into<toml::Value>) {
        let (last, tables) = path.split_last().unwrap();
        let mut table = &mut self.manifest.parameters;
        for name in tables {
            table = table.get_mut(*name).and_then(toml::Value::as_table_mut).unwrap_or_else(|| panic!("no {path:?}"));
        }
        let slot = table.get_mut(*last).unwrap_or_else(|| panic!("no {path:?}"));
        *slot = value.into();
    }

    /// Opens the run in `store` and drives it as far as it goes.
    ///
    /// # Errors
    /// As the lab and the recipe.
    pub fn run(&self, store: Box<dyn Store>, observer: Box<dyn Observer>, stop: Arc<AtomicBool>) -> Result<()> {
        let world: Option<Box<dyn World>> = match &self.manifest.source {
            Source::World(name) if self.rows.is_empty() => world::by_name(name),
            _ => None,
        };
        let ads = self.manifest.source == Source::World("ads".to_owned());
        let tokenizer = if ads { ads_tokenizer() } else { rules_tokenizer() };
        let mut lab = Lab::open(Setup {
            manifest: self.manifest.clone(),
            subject: Subject { model: self.model.clone(), base: self.base.clone(), tokenizer },
            world,
            rows: self.rows.clone(),
            store,
            observer,
            pace: Pace::stopped_by(stop),
        })?;
        let entry = recipe::by_id(&self.manifest.recipe)?;
        pollster::block_on(entry.run(self.manifest.parameters.clone(), &mut lab))
    }

    /// The same without anybody watching or stopping.
    ///
    /// # Errors
    /// As the lab and the recipe.
    pub fn run_quietly(&self, store: impl Store + 'static) -> Result<()> {
        self.run(Box::new(store), Box::new(Silent), Arc::default())
    }
}

/// An observer that asks the run to stop after it has seen a number of records.
#[derive(Debug)]
pub struct StopAfter {
    /// Records to let pass.
    pub left: usize,
    /// The flag that the run looks at.
    pub stop: Arc<AtomicBool>,
}

impl Observer for StopAfter {
    fn record(&mut self, _: &Record) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn progress(&mut self, _: &Progress) {}
}

/// A power failure: operation number `operation` (counted from 1) is not completed.
#[derive(Debug, Clone, Copy)]
pub struct Crash {
    /// The operation that fails; everything after it fails too.
    pub operation: usize,
    /// The share of a line that still reaches the disk. What appears whole or not at all is there
    /// from ½ on.
    pub share: f64,
}

#[derive(Debug, Default)]
struct State {
    log: Vec<u8>,
    checkpoints: BTreeMap<String, Files>,
    operations: usize,
    crash: Option<Crash>,
    dead: bool,
}

/// A disk in memory. Clones share it, so that a test can look at what a run left behind.
#[derive(Debug, Clone, Default)]
pub struct Disk(Rc<RefCell<State>>);

impl Disk {
    /// An empty disk that will lose power.
    #[must_use]
    pub fn crashing(crash: Crash) -> Self {
        let disk = Self::default();
        disk.restart(Some(crash));
        disk
    }

    /// Power is back; operations are counted anew and may fail anew.
    pub fn restart(&self, crash: Option<Crash>) {
        let mut state = self.0.borrow_mut();
        state.operations = 0;
        state.dead = false;
        state.crash = crash;
    }

    /// The operations since the last restart.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.0.borrow().operations
    }

    /// Whether power is lost.
    #[must_use]
    pub fn dead(&self) -> bool {
        self.0.borrow().dead
    }

    /// The bytes of the log.
    #[must_use]
    pub fn log(&self) -> Vec<u8> {
        self.0.borrow().log.clone()
    }

    /// Replaces the log.
    pub fn set_log(&self, log: Vec<u8>) {
        self.0.borrow_mut().log = log;
    }

    /// The names of the checkpoints.
    #[must_use]
    pub fn checkpoints(&self) -> Vec<String> {
        self.0.borrow().checkpoints.keys().cloned().collect()
    }

    /// A disk of its own with the same content.
    #[must_use]
    pub fn copy(&self) -> Self {
        let copy = Self::default();
        {
            let (from, mut to) = (self.0.borrow(), copy.0.borrow_mut());
            to.log.clone_from(&from.log);
            to.checkpoints.clone_from(&from.checkpoints);
        }
        copy
    }

    /// Does one operation: `work` gets the share of it that reaches the disk.
    fn operate<T>(&self, work: impl FnOnce(&mut State, f64) -> T) -> Result<T> {
        let mut state = self.0.borrow_mut();
        let lost = || Error::write(self.path(), std::io::Error::other("the power is gone"));
        if state.dead {
            return Err(lost());
        }
        state.operations += 1;
        match state.crash {
            Some(crash) if crash.operation == state.operations => {
                state.dead = true;
                work(&mut state, crash.share);
                Err(lost())
            }
            _ => Ok(work(&mut state, 1.0)),
        }
    }
}

impl Store for Disk {
    fn path(&self) -> PathBuf {
        PathBuf::from("(a disk that fails)")
    }

    fn read_log(&self) -> Result<Vec<u8>> {
        Ok(self.log())
    }

    fn truncate_log(&mut self, length: usize) -> Result<()> {
        self.operate(|state, share| {
            if share >= 0.5 {
                state.log.truncate(length);
            }
        })
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn append(&mut self, line: &str, _sync: bool) -> Result<()> {
        self.operate(|state, share| {
            let written = (line.len() as f64 * share) as usize;
            state.log.extend_from_slice(&line.as_bytes()[..written]);
        })
    }

    fn put(&mut self, name: &str, files: &Files) -> Result<()> {
        self.operate(|state, share| {
            if share >= 0.5 {
                state.checkpoints.insert(name.to_owned(), files.clone());
            }
        })
    }

    fn get(&self, name: &str, file: &str) -> Result<Vec<u8>> {
        let state = self.0.borrow();
        state
            .checkpoints
            .get(name)
            .and_then(|files| files.get(file))
            .cloned()
            .ok_or_else(|| Error::read(PathBuf::from(name).join(file), std::io::ErrorKind::NotFound.into()))
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        self.operate(|state, share| {
            if share >= 0.5 {
                state.checkpoints.remove(name);
            }
        })
    }

    fn write(&mut self, _file: &str, _content: &str) -> Result<()> {
        self.operate(|_, _| ())
    }
}

/// The lines of a log without the times at which they were written, and the digests that cover those.
///
/// # Panics
/// If a line is not JSON.
#[must_use]
pub fn records(log: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(log).unwrap();
    text.lines()
        .map(|line| {
            let mut value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            let fields = value.as_object_mut().unwrap();
            fields.retain(|name, _| name != "at" && name != "digest");
            value
        })
        .collect()
}

/// The same without checkpoints inside a phase: a run that is stopped writes one more of them.
#[must_use]
pub fn lasting_records(log: &[u8]) -> Vec<Value> {
    let mut records = records(log);
    records.retain(|record| record["event"] != "checkpoint" || record["complete"] == true);
    records
}

/// The SHA-256 of the weights with which a finished run ended.
///
/// # Panics
/// If the log does not end as the log of a finished run does.
#[must_use]
pub fn final_sha256(log: &[u8]) -> String {
    let records = records(log);
    assert_eq!(records.last().map(|r| r["event"].clone()), Some("finished".into()), "the run did not finish");
    let last = records.iter().rfind(|r| r["event"] == "checkpoint" && r["complete"] == true && r["arm"] == "main");
    last.and_then(|r| r["sha256"].as_str()).expect("a finished run has a checkpoint").to_owned()
}
