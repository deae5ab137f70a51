//! The window of the desktop: a thin shell around [`crate::view`]. It knows what only a window can:
//! file dialogs, the display, closing, and what was open the last time.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use eframe::egui::{self, ThemePreference, ViewportCommand};
use selfsame_core::run::Folder;

use crate::{
    Error, Result,
    engine::{Command, native::Native},
    folder, interrupt,
    view::{Action, Laboratory, Pick, SHOWN_WITHIN, panels::Panel, theme},
};

pub mod state;

use state::{Keeper, State};

/// The size of a window that was never open before.
const SIZE: [f32; 2] = [1280.0, 840.0];

/// The least size at which everything can be used.
const LEAST: [f32; 2] = [900.0, 600.0];

/// How often it is looked whether what is being saved is saved.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What changed is remembered after so long: the window may be ended without being closed.
const REMEMBER_AFTER: Duration = Duration::from_secs(1);

/// Opens the window and stays until it is closed. It shows the runs in `dirs`, or else what was open
/// when it was closed, or else the recorded run.
///
/// # Errors
/// If there is no display.
pub fn open(dirs: &[PathBuf]) -> Result<()> {
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
    let path = state::path();
    let remembered = path.as_deref().map(State::read).unwrap_or_default();
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_app_id("selfsame")
            .with_inner_size(remembered.size.unwrap_or(SIZE))
            .with_min_inner_size(LEAST)
            .with_maximized(remembered.maximized),
        ..eframe::NativeOptions::default()
    };
    let dirs = dirs.to_vec();
    let creator = |context: &eframe::CreationContext<'_>| {
        Ok(Box::new(Window::new(&context.egui_ctx, &dirs, remembered, path)) as Box<dyn eframe::App>)
    };
    eframe::run_native("Selfsame", options, Box::new(creator)).map_err(|e| no_display(e.to_string()))
}

struct Window {
    laboratory: Laboratory,
    keeper: Option<Keeper>,
    /// When it was last remembered what is open.
    remembered: Instant,
    /// Ctrl-C in the terminal that the window was opened from, or the end of the session.
    interrupted: Arc<AtomicBool>,
    /// Nothing has to be waited for any more.
    ending: bool,
}

impl Window {
    fn new(context: &egui::Context, dirs: &[PathBuf], remembered: State, path: Option<PathBuf>) -> Self {
        theme::install(context);
        context.set_theme(remembered.theme.as_deref().map_or(ThemePreference::System, theme::by_name));
        context.set_zoom_factor(remembered.scale.unwrap_or(1.0));
        let wake = context.clone();
        let engine = Native::new(Arc::new(move || wake.request_repaint_after(SHOWN_WITHIN)));
        let mut laboratory = Laboratory::new(Box::new(engine));
        if let Some(panel) = remembered.panel.as_deref().and_then(Panel::by_id) {
            laboratory.go(panel);
        }
        laboratory.set_recent(remembered.recent.clone());
        laboratory.set_lessons(&remembered.lessons);
        let there = |folder: &String| Folder::log_path(Path::new(folder)).exists();
        let before: Vec<String> = remembered.runs.iter().filter(|folder| there(folder)).cloned().collect();
        if !dirs.is_empty() {
            for dir in dirs {
                laboratory.send(Command::Open { folder: dir.display().to_string() });
            }
        } else if !before.is_empty() {
            laboratory.restore(&before, remembered.shown.clone());
        } else {
            laboratory.show_recorded();
        }
        Self {
            laboratory,
            keeper: path.map(|path| Keeper::new(path, remembered)),
            remembered: Instant::now(),
            interrupted: interrupted(context),
            ending: false,
        }
    }

    /// What is to be remembered now.
    fn state(&self, context: &egui::Context) -> State {
        let real = || self.laboratory.sessions().iter().filter(|session| !session.recorded());
        let (size, maximized) = context.input(|input| {
            let viewport = input.viewport();
            (viewport.inner_rect.map(|rect| rect.size()), viewport.maximized.unwrap_or_default())
        });
        let scale = context.zoom_factor();
        let before = self.keeper.as_ref().and_then(|keeper| keeper.last().size);
        State {
            panel: Some(self.laboratory.panel().id().to_owned()),
            theme: Some(theme::name(context.options(|options| options.theme_preference)).to_owned()),
            scale: Some(scale),
            // The size of a window that fills the screen says nothing about the window.
            size: if maximized { before } else { size.map(|size| [size.x * scale, size.y * scale]).or(before) },
            maximized,
            runs: real().map(|session| session.folder.clone()).collect(),
            shown: self.laboratory.current().filter(|s| !s.recorded()).map(|session| session.folder.clone()),
            recent: self.laboratory.recent().to_vec(),
            lessons: self.laboratory.lessons(),
        }
    }

    fn remember(&mut self, context: &egui::Context, at_once: bool) {
        let state = self.state(context);
        let Some(keeper) = &mut self.keeper else { return };
        if !keeper.differs(&state) {
            return;
        }
        let since = self.remembered.elapsed();
        if at_once || since >= REMEMBER_AFTER {
            keeper.keep(state);
            self.remembered = Instant::now();
        } else {
            context.request_repaint_after(REMEMBER_AFTER.saturating_sub(since));
        }
    }

    fn pick(&mut self, what: Pick) {
        let dialog = rfd::FileDialog::new();
        let path = match what {
            Pick::Data => dialog.add_filter("JSONL", &["jsonl", "json"]).pick_file(),
            Pick::Packed => dialog.add_filter("packed run", &["tgz"]).pick_file(),
            Pick::Atlas => dialog.add_filter("atlas", &["json"]).pick_file(),
            Pick::Run | Pick::Model | Pick::Base | Pick::Out => dialog.pick_folder(),
        };
        match path {
            Some(path) if what == Pick::Atlas => self.atlas(&path),
            Some(path) => self.laboratory.picked(what, &path.display().to_string()),
            None => {}
        }
    }

    fn atlas(&mut self, path: &Path) {
        match std::fs::read_to_string(path) {
            Ok(text) => self.laboratory.open_atlas(&path.display().to_string(), &text),
            Err(e) => self.laboratory.notice(&selfsame_core::Error::read(path, e).to_string()),
        }
    }

    fn save(&mut self, name: &str, bytes: &[u8]) {
        let Some(path) = rfd::FileDialog::new().set_file_name(name).save_file() else { return };
        if let Err(e) = std::fs::write(&path, bytes) {
            self.laboratory.notice(&selfsame_core::Error::write(&path, e).to_string());
        }
    }

    /// Folders of runs that were dropped onto the window are opened.
    fn dropped(&mut self, context: &egui::Context) {
        let files = context.input(|input| input.raw.dropped_files.clone());
        for path in files.iter().map(|file| file.path()) {
            if Folder::log_path(path).exists() || folder::is_packed(path) {
                self.laboratory.send(Command::Open { folder: path.display().to_string() });
            }
        }
    }
}

impl eframe::App for Window {
    /// Also called while the window is hidden.
    fn logic(&mut self, context: &egui::Context, _: &mut eframe::Frame) {
        let asked = context.input(|input| input.viewport().close_requested());
        if self.ending {
            return;
        }
        if asked || self.interrupted.load(Ordering::Relaxed) {
            self.laboratory.close();
        }
        if !self.laboratory.closing() {
            return;
        }
        if self.laboratory.busy() {
            if asked {
                context.send_viewport_cmd(ViewportCommand::CancelClose);
            }
            context.request_repaint_after(LOOK_EVERY);
        } else {
            self.ending = true;
            if !asked {
                context.send_viewport_cmd(ViewportCommand::Close);
            }
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.dropped(ui.ctx());
        self.laboratory.ui(ui);
        for wish in self.laboratory.wishes() {
            match wish {
                Action::Pick(what) => self.pick(what),
                Action::Save { name, bytes } => self.save(&name, &bytes),
                Action::Quit => {
                    self.remember(ui.ctx(), true);
                    self.keeper = None;
                    // Like a kill, which every run survives.
                    std::process::exit(0);
                }
                _ => {}
            }
        }
        let closing = self.ending || self.laboratory.closing();
        self.remember(ui.ctx(), closing);
    }
}

/// A flag that Ctrl-C and the end of the session set; the second one ends the program.
fn interrupted(context: &egui::Context) -> Arc<AtomicBool> {
    let context = context.clone();
    interrupt::catch(move || context.request_repaint()).unwrap_or_else(|e| {
        // Ctrl-C then ends the program at once, as it does everywhere.
        log::warn!("Ctrl-C cannot be caught: {e}");
        Arc::default()
    })
}
