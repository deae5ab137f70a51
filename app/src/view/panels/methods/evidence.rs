//! Where a method shows what it lives by: the world that it has to run in, and the panel on which it is then seen.

use egui::Ui;
use selfsame_core::run::Source;

use super::super::Panel;
use crate::{
    fold::RunView,
    view::{
        Action, Scene,
        section::section,
        words::{t, with},
    },
};

/// Where the evidence of a method is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// The recipe.
    pub recipe: &'static str,
    /// The world in which there is such evidence.
    pub world: &'static str,
    /// The panel on which it is seen.
    pub panel: Panel,
    /// The key of the words that say what it is.
    says: &'static str,
}

const fn evidence(recipe: &'static str, world: &'static str, panel: Panel, says: &'static str) -> Evidence {
    Evidence { recipe, world, panel, says }
}

/// Methods that have more to show than reward and judges, which all have.
const ALL: [Evidence; 10] = [
    evidence("scir", "rules", Panel::Judges, "methods.evidence_scir"),
    evidence("cream", "rules", Panel::Iterations, "methods.evidence_cream"),
    evidence("dno", "style-cyclic", Panel::Iterations, "methods.evidence_dno"),
    evidence("reward-aug", "rules", Panel::Iterations, "methods.evidence_reward_aug"),
    evidence("upo", "rules", Panel::Iterations, "methods.evidence_upo"),
    evidence("t-reg", "rules", Panel::Answers, "methods.evidence_t_reg"),
    evidence("coh", "rules", Panel::Iterations, "methods.evidence_coh"),
    evidence("nlhf", "style-cyclic", Panel::Iterations, "methods.evidence_nlhf"),
    evidence("r3-relevance", "rules", Panel::Iterations, "methods.evidence_r3"),
    evidence("sharpening", "grammar", Panel::Iterations, "methods.evidence_sharpening"),
];

/// Where the evidence of a recipe is; `None` where reward and judges are all of it.
pub fn of(recipe: &str) -> Option<&'static Evidence> {
    ALL.iter().find(|evidence| evidence.recipe == recipe)
}

impl Evidence {
    /// Whether a run has it.
    fn in_run(&self, view: &RunView) -> bool {
        let here = matches!(&view.manifest.source, Source::World(world) if world == self.world);
        here && view.manifest.recipe == self.recipe
    }
}

/// Says what the evidence is, and leads to where it is made and where it is seen.
pub fn ui(ui: &mut Ui, evidence: &Evidence, scene: &mut Scene<'_>) {
    let panel = evidence.panel.title();
    let place = with("methods.evidence_place", &[("world", &evidence.world), ("panel", &panel)]);
    section(ui, t("methods.evidence"), &format!("{} {place}", t(evidence.says)), |ui| {
        ui.horizontal_wrapped(|ui| {
            let make = ui.button(with("methods.evidence_make", &[("world", &evidence.world)]));
            if make.on_hover_text(t("methods.evidence_make_hint")).clicked() {
                scene.ask(Action::ComposeIn(evidence.recipe.to_owned(), evidence.world));
            }
            let open = scene.view().is_some_and(|view| evidence.in_run(view));
            if open && ui.button(with("methods.evidence_see", &[("panel", &panel)])).clicked() {
                scene.ask(Action::Go(evidence.panel));
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use selfsame_core::{recipe::by_id, world};

    use super::*;
    use crate::view::words::known;

    #[test]
    fn every_evidence_is_of_a_recipe_in_a_world_and_has_words() {
        for evidence in ALL {
            assert!(by_id(evidence.recipe).is_ok(), "{evidence:?}");
            assert!(world::by_name(evidence.world).is_some(), "{evidence:?}");
            assert!(known(evidence.says).is_some_and(|says| says.ends_with('.')), "{evidence:?}");
            assert_eq!(of(evidence.recipe), Some(&evidence), "one each");
        }
        assert_eq!(of("sft"), None);
    }
}
