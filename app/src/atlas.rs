//! The atlas: what became of every recipe on one world and budget, a row a recipe. `selfsame reproduce`
//! writes it as `atlas.json`, row by row; the tables and the window are drawn from it.

use std::collections::BTreeMap;

use selfsame_core::measure::{Figure, Interval, Mean, Outcome, Quantity, Verdict, verdict};
use serde::{Deserialize, Deserializer, Serialize};

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

/// What a seed spends: the mean over seeds, but of the time. What judges read, and what measuring costs, is not
/// counted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Optimiser steps, those of other models than the policy too. What learns without such steps, as the retriever of
    /// `r3-relevance`, is not counted.
    pub steps: f64,
    /// Pairs, answers or demonstrations that these steps saw, repeated ones too; `None` where logs do not say it of
    /// every step. Earlier versions wrote 0 there.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub items: Option<f64>,
    /// Tokens of the sequences that these steps saw, prompts and replayed judgements included; `None` where logs do
    /// not say it of every step.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub learned_tokens: Option<f64>,
    /// Tokens drawn to learn from, by the policy and by others that it plays against or learns from; without their
    /// prompts.
    pub drawn_tokens: f64,
    /// Seconds of the clock from the first line of the log to its last, control lines included, of the seed that took
    /// least: a run that rested in between, or shared its cores, says nothing about the method.
    pub seconds: f64,
}

/// A number that is there only where it is known: no step sees nothing.
fn known<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Option<f64>, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.filter(|number| *number > 0.0))
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
    /// The mean of what several spent, each for so many seeds, and the least time of them. What one of them does not
    /// know, the mean does not either.
    #[must_use]
    pub fn mean(of: impl Iterator<Item = (f64, Self)>) -> Self {
        let parts: Vec<(f64, Self)> = of.collect();
        let seeds = parts.iter().map(|(seeds, _)| seeds).sum::<f64>().max(1.0);
        let known = |pick: fn(&Self) -> Option<f64>| {
            let sum: Option<f64> = parts.iter().map(|(seeds, spent)| Some(seeds * pick(spent)?)).sum();
            sum.map(|sum| sum / seeds)
        };
        Self {
            steps: known(|spent| Some(spent.steps)).unwrap_or_default(),
            items: known(|spent| spent.items),
            learned_tokens: known(|spent| spent.learned_tokens),
            drawn_tokens: known(|spent| Some(spent.drawn_tokens)).unwrap_or_default(),
            seconds: parts.iter().map(|(_, spent)| spent.seconds).reduce(f64::min).unwrap_or_default(),
        }
    }

    /// What it is a tenth more or less of than another, in words.
    #[must_use]
    pub fn unlike(&self, other: &Self) -> Vec<&'static str> {
        let apart = |a: f64, b: f64| (a - b).abs() > 0.1 * a.max(b);
        let steps = apart(self.steps, other.steps).then_some("optimiser steps");
        let drawn = apart(self.drawn_tokens, other.drawn_tokens).then_some("tokens drawn");
        steps.into_iter().chain(drawn).collect()
    }
}

impl TestRow {
    /// What the deciding tests say together: a claim is reproduced if all of them are, and not if any is not.
    #[must_use]
    pub fn together(tests: &[Self]) -> Option<Verdict> {
        let deciding = tests.iter().filter(|test| test.decides);
        verdict::together(
            deciding.map(|test| test.outcome.as_ref().map_or(Verdict::Inconclusive, |outcome| outcome.verdict)),
        )
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

    /// Arms that took a tenth more or fewer optimiser steps than the recipe, or drew a tenth more or fewer tokens,
    /// such as one that found too few pairs, that teaches no other model, or whose answers grow: their comparison is
    /// not quite one at an equal budget. Each with what it spent otherwise.
    #[must_use]
    pub fn unequal(&self) -> Vec<(&ArmRow, Vec<&'static str>)> {
        let Some(main) = self.main() else { return Vec::new() };
        let arms = self.arms.iter().skip(1).map(|arm| (arm, arm.spent.unlike(&main.spent)));
        arms.filter(|(_, names)| !names.is_empty()).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
