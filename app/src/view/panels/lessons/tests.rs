use egui_kittest::{Harness, kittest::Queryable};
use selfsame_core::run::Event;

use super::*;
use crate::{
    fold::tests::synthetic,
    view::{
        Action,
        panels::{
            Panel,
            stage::{Stage, stage},
        },
        session::Session,
    },
};

type Bench = Stage<Lessons>;

fn harness(sessions: Vec<Session>, size: [f32; 2]) -> Harness<'static, Bench> {
    let mut harness = stage(Lessons::ui, sessions, size);
    harness.run();
    harness
}

/// A run with two judges whose tastes in length differ.
fn recorded() -> Session {
    let mut records = synthetic();
    for record in &mut records {
        if let Event::Measured { measurement, .. } = &mut record.event {
            measurement.prefers_longer.insert("implicit".to_owned(), 0.3);
        }
    }
    let mut session = Session::film(5, "runs/demo".to_owned(), records);
    session.play(false);
    session.show(usize::MAX);
    session
}

/// High enough that nothing is scrolled away.
const HIGH: [f32; 2] = [1000.0, 2600.0];

fn open(harness: &mut Harness<'_, Bench>, lesson: usize) {
    harness.get_by_label(&format!("{}. {}", lesson + 1, lessons()[lesson].title)).click();
    harness.run();
    harness.run();
}

#[test]
fn every_lesson_is_drawn_with_its_exercise_at_both_widths() {
    for size in [HIGH, [500.0, 3600.0]] {
        for sessions in [Vec::new(), vec![recorded()]] {
            let mut harness = harness(sessions, size);
            for (index, lesson) in lessons().iter().enumerate() {
                open(&mut harness, index);
                assert!(harness.query_all_by_role_and_label(egui::Role::Heading, &lesson.title).count() <= 1);
                harness.get_by_role_and_label(egui::Role::Heading, "Exercise");
                harness.get_by_label("Check");
                assert_eq!(harness.query_by_label_contains("Next lesson").is_none(), index + 1 == lessons().len());
            }
        }
    }
}

#[test]
fn links_drive_the_window() {
    let mut harness = harness(vec![recorded()], HIGH);
    let all = harness.state().sessions[0].position().1;
    for (link, action) in [
        ("Look at the answers", Action::Go(Panel::Answers)),
        ("Show the run from its first line", Action::Seek(5, 1)),
        ("play it", Action::Play(5, true)),
    ] {
        harness.get_by_role_and_label(egui::Role::Link, link).click();
        harness.run();
        assert!(harness.state().actions.contains(&action), "{link}: {:?}", harness.state().actions);
    }
    open(&mut harness, 1);
    harness.get_by_role_and_label(egui::Role::Link, "the end").click();
    harness.run();
    assert!(harness.state().actions.contains(&Action::Seek(5, all)));
}

#[test]
fn a_choice_is_checked_and_progress_is_kept() {
    let mut harness = harness(vec![recorded()], HIGH);
    harness.get_by_label("0 of 6 done");
    open(&mut harness, 2);
    harness.get_by_label("The answer is computed from the run demo.");
    harness.get_by_label("Check").click();
    harness.run();
    harness.get_by_label(t("lessons.no_choice"));
    harness.get_by_role_and_label(egui::Role::RadioButton, "implicit").click();
    harness.run();
    harness.get_by_label("Check").click();
    harness.run();
    harness.get_by_label(t("lessons.wrong"));
    harness.get_by_label("0 of 6 done");
    harness.get_by_role_and_label(egui::Role::RadioButton, "content").click();
    harness.run();
    assert!(harness.query_by_label(t("lessons.wrong")).is_none(), "another answer is not yet judged");
    harness.get_by_label("Check").click();
    harness.run();
    harness.get_by_label(t("lessons.right"));
    harness.get_by_label("1 of 6 done");
    harness.get_by_label("3. A judge made of the same model (done)");

    // Wound back to where there is nothing to ask about, the question is another one; what was
    // done stays done.
    harness.state_mut().sessions[0].show(1);
    harness.run();
    harness.get_by_label(t("lessons.of_none"));
    assert!(harness.query_by_label(t("lessons.right")).is_none());
    harness.get_by_label("1 of 6 done");

    // Wound forward again, the answer to it is there again, and so it is after a restart.
    harness.state_mut().sessions[0].show(usize::MAX);
    harness.run();
    harness.get_by_label(t("lessons.right"));
    let progress = harness.state().panel.progress();
    assert_eq!(progress.open.as_deref(), Some("judge"));
    let mut again = self::harness(Vec::new(), HIGH);
    again.state_mut().panel.restore(&progress);
    again.run();
    again.get_by_label("1 of 6 done");
    again.get_by_label(t("lessons.of_none"));
    assert!(again.query_by_label(t("lessons.right")).is_none(), "it was an answer to another question");
    // Before the run is open again, its questions are others.
    again.state_mut().sessions.push(recorded());
    again.run();
    again.get_by_label(t("lessons.right"));
    assert_eq!(again.state().panel.progress(), progress);
    // Another answer takes its place.
    again.get_by_role_and_label(egui::Role::RadioButton, "implicit").click();
    again.run();
    assert!(again.query_by_label(t("lessons.right")).is_none());
    let answered = &again.state().panel.progress().lessons["judge"];
    assert!(answered.done && !answered.checked && answered.choice.is_some());
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut harness = harness(vec![recorded()], HIGH);
    let answered = Answered {
        text: "9".repeat(100_000),
        question: "f".repeat(100_000),
        choice: Some(usize::MAX),
        checked: true,
        done: false,
    };
    let names = (0..10_000).map(|n| format!("lesson-{n}")).chain(lessons().iter().map(|lesson| lesson.name.to_owned()));
    let progress = Progress {
        open: Some("no such lesson".to_owned()),
        lessons: names.map(|name| (name, answered.clone())).collect(),
    };
    harness.state_mut().panel.restore(&progress);
    harness.run();
    for index in 0..lessons().len() {
        open(&mut harness, index);
    }
    let kept = harness.state().panel.progress();
    assert_eq!(kept.lessons.len(), lessons().len());
    assert!(kept.lessons.values().all(|answered| answered.text.len() <= 40));
    assert!(serde_json::to_string(&kept).unwrap().len() < 2000);
}

#[test]
fn a_number_is_checked() {
    let mut harness = harness(vec![recorded()], HIGH);
    open(&mut harness, 4);
    for (typed, said) in [("many", "lessons.no_number"), ("0.5", "lessons.wrong"), ("22 %", "lessons.right")] {
        harness.state_mut().panel.work[4] = Work::default();
        harness.run();
        harness.get_by_role(egui::Role::TextInput).focus();
        harness.run();
        harness.get_by_role(egui::Role::TextInput).type_text(typed);
        harness.run();
        harness.get_by_label("Check").click();
        harness.run();
        harness.get_by_label(words::known(said).unwrap());
    }
}

#[test]
fn the_next_lesson_is_one_press_away() {
    let mut harness = harness(Vec::new(), HIGH);
    harness.get_by_label_contains("Next lesson").click();
    harness.run();
    assert_eq!(harness.state().panel.open, 1);
}

#[test]
fn while_a_film_plays_the_question_stays_cheap_and_new() {
    let mut harness = harness(vec![recorded()], HIGH);
    let lines = harness.state().sessions[0].position().1;
    for shown in [1, lines / 2, lines] {
        harness.state_mut().sessions[0].show(shown);
        harness.run();
        assert_eq!(harness.state().panel.asked.as_ref().unwrap().key.run, Some((5, shown)));
    }
}
