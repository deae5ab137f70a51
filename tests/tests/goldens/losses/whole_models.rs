//! Gradients through a whole model, and references that follow one.

use selfsame_core::{
    device,
    learn::{
        Batch, Sequence,
        loss::{PairInputs, TokenInputs, UnpairedInputs, UnpairedObjective, kto, tr_dpo::ReferenceSync},
    },
    model::{self, Decoder},
};
use selfsame_tests::{assert_gradients, floats, golden, goldens, gradients, ids, named, read, tiny};
use serde_json::Value;

use super::{
    TOLERANCE, assert_parts,
    numbers::{assert_near, assert_one_near, constant},
    objective,
};

/// The models of the golden, and its pairs.
struct Whole {
    policy: Decoder,
    reference: Decoder,
    prompts: Vec<Vec<u32>>,
    answers: [Vec<Vec<u32>>; 2],
}

impl Whole {
    fn read(models: &Value) -> Self {
        let load = |key: &str| model::load(&goldens().join(models[key].as_str().unwrap()), &device::cpu()).unwrap();
        let golden = golden("dpo.json");
        let pairs = golden["pairs"].as_array().unwrap();
        let column = |key: &str| pairs.iter().map(|pair| ids(&pair[key])).collect::<Vec<_>>();
        Self {
            policy: load("policy"),
            reference: load("reference"),
            prompts: column("prompt_ids"),
            answers: ["chosen_ids", "rejected_ids"].map(column),
        }
    }

    /// A prompt, and the chosen (0) or rejected (1) answer of a pair.
    fn sequence(&self, prompt: usize, [side, pair]: [usize; 2]) -> Sequence {
        Sequence::completion(&self.prompts[prompt], &self.answers[side][pair])
    }

    /// All pairs, the rejected answers in another order.
    fn inputs(&self, policy: &Decoder, rejected_order: &[u32]) -> PairInputs {
        let rejected: Vec<usize> = rejected_order.iter().map(|pair| *pair as usize).collect();
        let sides = [(0, (0..rejected.len()).collect()), (1, rejected)].map(|(side, pairs): (usize, Vec<usize>)| {
            pairs.into_iter().map(|pair| self.sequence(pair, [side, pair])).collect::<Vec<_>>()
        });
        let lengths = sides.each_ref().map(|rows| rows.iter().map(|row| row.labels.len()).collect());
        let rows: Vec<&Sequence> = sides.iter().flatten().collect();
        let frozen = read(&Batch::new(&rows, &device::cpu()).token_logprobs(&self.reference));
        let numbers = Batch::new(&rows, &policy.device()).statistics(policy);
        let collisions = Some(numbers.collisions);
        let tokens = TokenInputs { policy: numbers.logprobs, reference: constant(&frozen), collisions };
        PairInputs::from_tokens(tokens, lengths).unwrap()
    }
}

#[test]
fn whole_model_gradients_are_those_of_pytorch() {
    let models = &golden("losses.json")["model"];
    let whole = Whole::read(models);
    let policy = whole.policy.tracked();
    for case in models["cases"].as_array().unwrap() {
        let what = case["objective"].to_string();
        let inputs = whole.inputs(&policy, &ids(&case["rejected_order"]));
        let objective = objective(case);
        let loss = objective.loss(&inputs).unwrap().mean();
        assert_near(&read(&loss), &floats(&case["loss"]), TOLERANCE, &what);
        for (name, value) in objective.rewards(&inputs).unwrap().metrics() {
            let expected = floats(&case["rewards"][name.trim_start_matches("rewards/")]);
            assert_near(&read(&value), &expected, TOLERANCE, &format!("{name} of {what}"));
        }
        assert_parts(&objective, &inputs, &case["parts"], &what);
        let gap = assert_gradients(&gradients(&policy, &loss), &case["grads"], 1e-4, &what);
        println!("{what}: gradients off by {gap:.1e} of their largest values");
    }
}

/// The order of the quantiles is another one under the policy than under the reference, so that the case of AOT says
/// something about sorting.
#[test]
fn the_whole_model_case_of_aot_depends_on_the_order() {
    let models = &golden("losses.json")["model"];
    let whole = Whole::read(models);
    let case = models["cases"].as_array().unwrap().iter().find(|case| case["objective"]["loss_type"] == "aot").unwrap();
    let inputs = whole.inputs(&whole.policy.tracked(), &ids(&case["rejected_order"]));
    let mut pair_by_pair = objective(case);
    pair_by_pair.loss_type = "cdpo".parse().unwrap();
    let unsorted = read(&pair_by_pair.loss(&inputs).unwrap().mean())[0];
    assert!((unsorted - floats(&case["loss"])[0]).abs() > 5e-3, "{unsorted}");
}

#[test]
fn whole_model_gradients_of_single_answers_are_those_of_pytorch() {
    let models = &golden("losses.json")["model"];
    let whole = Whole::read(models);
    let policy = whole.policy.tracked();
    // A good answer to the second prompt and a bad one to the first, and each prompt with the other's.
    let rows = [whole.sequence(1, [0, 1]), whole.sequence(0, [1, 0])];
    let mismatched = [whole.sequence(1, [1, 0]), whole.sequence(0, [0, 1])];
    let frozen = |rows: &[Sequence], model: &Decoder| {
        let rows: Vec<&Sequence> = rows.iter().collect();
        constant(&read(&Batch::new(&rows, &device::cpu()).sequence_logprobs(model)))
    };
    let tracked: Vec<&Sequence> = rows.iter().collect();
    for case in models["unpaired"].as_array().unwrap() {
        let what = case["objective"].to_string();
        let objective: UnpairedObjective = serde_json::from_value(case["objective"].clone()).unwrap();
        let mismatched = [&whole.policy, &whole.reference].map(|model| frozen(&mismatched, model));
        let kl = kto::kl(mismatched[0].clone(), mismatched[1].clone());
        assert_near(&read(&kl), &floats(&case["kl"]), TOLERANCE, &format!("divergence of {what}"));
        let inputs = UnpairedInputs {
            policy: Batch::new(&tracked, &policy.device()).sequence_logprobs(&policy),
            reference: frozen(&rows, &whole.reference),
            desirable: vec![true, false],
            mismatched: Some(mismatched),
            shift: None,
            density_ratio: None,
        };
        let loss = objective.loss(&inputs).unwrap().mean();
        assert_near(&read(&loss), &floats(&case["loss"]), TOLERANCE, &what);
        let gap = assert_gradients(&gradients(&policy, &loss), &case["grads"], 1e-4, &what);
        println!("{what}: gradients off by {gap:.1e} of their largest values");
    }
}

/// TRL's ORPO imitates prompts, ours does not: what lies between the two is the prompts' likelihood and nothing else.
#[test]
fn orpo_leaves_out_the_prompts_that_trl_imitates() {
    let models = &golden("losses.json")["model"];
    let whole = Whole::read(models);
    let case =
        models["cases"].as_array().unwrap().iter().find(|case| case["objective"]["loss_type"] == "orpo").unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    // The log-probabilities of all tokens of the chosen answers with their prompts, but for the first of a text.
    let (mut of_prompts, mut of_answers) = (Vec::new(), Vec::new());
    for pair in 0..whole.prompts.len() {
        let answer = whole.sequence(pair, [0, pair]);
        let labels = (1..answer.tokens.len()).map(|at| (at - 1, answer.tokens[at])).collect();
        let text = Sequence { tokens: answer.tokens, labels };
        let mut all = read(&Batch::new(&[&text], &device::cpu()).token_logprobs(&whole.policy));
        of_answers.extend(all.split_off(whole.prompts[pair].len() - 1).into_iter().map(f64::from));
        of_prompts.extend(all.into_iter().map(f64::from));
    }
    let sum = |values: &[f64]| -> f64 { values.iter().sum() };
    let tokens = (of_prompts.len() + of_answers.len()) as f64;
    let ours = -sum(&of_answers) / of_answers.len() as f64;
    let theirs = -(sum(&of_prompts) + sum(&of_answers)) / tokens;
    assert_one_near(ours, number(&case["parts"]["nll_loss"]), TOLERANCE, "cross-entropy of answers");
    assert_one_near(theirs, number(&case["with_prompts"]["nll_loss"]), TOLERANCE, "cross-entropy of TRL");
    let gap = number(&case["with_prompts"]["loss"]) - number(&case["loss"]);
    assert_one_near(gap, theirs - ours, TOLERANCE, "what the losses differ by");
    assert!(gap.abs() > 0.01, "the two do not differ here, and the test says nothing");
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
