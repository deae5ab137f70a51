//! Every objective against TRL's own numbers where TRL has it ([`goldens/losses.py`] makes them), against
//! formulas written a second time in double precision with central differences, and against what can be
//! said on paper.
//!
//! [`goldens/losses.py`]: ../goldens/losses.py

// Between single and double precision, and counts of tokens.
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]

mod closed_forms;
mod definitions;
mod numbers;
mod pair_formulas;
mod recipes;
mod refusals;
mod whole_models;

use selfsame_core::learn::loss::{PairInputs, PairObjective, UnpairedInputs, UnpairedObjective};
use selfsame_tests::{floats, golden, read, variable};
use serde_json::Value;

use self::numbers::{Numbers, assert_near, constant};

/// Relative, and absolute below 1.
const TOLERANCE: f64 = 1e-5;

fn objective(case: &Value) -> PairObjective {
    serde_json::from_value(case["objective"].clone()).unwrap()
}

/// Fails unless the parts that are logged of a loss are those of TRL, and no others.
fn assert_parts(objective: &PairObjective, inputs: &PairInputs, expected: &Value, what: &str) {
    let parts = objective.parts(inputs).unwrap();
    assert_eq!(parts.len(), expected.as_object().map_or(0, serde_json::Map::len), "{what}: {parts:?}");
    for (name, value) in parts {
        assert_near(&read(&value), &floats(&expected[name]), TOLERANCE, &format!("{name} of {what}"));
    }
}

#[test]
fn pairs_are_what_trl_makes_of_them() {
    let golden = golden("losses.json");
    let cases = golden["pairs"].as_array().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for case in cases {
        let name = case["numbers"].as_str().unwrap();
        let what = format!("{} on {name} numbers", case["objective"]);
        let objective = objective(case);
        seen.extend(objective.loss_type.terms().iter().map(|(loss, _)| *loss));
        let numbers = Numbers::read(&golden["numbers"][name]);
        let (tokens, inputs) = numbers.inputs();
        let loss = objective.loss(&inputs).unwrap().mean();
        assert_near(&read(&loss), &floats(&case["loss"]), TOLERANCE, &what);
        let gradient = read(&tokens.grad(&loss.backward()).unwrap());
        assert_near(&gradient, &floats(&case["grad"]), TOLERANCE, &format!("gradient of {what}"));
        for (name, value) in objective.rewards(&inputs).unwrap().metrics() {
            let expected = floats(&case["rewards"][name.trim_start_matches("rewards/")]);
            assert_near(&read(&value), &expected, TOLERANCE, &format!("{name} of {what}"));
        }
        assert_parts(&objective, &inputs, &case["parts"], &what);
    }
    let all: std::collections::BTreeSet<_> = selfsame_core::learn::loss::PairLoss::ALL.into_iter().collect();
    assert_eq!(seen, all, "TRL 1.16 has every loss, conservative DPO as what its CPOTrainer smooths");
    println!("{} objectives on pairs agree with TRL", cases.len());
}

#[test]
fn single_answers_are_what_trl_makes_of_them() {
    let golden = golden("losses.json");
    for case in golden["unpaired"].as_array().unwrap() {
        let objective: UnpairedObjective = serde_json::from_value(case["objective"].clone()).unwrap();
        let numbers = &case["numbers"];
        let policy = variable(&floats(&numbers["policy"]));
        let inputs = UnpairedInputs {
            policy: policy.clone(),
            reference: constant(&floats(&numbers["reference"])),
            desirable: numbers["desirable"].as_array().unwrap().iter().map(|flag| flag.as_bool().unwrap()).collect(),
            mismatched: Some(["mismatched_policy", "mismatched_reference"].map(|key| constant(&floats(&numbers[key])))),
            shift: None,
            density_ratio: None,
        };
        let loss = objective.loss(&inputs).unwrap().mean();
        let what = case["objective"].to_string();
        assert_near(&read(&loss), &floats(&case["loss"]), TOLERANCE, &what);
        let gradient = read(&policy.grad(&loss.backward()).unwrap());
        assert_near(&gradient, &floats(&case["grad"]), TOLERANCE, &format!("gradient of {what}"));
    }
}
