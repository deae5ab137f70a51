//! Memorable ads, as a whole: what a run of `seed-ads` leaves in its log.

use std::collections::BTreeMap;

use selfsame_core::{
    measure::advertising::{AD_FIGURES, HENRY_FIGURES},
    world::ads::Brief,
};
use selfsame_tests::{
    numbers,
    runs::{Disk, Experiment, records},
};
use serde_json::Value;

fn finished(experiment: &Experiment) -> Vec<Value> {
    let disk = Disk::default();
    experiment.run_quietly(disk.clone()).unwrap();
    records(&disk.log())
}

fn of<'a>(records: &'a [Value], event: &'a str, iteration: u64) -> impl Iterator<Item = &'a Value> {
    records.iter().filter(move |r| r["event"] == event && r["iteration"] == iteration)
}

/// The figures of ads that were noted in an iteration, by their names.
fn figures(records: &[Value], iteration: u64) -> BTreeMap<String, Vec<f64>> {
    of(records, "noted", iteration)
        .map(|r| (r["name"].as_str().unwrap().to_owned(), numbers(&r["values"])))
        .filter(|(name, _)| name.starts_with("ads: "))
        .collect()
}

#[test]
fn every_round_is_measured_by_truth_and_by_who_selected_nothing() {
    let records = finished(&Experiment::tiny("seed-ads"));
    let (seed, round) = (figures(&records, 1), figures(&records, 2));
    for figures in [&seed, &round] {
        assert_eq!(figures.len(), AD_FIGURES.len());
        let value = |name: &str| figures[name][0];
        let truth = value("ads: true memorability");
        assert!((0.0..=1.0).contains(&truth) && truth > 0.0, "ads are readable by construction");
        let gain = truth - value("ads: memorability of the originals");
        assert!((value("ads: gain over the originals") - gain).abs() < 1e-6);
        for who in ["selecting", "other"] {
            let gap = value(&format!("ads: expected by the {who} Henry")) - truth;
            assert!((value(&format!("ads: {who} Henry minus truth")) - gap).abs() < 1e-6);
        }
        for name in AD_FIGURES.iter().take(7) {
            let [value, low, high] = figures[*name][..] else { panic!("{name}") };
            assert!(low <= value && value <= high, "{name}");
        }
    }
    // Originals are the same for the same briefs; the Henries learned from different people.
    assert_eq!(seed["ads: memorability of the originals"], round["ads: memorability of the originals"]);
    assert_ne!(seed["ads: expected by the selecting Henry"], seed["ads: expected by the other Henry"]);
    // What is measured without the notes is the same truth.
    let measured = of(&records, "measured", 2).next().unwrap();
    let reward = measured["measurement"]["sampled"]["reward"]["mean"].as_f64().unwrap();
    assert!((reward - round["ads: true memorability"][0]).abs() < 1e-6);
}

#[test]
fn briefs_to_measure_on_are_others_and_held_out_brands_are_for_henry_alone() {
    let records = finished(&Experiment::tiny("seed-ads"));
    let briefs = |iteration: u64| -> Vec<Brief> {
        let prompts = of(&records, "prompts", iteration).flat_map(|r| r["prompts"].as_array().unwrap());
        prompts.map(|p| Brief::parse(p["text"].as_str().unwrap()).unwrap()).collect()
    };
    let (measured, learned) = (briefs(0), briefs(2));
    assert!(!measured.is_empty() && measured.iter().all(|brief| !learned.contains(brief)));
    assert!(measured.iter().chain(&learned).all(|brief| !brief.brand.held_out()));
    let noted = |name: &str| of(&records, "noted", 1).find(|r| r["name"] == name).unwrap();
    for name in HENRY_FIGURES.iter().take(4) {
        let figure = noted(name);
        let [rho, low, high] = numbers(&figure["values"])[..] else { panic!("{figure}") };
        assert!(-1.0 <= low && low <= rho && rho <= high && high <= 1.0, "{figure}");
    }
    // Three viewers of a handful of ads may not agree at all.
    assert!(matches!(numbers(&noted(HENRY_FIGURES[4])["values"]).len(), 0 | 3));
}

#[test]
fn preferences_begin_at_ln_2_and_have_the_best_chosen() {
    let mut experiment = Experiment::tiny("seed-ads");
    experiment.set(&["lesson"], "preference");
    let records = finished(&experiment);
    let step = of(&records, "step", 2).next().unwrap();
    assert!((step["loss"].as_f64().unwrap() - 2.0_f64.ln()).abs() < 2e-5, "{step}");
    let scores = judged(&records, "henry a");
    let answers: Vec<&Value> = of(&records, "sampled", 2)
        .filter(|r| r["purpose"] == "train")
        .flat_map(|r| r["answers"].as_array().unwrap())
        .collect();
    let pairs = of(&records, "selected", 2).next().unwrap()["pairs"].as_array().unwrap();
    assert!(!pairs.is_empty());
    for pair in pairs {
        let score = |side: usize| {
            let found = answers.iter().zip(&scores).find_map(|(group, scores)| {
                let at = group.as_array().unwrap().iter().position(|a| a["text"] == pair["answers"][side])?;
                Some(scores[at])
            });
            found.unwrap()
        };
        assert!(score(0) >= score(1), "{pair}");
    }
}

/// The judged numbers of an iteration under a name, ad by ad.
fn judged(records: &[Value], name: &str) -> Vec<Vec<f64>> {
    let found = of(records, "judged", 2).find(|r| r["judge"] == name);
    found.map(|r| r["scores"].as_array().unwrap().iter().map(numbers).collect()).unwrap()
}

/// With two judges a pair counts where both prefer the first ad: Henry by the odds of recall that the log has, the
/// implicit reward as it is at the step, which has not moved from the iteration's start at the first.
#[test]
fn pairs_count_where_henry_and_the_implicit_reward_agree() {
    let mut experiment = Experiment::tiny("seed-ads");
    experiment.set(&["lesson"], "preference");
    experiment.set(&["judges"], "scir");
    let records = finished(&experiment);
    let scores = judged(&records, "henry a");
    let odds = |recall: f64| (recall / (1.0 - recall)).ln();
    let pairs = of(&records, "selected", 2).next().unwrap()["pairs"].as_array().unwrap();
    let mut seen = 0;
    for step in of(&records, "step", 2) {
        let of_item = |name: &str| numbers(&step["of_items"][name]);
        let (henry, implicit, kept) = (of_item("opinion/henry a"), of_item("opinion/implicit"), of_item("kept"));
        for (index, item) in step["items"].as_array().unwrap().iter().enumerate() {
            seen += 1;
            assert_eq!(kept[index], f64::from(u8::from(henry[index] > 0.5 && implicit[index] > 0.5)), "{step}");
            assert!((0.0..=1.0).contains(&implicit[index]));
            // Somebody's best ad against his worst.
            assert!(!pairs[usize::try_from(item.as_u64().unwrap()).unwrap()].is_null());
            let gap = scores.iter().map(|of| {
                let ends = of.iter().fold((1.0, 0.0), |(low, high), score| (score.min(low), score.max(high)));
                let expected = 1.0 / (1.0 + (odds(ends.0) - odds(ends.1)).exp());
                (expected - henry[index]).abs()
            });
            assert!(gap.fold(f64::INFINITY, f64::min) < 1e-4, "{step}");
        }
    }
    assert!(seen > 0 && seen == pairs.len());
    assert_eq!(figures(&records, 2).len(), AD_FIGURES.len(), "measured by the same truth and the other Henry");
}

#[test]
fn single_ads_are_learned_from_where_both_judges_prefer_them_to_the_worst() {
    let mut experiment = Experiment::tiny("seed-ads");
    experiment.set(&["judges"], "scir");
    experiment.set(&["loop", "samples"], 4);
    let records = finished(&experiment);
    let [henry, policy, starter] = ["henry a", "log-probability of the policy", "log-probability of the starter"]
        .map(|name| judged(&records, name));
    let lengths: Vec<Vec<f64>> = of(&records, "sampled", 2)
        .filter(|r| r["purpose"] == "train")
        .flat_map(|r| r["answers"].as_array().unwrap())
        .map(|group| group.as_array().unwrap().iter().map(|ad| numbers(&ad["ids"]).len() as f64).collect())
        .collect();
    let (mut eligible, mut all) = (0.0, 0.0);
    for brief in 0..henry.len() {
        let reward = |ad: usize| (policy[brief][ad] - starter[brief][ad]) / lengths[brief][ad];
        let worst = (0..henry[brief].len()).min_by(|a, b| henry[brief][*a].total_cmp(&henry[brief][*b])).unwrap();
        all += henry[brief].len() as f64;
        eligible += (0..henry[brief].len()).filter(|ad| reward(*ad) > reward(worst)).count() as f64;
    }
    let share = of(&records, "noted", 2).find(|r| r["name"] == "share of ads that both judges prefer to the worst");
    let share = numbers(&share.unwrap()["values"])[0];
    assert!((share - eligible / all).abs() < 1e-6 && share < 1.0, "{share} {eligible} of {all}");
}

#[test]
fn a_coin_selects_without_a_henry() {
    let mut experiment = Experiment::tiny("seed-ads");
    experiment.set(&["selector"], "coin");
    let records = finished(&experiment);
    assert!(of(&records, "judged", 2).all(|r| r["judge"] != "henry a"));
    assert_eq!(figures(&records, 2).len(), AD_FIGURES.len());
}

/// A random model names any brand but the right one, so that nothing is kept.
#[test]
fn ads_without_their_brand_are_not_learned_from() {
    let mut experiment = Experiment::tiny("seed-ads");
    experiment.set(&["brand_kept"], true);
    let error = experiment.run_quietly(Disk::default()).unwrap_err().to_string();
    assert!(error.contains("names its brand") && error.contains("brand_kept=false"), "{error}");
}

#[test]
fn another_world_has_no_ads() {
    let mut experiment = Experiment::tiny("srlm");
    experiment.manifest.recipe = "seed-ads".to_owned();
    experiment.manifest.parameters = Experiment::tiny("seed-ads").manifest.parameters;
    let error = experiment.run_quietly(Disk::default()).unwrap_err().to_string();
    assert!(error.contains("--world ads"), "{error}");
}
