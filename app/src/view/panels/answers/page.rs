//! The page of one prompt: what was asked, what was answered, and what came of it.

use egui::{CollapsingHeader, Id, Margin, RichText, ScrollArea, Ui};
use selfsame_core::run::Arm;

use super::{
    cards,
    detail::{self, AnswerCard, Body, Detail, Moment, Vote},
    index::RowId,
    slots, summary,
    token_view::{self, Colouring},
    tokens, votes,
};
use crate::{
    format,
    view::{
        section::chip,
        theme,
        words::{self, t, with},
    },
};

/// How answers are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// As tokens instead of as text.
    pub tokens: bool,
    /// The noted series that tokens are coloured by, where the answers have it.
    pub noted: Option<String>,
}

/// Draws the page. Returns the row a person wants to go to.
pub fn ui(ui: &mut Ui, detail: &Detail, rows: &[RowId], looks: &mut Looks, oracle: bool) -> Option<RowId> {
    let mut picked = header(ui, detail, rows);
    let page = ScrollArea::vertical().id_salt(("answers-page", detail.row)).auto_shrink([false, false]);
    // The bar is beside the cards, not on them.
    let margin = Margin { right: 12, ..Margin::ZERO };
    page.content_margin(margin).show(ui, |ui| {
        prompt(ui, detail, looks.tokens, oracle);
        ui.add_space(theme::sizes().step);
        if !matches!(&detail.body, Body::Training { answers, .. } if answers.is_empty()) {
            ui.horizontal_wrapped(|ui| {
                let held_out = matches!(detail.body, Body::HeldOut(_));
                ui.heading(if held_out { t("answers.across") } else { t("answers.answers") });
                ui.selectable_value(&mut looks.tokens, false, t("answers.as_text"))
                    .on_hover_text(t("answers.as_text_hint"));
                ui.selectable_value(&mut looks.tokens, true, t("answers.as_tokens"))
                    .on_hover_text(t("answers.as_tokens_hint"));
            });
            if looks.tokens {
                choose(ui, detail, looks);
                token_view::legend(ui, &colouring(detail, looks));
            }
        }
        let colouring = looks.tokens.then(|| colouring(detail, looks));
        let colouring = colouring.as_ref();
        match &detail.body {
            Body::Training { answers, pairs, none, also } => {
                let all: Vec<&AnswerCard> = answers.iter().collect();
                cards::answers(ui, &all, Id::unique(("answers-cards", detail.row)), colouring, oracle);
                ui.add_space(theme::sizes().step);
                ui.heading(t("answers.pairs"));
                if let Some(none) = none {
                    ui.label(none);
                }
                for (at, pair) in pairs.iter().enumerate() {
                    cards::pair(ui, pair, Id::unique(("answers-pair", detail.row, at)));
                }
                if !also.is_empty() {
                    ui.horizontal_wrapped(|ui| {
                        ui.weak(t("answers.also"));
                        for row in also {
                            if ui.button(summary::place(*row)).clicked() {
                                picked = Some(*row);
                            }
                        }
                    });
                }
            }
            Body::HeldOut(arms) => held_out(ui, detail.row, arms, colouring, oracle),
        }
    });
    picked
}

/// Everything that was noted about every token of these answers.
fn noted(detail: &Detail) -> impl Iterator<Item = &(String, Vec<f32>)> {
    let answers = match &detail.body {
        Body::Training { answers, .. } => answers.as_slice(),
        Body::HeldOut(_) => &[],
    };
    answers.iter().flat_map(|card| &card.noted)
}

/// What tokens are coloured by: the chosen series, where these answers have it.
fn colouring(detail: &Detail, looks: &Looks) -> Colouring {
    let largest = |name: &str| {
        let numbers = noted(detail).filter(|(other, _)| other == name).flat_map(|(_, numbers)| numbers);
        numbers.filter(|number| number.is_finite()).map(|number| number.abs()).reduce(f32::max)
    };
    match looks.noted.as_ref().and_then(|name| Some((name.clone(), largest(name)?))) {
        Some((name, largest)) => Colouring::Noted { name, largest },
        None => Colouring::Logprob,
    }
}

/// Lets the person choose what tokens are coloured by, where there is more than one thing.
fn choose(ui: &mut Ui, detail: &Detail, looks: &mut Looks) {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in noted(detail) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.weak(t("answers.coloured_by"));
        ui.selectable_value(&mut looks.noted, None, t("answers.by_logprob"));
        for name in names {
            ui.selectable_value(&mut looks.noted, Some(name.to_owned()), name);
        }
    });
}

/// Which prompt it is, and the way to its neighbours in the list.
fn header(ui: &mut Ui, detail: &Detail, rows: &[RowId]) -> Option<RowId> {
    let (before, after) = match rows.binary_search(&detail.row) {
        Ok(at) => (at.checked_sub(1), Some(at + 1)),
        Err(at) => (at.checked_sub(1), Some(at)),
    };
    let mut picked = None;
    ui.horizontal_wrapped(|ui| {
        for (name, place) in [(t("answers.previous"), before), (t("answers.next"), after)] {
            let row = place.and_then(|at| rows.get(at)).copied();
            if ui.add_enabled(row.is_some(), egui::Button::new(name)).clicked() {
                picked = row;
            }
        }
        ui.strong(summary::place(detail.row));
        ui.weak(&detail.id);
    });
    picked
}

fn prompt(ui: &mut Ui, detail: &Detail, as_tokens: bool, oracle: bool) {
    let palette = theme::palette(ui);
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.strong(t("answers.prompt"));
        let phrases = slots::phrases(&detail.prompt).filter(|_| oracle);
        match &phrases {
            Some(phrases) if phrases.is_empty() => {
                ui.label(t("answers.slots_none"));
            }
            Some(phrases) => {
                ui.horizontal_wrapped(|ui| {
                    for phrase in phrases {
                        chip(ui, phrase);
                    }
                });
            }
            None => {}
        }
        if !as_tokens {
            let text = RichText::new(&detail.prompt);
            ui.label(if phrases.is_some() { text.monospace().small().color(palette.muted) } else { text });
            return;
        }
        match tokens::of_prompt(&detail.prompt, oracle) {
            Some(list) => {
                let id = Id::unique(("answers-prompt", detail.row));
                token_view::ui(ui, id, t("answers.prompt"), &list, &Colouring::Logprob);
            }
            None => {
                ui.label(&detail.prompt);
                ui.label(RichText::new(t("answers.prompt_tokens_unknown")).small().color(palette.muted));
            }
        }
        ui.label(RichText::new(t("answers.mask_prompt")).small().color(palette.muted));
    });
}

/// The same prompt, iteration by iteration, in each arm.
fn held_out(ui: &mut Ui, row: RowId, arms: &[(Arm, Vec<Moment>)], colouring: Option<&Colouring>, oracle: bool) {
    ui.weak(t("answers.across_note"));
    for (arm, moments) in arms {
        CollapsingHeader::new(RichText::new(words::arm(*arm)).heading())
            .id_salt(("answers-arm", *arm))
            .default_open(*arm == Arm::Main)
            .show(ui, |ui| {
                for moment in moments {
                    ui.push_id((*arm, moment.iteration), |ui| {
                        one_moment(ui, (row, *arm), moment, colouring, oracle);
                    });
                }
            });
    }
}

fn one_moment(ui: &mut Ui, (row, arm): (RowId, Arm), moment: &Moment, colouring: Option<&Colouring>, oracle: bool) {
    let id = Id::unique(("answers-moment", row, arm, moment.iteration));
    ui.strong(detail::iteration_name(moment.iteration));
    let cards: Vec<&AnswerCard> = moment.greedy.iter().chain(&moment.sampled).collect();
    cards::answers(ui, &cards, id, colouring, oracle);
    if let Some(own) = &moment.own {
        one_vote(ui, t("answers.votes_own"), own, id.with("own"), oracle);
    } else if moment.measured {
        ui.weak(t("answers.votes_same"));
    }
    if let Some(fixed) = &moment.fixed {
        one_vote(ui, t("answers.votes_fixed"), fixed, id.with("fixed"), oracle);
    }
    ui.add_space(theme::sizes().step * 2.0);
}

fn one_vote(ui: &mut Ui, title: &str, vote: &Vote, id: Id, oracle: bool) {
    let palette = theme::palette(ui);
    let (text, color) = votes::agreement(vote.agreement, &palette);
    let header = CollapsingHeader::new(format!("{title}: {text}")).id_salt(id);
    header.show(ui, |ui| {
        ui.colored_label(color, text);
        match vote.truth {
            Some(0.0) => ui.weak(t("answers.truth_equal")),
            Some(truth) => {
                let answer = if truth > 0.0 { t("answers.first") } else { t("answers.second") };
                ui.label(with(
                    "answers.truth_sampled",
                    &[("answer", &answer), ("difference", &format::number(truth.abs()))],
                ))
            }
            None if oracle => ui.weak(format::NOTHING),
            None => ui.weak(t("answers.truth_unknown")),
        };
        votes::table(ui, id, &vote.verdicts, [t("answers.first"), t("answers.second")]);
    });
}
