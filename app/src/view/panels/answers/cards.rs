//! Answers and pairs as cards.

use egui::{Align, Frame, Grid, Id, Layout, RichText, Ui};
use selfsame_core::sample::FinishReason;

use super::{
    detail::{self, AnswerCard, Mask, PairCard},
    token_view::{self, Colouring},
    tokens,
    verdict::Agreement,
    votes,
    why::Outcome,
};
use crate::{
    format,
    view::{
        theme,
        words::{t, with},
    },
};

/// The narrowest column of answers: the longest fact in it takes one line.
const COLUMN: f32 = 290.0;

/// Draws answers side by side, in as many columns as fit.
pub fn answers(ui: &mut Ui, cards: &[&AnswerCard], salt: Id, colouring: Option<&Colouring>, rules: bool) {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a handful of columns
    let fit = (ui.available_width() / COLUMN).floor().max(1.0) as usize;
    // Lines of the same length, as far as it goes.
    let columns = cards.len().div_ceil(cards.len().div_ceil(fit).max(1)).max(1);
    for (line, chunk) in cards.chunks(columns).enumerate() {
        ui.columns(columns, |columns| {
            for (at, (ui, card)) in columns.iter_mut().zip(chunk).enumerate() {
                theme::card(ui).show(ui, |ui| {
                    // Columns spread the words of a line over their width; answers are not to be.
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        answer(ui, card, salt.with((line, at)), colouring, rules);
                    });
                });
            }
        });
    }
}

fn answer(ui: &mut Ui, card: &AnswerCard, id: Id, colouring: Option<&Colouring>, rules: bool) {
    let palette = theme::palette(ui);
    ui.set_width(ui.available_width());
    ui.horizontal_wrapped(|ui| {
        ui.strong(&card.name);
        let colors = [palette.good, palette.bad, palette.muted];
        let roles = detail::roles(card);
        let shown = card.roles.iter().zip(colors).filter(|(count, _)| **count > 0).map(|(_, color)| color);
        for (role, color) in roles.iter().zip(shown.chain(std::iter::repeat(palette.muted))) {
            ui.colored_label(color, role);
        }
    });
    if let Some(colouring) = colouring {
        let (mut list, known) = tokens::of_answer(&card.answer, rules);
        if let Colouring::Noted { name, .. } = colouring {
            let numbers = card.noted.iter().find(|(other, _)| other == name).map_or(&[][..], |(_, numbers)| numbers);
            list.iter_mut().zip(numbers).for_each(|(token, number)| token.noted = Some(*number));
        }
        let name = with("answers.tokens_of", &[("answer", &card.name)]);
        token_view::ui(ui, id.with("tokens"), &name, &list, colouring);
        if known == tokens::Known::Number {
            ui.label(RichText::new(t("answers.tokens_by_id")).small().color(palette.muted));
        }
        ui.label(RichText::new(mask(card)).small().color(palette.muted));
    } else if card.answer.text.trim().is_empty() {
        ui.weak(t("answers.text_empty"));
    } else {
        ui.label(&card.answer.text);
    }
    ui.add_space(theme::sizes().step);
    Grid::new(id.with("facts")).num_columns(2).min_row_height(0.0).spacing([12.0, 3.0]).show(ui, |ui| facts(ui, card));
}

/// Which tokens of an answer count in the loss.
fn mask(card: &AnswerCard) -> String {
    let count: [(&str, &dyn std::fmt::Display); 1] = [("count", &card.answer.ids.len())];
    match (card.mask, card.answer.finish) {
        (Mask::Learned, FinishReason::Stop) => with("answers.mask_answer", &count),
        (Mask::Learned, FinishReason::Length) => with("answers.mask_answer_cut", &count),
        (Mask::Unlearned, _) => t("answers.mask_unlearned").to_owned(),
        (Mask::HeldOut, _) => t("answers.mask_held_out").to_owned(),
    }
}

#[allow(clippy::cast_precision_loss)] // token counts
fn facts(ui: &mut Ui, card: &AnswerCard) {
    let palette = theme::palette(ui);
    let mut fact = |name: &str, value: String, color: egui::Color32| {
        ui.label(RichText::new(name).small().color(palette.muted));
        ui.label(RichText::new(value).small().color(color));
        ui.end_row();
    };
    for (judge, score) in &card.scores {
        let name = with("answers.score_of", &[("judge", judge)]);
        fact(&name, format::number(f64::from(*score)), palette.text);
    }
    match card.reward {
        Some(reward) => fact(t("answers.reward"), format::number(reward), palette.text),
        None => fact(t("answers.reward"), t("answers.reward_unknown").to_owned(), palette.muted),
    }
    let answer = &card.answer;
    let sum = f64::from(answer.logprob());
    if !answer.logprobs.is_empty() {
        let mean = format::number(sum / answer.logprobs.len() as f64);
        let value = with("answers.logprob_value", &[("sum", &format::number(sum)), ("mean", &mean)]);
        fact(t("answers.logprob"), value, palette.text);
    }
    let length = match answer.ids.len() {
        1 => t("answers.length_one").to_owned(),
        count => with("answers.length_value", &[("count", &format::count(count))]),
    };
    fact(t("answers.length"), length, palette.text);
    match answer.finish {
        FinishReason::Stop => fact(t("answers.finish"), t("answers.finish_stop").to_owned(), palette.text),
        FinishReason::Length => fact(t("answers.finish"), t("answers.finish_length").to_owned(), palette.warn),
    }
}

/// The label of a pair, and how much it counts: a pair that is not learned from counts nothing, whatever
/// weight it was selected with.
pub(super) fn label(card: &PairCard) -> String {
    let (label, weight) = (format::maybe(card.label), format::number(card.weight));
    let name = match (card.outcome, card.unlabelled) {
        (Outcome::Dropped, true) => "answers.label_dropped_unlabelled",
        (Outcome::Dropped, false) => "answers.label_dropped",
        (_, true) => "answers.label_unlabelled",
        (_, false) => "answers.label",
    };
    with(name, &[("label", &label), ("weight", &weight)])
}

/// Draws a pair: what became of it, why, and who said what.
pub fn pair(ui: &mut Ui, card: &PairCard, id: Id) {
    let palette = theme::palette(ui);
    let [first, second] = &card.names;
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_wrapped(|ui| {
            ui.strong(with("answers.versus", &[("first", first), ("second", second)]));
            let color = match card.outcome {
                Outcome::Kept => palette.good,
                Outcome::Softened => palette.warn,
                Outcome::Dropped => palette.bad,
                Outcome::Waiting => palette.muted,
            };
            ui.colored_label(color, card.outcome.name());
            if card.agreement != Agreement::Nobody {
                let (text, color) = votes::agreement(card.agreement, &palette);
                ui.colored_label(color, text);
            }
        });
        for text in &card.why {
            ui.label(text);
        }
        let color = match card.right {
            Some(true) => palette.good,
            Some(false) => palette.bad,
            None => palette.muted,
        };
        ui.colored_label(color, &card.truth);
        if let Some(texts) = &card.texts {
            for (name, text) in card.names.iter().zip(texts) {
                Frame::new().inner_margin(theme::sizes().step).show(ui, |ui| {
                    ui.label(RichText::new(name).small().color(palette.muted));
                    ui.label(text);
                });
            }
        }
        ui.horizontal_wrapped(|ui| {
            let text = label(card);
            ui.label(RichText::new(text).small().color(palette.muted));
            if let Some(margin) = card.margin {
                let text = with("answers.margin", &[("margin", &format::number(f64::from(margin)))]);
                ui.label(RichText::new(text).small().color(palette.muted)).on_hover_text(t("answers.margin_hint"));
            }
        });
        votes::table(ui, id, &card.verdicts, [first.as_str(), second.as_str()]);
    });
}
