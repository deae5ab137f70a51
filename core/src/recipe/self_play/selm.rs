//! Self-Exploring Language Models: Active Preference Elicitation for Online Alignment (SELM, arXiv
//! 2405.19332).
//!
//! Online DPO with a term of optimism: the policy also makes what its reference already says less likely,
//! so that its mass goes where nobody has looked yet.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The term is added to the loss with a plus: `αβ (log π(y_ref) − log π_ref(y_ref))` goes down.
//! - `y_ref` is the greedy answer of the *current reference*, [`Snapshot::Start`], which need not be
//!   chosen or rejected; it is each pair's third answer.
//! - The term is a sum over tokens, not a mean, and α is small instead.
//! - The old chosen and rejected answers stay in the ranking beside the new one.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{
        LearnConfig, Objective,
        loss::{selm::selm, sigmoid::sigmoid},
    },
    measure::{annotator::Annotator, control::Budget},
    prompt::Prompt,
    recipe::{Card, OracleUse, Recipe, tenth},
    run::{Lab, PairBatch, Replay, Snapshot},
    sample::Sampling,
    select::{Origin, Pair, best_worst, pool, with_own},
};

/// The steps of the ranker's scale: as good as real numbers.
const SCALE: usize = 100;

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selm {
    /// Rounds with new answers (3 in the paper).
    pub rounds: u32,
    /// Whether an iteration of plain DPO on the given pairs comes first (as for Zephyr in the paper).
    pub offline: bool,
    /// Given pairs in each iteration; no pair serves twice (our choice).
    pub pairs: usize,
    /// Weight α of the optimism (0.001 for Zephyr in the paper).
    pub alpha: f64,
    /// Scale β of the implicit reward (our choice; 0.01 in the paper).
    pub beta: f64,
    /// The longest greedy answer (our choice).
    pub max_new_tokens: usize,
    /// The optimiser (our choice).
    pub learn: LearnConfig,
    /// Judgements mixed into each optimiser step (our choice).
    pub replay: usize,
    /// Weight of their loss (our choice).
    pub replay_weight: f64,
}

impl Default for Selm {
    fn default() -> Self {
        Self {
            rounds: 3,
            offline: true,
            pairs: 240,
            alpha: 0.001,
            beta: 0.1,
            max_new_tokens: Sampling::default().max_new_tokens,
            learn: LearnConfig { epochs: 2, learning_rate: 2e-4, ..LearnConfig::default() },
            replay: 16,
            replay_weight: 1.0,
        }
    }
}

impl Recipe for Selm {
    const CARD: Card = Card {
        id: "selm",
        title: "Self-Exploring Language Models: Active Preference Elicitation for Online Alignment",
        paper: "arXiv 2405.19332",
        family: "self-play",
        claim: "A little optimism in the loss makes online DPO try answers the model would not give by itself, and find better ones sooner.",
        fidelity: "Loss, pool and loop as in the authors' code. The external ranker is the world's annotators, who err at a known rate; beta is retuned for a small model.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { rounds: 1, pairs: tenth(self.pairs, 16), ..self }
    }

    /// Its answers are ranked among given ones, so that controls that only draw would spend another budget.
    fn budget(&self) -> Option<Budget> {
        None
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let ranker = Annotator::of::<Self>();
        let count = self.rounds + u32::from(self.offline);
        let given = lab.preferences(&ranker, self.pairs * count as usize)?;
        // As many equal parts as iterations.
        let mut parts = given.chunks(given.len().div_ceil(count as usize).max(1));
        for iteration in lab.iterations(count) {
            lab.begin(iteration);
            let old = parts.next().unwrap_or_default();
            let prompt = |pair: &Pair| Prompt { id: pair.prompt.clone(), text: pair.text.clone() };
            let prompts = lab.pose(old.iter().map(prompt).collect())?;
            let pairs = if self.offline && iteration == 1 {
                old.to_vec()
            } else {
                let new = lab.sample(&prompts, 1, &Sampling::greedy(self.max_new_tokens)).await?;
                let pool = pool(old, &new);
                let scores = lab.annotate(&ranker, &pool, SCALE)?;
                with_own(best_worst(&pool, &scores, Origin::Annotated), &new)
            };
            let replay = Replay { per_step: self.replay, weight: self.replay_weight };
            lab.learn_pairs(&self.learn, replay, &pairs, &[Snapshot::Start], |batch, _| self.objective(batch)).await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Selm {
    /// DPO on the given pairs, the loss with optimism where there are new answers.
    fn objective(&self, batch: &PairBatch<'_>) -> Result<Objective> {
        if batch.pairs.iter().any(|pair| pair.third.is_none()) {
            return batch.preference(Snapshot::Start, self.beta, sigmoid);
        }
        let [policy, reference] = batch.third(Snapshot::Start)?;
        let explored = policy - reference;
        let loss = |margin| selm(margin, explored.clone(), self.alpha, self.beta);
        let mut objective = batch.preference(Snapshot::Start, self.beta, loss)?;
        objective.metrics.push(("logps/explored", explored.mean()));
        Ok(objective)
    }
}
