//! How verdicts and numbers of an atlas look, here and on the pages of methods.

use egui::{Color32, Label, RichText, Ui};

use super::{
    bar::{Scale, bar},
    data::{Estimate, Row, Verdict},
};
use crate::view::{
    icons::{self, Icon},
    theme::{self, Palette},
    words::{t, with},
};

/// The width of a bar that stands alone.
const BAR: f32 = 320.0;

/// The word for a verdict.
pub fn word(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Reproduced) => t("atlas.reproduced"),
        Some(Verdict::NotReproduced) => t("atlas.not_reproduced"),
        Some(Verdict::Inconclusive) => t("atlas.inconclusive"),
        None => t("atlas.untested"),
    }
}

/// The colour of a verdict, beside its word and its mark.
pub fn ink(palette: &Palette, verdict: Option<Verdict>) -> Color32 {
    match verdict {
        Some(Verdict::Reproduced) => palette.good,
        Some(Verdict::NotReproduced) => palette.bad,
        Some(Verdict::Inconclusive) => palette.warn,
        None => palette.muted,
    }
}

/// A verdict: its mark and its word.
pub fn mark(ui: &mut Ui, verdict: Option<Verdict>) {
    let ink = ink(&theme::palette(ui), verdict);
    let icon = match verdict {
        Some(Verdict::Reproduced) => Some(Icon::Done),
        Some(Verdict::NotReproduced) => Some(Icon::Cross),
        Some(Verdict::Inconclusive) => Some(Icon::Open),
        None => None,
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 1.5 * theme::sizes().step;
        if let Some(icon) = icon {
            icons::show(ui, icon, 12.0, ink);
        }
        ui.colored_label(ink, word(verdict));
    });
}

/// An estimate in words.
pub fn meaning(what: &str, estimate: &Estimate, scale: &Scale) -> String {
    let mean = scale.number(estimate.mean);
    if estimate.low.is_finite() && estimate.high.is_finite() {
        let (low, high) = (scale.number(estimate.low), scale.number(estimate.high));
        with("atlas.meaning", &[("what", &what), ("mean", &mean), ("low", &low), ("high", &high)])
    } else {
        with("atlas.meaning_alone", &[("what", &what), ("mean", &mean)])
    }
}

/// What an atlas says about one method: the verdict, the sentence, and the effect.
pub fn verdict(ui: &mut Ui, row: &Row) {
    mark(ui, row.verdict);
    if !row.sentence.is_empty() {
        ui.add(Label::new(&row.sentence).wrap());
    }
    let palette = theme::palette(ui);
    let figures = [
        (t("atlas.effect"), &row.effect, Some(0.0), true),
        (t("atlas.reward"), &row.reward, None, false),
        (t("atlas.judges"), &row.judges, Some(0.5), false),
    ];
    for (name, estimate, mark, signed) in figures {
        let Some(estimate) = estimate else { continue };
        // Rewards and shares lie between 0 and 1; differences stand around nought.
        let whole = [Estimate { mean: if signed { -estimate.mean.abs() } else { 0.0 }, low: f64::NAN, high: f64::NAN },
            Estimate { mean: if signed { estimate.mean.abs() } else { 1.0 }, low: f64::NAN, high: f64::NAN }];
        let scale = Scale::of(whole.iter().chain([estimate]), mark, signed);
        let text = meaning(name, estimate, &scale);
        ui.add_space(theme::sizes().step / 2.0);
        ui.add(Label::new(RichText::new(&text).small().color(palette.muted)).wrap());
        let ink = if signed { ink(&palette, row.verdict) } else { palette.accent };
        bar(ui, BAR.min(ui.available_width()), estimate, &scale, ink, &text);
    }
    let seeds = with("atlas.of_seeds", &[("count", &row.seeds)]);
    ui.label(RichText::new(seeds).small().color(palette.muted));
}
