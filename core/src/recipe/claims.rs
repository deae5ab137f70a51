//! What every recipe's claim is measured by: against which baselines, in which figure or noted number, in which
//! world, and how large an effect has to be. `selfsame reproduce` runs what stands here; the entries are in `table.rs`,
//! those of other worlds in `elsewhere.rs`, SCIR's own questions in `of_scir.rs`.
//!
//! A baseline spends what the recipe spends: it begins with the recipe's own settings where it is the same
//! recipe with a switch turned, and with an equal budget where it is another (`budget.rs`).

mod budget;
mod elsewhere;
mod of_scir;
mod table;
mod terms;

use serde::Serialize;
use toml::{Table, Value};

use super::by_id;
use crate::{
    Error, Result,
    measure::{Expected, Quantity},
    run,
};

/// An experiment: a recipe, what it is compared with, and what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Study {
    /// Its name on the command line; that of a recipe if it measures the recipe's claim.
    pub id: &'static str,
    /// The recipe.
    pub recipe: &'static str,
    /// What is asked, in a sentence; the claim of the recipe's card if empty.
    pub question: &'static str,
    /// The world that it runs in where nobody names another; the recipe's own if there is none.
    pub world: Option<&'static str>,
    /// Settings of the recipe, and of its arms, that differ from its defaults, with values as in TOML.
    pub settings: &'static [(&'static str, &'static str)],
    /// Whether the lines with random and true labels are run beside the recipe.
    pub controls: bool,
    /// What the recipe is compared with.
    pub arms: &'static [Arm],
    /// What is expected.
    pub tests: &'static [Test],
}

/// Something that the recipe is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Arm {
    /// Its name, also of its folder.
    pub name: &'static str,
    /// Its recipe.
    pub recipe: &'static str,
    /// Settings that differ from an equal budget, with values as in TOML.
    pub settings: &'static [(&'static str, &'static str)],
    /// What it is, in a sentence.
    pub what: &'static str,
}

/// A comparison: a number of the recipe after its last iteration, or of one of its arms, against another one of the
/// same seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Test {
    /// What is expected, in a sentence.
    pub says: &'static str,
    /// The figure, or the noted number.
    pub figure: Quantity,
    /// What it is compared with.
    pub against: Against,
    /// The direction.
    pub expected: Expected,
    /// The smallest effect worth the name.
    pub least: f64,
    /// Whether the claim stands or falls with it; other tests only stand beside.
    pub decides: bool,
}

/// What a number is compared with, seed by seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The same number of an arm, by its name.
    Arm(&'static str),
    /// The number of one arm, which then stands for the recipe, with the same number of another.
    Between {
        /// The arm whose number is compared.
        of: &'static str,
        /// The one that it is compared with.
        and: &'static str,
    },
    /// The same number of the recipe before it learned anything.
    Start,
    /// The same number of the recipe after an earlier iteration.
    After(u32),
    /// The same figure of a control line, of which nothing is noted.
    Control(run::Arm),
    /// Another number of the recipe.
    Own(Quantity),
    /// Another number of the recipe before it learned anything.
    StartOf(Quantity),
    /// The oracle's reward of the demonstrations that the world gives.
    Demonstrations,
    /// A number that does not depend on the run: what chance would give.
    Number(f64),
}

impl Against {
    /// The arm whose figure is compared; `None` where it is that of the recipe.
    #[must_use]
    pub fn of(self) -> Option<&'static str> {
        match self {
            Self::Between { of, .. } => Some(of),
            _ => None,
        }
    }

    /// What tables call it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Arm(name) => name.to_owned(),
            Self::Between { of, and } => format!("{and}, by {of}"),
            Self::Start => "the start".to_owned(),
            Self::After(iteration) => format!("iteration {iteration}"),
            Self::Control(arm) => arm.name().to_owned(),
            Self::Own(quantity) => quantity.name(),
            Self::StartOf(quantity) => format!("{} at the start", quantity.name()),
            Self::Demonstrations => "the demonstrations".to_owned(),
            Self::Number(number) => format!("chance, {number}"),
        }
    }
}

/// All studies: the claims of the recipes, in the recipes' order, and those that ask for more.
#[must_use]
pub fn studies() -> &'static [Study] {
    table::STUDIES
}

/// The study of a name; a recipe's name is that of its claim.
///
/// # Errors
/// If there is none; the message lists those there are.
pub fn study(id: &str) -> Result<&'static Study> {
    studies().iter().find(|study| study.id == id).ok_or_else(|| {
        let known: Vec<&str> = studies().iter().map(|study| study.id).collect();
        let recipe = by_id(id).is_ok();
        let what = if recipe { "the claim of the recipe" } else { "a recipe or study" };
        Error::Recipe(format!("{what} `{id}` is not listed for reproduction; there are {}", known.join(", ")))
    })
}

impl Study {
    /// Figures of the recipe's own that stand in its row: by the names under which the log notes them, each a number
    /// with the ends of its interval within the run.
    #[must_use]
    pub fn noted(&self) -> &'static [&'static str] {
        table::NOTED.iter().find(|(recipe, _)| *recipe == self.recipe).map_or(&[], |(_, names)| names)
    }

    /// Whether it measures the claim of a recipe.
    #[must_use]
    pub fn is_claim(&self) -> bool {
        self.id == self.recipe
    }

    /// The world that it runs in where nobody names another, and its arms with it; none if the recipe does not exist,
    /// which a test rules out.
    #[must_use]
    pub fn own_world(&self) -> &'static str {
        self.world.unwrap_or_else(|| by_id(self.recipe).map_or("", |entry| entry.world))
    }

    /// What is asked: the claim of the recipe's card, or the study's own question.
    ///
    /// # Errors
    /// If the recipe does not exist, which a test rules out.
    pub fn asks(&self) -> Result<&'static str> {
        if self.question.is_empty() { Ok(by_id(self.recipe)?.card.claim) } else { Ok(self.question) }
    }

    /// The noted numbers that it compares, each once, in the order of the tests.
    #[must_use]
    pub fn compared(&self) -> Vec<Quantity> {
        let mut all = Vec::new();
        for test in self.tests {
            let other = match test.against {
                Against::Own(quantity) | Against::StartOf(quantity) => Some(quantity),
                _ => None,
            };
            for quantity in std::iter::once(test.figure).chain(other) {
                if matches!(quantity, Quantity::Noted { .. }) && !all.contains(&quantity) {
                    all.push(quantity);
                }
            }
        }
        all
    }

    /// The hyper-parameters of the recipe with the study's own settings.
    ///
    /// # Errors
    /// If one of them does not exist or does not fit, which a test rules out for the defaults.
    pub fn parameters(&self, parameters: &Table) -> Result<Table> {
        let mut table = parameters.clone();
        change(&mut table, self.settings, self.id, self.recipe)?;
        by_id(self.recipe)?.check(&table)?;
        Ok(table)
    }

    /// The hyper-parameters of an arm whose recipe has those: the same budget, and the arm's own settings.
    ///
    /// # Errors
    /// If a setting of the arm does not exist or does not fit, which a test rules out for the defaults.
    pub fn parameters_of(&self, arm: &Arm, parameters: &Table) -> Result<Table> {
        let entry = by_id(arm.recipe)?;
        let mut table = if arm.recipe == self.recipe {
            parameters.clone()
        } else {
            budget::equal(by_id(self.recipe)?, parameters, entry)?
        };
        change(&mut table, arm.settings, arm.name, arm.recipe)?;
        entry.check(&table)?;
        Ok(table)
    }
}

/// Puts settings of an arm or a study into the hyper-parameters of a recipe.
fn change(table: &mut Table, settings: &[(&'static str, &'static str)], of: &str, recipe: &str) -> Result<()> {
    for (name, value) in settings {
        let read = format!("value = {value}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
        let value = read.ok_or_else(|| Error::setting(*name, format!("of `{of}` is not TOML: {value}")))?;
        put(table, name, value).ok_or_else(|| Error::setting(*name, format!("does not exist in `{recipe}`")))?;
    }
    Ok(())
}

/// Replaces a setting by its dotted name; `None` if there is none.
fn put(table: &mut Table, name: &str, value: Value) -> Option<()> {
    match name.split_once('.') {
        Some((group, rest)) => put(table.get_mut(group)?.as_table_mut()?, rest, value),
        None => {
            *table.get_mut(name)? = value;
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        measure::Figure,
        recipe::{Entry, all},
        world::by_name,
    };

    #[test]
    fn every_recipe_has_a_claim_that_something_decides() {
        for Entry { card, .. } in all() {
            let claim = study(card.id).unwrap_or_else(|e| panic!("{e}; add an entry in recipe/claims/table.rs"));
            assert!(claim.is_claim() && claim.question.is_empty(), "{}: the card has the claim", card.id);
            assert!(claim.world.is_none() && claim.settings.is_empty(), "{}: a claim is as its recipe is", card.id);
            assert!(claim.tests.iter().any(|test| test.decides), "{}: nothing decides", card.id);
        }
        let claims: Vec<&str> = studies().iter().filter(|study| study.is_claim()).map(|study| study.id).collect();
        let recipes: Vec<&str> = all().iter().map(|entry| entry.card.id).collect();
        assert_eq!(claims, recipes, "in the recipes' order");
    }

    #[test]
    fn studies_fit_together() {
        let ids: BTreeSet<&str> = studies().iter().map(|study| study.id).collect();
        assert_eq!(ids.len(), studies().len());
        for study in studies() {
            let entry = by_id(study.recipe).unwrap();
            assert!(study.asks().unwrap().ends_with(['.', '?']), "{}", study.id);
            let names: BTreeSet<&str> = study.arms.iter().map(|arm| arm.name).collect();
            assert_eq!(names.len(), study.arms.len(), "{}", study.id);
            for name in &names {
                assert!(*name != study.recipe && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
                let compares = |against: Against| match against {
                    Against::Arm(arm) => arm == *name,
                    Against::Between { of, and } => [of, and].contains(name),
                    _ => false,
                };
                let used = study.tests.iter().any(|test| compares(test.against));
                assert!(used, "{}: nothing is compared with {name}", study.id);
            }
            for test in study.tests {
                assert!(test.least > 0.0 && test.says.ends_with('.'), "{}", study.id);
                match test.against {
                    Against::Arm(name) => assert!(names.contains(name), "{}: {name}", study.id),
                    Against::Between { of, and } => {
                        assert!(names.contains(of) && names.contains(and) && of != and, "{}: {of}, {and}", study.id);
                        assert!(!test.decides, "{}: the recipe is not part of it", study.id);
                    }
                    Against::Control(arm) => assert!(study.controls && arm != run::Arm::Main, "{}", study.id),
                    Against::Own(quantity) => assert_ne!(quantity, test.figure, "{}", study.id),
                    Against::Number(number) => assert!(number.is_finite(), "{}", study.id),
                    Against::Start | Against::StartOf(_) | Against::After(_) | Against::Demonstrations => {}
                }
            }
            assert!(study.world.is_none_or(|name| by_name(name).is_some_and(|_| name != entry.world)), "{}", study.id);
            let defaults = entry.defaults().unwrap();
            for parameters in [&defaults, &entry.quick(&defaults).unwrap()] {
                let parameters = &study.parameters(parameters).unwrap_or_else(|e| panic!("{}: {e}", study.id));
                for arm in study.arms {
                    assert!(arm.what.ends_with('.'), "{}", arm.name);
                    let of_arm = study.parameters_of(arm, parameters).unwrap_or_else(|e| panic!("{}: {e}", study.id));
                    assert!(arm.recipe != study.recipe || of_arm != *parameters, "{} is no arm", arm.name);
                }
            }
        }
    }

    #[test]
    fn noted_numbers_are_listed_once_and_studies_have_their_settings() {
        let names = |id: &str| study(id).unwrap().compared().iter().map(Quantity::name).collect::<Vec<String>>();
        assert_eq!(names("dno-cyclic"), ["exploitability"]);
        assert_eq!(names("srlm"), [""; 0]);
        let of_grammar = names("sharpening-grammar");
        let place = |name: &str| of_grammar.iter().position(|of| of == name);
        assert!(place("greedy returns y*, on the mean") < place("mass on y*, share above one half"), "{of_grammar:?}");
        let dno = by_id("dno").unwrap().defaults().unwrap();
        let cyclic = study("dno-cyclic").unwrap().parameters(&dno).unwrap();
        assert_eq!((dno["floor"].as_integer(), cyclic["floor"].as_integer()), (Some(5), Some(3)));
        assert_eq!(study("dno").unwrap().parameters(&dno).unwrap(), dno);
        let wrong = Study { settings: &[("floor", "9")], ..*study("dno").unwrap() };
        assert!(wrong.parameters(&dno).unwrap_err().to_string().contains("floor"));
        let figure = Against::StartOf(Figure::Greedy.into());
        assert_eq!(figure.name(), "oracle reward, greedy at the start");
    }

    #[test]
    fn what_does_not_exist_is_named() {
        assert!(study("nothing").unwrap_err().to_string().contains("scir"));
        let arm = |settings| Arm { name: "a", recipe: "srlm", settings, what: "" };
        let of = |settings| {
            let scir = study("scir").unwrap();
            scir.parameters_of(&arm(settings), &by_id("scir").unwrap().defaults().unwrap()).unwrap_err().to_string()
        };
        assert!(of(&[("loop.no_such", "1")]).contains("loop.no_such"));
        assert!(of(&[("judge", "a b")]).contains("not TOML"));
        assert!(of(&[("loop.samples", "1")]).contains("loop.samples"));
    }
}
