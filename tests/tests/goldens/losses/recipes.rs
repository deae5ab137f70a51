//! The recipes that learn from pairs, as they are run.

use selfsame_core::learn::loss::PairLoss;
use selfsame_tests::runs::{Disk, Experiment, records};
use serde_json::Value;

/// The metrics of every optimiser step of a small run.
fn steps(experiment: &Experiment) -> Vec<Value> {
    let disk = Disk::default();
    experiment.run_quietly(disk.clone()).unwrap();
    let steps: Vec<Value> = records(&disk.log()).into_iter().filter(|record| record["event"] == "step").collect();
    assert!(!steps.is_empty());
    steps
}

/// One metric of a step.
fn metric(step: &Value, name: &str) -> f64 {
    step["metrics"][name].as_f64().unwrap_or_else(|| panic!("no {name} in {step}"))
}

#[test]
fn dpo_learns_with_every_loss_and_logs_rewards() {
    let mixes = PairLoss::ALL.iter().map(ToString::to_string).chain(["sigmoid:0.8+bco_pair:0.2+sft".to_owned()]);
    for objective in mixes {
        let mut experiment = Experiment::tiny("dpo");
        experiment.set(&["objective"], objective.as_str());
        if objective.parse::<PairLoss>().is_ok_and(PairLoss::is_smoothed) {
            experiment.set(&["label_smoothing"], 0.1);
        }
        let free = ["simpo", "cpo", "orpo"].contains(&objective.as_str());
        let steps = steps(&experiment);
        for (index, step) in steps.iter().enumerate() {
            let of = |name: &str| metric(step, &format!("rewards/{name}"));
            let gap = of("margins") - (of("chosen") - of("rejected"));
            assert!(gap.abs() < 1e-5, "{objective}: {step}");
            assert!((0.0..=1.0).contains(&of("accuracies")), "{objective}: {step}");
            assert!(step["loss"].as_f64().is_some_and(f64::is_finite), "{objective}: {step}");
            assert!(step["grad_norm"].as_f64().is_some_and(|norm| norm > 0.0), "{objective}: {step}");
            let part = |name: &str| step["metrics"][name].as_f64();
            let [cross_entropy, log_odds] = [["cpo", "orpo"].contains(&objective.as_str()), objective == "orpo"];
            assert_eq!(part("nll_loss").is_some_and(|nll| nll > 0.0), cross_entropy, "{objective}: {step}");
            assert_eq!(part("log_odds_ratio").is_some_and(|ratio| ratio < 0.0), log_odds, "{objective}: {step}");
            assert_eq!(part("log_odds_chosen").is_some(), log_odds, "{objective}: {step}");
            // Before the first step the policy is the reference.
            if index == 0 && !free {
                assert!(of("chosen").abs() + of("rejected").abs() < 1e-5, "{objective}: {step}");
            }
            if index + 1 == steps.len() {
                assert!(of("chosen").abs() > 1e-6 && of("rejected").abs() > 1e-6, "{objective}: {step}");
            }
        }
    }
}

#[test]
fn scir_logs_the_rewards_of_the_pairs_it_keeps() {
    let mut kept_some = 0;
    for step in steps(&Experiment::tiny("scir")) {
        let of = |name: &str| metric(&step, &format!("rewards/{name}"));
        assert!((of("margins") - (of("chosen") - of("rejected"))).abs() < 1e-5, "{step}");
        let kept = metric(&step, "kept");
        let pairs = step["items"].as_array().unwrap().len();
        // The same from the numbers of single pairs, which are signed towards the first answer.
        let margins: Vec<f64> =
            step["of_items"]["margin"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
        assert_eq!(margins.len(), pairs);
        if kept > 0.0 {
            kept_some += 1;
            let largest = margins.iter().map(|margin| margin.abs()).fold(0.0, f64::max);
            assert!(of("margins").abs() <= largest + 1e-5, "{step}");
        } else {
            assert_eq!([of("chosen"), of("rejected"), of("accuracies"), of("margins")], [0.0; 4], "{step}");
        }
    }
    assert!(kept_some > 0, "no step kept a pair, and the test saw nothing");
}
