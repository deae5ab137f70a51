//! The arguments of `selfsame ads`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use selfsame_core::world::ads::StudyConfig;

use super::{ExplainAdsArgs, GenerateAdsArgs, ScoreAdsArgs, TrainArgs};

/// The commands about memorable ads.
#[derive(Debug, Clone, Subcommand)]
pub enum AdsCommand {
    /// Say what goes with being remembered: statistical tests of the synthetic study, or of data of your own
    Explore(ExploreArgs),
    /// Write the synthetic study as lines of JSON: ads, their texts, and what two groups of viewers recalled
    Study(StudyArgs),
    /// Teach a model what people recall, in two digits, and say how well it predicts it
    Train(TrainArgs),
    /// Say how memorable a taught model takes texts to be
    Score(ScoreAdsArgs),
    /// Say what drives a taught model's score, token by token, or whether that is what truly drives memorability
    Explain(ExplainAdsArgs),
    /// Write ads for a brief, within the form of ads
    Generate(GenerateAdsArgs),
    /// Pack what the ads panel shows of a finished run of seed-ads into one small file
    Excerpt(ExcerptArgs),
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

/// Arguments of `ads explore`.
#[derive(Debug, Clone, Args)]
pub struct ExploreArgs {
    /// Data with scores instead of the synthetic study: LAMBDA's questions (a JSON file whose name ends in q.json), or
    /// a table (.csv, .tsv, .jsonl, .json) with --text and --score
    #[arg(long, value_name = "FILE", conflicts_with_all = ["full", "viewers_each"])]
    pub data: Option<PathBuf>,
    /// LAMBDA's answers [default: the file beside --data whose name ends in a.json]
    #[arg(long, value_name = "FILE.json", requires = "data", conflicts_with = "score")]
    pub answers: Option<PathBuf>,
    /// The column of the table that holds the texts
    #[arg(long, value_name = "COLUMN", requires_all = ["data", "score"])]
    pub text: Option<String>,
    /// The column of the table that holds the scores
    #[arg(long, value_name = "COLUMN", requires_all = ["data", "text"])]
    pub score: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)] // clap would take it for help
    pub world: WorldArgs,
    /// Print everything as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Write a page with charts and tables
    #[arg(long, value_name = "FILE.html")]
    pub out: Option<PathBuf>,
    /// Write the charts as SVG files into this folder
    #[arg(long, value_name = "DIR")]
    pub svg: Option<PathBuf>,
}

/// Arguments of `ads excerpt`.
#[derive(Debug, Clone, Args)]
pub struct ExcerptArgs {
    /// The folder of the run
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Where to write it
    #[arg(long, value_name = "FILE.jsonl.gz")]
    pub out: PathBuf,
    /// How many of its briefs are kept
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub briefs: u32,
    /// Write the run's Henries into this folder too, `henry-a` and `henry-b`, in half precision
    #[arg(long, value_name = "DIR")]
    pub henries: Option<PathBuf>,
}
