//! A chart as SVG: nothing is fetched and nothing is executed.

use egui::{Align, Color32, Pos2};

use super::{
    Dash,
    picture::{Mark, Picture, Shape},
};

/// The picture as a document of its own.
pub fn svg(picture: &Picture, title: &str, description: &str) -> String {
    let (rect, plot) = (picture.rect, picture.plot);
    let mut svg = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" \
         role=\"img\" font-family=\"system-ui, sans-serif\"><title>{}</title><desc>{}</desc>\n\
         <clipPath id=\"plot\"><rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\"/></clipPath>\n\
         <rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n",
        escape(title),
        escape(description),
        plot.left(),
        plot.top(),
        plot.width(),
        plot.height(),
        hex(picture.ground),
        x = rect.left(),
        y = rect.top(),
        w = rect.width(),
        h = rect.height(),
    );
    svg.extend(picture.frame.iter().map(mark));
    svg += "<g clip-path=\"url(#plot)\">\n";
    svg.extend(picture.data.iter().map(mark));
    svg + "</g>\n</svg>\n"
}

fn mark(mark: &Mark) -> String {
    match mark {
        Mark::Line { points, width, ink, dash } => {
            let dashes = match dash {
                Dash::Solid => String::new(),
                Dash::Dashed => format!(" stroke-dasharray=\"{} {}\"", 4.0 * width, 3.0 * width),
                Dash::Dotted => format!(" stroke-dasharray=\"{} {}\"", width, 2.0 * width),
            };
            format!(
                "<path d=\"{}\" fill=\"none\" stroke-linejoin=\"round\" stroke-width=\"{width}\"{}{dashes}/>\n",
                path(points),
                paint("stroke", *ink)
            )
        }
        Mark::Band { upper, lower, ink } => {
            let outline: Vec<Pos2> = upper.iter().chain(lower.iter().rev()).copied().collect();
            format!("<path d=\"{}Z\"{}/>\n", path(&outline), paint("fill", *ink))
        }
        Mark::Dot { shape: Shape::Disc(at, radius), ink } => {
            format!("<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"{radius}\"{}/>\n", at.x, at.y, paint("fill", *ink))
        }
        Mark::Dot { shape: Shape::Corners(corners), ink } => {
            format!("<path d=\"{}Z\"{}/>\n", path(corners), paint("fill", *ink))
        }
        Mark::Text { at, anchor, text, size, ink, turned } => {
            let across = match anchor.x() {
                Align::Min => "start",
                Align::Center => "middle",
                Align::Max => "end",
            };
            // Not every reader knows `dominant-baseline`.
            let down = match anchor.y() {
                Align::Min => 0.8 * size,
                Align::Center => 0.35 * size,
                Align::Max => -0.2 * size,
            };
            let turn = if *turned { " rotate(-90)" } else { "" };
            format!(
                "<text transform=\"translate({:.2} {:.2}){turn}\" y=\"{down:.2}\" text-anchor=\"{across}\" \
                 font-size=\"{size}\"{}>{}</text>\n",
                at.x,
                at.y,
                paint("fill", *ink),
                escape(text)
            )
        }
    }
}

fn path(points: &[Pos2]) -> String {
    points
        .iter()
        .enumerate()
        .map(|(index, at)| format!("{}{:.2} {:.2}", if index == 0 { "M" } else { "L" }, at.x, at.y))
        .collect()
}

fn paint(attribute: &str, ink: Color32) -> String {
    let opacity = f32::from(ink.a()) / 255.0;
    let see_through = if ink.a() == 255 { String::new() } else { format!(" {attribute}-opacity=\"{opacity:.3}\"") };
    format!(" {attribute}=\"{}\"{see_through}", hex(ink))
}

fn hex(ink: Color32) -> String {
    let [r, g, b, _] = ink.to_srgba_unmultiplied();
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A text as XML, on one line: as HTML, but for two characters that only XML cannot hold.
fn escape(text: &str) -> String {
    let line = text.replace(['\t', '\n', '\r'], " ").replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    crate::format::escape(&line)
}
