//! What a person did to a chart. It lives in egui's memory, by the chart's id.

use std::collections::BTreeSet;

use egui::{Context, Id, Pos2};

/// The part of the axes that is looked at; y in axis space (its logarithm on a log axis).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Left and right.
    pub x: [f64; 2],
    /// Bottom and top.
    pub y: [f64; 2],
}

impl Bounds {
    /// The bounds moved by shares of their size.
    pub fn moved(self, right: f64, up: f64) -> Self {
        let shift = |[low, high]: [f64; 2], by: f64| [low + by * (high - low), high + by * (high - low)];
        Self { x: shift(self.x, right), y: shift(self.y, up) }
    }

    /// The bounds made smaller (`factor` above 1) around a point.
    pub fn zoomed(self, factor: f64, around: [f64; 2]) -> Self {
        let near = |[low, high]: [f64; 2], at: f64| [at + (low - at) / factor, at + (high - at) / factor];
        let zoomed = Self { x: near(self.x, around[0]), y: near(self.y, around[1]) };
        if zoomed.sound() { zoomed } else { self }
    }

    /// The middle.
    pub fn middle(self) -> [f64; 2] {
        [f64::midpoint(self.x[0], self.x[1]), f64::midpoint(self.y[0], self.y[1])]
    }

    /// Whether something can be drawn in them.
    pub fn sound(self) -> bool {
        let wide = |[low, high]: [f64; 2]| {
            let width = high - low;
            width.is_finite() && width > 1e-12 * low.abs().max(high.abs()).max(1e-9)
        };
        wide(self.x) && wide(self.y)
    }
}

/// The state of one chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Names of lines that are not shown.
    pub hidden: BTreeSet<String>,
    /// Whether the y axis is logarithmic.
    pub log: bool,
    /// What is looked at; everything if absent.
    pub view: Option<Bounds>,
    /// The point that is read out by keyboard: line and point.
    pub cursor: Option<(usize, usize)>,
    /// Where a box to zoom into was begun.
    pub boxed: Option<Pos2>,
}

impl State {
    /// The state of a chart, new if there is none.
    pub fn load(context: &Context, chart: &str) -> Self {
        context.data(|data| data.get_temp(id(chart))).unwrap_or_default()
    }

    /// Keeps it for the next frame.
    pub fn store(self, context: &Context, chart: &str) {
        context.data_mut(|data| data.insert_temp(id(chart), self));
    }
}

fn id(chart: &str) -> Id {
    Id::unique(("chart state", chart))
}

/// The weight of the past in smoothed lines; the same in all charts over steps.
const SMOOTHING: f64 = 0.6;

/// How much lines over steps are smoothed.
pub fn smoothing(context: &Context) -> f64 {
    context.data(|data| data.get_temp(Id::unique("chart smoothing"))).unwrap_or(SMOOTHING)
}

/// Sets how much lines over steps are smoothed.
pub fn set_smoothing(context: &Context, weight: f64) {
    context.data_mut(|data| data.insert_temp(Id::unique("chart smoothing"), weight));
}
