//! What the laboratory can tell about answers without a judge's score: log-ratios of models,
//! comparisons, the annotators of a recipe that has them, and notes.

use super::{Event, Lab, Snapshot};
use crate::{
    Error, Result,
    judge::{Comparison, Generative, fit_temperature},
    learn::{
        Sequence,
        batch::{embeddings, score},
    },
    measure::annotator::{self, Annotator},
    prompt::Prompt,
    recipe::starter::StarterConfig,
    sample::Answer,
    select::{Candidates, Preferences},
};

/// Pairs of the seed judgements that a judge's temperature is fitted to.
const TEMPERATURE_PAIRS: usize = 400;

/// Keeps logits of probabilities finite.
const SMALLEST_PROBABILITY: f64 = 1e-6;

impl Lab {
    /// Writes numbers that a recipe selects or labels by to the log.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn note(&mut self, name: &str, values: Vec<f32>) -> Result<()> {
        if self.replayed(|e| matches!(e, Event::Noted { name: n, .. } if n == name), "a note")?.is_none() {
            self.append(Event::Noted { name: name.to_owned(), values })?;
        }
        Ok(())
    }

    /// The implicit reward of every answer but for its scale: `log π(y|x) − log π_base(y|x)` of two
    /// models, summed over the tokens (DPO, arXiv 2305.18290, eq. 5). The log keeps it under `name`.
    ///
    /// # Errors
    /// If the reward of every answer is 0, because the two models are one: there is nothing to rank by.
    /// If the device fails or the run is stopped.
    pub async fn log_ratio(
        &mut self,
        name: &str,
        candidates: &[Candidates],
        of: Snapshot,
        base: Snapshot,
    ) -> Result<Vec<Vec<f32>>> {
        if let Some(scores) = self.replayed_scores(name)? {
            return Ok(scores);
        }
        let (above, below) = (self.logprobs(candidates, of).await?, self.logprobs(candidates, base).await?);
        let ratios: Vec<Vec<f32>> = above
            .iter()
            .zip(&below)
            .map(|(above, below)| above.iter().zip(below).map(|((a, _), (b, _))| narrow(a - b)).collect())
            .collect();
        if ratios.iter().flatten().all(|ratio| *ratio == 0.0) {
            return Err(Error::Recipe(format!(
                "the implicit reward of every answer is 0 in iteration {}, because the {} and the {} model are the same; give a base that the model was trained from with --base, or check that the iteration before learned anything",
                self.iteration,
                of.name(),
                base.name()
            )));
        }
        self.judged(name, ratios, candidates.len())
    }

    /// The mean log-probability per token of every answer under a model. The log keeps it under `name`.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    #[allow(clippy::cast_precision_loss)] // token counts
    pub async fn mean_logprob(&mut self, name: &str, candidates: &[Candidates], of: Snapshot) -> Result<Vec<Vec<f32>>> {
        if let Some(scores) = self.replayed_scores(name)? {
            return Ok(scores);
        }
        let logprobs = self.logprobs(candidates, of).await?;
        let mean = |(sum, tokens): &(f64, usize)| narrow(sum / (*tokens).max(1) as f64);
        let means = logprobs.iter().map(|group| group.iter().map(mean).collect()).collect();
        self.judged(name, means, candidates.len())
    }

    fn replayed_scores(&mut self, name: &str) -> Result<Option<Vec<Vec<f32>>>> {
        let fits = |e: &Event| matches!(e, Event::Judged { judge, .. } if judge == name);
        Ok(match self.replayed(fits, "a judgement")? {
            Some(Event::Judged { scores, .. }) => Some(scores),
            _ => None,
        })
    }

    fn judged(&mut self, name: &str, scores: Vec<Vec<f32>>, count: usize) -> Result<Vec<Vec<f32>>> {
        self.progress("judge", count, count, 0);
        self.append(Event::Judged { judge: name.to_owned(), scores: scores.clone() })?;
        Ok(scores)
    }

    /// The summed log-probability of every answer and its number of tokens.
    async fn logprobs(&mut self, candidates: &[Candidates], of: Snapshot) -> Result<Vec<Vec<(f64, usize)>>> {
        self.pace.pause().await?;
        self.progress("judge", 0, candidates.len(), 0);
        let sequences: Vec<Sequence> = candidates
            .iter()
            .flat_map(|c| c.answers.iter().map(|answer| Sequence::completion(&c.ids, &answer.ids)))
            .collect();
        let rows = score(self.snapshot(of), &sequences, self.manifest.options.token_budget).await?;
        let mut rows = rows.iter().map(|row| (row.iter().map(|l| f64::from(*l)).sum(), row.len()));
        Ok(candidates.iter().map(|c| rows.by_ref().take(c.answers.len()).collect()).collect())
    }

    /// The mean hidden state of every prompt under a model, `[hidden]` each.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn embed(&mut self, prompts: &[&[u32]], of: Snapshot) -> Result<Vec<Vec<f32>>> {
        self.pace.pause().await?;
        let model = self.snapshot(of).clone();
        embeddings(&model, prompts, self.manifest.options.token_budget).await
    }

    /// What a generative judge (the current policy) thinks of every two answers to each prompt, at a
    /// temperature: 1 leaves its probabilities as they are.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn compare(
        &mut self,
        judge: &Generative,
        temperature: f64,
        candidates: &[Candidates],
    ) -> Result<Vec<Preferences>> {
        let fits = |e: &Event| matches!(e, Event::Compared { judge: name, .. } if name == judge.name());
        let preferences = match self.replayed(fits, "a comparison")? {
            Some(Event::Compared { preferences, .. }) => preferences,
            _ => {
                self.pace.pause().await?;
                self.progress("judge", 0, candidates.len(), 0);
                let pairs: Vec<Comparison<'_>> = candidates.iter().flat_map(comparisons).collect();
                let preferred = judge.prefer(&self.policy, &pairs, self.manifest.options.token_budget).await?;
                let mut rest = preferred.into_iter().map(|p| narrow(tempered(f64::from(p), temperature)));
                let preferences: Vec<Vec<f32>> =
                    candidates.iter().map(|c| rest.by_ref().take(comparisons(c).count()).collect()).collect();
                self.progress("judge", candidates.len(), candidates.len(), 0);
                self.append(Event::Compared { judge: judge.name().to_owned(), preferences: preferences.clone() })?;
                preferences
            }
        };
        Ok(candidates
            .iter()
            .zip(preferences)
            .map(|(c, of)| Preferences::new(c.answers.len(), of.into_iter().map(f64::from).collect()))
            .collect())
    }

    /// The temperature under which a judge's comparisons fit the seed judgements it was taught with,
    /// whose labels are wrong at the known rate; 1 without a world, since there are none.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn temperature(&mut self, judge: &Generative) -> Result<f64> {
        let note = format!("temperature of {}", judge.name());
        if let Some(Event::Noted { values, .. }) =
            self.replayed(|e| matches!(e, Event::Noted { name, .. } if *name == note), "a temperature")?
        {
            return Ok(values.first().map_or(1.0, |value| f64::from(*value)));
        }
        self.pace.pause().await?;
        let (texts, labels) = self.seed_comparisons(judge)?;
        let pairs: Vec<Comparison<'_>> =
            texts.iter().map(|(prompt, answers)| Comparison { prompt, answers: [&answers[0], &answers[1]] }).collect();
        let preferred = judge.prefer(&self.policy, &pairs, self.manifest.options.token_budget).await?;
        let logits: Vec<f64> = preferred.into_iter().map(|p| logit(f64::from(p))).collect();
        // What the log holds is what counts, so that a resumed run uses the same number.
        let temperature = narrow(fit_temperature(&logits, &labels));
        self.append(Event::Noted { name: note, values: vec![temperature] })?;
        Ok(f64::from(temperature))
    }

    /// Seed judgements of two answers by this judge's variant, in tokens, and whether the first is
    /// called better.
    #[allow(clippy::type_complexity)]
    fn seed_comparisons(&self, judge: &Generative) -> Result<(Vec<(Vec<u32>, [Vec<u32>; 2])>, Vec<bool>)> {
        let variant = self.manifest.judges.iter().position(|prompt| prompt.name == judge.name());
        let (Some(world), Some(variant)) = (&self.world, variant) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let first = &self.manifest.judges[variant].verdicts[0];
        let starter = StarterConfig::default();
        let (mut texts, mut labels) = (Vec::new(), Vec::new());
        for row in world.judgements(starter.seed, starter.judgements, starter.noise) {
            if let Some(second) = row.second.as_ref().filter(|_| row.variant == variant) {
                let answer = |text: &str| self.tokenizer.encode_piece(text);
                texts.push((self.tokenizer.encode(&row.prompt)?, [answer(&row.first)?, answer(second)?]));
                labels.push(row.verdict == *first);
            }
            if texts.len() == TEMPERATURE_PAIRS {
                break;
            }
        }
        Ok((texts, labels))
    }

    /// The annotators' scores of every answer, from 0 to `top`, for a recipe whose paper has
    /// annotators or a ranker. They err at a known rate.
    ///
    /// # Errors
    /// If another recipe runs, or there is no world whose annotators could be asked.
    pub fn annotate(&mut self, annotator: &Annotator, candidates: &[Candidates], top: usize) -> Result<Vec<Vec<f32>>> {
        const NAME: &str = "annotator";
        self.admit(annotator)?;
        if let Some(scores) = self.replayed_scores(NAME)? {
            return Ok(scores);
        }
        let world = self.world.as_deref().ok_or_else(nobody)?;
        let scores = annotator::scores(world, (self.manifest.seed, self.iteration), candidates, top);
        self.judged(NAME, scores, candidates.len())
    }

    /// One answer of a stronger model to each prompt, for a recipe whose paper has a teacher.
    ///
    /// # Errors
    /// If another recipe runs, or there is no world with a teacher.
    pub fn teach(&mut self, annotator: &Annotator, prompts: &[Prompt]) -> Result<Vec<Answer>> {
        const PURPOSE: &str = "teacher";
        self.admit(annotator)?;
        let fits = |e: &Event| matches!(e, Event::Sampled { purpose, .. } if purpose == PURPOSE);
        if let Some(Event::Sampled { answers, .. }) = self.replayed(fits, "the teacher's answers")? {
            return Ok(answers.into_iter().flatten().collect());
        }
        let world = self.world.as_deref().ok_or_else(nobody)?;
        let texts: Option<Vec<String>> = prompts
            .iter()
            .enumerate()
            .map(|(index, prompt)| annotator::teach(world, (self.manifest.seed, self.iteration), index, &prompt.text))
            .collect();
        let texts = texts.ok_or_else(nobody)?;
        let answers: Vec<Answer> = texts.iter().map(|text| self.given_answer(text)).collect::<Result<_>>()?;
        let logged = answers.iter().map(|answer| vec![answer.clone()]).collect();
        self.append(Event::Sampled { purpose: PURPOSE.to_owned(), first: 0, answers: logged })?;
        Ok(answers)
    }

    /// Lets no recipe ask with the permission of another.
    pub(super) fn admit(&self, annotator: &Annotator) -> Result<()> {
        if annotator.recipe() == self.manifest.recipe {
            return Ok(());
        }
        Err(Error::Recipe(format!(
            "the recipe `{}` asks for the annotators of `{}`; only its own card can give it some",
            self.manifest.recipe,
            annotator.recipe()
        )))
    }
}

/// Nobody can be asked.
fn nobody() -> Error {
    Error::Recipe(
        "this recipe asks annotators or a teacher about the policy's own answers, and only a world has some: run it on a world instead of a file (leave out --prompts)"
            .to_owned(),
    )
}

/// Every two answers to a prompt, in the order of [`Preferences`].
fn comparisons(c: &Candidates) -> impl Iterator<Item = Comparison<'_>> {
    (0..c.answers.len()).flat_map(move |first| {
        (first + 1..c.answers.len()).map(move |second| Comparison {
            prompt: &c.ids,
            answers: [c.answers[first].content(), c.answers[second].content()],
        })
    })
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY);
    p.ln() - (-p).ln_1p()
}

fn tempered(p: f64, temperature: f64) -> f64 {
    1.0 / (1.0 + (-logit(p) / temperature).exp())
}

#[allow(clippy::cast_possible_truncation)] // the log keeps single precision
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_of_one_changes_nothing_and_a_high_one_doubts() {
        for p in [0.02, 0.5, 0.9] {
            assert!((tempered(p, 1.0) - p).abs() < 1e-12);
        }
        // σ(ln 9 / 2) = 3 / 4.
        assert!((tempered(0.9, 2.0) - 0.75).abs() < 1e-12);
        assert!((tempered(1.0, 1.0) - 1.0).abs() < 1e-5, "{}", tempered(1.0, 1.0));
    }
}
