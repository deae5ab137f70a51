//! What the person brings: models, prompts, runs. They are copied piece by piece into the private file
//! system, so that they are there again after a reload.

use std::path::Path;

use js_sys::Reflect;
use selfsame::{archive, engine::Message, recorded::Reader, run_name::RUNS, view::Pick};
use selfsame_core::{
    Error,
    prompt::parse_jsonl,
    run::{Event, Store, store::Files},
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, StorageEstimate};

use super::{
    breath::scope,
    bring::has_model,
    engine::{Engine, LARGEST_TEXT, PROMPTS},
    mouth::{problem, say},
    slots::{LOG, Slots},
    storage::{Directory, Result, Snapshot, failed, items},
};

/// Bytes that are in our memory while a file is copied.
const PIECE: u64 = 4 << 20;

/// The largest packed run or log that is read: both are unpacked in memory.
const LARGEST_RUN: u64 = 1 << 30;

/// A file that the person chose.
pub struct Brought {
    /// Where it lay, as far as the browser says: `folder/name`, or only the name.
    pub path: String,
    /// What it holds.
    pub content: Snapshot,
}

impl Brought {
    /// The name of the file.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The folder in which it lay; empty if the browser does not say.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

fn brought(value: &JsValue) -> Vec<Brought> {
    items(value)
        .iter()
        .filter_map(|item| {
            let path = Reflect::get(item, &"path".into()).ok()?.as_string()?;
            let file: File = Reflect::get(item, &"file".into()).ok()?.dyn_into().ok()?;
            Some(Brought { content: Snapshot::new(file.into(), path.clone()), path })
        })
        .collect()
}

impl Engine {
    /// Takes files for a purpose: `model`, `base`, `data`, `run`, or `drop` where the person did not
    /// say.
    pub(super) async fn receive(&self, purpose: &str, value: &JsValue) {
        let files = brought(value);
        if files.is_empty() {
            return;
        }
        match self.keep(purpose, &files).await {
            Ok(()) => {}
            Err(e) => problem(&e.line()),
        }
    }

    async fn keep(&self, purpose: &str, files: &[Brought]) -> selfsame::Result<()> {
        if has_model(files) || purpose == "model" || purpose == "base" {
            let path = self.keep_model(files).await?;
            let what = if purpose == "base" { Pick::Base } else { Pick::Model };
            say(&Message::Taken { what, path });
            return Ok(());
        }
        for file in files {
            if file.name().ends_with(".tgz") {
                self.keep_packed(file).await?;
            } else if purpose == "run" || is_log(file).await {
                self.keep_log(file).await?;
            } else if file.name().ends_with(".jsonl") || file.name().ends_with(".json") || purpose == "data" {
                let path = self.keep_prompts(file).await?;
                say(&Message::Taken { what: Pick::Data, path });
            } else if files.len() == 1 {
                return Err(selfsame::Error::told(format!(
                    "{}: this is no model (config.json, tokenizer.json and model.safetensors together, or a GGUF file), no prompts (.jsonl), and no run (events.jsonl or .{})",
                    file.name(),
                    archive::EXTENSION
                )));
            }
        }
        Ok(())
    }

    async fn keep_prompts(&self, file: &Brought) -> selfsame::Result<String> {
        let bytes = file.content.all(LARGEST_TEXT).await?;
        let text =
            std::str::from_utf8(&bytes).map_err(|_| Error::Storage(format!("{} is not text (UTF-8)", file.name())))?;
        parse_jsonl(text, Path::new(file.name()))?;
        check_room(bytes.len() as u64).await?;
        let folder = self.storage()?.enter(PROMPTS).await?;
        folder.write(file.name(), &bytes).await?;
        Ok(format!("{PROMPTS}/{}", file.name()))
    }

    /// A run that was exported: it can be looked at and continued.
    async fn keep_packed(&self, file: &Brought) -> selfsame::Result<()> {
        let bytes = file.content.all(LARGEST_RUN).await?;
        let files = archive::unpack(&bytes)?;
        drop(bytes);
        check_room(files.iter().map(|(_, bytes)| bytes.len() as u64).sum()).await?;
        let runs = self.storage()?.enter(RUNS).await?;
        let stem = file.name().trim_end_matches(".tgz").trim_end_matches(".selfsame");
        let name = free_name(&runs, stem).await?;
        let folder = runs.enter(&name).await?;
        let path = format!("{RUNS}/{name}");
        let mut singles = Vec::new();
        let mut checkpoints = std::collections::BTreeMap::<String, Files>::new();
        for (file, bytes) in files {
            match file.strip_prefix("checkpoints/").and_then(|rest| rest.split_once('/')) {
                Some((checkpoint, part)) => {
                    checkpoints.entry(checkpoint.to_owned()).or_default().insert(part.to_owned(), bytes);
                }
                None => singles.push((file, bytes)),
            }
        }
        let mut store = Slots::open(&folder, &path, checkpoints.len() + 2).await?;
        let written = (|| {
            for (checkpoint, files) in &checkpoints {
                store.put(checkpoint, files)?;
            }
            for (file, bytes) in &singles {
                let text = String::from_utf8_lossy(bytes);
                if file == LOG {
                    store.append(&text, true)?;
                } else if file == "run.toml" {
                    store.write(file, &text)?;
                }
            }
            Ok::<_, Error>(())
        })();
        drop(store);
        self.shown(&runs, &name, written).await
    }

    /// A log alone: it can be looked at.
    async fn keep_log(&self, file: &Brought) -> selfsame::Result<()> {
        let bytes = file.content.all(LARGEST_RUN).await?;
        let mut reader = Reader::new(bytes);
        let mut text = String::new();
        while let Some(record) = reader.read()? {
            text += &serde_json::to_string(&record)
                .map_err(|e| selfsame::Error::told(format!("a line cannot be kept: {e}")))?;
            text.push('\n');
        }
        if text.is_empty() {
            return Err(selfsame::Error::told(format!("{} holds no run", file.name())));
        }
        check_room(text.len() as u64).await?;
        let runs = self.storage()?.enter(RUNS).await?;
        let stem = if file.name() == LOG && !file.folder().is_empty() {
            file.folder().rsplit('/').next().unwrap_or("run")
        } else {
            file.name().trim_end_matches(".gz").trim_end_matches(".jsonl")
        };
        let name = free_name(&runs, stem).await?;
        let written = runs.enter(&name).await?.write(LOG, text.as_bytes()).await;
        self.shown(&runs, &name, written).await
    }

    /// Shows a run that was brought, or leaves nothing of it.
    async fn shown(&self, runs: &Directory, name: &str, written: Result<()>) -> selfsame::Result<()> {
        if let Err(e) = written {
            let _ = runs.remove(name).await;
            return Err(e.into());
        }
        self.say_kept().await;
        say(&Message::Taken { what: Pick::Run, path: format!("{RUNS}/{name}") });
        Ok(())
    }
}

/// Whether a file is the log of a run.
async fn is_log(file: &Brought) -> bool {
    if file.name().ends_with(".gz") {
        return true;
    }
    let Ok(start) = file.content.piece(0, file.content.len().min(1 << 20)).await else { return false };
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<selfsame_core::run::Record>(line)
        .is_ok_and(|record| matches!(record.event, Event::Started { .. }))
}

/// A name that nothing has, made of the wanted one.
pub async fn free_name(folder: &Directory, wanted: &str) -> Result<String> {
    let clean: String =
        wanted.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    let taken = folder.names().await?;
    let mut name = clean.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{clean}-{number}");
        number += 1;
    }
    Ok(name)
}

/// Copies a file piece by piece.
pub async fn copy(file: &Brought, folder: &Directory) -> Result<()> {
    let mut target = folder.open(file.name()).await?;
    target.truncate(0)?;
    let mut at = 0;
    while at < file.content.len() {
        let to = file.content.len().min(at + PIECE);
        target.write_at(at, &file.content.piece(at, to).await?)?;
        at = to;
    }
    target.flush()
}

/// Refuses what the browser has no room for, with the numbers.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // sizes are whole and positive
pub async fn check_room(needed: u64) -> Result<()> {
    let estimate = scope().navigator().storage().estimate().map_err(|e| failed("the storage", &e))?;
    let Ok(estimate) = JsFuture::from(estimate).await else { return Ok(()) };
    let estimate: StorageEstimate = estimate.unchecked_into();
    let (Some(quota), Some(usage)) = (estimate.get_quota(), estimate.get_usage()) else { return Ok(()) };
    let left = (quota - usage).max(0.0) as u64;
    if needed > left {
        return Err(Error::Storage(format!(
            "this takes {} and the browser has {} left for this page; delete runs you no longer need, or free some of the disk",
            selfsame::format::bytes(needed),
            selfsame::format::bytes(left)
        )));
    }
    Ok(())
}
