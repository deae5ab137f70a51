//! The page: a thin shell around the views, as the window of the desktop is. It knows what only a page
//! can: files that are chosen and dropped, downloads, and what the browser remembers.

use std::cell::RefCell;

use eframe::egui::{self, ThemePreference};
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use selfsame::{
    engine::{Command, Request},
    recorded::Reader,
    view::{Action, Laboratory, Pick, SHOWN_WITHIN, panels::Panel, theme},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlCanvasElement, HtmlElement, Storage};

use crate::{host::Host, mirror::Mirror, remembered::Remembered, remote::Remote};

/// The name under which the browser remembers.
const KEY: &str = "selfsame";

/// An atlas is a few kilobytes; what is larger than this is something else.
const LARGEST_ATLAS: f64 = 16e6;

/// Seconds between two looks at what has to be remembered.
const REMEMBER_EVERY: f64 = 1.0;

thread_local! {
    /// What the page's script hands over goes here.
    static REMOTE: RefCell<Option<Remote>> = const { RefCell::new(None) };
    /// The recorded run, once it has come.
    static FILM: RefCell<Option<Reader>> = const { RefCell::new(None) };
    /// An atlas that the person chose, with its name.
    static ATLAS: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Opens the laboratory on a canvas; `mirror` holds the elements that make it reachable for screen
/// readers.
///
/// # Errors
/// If the browser cannot draw on the canvas.
#[wasm_bindgen]
pub async fn open(canvas: HtmlCanvasElement, mirror: HtmlElement, host: Host) -> Result<(), JsValue> {
    let runner = eframe::WebRunner::new();
    let options = eframe::WebOptions {
        // What is dropped is taken by the page's script: whole weights must not come into our memory.
        ..eframe::WebOptions::default()
    };
    let creator = move |context: &eframe::CreationContext<'_>| {
        Ok(Box::new(Page::new(&context.egui_ctx, mirror, host)) as Box<dyn eframe::App>)
    };
    runner.start(canvas, options, Box::new(creator)).await
}

/// Takes files that the person chose or dropped: `items` are objects with a `path` and a `file`.
#[wasm_bindgen]
pub fn files(purpose: &str, items: &Array) {
    // The views show it, and the engine has no use for it.
    if purpose == "atlas" {
        return read_atlas(&items.get(0));
    }
    REMOTE.with_borrow(|remote| {
        if let Some(remote) = remote {
            remote.give(purpose, items);
        }
    });
}

/// Reads a chosen file as text.
fn read_atlas(item: &JsValue) {
    let part = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).ok();
    let path = part(item, "path").and_then(|path| path.as_string());
    let Some((path, file)) = path.zip(part(item, "file")) else { return };
    let small = part(&file, "size").and_then(|size| size.as_f64()).is_some_and(|size| size <= LARGEST_ATLAS);
    let text = part(&file, "text").and_then(|read| read.dyn_into::<Function>().ok()?.call0(&file).ok());
    let Some(promise) = text.filter(|_| small).and_then(|text| text.dyn_into::<Promise>().ok()) else {
        log::error!("{path} is no atlas");
        return;
    };
    spawn_local(async move {
        match JsFuture::from(promise).await {
            Ok(text) => ATLAS.set(text.as_string().map(|text| (path, text))),
            Err(e) => log::error!("{path} could not be read: {e:?}"),
        }
    });
}

struct Page {
    laboratory: Laboratory,
    remote: Remote,
    host: Host,
    /// Follows the views by itself, as long as it is there.
    _mirror: Mirror,
    remembered: Remembered,
    looked: f64,
    /// Whether the engine has said where it computes.
    placed: bool,
    /// Whether the first frame was noted.
    drawn: bool,
}

impl Page {
    fn new(context: &egui::Context, mirror: HtmlElement, host: Host) -> Self {
        theme::install(context);
        let remembered = storage()
            .and_then(|storage| storage.get_item(KEY).ok().flatten())
            .map(|text| Remembered::read(&text))
            .unwrap_or_default();
        context.set_theme(remembered.theme.as_deref().map_or(ThemePreference::System, theme::by_name));
        context.set_zoom_factor(remembered.scale.unwrap_or(1.0).clamp(*theme::ZOOM.start(), *theme::ZOOM.end()));
        let wake = context.clone();
        let remote =
            Remote::new(host.clone().unchecked_into(), Box::new(move || wake.request_repaint_after(SHOWN_WITHIN)));
        REMOTE.set(Some(remote.clone()));
        let mut laboratory = Laboratory::new(Box::new(remote.clone()));
        // How much of the demonstration is to be computed depends on the device, which the engine says.
        laboratory.await_demo();
        if let Some(panel) = remembered.panel.as_deref().and_then(Panel::by_id) {
            laboratory.go(panel);
        }
        laboratory.set_lessons(&remembered.lessons);
        // A run that was being computed goes on; its other half is in the browser's storage.
        let rest: Vec<String> =
            remembered.runs.iter().filter(|folder| Some(*folder) != remembered.working.as_ref()).cloned().collect();
        if let Some(folder) = &remembered.working {
            laboratory.send(Command::Resume { folder: folder.clone() });
        }
        if !rest.is_empty() {
            laboratory.restore(&rest, remembered.shown.clone());
        }
        if remembered.runs.is_empty() && remembered.working.is_none() {
            laboratory.show_recorded();
        }
        Self {
            laboratory,
            remote,
            host,
            _mirror: Mirror::install(context, mirror),
            remembered,
            looked: 0.0,
            placed: false,
            drawn: false,
        }
    }

    /// What is to be remembered now.
    fn now(&self, context: &egui::Context) -> Remembered {
        let real = |session: &&selfsame::view::session::Session| !session.recorded();
        Remembered {
            panel: Some(self.laboratory.panel().id().to_owned()),
            theme: Some(theme::name(context.options(|options| options.theme_preference)).to_owned()),
            scale: Some(context.zoom_factor()),
            runs: self.laboratory.sessions().iter().filter(real).map(|session| session.folder.clone()).collect(),
            shown: self.laboratory.current().filter(real).map(|session| session.folder.clone()),
            working: self.remote.working(),
            lessons: self.laboratory.lessons(),
        }
    }

    fn remember(&mut self, context: &egui::Context) {
        let time = context.input(|input| input.time);
        if time - self.looked < REMEMBER_EVERY {
            return;
        }
        self.looked = time;
        let now = self.now(context);
        // Before the engine has opened what was open, nothing is open; that is not worth remembering.
        if now == self.remembered || self.remote.device().is_none() {
            return;
        }
        if let Some(storage) = storage()
            && let Err(e) = storage.set_item(KEY, &now.text())
        {
            log::warn!("the browser remembers nothing: {e:?}");
        }
        self.remembered = now;
    }

    /// Fetches the recorded run and shows it.
    fn show_recorded(&self, context: &egui::Context) {
        let (promise, context) = (self.host.recorded(), context.clone());
        spawn_local(async move {
            match JsFuture::from(promise).await {
                Ok(bytes) => FILM.set(Some(Reader::new(Uint8Array::new(&bytes).to_vec()))),
                Err(e) => log::error!("the recorded run could not be loaded: {e:?}"),
            }
            context.request_repaint();
        });
    }

    fn grant(&mut self, wish: Action, context: &egui::Context) {
        match wish {
            Action::Pick(what) => self.host.pick(match what {
                Pick::Model => "model",
                Pick::Base => "base",
                Pick::Data => "data",
                Pick::Run | Pick::Packed => "run",
                Pick::Atlas => "atlas",
                Pick::Out => {
                    return self.laboratory.notice("Runs are kept in this browser; export one to have it as a file.");
                }
            }),
            Action::Save { name, bytes } => self.host.save(&name, Uint8Array::from(bytes.as_slice())),
            Action::Recorded => self.show_recorded(context),
            _ => {}
        }
    }
}

impl eframe::App for Page {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        if let Some(film) = FILM.take() {
            self.laboratory.film(film);
        }
        if let Some((name, text)) = ATLAS.take() {
            self.laboratory.open_atlas(&name, &text);
        }
        if !self.placed
            && let Some(device) = self.remote.device()
        {
            self.placed = true;
            self.host.persist();
            // The whole demonstration takes minutes on a graphics device, and an hour on one core.
            self.laboratory.set_demo(Request { quick: device == "cpu", ..Request::new("scir") });
        }
        self.laboratory.ui(ui);
        for wish in self.laboratory.wishes() {
            self.grant(wish, ui.ctx());
        }
        self.remember(ui.ctx());
        if !self.drawn {
            self.drawn = true;
            mark("first-frame");
        }
        // What changes while nobody moves the mouse has to be remembered too.
        ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Notes a moment for whoever measures the page.
fn mark(name: &str) {
    if let Some(performance) = web_sys::window().and_then(|window| window.performance()) {
        // A browser that does not note it shows the page all the same.
        let _ = performance.mark(name);
    }
}
