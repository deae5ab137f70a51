//! What runs that differ only in their seed say together.

use egui::Ui;
use selfsame_core::{measure::Measurement, run::Arm};

use super::{choice::Named, tables::table};
use crate::{
    comparison::{Figure, Group, Spread, spread},
    fold::RunView,
    format::{NOTHING, number},
    view::{
        section::section,
        words::{t, with},
    },
};

/// A number of an arm that is shown.
type Picked = (Figure, Arm, fn(&Measurement) -> Option<f64>);

/// What is shown of each group.
const ROWS: [Picked; 7] = [
    (Figure::Sampled, Arm::Main, |m| m.sampled.reward.map(|mean| mean.mean)),
    (Figure::Greedy, Arm::Main, |m| m.greedy.reward.map(|mean| mean.mean)),
    (Figure::Control(Arm::RandomLabels), Arm::RandomLabels, |m| m.sampled.reward.map(|mean| mean.mean)),
    (Figure::Control(Arm::OracleLabels), Arm::OracleLabels, |m| m.sampled.reward.map(|mean| mean.mean)),
    (Figure::Length, Arm::Main, |m| Some(m.sampled.length)),
    (Figure::Divergence, Arm::Main, |m| Some(m.kl_to_start)),
    (Figure::Agreement, Arm::Main, |m| m.on_policy.as_ref().map(|quality| quality.kept)),
];

/// Draws the card. `groups` are those of the chosen runs, by position.
pub fn ui(ui: &mut Ui, chosen: &[Named<'_>], groups: &[Group]) {
    let views: Vec<&RunView> = chosen.iter().filter_map(|named| named.view).collect();
    let several: Vec<&Group> = groups.iter().filter(|group| group.seeds.len() > 1).collect();
    let sentence = if several.is_empty() { t("compare.seeds_none") } else { t("compare.seeds_sentence") };
    section(ui, t("compare.seeds_title"), sentence, |ui| {
        for (index, group) in several.iter().enumerate() {
            let members: Vec<&Named<'_>> = group.runs.iter().filter_map(|index| chosen.get(*index)).collect();
            let Some(view) = members.first().and_then(|named| named.view) else { continue };
            let letters: Vec<&str> = members.iter().map(|named| named.letter.as_str()).collect();
            let values: [(&str, &dyn std::fmt::Display); 3] =
                [("letters", &letters.join(", ")), ("recipe", &view.manifest.recipe), ("seeds", &group.seeds.len())];
            ui.strong(with("compare.seeds_group", &values));
            let head = [
                t("compare.figure"),
                t("compare.figure_iteration"),
                t("compare.mean"),
                t("compare.interval"),
                t("compare.deviation"),
                t("compare.range"),
                t("compare.each"),
            ]
            .map(str::to_owned);
            table(ui, &format!("compare-seeds-{index}"), &head, |ui| {
                for (figure, arm, pick) in &ROWS {
                    if let Some(spread) = spread(&views, group, *arm, pick) {
                        ui.label(figure.name());
                        cells(ui, &spread);
                        ui.end_row();
                    }
                }
            });
            if group.runs.len() > group.seeds.len() {
                ui.weak(t("compare.seeds_repeated"));
            }
        }
    });
}

fn cells(ui: &mut Ui, spread: &Spread) {
    let from_to = |low: f64, high: f64| with("compare.from_to", &[("low", &number(low)), ("high", &number(high))]);
    let mean = spread.mean.mean;
    let (low, high) = spread.range();
    ui.label(spread.iteration.to_string());
    ui.label(number(mean));
    ui.label(spread.half().map_or_else(|| NOTHING.to_owned(), |half| from_to(mean - half, mean + half)));
    ui.label(number(spread.deviation));
    ui.label(from_to(low, high));
    let each: Vec<String> = spread
        .values
        .iter()
        .map(|(seed, value)| with("compare.each_value", &[("seed", seed), ("value", &number(*value))]))
        .collect();
    ui.label(each.join(", "));
}
