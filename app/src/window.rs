//! The window of the desktop: a thin shell around [`crate::view`]. It knows what only a window can:
//! file dialogs, the display, closing.

use std::{path::PathBuf, sync::Arc};

use eframe::egui;

use crate::{
    Error, Result,
    engine::{Command, native::Native},
    view::{Action, Laboratory, Pick, theme},
};

/// Opens the window and stays until it is closed.
///
/// # Errors
/// If there is no display.
pub fn open(dir: Option<PathBuf>) -> Result<()> {
    let no_display = |why: String| {
        Error::told(format!(
            "no window can be opened ({why}); everything it does, the command line does too: `selfsame --help`, or `selfsame run scir` to begin with"
        ))
    };
    if cfg!(target_os = "linux")
        && !["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].iter().any(|name| std::env::var_os(name).is_some())
    {
        return Err(no_display("there is no display".to_owned()));
    }
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1280.0, 840.0]).with_min_inner_size([900.0, 600.0]),
        ..eframe::NativeOptions::default()
    };
    let creator = |context: &eframe::CreationContext<'_>| {
        theme::install(&context.egui_ctx);
        let wake = context.egui_ctx.clone();
        let engine = Native::new(Arc::new(move || wake.request_repaint()));
        let mut laboratory = Laboratory::new(Box::new(engine));
        if let Some(dir) = dir {
            laboratory.send(Command::Open { folder: dir.display().to_string() });
        }
        Ok(Box::new(Window { laboratory }) as Box<dyn eframe::App>)
    };
    eframe::run_native("Selfsame", options, Box::new(creator)).map_err(|e| no_display(e.to_string()))
}

struct Window {
    laboratory: Laboratory,
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.laboratory.ui(ui);
        for wish in self.laboratory.wishes() {
            match wish {
                Action::Pick(what) => self.pick(what),
                Action::Save { name, bytes } => self.save(&name, &bytes),
                _ => {}
            }
        }
    }
}

impl Window {
    fn pick(&mut self, what: Pick) {
        let dialog = rfd::FileDialog::new();
        let path = match what {
            Pick::Data => dialog.add_filter("JSONL", &["jsonl", "json"]).pick_file(),
            Pick::Run | Pick::Model | Pick::Base | Pick::Out => dialog.pick_folder(),
        };
        if let Some(path) = path {
            self.laboratory.picked(what, &path.display().to_string());
        }
    }

    fn save(&mut self, name: &str, bytes: &[u8]) {
        let Some(path) = rfd::FileDialog::new().set_file_name(name).save_file() else { return };
        if let Err(e) = std::fs::write(&path, bytes) {
            self.laboratory.notice(&selfsame_core::Error::write(&path, e).to_string());
        }
    }
}
