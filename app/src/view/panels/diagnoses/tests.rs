use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use selfsame_core::run::Record;

use super::*;
use crate::{
    diagnosis::{
        Verdict,
        suite::{cases::sick, log::Log},
    },
    engine::{Outcome, RunId},
    fold::tests::without_oracle,
    view::{
        Action,
        panels::{Panel, stage},
        session::PORTION,
    },
};

type Stage = stage::Stage<Diagnoses>;

fn stage(sessions: Vec<Session>) -> Harness<'static, Stage> {
    let mut harness = stage::stage(Diagnoses::ui, sessions, [900.0, 6000.0]);
    harness.run();
    harness
}

fn session(run: RunId, records: Vec<Record>, working: bool) -> Session {
    let mut session = Session::new(run, format!("runs/{run}"), working);
    session.extend(records);
    session.show(session.position().1);
    session
}

fn sound(recipe: &'static str) -> Vec<Record> {
    Log::sound(recipe, 1).records()
}

fn says(harness: &Harness<'_, Stage>, text: &str) -> bool {
    // Names stand between backticks where there is only text.
    harness.query_all_by_label_contains(&text.replace('`', "")).next().is_some()
}

#[test]
fn without_a_run_it_says_what_to_do() {
    let harness = stage(Vec::new());
    assert!(says(&harness, t("app.empty_title")));
    assert!(!says(&harness, t("diagnoses.looked_title")));
}

#[test]
fn a_sound_run_shows_everything_that_was_looked_for() {
    let harness = stage(vec![session(1, sound("srlm"), false)]);
    assert!(says(&harness, t("diagnoses.healthy_title")));
    for detector in registry::ALL {
        assert!(says(&harness, detector.title()) && says(&harness, detector.looks()), "{}", detector.id);
    }
    let clear = harness.query_all_by_label(t("diagnoses.clear")).count();
    assert_eq!(clear, registry::ALL.len(), "all of them had something to look at");
    // The oracle's word is there.
    assert!(says(&harness, "sampled answers 0."));
}

#[test]
fn a_run_of_few_lines_is_too_early_to_tell() {
    let records = sound("scir");
    let harness = stage(vec![session(1, records[..3].to_vec(), true)]);
    assert!(says(&harness, t("diagnoses.pending_title")) && says(&harness, "3 lines"));
    assert!(!says(&harness, t("diagnoses.healthy_title")));
    assert!(harness.query_all_by_label(t("diagnoses.unknown")).count() > 10);
    // It is being worked on: that it is not finished is no finding.
    assert!(!says(&harness, "The run is not finished;"));
}

#[test]
fn findings_of_each_severity_have_a_word_a_sentence_a_remedy_and_lead_somewhere() {
    for severity in Severity::ALL {
        for case in sick().into_iter().filter(|case| case.severity == Some(severity)).take(4) {
            let records = case.log(0).records();
            let found = crate::diagnosis::diagnose(&RunView::of(&records).unwrap());
            let own = found.iter().find(|one| one.id == case.detector).unwrap();
            let mut harness = stage(vec![session(1, records, false)]);
            assert!(says(&harness, severity.word()), "{}", case.name);
            assert!(says(&harness, &own.sentence) && says(&harness, &own.remedy), "{}", case.name);
            let title = registry::by_id(case.detector).unwrap().title();
            harness.get_by_label_contains(&format!(": {title}")).click();
            harness.run();
            let asked = harness.state().actions.last();
            assert!(matches!(asked, Some(Action::Go(Panel::Iterations | Panel::Answers | Panel::Judges))), "{asked:?}");
            if severity > Severity::Note {
                let piece = match &own.evidence[0] {
                    crate::diagnosis::Evidence::Lines(lines) => lines.title,
                    crate::diagnosis::Evidence::Rows(rows) => rows.title,
                };
                assert!(says(&harness, piece), "{}: no evidence", case.name);
            }
        }
    }
}

#[test]
fn a_run_that_was_stopped_is_told_from_one_that_goes_on() {
    let mut records = sound("srlm");
    records.truncate(records.len() - 20);
    let mut harness = stage(vec![session(1, records, true)]);
    assert!(says(&harness, t("diagnoses.healthy_title")));
    harness.state_mut().sessions[0].end(Outcome::Stopped);
    harness.run();
    assert!(says(&harness, "The run is not finished;") && says(&harness, t("diagnoses.found_one")));
}

#[test]
fn a_log_that_grows_is_examined_again_and_another_run_at_once() {
    let sick = Log { cut: 0.7, ..Log::sound("srlm", 2) }.records();
    let first = session(1, sick[..3].to_vec(), true);
    let mut harness = stage(vec![first, session(2, sound("sft"), false), session(3, without_oracle(), false)]);
    assert!(says(&harness, t("diagnoses.pending_title")));
    let session = &mut harness.state_mut().sessions[0];
    session.extend(sick[3..].to_vec());
    session.show(sick.len());
    harness.run_steps(60);
    assert!(says(&harness, "cut off by the length limit;"), "the log grew");
    harness.state_mut().current = 1;
    harness.run();
    assert!(!says(&harness, "cut off by the length limit;") && says(&harness, t("diagnoses.healthy_title")));
    harness.state_mut().current = 2;
    harness.run();
    assert!(says(&harness, t("diagnoses.no_oracle")));
}

#[test]
fn a_long_log_is_looked_through_over_several_frames() {
    let log = Log { prompts: 4_000, pairs: 4_000, cut: 0.7, ..Log::sound("srlm", 2) };
    let long = session(1, log.records(), false);
    let found = crate::diagnosis::diagnose(long.view().unwrap());
    let mut harness = stage::stage(Diagnoses::ui, vec![long, session(2, sound("sft"), false)], [900.0, 6000.0]);
    let (mut frames, mut most) = (0, 0);
    while harness.state().panel.examined.examination().is_none() {
        assert!(says(&harness, t("diagnoses.counting_title")) && !says(&harness, t("diagnoses.healthy_title")));
        most = most.max(harness.state().panel.examined.spent());
        harness.step();
        frames += 1;
        assert!(frames < 100, "it never ends");
    }
    assert!(frames > 2 && most < PORTION + 400, "{frames} frames, {most} in one");
    harness.run();
    assert!(says(&harness, &found[0].sentence) && !says(&harness, t("diagnoses.counting_title")));
    // Another run is not shown with these findings, and this one is counted anew when it comes back.
    harness.state_mut().current = 1;
    harness.run();
    assert!(!says(&harness, &found[0].sentence));
    harness.state_mut().current = 0;
    harness.step();
    assert!(says(&harness, t("diagnoses.counting_title")));
}

#[test]
fn every_button_has_a_name_of_its_own() {
    let mut log = Log::sound("srlm", 3);
    (log.cut, log.flips, log.chosen, log.margin, log.repeated) = (0.7, 0.98, -9.0, 8.0, 0.8);
    log.judges[0].habit = crate::diagnosis::suite::log::Habit::First;
    let harness = stage(vec![session(1, log.records(), false)]);
    let mut names: Vec<String> = harness
        .query_all_by_role(egui::accesskit::Role::Button)
        .filter_map(|node| node.accesskit_node().label())
        .filter(|name| name != t("diagnoses.evidence"))
        .collect();
    assert!(names.len() >= 5, "{names:?}");
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn the_oracle_and_levels_are_told_from_signals_by_colour_and_dash() {
    let log = sick().into_iter().find(|case| case.name == "longer in 98 %").unwrap().log(0);
    let view = RunView::of(&log.records()).unwrap();
    let found = crate::diagnosis::diagnose(&view);
    let own = found.iter().find(|one| one.id == "length_bias").unwrap();
    let crate::diagnosis::Evidence::Lines(lines) = &own.evidence[0] else { panic!("no lines") };
    let chart = evidence::chart("x".to_owned(), lines);
    let mut looks: Vec<(usize, String)> = chart.series.iter().map(|s| (s.color, format!("{:?}", s.dash))).collect();
    assert!(looks.iter().any(|(_, dash)| dash == "Dotted") && looks.iter().any(|(_, dash)| dash == "Solid"));
    looks.dedup();
    assert_eq!(looks.len(), chart.series.len());
    assert_ne!(Verdict::Clear, Verdict::Unknown);
}
