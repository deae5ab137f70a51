//! Aligning Language Models Using Follow-up Likelihood as Reward Signal (FLR, arXiv 2409.13948).
//!
//! What will the user say next? A reply after which satisfied follow-ups are likely and dissatisfied ones are not is
//! a good one, and a language model that knows how users talk can tell. For every aspect there are as many phrases of
//! satisfied as of dissatisfied users; `s⁺` and `s⁻` are the means over a list of the mean log-probability of a
//! phrase's tokens after the reply, each token given those before it, and the reward is `Σ (s⁺ − s⁻)` over the
//! aspects. The best against the worst of a prompt's answers make pairs for DPO.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Some phrases are frequent whatever the reply. Lists that are not balanced are refused, and all likelihoods are
//!   compared with those after a generic reply to the same prompt; within a prompt that changes no order, across
//!   prompts it does, and the log has the correlation with the truth with and without it.
//! - The length of a reply changes how likely any follow-up is: only the difference of the two sides is free of it.
//!   One side alone is a setting and, in the log, an ablation on the same answers.
//! - Follow-ups belong to the user's turn. A user's turn here is what stands before the mark that hands it to the
//!   model: `request <resp> reply <eos> <check> request so yes <resp>`. With the roles swapped, as for learning from
//!   comments, the model is told to ask, asks, is answered and comments: `<check> <resp> request <eos> reply <resp>
//!   <check> request so yes <eos>`, for learning and scoring alike.
//! - The released script reads the logits of all tokens of a follow-up off its first position and averages them
//!   without a softmax. Nothing here does.
//! - The model that listens is not the one that learns: it is a copy, and the policy never trains on users' turns.
//!
//! It runs in the world [Dialog](crate::world::dialog), whose truth are the qualities that the user reacts to. Prompts,
//! users and starter are also those of [Rules](crate::world::rules): there it learns the same, and is measured by the
//! share of constraints that are met.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    judge::{Likelihoods, Sides, by_aspect, calibrated},
    learn::{LearnConfig, ScheduleKind},
    measure::{annotator::Annotator, aspects::Over, control::Budget},
    model::Decoder,
    recipe::{Card, Loop, OracleUse, Recipe, tenth},
    run::{Lab, Said},
    select::{Candidates, Origin, best_worst, subset},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Flr {
    /// Which follow-ups count (both in the paper; one side is its ablation).
    pub sides: Sides,
    /// Dialogues from which the listening model learns what users say (our choice: a large model knows).
    pub dialogues: usize,
    /// Annotators' comments that it learns from after that, with the roles swapped; 0 leaves that out (the paper has
    /// both).
    pub comments: usize,
    /// The optimiser of the listening model (our choice).
    pub listening: LearnConfig,
    /// The loop (the paper mines pairs once; several answers to each prompt).
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Flr {
    fn default() -> Self {
        Self {
            sides: Sides::Both,
            dialogues: 9600,
            comments: 0,
            listening: LearnConfig {
                learning_rate: 1e-3,
                schedule: ScheduleKind::Cosine,
                batch_size: 32,
                micro_batch: 32,
                ..LearnConfig::default()
            },
            shared: Loop { iterations: 1, ..Loop::once() },
        }
    }
}

impl Recipe for Flr {
    const CARD: Card = Card {
        id: "flr",
        title: "Aligning Language Models Using Follow-up Likelihood as Reward Signal",
        paper: "arXiv 2409.13948",
        family: "reward model",
        claim: "How likely a model finds satisfied and dissatisfied follow-ups after a reply is a reward to learn from, and both kinds together rank replies better than satisfied ones alone.",
        fidelity: "Teacher-forced mean log-likelihoods of balanced lists, calibrated by a generic reply; best against worst for DPO. Four aspects with twenty phrases each instead of six. What users say is taught to a copy of the model in a short supervised phase on a scripted user's dialogues, and annotators serve the option of comments alone.",
        oracle: OracleUse::Annotator,
        base: false,
    };
    const WORLD: &'static str = "dialog";

    fn quick(self) -> Self {
        Self {
            dialogues: tenth(self.dialogues, 32),
            comments: self.comments.div_ceil(10),
            shared: self.shared.quick(),
            ..self
        }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        lab.follow_up_judge(false)?;
        let mut listener: Option<Decoder> = None;
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let model = match listener.take() {
                Some(model) => model,
                None => self.listener(lab).await?,
            };
            let rewards = self.rewards(lab, &model, &answers).await?;
            listener = Some(model);
            let pairs =
                subset(best_worst(&answers, &rewards, Origin::BestWorst), settings.pairs, lab.seed(), iteration);
            lab.learn_labels(&settings.learn, settings.replay(), settings.beta, &pairs).await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Flr {
    /// A copy of the model that learned what users say, and from comments where there are some.
    async fn listener(&self, lab: &mut Lab) -> Result<Decoder> {
        let annotator = Annotator::of::<Self>();
        let user = lab.follow_up_judge(false)?;
        let heard = lab.dialogues(&annotator, &user, Said::ByUsers, self.dialogues)?;
        let start = lab.policy().clone();
        let model = lab.imitate_aside("follow-ups", start, &self.listening, &heard).await?;
        if self.comments == 0 {
            return Ok(model);
        }
        let swapped = lab.follow_up_judge(true)?;
        let comments = lab.dialogues(&annotator, &swapped, Said::ByAnnotators, self.comments)?;
        lab.imitate_aside("comments", model, &self.listening, &comments).await
    }

    /// The reward of every answer; notes how right it is, and would be with one side alone.
    async fn rewards(&self, lab: &mut Lab, model: &Decoder, answers: &[Candidates]) -> Result<Vec<Vec<f32>>> {
        let judge = lab.follow_up_judge(self.comments > 0)?;
        let raw = lab.follow_ups("follow-ups", model, &judge, answers).await?;
        let compared: Vec<Vec<Likelihoods>> = raw.iter().map(|of| compared(of)).collect();
        let aspects = |of: &[Vec<Likelihoods>], sides| -> Vec<Vec<Vec<f32>>> {
            of.iter().map(|prompt| prompt.iter().map(|answer| by_aspect(answer, sides)).collect()).collect()
        };
        let sums = |of: &[Vec<Likelihoods>]| -> Vec<Vec<f32>> {
            let sum = |answer: &Vec<f32>| answer.iter().sum();
            aspects(of, self.sides)
                .iter()
                .zip(answers)
                .map(|(p, c)| p.iter().take(c.answers.len()).map(sum).collect())
                .collect()
        };
        let rewards = sums(&compared);
        lab.rank("follow-ups", &rewards)?;
        for (name, sides) in [
            ("right by aspect", Sides::Both),
            ("right by aspect, satisfied alone", Sides::Satisfied),
            ("right by aspect, dissatisfied alone", Sides::Dissatisfied),
        ] {
            lab.measure_aspects(name, answers, &aspects(&compared, sides))?;
        }
        lab.measure_correlations(
            "correlation, calibrated and not",
            answers,
            &[rewards.clone(), sums(&raw)],
            Over::Answers,
        )?;
        Ok(rewards)
    }
}

/// Each answer's likelihoods compared with those of the generic reply, the last.
fn compared(of: &[Likelihoods]) -> Vec<Likelihoods> {
    of.split_last()
        .map_or_else(Vec::new, |(generic, answers)| answers.iter().map(|answer| calibrated(answer, generic)).collect())
}
