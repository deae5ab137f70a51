//! Before and after: the ads of one brief at the start and after every iteration, and what became of all.

use egui::{ComboBox, Label, RichText, Ui};
use selfsame_core::run::Arm;

use super::{
    gallery::{Gallery, Piece, Round, expected_of_start, figure},
    said,
    score::{self, COLORS, names},
    storyboard::{self, Detail},
};
use crate::{
    fold::RunView,
    format::INTERVAL,
    view::{
        Scene,
        chart::{Chart, Dash, Series},
        section::section,
        theme,
        words::{t, with},
    },
};

/// Height of a chart.
const HEIGHT: f32 = 240.0;

/// From this width on the two charts stand side by side.
const BESIDE: f32 = 720.0;

/// The places of the figures in the log.
const TRUTH: usize = 0;
const ORIGINALS: usize = 1;
const EXPECTED: [usize; 2] = [3, 4];
const GAP: [usize; 2] = [5, 6];

/// Which brief is looked at.
#[derive(Debug, Default)]
pub struct Rounds {
    brief: usize,
}

impl Rounds {
    /// Draws the part of the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, view: &RunView, gallery: &Gallery) {
        let shown = gallery.shown();
        self.brief = self.brief.min(shown.len().saturating_sub(1));
        section(ui, t("ads.rounds_title"), &sentence(view), |ui| {
            let mut charts = vec![all(view)];
            charts.extend(shown.get(self.brief).map(|brief| one(gallery, *brief)));
            if ui.available_width() < BESIDE {
                for chart in &charts {
                    chart.show(ui, scene, HEIGHT);
                }
            } else {
                ui.columns(2, |columns| {
                    columns.iter_mut().zip(&charts).for_each(|(ui, chart)| chart.show(ui, scene, HEIGHT));
                });
            }
            ui.add(Label::new(RichText::new(t("ads.hacking")).color(theme::palette(ui).muted)).wrap());
        });
        self.choose(ui, gallery, &shown);
        let Some(brief) = shown.get(self.brief).copied() else {
            ui.weak(t("ads.no_brief"));
            return;
        };
        for round in &gallery.rounds {
            let Some(piece) = round.pieces.get(brief).and_then(|of| of.first()) else { continue };
            section(ui, &name(round.iteration), "", |ui| {
                storyboard::ui(ui, piece.brief, &piece.ad, Detail::Small);
                score::rows(ui, piece, None);
            });
        }
    }

    /// The brief that is looked at, and its neighbours.
    fn choose(&mut self, ui: &mut Ui, gallery: &Gallery, shown: &[usize]) {
        let of = |place: usize| shown.get(place).and_then(|brief| gallery.briefs.get(*brief));
        let current = of(self.brief).copied().map(said::brief).unwrap_or_default();
        ui.horizontal_wrapped(|ui| {
            if ui.add_enabled(self.brief > 0, egui::Button::new(t("ads.previous"))).clicked() {
                self.brief -= 1;
            }
            let room = (ui.available_width() - 90.0).clamp(140.0, 340.0);
            let list = ComboBox::from_id_salt("ads-brief").width(room).truncate().selected_text(&current);
            let list = list.height(360.0).show_ui(ui, |ui| {
                for place in 0..shown.len() {
                    let Some(brief) = of(place) else { continue };
                    if ui.selectable_label(place == self.brief, said::brief(*brief)).clicked() {
                        self.brief = place;
                    }
                }
            });
            let label = with("ads.brief_shown", &[("brief", &current)]);
            list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
            if ui.add_enabled(self.brief + 1 < shown.len(), egui::Button::new(t("ads.next"))).clicked() {
                self.brief += 1;
            }
        });
        ui.add_space(theme::sizes().step);
    }
}

/// What an iteration is called: the first imitates, the others are rounds.
pub fn name(iteration: u32) -> String {
    match iteration {
        0 => t("ads.at_start").to_owned(),
        1 => t("ads.after_imitating").to_owned(),
        more => with("ads.after_round", &[("round", &(more - 1))]),
    }
}

/// What became of the gap between the Henry who selects and the truth.
fn sentence(view: &RunView) -> String {
    let last = view.arms.get(&Arm::Main).and_then(|arm| {
        arm.iterations.keys().rev().copied().find(|iteration| figure(view, *iteration, GAP[0]).is_some())
    });
    let Some(last) = last else { return t("ads.not_measured").to_owned() };
    let gap = |place: usize, iteration: u32| figure(view, iteration, place).map(|of| of.map(said::points));
    let (Some([value, low, high]), Some([other, ..])) = (gap(GAP[0], last), gap(GAP[1], last)) else {
        return t("ads.not_measured").to_owned();
    };
    let name = name(last);
    let now = with("ads.gap", &[("when", &name), ("value", &value), ("low", &low), ("high", &high), ("other", &other)]);
    match gap(GAP[0], 1).filter(|_| last > 1) {
        Some([first, ..]) => now + " " + &with("ads.gap_before", &[("value", &first)]),
        None => now,
    }
}

fn chart(id: &str, title: String, series: Vec<Series>) -> Chart {
    Chart {
        id: id.to_owned(),
        title,
        x: t("ads.axis").to_owned(),
        y: t("ads.share").to_owned(),
        whole_x: true,
        series: series.into_iter().filter(|line| !line.points.is_empty()).collect(),
        ..Chart::default()
    }
}

fn line(which: usize, points: Vec<[f64; 2]>, errors: Vec<f64>) -> Series {
    let dash = if which == 2 { Dash::Dotted } else { Dash::Dashed };
    Series { name: names()[which].to_owned(), points, errors, color: COLORS[which], dash }
}

/// All briefs: both Henries, the truth, and the originals.
fn all(view: &RunView) -> Chart {
    let iterations = || view.arms.get(&Arm::Main).into_iter().flat_map(|arm| arm.iterations.keys().copied());
    let figures = |place: usize| -> Vec<(u32, [f64; 3])> {
        iterations().filter_map(|iteration| Some((iteration, figure(view, iteration, place)?))).collect()
    };
    let mut series = Vec::new();
    for (which, place) in EXPECTED.into_iter().chain([TRUTH]).enumerate() {
        let of_start = match which {
            2 => view.at(Arm::Main, 0).and_then(|measured| measured.sampled.reward),
            henry => expected_of_start(view, henry),
        };
        let (mut points, mut errors) = (Vec::new(), Vec::new());
        if let Some(mean) = of_start.filter(|mean| mean.count > 0) {
            points.push([0.0, mean.mean]);
            errors.push(mean.error);
        }
        for (iteration, [value, low, high]) in figures(place) {
            points.push([f64::from(iteration), value]);
            errors.push((high - low) / 2.0 / INTERVAL);
        }
        series.push(line(which, points, errors));
    }
    let originals = figures(ORIGINALS).last().map(|(_, [value, ..])| (*value, t("ads.originals").to_owned()));
    Chart { levels: originals.into_iter().collect(), ..chart("ads-all", t("ads.all_briefs").to_owned(), series) }
}

/// One brief: what both Henries expect of its first ad, and the truth.
fn one(gallery: &Gallery, brief: usize) -> Chart {
    let pieces = || {
        let first = |round: &'_ Round| -> Option<(u32, Piece)> {
            Some((round.iteration, round.pieces.get(brief)?.first()?.clone()))
        };
        gallery.rounds.iter().filter_map(first)
    };
    let points = |of: &dyn Fn(&Piece) -> Option<f64>| -> Vec<[f64; 2]> {
        pieces().filter_map(|(iteration, piece)| Some([f64::from(iteration), of(&piece)?])).collect()
    };
    let series = vec![
        line(0, points(&|piece| Some(piece.spreads[0]?.expected)), Vec::new()),
        line(1, points(&|piece| Some(piece.spreads[1]?.expected)), Vec::new()),
        line(2, points(&|piece| Some(piece.memorability())), Vec::new()),
    ];
    let name = gallery.briefs.get(brief).copied().map(said::brief).unwrap_or_default();
    chart("ads-one", name, series)
}
