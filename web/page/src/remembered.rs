//! What the page remembers from one visit to the next, in the browser's storage for small things.
//! Whatever in it cannot be read counts as absent.

use selfsame::view::panels::lessons::{Progress, sound};
use serde::{Deserialize, Serialize};

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The panel in front, by its name.
    pub panel: Option<String>,
    /// `light`, `dark` or `system`.
    pub theme: Option<String>,
    /// The scale of everything.
    pub scale: Option<f32>,
    /// The open runs.
    pub runs: Vec<String>,
    /// The one that was shown.
    pub shown: Option<String>,
    /// The run that was being computed, which goes on after a reload.
    pub working: Option<String>,
    /// What was done in the lessons.
    #[serde(deserialize_with = "sound")]
    pub lessons: Progress,
}

impl Remembered {
    /// Reads what was written by [`Remembered::text`].
    #[must_use]
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// All of it as text.
    #[must_use]
    pub fn text(&self) -> String {
        // Text and numbers can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_damage_is_nothing() {
        let remembered = Remembered {
            panel: Some("judges".to_owned()),
            scale: Some(1.25),
            runs: vec!["runs/a".to_owned()],
            working: Some("runs/a".to_owned()),
            lessons: Progress { open: Some("judge".to_owned()), ..Progress::default() },
            ..Remembered::default()
        };
        assert_eq!(Remembered::read(&remembered.text()), remembered);
        assert_eq!(Remembered::read("{\"panel\": 3"), Remembered::default());
        assert_eq!(Remembered::read("{\"later\": 1, \"panel\": \"judges\"}").panel.as_deref(), Some("judges"));
        // Damage to what was learned costs nothing else.
        let odd = Remembered::read("{\"panel\": \"judges\", \"lessons\": [3]}");
        assert_eq!((odd.panel.as_deref(), odd.lessons), (Some("judges"), Progress::default()));
    }
}
