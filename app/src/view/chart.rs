//! Charts: lines over iterations or steps, with the oracle always beside what it is to be compared
//! with. The same layout (`picture`) is painted on the screen, written as SVG and rasterised as
//! PNG, so that what is exported is what is seen.

mod axis;
mod controls;
mod csv;
mod dots;
mod hover;
mod paint;
mod picture;
mod pixels;
mod png;
mod smooth;
mod state;
mod svg;
mod tracks;

use egui::{Context, Ui};

use super::{Action, Scene, theme};
use crate::format;
use picture::{Look, Picture};
use state::State;

pub use axis::extent;
pub use controls::smoothing_slider;
pub use dots::{Dot, Dots};

/// How a line is told apart besides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dash {
    /// A run, or what is measured.
    #[default]
    Solid,
    /// A control with random labels, or a judge.
    Dashed,
    /// A control with true labels, or the oracle.
    Dotted,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points, by rising x.
    pub points: Vec<[f64; 2]>,
    /// One standard error of each point, where it is known.
    pub errors: Vec<f64>,
    /// Its colour, by its place in the palette; the shape of its points goes with it.
    pub color: usize,
    /// Its dash.
    pub dash: Dash,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// Tells charts apart; also the name of exported files.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// What is to the right.
    pub x: String,
    /// What is upwards, with its unit.
    pub y: String,
    /// The lines.
    pub series: Vec<Series>,
    /// Whether x only takes whole numbers.
    pub whole_x: bool,
    /// Whether it runs over steps: then lines can be smoothed.
    pub steps: bool,
    /// Upright lines with names, such as where an iteration begins. Smoothing begins anew there.
    pub marks: Vec<(f64, String)>,
    /// Level lines with names, such as what a coin would reach.
    pub levels: Vec<(f64, String)>,
    /// A sentence under the title.
    pub note: String,
    /// The width of bars that stand on nought, where points are counts. Dashed lines are their outline only.
    pub bars: Option<f64>,
}

/// A form in which a chart leaves the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Export {
    Csv,
    Svg,
    Png,
}

impl Chart {
    /// Draws the chart with a height in points. What is drawn can be looked at, but not saved: see
    /// [`Chart::show`].
    pub fn ui(&self, ui: &mut Ui, height: f32) {
        self.draw(ui, height, false);
    }

    /// Draws the chart with a height in points; the person can save it.
    pub fn show(&self, ui: &mut Ui, scene: &mut Scene<'_>, height: f32) {
        if let Some(export) = self.draw(ui, height, true) {
            let (name, bytes) = self.export(ui, export);
            scene.ask(Action::Save { name, bytes });
        }
    }

    /// Forgets what part of the chart was looked at, as for another run.
    pub fn forget_zoom(&self, context: &Context) {
        let mut state = State::load(context, &self.id);
        (state.view, state.cursor) = (None, None);
        state.store(context, &self.id);
    }

    /// What the chart shows, for those who do not see it.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = format!("{}. {} / {}.", self.title, self.y, self.x);
        for series in &self.series {
            let mut finite = series.points.iter().filter(|point| point[1].is_finite());
            if let Some(first) = finite.next() {
                let last = finite.next_back().unwrap_or(first);
                let of = |point: &[f64; 2]| format!("{} ({})", format::significant(point[1]), axis::plain(point[0]));
                text += &format!(" {}: {} … {}.", series.name, of(first), of(last));
            }
        }
        text
    }

    fn draw(&self, ui: &mut Ui, height: f32, exports: bool) -> Option<Export> {
        let mut state = State::load(ui.ctx(), &self.id);
        let before = state.clone();
        let wanted = ui
            .push_id(("chart", &self.id), |ui| {
                ui.vertical(|ui| {
                    let wanted = controls::header(self, ui, &mut state, exports);
                    if !self.note.is_empty() {
                        ui.weak(&self.note);
                    }
                    controls::legend(self, ui, &mut state);
                    paint::plot(self, ui, height, &mut state);
                    wanted
                })
                .inner
            })
            .inner;
        if state != before {
            state.store(ui.ctx(), &self.id);
            ui.ctx().request_repaint();
        }
        wanted
    }

    fn export(&self, ui: &Ui, export: Export) -> (String, Vec<u8>) {
        let name = |ending: &str| format!("{}.{ending}", file_name(&self.id));
        match export {
            Export::Csv => (name("csv"), csv::csv(self).into_bytes()),
            Export::Svg => {
                let picture = self.printed(ui, 1.0);
                (name("svg"), svg::svg(&picture, &self.title, &self.description()).into_bytes())
            }
            Export::Png => {
                // Twice the pixels of a plain screen, whatever this screen has.
                let picture = self.printed(ui, 2.0 / ui.pixels_per_point());
                (name("png"), pixels::png(ui.ctx(), &picture))
            }
        }
    }

    /// The chart as it leaves the window: with its title and legend, in the colours in use.
    fn printed(&self, ui: &Ui, unit: f32) -> Picture {
        let state = State::load(ui.ctx(), &self.id);
        let smoothing = state::smoothing(ui.ctx());
        picture::layout(self, &tracks::of(self, &state, smoothing), &state, &Look::printed(unit), &theme::palette(ui))
    }
}

/// What is left of a name that every file system takes.
fn file_name(id: &str) -> String {
    let kept: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
    if kept.is_empty() { "chart".to_owned() } else { kept }
}

#[cfg(test)]
mod tests;
