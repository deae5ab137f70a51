//! What somebody has done in the lessons, as the window and the page remember it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};

/// The longest answer that is kept, in characters: a number takes a few.
pub(super) const LONGEST: usize = 40;

/// What was done in all lessons.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The lesson that is open, by its name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "sound")]
    pub open: Option<String>,
    /// What was answered, by the lesson's name.
    #[serde(deserialize_with = "sound_ones")]
    pub lessons: BTreeMap<String, Answered>,
}

impl Progress {
    /// Whether nothing was done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was answered in one lesson.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Answered {
    /// Whether the exercise was once answered rightly.
    pub done: bool,
    /// What stands for the question that the rest answers: it depends on the run that is shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// The choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<usize>,
    /// The number, as it was typed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Whether the answer was checked.
    pub checked: bool,
}

/// Either what was wanted or something else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Perhaps<T> {
    Sound(T),
    Damaged(IgnoredAny),
}

impl<T> Perhaps<T> {
    fn sound(self) -> Option<T> {
        match self {
            Self::Sound(value) => Some(value),
            Self::Damaged(IgnoredAny) => None,
        }
    }
}

/// Reads a part for which something else counts as absent, so that it does not cost the whole.
///
/// # Errors
/// If the text itself is damaged.
pub fn sound<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Perhaps::deserialize(deserializer)?.sound().unwrap_or_default())
}

/// The same for every entry of a map.
fn sound_ones<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Answered>, D::Error> {
    let all: BTreeMap<String, Perhaps<Answered>> = sound(deserializer)?;
    Ok(all.into_iter().filter_map(|(name, answered)| Some((name, answered.sound()?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_costs_only_what_is_damaged() {
        let read = |text: &str| serde_json::from_str::<Progress>(text).unwrap();
        let progress = Progress {
            open: Some("bias".to_owned()),
            lessons: [
                ("bias".to_owned(), Answered { done: true, choice: Some(1), checked: true, ..Answered::default() }),
                ("judge".to_owned(), Answered { text: "25 %".to_owned(), ..Answered::default() }),
            ]
            .into(),
        };
        let text = serde_json::to_string(&progress).unwrap();
        assert_eq!(read(&text), progress);
        let odd = read(&text.replace("\"choice\":1", "\"choice\":\"one\"").replace("\"open\":\"bias\"", "\"open\":[]"));
        assert_eq!(odd.open, None);
        assert_eq!(odd.lessons.into_keys().collect::<Vec<_>>(), ["judge"]);
        for empty in ["{}", "{\"lessons\": 3}", "{\"lessons\": [1]}", "{\"later\": 1}"] {
            assert!(read(empty).is_empty(), "{empty}");
        }
    }
}
