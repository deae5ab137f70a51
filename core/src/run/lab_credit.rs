//! What single tokens of answers are worth: by how a model would revise them, and by how much more likely a better
//! aligned model finds them.

use burn::tensor::Tensor;

use super::{Event, Lab, Snapshot, lab_judge::by_prompt};
use crate::{
    Error, Result,
    device::read_floats,
    judge::log_ratios,
    learn::{Sequence, batch::score, loss::t_reg::token_credit},
    measure::credit::fault_auroc,
    model::Decoder,
    prompt::Revision,
    sample::Answer,
    select::{Candidates, Pair},
    world::World,
};

/// The names under which the log keeps them.
const CREDIT: &str = "token credit";
const RATIO: &str = "density ratio";
const MEAN_RATIO: &str = "density ratio per token";

/// The log-density ratios of every answer of every prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratios {
    /// Summed over the answer's tokens, the stop token included.
    pub sum: Vec<Vec<f32>>,
    /// The mean over them.
    pub mean: Vec<Vec<f32>>,
}

impl Lab {
    /// The credit of every token of the two answers of each pair: how much more likely a frozen model finds the
    /// *same* token where it is asked for a better version of the answer than where it is asked for a worse one
    /// ([`token_credit`]).
    ///
    /// # Errors
    /// If a pair and its revision do not fit the context, if the device fails or the run is stopped.
    pub async fn credit(
        &mut self,
        pairs: &[Pair],
        revision: &Revision,
        evaluator: &Decoder,
    ) -> Result<Vec<Vec<Vec<f32>>>> {
        if let Some(tokens) = self.replayed_tokens(CREDIT)? {
            return Ok(tokens);
        }
        self.pace.pause().await?;
        self.progress("judge", 0, pairs.len(), 0);
        let mut asked: [Vec<Sequence>; 2] = [Vec::new(), Vec::new()];
        for pair in pairs {
            for answer in &pair.answers {
                for (asked, prompt) in asked.iter_mut().zip(revision.prompts(&pair.ids, answer.content())) {
                    self.check_row(&pair.prompt, &prompt, &answer.ids)?;
                    asked.push(Sequence::completion(&prompt, &answer.ids));
                }
            }
        }
        let budget = self.manifest.options.token_budget;
        let [better, worse] = [score(evaluator, &asked[0], budget).await?, score(evaluator, &asked[1], budget).await?];
        let flat = |rows: &[Vec<f32>]| Tensor::<1>::from_floats(rows.concat().as_slice(), &evaluator.device());
        let credit = read_floats(token_credit(flat(&better), flat(&worse))).await?;
        let mut credit = credit.into_iter();
        let rows: Vec<Vec<f32>> = better.iter().map(|row| credit.by_ref().take(row.len()).collect()).collect();
        self.credited(CREDIT, rows.chunks(2).map(<[Vec<f32>]>::to_vec).collect(), pairs.len())
    }

    /// The log-density ratio `log π_strong(y|x) − log π_weak(y|x)` of every answer. What stands in `contexts`, one for
    /// each prompt, is read by both models in the place of the prompt. The log keeps the ratio of every token, and of
    /// every answer the sum and the mean.
    ///
    /// # Errors
    /// If the two models are one, so that every ratio is 0, if a context does not fit, if the device fails or the run
    /// is stopped.
    #[allow(clippy::cast_precision_loss)] // token counts
    pub async fn density_ratios(
        &mut self,
        candidates: &[Candidates],
        contexts: &[Vec<u32>],
        strong: &Decoder,
        weak: Snapshot,
    ) -> Result<Ratios> {
        let tokens = match self.replayed_tokens(RATIO)? {
            Some(tokens) => tokens,
            None => {
                self.pace.pause().await?;
                self.progress("judge", 0, candidates.len(), 0);
                let mut sequences = Vec::new();
                for (group, context) in candidates.iter().zip(contexts) {
                    for answer in &group.answers {
                        self.check_row(&group.prompt.id, context, &answer.ids)?;
                        sequences.push(Sequence::completion(context, &answer.ids));
                    }
                }
                let (weak, budget) = (self.snapshot(weak).clone(), self.manifest.options.token_budget);
                let rows = log_ratios(strong, &weak, &sequences, budget).await?;
                self.credited(RATIO, by_prompt(candidates, rows), candidates.len())?
            }
        };
        if tokens.iter().flatten().flatten().all(|ratio| *ratio == 0.0) {
            return Err(Error::Recipe(format!(
                "the density ratio of every answer is 0 in iteration {}, because the strong and the {} model are the same; give the strong one more to learn from, or compare it with another model",
                self.iteration,
                weak.name()
            )));
        }
        let of = |number: &dyn Fn(&Vec<f32>) -> f32| -> Vec<Vec<f32>> {
            tokens.iter().map(|group| group.iter().map(number).collect()).collect()
        };
        let sum = of(&|ratios| ratios.iter().sum());
        let mean = of(&|ratios| ratios.iter().sum::<f32>() / ratios.len().max(1) as f32);
        for (name, scores) in [(RATIO, &sum), (MEAN_RATIO, &mean)] {
            let judged = || Event::Judged { judge: name.to_owned(), scores: scores.clone() };
            self.append_once(|e| matches!(e, Event::Judged { judge, .. } if judge == name), "a judgement", judged)?;
        }
        Ok(Ratios { sum, mean })
    }

    /// Measures how well the credit of a phase's pairs finds the tokens that break a requirement, and how well the
    /// policy's implicit reward of single tokens `log π/π_start` does on held-out answers of the run's start: writes
    /// the area under the ROC curve, of all tokens and of all but stop tokens, to the log where there is a world.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn measure_credit(&mut self, pairs: &[Pair], credit: &[Vec<Vec<f32>>]) -> Result<()> {
        let mut rows = Vec::new();
        for (pair, credit) in pairs.iter().zip(credit) {
            rows.extend(pair.answers.iter().zip(credit).map(|(a, of)| (pair.text.as_str(), a, of.as_slice())));
        }
        let found = areas(self.world.as_deref(), &rows);
        self.note("AUROC of the token credit", found)?;
        let fixed = self.fixed.clone();
        let held_out: &[Candidates] = fixed.as_ref().map_or(&[], |fixed| &fixed.candidates);
        let sequences: Vec<Sequence> =
            held_out.iter().flat_map(|c| c.answers.iter().map(|a| Sequence::completion(&c.ids, &a.ids))).collect();
        let (policy, start) = (self.policy.clone(), self.start.clone());
        let ratios = log_ratios(&policy, &start, &sequences, self.manifest.options.token_budget).await?;
        let answers = held_out.iter().flat_map(|c| c.answers.iter().map(|a| (c.prompt.text.as_str(), a)));
        let rows: Vec<(&str, &Answer, &[f32])> =
            answers.zip(&ratios).map(|((text, answer), of)| (text, answer, of.as_slice())).collect();
        let found = areas(self.world.as_deref(), &rows);
        self.note("AUROC of the implicit token reward", found)
    }

    fn replayed_tokens(&mut self, name: &str) -> Result<Option<Vec<Vec<Vec<f32>>>>> {
        let fits = |e: &Event| matches!(e, Event::Credited { by, .. } if by == name);
        Ok(match self.replayed(fits, "numbers of tokens")? {
            Some(Event::Credited { tokens, .. }) => Some(tokens),
            _ => None,
        })
    }

    fn credited(&mut self, by: &str, tokens: Vec<Vec<Vec<f32>>>, count: usize) -> Result<Vec<Vec<Vec<f32>>>> {
        self.progress("judge", count, count, 0);
        self.append(Event::Credited { by: by.to_owned(), tokens: tokens.clone() })?;
        Ok(tokens)
    }
}

/// The areas of [`fault_auroc`]; none without a world.
#[allow(clippy::cast_possible_truncation)] // the log keeps single precision
fn areas(world: Option<&dyn World>, rows: &[(&str, &Answer, &[f32])]) -> Vec<f32> {
    world.and_then(|world| fault_auroc(world, rows)).into_iter().flatten().map(|area| area as f32).collect()
}
