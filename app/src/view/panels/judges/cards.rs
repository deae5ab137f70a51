//! The cards of the panel.

use egui::{Ui, vec2};
use selfsame_core::measure::Mean;

use super::{
    calibration::Axis,
    findings::{Findings, Judge, Learned, Pairs, Tally},
    meter::{Meter, meters},
    reliability,
    sentences::{self, Worth},
};
use crate::{
    format::{self, NOTHING, number},
    view::{
        matrix::{Matrix, Square},
        section::section,
        theme,
        words::{t, with},
    },
};

/// A verdict that flips at least so often deserves a look.
const FLIPS: f64 = 0.5;

/// A share of longer answers so far from what it should be deserves a look.
const LENGTH: f64 = 0.2;

fn grid(id: &str, columns: usize) -> egui::Grid {
    let step = theme::sizes().step;
    egui::Grid::new(id).num_columns(columns).striped(true).spacing(vec2(step * 5.0, step * 1.5))
}

fn truth(findings: &Findings, judge: &Judge) -> Option<Mean> {
    match findings.pairs {
        Pairs::OnPolicy => judge.on_policy,
        Pairs::Fixed => judge.fixed,
    }
}

/// How often each judge is right.
pub fn accuracy(ui: &mut Ui, findings: &Findings) {
    section(ui, t("judges.accuracy_title"), &sentences::accuracy(findings), |ui| {
        if !findings.oracle {
            return;
        }
        egui::ScrollArea::horizontal().id_salt("accuracy").show(ui, |ui| {
            grid("judges-accuracy-table", 4).show(ui, |ui| {
                for head in
                    [t("judges.judge"), t("judges.own_answers"), t("judges.start_answers"), t("judges.against_coin")]
                {
                    ui.weak(head);
                }
                ui.end_row();
                for judge in &findings.judges {
                    ui.label(&judge.name);
                    ui.label(format::mean(judge.on_policy));
                    ui.label(format::mean(judge.fixed));
                    worth(ui, truth(findings, judge));
                    ui.end_row();
                }
            });
        });
        ui.weak(t("judges.accuracy_note"));
    });
}

fn worth(ui: &mut Ui, accuracy: Option<Mean>) {
    let palette = theme::palette(ui);
    let Some(worth) = accuracy.map(Worth::of) else {
        ui.label(NOTHING);
        return;
    };
    let color = match worth {
        Worth::Better => palette.good,
        Worth::Coin => palette.warn,
        Worth::Worse => palette.bad,
    };
    ui.colored_label(color, worth.word());
}

fn matrix(
    ui: &mut Ui,
    id: &str,
    findings: &Findings,
    square: &Square,
    explain: impl Fn(&[(&str, &dyn std::fmt::Display)]) -> String,
) {
    let numbers = findings.judges.iter().map(|judge| format::maybe(truth(findings, judge).map(|mean| mean.mean)));
    let explain = |first: &str, second: &str, value: f64| {
        explain(&[("first", &first), ("second", &second), ("value", &number(value))])
    };
    let beside = findings.oracle.then(|| (t("judges.right"), numbers.collect()));
    Matrix { id, square, hint: t("judges.cell_hint"), beside, explain: &explain }.ui(ui);
}

/// How often two judges prefer the same answer.
pub fn agreement(ui: &mut Ui, findings: &Findings) {
    section(ui, t("judges.agreement_title"), &sentences::agreement(findings), |ui| {
        matrix(ui, "judges-agreement-cells", findings, &findings.agreement, |values| {
            with("judges.agreement_cell", values)
        });
        if !findings.oracle {
            ui.weak(t("judges.nobody_knows"));
        }
    });
}

/// How alike two judges put the pairs into an order.
pub fn kendall(ui: &mut Ui, findings: &Findings) {
    section(ui, t("judges.kendall_title"), &sentences::kendall(findings), |ui| {
        if findings.kendall.pairs().next().is_some() {
            matrix(ui, "judges-kendall-cells", findings, &findings.kendall, |values| {
                with("judges.kendall_cell", values)
            });
            ui.weak(t("judges.kendall_note"));
        }
    });
}

/// What agreement is worth, on held-out pairs and on those that were learned from.
pub fn kept(ui: &mut Ui, findings: &Findings, learned: Option<&Learned>) {
    section(ui, t("judges.kept_title"), &sentences::kept(findings), |ui| {
        #[allow(clippy::cast_precision_loss)] // pair counts
        let agreed = findings.kept.map(|kept| (kept * findings.count as f64).round());
        if let Some(agreed) = agreed {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a rounded count
            let agreed = agreed as usize;
            let rows = [
                (t("judges.all_agree"), agreed, findings.kept_right),
                (t("judges.they_differ"), findings.count.saturating_sub(agreed), findings.dropped_right),
            ];
            tally(ui, "judges-kept-table", findings, &rows);
        }
    });
    section(ui, t("judges.learned_title"), &sentences::learned(findings, learned), |ui| {
        let row = |name, tally: &Tally| (name, tally.pairs, tally.right);
        match learned {
            None => {}
            Some(Learned { all, split: None }) => {
                tally(ui, "judges-learned-table", findings, &[row(t("judges.learned_pairs"), all)]);
            }
            Some(Learned { all, split: Some((kept, dropped)) }) => {
                let rows =
                    [row(t("judges.kept"), kept), row(t("judges.dropped"), dropped), row(t("judges.together"), all)];
                tally(ui, "judges-learned-table", findings, &rows);
            }
        }
    });
}

fn tally(ui: &mut Ui, id: &str, findings: &Findings, rows: &[(&str, usize, Option<Mean>)]) {
    grid(id, 3).show(ui, |ui| {
        for head in ["", t("judges.pairs"), t("judges.right")] {
            ui.weak(head);
        }
        ui.end_row();
        for (name, pairs, right) in rows {
            ui.label(*name);
            ui.label(format::count(*pairs));
            ui.label(if findings.oracle { format::mean(*right) } else { t("judges.unknown").to_owned() });
            ui.end_row();
        }
    });
}

/// Whether judges are as often right as they are sure. `chosen` is the one in the diagram.
pub fn calibration(ui: &mut Ui, findings: &Findings, axis: &mut Axis, chosen: &mut Option<String>) {
    let known: Vec<_> = findings
        .judges
        .iter()
        .enumerate()
        .filter_map(|(color, judge)| Some((color, judge.name.as_str(), judge.calibration.as_ref()?)))
        .collect();
    let shown = known.iter().find(|(_, name, _)| Some(*name) == chosen.as_deref()).or(known.first());
    let sentence = match shown {
        Some((_, name, calibration)) => sentences::calibration(name, calibration),
        None if !findings.oracle => t("judges.nobody_knows").to_owned(),
        None if !findings.votes => t("judges.calibration_no_votes").to_owned(),
        None => t("judges.accuracy_none").to_owned(),
    };
    section(ui, t("judges.calibration_title"), &sentence, |ui| {
        let Some((color, shown, calibration)) = shown else { return };
        ui.horizontal_wrapped(|ui| {
            ui.weak(t("judges.bins_of"));
            ui.selectable_value(axis, Axis::Confidence, t("judges.bins_confidence"));
            ui.selectable_value(axis, Axis::First, t("judges.bins_first"));
        });
        reliability::diagram(ui, shown, calibration, *color);
        let clicked = egui::ScrollArea::horizontal()
            .id_salt("calibration")
            .show(ui, |ui| grid("judges-calibration-table", 5).show(ui, |ui| table(ui, shown, &known)).inner);
        if let Some(name) = clicked.inner {
            *chosen = Some(name);
        }
        ui.weak(t("judges.calibration_note"));
    });
}

/// The calibration of every judge in numbers. The judge that was clicked.
fn table(ui: &mut Ui, shown: &str, known: &[(usize, &str, &super::calibration::Calibration)]) -> Option<String> {
    let mut clicked = None;
    for head in
        [t("judges.judge"), t("judges.said"), t("judges.was_so"), t("judges.error"), t("judges.error_by_chance")]
    {
        ui.weak(head);
    }
    ui.end_row();
    for (_, name, calibration) in known {
        if ui.selectable_label(*name == shown, *name).on_hover_text(t("judges.calibration_choose")).clicked() {
            clicked = Some((*name).to_owned());
        }
        for value in [calibration.whole.said(), calibration.whole.share(), calibration.error, calibration.chance] {
            ui.label(number(value));
        }
        ui.end_row();
    }
    clicked
}

/// How often a judge is right on the policy's own answers, on which its biases are measured.
fn right(findings: &Findings, judge: &Judge) -> String {
    if findings.oracle { format::mean(judge.on_policy) } else { t("judges.unknown").to_owned() }
}

/// Who looks at the place of an answer.
pub fn swaps(ui: &mut Ui, findings: &Findings) {
    section(ui, t("judges.swap_title"), &sentences::swaps(findings), |ui| {
        let rows: Vec<Meter<'_>> = findings
            .judges
            .iter()
            .enumerate()
            .filter_map(|(color, judge)| {
                let share = judge.flips?;
                let meaning = with("judges.swap_meter", &[("judge", &judge.name), ("value", &number(share))]);
                let (mark, alarming) = (Some(0.5), share >= FLIPS);
                Some(Meter { name: &judge.name, share, mark, color, alarming, meaning, truth: right(findings, judge) })
            })
            .collect();
        if !rows.is_empty() {
            meters(ui, "judges-swaps", [t("judges.judge"), t("judges.swapped"), "", t("judges.right")], &rows);
        }
    });
}

/// Who looks at the length of an answer.
pub fn length(ui: &mut Ui, findings: &Findings) {
    section(ui, t("judges.length_title"), &sentences::length(findings), |ui| {
        let mark = findings.longer_is_better.map_or(0.5, |mean| mean.mean);
        let rows: Vec<Meter<'_>> = findings
            .judges
            .iter()
            .enumerate()
            .filter_map(|(color, judge)| {
                let share = judge.longer?;
                let meaning = with("judges.length_meter", &[("judge", &judge.name), ("value", &number(share))]);
                let alarming = (share - mark).abs() >= LENGTH;
                Some(Meter {
                    name: &judge.name,
                    share,
                    mark: Some(mark),
                    color,
                    alarming,
                    meaning,
                    truth: right(findings, judge),
                })
            })
            .collect();
        if !rows.is_empty() {
            let heads = [t("judges.judge"), t("judges.prefers_longer"), "", t("judges.right")];
            meters(ui, "judges-length", heads, &rows);
            ui.weak(if findings.longer_is_better.is_some() {
                t("judges.length_mark_truth")
            } else {
                t("judges.length_mark_half")
            });
        }
    });
}
