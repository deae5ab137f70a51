//! The atlas: what became of every recipe on one world and budget, a row a recipe. `selfsame reproduce`
//! writes it as `atlas.json`, row by row; the tables and the window are drawn from it.

use std::collections::BTreeMap;

use selfsame_core::measure::{Figure, Interval, Mean, Outcome, Quantity, Verdict, verdict};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

#[cfg(not(target_family = "wasm"))]
pub mod join;
#[cfg(not(target_family = "wasm"))]
pub mod render;

/// The version of the file that this program writes. In the first, only figures were compared.
pub const SCHEMA: u32 = 2;

/// The file's name in the folder of a reproduction.
pub const FILE: &str = "atlas.json";

/// The world of a reproduction where nobody names another; tables and folders do not name it either.
pub const WORLD: &str = "rules";

/// All rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Atlas {
    /// The version of the file.
    pub schema: u32,
    /// The rows: claims in the recipes' order, then other studies.
    pub rows: Vec<Row>,
}

impl Default for Atlas {
    fn default() -> Self {
        Self { schema: SCHEMA, rows: Vec::new() }
    }
}

/// One study of one model: a recipe, what it was compared with, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The study; a recipe's name where it is that recipe's claim.
    pub study: String,
    /// What its settings are called, where they are not the study's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The recipe.
    pub recipe: String,
    /// The title of its paper.
    pub title: String,
    /// What was asked: the claim of the recipe's card, or the study's question.
    pub claim: String,
    /// What all deciding tests say together; absent where none decides.
    pub verdict: Option<Verdict>,
    /// The world or file that prompts and truth came from.
    pub world: String,
    /// The model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// That of the model that the implicit reward is measured against; earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_sha256: Option<String>,
    /// The seeds, in order.
    pub seeds: Vec<u64>,
    /// Whether it was the tenth of the work that `--quick` does.
    pub quick: bool,
    /// The recipe's settings and the options, by their dotted names, as TOML writes the values.
    pub settings: BTreeMap<String, String>,
    /// The recipe and what it was compared with; the recipe first.
    pub arms: Vec<ArmRow>,
    /// The comparisons.
    pub tests: Vec<TestRow>,
    /// Where, when and with what it was computed; where rows were joined, the seeds of the last of them.
    pub origin: Origin,
    /// The seeds that were computed before these, and where.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
}

/// Seeds of a row that were computed by themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Where, when and with what they were computed.
    pub origin: Origin,
}

/// What one arm of a study came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmRow {
    /// Its name; that of the recipe for the recipe itself.
    pub name: String,
    /// Its recipe.
    pub recipe: String,
    /// What it is, in a sentence; empty for the recipe itself.
    pub what: String,
    /// The figures before anything was learned.
    pub start: BTreeMap<Figure, Spread>,
    /// The figures after the last iteration.
    pub end: BTreeMap<Figure, Spread>,
    /// The figures of the control lines after their last iteration, where they were run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub controls: BTreeMap<String, BTreeMap<Figure, Spread>>,
    /// Numbers of the recipe's own after the last iteration, by the names under which its log notes them, and how
    /// they are read where there are several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub noted: BTreeMap<String, Spread>,
    /// What a seed of it spent, on the mean.
    pub spent: Spent,
    /// The runs, a folder a seed, below the folder of the atlas.
    pub runs: Vec<String>,
}

/// A figure over seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// Its 95 % interval by Student's t over the seeds; of a single seed it is absent, but for what a recipe notes
    /// with an interval of its own.
    pub interval: Option<Interval>,
    /// The figure of each seed.
    pub values: Vec<f64>,
}

/// What a seed spends: the mean over seeds, but of the time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Optimiser steps.
    pub steps: f64,
    /// Pairs, answers or demonstrations that these steps saw, repeated ones too.
    pub items: f64,
    /// Tokens drawn to learn from.
    pub drawn_tokens: f64,
    /// Seconds of the clock from the first line of the log to its last, control lines included, of the seed that took
    /// least: a run that rested in between, or shared its cores, says nothing about the method.
    pub seconds: f64,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestRow {
    /// What was expected.
    pub says: String,
    /// The figure, or the noted number.
    pub figure: Quantity<String>,
    /// What it was compared with.
    pub against: String,
    /// Whether the claim stands or falls with it.
    pub decides: bool,
    /// The smallest effect worth the name.
    pub least: f64,
    /// The figure minus the other number, for each seed that has both.
    pub differences: BTreeMap<u64, f64>,
    /// What they say; absent where no seed has both numbers.
    pub outcome: Option<Outcome>,
}

/// Where a row comes from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The program's version.
    pub version: String,
    /// The commit of the source tree that the program was built from, where it is still there.
    pub commit: Option<String>,
    /// The device, as in a run's manifest.
    pub device: String,
    /// The processor's own name, where the system says it.
    pub processor: Option<String>,
    /// Its cores, as far as the program may use them.
    pub cores: usize,
    /// The operating system and the architecture.
    pub system: String,
    /// Runs at a time.
    pub jobs: usize,
    /// Seconds since 1970 when the row was written.
    pub written: f64,
}

impl Atlas {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is no atlas, or one of a later version.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let damaged = |e: serde_json::Error| {
            Error::told(format!("{origin} is not an atlas ({e}); move it away, and it is written anew from the runs"))
        };
        let Version { schema } = serde_json::from_str(text).map_err(damaged)?;
        if schema > SCHEMA {
            return Err(Error::told(format!(
                "{origin} has version {schema} and this program reads up to {SCHEMA}; use a newer program"
            )));
        }
        serde_json::from_str(text).map_err(damaged)
    }

    /// The row that another would replace: that of the same study, variant, world, model and work.
    #[must_use]
    pub fn like(&self, row: &Row) -> Option<&Row> {
        self.rows.iter().find(|of| of.is_like(row))
    }

    /// Puts a row in its place: it replaces [the one like it](Self::like), and rows stay in the order of the
    /// studies.
    pub fn put(&mut self, row: Row) {
        self.schema = SCHEMA;
        match self.rows.iter_mut().find(|of| of.is_like(&row)) {
            Some(place) => *place = row,
            None => self.rows.push(row),
        }
        let order = |row: &Row| {
            let studies = selfsame_core::recipe::claims::studies();
            studies.iter().position(|study| study.id == row.study).unwrap_or(usize::MAX)
        };
        self.rows.sort_by_key(order);
    }
}

impl Spread {
    /// The mean over seeds with Student's interval.
    #[must_use]
    pub fn of(values: Vec<f64>) -> Self {
        let mean = Mean::of(values.iter().copied()).mean;
        Self { mean, interval: verdict::student_interval(&values), values }
    }
}

impl Spent {
    /// Every number by itself, from what picks it and makes a mean of it; the time from what makes it the least.
    #[must_use]
    pub fn each(mean: impl Fn(fn(&Self) -> f64) -> f64, least: impl Fn(fn(&Self) -> f64) -> f64) -> Self {
        Self {
            steps: mean(|spent| spent.steps),
            items: mean(|spent| spent.items),
            drawn_tokens: mean(|spent| spent.drawn_tokens),
            seconds: least(|spent| spent.seconds),
        }
    }
}

impl TestRow {
    /// What the deciding tests say together: a claim is reproduced if all of them are, and not if any is not.
    #[must_use]
    pub fn together(tests: &[Self]) -> Option<Verdict> {
        let verdicts: Vec<Verdict> = tests
            .iter()
            .filter(|test| test.decides)
            .map(|test| test.outcome.as_ref().map_or(Verdict::Inconclusive, |outcome| outcome.verdict))
            .collect();
        if verdicts.is_empty() {
            None
        } else if verdicts.contains(&Verdict::NotReproduced) {
            Some(Verdict::NotReproduced)
        } else if verdicts.contains(&Verdict::Inconclusive) {
            Some(Verdict::Inconclusive)
        } else {
            Some(Verdict::Reproduced)
        }
    }
}

impl Row {
    fn is_like(&self, other: &Self) -> bool {
        let what =
            |of: &Self| (of.study.clone(), of.variant.clone(), of.world.clone(), of.model_sha256.clone(), of.quick);
        what(self) == what(other)
    }

    /// The recipe's own arm.
    #[must_use]
    pub fn main(&self) -> Option<&ArmRow> {
        self.arms.first()
    }

    /// The seeds that `origin` speaks of: those that were not computed earlier.
    #[must_use]
    pub fn own_seeds(&self) -> Vec<u64> {
        let earlier = |seed: &u64| self.earlier.iter().any(|part| part.seeds.contains(seed));
        self.seeds.iter().copied().filter(|seed| !earlier(seed)).collect()
    }

    /// Arms that took a tenth more or fewer optimiser steps than the recipe, such as one that found too few
    /// pairs: their comparison is not quite one at an equal budget.
    #[must_use]
    pub fn unequal(&self) -> Vec<&ArmRow> {
        let Some(main) = self.main() else { return Vec::new() };
        let apart = |a: f64, b: f64| (a - b).abs() > 0.1 * a.max(b);
        self.arms.iter().skip(1).filter(|arm| apart(arm.spent.steps, main.spent.steps)).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
