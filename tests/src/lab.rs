//! The laboratory as the window has it, without a window.

use std::time::Duration;

use egui_kittest::Harness;
use selfsame::{
    engine::{Engine, Scripted},
    recorded,
    view::{
        Laboratory,
        panels::Panel,
        session::{RECORDED, Session},
        theme,
    },
};

use crate::picture::Painter;

/// A laboratory with an engine.
#[must_use]
pub fn laboratory(engine: impl Engine + 'static) -> Laboratory {
    Laboratory::new(Box::new(engine))
}

/// A laboratory that shows the recorded run from beginning to end, and stands still.
///
/// # Panics
/// If the recorded run cannot be read, which other tests rule out.
#[must_use]
pub fn with_recorded_run(panel: Panel) -> Laboratory {
    let mut laboratory = laboratory(Scripted::default());
    let records = recorded::records().unwrap();
    let all = records.len();
    let mut session = Session::film(RECORDED, recorded::NAME.to_owned(), records);
    session.play(false);
    session.show(all);
    laboratory.add(session);
    laboratory.go(panel);
    laboratory
}

/// The laboratory in a harness, in the colours of the tokens.
pub fn harness<'a>(
    laboratory: Laboratory,
    size: [f32; 2],
    theme: egui::Theme,
    renderer: Option<Painter>,
) -> Harness<'a, Laboratory> {
    let mut builder = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_context_setup(theme::install)
        .with_max_steps(24)
        .with_render_cursor(false);
    if let Some(renderer) = renderer {
        builder = builder.renderer(renderer);
    }
    // A window has no margin.
    let whole = |ui: &mut egui::Ui, laboratory: &mut Laboratory| {
        let window = ui.ctx().content_rect();
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(window));
        ui.set_clip_rect(window);
        laboratory.ui(&mut ui);
    };
    let mut harness = builder.build_ui_state(whole, laboratory);
    harness.ctx.set_theme(theme);
    // Animations have come to their end.
    harness.run_ok();
    harness
}

/// The time that this thread has been computing; `None` where the system does not tell. Other than
/// the time on the clock, it says nothing about what else the machine is doing.
#[must_use]
pub fn computing() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

/// The memory of this program that is really there, in bytes; `None` where the system does not tell.
#[must_use]
pub fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(1024 * line.split_whitespace().nth(1)?.parse::<u64>().ok()?)
}
