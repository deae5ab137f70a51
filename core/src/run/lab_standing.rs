//! How a policy stands to the likeliest answers of the model it began as (sharpening, arXiv 2412.01951).

use super::{Lab, Snapshot};
use crate::{
    Result,
    learn::{Sequence, batch::score},
    measure::{
        exact::{Counted, Exact, STANDING, standing},
        policy::answer_quality,
    },
    prompt::Prompt,
    sample::{Answer, Sampling},
    select::Candidates,
};

/// Held-out prompts whose answers are all counted.
const COUNTED: usize = 48;

impl Lab {
    /// Measures what choosing one of every prompt's answers is worth beside taking the first, and beside the
    /// policy's greedy answer, which costs one answer instead of many. The log keeps the oracle's rewards and the
    /// shares of answers that are right, each for the first, the greedy and the chosen one; nothing comes back.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
    pub async fn measure_choice(
        &mut self,
        prompts: &[Prompt],
        answers: &[Candidates],
        places: &[usize],
        max_new_tokens: usize,
    ) -> Result<()> {
        let greedy = self.draw("greedy", prompts, 1, &Sampling::greedy(max_new_tokens)).await?;
        let rows = |of: &[Candidates], place: &dyn Fn(usize) -> usize| {
            let rows: Vec<(&str, &Answer)> = of
                .iter()
                .enumerate()
                .filter_map(|(index, c)| Some((c.prompt.text.as_str(), c.answers.get(place(index))?)))
                .collect();
            answer_quality(self.world(), &rows)
        };
        let chosen = |index: usize| places.get(index).copied().unwrap_or_default();
        let quality = [rows(answers, &|_| 0), rows(&greedy, &|_| 0), rows(answers, &chosen)];
        let rewards = quality.iter().filter_map(|of| of.reward.map(|mean| mean.mean as f32)).collect();
        let right = quality.iter().filter_map(|of| of.all_met.map(|share| share as f32)).collect();
        self.note("reward of one, greedy, chosen", rewards)?;
        self.note("right of one, greedy, chosen", right)
    }

    /// Measures, in a world whose answers can be counted, how the policy stands to the likeliest answers of
    /// [`Snapshot::Initial`]: exactly, from the log-probability of every answer. The numbers are in the log under
    /// the names of [`STANDING`]. Elsewhere it does nothing.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn measure_standing(&mut self) -> Result<()> {
        let prompts: Vec<Prompt> = self.held_out().into_iter().take(COUNTED).collect();
        let texts: Option<Vec<Vec<String>>> =
            self.world().and_then(|world| prompts.iter().map(|prompt| world.sentences(&prompt.text)).collect());
        let Some(texts) = texts else {
            return Ok(());
        };
        self.note_missing(&STANDING, async |lab| Ok(lab.standing(&prompts, &texts).await?.into())).await
    }

    async fn standing(&mut self, prompts: &[Prompt], texts: &[Vec<String>]) -> Result<[Vec<f32>; 7]> {
        let mut rows: Vec<(Vec<Vec<u32>>, [Exact; 2])> = Vec::new();
        for (done, (prompt, texts)) in prompts.iter().zip(texts).enumerate() {
            self.pace.pause().await?;
            self.progress("measure", done, prompts.len(), 0);
            let read = self.prompt_tokens(&prompt.text)?;
            let ids: Vec<Vec<u32>> =
                texts.iter().map(|text| Ok(self.given_answer(text)?.ids)).collect::<Result<_>>()?;
            let sequences: Vec<Sequence> = ids.iter().map(|ids| Sequence::completion(&read, ids)).collect();
            let mut of = [Exact::new(Vec::new()), Exact::new(Vec::new())];
            for (of, model) in of.iter_mut().zip([self.snapshot(Snapshot::Initial), self.policy()]) {
                let logprobs = score(model, &sequences, self.manifest.options.token_budget).await?;
                let sum = |row: &Vec<f32>| row.iter().map(|l| f64::from(*l)).sum();
                *of = Exact::new(logprobs.iter().map(sum).collect());
            }
            rows.push((ids, of));
        }
        self.progress("measure", prompts.len(), prompts.len(), 0);
        let counted: Vec<Counted<'_>> = prompts
            .iter()
            .zip(texts)
            .zip(&rows)
            .map(|((prompt, texts), (ids, [base, policy]))| Counted {
                prompt: &prompt.text,
                texts,
                ids,
                base: base.clone(),
                policy: policy.clone(),
            })
            .collect();
        // A world's answers were counted, so there is one.
        Ok(self.world().map_or_else(|| std::array::from_fn(|_| Vec::new()), |world| standing(world, &counted)))
    }
}
