//! The arguments of the program.

mod ads;
mod henry;

use std::{ops::RangeInclusive, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use selfsame_core::{
    device::Choice,
    learn::{ScheduleKind, tune::Order},
    model::{BasePrecision, LoraConfig},
    prompt::dataset::Kind,
    world,
};

pub use ads::{AdsCommand, ExcerptArgs, ExploreArgs, StudyArgs, WorldArgs};
pub use henry::{ExplainAdsArgs, GenerateAdsArgs, RatedArgs, RatedFile, ScoreAdsArgs, TrainArgs};

const EXAMPLES: &str = "\
Without a command it opens the window; `selfsame view DIR` opens it with a run.

Examples:
  selfsame run scir --quick          a short run of the built-in starter model
  selfsame run srlm --set loop.iterations=5 --set learning_rate=1e-4
  selfsame run srlm --model my-model --data prompts.jsonl
  selfsame report runs/NAME          tables in the terminal, and report.html
  selfsame reproduce cream --quick   whether a recipe's claim holds here
  selfsame methods scir              what a recipe claims, and all its settings

Exit codes: 0 done, 1 error, 2 wrong usage, 130 stopped with Ctrl-C and saved.
Set SELFSAME_LOG=warn (or info, debug) to see what the libraries log.";

/// A laboratory in which a small language model answers, judges its own answers, learns from that
/// judgement, and is measured against a known truth.
#[derive(Debug, Parser)]
#[command(name = "selfsame", version, about, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do; without it the window opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a recipe: sample, judge, learn, measure, in a folder of its own
    Run(RunArgs),
    /// Continue a run that was stopped or killed
    Resume(ResumeArgs),
    /// Show a run, finished or not: tables here, and an HTML page
    Report(ReportArgs),
    /// Show the final figures of several runs side by side, and where their settings differ
    Compare(CompareArgs),
    /// Run a recipe against its baselines over several seeds, and say what becomes of its claim
    Reproduce(ReproduceArgs),
    /// Draw answers to one prompt
    Generate(GenerateArgs),
    /// Fine-tune a model on a data set of given answers or preferences, by TRL's rules
    Learn(LearnArgs),
    /// Show what a data set becomes: its type, its tokens, which of them are learned
    Preview(PreviewArgs),
    /// Give the log-probabilities of completions
    Score(ScoreArgs),
    /// Write a model in the Hugging Face layout: a GGUF file, a checkpoint, or adapters with what they adapt
    Export(ExportArgs),
    /// List the recipes, or all settings of one
    Methods(MethodsArgs),
    /// List the devices of this computer, which one is used and why, and whether it computes right
    Devices(DevicesArgs),
    /// Say what a run would need, without running it
    Plan(RunArgs),
    /// Train a starter model from nothing
    Pretrain(PretrainArgs),
    /// Memorable ads: what people recall days later
    #[command(subcommand)]
    Ads(AdsCommand),
    /// Open the window with runs in it, also while they go on
    View(ViewArgs),
}

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceChoice {
    /// A graphics card where there is one, otherwise the CPU
    Auto,
    /// The CPU
    Cpu,
    /// A graphics adapter, even one that is emulated in software
    Gpu,
}

impl From<DeviceChoice> for Choice {
    fn from(choice: DeviceChoice) -> Self {
        match choice {
            DeviceChoice::Auto => Self::Auto,
            DeviceChoice::Cpu => Self::Cpu,
            DeviceChoice::Gpu => Self::Gpu,
        }
    }
}

/// A setting and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Its name; dots lead into groups.
    pub key: String,
    /// Its value as written.
    pub value: String,
}

/// The most seeds that a reproduction takes.
const MOST_SEEDS: u64 = 100;

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let wrong = || format!("write how many, 1 to {MOST_SEEDS}, or which, such as 4-5");
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number >= 1);
    let seeds = match text.split_once('-') {
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..=to),
        None => number(text).map(|count| 1..=count),
    };
    seeds.filter(|of| of.start() <= of.end() && of.end() - of.start() < MOST_SEEDS).ok_or_else(wrong)
}

/// The longest name of a variant, in letters.
const LONGEST_VARIANT: usize = 40;

fn variant(text: &str) -> Result<String, String> {
    let name = text.trim();
    let plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || " -_.,".contains(letter));
    let fits = (1..=LONGEST_VARIANT).contains(&name.len()) && !name.ends_with('.');
    // It becomes a part of a folder's name.
    (plain && fits).then(|| name.to_owned()).ok_or_else(|| {
        format!("write at most {LONGEST_VARIANT} letters, digits, blanks and signs of `-_.,` (a dot not at the end)")
    })
}

fn assignment(text: &str) -> Result<Assignment, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok(Assignment { key: key.trim().to_owned(), value: value.trim().to_owned() })
        }
        _ => Err("write it as KEY=VALUE, such as loop.iterations=2".to_owned()),
    }
}

/// Arguments of `run` and `plan`.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools)] // flags of a command line
pub struct RunArgs {
    /// The recipe; `selfsame methods` lists them
    pub recipe: String,
    /// The model: a folder with config.json, model.safetensors (or its shards) and tokenizer.json,
    /// or with an adapter of one (adapter_config.json), or a GGUF file [default: the built-in starter]
    #[arg(long, value_name = "PATH")]
    pub model: Option<PathBuf>,
    /// The base that the implicit reward is measured against: a model folder or GGUF file, `starter`,
    /// or `same` for the model itself [default: the folder `base` inside the model's folder]
    #[arg(long, value_name = "PATH")]
    pub base: Option<PathBuf>,
    /// Prompts of your own, one JSON object a line: {"prompt": "..."}; with "completion", or with
    /// "chosen" and "rejected", where the recipe learns from given answers. There is no oracle then
    #[arg(long, value_name = "FILE.jsonl", conflicts_with = "world")]
    pub data: Option<PathBuf>,
    /// Make every prompt that is plain text a user's turn, written by the model's chat template.
    /// Conversations ({"prompt": [{"role": "user", "content": "..."}]}) are written by it anyway
    #[arg(long, requires = "data")]
    pub chat: bool,
    /// The world that prompts and truth come from [default: rules, unless --data is given]
    #[arg(long, value_parser = PossibleValuesParser::new(world::NAMES))]
    pub world: Option<String>,
    /// Change a setting, such as loop.iterations=2; can be repeated. A name without its group will
    /// do where it is unique. Names that begin with `options.` are about measuring
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<Assignment>,
    /// Learn low-rank adapters of this rank beside the frozen weights (LoRA); alpha is twice the rank
    /// unless it is given
    #[arg(long, value_name = "RANK[:ALPHA]")]
    pub lora: Option<LoraConfig>,
    /// How the frozen matrices are kept in memory while adapters learn: f32, f16, q8 or q4, the blocks of GGUF
    /// files (Q8_0, Q4_0)
    #[arg(long, value_name = "PRECISION", requires = "lora", default_value_t)]
    pub base_precision: BasePrecision,
    /// Settings from a TOML file, like those of `selfsame methods RECIPE --toml`; the file can hold
    /// some of them, and a table `options`
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// The seed of all random numbers
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// The folder of the run [default: runs/RECIPE-seedSEED-TIME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// For trying: one iteration with a tenth of the prompts and pairs, measured on 40 prompts
    #[arg(long)]
    pub quick: bool,
    /// Leave out the lines beside the run that learn from random and from true labels
    #[arg(long)]
    pub no_controls: bool,
    /// Print each measurement as a line of JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// The folder of the run
    pub dir: PathBuf,
    /// Where to compute; it has to be the device that the run began on [default: that one]
    #[arg(long, value_enum)]
    pub device: Option<DeviceChoice>,
    /// Print each measurement as a line of JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The folder of the run
    pub dir: PathBuf,
    /// Where to write the page [default: report.html in the folder of the run]
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print everything as one JSON object; the page is written only where --html says so
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `compare`.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// The folders of the runs
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
}

/// Arguments of `reproduce`.
#[derive(Debug, Clone, Args)]
pub struct ReproduceArgs {
    /// The recipe whose claim is tried, or a study such as scir-judges
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub study: Option<String>,
    /// Try the claims of all recipes: the atlas, a row a recipe
    #[arg(long)]
    pub all: bool,
    /// Over how many seeds, from 1 on, or over which, such as 4-5: these join those that the atlas of the
    /// folder has already; a single one always leaves the claim open
    #[arg(long, value_name = "N|FROM-TO", default_value = "5", value_parser = seeds)]
    pub seeds: RangeInclusive<u64>,
    /// For trying: a tenth of the work, measured on 40 prompts
    #[arg(long)]
    pub quick: bool,
    /// The folder of runs and atlas; what is already there is read, or continued where it stopped
    /// [default: runs/atlas, or runs/atlas-quick]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The model, as for `run`; several are tried one after the other, a row each
    /// [default: the built-in starter]
    #[arg(long, value_name = "PATH")]
    pub model: Vec<PathBuf>,
    /// The base that the implicit reward is measured against, as for `run`
    #[arg(long, value_name = "PATH")]
    pub base: Option<PathBuf>,
    /// The world that prompts and truth come from [default: rules, or the one that the recipe needs]
    #[arg(long, value_parser = PossibleValuesParser::new(world::NAMES))]
    pub world: Option<String>,
    /// Change a setting of the recipe, and with it the budget of its baselines; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<Assignment>,
    /// What changed settings are called, such as "six iterations": runs and row then stand beside those without
    #[arg(long = "as", value_name = "NAME", value_parser = variant)]
    pub variant: Option<String>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Runs at a time; the numbers are the same [default: as many as there are cores, on the CPU, and as
    /// fit into memory]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
    /// Print each row as a line of JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `generate`.
#[derive(Debug, Clone, Args)]
pub struct GenerateArgs {
    /// The model's folder or GGUF file [default: the built-in starter]
    #[arg(long, value_name = "PATH")]
    pub model: Option<PathBuf>,
    /// How the model's matrices are kept in memory: f32, f16, q8 or q4, the blocks of GGUF files (Q8_0, Q4_0)
    #[arg(long, value_name = "PRECISION", default_value_t)]
    pub base_precision: BasePrecision,
    /// What the model reads
    #[arg(long, value_name = "TEXT")]
    pub prompt: String,
    /// Make the prompt a user's turn, written by the model's chat template
    #[arg(long)]
    pub chat: bool,
    /// How many answers
    #[arg(short = 'n', long = "samples", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub samples: u32,
    /// Divides the logits; 0 always takes the most likely token
    #[arg(long, default_value_t = 1.0)]
    pub temperature: f32,
    /// Keep the K most likely tokens; 0 keeps all
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub top_k: usize,
    /// Keep the smallest set of tokens whose probability reaches P
    #[arg(long, value_name = "P", default_value_t = 1.0)]
    pub top_p: f32,
    /// Keep tokens at least P times as likely as the most likely one
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub min_p: f32,
    /// The longest answer, in tokens
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub max_new_tokens: usize,
    /// The seed of the random numbers
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Print tokens and log-probabilities too, as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `score`.
#[derive(Debug, Clone, Args)]
pub struct ScoreArgs {
    /// The model's folder or GGUF file [default: the built-in starter]
    #[arg(long, value_name = "PATH")]
    pub model: Option<PathBuf>,
    /// How the model's matrices are kept in memory: f32, f16, q8 or q4, the blocks of GGUF files (Q8_0, Q4_0)
    #[arg(long, value_name = "PRECISION", default_value_t)]
    pub base_precision: BasePrecision,
    /// Lines of JSON with `prompt` and `completion`
    #[arg(long, value_name = "FILE.jsonl")]
    pub input: PathBuf,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Print the log-probability of every token, as a line of JSON for each line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The model's folder or GGUF file; adapters are merged into the model that they belong to
    #[arg(long, value_name = "PATH")]
    pub model: PathBuf,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Round the weights to half precision: half the size
    #[arg(long)]
    pub half: bool,
}

/// A data set and how it is read.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// The model: a folder with config.json, model.safetensors and tokenizer.json [default: the
    /// built-in starter]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// The data set, as JSON lines or Parquet: any type and form that TRL trains on
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// What the rows are, where their columns could be read as several things
    #[arg(long = "type", value_name = "TYPE", value_parser = PossibleValuesParser::new(Kind::NAMES.map(|(name, _)| name)))]
    pub kind: Option<String>,
    /// The longest row, in tokens [default: the model's context]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_length: Option<u32>,
}

impl DataArgs {
    /// The type that was asked for.
    #[must_use]
    pub fn wanted(&self) -> Option<Kind> {
        let asked = self.kind.as_deref()?;
        Kind::NAMES.iter().find(|(name, _)| *name == asked).map(|(_, kind)| *kind)
    }
}

/// Arguments of `preview`.
#[derive(Debug, Clone, Args)]
pub struct PreviewArgs {
    #[command(flatten)]
    #[allow(missing_docs)] // clap would take it for help
    pub data: DataArgs,
    /// Show the tokens of the first N rows
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rows: usize,
    /// Print a line of JSON for every sequence, and one with the figures
    #[arg(long)]
    pub json: bool,
}

/// How the learning rate goes on after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScheduleChoice {
    /// Stays
    Constant,
    /// Falls to zero along half a cosine
    Cosine,
    /// Falls to zero along a line
    Linear,
}

impl From<ScheduleChoice> for ScheduleKind {
    fn from(choice: ScheduleChoice) -> Self {
        match choice {
            ScheduleChoice::Constant => Self::Constant,
            ScheduleChoice::Cosine => Self::Cosine,
            ScheduleChoice::Linear => Self::Linear,
        }
    }
}

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OrderChoice {
    /// The order that TRL draws for the seed
    Trl,
    /// As in the file
    File,
}

impl From<OrderChoice> for Order {
    fn from(choice: OrderChoice) -> Self {
        match choice {
            OrderChoice::Trl => Self::Trl,
            OrderChoice::File => Self::File,
        }
    }
}

/// What happens to rows that are too long, where it is not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TruncateChoice {
    /// Their beginning is kept, as in TRL
    KeepStart,
}

/// Arguments of `learn`.
#[derive(Debug, Clone, Args)]
pub struct LearnArgs {
    #[command(flatten)]
    #[allow(missing_docs)] // clap would take it for help
    pub data: DataArgs,
    /// Learn low-rank adapters of this rank beside the frozen weights (LoRA); alpha is twice the rank
    /// unless it is given. The folder is then an adapter that PEFT reads
    #[arg(long, value_name = "RANK[:ALPHA]")]
    pub lora: Option<LoraConfig>,
    /// How the frozen matrices are kept in memory while adapters learn: f32, f16, q8 or q4, the blocks of GGUF
    /// files (Q8_0, Q4_0)
    #[arg(long, value_name = "PRECISION", requires = "lora", default_value_t)]
    pub base_precision: BasePrecision,
    /// What is minimised: `sigmoid` (DPO), `ipo`, `hinge`, ... with TRL's names, or a mix such as
    /// `sigmoid=0.8,sft=0.2`; `kto` or `apo_zero_unpaired` on single answers with labels. `sft` on completions is
    /// supervised fine-tuning [default: sigmoid on preferences, kto on single answers, sft on others]
    #[arg(long, value_name = "NAME[=WEIGHT],...")]
    pub objective: Option<String>,
    /// Scale of the implicit reward; the τ of ipo
    #[arg(long, default_value_t = 0.1)]
    pub beta: f64,
    /// The share of labels taken to be wrong by cdpo, robust, exo_pair and aot
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub label_smoothing: f64,
    /// Change another part of the objective, by TRL's name: `f_divergence_type=js_divergence`,
    /// `f_alpha_divergence_coef`, `ld_alpha`, `use_weighting=true`, `discopop_tau`, `simpo_gamma`, `cpo_alpha`; for
    /// single answers `desirable_weight`, `undesirable_weight`; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<Assignment>,
    /// Peak learning rate [default: TRL's, 1e-6 on preferences and 2e-5 on others]
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f64>,
    /// Optimiser steps [default: as --epochs says]
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    pub steps: Option<usize>,
    /// Passes over the rows
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub epochs: usize,
    /// Rows in a forward pass
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub batch: usize,
    /// Forward passes in an optimiser step
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub grad_accum: usize,
    /// How the learning rate goes on after the warm-up
    #[arg(long, value_enum, default_value_t = ScheduleChoice::Linear)]
    pub schedule: ScheduleChoice,
    /// Steps of warm-up; below 1, the share of all steps
    #[arg(long, value_name = "STEPS", default_value_t = 0.0)]
    pub warmup: f64,
    /// AdamW's decay of weights, those of norms left out
    #[arg(long, value_name = "DECAY", default_value_t = 0.0)]
    pub weight_decay: f64,
    /// AdamW's ε
    #[arg(long, value_name = "EPSILON", default_value_t = 1e-8)]
    pub adam_eps: f64,
    /// Gradients are scaled down to this norm; 0 leaves them as they are
    #[arg(long, value_name = "NORM", default_value_t = 1.0)]
    pub max_grad_norm: f64,
    /// What happens to rows that are too long [default: they are an error]
    #[arg(long, value_enum)]
    pub truncate: Option<TruncateChoice>,
    /// The order of the rows [default: TRL's, drawn anew in every epoch; that of the file for kto]
    #[arg(long, value_enum)]
    pub order: Option<OrderChoice>,
    /// The seed of that order
    #[arg(long, default_value_t = 42, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// The folder for model, settings and metrics
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print every step as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `methods`.
#[derive(Debug, Clone, Args)]
pub struct MethodsArgs {
    /// The recipe
    pub id: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
    /// Print the recipe's default settings as a file for `selfsame run --config`
    #[arg(long, requires = "id", conflicts_with = "json")]
    pub toml: bool,
}

/// Arguments of `devices`.
#[derive(Debug, Clone, Args)]
pub struct DevicesArgs {
    /// Compute logits, losses and a gradient on the graphics adapter and on the CPU, and compare
    #[arg(long)]
    pub compare: bool,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `pretrain`.
#[derive(Debug, Clone, Args)]
pub struct PretrainArgs {
    /// The world whose language the model learns
    #[arg(value_parser = PossibleValuesParser::new(world::NAMES))]
    pub world: String,
    /// The folder of the model; its base goes into the folder `base` inside
    #[arg(long, value_name = "DIR", default_value = "pretrained")]
    pub out: PathBuf,
    /// The seed of weights, texts and order
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: Option<u64>,
    /// Change a setting, such as `layers=3` or `steps=[20,60,90]`; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<Assignment>,
    /// Go on training the model in this folder, written by an earlier `pretrain`
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Write the weights rounded to half precision: half the size, for a model that is shipped
    #[arg(long)]
    pub half: bool,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Print every step as a line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `view`.
#[derive(Debug, Clone, Args)]
pub struct ViewArgs {
    /// The folders of the runs; without one the window opens as it was closed
    #[arg(value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn assignments_need_a_key_and_an_equals_sign() {
        let parsed = assignment("a.b = 1=2").unwrap();
        assert_eq!((parsed.key.as_str(), parsed.value.as_str()), ("a.b", "1=2"));
        assert!(assignment("a.b").is_err());
        assert!(assignment("=1").is_err());
    }
}
