//! `selfsame generate`: answers to one prompt.

use selfsame_core::{
    Error as CoreError, device,
    prompt::{Chat, tokens, user_turn},
    sample::{Answer, FinishReason, Request, Sampling, generate},
};
use serde::Serialize;

use crate::{
    Error, Result,
    cli::GenerateArgs,
    inputs::no_template,
    output,
    shelf::{Disk, Place, Shelf},
};

/// Answers drawn under one number of the random generator, so that the first answers are the same
/// however many are asked for.
const PER_GROUP: usize = 64;

#[derive(Serialize)]
struct Output {
    prompt_ids: Vec<u32>,
    completions: Vec<Completion>,
}

#[derive(Serialize)]
struct Completion {
    ids: Vec<u32>,
    text: String,
    /// The sum over the tokens, at temperature 1 and without filters.
    logprob: f64,
    finish_reason: FinishReason,
}

impl From<Answer> for Completion {
    fn from(answer: Answer) -> Self {
        Self {
            logprob: answer.logprobs.iter().map(|logprob| f64::from(*logprob)).sum(),
            ids: answer.ids,
            text: answer.text,
            finish_reason: answer.finish,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// If the model cannot be loaded, or the prompt does not fit it.
pub fn run(args: &GenerateArgs) -> Result<()> {
    let sampling = Sampling {
        temperature: args.temperature,
        top_k: args.top_k,
        top_p: args.top_p,
        min_p: args.min_p,
        max_new_tokens: args.max_new_tokens,
    };
    sampling.check()?;
    let place = Place::of(args.model.as_deref(), &Disk)?;
    let tokenizer = Disk.tokenizer(&place)?;
    let prompt_ids = if args.chat {
        let template =
            Disk.template(&place)?.ok_or_else(|| place.name().map_or_else(|e| e, |name| no_template(&name)))?;
        let chat = Chat::new(&template, true);
        let text = chat.written(&template, &user_turn(&args.prompt)?)?;
        tokens(&tokenizer, &text, Some(&chat))?
    } else {
        tokenizer.encode(&args.prompt)?
    };
    let selected = device::acquire(args.device.into())?;
    let (model, _) = Disk.model_in(&place, &selected, args.base_precision)?;
    check_fits(&args.prompt, &prompt_ids, model.config().max_position_embeddings)?;
    let samples = args.samples as usize;
    let prompts: Vec<(u64, Vec<u32>)> =
        (0..samples.div_ceil(PER_GROUP)).map(|group| (group as u64, prompt_ids.clone())).collect();
    let request = Request {
        prompts: &prompts,
        samples: samples.min(PER_GROUP),
        sampling: &sampling,
        seed: args.seed,
        iteration: 0,
        batch: PER_GROUP,
    };
    let answers = pollster::block_on(generate(&model, &tokenizer, &request))?;
    let completions: Vec<Completion> = answers.into_iter().flatten().take(samples).map(Completion::from).collect();
    if args.json {
        return output::json(&Output { prompt_ids, completions });
    }
    completions.iter().try_for_each(|completion| output::print(&format!("{}\n", completion.text)))
}

/// The letters of a prompt that name it.
const NAMED_BY: usize = 40;

/// Checks that the prompt leaves room for an answer, and is one.
fn check_fits(text: &str, ids: &[u32], context: usize) -> Result<()> {
    if ids.is_empty() {
        return Err(Error::told(
            "--prompt has no tokens and the tokenizer adds none; a model needs at least one to start from",
        ));
    }
    if ids.len() < context {
        return Ok(());
    }
    let mut name: String = text.chars().take(NAMED_BY).collect();
    if name.len() < text.len() {
        name.push('…');
    }
    Err(CoreError::Context { prompt: format!("{name:?}"), tokens: ids.len(), context, reserved: 1 }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_does_not_fit_is_named_by_its_beginning() {
        let text = "once upon a time ".repeat(30);
        let told = check_fits(&text, &[1; 128], 128).unwrap_err().to_string();
        assert!(told.contains("prompt \"once upon a time once upon a time once u…\": 128 tokens"), "{told}");
        check_fits(&text, &[1; 127], 128).unwrap();
        assert!(check_fits("", &[], 128).unwrap_err().to_string().contains("--prompt has no tokens"));
    }
}
