//! Gradients through a whole model, and references that follow one.

use selfsame_core::{
    device,
    learn::{
        Batch, Sequence,
        loss::{PairInputs, TokenInputs, tr_dpo::ReferenceSync},
    },
    model,
};
use selfsame_tests::{assert_gradients, floats, golden, goldens, gradients, ids, named, read, tiny};

use super::{
    TOLERANCE,
    numbers::{assert_near, constant},
    objective,
};

#[test]
fn whole_model_gradients_are_those_of_pytorch() {
    let golden_losses = golden("losses.json");
    let (models, pairs) = (&golden_losses["model"], golden("dpo.json"));
    let load = |key: &str| model::load(&goldens().join(models[key].as_str().unwrap()), &device::cpu()).unwrap();
    let (policy, reference) = (load("policy").tracked(), load("reference"));
    let pairs = pairs["pairs"].as_array().unwrap();
    let sides = ["chosen_ids", "rejected_ids"].map(|side| {
        pairs.iter().map(|p| Sequence::completion(&ids(&p["prompt_ids"]), &ids(&p[side]))).collect::<Vec<_>>()
    });
    let lengths: [Vec<usize>; 2] = sides.each_ref().map(|rows| rows.iter().map(|row| row.labels.len()).collect());
    let rows: Vec<&Sequence> = sides.iter().flatten().collect();
    let frozen = read(&Batch::new(&rows, &device::cpu()).token_logprobs(&reference));
    for case in models["cases"].as_array().unwrap() {
        let what = case["objective"].to_string();
        let numbers = Batch::new(&rows, &policy.device()).statistics(&policy);
        let reference = constant(&frozen);
        let tokens = TokenInputs { policy: numbers.logprobs, reference, collisions: Some(numbers.collisions) };
        let inputs = PairInputs::from_tokens(tokens, lengths.clone()).unwrap();
        let objective = objective(case);
        let loss = objective.loss(&inputs).unwrap().mean();
        assert_near(&read(&loss), &floats(&case["loss"]), TOLERANCE, &what);
        for (name, value) in objective.rewards(&inputs).unwrap().metrics() {
            let expected = floats(&case["rewards"][name.trim_start_matches("rewards/")]);
            assert_near(&read(&value), &expected, TOLERANCE, &format!("{name} of {what}"));
        }
        let gap = assert_gradients(&gradients(&policy, &loss), &case["grads"], 1e-4, &what);
        println!("{what}: gradients off by {gap:.1e} of their largest values");
    }
}

#[test]
fn a_reference_follows_as_in_trl() {
    let golden = &golden("losses.json")["sync"];
    let flat = |key: &str| [0_usize, 1].iter().flat_map(|row| floats(&golden[key][*row])).collect::<Vec<f32>>();
    let rule = |alpha: f64, policy: &[f32], reference: &[f32]| -> Vec<f32> {
        let mix = |(p, r): (&f32, &f32)| (alpha * f64::from(*p) + (1.0 - alpha) * f64::from(*r)) as f32;
        policy.iter().zip(reference).map(mix).collect()
    };
    let (policy, reference) = (tiny(1), tiny(2));
    for case in golden["mixed"].as_array().unwrap() {
        let alpha = case["alpha"].as_f64().unwrap();
        // The rule is TRL's, and every weight of a model follows it.
        assert_near(&rule(alpha, &flat("policy"), &flat("reference")), &floats(&case["reference"]), 1e-6, "the rule");
        let sync = ReferenceSync { ref_model_mixup_alpha: alpha, ..ReferenceSync::default() };
        sync.check().unwrap();
        for policy in [policy.clone(), policy.tracked()] {
            let mixed = sync.mix(&reference, &policy);
            let all = named(&mixed).into_iter().zip(named(&policy)).zip(named(&reference));
            for (((name, mixed), (_, policy)), (_, reference)) in all {
                assert_near(&mixed, &rule(alpha, &policy, &reference), 1e-6, &name);
            }
        }
    }
    let sync = |alpha, steps| ReferenceSync { ref_model_mixup_alpha: alpha, ref_model_sync_steps: steps };
    let due: Vec<usize> = (0..7).filter(|step| sync(0.5, 3).due(*step)).collect();
    assert_eq!(due, [3, 6]);
    for (wrong, key) in [
        (sync(0.0, 1), "ref-model-mixup-alpha"),
        (sync(f64::NAN, 1), "ref-model-mixup-alpha"),
        (sync(1.5, 1), "ref-model-mixup-alpha"),
        (sync(1.0, 0), "ref-model-sync-steps"),
    ] {
        assert!(wrong.check().unwrap_err().to_string().contains(key));
    }
}
