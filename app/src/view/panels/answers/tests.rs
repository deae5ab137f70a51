use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use selfsame_core::run::{Event, Record};

use super::*;
use crate::view::{
    panels::stage::{Stage, stage},
    session::Session,
};

type Bench = Stage<Answers>;

fn harness(sessions: Vec<Session>, size: [f32; 2]) -> Harness<'static, Bench> {
    let mut harness = stage(Answers::ui, sessions, size);
    harness.run();
    harness
}

/// A run that is shown to its end.
fn session(records: Vec<Record>) -> Session {
    let mut session = Session::new(1, "runs/demo".to_owned(), false);
    session.extend(records);
    session
}

fn rows(harness: &Harness<'_, Bench>) -> Vec<String> {
    let options = harness.query_all_by_role(egui::Role::ListBoxOption);
    options.filter_map(|node| node.accesskit_node().label()).collect()
}

#[test]
fn without_a_run_it_says_what_to_do() {
    let harness = harness(Vec::new(), [900.0, 600.0]);
    harness.get_by_label(t("app.empty_title"));
    assert!(rows(&harness).is_empty());
}

#[test]
fn before_the_first_prompts_it_waits() {
    let harness = harness(vec![session(fixture::log()[..1].to_vec())], [900.0, 600.0]);
    harness.get_by_label(t("answers.nothing_yet"));
}

#[test]
fn a_recorded_run_has_its_rows_and_the_first_is_shown() {
    let harness = harness(vec![session(fixture::log())], [1400.0, 1400.0]);
    let rows = rows(&harness);
    assert_eq!(rows.len(), 14);
    assert!(rows[0].contains("contains fox") && rows[0].contains("1 of 1 pairs kept"), "{}", rows[0]);
    assert!(rows[1].contains("judges disagree") && rows[1].contains("label wrong"), "{}", rows[1]);
    assert!(rows[12].contains("at the start"), "{}", rows[12]);
    harness.get_by_label("14 of 14 prompts");
    harness.get_by_label_contains("answer 1 has the highest mean score, 3.500");
    harness.get_by_label_contains("By the oracle the label is right");
    assert!(harness.query_by_label("chosen").is_some() && harness.query_by_label("rejected").is_some());
}

#[test]
fn rows_are_picked_with_the_pointer_and_with_keys() {
    let mut harness = harness(vec![session(fixture::log())], [1400.0, 1400.0]);
    harness.get_all_by_role(egui::Role::ListBoxOption).nth(1).unwrap().click();
    harness.run();
    harness.get_by_label_contains("By the oracle the label is wrong");
    harness.key_press(egui::Key::ArrowDown);
    harness.run();
    assert_eq!(harness.state().panel.selected, Some(RowId::Train(selfsame_core::run::Arm::Main, 1, 2)));
    harness.get_by_label_contains("all its answers are the same");
    harness.get_by_label(t("answers.next")).click();
    harness.run();
    harness.get_by_label_contains("a tie");
    harness.get_by_label("random labels, iteration 1").click();
    harness.run();
    assert_eq!(harness.state().panel.selected, Some(RowId::Train(selfsame_core::run::Arm::RandomLabels, 1, 3)));
}

#[test]
fn filters_and_search_narrow_the_list() {
    let mut harness = harness(vec![session(fixture::log())], [1400.0, 1400.0]);
    harness.get_by_label(t("answers.disagree")).click();
    harness.run();
    assert_eq!(rows(&harness).len(), 4);
    harness.get_by_label(t("answers.wrong")).click();
    harness.run();
    assert_eq!(rows(&harness).len(), 1);
    harness.get_by_label(t("answers.reset")).click();
    harness.run();
    assert_eq!(rows(&harness).len(), 14);
    harness.get_by_label(t("answers.search")).focus();
    harness.run();
    harness.get_by_label(t("answers.search")).type_text("BEE now");
    harness.run();
    assert_eq!(rows(&harness).len(), 2);
    harness.get_by_label("2 of 14 prompts");
    harness.get_by_label(t("answers.search")).type_text(" and nothing else");
    harness.run();
    harness.get_by_label(t("answers.none_found"));
}

#[test]
fn a_filter_is_chosen_from_its_list() {
    let mut harness = harness(vec![session(fixture::log())], [1400.0, 1400.0]);
    harness.get_by_label_contains("Kind of prompts").click();
    harness.run();
    harness.get_by_label(t("answers.held_out")).click();
    harness.run();
    assert_eq!(rows(&harness).len(), 2);
    harness.get_by_label_contains("Kind of prompts: Held-out");
    harness.get_by_label(t("answers.across_note"));
    harness.get_by_label("Iteration 2");
}

#[test]
fn tokens_have_numbers_for_the_keyboard_too() {
    let mut harness = harness(vec![session(fixture::log())], [1400.0, 1400.0]);
    harness.get_by_label(t("answers.as_tokens")).click();
    harness.run();
    harness.get_by_label(t("answers.mask_prompt"));
    assert_eq!(harness.get_all_by_label_contains("All 2 tokens of the answer count").count(), 1);
    harness.get_by_label_contains("Tokens of answer 2: token 1 of 3: bee; log-probability -0.500").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowRight);
    harness.run();
    harness.get_by_label_contains("Tokens of answer 2: token 2 of 3: now");
    harness.get_by_label_contains("Prompt: token 1 of 3: <bos>; no log-probability");
}

/// What tokens are worth colours the answers, and is said.
#[test]
fn what_tokens_are_worth_can_colour_the_answers() {
    let mut records = fixture::log();
    let trained = |record: &Record| matches!(&record.event, Event::Sampled { purpose, .. } if purpose == "train");
    let at = records.iter().position(|record| trained(record) && record.iteration == 1).unwrap();
    let Event::Sampled { answers, .. } = records[at].event.clone() else { panic!() };
    let of = |answer: &selfsame_core::sample::Answer| {
        answer.ids.iter().enumerate().map(|(place, _)| if place % 2 == 0 { 0.5 } else { -0.25 }).collect()
    };
    let tokens = answers.iter().map(|answers| answers.iter().map(of).collect()).collect();
    let credited = Event::Credited { by: "token credit".to_owned(), tokens };
    records.insert(at + 1, Record { event: credited, ..records[at].clone() });
    let mut harness = harness(vec![session(records)], [1400.0, 1400.0]);
    harness.get_by_label(t("answers.as_tokens")).click();
    harness.run();
    harness.get_by_label("token credit").click();
    harness.run();
    harness.get_by_label(t("answers.legend_noted_note"));
    let said = harness.get_all_by_label_contains("token credit 0.5000; log-probability").count();
    assert!(said > 0, "the first token of an answer says its number");
    harness.get_by_label(t("answers.by_logprob")).click();
    harness.run();
    harness.get_by_label(t("answers.legend_note"));
}

#[test]
fn without_an_oracle_it_says_that_nobody_knows() {
    let harness = harness(vec![session(fixture::data_log())], [900.0, 600.0]);
    harness.get_by_label(t("answers.no_oracle"));
    harness.get_by_label_contains("came with the data");
    harness.get_by_label(t("answers.truth_unknown"));
    harness.get_by_label("Yes, of course.");
    assert!(harness.get_by_label(t("answers.wrong")).accesskit_node().is_disabled());
}

#[test]
fn a_live_run_grows_under_the_eyes() {
    let mut records = fixture::log();
    let rest = records.split_off(8);
    let mut harness = harness(vec![session(records)], [1000.0, 900.0]);
    let before = rows(&harness).len();
    for record in rest {
        harness.state_mut().sessions[0].extend(vec![record]);
        harness.run();
    }
    assert!(rows(&harness).len() > before);
    assert_eq!(harness.state().panel.search.rows().len(), 14);
    // Winding back shows the list of that moment.
    harness.state_mut().sessions[0].show(4);
    harness.run();
    assert_eq!(rows(&harness).len(), 2);
    assert!(matches!(harness.state().panel.selected, Some(RowId::HeldOut(0))));
}

#[test]
fn it_fits_narrow_wide_light_and_dark() {
    for size in [[600.0, 600.0], [752.0, 540.0], [3600.0, 2000.0]] {
        for mode in [egui::Theme::Light, egui::Theme::Dark] {
            let mut harness = harness(vec![session(fixture::log())], size);
            harness.ctx.set_theme(mode);
            harness.get_by_label(t("answers.as_tokens")).click();
            harness.run();
            assert!(!rows(&harness).is_empty(), "{size:?}");
        }
    }
}

#[test]
fn cards_neither_overlap_nor_leave_the_window() {
    let mut records = fixture::log();
    for record in &mut records {
        if let Event::Sampled { answers, .. } = &mut record.event {
            // Numbers as long as those of long answers.
            answers.iter_mut().flatten().flat_map(|a| &mut a.logprobs).for_each(|logprob| *logprob = -128.0);
        }
        if let Event::Prompts { prompts } = &mut record.event {
            let long = "must:pine never:owl first:elm last:fox early:clay late:hare thrice:gold length:short <resp>";
            for prompt in prompts {
                long.clone_into(&mut prompt.text);
            }
        }
    }
    for width in (600_u16..2600).step_by(100).map(f32::from) {
        let mut harness = harness(vec![session(records.clone())], [width, 1800.0]);
        let panel = &mut harness.state_mut().panel;
        panel.select(RowId::Train(selfsame_core::run::Arm::Main, 2, 0));
        harness.run();
        let facts: Vec<egui::Rect> = harness.get_all_by_label_contains("a token").map(|node| node.rect()).collect();
        assert_eq!(facts.len(), 3);
        assert!(facts.iter().all(|fact| fact.right() < width), "cut off at {width}");
        let chips: Vec<egui::Rect> = ["contains pine", "ends with fox", "short: 4 to 7 words"]
            .iter()
            .map(|phrase| harness.get_by_label(phrase).rect())
            .collect();
        assert!(chips.iter().all(|chip| chip.right() < width), "a phrase is cut off at {width}");
        // The name of the same fact stands at the left of each card.
        let names: Vec<egui::Rect> = harness.get_all_by_label(t("answers.logprob")).map(|node| node.rect()).collect();
        assert_eq!(names.len(), 3);
        for (fact, next) in facts.iter().zip(&names[1..]) {
            let beside = next.left() > fact.left() && (next.top() - fact.top()).abs() < 100.0;
            assert!(!beside || fact.right() + 24.0 <= next.left(), "overlapped at {width}");
        }
    }
}

#[test]
fn of_a_hundred_thousand_rows_only_those_in_sight_are_touched() {
    let view = fixture::large(100_000);
    let mut panel = Answers::default();
    let mut most = 0;
    let context = egui::Context::default();
    theme::install(&context);
    let input = egui::RawInput {
        screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1000.0, 800.0))),
        ..egui::RawInput::default()
    };
    for _ in 0..80 {
        let _ = context.run_ui(input.clone(), |ui| {
            panel.work(ui, 1, &view);
            panel.list(ui, &view);
        });
        most = most.max(panel.summaries.len());
    }
    assert_eq!(panel.search.rows().len(), 100_000);
    // A row is more than thirty points high.
    assert!((10..=27).contains(&most), "{most} rows were worked out");
}
