//! A panel alone in a harness: the runs it sees, the one in front, and what it asks for.

use egui::Ui;
use egui_kittest::Harness;

use crate::view::{Action, Scene, session::Session, theme};

/// A panel on its own.
pub(crate) struct Stage<P> {
    pub panel: P,
    pub sessions: Vec<Session>,
    pub current: usize,
    pub actions: Vec<Action>,
}

/// A fresh panel with its first frames still to be drawn; `draw` is its `ui`.
pub(crate) fn stage<P: Default + 'static>(
    draw: fn(&mut P, &mut Ui, &mut Scene<'_>),
    sessions: Vec<Session>,
    size: [f32; 2],
) -> Harness<'static, Stage<P>> {
    let stage = Stage { panel: P::default(), sessions, current: 0, actions: Vec::new() };
    Harness::builder().with_size(size).with_context_setup(theme::install).build_ui_state(
        move |ui, stage: &mut Stage<P>| {
            let current = stage.sessions.get(stage.current);
            let mut scene = Scene { sessions: &stage.sessions, current, actions: &mut stage.actions };
            draw(&mut stage.panel, ui, &mut scene);
        },
        stage,
    )
}
