//! Whether what stands in the panel can work, as far as that can be said without a model: each
//! problem with the field it is about.

use selfsame_core::{
    Error as CoreError,
    recipe::{Entry, by_id, settings::Setting},
};
use toml::Value;

use super::draft::{CONTROLS, Draft, spell};
use crate::{
    Error, Result,
    engine::{Changes, Request},
    settings::{Settings, described, parse},
    view::words::{self, t},
};

/// The largest seed that the command line takes.
const LARGEST_SEED: u64 = i64::MAX.cast_unsigned();

/// Where a problem belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// The seed.
    Seed,
    /// The file of prompts.
    Data,
    /// A setting by its dotted name.
    Setting(String),
    /// Nothing in particular.
    Whole,
}

impl Field {
    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Seed => t("compose.seed"),
            Self::Data => t("compose.prompts"),
            Self::Setting(name) => name,
            Self::Whole => "",
        }
    }
}

/// Something that cannot work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it belongs.
    pub field: Field,
    /// What is wrong and what would work.
    pub message: String,
}

impl Problem {
    /// The problem with the name of its field.
    #[must_use]
    pub fn line(&self) -> String {
        match self.field.name() {
            "" => self.message.clone(),
            name => format!("{name}: {}", self.message),
        }
    }
}

/// One setting as the panel shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its dotted name.
    pub name: String,
    /// What it is.
    pub setting: &'static Setting,
    /// The default, spelt.
    pub default: String,
    /// What stands in the field.
    pub text: String,
    /// Whether that is another value than the default.
    pub changed: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Row {
    /// The group that it belongs to: its name without the last part.
    #[must_use]
    pub fn group(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(group, _)| group)
    }
}

/// A draft, looked through.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The draft as a request; what cannot be read has its default.
    pub request: Request,
    /// All settings, in the order in which they are best read.
    pub rows: Vec<Row>,
    /// What cannot work.
    pub problems: Vec<Problem>,
    /// All settings together, where they can work.
    pub settings: Option<Settings>,
    /// Whether the recipe asks the implicit reward, which needs a base.
    pub uses_base: bool,
    /// Whether the recipe can be compared with control lines.
    pub has_controls: bool,
}

impl Checked {
    /// Looks through a draft.
    #[must_use]
    pub fn of(draft: &Draft) -> Self {
        let mut checked = Self {
            request: draft.request(Changes::new(), 1),
            rows: Vec::new(),
            problems: Vec::new(),
            settings: None,
            uses_base: false,
            has_controls: false,
        };
        match draft.seed.trim().parse::<u64>() {
            Ok(seed) if seed <= LARGEST_SEED => checked.request.seed = seed,
            _ => checked.problem(Field::Seed, words::with("compose.seed_wrong", &[("most", &LARGEST_SEED)])),
        }
        if draft.from_file && draft.data.trim().is_empty() {
            checked.problem(Field::Data, t("compose.data_missing").to_owned());
        }
        let found = by_id(&draft.recipe).map_err(Error::from).and_then(|entry| {
            let base = Settings::of(entry, &checked.request.args())?;
            checked.rows(draft, &base);
            checked.uses_base = entry.card.base;
            checked.whole(entry)
        });
        if let Err(error) = found {
            checked.put(&error);
        }
        checked
    }

    fn problem(&mut self, field: Field, message: String) {
        self.problems.push(Problem { field, message });
    }

    /// Reads every setting for itself. `base` is what they are without edits.
    fn rows(&mut self, draft: &Draft, base: &Settings) {
        let base = base.leaves();
        for (name, setting) in described(&draft.recipe) {
            let Some((_, default)) = base.iter().find(|(leaf, _)| *leaf == name).filter(|_| name != CONTROLS) else {
                continue;
            };
            let spelt = spell(default);
            let text = draft.edits.get(&name).cloned().unwrap_or_else(|| spelt.clone());
            let value = parse(text.trim());
            let problem = setting.check(&value).err();
            let changed = problem.is_some() || !same(&value, default);
            if let Some(message) = &problem {
                self.problem(Field::Setting(name.clone()), message.clone());
            } else if changed {
                self.request.changes.entry(name.clone()).or_insert_with(|| text.trim().to_owned());
            }
            self.rows.push(Row { name, setting, default: spelt, text, changed, problem });
        }
    }

    /// Reads all settings together, as the run will.
    fn whole(&mut self, entry: &Entry) -> Result<()> {
        self.has_controls = entry.check(&entry.defaults()?)?.is_some();
        if self.problems.iter().any(|problem| matches!(problem.field, Field::Setting(_))) {
            return Ok(());
        }
        let settings = Settings::of(entry, &self.request.args())?;
        entry.check(&settings.parameters)?;
        settings.typed_options()?;
        self.settings = Some(settings);
        Ok(())
    }

    /// Puts an error where it belongs.
    fn put(&mut self, error: &Error) {
        if let Error::Core(CoreError::Setting { key, problem }) = error
            && let Some(row) = self.rows.iter_mut().find(|row| row.name == *key)
        {
            row.problem = Some(problem.clone());
            let field = Field::Setting(key.clone());
            self.problem(field, problem.clone());
        } else {
            self.problem(Field::Whole, plain(&error.line()).to_owned());
        }
    }

    /// What is wrong with a field that is not a setting.
    #[must_use]
    pub fn about(&self, field: &Field) -> Option<&str> {
        self.problems.iter().find(|problem| problem.field == *field).map(|problem| problem.message.as_str())
    }
}

/// A message of the program without the word that the terminal puts before it.
#[must_use]
pub fn plain(line: &str) -> &str {
    line.strip_prefix("error: ").unwrap_or(line)
}

/// The same value, however it is written.
fn same(a: &Value, b: &Value) -> bool {
    #[allow(clippy::cast_precision_loss)] // settings are small numbers
    match (a, b) {
        (Value::Integer(whole), Value::Float(real)) => *whole as f64 == *real,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::recipe::all;

    use super::*;

    fn edited(recipe: &str, edits: &[(&str, &str)]) -> Draft {
        let mut draft = Draft::of(&Request::new(recipe));
        draft.edits = edits.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        draft
    }

    #[test]
    fn defaults_are_in_order_and_all_there() {
        for entry in all() {
            let checked = Checked::of(&edited(entry.card.id, &[]));
            assert_eq!(checked.problems, [], "{}", entry.card.id);
            assert_eq!(checked.request, Request::new(entry.card.id));
            assert_eq!(checked.settings, Some(Settings::defaults(entry).unwrap()));
            // The control lines have a switch of their own.
            assert_eq!(checked.rows.len() + 1, Settings::defaults(entry).unwrap().leaves().len());
            assert!(checked.rows.iter().all(|row| !row.changed && row.problem.is_none()));
            assert_eq!(checked.uses_base, entry.card.base);
            // Recipes that label nothing of what they draw.
            let without = ["sft", "dpo", "spin", "selm", "nlhf", "r3-relevance", "seed-ads"];
            assert_eq!(checked.has_controls, !without.contains(&entry.card.id));
        }
    }

    #[test]
    fn every_wrong_value_is_said_beside_its_field() {
        let edits =
            [("loop.samples", "1"), ("loop.learn.warmup", "much"), ("options.held_out", "0"), ("judge", "loud")];
        let mut draft = edited("srlm", &edits);
        draft.seed = "-3".to_owned();
        draft.from_file = true;
        let checked = Checked::of(&draft);
        assert_eq!(checked.settings, None);
        for (name, _) in edits {
            let row = checked.rows.iter().find(|row| row.name == name).unwrap();
            assert!(row.changed && row.problem.as_ref().unwrap().starts_with("must be"), "{row:?}");
            let line = checked.problems.iter().map(Problem::line).find(|line| line.starts_with(name));
            assert!(line.is_some(), "{name}");
        }
        assert!(checked.about(&Field::Seed).is_some() && checked.about(&Field::Data).is_some());
        assert_eq!(checked.problems.len(), edits.len() + 2);
        // Nothing that cannot work is asked for.
        assert!(checked.request.changes.is_empty());
    }

    #[test]
    fn what_means_the_default_is_no_change_and_quick_moves_the_defaults() {
        let mut draft =
            edited("srlm", &[("loop.iterations", " 3 "), ("loop.beta", "0.10"), ("loop.replay_weight", "1")]);
        let checked = Checked::of(&draft);
        assert!(checked.request.changes.is_empty() && checked.rows.iter().all(|row| !row.changed));
        draft.quick = true;
        let checked = Checked::of(&draft);
        assert_eq!(checked.request.command_line(), "selfsame run srlm --set loop.iterations=3 --quick");
        assert_eq!(checked.rows.iter().find(|row| row.name == "loop.iterations").unwrap().default, "1");
    }

    #[test]
    fn edits_of_another_recipe_wait() {
        let mut draft = edited("scir", &[("consistency", "0.5"), ("loop.iterations", "2")]);
        draft.recipe = "srlm".to_owned();
        let checked = Checked::of(&draft);
        assert_eq!(checked.request.changes.keys().collect::<Vec<_>>(), ["loop.iterations"]);
        draft.recipe = "scir".to_owned();
        assert_eq!(Checked::of(&draft).request.changes.len(), 2);
        draft.recipe = "nothing".to_owned();
        assert!(Checked::of(&draft).about(&Field::Whole).unwrap().contains("nothing"));
    }

    #[test]
    fn what_only_the_whole_shows_is_put_beside_its_setting() {
        // In single precision this is 0.
        let checked = Checked::of(&edited("srlm", &[("loop.sampling.top_p", "1e-60")]));
        let row = checked.rows.iter().find(|row| row.name == "loop.sampling.top_p").unwrap();
        assert!(row.problem.as_ref().unwrap().contains("above 0"));
        assert_eq!(checked.settings, None);
    }
}
