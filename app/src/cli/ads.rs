//! The arguments of `selfsame ads`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use selfsame_core::world::ads::StudyConfig;

/// The commands about memorable ads.
#[derive(Debug, Clone, Subcommand)]
pub enum AdsCommand {
    /// Write the synthetic study as lines of JSON: ads, their texts, and what two groups of viewers recalled
    Study(StudyArgs),
}

/// The size of a synthetic study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct WorldArgs {
    /// The seed of ads, viewers and answers
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: u64,
    /// As many viewers, ads and brands as LAMBDA has, instead of a third
    #[arg(long)]
    pub full: bool,
    /// How many viewers of each of the two groups see an ad [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub viewers_each: Option<u32>,
}

impl WorldArgs {
    /// The study they describe.
    #[must_use]
    pub fn config(&self) -> StudyConfig {
        let size = if self.full { StudyConfig::full() } else { StudyConfig::default() };
        let viewers_each = self.viewers_each.map_or(size.viewers_each, |count| count as usize);
        StudyConfig { seed: self.seed, viewers_each, ..size }
    }
}

/// Arguments of `ads study`.
#[derive(Debug, Clone, Args)]
pub struct StudyArgs {
    #[command(flatten)]
    #[allow(missing_docs)] // clap would take it for help
    pub world: WorldArgs,
    /// Where to write the lines [default: here]
    #[arg(long, value_name = "FILE.jsonl")]
    pub out: Option<PathBuf>,
}
