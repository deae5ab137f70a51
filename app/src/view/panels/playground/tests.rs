use egui_kittest::{Harness, kittest::Queryable};
use selfsame_core::run::{Arm, Event};

use super::*;
use crate::{
    fold::tests::{synthetic, without_oracle},
    view::{
        panels::stage::{Stage, stage},
        session::Session,
    },
};

type Bench = Stage<Playground>;

fn harness(sessions: Vec<Session>) -> Harness<'static, Bench> {
    let mut harness = stage(Playground::ui, sessions, [900.0, 900.0]);
    harness.run();
    harness
}

/// The synthetic run with a checkpoint in two arms.
fn recorded() -> Session {
    let mut records = synthetic();
    for (arm, name) in [(Arm::Main, "001"), (Arm::RandomLabels, "random-001")] {
        for complete in [false, true] {
            let mut record = records[4].clone();
            let name = if complete { name.to_owned() } else { format!("{name}-step-000001") };
            (record.arm, record.iteration) = (arm, 1);
            record.event = Event::Checkpoint { name, step: 1, complete, sha256: String::new() };
            records.insert(records.len() - 1, record);
        }
    }
    shown(Session::film(3, "runs/demo/".to_owned(), records))
}

fn shown(mut session: Session) -> Session {
    session.play(false);
    session.show(usize::MAX);
    session
}

/// The questions that were sent since the last call.
fn asked(harness: &mut Harness<'_, Bench>) -> Vec<(u32, Chat)> {
    harness
        .state_mut()
        .actions
        .drain(..)
        .filter_map(|action| match action {
            Action::Send(Command::Chat { slot, chat }) => Some((slot, chat)),
            _ => None,
        })
        .collect()
}

fn say(harness: &mut Harness<'_, Bench>, slot: u32, ticket: u64, texts: &[&str], done: bool) {
    let tokens = texts.iter().map(|text| ((*text).to_owned(), -0.5_f32)).collect();
    harness.state_mut().panel.said(slot, ticket, tokens, done, None);
    harness.run();
}

#[test]
fn without_a_run_the_starter_and_its_base_are_asked() {
    let mut harness = harness(Vec::new());
    harness.get_by_label("Ask").click();
    harness.run();
    let sent = asked(&mut harness);
    let models: Vec<_> = sent.iter().map(|(slot, chat)| (*slot, chat.model.as_str())).collect();
    assert_eq!(models, [(0, "starter"), (1, "starter/base")]);
    assert!(sent.iter().all(|(_, chat)| chat.prompt == STARTING_PROMPT && chat.seed == 1));

    say(&mut harness, 0, 1, &["sun", " fox"], false);
    harness.get_by_label("fox: 61 %");
    assert!(harness.query_by_label_contains("oracle:").is_none(), "half an answer is not graded");
    say(&mut harness, 0, 1, &[" so", " the", ""], true);
    harness.get_by_label("oracle: 1.000");
    harness.get_by_label("must:fox: met");
    harness.get_by_label("end: 61 %");
    harness.get_by_label(t("playground.ended"));
    harness.get_by_label("5 tokens, log-probability -2.500, -0.500 per token");
}

#[test]
fn the_other_seed_asks_again_and_what_was_said_before_comes_too_late() {
    let mut harness = harness(Vec::new());
    harness.get_by_label("Ask").click();
    harness.run();
    let before = asked(&mut harness);
    harness.get_by_label(t("playground.again")).click();
    harness.run();
    let after = asked(&mut harness);
    assert_eq!([before[0].1.seed, after[0].1.seed], [1, 2]);
    say(&mut harness, 0, before[0].1.ticket, &["owl"], true);
    assert!(harness.query_by_label_contains("owl: ").is_none());
    say(&mut harness, 0, after[0].1.ticket, &["owl", ""], true);
    harness.get_by_label("never:owl: missed");
}

#[test]
fn stopping_is_sent_and_its_answer_is_called_stopped() {
    let mut harness = harness(Vec::new());
    harness.get_by_label("Ask").click();
    harness.run();
    let sent = asked(&mut harness);
    harness.get_by_label("Stop").click();
    harness.run();
    let hushed = Action::Send(Command::Hush { slot: 1 });
    assert!(harness.state().actions.contains(&hushed), "{:?}", harness.state().actions);
    for (slot, chat) in sent {
        say(&mut harness, slot, chat.ticket, &[], true);
    }
    assert_eq!(harness.query_all_by_label(t("playground.stopped")).count(), 2);
}

#[test]
fn a_problem_is_told_instead_of_an_answer() {
    let mut harness = harness(Vec::new());
    harness.get_by_label("Ask").click();
    harness.run();
    harness.state_mut().panel.said(0, 1, Vec::new(), true, Some("this model has no word `poem`".to_owned()));
    harness.run();
    harness.get_by_label("× this model has no word `poem`");
}

#[test]
fn start_last_weights_and_base_of_a_run_stand_side_by_side() {
    let mut harness = harness(vec![recorded()]);
    harness.get_by_label("3 columns").click();
    harness.run();
    harness.get_by_label("Model of column 2: demo, iteration 1");
    harness.get_by_label("Column 2 greedy").click();
    harness.run();
    harness.get_by_label("Ask").click();
    harness.run();
    let sent = asked(&mut harness);
    let models: Vec<_> = sent.iter().map(|(_, chat)| chat.model.as_str()).collect();
    assert_eq!(models, ["starter", "runs/demo/checkpoints/001", "starter/base"]);
    let greedy: Vec<bool> = sent.iter().map(|(_, chat)| chat.temperature == 0.0).collect();
    assert_eq!(greedy, [false, true, false]);
}

#[test]
fn any_checkpoint_can_be_chosen() {
    let mut harness = harness(vec![recorded()]);
    harness.get_by_label("Model of column 1: starter").click();
    harness.run();
    assert!(harness.query_by_label_contains("step").is_none(), "weights within a phase are gone by its end");
    harness.get_by_label("demo, random labels, iteration 1").click();
    harness.run();
    harness.get_by_label("Ask").click();
    harness.run();
    assert_eq!(asked(&mut harness)[0].1.model, "runs/demo/checkpoints/random-001");
}

#[test]
fn a_prompt_can_be_built_from_lists() {
    let mut harness = harness(Vec::new());
    harness.get_by_label("contains: fox").click();
    harness.run();
    harness.get_by_label("bee").click();
    harness.run();
    assert!(harness.state().panel.prompt.starts_with("must:bee never:owl first:sun"));
    harness.get_by_label("this word…: any").click();
    harness.run();
    harness.get_by_label("ash").click();
    harness.run();
    harness.get_by_label(t("playground.slot_half"));
}

#[test]
fn prompts_of_the_run_are_taken_one_after_the_other() {
    let mut harness = harness(vec![recorded()]);
    harness.get_by_label(t("playground.take")).click();
    harness.run();
    assert_eq!(harness.state().panel.prompt, harness.state().sessions[0].view().unwrap().held_out_prompts[0].text);
    harness.get_by_label("held-out prompt 1 of 1");
}

#[test]
fn without_a_world_nobody_knows_the_truth() {
    let mut records = without_oracle();
    if let Event::Started { manifest } = &mut records[0].event {
        manifest.model = "/models/some".to_owned();
        manifest.base = "/models/some-base".to_owned();
    }
    let mut harness = harness(vec![shown(Session::film(4, "runs/own".to_owned(), records))]);
    harness.get_by_label("Model of column 1: start of own");
    assert!(harness.query_by_label_contains("contains: ").is_none(), "only Rules has slots");
    harness.get_by_label("Ask").click();
    harness.run();
    let sent = asked(&mut harness);
    assert_eq!(sent[0].1.model, "/models/some");
    say(&mut harness, 0, sent[0].1.ticket, &["hello"], true);
    harness.get_by_label(t("playground.nobody_knows"));
}
