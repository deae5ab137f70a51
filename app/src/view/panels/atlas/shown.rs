//! How verdicts and numbers of an atlas look, here and on the pages of methods.

use egui::{Color32, Label, RichText, Ui};

use super::{
    bar::{Scale, bar},
    data::{Estimate, Row, Verdict},
};
use crate::{
    format::{self, whole},
    view::{
        icons::{self, Icon},
        theme::{self, Palette},
        words::{t, with},
    },
};

/// The width of a bar that stands alone.
const BAR: f32 = 320.0;

/// The width of the name before it.
const NAME: f32 = 110.0;

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

/// What an atlas says about one method: the verdict, what was compared, and the figures at the end.
pub fn verdict(ui: &mut Ui, row: &Row) {
    mark(ui, row.verdict);
    let palette = theme::palette(ui);
    // Differences stand around nought, rewards and shares between 0 and 1.
    let alone = |mean: f64| Estimate { mean, low: f64::NAN, high: f64::NAN };
    let range = [alone(0.0), alone(1.0)];
    let effects = || row.tests.iter().filter_map(|test| test.effect.as_ref());
    let both: Vec<Estimate> = effects()
        .flat_map(|effect| [effect.mean, effect.low, effect.high])
        .filter(|end| end.is_finite())
        .flat_map(|end| [alone(end), alone(-end)])
        .collect();
    let differences = Scale::of(both.iter(), Some(0.0), true);
    for test in &row.tests {
        ui.add_space(theme::sizes().step);
        ui.add(Label::new(&test.says).wrap());
        let against = [("against", &test.against as &dyn std::fmt::Display), ("verdict", &word(test.verdict))];
        let beside = if test.decides { with("atlas.decides", &against) } else { with("atlas.beside", &against) };
        ui.add(Label::new(RichText::new(beside).small().color(palette.muted)).wrap());
        if let Some(effect) = &test.effect {
            line(
                ui,
                test.says.trim_end_matches('.'),
                t("atlas.effect"),
                effect,
                &differences,
                ink(&palette, test.verdict),
            );
        }
        if let Some(interval) = test.bootstrap() {
            let [low, high] = [interval.low, interval.high].map(|end| differences.number(end));
            small(ui, &with("atlas.bootstrap", &[("low", &low), ("high", &high)]));
        }
    }
    ui.add_space(theme::sizes().step);
    let figures = [
        (t("atlas.start"), &row.start, Scale::of(range.iter(), None, false)),
        (t("atlas.reward"), &row.reward, Scale::of(range.iter(), None, false)),
        (t("atlas.judges"), &row.judges, Scale::of(range.iter(), Some(0.5), false)),
    ];
    for (name, estimate, scale) in figures {
        if let Some(estimate) = estimate {
            line(ui, name, name, estimate, &scale, palette.accent);
        }
    }
    small(ui, &with("atlas.of_seeds", &[("count", &row.seeds)]));
    beside(ui, row);
}

/// What else is known of a row: further figures, what a seed spent, and where the seeds were computed.
fn beside(ui: &mut Ui, row: &Row) {
    if let Some(agreement) = &row.agreement {
        small(ui, &with("atlas.agreed", &[("share", &format::number(agreement.mean))]));
    }
    if let Some(length) = &row.length {
        small(ui, &with("atlas.long", &[("tokens", &format::tenths(length.mean))]));
    }
    if let Some(spent) = row.spent {
        let values: [(&str, &dyn std::fmt::Display); 3] = [
            ("steps", &whole(spent.steps)),
            ("drawn", &whole(spent.drawn_tokens)),
            ("time", &format::duration(spent.seconds)),
        ];
        small(ui, &with("atlas.spent", &values));
    }
    for (arm, spent) in &row.unequal {
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("arm", arm), ("steps", &whole(spent.steps)), ("drawn", &whole(spent.drawn_tokens))];
        small(ui, &with("atlas.unequal", &values));
    }
    for made in &row.made {
        small(ui, &made.words());
    }
}

fn small(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).small().color(theme::palette(ui).muted)).wrap());
}

/// An estimate with its name before it; `spoken` is its name for those who do not see what stands above it.
fn line(ui: &mut Ui, spoken: &str, name: &str, estimate: &Estimate, scale: &Scale, ink: Color32) {
    let step = theme::sizes().step;
    ui.horizontal(|ui| {
        let name = RichText::new(name).small().color(theme::palette(ui).muted);
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(NAME, theme::sizes().text * 1.3), layout, |ui| {
            ui.set_min_width(NAME);
            ui.label(name);
        });
        let room = ui.available_width() - 14.0 * step;
        bar(ui, BAR.min(room).max(40.0), estimate, scale, ink, &meaning(spoken, estimate, scale));
        ui.label(RichText::new(scale.number(estimate.mean)).monospace());
    });
}
