//! What the commands that teach and ask Henry share: rated texts, and the model with its template.

use std::path::Path;

use selfsame_core::{
    Error as CoreError,
    judge::{Henry, Rating, henry::TEMPLATE},
    model::Decoder,
    prompt::scored::Table,
    recipe::self_rewarding::seed_ads,
    text::Tokenizer,
    world::ads::Ads,
};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, cli::RatedArgs, inputs::foreign_token};

/// The file beside a taught model that says how it is asked.
pub const HENRY: &str = "henry.toml";

/// How a taught model is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The text's place and what stands behind it.
    pub template: String,
}

impl Asked {
    /// How a model of this tokenizer is taught to be asked: with the mark of the world where it has one.
    ///
    /// # Errors
    /// If the world's tokenizer cannot be read, which a test rules out.
    pub fn new(tokenizer: &Tokenizer) -> Result<Self> {
        let own = foreign_token(&Ads, tokenizer)?.is_none();
        Ok(Self { template: if own { seed_ads::TEMPLATE } else { TEMPLATE }.to_owned() })
    }

    /// How the model in a folder was taught to be asked.
    ///
    /// # Errors
    /// If the folder does not say.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(HENRY);
        let text = std::fs::read_to_string(&path).map_err(|e| {
            CoreError::model(&path, format!("{e}. Give the folder of a model that `selfsame ads train --out` wrote"))
        })?;
        toml::from_str(&text).map_err(|e| CoreError::model(&path, e.message().to_owned()).into())
    }
}

/// The texts of a table, those of several columns joined.
///
/// # Errors
/// If a column is missing, or a text is empty.
pub fn texts(table: &Table, args: &RatedArgs) -> Result<Vec<String>> {
    let mut texts = vec![String::new(); table.rows()];
    for column in &args.text {
        for (text, cell) in texts.iter_mut().zip(table.texts(column)?) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(cell);
        }
    }
    Ok(texts)
}

/// The recall of every row, from 0 to 1.
///
/// # Errors
/// If a score is missing, or does not lie between 0 and the top of the scale.
pub fn recalls(table: &Table, args: &RatedArgs) -> Result<Vec<f64>> {
    if !(args.top.is_finite() && args.top > 0.0) {
        return Err(CoreError::setting("top", "must be a positive number, such as 99 for two digits").into());
    }
    let recalls: Vec<f64> = table.numbers(&args.score)?.into_iter().map(|score| score / args.top).collect();
    match recalls.iter().position(|recall| !(0.0..=1.0).contains(recall)) {
        None => Ok(recalls),
        Some(row) => Err(CoreError::Row {
            path: table.path().to_path_buf(),
            row: row + 1,
            column: args.score.clone(),
            problem: format!(
                "{} does not lie between 0 and {}; say what the scale is with --top",
                recalls[row] * args.top,
                args.top
            ),
        }
        .into()),
    }
}

/// What a model reads of every text, checked against its context.
///
/// # Errors
/// Names the row that does not fit.
pub fn read(
    henry: &Henry,
    (model, tokenizer): (&Decoder, &Tokenizer),
    (table, args): (&Table, &RatedArgs),
    texts: &[String],
) -> Result<Vec<Vec<u32>>> {
    let context = model.config().max_position_embeddings;
    let room = henry.room(context);
    let longest = args.longest.map_or(usize::MAX, |longest| longest as usize);
    let problem = |row: usize, problem: String| {
        let column = args.text.join(",");
        Error::from(CoreError::Row { path: table.path().to_path_buf(), row: row + 1, column, problem })
    };
    texts
        .iter()
        .enumerate()
        .map(|(row, text)| {
            if let Some(word) = tokenizer.unknown_word(text) {
                return Err(problem(
                    row,
                    format!(
                        "this model's language has no word `{word}`; give a model that reads the text with --model"
                    ),
                ));
            }
            let read = henry.read(text, longest, tokenizer)?;
            let most = henry.around(&[]).len() + room;
            if read.len() > most {
                return Err(problem(
                    row,
                    format!(
                        "has {} tokens and the model has room for {room}; cut longer texts with --longest {room}",
                        read.len() + room - most
                    ),
                ));
            }
            Ok(read)
        })
        .collect()
}

/// Rows to learn from.
#[must_use]
pub fn ratings(read: &[Vec<u32>], recalls: &[f64], rows: impl Iterator<Item = usize>) -> Vec<Rating> {
    rows.map(|row| Rating { read: read[row].clone(), recall: recalls[row] }).collect()
}
