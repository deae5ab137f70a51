//! T-REG: Preference Optimization with Token-Level Reward Regularization (arXiv 2412.02685).
//!
//! Which tokens of an answer are to blame is asked of the model itself: how much more likely is the token where a
//! better version of the answer is asked for than where a worse one is? DPO's implicit reward of single tokens is
//! drawn towards that.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The *same* tokens are scored under both ways of asking; no revision is drawn.
//! - Nothing flows back through the credit or the weight of a sequence.
//! - One half is taken off, so that a token can be unlearned; without it all of them would be reinforced.
//! - Both answers are regularised.
//! - The evaluator is frozen, a copy of the start that was taught to revise, and not the policy that moves.
//! - The two ways of asking may differ in length: tokens are compared by their place in the answer.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{LearnConfig, Objective, Sequence, loss::t_reg::t_reg},
    measure::{annotator::Annotator, control::Budget},
    model::Decoder,
    prompt::Revision,
    recipe::{Card, Loop, OracleUse, Recipe, tenth},
    run::{Lab, PairBatch, Snapshot},
    select::{Candidates, Origin, best_worst, subset},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TReg {
    /// Weight of the regulariser (0.1, 0.25 or 0.5 in the paper).
    pub alpha: f64,
    /// Demonstrations that annotators edit, each for better and for worse, so that the evaluator learns to revise (our
    /// choice; models of the paper can).
    pub revised: usize,
    /// How often the word is said that asks for a better or for a worse version (our choice; sentences in the
    /// paper).
    pub said: usize,
    /// How that is learned (our choice).
    pub skill: LearnConfig,
    /// The loop (five answers in the paper).
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for TReg {
    fn default() -> Self {
        let shared = Loop::default();
        Self {
            alpha: 0.25,
            revised: 2400,
            said: 8,
            skill: LearnConfig { batch_size: 32, micro_batch: 32, learning_rate: 1e-3, ..LearnConfig::default() },
            shared: Loop {
                iterations: 1,
                prompts: 900,
                samples: 5,
                pairs: 720,
                learn: LearnConfig { epochs: 1, ..shared.learn },
                ..shared
            },
        }
    }
}

impl Recipe for TReg {
    const CARD: Card = Card {
        id: "t-reg",
        title: "T-REG: Preference Optimization with Token-Level Reward Regularization",
        paper: "arXiv 2412.02685",
        family: "preference",
        claim: "A model that is asked for a better and a worse version of its answer knows which tokens are to blame, and drawing DPO's token rewards towards that improves on DPO.",
        fidelity: "Credit, detached weight and loss as in the paper, on the best and the worst of five own answers by annotators' scores. The evaluator is a copy of the reference that is first taught to revise, which the small model cannot: from demonstrations that the world's annotators edited, keeping the words and repairing, or breaking, most of what the draft broke, or met.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { revised: tenth(self.revised, 16), shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let annotator = Annotator::of::<Self>();
        let asked = Revision::new(lab.tokenizer(), self.said)?;
        lab.begin(1);
        let evaluator = self.evaluator(lab, &annotator, &asked).await?;
        for iteration in lab.iterations(settings.iterations) {
            if iteration > 1 {
                lab.begin(iteration);
            }
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let scores = lab.annotate(&annotator, &answers, Annotator::SCALE)?;
            let pairs = best_worst(&answers, &scores, Origin::Annotated);
            let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
            let credit = lab.credit(&pairs, &asked, &evaluator).await?;
            lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[Snapshot::Start], |batch, _| {
                self.objective(batch, &credit)
            })
            .await?;
            lab.measure().await?;
            lab.measure_credit(&pairs, &credit).await?;
        }
        Ok(())
    }
}

impl TReg {
    /// The reference once it can revise: it imitates what annotators made of answers, after what asked for it.
    async fn evaluator(&self, lab: &mut Lab, annotator: &Annotator, asked: &Revision) -> Result<Decoder> {
        let drafts = lab.lasting_demonstrations(self.revised)?;
        let revisions = lab.revise(annotator, &drafts)?;
        let draft = |group: &Candidates| -> Vec<[Vec<u32>; 2]> {
            group.answers.iter().map(|answer| asked.prompts(&group.ids, answer.content())).collect()
        };
        let rows: Vec<Sequence> = drafts
            .iter()
            .flat_map(draft)
            .zip(&revisions)
            .flat_map(|(asked, made)| [0, 1].map(|side| Sequence::completion(&asked[side], &made[side].ids)))
            .collect();
        let reference = lab.policy().clone();
        lab.imitate_aside("evaluator", reference, &self.skill, &rows).await
    }

    /// DPO with the regulariser, on the mean.
    fn objective(&self, batch: &PairBatch<'_>, credit: &[Vec<Vec<f32>>]) -> Result<Objective> {
        let inputs = batch.inputs(Snapshot::Start)?;
        let tokens: Vec<f32> = [0, 1]
            .iter()
            .flat_map(|side| batch.positions.iter().filter_map(|pair| credit.get(*pair)?.get(*side)))
            .flatten()
            .copied()
            .collect();
        let credit = Tensor::from_floats(tokens.as_slice(), &batch.model.device());
        let losses = t_reg(&inputs, batch.tokens.clone(), credit.clone(), self.alpha, self.shared.beta)?;
        let mut objective = batch.preference(Snapshot::Start, self.shared.beta, |_| losses)?;
        objective.metrics.push(("credit/magnitude", credit.abs().mean()));
        Ok(objective)
    }
}
