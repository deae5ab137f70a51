//! A data set as a model reads it: what `preview` shows and `learn` learns from.

use std::path::Path;

use selfsame_core::{
    Error as CoreError,
    model::{
        Config,
        gguf::{self, Gguf},
    },
    prompt::{
        Chat,
        dataset::{Dataset, Form, Kind, Plain, Template, TokenRow, tokenise, tokenise_assistant},
    },
    text::Tokenizer,
};
use serde_json::Value;

use crate::{
    Error, Result,
    cli::DataArgs,
    shelf::{Disk, Place, Shelf},
    starter,
};

/// A data set in tokens.
pub struct Material {
    /// The model.
    pub place: Place,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// The rows as they are in the file.
    pub data: Dataset,
    /// The same in tokens, none of them cut.
    pub rows: Vec<TokenRow>,
    /// How the tokenizer spells the end of a text.
    pub eos: String,
    /// What wrote the conversations, where the data set has any and the model a chat template.
    pub chat: Option<Chat>,
    /// The most tokens that a row can have.
    pub limit: usize,
}

impl Material {
    /// Reads the data set that the arguments name. `wanted` is what the rows have to be.
    ///
    /// # Errors
    /// If the data set, the tokenizer or the model's config cannot be used, or the limit is more than the
    /// model's context; or if what the assistant wrote is to be learned alone and cannot be told.
    pub fn read(args: &DataArgs, wanted: Option<Kind>) -> Result<Self> {
        let place = Place::of(args.model.as_deref(), &Disk)?;
        let tokenizer = Disk.tokenizer(&place)?;
        let described = Disk::described(&place)?;
        let gguf = gguf(&described)?;
        let config = config(&described, gguf.as_ref())?;
        let eos = eos(&described, gguf.as_ref(), &config, &tokenizer)?;
        let context = config.max_position_embeddings;
        let limit = args.max_length.map_or(context, |limit| limit as usize);
        if limit > context {
            return Err(CoreError::setting(
                "max-length",
                format!("is {limit}, but the model's context is {context} tokens; give at most that"),
            )
            .into());
        }
        let data = Dataset::read(&args.data, wanted)?;
        if args.assistant_only_loss {
            check_assistant(&data)?;
        }
        let template = if data.form == Form::Conversational { Disk.template(&place)? } else { None };
        let chat = template.as_ref().map(|template| Chat::new(template, false));
        let rows = match (&template, &chat) {
            (Some(template), Some(chat)) => {
                let template = Template { template, now: chat.now };
                if args.assistant_only_loss {
                    tokenise_assistant(&data, &tokenizer, &eos, &template)?
                } else {
                    tokenise(&data, &tokenizer, &eos, &template)?
                }
            }
            _ if args.assistant_only_loss => {
                return Err(Error::told(
                    "--assistant-only-loss needs a chat template that marks what the assistant wrote, and the model has none; give another model, or leave it out",
                ));
            }
            _ => tokenise(&data, &tokenizer, &eos, &Plain { eos: eos.clone() })?,
        };
        Ok(Self { place, tokenizer, data, rows, eos, chat, limit })
    }
}

/// Whether single tokens of the rows are the assistant's.
fn check_assistant(data: &Dataset) -> Result<()> {
    match (data.kind, data.form) {
        (Kind::PromptCompletion | Kind::LanguageModelling, Form::Conversational) => Ok(()),
        (kind, form) => Err(Error::told(format!(
            "--assistant-only-loss is for `messages` and for conversational completions, and {} is {} in the {form} form; leave it out",
            data.path.display(),
            kind.data_set()
        ))),
    }
}

/// The header of the GGUF file that the model is in, if it is in one.
fn gguf(place: &Place) -> Result<Option<Gguf>> {
    let Place::Folder(folder) = place else { return Ok(None) };
    Ok(gguf::find(folder)?.map(|file| Gguf::read(&file)).transpose()?)
}

fn config(place: &Place, gguf: Option<&Gguf>) -> Result<Config> {
    if let Some(gguf) = gguf {
        return Ok(gguf.config()?);
    }
    match place {
        Place::Starter | Place::StarterBase => Ok(starter::config()?),
        Place::AdsStarter | Place::AdsHenry(_) => Ok(starter::ads::config()?),
        Place::Folder(folder) => {
            let path = folder.join("config.json");
            let text = std::fs::read_to_string(&path).map_err(|e| {
                CoreError::model(&path, format!("{e}. A model folder holds `config.json`; check --model"))
            })?;
            Ok(Config::parse(&text, &path)?)
        }
    }
}

/// The end of a text: what `tokenizer_config.json` or a GGUF file calls `eos_token`, as TRL takes it, else
/// the first `eos_token_id` of the model.
fn eos(place: &Place, gguf: Option<&Gguf>, config: &Config, tokenizer: &Tokenizer) -> Result<String> {
    let named = match (gguf, place) {
        (Some(gguf), _) => gguf.special_tokens()?.remove("eos_token"),
        (None, Place::Folder(folder)) => named_eos(&folder.join("tokenizer_config.json"))?,
        (None, _) => None,
    };
    if let Some(token) = named {
        return Ok(token);
    }
    config.stop_tokens().first().and_then(|id| tokenizer.token(*id)).ok_or_else(|| {
        Error::told("the model has no token for the end of a text: set `eos_token_id` in its config.json, or `eos_token` in its tokenizer_config.json")
    })
}

fn named_eos(path: &Path) -> Result<Option<String>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(CoreError::read(path, e).into()),
    };
    let value: Value = serde_json::from_str(&text).map_err(|e| {
        CoreError::model(path, format!("not valid JSON ({e}); restore the file from the model's source"))
    })?;
    let token = &value["eos_token"];
    Ok(token.as_str().or_else(|| token["content"].as_str()).map(str::to_owned))
}
