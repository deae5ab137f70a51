//! Prompts, their answers side by side, and what the judges thought of them.

mod cards;
mod detail;
mod filters;
mod group;
mod index;
mod list;
mod page;
mod search;
mod slots;
mod summary;
mod token_view;
mod tokens;
mod verdict;
mod votes;
mod why;

use std::collections::HashMap;

use egui::{RichText, Ui};

use self::{
    detail::Detail,
    index::{Budget, Index, RowId},
    search::{Query, Search},
    summary::Summary,
};
use crate::{
    fold::RunView,
    view::{
        Scene, shell, theme,
        words::{self, t},
    },
};

/// What the index and the search may each do in a frame: about three milliseconds.
const PER_FRAME: usize = 3_000;

/// Below this width the list stands above the detail instead of beside it.
const NARROW: f32 = 640.0;

/// The state of the panel.
#[derive(Default)]
pub struct Answers {
    index: Index,
    search: Search,
    query: Query,
    /// The row whose detail is shown, and whether a person chose it.
    selected: Option<RowId>,
    chosen: bool,
    /// Whether the list is to be scrolled to the selected row.
    scroll: bool,
    /// How answers are shown.
    looks: page::Looks,
    /// What was worked out for the rows that were seen, at a version of the index.
    summaries: HashMap<RowId, Summary>,
    summarised: u64,
    detail: Option<(RowId, u64, Detail)>,
}

impl Answers {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let Some(session) = scene.current else {
            shell::empty(ui);
            return;
        };
        let Some(view) = session.view() else {
            ui.weak(session.problem().unwrap_or(t("answers.nothing_yet")));
            return;
        };
        self.work(ui, session.run, view);
        ui.label(RichText::new(t("answers.title")).text_style(theme::title()));
        ui.weak(t("answers.subtitle"));
        if !view.has_oracle() {
            ui.colored_label(theme::palette(ui).warn, t("answers.no_oracle"));
        }
        ui.add_space(theme::sizes().step);
        if self.index.is_empty() {
            ui.weak(t("answers.nothing_yet"));
            return;
        }
        let width = ui.available_width();
        let list = |ui: &mut Ui, panel: &mut Self| {
            filters::ui(ui, view, &mut panel.query);
            panel.count(ui);
            panel.list(ui, view);
        };
        if width < NARROW {
            egui::Panel::top("answers-list")
                .frame(egui::Frame::NONE)
                .resizable(true)
                .default_size(ui.available_height() * 0.5)
                .show(ui, |ui| list(ui, self));
        } else {
            let margin = egui::Margin { right: 8, ..egui::Margin::ZERO };
            egui::Panel::left("answers-list")
                .frame(egui::Frame::NONE.inner_margin(margin))
                .resizable(true)
                .default_size((width * 0.36).clamp(270.0, 460.0))
                .size_range(240.0..=width * 0.6)
                .show(ui, |ui| list(ui, self));
        }
        egui::CentralPanel::default().show(ui, |ui| self.page(ui, view));
    }

    /// A little of the work that a large run makes.
    fn work(&mut self, ui: &Ui, run: crate::engine::RunId, view: &RunView) {
        if self.index.advance(run, view, &mut Budget::new(PER_FRAME)) {
            // The rows of another run, or of an earlier moment, may not exist here.
            self.search.reset();
            self.detail = None;
        }
        if self.query.arm.is_some_and(|arm| !view.arms.contains_key(&arm)) {
            self.query.arm = None;
        }
        self.query.wrong &= view.has_oracle();
        self.search.advance(&self.index, view, &self.query, &mut Budget::new(PER_FRAME));
        if self.index.behind() || self.search.unfinished(&self.index) {
            ui.ctx().request_repaint();
        }
        if self.summarised != self.index.version() {
            self.summarised = self.index.version();
            self.summaries.clear();
        }
        let exists = |row: RowId| index::prompt(view, &self.index, row).is_some();
        if !self.selected.is_some_and(exists) {
            (self.selected, self.chosen) = (None, false);
        }
        if !self.chosen {
            self.selected = self.search.rows().first().copied().or(self.selected);
        }
    }

    fn count(&self, ui: &mut Ui) {
        let shown = crate::format::count(self.search.rows().len());
        let all = crate::format::count(self.index.len());
        let text = if self.index.behind() {
            words::with("answers.count_reading", &[("all", &all)])
        } else if self.search.searching() {
            words::with("answers.count_searching", &[("shown", &shown)])
        } else {
            words::with("answers.count", &[("shown", &shown), ("all", &all)])
        };
        ui.weak(text);
    }

    fn list(&mut self, ui: &mut Ui, view: &RunView) {
        let rows = self.search.rows();
        if rows.is_empty() {
            if !self.search.searching() {
                ui.weak(t("answers.none_found"));
            }
            return;
        }
        let (index, summaries) = (&self.index, &mut self.summaries);
        let picked = list::ui(ui, rows, self.selected, std::mem::take(&mut self.scroll), |row| {
            summaries.entry(row).or_insert_with(|| summary::of(view, index, row)).clone()
        });
        if let Some(row) = picked {
            self.select(row);
        }
    }

    fn select(&mut self, row: RowId) {
        self.selected = Some(row);
        self.chosen = true;
        self.scroll = true;
    }

    fn page(&mut self, ui: &mut Ui, view: &RunView) {
        let Some(row) = self.selected else { return };
        let version = self.index.version();
        if self.detail.as_ref().is_none_or(|(of, at, _)| (*of, *at) != (row, version)) {
            self.detail = detail::of(view, &self.index, row).map(|detail| (row, version, detail));
        }
        let Some((_, _, detail)) = &self.detail else { return };
        let picked = page::ui(ui, detail, self.search.rows(), &mut self.looks, view.has_oracle());
        if let Some(row) = picked {
            self.select(row);
        }
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
