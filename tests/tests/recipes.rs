//! Every recipe at its smallest: it runs, its first step is what theory says, its log shows its own evidence,
//! and it resumes from anywhere.

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
        // One imitates, one has penalties beside, two follow the gradient of a reward.
        if ["sft", "scir", "nlhf", "r3-relevance"].contains(&entry.card.id) {
            continue;
        }
        let mut experiment = Experiment::tiny(entry.card.id);
        if entry.card.id == "bco" {
            experiment.set(&["match_prompts"], false);
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
        ("dno", &["own over own", "teacher over own", "own over teacher"]),
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

/// Goal-conditioned answers are drawn for a goal, and measured with the highest.
#[test]
fn goals_are_asked_for_and_measured() {
    let records = records(&finished(&Experiment::tiny("reward-aug")).log());
    let pairs = records.iter().find(|r| r["event"] == "selected").unwrap()["pairs"].as_array().unwrap();
    assert!(pairs.len() >= 2 && pairs.len().is_multiple_of(2), "{pairs:?}");
    for two in pairs.chunks(2) {
        assert_eq!(two[0]["answers"][0], two[1]["answers"][1], "the answers change places");
        assert_ne!(two[0]["text"], two[1]["text"], "so does what is asked for");
    }
    let purposes: Vec<&str> = records
        .iter()
        .filter(|r| r["event"] == "sampled" && r["iteration"] == 1)
        .filter_map(|r| r["purpose"].as_str())
        .collect();
    assert_eq!(purposes.iter().filter(|purpose| purpose.starts_with("held-out goal ")).count(), 6, "{purposes:?}");
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
