//! What the commands that teach and ask share: rated texts, and the model with its template.

use std::{
    fs,
    path::{Path, PathBuf},
};

use selfsame_core::{
    Error as CoreError,
    judge::{Henry, Rating, henry::TEMPLATE},
    model::Decoder,
    prompt::scored::{LambdaAd, Table, answers_beside, parse_lambda},
    recipe::self_rewarding::seed_ads,
    text::Tokenizer,
    world::ads::Ads,
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    cli::{RatedArgs, RatedFile},
    inputs::foreign_token,
};

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
        let text = fs::read_to_string(&path).map_err(|e| {
            CoreError::model(&path, format!("{e}. Give the folder of a model that `selfsame ads train --out` wrote"))
        })?;
        toml::from_str(&text).map_err(|e| CoreError::model(&path, e.message().to_owned()).into())
    }
}

/// Where rated texts are: a file and its columns.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// The file.
    pub data: &'a Path,
    /// The columns of the text, joined by a blank.
    pub text: &'a [String],
    /// The column of the score; `None` where no scores are needed.
    pub score: Option<&'a str>,
    /// What everybody remembering would be.
    pub top: f64,
    /// The column of what other people gave the same rows.
    pub again: Option<&'a str>,
    /// The column of groups.
    pub group: Option<&'a str>,
}

impl<'a> Columns<'a> {
    /// What the arguments name, with scores.
    #[must_use]
    pub fn of(args: &'a RatedArgs) -> Self {
        let score = Some(args.score.as_str());
        Self { data: &args.data, text: &args.text, score, top: args.top, again: None, group: None }
    }

    /// A further file.
    #[must_use]
    pub fn of_file(file: &'a RatedFile) -> Self {
        let score = Some(file.score.as_str());
        Self { data: &file.data, text: &file.text, score, top: file.top, again: None, group: None }
    }
}

/// Texts and what people recalled of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rated {
    path: PathBuf,
    /// The columns of the texts, as errors name them.
    column: String,
    /// The texts.
    pub texts: Vec<String>,
    /// The recall of each, from 0 to 1; empty where no scores were asked for.
    pub recalls: Vec<f64>,
    /// What other people recalled of them, where that was asked for.
    pub again: Option<Vec<f64>>,
    /// The group of each.
    pub groups: Vec<Option<String>>,
}

impl Rated {
    /// Reads a file: a table, or LAMBDA's questions with the answers beside them, whose groups are its brands.
    ///
    /// # Errors
    /// If the file cannot be read, a column is missing, a text is empty, or a score is missing or out of range.
    pub fn load(columns: Columns<'_>) -> Result<Self> {
        let answers = answers_beside(columns.data).filter(|answers| answers.exists());
        if let Some(answers) = answers.filter(|_| columns.again.is_none() && columns.group.is_none()) {
            return Self::lambda(columns.data, &answers);
        }
        let table = Table::read(columns.data)?;
        let mut texts = vec![String::new(); table.rows()];
        for column in columns.text {
            for (text, cell) in texts.iter_mut().zip(table.texts(column)?) {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(cell);
            }
        }
        let groups = match columns.group {
            None => vec![None; table.rows()],
            Some(column) => table.column(column)?.into_iter().map(|cell| cell.map(str::to_owned)).collect(),
        };
        Ok(Self {
            path: columns.data.to_path_buf(),
            column: columns.text.join(","),
            texts,
            recalls: columns.score.map_or_else(|| Ok(Vec::new()), |score| recalls(&table, score, columns.top))?,
            again: columns.again.map(|again| recalls(&table, again, columns.top)).transpose()?,
            groups,
        })
    }

    fn lambda(questions: &Path, answers: &Path) -> Result<Self> {
        let text = |path: &Path| fs::read_to_string(path).map_err(|e| CoreError::read(path, e));
        let ads = parse_lambda((&text(questions)?, questions), Some((&text(answers)?, answers)))?;
        let of = |ad: LambdaAd| (ad.text, (ad.score.unwrap_or_default(), Some(ad.brand)));
        let (texts, (recalls, groups)) = ads.into_iter().map(of).unzip();
        Ok(Self { path: questions.to_path_buf(), column: "question".to_owned(), texts, recalls, again: None, groups })
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map_or_else(|| self.path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// The tokens of every text between `before` and `after`, as a model of this tokenizer reads them: `tokens` makes
    /// them of a text.
    ///
    /// # Errors
    /// Names the row that the model's language has no words for, or that does not fit into `most` tokens, which leave
    /// `room` for the text.
    pub fn read(
        &self,
        tokenizer: &Tokenizer,
        (most, room): (usize, usize),
        tokens: impl Fn(&str) -> Result<Vec<u32>>,
    ) -> Result<Vec<Vec<u32>>> {
        let problem = |row: usize, problem: String| {
            let column = self.column.clone();
            Error::from(CoreError::Row { path: self.path.clone(), row: row + 1, column, problem })
        };
        let rows = self.texts.iter().enumerate().map(|(row, text)| {
            if let Some(word) = tokenizer.unknown_word(text) {
                let hint = "give a model that reads the text with --model";
                return Err(problem(row, format!("this model's language has no word `{word}`; {hint}")));
            }
            let read = tokens(text)?;
            if read.len() > most {
                let length = read.len() + room - most;
                return Err(problem(
                    row,
                    format!(
                        "has {length} tokens and the model has room for {room}; cut longer texts with --longest {room}"
                    ),
                ));
            }
            Ok(read)
        });
        rows.collect()
    }

    /// What a model is asked in Henry's template about every text.
    ///
    /// # Errors
    /// As [`Rated::read`].
    pub fn asked(
        &self,
        henry: &Henry,
        (model, tokenizer): (&Decoder, &Tokenizer),
        longest: Option<u32>,
    ) -> Result<Vec<Vec<u32>>> {
        let room = henry.room(model.config().max_position_embeddings);
        let longest = longest.map_or(usize::MAX, |longest| longest as usize);
        self.read(tokenizer, (henry.around(&[]).len() + room, room), |text| Ok(henry.read(text, longest, tokenizer)?))
    }
}

/// The recall of every row, from 0 to 1.
fn recalls(table: &Table, score: &str, top: f64) -> Result<Vec<f64>> {
    if !(top.is_finite() && top > 0.0) {
        return Err(CoreError::setting("top", "must be a positive number, such as 99 for two digits").into());
    }
    let recalls: Vec<f64> = table.numbers(score)?.into_iter().map(|score| score / top).collect();
    match recalls.iter().position(|recall| !(0.0..=1.0).contains(recall)) {
        None => Ok(recalls),
        Some(row) => Err(CoreError::Row {
            path: table.path().to_path_buf(),
            row: row + 1,
            column: score.to_owned(),
            problem: format!(
                "{} does not lie between 0 and {top}; say what the scale is with --top",
                recalls[row] * top
            ),
        }
        .into()),
    }
}

/// Rows to learn from.
#[must_use]
pub fn ratings(read: &[Vec<u32>], recalls: &[f64], rows: impl Iterator<Item = usize>) -> Vec<Rating> {
    rows.map(|row| Rating { read: read[row].clone(), recall: recalls[row] }).collect()
}
