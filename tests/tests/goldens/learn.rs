//! Direct preference optimisation and soft labels against PyTorch, the losses against closed forms
//! and finite differences in f64.

use burn::tensor::Tensor;
use selfsame_core::{
    device,
    learn::{
        Batch, Sequence,
        loss::{bernoulli_divergence, bernoulli_entropy, margin, soft_logistic},
    },
    model::{self, Decoder},
};
use selfsame_tests::{assert_close, assert_gradients, floats, golden, goldens, gradients, ids, read, variable, vector};
use serde_json::Value;

/// Logits that a margin or a judge can have, extremes included.
const LOGITS: [f64; 13] = [-80.0, -20.0, -6.0, -2.5, -1.0, -0.1, 0.0, 0.1, 0.7, 2.0, 5.0, 20.0, 80.0];

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// `log σ(z)` without overflow.
fn log_sigmoid(z: f64) -> f64 {
    z.min(0.0) - (-z.abs()).exp().ln_1p()
}

/// `Σ p ln (p/q)` of two Bernoullis, each given by the probabilities of both sides.
fn kl(p: [f64; 2], q: [f64; 2]) -> f64 {
    p[0] * (p[0] / q[0]).ln() + p[1] * (p[1] / q[1]).ln()
}

/// The entropy of a Bernoulli by its two probabilities.
fn entropy(p: [f64; 2]) -> f64 {
    -p.iter().map(|p| if *p == 0.0 { 0.0 } else { p * p.ln() }).sum::<f64>()
}

fn reference_soft_logistic(delta: f64, q: f64) -> f64 {
    -q * log_sigmoid(delta) - (1.0 - q) * log_sigmoid(-delta)
}

fn reference_divergence(a: f64, b: f64) -> f64 {
    let (p, q) = ([sigmoid(a), sigmoid(-a)], [sigmoid(b), sigmoid(-b)]);
    0.5 * (kl(p, q) + kl(q, p))
}

fn reference_entropy(z: f64) -> f64 {
    entropy([sigmoid(z), sigmoid(-z)])
}

/// The derivative of `f` at `x` by central differences.
fn slope(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    let h = 1e-5;
    (f(x + h) - f(x - h)) / (2.0 * h)
}

/// The value of a loss at `x`, and its gradient by every element of `x`.
fn value_and_gradient(x: &[f64], loss: impl Fn(Tensor<1>) -> Tensor<1>) -> (Vec<f64>, Vec<f64>) {
    #[allow(clippy::cast_possible_truncation)]
    let variable = variable(&x.iter().map(|x| *x as f32).collect::<Vec<_>>());
    let losses = loss(variable.clone());
    let gradient = variable.grad(&losses.clone().sum().backward()).expect("the loss depends on it");
    let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
    (wide(read(&losses)), wide(read(&gradient)))
}

fn assert_near(ours: f64, expected: f64, tolerance: f64, what: &str) {
    let gap = (ours - expected).abs() / expected.abs().max(1.0);
    assert!(gap <= tolerance, "{what}: {ours} instead of {expected}");
}

struct Pairs {
    policy: Decoder,
    reference: Decoder,
    golden: Value,
    /// The chosen completions, then the rejected ones.
    sequences: Vec<Sequence>,
}

fn pairs() -> Pairs {
    let golden = golden("dpo.json");
    let load = |key: &str| model::load(&goldens().join(golden[key].as_str().unwrap()), &device::cpu()).unwrap();
    let (policy, reference) = (load("policy"), load("reference"));
    let list = golden["pairs"].as_array().unwrap();
    let sequences = ["chosen_ids", "rejected_ids"]
        .iter()
        .flat_map(|side| {
            list.iter().map(move |pair| Sequence::completion(&ids(&pair["prompt_ids"]), &ids(&pair[*side])))
        })
        .collect();
    Pairs { policy, reference, sequences, golden }
}

impl Pairs {
    /// One number of every pair.
    fn column(&self, key: &str) -> Vec<f32> {
        self.golden["pairs"].as_array().unwrap().iter().flat_map(|pair| floats(&pair[key])).collect()
    }

    fn logprobs(&self, model: &Decoder) -> [Tensor<1>; 2] {
        let all = Batch::new(&self.sequences.iter().collect::<Vec<_>>(), &model.device()).sequence_logprobs(model);
        let count = self.sequences.len() / 2;
        [all.clone().narrow(0, 0, count), all.narrow(0, count, count)]
    }

    fn delta(&self, policy: [Tensor<1>; 2]) -> Tensor<1> {
        // Frozen: no gradient flows into the reference.
        let reference = self.logprobs(&self.reference).map(Tensor::from_inner);
        margin(policy, reference, self.golden["beta"].as_f64().unwrap())
    }
}

#[test]
fn dpo_with_soft_labels_and_weights() {
    let pairs = pairs();
    for (model, prefix) in [(&pairs.policy, "policy"), (&pairs.reference, "ref")] {
        let [chosen, rejected] = pairs.logprobs(model);
        assert_close(&read(&chosen), &pairs.column(&format!("{prefix}_chosen_logp")), 2e-5, prefix);
        assert_close(&read(&rejected), &pairs.column(&format!("{prefix}_rejected_logp")), 2e-5, prefix);
    }
    let tracked = pairs.policy.tracked();
    let device = tracked.device();
    let constant = |key: &str| Tensor::<1>::from_floats(pairs.column(key).as_slice(), &device);
    let delta = pairs.delta(pairs.logprobs(&tracked));
    assert_close(&read(&delta), &pairs.column("delta"), 5e-6, "delta");
    let losses = soft_logistic(delta, constant("q"));
    assert_close(&read(&losses), &pairs.column("loss"), 5e-6, "soft loss");
    let loss = (losses * constant("weight")).mean();
    assert_close(&read(&loss), &floats(&pairs.golden["loss"]), 5e-6, "weighted loss");
    let gap = assert_gradients(&gradients(&tracked, &loss), &pairs.golden["grads"], 1e-4, "soft");
    println!("soft labels: gradients off by {gap:.1e} of their largest values");
}

#[test]
fn dpo_with_hard_labels() {
    let pairs = pairs();
    let tracked = pairs.policy.tracked();
    let delta = pairs.delta(pairs.logprobs(&tracked));
    let losses = soft_logistic(delta.clone(), delta.ones_like().detach());
    assert_close(&read(&losses), &pairs.column("hard_loss"), 5e-6, "hard loss");
    let loss = losses.mean();
    assert_close(&read(&loss), &floats(&pairs.golden["hard_loss"]), 5e-6, "mean hard loss");
    let gap = assert_gradients(&gradients(&tracked, &loss), &pairs.golden["hard_grads"], 1e-4, "hard");
    println!("hard labels: gradients off by {gap:.1e} of their largest values");
}

#[test]
fn at_the_reference_the_loss_is_ln_2_and_pulls_with_one_half() {
    let pairs = pairs();
    let tracked = pairs.reference.tracked();
    let delta = pairs.delta(pairs.logprobs(&tracked));
    // Equal up to the last bit of a sum of thirty: recording gradients can change the order of work.
    assert_close(&read(&delta), &[0.0; 2], 1e-6, "policy and reference are the same");
    let losses = soft_logistic(delta.clone(), delta.ones_like().detach());
    for loss in read(&losses) {
        assert_near(f64::from(loss), std::f64::consts::LN_2, 1e-6, "loss");
    }
    let (_, gradient) = value_and_gradient(&[0.0], |delta| soft_logistic(delta, Tensor::from_inner(vector(&[1.0]))));
    assert_near(gradient[0], -0.5, 1e-7, "gradient by the margin");
    // By the log-probabilities it is ∓β/2.
    let (first, second, beta) = (variable(&[-7.0]), variable(&[-9.0]), 0.3);
    let frozen = |value| Tensor::from_inner(vector(&[value]));
    let delta = margin([first.clone(), second.clone()], [frozen(-7.0), frozen(-9.0)], beta);
    let gradients = soft_logistic(delta, frozen(1.0)).backward();
    assert_close(&read(&first.grad(&gradients).unwrap()), &[-0.15], 1e-7, "chosen");
    assert_close(&read(&second.grad(&gradients).unwrap()), &[0.15], 1e-7, "rejected");
}

#[test]
fn a_soft_label_has_its_minimum_where_the_margin_says_the_same() {
    for q in [0.02_f64, 0.1, 0.3, 0.5, 0.62, 0.8, 0.9, 0.99] {
        let best = (q / (1.0 - q)).ln();
        #[allow(clippy::cast_possible_truncation)]
        let loss = |delta: Tensor<1>| {
            let label = vec![q as f32; delta.dims()[0]];
            soft_logistic(delta, Tensor::from_inner(vector(&label)))
        };
        let (values, gradients) = value_and_gradient(&[best, best - 0.5, best + 0.5], loss);
        assert_near(values[0], entropy([q, 1.0 - q]), 1e-6, &format!("minimum at q = {q}"));
        assert!(gradients[0].abs() < 1e-6, "q = {q}: gradient {} at the minimum", gradients[0]);
        assert!(values[1] > values[0] && values[2] > values[0], "q = {q}: {values:?}");
        assert!(gradients[1] < 0.0 && gradients[2] > 0.0, "q = {q}: {gradients:?}");
    }
}

#[test]
fn soft_labels_follow_their_definition() {
    for q in [0.0, 0.25, 0.5, 0.9, 1.0] {
        #[allow(clippy::cast_possible_truncation)]
        let label = vec![q as f32; LOGITS.len()];
        let (values, gradients) =
            value_and_gradient(&LOGITS, |delta| soft_logistic(delta, Tensor::from_inner(vector(&label))));
        // The label the tensor holds is q rounded to f32.
        let q = f64::from(label[0]);
        for ((delta, value), gradient) in LOGITS.into_iter().zip(values).zip(gradients) {
            let what = format!("soft logistic at {delta} with label {q}");
            assert_near(value, reference_soft_logistic(delta, q), 1e-6, &what);
            assert_near(
                gradient,
                slope(|d| reference_soft_logistic(d, q), delta),
                1e-6,
                &format!("gradient of {what}"),
            );
            assert_near(gradient, sigmoid(delta) - q, 1e-6, &format!("closed form of {what}"));
        }
    }
}

#[test]
fn the_divergence_is_the_mean_of_both_directions() {
    for a in LOGITS {
        for b in LOGITS {
            #[allow(clippy::cast_possible_truncation)]
            let (wide_a, wide_b) = (f64::from(a as f32), f64::from(b as f32));
            // The identity, where the sums can be computed at all.
            if a.abs().max(b.abs()) <= 20.0 {
                let (p, q) = (sigmoid(a), sigmoid(b));
                assert_near(0.5 * (p - q) * (a - b), reference_divergence(a, b), 1e-9, "the identity in f64");
            }
            let what = format!("divergence of {a} and {b}");
            let expected = 0.5 * (sigmoid(wide_a) - sigmoid(wide_b)) * (wide_a - wide_b);
            #[allow(clippy::cast_possible_truncation)]
            let other = Tensor::from_inner(vector(&[b as f32]));
            let (values, gradient) = value_and_gradient(&[a], |first| bernoulli_divergence(first, other.clone()));
            assert_near(values[0], expected, 1e-6, &what);
            assert!(values[0] >= 0.0, "{what} is negative");
            let identity = |a: f64| 0.5 * (sigmoid(a) - sigmoid(wide_b)) * (a - wide_b);
            // σ(1 − σ) of a large logit has only a few digits in f32, and is multiplied by the distance.
            assert_near(gradient[0], slope(identity, wide_a), 1e-5, &format!("gradient of {what}"));
            let (_, gradient) = value_and_gradient(&[a], |second| bernoulli_divergence(other.clone(), second));
            assert_near(gradient[0], slope(identity, wide_a), 1e-5, &format!("gradient of {what}, the other way"));
        }
    }
}

#[test]
fn the_entropy_is_largest_at_zero_and_pushes_away_from_it() {
    let (values, gradients) = value_and_gradient(&LOGITS, bernoulli_entropy);
    for ((z, value), gradient) in LOGITS.into_iter().zip(&values).zip(&gradients) {
        assert_near(*value, reference_entropy(z), 1e-6, &format!("entropy at {z}"));
        assert_near(*gradient, slope(reference_entropy, z), 1e-6, &format!("gradient of the entropy at {z}"));
        assert!(*value <= std::f64::consts::LN_2 + 1e-7, "entropy at {z} is {value}");
        assert!(gradient * z <= 1e-9, "descending on it moves {z} towards ½");
    }
    let (at_zero, gradient) = value_and_gradient(&[0.0], bernoulli_entropy);
    assert_near(at_zero[0], std::f64::consts::LN_2, 1e-7, "entropy at ½");
    assert!(gradient[0].abs() < 1e-7);
}
