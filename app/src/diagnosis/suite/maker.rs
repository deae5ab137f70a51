//! Makes logs of runs that never happened. Everything that a detector reads is drawn answer by
//! answer, vote by vote and step by step, so that the numbers have the noise they have in real runs.

// Synthetic numbers are small.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::collections::BTreeMap;

use selfsame_core::{
    learn::{KEPT, MARGIN, OPINION, StepReport},
    prompt::Prompt,
    rng::Stream,
    run::{Arm, Event, Record, event::SCHEMA},
    sample::{Answer, FinishReason},
    select::{Origin, PairRecord},
};

use super::log::{Habit, Log, Wild};
use crate::fold::learned;

const WORDS: [&str; 24] = [
    "fox", "owl", "sun", "elm", "bee", "moss", "oak", "moon", "reed", "hill", "rain", "wolf", "fern", "lake", "snow",
    "crow", "leaf", "wind", "stone", "deer", "ash", "star", "frog", "bark",
];

/// The length limit of all logs.
const LIMIT: usize = 24;

/// Scale of the implicit reward, as in all recipes' defaults.
const BETA: f64 = 0.1;

/// A log being made.
pub(super) struct Maker<'a> {
    pub log: &'a Log,
    pub stream: Stream,
    pub records: Vec<Record>,
    pub arm: Arm,
    pub iteration: u32,
    /// The pairs of the iteration before.
    pub before: Vec<PairRecord>,
}

/// The value of an iteration; the last one stands for all that follow.
pub(super) fn at<T: Copy>(values: &[T], iteration: u32) -> T {
    values[(iteration as usize).min(values.len() - 1)]
}

pub(super) fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

impl Maker<'_> {
    pub fn push(&mut self, event: Event) {
        let at = 1000.0 + self.records.len() as f64;
        self.records.push(Record { schema: SCHEMA, at, arm: self.arm, iteration: self.iteration, event });
    }

    pub fn normal(&mut self) -> f64 {
        self.stream.normal() * self.log.noise
    }

    /// The share of successes in so many tries.
    pub fn share(&mut self, p: f64, tries: usize) -> f64 {
        (0..tries).filter(|_| self.stream.chance(p)).count() as f64 / tries as f64
    }

    fn word(&mut self) -> usize {
        self.stream.below(WORDS.len())
    }

    pub fn prompts(&mut self, prefix: &str, count: usize) -> Vec<Prompt> {
        (0..count)
            .map(|index| {
                let [must, never] = [self.word(), self.word()].map(|word| WORDS[word]);
                let text = format!("must:{must} never:{never} first:any last:any <resp>");
                Prompt { id: format!("{prefix}{}-{index}", self.iteration), text }
            })
            .collect()
    }

    fn answer(&mut self, length: f64) -> Answer {
        let cut = self.stream.chance(self.log.cut);
        let drawn = length * (1.0 + 0.25 * self.stream.normal());
        let count = if cut { LIMIT } else { (drawn.round().max(2.0) as usize).min(LIMIT) };
        let words: Vec<usize> = (0..count - usize::from(!cut)).map(|_| self.word()).collect();
        let text: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
        let stop = (!cut).then_some(2);
        let ids: Vec<u32> = words.iter().map(|word| *word as u32 + 5).chain(stop).collect();
        Answer {
            logprobs: vec![-1.0; ids.len()],
            ids,
            text: text.join(" "),
            sampling_logprob: -(count as f32),
            finish: if cut { FinishReason::Length } else { FinishReason::Stop },
        }
    }

    pub fn answers(&mut self, prompts: usize, samples: usize, repeated: f64) -> Vec<Vec<Answer>> {
        let length = at(&self.log.length, self.iteration);
        (0..prompts)
            .map(|_| {
                let mut answers: Vec<Answer> = Vec::new();
                for _ in 0..samples {
                    let again = answers.last().filter(|_| self.stream.chance(repeated)).cloned();
                    let next = again.unwrap_or_else(|| self.answer(length));
                    answers.push(next);
                }
                answers
            })
            .collect()
    }

    pub fn sampled(&mut self, purpose: &str, answers: &[Vec<Answer>]) {
        for (chunk, answers) in answers.chunks(40).enumerate() {
            self.push(Event::Sampled { purpose: purpose.to_owned(), first: 40 * chunk, answers: answers.to_vec() });
        }
    }

    pub fn learn(&mut self) {
        let log = self.log;
        let pairs = match log.recipe {
            "sft" => Vec::new(),
            "dpo" => {
                let answers = self.answers(log.pairs, 2, 0.0);
                let prompts = self.prompts("d", log.pairs);
                let pair = |(prompt, answers): (&Prompt, &Vec<Answer>)| PairRecord {
                    text: prompt.text.clone(),
                    ..pair(prompt, [&answers[0], &answers[1]], Origin::Data)
                };
                prompts.iter().zip(&answers).map(pair).collect()
            }
            recipe => {
                let prompts = self.prompts("t", log.prompts);
                self.push(Event::Prompts { prompts: prompts.clone() });
                let answers = self.answers(log.prompts, 4, log.repeated);
                self.sampled("train", &answers);
                if recipe == "srlm" {
                    self.judge(&answers);
                }
                let all = [[0, 1], [2, 3], [0, 2], [1, 3]].into_iter().flat_map(|[a, b]| {
                    let origin = if recipe == "scir" { Origin::Unlabelled } else { Origin::BestWorst };
                    prompts.iter().zip(&answers).map(move |(prompt, of)| pair(prompt, [&of[a], &of[b]], origin))
                });
                all.filter(|pair| pair.answers[0] != pair.answers[1]).take(log.pairs).collect()
            }
        };
        let pairs = self.spoiled(pairs);
        if log.recipe != "sft" {
            self.push(Event::Selected { pairs: pairs.clone() });
        }
        self.steps(&pairs);
        self.before = pairs;
    }

    /// Some pairs are replaced by duplicates.
    fn spoiled(&mut self, mut pairs: Vec<PairRecord>) -> Vec<PairRecord> {
        let [within, between, equal] = self.log.duplicates;
        for index in 1..pairs.len() {
            if self.stream.chance(within) {
                pairs[index] = pairs[self.stream.below(index)].clone();
                pairs[index].answers.swap(0, 1);
            } else if self.stream.chance(between) && !self.before.is_empty() {
                let old = &self.before[index % self.before.len()];
                pairs[index] = PairRecord { text: "must:fox <resp>".to_owned(), ..old.clone() };
            } else if self.stream.chance(equal) {
                pairs[index].answers[1] = pairs[index].answers[0].clone();
            }
        }
        if between > 0.0 {
            // Pairs are known by their prompts' texts, so these must have them too.
            for pair in &mut pairs {
                pair.text = "must:fox <resp>".to_owned();
            }
        }
        pairs
    }

    fn judge(&mut self, answers: &[Vec<Answer>]) {
        for judge in self.log.judges.iter().filter(|judge| ["content", "form"].contains(&judge.name)) {
            let mean = 3.2 + 0.2 * f64::from(self.iteration);
            let mut score =
                || if judge.habit == Habit::Ties { 3.0 } else { (mean + 0.5 * self.stream.normal()) as f32 };
            let scores = answers.iter().map(|of| of.iter().map(|_| score()).collect()).collect();
            self.push(Event::Judged { judge: judge.name.to_owned(), scores });
        }
    }

    pub fn steps(&mut self, pairs: &[PairRecord]) {
        let log = self.log;
        let wild = if self.arm == log.wild.0 && self.iteration == log.iterations { log.wild.1 } else { Wild::Tame };
        for step in 0..log.steps {
            let progress = (step + 1) as f64 / log.steps as f64;
            let late = progress > 0.5;
            let mut loss = 1.1 - 0.15 * progress + 0.05 * self.normal();
            let mut grad_norm = 1.2 * (0.25 * self.normal()).exp();
            match wild {
                Wild::Spike(times) if step == log.steps / 2 => grad_norm = 1.2 * times,
                Wild::Growth(times) => grad_norm *= times.powf(progress),
                Wild::Loss(rise) if late => loss += rise * progress,
                Wild::NotFinite if late => loss = f64::NAN,
                _ => {}
            }
            let mut report = StepReport {
                step,
                total: log.steps,
                loss: loss as f32,
                learning_rate: 3e-4,
                grad_norm: grad_norm as f32,
                metrics: BTreeMap::new(),
                items: Vec::new(),
                of_items: BTreeMap::new(),
                rows: None,
                tokens: None,
            };
            if !pairs.is_empty() {
                self.numbers(&mut report, pairs, progress);
            }
            self.push(Event::Step { report });
        }
    }

    /// The numbers of a step's pairs.
    fn numbers(&mut self, report: &mut StepReport, pairs: &[PairRecord], progress: f64) {
        let log = self.log;
        let scir = log.recipe == "scir";
        let batch = 16.min(pairs.len());
        let items: Vec<usize> = (0..batch).map(|item| (report.step * batch + item) % pairs.len()).collect();
        let margins: Vec<f64> = items
            .iter()
            .map(|_| log.margin * progress * (0.4 + 1.2 * self.stream.uniform()) + 0.1 * self.normal())
            .collect();
        let mean = average(&margins);
        let mut put = |name: &str, value: f64| {
            report.metrics.insert(name.to_owned(), value as f32);
        };
        put("rewards/margins", mean);
        let chosen = log.chosen * progress;
        let rejected = chosen - log.margin * progress / BETA;
        // Batches differ in how long their prompts are, which both answers share.
        let shared = 2.5 * self.stream.normal() - 26.0;
        if scir {
            let middle = f64::midpoint(chosen, rejected);
            put("logps/first", shared + middle + 1.5 * self.stream.normal());
            put("logps/second", shared + middle + 1.5 * self.stream.normal());
        } else {
            put("logps/chosen", shared + chosen + 1.5 * self.stream.normal());
            put("logps/rejected", shared + rejected + 1.5 * self.stream.normal());
        }
        if log.recipe == "srlm" {
            put("rewards/chosen", chosen * BETA + 0.01 * self.normal());
            put("rewards/rejected", rejected * BETA + 0.01 * self.normal());
        }
        if scir {
            let mut opinions: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
            let (mut kept, mut signed) = (Vec::new(), Vec::new());
            for (item, margin) in items.iter().zip(&margins) {
                let pair = &pairs[*item];
                let first = self.label(pair);
                let keep = self.stream.chance(log.kept);
                for (index, judge) in ["content", "form", "implicit"].into_iter().enumerate() {
                    let for_first = if keep || index > 0 { first } else { !first };
                    opinions.entry(judge).or_default().push(if for_first { 0.7 } else { 0.3 });
                }
                kept.push(f32::from(u8::from(keep)));
                signed.push(if first { *margin as f32 } else { -*margin as f32 });
            }
            put("kept", f64::from(kept.iter().sum::<f32>()) / batch as f64);
            if log.items {
                let named = opinions.into_iter().map(|(judge, values)| (format!("{OPINION}{judge}"), values));
                report.of_items = named.chain([(KEPT.to_owned(), kept), (MARGIN.to_owned(), signed)]).collect();
            }
        } else if log.items {
            let margins = margins.iter().map(|margin| *margin as f32).collect();
            report.of_items = BTreeMap::from([(MARGIN.to_owned(), margins)]);
        }
        report.items = if log.items { items } else { Vec::new() };
    }

    /// What the judges say of a pair: which answer is better, right as often as the log wants.
    fn label(&mut self, pair: &PairRecord) -> bool {
        let prompts = self.records.iter().rev().find_map(|record| match &record.event {
            Event::Prompts { prompts } => Some(prompts),
            _ => None,
        });
        let prompt = prompts.and_then(|prompts| prompts.iter().find(|prompt| prompt.id == pair.prompt));
        let world = selfsame_core::world::by_name("rules").unwrap();
        let prompt = prompt.map_or("", |prompt| prompt.text.as_str());
        let reward = |text: &String| learned::reward(Some(&*world), prompt, text).unwrap();
        let better = reward(&pair.answers[0]) > reward(&pair.answers[1]);
        let right = self.stream.chance(at(&self.log.labels, self.iteration - 1));
        better == right
    }
}

fn pair(prompt: &Prompt, answers: [&Answer; 2], origin: Origin) -> PairRecord {
    PairRecord {
        prompt: prompt.id.clone(),
        text: String::new(),
        answers: answers.map(|answer| answer.text.clone()),
        label: if origin == Origin::Unlabelled { 0.5 } else { 1.0 },
        weight: 1.0,
        origin,
    }
}
