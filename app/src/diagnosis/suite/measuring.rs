//! Measurements of runs that never happened.

// Synthetic numbers are small.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::collections::BTreeMap;

use selfsame_core::{
    measure::{AnswerQuality, Ballot, Ballots, JudgeQuality, Mean, Measurement},
    run::Event,
    sample::{Answer, FinishReason},
};

use super::{
    log::Habit,
    maker::{Maker, at, average},
};

impl Maker<'_> {
    pub fn measure(&mut self) {
        let log = self.log;
        let held_out = self.answers(log.held_out, 2, log.repeated);
        self.sampled("held-out", &held_out);
        let greedy = self.answers(log.held_out, 1, 0.0);
        self.sampled("held-out greedy", &greedy);
        let [sampled, best] = at(&log.reward, self.iteration);
        let sampled = self.quality(&held_out, sampled, 0.013);
        let greedy = self.quality(&greedy, best, 0.018);
        let (ballot, quality, longer) = self.votes(&held_out);
        let flips = ["content", "form"].map(|name| (name.to_owned(), self.share(log.flips, log.held_out)));
        let labels = (log.world && self.iteration > 0 && ["srlm", "dpo"].contains(&log.recipe)).then(|| {
            let mean = self.share(at(&log.labels, self.iteration - 1), 240);
            Mean { mean, error: (mean * (1.0 - mean) / 240.0).sqrt(), count: 240 }
        });
        let kl = at(&log.kl, self.iteration);
        let measurement = Measurement {
            sampled,
            greedy,
            kl_to_start: kl * (1.0 + 0.03 * self.normal()),
            fixed: None,
            on_policy: Some(quality),
            kendall: BTreeMap::new(),
            position_flips: flips.into_iter().collect(),
            prefers_longer: longer,
            pairs: if self.iteration == 0 { 0 } else { log.pairs },
            label_accuracy: labels,
        };
        let ballots = Ballots { fixed: None, on_policy: Some(ballot) };
        self.push(Event::Measured { measurement: Box::new(measurement), ballots: Box::new(ballots) });
    }

    fn quality(&mut self, answers: &[Vec<Answer>], reward: f64, error: f64) -> AnswerQuality {
        let all: Vec<&Answer> = answers.iter().flatten().collect();
        let count = all.len();
        let cut = all.iter().filter(|answer| answer.finish == FinishReason::Length).count();
        let distinct2 = at(&self.log.distinct2, self.iteration) * (1.0 + 0.04 * self.normal());
        let mean = reward + error * self.normal();
        AnswerQuality {
            reward: self.log.world.then_some(Mean { mean, error, count }),
            all_met: self.log.world.then_some(0.2),
            length: all.iter().map(|answer| answer.ids.len()).sum::<usize>() as f64 / count as f64,
            distinct1: 0.1,
            distinct2,
            truncated: cut as f64 / count as f64,
        }
    }

    fn votes(&mut self, held_out: &[Vec<Answer>]) -> (Ballot, JudgeQuality, BTreeMap<String, f64>) {
        let pairs: Vec<usize> = (0..held_out.len()).filter(|i| held_out[*i][0].text != held_out[*i][1].text).collect();
        let truth: Vec<f64> =
            pairs.iter().map(|_| if self.stream.chance(0.1) { 0.0 } else { self.stream.uniform() - 0.5 }).collect();
        let first_longer = |pair: usize| {
            let [a, b] = [0, 1].map(|side| held_out[pairs[pair]][side].ids.len());
            (a != b).then_some(a > b)
        };
        let mut votes: Vec<Vec<f32>> = Vec::new();
        for judge in &self.log.judges {
            let of = (0..pairs.len()).map(|pair| {
                let right = (truth[pair] > 0.0) == self.stream.chance(judge.accuracy);
                let by_length = self.stream.chance(judge.longer.abs());
                let length = first_longer(pair).filter(|_| by_length).map(|first| first == (judge.longer > 0.0));
                let twin = judge.twin_of.filter(|_| self.stream.chance(0.985)).map(|other| votes[other][pair] > 0.5);
                let first = twin.or(length).unwrap_or(right);
                let first = if judge.habit == Habit::First { self.stream.chance(0.985) } else { first };
                let sure = 0.02 + 0.4 * self.stream.uniform();
                let sure = if judge.habit == Habit::Shrugs { 0.002 } else { sure };
                (0.5 + if first { sure } else { -sure }) as f32
            });
            let of = of.collect();
            votes.push(of);
        }
        let counted: Vec<usize> = (0..pairs.len()).filter(|pair| !self.log.world || truth[*pair] != 0.0).collect();
        let first = |judge: usize, pair: usize| votes[judge][pair] > 0.5;
        let names: Vec<String> = self.log.judges.iter().map(|judge| judge.name.to_owned()).collect();
        let right = |judge: usize| {
            Mean::of(counted.iter().map(|pair| f64::from(u8::from(first(judge, *pair) == (truth[*pair] > 0.0)))))
        };
        let same = |a: usize, b: usize| {
            counted.iter().filter(|pair| first(a, **pair) == first(b, **pair)).count() as f64 / counted.len() as f64
        };
        let unanimous =
            |pair: usize| (0..names.len()).all(|judge| first(judge, pair)) || (0..names.len()).all(|j| !first(j, pair));
        let quality = JudgeQuality {
            pairs: counted.len(),
            accuracy: if self.log.world {
                names.iter().enumerate().map(|(judge, name)| (name.clone(), right(judge))).collect()
            } else {
                BTreeMap::new()
            },
            agreement: names
                .iter()
                .enumerate()
                .map(|(a, name)| {
                    (name.clone(), names.iter().enumerate().map(|(b, other)| (other.clone(), same(a, b))).collect())
                })
                .collect(),
            kept: counted.iter().filter(|pair| unanimous(**pair)).count() as f64 / counted.len() as f64,
            kept_accuracy: None,
            dropped_accuracy: None,
        };
        let longer = names
            .iter()
            .enumerate()
            .map(|(judge, name)| {
                let known = (0..pairs.len()).filter_map(|pair| Some(first(judge, pair) == first_longer(pair)?));
                (name.clone(), average(&known.map(|longer| f64::from(u8::from(longer))).collect::<Vec<_>>()))
            })
            .collect();
        let ballot =
            Ballot { pairs, truth: self.log.world.then_some(truth), votes: names.into_iter().zip(votes).collect() };
        (ballot, quality, longer)
    }
}
