//! Examples for people: some prompts with what was answered and what was thought of it.

use std::path::Path;

use selfsame_core::{
    measure::policy::answer_quality,
    model::content_hash,
    prompt::{Prompt, read_jsonl},
    run::{Arm, Event, Manifest, Record, Source},
    sample::Answer,
    select::{Origin, PairRecord},
    world::{self, Split, World},
};

/// How many prompts are shown.
const SHOWN: usize = 10;

/// A prompt and its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The prompt's text.
    pub prompt: String,
    /// The answers.
    pub answers: Vec<ExampleAnswer>,
}

/// One answer of an example.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleAnswer {
    /// What is special about it: `chosen`, `start`, ...; can be empty.
    pub role: String,
    /// The text.
    pub text: String,
    /// Its log-probability under the policy that wrote it.
    pub logprob: f64,
    /// The oracle's reward, where there is one.
    pub reward: Option<f64>,
    /// Each judge's number, where the recipe asked for it before learning.
    pub scores: Vec<(String, f32)>,
}

fn example_answer(world: Option<&dyn World>, prompt: &str, answer: &Answer, role: &str) -> ExampleAnswer {
    ExampleAnswer {
        role: role.to_owned(),
        text: answer.text.clone(),
        logprob: f64::from(answer.logprob()),
        reward: answer_quality(world, &[(prompt, answer)]).reward.map(|mean| mean.mean),
        scores: Vec::new(),
    }
}

fn world_of(manifest: &Manifest) -> Option<Box<dyn World>> {
    match &manifest.source {
        Source::World(name) => world::by_name(name),
        Source::File { .. } => None,
    }
}

/// The first prompts of the last iteration that drew answers to learn from.
pub(super) fn training(records: &[Record], manifest: &Manifest) -> Vec<Example> {
    let world = world_of(manifest);
    let mut prompts: &[Prompt] = &[];
    let mut answers: &[Vec<Answer>] = &[];
    let mut judged: Vec<(&str, &[Vec<f32>])> = Vec::new();
    let mut pairs: &[PairRecord] = &[];
    for record in records.iter().filter(|record| record.arm == Arm::Main) {
        match &record.event {
            Event::Prompts { prompts: new } => {
                (prompts, answers, pairs) = (new, &[], &[]);
                judged.clear();
            }
            Event::Sampled { purpose, first: 0, answers: new } if purpose == "train" => answers = new,
            Event::Judged { judge, scores } => judged.push((judge, scores)),
            Event::Selected { pairs: new } => pairs = new,
            _ => {}
        }
    }
    prompts
        .iter()
        .zip(answers)
        .take(SHOWN)
        .enumerate()
        .map(|(index, (prompt, answers))| Example {
            prompt: prompt.text.clone(),
            answers: answers
                .iter()
                .enumerate()
                .map(|(position, answer)| {
                    let role = role(pairs, &prompt.id, &answer.text);
                    let score = |scores: &[Vec<f32>]| scores.get(index)?.get(position).copied();
                    ExampleAnswer {
                        scores: judged
                            .iter()
                            .filter_map(|(judge, scores)| Some(((*judge).to_owned(), score(scores)?)))
                            .collect(),
                        ..example_answer(world.as_deref(), &prompt.text, answer, role)
                    }
                })
                .collect(),
        })
        .collect()
}

/// What a recipe made of an answer.
fn role(pairs: &[PairRecord], prompt: &str, text: &str) -> &'static str {
    let pair = pairs.iter().find(|pair| pair.prompt == prompt && pair.answers.iter().any(|answer| answer == text));
    match pair {
        None => "",
        Some(pair) if pair.origin == Origin::Unlabelled => "compared",
        Some(pair) if pair.answers[0] == text => "chosen",
        Some(_) => "rejected",
    }
}

/// The first held-out prompts with the greedy answers of the start and of the last iteration.
pub(super) fn held_out(records: &[Record], manifest: &Manifest) -> Vec<Example> {
    let world = world_of(manifest);
    let mut drawn: Vec<(u32, &[Vec<Answer>])> = Vec::new();
    for record in records.iter().filter(|record| record.arm == Arm::Main) {
        if let Event::Sampled { purpose, first: 0, answers } = &record.event
            && purpose == "held-out greedy"
        {
            drawn.push((record.iteration, answers));
        }
    }
    let (Some(first), Some(last)) = (drawn.first(), drawn.last()) else {
        return Vec::new();
    };
    let shown: Vec<&(u32, &[Vec<Answer>])> = if first.0 == last.0 { vec![first] } else { vec![first, last] };
    let prompts = held_out_prompts(world.as_deref(), manifest, first.1.len().min(SHOWN));
    prompts
        .into_iter()
        .enumerate()
        .map(|(index, prompt)| Example {
            answers: shown
                .iter()
                .filter_map(|(iteration, answers)| {
                    let answer = answers.get(index)?.first()?;
                    let role = if *iteration == 0 { "start".to_owned() } else { format!("iteration {iteration}") };
                    Some(example_answer(world.as_deref(), &prompt, answer, &role))
                })
                .collect(),
            prompt,
        })
        .collect()
}

/// The log does not repeat the held-out prompts; the world or the file still has them.
fn held_out_prompts(world: Option<&dyn World>, manifest: &Manifest, count: usize) -> Vec<String> {
    let texts: Option<Vec<String>> = match (&manifest.source, world) {
        (Source::World(_), Some(world)) => {
            Some(world.prompts(manifest.seed, Split::HeldOut, count).into_iter().map(|prompt| prompt.text).collect())
        }
        (Source::File { path, sha256 }, _) => std::fs::read(path)
            .ok()
            .filter(|bytes| content_hash(bytes) == *sha256)
            .and_then(|_| read_jsonl(Path::new(path)).ok())
            .map(|rows| rows.into_iter().take(count).map(|row| row.prompt.text).collect()),
        _ => None,
    };
    texts.unwrap_or_else(|| (1..=count).map(|index| format!("(held-out prompt {index})")).collect())
}
