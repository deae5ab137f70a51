use egui::Role;
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use super::{order::Column, *};
use crate::view::panels::stage::{Stage, stage};

/// An atlas of four methods: one of each verdict, and one that was not put to the test.
pub(crate) const SMALL: &str = include_str!("small.json");

type Bench = Stage<AtlasPanel>;

fn harness(text: Option<&str>, size: [f32; 2]) -> Harness<'static, Bench> {
    let mut harness = stage(AtlasPanel::ui, Vec::new(), size);
    if let Some(text) = text {
        harness.state_mut().panel.open("atlas.json", text);
    }
    harness.run_steps(3);
    harness
}

/// The methods from top to bottom.
fn methods(harness: &Harness<'_, Bench>) -> Vec<String> {
    let mut links: Vec<(f32, String)> = harness
        .query_all_by_role(Role::Link)
        .map(|node| (node.rect().top(), node.accesskit_node().label().unwrap_or_default()))
        .collect();
    links.sort_by(|a, b| a.0.total_cmp(&b.0));
    links.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn without_an_atlas_it_says_what_one_is_and_lets_open_one() {
    let mut harness = stage(AtlasPanel::ui, Vec::new(), [900.0, 600.0]);
    harness.state_mut().panel = AtlasPanel { looked: true, ..AtlasPanel::default() };
    harness.run_steps(2);
    harness.get_by_label("Nothing was measured yet");
    // The name of the command is code, without the marks that stand around it in the table of words.
    harness.get_by_label_contains("An atlas holds what selfsame reproduce measured:");
    harness.get_by_label("Open an atlas…").click();
    harness.run_steps(2);
    harness.get_by_label("Read about the methods").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Pick(Pick::Atlas), Action::Go(Panel::Methods)]);
}

#[test]
fn every_method_has_its_word_its_numbers_and_its_page() {
    let mut harness = harness(Some(SMALL), [1400.0, 800.0]);
    for word in ["reproduced", "not reproduced", "inconclusive", "not tested"] {
        harness.get_by_label(word);
    }
    harness.get_by_label("CREAM, Difference: +0.031, with 95 % certainty between +0.010 and +0.052");
    harness.get_by_label("SPIN, Difference: -0.020, with 95 % certainty between -0.030 and -0.010");
    harness.get_by_label("SFT, Oracle reward: 0.600; a single seed has no interval");
    harness.get_by_label("made by version 0.2.0 on cpu");
    harness.get_by_role_and_label(Role::Link, "CREAM").click();
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [Action::Method("cream".to_owned())]);
}

#[test]
fn a_head_sorts_and_sorts_the_other_way_round() {
    let mut harness = harness(Some(SMALL), [1400.0, 800.0]);
    assert_eq!(methods(&harness), ["CREAM", "Self-rewarding", "SPIN", "SFT"]);
    harness.get_by_label("Sorted by Claim, falling");
    let press = |harness: &mut Harness<'_, Bench>, label: &str| {
        harness.get_by_label(label).click();
        harness.run_steps(2);
    };
    press(&mut harness, "Sort by Oracle reward");
    assert_eq!(methods(&harness), ["CREAM", "Self-rewarding", "SFT", "SPIN"]);
    press(&mut harness, "Sorted by Oracle reward, falling");
    assert_eq!(methods(&harness), ["SPIN", "SFT", "Self-rewarding", "CREAM"]);
    // What has no number stands at the end either way.
    press(&mut harness, "Sort by Judges right");
    assert_eq!(methods(&harness), ["CREAM", "Self-rewarding", "SFT", "SPIN"]);
    press(&mut harness, "Sorted by Judges right, falling");
    assert_eq!(methods(&harness), ["Self-rewarding", "CREAM", "SFT", "SPIN"]);
    press(&mut harness, "Sort by Method");
    assert_eq!(methods(&harness), ["CREAM", "Self-rewarding", "SFT", "SPIN"]);
    harness.get_by_label("Sorted by Method, rising");
    assert_eq!(Column::ALL.map(|column| harness.query_all_by_label_contains(column.name()).count() > 0), [true; 11]);
}

/// Numbers without a bar are sorted by as the others are, and what has none stands at the end.
#[test]
fn what_was_spent_is_shown_and_sorted_by() {
    let mut harness = harness(Some(SMALL), [1900.0, 800.0]);
    for text in ["0.410", "8.5", "195", "46,093", "60,000", "2026-12-01"] {
        assert!(harness.query_all_by_label(text).next().is_some(), "{text}");
    }
    for (column, expected) in [
        ("Steps", ["CREAM", "Self-rewarding", "SFT", "SPIN"]),
        ("Tokens drawn", ["Self-rewarding", "CREAM", "SFT", "SPIN"]),
        ("Length", ["Self-rewarding", "CREAM", "SFT", "SPIN"]),
        ("Agreement", ["CREAM", "Self-rewarding", "SFT", "SPIN"]),
        ("Computed", ["CREAM", "Self-rewarding", "SFT", "SPIN"]),
    ] {
        harness.get_by_label(&format!("Sort by {column}")).click();
        harness.run_steps(2);
        assert_eq!(methods(&harness), expected, "{column}");
    }
    harness.get_by_label("Sorted by Computed, falling").click();
    harness.run_steps(2);
    assert_eq!(methods(&harness), ["Self-rewarding", "CREAM", "SFT", "SPIN"]);
}

/// The chosen row says where its seeds were computed, what it spent and what the bootstrap says; pressed again it
/// says no more.
#[test]
fn a_row_tells_its_details() {
    for width in [360.0, 1400.0] {
        let mut harness = harness(Some(SMALL), [width, 2400.0]);
        let told = |harness: &Harness<'_, Bench>, words: &str| harness.query_all_by_label_contains(words).count();
        assert_eq!(told(&harness, "abc1234"), 0);
        harness.get_by_label("Details of CREAM").click();
        harness.run_steps(3);
        for words in [
            "Seeds 3, 4, 5: computed 2026-12-01",
            "(commit abc1234) on cpu, Some Processor, 2 cores, linux x86_64",
            "Seeds 1, 2: computed 2026-11-28",
            "195 optimiser steps, 46,093 tokens drawn, 2 min 00 s",
            "hard labels, with 195 optimiser steps and 65,975 tokens drawn",
            "The percentile bootstrap over seeds says +0.0",
        ] {
            assert_eq!(told(&harness, words), 1, "{words} in {width}");
        }
        for node in harness.query_all_by_role(Role::Meter) {
            let rect = node.rect();
            assert!(rect.left() >= 0.0 && rect.right() <= width, "{rect:?} in {width}");
        }
        harness.get_by_label("Details of CREAM").click();
        harness.run_steps(3);
        assert_eq!(told(&harness, "abc1234"), 0);
    }
}

/// A folder's name does not tell two models apart, and each row has details of its own all the same.
#[test]
fn rows_that_are_called_the_same_are_chosen_one_by_one() {
    let row = |model: &str, seeds: &str, commit: &str| {
        format!(
            r#"{{"study": "cream", "recipe": "cream", "model": "{model}", "seeds": {seeds},
                "origin": {{"version": "1", "commit": "{commit}"}}}}"#
        )
    };
    let rows = [row("/a/small", "[1, 2]", "first11"), row("/b/small", "[1, 2, 3]", "second2")].join(",");
    let text = format!(r#"{{"schema": 2, "rows": [{rows}]}}"#);
    for width in [360.0, 1400.0] {
        let mut harness = harness(Some(&text), [width, 1600.0]);
        assert_eq!(methods(&harness), ["CREAM on small", "CREAM on small"]);
        let press = |harness: &mut Harness<'_, Bench>, place: usize| {
            harness.get_all_by_label("Details of CREAM on small").nth(place).unwrap().click();
            harness.run_steps(3);
            ["first11", "second2"].map(|words| harness.query_all_by_label_contains(words).count())
        };
        assert_eq!(press(&mut harness, 0), [1, 0], "{width}");
        assert_eq!(press(&mut harness, 1), [0, 1], "{width}");
        assert_eq!(press(&mut harness, 1), [0, 0], "{width}");
        harness.get_by_label(t("atlas.budget"));
    }
}

/// What seeds of several versions made is not said to be made by the first.
#[test]
fn each_row_has_an_origin_of_its_own() {
    let row = |version: &str| {
        format!(r#"{{"study": "cream", "recipe": "cream", "origin": {{"version": "{version}", "device": "cpu"}}}}"#)
    };
    let made =
        |rows: &[String]| Atlas::parse("x", &format!(r#"{{"schema": 1, "rows": [{}]}}"#, rows.join(","))).unwrap().made;
    assert_eq!(made(&[row("1"), row("1")]), "made by version 1 on cpu");
    assert!(made(&[row("1"), row("2")]).contains("several versions"));
    assert_eq!(made(&[row("")]), "");
}

/// numpy 2: the 2.5 % and 97.5 % quantiles of the means of all `product(x, repeat=5)`.
#[test]
fn the_bootstrap_interval_is_that_of_the_seeds() {
    let atlas = Atlas::parse("x", SMALL).unwrap();
    let cream = atlas.rows.iter().find(|row| row.recipe == "cream").unwrap();
    let interval = cream.tests[0].bootstrap().unwrap();
    assert!((interval.low - 0.019).abs() < 1e-9 && (interval.high - 0.042).abs() < 1e-9, "{interval:?}");
    assert_eq!(cream.tests[1].bootstrap(), None, "its seeds are not there");
}

#[test]
fn a_narrow_window_has_cards_and_everything_fits() {
    for width in [360.0, 760.0, 1280.0, 3840.0] {
        let harness = harness(Some(SMALL), [width, 1600.0]);
        assert_eq!(methods(&harness).len(), 4);
        for node in harness.query_all_by_role(Role::Meter) {
            let rect = node.rect();
            assert!(rect.left() >= 0.0 && rect.right() <= width, "{rect:?} in {width}");
        }
        let narrow = harness.query_all_by_role(Role::ComboBox).count();
        assert_eq!(narrow, usize::from(width < 400.0), "{width}");
    }
    let mut harness = harness(Some(SMALL), [360.0, 1600.0]);
    harness.get_by_label("The other way round").click();
    harness.run_steps(2);
    assert_eq!(methods(&harness), ["SPIN", "Self-rewarding", "CREAM", "SFT"]);
}

#[test]
fn bars_are_reached_by_the_keyboard() {
    let mut harness = harness(Some(SMALL), [1400.0, 800.0]);
    let mut reached = false;
    for _ in 0..30 {
        harness.key_press(egui::Key::Tab);
        harness.run_steps(1);
        reached |= harness.query_all_by_role(Role::Meter).any(|node| node.is_focused());
    }
    assert!(reached);
}

#[test]
fn what_is_no_atlas_leaves_what_was_there_and_says_so() {
    let mut harness = harness(Some(SMALL), [1400.0, 800.0]);
    for wrong in ["", "[]", "{}", r#"{"schema": 1, "rows": [{"recipe": 3}]}"#, r#"{"schema": 3}"#] {
        harness.state_mut().panel.open("/tmp/wrong.json", wrong);
        harness.run_steps(2);
        assert!(harness.query_all_by_label_contains("/tmp/wrong.json cannot be shown").next().is_some(), "{wrong}");
        assert_eq!(methods(&harness).len(), 4);
    }
    harness.state_mut().panel.open("atlas.json", SMALL);
    harness.run_steps(2);
    assert!(harness.query_all_by_label_contains("cannot be shown").next().is_none());
}

/// Of several rows about a method the one about its claim stands on its page, best of all of the work.
#[test]
fn other_studies_models_and_quick_runs_are_told_apart() {
    let row = |study: &str, model: &str, quick: bool| {
        format!(r#"{{"study": "{study}", "recipe": "cream", "model": "{model}", "quick": {quick}}}"#)
    };
    let longer = r#"{"study": "cream", "recipe": "cream", "model": "starter", "variant": "longer"}"#.to_owned();
    let rows =
        [longer, row("cream", "starter", true), row("cream", "/m/SmolLM2", false), row("scaling", "starter", false)];
    let atlas = Atlas::parse("x", &format!(r#"{{"schema": 1, "rows": [{}]}}"#, rows.join(","))).unwrap();
    let names: Vec<String> = atlas.rows.iter().map(Row::name).collect();
    assert_eq!(names, ["CREAM, longer", "CREAM (quick)", "CREAM on SmolLM2", "CREAM: scaling"]);
    assert_eq!(atlas.row("cream").map(Row::name).as_deref(), Some("CREAM (quick)"));
    let others: Vec<String> = atlas.others("cream").map(Row::name).collect();
    assert_eq!(others, ["CREAM, longer", "CREAM on SmolLM2", "CREAM: scaling"]);
    assert_eq!((atlas.row("srlm"), atlas.others("srlm").count()), (None, 0));
}

#[test]
fn the_atlas_of_this_version_can_be_read() {
    assert!(!Atlas::parse("x", data::BUILT_IN).unwrap().rows.is_empty());
}
