//! The arguments of the commands that read a data set: `preview` and `learn`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use selfsame_core::{
    learn::tune::{Order, SchedulerType},
    model::{BasePrecision, LoraConfig},
    prompt::dataset::Kind,
};

use super::{Assignment, DeviceChoice, assignment};

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
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub max_length: Option<u32>,
    /// Learn those tokens of conversations alone that the assistant wrote: what the model's chat template has between
    /// `{% generation %}` and `{% endgeneration %}`; for `messages`, and for conversational completions
    #[arg(long)]
    pub assistant_only_loss: bool,
}

impl DataArgs {
    /// The type that was asked for.
    #[must_use]
    pub fn wanted(&self) -> Option<Kind> {
        let asked = self.kind.as_deref()?;
        Kind::NAMES.iter().find(|(name, _)| *name == asked).map(|(_, kind)| *kind)
    }
}

/// A count of something.
fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("must be a whole number from 0 to {}", usize::MAX))
}

/// A seed that TOML can hold.
fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse::<u64>().ok().filter(|seed| i64::try_from(*seed).is_ok());
    seed.ok_or_else(|| format!("must be a whole number from 0 to {}", i64::MAX))
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
    /// Name every row that is too long, not the first ten alone
    #[arg(long)]
    pub too_long: bool,
    /// Print a line of JSON for every sequence, and one with the figures
    #[arg(long)]
    pub json: bool,
}

/// How the learning rate changes, by the names of `transformers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ScheduleChoice {
    /// Stays, without a warm-up
    Constant,
    /// Stays after the warm-up
    ConstantWithWarmup,
    /// Falls to zero along half a cosine after the warm-up
    Cosine,
    /// Falls to zero along a line after the warm-up
    Linear,
}

impl From<ScheduleChoice> for SchedulerType {
    fn from(choice: ScheduleChoice) -> Self {
        match choice {
            ScheduleChoice::Constant => Self::Constant,
            ScheduleChoice::ConstantWithWarmup => Self::ConstantWithWarmup,
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
    /// Compute the blocks again on the way back instead of keeping what they need: less memory, up to half as much
    /// time again, and the same gradients (to the last bit where a loss reads the model once)
    #[arg(long)]
    pub gradient_checkpointing: bool,
    /// What is minimised: `sigmoid` (DPO), `ipo`, `hinge`, ... with TRL's names, or a mix such as
    /// `sigmoid=0.8,sft=0.2`; `kto` or `apo_zero_unpaired` on single answers with labels. `sft` on completions is
    /// supervised fine-tuning. The cross-entropy of `orpo` is over the answer; TRL's is over the prompt as well [default: sigmoid on preferences, kto on single answers, sft on others]
    #[arg(long, value_name = "NAME[=WEIGHT],...")]
    pub objective: Option<String>,
    /// Scale of the implicit reward; the τ of ipo [default: 0.1]
    #[arg(long, allow_negative_numbers = true)]
    pub beta: Option<f64>,
    /// The share of labels taken to be wrong by cdpo, robust, exo_pair, aot, aot_unpaired, simpo and cpo [default: 0]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub label_smoothing: Option<f64>,
    /// Change another part of the objective, by TRL's name: `f_divergence_type=js_divergence`,
    /// `f_alpha_divergence_coef`, `ld_alpha`, `use_weighting=true`, `discopop_tau`, `simpo_gamma`, `cpo_alpha`; for
    /// single answers `desirable_weight`, `undesirable_weight`; can be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub set: Vec<Assignment>,
    /// Peak learning rate [default: TRL's, 1e-6 on preferences and 2e-5 on others]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub lr: Option<f64>,
    /// Optimiser steps [default: as --epochs says]
    #[arg(long, value_name = "N", conflicts_with = "epochs", value_parser = count, allow_negative_numbers = true)]
    pub steps: Option<usize>,
    /// Passes over the rows
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = count, allow_negative_numbers = true)]
    pub epochs: usize,
    /// Rows in a forward pass
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = count, allow_negative_numbers = true)]
    pub batch: usize,
    /// Forward passes in an optimiser step
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count, allow_negative_numbers = true)]
    pub grad_accum: usize,
    /// How the learning rate changes
    #[arg(long, value_enum, default_value_t = ScheduleChoice::Linear)]
    pub schedule: ScheduleChoice,
    /// Steps of warm-up; below 1, the share of all steps
    #[arg(long, value_name = "STEPS", default_value_t = 0.0, allow_negative_numbers = true)]
    pub warmup: f64,
    /// AdamW's decay of weights, those of norms left out
    #[arg(long, value_name = "DECAY", default_value_t = 0.0, allow_negative_numbers = true)]
    pub weight_decay: f64,
    /// AdamW's ε
    #[arg(long, value_name = "EPSILON", default_value_t = 1e-8, allow_negative_numbers = true)]
    pub adam_eps: f64,
    /// Gradients are scaled down to this norm; 0 leaves them as they are
    #[arg(long, value_name = "NORM", default_value_t = 1.0, allow_negative_numbers = true)]
    pub max_grad_norm: f64,
    /// What happens to rows that are too long [default: they are an error]
    #[arg(long, value_enum)]
    pub truncate: Option<TruncateChoice>,
    /// The order of the rows [default: TRL's, drawn anew in every epoch; that of the file for kto]
    #[arg(long, value_enum)]
    pub order: Option<OrderChoice>,
    /// The seed of that order
    #[arg(long, default_value_t = 42, value_parser = seed, allow_negative_numbers = true)]
    pub seed: u64,
    /// Let the reference follow the policy (TR-DPO): what it says is then computed at every step
    #[arg(long)]
    pub sync_ref_model: bool,
    /// How far it follows: the share of the policy's weights in the new reference; 1 takes them as they are
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.6,
        requires = "sync_ref_model",
        allow_negative_numbers = true
    )]
    pub ref_model_mixup_alpha: f64,
    /// Optimiser steps between two updates of the reference
    #[arg(
        long,
        value_name = "N",
        default_value_t = 512,
        requires = "sync_ref_model",
        value_parser = count,
        allow_negative_numbers = true
    )]
    pub ref_model_sync_steps: usize,
    /// A folder that keeps what the reference says of the rows: another run on the same rows with the same model
    /// reads it instead of computing it
    #[arg(long, value_name = "DIR")]
    pub reference_cache: Option<PathBuf>,
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
