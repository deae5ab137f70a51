//! Makes logs of runs that never happened, sound ones and ones with a known pathology. Everything
//! that a detector reads is drawn answer by answer, vote by vote and step by step, so that the
//! numbers have the noise they have in real runs.

use std::collections::BTreeMap;

use selfsame_core::{
    learn::{KEPT, MARGIN, OPINION, StepReport},
    measure::{AnswerQuality, Ballot, Ballots, JudgeQuality, Mean, Measurement},
    prompt::Prompt,
    recipe::by_id,
    rng::{Purpose, Stream},
    run::{Arm, Event, Manifest, Options, Record, Source, event::SCHEMA},
    sample::{Answer, FinishReason},
    select::{Origin, PairRecord},
};
use toml::Value;

const WORDS: [&str; 24] = [
    "fox", "owl", "sun", "elm", "bee", "moss", "oak", "moon", "reed", "hill", "rain", "wolf", "fern", "lake", "snow",
    "crow", "leaf", "wind", "stone", "deer", "ash", "star", "frog", "bark",
];

/// The length limit of all logs.
const LIMIT: usize = 24;

/// Scale of the implicit reward, as in all recipes' defaults.
const BETA: f64 = 0.1;

/// How a judge speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Reads,
    /// Scores tie.
    Ties,
    /// Votes of one half.
    Shrugs,
    /// Votes for whatever stands first.
    First,
}

/// A judge.
#[derive(Debug, Clone)]
pub(crate) struct Judge {
    pub name: &'static str,
    /// Where it reads, how often it is right.
    pub accuracy: f64,
    /// How often it looks at length alone: above 0 it then takes the longer answer, below the
    /// shorter one.
    pub longer: f64,
    pub habit: Habit,
    /// A judge that it repeats nearly always.
    pub twin_of: Option<usize>,
}

/// What goes wrong with loss or gradient, in the middle of the last phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Wild {
    Tame,
    /// One gradient is so many times the usual one.
    Spike(f64),
    /// Gradients grow so many times.
    Growth(f64),
    /// The loss grows by so much.
    Loss(f64),
    NotFinite,
}

/// A log to be made. The default is a sound run.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub recipe: &'static str,
    pub world: bool,
    pub pairwise: bool,
    pub iterations: u32,
    pub seed: u64,
    /// How much noise there is; 1 is as in real runs.
    pub noise: f64,
    /// True rewards of sampled and of greedy answers, by iteration.
    pub reward: Vec<[f64; 2]>,
    pub kl: Vec<f64>,
    pub length: Vec<f64>,
    pub distinct2: Vec<f64>,
    /// How often an answer is cut off.
    pub cut: f64,
    /// How often an answer repeats the one before.
    pub repeated: f64,
    pub judges: Vec<Judge>,
    pub flips: f64,
    /// How often labels are right, by iteration from 1 on.
    pub labels: Vec<f64>,
    /// Mean margin at the end of a phase.
    pub margin: f64,
    /// Whether steps have numbers of items.
    pub items: bool,
    /// How many nats the chosen answers gain in a phase.
    pub chosen: f64,
    pub kept: f64,
    /// Shares of pairs that repeat one of their iteration, one of the iteration before, or compare
    /// an answer with itself.
    pub duplicates: [f64; 3],
    pub wild: (Arm, Wild),
    pub prompts: usize,
    /// How many pairs to learn from.
    pub pairs: usize,
    pub steps: usize,
    pub held_out: usize,
    pub finished: bool,
}

fn judge(name: &'static str, accuracy: f64) -> Judge {
    Judge { name, accuracy, longer: 0.0, habit: Habit::Reads, twin_of: None }
}

impl Log {
    /// A sound run of a recipe.
    pub(crate) fn sound(recipe: &'static str, seed: u64) -> Self {
        Self {
            recipe,
            world: true,
            pairwise: false,
            iterations: if recipe == "dpo" { 1 } else { 3 },
            seed,
            noise: 1.0,
            reward: vec![[0.44, 0.47], [0.52, 0.56], [0.58, 0.61], [0.62, 0.65]],
            kl: vec![0.0, 1.0, 2.2, 3.3],
            length: vec![11.0, 11.5, 11.2, 11.8],
            distinct2: vec![0.30, 0.29, 0.31, 0.28],
            cut: 0.01,
            repeated: 0.02,
            judges: vec![
                judge("content", 0.76),
                judge("form", 0.74),
                judge("content (pairwise)", 0.75),
                judge("implicit", 0.72),
            ],
            flips: 0.15,
            labels: vec![0.75, 0.74, 0.73],
            margin: 0.45,
            items: true,
            chosen: 0.5,
            kept: 0.5,
            duplicates: [0.0; 3],
            wild: (Arm::Main, Wild::Tame),
            prompts: 80,
            pairs: if recipe == "scir" { 240 } else { 80 },
            steps: 24,
            held_out: 150,
            finished: true,
        }
    }

    fn manifest(&self) -> Manifest {
        let mut parameters = by_id(self.recipe).unwrap().defaults().unwrap();
        if let Some(table) = parameters.get_mut("loop").and_then(Value::as_table_mut) {
            table.insert("iterations".to_owned(), Value::Integer(self.iterations.into()));
        }
        if self.pairwise {
            parameters.insert("judge".to_owned(), Value::String("pairwise".to_owned()));
        }
        let file = Source::File { path: "prompts.jsonl".to_owned(), sha256: "22".to_owned() };
        Manifest {
            version: "0.1.0".to_owned(),
            recipe: self.recipe.to_owned(),
            seed: self.seed,
            device: "cpu".to_owned(),
            model: "starter".to_owned(),
            model_sha256: "00".to_owned(),
            base: "starter/base".to_owned(),
            base_sha256: "11".to_owned(),
            source: if self.world { Source::World("rules".to_owned()) } else { file },
            options: Options { held_out: self.held_out, ..Options::default() },
            parameters,
            judges: Vec::new(),
        }
    }

    /// The lines of the log.
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut maker = Maker {
            log: self,
            stream: Stream::new(self.seed, Purpose::Bootstrap, 0, 0),
            records: Vec::new(),
            arm: Arm::Main,
            iteration: 0,
            before: Vec::new(),
        };
        maker.push(Event::Started { manifest: Box::new(self.manifest()) });
        let prompts = maker.prompts("h", self.held_out);
        maker.push(Event::Prompts { prompts });
        maker.measure();
        for iteration in 1..=self.iterations {
            maker.iteration = iteration;
            maker.learn();
            maker.measure();
        }
        if self.wild.0 != Arm::Main {
            maker.arm = self.wild.0;
            maker.steps(&[]);
        }
        if self.finished {
            (maker.arm, maker.iteration) = (Arm::Main, 0);
            maker.push(Event::Finished {});
        }
        maker.records
    }
}

struct Maker<'a> {
    log: &'a Log,
    stream: Stream,
    records: Vec<Record>,
    arm: Arm,
    iteration: u32,
    /// The pairs of the iteration before.
    before: Vec<PairRecord>,
}

fn at<T: Copy>(values: &[T], iteration: u32) -> T {
    values[(iteration as usize).min(values.len() - 1)]
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

impl Maker<'_> {
    fn push(&mut self, event: Event) {
        let at = 1000.0 + self.records.len() as f64;
        self.records.push(Record { schema: SCHEMA, at, arm: self.arm, iteration: self.iteration, event });
    }

    fn normal(&mut self) -> f64 {
        self.stream.normal() * self.log.noise
    }

    /// The share of successes in so many tries.
    fn share(&mut self, p: f64, tries: usize) -> f64 {
        (0..tries).filter(|_| self.stream.chance(p)).count() as f64 / tries as f64
    }

    fn word(&mut self) -> usize {
        self.stream.below(WORDS.len())
    }

    fn prompts(&mut self, prefix: &str, count: usize) -> Vec<Prompt> {
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

    fn answers(&mut self, prompts: usize, samples: usize, repeated: f64) -> Vec<Vec<Answer>> {
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

    fn sampled(&mut self, purpose: &str, answers: &[Vec<Answer>]) {
        for (chunk, answers) in answers.chunks(40).enumerate() {
            self.push(Event::Sampled { purpose: purpose.to_owned(), first: 40 * chunk, answers: answers.to_vec() });
        }
    }

    fn learn(&mut self) {
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
            pairs.iter_mut().for_each(|pair| pair.text = "must:fox <resp>".to_owned());
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

    fn steps(&mut self, pairs: &[PairRecord]) {
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
        let reward = |text: &String| {
            let answer = Answer {
                ids: Vec::new(),
                text: text.clone(),
                logprobs: Vec::new(),
                sampling_logprob: 0.0,
                finish: FinishReason::Stop,
            };
            let text = prompt.map_or("", |prompt| prompt.text.as_str());
            selfsame_core::measure::policy::answer_quality(Some(&*world), &[(text, &answer)]).reward.unwrap().mean
        };
        let better = reward(&pair.answers[0]) > reward(&pair.answers[1]);
        let right = self.stream.chance(at(&self.log.labels, self.iteration - 1));
        better == right
    }

    fn measure(&mut self) {
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
