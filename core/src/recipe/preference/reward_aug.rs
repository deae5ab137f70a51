//! Reward-Augmented Data Enhances Direct Preference Alignment of LLMs (arXiv 2410.08067).
//!
//! The policy is told the score its answer is to get. Every pair is learned twice: asked for the score of
//! the better answer, that one wins; asked for the score of the worse one, *that* one wins. What is good
//! in rejected answers is then not unlearned.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The answers really change places for the lower goal; a test looks at it.
//! - Pairs of equal scores are left out.
//! - The policy is measured with the highest goal in front of every prompt ([`Lab::aim`]); without one it
//!   would be asked something it never learned. What it does with every other goal is measured beside.
//! - A small model overhears a single digit and learns both orders of a pair as one contradiction; saying the goal more
//!   often ([`RewardAug::said`]) does not mend it: at eight times the policy ends further from its start and worse.
//! - β is retuned: 0.01 is for models a thousand times larger.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{LearnConfig, loss::cdpo::cdpo},
    measure::{annotator::Annotator, control::Budget},
    prompt::Goal,
    recipe::{Card, Loop, OracleUse, Recipe},
    run::{Lab, Snapshot},
    select::{Candidates, Origin, Pair, best_worst, goal_conditioned, subset},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RewardAug {
    /// Share of the labels that is taken to be wrong (0 by default; 0.3 for Qwen2 in the released code).
    pub label_smoothing: f64,
    /// Ablation: every pair is learned twice as it is, which is plain DPO.
    pub goals: bool,
    /// How often a goal is said (once in the released code).
    pub said: usize,
    /// The loop (the paper learns once from given pairs; sampling its own is its on-policy version). A pair
    /// gives two.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for RewardAug {
    fn default() -> Self {
        // Each of the doubled pairs is seen once.
        let learn = LearnConfig { epochs: 1, ..Loop::default().learn };
        Self {
            label_smoothing: 0.0,
            goals: true,
            said: 1,
            shared: Loop { iterations: 1, prompts: 900, pairs: 720, learn, ..Loop::default() },
        }
    }
}

impl Recipe for RewardAug {
    const CARD: Card = Card {
        id: "reward-aug",
        title: "Reward-Augmented Data Enhances Direct Preference Alignment of LLMs",
        paper: "arXiv 2410.08067",
        family: "preference",
        claim: "Learning every pair once for each of its two scores keeps what is good in rejected answers, and asking for the highest score gives better answers than plain DPO.",
        fidelity: "The relabelling and the loss of the authors' code in the on-policy version, with a scale from 0 to 5 as one token in front of the prompt. The external scores are the world's annotators', who err at a known rate.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        // Every pair is there twice.
        let learn = self.shared.learn;
        Some(Budget { learn: LearnConfig { epochs: 2 * learn.epochs, ..learn }, ..self.shared.budget() })
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let scores = lab.annotate(&Annotator::of::<Self>(), &answers, Annotator::SCALE)?;
            let pairs = best_worst(&answers, &scores, Origin::Annotated);
            let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
            let pairs = if self.goals {
                goal_conditioned(&pairs, &goals(&pairs, &answers, &scores), self.said, lab.tokenizer())?
            } else {
                [pairs.clone(), pairs].concat()
            };
            let smoothing = self.label_smoothing;
            lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[Snapshot::Start], |batch, _| {
                batch.preference(Snapshot::Start, settings.beta, |margin| cdpo(margin, smoothing))
            })
            .await?;
            if self.goals {
                lab.aim(Goal::Score { score: Annotator::SCALE, times: self.said });
            }
            lab.measure().await?;
            if self.goals {
                lab.measure_goals(Annotator::SCALE, self.said).await?;
            }
        }
        Ok(())
    }
}

/// The scores of the best and the worst answer to each pair's prompt.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // scores are small whole numbers
fn goals(pairs: &[Pair], answers: &[Candidates], scores: &[Vec<f32>]) -> Vec<[usize; 2]> {
    let of = |pair: &Pair| -> Option<[usize; 2]> {
        let scores = scores.get(answers.iter().position(|group| group.prompt.id == pair.prompt)?)?;
        let highest = scores.iter().copied().reduce(f32::max)?;
        let lowest = scores.iter().copied().reduce(f32::min)?;
        Some([highest as usize, lowest as usize])
    };
    pairs.iter().map(|pair| of(pair).unwrap_or_default()).collect()
}
