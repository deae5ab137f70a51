//! Judges' verdicts as a table, and whether they agree.

use egui::{Color32, Grid, RichText, Ui};

use super::verdict::{Agreement, Opinion, Verdict};
use crate::{
    format,
    view::{
        theme::{self, Palette},
        words::{t, with},
    },
};

/// The words and the colour of an agreement.
#[must_use]
pub fn agreement(agreement: Agreement, palette: &Palette) -> (&'static str, Color32) {
    match agreement {
        Agreement::All => (t("answers.agree_all"), palette.good),
        Agreement::Split => (t("answers.agree_split"), palette.warn),
        Agreement::Undecided => (t("answers.agree_undecided"), palette.warn),
        Agreement::Alone => (t("answers.agree_alone"), palette.muted),
        Agreement::Nobody => (t("answers.agree_nobody"), palette.muted),
    }
}

/// Draws verdicts on two answers with these names.
pub fn table(ui: &mut Ui, id: egui::Id, verdicts: &[Verdict], names: [&str; 2]) {
    if verdicts.is_empty() {
        return;
    }
    let palette = theme::palette(ui);
    let head = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).small().color(palette.muted));
    Grid::new(id.with("votes")).num_columns(4).min_row_height(0.0).spacing([20.0, 4.0]).show(ui, |ui| {
        head(ui, t("answers.verdict_judge"));
        head(ui, t("answers.verdict_prefers"));
        head(ui, t("answers.verdict_confidence"));
        head(ui, t("answers.verdict_oracle"));
        ui.end_row();
        for verdict in verdicts {
            ui.label(&verdict.judge);
            ui.label(
                verdict.side().map_or(t("answers.verdict_none"), |side| if side == 0 { names[0] } else { names[1] }),
            );
            ui.label(match (verdict.opinion, verdict.confidence()) {
                (Opinion::Scores(first, second), _) => with(
                    "answers.verdict_scores",
                    &[("first", &format::number(f64::from(first))), ("second", &format::number(f64::from(second)))],
                ),
                (_, confidence) => format::maybe(confidence.map(f64::from)),
            });
            match verdict.right {
                Some(true) => ui.colored_label(palette.good, t("answers.verdict_right")),
                Some(false) => ui.colored_label(palette.bad, t("answers.verdict_wrong")),
                None => ui.weak(format::NOTHING),
            };
            ui.end_row();
        }
    });
}
