//! The losses beside those of TRL's pairs, written a second time from their papers in double precision.
//! What a paper holds fixed (a weight, an advantage) is held fixed in the differences too.

use burn::tensor::Tensor;
use selfsame_core::learn::loss::{
    PairInputs, TokenInputs, UnpairedInputs, UnpairedLoss, UnpairedObjective, bco, cream, dno, ld_dpo, mm_rlhf,
    nash_md, selm, sharpening, spce, spin, sppo, t_reg, wpo, xpo,
};
use selfsame_tests::{matrix, read};

use super::numbers::{assert_follows, assert_one_near, constant, sigmoid, softplus};

/// Log-probability sums of three pairs under the policy: first answers, then second ones.
const POLICIES: [[f64; 6]; 2] = [[-4.5, -3.25, -20.0, -6.0, -2.0, -18.5], [-1.0, -1001.0, -402.5, -1003.0, -1.5, -2.5]];
const REFERENCES: [[f32; 6]; 2] =
    [[-5.0, -3.0, -16.0, -5.5, -4.0, -19.0], [-1002.0, -0.5, -0.5, -1.0, -1004.0, -1003.0]];
/// Labels and win rates.
const LABELS: [f32; 3] = [0.9, 0.25, 0.5];
const OTHERS: [f32; 3] = [0.1, 0.75, 0.125];

/// `[first, second]` of six numbers.
fn sides(x: &Tensor<1>) -> [Tensor<1>; 2] {
    [x.clone().narrow(0, 0, 3), x.clone().narrow(0, 3, 3)]
}

/// Compares a loss of the policy's and the reference's sums, on ordinary and on extreme numbers, with a
/// formula of the log-ratios of both answers and the pair's index.
fn assert_pairs(
    what: &str,
    loss: impl Fn([Tensor<1>; 2], [Tensor<1>; 2]) -> Tensor<1>,
    formula: impl Fn([f64; 2], usize) -> f64,
) {
    for (policy, reference) in POLICIES.iter().zip(REFERENCES) {
        let h = |x: &[f64], side: usize, pair: usize| x[3 * side + pair] - f64::from(reference[3 * side + pair]);
        assert_follows(
            what,
            policy,
            |x| loss(sides(&x), sides(&constant(&reference))),
            |x| (0..3).map(|pair| formula([h(x, 0, pair), h(x, 1, pair)], pair)).sum(),
        );
    }
}

fn soft(delta: f64, q: f64) -> f64 {
    q * softplus(-delta) + (1.0 - q) * softplus(delta)
}

fn margin(policy: [Tensor<1>; 2], reference: [Tensor<1>; 2]) -> Tensor<1> {
    selfsame_core::learn::loss::margin(policy, reference, 0.3)
}

#[test]
fn self_play_and_soft_labels() {
    let (label, other) = (|pair: usize| f64::from(LABELS[pair]), |pair: usize| f64::from(OTHERS[pair]));
    assert_pairs("SPIN", |p, r| spin::spin(p, r, 0.3), |[w, l], _| softplus(-0.3 * (w - l)));
    assert_pairs(
        "CREAM",
        |p, r| cream::cream(margin(p, r), constant(&LABELS)),
        |[w, l], pair| soft(0.3 * (w - l), label(pair)),
    );
    assert_pairs(
        "SPCE",
        |p, r| spce::spce(margin(p, r), constant(&OTHERS)),
        |[w, l], pair| soft(0.3 * (w - l), other(pair)),
    );
    assert_pairs(
        "DNO",
        |p, r| dno::dno(margin(p, r), constant(&LABELS)),
        |[w, l], pair| soft(0.3 * (w - l), label(pair)),
    );
    assert_pairs(
        "SPPO",
        |[p, _], [r, _]| sppo::sppo(p - r, constant(&LABELS), 5.0),
        |[w, _], pair| (w - 5.0 * (label(pair) - 0.5)).powi(2),
    );
    assert_pairs(
        "MM-RLHF",
        |[p, q], [r, s]| mm_rlhf::mm_rlhf([p - r, q - s], mm_rlhf::scaled_beta(constant(&LABELS), 0.1, 0.5, 2.0)),
        |[w, l], pair| softplus(-0.1 * (1.0 + 0.5 * (1.0 - (-2.0 * label(pair)).exp())) * (w - l)),
    );
}

#[test]
fn exploration_and_sharpening() {
    // The second answer stands for the reference's own sample where one is explored.
    assert_pairs(
        "SELM",
        |p, r| {
            let explored = p[1].clone() - r[1].clone();
            selm::selm(margin(p, r), explored, 0.05, 0.3)
        },
        |[w, l], _| softplus(-0.3 * (w - l)) + 0.05 * 0.3 * l,
    );
    for (policy, reference) in POLICIES.iter().zip(REFERENCES) {
        let base = |index: usize| f64::from(reference[index]);
        let h = |x: &[f64], index: usize| x[index] - base(index);
        assert_follows(
            "XPO",
            policy,
            |x| {
                let [first, second] = sides(&x);
                let delta = margin([first, second.clone()], sides(&constant(&reference)));
                xpo::xpo(delta, second, 0.02)
            },
            |x| (0..3).map(|i| softplus(-0.3 * (h(x, i) - h(x, i + 3))) + 0.02 * x[i + 3]).sum(),
        );
        assert_follows(
            "sharpening with exploration",
            policy,
            |x| {
                let explored = sides(&x)[1].clone();
                sharpening::sharpening(sides(&x), sides(&constant(&reference)), 0.4) + xpo::bonus(explored, 0.02)
            },
            |x| {
                (0..3)
                    .map(|i| {
                        let residual = 0.4 * (h(x, i) - h(x, i + 3)) - (base(i) - base(i + 3));
                        residual.powi(2) + 0.02 * x[i + 3]
                    })
                    .sum()
            },
        );
    }
}

#[test]
fn the_policy_gradient_of_nash_md() {
    let tau = 0.2;
    for (policy, reference) in POLICIES.iter().zip(REFERENCES) {
        let preferences = [0.9_f32, 0.25, 0.5, 0.0, 1.0, 0.6];
        let advantage: Vec<f64> =
            (0..6).map(|i| f64::from(preferences[i]) - 0.5 - tau * (policy[i] - f64::from(reference[i]))).collect();
        assert_follows(
            "Nash-MD",
            policy,
            |x| nash_md::nash_md(x, constant(&reference), constant(&preferences), tau),
            |x| x.iter().zip(&advantage).map(|(lp, advantage)| -lp * advantage).sum(),
        );
    }
    // The mixture is the normalised geometric mean of the two distributions.
    let (pi, mu) = ([0.5_f64, 0.3, 0.2], [0.1_f64, 0.1, 0.8]);
    let logits = |p: [f64; 3], shift: f64| matrix(p.iter().map(|p| (p.ln() + shift) as f32).collect(), [1, 3]);
    for kappa in [0.0, 0.25, 1.0] {
        let weights: Vec<f64> = pi.iter().zip(mu).map(|(p, m)| p.powf(1.0 - kappa) * m.powf(kappa)).collect();
        let mixed = read(&nash_md::mixture(logits(pi, 3.0), logits(mu, -8.0), kappa));
        for (ours, weight) in mixed.iter().zip(&weights) {
            let expected = (weight / weights.iter().sum::<f64>()).ln();
            assert_one_near(f64::from(*ours), expected, 1e-5, &format!("mixture at κ = {kappa}"));
        }
    }
}

/// Seven tokens of two pairs: two and one of the first answers, one and three of the second ones.
const TOKENS: [f64; 7] = [-1.5, -0.25, -3.0, -2.0, -0.5, -1.0, -4.0];
const TOKEN_REFERENCES: [f32; 7] = [-1.0, -0.5, -2.0, -2.5, -0.75, -1.25, -2.0];
const TOKEN_NUMBERS: [f32; 7] = [0.3, -0.25, 0.0, 0.45, -0.125, 0.2, -0.4];
const OWNERS: [(usize, usize); 7] = [(0, 0), (0, 0), (0, 1), (1, 0), (1, 1), (1, 1), (1, 1)];

fn token_lengths() -> [Vec<usize>; 2] {
    [vec![2, 1], vec![1, 3]]
}

fn token_inputs(x: Tensor<1>, collisions: Option<Tensor<1>>) -> PairInputs {
    let tokens = TokenInputs { policy: x, reference: constant(&TOKEN_REFERENCES), collisions };
    PairInputs::from_tokens(tokens, token_lengths()).unwrap()
}

/// The sum of the tokens of one answer.
fn answer(values: impl Fn(usize) -> f64, side: usize, pair: usize) -> f64 {
    (0..7).filter(|token| OWNERS[*token] == (side, pair)).map(values).sum()
}

fn token_ratio(x: &[f64], side: usize, pair: usize) -> f64 {
    answer(|token| x[token] - f64::from(TOKEN_REFERENCES[token]), side, pair)
}

#[test]
fn losses_that_look_at_single_tokens() {
    let (alpha, beta) = (0.25, 0.4);
    let delta = |x: &[f64], pair| beta * (token_ratio(x, 0, pair) - token_ratio(x, 1, pair));
    let fixed: Vec<f64> = (0..2).map(|pair| sigmoid(-delta(&TOKENS, pair))).collect();
    assert_follows(
        "T-REG",
        &TOKENS,
        |x| t_reg::t_reg(&token_inputs(x.clone(), None), x, constant(&TOKEN_NUMBERS), alpha, beta).unwrap(),
        |x| {
            let regulariser =
                |side, pair| -beta * answer(|token| f64::from(TOKEN_NUMBERS[token]) * x[token], side, pair);
            (0..2)
                .map(|pair| {
                    softplus(-delta(x, pair)) + alpha * fixed[pair] * (regulariser(0, pair) + regulariser(1, pair))
                })
                .sum()
        },
    );
    // The first pair shares one token, the second one too: what is beyond counts α.
    let shared = [1.0, alpha, 1.0, 1.0, 1.0, alpha, alpha];
    assert_follows(
        "LD-DPO",
        &TOKENS,
        |x| {
            let [first, second] = ld_dpo::desensitised(&x, &token_lengths(), alpha);
            first - second
        },
        |x| (0..7).map(|token| shared[token] * x[token] * if OWNERS[token].0 == 0 { 1.0 } else { -1.0 }).sum(),
    );
    let inputs = token_inputs(constant(&TOKENS.map(|x| x as f32)), Some(constant(&TOKEN_NUMBERS)));
    let weights = read(&wpo::wpo_weight(inputs.tokens.as_ref().unwrap(), &inputs.lengths).unwrap());
    for (pair, ours) in weights.iter().enumerate() {
        let mean = |side: usize| {
            let tokens = token_lengths()[side][pair] as f64;
            answer(|token| TOKENS[token] - f64::from(TOKEN_NUMBERS[token]), side, pair) / tokens
        };
        assert_one_near(f64::from(*ours), (mean(0) + mean(1)).exp(), 1e-5, "weight of WPO");
    }
}

#[test]
fn single_answers() {
    let desirable = [true, true, false, false, true, false];
    let ratios = [0.3_f32, 4.0, 1.0, 2.5, 0.75, 3.0];
    let shift = 0.35_f32;
    // Answers put to other prompts: their mean log-ratio is 1.5.
    let mismatched = || Some([constant(&[-3.0, -4.0]), constant(&[-4.5, -5.5])]);
    for (policy, reference) in POLICIES.iter().zip(REFERENCES) {
        for loss_type in UnpairedLoss::ALL {
            let objective = UnpairedObjective { loss_type, beta: 0.2, desirable_weight: 1.25, undesirable_weight: 0.5 };
            assert_follows(
                loss_type.name(),
                policy,
                |x| {
                    let inputs = UnpairedInputs {
                        policy: x,
                        reference: constant(&reference),
                        desirable: desirable.to_vec(),
                        mismatched: mismatched(),
                        shift: Some(constant(&[shift])),
                        density_ratio: Some(constant(&ratios)),
                    };
                    objective.loss(&inputs).unwrap()
                },
                |x| {
                    (0..6)
                        .map(|i| {
                            let reward = 0.2 * (x[i] - f64::from(reference[i]));
                            let sign = if desirable[i] { 1.0 } else { -1.0 };
                            let weight = if desirable[i] { 1.25 } else { 0.5 };
                            weight
                                * match loss_type {
                                    UnpairedLoss::Kto => 1.0 - sigmoid(sign * (reward - 0.2 * 1.5)),
                                    UnpairedLoss::ApoZeroUnpaired => 1.0 - sigmoid(sign * reward),
                                    UnpairedLoss::Bco => {
                                        let ratio = if desirable[i] { 1.0 } else { f64::from(ratios[i]) };
                                        ratio * softplus(-sign * (reward - f64::from(shift)))
                                    }
                                }
                        })
                        .sum()
                },
            );
        }
        // On pairs, with the shift.
        assert_pairs(
            "bco_pair with a shift",
            |[p, q], [r, s]| bco::bco_pair([(p - r) * 0.2, (q - s) * 0.2], Some(constant(&[shift]))),
            |[w, l], _| softplus(-(0.2 * w - f64::from(shift))) + softplus(0.2 * l - f64::from(shift)),
        );
    }
}
