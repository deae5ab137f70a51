//! Settings from four places, the later the stronger: the recipe's defaults, a file, `--quick`,
//! and `--set`.

use std::path::Path;

use selfsame_core::{
    Error as CoreError,
    recipe::{Entry, settings as known},
    run::{Manifest, Options},
    spelling::distance,
};
use toml::{Table, Value};

use crate::{Error, Result, cli::RunArgs};

/// The group of names that belong to measuring and writing instead of the recipe.
pub const OPTIONS: &str = "options";

/// Held-out prompts of a quick run: fewer would say nothing at all.
const QUICK_HELD_OUT: i64 = 40;

/// The settings of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The recipe's hyper-parameters, all of them.
    pub parameters: Table,
    /// Measuring and writing, all of it.
    pub options: Table,
}

impl Settings {
    /// The defaults of a recipe.
    ///
    /// # Errors
    /// If they cannot be written as TOML, which a test rules out.
    pub fn defaults(entry: &Entry) -> Result<Self> {
        let options = Table::try_from(entry.options())
            .map_err(|e| Error::told(format!("the default options cannot be written: {e}")))?;
        Ok(Self { parameters: tidy(entry.defaults()?), options: tidy(options) })
    }

    /// The settings that the arguments of a run ask for. They are not yet checked by the recipe.
    ///
    /// # Errors
    /// If a file cannot be read, or a name is unknown or ambiguous.
    pub fn of(entry: &Entry, args: &RunArgs) -> Result<Self> {
        let mut settings = Self::defaults(entry)?;
        let help = help(entry);
        if let Some(path) = &args.config {
            settings.merge_file(path, &help)?;
        }
        if args.quick {
            let quick = entry.quick(&settings.parameters)?;
            settings.parameters = keep_spelling(quick, &settings.parameters);
            settings.options.insert("held_out".to_owned(), Value::Integer(QUICK_HELD_OUT));
        }
        for set in &args.set {
            settings.set(&set.key, &set.value, &help)?;
        }
        if args.no_controls {
            settings.options.insert("controls".to_owned(), Value::Boolean(false));
        }
        Ok(settings)
    }

    /// Sets one value by its name.
    ///
    /// # Errors
    /// If the name is unknown or ambiguous; the message lists near names.
    pub fn set(&mut self, key: &str, value: &str, help: &str) -> Result<()> {
        match key.strip_prefix("options.") {
            Some(rest) => assign(&mut self.options, rest, parse(value), OPTIONS, help),
            None => assign(&mut self.parameters, key, parse(value), "", help),
        }
    }

    fn merge_file(&mut self, path: &Path, help: &str) -> Result<()> {
        let text = std::fs::read_to_string(path).map_err(|e| CoreError::read(path, e))?;
        self.merge(&text, &path.display().to_string(), help)
    }

    /// Takes over the values of a TOML text that came from `origin`; it can hold some of them.
    ///
    /// # Errors
    /// If it is not TOML, or a name is unknown.
    pub fn merge(&mut self, text: &str, origin: &str, help: &str) -> Result<()> {
        let table: Table =
            text.parse().map_err(|e: toml::de::Error| Error::told(format!("{origin} is not valid TOML: {e}")))?;
        for (key, value) in flatten(&table) {
            let known = match key.strip_prefix("options.") {
                Some(rest) => put(&mut self.options, rest, value),
                None => put(&mut self.parameters, &key, value),
            };
            if !known {
                let names = self.names();
                return Err(Error::told(format!("{origin}: {}", unknown(&key, &names, help))));
            }
        }
        Ok(())
    }

    /// All values by their names, those of the options with their prefix.
    #[must_use]
    pub fn leaves(&self) -> Vec<(String, Value)> {
        let options = flatten(&self.options).into_iter().map(|(key, value)| (format!("{OPTIONS}.{key}"), value));
        flatten(&self.parameters).into_iter().chain(options).collect()
    }

    fn names(&self) -> Vec<String> {
        self.leaves().into_iter().map(|(key, _)| key).collect()
    }

    /// All of them as a file for `selfsame run --config`.
    ///
    /// # Errors
    /// If they cannot be written as TOML, which a test rules out.
    pub fn toml(&self) -> Result<String> {
        let mut table = self.parameters.clone();
        table.insert(OPTIONS.to_owned(), Value::Table(self.options.clone()));
        toml::to_string(&table).map_err(|e| Error::told(format!("the settings cannot be written: {e}")))
    }

    /// The options as the library wants them, checked.
    ///
    /// # Errors
    /// If a value has the wrong type or cannot work.
    pub fn typed_options(&self) -> Result<Options> {
        Ok(known::read_options(&self.options)?)
    }
}

/// Where a person finds all settings of a recipe.
#[must_use]
pub fn help(entry: &Entry) -> String {
    format!("`selfsame methods {}` lists all", entry.card.id)
}

/// Everything that decided a run as a table, to be compared with another's.
///
/// # Errors
/// If it cannot be written as TOML, which would be a mistake of ours.
pub fn of_manifest(manifest: &Manifest) -> Result<Table> {
    Table::try_from(manifest).map_err(|e| Error::told(format!("the settings of a run cannot be compared: {e}")))
}

/// What the settings of a recipe are, by their names, those of the options with their prefix.
#[must_use]
pub fn described(recipe: &str) -> Vec<(String, &'static known::Setting)> {
    let options = known::options().into_iter().map(|(name, setting)| (format!("{OPTIONS}.{name}"), setting));
    known::of(recipe).into_iter().chain(options).collect()
}

/// The leaves of a table with their dotted names, sorted by name.
#[must_use]
pub fn flatten(table: &Table) -> Vec<(String, Value)> {
    let mut leaves = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                leaves.extend(flatten(inner).into_iter().map(|(name, leaf)| (format!("{key}.{name}"), leaf)));
            }
            leaf => leaves.push((key.clone(), leaf.clone())),
        }
    }
    leaves
}

/// Sets the leaf that a name means, given in full or by its unique end.
///
/// # Errors
/// If there is no such leaf, or more than one.
pub fn assign(table: &mut Table, key: &str, value: Value, prefix: &str, help: &str) -> Result<()> {
    let names: Vec<String> = flatten(table).into_iter().map(|(name, _)| name).collect();
    let full = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    let exact: Vec<&String> = names.iter().filter(|name| *name == key).collect();
    let ends: Vec<&String> = names.iter().filter(|name| name.ends_with(&format!(".{key}"))).collect();
    let inside: Vec<&String> = names.iter().filter(|name| name.starts_with(&format!("{key}."))).collect();
    match (&exact[..], &ends[..]) {
        ([name], _) | ([], [name]) => {
            put(table, name, value);
            Ok(())
        }
        (_, [_, _, ..]) => {
            let names: Vec<String> = ends.iter().map(|name| format!("`{}`", full(name))).collect();
            Err(Error::told(format!("`{}` is ambiguous; write {}", full(key), names.join(" or "))))
        }
        _ if !inside.is_empty() => Err(Error::told(format!(
            "`{}` is a group of settings; set one of them, such as `{}`",
            full(key),
            full(inside[0])
        ))),
        _ => {
            let names: Vec<String> = names.iter().map(|name| full(name)).collect();
            Err(Error::told(unknown(&full(key), &names, help)))
        }
    }
}

/// Replaces a leaf; whole numbers become floats where a float stood. False if there is none.
fn put(table: &mut Table, path: &str, value: Value) -> bool {
    match path.split_once('.') {
        Some((group, rest)) => match table.get_mut(group) {
            Some(Value::Table(inner)) => put(inner, rest, value),
            _ => false,
        },
        None => match table.get_mut(path) {
            None | Some(Value::Table(_)) => false,
            Some(slot) => {
                #[allow(clippy::cast_precision_loss)] // settings are small numbers
                let value = match (&slot, value) {
                    (Value::Float(_), Value::Integer(whole)) => Value::Float(whole as f64),
                    (_, value) => value,
                };
                *slot = value;
                true
            }
        },
    }
}

/// A value as TOML reads it, or the text itself: `judge=pairwise` needs no quotes.
#[must_use]
pub fn parse(text: &str) -> Value {
    let table = format!("value = {text}").parse::<Table>().ok().filter(|table| table.len() == 1);
    table.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::String(text.to_owned()))
}

fn unknown(key: &str, names: &[String], help: &str) -> String {
    let near = near(key, names);
    let hint = match &near[..] {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(" or ")),
    };
    format!("there is no setting `{key}`{hint} ({help})")
}

/// Up to three names that a misspelt one may have meant.
fn near(key: &str, names: &[String]) -> Vec<String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let mut scored: Vec<(usize, &String)> = names
        .iter()
        .filter_map(|name| {
            let letters = distance(key, name).min(distance(&last(key), &last(name)));
            (letters <= 2.max(last(name).len() / 3)).then_some((letters, name))
        })
        .collect();
    scored.sort();
    scored.into_iter().take(3).map(|(_, name)| format!("`{name}`")).collect()
}

/// Defaults as people would write them: a number that is kept in single precision has a longer
/// decimal form in TOML's double precision (0.9 becomes 0.8999999761581421).
#[must_use]
pub fn tidy(table: Table) -> Table {
    map_leaves(table, &|_, value| match value {
        Value::Float(long) => {
            #[allow(clippy::cast_possible_truncation)] // that is the question
            let single = long as f32;
            let short = single.to_string().parse::<f64>().unwrap_or(long);
            Value::Float(if f64::from(single) == long { short } else { long })
        }
        other => other,
    })
}

/// `after`, with the spelling of `before` wherever the numbers are the same in single precision.
fn keep_spelling(after: Table, before: &Table) -> Table {
    let spelt: std::collections::BTreeMap<String, Value> = flatten(before).into_iter().collect();
    map_leaves(after, &|path, value| match (&value, spelt.get(path)) {
        (Value::Float(new), Some(Value::Float(old))) if same_single(*new, *old) => Value::Float(*old),
        _ => value,
    })
}

#[allow(clippy::cast_possible_truncation, clippy::float_cmp)] // equality in single precision
fn same_single(a: f64, b: f64) -> bool {
    a as f32 == b as f32
}

fn map_leaves(table: Table, change: &impl Fn(&str, Value) -> Value) -> Table {
    fn walk(table: Table, prefix: &str, change: &impl Fn(&str, Value) -> Value) -> Table {
        table
            .into_iter()
            .map(|(key, value)| {
                let path = format!("{prefix}{key}");
                let value = match value {
                    Value::Table(inner) => Value::Table(walk(inner, &format!("{path}."), change)),
                    leaf => change(&path, leaf),
                };
                (key, value)
            })
            .collect()
    }
    walk(table, "", change)
}

#[cfg(test)]
mod tests {
    use selfsame_core::recipe::{all, by_id};

    use super::*;

    fn scir() -> Settings {
        Settings::defaults(by_id("scir").unwrap()).unwrap()
    }

    fn get(settings: &Settings, path: &str) -> Value {
        flatten(&settings.parameters).into_iter().find(|(key, _)| key == path).unwrap().1
    }

    #[test]
    fn names_resolve_in_full_by_their_end_and_with_the_right_type() {
        let mut settings = scir();
        for (key, value) in [
            ("loop.iterations", "2"),
            ("loop.learn.learning_rate", "1e-4"),
            ("consistency", "0"),
            ("temperature", "0.5"),
            ("judge", "pairwise"),
            ("options.held_out", "50"),
            ("options.temperature", "1"),
        ] {
            settings.set(key, value, "").unwrap();
        }
        assert_eq!(get(&settings, "loop.iterations"), Value::Integer(2));
        assert_eq!(get(&settings, "loop.learn.learning_rate"), Value::Float(1e-4));
        assert_eq!(get(&settings, "consistency"), Value::Float(0.0));
        assert_eq!(get(&settings, "loop.sampling.temperature"), Value::Float(0.5));
        let options = settings.typed_options().unwrap();
        assert_eq!((options.held_out, options.sampling.temperature.to_bits()), (50, 1.0_f32.to_bits()));
        by_id("scir").unwrap().check(&settings.parameters).unwrap();
    }

    #[test]
    fn unknown_ambiguous_and_group_names_are_explained() {
        let mut settings = scir();
        let mut message = |key: &str| settings.set(key, "1", "HELP").unwrap_err().to_string();
        let unknown = message("loop.iteration");
        assert!(unknown.contains("`loop.iterations`") && unknown.contains("HELP"), "{unknown}");
        let ambiguous = message("beta");
        assert!(ambiguous.contains("`implicit.beta`") && ambiguous.contains("`loop.beta`"), "{ambiguous}");
        assert!(message("loop").contains("group"));
        assert!(message("options.heldout").contains("`options.held_out`"));
        assert!(message("options.zzzzzz").contains("no setting `options.zzzzzz`"));
        settings.set("options.held_out", "0", "").unwrap();
        assert!(settings.typed_options().is_err());
    }

    #[test]
    fn values_are_toml_or_else_text() {
        assert_eq!(parse("true"), Value::Boolean(true));
        assert_eq!(parse("[1, 2]"), Value::Array(vec![1.into(), 2.into()]));
        assert_eq!(parse("\"x\""), Value::String("x".to_owned()));
        assert_eq!(parse("a b"), Value::String("a b".to_owned()));
        assert_eq!(parse("1\nother = 2"), Value::String("1\nother = 2".to_owned()));
    }

    #[test]
    fn quick_keeps_the_spelling_and_set_is_stronger() {
        let entry = by_id("srlm").unwrap();
        let settings = Settings::defaults(entry).unwrap();
        let quick = keep_spelling(entry.quick(&settings.parameters).unwrap(), &settings.parameters);
        let of = |table: &Table, path: &str| flatten(table).into_iter().find(|(key, _)| key == path).unwrap().1;
        assert_eq!(of(&quick, "loop.sampling.temperature"), of(&settings.parameters, "loop.sampling.temperature"));
        assert_eq!(of(&quick, "loop.iterations"), Value::Integer(1));
    }

    #[test]
    fn what_is_written_as_toml_is_read_back() {
        let mut settings = scir();
        for (key, value) in [("loop.learn.learning_rate", "1e-7"), ("judge", "pairwise"), ("options.held_out", "7")] {
            settings.set(key, value, "").unwrap();
        }
        let mut read = scir();
        read.merge(&settings.toml().unwrap(), "the text", "").unwrap();
        assert_eq!(read, settings);
        assert!(read.merge("loop.iteration = 1", "the text", "").unwrap_err().to_string().contains("loop.iterations"));
        assert!(read.merge("= 1", "the text", "").unwrap_err().to_string().contains("the text"));
        let described: std::collections::BTreeSet<_> = described("scir").into_iter().map(|(name, _)| name).collect();
        assert_eq!(described, read.names().into_iter().collect());
    }

    #[test]
    fn tidied_defaults_mean_the_same() {
        for entry in all() {
            let exact = flatten(&entry.defaults().unwrap());
            let tidied = flatten(&tidy(entry.defaults().unwrap()));
            for ((key, a), (_, b)) in exact.iter().zip(&tidied) {
                match (a, b) {
                    (Value::Float(a), Value::Float(b)) => assert!(same_single(*a, *b), "{key}"),
                    _ => assert_eq!(a, b, "{key}"),
                }
                assert!(b.to_string().len() < 12, "{key} is spelt {b}");
            }
        }
    }
}
