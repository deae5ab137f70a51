//! Where the settings of runs differ.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use crate::{
    Result,
    fold::RunView,
    format::NOTHING,
    settings::{flatten, of_manifest, tidy},
};

/// Letters of a hash that are shown.
const HASH: usize = 12;

/// A setting in which runs differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its name, as on the command line.
    pub name: String,
    /// For each run its value; some recipes do not have it.
    pub values: Vec<Option<Value>>,
}

/// The settings in which the runs differ. How the judges are asked is too long for a table.
///
/// # Errors
/// If the settings of a run cannot be written as TOML, which would be a mistake of ours.
pub fn differences(views: &[&RunView]) -> Result<Vec<Setting>> {
    let settings = views
        .iter()
        .map(|view| {
            let table = of_manifest(&view.manifest)?;
            Ok(flatten(&tidy(table)).into_iter().collect::<BTreeMap<String, Value>>())
        })
        .collect::<Result<Vec<_>>>()?;
    let keys: BTreeSet<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
    Ok(keys
        .into_iter()
        .filter(|key| *key != "judges")
        .map(|key| Setting {
            name: key.strip_prefix("parameters.").unwrap_or(key).to_owned(),
            values: settings.iter().map(|settings| settings.get(key).cloned()).collect(),
        })
        .filter(|setting| setting.values.first().is_some_and(|first| setting.values.iter().any(|v| v != first)))
        .collect())
}

/// A setting's value as people read it.
#[must_use]
pub fn shown(value: Option<&Value>) -> String {
    match value {
        None => NOTHING.to_owned(),
        Some(Value::String(text)) if text.len() == 64 => text.chars().take(HASH).collect(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::tests::seeded;

    #[test]
    fn only_what_differs_is_listed() {
        let first = seeded(1, 0.6);
        let mut second = seeded(2, 0.6);
        second.manifest.parameters["loop"]["beta"] = 0.2.into();
        second.manifest.model_sha256 = "a".repeat(64);
        let listed = differences(&[&first, &second, &first]).unwrap();
        let names: Vec<&str> = listed.iter().map(|setting| setting.name.as_str()).collect();
        assert_eq!(names, ["model_sha256", "loop.beta", "seed"]);
        let texts: Vec<String> = listed[1].values.iter().map(|value| shown(value.as_ref())).collect();
        assert_eq!(texts, ["0.1", "0.2", "0.1"]);
        assert_eq!(shown(listed[0].values[1].as_ref()), "a".repeat(12));
        assert!(differences(&[&first, &first]).unwrap().is_empty());
        assert!(differences(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_setting_that_one_recipe_lacks_differs() {
        let first = seeded(1, 0.6);
        let mut second = first.clone();
        second.manifest.parameters.insert("filter".to_owned(), true.into());
        let listed = differences(&[&first, &second]).unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!([shown(listed[0].values[0].as_ref()), shown(listed[0].values[1].as_ref())], [NOTHING, "true"]);
    }
}
