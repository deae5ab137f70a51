//! Where models and prompts are found: the folders of a computer, or the storage of a browser.

use std::path::{Path, PathBuf};

use selfsame_core::{
    device::Selected,
    model::{BasePrecision, Decoder},
    prompt::Row,
    recipe::by_id,
    text::{ChatTemplate, Tokenizer},
    world::{
        World,
        ads::{Ads, Group},
    },
};

use crate::{Error, Result};

pub mod adapter;
#[cfg(not(target_family = "wasm"))]
mod disk;

#[cfg(not(target_family = "wasm"))]
pub use disk::Disk;

/// The name of the built-in model in manifests and on the command line.
pub const STARTER: &str = "starter";

/// The name of its base: the same model before it followed instructions.
pub const STARTER_BASE: &str = "starter/base";

/// The name of the built-in model of the world `ads`. It is its own base.
pub const STARTER_ADS: &str = "starter-ads";

/// The names of the built-in Henries of the world `ads`: the one who was taught by viewers of group A, and the one who
/// was taught by viewers of group B.
pub const STARTER_HENRIES: [&str; 2] = ["starter-ads/henry-a", "starter-ads/henry-b"];

/// The name of the built-in Henry of a group.
#[must_use]
pub fn henry(group: Group) -> &'static str {
    let [a, b] = STARTER_HENRIES;
    match group {
        Group::A => a,
        Group::B => b,
    }
}

/// A model in a folder or a GGUF file, or one that is part of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The built-in starter.
    Starter,
    /// Its base.
    StarterBase,
    /// The built-in starter of the world `ads`.
    AdsStarter,
    /// The built-in Henry who learned from a group of its viewers.
    AdsHenry(Group),
    /// A folder or a GGUF file, by its absolute path.
    Folder(PathBuf),
}

impl Place {
    /// The place that an argument names: a folder or file where there is one, else a built-in model.
    ///
    /// # Errors
    /// If the path cannot be made absolute.
    pub fn of(path: Option<&Path>, shelf: &dyn Shelf) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Starter);
        };
        let built_in = [(STARTER, Self::Starter), (STARTER_ADS, Self::AdsStarter)];
        match built_in.into_iter().find(|(name, _)| path == Path::new(name)) {
            Some((_, place)) if !shelf.has(path) => Ok(place),
            _ => Ok(Self::Folder(shelf.absolute(path)?)),
        }
    }

    /// The built-in model that a run takes where nobody names one: it speaks the language of the run's world.
    #[must_use]
    pub fn built_in(recipe: &str, world: Option<&str>) -> Self {
        let own = || by_id(recipe).ok().map(|entry| entry.world);
        if world.or_else(own) == Some(Ads.name()) { Self::AdsStarter } else { Self::Starter }
    }

    /// The place that a manifest names.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            STARTER => Self::Starter,
            STARTER_BASE => Self::StarterBase,
            STARTER_ADS => Self::AdsStarter,
            name if name == henry(Group::A) => Self::AdsHenry(Group::A),
            name if name == henry(Group::B) => Self::AdsHenry(Group::B),
            folder => Self::Folder(PathBuf::from(folder)),
        }
    }

    /// The name in manifests.
    ///
    /// # Errors
    /// If a path is not UTF-8: `run.toml` could not hold it.
    pub fn name(&self) -> Result<String> {
        match self {
            Self::Starter => Ok(STARTER.to_owned()),
            Self::StarterBase => Ok(STARTER_BASE.to_owned()),
            Self::AdsStarter => Ok(STARTER_ADS.to_owned()),
            Self::AdsHenry(group) => Ok(henry(*group).to_owned()),
            Self::Folder(path) => utf8(path),
        }
    }
}

/// A path as text.
///
/// # Errors
/// If it is not UTF-8.
pub(crate) fn utf8(path: &Path) -> Result<String> {
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::told(format!("{}: the path is not valid UTF-8; rename the folder", path.display())))
}

/// Something that models and prompts can be taken from.
pub trait Shelf {
    /// Whether there is a file or folder.
    fn has(&self, path: &Path) -> bool;

    /// The path by which a file or folder is found again later.
    ///
    /// # Errors
    /// If the system cannot say.
    fn absolute(&self, path: &Path) -> Result<PathBuf>;

    /// The tokenizer of a model.
    ///
    /// # Errors
    /// If there is none that can be read.
    fn tokenizer(&self, place: &Place) -> Result<Tokenizer>;

    /// The chat template of a model, if it has one.
    ///
    /// # Errors
    /// If there is one that cannot be used.
    fn template(&self, _place: &Place) -> Result<Option<ChatTemplate>> {
        Ok(None)
    }

    /// A model on a device, and the SHA-256 of its weights.
    ///
    /// # Errors
    /// If there is no usable model.
    fn model(&self, place: &Place, device: &Selected) -> Result<(Decoder, String)>;

    /// [`Shelf::model`] with the matrices kept in a precision. What an adapter adds to a packed model stays
    /// beside it.
    ///
    /// # Errors
    /// As [`Shelf::model`], and if models are not packed here.
    fn model_in(&self, place: &Place, device: &Selected, precision: BasePrecision) -> Result<(Decoder, String)> {
        if precision.is_full() {
            return self.model(place, device);
        }
        Err(Error::told(format!("models are not kept in {precision} here; leave out --base-precision")))
    }

    /// The rows of a file of prompts, and its SHA-256.
    ///
    /// # Errors
    /// If the file cannot be read or a line is not what it should be.
    fn prompts(&self, path: &Path) -> Result<(Vec<Row>, String)>;
}
