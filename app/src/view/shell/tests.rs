use std::{cell::RefCell, rc::Rc};

use egui::{Key, Modifiers};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use selfsame_core::run::Arm;

use super::*;
use crate::{
    engine::{Command, Message, Moment, Outcome, Request, Scripted},
    fold::tests::synthetic,
    view::{Action, Pick, panels::Panel, session::State},
};

mod panels;

type Shared = Rc<RefCell<Scripted>>;

fn harness<'a>(size: [f32; 2]) -> (Harness<'a, Laboratory>, Shared) {
    let engine: Shared = Rc::default();
    let laboratory = Laboratory::new(Box::new(Rc::clone(&engine)));
    let mut harness = Harness::builder()
        .with_size(size)
        .with_max_steps(16)
        .build_ui_state(|ui, laboratory: &mut Laboratory| laboratory.ui(ui), laboratory);
    theme::install(&harness.ctx);
    harness.run();
    (harness, engine)
}

/// The engine says something, and it is drawn.
fn say(harness: &mut Harness<'_, Laboratory>, engine: &Shared, messages: Vec<Message>) {
    engine.borrow_mut().say = messages;
    harness.run();
}

fn opened(run: u64, folder: &str, working: bool) -> Message {
    Message::Opened { run, folder: folder.to_owned(), working }
}

fn records(run: u64) -> Message {
    Message::Records { run, records: synthetic() }
}

/// A run is learning: step 3 of 40 in iteration 1.
fn learning(run: u64) -> Message {
    let progress = Moment {
        arm: Arm::Main,
        iteration: 1,
        phase: "learn".to_owned(),
        done: 3,
        total: 40,
        tokens_per_second: 1234.0,
    };
    Message::Progress { run, progress }
}

fn ended(run: u64, outcome: Outcome) -> Message {
    Message::Ended { run, outcome }
}

#[test]
fn the_run_button_starts_the_demonstration_and_rests_while_it_works() {
    let (mut harness, engine) = harness([1280.0, 840.0]);
    harness.get_by_label("Run").click();
    harness.run();
    let sent = engine.borrow().sent.clone();
    assert!(matches!(&sent[..], [Command::Start { request }] if request.recipe == "scir"), "{sent:?}");
    assert_eq!(harness.state().panel(), Panel::Iterations);
    say(&mut harness, &engine, vec![opened(1, "/runs/a", true), records(1)]);
    say(&mut harness, &engine, vec![learning(1)]);
    harness.get_by_label("learn, iteration 1: 3 of 40");
    assert!(harness.get_by_label("Run").accesskit_node().is_disabled());
    harness.get_by_label("Pause").click();
    harness.run();
    assert_eq!(engine.borrow().sent.last(), Some(&Command::Stop { run: 1 }));
    assert_eq!(harness.state().sessions()[0].state, State::Stopping);
    say(&mut harness, &engine, vec![ended(1, Outcome::Stopped)]);
    harness.get_by_label("Resume").click();
    harness.run();
    assert_eq!(engine.borrow().sent.last(), Some(&Command::Resume { folder: "/runs/a".to_owned() }));
    // The run that goes on takes the place of the one that stood still.
    say(&mut harness, &engine, vec![opened(2, "/runs/a", true), records(2)]);
    assert_eq!(harness.state().sessions().len(), 1);
    assert_eq!(engine.borrow().sent.last(), Some(&Command::Close { run: 1 }));
}

#[test]
fn a_demonstration_that_is_not_known_yet_starts_once_it_is() {
    let (mut harness, engine) = harness([1280.0, 840.0]);
    let quick = Request { quick: true, ..Request::new("scir") };
    harness.state_mut().await_demo();
    harness.state_mut().set_demo(quick.clone());
    assert!(engine.borrow().sent.is_empty(), "nobody has asked for it");
    harness.state_mut().await_demo();
    harness.run();
    harness.get_by_label("Run").click();
    harness.step();
    harness.step();
    assert!(engine.borrow().sent.is_empty(), "it is not known how large it is to be");
    assert_eq!(harness.state().panel(), Panel::Iterations);
    assert!(harness.get_by_label("Run").accesskit_node().is_disabled());
    harness.get_by_label("The engine is being loaded; the run begins when it is there");
    harness.state_mut().set_demo(quick.clone());
    harness.run();
    assert_eq!(engine.borrow().sent, [Command::Start { request: quick.clone() }]);
    harness.get_by_label("Run").click();
    harness.run();
    let start = Command::Start { request: quick };
    assert_eq!(engine.borrow().sent, [start.clone(), start]);
}

#[test]
fn a_run_that_this_window_works_on_is_not_opened_a_second_time() {
    let (mut harness, engine) = harness([1280.0, 840.0]);
    say(&mut harness, &engine, vec![opened(1, "/runs/a", true), records(1), opened(2, "/runs/a", false), records(2)]);
    assert_eq!(harness.state().sessions().len(), 1);
    assert_eq!(harness.state().current().unwrap().state, State::Running);
    assert_eq!(engine.borrow().sent.last(), Some(&Command::Close { run: 2 }));
}

#[test]
fn what_went_wrong_is_said_and_stays() {
    let (mut harness, engine) = harness([900.0, 600.0]);
    say(&mut harness, &engine, vec![opened(1, "/runs/a", true), records(1)]);
    let problem = "error: the loss is not a number at step 3; lower the learning rate";
    say(&mut harness, &engine, vec![ended(1, Outcome::Failed(problem.to_owned()))]);
    harness.get_by_label("The run failed");
    harness.get_by_label(problem);
    harness.get_by_label("Resume");
    // A folder without a run leaves nothing open, but says why.
    let none = "error: /x holds no run";
    say(&mut harness, &engine, vec![opened(2, "/x", false), ended(2, Outcome::Failed(none.to_owned()))]);
    assert_eq!(harness.state().sessions().len(), 1);
    assert!(!harness.state().recent().contains(&"/x".to_owned()));
    harness.get_by_label(none);
    for _ in 0..100 {
        harness.step();
    }
    harness.get_by_label(none);
    harness.get_by_label("Dismiss").click();
    harness.run();
    assert!(harness.query_by_label(none).is_none());
    // What could not be continued can still be looked at.
    say(&mut harness, &engine, vec![opened(3, "/runs/a", true), ended(3, Outcome::Failed("error: in use".to_owned()))]);
    assert_eq!(engine.borrow().sent.last(), Some(&Command::Open { folder: "/runs/a".to_owned() }));
}

#[test]
fn runs_come_back_in_their_order_whichever_is_read_first() {
    let (mut harness, engine) = harness([1280.0, 840.0]);
    let folders = ["/a", "/b", "/c"].map(str::to_owned);
    harness.state_mut().restore(&folders, Some("/b".to_owned()));
    assert_eq!(engine.borrow().sent.len(), 3);
    say(&mut harness, &engine, vec![opened(3, "/c", false), opened(1, "/a", false), opened(2, "/b", false)]);
    let order: Vec<_> = harness.state().sessions().iter().map(|session| session.folder.as_str()).collect();
    assert_eq!(order, folders);
    assert_eq!(harness.state().current().unwrap().folder, "/b");
    say(&mut harness, &engine, vec![records(2), ended(2, Outcome::Stopped)]);
    harness.get_by_label("paused");
    harness.get_by_label("Resume");
    // What is opened later is in front.
    say(&mut harness, &engine, vec![opened(4, "/d", false)]);
    assert_eq!(harness.state().current().unwrap().folder, "/d");
    assert_eq!(harness.state().recent()[0], "/d");
}

#[test]
fn the_recorded_run_plays_can_be_closed_and_shown_again() {
    let (mut harness, engine) = harness([1280.0, 840.0]);
    harness.state_mut().show_recorded();
    harness.step();
    assert!(harness.state().current().unwrap().playing());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run();
    assert!(!harness.state().current().unwrap().playing());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::W);
    harness.run();
    assert!(harness.state().sessions().is_empty());
    assert!(engine.borrow().sent.is_empty(), "the engine knows nothing of it");
    harness.get_by_label("Open").click();
    harness.run();
    harness.get_by_label("Recorded example").click();
    harness.step();
    harness.step();
    let session = harness.state().current().unwrap();
    assert!(session.recorded() && harness.state().recent().is_empty());
    assert!(session.position().0 < session.position().1);
}

#[test]
fn the_keyboard_reaches_everything() {
    let (mut harness, engine) = harness([900.0, 600.0]);
    say(&mut harness, &engine, vec![opened(1, "/a", false), records(1), ended(1, Outcome::Finished)]);
    for (panel, key) in Panel::ALL.into_iter().zip(keys::OF_PANELS) {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_ok();
        assert_eq!(harness.state().panel(), panel);
    }
    harness.state_mut().go(Panel::Iterations);
    let all = harness.state().current().unwrap().position().1;
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
    harness.run_ok();
    assert_eq!(harness.state().current().unwrap().position(), (all - 1, all));
    harness.key_press_modifiers(Modifiers::ALT, Key::Home);
    harness.run_ok();
    assert_eq!(harness.state().current().unwrap().position(), (1, all));
    harness.key_press_modifiers(Modifiers::ALT, Key::End);
    harness.run_ok();
    assert_eq!(harness.state().current().unwrap().position(), (all, all));
    harness.key_press(Key::F1);
    harness.run_ok();
    harness.get_by_label("Go to Judges");
    harness.key_press(Key::Escape);
    harness.run_ok();
    assert!(harness.query_by_label("Go to Judges").is_none());
    harness.event(egui::Event::Text("?".to_owned()));
    harness.run_ok();
    harness.get_by_label("Go to Judges");
    harness.key_press(Key::F1);
    harness.run_ok();
    // F6 goes round: the navigation, the panel, the top.
    let mut focused = Vec::new();
    for _ in 0..3 {
        harness.key_press(Key::F6);
        harness.run_ok();
        focused.push(harness.ctx.memory(egui::Memory::focused));
    }
    assert_eq!(focused[1], Some(Id::unique("panel")));
    assert!(harness.get_by_label("Run").is_focused());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run_ok();
    assert_eq!(harness.state_mut().wishes(), [Action::Pick(Pick::Run)]);
}

#[test]
fn a_method_leads_to_compose_and_the_atlas_to_its_page() {
    let (mut harness, _) = harness([1280.0, 840.0]);
    harness.state_mut().open_atlas("atlas.json", crate::view::panels::atlas::tests::SMALL);
    assert_eq!(harness.state().panel(), Panel::Atlas);
    harness.run_ok();
    harness.get_by_role_and_label(egui::Role::Link, "CREAM").click();
    harness.run_ok();
    assert_eq!(harness.state().panel(), Panel::Methods);
    harness.get_by_role_and_label(egui::Role::Heading, "CREAM");
    harness.get_by_label("Run it").click();
    harness.run_ok();
    assert_eq!(harness.state().panel(), Panel::Compose);
    // Only the chosen recipe tells about itself.
    harness.get_by_label(selfsame_core::recipe::by_id("cream").unwrap().card.claim);
}

#[test]
fn closing_waits_and_says_so() {
    let (mut harness, engine) = harness([900.0, 600.0]);
    engine.borrow_mut().busy = true;
    harness.state_mut().close();
    assert!(engine.borrow().closed && harness.state().busy());
    harness.run_steps(2);
    harness.get_by_label("Saving…");
    harness.get_by_label("Close at once").click();
    harness.run_steps(2);
    assert_eq!(harness.state_mut().wishes(), [Action::Quit]);
}

/// Nothing of the frame leaves the window or lies on something else, at any size and scale.
#[test]
fn the_frame_fits_from_small_to_large() {
    for (size, scale) in [([900.0, 600.0], 1.0), ([900.0, 600.0], 1.5), ([1280.0, 840.0], 1.0), ([3840.0, 2160.0], 2.0)]
    {
        let (mut harness, engine) = harness(size);
        harness.ctx.set_zoom_factor(scale);
        let long = format!("/runs/{}", "scir-seed1-20261124-001122-a-long-name".repeat(3));
        say(&mut harness, &engine, vec![opened(1, &long, true), records(1)]);
        let moment = Moment {
            arm: Arm::Main,
            iteration: 12,
            phase: "measure".to_owned(),
            done: 1000,
            total: 4000,
            tokens_per_second: 1e6,
        };
        say(&mut harness, &engine, vec![Message::Progress { run: 1, progress: moment }]);
        let window = harness.ctx.content_rect();
        let labels = ["Run", "Open", "View", "Keys", "Pause", "Lessons", "Playground", "running"];
        let rects: Vec<_> =
            labels.into_iter().map(|label| (label, harness.query_all_by_label(label).next().unwrap().rect())).collect();
        for (label, rect) in &rects {
            assert!(window.contains_rect(*rect), "{label} at {rect:?} is outside {window:?}");
        }
        for (index, (a, first)) in rects.iter().enumerate() {
            for (b, second) in &rects[index + 1..] {
                assert!(!first.shrink(1.0).intersects(*second), "{a} lies on {b} at {size:?} × {scale}");
            }
        }
    }
}

#[test]
fn where_there_is_nothing_it_says_what_to_do() {
    let mut harness = Harness::new_ui(empty);
    theme::install(&harness.ctx);
    harness.run();
    harness.get_by_label("Nothing to show yet");
    harness.get_by_label_contains("Press Run");
}
