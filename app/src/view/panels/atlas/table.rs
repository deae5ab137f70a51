//! The methods as rows of a table, or as cards where that is too wide.

use egui::{Grid, Label, Link, RichText, Role, Ui, WidgetInfo, vec2};

use super::{
    bar::{Scale, bar},
    data::{Estimate, Row},
    order::{Column, Order},
    shown,
};
use crate::{
    format,
    view::{
        theme,
        words::{t, with},
    },
};

/// Widths of a bar, at least and at most.
const BAR: (f32, f32) = (70.0, 240.0);

/// The room that the rest of a row takes, in points.
const REST: f32 = 1080.0;

/// What was pressed.
#[derive(Debug, Default)]
pub struct Pressed {
    /// The method whose page is wanted.
    pub page: Option<String>,
    /// The row, by its place in the atlas, whose details are wanted, or no longer.
    pub details: Option<usize>,
}

/// The scales of the columns with bars.
struct Scales {
    effect: Scale,
    reward: Scale,
    judges: Scale,
}

impl Scales {
    fn of(rows: &[(usize, &Row)]) -> Self {
        let of = |pick: fn(&Row) -> Option<&Estimate>| rows.iter().filter_map(move |(_, row)| pick(row));
        Self {
            effect: Scale::of(of(Row::effect), Some(0.0), true),
            reward: Scale::of(of(|row| row.reward.as_ref()), None, false),
            judges: Scale::of(of(|row| row.judges.as_ref()), Some(0.5), false),
        }
    }
}

/// Draws the table of rows with their places in the atlas, and below it the details of the chosen one.
pub fn ui(ui: &mut Ui, rows: &[(usize, &Row)], order: &mut Order, chosen: Option<usize>) -> Pressed {
    let step = theme::sizes().step;
    let width = ((ui.available_width() - REST) / 3.0).clamp(BAR.0, BAR.1);
    let scales = Scales::of(rows);
    let mut pressed = Pressed::default();
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        egui::ScrollArea::horizontal().id_salt("atlas-table").show(ui, |ui| {
            let grid = Grid::new("atlas-table").num_columns(Column::ALL.len()).striped(true);
            grid.spacing(vec2(step * 3.0, step * 1.5)).show(ui, |ui| {
                for column in Column::ALL {
                    order.head(ui, column);
                }
                ui.end_row();
                for &(place, row) in rows {
                    ui.horizontal(|ui| name(ui, (place, row), chosen, &mut pressed));
                    shown::mark(ui, row.verdict);
                    let ink = shown::ink(&theme::palette(ui), row.verdict);
                    cell(ui, row, Column::Effect, row.effect(), &scales.effect, (width, Some(ink)));
                    cell(ui, row, Column::Reward, row.reward.as_ref(), &scales.reward, (width, None));
                    cell(ui, row, Column::Judges, row.judges.as_ref(), &scales.judges, (width, None));
                    for column in Column::PLAIN {
                        ui.label(column.text(row));
                    }
                    ui.end_row();
                }
            });
        });
    });
    if let Some((_, row)) = rows.iter().find(|(place, _)| chosen == Some(*place)) {
        ui.add_space(step);
        theme::card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(row.name()).strong());
            shown::verdict(ui, row);
        });
    }
    pressed
}

/// Draws the cards, and in that of the chosen row its details.
pub fn cards(ui: &mut Ui, rows: &[(usize, &Row)], chosen: Option<usize>) -> Pressed {
    let scales = Scales::of(rows);
    let mut pressed = Pressed::default();
    for &(place, row) in rows {
        theme::card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_wrapped(|ui| {
                name(ui, (place, row), chosen, &mut pressed);
                shown::mark(ui, row.verdict);
            });
            if let Some(test) = row.tests.first() {
                ui.add(Label::new(RichText::new(&test.says).small()).wrap());
            }
            let ink = shown::ink(&theme::palette(ui), row.verdict);
            let lines = [
                (Column::Effect, row.effect(), &scales.effect, Some(ink)),
                (Column::Reward, row.reward.as_ref(), &scales.reward, None),
                (Column::Judges, row.judges.as_ref(), &scales.judges, None),
            ];
            Grid::new(("atlas-card", place)).num_columns(2).min_row_height(0.0).show(ui, |ui| {
                for (column, estimate, scale, ink) in lines {
                    if estimate.is_some() {
                        ui.label(RichText::new(column.name()).small().color(theme::palette(ui).muted));
                        let width = (ui.available_width() - 60.0).clamp(BAR.0, BAR.1);
                        cell(ui, row, column, estimate, scale, (width, ink));
                        ui.end_row();
                    }
                }
            });
            let plain = Column::PLAIN.into_iter().filter(|column| column.number(row).is_some());
            let plain = plain.map(|column| {
                let values: [(&str, &dyn std::fmt::Display); 2] =
                    [("column", &column.name()), ("number", &column.text(row))];
                with("atlas.of_column", &values)
            });
            let plain = plain.collect::<Vec<_>>().join(" · ");
            ui.add(Label::new(RichText::new(plain).small().color(theme::palette(ui).muted)).wrap());
            if chosen == Some(place) {
                ui.separator();
                shown::verdict(ui, row);
            }
        });
    }
    pressed
}

/// The name, which leads to the page of the method, and a button for what else is known of the row.
fn name(ui: &mut Ui, (place, row): (usize, &Row), chosen: Option<usize>, pressed: &mut Pressed) {
    let name = row.name();
    if ui.add(Link::new(&name)).on_hover_text(t("atlas.to_page")).clicked() {
        pressed.page = Some(row.recipe.clone());
    }
    let chosen = chosen == Some(place);
    let button = ui.selectable_label(chosen, RichText::new(t("atlas.details")).small());
    let spoken = with("atlas.details_of", &[("method", &name)]);
    button.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &spoken));
    if button.clicked() {
        pressed.details = Some(place);
    }
}

fn cell(
    ui: &mut Ui,
    row: &Row,
    column: Column,
    estimate: Option<&Estimate>,
    scale: &Scale,
    (width, ink): (f32, Option<egui::Color32>),
) {
    let Some(estimate) = estimate else {
        ui.weak(format::NOTHING);
        return;
    };
    let what = with("atlas.of_method", &[("method", &row.name()), ("column", &column.name())]);
    let meaning = shown::meaning(&what, estimate, scale);
    ui.horizontal(|ui| {
        let ink = ink.unwrap_or(theme::palette(ui).accent);
        bar(ui, width, estimate, scale, ink, &meaning);
        ui.label(RichText::new(scale.number(estimate.mean)).monospace());
    });
}
