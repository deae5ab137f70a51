//! Every panel as it looks: in light and dark, in a usual window, in the smallest and in a large one.
//!
//! `SELFSAME_BLESS=1` (or `cargo xtask screenshots`) makes the committed pictures anew.

use std::{cell::RefCell, rc::Rc};

use egui_kittest::kittest::Queryable;
use selfsame::{
    engine::{Message, Moment, Outcome, Scripted},
    recorded,
    view::panels::Panel,
};
use selfsame_core::run::Arm;
use selfsame_tests::{
    lab::{harness, laboratory, with_recorded_run},
    picture::{Studio, compare, content, keep},
};

const USUAL: [f32; 2] = [1280.0, 840.0];
const LEAST: [f32; 2] = [900.0, 600.0];
const LARGE: [f32; 2] = [1920.0, 1080.0];

/// Where the panel begins: right of the navigation, below the bars.
const PANEL: [u32; 2] = [170, 96];

#[test]
fn every_panel_in_light_and_dark() {
    let Some(studio) = Studio::open("every_panel_in_light_and_dark") else { return };
    let mut problems = Vec::new();
    let mut pictures = Vec::new();
    for panel in Panel::ALL {
        for (theme, mode) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
            for size in [USUAL, LEAST, LARGE] {
                let name = format!("{}-{mode}", panel.id());
                let what = format!("{name} at {} × {}", size[0], size[1]);
                let mut harness = harness(with_recorded_run(panel), size, theme, Some(studio.painter()));
                harness.get_all_by_label(panel.title()).next().expect("the navigation");
                let picture = harness.render().unwrap_or_else(|e| panic!("{what}: {e}"));
                let whole = content(&picture, [0, 0]);
                assert!(whole.colors > 20 && whole.ink > 0.001, "{what}: {whole:?}");
                let shown = content(&picture, PANEL);
                assert!(shown.colors > 8 && shown.ink > 0.0005, "{what}: the panel is blank: {shown:?}");
                println!("{what}: {whole:?}, panel {shown:?}");
                if size == USUAL {
                    problems.extend(compare(&name, &picture).err());
                    pictures.push((panel, mode, picture));
                } else {
                    let suffix = if size == LEAST { "small" } else { "large" };
                    keep(&format!("{name}-{suffix}"), &picture);
                }
            }
        }
    }
    // Light is light, dark is dark.
    for (panel, mode, picture) in &pictures {
        let bright = f64::from(picture.get_pixel(4, 4).0[0]) > 128.0;
        assert_eq!(bright, *mode == "light", "{panel:?} in {mode}");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What the frame around the panels shows: a live run, one that failed, keys, menus, saving.
#[test]
fn the_frame_in_its_states() {
    let Some(studio) = Studio::open("the_frame_in_its_states") else { return };
    let opened = |working| Message::Opened { run: 1, folder: "/runs/scir-seed1-20261124-010203".to_owned(), working };
    let records = || {
        let mut records = recorded::records().unwrap();
        records.pop();
        Message::Records { run: 1, records }
    };
    let moment = Moment {
        arm: Arm::Main,
        iteration: 2,
        phase: "learn".to_owned(),
        done: 38,
        total: 75,
        tokens_per_second: 3210.0,
    };
    let problem = "error: the loss is not a number at step 3; lower the learning rate".to_owned();
    let states: [(&str, Vec<Message>, Option<&str>); 7] = [
        ("running", vec![opened(true), records(), Message::Progress { run: 1, progress: moment }], None),
        ("stopped", vec![opened(false), records(), Message::Ended { run: 1, outcome: Outcome::Stopped }], None),
        ("failed", vec![opened(true), records(), Message::Ended { run: 1, outcome: Outcome::Failed(problem) }], None),
        (
            "notice",
            vec![Message::Failed { problem: "error: /runs/x holds no run (there is no events.jsonl)".to_owned() }],
            None,
        ),
        ("keys", vec![opened(false), records()], Some("Keys")),
        ("open", vec![opened(false), records()], Some("Open")),
        ("view", vec![opened(false), records()], Some("View")),
    ];
    for (name, messages, press) in states {
        for (size, scale) in [(USUAL, 1.0), (LEAST, 1.0), (LEAST, 1.5)] {
            for theme in [egui::Theme::Light, egui::Theme::Dark] {
                let engine = Rc::new(RefCell::new(Scripted { say: messages.clone(), ..Scripted::default() }));
                let mut harness = harness(laboratory(engine), size, theme, Some(studio.painter()));
                harness.ctx.set_zoom_factor(scale);
                harness.run_ok();
                if let Some(label) = press {
                    harness.get_by_label(label).click();
                    harness.run_ok();
                }
                let picture = harness.render().unwrap_or_else(|e| panic!("{name}: {e}"));
                let seen = content(&picture, [0, 0]);
                assert!(seen.colors > 20 && seen.ink > 0.001, "{name} at {size:?}: {seen:?}");
                keep(&format!("frame-{name}-{}-{scale}-{theme:?}", size[0]), &picture);
            }
        }
    }
}
