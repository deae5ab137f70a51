use std::collections::BTreeMap;

use super::*;
use crate::{
    fold::tests::synthetic,
    view::panels::answers::{
        fixture::{answer, pair as a_pair},
        verdict::of_pair,
    },
};
use selfsame_core::run::Event;

use super::super::group::{PairState, Place, TrainRow};

const BOTH: [Option<usize>; 2] = [Some(0), Some(2)];

/// A pair that came out so while learning.
fn learned(origin: Origin, label: f64, kept: Option<bool>, opinions: &[(&str, f32)]) -> LearnedPair {
    LearnedPair {
        record: a_pair("p", ["a", "b"], label, origin),
        prompt: "must:a".to_owned(),
        opinions: opinions.iter().map(|(judge, p)| ((*judge).to_owned(), *p)).collect(),
        kept,
        margin: None,
        truth: Some(0.5),
    }
}

fn scored(scores: &[(&str, f32, f32)]) -> Vec<Verdict> {
    let verdict = |(judge, first, second): &(&str, f32, f32)| Verdict {
        judge: (*judge).to_owned(),
        opinion: Opinion::Scores(*first, *second),
        right: None,
    };
    scores.iter().map(verdict).collect()
}

fn say(pair: &LearnedPair, rules: &Rules) -> (Outcome, String) {
    let row = TrainRow { place: Place::Prompt(0), pairs: vec![0] };
    let state = PairState { answers: BOTH, opinions: Vec::new(), kept: None, margin: None, truth: None };
    let verdicts = of_pair(&IterationView::default(), &row, &state, pair);
    let (outcome, said) = sentences(pair, BOTH, &verdicts, rules);
    (outcome, said.join(" "))
}

#[track_caller]
fn check(pair: &LearnedPair, rules: &Rules, outcome: Outcome, parts: &[&str]) {
    let (came_out, said) = say(pair, rules);
    assert_eq!(came_out, outcome, "{said}");
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said:?}");
    }
    assert!(!said.contains('{') && !said.contains("answers."), "{said}");
}

#[test]
fn unlabelled_pairs() {
    let rules = Rules::default();
    let unlabelled = |kept, opinions: &[(&str, f32)]| learned(Origin::Unlabelled, 0.5, kept, opinions);
    let agreed: &[(&str, f32)] = &[("content", 0.7), ("form", 0.6), ("implicit", 0.9)];
    let split: &[(&str, f32)] = &[("content", 0.7), ("form", 0.4), ("implicit", 0.9)];
    check(&unlabelled(None, &[]), &rules, Outcome::Waiting, &["Not yet decided"]);
    check(&unlabelled(Some(true), agreed), &rules, Outcome::Kept, &["Kept: all 3 judges prefer answer 1."]);
    let second: &[(&str, f32)] = &[("content", 0.3), ("form", 0.2)];
    check(&unlabelled(Some(true), second), &rules, Outcome::Kept, &["all 2 judges prefer answer 3"]);
    let parts = ["Dropped: the judges disagree", "content, implicit for answer 1", "form for answer 3"];
    check(&unlabelled(Some(false), split), &rules, Outcome::Dropped, &parts);
    let tie: &[(&str, f32)] = &[("content", 0.7), ("form", 0.5)];
    let parts = ["Dropped: not every judge sees a difference", "form for neither"];
    check(&unlabelled(Some(false), tie), &rules, Outcome::Dropped, &parts);
    check(&unlabelled(Some(true), &[("content", 0.7)]), &rules, Outcome::Kept, &["the judges prefer answer 1"]);
    check(&unlabelled(Some(false), agreed), &rules, Outcome::Dropped, &["Dropped by the recipe."]);
}

#[test]
fn settings_change_the_reason() {
    let unlabelled = |kept, opinions: &[(&str, f32)]| learned(Origin::Unlabelled, 0.5, kept, opinions);
    let agreed: &[(&str, f32)] = &[("content", 0.55), ("implicit", 0.9)];
    let split: &[(&str, f32)] = &[("content", 0.4), ("implicit", 0.9)];
    let margin = Rules { margin: 0.1, ..Rules::default() };
    check(&unlabelled(Some(false), agreed), &margin, Outcome::Dropped, &["content is less sure than the 0.600"]);
    let all = Rules { all: true, ..Rules::default() };
    let parts = ["learns from every pair", "prefers answer 1", "content for answer 3"];
    check(&unlabelled(Some(true), split), &all, Outcome::Kept, &parts);
    let fixed = Rules { fixed_labels: true, ..Rules::default() };
    check(&unlabelled(Some(true), split), &fixed, Outcome::Kept, &["agreed when the iteration began", "content"]);
    check(&unlabelled(Some(false), agreed), &fixed, Outcome::Dropped, &["did not agree when the iteration began"]);
}

#[test]
fn the_best_against_the_worst() {
    let pair = learned(Origin::BestWorst, 1.0, None, &[]);
    let say = |verdicts: &[Verdict]| sentences(&pair, BOTH, verdicts, &Rules::default()).1.join(" ");
    let agreed = say(&scored(&[("content", 4.0, 1.0), ("form", 3.0, 2.0)]));
    assert!(agreed.contains("answer 1 has the highest mean score, 3.500, and answer 3 the lowest, 1.500"), "{agreed}");
    assert!(agreed.contains("Every judge orders the two this way"), "{agreed}");
    let split = say(&scored(&[("content", 4.0, 1.0), ("form", 1.0, 2.0)]));
    assert!(split.contains("The judges disagree: form orders them the other way"), "{split}");
    let tie = say(&scored(&[("content", 4.0, 1.0), ("form", 2.0, 2.0)]));
    assert!(tie.contains("form gives both the same score"), "{tie}");
    let alone = say(&scored(&[("content", 4.0, 1.0)]));
    assert!(!alone.contains("judge orders"), "one judge has nobody to agree with: {alone}");
    check(&pair, &Rules::default(), Outcome::Kept, &["mean score is highest for the one"]);
}

#[test]
fn labels_of_others() {
    let rules = Rules::default();
    check(&learned(Origin::Data, 1.0, None, &[]), &rules, Outcome::Kept, &["came with the data"]);
    check(&learned(Origin::Random, 1.0, None, &[]), &rules, Outcome::Kept, &["a coin"]);
    check(&learned(Origin::Oracle, 1.0, None, &[]), &rules, Outcome::Kept, &["the oracle chose"]);
    let dropped = learned(Origin::Oracle, 1.0, Some(false), &[]);
    check(&dropped, &rules, Outcome::Dropped, &["Dropped while learning"]);
}

#[test]
fn softened_pairs() {
    let rules = Rules::default();
    let soft = learned(Origin::Data, 0.8, None, &[]);
    check(&soft, &rules, Outcome::Softened, &["with probability 0.800"]);
    check(&learned(Origin::Data, 0.5, None, &[]), &rules, Outcome::Softened, &["A tie"]);
    let smooth = Rules { smoothing: 0.1, ..Rules::default() };
    let sure = learned(Origin::Data, 1.0, None, &[]);
    check(&sure, &smooth, Outcome::Softened, &["label smoothing makes the label 0.900"]);
    check(&learned(Origin::Random, 1.0, None, &[]), &smooth, Outcome::Kept, &["a coin"]);
    let mut light = learned(Origin::Unlabelled, 0.5, Some(true), &[("a", 0.7), ("b", 0.7)]);
    light.record.weight = 0.25;
    check(&light, &rules, Outcome::Softened, &["all 2 judges", "counts 0.250 times"]);
    light.record.weight = 0.0;
    check(&light, &rules, Outcome::Dropped, &["its weight is 0"]);
}

#[test]
fn the_oracle_on_the_label() {
    let mut pair = learned(Origin::BestWorst, 1.0, None, &[]);
    assert!(truth(&pair, BOTH, true).contains("label is right: answer 1 is better by 0.500"));
    pair.truth = Some(-0.25);
    assert!(truth(&pair, BOTH, true).contains("label is wrong: answer 3 is better by 0.250"));
    pair.kept = Some(false);
    assert!(truth(&pair, BOTH, true).contains("Not learned from") && truth(&pair, BOTH, true).contains("other way"));
    pair.truth = Some(0.25);
    assert!(
        truth(&pair, BOTH, true).contains("Not learned from") && truth(&pair, BOTH, true).contains("as the judges")
    );
    (pair.truth, pair.kept) = (Some(0.0), None);
    assert!(truth(&pair, BOTH, true).contains("worth the same"));
    pair.truth = None;
    assert!(truth(&pair, BOTH, false).contains("Nobody knows"));
    let waiting = learned(Origin::Unlabelled, 0.5, None, &[]);
    assert!(truth(&waiting, BOTH, true).contains("there is no label yet"));
    assert_eq!(answer_name([None, None], 0), "the first answer");
    assert_eq!(answer_name([None, None], 1), "the second answer");
}

#[test]
fn prompts_without_a_pair() {
    let none = |arm, texts: &[&str], judged: &[(&str, &[f32])], selected: bool, rewards: &[f64], most| {
        let of = IterationView {
            answers: vec![texts.iter().map(|text| answer(text)).collect()],
            judged: judged.iter().map(|(judge, scores)| ((*judge).to_owned(), vec![scores.to_vec()])).collect(),
            pairs: if selected { vec![a_pair("other", ["a", "b"], 1.0, Origin::BestWorst)] } else { Vec::new() },
            ..IterationView::default()
        };
        let rewards: Vec<Option<f64>> = rewards.iter().map(|r| Some(*r)).collect();
        let alone = Alone { arm, of: &of, prompt: 0, rewards: &rewards };
        without_pair(&alone, &Rules { most, ..Rules::default() })
    };
    let main = Arm::Main;
    assert_eq!(none(main, &[], &[], false, &[], None), "Not drawn yet.");
    assert!(none(main, &["fox", "owl"], &[], false, &[], None).contains("not chosen its pairs yet"));
    assert!(none(main, &["fox"], &[], true, &[], None).contains("only one answer"));
    assert!(none(main, &["fox", "fox"], &[], true, &[], None).contains("all its answers are the same"));
    let tie: &[(&str, &[f32])] = &[("content", &[3.0, 1.0]), ("form", &[1.0, 3.0])];
    assert!(none(main, &["fox", "owl"], tie, true, &[], None).contains("mean score of every answer is 2.000"));
    // The first of the best and the first of the worst are the same tokens.
    let same: &[(&str, &[f32])] = &[("content", &[3.0, 1.0, 2.0])];
    assert!(none(main, &["fox", "fox", "owl"], same, true, &[], None).contains("are the same tokens"));
    let oracle = none(Arm::OracleLabels, &["fox", "owl"], &[], true, &[0.5, 0.5], Some(7));
    assert!(oracle.contains("By the oracle every answer is worth 0.500"), "{oracle}");
    let left: &[(&str, &[f32])] = &[("content", &[3.0, 1.0])];
    assert!(none(main, &["fox", "owl"], left, true, &[], Some(240)).contains("at most 240 pairs"));
    assert!(none(Arm::RandomLabels, &["fox", "owl"], &[], true, &[], Some(240)).contains("at most 240 pairs"));
    assert!(none(main, &["fox", "owl"], left, true, &[], None).contains("the recipe chose none"));
}

#[test]
fn rules_are_read_from_the_parameters() {
    let Event::Started { manifest } = &synthetic()[0].event else { unreachable!("the first line") };
    let mut manifest = (**manifest).clone();
    let srlm = Rules::of(&manifest);
    assert!(srlm.most.is_some() && !srlm.all && !srlm.fixed_labels);
    let entry = selfsame_core::recipe::by_id("scir").unwrap();
    manifest.parameters = entry.defaults().unwrap();
    assert_eq!(Rules::of(&manifest), Rules { most: Some(600), ..Rules::default() });
    for (key, value) in BTreeMap::from([
        ("margin", toml::Value::Float(0.1)),
        ("filter", toml::Value::Boolean(false)),
        ("static_labels", toml::Value::Boolean(true)),
    ]) {
        manifest.parameters.insert(key.to_owned(), value);
    }
    let rules = Rules::of(&manifest);
    assert!(rules.all && rules.fixed_labels && rules.margin > 0.09);
}
