//! The losses over pairs, written a second time from their papers in double precision.

use selfsame_core::learn::loss::{FDivergence, PairInputs, PairLoss, PairObjective};

use super::numbers::{assert_follows, constant, sigmoid, softplus};

/// The sums of a batch of pairs and its lengths.
struct Batch {
    policy: [Vec<f64>; 2],
    reference: [Vec<f64>; 2],
    lengths: [Vec<usize>; 2],
}

/// Ordinary pairs, and pairs whose log-ratios are near ±1000.
fn batches() -> Vec<(&'static str, Batch)> {
    let ordinary = Batch {
        policy: [vec![-4.5, -3.25, -20.0, -9.125, -1.5], vec![-6.0, -2.0, -18.5, -11.0, -2.75]],
        reference: [vec![-5.0, -3.0, -16.0, -9.5, -1.375], vec![-5.5, -4.0, -19.0, -8.0, -2.875]],
        lengths: [vec![3, 1, 9, 4, 1], vec![5, 2, 7, 4, 2]],
    };
    let extreme = Batch {
        policy: [vec![-1.0, -1001.0, -0.5, -600.25, -402.5], vec![-1003.0, -1.5, -3.0, -0.25, -2.5]],
        reference: [vec![-1002.0, -0.5, -0.75, -0.5, -0.5], vec![-1.0, -1004.0, -2.0, -101.0, -1003.0]],
        lengths: [vec![1, 1, 1, 2, 1], vec![1, 3, 2, 1, 1]],
    };
    vec![("ordinary", ordinary), ("extreme", extreme)]
}

/// `KL(p ‖ q)` of two Bernoullis by their two probabilities.
fn kl(p: [f64; 2], q: [f64; 2]) -> f64 {
    p.iter().zip(q).map(|(p, q)| if *p == 0.0 { 0.0 } else { p * (p.ln() - q.ln()) }).sum()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// `log(p / (1 − p))` of `p = eˣ`.
fn log_odds(x: f64) -> f64 {
    x - (-x.exp_m1()).ln()
}

impl Batch {
    fn h(&self, side: usize, pair: usize) -> f64 {
        self.policy[side][pair] - self.reference[side][pair]
    }

    fn length(&self, side: usize, pair: usize) -> f64 {
        self.lengths[side][pair] as f64
    }

    fn pairs(&self) -> usize {
        self.lengths[0].len()
    }

    /// The sum of a loss over the pairs.
    fn sum(&self, o: &PairObjective, loss: PairLoss) -> f64 {
        let (beta, e) = (o.beta, o.label_smoothing);
        let pairs = self.pairs();
        let score = |side, pair| {
            let t = self.h(side, pair).exp();
            match o.f_divergence_type {
                FDivergence::ReverseKl => self.h(side, pair),
                FDivergence::ForwardKl => 1.0 - 1.0 / t,
                FDivergence::JsDivergence => (2.0 * t / (t + 1.0)).ln(),
                FDivergence::AlphaDivergence => {
                    let power = o.f_alpha_divergence_coef - 1.0;
                    (t.powf(power) - 1.0) / power
                }
            }
        };
        let mean_tokens = self.lengths[0].iter().sum::<usize>() as f64 / pairs as f64;
        let smoothed = |delta: f64| (1.0 - e) * softplus(-delta) + e * softplus(delta);
        if loss.sorts() {
            let by_quantile = |side: fn(&Self, usize) -> [f64; 2]| -> [Vec<f64>; 2] {
                [0, 1].map(|which| sorted((0..pairs).map(|pair| side(self, pair)[which]).collect()))
            };
            let [first, second] = match loss {
                PairLoss::Aot => by_quantile(|b, pair| {
                    [b.policy[0][pair] - b.policy[1][pair], b.reference[0][pair] - b.reference[1][pair]]
                }),
                _ => by_quantile(|b, pair| [b.h(0, pair), b.h(1, pair)]),
            };
            return first.iter().zip(second).map(|(a, b)| smoothed(beta * (a - b))).sum();
        }
        let of_pair = |pair| {
            let (w, l) = (self.h(0, pair), self.h(1, pair));
            let delta = beta * (score(0, pair) - score(1, pair));
            let mean_score = |side| score(side, pair) / self.length(side, pair);
            let mean = |side: usize| self.policy[side][pair] / self.length(side, pair);
            let nll = -self.policy[0][pair] / mean_tokens;
            match loss {
                PairLoss::Sigmoid => softplus(-delta),
                PairLoss::Hinge => (1.0 - delta).max(0.0),
                PairLoss::Ipo => (mean_score(0) - mean_score(1) - 1.0 / (2.0 * beta)).powi(2),
                PairLoss::ExoPair => kl([sigmoid(delta), sigmoid(-delta)], [1.0 - e, e]),
                PairLoss::NcaPair => {
                    let (w, l) = (beta * w, beta * l);
                    softplus(-w) + 0.5 * softplus(w) + 0.5 * softplus(l)
                }
                PairLoss::Robust => ((1.0 - e) * softplus(-delta) - e * softplus(delta)) / (1.0 - 2.0 * e),
                PairLoss::BcoPair => softplus(-beta * w) + softplus(beta * l),
                PairLoss::SppoHard => (w - 0.5 / beta).powi(2) + (l + 0.5 / beta).powi(2),
                PairLoss::ApoZero => (1.0 - sigmoid(beta * w)) + sigmoid(beta * l),
                PairLoss::ApoDown => sigmoid(beta * w) + (1.0 - sigmoid(beta * (w - l))),
                PairLoss::Discopop => {
                    let mix = sigmoid(delta / o.discopop_tau);
                    let exponential = if mix == 0.0 { 0.0 } else { mix * (-delta).exp() };
                    softplus(-delta) * (1.0 - mix) + exponential
                }
                PairLoss::Sft => nll,
                PairLoss::SigmoidNorm => softplus(-beta * (mean_score(0) - mean_score(1))),
                PairLoss::Cdpo => smoothed(delta),
                PairLoss::Simpo => smoothed(beta * (mean(0) - mean(1)) - o.simpo_gamma),
                PairLoss::Cpo => smoothed(beta * (self.policy[0][pair] - self.policy[1][pair])) + o.cpo_alpha * nll,
                PairLoss::Orpo => nll + beta * softplus(log_odds(mean(1)) - log_odds(mean(0))),
                PairLoss::Aot | PairLoss::AotUnpaired => unreachable!("sorted above"),
            }
        };
        (0..pairs).map(of_pair).sum()
    }

    /// Compares a loss with its formula as functions of all sums of the policy.
    fn follow(&self, name: &str, objective: &PairObjective) {
        let [(loss, _)] = objective.loss_type.terms() else { panic!("one loss at a time") };
        let pairs = self.pairs();
        let at: Vec<f64> = self.policy.concat();
        let reference =
            self.reference.each_ref().map(|values| constant(&values.iter().map(|v| *v as f32).collect::<Vec<_>>()));
        let ours = |x: burn::tensor::Tensor<1>| {
            let policy = [x.clone().narrow(0, 0, pairs), x.narrow(0, pairs, pairs)];
            objective.loss(&PairInputs::new(policy, reference.clone(), self.lengths.clone())).unwrap()
        };
        let formula = |x: &[f64]| {
            let (first, second) = x.split_at(pairs);
            let moved = Self {
                policy: [first.to_vec(), second.to_vec()],
                reference: self.reference.clone(),
                lengths: self.lengths.clone(),
            };
            moved.sum(objective, *loss)
        };
        let what = serde_json::to_string(objective).unwrap();
        assert_follows(&format!("{what} on {name} pairs"), &at, ours, formula);
    }
}

#[test]
fn every_loss_over_pairs_follows_its_paper() {
    for (name, batch) in batches() {
        for loss in PairLoss::ALL {
            // Without smoothed labels as well, where a loss is defined without: EXO's is infinite then.
            let smoothings: &[f64] = match loss {
                PairLoss::ExoPair => &[1e-3, 0.2],
                loss if loss.is_smoothed() => &[0.0, 1e-3, 0.2],
                _ => &[0.0],
            };
            for beta in [0.1, 0.75] {
                for smoothing in smoothings {
                    let objective = PairObjective { beta, label_smoothing: *smoothing, ..PairObjective::new(loss) };
                    // The slope of DiscoPOP's modulation is 1/τ: central differences ask for a mild one.
                    if loss == PairLoss::Discopop {
                        batch.follow(name, &PairObjective { discopop_tau: 0.5, ..objective.clone() });
                    }
                    if loss != PairLoss::Discopop || beta == 0.1 {
                        batch.follow(name, &objective);
                    }
                }
            }
        }
    }
}

#[test]
fn every_divergence_follows_its_paper() {
    let (name, batch) = batches().swap_remove(0);
    for f_divergence_type in [FDivergence::ForwardKl, FDivergence::JsDivergence, FDivergence::AlphaDivergence] {
        for loss in PairLoss::ALL.into_iter().filter(|loss| loss.takes_f_divergence()) {
            let alphas: &[f64] = if f_divergence_type == FDivergence::AlphaDivergence { &[0.5, 1.5] } else { &[0.5] };
            for f_alpha_divergence_coef in alphas.iter().copied() {
                let label_smoothing = if loss.is_smoothed() { 0.1 } else { 0.0 };
                batch.follow(
                    name,
                    &PairObjective {
                        f_divergence_type,
                        f_alpha_divergence_coef,
                        label_smoothing,
                        ..PairObjective::new(loss)
                    },
                );
            }
        }
    }
}

#[test]
fn nothing_overflows_however_far_policy_and_reference_are_apart() {
    let (_, batch) = batches().swap_remove(1);
    let of = |values: &Vec<f64>| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
    for loss in PairLoss::ALL {
        for f_divergence_type in
            [FDivergence::ReverseKl, FDivergence::ForwardKl, FDivergence::JsDivergence, FDivergence::AlphaDivergence]
        {
            let label_smoothing = if loss.is_smoothed() { 0.1 } else { 0.0 };
            let objective = PairObjective { f_divergence_type, label_smoothing, beta: 1.0, ..PairObjective::new(loss) };
            // A square of e^80 has no single precision.
            let squares = f_divergence_type != FDivergence::ReverseKl && loss == PairLoss::Ipo;
            if objective.check().is_err() || squares {
                continue;
            }
            let policy = batch.policy.each_ref().map(|values| selfsame_tests::variable(&of(values)));
            let reference = batch.reference.each_ref().map(|values| constant(&of(values)));
            let inputs = PairInputs::new(policy.clone(), reference, batch.lengths.clone());
            let losses = objective.loss(&inputs).unwrap();
            let gradients = losses.clone().sum().backward();
            let mut all = selfsame_tests::read(&losses);
            policy.iter().filter_map(|side| side.grad(&gradients)).for_each(|g| all.extend(selfsame_tests::read(&g)));
            assert!(all.iter().all(|value| value.is_finite()), "{loss} under {f_divergence_type:?}: {all:?}");
        }
    }
}
