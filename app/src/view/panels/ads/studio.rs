//! A brief in, ads out: written by a model, within the form of ads, scene by scene while one looks on.

use egui::{Button, ComboBox, Label, RichText, Ui};
use selfsame_core::{
    judge::Opinion,
    run::Arm,
    world::{
        World,
        ads::{
            Ads, Brand, Brief, spoken,
            words::{DURATIONS, Industry, Orientation, Title},
        },
    },
};

use super::{
    FIRST_SLOT, drives,
    gallery::{Gallery, Piece},
    rounds, score,
    storyboard::{self, Detail},
    tokens,
    work::Work,
};
use crate::{
    engine::{Chat, Command},
    shelf::{STARTER_ADS, STARTER_HENRIES},
    view::{
        Action, Scene,
        panels::playground::voices::Voices,
        section::section,
        theme,
        words::{t, with},
    },
};

/// The most ads that are written at once.
const MOST: usize = 4;

/// Tokens of the longest ad.
const LONGEST: usize = 64;

/// The hottest temperature that can be asked for.
const HOTTEST: f32 = 2.0;

/// The state of the part.
#[derive(Debug)]
pub struct Studio {
    /// Whether there was something to look at: a field that is emptied stays empty.
    begun: bool,
    /// The brief as it is written; what is not one is said to be none.
    text: String,
    model: Option<String>,
    temperature: f32,
    count: usize,
    seed: u64,
    works: Vec<Work>,
    ticket: u64,
    /// Whom to ask, as the last frame had it.
    henries: [String; 2],
    /// What the next frame sends.
    wishes: Vec<Command>,
    /// Which brief of the run was taken last, counted from 1.
    taken: usize,
}

impl Default for Studio {
    fn default() -> Self {
        Self {
            begun: false,
            text: String::new(),
            model: None,
            temperature: 1.0,
            count: 2,
            seed: 1,
            works: Vec::new(),
            ticket: 0,
            henries: STARTER_HENRIES.map(str::to_owned),
            wishes: Vec::new(),
            taken: 0,
        }
    }
}

impl Studio {
    /// Takes tokens of an ad.
    pub fn said(&mut self, ticket: u64, tokens: &[(String, f32)], done: bool, problem: Option<String>) {
        let Some(place) = self.works.iter().position(|work| work.awaits(ticket)) else { return };
        let tickets = [self.ticket + 1, self.ticket + 2];
        let Some(work) = self.works.get_mut(place) else { return };
        if work.said(ticket, tokens, done, problem) {
            self.ticket += 2;
            self.wishes.extend(work.rate(&self.henries, tickets, Work::slot(FIRST_SLOT, place)));
        }
    }

    /// Takes opinions of an ad.
    pub fn rated(&mut self, ticket: u64, opinions: Vec<Opinion>, done: bool, problem: Option<String>) {
        if let Some(work) = self.works.iter_mut().find(|work| work.awaits(ticket)) {
            work.rated(ticket, opinions, done, problem);
        }
    }

    #[cfg(test)]
    pub(super) fn set_text(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }

    /// Draws the part of the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, (gallery, run): (Option<&Gallery>, &str)) {
        self.henries = henries(scene);
        self.begin(gallery, run);
        section(ui, t("ads.brief"), t("ads.brief_sentence"), |ui| self.question(ui, scene, gallery));
        for place in 0..self.works.len() {
            self.work(ui, place);
        }
        for command in self.wishes.drain(..) {
            scene.ask(Action::Send(command));
        }
    }

    /// Something to look at, before anything was asked: the last ad for the first brief of the run.
    fn begin(&mut self, gallery: Option<&Gallery>, run: &str) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let found = gallery.and_then(|gallery| {
            let last = gallery.rounds.iter().rev();
            last.into_iter().find_map(|round| Some((round.iteration, first(&round.pieces)?)))
        });
        match found {
            Some((iteration, piece)) => {
                self.text = piece.brief.prompt();
                let origin = with("ads.recorded_ad", &[("when", &rounds::name(iteration)), ("run", &run)]);
                self.works = vec![Work::there(origin, piece.clone())];
            }
            None => DEFAULT.clone_into(&mut self.text),
        }
    }

    fn question(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, gallery: Option<&Gallery>) {
        let brief = Brief::parse(self.text.trim());
        if let Ok(brief) = brief {
            self.lists(ui, brief);
        }
        let label = ui.small(t("ads.brief_text"));
        let field = egui::TextEdit::singleline(&mut self.text)
            .desired_width(f32::INFINITY)
            .font(egui::TextStyle::Monospace)
            .hint_text(DEFAULT);
        ui.add(field).labelled_by(label.id).on_hover_text(t("ads.brief_text_hint"));
        if let Err(problem) = &brief {
            let text = with("ads.no_brief_text", &[("problem", problem)]);
            ui.add(Label::new(RichText::new(format!("× {text}")).color(theme::palette(ui).bad)).wrap());
        }
        ui.add_space(theme::sizes().step);
        let voice = self.settings(ui, scene);
        ui.add_space(theme::sizes().step);
        ui.horizontal_wrapped(|ui| {
            self.buttons(ui, brief.ok(), &voice);
            self.take(ui, gallery);
        });
    }

    /// A list for each choice of a brief.
    fn lists(&mut self, ui: &mut Ui, brief: Brief) {
        let mut new = brief;
        ui.horizontal_wrapped(|ui| {
            let mut industry = brief.industry();
            list(ui, t("ads.industry"), &mut industry, Industry::ALL, |one| one.word().to_owned());
            if industry != brief.industry() {
                // The first brand of it, and its first product.
                new.brand = Brand::all().find(|brand| brand.industry() == industry).unwrap_or(brief.brand);
                new.product = industry.products().first().copied().unwrap_or(brief.product);
            }
            let brands: Vec<Brand> = Brand::all().filter(|brand| brand.industry() == industry).collect();
            list(ui, t("ads.brand"), &mut new.brand, &brands, Brand::name);
            list(ui, t("ads.product"), &mut new.product, industry.products(), |one| one.word().to_owned());
            list(ui, t("ads.title_of"), &mut new.title, Title::ALL, |one| spoken(one.word()));
            list(ui, t("ads.duration"), &mut new.duration, &DURATIONS, |one| with("ads.seconds", &[("seconds", &one)]));
            list(ui, t("ads.orientation"), &mut new.orientation, Orientation::ALL, |one| one.word().to_owned());
        });
        if new != brief {
            self.text = new.prompt();
        }
        if new.brand.held_out() {
            ui.add(Label::new(RichText::new(t("ads.held_out")).color(theme::palette(ui).warn)).wrap());
        }
    }

    /// Who writes and how; gives the model and its name.
    fn settings(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> (String, String) {
        let voices = writers(scene);
        let last = || last_of_run(scene);
        let wanted = self.model.clone().or_else(last).unwrap_or_else(|| STARTER_ADS.to_owned());
        let chosen = voices.iter().find(|(model, _)| *model == wanted).or(voices.first()).cloned().unwrap_or_default();
        ui.horizontal_wrapped(|ui| {
            let label = with("ads.writer_of", &[("name", &chosen.1)]);
            let width = (ui.available_width() - 12.0).clamp(120.0, 300.0);
            ui.label(t("ads.writer"));
            let list = ComboBox::from_id_salt("ads-writer").width(width * 0.8).truncate().selected_text(&chosen.1);
            let list = list.show_ui(ui, |ui| {
                for (model, name) in &voices {
                    if ui.selectable_label(*model == chosen.0, name).clicked() {
                        self.model = Some(model.clone());
                    }
                }
            });
            list.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
            let label = ui.label(t("ads.temperature"));
            let warmth = egui::DragValue::new(&mut self.temperature).range(0.0..=HOTTEST).speed(0.02).max_decimals(2);
            ui.add(warmth).labelled_by(label.id).on_hover_text(t("ads.temperature_hint"));
            let label = ui.label(t("ads.count"));
            ui.add(egui::DragValue::new(&mut self.count).range(1..=MOST)).labelled_by(label.id);
            let label = ui.label(t("ads.draw"));
            ui.add(egui::DragValue::new(&mut self.seed)).labelled_by(label.id).on_hover_text(t("ads.draw_hint"));
        });
        chosen
    }

    fn buttons(&mut self, ui: &mut Ui, brief: Option<Brief>, voice: &(String, String)) {
        let palette = theme::palette(ui);
        let write = Button::new(RichText::new(t("ads.write")).color(palette.on_accent).strong())
            .fill(palette.accent)
            .min_size(egui::vec2(theme::sizes().step * 22.0, theme::sizes().control_height));
        let pressed = ui.add_enabled(brief.is_some(), write).on_hover_text(t("ads.write_hint")).clicked();
        let again =
            ui.add_enabled(brief.is_some(), Button::new(t("ads.others"))).on_hover_text(t("ads.others_hint")).clicked();
        if again {
            self.seed = self.seed.wrapping_add(self.count as u64);
        }
        if let Some(brief) = brief.filter(|_| pressed || again) {
            self.write(brief, voice);
        }
        let busy = self.works.iter().any(|work| work.growing() || work.rating() || work.driven() || work.explaining());
        if ui.add_enabled(busy, Button::new(t("ads.stop"))).on_hover_text(t("ads.stop_hint")).clicked() {
            self.hush();
        }
    }

    /// A brief of the run that panels show, or of the recorded one.
    fn take(&mut self, ui: &mut Ui, gallery: Option<&Gallery>) {
        let Some(briefs) = gallery.map(|gallery| &gallery.briefs).filter(|briefs| !briefs.is_empty()) else { return };
        if ui.button(t("ads.take")).on_hover_text(t("ads.take_hint")).clicked() {
            let index = self.taken % briefs.len();
            if let Some(brief) = briefs.get(index) {
                self.text = brief.prompt();
                self.taken = index + 1;
            }
        }
    }

    fn hush(&mut self) {
        let hushed: Vec<Command> = self.works.iter().flat_map(Work::hush).collect();
        self.wishes.extend(hushed);
    }

    fn write(&mut self, brief: Brief, (model, name): &(String, String)) {
        self.hush();
        self.works.clear();
        for place in 0..self.count {
            self.ticket += 1;
            let seed = self.seed.wrapping_add(place as u64);
            let chat = Chat {
                ticket: self.ticket,
                model: model.clone(),
                prompt: brief.prompt(),
                temperature: self.temperature,
                max_new_tokens: LONGEST,
                seed,
                form: Some(Ads.name().to_owned()),
            };
            let origin = with("ads.written_by", &[("name", name), ("seed", &seed)]);
            let (work, command) = Work::write(origin, brief, chat, Work::slot(FIRST_SLOT, place));
            self.works.push(work);
            self.wishes.push(command);
        }
    }

    /// Draws an ad with all that is known about it.
    fn work(&mut self, ui: &mut Ui, place: usize) {
        let Some(work) = self.works.get(place) else { return };
        let mut ask = Ask::default();
        theme::card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            draw(ui, work, &mut ask);
        });
        ui.add_space(theme::sizes().step);
        let first = Work::slot(FIRST_SLOT, place);
        let tickets = [self.ticket + 1, self.ticket + 2];
        let Some(work) = self.works.get_mut(place) else { return };
        if ask.opinions {
            self.ticket += 2;
            self.wishes.extend(work.rate(&self.henries, tickets, first));
        } else if ask.drivers {
            self.ticket += 1;
            self.wishes.extend(work.drive(&self.henries[0], tickets[0], first));
        } else if ask.words {
            self.ticket += 1;
            self.wishes.extend(work.explain(&self.henries[0], tickets[0], first));
        }
    }
}

/// What the person asked about an ad.
#[derive(Debug, Clone, Copy, Default)]
struct Ask {
    opinions: bool,
    drivers: bool,
    words: bool,
}

fn draw(ui: &mut Ui, work: &Work, ask: &mut Ask) {
    let palette = theme::palette(ui);
    let Some(brief) = work.brief else { return };
    storyboard::head(ui, brief, work.piece.as_ref().map(|piece| &piece.ad));
    ui.add(Label::new(RichText::new(&work.origin).small().color(palette.muted)).wrap());
    if let Some(problem) = &work.problem {
        ui.add(Label::new(RichText::new(format!("× {problem}")).color(palette.bad)).wrap());
    }
    let Some(piece) = &work.piece else {
        if let Some(ad) = work.so_far() {
            storyboard::ui(ui, brief, &ad, Detail::Full);
        }
        if work.growing() {
            waiting(ui, t("ads.writing"));
        } else if work.stopped {
            ui.weak(t("ads.stopped"));
        }
        return;
    };
    storyboard::ui(ui, piece.brief, &piece.ad, Detail::Full);
    ui.add_space(theme::sizes().step);
    score::rows(ui, piece, work.opinion.as_ref());
    score::sentences(ui, piece);
    if work.rating() {
        waiting(ui, t("ads.reading"));
    }
    ui.horizontal_wrapped(|ui| {
        if work.opinion.is_none() && !work.rating() {
            ask.opinions = ui.button(t("ads.ask_henry")).on_hover_text(t("ads.ask_henry_hint")).clicked();
        }
        // What was stopped can be asked again.
        let answered = work.driving.as_ref().is_some_and(|driving| driving.effects.is_some());
        if !answered && !work.driven() {
            ask.drivers = ui.button(t("ads.why")).on_hover_text(t("ads.why_hint")).clicked();
        }
        let answered = work.wording.as_ref().is_some_and(|wording| wording.explained.is_some());
        if !answered && !work.explaining() {
            ask.words = ui.button(t("ads.words")).on_hover_text(t("ads.words_hint")).clicked();
        }
    });
    if let Some(driving) = &work.driving {
        drives::ui(ui, piece, driving, work.driven());
    }
    if let Some(wording) = &work.wording {
        tokens::ui(ui, piece, wording, work.explaining());
    }
}

/// Says that something is going on.
pub fn waiting(ui: &mut Ui, text: &str) {
    ui.horizontal_wrapped(|ui| {
        ui.spinner();
        ui.label(text);
    });
}

fn first(pieces: &[Vec<Piece>]) -> Option<&Piece> {
    pieces.iter().flatten().next()
}

/// What stands in the field where there is no run at all.
const DEFAULT: &str = "Belado entertainment film first-light 30s landscape <resp>";

/// The Henries of the run in front, where it has some, or else those that are part of the program.
fn henries(scene: &Scene<'_>) -> [String; 2] {
    let of_run = scene.current.filter(|session| !session.recorded()).and_then(|session| {
        let aside = &session.view()?.arms.get(&Arm::Main)?.aside;
        let folder = |name: &str| {
            let root = session.folder.trim_end_matches(['/', '\\']);
            aside.get(name).map(|checkpoint| format!("{root}/checkpoints/{checkpoint}"))
        };
        Some([folder("henry-a")?, folder("henry-b")?])
    });
    of_run.unwrap_or_else(|| STARTER_HENRIES.map(str::to_owned))
}

/// The models that write ads, with their names: the starter, and what open runs have.
fn writers(scene: &Scene<'_>) -> Vec<(String, String)> {
    let mut all = vec![(STARTER_ADS.to_owned(), t("ads.starter").to_owned())];
    for voice in Voices::of(scene).all {
        if voice.world == Some(Ads.name()) && !all.iter().any(|(model, _)| *model == voice.model) {
            all.push((voice.model, voice.name));
        }
    }
    all
}

/// The last weights of the run in front.
fn last_of_run(scene: &Scene<'_>) -> Option<String> {
    let session = scene.current.filter(|session| !session.recorded())?;
    let view = session.view().filter(|view| Gallery::has_ads(view))?;
    let (_, checkpoint) = view.arms.get(&Arm::Main)?.checkpoints.last_key_value()?;
    Some(format!("{}/checkpoints/{checkpoint}", session.folder.trim_end_matches(['/', '\\'])))
}

/// A list under its name.
fn list<T: Copy + PartialEq>(ui: &mut Ui, label: &str, value: &mut T, all: &[T], word: impl Fn(T) -> String) {
    let step = theme::sizes().step;
    ui.allocate_ui(egui::vec2(step * 32.0, step * 12.0), |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = step / 2.0;
            ui.small(label);
            let name = with("ads.list_of", &[("what", &label), ("value", &word(*value))]);
            let chosen =
                ComboBox::from_id_salt(("ads", label)).width(step * 30.0).truncate().selected_text(word(*value));
            let chosen = chosen.height(320.0).show_ui(ui, |ui| {
                for one in all {
                    if ui.selectable_label(value == one, word(*one)).clicked() {
                        *value = *one;
                    }
                }
            });
            chosen.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        });
    });
}
