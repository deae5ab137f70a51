//! The numbers behind a finding: small charts and tables beside each other.

use egui::{Label, Ui};
use egui_extras::{Column, TableBuilder};

use crate::{
    diagnosis::{
        Diagnosis, Evidence,
        evidence::{Kind, Lines, Rows},
    },
    view::{
        chart::{Chart, Dash, Series},
        theme,
    },
};

/// Height of a chart in points.
const HEIGHT: f32 = 170.0;
/// Width below which two pieces of evidence stand above each other.
const WIDE: f32 = 420.0;
/// Series colours of the oracle and of levels; signals take the others.
const ORACLE: usize = 2;
/// See [`ORACLE`].
const LEVEL: usize = 7;

/// Draws all evidence of a finding.
pub(super) fn ui(ui: &mut Ui, diagnosis: &Diagnosis) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a handful
    let columns = ((ui.available_width() / WIDE) as usize).clamp(1, 2);
    for (row, pieces) in diagnosis.evidence.chunks(columns).enumerate() {
        ui.columns(pieces.len(), |uis| {
            for (column, (ui, piece)) in uis.iter_mut().zip(pieces).enumerate() {
                let id = format!("diagnosis-{}-{}", diagnosis.id, row * columns + column);
                match piece {
                    Evidence::Lines(lines) => chart(id, lines).ui(ui, HEIGHT),
                    Evidence::Rows(rows) => table(ui, &id, rows),
                }
            }
        });
        ui.add_space(theme::sizes().step);
    }
}

/// The chart of some lines.
pub(super) fn chart(id: String, lines: &Lines) -> Chart {
    let mut signals = (0_usize..).filter(|color| ![ORACLE, LEVEL].contains(color));
    let series = lines
        .traces
        .iter()
        .map(|trace| {
            let (color, dash) = match trace.kind {
                Kind::Signal => (signals.next().unwrap_or_default(), Dash::Solid),
                Kind::Oracle => (ORACLE, Dash::Dotted),
                Kind::Level => (LEVEL, Dash::Dashed),
            };
            Series { name: trace.name.clone(), points: trace.points.clone(), errors: trace.errors.clone(), color, dash }
        })
        .collect();
    let text = str::to_owned;
    let mut chart =
        Chart { id, title: text(lines.title), x: text(lines.x), y: text(lines.y), series, ..Chart::default() };
    chart.whole_x = true;
    chart
}

fn table(ui: &mut Ui, id: &str, rows: &Rows) {
    ui.strong(rows.title);
    let height = theme::sizes().control_height;
    let cell = |ui: &mut Ui, text: &str| {
        ui.add(Label::new(text).truncate()).on_hover_text(text);
    };
    TableBuilder::new(ui)
        .id_salt(id)
        .striped(true)
        .vscroll(false)
        .columns(Column::remainder().at_least(60.0).clip(true), rows.columns.len())
        .header(height, |mut header| {
            for column in &rows.columns {
                header.col(|ui| {
                    ui.add(Label::new(egui::RichText::new(column).weak()).truncate()).on_hover_text(column);
                });
            }
        })
        .body(|body| {
            body.rows(height, rows.rows.len(), |mut row| {
                for text in rows.rows.get(row.index()).into_iter().flatten() {
                    row.col(|ui| cell(ui, text));
                }
            });
        });
}
