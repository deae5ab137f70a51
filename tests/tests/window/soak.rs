//! The window all day, in minutes: a live run of a hundred thousand answers streams in while
//! somebody goes through the panels, winds back and forth and turns the lights on and off. Memory
//! and the time of every frame are watched.
//!
//! `cargo xtask soak --minutes 10`, or with `SELFSAME_SOAK_MINUTES`.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use selfsame::{
    engine::{Command, Engine, Message, Moment},
    recorded,
    view::{Laboratory, panels::Panel, theme},
};
use selfsame_core::run::{Arm, Event, Record};
use selfsame_tests::lab::{computing, laboratory, resident};

/// Answers that stream in during the first half.
const ANSWERS: usize = 100_000;

/// No frame may compute for longer.
const FRAME: Duration = Duration::from_millis(50);

/// What memory may grow by in the second half, when nothing is new.
const GROWTH: f64 = 1.10;

/// Rows of the table.
const ROWS: u32 = 12;

/// A live run: the recorded one, over and over, as ever later iterations.
struct Stream {
    began: Instant,
    over: Duration,
    total: usize,
    waiting: VecDeque<Record>,
    opened: bool,
}

fn answers(record: &Record) -> usize {
    match &record.event {
        Event::Sampled { answers, .. } => answers.iter().map(Vec::len).sum(),
        _ => 0,
    }
}

impl Stream {
    fn new(over: Duration) -> Self {
        let recorded = recorded::records().unwrap();
        let last = recorded.iter().map(|record| record.iteration).max().unwrap_or(0);
        let mut waiting: VecDeque<Record> = recorded.iter().filter(|record| record.iteration == 0).cloned().collect();
        // The run is not finished.
        waiting.retain(|record| !matches!(record.event, Event::Finished {}));
        let again: Vec<&Record> = recorded.iter().filter(|record| record.iteration > 0).collect();
        let mut count = waiting.iter().map(answers).sum::<usize>();
        for round in 0.. {
            for record in &again {
                count += answers(record);
                waiting.push_back(Record { iteration: record.iteration + round * last, ..(*record).clone() });
            }
            if count >= ANSWERS {
                break;
            }
        }
        Self { began: Instant::now(), over, total: waiting.len(), waiting, opened: false }
    }
}

impl Engine for Stream {
    fn send(&mut self, _: Command) {}

    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // line counts
    fn poll(&mut self) -> Vec<Message> {
        let mut said = Vec::new();
        if !self.opened {
            self.opened = true;
            said.push(Message::Opened { run: 1, folder: "/soak".to_owned(), working: true });
        }
        let share = (self.began.elapsed().as_secs_f64() / self.over.as_secs_f64()).min(1.0);
        let due = (share * self.total as f64) as usize;
        let came = self.total - self.waiting.len();
        let records: Vec<Record> = self.waiting.drain(..due.saturating_sub(came)).collect();
        if let Some(last) = records.last() {
            let (arm, iteration) = (last.arm, last.iteration);
            said.push(Message::Records { run: 1, records });
            let progress = Moment {
                arm,
                iteration,
                phase: "sample".to_owned(),
                done: due,
                total: self.total,
                tokens_per_second: 1e4,
            };
            said.push(Message::Progress { run: 1, progress });
        }
        said
    }
}

/// One row of the table.
#[derive(Default)]
struct Row {
    frames: u32,
    sum: Duration,
    worst: Duration,
    panel: &'static str,
    memory: u64,
    lines: usize,
}

#[test]
#[ignore = "takes minutes; `cargo xtask soak --minutes 10`"]
#[allow(clippy::cast_precision_loss)] // bytes
fn all_day() {
    let minutes = std::env::var("SELFSAME_SOAK_MINUTES").ok().and_then(|text| text.parse::<f64>().ok()).unwrap_or(1.0);
    let whole = Duration::from_secs_f64(60.0 * minutes);
    let mut laboratory = laboratory(Stream::new(whole / 2));
    let context = egui::Context::default();
    theme::install(&context);
    let began = Instant::now();
    let mut rows = Vec::new();
    let mut row = Row::default();
    let mut frame = 0_u32;
    println!(
        "{:>7}  {:>6}  {:>9}  {:>9}  {:<12} {:>8}  {:>8}",
        "seconds", "frames", "mean", "worst", "in", "memory", "lines"
    );
    while began.elapsed() < whole {
        drive(&mut laboratory, &context, frame);
        let input = egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1280.0, 840.0))),
            time: Some(began.elapsed().as_secs_f64()),
            events: events(frame),
            ..egui::RawInput::default()
        };
        let (clock, before) = (Instant::now(), computing());
        let mut output = context.run_ui(input, |ui| laboratory.ui(ui));
        let shapes = context.tessellate(std::mem::take(&mut output.shapes), 1.0);
        // Where the system tells, what else the machine does is left out.
        let took = match (before, computing()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => clock.elapsed(),
        };
        assert!(!shapes.is_empty());
        output.drop_without_applying_deltas();
        row.frames += 1;
        row.sum += took;
        if took > row.worst {
            (row.worst, row.panel) = (took, laboratory.panel().id());
        }
        frame += 1;
        if began.elapsed() >= whole * (u32::try_from(rows.len()).unwrap_or(ROWS) + 1) / ROWS {
            row.memory = resident().unwrap_or(0);
            row.lines = laboratory.current().map_or(0, |session| session.position().1);
            println!(
                "{:>7.0}  {:>6}  {:>6.2} ms  {:>6.2} ms  {:<12} {:>5.0} MB  {:>8}",
                began.elapsed().as_secs_f64(),
                row.frames,
                1e3 * row.sum.as_secs_f64() / f64::from(row.frames),
                1e3 * row.worst.as_secs_f64(),
                row.panel,
                row.memory as f64 / 1e6,
                row.lines,
            );
            rows.push(std::mem::take(&mut row));
        }
        // 60 frames a second, as a display asks for.
        std::thread::sleep(Duration::from_millis(16).saturating_sub(clock.elapsed()));
    }
    let worst = rows.iter().map(|row| row.worst).max().unwrap_or_default();
    let half = rows.get(rows.len() * 2 / 3).map_or(0, |row| row.memory);
    let last = rows.last().map_or(0, |row| row.memory);
    println!(
        "worst frame {worst:?}; memory {:.0} MB when all had come, {:.0} MB at the end",
        half as f64 / 1e6,
        last as f64 / 1e6
    );
    let view = laboratory.current().and_then(|session| session.view()).expect("a run");
    assert!(view.arms[&Arm::Main].iterations.len() > 10);
    assert!(last as f64 <= half as f64 * GROWTH, "memory grows although nothing is new");
    assert!(worst < FRAME, "a frame took {worst:?}");
}

/// What a person does: goes through the panels, winds, changes the light.
fn drive(laboratory: &mut Laboratory, context: &egui::Context, frame: u32) {
    let every = 90;
    if frame.is_multiple_of(every) {
        let all = Panel::ALL;
        laboratory.go(all[(frame / every) as usize % all.len()]);
    }
    if frame.is_multiple_of(700) {
        let dark = (frame / 700).is_multiple_of(2);
        context.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
    }
}

/// The pointer wanders, scrolls, and now and then the keyboard winds the log back and on.
fn events(frame: u32) -> Vec<egui::Event> {
    #[allow(clippy::cast_precision_loss)] // a small number
    let along = (frame % 400) as f32;
    let mut events = vec![egui::Event::PointerMoved(egui::pos2(200.0 + 2.5 * along, 120.0 + 1.6 * along))];
    if frame.is_multiple_of(3) {
        let down = if frame % 240 < 120 { -60.0 } else { 60.0 };
        events.push(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, down),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: egui::Modifiers::NONE,
        });
    }
    let key = match frame % 500 {
        380 => Some(egui::Key::ArrowLeft),
        410 => Some(egui::Key::Home),
        470 => Some(egui::Key::End),
        _ => None,
    };
    if let Some(key) = key {
        events.push(egui::Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: egui::Modifiers::ALT,
        });
    }
    events
}
