//! What judges and models think of answers: scores, log-ratios, comparisons, passes under dropout.

use super::{Event, Lab, Snapshot};
use crate::{
    Error, Result,
    judge::{Comparison, Form, Generative, SMALLEST_PROBABILITY, fit_temperature},
    learn::{Sequence, batch::score, embeddings},
    model::Decoder,
    rng::{Purpose, Stream},
    select::{Candidates, Pair, Preferences, every_two},
};

/// Pairs of the seed judgements that a judge's temperature is fitted to.
const TEMPERATURE_PAIRS: usize = 400;

impl Lab {
    /// What a generative judge (the current policy in the judge channel) thinks of every answer:
    /// its expected score, or, asked pairwise, the mean probability of being better than the
    /// prompt's other answers.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn judge(&mut self, judge: &Generative, candidates: &[Candidates]) -> Result<Vec<Vec<f32>>> {
        if let Some(scores) = self.replayed_scores(judge.name())? {
            return Ok(scores);
        }
        self.pace.pause().await?;
        let budget = self.manifest.options.token_budget;
        self.progress("judge", 0, candidates.len(), 0);
        let scores: Vec<Vec<f32>> = match judge.form() {
            Form::Pointwise => by_prompt(candidates, judge.score(&self.policy, &rated(candidates), budget).await?),
            Form::Pairwise => win_rates(judge, &self.policy, candidates, budget).await?,
        };
        self.judged(judge.name(), scores, candidates.len())
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
        self.by_logprob(name, candidates, of, |sum, tokens| sum / tokens.max(1) as f64).await
    }

    /// The summed log-probability of every answer under a model. The log keeps it under `name`.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn sum_logprob(&mut self, name: &str, candidates: &[Candidates], of: Snapshot) -> Result<Vec<Vec<f32>>> {
        self.by_logprob(name, candidates, of, |sum, _| sum).await
    }

    /// What becomes of the summed log-probability of every answer and its number of tokens.
    async fn by_logprob(
        &mut self,
        name: &str,
        candidates: &[Candidates],
        of: Snapshot,
        score: impl Fn(f64, usize) -> f64,
    ) -> Result<Vec<Vec<f32>>> {
        if let Some(scores) = self.replayed_scores(name)? {
            return Ok(scores);
        }
        let logprobs = self.logprobs(candidates, of).await?;
        let scores = logprobs
            .iter()
            .map(|group| group.iter().map(|(sum, tokens)| narrow(score(*sum, *tokens))).collect())
            .collect();
        self.judged(name, scores, candidates.len())
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
        let sums = rows.iter().map(|row| (row.iter().map(|l| f64::from(*l)).sum(), row.len()));
        Ok(by_prompt(candidates, sums))
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

    /// The mean score that generative judges give to every answer, where another model than the policy is in the
    /// judge channel. The log keeps it under `name`.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn score_by(
        &mut self,
        name: &str,
        model: &Decoder,
        judges: &[Generative],
        candidates: &[Candidates],
    ) -> Result<Vec<Vec<f32>>> {
        if let Some(scores) = self.replayed_scores(name)? {
            return Ok(scores);
        }
        self.pace.pause().await?;
        self.progress("judge", 0, candidates.len(), 0);
        let items = rated(candidates);
        let mut opinions = Vec::new();
        for judge in judges {
            opinions.push(judge.score(model, &items, self.manifest.options.token_budget).await?);
        }
        self.judged(name, by_prompt(candidates, means(&opinions, items.len())), candidates.len())
    }

    /// The mean probability by generative judges that the first answer of each pair is better, once for every
    /// pass of a model under dropout: so many passes, each without a share of the hidden units. The log keeps
    /// them under `name`.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn passes(
        &mut self,
        name: &str,
        model: &Decoder,
        judges: &[Generative],
        pairs: &[Pair],
        (passes, rate): (usize, f64),
    ) -> Result<Vec<Vec<f32>>> {
        let values = match self.replayed_note(name)? {
            Some(values) => values,
            None => {
                let comparisons: Vec<Comparison<'_>> = pairs.iter().map(comparison).collect();
                let mut rows: Vec<Vec<f32>> = Vec::new();
                for pass in 0..passes {
                    self.pace.pause().await?;
                    self.progress("judge", pass, passes, 0);
                    let mut stream = Stream::new(self.manifest.seed, Purpose::Dropout, self.iteration, pass as u64);
                    let network = model.with_dropout(rate, &mut stream);
                    let mut opinions = Vec::new();
                    for judge in judges {
                        opinions.push(judge.prefer(&network, &comparisons, self.manifest.options.token_budget).await?);
                    }
                    rows.push(means(&opinions, pairs.len()));
                }
                self.progress("judge", passes, passes, 0);
                self.noted(name, (0..pairs.len()).flat_map(|pair| rows.iter().map(move |row| row[pair])).collect())?
            }
        };
        Ok(values.chunks(passes.max(1)).map(<[f32]>::to_vec).collect())
    }

    /// The temperature under which a judge's comparisons fit the seed judgements it was taught with,
    /// whose labels are wrong at the known rate; 1 without a world, since there are none.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn temperature(&mut self, judge: &Generative) -> Result<f64> {
        let note = format!("temperature of {}", judge.name());
        if let Some(values) = self.replayed_note(&note)? {
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
        self.noted(&note, vec![temperature])?;
        Ok(f64::from(temperature))
    }

    /// Seed judgements of two answers by this judge's variant, in tokens, and whether the first is
    /// called better.
    #[allow(clippy::type_complexity)]
    fn seed_comparisons(&self, judge: &Generative) -> Result<(Vec<(Vec<u32>, [Vec<u32>; 2])>, Vec<bool>)> {
        let Some(variant) = self.manifest.judges.iter().position(|prompt| prompt.name == judge.name()) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let first = &self.manifest.judges[variant].verdicts[0];
        let (mut texts, mut labels) = (Vec::new(), Vec::new());
        for row in self.seed_judgements() {
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
}

/// The mean probability that each answer beats the prompt's others, in both orders.
async fn win_rates(
    judge: &Generative,
    model: &Decoder,
    candidates: &[Candidates],
    budget: usize,
) -> Result<Vec<Vec<f32>>> {
    let pairs: Vec<Comparison<'_>> = candidates.iter().flat_map(comparisons).collect();
    let mut preferred = judge.prefer(model, &pairs, budget).await?.into_iter();
    #[allow(clippy::cast_precision_loss)] // a handful of answers
    let rates = |c: &Candidates| {
        let mut rates = vec![0.0; c.answers.len()];
        for ((first, second), p) in every_two(c.answers.len()).zip(preferred.by_ref()) {
            rates[first] += p;
            rates[second] += 1.0 - p;
        }
        let others = rates.len().saturating_sub(1).max(1) as f32;
        rates.into_iter().map(|rate| rate / others).collect()
    };
    Ok(candidates.iter().map(rates).collect())
}

/// Every answer with its prompt, as a judge scores them.
fn rated(candidates: &[Candidates]) -> Vec<(&[u32], &[u32])> {
    candidates.iter().flat_map(|c| c.answers.iter().map(|a| (c.ids.as_slice(), a.content()))).collect()
}

/// One value for each answer, in the order of the answers, by the prompt that they belong to.
pub(super) fn by_prompt<T>(candidates: &[Candidates], values: impl IntoIterator<Item = T>) -> Vec<Vec<T>> {
    let mut values = values.into_iter();
    candidates.iter().map(|c| values.by_ref().take(c.answers.len()).collect()).collect()
}

/// Every two answers to a prompt, in the order of [`Preferences`].
fn comparisons(c: &Candidates) -> impl Iterator<Item = Comparison<'_>> {
    every_two(c.answers.len()).map(|(first, second)| Comparison {
        prompt: &c.ids,
        answers: [c.answers[first].content(), c.answers[second].content()],
    })
}

/// A pair as a judge reads it.
pub(super) fn comparison(pair: &Pair) -> Comparison<'_> {
    Comparison { prompt: &pair.ids, answers: [pair.answers[0].content(), pair.answers[1].content()] }
}

/// The mean of several judges' numbers for so many things; one half without judges.
#[allow(clippy::cast_precision_loss)] // a handful of judges
pub(super) fn means(judges: &[Vec<f32>], count: usize) -> Vec<f32> {
    if judges.is_empty() {
        return vec![0.5; count];
    }
    (0..count).map(|thing| judges.iter().map(|judge| judge[thing]).sum::<f32>() / judges.len() as f32).collect()
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY);
    p.ln() - (-p).ln_1p()
}

fn tempered(p: f64, temperature: f64) -> f64 {
    1.0 / (1.0 + (-logit(p) / temperature).exp())
}

#[allow(clippy::cast_possible_truncation)] // the log keeps single precision
pub(super) fn narrow(value: f64) -> f32 {
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
