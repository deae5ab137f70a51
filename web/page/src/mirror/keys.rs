//! What a key means at an element.

use egui::{Key, Modifiers};

use super::scene::{Element, Tag};

/// What is to become of a key press.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Press {
    /// It is the browser's alone: the next element, a letter in a field.
    Browser,
    /// It clicks the element.
    Click,
    /// It makes the element's number larger.
    Increment,
    /// It makes the element's number smaller.
    Decrement,
    /// It sets the element's number.
    Set(f64),
    /// What was typed is meant.
    Enter,
    /// egui gets it.
    Egui {
        /// Whether the browser must not do what it would do.
        alone: bool,
    },
    /// Nobody gets it: what a browser would do is not wanted.
    Nobody,
}

/// What is to become of `key`, pressed while the focus is on `element`; `is_mac` because what
/// moves between words on one system leaves the page on another.
pub(super) fn press(element: &Element, key: Key, modifiers: Modifiers, is_mac: bool) -> Press {
    // Elements are in reading order. If egui moved its focus as well, it would go two steps.
    if key == Key::Tab {
        return Press::Browser;
    }
    let plain = !(modifiers.ctrl || modifiers.command || modifiers.alt);
    if plain && element.abilities.steps {
        match key {
            Key::ArrowUp => return Press::Increment,
            Key::ArrowDown => return Press::Decrement,
            Key::ArrowRight if element.value.is_none() => return Press::Increment,
            Key::ArrowLeft if element.value.is_none() => return Press::Decrement,
            _ => {}
        }
    }
    if element.tag != Tag::Plain {
        return in_field(element, key, modifiers, is_mac);
    }
    if plain && element.abilities.click && matches!(key, Key::Enter | Key::Space) {
        return Press::Click;
    }
    let end = element.abilities.number.filter(|_| plain).and_then(|number| match key {
        Key::Home => number.least,
        Key::End => number.most,
        _ => None,
    });
    if let Some(end) = end {
        return Press::Set(end);
    }
    Press::Egui { alone: is_kept_from_browser(key, modifiers) }
}

/// In a field the browser edits, and egui is told what has become of the text.
fn in_field(element: &Element, key: Key, modifiers: Modifiers, is_mac: bool) -> Press {
    // Control with Alt is how some keyboards write an `@`.
    let command = (modifiers.ctrl || modifiers.command) && !modifiers.alt;
    match key {
        Key::Enter if command => Press::Egui { alone: true },
        Key::Enter if element.abilities.number.is_some() => Press::Enter,
        Key::Enter if element.tag == Tag::Lines => Press::Browser,
        Key::Enter | Key::Escape => Press::Egui { alone: true },
        Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight if modifiers.alt && !is_mac => Press::Nobody,
        _ if is_modifier(key) => Press::Browser,
        _ if command && !edits(key) => Press::Egui { alone: is_kept_from_browser(key, modifiers) },
        _ if is_function(key) => Press::Egui { alone: false },
        _ => Press::Browser,
    }
}

/// Whether a key with Control does something to a text.
fn edits(key: Key) -> bool {
    matches!(
        key,
        Key::A
            | Key::C
            | Key::V
            | Key::X
            | Key::Y
            | Key::Z
            | Key::ArrowUp
            | Key::ArrowDown
            | Key::ArrowLeft
            | Key::ArrowRight
            | Key::Home
            | Key::End
            | Key::Backspace
            | Key::Delete
            | Key::Insert
    )
}

fn is_modifier(key: Key) -> bool {
    let name = key.name();
    ["Alt", "Control", "Shift", "Super", "Meta"].iter().any(|modifier| name.starts_with(modifier))
}

fn is_function(key: Key) -> bool {
    let name = key.name();
    name.len() > 1 && name.strip_prefix('F').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the browser must not see a key that egui gets: the same ones as when the canvas has the
/// focus, except for Tab, and those that would scroll.
fn is_kept_from_browser(key: Key, modifiers: Modifiers) -> bool {
    let command = modifiers.ctrl || modifiers.command;
    match key {
        Key::Comma | Key::O | Key::P | Key::S => command,
        Key::Space
        | Key::Backspace
        | Key::ArrowUp
        | Key::ArrowDown
        | Key::ArrowLeft
        | Key::ArrowRight
        | Key::PageUp
        | Key::PageDown
        | Key::Home
        | Key::End => true,
        _ => false,
    }
}

/// The number one step from the one that is written in a field. egui steps whole numbers by
/// fractions and cuts these off again.
pub(super) fn step(text: &str, size: Option<f64>, up: bool) -> Option<f64> {
    let number = parse_number(text)?;
    let least = if number.fract() == 0.0 && !text.contains('.') { 1.0 } else { 0.0 };
    let size = size.unwrap_or(1.0).max(least);
    Some(if up { number + size } else { number - size })
}

/// The number that is written in a field; people write spaces between thousands and a real minus.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let text: String =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '\u{2212}' { '-' } else { c }).collect();
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Abilities, Frame, Number};
    use super::*;

    fn element(tag: Tag, abilities: Abilities) -> Element {
        Element {
            id: egui::accesskit::NodeId(1),
            parent: None,
            tag,
            attributes: Vec::new(),
            text: String::new(),
            value: (tag != Tag::Plain).then(String::new),
            frame: Frame::default(),
            abilities,
            popup: None,
        }
    }

    const BUTTON: Abilities = Abilities { focus: true, click: true, number: None, steps: false };
    const RATE: Number = Number { least: Some(0.0), most: Some(9.0), step: None };
    const SLIDER: Abilities = Abilities { focus: true, click: false, number: Some(RATE), steps: true };

    #[test]
    fn buttons_are_clicked_by_key() {
        let button = element(Tag::Plain, BUTTON);
        for key in [Key::Enter, Key::Space] {
            assert_eq!(press(&button, key, Modifiers::NONE, false), Press::Click);
            assert_ne!(press(&button, key, Modifiers::COMMAND, false), Press::Click);
        }
        assert_eq!(press(&button, Key::Tab, Modifiers::SHIFT, false), Press::Browser);
        assert_eq!(press(&button, Key::ArrowDown, Modifiers::NONE, false), Press::Egui { alone: true });
        assert_eq!(press(&button, Key::Num3, Modifiers::COMMAND, false), Press::Egui { alone: false });
    }

    #[test]
    fn sliders_step_and_have_ends() {
        let slider = element(Tag::Plain, SLIDER);
        assert_eq!(press(&slider, Key::ArrowRight, Modifiers::NONE, false), Press::Increment);
        assert_eq!(press(&slider, Key::ArrowDown, Modifiers::NONE, false), Press::Decrement);
        assert_eq!(press(&slider, Key::End, Modifiers::NONE, false), Press::Set(9.0));
        // This winds the recording.
        assert_eq!(press(&slider, Key::ArrowLeft, Modifiers::ALT, false), Press::Egui { alone: true });
    }

    #[test]
    fn fields_are_edited_by_the_browser() {
        let text = Abilities { focus: true, click: true, ..Abilities::default() };
        let (line, lines) = (element(Tag::Line("text"), text), element(Tag::Lines, text));
        for key in [Key::Space, Key::A, Key::Backspace, Key::ArrowLeft, Key::Home] {
            assert_eq!(press(&line, key, Modifiers::NONE, false), Press::Browser);
            assert_eq!(press(&line, key, Modifiers::COMMAND, false) == Press::Browser, key != Key::Space);
        }
        assert_eq!(press(&line, Key::Enter, Modifiers::NONE, false), Press::Egui { alone: true });
        assert_eq!(press(&lines, Key::Enter, Modifiers::NONE, false), Press::Browser);
        assert_eq!(press(&line, Key::F1, Modifiers::NONE, false), Press::Egui { alone: false });
        assert_eq!(press(&line, Key::F, Modifiers::NONE, false), Press::Browser);
        assert_eq!(press(&line, Key::Num2, Modifiers::COMMAND, false), Press::Egui { alone: false });
        assert_eq!(press(&line, Key::P, Modifiers::COMMAND, false), Press::Egui { alone: true });
        let alt_gr = Modifiers { alt: true, ..Modifiers::CTRL };
        assert_eq!(press(&line, Key::Num2, alt_gr, false), Press::Browser);
        // Back in the history, or a word to the left.
        assert_eq!(press(&line, Key::ArrowLeft, Modifiers::ALT, false), Press::Nobody);
        assert_eq!(press(&line, Key::ArrowLeft, Modifiers::ALT, true), Press::Browser);
    }

    #[test]
    fn numbers_are_typed_and_stepped() {
        let number = element(Tag::Line("text"), SLIDER);
        assert_eq!(press(&number, Key::ArrowUp, Modifiers::NONE, false), Press::Increment);
        assert_eq!(press(&number, Key::ArrowLeft, Modifiers::NONE, false), Press::Browser);
        assert_eq!(press(&number, Key::Enter, Modifiers::NONE, false), Press::Enter);
        assert_eq!(step("7", Some(0.25), true), Some(8.0));
        assert_eq!(step("7.0", Some(0.25), false), Some(6.75));
        assert_eq!(step("seven", None, true), None);
        assert_eq!(parse_number(" 1 000.5 "), Some(1000.5));
        assert_eq!(parse_number("\u{2212}3"), Some(-3.0));
        assert_eq!(parse_number("inf"), None);
        assert_eq!(parse_number("three"), None);
    }
}
