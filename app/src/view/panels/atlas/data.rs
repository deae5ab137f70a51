//! What the panel shows of an atlas: of every row what is needed here, and nothing else.

use std::collections::BTreeMap;

use selfsame_core::recipe::{by_id, claims::study};
use serde::Deserialize;

use super::super::methods::book;
use crate::view::words::{t, with};

/// The version of the file that is read here.
const SCHEMA: u32 = 2;

/// The atlas that is part of the program.
pub const BUILT_IN: &str = include_str!("../../../../../assets/atlas/atlas.json");

/// The figure that a policy is compared by.
const REWARD: &str = "sampled";

/// The figure that judges are compared by.
const JUDGES: &str = "judges";

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

/// A comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What was expected.
    pub says: String,
    /// What the method was compared with.
    pub against: String,
    /// Whether the claim stands or falls with it.
    pub decides: bool,
    /// What came of it.
    pub verdict: Option<Verdict>,
    /// The method less what it was compared with.
    pub effect: Option<Estimate>,
}

/// A method as it was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The recipe.
    pub recipe: String,
    /// The recipe's name where its claim was asked about, else the name of the study.
    pub study: String,
    /// What was asked.
    pub claim: String,
    /// The model, where it is another one than the starter model.
    pub model: Option<String>,
    /// The world, where it is another one than usual.
    pub world: Option<String>,
    /// What its settings are called, where they are not the study's own.
    pub variant: Option<String>,
    /// Whether it was a tenth of the work.
    pub quick: bool,
    /// What all deciding comparisons say together; `None` where none decides.
    pub verdict: Option<Verdict>,
    /// The comparisons, those that decide first.
    pub tests: Vec<Test>,
    /// The oracle's reward before anything was learned.
    pub start: Option<Estimate>,
    /// The oracle's reward at the end.
    pub reward: Option<Estimate>,
    /// How often judges are right at the end.
    pub judges: Option<Estimate>,
    /// Runs behind the numbers.
    pub seeds: usize,
}

impl Row {
    /// What people call it: the method, and what else was asked of it.
    pub fn name(&self) -> String {
        let mut name = book::name(&self.recipe).to_owned();
        if self.study != self.recipe {
            name = with("atlas.study", &[("method", &name), ("study", &self.study)]);
        }
        if let Some(model) = &self.model {
            name = with("atlas.on_model", &[("method", &name), ("model", model)]);
        }
        if let Some(world) = &self.world {
            name = with("atlas.in_world", &[("method", &name), ("world", world)]);
        }
        if let Some(variant) = &self.variant {
            name = with("atlas.variant", &[("method", &name), ("variant", variant)]);
        }
        if self.quick { with("atlas.quick", &[("method", &name)]) } else { name }
    }

    /// The comparison that decides, or else the first one.
    pub fn effect(&self) -> Option<&Estimate> {
        self.tests.first().and_then(|test| test.effect.as_ref())
    }
}

/// An atlas.
#[derive(Debug, Clone, PartialEq)]
pub struct Atlas {
    /// The file, or what stands for it.
    pub origin: String,
    /// By what it was made.
    pub made: String,
    /// The rows, as the file has them.
    pub rows: Vec<Row>,
}

impl Atlas {
    /// The atlas that is part of the program, if anything was measured for it.
    #[must_use]
    pub fn built_in() -> Option<Self> {
        // A test reads it.
        Self::parse(t("atlas.built_in"), BUILT_IN).ok().filter(|atlas| !atlas.rows.is_empty())
    }

    /// Reads an atlas.
    ///
    /// # Errors
    /// Says what of the text is none, or that it is of a later version.
    pub fn parse(origin: &str, text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let Version { schema } = serde_json::from_str(text).map_err(|problem| problem.to_string())?;
        if schema > SCHEMA {
            return Err(with("atlas.later", &[("version", &schema), ("known", &SCHEMA)]));
        }
        let file: File = serde_json::from_str(text).map_err(|problem| problem.to_string())?;
        let made = file.rows.first().map(|row| &row.origin).filter(|origin| !origin.version.is_empty());
        Ok(Self {
            origin: origin.to_owned(),
            made: made.map_or_else(String::new, |origin| {
                with("atlas.made", &[("version", &origin.version), ("device", &origin.device)])
            }),
            rows: file.rows.into_iter().map(Into::into).collect(),
        })
    }

    /// What it says about a method's claim, best as the study has it, with the starter model and all of the work.
    #[must_use]
    pub fn row(&self, recipe: &str) -> Option<&Row> {
        let claims = self.rows.iter().filter(|row| row.recipe == recipe && row.study == recipe);
        claims.min_by_key(|row| (row.world.is_some(), row.variant.is_some(), row.model.is_some(), row.quick))
    }

    /// What else it says about a method: its claim on other models and with other settings, and other studies.
    pub fn others<'a>(&'a self, recipe: &'a str) -> impl Iterator<Item = &'a Row> {
        let claim = self.row(recipe);
        let is_claim = move |row: &Row| claim.is_some_and(|claim| std::ptr::eq(claim, row));
        self.rows.iter().filter(move |row| row.recipe == recipe && !is_claim(row))
    }
}

/// The file, as far as it is read.
#[derive(Deserialize)]
struct File {
    rows: Vec<FileRow>,
}

#[derive(Deserialize)]
struct FileRow {
    study: String,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    world: String,
    recipe: String,
    #[serde(default)]
    claim: String,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    model: String,
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    quick: bool,
    #[serde(default)]
    arms: Vec<FileArm>,
    #[serde(default)]
    tests: Vec<FileTest>,
    #[serde(default)]
    origin: FileOrigin,
}

#[derive(Deserialize)]
struct FileArm {
    #[serde(default)]
    start: BTreeMap<String, FileSpread>,
    #[serde(default)]
    end: BTreeMap<String, FileSpread>,
}

#[derive(Deserialize)]
struct FileSpread {
    mean: Written,
    #[serde(default)]
    interval: Option<FileInterval>,
}

#[derive(Deserialize)]
struct FileInterval {
    low: Written,
    high: Written,
}

#[derive(Deserialize)]
struct FileTest {
    says: String,
    #[serde(default)]
    against: String,
    #[serde(default)]
    decides: bool,
    #[serde(default)]
    outcome: Option<FileOutcome>,
}

#[derive(Deserialize)]
struct FileOutcome {
    difference: Written,
    #[serde(default)]
    interval: Option<FileInterval>,
    verdict: Verdict,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FileOrigin {
    version: String,
    device: String,
}

/// A number as logs write them: a word where it is not finite.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(String),
    Nothing(()),
}

impl From<&Written> for f64 {
    fn from(written: &Written) -> Self {
        match written {
            Written::Number(number) => *number,
            Written::Word(word) => word.parse().unwrap_or(Self::NAN),
            Written::Nothing(()) => Self::NAN,
        }
    }
}

fn estimate(mean: &Written, interval: Option<&FileInterval>) -> Estimate {
    let (low, high) =
        interval.map_or((f64::NAN, f64::NAN), |interval| ((&interval.low).into(), (&interval.high).into()));
    Estimate { mean: mean.into(), low, high }
}

impl From<FileRow> for Row {
    fn from(row: FileRow) -> Self {
        let main = row.arms.first();
        let of = |figures: Option<&BTreeMap<String, FileSpread>>, figure: &str| {
            figures
                .and_then(|figures| figures.get(figure))
                .map(|spread| estimate(&spread.mean, spread.interval.as_ref()))
        };
        let (start, end) = (main.map(|arm| &arm.start), main.map(|arm| &arm.end));
        let mut tests: Vec<Test> = row
            .tests
            .into_iter()
            .map(|test| Test {
                says: test.says,
                against: test.against,
                decides: test.decides,
                verdict: test.outcome.as_ref().map(|outcome| outcome.verdict),
                effect: test.outcome.map(|outcome| estimate(&outcome.difference, outcome.interval.as_ref())),
            })
            .collect();
        tests.sort_by_key(|test| !test.decides);
        let of_study = study(&row.study).ok().and_then(|study| study.world);
        let own_world = of_study.or_else(|| by_id(&row.recipe).ok().map(|entry| entry.world)).unwrap_or_default();
        let model = row.model.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Self {
            verdict: row.verdict,
            model: Some(model).filter(|model| !model.is_empty() && model != crate::shelf::STARTER),
            world: Some(row.world)
                .filter(|world| !world.is_empty() && world != own_world)
                .filter(|world| of_study.is_some() || world != crate::atlas::WORLD),
            variant: row.variant,
            quick: row.quick,
            start: of(start, REWARD),
            reward: of(end, REWARD),
            judges: of(end, JUDGES),
            seeds: row.seeds.len(),
            recipe: row.recipe,
            study: row.study,
            claim: row.claim,
            tests,
        }
    }
}
