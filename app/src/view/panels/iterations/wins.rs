//! Which iterate wins how often against which other, as a square.

use egui::Ui;
use selfsame_core::run::Arm;

use super::noted;
use crate::{
    fold::RunView,
    format,
    view::{
        matrix::{Matrix, Square},
        section,
        words::{t, with},
    },
};

/// What the log calls the rows.
pub const NAME: &str = "wins against iterates";

/// The square of an arm: who the row is against who the column is. What is known of two is known both ways round.
pub fn square(view: &RunView, arm: Arm) -> Option<Square> {
    // Not by way of all that was noted: what tokens are worth would be copied with it.
    let notes = view.arms.get(&arm)?.iterations.values().flat_map(|of| &of.notes);
    let rows: Vec<&[f32]> = notes.filter(|(name, _)| name == NAME).map(|(_, values)| values.as_slice()).collect();
    let count = rows.iter().map(|values| values.len()).max()?;
    let value = |row: usize, column: usize| -> Option<f64> {
        let values = rows.iter().find(|values| values.len() == row + 1)?;
        values.get(column).map(|value| f64::from(*value))
    };
    let either = |row: usize, column: usize| match row.cmp(&column) {
        std::cmp::Ordering::Less => value(column, row).map(|wins| 1.0 - wins),
        _ => value(row, column),
    };
    let names = std::iter::once(t("run.start").to_owned()).chain((1..).map(noted::named));
    Some(Square {
        names: names.take(count).collect(),
        values: (0..count).map(|row| (0..count).map(|column| either(row, column)).collect()).collect(),
    })
}

/// Draws it.
pub fn ui(ui: &mut Ui, square: &Square) {
    section::section(ui, t("noted.wins_against_iterates.title"), t("noted.wins_against_iterates.sentence"), |ui| {
        let explain = |first: &str, second: &str, value: f64| {
            with("iterations.wins_cell", &[("first", &first), ("second", &second), ("value", &format::number(value))])
        };
        Matrix { id: "wins", square, hint: t("iterations.wins_hint"), beside: None, explain: &explain }.ui(ui);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::{note, synthetic};

    #[test]
    fn rows_become_a_square_that_can_be_read_both_ways() {
        let mut records = synthetic();
        records.splice(12..12, [note(1, NAME, &[0.75, 0.5]), note(2, NAME, &[0.75, 0.625, 0.5])]);
        let view = RunView::of(&records).unwrap();
        let square = square(&view, Arm::Main).unwrap();
        assert_eq!(square.names.len(), 3);
        assert_eq!(square.values[0], [None, Some(0.25), Some(0.25)], "the start never played itself");
        assert_eq!(square.values[1], [Some(0.75), Some(0.5), Some(0.375)]);
        assert_eq!(square.values[2], [Some(0.75), Some(0.625), Some(0.5)]);
        assert!(super::square(&view, Arm::RandomLabels).is_none());
    }
}
