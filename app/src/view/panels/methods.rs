//! A page for every method: what it is, its equation, its place on the loop, what it claims, what was measured, and
//! where its evidence is seen.

use egui::{Align, Button, CollapsingHeader, Layout, RichText, ScrollArea, Ui};
use selfsame_core::recipe::OracleUse;

use super::{
    Panel,
    atlas::{Atlas, Row, shown},
};
use crate::view::{
    Action, Scene, markdown,
    section::{chip, section, two_columns},
    theme,
    words::{t, with},
};

pub mod book;
mod evidence;
mod path;

use book::{Method, methods};

/// The width of the list of methods, in steps of the grid.
const LIST: f32 = 48.0;

/// Below this width, in steps of the grid, the list becomes a field to choose from.
const NARROW: f32 = 150.0;

/// Longer lines are hard to read.
const READABLE: f32 = 1080.0;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Methods {
    /// The recipe whose page is open; that of the run in front until somebody chooses.
    open: Option<&'static str>,
}

impl Methods {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, atlas: Option<&Atlas>) {
        let all = by_family();
        let of_run = || scene.view().and_then(|view| book::by_id(&view.manifest.recipe)).map(|page| page.id);
        let chosen = self.open.or_else(of_run).and_then(|id| all.iter().find(|method| method.page.id == id));
        let Some(method) = chosen.or(all.first()).copied() else { return };
        let step = theme::sizes().step;
        if ui.available_width() < NARROW * step {
            self.choice(ui, &all, method);
            ui.separator();
            page(ui, method, scene, atlas);
        } else {
            ui.horizontal_top(|ui| {
                let layout = Layout::top_down_justified(Align::Min);
                ui.allocate_ui_with_layout(egui::vec2(LIST * step, ui.available_height()), layout, |ui| {
                    self.list(ui, &all, method);
                });
                ui.separator();
                ui.vertical(|ui| page(ui, method, scene, atlas));
            });
        }
    }

    /// Opens the page of a method.
    pub fn open(&mut self, id: &str) {
        self.open = book::by_id(id).map(|page| page.id).or(self.open);
    }

    fn list(&mut self, ui: &mut Ui, all: &[Method], open: Method) {
        // Buttons are as wide as the list, the words of a line are not.
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.label(RichText::new(t("methods.title")).text_style(theme::title()));
            ui.weak(with("methods.count", &[("count", &all.len())]));
        });
        ScrollArea::vertical().id_salt("methods-list").show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = theme::sizes().step;
            let mut family = "";
            for method in all {
                if method.entry.card.family != family {
                    family = method.entry.card.family;
                    ui.add_space(theme::sizes().step);
                    ui.label(RichText::new(family).small().color(theme::palette(ui).muted));
                }
                let button = Button::selectable(method.page.id == open.page.id, &method.page.name).wrap();
                if ui.add(button).on_hover_text(method.entry.card.title).clicked() {
                    self.open = Some(method.page.id);
                }
            }
            ui.add_space(theme::sizes().step * 2.0);
        });
    }

    /// The list where there is no room for it.
    fn choice(&mut self, ui: &mut Ui, all: &[Method], open: Method) {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(t("methods.title")).heading());
            let combo = egui::ComboBox::from_id_salt("methods-choice").selected_text(&open.page.name);
            let combo = combo.height(420.0).show_ui(ui, |ui| {
                for method in all {
                    if ui.selectable_label(method.page.id == open.page.id, &method.page.name).clicked() {
                        self.open = Some(method.page.id);
                    }
                }
            });
            combo.response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, t("methods.choose"));
                info.current_text_value = Some(open.page.name.clone());
                info
            });
        });
    }
}

/// All methods, family by family.
fn by_family() -> Vec<Method> {
    let mut all: Vec<Method> = methods().collect();
    let mut families: Vec<&str> = Vec::new();
    for method in &all {
        if !families.contains(&method.entry.card.family) {
            families.push(method.entry.card.family);
        }
    }
    all.sort_by_key(|method| families.iter().position(|family| *family == method.entry.card.family));
    all
}

fn page(ui: &mut Ui, method: Method, scene: &mut Scene<'_>, atlas: Option<&Atlas>) {
    ScrollArea::vertical().id_salt(("methods-page", method.page.id)).auto_shrink(false).show(ui, |ui| {
        // The bar of the scroll area lies over its right edge.
        let room = ui.available_width() - theme::sizes().step * 3.0;
        ui.set_max_width(room.min(READABLE));
        head(ui, method, scene, atlas);
        markdown::ui(ui, &method.page.summary);
        ui.add_space(theme::sizes().step);
        section(ui, t("methods.equation"), "", |ui| {
            markdown::ui(ui, &method.page.equation);
        });
        section(ui, t("methods.path"), t("methods.path_sentence"), |ui| {
            ui.add_space(theme::sizes().step);
            path::ui(ui, method.page);
        });
        let card = method.entry.card;
        two_columns(
            ui,
            |ui| section(ui, t("methods.claim"), card.claim, |_| {}),
            |ui| section(ui, t("methods.fidelity"), card.fidelity, |_| {}),
        );
        section(ui, t("methods.measured"), "", |ui| measured(ui, method, atlas));
        if let Some(evidence) = evidence::of(card.id) {
            evidence::ui(ui, evidence, scene);
        }
        let others: Vec<&Row> = atlas.into_iter().flat_map(|atlas| atlas.others(method.page.id)).collect();
        if !others.is_empty() {
            section(ui, t("methods.others"), t("methods.others_sentence"), |ui| also_measured(ui, &others));
        }
        ui.add_space(theme::sizes().step * 4.0);
    });
}

/// The name, what kind of method it is, and what can be done with it.
fn head(ui: &mut Ui, method: Method, scene: &mut Scene<'_>, atlas: Option<&Atlas>) {
    let (palette, card) = (theme::palette(ui), method.entry.card);
    let name = RichText::new(&method.page.name).text_style(theme::title()).strong();
    let shown = ui.label(name);
    shown.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Heading, true, &method.page.name));
    ui.add(egui::Label::new(RichText::new(card.title).color(palette.muted)).wrap());
    let truth = match card.oracle {
        OracleUse::None => t("methods.oracle_none"),
        OracleUse::Annotator => t("methods.oracle_annotator"),
        OracleUse::Verifier => t("methods.oracle_verifier"),
    };
    let base = card.base.then(|| t("methods.base"));
    ui.horizontal_wrapped(|ui| {
        for fact in [Some(card.paper), Some(card.family), Some(truth), base].into_iter().flatten() {
            chip(ui, fact);
        }
    });
    ui.add_space(theme::sizes().step);
    ui.horizontal_wrapped(|ui| {
        let text = RichText::new(t("methods.run")).color(palette.on_accent).strong();
        let run =
            Button::new(text).fill(palette.accent).min_size(egui::vec2(88.0, theme::sizes().control_height + 4.0));
        if ui.add(run).on_hover_text(t("methods.run_hint")).clicked() {
            scene.ask(Action::Compose(card.id.to_owned()));
        }
        if atlas.is_some() && ui.button(t("methods.compare")).on_hover_text(t("methods.compare_hint")).clicked() {
            scene.ask(Action::Go(Panel::Atlas));
        }
    });
    ui.add_space(theme::sizes().step * 2.0);
}

/// What the atlas says about the method.
fn measured(ui: &mut Ui, method: Method, atlas: Option<&Atlas>) {
    match atlas.and_then(|atlas| atlas.row(method.page.id)) {
        Some(row) => shown::verdict(ui, row),
        None => {
            ui.weak(t("methods.unmeasured"));
        }
    }
}

/// What the atlas says beside the claim: each row under its name and its verdict.
fn also_measured(ui: &mut Ui, rows: &[&Row]) {
    for (index, row) in rows.iter().enumerate() {
        let name = row.name();
        let title = match row.verdict {
            Some(_) => with("methods.other", &[("name", &name), ("verdict", &shown::word(row.verdict))]),
            None => name.clone(),
        };
        CollapsingHeader::new(title).id_salt(("methods-other", index)).show(ui, |ui| {
            if row.study != row.recipe {
                ui.add(egui::Label::new(&row.claim).wrap());
            }
            shown::verdict(ui, row);
        });
    }
}

#[cfg(test)]
mod tests;
