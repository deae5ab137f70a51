//! Learning from rewards of the policy's own answers, and what is measured of a reward that only stands for the
//! truth.

use super::{Lab, Phase, Replay, RewardBatch, Snapshot, lab_judge::narrow};
use crate::{
    Error, Result,
    learn::{LearnConfig, Objective, Sequence},
    measure::proxy,
    prompt::Prompt,
    select::{Candidates, Rewarded},
};

impl Lab {
    /// Writes scores that a recipe has computed by itself to the log, as it does a judge's.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn scored(&mut self, name: &str, scores: Vec<Vec<f32>>) -> Result<Vec<Vec<f32>>> {
        let count = scores.len();
        match self.replayed_scores(name)? {
            Some(scores) => Ok(scores),
            None => self.judged(name, scores, count),
        }
    }

    /// A policy-gradient step after another on answers that the policy drew in this iteration, and their rewards.
    /// `references` names the frozen models that the objective needs.
    ///
    /// Answers are drawn once an iteration: from the second step on they are those of a policy that has moved. An
    /// objective that minds looks at [`RewardBatch::drawn`].
    ///
    /// # Errors
    /// If an answer was not drawn, so that its log-probabilities are not known. Otherwise as [`Lab::learn_pairs`].
    pub async fn learn_rewarded(
        &mut self,
        config: &LearnConfig,
        replay: Replay,
        answers: &[Rewarded],
        references: &[Snapshot],
        mut objective: impl FnMut(&RewardBatch<'_>, &Phase<'_>) -> Result<Objective>,
    ) -> Result<()> {
        self.learned.clear();
        for one in answers {
            self.check_row(&one.prompt, &one.ids, &one.answer.ids)?;
            if one.answer.logprobs.len() != one.answer.ids.len() {
                return Err(Error::Recipe(format!(
                    "the answer to `{}` was not drawn by a policy; a policy gradient is taken on drawn answers alone",
                    one.prompt
                )));
            }
        }
        let sequences: Vec<Sequence> =
            answers.iter().map(|one| Sequence::completion(&one.ids, &one.answer.ids)).collect();
        self.learn_answers(config, replay, &sequences, references, |model, chosen, (layout, references), phase| {
            let tokens = layout.token_logprobs(model);
            let batch = RewardBatch {
                model,
                answers: chosen.iter().map(|row| &answers[*row]).collect(),
                policy: layout.sum_per_sequence(tokens.clone()),
                tokens,
                layout,
                references,
            };
            objective(&batch, phase)
        })
        .await
    }

    /// Whether each prompt asks for an answer of a certain extent, so that a longer one is no better: as the world
    /// marks its prompts. Without a world none does.
    #[must_use]
    pub fn constrained(&self, prompts: &[Prompt]) -> Vec<bool> {
        prompts.iter().map(|prompt| self.world.as_ref().is_some_and(|world| world.constrained(&prompt.text))).collect()
    }

    /// Measures how a reward of the recipe's own stands to the truth on answers that it was given to, and writes to
    /// the log the mean of either, Spearman's ρ between the two over the answers and, from the third iteration on,
    /// over the iterations' means. Without a world nothing is measured.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn measure_proxy(&mut self, candidates: &[Candidates], rewards: &[Vec<f32>]) -> Result<()> {
        let Some(world) = self.world.as_deref() else {
            return Ok(());
        };
        let found = proxy::compare(world, candidates, rewards);
        self.proxies.push(found.means);
        let over_iterations = proxy::over_iterations(&self.proxies);
        self.note("mean of proxy and truth", found.means.map(narrow).to_vec())?;
        if let Some(spearman) = found.spearman {
            self.note("spearman of proxy and truth", vec![narrow(spearman)])?;
        }
        if let Some(spearman) = over_iterations {
            self.note("spearman over iterations", vec![narrow(spearman)])?;
        }
        Ok(())
    }
}
