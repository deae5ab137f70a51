//! What a person has written into the panel so far: texts as they stand, right or wrong.

use std::collections::BTreeMap;

use selfsame_core::{
    recipe::{Entry, by_id},
    run::{Manifest, Source},
};
use toml::Value;

use crate::{
    Error, Result,
    engine::{Changes, Request},
    settings::{Settings, help, tidy},
    shelf,
};

/// The option that has a switch of its own.
pub const CONTROLS: &str = "options.controls";

/// The name of the built-in model.
pub const STARTER: &str = shelf::STARTER;

/// A run as it is being put together. Empty texts stand for the defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The recipe.
    pub recipe: String,
    /// The model's folder.
    pub model: String,
    /// The folder of the implicit reward's base.
    pub base: String,
    /// Whether the prompts come from a file.
    pub from_file: bool,
    /// The file of prompts.
    pub data: String,
    /// The world.
    pub world: String,
    /// What was written over the defaults, by dotted names. What belongs to other recipes waits
    /// until one of them is chosen again.
    pub edits: BTreeMap<String, String>,
    /// The seed.
    pub seed: String,
    /// `auto`, `cpu` or `gpu`.
    pub device: String,
    /// A tenth of the work.
    pub quick: bool,
    /// Whether the control lines are computed too.
    pub controls: bool,
    /// The folder of the run.
    pub out: String,
}

impl Default for Draft {
    fn default() -> Self {
        Self::of(&Request::new("scir"))
    }
}

impl Draft {
    /// What stands in the panel for a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            recipe: request.recipe.clone(),
            model: text(&request.model),
            base: text(&request.base),
            from_file: request.data.is_some(),
            data: text(&request.data),
            world: text(&request.world),
            edits: request.changes.clone(),
            seed: request.seed.to_string(),
            device: request.device.clone(),
            quick: request.quick,
            controls: request.controls,
            out: text(&request.out),
        }
    }

    /// The request, where `changes` are the edits that count and `seed` is what the seed's text says.
    #[must_use]
    pub fn request(&self, changes: Changes, seed: u64) -> Request {
        let path = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Request {
            recipe: self.recipe.clone(),
            model: path(&self.model).filter(|model| model != STARTER),
            base: path(&self.base),
            data: path(&self.data).filter(|_| self.from_file),
            world: path(&self.world).filter(|_| !self.from_file),
            changes,
            seed,
            device: self.device.clone(),
            quick: self.quick,
            controls: self.controls,
            out: path(&self.out),
        }
    }

    /// The world that the recipe runs in where no other is written down.
    #[must_use]
    pub fn own_world(&self) -> &'static str {
        by_id(&self.recipe).map_or("", |entry| entry.world)
    }

    /// The same run again, as the first line of its log names it.
    ///
    /// # Errors
    /// If this version does not know its recipe or one of its settings.
    pub fn again(manifest: &Manifest) -> Result<Self> {
        let entry = by_id(&manifest.recipe)?;
        let mut request = Request::new(entry.card.id);
        request.model = Some(manifest.model.clone()).filter(|model| model != STARTER);
        request.base = match manifest.base.as_str() {
            base if base == manifest.model => Some("same".to_owned()),
            shelf::STARTER_BASE if request.model.is_none() => None,
            shelf::STARTER_BASE => Some(STARTER.to_owned()),
            folder => Some(folder.to_owned()),
        };
        match &manifest.source {
            Source::World(name) => request.world = Some(name.clone()).filter(|name| name != entry.world),
            Source::File { path, .. } => request.data = Some(path.clone()),
        }
        request.seed = manifest.seed;
        let device = if manifest.device.starts_with("gpu") { "gpu" } else { "cpu" };
        device.clone_into(&mut request.device);
        let options = toml::Table::try_from(manifest.options)
            .map_err(|e| Error::told(format!("the run's options cannot be written: {e}")))?;
        let settings = Settings { parameters: tidy(manifest.parameters.clone()), options: tidy(options) };
        let mut draft = Self::of(&request);
        // Through the text, so that names which this version does not know are refused.
        draft.load(&settings.toml()?, &manifest.recipe)?;
        Ok(draft)
    }

    /// Takes over the settings of a TOML text for the recipe that is chosen; what it leaves out gets
    /// its default.
    ///
    /// # Errors
    /// If it is not TOML, or names a setting that the recipe does not have.
    pub fn load(&mut self, text: &str, origin: &str) -> Result<()> {
        let entry = by_id(&self.recipe)?;
        let defaults = Settings::defaults(entry)?;
        let mut settings = defaults.clone();
        settings.merge(text, origin, &help(entry))?;
        let leaves = settings.leaves().into_iter().zip(defaults.leaves());
        self.edits = leaves
            .filter(|((name, value), (_, default))| value != default && name != CONTROLS)
            .map(|((name, value), _)| (name, spell(&value)))
            .collect();
        self.controls = settings.options.get("controls").and_then(Value::as_bool).unwrap_or(true);
        self.quick = false;
        Ok(())
    }
}

/// All settings as a file, with the command line that uses it.
///
/// # Errors
/// If they cannot be written as TOML, which a test rules out.
pub fn file(entry: &Entry, request: &Request, settings: &Settings) -> Result<String> {
    // What the file holds is not said again.
    let rest = Request { changes: Changes::new(), quick: false, controls: true, ..request.clone() };
    let card = entry.card;
    let line = rest.command_line();
    Ok(format!("# {} ({})\n# {line} --config {}.toml\n\n{}", card.title, card.paper, card.id, settings.toml()?))
}

/// A value as people write it: words without quotes, very small numbers with an exponent.
#[must_use]
pub fn spell(value: &Value) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Float(small) if *small != 0.0 && small.abs() < 1e-3 => format!("{small:e}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::{recipe::all, run::Event};

    use super::*;
    use crate::{fold::tests::synthetic, view::panels::compose::check::Checked};

    #[test]
    fn numbers_are_spelt_as_people_write_them_and_read_back_the_same() {
        for entry in all() {
            for (name, value) in Settings::defaults(entry).unwrap().leaves() {
                assert_eq!(crate::settings::parse(&spell(&value)), value, "{name}");
            }
        }
        assert_eq!(spell(&Value::Float(1e-8)), "1e-8");
        assert_eq!(spell(&Value::Float(0.9)), "0.9");
    }

    #[test]
    fn the_file_gives_the_same_run_as_the_request() {
        let path = std::env::temp_dir().join(format!("selfsame-compose-{}.toml", std::process::id()));
        for entry in all() {
            let mut draft = Draft::of(&Request::new(entry.card.id));
            draft.quick = true;
            draft.controls = false;
            draft.seed = "7".to_owned();
            for (name, text) in [("learn.warmup", "0.25"), ("loop.learn.warmup", "0.25"), ("options.held_out", "9")] {
                draft.edits.extend([(name.to_owned(), text.to_owned())]);
            }
            let checked = Checked::of(&draft);
            assert!(checked.problems.is_empty(), "{:?}", checked.problems);
            let settings = checked.settings.as_ref().unwrap();
            let text = file(entry, &checked.request, settings).unwrap();
            assert!(text.contains("--seed 7 --config") && !text.contains("--quick"), "{text}");
            std::fs::write(&path, &text).unwrap();
            let mut plain = Draft { quick: false, controls: true, ..draft.clone() };
            plain.edits.clear();
            let args = crate::cli::RunArgs { config: Some(path.clone()), ..Checked::of(&plain).request.args() };
            assert_eq!(&Settings::of(entry, &args).unwrap(), settings, "{}", entry.card.id);
            // And the window reads it back.
            plain.load(&text, "the text").unwrap();
            assert_eq!(Checked::of(&plain).settings.as_ref(), Some(settings));
            assert!(!plain.controls);
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_text_that_does_not_fit_is_refused_and_changes_nothing() {
        let mut draft = Draft::default();
        let before = draft.clone();
        for (text, word) in
            [("rounds = 2", "rounds"), ("a =", "not valid TOML"), ("[loop]\niteration = 1", "iterations")]
        {
            let problem = draft.load(text, "the text").unwrap_err().to_string();
            assert!(problem.contains(word), "{problem}");
            assert_eq!(draft, before);
        }
    }

    #[test]
    fn the_same_again_is_the_same() {
        let Event::Started { manifest } = &synthetic()[0].event else { panic!("no start") };
        let mut manifest = (**manifest).clone();
        manifest.seed = 5;
        manifest.options.controls = false;
        manifest.options.held_out = 33;
        manifest.source = Source::World("rules".to_owned());
        let (model, base) = (manifest.model.clone(), manifest.base.clone());
        let draft = Draft::again(&manifest).unwrap();
        assert_eq!((model.as_str(), base.as_str()), ("starter", "starter/base"));
        let checked = Checked::of(&draft);
        let line = checked.request.command_line();
        assert_eq!(line, "selfsame run srlm --set options.held_out=33 --seed 5 --device cpu --no-controls");
        assert_eq!(checked.settings.unwrap().typed_options().unwrap(), manifest.options);

        manifest.model = "/models/own".to_owned();
        manifest.source = Source::File { path: "/data/p.jsonl".to_owned(), sha256: String::new() };
        for (base, asked) in [("/models/own", "same"), ("starter/base", "starter"), ("/models/b", "/models/b")] {
            base.clone_into(&mut manifest.base);
            let request = Checked::of(&Draft::again(&manifest).unwrap()).request;
            assert_eq!(request.base.as_deref(), Some(asked));
            assert_eq!(
                (request.model.as_deref(), request.data.as_deref()),
                (Some("/models/own"), Some("/data/p.jsonl"))
            );
        }
        "nothing".clone_into(&mut manifest.recipe);
        assert!(Draft::again(&manifest).is_err());
    }
}
