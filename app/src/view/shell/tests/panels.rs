//! Every panel in every state that a run can be in: what it says, and how it is reached without a pointer.

use std::collections::BTreeSet;

use egui::accesskit;

use super::*;
use crate::view::words::t;

/// How a run may be doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// There is none.
    Nothing,
    /// Its first line has not come.
    Begun,
    Running,
    Paused,
    Failed,
    Finished,
    /// The recorded run, at its first line and at its last.
    Recorded,
    Shown,
}

impl Doing {
    const ALL: [Self; 8] = [
        Self::Nothing,
        Self::Begun,
        Self::Running,
        Self::Paused,
        Self::Failed,
        Self::Finished,
        Self::Recorded,
        Self::Shown,
    ];

    /// A laboratory with such a run.
    fn laboratory<'a>(self) -> Harness<'a, Laboratory> {
        let (mut harness, engine) = harness([1280.0, 840.0]);
        let (opened, records) = (opened(1, "/runs/a", true), records(1));
        let messages = match self {
            Self::Nothing => vec![],
            Self::Begun => vec![opened],
            Self::Running => vec![opened, records, learning(1)],
            Self::Paused => vec![opened, records, ended(1, Outcome::Stopped)],
            Self::Failed => vec![opened, records, ended(1, Outcome::Failed("error: the disk is full".to_owned()))],
            Self::Finished => vec![opened, records, ended(1, Outcome::Finished)],
            Self::Recorded | Self::Shown => {
                let laboratory = harness.state_mut();
                laboratory.show_recorded();
                let (run, at_end) = (laboratory.current().unwrap().run, self == Self::Shown);
                let session = laboratory.open.session(run).unwrap();
                session.play(!at_end);
                session.show(if at_end { usize::MAX } else { 1 });
                vec![]
            }
        };
        engine.borrow_mut().say = messages;
        harness.step();
        harness
    }

    /// What the frame says of it.
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Begun | Self::Running => Some(t("run.running")),
            Self::Paused => Some(t("run.stopped")),
            Self::Failed => Some(t("run.failed_title")),
            Self::Finished | Self::Shown => Some(t("run.finished")),
            Self::Recorded => Some(t("run.playing")),
        }
    }
}

/// What a panel has to say then.
fn sentence(panel: Panel, doing: Doing) -> &'static str {
    match (panel, doing) {
        (Panel::Iterations | Panel::Answers | Panel::Judges | Panel::Diagnoses | Panel::Compare, Doing::Nothing) => {
            t("app.empty_text")
        }
        (Panel::Iterations | Panel::Diagnoses, Doing::Begun) => t("iterations.waiting"),
        (Panel::Answers, Doing::Begun) => t("answers.nothing_yet"),
        (Panel::Judges, Doing::Begun) => t("judges.unmeasured"),
        // The film goes on from panel to panel and comes to the first measurement somewhere.
        (Panel::Judges, Doing::Recorded) => panel.title(),
        (Panel::Compare, Doing::Begun) => t("compare.nothing_yet"),
        (Panel::Iterations, _) => t("verb.prompt"),
        (Panel::Answers, _) => t("answers.subtitle"),
        (Panel::Judges, _) => t("judges.accuracy_title"),
        (Panel::Diagnoses, _) => t("diagnoses.intro"),
        (Panel::Compare, _) => t("compare.runs"),
        (Panel::Lessons | Panel::Methods | Panel::Compose | Panel::Atlas | Panel::Playground | Panel::Ads, _) => {
            panel.title()
        }
    }
}

/// All that is written, for those who see it and for those who hear it.
fn texts(harness: &Harness<'_, Laboratory>) -> Vec<String> {
    let nodes = harness.root().children_recursive();
    nodes.flat_map(|node| [node.accesskit_node().label(), node.accesskit_node().value()]).flatten().collect()
}

#[test]
fn every_panel_says_something_in_every_state() {
    let mut wrong = Vec::new();
    for doing in Doing::ALL {
        let mut harness = doing.laboratory();
        for panel in Panel::ALL {
            harness.state_mut().go(panel);
            harness.run_steps(3);
            let texts = texts(&harness);
            let expected = sentence(panel, doing);
            // The name of a panel stands in the navigation too.
            let times = if expected == panel.title() { 2 } else { 1 };
            if texts.iter().filter(|text| text.contains(expected)).count() < times {
                wrong.push(format!("{panel:?}, {doing:?}: does not say {expected:?}"));
            }
            if let Some(name) = doing.name().filter(|name| !texts.iter().any(|text| text == name)) {
                wrong.push(format!("{panel:?}, {doing:?}: the frame does not say {name:?}"));
            }
            // Neither marks of Markdown nor gaps of a sentence are left for the eye.
            let raw = |text: &&String| text.contains('`') || text.contains("{name}") || text.contains("NaN");
            wrong.extend(texts.iter().filter(raw).map(|text| format!("{panel:?}, {doing:?}: says {text:?}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What can be reached with the keyboard: what it is for AccessKit, its name, and what it is called here.
fn controls(harness: &Harness<'_, Laboratory>) -> Vec<(accesskit::NodeId, Option<String>, String)> {
    let nodes = harness.root().children_recursive();
    nodes
        .filter_map(|node| {
            let node = node.accesskit_node();
            let data = node.data();
            // Text can be marked with the pointer, and a scroll bar goes where the focus goes.
            let aside = matches!(node.role(), egui::Role::Label | egui::Role::Heading | egui::Role::ScrollBar);
            let reached = data.supports_action(accesskit::Action::Focus);
            let pressed = data.supports_action(accesskit::Action::Click) && !aside;
            if !(reached || pressed) || node.is_disabled() {
                return None;
            }
            let name = node.label().filter(|text| !text.trim().is_empty());
            let called = format!("{:?} {name:?} {:?}", node.role(), data.bounds());
            Some((node.locate().0, name, called))
        })
        .collect()
}

#[test]
fn every_control_has_a_name_and_tab_reaches_it() {
    let mut wrong = Vec::new();
    for doing in [Doing::Nothing, Doing::Shown] {
        let mut harness = doing.laboratory();
        for panel in Panel::ALL {
            harness.state_mut().go(panel);
            // What is counted over several frames puts its findings between the controls.
            harness.run_ok();
            harness.run_steps(4);
            harness.ctx.memory_mut(egui::Memory::stop_text_input);
            let wanted = controls(&harness);
            assert!(wanted.len() > Panel::ALL.len(), "{panel:?}: not even the navigation");
            let named = |(_, name, called): &(_, Option<String>, String)| {
                name.is_none().then(|| format!("{panel:?}, {doing:?}: {called} has no name"))
            };
            wrong.extend(wanted.iter().filter_map(named));
            let mut reached = BTreeSet::new();
            for _ in 0..2 * wanted.len() + 20 {
                harness.input_mut().events.push(egui::Event::Key {
                    key: Key::Tab,
                    physical_key: None,
                    pressed: true,
                    repeat: false,
                    modifiers: Modifiers::NONE,
                });
                harness.step();
                let focused = harness.ctx.memory(egui::Memory::focused).map(|id| id.accesskit_id());
                // Round once.
                if focused.is_some_and(|id| !reached.insert(id)) {
                    break;
                }
            }
            let missed = wanted.iter().filter(|(id, ..)| !reached.contains(id));
            wrong.extend(missed.map(|(_, _, called)| format!("{panel:?}, {doing:?}: Tab does not reach {called}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
