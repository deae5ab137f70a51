//! Equal budgets for different recipes: as many pairs, answers and optimiser steps.

use toml::{Table, Value};

use super::put;
use crate::{Error, Result, measure::control::repeated, recipe::Entry};

/// What decides how a recipe learns and is not about its method.
const SHARED: [&str; 4] = ["beta", "replay", "replay_weight", "learn"];

/// The pairs that a recipe learns from.
struct Spent {
    /// Pairs over all iterations.
    pairs: i64,
    /// How often each is seen.
    epochs: i64,
    /// Items of a step.
    batch: i64,
}

/// The defaults of a recipe with the budget that `parameters` give to another one.
///
/// # Errors
/// If one of the two is of a shape that is not known here.
pub(super) fn equal(from: &Entry, parameters: &Table, to: &Entry) -> Result<Table> {
    let mut table = to.defaults()?;
    let unknown = || {
        let (from, to) = (from.card.id, to.card.id);
        Error::Recipe(format!("it is not known what budget of `{to}` equals one of `{from}`"))
    };
    let source = parameters.get("loop").and_then(Value::as_table).unwrap_or(parameters);
    let spent = spent(from.card.id, parameters).ok_or_else(unknown)?;
    if let (Some(own), Some(Value::Table(shared))) = (parameters.get("loop"), table.get_mut("loop")) {
        shared.clone_from(own.as_table().ok_or_else(unknown)?);
        one_pair_a_prompt(shared).ok_or_else(unknown)?;
        return Ok(table);
    }
    for name in SHARED {
        if let (Some(value), Some(slot)) = (source.get(name), table.get_mut(name)) {
            slot.clone_from(value);
        }
    }
    match to.card.id {
        // Not what the policy learns in the end, but what the model learned that labels it.
        "dpo" if from.card.id == "cdr" => (|| {
            put(&mut table, "pairs", parameters.get("labelled")?.clone())?;
            put(&mut table, "learn", parameters.get("strong")?.clone())?;
            put(&mut table, "replay", 0.into())
        })(),
        "dpo" => put(&mut table, "pairs", spent.pairs.into()),
        // Two answers make a pair: as many answers in as many steps.
        "sft" => (|| {
            let demonstrations = parameters.get("demonstrations")?.as_integer()?.max(1);
            put(&mut table, "rounds", 1.into())?;
            put(&mut table, "demonstrations", demonstrations.into())?;
            put(&mut table, "learn.batch_size", (2 * spent.batch).into())?;
            put(&mut table, "learn.epochs", (2 * spent.pairs * spent.epochs / demonstrations).max(1).into())
        })(),
        _ => None,
    }
    .ok_or_else(unknown)?;
    Ok(table)
}

fn spent(recipe: &str, parameters: &Table) -> Option<Spent> {
    let shared = parameters.get("loop").and_then(Value::as_table).unwrap_or(parameters);
    let learn = shared.get("learn")?;
    let whole = |table: &Table, name: &str| table.get(name)?.as_integer();
    let yes = |name: &str| parameters.get(name).and_then(Value::as_bool).map(i64::from);
    let pairs = match recipe {
        "selm" => (whole(parameters, "rounds")? + yes("offline")?) * whole(parameters, "pairs")?,
        "spin" => {
            let (iterations, games) = (whole(parameters, "iterations")?, whole(parameters, "demonstrations")?);
            // From the second iteration on, those of the one before come again.
            games * (iterations + yes("previous")? * (iterations - 1))
        }
        _ => whole(shared, "iterations")? * whole(shared, "pairs")?,
    };
    let [epochs, batch] = ["epochs", "batch_size"].map(|name| learn.get(name).and_then(Value::as_integer));
    Some(Spent { pairs, epochs: epochs?, batch: batch? })
}

/// Best and worst of a prompt's answers make one pair: what pairs are missing is learned from again.
fn one_pair_a_prompt(shared: &mut Table) -> Option<()> {
    let whole = |name: &str| shared.get(name)?.as_integer()?.try_into().ok();
    let epochs = shared.get("learn")?.get("epochs")?.as_integer()?.try_into().ok()?;
    let (pairs, epochs) = repeated(whole("pairs")?, epochs, whole("prompts")?);
    put(shared, "pairs", i64::try_from(pairs).ok()?.into())?;
    put(shared, "learn.epochs", i64::try_from(epochs).ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        learn::LearnConfig,
        recipe::{by_id, claims::study},
    };

    fn learn(table: &Table) -> LearnConfig {
        table["learn"].clone().try_into().unwrap()
    }

    fn baseline(id: &str, arm: &str) -> Table {
        let study = study(id).unwrap();
        let arm = study.arms.iter().find(|of| of.name == arm).unwrap();
        study.parameters_of(arm, &by_id(id).unwrap().defaults().unwrap()).unwrap()
    }

    #[test]
    fn offline_baselines_take_as_many_steps_on_as_many_pairs() {
        // Three iterations of 480 pairs, 16 a step.
        let dpo = baseline("dno", "dpo");
        assert_eq!((dpo["pairs"].as_integer(), learn(&dpo).steps(1440)), (Some(1440), 90));
        // One offline iteration and three rounds of 240 pairs, twice each.
        let dpo = baseline("selm", "dpo");
        assert_eq!((dpo["pairs"].as_integer(), learn(&dpo).steps(960)), (Some(960), 120));
        // Every pair is learned for two goals.
        let dpo = baseline("reward-aug", "dpo");
        assert_eq!((dpo["pairs"].as_integer(), learn(&dpo).steps(720)), (Some(720), 90));
    }

    #[test]
    fn the_lesson_of_a_labelling_model_is_its_own() {
        let cdr = by_id("cdr").unwrap();
        for parameters in [cdr.defaults().unwrap(), cdr.quick(&cdr.defaults().unwrap()).unwrap()] {
            let study = study("cdr").unwrap();
            let arm = study.arms.iter().find(|of| of.name == "strong").unwrap();
            let dpo = study.parameters_of(arm, &parameters).unwrap();
            assert_eq!((&dpo["pairs"], &dpo["learn"]), (&parameters["labelled"], &parameters["strong"]));
            assert_eq!((dpo["replay"].as_integer(), &dpo["beta"]), (Some(0), &parameters["loop"]["beta"]));
        }
    }

    #[test]
    fn further_imitation_sees_as_many_answers() {
        let sft = baseline("spin", "sft");
        // 240 + 3 · 480 pairs of two answers, over 240 demonstrations.
        assert_eq!((sft["demonstrations"].as_integer(), learn(&sft).epochs), (Some(240), 14));
        let spin: i64 = [240_i64, 480, 480, 480].iter().map(|pairs| pairs / 16).sum();
        let steps = i64::try_from(learn(&sft).steps(240)).unwrap();
        assert!((steps - spin).abs() <= 7, "{steps} steps against {spin}");
    }

    #[test]
    fn loops_are_copied_and_missing_pairs_seen_again() {
        let srlm = baseline("cream", "srlm");
        assert_eq!(srlm["loop"], by_id("cream").unwrap().defaults().unwrap()["loop"]);
        // Of 300 prompts come 300 pairs, not 600.
        let srlm = baseline("scir", "srlm");
        let shared = srlm["loop"].as_table().unwrap();
        assert_eq!((shared["pairs"].as_integer(), learn(shared).steps(300)), (Some(300), 38));
        let of = by_id("scir").unwrap().defaults().unwrap();
        assert_eq!(learn(of["loop"].as_table().unwrap()).steps(600), 38);
    }

    #[test]
    fn shapes_that_do_not_match_are_named() {
        let (dpo, spin) = (by_id("dpo").unwrap(), by_id("spin").unwrap());
        let error = equal(dpo, &dpo.defaults().unwrap(), spin).unwrap_err().to_string();
        assert!(error.contains("`spin`") && error.contains("`dpo`"), "{error}");
    }
}
