use std::{cell::RefCell, rc::Rc};

use egui::accesskit::Role;
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use selfsame_core::run::{Event, Record};

use super::*;
use crate::{
    engine::{Message, Moment, Outcome, Scripted},
    fold::tests::{note, record, step, synthetic, without_oracle},
    view::{
        Laboratory,
        gate::tests::frame,
        panels::stage::{Stage, stage},
    },
};

type Bench = Stage<Iterations>;

fn harness(session: Option<Session>, size: [f32; 2]) -> Harness<'static, Bench> {
    let mut harness = stage(Iterations::ui, session.into_iter().collect(), size);
    harness.run_steps(3);
    harness
}

fn recorded(records: Vec<Record>) -> Session {
    let all = records.len();
    let mut session = Session::film(7, "runs/recorded".to_owned(), records);
    session.play(false);
    session.show(all);
    session
}

/// The verbs as they are read out.
fn verbs(harness: &Harness<'_, Bench>) -> Vec<String> {
    harness.query_all_by_role(Role::ListItem).filter_map(|node| node.accesskit_node().label()).collect()
}

fn figures(harness: &Harness<'_, Bench>) -> Vec<String> {
    harness.query_all_by_role(Role::Figure).filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn without_a_run_it_says_how_to_get_one() {
    let harness = harness(None, [900.0, 600.0]);
    harness.get_by_label(t("app.empty_title"));
}

#[test]
fn before_the_first_line_it_waits() {
    let harness = harness(Some(Session::new(1, "runs/x".to_owned(), true)), [900.0, 600.0]);
    harness.get_by_label(t("iterations.waiting"));
}

#[test]
fn a_recorded_run_shows_the_loop_the_oracle_and_the_judges() {
    let mut harness = harness(Some(recorded(synthetic())), [1400.0, 900.0]);
    assert_eq!(
        verbs(&harness),
        [
            "prompt: 1 prompts",
            "sample: 2 answers",
            "judge: 2 verdicts",
            "select: 1 pairs",
            "learn: 2 steps",
            "measure: 1 held-out prompts"
        ]
    );
    let charts = figures(&harness);
    let has = |start: &str, part: &str| charts.iter().any(|label| label.starts_with(start) && label.contains(part));
    assert!(has("Oracle reward, sampled", "random labels: 0.5000 (0) … 0.4900 (1)"), "{charts:?}");
    assert!(has("Oracle reward, greedy", "run: 0.6000 (0) … 0.7000 (1)"), "{charts:?}");
    assert!(has("Judges right on the policy's own", "implicit: 0.5000 (0) … 0.6500 (1)"), "{charts:?}");
    assert!(has("loss", "run: 0.7000 (1) … 0.6000 (2)"), "{charts:?}");
    assert!(!charts.iter().any(|label| label.starts_with("learning rate")));
    // Calm, but there: the implicit judge was a coin at the start.
    harness.get_by_label_contains("Hardly better than a coin");
    // Chosen by the person.
    harness.get_by_role_and_label(Role::CheckBox, "learning rate").click_accesskit();
    harness.run_steps(3);
    assert!(figures(&harness).iter().any(|label| label.starts_with("learning rate")));
}

/// Whatever a recipe notes is there, with a sentence and for those who do not see it.
#[test]
fn what_the_method_noted_is_shown() {
    let mut records = synthetic();
    let many: Vec<f32> = (0_u8..60).map(|n| f32::from(n) / 100.0).collect();
    records.splice(12..12, [note(1, "mean consistency", &[0.7]), note(1, "something new", &many)]);
    let harness = harness(Some(recorded(records)), [1400.0, 900.0]);
    harness.get_by_label(t("iterations.noted"));
    let charts = figures(&harness);
    let has = |start: &str, part: &str| charts.iter().any(|label| label.starts_with(start) && label.contains(part));
    assert!(has("Consistency of two models' rankings", "mean consistency: 0.7000 (1)"), "{charts:?}");
    assert!(has("Something new", "share of the numbers"), "{charts:?}");
    assert!(harness.query_all_by_label_contains("half of the 60 numbers lie between").next().is_some());
    let without = self::harness(Some(recorded(synthetic())), [1400.0, 900.0]);
    assert!(without.query_by_label(t("iterations.noted")).is_none());
}

#[test]
fn an_iteration_can_be_chosen_and_followed_again() {
    let mut harness = harness(Some(recorded(synthetic())), [1400.0, 900.0]);
    let chosen = |harness: &Harness<'_, Bench>| harness.get_by_label(t("iterations.choose")).value().unwrap();
    assert_eq!(chosen(&harness), "run, iteration 1 of 3");
    harness.get_by_label(t("iterations.previous")).click();
    harness.run_steps(3);
    assert_eq!(chosen(&harness), "start");
    assert_eq!(verbs(&harness)[1], "sample: 0 answers");
    harness.get_by_label(t("iterations.follow")).click();
    harness.run_steps(3);
    assert_eq!(chosen(&harness), "run, iteration 1 of 3");
    harness.get_by_label(t("iterations.next")).click();
    harness.run_steps(3);
    assert_eq!(chosen(&harness), "random labels, iteration 1 of 3");
    assert_eq!(verbs(&harness)[4], "learn: 2 steps");
}

#[test]
fn without_a_world_nobody_knows() {
    let harness = harness(Some(recorded(without_oracle())), [900.0, 600.0]);
    assert!(harness.query_all_by_label_contains("nobody knows the truth").next().is_some());
    harness.get_by_label(t("iterations.unknown"));
    assert!(figures(&harness).iter().all(|label| !label.contains("racle")), "{:?}", figures(&harness));
    assert!(figures(&harness).iter().any(|label| label.contains("all judges agree: 0.6000")));
}

/// A run that is being computed, with the first iteration's pairs in the log.
fn running() -> Session {
    let mut records = synthetic();
    let selected = records.iter().position(|r| matches!(r.event, Event::Selected { .. })).unwrap();
    records.truncate(selected + 1);
    let mut session = Session::new(3, "runs/live".to_owned(), true);
    session.extend(records);
    session
}

#[test]
fn a_running_one_lights_the_verb_of_the_moment() {
    let mut session = running();
    session.moment = Some(Moment {
        arm: Arm::Main,
        iteration: 1,
        phase: "learn".to_owned(),
        done: 12,
        total: 30,
        tokens_per_second: 1500.0,
    });
    let mut harness = harness(Some(session), [900.0, 600.0]);
    assert_eq!(verbs(&harness)[4], "learn: 0 steps (now)");
    let bar =
        |harness: &Harness<'_, Bench>| harness.get_by_role(Role::ProgressIndicator).accesskit_node().label().unwrap();
    assert_eq!(bar(&harness), "learn: 12 of 30, 1,500 tokens/s");
    // Once something was seen to be done, it says how long the rest takes.
    let moment = harness.state_mut().sessions[0].moment.as_mut().unwrap();
    moment.done = 21;
    harness.run_steps(2);
    assert!(bar(&harness).contains("left"), "{}", bar(&harness));
    // Who winds back sees what was then.
    harness.state_mut().sessions[0].show(5);
    harness.run_steps(2);
    assert_eq!(verbs(&harness)[0], "prompt: 1 prompts (now)");
}

#[test]
fn without_a_moment_the_last_line_says_where_it_is() {
    let harness = harness(Some(running()), [900.0, 600.0]);
    assert_eq!(verbs(&harness)[3], "select: 1 pairs (now)");
    harness.get_by_label(t("iterations.preparing"));
}

#[test]
fn a_log_that_cannot_be_read_says_so() {
    let mut session = Session::new(1, "runs/x".to_owned(), false);
    session.extend(synthetic().split_off(3));
    let harness = harness(Some(session), [900.0, 600.0]);
    assert!(harness.query_all_by_label_contains("cannot be shown").next().is_some());
}

#[test]
fn charts_stand_in_as_many_columns_as_there_is_room() {
    let lefts = |width: f32| {
        let harness = harness(Some(recorded(synthetic())), [width, 900.0]);
        let mut lefts: Vec<i64> = harness
            .query_all_by_role(Role::Figure)
            .map(|node| {
                let rect = node.rect();
                assert!(rect.left() >= 0.0 && rect.right() <= width, "{rect:?} in {width}");
                #[allow(clippy::cast_possible_truncation)] // whole points
                let left = rect.left().round() as i64;
                left
            })
            .collect();
        lefts.sort_unstable();
        lefts.dedup();
        lefts.len()
    };
    assert_eq!([lefts(740.0), lefts(1130.0), lefts(1900.0), lefts(3600.0)], [1, 2, 3, 3]);
}

/// A log with a hundred thousand answers and thousands of steps.
fn huge() -> Vec<Record> {
    let small = synthetic();
    let of = |wanted: fn(&Event) -> bool| small.iter().find(|r| r.iteration == 1 && wanted(&r.event)).unwrap().clone();
    let (sampled, step, measured) = (
        of(|e| matches!(e, Event::Sampled { .. })),
        of(|e| matches!(e, Event::Step { .. })),
        of(|e| matches!(e, Event::Measured { .. })),
    );
    let mut records = small[..4].to_vec();
    for iteration in 1..=10 {
        for chunk in 0..100 {
            let mut record = Record { iteration, ..sampled.clone() };
            if let Event::Sampled { first, answers, .. } = &mut record.event {
                *first = chunk * 50;
                *answers = vec![answers[0].clone(); 50];
            }
            records.push(record);
        }
        for number in 0..1000 {
            let mut record = Record { iteration, ..step.clone() };
            if let Event::Step { report } = &mut record.event {
                (report.step, report.total) = (number, 1000);
            }
            records.push(record);
        }
        records.push(Record { iteration, ..measured.clone() });
    }
    records
}

#[test]
fn charts_of_a_log_that_stands_still_are_made_once() {
    let mut harness = harness(Some(recorded(huge())), [1400.0, 900.0]);
    assert_eq!(verbs(&harness)[1], "sample: 10,000 answers");
    harness.run_steps(12);
    assert_eq!(harness.state().panel.gate.made(), 1);
}

/// Every frame brings a step; charts of all steps are made twice a second, and of the last ones at once when the run
/// has ended, or half a second after where it only stands still.
#[test]
fn charts_of_a_live_run_are_made_twice_a_second_and_at_its_end() {
    let context = egui::Context::default();
    theme::install(&context);
    let (mut panel, mut session) = (Iterations::default(), running());
    // How often they were made, and of how many steps.
    let mut draw = |number: u32, event: Option<Event>| {
        session.extend(event.into_iter().map(|event| record(Arm::Main, 1, event)).collect());
        frame(&context, number, |ui| {
            let mut actions = Vec::new();
            let sessions = std::slice::from_ref(&session);
            let mut scene = Scene { sessions, current: sessions.first(), actions: &mut actions };
            panel.ui(ui, &mut scene);
        });
        let folded = panel.folded.as_ref().unwrap();
        (panel.gate.made(), folded.flows[&(Arm::Main, 1)].at(Verb::Learn))
    };
    let learned: Vec<_> = (0..=70).map(|number| draw(number, Some(step(number as usize, 0.5)))).collect();
    assert_eq!(
        [0, 15, 16, 63, 64, 70].map(|number| learned[number]),
        [(1, 1), (1, 1), (2, 17), (4, 49), (5, 65), (5, 65)]
    );
    assert_eq!([71, 79, 80, 100].map(|number| draw(number, None)), [(5, 65), (5, 65), (6, 71), (6, 71)]);
    assert_eq!([101, 102].map(|number| draw(number, Some(step(number as usize, 0.5)))), [(7, 72), (7, 72)]);
    assert_eq!(draw(103, Some(Event::Finished {})), (8, 73));
}

#[test]
fn the_window_shows_it_from_what_the_engine_says() {
    let engine = Rc::new(RefCell::new(Scripted::default()));
    engine.borrow_mut().say = vec![
        Message::Opened { run: 1, folder: "runs/live".to_owned(), working: true },
        Message::Records { run: 1, records: synthetic()[..5].to_vec() },
    ];
    let app = |ui: &mut Ui, laboratory: &mut Laboratory| laboratory.ui(ui);
    let laboratory = Laboratory::new(Box::new(engine.clone()));
    let mut harness = Harness::builder().with_size([900.0, 600.0]).build_ui_state(app, laboratory);
    theme::install(&harness.ctx);
    harness.run_steps(3);
    harness.get_by_label("prompt: 1 prompts (now)");
    engine.borrow_mut().say = vec![Message::Ended { run: 1, outcome: Outcome::Finished }];
    harness.run_steps(3);
    assert!(harness.query_by_role(Role::ProgressIndicator).is_none());
}
