//! Which runs stand beside each other, and what they are called there.

use std::collections::BTreeSet;

use egui::{Sense, Ui, vec2};

use crate::{
    engine::RunId,
    fold::RunView,
    view::{
        session::Session,
        theme,
        words::{t, with},
    },
};

/// An open run with what it is called.
#[derive(Debug, Clone)]
pub struct Named<'a> {
    /// The run.
    pub run: RunId,
    /// A letter, so that colour is not the only mark.
    pub letter: String,
    /// The last part of its folder, or the whole of it where that is not enough.
    pub name: String,
    /// Its colour, by its place in the palette.
    pub color: usize,
    /// What its log says so far.
    pub view: Option<&'a RunView>,
    /// Why there is nothing to show.
    pub problem: Option<&'a str>,
}

impl Named<'_> {
    /// Letter and name.
    #[must_use]
    pub fn title(&self) -> String {
        with("compare.run", &[("letter", &self.letter), ("name", &self.name)])
    }
}

/// All open runs with their names.
#[must_use]
pub fn named(sessions: &[Session]) -> Vec<Named<'_>> {
    sessions
        .iter()
        .enumerate()
        .map(|(index, session)| {
            let namesakes = sessions.iter().filter(|other| other.name() == session.name()).count();
            Named {
                run: session.run,
                letter: letters(index),
                name: if namesakes > 1 { session.folder.clone() } else { session.name().to_owned() },
                color: index,
                view: session.view(),
                problem: session.problem(),
            }
        })
        .collect()
}

/// A, B, …, Z, AA, AB, …
#[must_use]
fn letters(index: usize) -> String {
    let mut text = String::new();
    let mut rest = index + 1;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        text.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    text
}

/// The list of runs with a box to tick for each.
pub fn list(ui: &mut Ui, all: &[Named<'_>], left_out: &mut BTreeSet<RunId>) {
    if all.len() > 2 {
        ui.horizontal(|ui| {
            if ui.button(t("compare.all")).clicked() {
                left_out.clear();
            }
            if ui.button(t("compare.none")).clicked() {
                left_out.extend(all.iter().map(|named| named.run));
            }
        });
    }
    for named in all {
        ui.horizontal(|ui| {
            let size = theme::sizes();
            let (swatch, _) = ui.allocate_exact_size(vec2(3.0 * size.step, 3.0 * size.step), Sense::hover());
            ui.painter().circle_filled(swatch.center(), 1.25 * size.step, theme::palette(ui).line(named.color));
            let mut chosen = named.view.is_some() && !left_out.contains(&named.run);
            let tick = egui::Checkbox::new(&mut chosen, named.title());
            if ui.add_enabled(named.view.is_some(), tick).changed() {
                if chosen {
                    left_out.remove(&named.run);
                } else {
                    left_out.insert(named.run);
                }
            }
            match named.view {
                Some(view) => {
                    ui.weak(with("compare.of", &[("recipe", &view.manifest.recipe), ("seed", &view.manifest.seed)]))
                }
                None => ui.weak(named.problem.unwrap_or(t("compare.nothing_yet"))),
            };
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fold::tests::synthetic, view::panels::judges::tests::session};

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 27, 51, 52, 701, 702].map(letters), ["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
    }

    #[test]
    fn namesakes_are_told_apart_by_their_folders() {
        let mut sessions =
            [session(1, "x/scir", synthetic()), session(2, "y/scir", synthetic()), session(3, "srlm", Vec::new())];
        sessions[2].folder = "runs/srlm".to_owned();
        let titles: Vec<String> = named(&sessions).iter().map(Named::title).collect();
        assert_eq!(titles, ["A · runs/x/scir", "B · runs/y/scir", "C · srlm"]);
        assert!(named(&sessions)[2].view.is_none());
    }
}
