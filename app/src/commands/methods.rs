//! `selfsame methods`: the recipes, and all settings of one.

use std::collections::BTreeMap;

use selfsame_core::recipe::{Entry, OracleUse, all, by_id};
use serde::Serialize;
use toml::{Table, Value};

use crate::{
    Error, Result,
    cli::MethodsArgs,
    output,
    settings::{Settings, described},
};

#[derive(Serialize)]
struct Described {
    #[serde(flatten)]
    card: selfsame_core::recipe::Card,
    parameters: Table,
    options: Table,
    settings: Vec<About>,
}

/// A setting and what it is.
#[derive(Serialize)]
struct About {
    name: String,
    default: Value,
    what: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'static str,
    range: String,
    source: &'static str,
}

/// Runs the command.
///
/// # Errors
/// If there is no such recipe.
pub fn run(args: &MethodsArgs) -> Result<()> {
    match &args.id {
        None if args.json => output::json(&all().iter().map(describe).collect::<Result<Vec<_>>>()?),
        None => output::print(&list()),
        Some(id) => {
            let entry = by_id(id)?;
            if args.toml {
                output::print(&recipe_file(entry)?)
            } else if args.json {
                output::json(&describe(entry)?)
            } else {
                output::print(&details(entry)?)
            }
        }
    }
}

fn describe(entry: &Entry) -> Result<Described> {
    let settings = about(entry)?;
    let Settings { parameters, options } = Settings::defaults(entry)?;
    Ok(Described { card: entry.card, parameters, options, settings })
}

fn about(entry: &Entry) -> Result<Vec<About>> {
    let mut defaults: BTreeMap<String, Value> = Settings::defaults(entry)?.leaves().into_iter().collect();
    Ok(described(entry.card.id)
        .into_iter()
        .filter_map(|(name, setting)| {
            let default = defaults.remove(&name)?;
            let range = setting.range.to_string();
            Some(About { name, default, what: setting.what, unit: setting.unit, range, source: setting.source })
        })
        .collect())
}

fn list() -> String {
    let mut text = String::new();
    for entry in all() {
        let card = entry.card;
        text += &format!("{:<11} {} ({})\n            {}\n", card.id, card.title, card.paper, card.claim);
    }
    text + "\n`selfsame methods ID` shows all settings of one, `selfsame run ID --quick` tries it.\n"
}

fn oracle(entry: &Entry) -> &'static str {
    match entry.card.oracle {
        OracleUse::None => "sees nothing of the truth",
        OracleUse::Annotator => "learns from annotators' labels, as its paper does",
        OracleUse::Verifier => "learns from a verifier, as its paper does",
    }
}

fn details(entry: &Entry) -> Result<String> {
    let card = entry.card;
    let mut text = format!("{}: {}\n\n", card.id, card.title);
    for (name, value) in [
        ("paper", card.paper),
        ("family", card.family),
        ("claim", card.claim),
        ("fidelity", card.fidelity),
        ("oracle", oracle(entry)),
    ] {
        text += &format!("{name:<10} {value}\n");
    }
    let (options, parameters): (Vec<_>, Vec<_>) =
        about(entry)?.into_iter().partition(|about| about.name.starts_with("options."));
    text += "\nSettings, to change with --set NAME=VALUE:\n";
    text += &listing(&parameters);
    text += "\nMeasuring and writing, the same for every recipe:\n";
    text += &listing(&options);
    Ok(text)
}

fn listing(settings: &[About]) -> String {
    settings
        .iter()
        .map(|about| {
            let About { name, default, what, unit, range, source } = about;
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            format!("  {name:<34} {default}{unit}\n      {what}\n      {range}; {source}\n")
        })
        .collect()
}

/// The defaults as a file for `selfsame run --config`.
///
/// # Errors
/// If they cannot be written as TOML, which a test rules out.
pub fn recipe_file(entry: &Entry) -> Result<String> {
    let card = entry.card;
    let settings = Value::Table(Settings::defaults(entry)?.parameters);
    let toml = toml::to_string(&settings).map_err(|e| Error::told(format!("the settings cannot be written: {e}")))?;
    Ok(format!(
        "# {} ({}): all settings with their defaults.\n# selfsame run {id} --config {id}.toml\n\n{toml}",
        card.title,
        card.paper,
        id = card.id,
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::flatten;

    /// The same numbers, where a number may be kept in single precision.
    #[allow(clippy::cast_possible_truncation, clippy::float_cmp)] // equality in single precision
    fn same(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Float(a), Value::Float(b)) => *a as f32 == *b as f32,
            _ => a == b,
        }
    }

    #[test]
    fn the_recipes_folder_holds_the_defaults() {
        for entry in all() {
            let id = entry.card.id;
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../assets/recipes/{id}.toml"));
            let text = std::fs::read_to_string(&path).unwrap();
            let hint = format!("write it anew with `selfsame methods {id} --toml > assets/recipes/{id}.toml`");
            assert_eq!(text, recipe_file(entry).unwrap(), "{hint}");
            let read: Table = text.parse().unwrap();
            entry.check(&read).unwrap();
            let defaults = flatten(&entry.defaults().unwrap());
            let read = flatten(&read);
            assert_eq!(defaults.len(), read.len(), "{id}");
            for ((key, default), (other, value)) in defaults.iter().zip(&read) {
                assert_eq!(key, other);
                assert!(same(default, value), "{id}: {key} is {value} instead of {default}");
            }
        }
    }

    #[test]
    fn details_name_every_setting() {
        let text = details(by_id("scir").unwrap()).unwrap();
        for part in [
            "loop.sampling.temperature          0.9",
            "options.held_out",
            "arXiv 2502.08922",
            "at least 0 and below 0.5",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        for entry in all() {
            let about = about(entry).unwrap();
            assert_eq!(about.len(), Settings::defaults(entry).unwrap().leaves().len(), "{}", entry.card.id);
        }
        assert!(list().contains("srlm"));
    }
}
