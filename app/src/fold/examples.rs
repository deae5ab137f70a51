//! Examples for people: some prompts with what was answered and what was thought of it.

use selfsame_core::{
    measure::policy::answer_quality,
    run::Arm,
    sample::Answer,
    select::{Origin, PairRecord},
    world::World,
};

use super::RunView;

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

/// The first prompts of the last iteration that drew answers to learn from.
pub(super) fn training(view: &RunView) -> Vec<Example> {
    let world = view.world();
    let Some(last) = view
        .arms
        .get(&Arm::Main)
        .and_then(|arm| arm.iterations.values().rev().find(|iteration| !iteration.answers.is_empty()))
    else {
        return Vec::new();
    };
    last.prompts
        .iter()
        .zip(&last.answers)
        .take(SHOWN)
        .enumerate()
        .map(|(index, (prompt, answers))| Example {
            prompt: prompt.text.clone(),
            answers: answers
                .iter()
                .enumerate()
                .map(|(position, answer)| {
                    let role = role(&last.pairs, &prompt.id, &answer.text);
                    let score = |scores: &[Vec<f32>]| scores.get(index)?.get(position).copied();
                    ExampleAnswer {
                        scores: last
                            .judged
                            .iter()
                            .filter_map(|(judge, scores)| Some((judge.clone(), score(scores)?)))
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
pub(super) fn held_out(view: &RunView) -> Vec<Example> {
    let world = view.world();
    let Some(main) = view.arms.get(&Arm::Main) else {
        return Vec::new();
    };
    let mut drawn: Vec<(u32, &[Vec<Answer>])> = main
        .iterations
        .iter()
        .filter(|(_, iteration)| !iteration.greedy.is_empty())
        .map(|(number, iteration)| (*number, &iteration.greedy[..]))
        .collect();
    if drawn.len() > 2 {
        drawn.drain(1..drawn.len() - 1);
    }
    view.held_out_prompts
        .iter()
        .take(SHOWN)
        .enumerate()
        .map(|(index, prompt)| Example {
            answers: drawn
                .iter()
                .filter_map(|(iteration, answers)| {
                    let answer = answers.get(index)?.first()?;
                    let role = if *iteration == 0 { "start".to_owned() } else { format!("iteration {iteration}") };
                    Some(example_answer(world.as_deref(), &prompt.text, answer, &role))
                })
                .collect(),
            prompt: prompt.text.clone(),
        })
        .collect()
}
