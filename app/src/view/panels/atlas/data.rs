//! What the panel shows of an atlas.

use serde::Deserialize;

use super::super::methods::book;

/// An estimate with its 95 % interval; ends that are not known are not numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean over seeds.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The expected effect is there.
    Reproduced,
    /// An effect worth the name is ruled out.
    NotReproduced,
    /// Neither: more seeds would tell.
    Inconclusive,
}

/// A method as it was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The recipe.
    pub id: String,
    /// What became of its claim; `None` where it was not put to the test.
    pub verdict: Option<Verdict>,
    /// What was found, in a sentence.
    pub sentence: String,
    /// By how much it differs from what its claim compares it with.
    pub effect: Option<Estimate>,
    /// The oracle's reward at the end.
    pub reward: Option<Estimate>,
    /// How often judges are right at the end.
    pub judges: Option<Estimate>,
    /// Runs behind the numbers.
    pub seeds: usize,
}

impl Row {
    /// What people call the method.
    pub fn name(&self) -> &str {
        book::name(&self.id)
    }
}

/// An atlas.
#[derive(Debug, Clone, PartialEq)]
pub struct Atlas {
    /// The file, or what stands for it.
    pub origin: String,
    /// By what it was made.
    pub made: String,
    /// The methods, as the file has them.
    pub rows: Vec<Row>,
}

/// The atlas that is part of the program.
pub const BUILT_IN: &str = include_str!("../../../../../assets/atlas/atlas.json");

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    version: String,
    methods: Vec<Method>,
}

#[derive(Deserialize)]
struct Method {
    recipe: String,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    sentence: String,
    #[serde(default)]
    effect: Option<Number>,
    #[serde(default)]
    reward: Option<Number>,
    #[serde(default)]
    judges: Option<Number>,
    #[serde(default)]
    seeds: usize,
}

#[derive(Deserialize)]
struct Number {
    mean: f64,
    #[serde(default)]
    low: Option<f64>,
    #[serde(default)]
    high: Option<f64>,
}

impl From<Number> for Estimate {
    fn from(number: Number) -> Self {
        Self { mean: number.mean, low: number.low.unwrap_or(f64::NAN), high: number.high.unwrap_or(f64::NAN) }
    }
}

impl Atlas {
    /// The atlas that is part of the program, if it holds any method.
    #[must_use]
    pub fn built_in() -> Option<Self> {
        // A test reads it.
        Self::parse(crate::view::words::t("atlas.built_in"), BUILT_IN).ok().filter(|atlas| !atlas.rows.is_empty())
    }

    /// Reads an atlas.
    ///
    /// # Errors
    /// Says what of the text is none.
    pub fn parse(origin: &str, text: &str) -> Result<Self, String> {
        let File { version, methods } = serde_json::from_str(text).map_err(|problem| problem.to_string())?;
        let rows = methods.into_iter().map(|method| Row {
            id: method.recipe,
            verdict: method.verdict,
            sentence: method.sentence,
            effect: method.effect.map(Into::into),
            reward: method.reward.map(Into::into),
            judges: method.judges.map(Into::into),
            seeds: method.seeds,
        });
        Ok(Self { origin: origin.to_owned(), made: version, rows: rows.collect() })
    }

    /// What it says about a method.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }
}
