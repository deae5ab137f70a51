//! The difference of two runs, figure by figure, and whether chance could have done it.

use egui::{Role, Ui, WidgetInfo};

use super::{choice::Named, tables::table};
use crate::{
    comparison::{Difference, Figure, Row, Value},
    engine::RunId,
    format::{NOTHING, number},
    view::{
        section::section,
        theme,
        words::{t, with},
    },
};

/// Draws the card. `figures` are those of all chosen runs; `two` are the runs that differ, the first two if none were
/// chosen.
pub fn ui(ui: &mut Ui, chosen: &[Named<'_>], figures: &[Row], two: &mut [Option<RunId>; 2]) {
    let place = |run: Option<RunId>, otherwise: usize| {
        chosen.iter().position(|named| Some(named.run) == run).unwrap_or(otherwise)
    };
    let places = [place(two[0], 0), place(two[1], 1)];
    let [Some(first), Some(second)] = places.map(|place| chosen.get(place)) else { return };
    let rows = if first.run == second.run { Vec::new() } else { of_two(figures, places) };
    section(ui, t("compare.difference_title"), &sentence(first, second, &rows), |ui| {
        ui.horizontal_wrapped(|ui| {
            choose(ui, t("compare.first"), chosen, first, &mut two[0]);
            choose(ui, t("compare.second"), chosen, second, &mut two[1]);
        });
        if rows.is_empty() {
            return;
        }
        let minus = with("compare.minus", &[("first", &first.letter), ("second", &second.letter)]);
        let head = [
            t("compare.figure").to_owned(),
            first.title(),
            second.title(),
            minus,
            t("compare.interval").to_owned(),
            t("compare.verdict").to_owned(),
        ];
        table(ui, "compare-difference", &head, |ui| {
            for row in &rows {
                cells(ui, row);
            }
        });
        ui.weak(t("compare.difference_note"));
    });
}

/// The figures of two of the runs: every row in which either has something to say.
fn of_two(figures: &[Row], places: [usize; 2]) -> Vec<Row> {
    let rows = figures.iter().map(|row| Row {
        figure: row.figure.clone(),
        values: places.iter().map(|place| row.values.get(*place).copied().flatten()).collect(),
    });
    rows.filter(|row| row.values.iter().any(Option::is_some)).collect()
}

fn choose(ui: &mut Ui, label: &'static str, chosen: &[Named<'_>], now: &Named<'_>, run: &mut Option<RunId>) {
    ui.weak(label);
    let combo = egui::ComboBox::from_id_salt(label).selected_text(now.title()).show_ui(ui, |ui| {
        for named in chosen {
            if ui.selectable_label(named.run == now.run, named.title()).clicked() {
                *run = Some(named.run);
            }
        }
    });
    combo.response.widget_info(|| WidgetInfo {
        current_text_value: Some(now.title()),
        ..WidgetInfo::labeled(Role::ComboBox, true, label)
    });
}

/// A row of the table; figures that one of the two does not have are left out.
fn cells(ui: &mut Ui, row: &Row) {
    let [Some(first), Some(second)] = row.values.as_slice() else { return };
    let palette = theme::palette(ui);
    let difference = match (first, second) {
        (Value::Mean(a), Value::Mean(b)) => Difference::of(*a, *b),
        _ => None,
    };
    let plain = match (first, second) {
        (Value::Plain(a), Value::Plain(b)) => number(b - a),
        _ => NOTHING.to_owned(),
    };
    ui.label(row.figure.name());
    ui.label(first.text());
    ui.label(second.text());
    match difference {
        Some(difference) => {
            let (low, high) = (difference.value - difference.half(), difference.value + difference.half());
            ui.label(number(difference.value));
            ui.label(with("compare.from_to", &[("low", &number(low)), ("high", &number(high))]));
            if difference.is_clear() {
                ui.colored_label(palette.accent, t("compare.clear"));
            } else {
                ui.weak(t("compare.unclear"));
            }
        }
        None => {
            let known = plain != NOTHING;
            ui.label(plain);
            ui.label(NOTHING);
            ui.weak(if known { t("compare.no_error") } else { "" });
        }
    }
    ui.end_row();
}

/// What the difference means.
fn sentence(first: &Named<'_>, second: &Named<'_>, rows: &[Row]) -> String {
    if first.run == second.run {
        return t("compare.difference_same").to_owned();
    }
    let row = |figure: &Figure| rows.iter().find(|row| row.figure == *figure).map(|row| row.values.as_slice());
    let Some([Some(Value::Mean(a)), Some(Value::Mean(b))]) = row(&Figure::Sampled) else {
        return t("compare.difference_unknown").to_owned();
    };
    let Some(difference) = Difference::of(*a, *b) else {
        return t("compare.difference_unknown").to_owned();
    };
    let values: [(&str, &dyn std::fmt::Display); 4] = [
        ("first", &first.letter),
        ("second", &second.letter),
        ("value", &number(difference.value.abs())),
        ("half", &number(difference.half())),
    ];
    let told = match (difference.is_clear(), difference.value > 0.0) {
        (false, _) => with("compare.difference_unclear", &values),
        (true, true) => with("compare.difference_better", &values),
        (true, false) => with("compare.difference_worse", &values),
    };
    match row(&Figure::Iteration) {
        Some([a, b]) if a != b => format!("{told} {}", t("compare.other_iterations")),
        _ => told,
    }
}
