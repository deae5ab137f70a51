//! Charts: lines over iterations or steps, with the oracle always beside what it is to be compared
//! with.

use egui_plot::{Legend, Line, LineStyle, MarkerShape, Plot, PlotPoints, Points};

use super::theme;

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
    /// Its colour, by its place in the palette.
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
}

impl Chart {
    /// Draws the chart with a height in points.
    pub fn ui(&self, ui: &mut egui::Ui, height: f32) {
        let palette = theme::palette(ui);
        ui.strong(&self.title);
        let whole = self.whole_x;
        Plot::new(&self.id)
            .height(height)
            .legend(Legend::default())
            .x_axis_label(self.x.as_str())
            .y_axis_label(self.y.as_str())
            .x_axis_formatter(
                move |mark, _| {
                    if !whole || mark.value.fract() == 0.0 { mark.value.to_string() } else { String::new() }
                },
            )
            .allow_scroll(false)
            .show(ui, |plot| {
                for series in &self.series {
                    let color = palette.line(series.color);
                    let style = match series.dash {
                        Dash::Solid => LineStyle::Solid,
                        Dash::Dashed => LineStyle::dashed_dense(),
                        Dash::Dotted => LineStyle::dotted_dense(),
                    };
                    let points = || PlotPoints::from(series.points.clone());
                    plot.line(Line::new(&series.name, points()).style(style).width(2.0).color(color));
                    if series.points.len() < 40 {
                        plot.points(
                            Points::new(&series.name, points()).shape(MarkerShape::Circle).radius(3.5).color(color),
                        );
                    }
                }
            });
    }
}
