//! Every visible string, from one table a language (`assets/words/`), so that languages can follow.

use std::{collections::BTreeMap, sync::LazyLock};

use selfsame_core::run::Arm;

/// The frame's words, and those of each panel.
const ENGLISH: [&str; 13] = [
    include_str!("../../../assets/words/en/app.toml"),
    include_str!("../../../assets/words/en/compose.toml"),
    include_str!("../../../assets/words/en/iterations.toml"),
    include_str!("../../../assets/words/en/answers.toml"),
    include_str!("../../../assets/words/en/judges.toml"),
    include_str!("../../../assets/words/en/compare.toml"),
    include_str!("../../../assets/words/en/diagnoses.toml"),
    include_str!("../../../assets/words/en/playground.toml"),
    include_str!("../../../assets/words/en/lessons.toml"),
    include_str!("../../../assets/words/en/methods.toml"),
    include_str!("../../../assets/words/en/atlas.toml"),
    include_str!("../../../assets/words/en/noted.toml"),
    include_str!("../../../assets/words/en/ads.toml"),
];

static TABLE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let parsed = ENGLISH.iter().map(|text| match text.parse::<toml::Table>() {
        Ok(table) => table,
        // The files are part of the program and a test reads them.
        Err(problem) => unreachable!("assets/words/en: {problem}"),
    });
    parsed
        .flat_map(|table| crate::settings::flatten(&table))
        .filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())))
        .collect()
});

/// The words of a key, such as `iterations.title`. An unknown key is shown as it is; a test looks
/// for such.
#[must_use]
pub fn t(key: &'static str) -> &'static str {
    known(key).unwrap_or(key)
}

/// The words of a key that was put together, where there are any.
#[must_use]
pub fn known(key: &str) -> Option<&'static str> {
    TABLE.get(key).map(String::as_str)
}

/// The name of an arm.
#[must_use]
pub fn arm(arm: Arm) -> &'static str {
    match arm {
        Arm::Main => t("run.arm_main"),
        Arm::RandomLabels => t("run.arm_random"),
        Arm::OracleLabels => t("run.arm_oracle"),
    }
}

/// The words of a key with `{name}` replaced by values.
#[must_use]
pub fn with(key: &'static str, values: &[(&str, &dyn std::fmt::Display)]) -> String {
    let mut text = t(key).to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), &value.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All Rust files of the program.
    fn sources(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_key_in_the_code_is_in_the_table_and_the_other_way_round() {
        let mut found = Vec::new();
        sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
        let mut used = std::collections::BTreeSet::new();
        for source in &found {
            for opening in ["t(\"", "with(\"", "with(\n"] {
                for (at, _) in source.match_indices(opening) {
                    // `set("` ends with `t("` and is something else.
                    if source[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '_') {
                        continue;
                    }
                    let rest = source[at + opening.len()..].trim_start().trim_start_matches('"');
                    let key = &rest[..rest.find('"').unwrap_or(0)];
                    if key.contains('.') && key.chars().all(|c| c.is_ascii_lowercase() || "._0123456789".contains(c)) {
                        used.insert(key.to_owned());
                    }
                }
            }
        }
        let missing: Vec<_> = used.iter().filter(|key| known(key).is_none()).collect();
        assert!(missing.is_empty(), "not in assets/words/en: {missing:?}");
        let all = found.concat();
        let unused: Vec<_> = TABLE
            .keys()
            // Keys put together at run time are looked up by their group.
            .filter(|key| !used.contains(*key) && !all.contains(&format!("\"{key}\"")))
            .filter(|key| key.rsplit('.').next() != Some("title") && !GROUPS.iter().any(|group| key.starts_with(group)))
            .collect();
        assert!(unused.is_empty(), "in assets/words/en, but nowhere in the code: {unused:?}");
    }

    /// Keys that the code puts together.
    const GROUPS: [&str; 2] = ["verb.", "noted."];

    #[test]
    fn placeholders_are_filled() {
        let text = with("run.iteration_of", &[("iteration", &2), ("all", &3)]);
        assert!(text.contains('2') && text.contains('3') && !text.contains('{'), "{text}");
    }
}
