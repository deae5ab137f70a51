//! Whether prompts leave room in the model's context for answers and for the judges that read them.

use std::path::Path;

use super::{Manifest, Source};
use crate::{
    Error, Result,
    judge::{Form, Generative},
    model::Config,
    prompt::{Row, tokens},
    text::Tokenizer,
};

/// The context of a model, and who reads what is in it.
pub(super) struct Room {
    context: usize,
    judges: Vec<Generative>,
}

impl Room {
    pub(super) fn new(manifest: &Manifest, model: &Config, tokenizer: &Tokenizer) -> Result<Self> {
        let judges = manifest.judges.iter().map(|prompt| Generative::new(prompt, Form::Pairwise, tokenizer));
        Ok(Self { context: model.max_position_embeddings, judges: judges.collect::<Result<_>>()? })
    }

    /// A prompt must leave room for a whole answer, and for every judge that reads it with two of them.
    ///
    /// # Errors
    /// Names the prompt that does not.
    pub(super) fn check(&self, id: &str, ids: &[u32], answer: usize) -> Result<()> {
        let longest = vec![0; answer];
        let read = self.judges.iter().map(|judge| judge.length(ids, &[&longest, &longest])).max().unwrap_or(0);
        let needed = read.max(ids.len() + answer);
        if needed <= self.context {
            return Ok(());
        }
        let (tokens, context) = (ids.len(), self.context);
        Err(Error::Context { prompt: id.to_owned(), tokens, context, reserved: needed - tokens })
    }
}

/// How many rows of a file are held out: a fifth, at most what the options ask for.
pub(super) fn held_out_of(rows: usize, manifest: &Manifest) -> usize {
    (rows / 5).min(manifest.options.held_out)
}

/// Checks every row of a file of the user's before a run begins: those that are held out with the answers that are
/// measured, the others with the shortest limit that the recipe has for answers; what is written itself is left to
/// the recipe. `rows` are as the chat template writes them.
///
/// # Errors
/// Names the file and the line of a prompt that does not fit.
pub fn check_rows(manifest: &Manifest, model: &Config, tokenizer: &Tokenizer, rows: &[Row]) -> Result<()> {
    let Source::File { path, .. } = &manifest.source else { return Ok(()) };
    let room = Room::new(manifest, model, tokenizer)?;
    let held_out = held_out_of(rows.len(), manifest);
    let drawn = shortest(&manifest.parameters);
    for (index, row) in rows.iter().enumerate() {
        let ids = tokens(tokenizer, &row.prompt.text, manifest.chat.as_ref())?;
        let measured = (held_out == 0 || index < held_out).then_some(manifest.options.sampling.max_new_tokens);
        let drawn = drawn.filter(|_| index >= held_out);
        let checked = match measured.into_iter().chain(drawn).max() {
            Some(answer) => room.check(&row.prompt.id, &ids, answer),
            // Its answers are given; it is read with them.
            None if ids.len() < room.context => Ok(()),
            None => Err(Error::Context {
                prompt: row.prompt.id.clone(),
                tokens: ids.len(),
                context: room.context,
                reserved: 1,
            }),
        };
        checked.map_err(|error| match error {
            Error::Context { tokens, context, reserved, .. } => Error::Data {
                path: Path::new(path).to_path_buf(),
                line: index + 1,
                problem: format!(
                    "the prompt has {tokens} tokens and does not fit: the model's context is {context} and {reserved} are reserved for the answer and for the judges that read it. Shorten the prompt, lower `max_new_tokens`, or give a model with a longer context"
                ),
            },
            other => other,
        })?;
    }
    Ok(())
}

/// The smallest limit for answers among the settings of a recipe, where it has one.
fn shortest(parameters: &toml::Table) -> Option<usize> {
    let of = |(key, value): (&String, &toml::Value)| match value {
        toml::Value::Table(table) => shortest(table),
        toml::Value::Integer(limit) if key == "max_new_tokens" => usize::try_from(*limit).ok(),
        _ => None,
    };
    parameters.iter().filter_map(of).min()
}
