//! What stands above a chart: its title, its options, its legend.

use egui::{
    Align, Button, Layout, PopupCloseBehavior, Rect, Response, RichText, Role, Sense, Slider, TextStyle, Ui,
    WidgetInfo,
    containers::menu::{MenuButton, MenuConfig},
    vec2,
};

use super::{Chart, Export, Series, picture::sample, pixels::shapes, state, state::State};
use crate::view::{
    theme,
    words::{self, t},
};

/// The title, a way back from a zoom, and the options. Returns what the person wants to save.
pub fn header(chart: &Chart, ui: &mut Ui, state: &mut State, exports: bool) -> Option<Export> {
    let mut wanted = None;
    let size = vec2(ui.available_width(), theme::sizes().control_height);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let (button, _) = MenuButton::from_button(Button::new(t("chart.options")))
            .config(config)
            .ui(ui, |ui| wanted = options(chart, ui, state, exports));
        let name = words::with("chart.options_of", &[("title", &chart.title)]);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if state.view.is_some() && ui.small_button(t("chart.reset")).on_hover_text(t("chart.reset_hint")).clicked() {
            state.view = None;
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let title = ui.add(egui::Label::new(RichText::new(&chart.title).strong()).truncate());
            title.on_hover_text(t("chart.hint"));
        });
    });
    wanted
}

fn options(chart: &Chart, ui: &mut Ui, state: &mut State, exports: bool) -> Option<Export> {
    if ui.checkbox(&mut state.log, t("chart.log")).on_hover_text(t("chart.log_hint")).changed() {
        (state.view, state.cursor) = (None, None);
    }
    if chart.steps {
        smoothing_slider(ui);
    }
    if ui.add_enabled(state.view.is_some(), Button::new(t("chart.reset"))).clicked() {
        state.view = None;
    }
    let mut wanted = None;
    if exports {
        ui.separator();
        for (export, name) in
            [(Export::Csv, t("chart.save_csv")), (Export::Svg, t("chart.save_svg")), (Export::Png, t("chart.save_png"))]
        {
            if ui.button(name).clicked() {
                wanted = Some(export);
                ui.close();
            }
        }
    }
    wanted
}

/// A slider for how much lines over steps are smoothed, in all charts.
pub fn smoothing_slider(ui: &mut Ui) -> Response {
    let mut weight = state::smoothing(ui.ctx());
    let slider = Slider::new(&mut weight, 0.0..=0.99).text(t("chart.smoothing")).fixed_decimals(2);
    let response = ui.add(slider).on_hover_text(t("chart.smoothing_hint"));
    if response.changed() {
        state::set_smoothing(ui.ctx(), weight);
    }
    response
}

/// The lines with their names, each of which can be hidden.
pub fn legend(chart: &Chart, ui: &mut Ui, state: &mut State) {
    if chart.series.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.y = theme::sizes().step * 0.5;
        for series in &chart.series {
            let shown = !state.hidden.contains(&series.name);
            if entry(ui, series, shown).clicked() {
                if shown {
                    state.hidden.insert(series.name.clone());
                } else {
                    state.hidden.remove(&series.name);
                }
            }
        }
    });
}

fn entry(ui: &mut Ui, series: &Series, shown: bool) -> Response {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let font = TextStyle::Small.resolve(ui.style());
    let ink = if shown { palette.text } else { palette.muted };
    let text = if shown { RichText::new(&series.name) } else { RichText::new(&series.name).strikethrough() };
    let mut job = egui::text::LayoutJob::default();
    text.color(ink).font(font).append_to(&mut job, ui.style(), egui::FontSelection::Default, Align::Center);
    job.wrap.max_width = (ui.max_rect().width() - 12.0 * size.step).max(40.0);
    let galley = ui.painter().layout_job(job);
    let line = 7.0 * size.step;
    let (rect, response) = ui.allocate_exact_size(
        vec2(line + 3.0 * size.step + galley.size().x, galley.size().y.max(5.0 * size.step)),
        Sense::click(),
    );
    if ui.is_rect_visible(rect) {
        let lit = response.hovered() || response.has_focus();
        if lit {
            ui.painter().rect_filled(rect.expand(2.0), size.radius, palette.hover);
        }
        let sample_rect = Rect::from_min_size(rect.min, vec2(line, rect.height()));
        if shown {
            ui.painter().extend(shapes(ui.ctx(), &sample(sample_rect, 1.0, series.color, series.dash, &palette)));
        }
        let at = egui::pos2(sample_rect.right() + 1.5 * size.step, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, ink);
    }
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, shown, &series.name));
    response.on_hover_text(t("chart.legend_hint"))
}
