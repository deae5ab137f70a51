//! Colours and sizes, light and dark, from one file of tokens (`assets/theme.toml`).

use std::sync::{Arc, LazyLock};

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Theme as Mode, Vec2};
use serde::Deserialize;

mod preference;

pub use preference::{ZOOM, by_name, name};

const TOKENS: &str = include_str!("../../../assets/theme.toml");

/// The tokens as the file has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    size: Sizes,
    light: Written,
    dark: Written,
}

/// Sizes in points, the same in both modes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Running text.
    pub text: f32,
    /// Notes and axis labels.
    pub small: f32,
    /// Headings of sections.
    pub heading: f32,
    /// Headings of panels.
    pub title: f32,
    /// Code and tokens.
    pub mono: f32,
    /// One step of the spacing grid.
    pub step: f32,
    /// Radius of corners.
    pub radius: u8,
    /// Height of buttons and fields.
    pub control_height: f32,
    /// Width of the navigation rail.
    pub rail: f32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    ground: String,
    panel: String,
    raised: String,
    hover: String,
    pressed: String,
    border: String,
    text: String,
    muted: String,
    accent: String,
    on_accent: String,
    good: String,
    warn: String,
    bad: String,
    series: Vec<String>,
}

/// The colours of one mode.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// Behind everything.
    pub ground: Color32,
    /// Of panels.
    pub panel: Color32,
    /// Of cards, fields and buttons.
    pub raised: Color32,
    /// Of a control under the pointer.
    pub hover: Color32,
    /// Of a control that is held or chosen.
    pub pressed: Color32,
    /// Lines between things.
    pub border: Color32,
    /// Text.
    pub text: Color32,
    /// Text that may be overlooked.
    pub muted: Color32,
    /// What to press, and links.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Something is right.
    pub good: Color32,
    /// Something deserves a look.
    pub warn: Color32,
    /// Something is wrong.
    pub bad: Color32,
    /// Lines of charts, in this order.
    pub series: Vec<Color32>,
}

impl Palette {
    /// The colour of the `index`-th line of a chart.
    #[must_use]
    pub fn line(&self, index: usize) -> Color32 {
        self.series.get(index % self.series.len().max(1)).copied().unwrap_or(self.text)
    }

    /// A colour between bad and good; `share` runs from 0 to 1.
    #[must_use]
    pub fn scale(&self, share: f32) -> Color32 {
        self.bad.lerp_to_gamma(self.good, share.clamp(0.0, 1.0))
    }
}

impl From<Written> for Palette {
    fn from(w: Written) -> Self {
        // A test reads every colour of the file; black is what a typo would look like.
        let color = |text: &String| Color32::from_hex(text).unwrap_or(Color32::BLACK);
        Self {
            ground: color(&w.ground),
            panel: color(&w.panel),
            raised: color(&w.raised),
            hover: color(&w.hover),
            pressed: color(&w.pressed),
            border: color(&w.border),
            text: color(&w.text),
            muted: color(&w.muted),
            accent: color(&w.accent),
            on_accent: color(&w.on_accent),
            good: color(&w.good),
            warn: color(&w.warn),
            bad: color(&w.bad),
            series: w.series.iter().map(color).collect(),
        }
    }
}

struct Both {
    size: Sizes,
    light: Arc<Palette>,
    dark: Arc<Palette>,
}

static BOTH: LazyLock<Both> = LazyLock::new(|| match toml::from_str::<File>(TOKENS) {
    Ok(file) => Both { size: file.size, light: Arc::new(file.light.into()), dark: Arc::new(file.dark.into()) },
    // The file is part of the program and a test reads it.
    Err(problem) => unreachable!("assets/theme.toml: {problem}"),
});

/// The sizes.
#[must_use]
pub fn sizes() -> Sizes {
    BOTH.size
}

/// The colours in use.
#[must_use]
pub fn palette(ui: &egui::Ui) -> Arc<Palette> {
    of_mode(ui.visuals().dark_mode)
}

/// The colours of dark or light mode.
#[must_use]
pub fn of_mode(dark: bool) -> Arc<Palette> {
    Arc::clone(if dark { &BOTH.dark } else { &BOTH.light })
}

/// Makes egui look like the tokens, in both modes.
pub fn install(context: &egui::Context) {
    let size = sizes();
    for (mode, palette) in [(Mode::Light, &BOTH.light), (Mode::Dark, &BOTH.dark)] {
        context.style_mut_of(mode, |style| {
            style.text_styles = [
                (TextStyle::Small, FontId::new(size.small, FontFamily::Proportional)),
                (TextStyle::Body, FontId::new(size.text, FontFamily::Proportional)),
                (TextStyle::Button, FontId::new(size.text, FontFamily::Proportional)),
                (TextStyle::Heading, FontId::new(size.heading, FontFamily::Proportional)),
                (title(), FontId::new(size.title, FontFamily::Proportional)),
                (TextStyle::Monospace, FontId::new(size.mono, FontFamily::Monospace)),
            ]
            .into();
            style.spacing.item_spacing = Vec2::new(2.0 * size.step, 1.5 * size.step);
            style.spacing.button_padding = Vec2::new(2.5 * size.step, size.step);
            style.spacing.interact_size.y = size.control_height;
            style.visuals = visuals(mode == Mode::Dark, palette, size);
        });
    }
}

/// The text style of a panel's name.
#[must_use]
pub fn title() -> TextStyle {
    TextStyle::Name("title".into())
}

/// The frame of a card.
pub fn card(ui: &egui::Ui) -> egui::Frame {
    let (palette, size) = (palette(ui), sizes());
    #[allow(clippy::cast_possible_truncation)] // a small number
    egui::Frame::new()
        .fill(palette.raised)
        .stroke(Stroke::new(1.0, palette.border))
        .corner_radius(CornerRadius::same(size.radius))
        .inner_margin(Margin::same((3.0 * size.step) as i8))
}

fn visuals(dark: bool, palette: &Palette, size: Sizes) -> egui::Visuals {
    let mut visuals = if dark { egui::Visuals::dark() } else { egui::Visuals::light() };
    let radius = CornerRadius::same(size.radius);
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(palette.muted);
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.border);
    visuals.window_corner_radius = radius;
    visuals.menu_corner_radius = radius;
    visuals.extreme_bg_color = palette.ground;
    visuals.faint_bg_color = palette.ground;
    visuals.code_bg_color = palette.hover;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.selection.bg_fill = palette.accent.gamma_multiply(0.35);
    visuals.selection.stroke = Stroke::new(1.0, palette.text);
    let widgets = &mut visuals.widgets;
    for (widget, fill, border) in [
        (&mut widgets.noninteractive, palette.panel, palette.border),
        (&mut widgets.inactive, palette.raised, palette.border),
        (&mut widgets.hovered, palette.hover, palette.muted),
        (&mut widgets.active, palette.pressed, palette.accent),
        (&mut widgets.open, palette.hover, palette.border),
    ] {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = Stroke::new(1.0, border);
        widget.fg_stroke = Stroke::new(1.0, palette.text);
        widget.corner_radius = radius;
        widget.expansion = 0.0;
    }
    visuals
}

/// The channels of a colour in linear sRGB, each from 0 to 1 (IEC 61966-2-1).
#[must_use]
pub fn linear(color: Color32) -> [f64; 3] {
    [color.r(), color.g(), color.b()].map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
}

/// The relative luminance of a colour, from 0 for black to 1 for white (WCAG 2.2).
#[must_use]
pub fn luminance(color: Color32) -> f64 {
    let [r, g, b] = linear(color);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod colour_blind;

#[cfg(test)]
mod tests {
    use super::*;

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black on white is 21 by definition, red alone its coefficient, and contrast checkers give `#808080` on white
    /// as 3.95.
    #[test]
    fn luminance_is_that_of_the_guidelines() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 1e-9);
        assert!((luminance(Color32::from_rgb(255, 0, 0)) - 0.2126).abs() < 1e-12);
        assert!((contrast(Color32::from_gray(0x80), Color32::WHITE) - 3.95).abs() < 0.005);
    }

    #[test]
    fn every_colour_of_the_file_is_one() {
        let file: File = toml::from_str(TOKENS).unwrap();
        for w in [&file.light, &file.dark] {
            let single = [&w.ground, &w.panel, &w.raised, &w.hover, &w.pressed, &w.border, &w.text, &w.muted];
            let more = [&w.accent, &w.on_accent, &w.good, &w.warn, &w.bad];
            for color in single.into_iter().chain(more).chain(&w.series) {
                assert!(Color32::from_hex(color).is_ok(), "{color}");
            }
        }
    }

    #[test]
    fn text_is_readable_and_lines_are_visible() {
        for dark in [false, true] {
            let p = of_mode(dark);
            for ground in [p.ground, p.panel, p.raised, p.hover] {
                for text in [p.text, p.muted, p.accent, p.good, p.warn, p.bad] {
                    assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}: {}", contrast(text, ground));
                }
            }
            assert!(contrast(p.on_accent, p.accent) >= 4.5);
            for line in &p.series {
                assert!(contrast(*line, p.panel) >= 3.0, "{line:?}: {}", contrast(*line, p.panel));
            }
        }
    }
}
