//! What our check refuses beside what TRL's trainer refuses ([`goldens/refusals.py`] asks it): every loss of TRL with
//! every f-divergence, with and without WPO, with and without smoothed labels.
//!
//! [`goldens/refusals.py`]: ../../../goldens/refusals.py

use std::collections::BTreeMap;

use selfsame_core::learn::loss::{PairLoss, PairObjective};
use selfsame_tests::golden;
use serde_json::{Value, json};

/// Whether TRL and we agree, and why where we do not.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    BothRefuse,
    BothCompute,
    /// TRL takes `label_smoothing` for a loss that has none, and computes the same number: whoever sets it expects
    /// something else.
    WeRefuseWhatTrlIgnores,
    /// TRL multiplies in place what `relu` gave, which PyTorch's way back then misses. Nothing is wrong with weights
    /// on a hinge.
    WeComputeWhatFailsInTrl,
}

fn objective(case: &Value) -> PairObjective {
    let [loss_type, f_divergence_type, use_weighting, label_smoothing] = [0_usize, 1, 2, 3].map(|at| &case[at]);
    serde_json::from_value(json!({
        "loss_type": loss_type,
        "f_divergence_type": f_divergence_type,
        "use_weighting": use_weighting,
        "label_smoothing": label_smoothing,
    }))
    .unwrap()
}

#[test]
fn what_trl_refuses_is_refused_and_differences_have_reasons() {
    let golden = golden("refusals.json");
    let cases = golden["cases"].as_array().unwrap();
    let mut found: BTreeMap<Finding, usize> = BTreeMap::new();
    for case in cases {
        let objective = objective(case);
        let (ours, theirs) = (objective.check(), case[4].as_str());
        let finding = match (&ours, theirs) {
            (Err(_), Some(_)) => Finding::BothRefuse,
            (Ok(()), None) => Finding::BothCompute,
            (Err(error), None) => {
                let without =
                    cases.iter().find(|other| (0_usize..3).all(|at| other[at] == case[at]) && other[3] == 0.0).unwrap();
                assert_eq!(case[5], without[5], "{case}: TRL does not ignore what we refuse: {error}");
                assert!(error.to_string().contains("label_smoothing"), "{case}: {error}");
                Finding::WeRefuseWhatTrlIgnores
            }
            (Ok(()), Some(refusal)) => {
                assert_eq!(refusal, "RuntimeError while step", "{case}");
                assert!(objective.loss_type.has(PairLoss::Hinge) && objective.use_weighting, "{case}");
                Finding::WeComputeWhatFailsInTrl
            }
        };
        *found.entry(finding).or_default() += 1;
    }
    let expected = [
        (Finding::BothRefuse, 108),
        (Finding::BothCompute, 78),
        (Finding::WeRefuseWhatTrlIgnores, 50),
        (Finding::WeComputeWhatFailsInTrl, 4),
    ];
    assert_eq!(found, BTreeMap::from(expected));
}
