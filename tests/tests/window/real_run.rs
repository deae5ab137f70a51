//! A whole run in the real window, worked as a person works it: on a display in memory, by pointer and
//! keyboard, from the first start on. A quick run is begun and comes to its end; another is interrupted by
//! closing the window, is there when it is opened again, and goes on by a key.
//!
//! Where things are is asked of the same views without a window: they draw alike.

#![cfg(target_os = "linux")]

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

use egui_kittest::{Harness, kittest::Queryable};
use image::RgbaImage;
use selfsame::{
    engine::native::Native,
    view::{Laboratory, panels::Panel, session::State},
};
use selfsame_tests::{
    display::{Display, Eye, Program, appear, assert_ended_well, keys, state},
    lab::{harness, laboratory, with_recorded_run},
    picture::keep,
    program::{assert_nothing_half_written, locate},
    runs::records,
};

/// The size of the first window.
const SIZE: [f32; 2] = [1280.0, 840.0];

/// Longest time for a quick run with its control lines, on a busy machine.
const RUN: Duration = Duration::from_secs(900);

/// The views as the window has them, to find out where something is.
struct Double<'a>(Harness<'a, Laboratory>);

impl Double<'_> {
    fn of(laboratory: Laboratory) -> Self {
        Self(harness(laboratory, SIZE, egui::Theme::Dark, None))
    }

    /// The middle of the first thing with this name.
    #[allow(clippy::cast_possible_truncation)] // places in a window
    fn place(&self, label: &str) -> [i16; 2] {
        let first = self.0.get_all_by_label(label).next().unwrap_or_else(|| panic!("no {label}"));
        let middle = first.rect().center();
        [middle.x as i16, middle.y as i16]
    }

    fn press(&mut self, key: egui::Key) {
        self.0.key_press(key);
        self.0.run_ok();
    }

    /// How often Tab has to be pressed until the keyboard is at something.
    fn tabs_to(&mut self, label: &str) -> usize {
        for pressed in 0..200 {
            if self.0.get_all_by_label(label).any(|node| node.is_focused()) {
                return pressed;
            }
            self.press(egui::Key::Tab);
        }
        panic!("Tab does not lead to {label}")
    }
}

/// The middle of what is filled with the colour of the large button in a part of the picture.
fn filled(picture: &RgbaImage, color: image::Rgba<u8>, [left, top]: [u32; 2]) -> Option<[i16; 2]> {
    let near = |pixel: &image::Rgba<u8>| (0..3).all(|c| pixel.0[c].abs_diff(color.0[c]) < 6);
    let places: Vec<(u32, u32)> = picture
        .enumerate_pixels()
        .filter(|(x, y, pixel)| *x >= left && *y >= top && near(pixel))
        .map(|(x, y, _)| (x, y))
        .collect();
    // Fewer are a line or a mark, no button.
    if places.len() < 500 {
        return None;
    }
    let (xs, ys) = (places.iter().map(|p| p.0), places.iter().map(|p| p.1));
    let middle = |low: Option<u32>, high: Option<u32>| i16::try_from(u32::midpoint(low?, high?)).ok();
    Some([middle(xs.clone().min(), xs.max())?, middle(ys.clone().min(), ys.max())?])
}

/// The logs of all runs, the oldest first; their folders' names hold the time.
fn logs(home: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(home.join("runs")).into_iter().flatten().flatten();
    let mut logs: Vec<PathBuf> = folders.map(|folder| folder.path().join("events.jsonl")).collect();
    logs.retain(|log| log.exists());
    logs.sort();
    logs
}

fn has(log: &Path, event: &str) -> bool {
    fs::read_to_string(log).is_ok_and(|text| text.contains(&format!("\"event\":\"{event}\"")))
}

/// Waits until the picture stands still, or has been moving for a while: a frame can take long.
fn settled(eye: &Eye, window: u32) -> RgbaImage {
    let mut before = eye.look(window).unwrap();
    for _ in 0..20 {
        sleep(Duration::from_millis(200));
        let now = eye.look(window).unwrap();
        if now == before {
            break;
        }
        before = now;
    }
    before
}

/// Presses a key that moves the keyboard and waits until it shows, since two presses in one frame would count as
/// one. What the press before set in motion has to end first, or it would be taken for this one's; and a little
/// longer afterwards, because the mark in a text field blinks, which shows too.
fn step(eye: &Eye, window: u32, key: u32) {
    let before = settled(eye, window);
    eye.press(&[key]);
    for _ in 0..60 {
        sleep(Duration::from_millis(50));
        if eye.look(window).unwrap() != before {
            break;
        }
    }
    sleep(Duration::from_millis(450));
}

/// Presses the button that begins a run until there is one: it moves when the engine has said what the run
/// will need.
fn begin<T>(
    program: &mut Program,
    eye: &Eye,
    window: u32,
    color: image::Rgba<u8>,
    mut begun: impl FnMut() -> Option<T>,
) -> T {
    program.until("a run", || {
        if let Some(start) = filled(&settled(eye, window), color, [700, 96]) {
            eye.click(window, start);
        }
        (0..20).find_map(|_| {
            sleep(Duration::from_millis(100));
            begun()
        })
    })
}

/// Asked for by name: it presses keys for minutes, and a machine that is busy with something else can take them
/// for fewer.
#[test]
#[ignore = "takes minutes: cargo test --release --workspace --test window real_run -- --ignored"]
fn begun_watched_closed_reopened_and_resumed_by_hand() {
    const TEST: &str = "begun_watched_closed_reopened_and_resumed_by_hand";
    let Some(program) = locate(TEST) else { return };
    let Some(display) = Display::start(TEST) else { return };
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let eye = Eye::on(&display);
    let control = |key: char| eye.press(&[keys::CONTROL, key.into()]);
    // By the key of its place in the navigation.
    let go = |panel: Panel| {
        let place = Panel::ALL.iter().zip(('1'..='9').chain(['0'])).find(|(other, _)| **other == panel);
        control(place.unwrap().1);
    };

    // The first start: the recorded film stands still, then to where a run is composed, with the pointer.
    let mut window = Program::start(&program, home, Some(&display), &[]).patient(RUN);
    let (id, picture) = appear(&mut window, &eye, "first start");
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a size
    let size = [SIZE[0] as u32, SIZE[1] as u32];
    assert_eq!([picture.width(), picture.height()], size, "one point is one pixel");
    eye.focus(id);
    control('p');
    let mut double = Double::of(with_recorded_run(Panel::Iterations));
    let compose = double.place(Panel::Compose.title());
    let run = double.place("Run");
    eye.click(id, compose);
    double.0.get_all_by_label(Panel::Compose.title()).next().unwrap().click();
    double.0.run_ok();

    // A quick one, by the keyboard: into the panel, along it, and a press.
    for _ in 0..2 {
        step(&eye, id, keys::F6);
        double.press(egui::Key::F6);
    }
    let tabs = double.tabs_to("Quick: a tenth of the work");
    assert!(tabs > 0, "the keyboard is in the panel");
    for _ in 0..tabs {
        step(&eye, id, keys::TAB);
    }
    eye.press(&[keys::SPACE]);
    let composed = settled(&eye, id);
    keep("real-1-compose", &composed);
    // Beside the words of the large button is its colour.
    let [x, y] = run.map(|at| u32::from(at.unsigned_abs()));
    let color = *composed.get_pixel(x - 44, y);
    let log = begin(&mut window, &eye, id, color, || logs(home).pop());

    window.until("its first line", || has(&log, "started").then_some(()));
    let began = &records(&fs::read(&log).unwrap())[0];
    assert_eq!(began["manifest"]["recipe"], "scir");
    assert_eq!(began["manifest"]["parameters"]["loop"]["iterations"], 1, "it is a quick run");

    // It runs to its end while two panels are looked at.
    window.until("the first answers", || has(&log, "sampled").then_some(()));
    go(Panel::Judges);
    window.until("the panel in the file", || remembers(home, Panel::Judges));
    keep("real-2-judges", &settled(&eye, id));
    window.until("the end of the run", || has(&log, "finished").then_some(()));
    go(Panel::Diagnoses);
    window.until("the panel in the file", || remembers(home, Panel::Diagnoses));
    keep("real-3-diagnoses", &settled(&eye, id));
    let finished = fs::read(&log).unwrap();

    // Another one, and the window is closed while it learns.
    eye.click(id, compose);
    let second = begin(&mut window, &eye, id, color, || logs(home).pop().filter(|last| *last != log));
    window.until("a step of learning", || has(&second, "step").then_some(()));
    eye.close(id);
    assert_ended_well(window, "closed while a run was going on");
    let folder = second.parent().unwrap();
    assert_nothing_half_written(folder);
    let closed = fs::read(&second).unwrap();
    let lines = records(&closed);
    let last = lines.last().unwrap();
    assert_eq!(last["event"], "checkpoint", "{last}");
    println!("closed at step {} ({} lines)", last["step"], lines.len());
    let checkpoint = folder.join("checkpoints").join(last["name"].as_str().unwrap());
    assert!(checkpoint.join("model.safetensors").exists());
    assert_eq!(checkpoint.join("optimizer.safetensors").exists(), last["complete"] == false);
    assert_eq!(fs::read(&log).unwrap(), finished, "the other run is as it was");

    // Opened again it shows the run, stopped, and a key continues it.
    let mut double = Double::of(laboratory(Native::new(std::sync::Arc::new(|| {}))));
    let folders = [&log, &second].map(|log| log.parent().unwrap().display().to_string());
    double.0.state_mut().restore(&folders, Some(folders[1].clone()));
    double.0.state_mut().go(Panel::Compose);
    let stopped = |lab: &Laboratory| {
        lab.sessions().len() == 2 && lab.current().is_some_and(|s| s.state == State::Stopped && s.settled())
    };
    for _ in 0..1000 {
        double.0.step();
        if stopped(double.0.state()) {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    double.0.run_ok();
    let tabs = double.tabs_to("Resume");
    let mut window = Program::start(&program, home, Some(&display), &[]).patient(RUN);
    let (id, _) = appear(&mut window, &eye, "again");
    eye.focus(id);
    // The recorded run has no button like it: when the window looks like its double, the run is there.
    sleep(Duration::from_secs(2));
    keep("real-4-again", &settled(&eye, id));
    for _ in 0..tabs {
        step(&eye, id, keys::TAB);
    }
    eye.press(&[keys::SPACE]);
    window.until("the run to go on", || (fs::read(&second).unwrap().len() > closed.len()).then_some(()));
    window.until("the end of the run", || has(&second, "finished").then_some(()));
    go(Panel::Iterations);
    window.until("the panel in the file", || remembers(home, Panel::Iterations));
    keep("real-5-finished", &settled(&eye, id));
    eye.close(id);
    assert_ended_well(window, "closed after it");
    let whole = fs::read(&second).unwrap();
    assert!(whole.starts_with(&closed), "what was written before is still there");
    assert_nothing_half_written(folder);
    let text = fs::read_to_string(state(home)).unwrap();
    assert!(folders.iter().all(|folder| text.contains(folder.as_str())), "{text}");
}

/// Whether the window has written down that a panel is in front.
fn remembers(home: &Path, panel: Panel) -> Option<()> {
    let text = fs::read_to_string(state(home)).ok()?;
    text.contains(&format!("panel = \"{}\"", panel.id())).then_some(())
}
