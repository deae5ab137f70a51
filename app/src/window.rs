//! A small window on a run: the table of its iterations and the reward of each arm, read from the
//! log again whenever that has grown.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak, mpsc},
    time::Duration,
};

use eframe::egui;
use egui_plot::{Legend, Line, LineStyle, MarkerShape, Plot, PlotPoints, Points};
use selfsame_core::run::{Arm, Folder};

use crate::{
    Error, Result,
    fold::RunView,
    report::{table::Table, tables},
};

/// How often the log is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// One for each arm; seen well on dark and on light ground.
const COLORS: [egui::Color32; 3] = [
    egui::Color32::from_rgb(59, 143, 209),
    egui::Color32::from_rgb(219, 109, 46),
    egui::Color32::from_rgb(30, 160, 125),
];

/// Opens the window and stays until it is closed.
///
/// # Errors
/// If there is no display.
pub fn open(dir: Option<PathBuf>) -> Result<()> {
    let no_display = |why: String| {
        Error::told(format!(
            "no window can be opened ({why}); `selfsame report DIR` shows the same run here and as a page"
        ))
    };
    if cfg!(target_os = "linux")
        && !["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].iter().any(|name| std::env::var_os(name).is_some())
    {
        return Err(no_display("there is no display".to_owned()));
    }
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1000.0, 720.0]),
        ..eframe::NativeOptions::default()
    };
    let creator = |context: &eframe::CreationContext<'_>| {
        let mut viewer = Viewer::default();
        if let Some(dir) = dir {
            viewer.watch(dir, &context.egui_ctx);
        }
        Ok(Box::new(viewer) as Box<dyn eframe::App>)
    };
    eframe::run_native("Selfsame", options, Box::new(creator)).map_err(|e| no_display(e.to_string()))
}

/// The window's state: what was last read.
#[derive(Default)]
struct Viewer {
    reader: Option<Reader>,
    shown: Option<Result<RunView, String>>,
    greedy: bool,
}

/// A thread that reads a log whenever it has changed; it ends when this is dropped.
struct Reader {
    dir: PathBuf,
    views: mpsc::Receiver<Result<RunView, String>>,
    _alive: Arc<()>,
}

impl Reader {
    fn new(dir: PathBuf, context: egui::Context) -> Self {
        let (sender, views) = mpsc::channel();
        let alive = Arc::new(());
        let (root, watched) = (dir.clone(), Arc::downgrade(&alive));
        std::thread::spawn(move || read(&root, &watched, &sender, &context));
        Self { dir, views, _alive: alive }
    }
}

fn read(dir: &Path, alive: &Weak<()>, sender: &mpsc::Sender<Result<RunView, String>>, context: &egui::Context) {
    let mut seen = None;
    while alive.upgrade().is_some() {
        let length = std::fs::metadata(Folder::log_path(dir)).map(|file| file.len()).ok();
        if seen != Some(length) {
            seen = Some(length);
            let view = RunView::load(dir).map_err(|e| e.to_string());
            if sender.send(view).is_err() {
                return;
            }
            context.request_repaint();
        }
        std::thread::sleep(EVERY);
    }
}

impl Viewer {
    fn watch(&mut self, dir: PathBuf, context: &egui::Context) {
        self.shown = None;
        self.reader = Some(Reader::new(dir, context.clone()));
    }

    fn bar(&mut self, ui: &mut egui::Ui) {
        ui.horizontal(|ui| {
            if ui.button("Open a run…").clicked()
                && let Some(dir) = rfd::FileDialog::new().set_title("The folder of a run").pick_folder()
            {
                let context = ui.ctx().clone();
                self.watch(dir, &context);
            }
            if let Some(reader) = &self.reader {
                ui.label(reader.dir.display().to_string());
            }
        });
    }
}

impl eframe::App for Viewer {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        if let Some(view) = self.reader.as_ref().and_then(|reader| reader.views.try_iter().last()) {
            self.shown = Some(view);
        }
        egui::Panel::top("bar").show(ui, |ui| self.bar(ui));
        egui::CentralPanel::default().show(ui, |ui| {
            egui::ScrollArea::both().show(ui, |ui| match &self.shown {
                None if self.reader.is_none() => {
                    ui.label("Open the folder of a run to see its numbers, also while it goes on.");
                }
                None => {
                    ui.label("Reading…");
                }
                Some(Err(problem)) => {
                    ui.colored_label(ui.visuals().error_fg_color, problem);
                }
                Some(Ok(view)) => show(ui, view, &mut self.greedy),
            });
        });
    }
}

fn show(ui: &mut egui::Ui, view: &RunView, greedy: &mut bool) {
    let state = if view.finished { "finished" } else { "going on, or stopped" };
    ui.heading(format!("{}, seed {} ({state})", view.manifest.recipe, view.manifest.seed));
    for warning in view.warnings() {
        ui.colored_label(ui.visuals().warn_fg_color, warning);
    }
    if view.has_oracle() {
        ui.separator();
        ui.horizontal(|ui| {
            ui.strong("Oracle reward of");
            ui.radio_value(greedy, false, "sampled answers");
            ui.radio_value(greedy, true, "greedy answers");
        });
        plot(ui, view, *greedy);
    }
    for shown in tables::all(view) {
        ui.separator();
        grid(ui, &shown);
    }
}

/// The reward of every arm. Arms differ in dash and mark as well as in colour.
fn plot(ui: &mut egui::Ui, view: &RunView, greedy: bool) {
    Plot::new("reward")
        .height(260.0)
        .legend(Legend::default())
        .x_axis_label("iteration")
        .y_axis_label("oracle reward")
        // There are no half iterations.
        .x_axis_formatter(|mark, _| if mark.value.fract() == 0.0 { mark.value.to_string() } else { String::new() })
        .allow_scroll(false)
        .show(ui, |plot| {
            for arm in view.measured_arms() {
                let points: Vec<[f64; 2]> = view
                    .iterations()
                    .into_iter()
                    .filter_map(|iteration| {
                        let measurement = view.at(arm, iteration)?;
                        let quality = if greedy { &measurement.greedy } else { &measurement.sampled };
                        Some([f64::from(iteration), quality.reward?.mean])
                    })
                    .collect();
                let (style, mark, color) = match arm {
                    Arm::Main => (LineStyle::Solid, MarkerShape::Circle, COLORS[0]),
                    Arm::RandomLabels => (LineStyle::dashed_dense(), MarkerShape::Square, COLORS[1]),
                    Arm::OracleLabels => (LineStyle::dotted_dense(), MarkerShape::Diamond, COLORS[2]),
                };
                let line = Line::new(arm.name(), PlotPoints::from(points.clone()));
                plot.line(line.style(style).width(2.0).color(color));
                plot.points(Points::new(arm.name(), PlotPoints::from(points)).shape(mark).radius(4.0).color(color));
            }
        });
}

fn grid(ui: &mut egui::Ui, shown: &Table) {
    ui.strong(&shown.title);
    if !shown.note.is_empty() {
        ui.weak(&shown.note);
    }
    egui::Grid::new(&shown.title).striped(true).spacing([18.0, 4.0]).show(ui, |ui| {
        for cell in &shown.header {
            ui.weak(cell);
        }
        ui.end_row();
        for row in &shown.rows {
            for cell in row {
                ui.label(cell);
            }
            ui.end_row();
        }
    });
}
