//! The blind test: two ads for the same brief; which one is remembered? The person guesses, and then sees what both
//! Henries would have said, and the truth.

use egui::{Button, Key, Label, Modifiers, RichText, Ui};
use selfsame_core::rng::{Purpose, Stream};

use super::{
    gallery::{Gallery, Piece},
    rounds, said,
    score::{self, names},
    storyboard::{self, Detail},
};
use crate::{
    engine::RunId,
    view::{
        section::section,
        theme,
        words::{t, with},
    },
};

/// Ads whose truths differ by less cannot be told apart by anybody.
const APART: f64 = 0.06;

/// From this width on the two ads stand side by side.
const BESIDE: f32 = 640.0;

/// An ad of the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    round: usize,
    brief: usize,
    sample: usize,
}

/// Two ads for one brief.
type Pair = [Place; 2];

/// Who was right how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    guesses: usize,
    /// The person, the Henry who selects, the other one.
    right: [usize; 3],
}

/// The state of the test.
#[derive(Debug)]
pub struct Blind {
    seed: u64,
    /// The pairs in their order.
    pairs: Vec<Pair>,
    /// What they were made of: the seed, the run, and how many of its ads there were.
    of: Option<(u64, Option<RunId>, usize)>,
    at: usize,
    /// What was guessed of the pair that is shown.
    guess: Option<usize>,
    tally: Tally,
    /// Whether the next pair was asked for by the keyboard, so that the first ad gets the focus.
    focus: bool,
}

impl Default for Blind {
    fn default() -> Self {
        Self { seed: 1, pairs: Vec::new(), of: None, at: 0, guess: None, tally: Tally::default(), focus: false }
    }
}

impl Blind {
    /// Draws the part of the panel.
    pub fn ui(&mut self, ui: &mut Ui, run: Option<RunId>, gallery: &Gallery) {
        self.prepare(run, gallery);
        section(ui, t("ads.blind_title"), t("ads.blind_sentence"), |ui| self.settings(ui, run, gallery));
        let Some(pair) = self.pairs.get(self.at).copied() else {
            let text = if self.pairs.is_empty() { t("ads.no_pairs") } else { t("ads.all_guessed") };
            ui.label(text);
            self.result(ui);
            return;
        };
        let [Some(first), Some(second)] = pair.map(|place| piece(gallery, place)) else { return };
        self.keys(ui, [first, second]);
        storyboard::head(ui, first.brief, None);
        if ui.available_width() < BESIDE {
            self.side(ui, gallery, (0, pair), [first, second]);
            self.side(ui, gallery, (1, pair), [first, second]);
        } else {
            ui.columns(2, |columns| {
                for (index, ui) in columns.iter_mut().enumerate() {
                    self.side(ui, gallery, (index, pair), [first, second]);
                }
            });
        }
        self.focus = false;
        if self.guess.is_some() {
            self.revealed(ui, [first, second]);
        }
        self.result(ui);
    }

    fn settings(&mut self, ui: &mut Ui, run: Option<RunId>, gallery: &Gallery) {
        ui.horizontal_wrapped(|ui| {
            let label = ui.label(t("ads.seed"));
            let seed = ui.add(egui::DragValue::new(&mut self.seed)).labelled_by(label.id);
            if seed.on_hover_text(t("ads.seed_hint")).changed() {
                self.of = None;
                self.prepare(run, gallery);
            }
            if ui.button(t("ads.again")).on_hover_text(t("ads.again_hint")).clicked() {
                self.of = None;
                self.prepare(run, gallery);
            }
            if !self.pairs.is_empty() {
                let number = (self.at + 1).min(self.pairs.len());
                ui.weak(with("ads.pair_of", &[("number", &number), ("of", &self.pairs.len())]));
            }
        });
    }

    /// Makes the pairs, where the run, the ads that can be in pairs, or the seed are others.
    fn prepare(&mut self, run: Option<RunId>, gallery: &Gallery) {
        let ads = gallery.rounds.iter().flat_map(|round| &round.pieces).flatten().filter(|piece| asked(piece)).count();
        if self.of != Some((self.seed, run, ads)) {
            self.of = Some((self.seed, run, ads));
            self.pairs = pairs(gallery, self.seed);
            (self.at, self.guess, self.tally) = (0, None, Tally::default());
        }
    }

    /// One, two, and on: wherever nobody is writing.
    fn keys(&mut self, ui: &Ui, both: [&Piece; 2]) {
        if ui.ctx().egui_wants_keyboard_input() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if self.guess.is_none() {
            if pressed(Key::Num1) {
                self.guess(0, both);
            } else if pressed(Key::Num2) {
                self.guess(1, both);
            }
        } else if pressed(Key::N) {
            self.go_on();
        }
    }

    fn guess(&mut self, index: usize, both: [&Piece; 2]) {
        self.guess = Some(index);
        let truth = better(both.map(|piece| Some(piece.memorability())));
        self.tally.guesses += 1;
        let henries = [0, 1].map(|which| henry(both, which));
        for (right, says) in self.tally.right.iter_mut().zip([Some(index), henries[0], henries[1]]) {
            *right += usize::from(says.is_some() && says == truth);
        }
    }

    fn go_on(&mut self) {
        self.at += 1;
        self.guess = None;
        self.focus = true;
    }

    fn side(&mut self, ui: &mut Ui, gallery: &Gallery, (index, pair): (usize, Pair), both: [&Piece; 2]) {
        let piece = both[index];
        let palette = theme::palette(ui);
        theme::card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let letter = letter(index);
            let label = with("ads.choose", &[("letter", &letter)]);
            let chosen = self.guess == Some(index);
            let button = Button::new(RichText::new(&label).strong().color(palette.on_accent)).fill(palette.accent);
            if self.guess.is_none() {
                let button = ui.add(button).on_hover_text(with("ads.choose_hint", &[("key", &(index + 1))]));
                if self.focus && index == 0 {
                    button.request_focus();
                }
                if button.clicked() {
                    self.guess(index, both);
                }
            } else {
                let text = if chosen {
                    with("ads.chosen", &[("letter", &letter)])
                } else {
                    with("ads.ad", &[("letter", &letter)])
                };
                ui.strong(text);
            }
            storyboard::ui(ui, piece.brief, &piece.ad, Detail::Small);
            if self.guess.is_some() {
                let round = gallery.rounds.get(pair[index].round).map(|round| rounds::name(round.iteration));
                ui.weak(round.unwrap_or_default());
                score::rows(ui, piece, None);
            }
        });
    }

    /// Who was right about this pair.
    fn revealed(&mut self, ui: &mut Ui, both: [&Piece; 2]) {
        let palette = theme::palette(ui);
        let truth = better(both.map(|piece| Some(piece.memorability())));
        let says = [(t("ads.you"), self.guess), (names()[0], henry(both, 0)), (names()[1], henry(both, 1))];
        theme::card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            let worths = both.map(|piece| said::of_hundred(piece.memorability()));
            if let Some(truth) = truth {
                let [better, worse] = [&worths[truth], &worths[1 - truth]];
                let text = with("ads.was", &[("letter", &letter(truth)), ("better", better), ("worse", worse)]);
                ui.add(Label::new(RichText::new(text).heading()).wrap());
            }
            for (who, says) in says {
                let Some(index) = says else {
                    ui.weak(with("ads.did_not_say", &[("who", &who)]));
                    continue;
                };
                let values: [(&str, &dyn std::fmt::Display); 2] = [("who", &who), ("letter", &letter(index))];
                let (mark, ink, text) = if says == truth {
                    ("√", palette.good, with("ads.right", &values))
                } else {
                    ("×", palette.bad, with("ads.wrong", &values))
                };
                let shown = ui.add(Label::new(RichText::new(format!("{mark} {text}")).color(ink)).wrap());
                shown.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
            }
            ui.add_space(theme::sizes().step);
            let next = ui.button(t("ads.next_pair")).on_hover_text(t("ads.next_pair_hint"));
            if next.clicked() {
                self.go_on();
            }
        });
    }

    /// The running tally.
    fn result(&self, ui: &mut Ui) {
        if self.tally.guesses == 0 {
            return;
        }
        let guesses = self.tally.guesses;
        let whose = [t("ads.you"), names()[0], names()[1]];
        section(ui, t("ads.tally"), t("ads.tally_sentence"), |ui| {
            for (who, right) in whose.into_iter().zip(self.tally.right) {
                bar(ui, who, right, guesses);
            }
        });
    }
}

/// How often somebody was right, as a bar with a mark where a coin would be.
#[allow(clippy::cast_precision_loss)] // counts of guesses
fn bar(ui: &mut Ui, who: &str, right: usize, of: usize) {
    let palette = theme::palette(ui);
    let text = with("ads.right_of", &[("who", &who), ("right", &right), ("of", &of)]);
    ui.small(&text);
    let size = egui::vec2(ui.available_width().min(420.0), 12.0);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
    let share = right as f32 / of.max(1) as f32;
    response.widget_info(|| egui::WidgetInfo {
        value: Some(f64::from(share)),
        ..egui::WidgetInfo::labeled(egui::Role::Meter, true, &text)
    });
    ui.painter().rect_filled(rect, 3.0, palette.hover);
    let done = egui::Rect::from_min_size(rect.min, egui::vec2(rect.width() * share, rect.height()));
    ui.painter().rect_filled(done, 3.0, palette.line(0));
    ui.painter().vline(rect.center().x, rect.expand(2.0).y_range(), egui::Stroke::new(2.0, palette.text));
}

/// Whether both Henries were asked about an ad.
fn asked(piece: &Piece) -> bool {
    piece.spreads.iter().all(Option::is_some)
}

fn letter(index: usize) -> &'static str {
    if index == 0 { t("ads.letter_a") } else { t("ads.letter_b") }
}

fn piece(gallery: &Gallery, place: Place) -> Option<&Piece> {
    gallery.rounds.get(place.round)?.pieces.get(place.brief)?.get(place.sample)
}

/// The place of the larger of two numbers; `None` where one is missing or they are the same.
fn better(of: [Option<f64>; 2]) -> Option<usize> {
    let [first, second] = [of[0]?, of[1]?];
    (first != second).then_some(usize::from(second > first))
}

/// The ad that a Henry expects to be remembered.
fn henry(both: [&Piece; 2], which: usize) -> Option<usize> {
    better(both.map(|piece| piece.spreads.get(which).copied().flatten().map(|spread| spread.expected)))
}

/// Pairs of ads for one brief whose truths differ enough and about which both Henries were asked: brief after brief in
/// an order of the seed's, a pair each, and then again. The same for the same seed.
fn pairs(gallery: &Gallery, seed: u64) -> Vec<Pair> {
    let mut stream = Stream::new(seed, Purpose::Select, 0, 1 << 40);
    let mut of_briefs: Vec<Vec<Pair>> = Vec::new();
    for brief in 0..gallery.briefs.len() {
        let places: Vec<(Place, &Piece)> = (0..gallery.rounds.len())
            .flat_map(|round| {
                let count = gallery.rounds.get(round).and_then(|r| r.pieces.get(brief)).map_or(0, Vec::len);
                (0..count).map(move |sample| Place { round, brief, sample })
            })
            .filter_map(|place| Some((place, piece(gallery, place)?)))
            .filter(|(_, piece)| asked(piece))
            .collect();
        let mut pairs: Vec<Pair> = Vec::new();
        for (index, (first, one)) in places.iter().enumerate() {
            for (second, other) in places.iter().skip(index + 1) {
                if (one.memorability() - other.memorability()).abs() >= APART {
                    pairs.push(if stream.chance(0.5) { [*first, *second] } else { [*second, *first] });
                }
            }
        }
        stream.shuffle(&mut pairs);
        of_briefs.push(pairs);
    }
    stream.shuffle(&mut of_briefs);
    let longest = of_briefs.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|turn| of_briefs.iter().filter_map(move |pairs| pairs.get(turn).copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{recorded::ads, view::panels::ads::gallery::Gallery};

    #[test]
    fn a_seed_has_one_order_and_every_pair_an_answer() {
        let gallery = Gallery::of(ads::view().unwrap()).unwrap();
        let (first, again, other) = (pairs(&gallery, 1), pairs(&gallery, 1), pairs(&gallery, 2));
        assert!(first.len() > 40 && first == again && first != other, "{}", first.len());
        let mut left = 0;
        for pair in &first {
            let both = pair.map(|place| piece(&gallery, place).unwrap());
            assert_eq!(both[0].brief, both[1].brief);
            let apart = both[0].memorability() - both[1].memorability();
            assert!(apart.abs() >= APART);
            left += usize::from(apart > 0.0);
        }
        // The better one is on either side.
        assert!((first.len() / 3..2 * first.len() / 3 + 1).contains(&left), "{left} of {}", first.len());
        assert_ne!(first[0][0].brief, first[1][0].brief, "not the same brief twice in a row");
    }
}
