//! The arguments of `reproduce`.

use std::{ops::RangeInclusive, path::PathBuf};

use clap::{Args, builder::PossibleValuesParser};
use selfsame_core::world;

use super::{Assignment, DeviceChoice, assignment};

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
    /// The world that prompts and truth come from [default: rules, or the one that the recipe or the study needs]
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
