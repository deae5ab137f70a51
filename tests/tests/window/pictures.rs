//! Every panel as it looks: in light and dark, in a usual window, in the smallest and in a large one.
//!
//! `SELFSAME_BLESS=1` (or `cargo xtask screenshots`) makes the committed pictures anew.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use egui_kittest::{Harness, kittest::Queryable};
use selfsame::{
    engine::{Message, Moment, Outcome, Scripted},
    recorded,
    view::{
        Laboratory,
        panels::Panel,
        session::{RECORDED, Session},
    },
};
use selfsame_core::{
    run::{Arm, Event, Record},
    sample::Answer,
};
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

/// An atlas with every verdict in it.
const ATLAS: &str = include_str!("../../../app/src/view/panels/atlas/small.json");

/// Pages of methods, an atlas, and what recipes note, from a telephone to a wall.
#[test]
fn methods_atlas_and_evidence() {
    let Some(studio) = Studio::open("methods_atlas_and_evidence") else { return };
    for (theme, mode) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
        for size in [[360.0, 1500.0], [1280.0, 1400.0], [3840.0, 2160.0]] {
            for name in ["atlas", "Self-rewarding", "CREAM", "SFT"] {
                let mut laboratory = with_recorded_run(Panel::Atlas);
                laboratory.open_atlas("atlas.json", ATLAS);
                let mut harness = harness(laboratory, size, theme, Some(studio.painter()));
                if name != "atlas" {
                    harness.get_by_role_and_label(egui::Role::Link, name).click();
                    harness.run_ok();
                }
                seen(&mut harness, &format!("state-{name}-{}-{mode}", size[0]));
            }
        }
        let mut laboratory = laboratory(Scripted::default());
        laboratory.add(noted());
        laboratory.go(Panel::Iterations);
        let mut harness = harness(laboratory, [1280.0, 3400.0], theme, Some(studio.painter()));
        harness.get_by_label_contains("Who won over whom.");
        seen(&mut harness, &format!("state-noted-{mode}"));
        harness.state_mut().go(Panel::Answers);
        harness.run_ok();
        harness.get_by_label_contains("Kind of prompts").click();
        harness.run_ok();
        harness.get_by_label("Training").click();
        harness.run_ok();
        harness.get_by_label("Tokens").click();
        harness.run_ok();
        harness.get_by_label("token credit").click();
        harness.run_ok();
        seen(&mut harness, &format!("state-tokens-{mode}"));
    }
}

/// The parts of the ads panel, from a telephone to a wall.
#[test]
fn ads_in_their_parts() {
    let Some(studio) = Studio::open("ads_in_their_parts") else { return };
    for (theme, mode) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
        for size in [[360.0, 2400.0], [1280.0, 1700.0], [1920.0, 1080.0]] {
            let mut laboratory = laboratory(Scripted::default());
            laboratory.go(Panel::Ads);
            let mut harness = harness(laboratory, size, theme, Some(studio.painter()));
            seen(&mut harness, &format!("state-ads-write-{}-{mode}", size[0]));
            for part in ["Before and after", "Blind test"] {
                harness.get_by_label(part).click();
                harness.run_ok();
                if part == "Blind test" {
                    seen(&mut harness, &format!("state-ads-unknown-{}-{mode}", size[0]));
                    harness.key_press(egui::Key::Num1);
                    harness.run_ok();
                }
                let name = part.replace(' ', "-").to_lowercase();
                seen(&mut harness, &format!("state-ads-{name}-{}-{mode}", size[0]));
            }
        }
    }
}

/// A picture that has something on it is kept to be looked at.
fn seen(harness: &mut Harness<'_, Laboratory>, name: &str) {
    let picture = harness.render().unwrap_or_else(|e| panic!("{name}: {e}"));
    let seen = content(&picture, [0, 0]);
    assert!(seen.colors > 20 && seen.ink > 0.001, "{name}: {seen:?}");
    keep(name, &picture);
}

/// The recorded run with notes as recipes write them.
#[allow(clippy::cast_precision_loss)] // numbers to look at
fn noted() -> Session {
    let mut records = recorded::records().unwrap();
    let note = |of: &Record, name: &str, values: Vec<f32>| Record {
        event: Event::Noted { name: name.to_owned(), values },
        ..of.clone()
    };
    let sampled = |record: &Record| matches!(&record.event, Event::Sampled { purpose, .. } if purpose == "train");
    let mut tokens: BTreeMap<u32, Vec<Vec<Vec<f32>>>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.arm == Arm::Main && sampled(record)) {
        if let Event::Sampled { answers, .. } = &record.event {
            let wave = |n: usize| 0.5 * (n as f32 * 3.1).sin() * (n as f32 * 0.37).cos();
            let of = |answer: &Answer| (0..answer.ids.len()).map(wave).collect::<Vec<f32>>();
            let group = |answers: &Vec<Answer>| answers.iter().map(of).collect::<Vec<_>>();
            tokens.entry(record.iteration).or_default().extend(answers.iter().map(group));
        }
    }
    for (iteration, credit) in tokens {
        let last = |record: &Record| record.arm == Arm::Main && record.iteration == iteration && sampled(record);
        let at = records.iter().rposition(last).unwrap();
        let of = records[at].clone();
        let wave = |n: usize, by: f32| (n as f32 * by).sin();
        let step = iteration as f32;
        let notes = [
            note(&of, "consistency", (0..150).map(|n| (0.6 + 0.08 * step + 0.3 * wave(n, 7.7)).min(1.0)).collect()),
            note(&of, "mean consistency", vec![0.6 + 0.08 * step]),
            note(&of, "own over own", vec![90.0 + 20.0 * step]),
            note(&of, "teacher over own", vec![120.0 - 30.0 * step]),
            note(&of, "own over teacher", vec![20.0 + 25.0 * step]),
            note(&of, "reward at goal", (0..6).map(|n| 0.35 + (0.02 + 0.02 * step) * n as f32).collect()),
            note(&of, "temperature of content", vec![1.5 - 0.1 * step]),
            Record { event: Event::Credited { by: "token credit".to_owned(), tokens: credit }, ..of.clone() },
        ];
        records.splice(at + 1..at + 1, notes);
    }
    let all = records.len();
    let mut session = Session::film(RECORDED, recorded::NAME.to_owned(), records);
    session.play(false);
    session.show(all);
    session
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
