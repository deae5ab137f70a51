//! Every recipe at its smallest: it runs, its first step is what theory says, its log shows its own evidence,
//! and it resumes from anywhere.

mod sharpening;

use std::collections::BTreeMap;

use selfsame_core::{
    prompt::{Prompt, Row},
    recipe::all,
    rng::{Purpose, Stream},
    run::Source,
    world::{World, rules::Rules},
};
use selfsame_tests::runs::{Crash, Disk, Experiment, final_sha256, records};
use serde_json::Value;

fn finished(experiment: &Experiment) -> Disk {
    let disk = Disk::default();
    experiment.run_quietly(disk.clone()).unwrap_or_else(|e| panic!("{}: {e}", experiment.manifest.recipe));
    disk
}

fn steps(records: &[Value]) -> impl Iterator<Item = &Value> {
    records.iter().filter(|record| record["event"] == "step")
}

/// Against its own reference every logistic loss begins at ln 2, whatever the label; the mean of BCO's two
/// terms does, too, since the weights of these prompts are left out.
#[test]
fn the_first_step_of_a_preference_recipe_is_ln_2() {
    for entry in all() {
        // Some imitate, one has penalties beside, one learns without a reference, two follow the gradient of a reward.
        let others = ["sft", "coh", "seed-ads", "scir", "cdr", "nlhf", "r3-relevance", "sharpening"];
        if others.contains(&entry.card.id) {
            continue;
        }
        let mut experiment = Experiment::tiny(entry.card.id);
        if entry.card.id == "bco" {
            experiment.set(&["match_prompts"], false);
        }
        if entry.card.id == "t-reg" {
            experiment.set(&["alpha"], 0.0);
        }
        let records = records(&finished(&experiment).log());
        // Reward models and estimators learn apart, with losses of their own.
        let of_policy = |step: &&Value| !step["metrics"]["logps/chosen"].is_null() || entry.card.id == "bco";
        let firsts: Vec<&Value> = steps(&records).filter(|step| step["step"] == 0).filter(of_policy).collect();
        assert!(!firsts.is_empty(), "{} learned nothing", entry.card.id);
        for step in firsts {
            // A pair that is learned from again in the same phase would have moved.
            let loss = step["loss"].as_f64().unwrap();
            assert!((loss - 2.0_f64.ln()).abs() < 2e-5, "{}: {loss}", entry.card.id);
            let margin = step["metrics"]["rewards/margins"].as_f64().unwrap_or(0.0);
            assert!(margin.abs() < 2e-4, "{}: {margin}", entry.card.id);
        }
    }
}

/// What each recipe goes by is in its log.
#[test]
fn logs_show_what_recipes_go_by() {
    let expected: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("cream", &["consistency", "mean consistency"][..]),
        ("osp", &["temperature of content", "temperature of form"]),
        ("dno", &["own over own", "teacher over own", "own over teacher", "wins against iterates", "exploitability"]),
        ("reward-aug", &["reward at goal"]),
        ("upo", &["passes of the estimator", "estimator agrees", "information"]),
        (
            "nlhf",
            &[
                "preference model",
                "accuracy of the preferences",
                "wins against iterates",
                "wins against rivals",
                "exploitability",
            ],
        ),
        (
            "r3-relevance",
            &[
                "recall of the embedder",
                "share of copied words",
                "mean of proxy and truth",
                "spearman of proxy and truth",
                "wins against iterates",
                "wins against rivals",
                "exploitability",
            ],
        ),
        ("t-reg", &["AUROC of the token credit", "AUROC of the implicit token reward"]),
        ("coh", &["reward at feedback", "controllability gap", "copy rate"]),
        (
            "flr",
            &[
                "follow-ups",
                "right by aspect",
                "right by aspect, satisfied alone",
                "right by aspect, dissatisfied alone",
                "correlation, calibrated and not",
            ],
        ),
        (
            "sharpening",
            &[
                "samples drawn and scored",
                "correlation within prompts",
                "reward of one, greedy, chosen",
                "right of one, greedy, chosen",
            ],
        ),
    ]);
    for (id, names) in expected {
        let mut experiment = Experiment::tiny(id);
        if ["nlhf", "r3-relevance"].contains(&id) {
            // In Rules all that a random model says can be worth the same, which there is nothing to measure by.
            experiment.manifest.source = Source::World("style".to_owned());
        }
        let records = records(&finished(&experiment).log());
        // The first iteration of one of them learns from labelled pairs.
        for iteration in if id == "upo" { 2..=2 } else { 1..=2 } {
            let noted: Vec<&str> = records
                .iter()
                .filter(|r| r["event"] == "noted" && r["iteration"] == iteration)
                .filter_map(|r| r["name"].as_str())
                .collect();
            assert_eq!(noted, names, "{id}, iteration {iteration}");
        }
    }
}

#[test]
fn consistencies_are_shares_and_label_the_pairs() {
    for mode in ["mean", "prompt"] {
        let mut experiment = Experiment::tiny("cream");
        experiment.set(&["consistency"], mode);
        let records = records(&finished(&experiment).log());
        let of = |event: &str| records.iter().find(|r| r["event"] == event && r["iteration"] == 1).unwrap();
        let noted = of("noted")["values"].as_array().unwrap();
        let known: Vec<f64> = noted.iter().filter_map(Value::as_f64).filter(|c| *c >= 0.0).collect();
        assert!(known.iter().all(|c| (0.0..=1.0).contains(c)), "{known:?}");
        #[allow(clippy::cast_precision_loss)]
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        for pair in of("selected")["pairs"].as_array().unwrap() {
            let label = pair["label"].as_f64().unwrap();
            let fits = |c: f64| (label - c).abs() < 1e-6;
            assert!(if mode == "mean" { fits(mean) } else { known.iter().any(|c| fits(*c)) }, "{label} of {known:?}");
        }
    }
}

/// A model that is its own base has no implicit reward: nothing is trained on it.
#[test]
fn a_reward_against_itself_is_refused() {
    let mut experiment = Experiment::tiny("cream");
    experiment.base = experiment.model.clone();
    let disk = Disk::default();
    let error = experiment.run_quietly(disk.clone()).unwrap_err().to_string();
    assert!(error.contains("the implicit reward of every answer is 0") && error.contains("--base"), "{error}");
    assert_eq!(steps(&records(&disk.log())).count(), 0);
}

/// With α = 0 SELM is DPO on the same pairs, bit by bit; with α it is not.
#[test]
fn optimism_is_all_that_selm_adds() {
    let weights = |alpha: f64| {
        let mut experiment = Experiment::tiny("selm");
        experiment.set(&["alpha"], alpha);
        experiment.set(&["offline"], false);
        let log = finished(&experiment).log();
        let losses: Vec<f64> = steps(&records(&log)).map(|step| step["loss"].as_f64().unwrap()).collect();
        (final_sha256(&log), losses)
    };
    let (none, some) = (weights(0.0), weights(0.5));
    assert_ne!(none.0, some.0);
    // The first step begins where policy and reference are one: only its gradient differs.
    assert!((none.1[0] - some.1[0]).abs() < 2e-5);
}

/// With λ' = 1 confidence is the margin itself; at the first step, where the policy is its own start, it is 0 for
/// every λ'. Nothing is doubted in the first fifth of the steps.
#[test]
fn confidence_is_read_off_extrapolated_logits() {
    for lambda in [1.0, 2.0] {
        let mut experiment = Experiment::tiny("selfie-spa");
        experiment.set(&["extrapolation"], lambda);
        experiment.set(&["loop", "learn", "learning_rate"], 3e-3);
        experiment.set(&["loop", "learn", "batch_size"], 1);
        let records = records(&finished(&experiment).log());
        let own: Vec<&Value> = steps(&records).filter(|step| step["iteration"] == 2).collect();
        let metric = |step: &Value, name: &str| step["metrics"][name].as_f64().unwrap();
        let apart = |step: &Value| (metric(step, "margins/extrapolated") - metric(step, "rewards/margins")).abs();
        assert!(apart(own[0]) < 1e-4 && metric(own[0], "trusted") == 1.0);
        let furthest = own.iter().map(|step| apart(step)).fold(0.0, f64::max);
        assert_eq!(furthest > 1e-3, lambda == 2.0, "λ' = {lambda}: {furthest}");
    }
}

/// In the first fifth of its steps SPA's loss is DPO's, `log(1 + e^−Δ)` of the step's margin, also where that is not 0; a
/// label that is doubted later is `1 − α`.
#[test]
fn the_first_fifth_of_spa_is_dpo() {
    let mut experiment = Experiment::tiny("selfie-spa");
    for (key, value) in [("learning_rate", 3e-3), ("warmup", 0.0)] {
        experiment.set(&["loop", "learn", key], value);
    }
    // A pair a step, so that a step's loss follows from its margin.
    for (key, value) in [("batch_size", 1), ("epochs", 5)] {
        experiment.set(&["loop", "learn", key], value);
    }
    let records = records(&finished(&experiment).log());
    let own: Vec<&Value> = steps(&records).filter(|step| step["iteration"] == 2).collect();
    let softplus = |x: f64| x.exp().ln_1p();
    let (mut trusted_margin, mut pairs) = (0.0_f64, 0);
    for (place, step) in own.iter().enumerate() {
        let (margin, trusted) = (&step["metrics"]["rewards/margins"], &step["metrics"]["trusted"]);
        let (margin, trusted) = (margin.as_f64().unwrap(), trusted.as_f64().unwrap());
        if 5 * place < own.len() {
            assert_eq!(trusted, 1.0, "step {place}");
            trusted_margin = trusted_margin.max(margin.abs());
            pairs += 1;
        }
        let doubt = 0.1 * (1.0 - trusted);
        let expected = (1.0 - doubt) * softplus(-margin) + doubt * softplus(margin);
        let loss = step["loss"].as_f64().unwrap();
        assert!((loss - expected).abs() < 1e-5, "step {place}: {loss} instead of {expected}");
    }
    // A tenth of the margin is what a doubted label would add.
    assert!(pairs > 1 && trusted_margin > 1e-3, "{pairs} steps, {trusted_margin}");
}

/// The listening model learns apart: what the policy draws first does not depend on it, and its checkpoints carry its
/// names. Without a world there is nobody to listen to.
#[test]
fn follow_ups_are_heard_apart_from_the_policy() {
    let experiment = Experiment::tiny("flr").in_world("dialog");
    let disk = finished(&experiment);
    let lines = records(&disk.log());
    let named: Vec<&str> = lines
        .iter()
        .filter(|r| r["event"] == "checkpoint" && r["complete"] == true)
        .filter_map(|r| r["name"].as_str())
        .collect();
    assert_eq!(named, ["001-follow-ups", "001-comments", "001", "002"]);
    // Per prompt two answers and the generic reply, four aspects, two sides.
    let noted = lines.iter().find(|r| r["event"] == "noted" && r["name"] == "follow-ups").unwrap();
    let values: Vec<f64> = noted["values"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    assert_eq!(values.len(), 6 * 3 * 4 * 2);
    assert!(values.iter().all(|value| *value < 0.0));
    // The reward is the sum over the aspects of the differences, less the generic reply's.
    let judged = lines.iter().find(|r| r["event"] == "judged" && r["judge"] == "follow-ups").unwrap();
    for (prompt, scores) in values.chunks(24).zip(judged["scores"].as_array().unwrap()) {
        let reward = |reply: usize| prompt[8 * reply..][..8].chunks(2).map(|side| side[0] - side[1]).sum::<f64>();
        for (answer, score) in scores.as_array().unwrap().iter().enumerate() {
            assert!((score.as_f64().unwrap() - (reward(answer) - reward(2))).abs() < 1e-4);
        }
    }
    let mut alone = experiment;
    alone.set(&["comments"], 0);
    let without = records(&finished(&alone).log());
    let drawn = |records: &[Value]| records.iter().find(|r| r["purpose"] == "train").cloned();
    assert_eq!(drawn(&lines), drawn(&without));
    let mut file = Experiment::tiny("flr");
    let prompt = Prompt { id: "line-1".to_owned(), text: "must:fox <resp>".to_owned() };
    file.rows = vec![Row { prompt, messages: None, completion: None, chosen: None, rejected: None }];
    file.manifest.source = Source::File { path: "rows.jsonl".to_owned(), sha256: "2".to_owned() };
    let error = file.run_quietly(Disk::default()).unwrap_err().to_string();
    assert!(error.contains("--world dialog"), "{error}");
}

/// Goal-conditioned answers are drawn for a goal, and measured with the highest.
#[test]
fn goals_are_asked_for_and_measured() {
    let mut experiment = Experiment::tiny("reward-aug");
    experiment.set(&["said"], 3);
    let records = records(&finished(&experiment).log());
    let pairs = records.iter().find(|r| r["event"] == "selected").unwrap()["pairs"].as_array().unwrap();
    assert!(pairs.len() >= 2 && pairs.len().is_multiple_of(2), "{pairs:?}");
    for two in pairs.chunks(2) {
        assert_eq!(two[0]["answers"][0], two[1]["answers"][1], "the answers change places");
        assert_ne!(two[0]["text"], two[1]["text"], "so does what is asked for");
        for pair in two {
            let words: Vec<&str> = pair["text"].as_str().unwrap().split(' ').collect();
            let said = words.iter().take_while(|word| word.parse::<usize>().is_ok()).count();
            assert!(said == 3 && words[..3].iter().all(|word| *word == words[0]), "{pair}");
        }
    }
    let purposes: Vec<&str> = records
        .iter()
        .filter(|r| r["event"] == "sampled" && r["iteration"] == 1)
        .filter_map(|r| r["purpose"].as_str())
        .collect();
    assert_eq!(purposes.iter().filter(|purpose| purpose.starts_with("held-out goal ")).count(), 6, "{purposes:?}");
    // What is asked for in every measurement is the highest goal, said as often as in what was learned.
    let answers = |purpose: &str| {
        let record = records.iter().find(|r| r["purpose"] == purpose && r["iteration"] == 1).unwrap();
        record["answers"].clone()
    };
    assert_eq!(answers("held-out goal 5"), answers("held-out greedy"));
}

/// Every token of every pair has its credit in the log, and the loss is what it makes of them: at the reference
/// `ln 2 − ½ α β Σ r̂ log π`, on the mean.
#[test]
fn credit_is_in_the_log_and_in_the_loss() {
    let mut experiment = Experiment::tiny("t-reg");
    experiment.set(&["alpha"], 40.0);
    let records = records(&finished(&experiment).log());
    let of = |event: &str| records.iter().find(|r| r["event"] == event && r["iteration"] == 1).unwrap();
    let credit = of("credited")["tokens"].as_array().unwrap();
    let pairs = of("selected")["pairs"].as_array().unwrap();
    assert_eq!(credit.len(), pairs.len());
    // What was drawn comes with the log-probability of each token.
    let mut drawn: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for record in records.iter().filter(|r| r["purpose"] == "train" && r["iteration"] == 1) {
        let first = record["first"].as_u64().unwrap();
        for (prompt, answers) in (first..).zip(record["answers"].as_array().unwrap()) {
            for answer in answers.as_array().unwrap() {
                let key = (format!("t1-{prompt}"), answer["text"].as_str().unwrap().to_owned());
                drawn.insert(key, numbers(&answer["logprobs"]));
            }
        }
    }
    let sum = |pair: usize| -> f64 {
        let tokens = |side: usize| {
            let text = pairs[pair]["answers"][side].as_str().unwrap().to_owned();
            let logprobs = &drawn[&(pairs[pair]["prompt"].as_str().unwrap().to_owned(), text)];
            let credit = numbers(&credit[pair][side]);
            assert_eq!(credit.len(), logprobs.len());
            assert!(credit.iter().all(|r| r.abs() < 0.5));
            credit.iter().zip(logprobs).map(|(r, lp)| r * lp).sum::<f64>()
        };
        tokens(0) + tokens(1)
    };
    // The evaluator has learned before.
    let step = steps(&records).find(|step| step["items"].is_array()).unwrap();
    let items = numbers(&step["items"]);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let mean = items.iter().map(|item| sum(*item as usize)).sum::<f64>() / items.len() as f64;
    let expected = 2.0_f64.ln() - 0.5 * 40.0 * 0.1 * mean;
    let loss = step["loss"].as_f64().unwrap();
    assert!((loss - expected).abs() < 1e-4 * expected.abs().max(1.0), "{loss} instead of {expected}");
    assert!((loss - 2.0_f64.ln()).abs() > 1e-3, "credit changes the loss: {loss}");
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().filter_map(Value::as_f64).collect()
}

/// After the first iteration the policy is asked for good answers, and for bad ones where both are measured.
#[test]
fn feedback_is_asked_for_and_measured() {
    let records = records(&finished(&Experiment::tiny("coh")).log());
    let purposes: Vec<&str> = records
        .iter()
        .filter(|r| r["event"] == "sampled" && r["iteration"] == 1)
        .filter_map(|r| r["purpose"].as_str())
        .filter(|purpose| ["bad", "good"].iter().any(|word| purpose.contains(word)))
        .collect();
    assert_eq!(purposes, ["held-out bad", "held-out good", "held-out good after bad"]);
    let answers = |purpose: &str| {
        let record = records.iter().find(|r| r["purpose"] == purpose && r["iteration"] == 1).unwrap();
        record["answers"].clone()
    };
    // What is asked for in every measurement is a good answer.
    assert_eq!(answers("held-out good"), answers("held-out greedy"));
    let copied = records.iter().find(|r| r["name"] == "copy rate").unwrap();
    assert!(numbers(&copied["values"]).iter().all(|rate| (0.0..=1.0).contains(rate)), "{copied}");
}

/// Ratios are summed and averaged over the tokens that the log holds, the best is chosen, and SimPO's first step is
/// `softplus(γ − β Δ)` of the margins beside it.
#[test]
fn ratios_choose_and_simpo_learns() {
    for (customised, weak) in [(false, "base"), (true, "initial")] {
        let mut experiment = Experiment::tiny("cdr");
        experiment.set(&["customised"], customised);
        experiment.set(&["weak"], weak);
        let records = records(&finished(&experiment).log());
        let tokens = records.iter().find(|r| r["event"] == "credited").unwrap()["tokens"].as_array().unwrap();
        let judged = |name: &str| {
            let record = records.iter().find(|r| r["event"] == "judged" && r["judge"] == name).unwrap();
            record["scores"].as_array().unwrap().iter().map(numbers).collect::<Vec<_>>()
        };
        let (sums, means) = (judged("density ratio"), judged("density ratio per token"));
        for (prompt, answers) in tokens.iter().enumerate() {
            for (answer, of) in answers.as_array().unwrap().iter().enumerate() {
                let of = numbers(of);
                let sum: f64 = of.iter().sum();
                #[allow(clippy::cast_precision_loss)]
                let mean = sum / of.len() as f64;
                assert!((sums[prompt][answer] - sum).abs() < 1e-4 && (means[prompt][answer] - mean).abs() < 1e-4);
            }
        }
        let chosen = records.iter().filter(|r| r["event"] == "selected" && r["iteration"] == 1).nth(1).unwrap();
        let drawn = records.iter().find(|r| r["purpose"] == "train").unwrap()["answers"].as_array().unwrap();
        for pair in chosen["pairs"].as_array().unwrap() {
            assert_eq!(pair["origin"], "ratio");
            let prompt: usize = pair["prompt"].as_str().unwrap()[3..].parse().unwrap();
            let best = (0..sums[prompt].len()).max_by(|a, b| sums[prompt][*a].total_cmp(&sums[prompt][*b])).unwrap();
            assert_eq!(pair["answers"][0], drawn[prompt][best]["text"]);
        }
        let step = steps(&records).find(|step| step["iteration"] == 2 && step["step"] == 0).unwrap();
        let margins = numbers(&step["of_items"]["margin"]);
        #[allow(clippy::cast_precision_loss)]
        let expected = margins.iter().map(|margin| (1.0 - margin).exp().ln_1p()).sum::<f64>() / margins.len() as f64;
        assert!((step["loss"].as_f64().unwrap() - expected).abs() < 1e-5, "{step}");
    }
}

/// A strong model that learned nothing is the weak one, and annotates nothing.
#[test]
fn a_ratio_with_itself_is_refused() {
    let mut experiment = Experiment::tiny("cdr");
    experiment.set(&["strong", "learning_rate"], 1e-30);
    let error = experiment.run_quietly(Disk::default()).unwrap_err().to_string();
    assert!(error.contains("the density ratio of every answer is 0"), "{error}");
}

/// Recipes without a card for it cannot ask annotators of another, not even by its name.
#[test]
fn annotators_serve_the_recipe_of_the_run_alone() {
    let mut experiment = Experiment::tiny("dno");
    experiment.manifest.recipe = "selm".to_owned();
    // The run is called `selm`, its settings are those of `dno`: refused before anything is asked.
    assert!(experiment.run_quietly(Disk::default()).is_err());
}

/// Every step of a policy gradient at its smallest: what is drawn, what is thought of it, what becomes of it.
#[test]
fn a_policy_plays_against_its_mixture_and_is_measured_as_a_player() {
    let mut experiment = Experiment::tiny("nlhf");
    experiment.manifest.source = Source::World("style-cyclic".to_owned());
    experiment.set(&["preference"], "annotators");
    let records = records(&finished(&experiment).log());
    let of = |event: &str, name: &str, iteration: u64| {
        let named = |r: &&Value| r["name"] == name || r["judge"] == name || r["purpose"] == name;
        records.iter().filter(|r| r["event"] == event && r["iteration"] == iteration).find(named).unwrap()
    };
    let numbers = |value: &Value| value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
    let start = numbers(&of("noted", "wins against iterates", 0)["values"]);
    assert!(start.len() == 1 && (start[0] - 0.5).abs() < 1e-6, "the start is a player too: {start:?}");
    let twice = |name: &str| records.iter().filter(|r| r["name"] == name && r["iteration"] == 1).count();
    assert_eq!(twice("exploitability"), 1, "both the measurement and the recipe ask for it");
    for iteration in 1..=2 {
        // Three prompts, two answers against two of the opponent each.
        let preferred = numbers(&of("noted", "annotators prefer", iteration)["values"]);
        assert_eq!(preferred.len(), 12);
        assert!(preferred.iter().all(|p| (0.25..=0.75).contains(p)), "a quarter of the annotators errs: {preferred:?}");
        let wins = of("judged", "preferred to the opponent", iteration)["scores"].as_array().unwrap();
        let mean = (preferred[0] + preferred[1]) / 2.0;
        assert!((numbers(&wins[0])[0] - mean).abs() < 1e-6);
        assert_ne!(of("sampled", "opponent", iteration)["answers"], of("sampled", "train", iteration)["answers"]);
        let iterates = numbers(&of("noted", "wins against iterates", iteration)["values"]);
        assert_eq!(iterates.len() as u64, iteration + 1);
        assert!((iterates.last().unwrap() - 0.5).abs() < 1e-6, "against itself: {iterates:?}");
        let rivals = numbers(&of("noted", "wins against rivals", iteration)["values"]);
        let worst = iterates.iter().chain(&rivals).copied().fold(0.5, f64::min);
        let exploitability = numbers(&of("noted", "exploitability", iteration)["values"])[0];
        assert!(rivals.len() == 3 && (exploitability - (0.5 - worst)).abs() < 1e-6, "{exploitability} {rivals:?}");
    }
}

/// Where policy and reference are one and nobody is preferred, there is nothing to follow: the first step has no
/// gradient, and a weight of the divergence changes nothing in it.
#[test]
fn the_first_step_of_nash_learning_depends_on_preferences_alone() {
    let first = |tau: f64| {
        let mut experiment = Experiment::tiny("nlhf");
        experiment.set(&["preference"], "annotators");
        experiment.set(&["tau"], tau);
        let records = records(&finished(&experiment).log());
        let step = steps(&records).next().unwrap().clone();
        assert!(step["metrics"]["log ratio"].as_f64().unwrap().abs() < 1e-4);
        step["grad_norm"].as_f64().unwrap()
    };
    let (without, with) = (first(0.0), first(1.0));
    assert!((without - with).abs() < 1e-3 * without.max(1.0), "{without} {with}");
}

/// Without a world there is no truth to measure the reward by, and relevance works all the same.
#[test]
fn relevance_needs_no_truth() {
    let experiment = Experiment { rows: demonstrations(), ..Experiment::tiny("r3-relevance") };
    let records = records(&finished(&experiment).log());
    let noted: Vec<&str> =
        records.iter().filter(|r| r["event"] == "noted").filter_map(|r| r["name"].as_str()).collect();
    assert!(noted.contains(&"share of copied words") && !noted.iter().any(|name| name.contains("truth")), "{noted:?}");
    assert!(steps(&records).count() > 0);
}

/// Rows of a file with answers to imitate.
fn demonstrations() -> Vec<Row> {
    let rows = Rules.demonstrations(1, 60).into_iter().enumerate();
    rows.map(|(index, row)| Row {
        prompt: Prompt { id: format!("row-{index}"), text: row.prompt },
        messages: None,
        completion: Some(row.answer),
        chosen: None,
        rejected: None,
    })
    .collect()
}

/// Power is lost at moments all over a run of every recipe; it ends with the same log and weights.
#[test]
fn every_recipe_resumes() {
    for entry in all() {
        let mut experiment = Experiment::tiny(entry.card.id);
        // A checkpoint after every step, so that phases are also resumed in the middle.
        experiment.manifest.options.checkpoint_every = 1;
        let whole = finished(&experiment);
        let mut stream = Stream::new(21, Purpose::Bootstrap, 0, 0);
        for _ in 0..12 {
            let operation = 1 + stream.below(whole.operations());
            let disk = Disk::crashing(Crash { operation, share: stream.uniform() });
            experiment.run_quietly(disk.clone()).unwrap_err();
            disk.restart(None);
            let what = format!("{}, operation {operation} of {}", entry.card.id, whole.operations());
            experiment.run_quietly(disk.clone()).unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(records(&disk.log()), records(&whole.log()), "{what}");
            assert_eq!(final_sha256(&disk.log()), final_sha256(&whole.log()), "{what}");
        }
    }
}
