//! The panel on the accessibility tree.

use egui_kittest::{Harness, kittest::Queryable};
use selfsame_core::run::{Event, Record};

use super::*;
use crate::{
    fold::tests::{record, step, synthetic, without_oracle},
    view::{
        gate::tests::frame,
        panels::{
            judges::tests::session,
            stage::{Stage, stage},
        },
        session::Session,
    },
};

/// The synthetic log with another seed, and a reward of the last measurement.
fn seeded(seed: u64, reward: f64) -> Vec<Record> {
    let mut records = synthetic();
    for record in &mut records {
        match &mut record.event {
            Event::Started { manifest } => manifest.seed = seed,
            Event::Measured { measurement, .. } if record.iteration == 1 && record.arm == Arm::Main => {
                measurement.sampled.reward.as_mut().unwrap().mean = reward;
            }
            _ => {}
        }
    }
    records
}

fn harness(sessions: Vec<Session>, width: f32) -> Harness<'static, Stage<Compare>> {
    let mut harness = stage::<Compare>(
        |panel, ui, scene| {
            panel.ui(ui, scene);
            assert!(scene.actions.is_empty());
        },
        sessions,
        [width, 3000.0],
    );
    harness.run();
    harness
}

#[test]
fn without_a_run_it_says_what_to_do() {
    harness(Vec::new(), 740.0).get_by_label(t("app.empty_title"));
    let harness = harness(vec![session(1, "a", Vec::new())], 740.0);
    harness.get_by_label(t("compare.nothing_yet"));
    harness.get_by_label(t("compare.none_chosen"));
}

#[test]
fn one_run_has_figures_but_nothing_to_differ_from() {
    let harness = harness(vec![session(1, "a", synthetic())], 740.0);
    harness.get_by_label(t("compare.overlay_title"));
    harness.get_by_label("0.600 ± 0.020");
    harness.get_by_label("random labels: sampled");
    harness.get_by_label(t("compare.one_chosen"));
    assert!(harness.query_by_label(t("compare.difference_title")).is_none());
}

#[test]
fn several_runs_differ_and_spread() {
    let sessions =
        vec![session(1, "a", seeded(1, 0.5)), session(2, "b", seeded(2, 0.7)), session(3, "c", seeded(3, 0.6))];
    let mut harness = harness(sessions, 1600.0);
    harness.get_by_label(t("compare.unlike"));
    // 1.96 times the root of twice 0.01 squared.
    harness.get_by_label_contains("better than those of A by 0.200 ± 0.028");
    harness.get_by_label("0.172 to 0.228");
    harness.get_by_label("A, B, C: srlm, 3 seeds");
    harness.get_by_label("1: 0.500, 2: 0.700, 3: 0.600");
    harness.get_by_label("0.500 to 0.700");
    // Without the second run the first is compared with the third.
    harness.get_by_label_contains(t("compare.pooled")).click();
    // The chart's legend has boxes of the same names further down.
    harness.get_all_by_role_and_label(egui::Role::CheckBox, "B · b").next().unwrap().click();
    harness.run();
    harness.get_by_label_contains("better than those of A by 0.100");
    harness.get_by_label("A, C: srlm, 2 seeds");
    harness.get_by_label(t("compare.none")).click();
    harness.run();
    harness.get_by_label(t("compare.none_chosen"));
    harness.get_by_label(t("compare.all")).click();
    harness.run();
    harness.get_by_label("A, B, C: srlm, 3 seeds");
}

#[test]
fn settings_that_differ_are_listed() {
    let mut other = synthetic();
    if let Event::Started { manifest } = &mut other[0].event {
        manifest.parameters["loop"]["beta"] = 0.25.into();
    }
    let sessions = vec![session(1, "a", synthetic()), session(2, "b", other)];
    let settings = harness(sessions, 1200.0);
    settings.get_by_label("loop.beta");
    settings.get_by_label("0.25");
    assert!(settings.query_by_label("seed").is_none());
    settings.get_by_label(t("compare.seeds_none"));
    let same = harness(vec![session(1, "a", synthetic()), session(2, "b", synthetic())], 1200.0);
    same.get_by_label(t("compare.settings_same"));
}

#[test]
fn without_an_oracle_nobody_knows() {
    let alone = harness(vec![session(1, "a", without_oracle())], 740.0);
    alone.get_by_label(t("compare.no_oracle"));
    assert!(alone.query_by_label("reward sampled").is_none());
    let mixed = harness(vec![session(1, "a", synthetic()), session(2, "b", without_oracle())], 1200.0);
    mixed.get_by_label(t("compare.difference_unknown"));
    mixed.get_by_label(&with("compare.some_without", &[("runs", &"B · b")]));
    mixed.get_by_label(&with("compare.unfinished", &[("runs", &"B · b")]));
}

#[test]
fn what_a_live_run_adds_is_compared_twice_a_second_and_at_its_end() {
    let context = egui::Context::default();
    let mut sessions = [session(1, "a", synthetic()), session(2, "b", synthetic()[..5].to_vec())];
    let mut panel = Compare::default();
    let mut refresh = |panel: &mut Compare, number: u32, event: Option<Event>| {
        sessions[1].extend(event.into_iter().map(|event| record(Arm::Main, 1, event)).collect());
        frame(&context, number, |ui| panel.refresh(ui, &choice::named(&sessions)));
        panel.gate.made()
    };
    let mut made = Vec::new();
    for number in 0..=64_u32 {
        made.push(refresh(&mut panel, number, Some(step(number as usize, 0.5))));
    }
    assert_eq!([0, 15, 16, 31, 32, 63, 64].map(|number| made[number]), [1, 1, 2, 2, 3, 4, 5]);
    // The end is not waited for, nor is what the person chooses.
    assert_eq!(refresh(&mut panel, 65, Some(Event::Finished {})), 6);
    assert!(!panel.shown.as_ref().unwrap().notes.iter().any(|note| note.contains("B · b")));
    panel.overlay.greedy = true;
    assert_eq!([refresh(&mut panel, 66, None), refresh(&mut panel, 67, None)], [7, 7]);
}
