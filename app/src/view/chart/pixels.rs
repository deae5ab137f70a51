//! A chart as pixels. egui makes triangles of the marks, with its own fonts and soft edges; here
//! they are filled, the same way on every computer and in every browser.

use egui::{
    Color32, ColorImage, Context, FontFamily, FontId, Mesh, Pos2, Rect, Shape as Drawn, Stroke,
    epaint::{ClippedPrimitive, ClippedShape, Primitive, TextShape, Vertex},
};

use super::{
    Dash,
    picture::{Mark, Picture, Shape},
    png,
};

/// What egui draws for marks.
pub fn shapes(context: &Context, marks: &[Mark]) -> Vec<Drawn> {
    let mut shapes = Vec::new();
    for mark in marks {
        match mark {
            Mark::Line { points, width, ink, dash } => {
                let stroke = Stroke::new(*width, *ink);
                match dash {
                    Dash::Solid => shapes.push(Drawn::line(points.clone(), stroke)),
                    Dash::Dashed => shapes.extend(Drawn::dashed_line(points, stroke, 4.0 * width, 3.0 * width)),
                    Dash::Dotted => shapes.extend(Drawn::dashed_line(points, stroke, *width, 2.0 * width)),
                }
            }
            Mark::Band { upper, lower, ink } => shapes.push(Drawn::mesh(band(upper, lower, *ink))),
            Mark::Dot { shape: Shape::Disc(at, radius), ink } => {
                shapes.push(Drawn::circle_filled(*at, *radius, *ink));
            }
            Mark::Dot { shape: Shape::Corners(corners), ink } => {
                shapes.push(Drawn::convex_polygon(corners.clone(), *ink, Stroke::NONE));
            }
            Mark::Text { at, anchor, text, size, ink, turned } => {
                let font = FontId::new(*size, FontFamily::Proportional);
                let galley = context.fonts_mut(|fonts| fonts.layout_no_wrap(text.clone(), font, *ink));
                let corner = anchor.anchor_size(*at, galley.size()).min;
                let shape = TextShape::new(corner, galley, *ink);
                let angle = if *turned { -std::f32::consts::FRAC_PI_2 } else { 0.0 };
                shapes.push(shape.with_angle_and_anchor(angle, *anchor).into());
            }
        }
    }
    shapes
}

fn band(upper: &[Pos2], lower: &[Pos2], ink: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for (high, low) in upper.iter().zip(lower) {
        let next = u32::try_from(mesh.vertices.len()).unwrap_or(u32::MAX);
        mesh.colored_vertex(*high, ink);
        mesh.colored_vertex(*low, ink);
        if next >= 2 {
            mesh.add_triangle(next - 2, next - 1, next);
            mesh.add_triangle(next - 1, next, next + 1);
        }
    }
    mesh
}

/// The picture as a PNG file.
pub fn png(context: &Context, picture: &Picture) -> Vec<u8> {
    let scale = context.pixels_per_point();
    let layers = [(&picture.frame, picture.rect), (&picture.data, picture.plot)];
    let clipped = layers.into_iter().flat_map(|(marks, clip_rect)| {
        shapes(context, marks).into_iter().map(move |shape| ClippedShape::new(clip_rect, shape))
    });
    let primitives = context.tessellate(clipped.collect(), scale);
    #[allow(clippy::redundant_closure_for_method_calls)] // the method alone is not general enough
    let atlas = context.fonts(|fonts| fonts.image());
    let canvas = fill(&primitives, &atlas, picture.rect, scale, picture.ground);
    let rgb: Vec<u8> = canvas.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    png::encode(side(canvas.width()), side(canvas.height()), &rgb)
}

/// Fills triangles over a ground.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the size of a picture
fn fill(primitives: &[ClippedPrimitive], atlas: &ColorImage, rect: Rect, scale: f32, ground: Color32) -> ColorImage {
    let size = (rect.size() * scale).round();
    let mut canvas = ColorImage::filled([size.x.max(1.0) as usize, size.y.max(1.0) as usize], ground);
    for ClippedPrimitive { clip_rect, primitive } in primitives {
        let Primitive::Mesh(mesh) = primitive else { continue };
        let clip = Rect::from_min_max(
            ((clip_rect.min - rect.min) * scale).round().to_pos2(),
            ((clip_rect.max - rect.min) * scale).round().to_pos2(),
        );
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |index: usize| {
                let vertex = mesh.vertices.get(*corners.get(index)? as usize)?;
                Some(Vertex { pos: ((vertex.pos - rect.min) * scale).to_pos2(), ..*vertex })
            };
            if let (Some(a), Some(b), Some(c)) = (corner(0), corner(1), corner(2)) {
                triangle(&mut canvas, atlas, clip, [a, b, c]);
            }
        }
    }
    canvas
}

/// Twice the area to the left of an edge.
fn side(from: Pos2, to: Pos2, at: Pos2) -> f32 {
    (to.x - from.x) * (at.y - from.y) - (to.y - from.y) * (at.x - from.x)
}

/// Fills the pixels whose middle is in a triangle; of two triangles with a common edge, one has the
/// pixels on it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // pixel positions
fn triangle(canvas: &mut ColorImage, atlas: &ColorImage, clip: Rect, mut corners: [Vertex; 3]) {
    let turn = |[a, b, c]: [Vertex; 3]| side(a.pos, b.pos, c.pos);
    if turn(corners) < 0.0 {
        corners.swap(1, 2);
    }
    let area = turn(corners);
    let [a, b, c] = corners;
    if area <= 0.0 || !area.is_finite() {
        return;
    }
    let [width, height] = canvas.size;
    let bounds = Rect::from_points(&[a.pos, b.pos, c.pos])
        .intersect(clip)
        .intersect(Rect::from_min_max(Pos2::ZERO, Pos2::new(width as f32, height as f32)));
    if !bounds.is_positive() {
        return;
    }
    let edges = [(b.pos, c.pos), (c.pos, a.pos), (a.pos, b.pos)];
    for y in bounds.top() as usize..(bounds.bottom().ceil() as usize).min(height) {
        for x in bounds.left() as usize..(bounds.right().ceil() as usize).min(width) {
            let at = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            let sides = edges.map(|(from, to)| side(from, to, at));
            let inside = edges.iter().zip(sides).all(|((from, to), side)| {
                let owns = to.y < from.y || (to.y == from.y && to.x > from.x);
                side > 0.0 || (side == 0.0 && owns)
            });
            if !inside || !clip.contains(at) {
                continue;
            }
            let weights = sides.map(|side| side / area);
            let uv = corners.iter().zip(weights).fold(egui::Vec2::ZERO, |sum, (c, w)| sum + c.uv.to_vec2() * w);
            let texel = texture(atlas, uv.to_pos2());
            let channels: [f32; 4] = std::array::from_fn(|channel| {
                let of = |vertex: &Vertex| vertex.color.to_array().get(channel).copied().map_or(0.0, f32::from);
                let color: f32 = corners.iter().zip(weights).map(|(corner, weight)| of(corner) * weight).sum();
                color * texel.get(channel).copied().unwrap_or(0.0) / 255.0
            });
            if let Some(pixel) = canvas.pixels.get_mut(y * width + x) {
                *pixel = over(*pixel, channels);
            }
        }
    }
}

/// Lays a premultiplied colour over an opaque one.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // colours
fn over(below: Color32, [r, g, b, alpha]: [f32; 4]) -> Color32 {
    let keep = 1.0 - alpha / 255.0;
    let mix = |below: u8, above: f32| (f32::from(below) * keep + above).round().clamp(0.0, 255.0) as u8;
    Color32::from_rgb(mix(below.r(), r), mix(below.g(), g), mix(below.b(), b))
}

/// The atlas at a place between its pixels.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // atlas positions
fn texture(atlas: &ColorImage, uv: Pos2) -> [f32; 4] {
    let [width, height] = atlas.size;
    let split = |share: f32, length: usize| {
        let at = (share * length as f32 - 0.5).clamp(0.0, length.saturating_sub(1) as f32);
        (at as usize, at.fract(), (at as usize + 1).min(length.saturating_sub(1)))
    };
    let (left, right_share, right) = split(uv.x, width);
    let (top, bottom_share, bottom) = split(uv.y, height);
    let texel = |x: usize, y: usize| atlas.pixels.get(y * width + x).map_or([0; 4], Color32::to_array);
    let corners = [
        (texel(left, top), (1.0 - right_share) * (1.0 - bottom_share)),
        (texel(right, top), right_share * (1.0 - bottom_share)),
        (texel(left, bottom), (1.0 - right_share) * bottom_share),
        (texel(right, bottom), right_share * bottom_share),
    ];
    corners.into_iter().fold([0.0; 4], |sum, (texel, weight)| {
        let mut sum = sum;
        for (channel, value) in sum.iter_mut().zip(texel) {
            *channel += f32::from(value) * weight;
        }
        sum
    })
}
