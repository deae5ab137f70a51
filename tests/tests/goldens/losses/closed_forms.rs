//! What can be said about the objectives on paper.

use std::f64::consts::LN_2;

use burn::tensor::Tensor;
use selfsame_core::learn::loss::{
    FDivergence, Mix, PairInputs, PairLoss, PairObjective, TokenInputs, UnpairedInputs, UnpairedLoss,
    UnpairedObjective, bco, cream, dno, exo_pair, kto, margin, mm_rlhf, nash_md, selm, sharpening, sigmoid,
    soft_logistic, spin, sppo, t_reg, wpo,
};
use selfsame_tests::{floats, read, variable};

use super::numbers::{assert_near, assert_one_near, constant};

const SUMS: [f32; 2] = [-7.5, -9.25];

/// Two pairs whose policy is the reference.
fn at_the_reference() -> PairInputs {
    let sums = || [constant(&SUMS), constant(&[-3.0, -11.0])];
    PairInputs::new(sums(), sums(), [vec![4, 2], vec![3, 7]])
}

/// The values of a loss of one variable, and its gradient.
fn value_and_gradient(at: &[f32], loss: impl Fn(Tensor<1>) -> Tensor<1>) -> (Vec<f32>, Vec<f32>) {
    let variable = variable(at);
    let losses = loss(variable.clone());
    let gradient = variable.grad(&losses.clone().sum().backward()).expect("the loss depends on it");
    (read(&losses), read(&gradient))
}

#[test]
fn pairs_at_the_reference() {
    let inputs = at_the_reference();
    let (beta, e) = (0.1, 0.2_f64);
    for loss in PairLoss::ALL {
        let label_smoothing = if loss.is_smoothed() { e } else { 0.0 };
        let objective = PairObjective { label_smoothing, ..PairObjective::new(loss) };
        let expected = match loss {
            PairLoss::Sigmoid
            | PairLoss::Robust
            | PairLoss::Aot
            | PairLoss::AotUnpaired
            | PairLoss::SigmoidNorm
            | PairLoss::Cdpo => LN_2,
            PairLoss::NcaPair | PairLoss::BcoPair => 2.0 * LN_2,
            PairLoss::Hinge | PairLoss::ApoZero | PairLoss::ApoDown => 1.0,
            PairLoss::Ipo => (0.5 / beta) * (0.5 / beta),
            PairLoss::SppoHard => 2.0 * (0.5 / beta) * (0.5 / beta),
            PairLoss::ExoPair => -LN_2 - 0.5 * (e * (1.0 - e)).ln(),
            PairLoss::Discopop => 0.5 * LN_2 + 0.5,
            // They have no reference to be at.
            PairLoss::Sft | PairLoss::Simpo | PairLoss::Cpo | PairLoss::Orpo => continue,
        };
        for value in read(&objective.loss(&inputs).unwrap()) {
            assert_one_near(f64::from(value), expected, 1e-6, loss.name());
        }
        for (name, value) in objective.rewards(&inputs).unwrap().metrics() {
            // A tie is not a right answer.
            assert_eq!(read(&value), [0.0], "{name} of {loss}");
        }
    }
    assert_one_near(
        f64::from(read(&spin::spin(inputs.policy.clone(), inputs.reference.clone(), 5.0))[0]),
        LN_2,
        1e-6,
        "SPIN",
    );
    let delta = |x: Tensor<1>| sigmoid::sigmoid(x);
    assert_eq!(value_and_gradient(&[0.0], delta).1, [-0.5], "the slope of DPO at no margin");
}

#[test]
fn single_answers_at_the_reference() {
    for (loss_type, expected) in
        [(UnpairedLoss::Kto, 0.5), (UnpairedLoss::ApoZeroUnpaired, 0.5), (UnpairedLoss::Bco, LN_2)]
    {
        let inputs = UnpairedInputs {
            policy: constant(&SUMS),
            reference: constant(&SUMS),
            desirable: vec![true, false],
            mismatched: Some([constant(&[-4.0]), constant(&[-4.0])]),
            shift: None,
            density_ratio: None,
        };
        let losses = UnpairedObjective { loss_type, ..UnpairedObjective::default() }.loss(&inputs).unwrap();
        assert_near(&read(&losses), &[expected as f32; 2], 1e-6, loss_type.name());
        assert_eq!(loss_type.name().parse::<UnpairedLoss>().unwrap(), loss_type);
    }
    // A divergence is never negative.
    assert_eq!(read(&kto::kl(constant(&[-4.0, -5.0]), constant(&[-3.0, -4.0]))), [0.0]);
    assert_eq!(read(&kto::kl(constant(&[-4.0, -5.0]), constant(&[-5.0, -7.0]))), [1.5]);
}

#[test]
fn the_shift_of_bco_is_the_mean_of_all_rewards() {
    let shift = |earlier: &[(f64, usize)], now: &[f32]| read(&bco::shift(earlier.iter().copied(), constant(now)));
    assert_eq!(shift(&[], &[0.0; 4]), [0.0], "at the start the rewards are 0");
    assert_eq!(shift(&[], &[1.0, 2.0]), [1.5]);
    assert_eq!(shift(&[(3.0, 3)], &[-3.0]), [1.5], "1, 2 and 6 come before");
    // Four rewards of 2 and two of 5: (8 + 10) / 6.
    assert_eq!(shift(&[(2.0, 4)], &[5.0, 5.0]), [3.0]);
}

#[test]
fn smoothed_losses_have_their_minimum_where_the_label_says() {
    for e in [1e-3_f64, 0.2, 0.4] {
        let best = ((1.0 - e) / e).ln() as f32;
        let at = [best, best - 0.5, best + 0.5];
        let (values, gradients) = value_and_gradient(&at, |delta| exo_pair::exo_pair(delta, e));
        assert!(values[0].abs() < 1e-6 && values[1] > 1e-5 && values[2] > 1e-6, "EXO at ε = {e}: {values:?}");
        assert!(gradients[0].abs() < 1e-5 && gradients[1] < 0.0 && gradients[2] > 0.0, "{gradients:?}");
        // Conservative DPO is the soft label 1 − ε, and its minimum the entropy of the label. So are the contrasts of CPO
        // and SimPO, without a reference; that of SimPO is further by its margin.
        for (loss, further) in [(PairLoss::Cdpo, 0.0), (PairLoss::Cpo, 0.0), (PairLoss::Simpo, 0.5)] {
            let mut objective = PairObjective { label_smoothing: e, beta: 1.0, ..PairObjective::new(loss) };
            match loss {
                PairLoss::Cpo => objective.cpo_alpha = 0.0,
                PairLoss::Simpo => objective.simpo_gamma = f64::from(further),
                _ => {}
            }
            let zeros = || constant(&[0.0; 3]);
            let (values, gradients) = value_and_gradient(&at.map(|delta| delta + further), |delta| {
                let inputs = PairInputs::new([delta, zeros()], [zeros(), zeros()], [vec![1; 3], vec![1; 3]]);
                objective.loss(&inputs).unwrap()
            });
            let entropy = -e * e.ln() - (1.0 - e) * (1.0 - e).ln();
            assert_one_near(f64::from(values[0]), entropy, 1e-6, &format!("smoothed {loss} at its minimum"));
            assert!(gradients[0].abs() < 1e-6 && gradients[1] < 0.0 && gradients[2] > 0.0, "{loss}: {gradients:?}");
        }
    }
}

#[test]
fn the_margin_of_cream_is_the_consistency_of_the_rankings() {
    // C = 0.8 asks for a margin of ln 4, and C = ½ for none.
    for (consistency, best, least) in [(0.8_f32, 1.386_294_f32, 0.500_402), (0.5, 0.0, LN_2)] {
        let loss = |delta: Tensor<1>| cream::cream(delta, constant(&[consistency; 3]));
        let (values, gradients) = value_and_gradient(&[best, best - 0.5, best + 0.5], loss);
        assert_one_near(f64::from(values[0]), least, 1e-6, &format!("minimum of CREAM at C = {consistency}"));
        assert!(gradients[0].abs() < 1e-6 && gradients[1] < 0.0 && gradients[2] > 0.0, "{consistency}: {gradients:?}");
    }
}

#[test]
fn what_has_no_weight_is_no_part() {
    let inputs = at_the_reference();
    let parts = |mix: &str, cpo_alpha: f64| {
        let objective = PairObjective { loss_type: mix.parse().unwrap(), cpo_alpha, ..PairObjective::default() };
        objective.parts(&inputs).unwrap()
    };
    let nll = |mix: &str, cpo_alpha: f64| {
        let parts = parts(mix, cpo_alpha);
        parts.iter().find(|(name, _)| *name == "nll_loss").map(|(_, value)| f64::from(read(value)[0])).unwrap()
    };
    for (mix, cpo_alpha) in [("cpo", 0.5), ("orpo", 1.0), ("orpo", 0.0), ("cpo+orpo", 0.0)] {
        // 16.75 nats in the six tokens of the chosen answers.
        assert_one_near(nll(mix, cpo_alpha), 16.75 / 6.0, 1e-6, mix);
    }
    assert_one_near(nll("cpo", 0.0), 0.0, 0.0, "cross-entropy without a weight");
    for mix in ["sigmoid", "simpo", "simpo+sft:0.5", "sft"] {
        assert!(parts(mix, 1.0).is_empty(), "{mix}");
    }
}

#[test]
fn log_probabilities_are_logged_as_the_objective_reads_them() {
    let inputs = at_the_reference();
    let logps = |mix: &str| {
        let objective = PairObjective { loss_type: mix.parse().unwrap(), ..PairObjective::default() };
        objective.logps(&inputs).unwrap().map(|side| read(&side))
    };
    let sums = [vec![-7.5, -9.25], vec![-3.0, -11.0]];
    // A token of theirs, of four and two, of three and seven.
    let means = [vec![-1.875, -4.625], vec![-1.0, -11.0 / 7.0]];
    for mix in ["sigmoid", "sft", "cpo", "cpo+simpo", "sigmoid+simpo"] {
        assert_eq!(logps(mix), sums, "{mix}");
    }
    for mix in ["simpo", "orpo", "simpo+sft:0.5"] {
        for (ours, expected) in logps(mix).iter().zip(&means) {
            assert_near(ours, expected, 1e-6, mix);
        }
    }
}

#[test]
fn labels_are_expectations_over_turned_pairs() {
    let (policy, reference) = ([[-4.5, -3.25], [-6.0, -2.0]], [[-5.0, -3.0], [-5.5, -4.0]]);
    let inputs = |first: usize| {
        let of = |values: &[[f32; 2]; 2]| [constant(&values[first]), constant(&values[1 - first])];
        let lengths = [vec![3, 1], vec![5, 2]];
        PairInputs::new(of(&policy), of(&reference), [lengths[first].clone(), lengths[1 - first].clone()])
    };
    let q = [0.8_f32, 0.25];
    for loss in PairLoss::ALL {
        let label_smoothing = if loss.is_smoothed() { 0.1 } else { 0.0 };
        let objective = PairObjective { label_smoothing, ..PairObjective::new(loss) };
        let with = PairInputs { label: Some(constant(&q)), ..inputs(0) };
        if loss.sorts() {
            let error = objective.loss(&with).unwrap_err().to_string();
            assert!(error.contains("sorts the batch"), "{error}");
            continue;
        }
        let [kept, turned] = [0, 1].map(|first| read(&objective.loss(&inputs(first)).unwrap()));
        let expected: Vec<f32> = (0..2).map(|i| q[i] * kept[i] + (1.0 - q[i]) * turned[i]).collect();
        assert_near(&read(&objective.loss(&with).unwrap()), &expected, 1e-6, loss.name());
    }
    // Of DPO that is the soft-label logistic loss.
    let with = PairInputs { label: Some(constant(&q)), ..inputs(0) };
    let delta = margin(with.policy.clone(), with.reference.clone(), 0.1);
    let dpo = PairObjective::default().loss(&with).unwrap();
    assert_near(&read(&dpo), &read(&soft_logistic(delta, constant(&q))), 1e-6, "soft DPO");
}

#[test]
fn optimism_without_a_weight_is_dpo_bit_by_bit() {
    let at = [1.25_f32, -3.0, 40.0, -0.001];
    let explored = [-2.0_f32, 5.0, 0.0, -300.0];
    let plain = value_and_gradient(&at, sigmoid::sigmoid);
    assert_eq!(value_and_gradient(&at, |delta| selm::selm(delta, constant(&explored), 0.0, 0.1)), plain);
    // At the reference the loss is ln 2, but it already moves: by αβ on what the reference gave.
    let (values, gradient) = value_and_gradient(&[0.0], |explored| selm::selm(constant(&[0.0]), explored, 0.05, 0.1));
    assert_one_near(f64::from(values[0]), LN_2, 1e-6, "SELM");
    assert_one_near(f64::from(gradient[0]), 0.05 * 0.1, 1e-9, "gradient of SELM");
}

#[test]
fn token_rewards_without_credit_are_dpo_bit_by_bit() {
    let tokens = [-1.5_f32, -0.25, -3.0, -2.0, -0.5];
    let reference = [-1.0_f32, -0.5, -2.0, -2.5, -0.75];
    let of = |x: Tensor<1>, reference: &[f32]| {
        let tokens = TokenInputs { policy: x, reference: constant(reference), collisions: None };
        PairInputs::from_tokens(tokens, [vec![2], vec![3]]).unwrap()
    };
    // The same prompt for a better and for a worse answer gives no credit.
    let none = t_reg::token_credit(constant(&tokens), constant(&tokens));
    assert_eq!(read(&none), [0.0; 5]);
    let dpo = value_and_gradient(&tokens, |x| PairObjective::default().loss(&of(x, &reference)).unwrap());
    let regularised =
        value_and_gradient(&tokens, |x| t_reg::t_reg(&of(x.clone(), &reference), x, none.clone(), 0.25, 0.1).unwrap());
    assert_eq!(regularised, dpo);
    let credit = read(&t_reg::token_credit(constant(&[-1.0, -900.0, -0.5]), constant(&[-2.0, -1.0, -900.0])));
    assert!(credit.iter().all(|r| r.abs() <= 0.5), "{credit:?}");
    assert_one_near(f64::from(credit[0]), 1.0 / (1.0 + (-1.0_f64).exp()) - 0.5, 1e-6, "credit");
    // At the reference the weight of a sequence is ½.
    let credit = [0.25_f32, -0.5, 0.0, 0.5, 0.125];
    let at_reference = of(constant(&tokens), &tokens);
    let loss = t_reg::t_reg(&at_reference, constant(&tokens), constant(&credit), 0.25, 0.1).unwrap();
    let sum: f64 = tokens.iter().zip(credit).map(|(lp, r)| f64::from(lp * r)).sum();
    assert_one_near(f64::from(read(&loss)[0]), LN_2 - 0.25 * 0.5 * 0.1 * sum, 1e-6, "T-REG at the reference");
    let too_few = t_reg::t_reg(&at_reference, constant(&tokens), constant(&credit[1..]), 0.25, 0.1);
    assert!(too_few.unwrap_err().to_string().contains("T-REG needs"));
}

#[test]
fn no_preference_moves_nothing_and_the_equilibrium_stands_still() {
    let (_, gradient) =
        value_and_gradient(&SUMS, |lp| nash_md::nash_md(lp, constant(&SUMS), constant(&[0.5, 0.5]), 0.1));
    assert_eq!(gradient, [0.0, 0.0], "P = ½ at the reference");
    // Three actions that beat each other in a circle with 0.9: at the regularised equilibrium the expected
    // gradient vanishes, and nowhere else.
    let (mu, tau) = ([0.7_f64, 0.2, 0.1], 0.1);
    let p = |a: usize, b: usize| [0.5, 0.9, 0.1][(3 + b - a) % 3];
    let expected_gradient = |pi: [f64; 3]| -> f32 {
        let logits = variable(&pi.map(|p| p.ln() as f32));
        let logprobs = burn::tensor::activation::log_softmax(logits.clone(), 0);
        let rates: Vec<f32> = (0..3).map(|a| (0..3).map(|b| p(a, b) * pi[b]).sum::<f64>() as f32).collect();
        let losses = nash_md::nash_md(logprobs, constant(&mu.map(|m| m.ln() as f32)), constant(&rates), tau);
        let expectation = (losses * constant(&pi.map(|p| p as f32))).sum();
        read(&logits.grad(&expectation.backward()).unwrap()).into_iter().map(f32::abs).fold(0.0, f32::max)
    };
    let at_rest = expected_gradient([0.44658, 0.18785, 0.36557]);
    assert!(at_rest < 1e-5, "gradient {at_rest} at the equilibrium");
    for elsewhere in [mu, [1.0 / 3.0; 3], [0.36557, 0.44658, 0.18785]] {
        assert!(expected_gradient(elsewhere) > 1e-2, "{elsewhere:?} stands still");
    }
}

#[test]
fn win_rates_count_by_their_difference() {
    let label = |shift: f64| dno::label([0.75 + shift, 0.25 + shift]);
    assert_one_near(label(0.25), label(0.0), 1e-12, "a constant added to all win rates");
    assert_one_near(label(0.0), 1.0 / (1.0 + (-0.5_f64).exp()), 1e-12, "label of DNO");
    assert_one_near(dno::label([0.5, 0.5]), 0.5, 1e-12, "label of a tie");
    // Hard SPPO is the regression on win rates 1 and 0 with η = 1/β.
    let (w, l, beta) = ([0.5_f32, -3.0], [2.0_f32, 0.25], 0.2);
    let hard = sppo::sppo_hard([constant(&w), constant(&l)], beta);
    let soft = sppo::sppo(constant(&w), constant(&[1.0; 2]), 1.0 / beta)
        + sppo::sppo(constant(&l), constant(&[0.0; 2]), 1.0 / beta);
    assert_near(&read(&hard), &read(&soft), 1e-6, "hard SPPO");
    // With a label p, its expectation over the turned pair is the regression on p and 1 − p, and the variance of the
    // label beside it, η² p (1 − p) an answer, which has no gradient.
    let p = 0.7_f32;
    let turned = sppo::sppo_hard([constant(&l), constant(&w)], beta);
    let labelled = sppo::sppo_hard([constant(&w), constant(&l)], beta) * p + turned * (1.0 - p);
    let soft = sppo::sppo(constant(&w), constant(&[p; 2]), 1.0 / beta)
        + sppo::sppo(constant(&l), constant(&[1.0 - p; 2]), 1.0 / beta);
    // 2 · 25 · 0.7 · 0.3
    assert_near(&read(&labelled), &read(&(soft + 10.5)), 1e-5, "soft SPPO");
}

#[test]
fn sharpening_is_at_rest_at_its_optimum() {
    let base = [[-5.0_f32, -2.0], [-1.0, -8.0]];
    let frozen = || base.map(|side| constant(&side));
    let at_base = read(&sharpening::sharpening(frozen(), frozen(), 0.5));
    assert_near(&at_base, &[16.0, 36.0], 1e-6, "at the base: the squared difference of its log-likelihoods");
    // π ∝ π_base^(1 + 1/β), here with β = 0.5 and a normaliser that cancels.
    let best = base.map(|side| constant(&side.map(|lp| 3.0 * lp + 0.5)));
    assert_near(&read(&sharpening::sharpening(best, frozen(), 0.5)), &[0.0; 2], 1e-6, "at the optimum");
}

#[test]
fn scales_and_weights_have_their_ends() {
    let betas = read(&mm_rlhf::scaled_beta(constant(&[0.0, 1e3]), 0.1, 0.5, 2.0));
    assert_near(&betas, &[0.1, 0.15], 1e-7, "β of MM-RLHF");
    let golden = selfsame_tests::golden("losses.json");
    let numbers = super::Numbers::read(&golden["numbers"]["ordinary"]);
    let (_, inputs) = numbers.inputs();
    let tokens = inputs.tokens.clone().unwrap();
    // A policy that would have drawn both answers itself counts them fully.
    let own = TokenInputs { collisions: Some(tokens.policy.clone()), ..tokens };
    assert_near(&read(&wpo::wpo_weight(&own, &inputs.lengths).unwrap()), &[1.0; 5], 1e-6, "weights of WPO");
    let plain = PairObjective::default();
    let desensitised = PairObjective { ld_alpha: Some(1.0), ..plain.clone() };
    assert_eq!(read(&desensitised.loss(&inputs).unwrap()), read(&plain.loss(&inputs).unwrap()), "α = 1 of LD-DPO");
    let limit = PairObjective {
        f_divergence_type: FDivergence::AlphaDivergence,
        f_alpha_divergence_coef: 1.0,
        ..plain.clone()
    };
    assert_eq!(read(&limit.loss(&inputs).unwrap()), read(&plain.loss(&inputs).unwrap()), "α = 1 of f-DPO");
    // Sums of a mix and sums of its parts.
    let mix = PairObjective { loss_type: "sigmoid:0.5+hinge:2".parse().unwrap(), ..plain };
    let part = |loss| read(&PairObjective::new(loss).loss(&inputs).unwrap());
    let expected: Vec<f32> =
        part(PairLoss::Sigmoid).iter().zip(part(PairLoss::Hinge)).map(|(a, b)| 0.5 * a + 2.0 * b).collect();
    assert_near(&read(&mix.loss(&inputs).unwrap()), &expected, 1e-6, "a mix");
    assert_eq!(floats(&golden["numbers"]["ordinary"]["policy"]).len(), 35);
}

#[test]
fn a_certain_model_collides_and_an_even_one_does_not() {
    use selfsame_core::{
        device,
        learn::{Batch, Sequence},
    };
    for (logits, logprob, collision) in [
        ([0.0_f32; 4], (0.25_f64).ln(), (0.25_f64).ln()),
        ([100.0, 0.0, 0.0, 0.0], 0.0, 0.0),
        ([(3.0_f32).ln(), 0.0, -1e3, -1e3], (0.75_f64).ln(), (0.5625_f64 + 0.0625).ln()),
    ] {
        let model = selfsame_tests::constant_model(&logits);
        let rows = [Sequence::completion(&[1], &[0, 0])];
        let batch = Batch::new(&rows.iter().collect::<Vec<_>>(), &device::cpu());
        let numbers = batch.statistics(&model);
        let [ours, collisions] = [numbers.logprobs, numbers.collisions].map(|tensor| read(&tensor));
        assert_near(&ours, &[logprob as f32; 2], 1e-5, "log-probability");
        assert_near(&collisions, &[collision as f32; 2], 1e-5, "collision");
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_advice() {
    let plain = PairObjective::default();
    let with = |mix: &str| PairObjective { loss_type: mix.parse::<Mix>().unwrap(), ..plain.clone() };
    let forward = |mix: &str| PairObjective { f_divergence_type: FDivergence::ForwardKl, ..with(mix) };
    let weighted = |mix: &str| PairObjective { use_weighting: true, ..with(mix) };
    for (objective, said) in [
        (forward("sigmoid+bco_pair"), "`bco_pair` needs `reverse_kl`"),
        (forward("sppo_hard"), "Losses built on it are sigmoid, hinge, ipo, exo_pair, robust, discopop, sft"),
        (weighted("aot"), "`aot` sorts the batch"),
        (weighted("sigmoid+aot_unpaired"), "`aot_unpaired` sorts the batch"),
        (weighted("sigmoid+sft"), "`sft` is not a contrast with a reference"),
        (with("exo_pair"), "the paper takes 1e-3"),
        (PairObjective { label_smoothing: 0.5, ..with("robust") }, "below 0.5 for `robust`"),
        (
            PairObjective { label_smoothing: 0.1, ..with("sigmoid") },
            "it is for exo_pair, robust, aot, aot_unpaired, cdpo, simpo, cpo",
        ),
        (PairObjective { ld_alpha: Some(0.5), ..with("simpo") }, "`simpo` is defined on all tokens"),
        (PairObjective { ld_alpha: Some(1.5), ..plain.clone() }, "ld_alpha`: must be from 0 to 1"),
        (PairObjective { beta: 0.0, ..plain.clone() }, "beta`: must be above 0"),
        (PairObjective { beta: f64::NAN, ..plain.clone() }, "beta`: must be above 0"),
        (PairObjective { discopop_tau: 2.0, ..plain.clone() }, "discopop_tau`: must be above 0 and at most 1"),
        (PairObjective { f_alpha_divergence_coef: f64::INFINITY, ..plain.clone() }, "must be a number"),
    ] {
        let error = objective.check().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert!(objective.loss(&at_the_reference()).is_err());
    }
    for needing in [weighted("sigmoid"), PairObjective { ld_alpha: Some(0.5), ..plain.clone() }] {
        assert!(needing.needs_tokens());
        let error = needing.loss(&at_the_reference()).unwrap_err().to_string();
        assert!(error.contains("only sums were given"), "{error}");
    }
    let cut = PairInputs { lengths: [vec![4, 2], vec![3]], ..at_the_reference() };
    assert!(plain.loss(&cut).unwrap_err().to_string().contains("the second lengths are 1 numbers for 2 pairs"));
    let empty = PairInputs::new([constant(&[]), constant(&[])], [constant(&[]), constant(&[])], [vec![], vec![]]);
    assert!(plain.loss(&empty).unwrap_err().to_string().contains("no pairs"));
}
