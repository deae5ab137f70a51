//! What a person chose of how everything looks, as a window and a page remember it.

use std::ops::RangeInclusive;

use egui::ThemePreference;

/// The least and the greatest scale of everything.
pub const ZOOM: RangeInclusive<f32> = 0.5..=3.0;

/// The name under which a theme is remembered.
#[must_use]
pub fn name(theme: ThemePreference) -> &'static str {
    match theme {
        ThemePreference::Light => "light",
        ThemePreference::Dark => "dark",
        ThemePreference::System => "system",
    }
}

/// The theme of a name; the system's, where there is no such name.
#[must_use]
pub fn by_name(word: &str) -> ThemePreference {
    let own = [ThemePreference::Light, ThemePreference::Dark];
    own.into_iter().find(|theme| name(*theme) == word).unwrap_or(ThemePreference::System)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_themes_are_read_back_and_others_are_the_systems() {
        for (theme, word) in
            [(ThemePreference::Light, "light"), (ThemePreference::Dark, "dark"), (ThemePreference::System, "system")]
        {
            assert_eq!((name(theme), by_name(word)), (word, theme));
        }
        assert_eq!(by_name("Dark"), ThemePreference::System);
        assert_eq!(by_name(""), ThemePreference::System);
    }
}
