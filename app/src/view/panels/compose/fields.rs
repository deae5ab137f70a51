//! Every hyper-parameter with what it is, its range, default and source.

use egui::{Align, CollapsingHeader, ComboBox, Id, Label, Layout, RichText, Ui};
use selfsame_core::recipe::settings::Range;

use super::{
    check::{Checked, Row},
    draft::Draft,
    subject::{field as one_line, note, problem, section},
};
use crate::{
    format,
    view::{
        theme,
        words::{self, t},
    },
};

/// Width of the names: the longest is `loop.learn.adamw.weight_decay`.
const NAMES: f32 = 236.0;

/// Width of the fields.
const FIELD: f32 = 130.0;

/// What of the settings is shown.
#[derive(Debug, Default)]
pub struct Fields {
    search: String,
    only_changed: bool,
}

/// The rows of one group, which stand together.
#[derive(Debug, PartialEq)]
struct Group<'a> {
    name: &'a str,
    rows: Vec<&'a Row>,
}

/// The groups in their order, with the rows that are looked for.
fn groups<'a>(rows: &'a [Row], search: &str, only_changed: bool) -> Vec<Group<'a>> {
    let search = search.trim().to_lowercase();
    let found = |row: &Row| {
        (search.is_empty() || row.name.contains(&search) || row.setting.what.to_lowercase().contains(&search))
            && (!only_changed || row.changed)
    };
    let mut groups: Vec<Group<'a>> = Vec::new();
    for row in rows.iter().filter(|row| found(row)) {
        match groups.iter_mut().find(|group| group.name == row.group()) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { name: row.group(), rows: vec![row] }),
        }
    }
    groups
}

/// The name of a group for people; one that has none is called as it is.
fn title(group: &str) -> &str {
    match group {
        "" => t("compose.group_own"),
        "implicit" => t("compose.group_implicit"),
        "loop" => t("compose.group_loop"),
        "options" => t("compose.group_options"),
        "options.sampling" => t("compose.group_held_out"),
        name if name.ends_with("sampling") => t("compose.group_sampling"),
        name if name.ends_with("learn") => t("compose.group_learn"),
        name if name.ends_with("adamw") => t("compose.group_adamw"),
        name => name,
    }
}

impl Fields {
    /// Draws all of them.
    pub fn ui(&mut self, ui: &mut Ui, draft: &mut Draft, checked: &Checked) {
        section(ui, t("compose.settings"), |ui| {
            self.tools(ui, checked);
            let groups = groups(&checked.rows, &self.search, self.only_changed);
            if groups.is_empty() {
                ui.weak(t("compose.nothing_found"));
            }
            let searching = !self.search.trim().is_empty() || self.only_changed;
            for group in groups {
                let wrong = group.rows.iter().any(|row| row.problem.is_some());
                let header = CollapsingHeader::new(RichText::new(heading(&group)).strong())
                    .id_salt(("compose", &draft.recipe, group.name))
                    .default_open(matches!(group.name, "" | "loop" | "implicit"))
                    // What is looked for, or wrong, is not hidden.
                    .open((searching || wrong).then_some(true));
                header.show_unindented(ui, |ui| {
                    for row in group.rows {
                        field(ui, draft, row);
                    }
                });
            }
        });
    }

    fn tools(&mut self, ui: &mut Ui, checked: &Checked) {
        ui.horizontal_wrapped(|ui| {
            let label = ui.label(t("compose.search"));
            ui.add(one_line(&mut self.search, 180.0)).labelled_by(label.id);
            let changed = checked.rows.iter().filter(|row| row.changed).count();
            let text = words::with("compose.only_changed", &[("count", &format::count(changed))]);
            ui.checkbox(&mut self.only_changed, text);
        });
    }
}

/// The name of a group, with what of it is changed or wrong.
fn heading(group: &Group<'_>) -> String {
    let count = |test: fn(&Row) -> bool| group.rows.iter().filter(|row| test(row)).count();
    let mut text = title(group.name).to_owned();
    for (key, count) in [
        (words::with("compose.changed_count", &[("count", &count(|row| row.changed))]), count(|row| row.changed)),
        (
            words::with("compose.wrong_count", &[("count", &count(|row| row.problem.is_some()))]),
            count(|row| row.problem.is_some()),
        ),
    ] {
        if count > 0 {
            text = format!("{text}, {key}");
        }
    }
    text
}

/// One setting: name and field, then what it is.
fn field(ui: &mut Ui, draft: &mut Draft, row: &Row) {
    let mut text = row.text.clone();
    let mut reset = false;
    ui.horizontal(|ui| {
        let height = theme::sizes().control_height;
        let layout = Layout::left_to_right(Align::Center);
        let label = ui.allocate_ui_with_layout(egui::vec2(NAMES, height), layout, |ui| {
            ui.set_min_width(NAMES);
            ui.label(RichText::new(&row.name).monospace())
        });
        editor(ui, row, &mut text, label.inner.id);
        if !row.setting.unit.is_empty() {
            ui.weak(row.setting.unit);
        }
        if row.changed {
            ui.colored_label(theme::palette(ui).accent, t("compose.changed"));
            let name = words::with("compose.reset_name", &[("name", &row.name), ("default", &row.default)]);
            let button = ui.button(words::with("compose.reset", &[("default", &row.default)]));
            reset = button.accessible_name(name).clicked();
        }
    });
    if let Some(message) = &row.problem {
        problem(ui, message);
    }
    note(ui, row.setting.what);
    let facts: [(&str, &dyn std::fmt::Display); 3] =
        [("default", &row.default), ("range", &row.setting.range), ("source", &row.setting.source)];
    note(ui, &words::with("compose.facts", &facts));
    ui.add_space(theme::sizes().step * 2.0);
    if reset || (text != row.text && text == row.default) {
        draft.edits.remove(&row.name);
    } else if text != row.text {
        draft.edits.extend([(row.name.clone(), text)]);
    }
}

/// The field that fits the range.
fn editor(ui: &mut Ui, row: &Row, text: &mut String, label: Id) {
    match row.setting.range {
        Range::Choice(choices) => {
            let list = ComboBox::from_id_salt(&row.name).width(FIELD).selected_text(text.as_str()).show_ui(ui, |ui| {
                for choice in choices {
                    ui.selectable_value(text, (*choice).to_owned(), *choice);
                }
            });
            list.response.labelled_by(label);
        }
        Range::Switch => {
            let mut on = text.trim() == "true";
            let name = if on { t("compose.yes") } else { t("compose.no") };
            let response = ui.checkbox(&mut on, name);
            if response.changed() {
                *text = on.to_string();
            }
            response.labelled_by(label);
        }
        Range::Whole { .. } | Range::Real(..) | Range::Losses => {
            let palette = theme::palette(ui);
            let color = if row.problem.is_some() { palette.bad } else { palette.text };
            ui.add(one_line(text, FIELD).id_salt(&row.name).text_color(color)).labelled_by(label);
        }
    }
}

/// A text that wraps and can be copied by hand.
pub fn code(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).monospace()).wrap().selectable(true));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Request;

    fn checked(edits: &[(&str, &str)]) -> Checked {
        let mut draft = Draft::of(&Request::new("scir"));
        draft.edits = edits.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Checked::of(&draft)
    }

    #[test]
    fn groups_hold_what_is_looked_for() {
        let checked = checked(&[("margin", "0.2"), ("loop.learn.warmup", "7")]);
        let all = groups(&checked.rows, "", false);
        let names: Vec<&str> = all.iter().map(|group| group.name).collect();
        assert_eq!(
            names,
            ["", "implicit", "loop", "loop.sampling", "loop.learn", "loop.learn.adamw", "options", "options.sampling"]
        );
        assert!(all.iter().all(|group| group.name.is_empty() || title(group.name) != group.name));
        assert_eq!(all.iter().map(|group| group.rows.len()).sum::<usize>(), checked.rows.len());
        let changed: Vec<&str> =
            groups(&checked.rows, "", true).iter().flat_map(|group| &group.rows).map(|row| row.name.as_str()).collect();
        assert_eq!(changed, ["margin", "loop.learn.warmup"]);
        // By the name and by what it is.
        assert_eq!(groups(&checked.rows, "WARMUP", false).len(), 2);
        assert_eq!(groups(&checked.rows, "entropy", false).iter().map(|group| group.rows.len()).sum::<usize>(), 2);
        assert!(groups(&checked.rows, "no such thing", false).is_empty());
    }

    #[test]
    fn headings_count_what_is_changed_and_wrong() {
        let checked = checked(&[("loop.learn.epochs", "2"), ("loop.learn.warmup", "7")]);
        let groups = groups(&checked.rows, "", false);
        let learn = groups.iter().find(|group| group.name == "loop.learn").unwrap();
        assert_eq!(heading(learn), "Learning, 2 changed, 1 invalid");
    }
}
