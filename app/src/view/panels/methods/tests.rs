use egui::{Key, Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use super::{super::atlas::tests::SMALL, *};
use crate::view::{
    Action,
    panels::stage::{Stage, stage},
    session::Session,
};

/// The panel with an atlas beside it.
#[derive(Default)]
struct Both {
    methods: Methods,
    atlas: Option<Atlas>,
}

type Bench = Stage<Both>;

fn harness(atlas: bool, size: [f32; 2]) -> Harness<'static, Bench> {
    let draw = |both: &mut Both, ui: &mut Ui, scene: &mut Scene<'_>| both.methods.ui(ui, scene, both.atlas.as_ref());
    let mut harness = stage(draw, Vec::new(), size);
    harness.state_mut().panel.atlas = atlas.then(|| Atlas::parse("x", SMALL).unwrap());
    harness.run_steps(3);
    harness
}

/// The verbs as they are read out.
fn verbs(harness: &Harness<'_, Bench>) -> Vec<String> {
    harness.query_all_by_role(Role::ListItem).filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn a_page_says_what_the_method_is_and_runs_it() {
    let mut harness = harness(false, [1400.0, 1400.0]);
    harness.get_by_label("CREAM").click();
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::Heading, "CREAM");
    harness.get_by_label("arXiv 2410.12735");
    harness.get_by_label("never sees the truth");
    harness.get_by_label("needs the base model");
    let equations: Vec<String> =
        harness.query_all_by_role(Role::Math).filter_map(|node| node.accesskit_node().label()).collect();
    assert!(equations.iter().any(|line| line == "L = −C log σ(Δ) − (1 − C) log σ(−Δ)"), "{equations:?}");
    let verbs = verbs(&harness);
    assert_eq!(verbs.len(), 6);
    assert!(verbs[2].starts_with("judge (differs here): "), "{verbs:?}");
    assert!(verbs[0].starts_with("prompt: "), "{verbs:?}");
    harness.get_by_label_contains("Not measured yet");
    let card = selfsame_core::recipe::by_id("cream").unwrap().card;
    harness.get_by_label(card.claim);
    harness.get_by_label(card.fidelity);
    harness.get_by_label("Run it").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Compose("cream".to_owned())]);
}

#[test]
fn at_first_it_is_the_method_of_the_run_in_front() {
    let mut harness = harness(false, [1400.0, 1400.0]);
    harness.get_by_role_and_label(Role::Heading, "SFT");
    let records = crate::fold::tests::synthetic();
    harness.state_mut().sessions.push(Session::film(1, "runs/x".to_owned(), records));
    harness.run_steps(3);
    harness.get_by_role_and_label(Role::Heading, "Self-rewarding");
}

#[test]
fn what_was_measured_stands_on_the_page() {
    let mut harness = harness(true, [1400.0, 1400.0]);
    harness.get_by_label("CREAM").click();
    harness.run_steps(3);
    harness.get_by_label("reproduced");
    let said: Vec<&str> = vec!["Soft labels end above hard ones.", "Judges are no worse."];
    for says in said {
        harness.get_by_label(says);
    }
    harness.get_by_label("against hard labels: reproduced; the claim stands or falls with it");
    assert_eq!(harness.query_all_by_role(Role::Meter).count(), 5);
    harness.get_by_label("Soft labels end above hard ones: +0.031, with 95 % certainty between +0.010 and +0.052");
    harness.get_by_label("Compare in the atlas").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Go(Panel::Atlas)]);
    assert_eq!(harness.query_all_by_label("Measured beside it").count(), 0);
    // One that the atlas does not have.
    harness.get_by_label("OSP").click();
    harness.run_steps(3);
    harness.get_by_label_contains("Not measured yet");
}

#[test]
fn other_settings_models_and_studies_stand_below_the_claim() {
    let mut harness = harness(false, [1400.0, 1700.0]);
    let rows = [
        r#"{"study": "cream", "recipe": "cream", "verdict": "inconclusive", "seeds": [1, 2]}"#,
        r#"{"study": "cream", "recipe": "cream", "variant": "longer", "verdict": "not_reproduced", "seeds": [1, 2, 3]}"#,
        r#"{"study": "parts", "recipe": "cream", "claim": "What is owed to what?", "seeds": [1]}"#,
    ];
    let atlas = format!(r#"{{"schema": 1, "rows": [{}]}}"#, rows.join(","));
    harness.state_mut().panel.atlas = Some(Atlas::parse("x", &atlas).unwrap());
    harness.get_by_label("CREAM").click();
    harness.run_steps(3);
    harness.get_by_label("Measured beside it");
    harness.get_by_label("Seeds: 2");
    assert_eq!(harness.query_all_by_label("Seeds: 3").count(), 0, "it is folded");
    harness.get_by_label("CREAM, longer: not reproduced").click();
    harness.run_steps(20);
    harness.get_by_label("Seeds: 3");
    harness.get_by_label("CREAM: parts").click();
    harness.run_steps(20);
    harness.get_by_label("What is owed to what?");
}

#[test]
fn the_evidence_of_a_method_leads_to_its_world_and_its_panel() {
    let mut harness = harness(false, [1400.0, 2600.0]);
    harness.get_by_label("Sharpening").click();
    harness.run_steps(3);
    harness.get_by_label("Its evidence");
    harness.get_by_label_contains("It exists in the world grammar, and is seen on Iterations.");
    assert_eq!(harness.query_all_by_label("See it on Iterations").count(), 0, "no run is open");
    harness.get_by_label("Set up a run in grammar").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::ComposeIn("sharpening".to_owned(), "grammar")]);
    // One that has no more to show than all have.
    harness.get_by_label("SFT").click();
    harness.run_steps(3);
    assert_eq!(harness.query_all_by_label("Its evidence").count(), 0);
}

#[test]
fn a_run_of_the_method_in_its_world_shows_its_evidence() {
    for (recipe, world, shown) in [("t-reg", "rules", 1), ("t-reg", "style", 0)] {
        let mut harness = harness(false, [1400.0, 2600.0]);
        let mut records = crate::fold::tests::synthetic();
        if let selfsame_core::run::Event::Started { manifest } = &mut records[0].event {
            recipe.clone_into(&mut manifest.recipe);
            manifest.source = selfsame_core::run::Source::World(world.to_owned());
        }
        harness.state_mut().sessions.push(Session::film(1, "runs/x".to_owned(), records));
        harness.run_steps(3);
        // The page in front is that of the run's recipe.
        harness.get_by_label("Its evidence");
        let see = harness.query_all_by_label("See it on Answers").count();
        assert_eq!(see, shown, "{recipe} in {world}");
        if see == 1 {
            harness.get_by_label("See it on Answers").click();
            harness.run_steps(2);
            assert_eq!(harness.state().actions, [Action::Go(Panel::Answers)]);
        }
    }
}

/// Every page, from a telephone to a wall: nothing leaves the window, and what is drawn is read out.
#[test]
fn every_page_fits_at_every_width() {
    for width in [360.0, 620.0, 1280.0, 3840.0] {
        let mut harness = harness(false, [width, 2600.0]);
        for method in methods() {
            harness.state_mut().panel.methods.open(method.page.id);
            harness.run_steps(3);
            assert_eq!(verbs(&harness).len(), 6, "{}", method.page.id);
            for role in [Role::ListItem, Role::Math, Role::Heading, Role::Label] {
                for node in harness.query_all_by_role(role) {
                    let rect = node.rect();
                    assert!(rect.right() <= width + 0.5, "{} in {width}: {rect:?} {node:?}", method.page.id);
                }
            }
        }
        let combo = harness.query_all_by_role(Role::ComboBox).count();
        assert_eq!(combo, usize::from(width < NARROW * theme::sizes().step));
    }
}

#[test]
fn the_keyboard_reaches_the_list_the_button_and_the_verbs() {
    let mut harness = harness(false, [1400.0, 1400.0]);
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..80 {
        harness.key_press(Key::Tab);
        harness.run_steps(1);
        for role in [Role::Button, Role::ListItem] {
            let focused = harness.query_all_by_role(role).filter(egui_kittest::Node::is_focused);
            reached.extend(focused.filter_map(|node| node.accesskit_node().label()));
        }
    }
    assert!(reached.contains("Run it") && reached.contains("CREAM"), "{reached:?}");
    assert!(reached.iter().any(|label| label.starts_with("measure")), "{reached:?}");
}
