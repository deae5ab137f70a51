//! The difference of two runs, figure by figure, and whether chance could have done it.

use egui::{Role, Ui, WidgetInfo};

use super::{choice::Named, tables::table};
use crate::{
    comparison::{Difference, Figure, Row, Value, figures},
    engine::RunId,
    format::{NOTHING, number},
    view::{
        section::section,
        theme,
        words::{t, with},
    },
};

/// Draws the card. `two` are the runs that were chosen; the first two if none were.
pub fn ui(ui: &mut Ui, chosen: &[Named<'_>], two: &mut [Option<RunId>; 2]) {
    let find = |run: Option<RunId>| chosen.iter().find(|named| Some(named.run) == run);
    let second = find(two[1]).or(chosen.get(1));
    let Some((first, second)) = find(two[0]).or(chosen.first()).zip(second) else { return };
    let rows = match (first.view, second.view) {
        (Some(a), Some(b)) if first.run != second.run => figures(&[a, b]),
        _ => Vec::new(),
    };
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
