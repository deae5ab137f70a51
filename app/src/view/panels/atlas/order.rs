//! In which order methods stand.

use std::cmp::Ordering;

use egui::{Atom, Button, Color32, Role, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::data::{Estimate, Row, Verdict};
use crate::{
    format,
    view::words::{t, with},
};

/// What a row has a cell for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Column {
    /// The name.
    Method,
    /// Whether its claim was reproduced.
    #[default]
    Verdict,
    /// By how much it differs from what its claim compares it with.
    Effect,
    /// The oracle's reward at the end.
    Reward,
    /// How often judges are right at the end.
    Judges,
    /// On how many pairs all judges agree at the end.
    Agreement,
    /// How long answers are at the end.
    Length,
    /// Optimiser steps of a seed.
    Steps,
    /// Tokens that a seed drew to learn from.
    Drawn,
    /// Runs behind the numbers.
    Seeds,
    /// When they were computed.
    Written,
}

impl Column {
    /// All, from left to right.
    pub const ALL: [Self; 11] = [
        Self::Method,
        Self::Verdict,
        Self::Effect,
        Self::Reward,
        Self::Judges,
        Self::Agreement,
        Self::Length,
        Self::Steps,
        Self::Drawn,
        Self::Seeds,
        Self::Written,
    ];

    /// Those whose cells are numbers without a bar.
    pub const PLAIN: [Self; 6] = [Self::Agreement, Self::Length, Self::Steps, Self::Drawn, Self::Seeds, Self::Written];

    /// The head of the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Method => t("atlas.method"),
            Self::Verdict => t("atlas.verdict"),
            Self::Effect => t("atlas.effect"),
            Self::Reward => t("atlas.reward"),
            Self::Judges => t("atlas.judges"),
            Self::Agreement => t("atlas.agreement"),
            Self::Length => t("atlas.length"),
            Self::Steps => t("atlas.steps"),
            Self::Drawn => t("atlas.drawn"),
            Self::Seeds => t("atlas.seeds"),
            Self::Written => t("atlas.written"),
        }
    }

    /// What it means.
    pub fn explained(self) -> &'static str {
        match self {
            Self::Method => t("atlas.method_hint"),
            Self::Verdict => t("atlas.verdict_hint"),
            Self::Effect => t("atlas.effect_hint"),
            Self::Reward => t("atlas.reward_hint"),
            Self::Judges => t("atlas.judges_hint"),
            Self::Agreement => t("atlas.agreement_hint"),
            Self::Length => t("atlas.length_hint"),
            Self::Steps => t("atlas.steps_hint"),
            Self::Drawn => t("atlas.drawn_hint"),
            Self::Seeds => t("atlas.seeds_hint"),
            Self::Written => t("atlas.written_hint"),
        }
    }

    /// The number of a row that it is sorted by, where it has one.
    #[allow(clippy::cast_precision_loss)] // seeds
    pub fn number(self, row: &Row) -> Option<f64> {
        let mean = |estimate: Option<&Estimate>| estimate.map(|estimate| estimate.mean);
        let number = match self {
            Self::Method => None,
            Self::Verdict => rank(row),
            Self::Effect => mean(row.effect()),
            Self::Reward => mean(row.reward.as_ref()),
            Self::Judges => mean(row.judges.as_ref()),
            Self::Agreement => mean(row.agreement.as_ref()),
            Self::Length => mean(row.length.as_ref()),
            Self::Steps => row.spent.map(|spent| spent.steps),
            Self::Drawn => row.spent.map(|spent| spent.drawn_tokens),
            Self::Seeds => Some(row.seeds as f64),
            Self::Written => row.written(),
        };
        number.filter(|number| number.is_finite())
    }

    /// What stands in a cell without a bar.
    pub fn text(self, row: &Row) -> String {
        let Some(number) = self.number(row) else { return format::NOTHING.to_owned() };
        match self {
            Self::Length => format::tenths(number),
            Self::Steps | Self::Drawn | Self::Seeds => format::whole(number),
            // The day is enough to compare by.
            Self::Written => format::moment(number).split(' ').next().unwrap_or_default().to_owned(),
            _ => format::number(number),
        }
    }
}

/// The order of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// By which column; by how well a claim held until somebody chooses.
    pub by: Column,
    /// Whether the usual direction of the column is turned round.
    pub turned: bool,
}

impl Order {
    /// Sorts, each row with its place before; rows without a number stand at the end either way, and equal ones by
    /// name.
    pub fn sorted(self, rows: &[Row]) -> Vec<(usize, &Row)> {
        let mut sorted: Vec<(usize, &Row)> = rows.iter().enumerate().collect();
        let larger = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) if self.turned => a.total_cmp(&b),
            (Some(a), Some(b)) => b.total_cmp(&a),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        let by = |column: Column, a: &Row, b: &Row| larger(column.number(a), column.number(b));
        sorted.sort_by(|(_, a), (_, b)| {
            let by_name = a.name().to_lowercase().cmp(&b.name().to_lowercase());
            match self.by {
                Column::Method if self.turned => by_name.reverse(),
                Column::Method => by_name,
                Column::Verdict => by(Column::Verdict, a, b).then_with(|| by(Column::Effect, a, b)).then(by_name),
                column => by(column, a, b).then(by_name),
            }
        });
        sorted
    }

    /// A column was pressed.
    fn press(&mut self, column: Column) {
        let turned = self.by == column && !self.turned;
        *self = Self { by: column, turned };
    }

    /// The head of a column, which sorts by it.
    pub fn head(&mut self, ui: &mut Ui, column: Column) {
        let chosen = self.by == column;
        // Names rise, numbers fall.
        let rising = (column == Column::Method) != self.turned;
        let mark = Atom::paint(vec2(9.0, 9.0), move |ui, args| {
            if chosen {
                triangle(ui, args.rect, rising, args.fallback_text_color);
            }
        });
        let button = ui.add(Button::new((column.name(), mark)).frame(false)).on_hover_text(column.explained());
        let values: [(&str, &dyn std::fmt::Display); 1] = [("column", &column.name())];
        let name = match (chosen, rising) {
            (false, _) => with("atlas.sort", &values),
            (true, true) => with("atlas.sorted_rising", &values),
            (true, false) => with("atlas.sorted_falling", &values),
        };
        button.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &name));
        if button.clicked() {
            self.press(column);
        }
    }

    /// The same where there are no columns.
    pub fn choose(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            ui.weak(t("atlas.sort_by"));
            let mut by = self.by;
            let combo = egui::ComboBox::from_id_salt("atlas-order").selected_text(by.name()).show_ui(ui, |ui| {
                for column in Column::ALL {
                    ui.selectable_value(&mut by, column, column.name());
                }
            });
            combo.response.widget_info(|| {
                let mut info = WidgetInfo::labeled(Role::ComboBox, true, t("atlas.sort_by"));
                info.current_text_value = Some(by.name().to_owned());
                info
            });
            if by != self.by {
                *self = Self { by, turned: false };
            }
            ui.checkbox(&mut self.turned, t("atlas.turned"));
        });
    }
}

/// The better a claim held, the more.
fn rank(row: &Row) -> Option<f64> {
    row.verdict.map(|verdict| match verdict {
        Verdict::Reproduced => 2.0,
        Verdict::Inconclusive => 1.0,
        Verdict::NotReproduced => 0.0,
    })
}

fn triangle(ui: &Ui, rect: egui::Rect, up: bool, color: Color32) {
    let (tip, foot) = if up { (rect.top(), rect.bottom()) } else { (rect.bottom(), rect.top()) };
    let points = vec![pos2(rect.left(), foot), pos2(rect.right(), foot), pos2(rect.center().x, tip)];
    ui.painter().add(Shape::convex_polygon(points, color, Stroke::NONE));
}
