//! What the panel shows of an atlas: of every row what is needed here, and nothing else.

use std::cell::OnceCell;

use selfsame_core::measure::verdict::{Interval, percentile_interval};
use serde::Deserialize;

use super::{super::methods::book, file};
use crate::{
    atlas::Spent,
    format,
    view::words::{t, with},
};

/// The atlas that is part of the program.
pub const BUILT_IN: &str = include_str!("../../../../../assets/atlas/atlas.json");

/// Seeds beyond which there is no bootstrap interval.
const MOST_SEEDS: usize = 1000;

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
    /// The differences of the seeds; what is not known is not a number.
    pub differences: Vec<f64>,
    /// [`Test::bootstrap`], once it was asked for: an atlas has hundreds of tests, and one row of it is looked at.
    pub resampled: OnceCell<Option<Interval>>,
}

impl Test {
    /// The interval of the effect by the percentile bootstrap, which stands beside and decides nothing.
    #[must_use]
    pub fn bootstrap(&self) -> Option<Interval> {
        *self.resampled.get_or_init(|| {
            let all = &self.differences;
            // Nobody has so many seeds, and resampling them would take a frame and more.
            let usable = all.len() <= MOST_SEEDS && all.iter().all(|difference| difference.is_finite());
            let interval = usable.then(|| percentile_interval(all)).flatten();
            interval.filter(|interval| interval.low < interval.high)
        })
    }
}

/// Where some seeds of a row were computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The seeds; empty where they are all of the row's.
    pub seeds: Vec<u64>,
    /// The program's version.
    pub version: String,
    /// The commit that it was built from, where it is known.
    pub commit: Option<String>,
    /// Device, processor, cores and system.
    pub machine: String,
    /// Seconds since 1970 when the row was written.
    pub written: f64,
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
    /// On which share of pairs all judges agree at the end.
    pub agreement: Option<Estimate>,
    /// How many tokens answers have at the end.
    pub length: Option<Estimate>,
    /// What a seed spent.
    pub spent: Option<Spent>,
    /// What it was compared with that spent a tenth more or less, by name.
    pub unequal: Vec<(String, Spent)>,
    /// Runs behind the numbers.
    pub seeds: usize,
    /// Where these were computed, the last at the end.
    pub made: Vec<Made>,
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

    /// When the last of its seeds were computed, in seconds since 1970.
    pub fn written(&self) -> Option<f64> {
        self.made.last().map(|made| made.written)
    }

    /// The comparison that decides, or else the first one.
    pub fn effect(&self) -> Option<&Estimate> {
        self.tests.first().and_then(|test| test.effect.as_ref())
    }
}

impl Made {
    /// It in words.
    pub fn words(&self) -> String {
        let seeds = self.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        let when = format::moment(self.written);
        let commit = self.commit.as_deref().unwrap_or(format::NOTHING);
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("when", &when),
            ("version", &self.version),
            ("commit", &commit),
            ("machine", &self.machine),
            ("seeds", &seeds),
        ];
        if self.seeds.is_empty() { with("atlas.computed", &values) } else { with("atlas.computed_seeds", &values) }
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
        let (made, rows) = file::read(text)?;
        Ok(Self { origin: origin.to_owned(), made, rows })
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
