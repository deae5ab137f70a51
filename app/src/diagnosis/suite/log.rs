//! What a synthetic log is to be like: a sound run, or one with a known pathology.

use selfsame_core::{
    recipe::by_id,
    rng::{Purpose, Stream},
    run::{Arm, Event, Manifest, Options, Record, Source},
};
use toml::Value;

use super::maker::Maker;

/// How a judge speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Reads,
    /// Scores tie.
    Ties,
    /// Votes of one half.
    Shrugs,
    /// Votes for whatever stands first.
    First,
}

/// A judge.
#[derive(Debug, Clone)]
pub(crate) struct Judge {
    pub name: &'static str,
    /// Where it reads, how often it is right.
    pub accuracy: f64,
    /// How often it looks at length alone: above 0 it then takes the longer answer, below the
    /// shorter one.
    pub longer: f64,
    pub habit: Habit,
    /// A judge that it repeats nearly always.
    pub twin_of: Option<usize>,
}

/// What goes wrong with loss or gradient, in the middle of the last phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Wild {
    Tame,
    /// One gradient is so many times the usual one.
    Spike(f64),
    /// Gradients grow so many times.
    Growth(f64),
    /// The loss grows by so much.
    Loss(f64),
    NotFinite,
}

/// A log to be made. The default is a sound run.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // independent ways in which a log can be
pub(crate) struct Log {
    pub recipe: &'static str,
    pub world: bool,
    pub pairwise: bool,
    pub iterations: u32,
    pub seed: u64,
    /// How much noise there is; 1 is as in real runs.
    pub noise: f64,
    /// True rewards of sampled and of greedy answers, by iteration.
    pub reward: Vec<[f64; 2]>,
    pub kl: Vec<f64>,
    pub length: Vec<f64>,
    pub distinct2: Vec<f64>,
    /// How often an answer is cut off.
    pub cut: f64,
    /// How often an answer repeats the one before.
    pub repeated: f64,
    pub judges: Vec<Judge>,
    pub flips: f64,
    /// How often labels are right, by iteration from 1 on.
    pub labels: Vec<f64>,
    /// Mean margin at the end of a phase.
    pub margin: f64,
    /// Whether steps have numbers of items.
    pub items: bool,
    /// How many nats the chosen answers gain in a phase.
    pub chosen: f64,
    pub kept: f64,
    /// Shares of pairs that repeat one of their iteration, one of the iteration before, or compare
    /// an answer with itself.
    pub duplicates: [f64; 3],
    pub wild: (Arm, Wild),
    pub prompts: usize,
    /// How many pairs to learn from.
    pub pairs: usize,
    pub steps: usize,
    pub held_out: usize,
    pub finished: bool,
}

fn judge(name: &'static str, accuracy: f64) -> Judge {
    Judge { name, accuracy, longer: 0.0, habit: Habit::Reads, twin_of: None }
}

impl Log {
    /// A sound run of a recipe.
    pub(crate) fn sound(recipe: &'static str, seed: u64) -> Self {
        Self {
            recipe,
            world: true,
            pairwise: false,
            iterations: if recipe == "dpo" { 1 } else { 3 },
            seed,
            noise: 1.0,
            reward: vec![[0.44, 0.47], [0.52, 0.56], [0.58, 0.61], [0.62, 0.65]],
            kl: vec![0.0, 1.0, 2.2, 3.3],
            length: vec![11.0, 11.5, 11.2, 11.8],
            distinct2: vec![0.30, 0.29, 0.31, 0.28],
            cut: 0.01,
            repeated: 0.02,
            judges: vec![
                judge("content", 0.76),
                judge("form", 0.74),
                judge("content (pairwise)", 0.75),
                judge("implicit", 0.72),
            ],
            flips: 0.15,
            labels: vec![0.75, 0.74, 0.73],
            margin: 0.45,
            items: true,
            chosen: 0.5,
            kept: 0.5,
            duplicates: [0.0; 3],
            wild: (Arm::Main, Wild::Tame),
            prompts: 80,
            pairs: if recipe == "scir" { 240 } else { 80 },
            steps: 24,
            held_out: 150,
            finished: true,
        }
    }

    fn manifest(&self) -> Manifest {
        let mut parameters = by_id(self.recipe).unwrap().defaults().unwrap();
        if let Some(table) = parameters.get_mut("loop").and_then(Value::as_table_mut) {
            table.insert("iterations".to_owned(), Value::Integer(self.iterations.into()));
        }
        if self.pairwise {
            parameters.insert("judge".to_owned(), Value::String("pairwise".to_owned()));
        }
        let file = Source::File { path: "prompts.jsonl".to_owned(), sha256: "22".to_owned() };
        Manifest {
            version: "0.1.0".to_owned(),
            recipe: self.recipe.to_owned(),
            seed: self.seed,
            device: "cpu".to_owned(),
            model: "starter".to_owned(),
            model_sha256: "00".to_owned(),
            base: "starter/base".to_owned(),
            base_sha256: "11".to_owned(),
            lora: None,
            base_precision: selfsame_core::model::BasePrecision::F32,
            gradient_checkpointing: false,
            source: if self.world { Source::World("rules".to_owned()) } else { file },
            chat: None,
            options: Options { held_out: self.held_out, ..Options::default() },
            parameters,
            judges: Vec::new(),
        }
    }

    /// The lines of the log.
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut maker = Maker {
            log: self,
            stream: Stream::new(self.seed, Purpose::Bootstrap, 0, 0),
            records: Vec::new(),
            arm: Arm::Main,
            iteration: 0,
            before: Vec::new(),
        };
        maker.push(Event::Started { manifest: Box::new(self.manifest()) });
        let prompts = maker.prompts("h", self.held_out);
        maker.push(Event::Prompts { prompts });
        maker.measure();
        for iteration in 1..=self.iterations {
            maker.iteration = iteration;
            maker.learn();
            maker.measure();
        }
        if self.wild.0 != Arm::Main {
            maker.arm = self.wild.0;
            maker.steps(&[]);
        }
        if self.finished {
            (maker.arm, maker.iteration) = (Arm::Main, 0);
            maker.push(Event::Finished {});
        }
        maker.records
    }
}
