//! The game behind Nash learning from human feedback (arXiv 2312.00886), exactly: two players, a handful of actions,
//! and the probability that each action is preferred to each other. What [`nash_md`](super::loss::nash_md) does to a
//! language model by samples is done here to a table of probabilities.
//!
//! A policy is regularised towards a reference `μ`: `P_τ(π ≻ π') = P(π ≻ π') − τ KL(π ‖ μ) + τ KL(π' ‖ μ)`. For
//! `τ > 0` there is one policy that no other beats; a Bradley-Terry reward cannot name it where preferences go round
//! in a circle.

use crate::{Error, Result, vector::dot};

/// Steps of [`Game::equilibrium`] at most. Its rate is `1 − τ²/(τ² + ¼)` a step in squared distance, so that this
/// many suffice from `τ = 0.005` on.
const MOST_STEPS: usize = 1_000_000;

/// Sweeps of [`bradley_terry`].
const SWEEPS: usize = 2000;

/// A symmetric game of preferences.
#[derive(Debug, Clone, PartialEq)]
pub struct Game {
    preferences: Vec<Vec<f64>>,
    reference: Vec<f64>,
    tau: f64,
}

impl Game {
    /// A game of `preferences[a][b] = P(a ≻ b)`, with the reference `μ` and the weight `τ` of the divergence from it.
    ///
    /// # Errors
    /// If the preferences are not a square of probabilities with `P(a, b) + P(b, a) = 1`, the reference is not a
    /// distribution with a chance for every action, or `τ` is negative.
    pub fn new(preferences: Vec<Vec<f64>>, reference: Vec<f64>, tau: f64) -> Result<Self> {
        let wrong = |problem: &str| Err(Error::Recipe(format!("a game of preferences {problem}")));
        let actions = reference.len();
        let columns: Vec<Vec<f64>> =
            (0..actions).map(|b| preferences.iter().filter_map(|row| row.get(b).copied()).collect()).collect();
        if actions == 0 || preferences.len() != actions || preferences.iter().any(|row| row.len() != actions) {
            return wrong("needs one row and one column for every action of the reference");
        }
        let symmetric = |(p, q): (&f64, &f64)| (0.0..=1.0).contains(p) && (p + q - 1.0).abs() < 1e-9;
        if !preferences.iter().zip(&columns).all(|(row, column)| row.iter().zip(column).all(symmetric)) {
            return wrong("needs probabilities with P(a, b) + P(b, a) = 1; average both orders");
        }
        if !reference.iter().all(|p| *p > 0.0) || (reference.iter().sum::<f64>() - 1.0).abs() > 1e-9 {
            return wrong("needs a reference that gives every action a chance and sums to 1");
        }
        if !(tau >= 0.0 && tau.is_finite()) {
            return wrong("needs a weight of the divergence that is 0 or more");
        }
        Ok(Self { preferences, reference, tau })
    }

    /// The probability that each action is preferred to what an opponent plays, `P(a ≻ π)`.
    #[must_use]
    pub fn against(&self, opponent: &[f64]) -> Vec<f64> {
        self.preferences.iter().map(|row| dot(row, opponent)).collect()
    }

    /// `P(π ≻ π')`.
    #[must_use]
    pub fn preference(&self, policy: &[f64], opponent: &[f64]) -> f64 {
        dot(policy, &self.against(opponent))
    }

    /// The geometric mixture `∝ π^(1−κ) μ^κ`.
    #[must_use]
    pub fn mixture(&self, policy: &[f64], kappa: f64) -> Vec<f64> {
        normalised(policy.iter().zip(&self.reference).map(|(p, m)| p.powf(1.0 - kappa) * m.powf(kappa)))
    }

    /// A step of Nash-MD at the rate `η` (section 5, eq. 4 in our words): with the mixture `π^μ` of `κ = ητ`,
    /// `π ← ∝ π^μ(a) exp(η P(a ≻ π^μ))`. With `τ = 0` it is multiplicative self-play, which goes round in circles.
    #[must_use]
    pub fn step(&self, policy: &[f64], rate: f64) -> Vec<f64> {
        let mixture = self.mixture(policy, (rate * self.tau).min(1.0));
        let against = self.against(&mixture);
        normalised(mixture.iter().zip(against).map(|(p, wins)| p * (rate * wins).exp()))
    }

    /// Nash-MD from the reference for so many steps, with the rates `2/(τ(t + 2))` of the paper's theorem 1. Its last
    /// iterate is the answer; nothing is averaged. `τ` must be above 0.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // step counts
    pub fn nash_md(&self, steps: usize) -> Vec<f64> {
        (0..steps).fold(self.reference.clone(), |policy, t| self.step(&policy, 2.0 / (self.tau * (t as f64 + 2.0))))
    }

    /// The policy that no other beats under `P_τ`: the fixed point of `π ∝ μ exp(P(· ≻ π)/τ)`, to about 1e-12.
    /// `τ` must be above 0.
    ///
    /// A damped iteration finds it. Its step `τ/(τ² + ¼)` contracts because centred preferences lie within ½.
    #[must_use]
    pub fn equilibrium(&self) -> Vec<f64> {
        let rate = self.tau / (self.tau * self.tau + 0.25);
        let mut policy = self.reference.clone();
        for _ in 0..MOST_STEPS {
            let against = self.against(&policy);
            let damped = self.mixture(&policy, rate * self.tau);
            let next = normalised(damped.iter().zip(against).map(|(p, wins)| p * (rate * wins).exp()));
            let moved = next.iter().zip(&policy).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            policy = next;
            if moved < 1e-15 {
                break;
            }
        }
        policy
    }

    /// How far above one half the best response to a policy wins: 0 where no action beats it.
    #[must_use]
    pub fn exploitability(&self, policy: &[f64]) -> f64 {
        self.against(policy).into_iter().fold(0.5, f64::max) - 0.5
    }

    /// The same under `P_τ`, where the best response is the closed form `∝ μ exp(P(· ≻ π)/τ)`. `τ` must be above 0.
    #[must_use]
    pub fn regularised_exploitability(&self, policy: &[f64]) -> f64 {
        let wins = self.against(policy);
        let most = wins.iter().copied().fold(0.0, f64::max);
        let sum: f64 = wins.iter().zip(&self.reference).map(|(w, m)| m * ((w - most) / self.tau).exp()).sum();
        most + self.tau * sum.ln() + self.tau * kl(policy, &self.reference) - 0.5
    }
}

/// `8/(τ²(T + 1))`: what the paper's theorem 1 promises of the divergence of the equilibrium from the iterate `T`.
#[must_use]
#[allow(clippy::cast_precision_loss)] // step counts
pub fn last_iterate_bound(tau: f64, steps: usize) -> f64 {
    8.0 / (tau * tau * (steps as f64 + 1.0))
}

/// `KL(p ‖ q)` in nats.
#[must_use]
pub fn kl(p: &[f64], q: &[f64]) -> f64 {
    p.iter().zip(q).map(|(p, q)| if *p > 0.0 { p * (p / q).ln() } else { 0.0 }).sum()
}

/// The preferences of a population: types of users in `proportions` that sum to 1, each with a ranking of the
/// actions from the best to the worst. A user who ranks two actions prefers one for sure.
#[must_use]
pub fn preferences_of_users(rankings: &[Vec<usize>], proportions: &[f64]) -> Vec<Vec<f64>> {
    let actions = rankings.first().map_or(0, Vec::len);
    let place = |ranking: &[usize], action: usize| ranking.iter().position(|other| *other == action);
    let prefers = |a: usize, b: usize| -> f64 {
        let ahead = rankings.iter().zip(proportions).filter(|(ranking, _)| place(ranking, a) < place(ranking, b));
        ahead.map(|(_, share)| share).sum()
    };
    (0..actions).map(|a| (0..actions).map(|b| if a == b { 0.5 } else { prefers(a, b) }).collect()).collect()
}

/// The rewards of the most likely Bradley-Terry model of comparisons that ask for all pairs equally often, with a sum
/// of `exp` of 1 (minorisation and maximisation: Hunter, Annals of Statistics 32, 2004). All preferences must lie
/// between 0 and 1.
#[must_use]
pub fn bradley_terry(preferences: &[Vec<f64>]) -> Vec<f64> {
    let mut strengths = normalised(preferences.iter().map(|_| 1.0));
    for _ in 0..SWEEPS {
        let updated = preferences.iter().enumerate().map(|(a, row)| {
            let others = || row.iter().zip(&strengths).enumerate().filter(move |(b, _)| *b != a).map(|(_, pair)| pair);
            let wins: f64 = others().map(|(p, _)| p).sum();
            wins / others().map(|(_, other)| 1.0 / (strengths[a] + other)).sum::<f64>()
        });
        strengths = normalised(updated.collect::<Vec<_>>().into_iter());
    }
    strengths.into_iter().map(f64::ln).collect()
}

fn normalised(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.collect();
    let total: f64 = values.iter().sum();
    values.into_iter().map(|value| value / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rock, paper and scissors with 0.9 and 0.1, a reference that plays mostly rock, τ = 0.1.
    fn circle() -> Game {
        let preferences = vec![vec![0.5, 0.9, 0.1], vec![0.1, 0.5, 0.9], vec![0.9, 0.1, 0.5]];
        Game::new(preferences, vec![0.7, 0.2, 0.1], 0.1).unwrap()
    }

    fn close(found: &[f64], expected: &[f64], gap: f64) {
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < gap), "{found:?} instead of {expected:?}");
    }

    #[test]
    fn the_equilibrium_is_the_fixed_point_and_nobody_exploits_it() {
        let game = circle();
        let star = game.equilibrium();
        // Computed apart with NumPy.
        close(&star, &[0.446_577_75, 0.187_854_26, 0.365_567_99], 1e-8);
        let response = game.against(&star).into_iter().zip([0.7, 0.2, 0.1]).map(|(wins, m)| m * (wins / 0.1).exp());
        close(&star, &normalised(response), 1e-10);
        assert!(game.regularised_exploitability(&star).abs() < 1e-10);
        assert!(game.regularised_exploitability(&[1.0 / 3.0; 3]) > 0.01);
        // What regularisation keeps near the reference can be exploited without it.
        assert!(game.exploitability(&star) > 0.01);
        assert!(game.exploitability(&[1.0 / 3.0; 3]).abs() < 1e-12);
    }

    #[test]
    fn the_last_iterate_keeps_the_bound() {
        let game = circle();
        let star = game.equilibrium();
        let from = |steps| kl(&star, &game.nash_md(steps));
        for steps in 1..200 {
            let bound = last_iterate_bound(0.1, steps);
            assert!(from(steps) <= bound, "{steps} steps: {} above {bound}", from(steps));
        }
        // With Python in double precision; far below the bound. The step with t = 10 is the eleventh.
        for (steps, expected) in [(1, 0.390_994_586), (10, 6.039_518e-3), (11, 1.975_681e-3), (100, 1.374_628e-4)] {
            assert!((from(steps) / expected - 1.0).abs() < 1e-4, "{steps} steps: {}", from(steps));
        }
    }

    #[test]
    fn self_play_spirals_outward_where_nash_md_arrives() {
        let game = Game { tau: 0.0, reference: vec![1.0 / 3.0; 3], ..circle() };
        let mut policy = vec![0.4, 0.3, 0.3];
        let mut distance = kl(&game.reference, &policy);
        for _ in 0..200 {
            policy = game.step(&policy, 0.1);
            let next = kl(&game.reference, &policy);
            assert!(next > distance, "{next} is not further than {distance}");
            distance = next;
        }
    }

    #[test]
    fn the_mixture_ends_in_policy_and_reference() {
        let (game, policy) = (circle(), [0.2, 0.5, 0.3]);
        close(&game.mixture(&policy, 0.0), &policy, 1e-12);
        close(&game.mixture(&policy, 1.0), &game.reference, 1e-12);
        // √(0.2 · 0.7), √(0.5 · 0.2), √(0.3 · 0.1), normalised.
        let roots = [0.14_f64.sqrt(), 0.1_f64.sqrt(), 0.03_f64.sqrt()];
        close(&game.mixture(&policy, 0.5), &normalised(roots.into_iter()), 1e-12);
    }

    /// The worked example of the paper: users of three types in nearly equal parts, whose rankings are turned by one.
    /// The margins of a circle are `1 − 2p`, and so the policy that nobody beats plays each action with the margin
    /// between the two others: `(1 − 2p₃, 1 − 2p₁, 1 − 2p₂)`. It moves as smoothly as the proportions. The best action
    /// of a Bradley-Terry reward is one or the other.
    #[test]
    fn the_nash_policy_moves_smoothly_where_a_reward_jumps() {
        let rankings = [vec![0, 1, 2], vec![1, 2, 0], vec![2, 0, 1]];
        let best = |epsilon: f64| {
            let third = 1.0 / 3.0;
            let proportions = [third - epsilon / 4.0, third + epsilon / 2.0, third - epsilon / 4.0];
            let preferences = preferences_of_users(&rankings, &proportions);
            let nash = [third + epsilon / 2.0, third + epsilon / 2.0, third - epsilon];
            let game = Game::new(preferences.clone(), vec![third; 3], 0.02).unwrap();
            assert!(game.exploitability(&nash).abs() < 1e-12, "{epsilon}");
            // Nearer the less it is held to the reference.
            let far = Game { tau: 0.1, ..game.clone() }.equilibrium();
            assert!(kl(&game.equilibrium(), &nash) < kl(&far, &nash), "{epsilon}");
            let rewards = bradley_terry(&preferences);
            let best = (0..3).max_by(|a, b| rewards[*a].total_cmp(&rewards[*b])).unwrap();
            assert!(game.exploitability(&normalised((0..3).map(|a| f64::from(u8::from(a == best))))) > 0.1);
            best
        };
        assert_eq!((best(0.02), best(0.1)), (1, 1));
        assert_eq!((best(-0.02), best(-0.1)), (0, 0));
        // By hand for ε = 0.1: action 1 wins 1 + 0.075 of two, action 0 1 − 0.075; with NumPy.
        let rewards = bradley_terry(&preferences_of_users(&rankings, &[0.925 / 3.0, 1.15 / 3.0, 0.925 / 3.0]));
        close(&rewards, &[-1.202_210_53, -1.001_708_61, -1.101_959_57], 1e-6);
    }

    #[test]
    fn what_is_no_game_is_refused() {
        let half = vec![vec![0.5, 0.8], vec![0.3, 0.5]];
        let refused = |preferences: Vec<Vec<f64>>, reference: Vec<f64>, tau: f64| {
            Game::new(preferences, reference, tau).unwrap_err().to_string()
        };
        assert!(refused(half.clone(), vec![0.5, 0.5], 0.1).contains("both orders"));
        let fair = vec![vec![0.5; 2]; 2];
        assert!(refused(fair.clone(), vec![1.0, 0.0], 0.1).contains("chance"));
        assert!(refused(fair.clone(), vec![1.0], 0.1).contains("row"));
        assert!(refused(fair, vec![0.5, 0.5], -1.0).contains("divergence"));
    }
}
