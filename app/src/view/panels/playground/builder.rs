//! A prompt of the Rules world from lists: one list for each slot.

use egui::{ComboBox, Ui};
use selfsame_core::world::rules::WORDS;

use crate::view::{
    theme,
    words::{self, t},
};

/// What an empty slot holds.
const ANY: &str = "any";

/// The slots that hold a word, in their order, and what people call them.
const WORD_SLOTS: [(&str, &str); 7] = [
    ("must", "playground.slot_must"),
    ("never", "playground.slot_never"),
    ("first", "playground.slot_first"),
    ("last", "playground.slot_last"),
    ("early", "playground.slot_early"),
    ("late", "playground.slot_late"),
    ("count", "playground.slot_count"),
];

/// Lengths an answer can be asked to have.
const LENGTHS: [&str; 4] = [ANY, "short", "medium", "long"];

/// How often a word can be asked for.
const TIMES: [(&str, &str); 2] = [("twice", "playground.twice"), ("thrice", "playground.thrice")];

/// The slots of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// The words of [`WORD_SLOTS`].
    pub words: [String; 7],
    /// `twice` or `thrice`.
    pub times: String,
    /// One of [`LENGTHS`].
    pub length: String,
}

impl Slots {
    /// Reads a prompt; what is not a slot is left out.
    pub fn parse(prompt: &str) -> Self {
        let mut slots =
            Self { words: std::array::from_fn(|_| ANY.to_owned()), times: "twice".to_owned(), length: ANY.to_owned() };
        for (slot, value) in prompt.split_whitespace().filter_map(|slot| slot.split_once(':')) {
            let name = if TIMES.iter().any(|(times, _)| *times == slot) {
                slot.clone_into(&mut slots.times);
                "count"
            } else {
                slot
            };
            let place = WORD_SLOTS.iter().position(|(known, _)| *known == name);
            if let Some(word) = place.and_then(|place| slots.words.get_mut(place)) {
                value.clone_into(word);
            } else if name == "length" {
                value.clone_into(&mut slots.length);
            }
        }
        slots
    }

    /// The prompt.
    pub fn prompt(&self) -> String {
        let mut parts: Vec<String> = WORD_SLOTS
            .iter()
            .zip(&self.words)
            .map(|((slot, _), word)| match *slot {
                "count" if word != ANY => format!("{}:{word}", self.times),
                _ => format!("{slot}:{word}"),
            })
            .collect();
        parts.push(format!("length:{}", self.length));
        parts.push("<resp>".to_owned());
        parts.join(" ")
    }
}

/// The prompts that ask for one thing each of what a prompt asks for, so that each can be graded.
pub fn demands(prompt: &str) -> Vec<String> {
    let slots: Vec<(&str, &str)> = prompt
        .split_whitespace()
        .filter(|slot| slot.split_once(':').is_some_and(|(_, value)| value != ANY))
        .filter_map(|slot| Some((slot.split_once(':')?.0, slot)))
        .collect();
    let of = |name: &str| slots.iter().find(|(slot, _)| *slot == name).map(|(_, whole)| *whole);
    slots
        .iter()
        .filter_map(|(slot, whole)| match *slot {
            // The two words of an order are one demand.
            "early" => Some(format!("{whole} {}", of("late")?)),
            "must" | "never" | "first" | "last" | "twice" | "thrice" | "length" => Some((*whole).to_owned()),
            _ => None,
        })
        .collect()
}

/// Draws the lists and changes the prompt by what is chosen.
pub fn ui(ui: &mut Ui, prompt: &mut String) {
    let before = Slots::parse(prompt);
    let mut slots = before.clone();
    ui.horizontal_wrapped(|ui| {
        for ((slot, label), word) in WORD_SLOTS.iter().zip(&mut slots.words) {
            let options = [ANY].into_iter().chain(WORDS).map(|word| (word, word));
            list(ui, slot, t(label), word, options);
            if *slot == "count" && word != ANY {
                let options = TIMES.into_iter().map(|(times, label)| (times, t(label)));
                list(ui, "times", t("playground.slot_times"), &mut slots.times, options);
            }
        }
        list(ui, "length", t("playground.slot_length"), &mut slots.length, LENGTHS.map(|name| (name, name)));
    });
    let [.., early, late, _] = &slots.words;
    if (early == ANY) != (late == ANY) {
        ui.colored_label(theme::palette(ui).warn, t("playground.slot_half"));
    }
    if slots != before {
        *prompt = slots.prompt();
    }
}

/// One list under its name.
fn list(
    ui: &mut Ui,
    id: &str,
    label: &str,
    value: &mut String,
    options: impl IntoIterator<Item = (&'static str, &'static str)>,
) {
    let step = theme::sizes().step;
    ui.allocate_ui(egui::vec2(step * 23.0, step * 12.0), |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = step / 2.0;
            ui.small(label);
            let options: Vec<_> = options.into_iter().collect();
            let shown = |value: &str| {
                let known = options.iter().find(|(option, _)| *option == value);
                known.map_or_else(|| value.to_owned(), |(_, text)| (*text).to_owned())
            };
            let name = words::with("playground.slot_of", &[("slot", &label), ("value", &shown(value))]);
            let chosen = ComboBox::from_id_salt(id).width(step * 21.0).selected_text(shown(value)).show_ui(ui, |ui| {
                for (option, text) in &options {
                    if ui.selectable_label(value == option, *text).clicked() {
                        (*option).clone_into(value);
                    }
                }
            });
            chosen.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        });
    });
}

#[cfg(test)]
mod tests {
    use selfsame_core::world::{Split, World, rules::Rules};

    use super::*;

    #[test]
    fn prompts_of_the_world_come_back_as_they_are() {
        for prompt in Rules.prompts(3, Split::HeldOut, 100) {
            assert_eq!(Slots::parse(&prompt.text).prompt(), prompt.text);
        }
        let empty = Slots::parse("write a poem");
        assert_eq!(
            empty.prompt(),
            "must:any never:any first:any last:any early:any late:any count:any length:any <resp>"
        );
    }

    #[test]
    fn every_demand_stands_alone() {
        let prompt = "must:fox never:any first:sun last:any early:bee late:moss thrice:oak length:short <resp>";
        assert_eq!(demands(prompt), ["must:fox", "first:sun", "early:bee late:moss", "thrice:oak", "length:short"]);
        assert!(demands("say: hello").is_empty());
    }
}
