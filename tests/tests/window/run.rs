//! A whole run through the window: the real engine, the real views, pressed buttons; three
//! iterations, stopped in between, closed, opened again, continued to its end.

use std::{
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use selfsame::{
    engine::{Command, Engine, Message, native::Native},
    view::{Laboratory, panels::Panel, session::State},
};
use selfsame_tests::{
    files::write_tiny,
    lab::{computing, harness, laboratory},
    program::assert_nothing_half_written,
    runs::records,
};

/// Longest time for anything.
const PATIENCE: Duration = Duration::from_secs(900);

/// No frame may compute for longer.
const FRAME: Duration = Duration::from_millis(50);

/// The real engine, but what the button starts is small: a tiny model, few prompts.
struct Modest {
    native: Native,
    model: String,
    out: String,
}

impl Engine for Modest {
    fn send(&mut self, command: Command) {
        let command = match command {
            Command::Start { mut request } => {
                request.model = Some(self.model.clone());
                request.base = Some("same".to_owned());
                request.out = Some(self.out.clone());
                request.device = "cpu".to_owned();
                request.quick = true;
                request.controls = false;
                let small = [
                    ("loop.iterations", "3"),
                    ("loop.prompts", "60"),
                    ("loop.pairs", "60"),
                    ("options.held_out", "20"),
                    ("options.checkpoint_every", "1"),
                ];
                request.changes.extend(small.map(|(key, value)| (key.to_owned(), value.to_owned())));
                Command::Start { request }
            }
            other => other,
        };
        self.native.send(command);
    }

    fn poll(&mut self) -> Vec<Message> {
        self.native.poll()
    }

    fn close(&mut self) {
        self.native.close();
    }

    fn busy(&self) -> bool {
        self.native.busy()
    }
}

/// The window, with the time of its slowest frame.
struct Window<'a> {
    harness: Harness<'a, Laboratory>,
    slowest: Duration,
}

impl Window<'_> {
    fn open(folder: &Path) -> Self {
        let engine = Modest {
            native: Native::new(Arc::new(|| {})),
            model: folder.join("model").display().to_string(),
            out: folder.join("run").display().to_string(),
        };
        let harness = harness(laboratory(engine), [1280.0, 840.0], egui::Theme::Light, None);
        Self { harness, slowest: Duration::ZERO }
    }

    fn step(&mut self) {
        let before = computing();
        self.harness.step();
        if let (Some(before), Some(after)) = (before, computing()) {
            self.slowest = self.slowest.max(after.saturating_sub(before));
        }
    }

    /// Draws frames until something is true.
    fn wait(&mut self, what: &str, done: impl Fn(&Laboratory) -> bool) {
        let began = Instant::now();
        while !done(self.harness.state()) {
            self.step();
            thread::sleep(Duration::from_millis(4));
            let run = self.harness.state().current().map(|s| (s.state.clone(), s.position()));
            assert!(began.elapsed() < PATIENCE, "waiting for {what}: {run:?}");
            if let Some((State::Failed(problem), _)) = run {
                panic!("waiting for {what}: {problem}");
            }
        }
    }

    fn press(&mut self, label: &str) {
        let button = self.harness.query_by_label(label);
        button.unwrap_or_else(|| panic!("no {label}: {:?}", state(self.harness.state()))).click();
        self.step();
        self.step();
    }
}

fn state(laboratory: &Laboratory) -> Option<&State> {
    laboratory.current().map(|session| &session.state)
}

/// How many iterations the run that is shown has measured.
fn measured(laboratory: &Laboratory) -> usize {
    laboratory.current().and_then(|session| session.view()).map_or(0, |view| view.iterations().len())
}

#[test]
fn pressed_stopped_closed_resumed_finished() {
    let folder = tempfile::tempdir().unwrap();
    write_tiny(&folder.path().join("model"), 1);
    let out = folder.path().join("run");

    let mut window = Window::open(folder.path());
    window.press("Run");
    assert_eq!(window.harness.state().panel(), Panel::Iterations);
    window.wait("the run to begin", |lab| state(lab) == Some(&State::Running));
    assert!(window.harness.get_by_label("Run").accesskit_node().is_disabled());
    // All panels are looked at while it goes on.
    for panel in Panel::ALL {
        window.harness.state_mut().go(panel);
        (0..3).for_each(|_| window.step());
    }
    window.harness.state_mut().go(Panel::Iterations);
    window.wait("the first iteration", |lab| measured(lab) >= 2);
    window.press("Pause");
    window.wait("the run to stop", |lab| state(lab) == Some(&State::Stopped));
    assert_nothing_half_written(&out);
    let stopped = fs::read(out.join("events.jsonl")).unwrap();

    // Closing during a run saves it.
    window.press("Resume");
    window.wait("the run to go on", |lab| state(lab) == Some(&State::Running));
    assert!(window.harness.state().busy());
    window.harness.state_mut().close();
    // What lies over everything is measured in one frame and drawn in the next.
    window.step();
    window.step();
    window.harness.get_by_label("Saving…");
    window.wait("what is being saved", |lab| !lab.busy());
    let slowest = window.slowest;
    let began = Instant::now();
    drop(window);
    assert!(began.elapsed() < PATIENCE, "the end took {:?}", began.elapsed());
    assert_nothing_half_written(&out);
    let closed = fs::read(out.join("events.jsonl")).unwrap();
    assert!(closed.len() >= stopped.len());

    let mut window = Window::open(folder.path());
    window.harness.state_mut().restore(&[out.display().to_string()], None);
    window.wait("the run to come back", |lab| state(lab) == Some(&State::Stopped));
    window.press("Resume");
    window.wait("the run to end", |lab| state(lab) == Some(&State::Finished));
    assert_eq!(measured(window.harness.state()), 4);
    assert_eq!(window.harness.state().sessions().len(), 1);

    // The log is whole, and holds what was there before.
    let log = fs::read(out.join("events.jsonl")).unwrap();
    let (all, before) = (records(&log), records(&stopped));
    assert_eq!(all.last().unwrap()["event"], "finished");
    assert!(before.iter().zip(&all).filter(|(a, b)| a == b).count() + 2 >= before.len());
    let slowest = slowest.max(window.slowest);
    println!("slowest frame: {slowest:?} of computing");
    assert!(slowest < FRAME, "{slowest:?}");
}
