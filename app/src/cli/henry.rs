//! The arguments of the commands with which a model learns, predicts and writes memorable texts.

use std::{path::PathBuf, str::FromStr};

use clap::Args;
use selfsame_core::model::LoraConfig;

use super::DeviceChoice;

/// The file of rated texts and its columns.
#[derive(Debug, Clone, Args)]
pub struct RatedArgs {
    /// A table with a text and a score a row: .csv, .tsv, .jsonl or .json
    pub data: PathBuf,
    /// The column of the text; of several, such as prompt,completion, the texts are joined by a blank
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',', default_value = "text")]
    pub text: Vec<String>,
    /// The column of the score
    #[arg(long, value_name = "COLUMN", default_value = "score")]
    pub score: String,
    /// The score that everybody remembering would be, such as 99 for two digits; 0 is nobody
    #[arg(long, value_name = "SCORE", default_value_t = 1.0)]
    pub top: f64,
    /// Texts longer than so many tokens are cut; otherwise they are refused where they do not fit the model
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    pub longest: Option<u32>,
    /// Tokens in one forward pass when nothing is learned: fewer need less memory
    #[arg(long, value_name = "TOKENS", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub token_budget: u32,
}

/// A further file of rated texts: `FILE[,text=COLUMN+...][,score=COLUMN][,top=SCORE]`.
#[derive(Debug, Clone, PartialEq)]
pub struct RatedFile {
    /// The file.
    pub data: PathBuf,
    /// The columns of the text.
    pub text: Vec<String>,
    /// The column of the score.
    pub score: String,
    /// The score that everybody remembering would be.
    pub top: f64,
}

impl FromStr for RatedFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut file =
            Self { data: PathBuf::new(), text: vec!["text".to_owned()], score: "score".to_owned(), top: 1.0 };
        let mut rest = text;
        // From the end, since a file's name can hold commas.
        while let Some((before, last)) = rest.rsplit_once(',') {
            match last.split_once('=') {
                Some(("text", columns)) => file.text = columns.split('+').map(str::to_owned).collect(),
                Some(("score", column)) => column.clone_into(&mut file.score),
                Some(("top", top)) => file.top = top.parse().map_err(|_| format!("top={top} is not a number"))?,
                _ => break,
            }
            rest = before;
        }
        file.data = PathBuf::from(rest);
        Ok(file)
    }
}

/// Arguments of `ads train`.
#[derive(Debug, Clone, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    #[allow(missing_docs)] // clap would take it for help
    pub rated: RatedArgs,
    /// The model that is taught: a folder, a GGUF file, or `fresh` for a small one of random weights with
    /// the starter's tokens [default: the starter of ads]
    #[arg(long, value_name = "PATH")]
    pub model: Option<PathBuf>,
    /// Where the taught model goes; without it nothing is kept
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Predict every row by a model that was taught without it, and compare with what ridge regression
    /// predicts from words and from the text's make-up
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=100))]
    pub folds: Option<u32>,
    /// Predict other files too, without learning from them: zero-shot transfer. Each may name its columns, as in
    /// FILE,text=sentence,score=hits; LAMBDA's questions (a name ending in q.json, the answers beside it) need none
    #[arg(long, value_name = "FILE[,text=COLUMN+...][,score=COLUMN][,top=SCORE]", num_args = 1..)]
    pub transfer: Vec<RatedFile>,
    /// The column of the score that other, equally many people gave: how well people agree is the most that can be
    /// reached
    #[arg(long, value_name = "COLUMN")]
    pub again: Option<String>,
    /// Leave the model as it is and fit ridge regression to the mean of its hidden states after the block that
    /// predicts best: ours, where the paper's Henry learns to say two digits
    #[arg(long, conflicts_with_all = ["baselines", "epochs", "learning_rate", "batch_size", "spread", "lora"])]
    pub readout: bool,
    /// The column of groups, such as brands: the rows of one are held out together
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    /// Only the baselines: no model is taught
    #[arg(long, requires = "folds", conflicts_with = "out")]
    pub baselines: bool,
    /// Passes over the rows
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub epochs: u32,
    /// How far one optimiser step goes, at its peak
    #[arg(long, value_name = "RATE", default_value_t = 1e-3)]
    pub learning_rate: f64,
    /// Rows in an optimiser step
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub batch_size: u32,
    /// Deviation of a bell around each score that is learned from, in recall; 0 learns the two digits
    #[arg(long, value_name = "RECALL", default_value_t = 0.0)]
    pub spread: f64,
    /// Teach low-rank adapters of this rank instead of the whole model; alpha is twice the rank unless
    /// it is given
    #[arg(long, value_name = "RANK[:ALPHA]")]
    pub lora: Option<LoraConfig>,
    /// The seed of order, folds and resamples
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Print the figures as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `ads score`.
#[derive(Debug, Clone, Args)]
pub struct ScoreAdsArgs {
    #[command(flatten)]
    #[allow(missing_docs)] // clap would take it for help
    pub rated: RatedArgs,
    /// The taught model or readout, as `ads train --out` wrote it
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Compare the predictions with the scores of the file: how well the model carries over to it
    #[arg(long)]
    pub compare: bool,
    /// The seed of resamples
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Print JSON: a line a row, or with --compare one object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `ads explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainAdsArgs {
    /// The taught model, as `ads train --out` wrote it from one that speaks the language of ads [default: the Henry that
    /// is part of the program]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// A brief and an ad in the language of ads, as `ads study` and `ads generate` write them, to explain word by word;
    /// without it, ads of the synthetic study are explained, and the explanations compared with the truth
    #[arg(long, value_name = "TEXT", conflicts_with = "ads")]
    pub text: Option<String>,
    /// How many ads of the study are explained
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(8..=100_000))]
    pub ads: u32,
    /// Tokens in one pass: fewer need less memory
    #[arg(long, value_name = "TOKENS", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub token_budget: u32,
    /// The seed of the study's ads and of resamples
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `ads generate`.
#[derive(Debug, Clone, Args)]
pub struct GenerateAdsArgs {
    /// The brief, such as "Belado entertainment film first-light 30s landscape `<resp>`" [default: one of a
    /// brand that nothing is learned from]
    #[arg(long, value_name = "TEXT")]
    pub brief: Option<String>,
    /// The generator: a folder, such as a checkpoint of a run of seed-ads [default: the starter of ads]
    #[arg(long, value_name = "PATH")]
    pub model: Option<PathBuf>,
    /// A taught model that says how memorable each ad is; the best comes first
    #[arg(long, value_name = "DIR")]
    pub henry: Option<PathBuf>,
    /// How many ads
    #[arg(short = 'n', long = "samples", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub samples: u32,
    /// Divides the logits; 0 always takes the most likely token
    #[arg(long, default_value_t = 1.0)]
    pub temperature: f32,
    /// The longest ad, in tokens
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub max_new_tokens: usize,
    /// The seed of the random numbers
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: u64,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = DeviceChoice::Auto)]
    pub device: DeviceChoice,
    /// Print a line of JSON an ad
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_name_their_columns_and_may_have_commas() {
        let of = |text: &str| text.parse::<RatedFile>().unwrap();
        let plain = of("a,b.csv");
        assert_eq!((plain.data.to_str().unwrap(), plain.score.as_str(), plain.top), ("a,b.csv", "score", 1.0));
        let named = of("C:/x=1,y.csv,text=prompt+completion,score=hits,top=99");
        assert_eq!((named.data.to_str().unwrap(), named.top), ("C:/x=1,y.csv", 99.0));
        assert_eq!((named.text.join("|"), named.score.as_str()), ("prompt|completion".to_owned(), "hits"));
        assert!("a.csv,top=many".parse::<RatedFile>().unwrap_err().contains("many"));
    }
}
