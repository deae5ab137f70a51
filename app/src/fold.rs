//! What a log says, folded into what the reports, the page and the window show.

use std::collections::BTreeMap;

use selfsame_core::{
    learn::StepReport,
    measure::{Ballots, Mean, Measurement},
    prompt::Prompt,
    run::{Arm, Event, Manifest, Record, Source},
    sample::Answer,
    select::{PairRecord, RatedRecord},
    world::{self, World},
};
use serde::Serialize;

use crate::{Error, Result};

mod examples;
pub mod learned;
pub mod noted;
mod phase;
pub mod verb;

pub use examples::{Example, ExampleAnswer};
pub use learned::LearnedPair;
pub use phase::Phase;
pub use verb::{Reached, Verb};

/// A run as its log tells it. It grows with the log: a live run and a recorded one look the same.
#[derive(Debug, Clone)]
pub struct RunView {
    /// Everything that decided the run.
    pub manifest: Manifest,
    /// Seconds since 1970 of the first line.
    pub began: f64,
    /// Seconds since 1970 of the last line.
    pub last: f64,
    /// Whether the run ended as planned.
    pub finished: bool,
    /// What happened in each arm.
    pub arms: BTreeMap<Arm, ArmView>,
    /// The held-out prompts, the same in every measurement.
    pub held_out_prompts: Vec<Prompt>,
    /// Where the log has come to; `None` before anything was done.
    pub reached: Option<Reached>,
    /// Lines folded so far; whoever caches something of this fold compares it.
    pub lines: usize,
}

/// One arm of a run.
#[derive(Debug, Clone, Default)]
pub struct ArmView {
    /// The measurements, by iteration.
    pub measured: BTreeMap<u32, Measurement>,
    /// The optimiser steps with their iterations, in order, those of other models than the policy too.
    pub steps: Vec<(u32, StepReport)>,
    /// The phases that these steps belong to, in order.
    pub phases: Vec<Phase>,
    /// Tokens drawn to learn from, by whatever model.
    pub drawn_tokens: usize,
    /// What was drawn, judged and selected, by iteration; 0 is the start.
    pub iterations: BTreeMap<u32, IterationView>,
    /// The folder under `checkpoints/` of the weights after each iteration.
    pub checkpoints: BTreeMap<u32, String>,
    /// The last folder of every other model than the policy that was taught, by the model's name.
    pub aside: BTreeMap<String, String>,
}

/// What one iteration drew, judged and selected.
#[derive(Debug, Clone, Default)]
pub struct IterationView {
    /// The prompts to learn from; at the start there are none.
    pub prompts: Vec<Prompt>,
    /// For each prompt its answers, as far as they are drawn.
    pub answers: Vec<Vec<Answer>>,
    /// For each judge that was asked before learning, a number for each answer of each prompt.
    pub judged: Vec<(String, Vec<Vec<f32>>)>,
    /// Numbers that the recipe selected or labelled by, by name: one, or one for each prompt.
    pub notes: Vec<(String, Vec<f32>)>,
    /// What single tokens are worth, by what says so: for each prompt, or each pair, and each of its answers, a
    /// number per token.
    pub credited: Vec<(String, Vec<Vec<Vec<f32>>>)>,
    /// The pairs to learn from, the last that were chosen.
    pub pairs: Vec<PairRecord>,
    /// Steps that the arm had taken when these pairs were chosen.
    pub chosen_after: usize,
    /// The rated single answers to learn from.
    pub rated: Vec<RatedRecord>,
    /// Sampled answers to the held-out prompts.
    pub held_out: Vec<Vec<Answer>>,
    /// Greedy answers to the held-out prompts.
    pub greedy: Vec<Vec<Answer>>,
    /// The judges' votes on pairs of held-out answers.
    pub ballots: Ballots,
}

/// What is said of a log whose first line is not the start of a run.
#[must_use]
pub fn no_start() -> Error {
    Error::told("the log does not begin with the start of a run")
}

impl RunView {
    /// Reads and folds the log of a run's folder.
    ///
    /// # Errors
    /// If there is no log, or it is damaged before its last line.
    #[cfg(not(target_family = "wasm"))]
    pub fn load(root: &std::path::Path) -> Result<Self> {
        Self::of(&crate::folder::records(root)?)
    }

    /// Folds the records of a log.
    ///
    /// # Errors
    /// If they do not begin with a start.
    pub fn of(records: &[Record]) -> Result<Self> {
        let mut rest = records.iter();
        let mut view = Self::begin(rest.next())?;
        rest.for_each(|record| view.push(record));
        Ok(view)
    }

    /// The fold of a log's first line.
    ///
    /// # Errors
    /// If it is not the start of a run.
    pub fn begin(first: Option<&Record>) -> Result<Self> {
        let Some((Event::Started { manifest }, first)) = first.map(|first| (&first.event, first)) else {
            return Err(no_start());
        };
        Ok(Self {
            manifest: (**manifest).clone(),
            began: first.at,
            last: first.at,
            finished: false,
            arms: BTreeMap::from([(Arm::Main, ArmView::default())]),
            held_out_prompts: Vec::new(),
            reached: None,
            lines: 1,
        })
    }

    /// Folds in the next line.
    pub fn push(&mut self, record: &Record) {
        self.lines += 1;
        self.last = record.at;
        self.reached = Reached::of(record).or(self.reached);
        let arm = self.arms.entry(record.arm).or_default();
        let iteration = arm.iterations.entry(record.iteration).or_default();
        match &record.event {
            // What judges think of two answers is shown where a pair was learned.
            // Checkpoints within a phase are removed when it goes on.
            Event::Started { .. } | Event::Compared { .. } | Event::Checkpoint { complete: false, .. } => {}
            Event::Checkpoint { name, .. } => {
                let model = aside(name);
                match model {
                    Some(model) => drop(arm.aside.insert(model.to_owned(), name.clone())),
                    None => drop(arm.checkpoints.insert(record.iteration, name.clone())),
                }
                arm.end_phase(record.iteration, model);
            }
            Event::Prompts { prompts } if record.iteration == 0 => self.held_out_prompts.clone_from(prompts),
            Event::Prompts { prompts } => iteration.prompts.clone_from(prompts),
            Event::Sampled { purpose, first, answers } => {
                if to_learn_from(purpose) {
                    arm.drawn_tokens += answers.iter().flatten().map(|answer| answer.ids.len()).sum::<usize>();
                }
                let drawn = match purpose.as_str() {
                    "train" => &mut iteration.answers,
                    "held-out" => &mut iteration.held_out,
                    "held-out greedy" => &mut iteration.greedy,
                    // A teacher's or an opponent's answers, or those to other goals, are not the policy's to show.
                    _ => return,
                };
                // A resumed phase may draw a chunk again.
                drawn.truncate(*first);
                drawn.extend(answers.iter().cloned());
            }
            Event::Judged { judge, scores } => iteration.judged.push((judge.clone(), scores.clone())),
            Event::Credited { by, tokens } => {
                iteration.credited.retain(|(credited, _)| credited != by);
                iteration.credited.push((by.clone(), tokens.clone()));
            }
            Event::Noted { name, values } => {
                iteration.notes.retain(|(noted, _)| noted != name);
                iteration.notes.push((name.clone(), values.clone()));
            }
            Event::Rated { answers } => iteration.rated.clone_from(answers),
            Event::Selected { pairs } => {
                iteration.pairs.clone_from(pairs);
                iteration.chosen_after = arm.steps.len();
            }
            Event::Step { report } => arm.add_step(record.iteration, report),
            Event::Measured { measurement, ballots } => {
                iteration.ballots = (**ballots).clone();
                arm.measured.insert(record.iteration, (**measurement).clone());
            }
            Event::Finished {} => self.finished = true,
        }
    }

    /// Some prompts of the last iteration, with what the policy answered and the judges said.
    #[must_use]
    pub fn training(&self) -> Vec<Example> {
        examples::training(self)
    }

    /// Some held-out prompts, with the greedy answers of the start and of the last iteration.
    #[must_use]
    pub fn held_out(&self) -> Vec<Example> {
        examples::held_out(self)
    }

    /// The world behind the run, where there is one.
    #[must_use]
    pub fn world(&self) -> Option<Box<dyn World>> {
        match &self.manifest.source {
            Source::World(name) => world::by_name(name),
            Source::File { .. } => None,
        }
    }

    /// Whether a world with a known truth is behind the run.
    #[must_use]
    pub fn has_oracle(&self) -> bool {
        matches!(self.manifest.source, Source::World(_))
    }

    /// The measurements of the recipe itself.
    #[must_use]
    pub fn main(&self) -> &BTreeMap<u32, Measurement> {
        static NONE: BTreeMap<u32, Measurement> = BTreeMap::new();
        self.arms.get(&Arm::Main).map_or(&NONE, |arm| &arm.measured)
    }

    /// The last measurement of the recipe itself.
    #[must_use]
    pub fn final_measurement(&self) -> Option<(u32, &Measurement)> {
        self.main().last_key_value().map(|(iteration, measurement)| (*iteration, measurement))
    }

    /// The arms that have been measured, in the order run, random, oracle.
    #[must_use]
    pub fn measured_arms(&self) -> Vec<Arm> {
        self.arms.iter().filter(|(_, view)| !view.measured.is_empty()).map(|(arm, _)| *arm).collect()
    }

    /// The measurement of an arm after an iteration. All arms share their start.
    #[must_use]
    pub fn at(&self, arm: Arm, iteration: u32) -> Option<&Measurement> {
        if iteration == 0 {
            return self.main().get(&0);
        }
        self.arms.get(&arm)?.measured.get(&iteration)
    }

    /// All iterations that any arm has measured.
    #[must_use]
    pub fn iterations(&self) -> Vec<u32> {
        let mut all: Vec<u32> = self.arms.values().flat_map(|arm| arm.measured.keys().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The names of all judges.
    #[must_use]
    pub fn judges(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .main()
            .values()
            .flat_map(|m| m.fixed.iter().chain(&m.on_policy))
            .flat_map(|quality| quality.agreement.keys().cloned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The accuracy of a judge after an iteration, on fixed pairs or on the policy's own.
    #[must_use]
    pub fn accuracy(&self, judge: &str, iteration: u32, on_policy: bool) -> Option<Mean> {
        let measurement = self.main().get(&iteration)?;
        let quality = if on_policy { &measurement.on_policy } else { &measurement.fixed };
        quality.as_ref()?.accuracy.get(judge).copied().filter(|mean| mean.count > 0)
    }

    /// What a reader should know before believing the numbers, the worst first.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        crate::diagnosis::diagnose(self).into_iter().map(|diagnosis| diagnosis.sentence).collect()
    }

    /// The fold as one JSON object.
    #[must_use]
    pub fn json(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Measured<'a> {
            iteration: u32,
            #[serde(flatten)]
            measurement: &'a Measurement,
        }
        #[derive(Serialize)]
        struct Whole<'a> {
            finished: bool,
            began: f64,
            last: f64,
            oracle: bool,
            warnings: Vec<String>,
            manifest: &'a Manifest,
            arms: BTreeMap<Arm, Vec<Measured<'a>>>,
        }
        Whole {
            finished: self.finished,
            began: self.began,
            last: self.last,
            oracle: self.has_oracle(),
            warnings: self.warnings(),
            manifest: &self.manifest,
            arms: self
                .arms
                .iter()
                .map(|(name, arm)| {
                    let rows = arm.measured.iter();
                    (
                        *name,
                        rows.map(|(iteration, measurement)| Measured { iteration: *iteration, measurement }).collect(),
                    )
                })
                .collect(),
        }
    }
}

/// Whether a model drew these answers to learn from: what a teacher or a reviser gives is written, not drawn, and the
/// rest is drawn to measure.
fn to_learn_from(purpose: &str) -> bool {
    !matches!(purpose, "teacher" | "revision" | "greedy") && !purpose.starts_with("held-out")
}

/// The name of another model than the policy, of a checkpoint's folder such as `001-henry-a`.
fn aside(folder: &str) -> Option<&str> {
    let arm = ["random-", "oracle-"].iter().find_map(|arm| folder.strip_prefix(arm));
    arm.unwrap_or(folder).trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix('-')
}

#[cfg(test)]
pub(crate) mod tests;
