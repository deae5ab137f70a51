//! The search field and the filters above the list.

use egui::{ComboBox, Role, TextEdit, Ui, WidgetInfo};

use super::{
    detail::iteration_name,
    search::{Kind, Pairs, Query},
};
use crate::{
    fold::RunView,
    view::{
        theme,
        words::{self, t},
    },
};

/// Draws the filters.
pub fn ui(ui: &mut Ui, view: &RunView, query: &mut Query) {
    let field = TextEdit::singleline(&mut query.text)
        .hint_text(t("answers.search_hint"))
        .desired_width(f32::INFINITY)
        .min_size(egui::vec2(0.0, theme::sizes().control_height));
    let field = ui.add(field);
    // The hint is gone for screen readers as soon as there is text.
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, true, t("answers.search"));
        info.current_text_value = Some(query.text.clone());
        info
    });
    let mut iterations: Vec<u32> = view.arms.values().flat_map(|arm| arm.iterations.keys().copied()).collect();
    iterations.sort_unstable();
    iterations.dedup();
    ui.horizontal_wrapped(|ui| {
        let arms = view.arms.keys().map(|arm| (Some(*arm), words::arm(*arm).to_owned()));
        choose(ui, t("answers.arm"), t("answers.any_arm"), &mut query.arm, arms);
        let iterations = iterations.into_iter().map(|number| (Some(number), iteration_name(number)));
        choose(ui, t("answers.iteration"), t("answers.any_iteration"), &mut query.iteration, iterations);
        let kinds = [(Kind::Training, t("answers.training")), (Kind::HeldOut, t("answers.held_out"))];
        let kinds = kinds.into_iter().map(|(kind, name)| (Some(kind), name.to_owned()));
        choose(ui, t("answers.rows"), t("answers.any_rows"), &mut query.kind, kinds);
        let pairs = [(Pairs::Kept, t("answers.only_kept")), (Pairs::Dropped, t("answers.only_dropped"))];
        let pairs = pairs.into_iter().map(|(pairs, name)| (Some(pairs), name.to_owned()));
        choose(ui, t("answers.pairs_filter"), t("answers.any_pairs"), &mut query.pairs, pairs);
    });
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut query.disagree, t("answers.disagree")).on_hover_text(t("answers.disagree_hint"));
        let oracle = view.has_oracle();
        ui.add_enabled(oracle, egui::Checkbox::new(&mut query.wrong, t("answers.wrong")))
            .on_hover_text(t("answers.wrong_hint"))
            .on_disabled_hover_text(t("answers.wrong_unknown"));
        if *query != Query::default() && ui.small_button(t("answers.reset")).clicked() {
            *query = Query::default();
        }
    });
}

/// One of several, or any.
fn choose<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &'static str,
    any: &str,
    value: &mut Option<T>,
    choices: impl Iterator<Item = (Option<T>, String)>,
) {
    let choices: Vec<(Option<T>, String)> = std::iter::once((None, any.to_owned())).chain(choices).collect();
    let shown = choices.iter().find(|(choice, _)| choice == value).map_or(any, |(_, text)| text.as_str()).to_owned();
    let combo = ComboBox::from_id_salt(("answers", name)).width(112.0).truncate().selected_text(&shown);
    let response = combo.show_ui(ui, |ui| {
        for (choice, text) in choices {
            ui.selectable_value(value, choice, text);
        }
    });
    let label = format!("{name}: {shown}");
    response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &label));
    response.response.on_hover_text(name);
}
