//! What is run on what: recipe, model, prompts, device.

use egui::{Button, ComboBox, Id, Label, RichText, TextEdit, Ui};
use selfsame_core::{
    recipe::{Card, OracleUse, all},
    world,
};

use super::{
    check::{Checked, Field},
    draft::Draft,
};
use crate::view::{
    Action, Pick, Scene, theme,
    words::{self, t},
};

/// Width of the names before the fields.
const NAMES: f32 = 116.0;

/// A heading and a card below it.
pub fn section(ui: &mut Ui, title: &str, add: impl FnOnce(&mut Ui)) {
    ui.add_space(theme::sizes().step * 2.0);
    ui.label(RichText::new(title).heading());
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        add(ui);
    });
}

/// A small line that explains.
pub fn note(ui: &mut Ui, text: &str) {
    let muted = theme::palette(ui).muted;
    ui.add(Label::new(RichText::new(text).small().color(muted)).wrap());
}

/// A line about something that cannot work; the words say so, not only the colour.
pub fn problem(ui: &mut Ui, message: &str) {
    let bad = theme::palette(ui).bad;
    let text = words::with("compose.problem", &[("message", &message)]);
    ui.add(Label::new(RichText::new(text).color(bad)).wrap());
}

/// A name on the left, and on the right what it names.
fn line(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui, Id)) {
    ui.horizontal_top(|ui| {
        let height = theme::sizes().control_height;
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let label = ui.allocate_ui_with_layout(egui::vec2(NAMES, height), layout, |ui| {
            ui.set_min_width(NAMES);
            ui.label(name)
        });
        ui.vertical(|ui| {
            ui.set_width(ui.available_width());
            add(ui, label.inner.id);
        });
    });
    ui.add_space(theme::sizes().step);
}

/// A field of one line.
pub fn field(text: &mut String, width: f32) -> TextEdit<'_> {
    TextEdit::singleline(text).align(egui::Align2::LEFT_CENTER).desired_width(width)
}

/// The recipes; the chosen one tells about itself.
pub fn recipes(ui: &mut Ui, draft: &mut Draft) {
    section(ui, t("compose.recipe"), |ui| {
        for entry in all() {
            let card = entry.card;
            let chosen = card.id == draft.recipe;
            let name = words::with("compose.recipe_name", &[("id", &card.id), ("title", &card.title)]);
            if ui.add(Button::selectable(chosen, name).wrap()).clicked() {
                card.id.clone_into(&mut draft.recipe);
            }
            if chosen {
                ui.indent(card.id, |ui| about(ui, &card));
            }
        }
    });
}

fn about(ui: &mut Ui, card: &Card) {
    let oracle = match card.oracle {
        OracleUse::None => t("compose.oracle_none"),
        OracleUse::Annotator => t("compose.oracle_annotator"),
        OracleUse::Verifier => t("compose.oracle_verifier"),
    };
    for (name, text) in [
        (t("compose.paper"), card.paper),
        (t("compose.claim"), card.claim),
        (t("compose.fidelity"), card.fidelity),
        (t("compose.truth"), oracle),
    ] {
        line(ui, name, |ui, _| {
            // The first line stands as high as the name.
            let line = ui.text_style_height(&egui::TextStyle::Body);
            ui.add_space((theme::sizes().control_height - line) / 2.0);
            ui.add(Label::new(text).wrap());
        });
    }
}

/// Model, base, prompts, device and the rest that is no hyper-parameter.
pub fn subject(ui: &mut Ui, draft: &mut Draft, checked: &Checked, scene: &mut Scene<'_>) {
    section(ui, t("compose.subject"), |ui| {
        line(ui, t("compose.model"), |ui, label| {
            path(ui, label, &mut draft.model, t("compose.model_hint"), (t("compose.choose_model"), Pick::Model), scene);
            note(ui, t("compose.model_note"));
        });
        line(ui, t("compose.base"), |ui, label| {
            path(ui, label, &mut draft.base, t("compose.base_hint"), (t("compose.choose_base"), Pick::Base), scene);
            note(ui, if checked.uses_base { t("compose.base_used") } else { t("compose.base_unused") });
        });
        line(ui, t("compose.prompts"), |ui, label| prompts(ui, label, draft, checked, scene));
        line(ui, t("compose.device"), |ui, label| device(ui, label, draft));
        line(ui, t("compose.seed"), |ui, label| {
            let width = theme::sizes().control_height * 4.0;
            ui.add(field(&mut draft.seed, width)).labelled_by(label);
            match checked.about(&Field::Seed) {
                Some(message) => problem(ui, message),
                None => note(ui, t("compose.seed_note")),
            }
        });
        line(ui, t("compose.amount"), |ui, _| {
            ui.checkbox(&mut draft.quick, t("compose.quick"));
            note(ui, t("compose.quick_note"));
            ui.checkbox(&mut draft.controls, t("compose.controls"));
            let none = draft.from_file || !checked.has_controls;
            note(ui, if none { t("compose.controls_none") } else { t("compose.controls_note") });
        });
        line(ui, t("compose.out"), |ui, label| {
            let hint = words::with("compose.out_hint", &[("recipe", &draft.recipe), ("seed", &draft.seed.trim())]);
            path(ui, label, &mut draft.out, &hint, (t("compose.choose_out"), Pick::Out), scene);
            note(ui, t("compose.out_note"));
        });
        if let Some(message) = checked.about(&Field::Whole) {
            problem(ui, message);
        }
    });
}

/// A field for a path, and a button that picks one.
fn path(ui: &mut Ui, label: Id, text: &mut String, hint: &str, pick: (&str, Pick), scene: &mut Scene<'_>) {
    ui.horizontal_wrapped(|ui| {
        let width = (ui.available_width() - 170.0).clamp(160.0, 460.0);
        let hint = RichText::new(hint).color(theme::palette(ui).muted);
        ui.add(field(text, width).hint_text(hint)).labelled_by(label);
        if ui.button(pick.0).clicked() {
            scene.ask(Action::Pick(pick.1));
        }
    });
}

/// Writes down a world; the recipe's own is not written.
pub fn take_world(draft: &mut Draft, name: &str) {
    let default = draft.own_world() == name;
    (if default { "" } else { name }).clone_into(&mut draft.world);
}

fn prompts(ui: &mut Ui, label: Id, draft: &mut Draft, checked: &Checked, scene: &mut Scene<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.radio_value(&mut draft.from_file, false, t("compose.from_world"));
        ui.radio_value(&mut draft.from_file, true, t("compose.from_file"));
    });
    if draft.from_file {
        let pick = (t("compose.choose_data"), Pick::Data);
        path(ui, label, &mut draft.data, t("compose.data_hint"), pick, scene);
        if let Some(message) = checked.about(&Field::Data) {
            problem(ui, message);
        }
        note(ui, t("compose.data_note"));
        return;
    }
    let written = world::NAMES.iter().copied().find(|name| *name == draft.world);
    let chosen = written.unwrap_or_else(|| draft.own_world());
    let list = ComboBox::from_id_salt("compose_world").selected_text(chosen).show_ui(ui, |ui| {
        for name in world::NAMES {
            if ui.selectable_label(chosen == *name, *name).clicked() {
                take_world(draft, name);
            }
        }
    });
    list.response.labelled_by(label);
    note(ui, t("compose.world_note"));
}

fn device(ui: &mut Ui, label: Id, draft: &mut Draft) {
    let devices =
        [("auto", t("compose.device_auto")), ("cpu", t("compose.device_cpu")), ("gpu", t("compose.device_gpu"))];
    let chosen = devices.iter().find(|(id, _)| *id == draft.device).map_or("", |(_, name)| name);
    let list = ComboBox::from_id_salt("compose_device").width(280.0).selected_text(chosen).show_ui(ui, |ui| {
        for (id, name) in devices {
            ui.selectable_value(&mut draft.device, id.to_owned(), name);
        }
    });
    list.response.labelled_by(label);
}
