//! Models that the person brings, in any of the forms that are read: which of the files make one, whether it can be used
//! and has room, and where the files go.

use std::path::{Path, PathBuf};

use selfsame::shelf::{Place, Shelf};
use selfsame_core::{
    Error,
    device::Choice,
    model::{ADAPTER_CONFIG, ADAPTER_WEIGHTS, INDEX, ShardIndex, WEIGHTS},
    text::TOKENIZER,
};

use super::{
    engine::{BASE, Engine, LARGEST_TEXT, MODELS, are_weights},
    files::{Brought, check_room, copy, free_name},
    shelf::{CONFIG, Opened, TEXTS},
    storage::Result,
};

/// Whether there is a model, or a part of one, among files.
pub fn has_model(files: &[Brought]) -> bool {
    files.iter().any(|file| are_weights(file.name()) || [CONFIG, ADAPTER_CONFIG].contains(&file.name()))
}

impl Engine {
    /// Keeps a model; gives the path by which it is called.
    ///
    /// # Errors
    /// If a file is missing or not what it should be, the model is larger than this device can hold, or the browser has
    /// no room for it.
    pub(super) async fn keep_model(&self, files: &[Brought]) -> selfsame::Result<String> {
        // The model lies highest; what lies deeper is its base.
        let highest =
            files.iter().filter(|file| is_part(file.name())).min_by_key(|file| file.path.matches('/').count());
        let home = highest.ok_or_else(|| missing(CONFIG))?.folder();
        let parts = parts(files, home).await?;
        let below = if home.is_empty() { BASE.to_owned() } else { format!("{home}/{BASE}") };
        let has_base = files.iter().any(|file| file.folder() == below && are_weights(file.name()));
        let inside = if has_base { self::parts(files, &below).await? } else { Vec::new() };

        let models = self.storage()?.enter(MODELS).await?;
        let wanted = home.rsplit('/').next().filter(|name| !name.is_empty());
        let single = || parts.iter().find_map(|file| file.name().strip_suffix(".gguf")).unwrap_or("model");
        let name = free_name(&models, wanted.unwrap_or_else(single)).await?;
        let path = Path::new(MODELS).join(&name);
        self.check(&parts, &path).await?;
        check_room(parts.iter().chain(&inside).map(|file| file.content.len()).sum()).await?;

        let folder = models.enter(&name).await?;
        let copied = async {
            for file in parts {
                copy(file, &folder).await?;
            }
            if !inside.is_empty() {
                let base = folder.enter(BASE).await?;
                for file in inside {
                    copy(file, &base).await?;
                }
            }
            Ok::<_, Error>(())
        };
        if let Err(e) = copied.await {
            // Half a model is none, and the room is needed.
            let _ = models.remove(&name).await;
            return Err(e.into());
        }
        Ok(format!("{MODELS}/{name}"))
    }

    /// Looks at a model where the person has it, before gigabytes are copied in vain.
    async fn check(&self, parts: &[&Brought], path: &Path) -> selfsame::Result<()> {
        let mut shelf = Opened::default();
        for file in parts {
            let at = path.join(file.name());
            if are_weights(file.name()) {
                shelf.add_weights(at, file.content.clone());
            } else {
                shelf.add(at, file.content.all(LARGEST_TEXT).await?);
            }
        }
        self.open_adapted(&mut shelf, path, 0).await?;
        let place = Place::Folder(PathBuf::from(path));
        let config = shelf.config(&place)?;
        shelf.tokenizer(&place)?;
        Ok(self.check_room_for(&config, &self.devices.get(Choice::Auto)?)?)
    }
}

/// Whether a file of this name can be a part of a model.
fn is_part(name: &str) -> bool {
    TEXTS.contains(&name) || are_weights(name)
}

/// The files of a folder that make a model: those of its form, and the texts beside them.
async fn parts<'a>(files: &'a [Brought], home: &str) -> selfsame::Result<Vec<&'a Brought>> {
    let of_home = || files.iter().filter(|file| file.folder() == home);
    let at = |name: &str| of_home().find(|file| file.name() == name);
    let needed = |name: &str| at(name).ok_or_else(|| missing(name));
    // The index of shards is of no use beside weights in one file, and so are other forms' texts.
    let texts = |without: &[&str]| -> Vec<&'a Brought> {
        TEXTS.iter().filter(|name| !without.contains(name)).filter_map(|name| at(name)).collect()
    };
    let weights = |mut parts: Vec<&'a Brought>, own: Vec<&'a Brought>| {
        parts.extend(own);
        parts
    };
    if let Some(whole) = at(WEIGHTS) {
        needed(CONFIG)?;
        return Ok(weights(texts(&[INDEX, ADAPTER_CONFIG]), vec![whole]));
    }
    if let Some(index) = at(INDEX) {
        needed(CONFIG)?;
        let shards = shards(index).await?;
        let found = shards.iter().map(|name| {
            at(name).ok_or_else(|| {
                selfsame::Error::told(format!(
                    "`{name}` is missing; `{INDEX}` names this shard: bring all shards together"
                ))
            })
        });
        let found = found.collect::<selfsame::Result<_>>()?;
        return Ok(weights(texts(&[ADAPTER_CONFIG]), found));
    }
    let ggufs: Vec<&Brought> = of_home().filter(|file| file.name().to_ascii_lowercase().ends_with(".gguf")).collect();
    match ggufs.as_slice() {
        // Its header says everything.
        [file] => return Ok(vec![file]),
        [] => {}
        several => {
            let names: Vec<&str> = several.iter().map(|file| file.name()).collect();
            return Err(selfsame::Error::told(format!(
                "there are {} GGUF files; bring the one you mean: {}",
                several.len(),
                names.join(", ")
            )));
        }
    }
    if at(ADAPTER_CONFIG).is_some() || at(ADAPTER_WEIGHTS).is_some() {
        needed(ADAPTER_CONFIG)?;
        return Ok(weights(texts(&[CONFIG]), vec![needed(ADAPTER_WEIGHTS)?]));
    }
    for name in [CONFIG, TOKENIZER] {
        needed(name)?;
    }
    Err(missing(WEIGHTS))
}

/// The names of the shards that an index names.
async fn shards(index: &Brought) -> Result<Vec<String>> {
    let path = Path::new(&index.path);
    let text = String::from_utf8(index.content.all(LARGEST_TEXT).await?);
    let index = ShardIndex::parse(&text.map_err(|_| Error::model(path, "is not text"))?, path)?;
    let name = |shard: &PathBuf| shard.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(index.shards().iter().map(name).collect())
}

fn missing(name: &str) -> selfsame::Error {
    selfsame::Error::told(format!(
        "`{name}` is missing; choose `config.json`, `tokenizer.json` and `model.safetensors` (or its index with all shards) together, or a GGUF file, or an adapter's two files; or drop their folder"
    ))
}
