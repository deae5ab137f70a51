//! The arguments of the program.

mod ads;
mod henry;
mod learn;
mod reproduce;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser};
use selfsame_core::{
    device::Choice,
    model::{BasePrecision, LoraConfig},
    world,
};

pub use ads::{AdsCommand, ExcerptArgs, ExploreArgs, StudyArgs, WorldArgs};
pub use henry::{ExplainAdsArgs, GenerateAdsArgs, RatedArgs, RatedFile, ScoreAdsArgs, TrainArgs};
pub use learn::{DataArgs, LearnArgs, OrderChoice, PreviewArgs, ScheduleChoice, TruncateChoice};
pub use reproduce::ReproduceArgs;

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
    /// Compute the blocks again on the way back instead of keeping what they need: less memory, up to half as much
    /// time again, and the same gradients (to the last bit where a loss reads the model once)
    #[arg(long)]
    pub gradient_checkpointing: bool,
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

impl RunArgs {
    /// A recipe with nothing else said.
    #[must_use]
    pub fn new(recipe: &str) -> Self {
        Self {
            recipe: recipe.to_owned(),
            model: None,
            base: None,
            data: None,
            chat: false,
            world: None,
            set: Vec::new(),
            lora: None,
            base_precision: BasePrecision::default(),
            gradient_checkpointing: false,
            config: None,
            seed: 1,
            device: DeviceChoice::Auto,
            out: None,
            quick: false,
            no_controls: false,
            json: false,
        }
    }
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
    /// Show beside it what a browser computed, by the report that `cargo xtask agreement` writes
    #[arg(long, value_name = "REPORT", requires = "compare")]
    pub browser: Option<PathBuf>,
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
    fn arguments_of_a_run_are_those_of_a_command_line_that_names_the_recipe_alone() {
        let Some(Command::Run(parsed)) = Cli::try_parse_from(["selfsame", "run", "scir"]).unwrap().command else {
            panic!("not a run")
        };
        assert_eq!(format!("{parsed:?}"), format!("{:?}", RunArgs::new("scir")));
    }

    #[test]
    fn assignments_need_a_key_and_an_equals_sign() {
        let parsed = assignment("a.b = 1=2").unwrap();
        assert_eq!((parsed.key.as_str(), parsed.value.as_str()), ("a.b", "1=2"));
        assert!(assignment("a.b").is_err());
        assert!(assignment("=1").is_err());
    }
}
