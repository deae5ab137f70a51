//! What a run is made of: device, models, tokenizer, prompts, and the manifest that names them all
//! by content.

use std::path::Path;

use selfsame_core::{
    Error as CoreError,
    device::{Choice, Selected},
    judge::{self, Form, Generative, JudgePrompt},
    model::{Decoder, INDEX, LoraConfig, WEIGHTS},
    prompt::{Chat, Row},
    recipe::by_id,
    run::{
        Event, Manifest, Record, Source, Subject, check_rows,
        plan::{Adapted, Learning, Plan, plan_with},
    },
    text::Tokenizer,
    world::{self, World},
};

use crate::{
    Error, Result,
    cli::RunArgs,
    fold::no_start,
    settings::Settings,
    shelf::{Place, Shelf, utf8},
};

/// Everything that decides a run, loaded.
pub struct Inputs {
    /// Names it all.
    pub manifest: Manifest,
    /// The models.
    pub subject: Subject,
    /// The world, where the prompts come from one.
    pub world: Option<Box<dyn World>>,
    /// The rows, where the prompts come from a file.
    pub rows: Vec<Row>,
    /// Where it is computed.
    pub device: Selected,
    /// What the person should know and that does not prevent the run.
    pub notes: Vec<String>,
}

impl Inputs {
    /// What a run of them would need.
    ///
    /// # Errors
    /// If a setting cannot work.
    pub fn plan(&self) -> Result<Plan> {
        let manifest = &self.manifest;
        let budget = by_id(&manifest.recipe)?.check(&manifest.parameters)?;
        Ok(plan_with(self.subject.model.config(), self.learning(), budget.as_ref(), &manifest.options))
    }

    /// What its plan needs to know of what learns.
    fn learning(&self) -> Learning {
        let manifest = &self.manifest;
        let other_base = manifest.base_sha256 != manifest.model_sha256;
        let adapted = manifest.lora.map(|lora| Adapted { lora, precision: manifest.base_precision, other_base });
        Learning { adapted, recomputes: manifest.gradient_checkpointing }
    }
}

/// Gives the device for a choice.
pub type Acquire<'a> = &'a dyn Fn(Choice) -> Result<Selected>;

/// Loads what the arguments of a run ask for.
///
/// # Errors
/// If anything is missing, does not fit, or cannot work: each is named with what to do.
pub fn prepare(args: &RunArgs, shelf: &dyn Shelf, acquire: Acquire<'_>) -> Result<Inputs> {
    prepare_with(args, Settings::of(by_id(&args.recipe)?, args)?, shelf, acquire)
}

/// The same where the settings come from elsewhere than the arguments.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_with(args: &RunArgs, settings: Settings, shelf: &dyn Shelf, acquire: Acquire<'_>) -> Result<Inputs> {
    let entry = by_id(&args.recipe)?;
    let options = settings.typed_options()?;
    entry.check(&settings.parameters)?;
    let place = match &args.model {
        Some(path) => Place::of(Some(path), shelf)?,
        None if args.data.is_some() => Place::Starter,
        None => Place::built_in(&args.recipe, args.world.as_deref()),
    };
    let tokenizer = shelf.tokenizer(&place)?;
    let (source, world, mut rows) = prompts(args, entry.world, &tokenizer, shelf)?;
    let (chat, turn) = chat(args, &place, shelf, &mut rows)?.unzip();
    let mut notes = Vec::new();
    let base_place = base_place(args.base.as_deref(), &place, entry.card.base, shelf, &mut notes)?;
    let judges = judge_prompts(&tokenizer, turn.flatten().as_ref())?;

    let precision = args.base_precision;
    if args.lora.is_none() && !precision.is_full() {
        return Err(Error::told(format!("weights that learn cannot be kept in {precision}; add --lora 8")));
    }
    let device = acquire(args.device.into())?;
    let load = |place: &Place| shelf.model_in(place, &device, precision);
    let (model, model_sha256) = load(&place)?;
    let (base, base_sha256) =
        if base_place == place { (model.clone(), model_sha256.clone()) } else { load(&base_place)? };
    check_vocabulary(&place, &model, &tokenizer)?;
    check_base(&base_place, &base, &tokenizer, shelf)?;
    let model = adapted(model, args.lora, args.seed)?.recomputing(args.gradient_checkpointing);
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        recipe: entry.card.id.to_owned(),
        seed: args.seed,
        device: device.name.clone(),
        model: place.name()?,
        model_sha256,
        base: base_place.name()?,
        base_sha256,
        lora: args.lora,
        base_precision: precision,
        gradient_checkpointing: args.gradient_checkpointing,
        source,
        chat,
        options,
        parameters: settings.parameters,
        judges,
    };
    check_rows(&manifest, model.config(), &tokenizer, &rows)?;
    Ok(Inputs { manifest, subject: Subject { model, base, tokenizer }, world, rows, device, notes })
}

/// Loads what the first line of a run's log names, and checks that it is still the same.
///
/// # Errors
/// If it is not the start of a run; names what has changed.
pub fn of_log(records: Vec<Record>, choice: Option<Choice>, shelf: &dyn Shelf, acquire: Acquire<'_>) -> Result<Inputs> {
    let Some(Record { event: Event::Started { manifest }, .. }) = records.into_iter().next() else {
        return Err(no_start());
    };
    rebuild(*manifest, choice, shelf, acquire)
}

/// Loads what the manifest of a run names, and checks that it is still the same.
///
/// # Errors
/// Names what has changed.
fn rebuild(manifest: Manifest, choice: Option<Choice>, shelf: &dyn Shelf, acquire: Acquire<'_>) -> Result<Inputs> {
    let version = env!("CARGO_PKG_VERSION");
    if manifest.version != version {
        return Err(Error::told(format!(
            "the run was started by version {} and this is {version}; continue it with that version, or start a new run",
            manifest.version
        )));
    }
    let was = if manifest.device.starts_with("gpu") { Choice::Gpu } else { Choice::Cpu };
    let device = acquire(choice.unwrap_or(was))?;
    if device.name != manifest.device {
        return Err(Error::told(format!(
            "the run was started on `{}` and this is `{}`; numbers would differ. Continue it there, or start a new run",
            manifest.device, device.name
        )));
    }
    let (world, mut rows) = match &manifest.source {
        Source::World(name) => {
            let world = world::by_name(name)
                .ok_or_else(|| Error::told(format!("the run's world `{name}` is not known to this version")))?;
            (Some(world), Vec::new())
        }
        Source::File { path, sha256 } => {
            let path = Path::new(path);
            let (rows, now) = shelf.prompts(path)?;
            same(sha256, &now, path.display())?;
            (None, rows)
        }
    };
    let place = Place::named(&manifest.model);
    if let (Some(chat), Source::File { path, .. }) = (&manifest.chat, &manifest.source) {
        let template = shelf.template(&place)?;
        let template = template.ok_or_else(|| no_template(&manifest.model))?;
        same(&chat.template_sha256, &template.sha256(), format_args!("the chat template of {}", manifest.model))?;
        chat.write(&template, &mut rows, Path::new(path))?;
    }
    let load = |place: &Place| shelf.model_in(place, &device, manifest.base_precision);
    let (model, sha256) = load(&place)?;
    same(&manifest.model_sha256, &sha256, format_args!("model {}", manifest.model))?;
    let base_place = Place::named(&manifest.base);
    let (base, sha256) = if base_place == place { (model.clone(), sha256) } else { load(&base_place)? };
    same(&manifest.base_sha256, &sha256, format_args!("base {}", manifest.base))?;
    let tokenizer = shelf.tokenizer(&place)?;
    let model = adapted(model, manifest.lora, manifest.seed)?.recomputing(manifest.gradient_checkpointing);
    let subject = Subject { model, base, tokenizer };
    Ok(Inputs { manifest, subject, world, rows, device, notes: Vec::new() })
}

/// The model with fresh adapters, where they are to learn in its place.
pub(crate) fn adapted(model: Decoder, lora: Option<LoraConfig>, seed: u64) -> Result<Decoder> {
    match lora {
        None => Ok(model),
        Some(_) if model.adapters().is_some() => Err(Error::told(
            "the model is an adapter beside its base, which cannot take it up in this precision; leave out --base-precision",
        )),
        Some(lora) => Ok(model.with_adapters(lora, seed)?),
    }
}

fn same(was: &str, is: &str, what: impl std::fmt::Display) -> Result<()> {
    if was == is {
        return Ok(());
    }
    Err(Error::told(format!(
        "{what} is not what the run was started with (its SHA-256 differs); restore it from a copy, or start a new run"
    )))
}

type Prompts = (Source, Option<Box<dyn World>>, Vec<Row>);

/// The prompts that the arguments name, checked against the tokenizer.
fn prompts(args: &RunArgs, world: &str, tokenizer: &Tokenizer, shelf: &dyn Shelf) -> Result<Prompts> {
    if let Some(path) = &args.data {
        let (rows, sha256) = shelf.prompts(path)?;
        known_words(path, &rows, tokenizer)?;
        let source = Source::File { path: utf8(&shelf.absolute(path)?)?, sha256 };
        return Ok((source, None, rows));
    }
    let name = args.world.as_deref().unwrap_or(world);
    let world = world::by_name(name).ok_or_else(|| Error::told(format!("there is no world `{name}`")))?;
    if let Some(token) = foreign_token(&*world, tokenizer)? {
        return Err(Error::told(format!(
            "this model cannot read the world `{name}`: its tokenizer has no single token for `{token}`. Give it prompts of your own with --data FILE.jsonl, or train a starter that can with `selfsame pretrain {name}`"
        )));
    }
    Ok((Source::World(name.to_owned()), Some(world), Vec::new()))
}

/// What a chat template writes before and after what a user says, where that can be told.
type Turn = Option<[String; 2]>;

/// Has the model's chat template write the prompts: conversations always, texts where it is asked for.
fn chat(args: &RunArgs, place: &Place, shelf: &dyn Shelf, rows: &mut [Row]) -> Result<Option<(Chat, Turn)>> {
    let Some(path) = args.data.as_deref().filter(|_| args.chat || rows.iter().any(|row| row.messages.is_some())) else {
        return Ok(None);
    };
    match shelf.template(place)? {
        Some(template) => {
            let chat = Chat::new(&template, args.chat);
            chat.write(&template, rows, path)?;
            // A template that only writes longer conversations leaves the judges plain.
            let turn = chat.around(&template).unwrap_or_default();
            Ok(Some((chat, turn)))
        }
        None if args.chat => Err(no_template(&place.name()?)),
        None => Ok(None),
    }
}

/// Why there are no turns.
pub(crate) fn no_template(model: &str) -> Error {
    Error::told(format!(
        "the model {model} has no chat template, neither `chat_template.jinja` nor `chat_template` in `tokenizer_config.json`; leave out --chat"
    ))
}

/// The first word of a world that a tokenizer does not know as one token, if any.
///
/// # Errors
/// If the world's own tokenizer cannot be read, which a test rules out.
pub fn foreign_token(world: &dyn World, tokenizer: &Tokenizer) -> Result<Option<String>> {
    let json: serde_json::Value = serde_json::from_str(&world.tokenizer_json())
        .map_err(|e| Error::told(format!("the world's tokenizer cannot be read: {e}")))?;
    let vocabulary = json["model"]["vocab"].as_object().into_iter().flatten();
    let added: Vec<&str> =
        json["added_tokens"].as_array().into_iter().flatten().filter_map(|t| t["content"].as_str()).collect();
    Ok(vocabulary
        .map(|(token, _)| token)
        .filter(|token| !added.contains(&token.as_str()))
        .find(|token| tokenizer.id(token).is_none_or(|id| tokenizer.single(token).ok() != Some(id)))
        .cloned())
}

/// A tokenizer of whole words, as the starter's, silently reads every unknown word as one and the same token.
fn known_words(path: &Path, rows: &[Row], tokenizer: &Tokenizer) -> Result<()> {
    for (index, row) in rows.iter().enumerate() {
        let texts = [Some(&row.prompt.text), row.completion.as_ref(), row.chosen.as_ref(), row.rejected.as_ref()];
        if let Some(word) = texts.into_iter().flatten().find_map(|text| tokenizer.unknown_word(text)) {
            return Err(CoreError::Data {
                path: path.to_path_buf(),
                line: index + 1,
                problem: format!(
                    "this model's language has no word `{word}` (the starter knows only the world `rules`). Give a model that reads your prompts with --model"
                ),
            }
            .into());
        }
    }
    Ok(())
}

/// The world's judge prompts for a model that was taught them, plain English for others, as a turn of a conversation
/// where the prompts are such turns.
fn judge_prompts(tokenizer: &Tokenizer, turn: Option<&[String; 2]>) -> Result<Vec<JudgePrompt>> {
    let mut judges = None;
    for world in world::NAMES.iter().filter_map(|name| world::by_name(name)) {
        if judges.is_none() && foreign_token(&*world, tokenizer)?.is_none() {
            judges = Some(world.judge_prompts());
        }
    }
    let judges = judges.unwrap_or_else(|| turn.map_or_else(judge::default_prompts, judge::chat_prompts));
    // A label of several tokens would otherwise only be found after the first phase.
    for prompt in &judges {
        for form in [Form::Pointwise, Form::Pairwise] {
            Generative::new(prompt, form, tokenizer)?;
        }
    }
    Ok(judges)
}

/// The base that the arguments mean.
fn base_place(
    asked: Option<&Path>,
    model: &Place,
    uses_implicit: bool,
    shelf: &dyn Shelf,
    notes: &mut Vec<String>,
) -> Result<Place> {
    let mut itself = |note: &str| {
        notes.push(format!("{note}: the implicit judge is undecided until the policy moves"));
        model.clone()
    };
    match (asked, model) {
        (Some(path), _) if path == Path::new("same") && !shelf.has(path) => {
            Ok(itself("the base of the implicit reward is the model itself"))
        }
        (Some(path), _) => match Place::of(Some(path), shelf)? {
            Place::Starter => Ok(Place::StarterBase),
            other => Ok(other),
        },
        (None, Place::Starter | Place::StarterBase) => Ok(Place::StarterBase),
        (None, Place::AdsStarter | Place::AdsHenry(_)) if !uses_implicit => {
            Ok(itself("the starter of ads is its own base"))
        }
        (None, Place::AdsStarter | Place::AdsHenry(_)) => Err(Error::told(
            "this recipe needs a base for the implicit reward, and the starter of ads has none; make one that has with `selfsame pretrain ads`, or give --base",
        )),
        (None, Place::Folder(folder)) => {
            let inside = folder.join("base");
            if [WEIGHTS, INDEX].iter().any(|file| shelf.has(&inside.join(file))) {
                return Ok(Place::Folder(inside));
            }
            if uses_implicit {
                return Err(Error::told(
                    "this recipe needs the model's base for the implicit reward: --base DIR, the model before instruction fine-tuning. Against itself every reward is 0 at the start; `--base same` does that all the same",
                ));
            }
            Ok(itself("no --base is given, so that the implicit reward is measured against the model itself"))
        }
    }
}

/// Every token needs an embedding. Models often pad their vocabulary, so more are no problem.
pub(crate) fn check_vocabulary(place: &Place, model: &Decoder, tokenizer: &Tokenizer) -> Result<()> {
    let known = model.config().vocab_size;
    if known >= tokenizer.size() {
        return Ok(());
    }
    Err(CoreError::model(
        place.name()?,
        format!("knows {known} tokens, but the tokenizer has {}; the two do not belong together", tokenizer.size()),
    )
    .into())
}

fn check_base(place: &Place, base: &Decoder, tokenizer: &Tokenizer, shelf: &dyn Shelf) -> Result<()> {
    check_vocabulary(place, base, tokenizer)?;
    let parsed = |json: &str| serde_json::from_str::<serde_json::Value>(json).ok();
    if let Ok(own) = shelf.tokenizer(place)
        && parsed(own.json()) != parsed(tokenizer.json())
    {
        return Err(CoreError::model(
            place.name()?,
            "the base's tokenizer.json differs from the model's; the implicit reward needs the same tokens in both",
        )
        .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use selfsame_core::world::{ads::Ads, rules, rules::Rules};

    use super::*;
    use crate::shelf::Disk;

    fn base_place(asked: Option<&Path>, model: &Place, uses_implicit: bool) -> Result<Place> {
        super::base_place(asked, model, uses_implicit, &Disk, &mut Vec::new())
    }

    #[test]
    fn bases_are_found_or_demanded() {
        let starter = Place::Starter;
        assert_eq!(base_place(None, &starter, true).unwrap(), Place::StarterBase);
        assert_eq!(base_place(Some(Path::new("same")), &starter, true).unwrap(), starter);
        let user = Place::Folder(PathBuf::from("/nowhere/model"));
        assert!(base_place(None, &user, true).unwrap_err().to_string().contains("--base same"));
        assert_eq!(base_place(None, &user, false).unwrap(), user);
        assert_eq!(base_place(Some(Path::new("starter")), &user, true).unwrap(), Place::StarterBase);
    }

    #[test]
    fn unknown_words_are_named_with_their_line() {
        let tokenizer = Tokenizer::parse(&rules::tokenizer_json()).unwrap();
        let row = |text: &str| Row {
            prompt: selfsame_core::prompt::Prompt { id: String::new(), text: text.to_owned() },
            messages: None,
            completion: None,
            chosen: None,
            rejected: None,
        };
        let rows = [row("must:fox <resp>"), row("must:fox banana")];
        let error = known_words(Path::new("x.jsonl"), &rows, &tokenizer).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("banana"), "{error}");
        known_words(Path::new("x.jsonl"), &rows[..1], &tokenizer).unwrap();
    }

    #[test]
    fn the_world_recognises_its_own_tokenizer_only() {
        let own = Tokenizer::parse(&rules::tokenizer_json()).unwrap();
        assert_eq!(foreign_token(&Rules, &own).unwrap(), None);
        assert!(foreign_token(&Ads, &own).unwrap().is_some());
        assert_eq!(judge_prompts(&own, None).unwrap(), Rules.judge_prompts());
        let ads = Tokenizer::parse(&Ads.tokenizer_json()).unwrap();
        assert_eq!(judge_prompts(&ads, None).unwrap(), Ads.judge_prompts());
        let other = Tokenizer::parse(&rules::tokenizer_json().replace("\"fox\"", "\"cow\"")).unwrap();
        assert_eq!(foreign_token(&Rules, &other).unwrap().as_deref(), Some("fox"));
    }
}
