//! `selfsame score`: log-probabilities of given completions.

use std::path::Path;

use selfsame_core::{
    Error as CoreError, device,
    learn::{Sequence, batch::score},
    model::Decoder,
    text::Tokenizer,
};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    cli::ScoreArgs,
    output,
    shelf::{Disk, Place, Shelf},
};

/// Lines scored together.
const CHUNK: usize = 64;

/// Tokens in one forward pass.
const TOKEN_BUDGET: usize = 4096;

#[derive(Deserialize)]
struct Line {
    prompt: String,
    completion: String,
}

#[derive(Serialize)]
struct Scored<'a> {
    completion_ids: &'a [u32],
    token_logprobs: &'a [f32],
    logprob: f64,
}

/// Runs the command.
///
/// # Errors
/// If the model cannot be loaded, or a line cannot be scored; what comes before that line is
/// printed.
pub fn run(args: &ScoreArgs) -> Result<()> {
    let bytes = std::fs::read(&args.input).map_err(|e| CoreError::read(&args.input, e))?;
    let place = Place::of(args.model.as_deref(), &Disk)?;
    let tokenizer = Disk.tokenizer(&place)?;
    let selected = device::acquire(args.device.into())?;
    let (model, _) = Disk.model_in(&place, &selected, args.base_precision)?;
    let context = model.config().max_position_embeddings;
    let text = bytes.trim_ascii_end();
    let mut waiting: Vec<Tokens> = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        match parse(line, &tokenizer, context) {
            Ok(tokens) => waiting.push(tokens),
            Err(problem) => {
                print(&model, &waiting, args.json)?;
                return Err(wrong(&args.input, index + 1, problem));
            }
        }
        if waiting.len() == CHUNK {
            print(&model, &std::mem::take(&mut waiting), args.json)?;
        }
    }
    print(&model, &waiting, args.json)
}

fn wrong(path: &Path, line: usize, problem: String) -> Error {
    CoreError::Data { path: path.to_path_buf(), line, problem }.into()
}

struct Tokens {
    prompt: Vec<u32>,
    completion: Vec<u32>,
}

/// A line in tokens, or what is wrong with it.
fn parse(line: &[u8], tokenizer: &Tokenizer, context: usize) -> Result<Tokens, String> {
    if line.trim_ascii().is_empty() {
        return Err("the line is empty; remove it".to_owned());
    }
    let line: Line = serde_json::from_slice(line)
        .map_err(|e| format!("not an object such as {{\"prompt\": \"...\", \"completion\": \"...\"}} ({e})"))?;
    let encoded = |ids: selfsame_core::Result<Vec<u32>>| ids.map_err(|e| e.to_string());
    let tokens = Tokens {
        prompt: encoded(tokenizer.encode(&line.prompt))?,
        completion: encoded(tokenizer.encode_piece(&line.completion))?,
    };
    if tokens.prompt.is_empty() {
        return Err(
            "the prompt has no tokens and the tokenizer adds none; a model needs at least one to start from".to_owned()
        );
    }
    let length = tokens.prompt.len() + tokens.completion.len();
    if length > context {
        return Err(format!("prompt and completion have {length} tokens together; the model's context is {context}"));
    }
    Ok(tokens)
}

fn print(model: &Decoder, lines: &[Tokens], json: bool) -> Result<()> {
    let sequences: Vec<Sequence> =
        lines.iter().map(|tokens| Sequence::completion(&tokens.prompt, &tokens.completion)).collect();
    let scores = pollster::block_on(score(model, &sequences, TOKEN_BUDGET))?;
    for (tokens, token_logprobs) in lines.iter().zip(&scores) {
        // Not `sum`, which is minus nought for no tokens.
        let logprob = token_logprobs.iter().fold(0.0, |sum, value| sum + f64::from(*value));
        if json {
            output::json(&Scored { completion_ids: &tokens.completion, token_logprobs, logprob })?;
        } else {
            output::print(&format!("{logprob:.6}\t{} tokens\n", tokens.completion.len()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_are_checked() {
        let tokenizer = crate::starter::tokenizer().unwrap();
        let parse = |line: &str| super::parse(line.as_bytes(), &tokenizer, 6);
        let good = parse("{\"prompt\": \"must:fox <resp>\", \"completion\": \"the fox\", \"more\": 1}").unwrap();
        assert_eq!((good.prompt.len(), good.completion.len()), (3, 2));
        for (line, word) in [
            ("", "empty"),
            ("{", "object"),
            ("{\"prompt\": \"a\"}", "completion"),
            ("{\"prompt\": \"fox fox fox\", \"completion\": \"fox fox fox\"}", "context"),
        ] {
            let problem = parse(line).err().unwrap();
            assert!(problem.contains(word), "{problem}");
        }
        assert!(super::parse(b"{\"prompt\": \"\xff\"}", &tokenizer, 6).is_err());
    }
}
