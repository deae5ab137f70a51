//! A run's log as the window shows it: every panel, at the log's beginning, in its middle and at its end.

use std::{cell::RefCell, path::Path, rc::Rc};

use egui::{Context, RawInput, Rect, Vec2, pos2};
use selfsame::{
    engine::Scripted,
    view::{Laboratory, panels::Panel, session::Session, theme},
};
use selfsame_core::run::log::parse;

pub(super) fn read(bytes: &[u8]) {
    let Ok(parsed) = parse(bytes, Path::new("events.jsonl")) else { return };
    if parsed.records.is_empty() {
        return;
    }
    let mut laboratory = laboratory();
    let half = parsed.records.len().div_ceil(2);
    laboratory.add(Session::film(1, "half".to_owned(), parsed.records[..half].to_vec()));
    laboratory.add(Session::film(2, "whole".to_owned(), parsed.records));
    for panel in Panel::ALL {
        laboratory.go(panel);
        draw(&mut laboratory);
    }
}

/// A window without an engine.
pub(super) fn laboratory() -> Laboratory {
    Laboratory::new(Box::new(Rc::new(RefCell::new(Scripted::default()))))
}

/// Draws a frame on nothing.
pub(super) fn draw(laboratory: &mut Laboratory) {
    thread_local! {
        // Fonts take longer to load than a frame to draw.
        static CONTEXT: Context = {
            let context = Context::default();
            theme::install(&context);
            context
        };
        static TIME: RefCell<f64> = const { RefCell::new(0.0) };
    }
    let time = TIME.with_borrow_mut(|time| {
        *time += 0.1;
        *time
    });
    let screen_rect = Some(Rect::from_min_size(pos2(0.0, 0.0), Vec2::new(1280.0, 840.0)));
    let input = RawInput { screen_rect, time: Some(time), ..RawInput::default() };
    CONTEXT.with(|context| drop(context.run_ui(input, |ui| laboratory.ui(ui))));
}
