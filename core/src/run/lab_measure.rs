//! Measuring inside the laboratory. Recipes call [`Lab::measure`] and get nothing back: the
//! numbers go to the log, where people read them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Arm, Event, Lab, lab::key};
use crate::{
    Result,
    judge::{Comparison, Form, Implicit},
    learn::{Sequence, batch::score},
    measure::{
        Ballot, Ballots, Measurement, Votes,
        judges::{PairTexts, judge_quality, label_accuracy},
        policy::answer_quality,
        stats::kendall_tau_b,
    },
    prompt::Goal,
    sample::{Answer, FinishReason, Sampling},
    select::{Candidates, Origin, Pair},
};

/// Answers per held-out prompt: two, because judges are measured on pairs.
const HELD_OUT_SAMPLES: usize = 2;

/// Pairs every judge is measured on in every iteration: the start's own answers.
#[derive(Debug)]
pub(super) struct FixedPairs {
    /// The held-out prompts they belong to.
    positions: Vec<usize>,
    pub(super) candidates: Vec<Candidates>,
}

impl FixedPairs {
    /// What differs among the start's answers.
    fn of(sampled: &[Candidates]) -> Self {
        let positions = differing(sampled);
        Self { candidates: pick(sampled, &positions), positions }
    }
}

impl Lab {
    /// Measures policy and judges and writes the numbers to the log; where the world has players of its own, also who
    /// wins how often against whom ([`Lab::measure_game`]).
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn measure(&mut self) -> Result<()> {
        let mut prompts = self.held_out();
        if self.iteration == 0 && self.arm == Arm::Main {
            prompts = self.pose(prompts)?;
        }
        let sampling = self.manifest.options.sampling;
        let sampled = self.draw("held-out", &prompts, HELD_OUT_SAMPLES, &sampling).await?;
        if self.arm == Arm::Main {
            let texts = |group: &Candidates| group.answers.iter().map(|answer| answer.text.clone()).collect();
            self.plays.push(sampled.iter().map(texts).collect());
        }
        let greedy_sampling = Sampling::greedy(sampling.max_new_tokens);
        let greedy = self.draw("held-out greedy", &prompts, 1, &greedy_sampling).await?;
        self.measured.clone_from(&sampled);
        let fixed = Arc::clone(self.fixed.get_or_insert_with(|| Arc::new(FixedPairs::of(&sampled))));
        if self.replayed(|e| matches!(e, Event::Measured { .. }), "a measurement")?.is_none() {
            self.pace.pause().await?;
            let (measurement, ballots) = self.compute(&sampled, &greedy, &fixed).await?;
            self.append(Event::Measured { measurement: Box::new(measurement), ballots: Box::new(ballots) })?;
        }
        if self.arm == Arm::Main && self.has_rivals() { self.play() } else { Ok(()) }
    }

    /// Measures how the policy's greedy answers follow every goal from 0 to `top`, each said so many times: writes the
    /// answers to the log, and where there is a world the mean oracle reward at each goal, the lowest first.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn measure_goals(&mut self, top: usize, times: usize) -> Result<()> {
        let prompts = self.held_out();
        let greedy = Sampling::greedy(self.manifest.options.sampling.max_new_tokens);
        let aimed = self.goal.clone();
        let mut rewards = Vec::new();
        for score in 0..=top {
            self.goal = Some(Goal::Score { score, times });
            let drawn = self.draw(&format!("held-out goal {score}"), &prompts, 1, &greedy).await;
            self.goal.clone_from(&aimed);
            let drawn = drawn?;
            rewards.extend(self.reward(&drawn));
        }
        self.note("reward at goal", rewards)
    }

    /// Measures how the policy's greedy answers follow feedback words for a good and for a bad answer, and what it
    /// writes after the good ones when its own bad answer stands before them: writes the answers to the log, the mean
    /// oracle reward of bad, good and second answers where there is a world, by how much good ones have more than bad
    /// ones, and how much the good answers copy from
    /// the bad ones when they can read them and when they cannot.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
    pub async fn measure_feedback(&mut self, [good, bad]: [&str; 2]) -> Result<()> {
        let prompts = self.held_out();
        let greedy = Sampling::greedy(self.manifest.options.sampling.max_new_tokens);
        let aimed = self.goal.clone();
        let mut drawn = Vec::new();
        for (name, words) in [("bad", bad), ("good", good)] {
            self.goal = Some(words.into());
            let answers = self.draw(&format!("held-out {name}"), &prompts, 1, &greedy).await;
            self.goal.clone_from(&aimed);
            drawn.push(answers?);
        }
        let mut chains = Vec::new();
        for (index, (prompt, first)) in prompts.iter().zip(&drawn[0]).enumerate() {
            let mut tokens = self.prompt_tokens(&Goal::from(bad).pose(&prompt.text))?;
            for answer in &first.answers {
                tokens.extend_from_slice(&answer.ids);
                // What was cut off ends here all the same.
                let stop = (answer.finish == FinishReason::Length).then(|| self.policy.config().stop_tokens());
                tokens.extend(stop.iter().filter_map(|stop| stop.first()));
            }
            tokens.extend(self.tokenizer.encode_piece(good)?);
            chains.push((key("held-out", index), tokens));
        }
        drawn.push(self.draw_after("held-out good after bad", &prompts, &chains, 1, &greedy, None).await?);
        let rewards: Vec<f32> = drawn.iter().filter_map(|of| self.reward(of)).collect();
        let gap = rewards.get(..2).map(|two| two[1] - two[0]);
        self.note("reward at feedback", rewards)?;
        self.note("controllability gap", gap.into_iter().collect())?;
        let copied = [&drawn[2], &drawn[1]].map(|of| copy_rate(&drawn[0], of) as f32);
        self.note("copy rate", copied.to_vec())
    }

    /// The mean oracle reward of answers; `None` without a world.
    #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
    fn reward(&self, drawn: &[Candidates]) -> Option<f32> {
        let rows: Vec<(&str, &Answer)> =
            drawn.iter().flat_map(|c| c.answers.iter().map(|a| (c.prompt.text.as_str(), a))).collect();
        answer_quality(self.world.as_deref(), &rows).reward.map(|mean| mean.mean as f32)
    }

    async fn compute(
        &mut self,
        sampled: &[Candidates],
        greedy: &[Candidates],
        fixed: &FixedPairs,
    ) -> Result<(Measurement, Ballots)> {
        let positions = differing(sampled);
        let on_policy = pick(sampled, &positions);
        let (fixed_votes, fixed_flips) = self.votes(&fixed.candidates).await?;
        self.progress("measure", 1, 3, 0);
        // At the start the two sets are the same.
        let same = on_policy == fixed.candidates;
        let (votes, position_flips) =
            if same { (fixed_votes.clone(), fixed_flips) } else { self.votes(&on_policy).await? };
        self.progress("measure", 2, 3, 0);
        let kl_to_start = self.kl_to_start(sampled).await?;
        self.progress("measure", 3, 3, 0);
        let world = self.world.as_deref();
        let quality = |candidates: &[Candidates]| {
            let rows: Vec<(&str, &Answer)> =
                candidates.iter().flat_map(|c| c.answers.iter().map(|a| (c.prompt.text.as_str(), a))).collect();
            answer_quality(world, &rows)
        };
        let judged = |candidates: &[Candidates], votes: &Votes| {
            (!candidates.is_empty()).then(|| judge_quality(world, &texts(candidates), votes))
        };
        let label_accuracy = world.and_then(|world| {
            // Labels that came with the data count where there are no others.
            let own = self.learned.iter().any(|pair| pair.origin != Origin::Data && pair.origin.says_better());
            let counts =
                |pair: &&Pair| pair.label != 0.5 && pair.origin.says_better() && !(own && pair.origin == Origin::Data);
            let labelled: Vec<_> = self.learned.iter().filter(counts).collect();
            let texts: Vec<PairTexts<'_>> = labelled
                .iter()
                .map(|p| (p.text.as_str(), p.answers[0].text.as_str(), p.answers[1].text.as_str()))
                .collect();
            let labels: Vec<f64> = labelled.iter().map(|pair| pair.label).collect();
            label_accuracy(world, &texts, &labels)
        });
        let ballot = |positions: Vec<usize>, candidates: &[Candidates], votes: &Votes| {
            (!candidates.is_empty()).then(|| Ballot::new(world, positions, &texts(candidates), votes))
        };
        let ballots = Ballots {
            fixed: if same { None } else { ballot(fixed.positions.clone(), &fixed.candidates, &fixed_votes) },
            on_policy: ballot(positions, &on_policy, &votes),
        };
        let measurement = Measurement {
            sampled: quality(sampled),
            greedy: quality(greedy),
            kl_to_start,
            fixed: judged(&fixed.candidates, &fixed_votes),
            on_policy: judged(&on_policy, &votes),
            kendall: kendall(&votes, &fixed_votes),
            position_flips,
            prefers_longer: prefers_longer(&on_policy, &votes),
            pairs: self.learned.len(),
            label_accuracy,
        };
        Ok((measurement, ballots))
    }

    /// What every internal judge thinks of the first two answers of each prompt, and how often the verdict of each
    /// variant changes when they change places.
    async fn votes(&self, candidates: &[Candidates]) -> Result<(Votes, BTreeMap<String, f64>)> {
        let budget = self.manifest.options.token_budget;
        let comparisons = comparisons(candidates);
        let (mut votes, mut flips) = (Votes::new(), BTreeMap::new());
        for form in [Form::Pointwise, Form::Pairwise] {
            for judge in self.judges(form)? {
                let asked = judge.both_orders(&self.policy, &comparisons, budget).await?;
                let name = match form {
                    Form::Pointwise => judge.name().to_owned(),
                    Form::Pairwise => {
                        flips.insert(judge.name().to_owned(), asked.flips);
                        format!("{} (pairwise)", judge.name())
                    }
                };
                votes.insert(name, asked.preferred.into_iter().map(f64::from).collect());
            }
        }
        let sequences: Vec<Sequence> = candidates
            .iter()
            .flat_map(|c| c.answers[..2].iter().map(|a| Sequence::completion(&c.ids, &a.ids)))
            .collect();
        let policy = score(&self.policy, &sequences, budget).await?;
        let base = score(&self.base, &sequences, budget).await?;
        let implicit = Implicit::default();
        let rewards: Vec<f64> = policy
            .iter()
            .zip(&base)
            .map(|(policy, base)| implicit.reward(total(policy), total(base), policy.len()))
            .collect();
        votes.insert(
            "implicit".to_owned(),
            rewards.chunks(2).map(|pair| 1.0 / (1.0 + (pair[1] - pair[0]).exp())).collect(),
        );
        Ok((votes, flips))
    }

    /// The mean of `log π − log π_0` over answers as they were drawn ([`Measurement::kl_to_start`]): both are the
    /// models' own, whatever the temperature of the draw was.
    #[allow(clippy::cast_precision_loss)] // answer counts
    async fn kl_to_start(&self, candidates: &[Candidates]) -> Result<f64> {
        let sequences: Vec<Sequence> =
            candidates.iter().flat_map(|c| c.answers.iter().map(|a| Sequence::completion(&c.ids, &a.ids))).collect();
        let start = score(&self.initial, &sequences, self.manifest.options.token_budget).await?;
        let policy = candidates.iter().flat_map(|c| c.answers.iter().map(|a| f64::from(a.logprob())));
        let sum: f64 = policy.zip(&start).map(|(policy, start)| policy - total(start)).sum();
        Ok(sum / sequences.len().max(1) as f64)
    }
}

/// The mean share of an answer's adjacent token pairs that the prompt's other answer has as well.
#[allow(clippy::cast_precision_loss)] // token counts
fn copy_rate(from: &[Candidates], to: &[Candidates]) -> f64 {
    let rates: Vec<f64> = from
        .iter()
        .zip(to)
        .filter_map(|(from, to)| {
            let (from, to) = (from.answers.first()?.content(), to.answers.first()?.content());
            let known: BTreeSet<&[u32]> = from.windows(2).collect();
            let copied = to.windows(2).filter(|pair| known.contains(pair)).count();
            (to.len() > 1).then(|| copied as f64 / (to.len() - 1) as f64)
        })
        .collect();
    rates.iter().sum::<f64>() / rates.len().max(1) as f64
}

/// The prompts with two different sampled answers: pairs of equal ones say nothing about a judge.
fn differing(sampled: &[Candidates]) -> Vec<usize> {
    (0..sampled.len()).filter(|prompt| sampled[*prompt].answers[0].ids != sampled[*prompt].answers[1].ids).collect()
}

fn pick(sampled: &[Candidates], positions: &[usize]) -> Vec<Candidates> {
    positions.iter().map(|prompt| sampled[*prompt].clone()).collect()
}

fn total(logprobs: &[f32]) -> f64 {
    logprobs.iter().map(|l| f64::from(*l)).sum()
}

fn comparisons(candidates: &[Candidates]) -> Vec<Comparison<'_>> {
    candidates
        .iter()
        .map(|c| Comparison { prompt: &c.ids, answers: [c.answers[0].content(), c.answers[1].content()] })
        .collect()
}

fn texts(candidates: &[Candidates]) -> Vec<PairTexts<'_>> {
    candidates
        .iter()
        .map(|c| (c.prompt.text.as_str(), c.answers[0].text.as_str(), c.answers[1].text.as_str()))
        .collect()
}

/// Kendall's τ-b between two judges' confidences over all pairs, on-policy and fixed together.
fn kendall(on_policy: &Votes, fixed: &Votes) -> BTreeMap<String, BTreeMap<String, f64>> {
    let all: BTreeMap<&String, Vec<f64>> = on_policy
        .iter()
        .map(|(name, p)| (name, p.iter().chain(fixed.get(name).into_iter().flatten()).copied().collect()))
        .collect();
    all.iter()
        .map(|(name, p)| {
            let row =
                all.iter().filter_map(|(other, q)| kendall_tau_b(p, q).map(|tau| ((*other).clone(), tau))).collect();
            ((*name).clone(), row)
        })
        .collect()
}

/// Share of pairs of different length in which each judge prefers the longer answer.
#[allow(clippy::cast_precision_loss)] // pair counts
fn prefers_longer(candidates: &[Candidates], votes: &Votes) -> BTreeMap<String, f64> {
    votes
        .iter()
        .filter_map(|(name, p)| {
            let longer: Vec<bool> = candidates
                .iter()
                .zip(p)
                .filter_map(|(c, p)| {
                    let [a, b] = [c.answers[0].ids.len(), c.answers[1].ids.len()];
                    (a != b).then_some((*p > 0.5) == (a > b))
                })
                .collect();
            let share = longer.iter().filter(|l| **l).count() as f64 / longer.len() as f64;
            (!longer.is_empty()).then(|| (name.clone(), share))
        })
        .collect()
}
