//! Where the pieces of an equation stand: boxes on a common baseline.

use std::sync::Arc;

use egui::{
    Color32, FontFamily, FontId, Galley, Painter, Pos2, Rect, TextFormat, Ui, Vec2, pos2, text::LayoutJob, vec2,
};

use super::parse::Node;
use crate::view::theme;

/// The size of what is lowered or raised, over that of what it belongs to.
const SCRIPT: f32 = 0.72;

/// Something that is drawn, by its place from the left end of the baseline.
#[derive(Debug, Clone)]
enum Mark {
    Glyphs(Vec2, Arc<Galley>),
    Rule(Rect),
}

/// A box with a baseline.
#[derive(Debug, Clone, Default)]
pub struct Piece {
    /// From its left to its right side.
    pub width: f32,
    /// What is above the baseline.
    pub ascent: f32,
    /// What is below it.
    pub descent: f32,
    color: Color32,
    marks: Vec<Mark>,
}

impl Piece {
    /// All of its height.
    pub fn height(&self) -> f32 {
        self.ascent + self.descent
    }

    /// Puts another box to its right, some way off.
    pub fn append(&mut self, gap: f32, other: Self) {
        let at = vec2(self.width + gap, 0.0);
        self.width += gap + other.width;
        self.put(at, other);
    }

    /// Puts another box somewhere, which may make this one higher, but not wider.
    fn put(&mut self, at: Vec2, other: Self) {
        self.ascent = self.ascent.max(other.ascent - at.y);
        self.descent = self.descent.max(other.descent + at.y);
        self.color = other.color;
        self.marks.extend(other.marks.into_iter().map(|mark| match mark {
            Mark::Glyphs(place, galley) => Mark::Glyphs(place + at, galley),
            Mark::Rule(rect) => Mark::Rule(rect.translate(at)),
        }));
    }

    /// Draws it with the left end of its baseline at a place.
    pub fn paint(&self, painter: &Painter, origin: Pos2) {
        for mark in &self.marks {
            match mark {
                Mark::Glyphs(place, galley) => {
                    painter.galley(origin + *place, Arc::clone(galley), self.color);
                }
                Mark::Rule(rect) => {
                    painter.rect_filled(rect.translate(origin.to_vec2()), 0.0, self.color);
                }
            }
        }
    }
}

/// Lays out at a size.
pub struct Pen<'a> {
    ui: &'a Ui,
    size: f32,
    color: Color32,
}

impl<'a> Pen<'a> {
    /// In the colour of text.
    pub fn new(ui: &'a Ui, size: f32) -> Self {
        Self { ui, size, color: theme::palette(ui).text }
    }

    fn smaller(&self) -> Self {
        Self { size: self.size * SCRIPT, ..*self }
    }

    /// Pieces in a row.
    pub fn row(&self, nodes: &[Node]) -> Piece {
        let mut row = Piece { color: self.color, ..Piece::default() };
        for node in nodes {
            row.append(0.0, self.node(node));
        }
        row
    }

    fn node(&self, node: &Node) -> Piece {
        match node {
            Node::Text(text) => self.text(text),
            Node::Space => Piece { width: 0.28 * self.size, color: self.color, ..Piece::default() },
            Node::Scripts { base, low, high } => self.scripts(base, low, high),
            Node::Large { sign, low, high } => self.large(sign, low, high),
            Node::Fraction(above, below) => self.fraction(above, below),
            Node::Hat(under) => self.hat(under),
        }
    }

    /// One galley: a letter alone is a quantity and slanted, a word is upright.
    fn text(&self, text: &str) -> Piece {
        let single = text.chars().count() == 1;
        let slanted = single && text.chars().all(|c| c.is_ascii_alphabetic() || ('α'..='ω').contains(&c));
        let font = |family| FontId::new(self.size, family);
        // The font of running text has no arrows and few operators; that of code has them.
        let known = self.ui.ctx().fonts_mut(|fonts| fonts.has_glyphs(&font(FontFamily::Proportional), text));
        let family = if known { FontFamily::Proportional } else { FontFamily::Monospace };
        let mut format = TextFormat::simple(font(family), self.color);
        format.italics = slanted;
        let galley = self.ui.painter().layout_job(LayoutJob::single_section(text.to_owned(), format));
        let baseline = galley.rows.first().and_then(|row| row.glyphs.first()).map_or(self.size, |glyph| glyph.pos.y);
        let tight = galley.mesh_bounds;
        let (ascent, descent) = if tight.is_positive() {
            (baseline - tight.top(), tight.bottom() - baseline)
        } else {
            (0.7 * self.size, 0.0)
        };
        // Slanted letters lean over what follows.
        let lean = if slanted { 0.06 * self.size } else { 0.0 };
        let width = galley.size().x + lean;
        let mark = Mark::Glyphs(vec2(0.0, -baseline), galley);
        Piece { width, ascent, descent: descent.max(0.0), color: self.color, marks: vec![mark] }
    }

    fn scripts(&self, base: &[Node], low: &[Node], high: &[Node]) -> Piece {
        let small = self.smaller();
        let mut piece = self.row(base);
        let at = piece.width + 0.03 * self.size;
        let mut widest: f32 = 0.0;
        if !low.is_empty() {
            let low = small.row(low);
            widest = widest.max(low.width);
            piece.put(vec2(at, 0.2 * self.size), low);
        }
        if !high.is_empty() {
            let high = small.row(high);
            widest = widest.max(high.width);
            piece.put(vec2(at, -0.38 * self.size), high);
        }
        piece.width = at + widest + 0.03 * self.size;
        piece
    }

    fn large(&self, sign: &str, low: &[Node], high: &[Node]) -> Piece {
        let (small, word) = (self.smaller(), sign.len() > 3);
        let sign = Self { size: self.size * if word { 1.0 } else { 1.25 }, ..*self }.text(sign);
        let gap = 0.14 * self.size;
        let (low, high) = (small.row(low), small.row(high));
        let width = sign.width.max(low.width).max(high.width);
        let centred = |piece: &Piece| (width - piece.width) / 2.0;
        let mut piece = Piece { color: self.color, ..Piece::default() };
        let (up, down) = (-sign.ascent - gap - high.descent, sign.descent + gap + low.ascent);
        piece.put(vec2(centred(&sign), 0.0), sign.clone());
        if low.width > 0.0 {
            piece.put(vec2(centred(&low), down), low);
        }
        if high.width > 0.0 {
            piece.put(vec2(centred(&high), up), high);
        }
        piece.width = width + 0.12 * self.size;
        piece
    }

    fn fraction(&self, above: &[Node], below: &[Node]) -> Piece {
        let pen = Self { size: self.size * 0.9, ..*self };
        let (above, below) = (pen.row(above), pen.row(below));
        let (gap, axis, side) = (0.2 * self.size, 0.28 * self.size, 0.12 * self.size);
        let width = above.width.max(below.width) + 2.0 * side;
        let (up, down) = (-axis - gap - above.descent, -axis + gap + below.ascent);
        let at = |piece: &Piece, y: f32| vec2((width - piece.width) / 2.0, y);
        let mut piece = Piece { color: self.color, ..Piece::default() };
        piece.put(at(&above, up), above.clone());
        piece.put(at(&below, down), below.clone());
        let rule = Rect::from_min_max(pos2(0.02 * self.size, -axis - 0.5), pos2(width - 0.02 * self.size, -axis + 0.5));
        piece.marks.push(Mark::Rule(rule));
        piece.width = width;
        piece
    }

    fn hat(&self, under: &[Node]) -> Piece {
        let mut piece = self.row(under);
        let hat = self.text("ˆ");
        let at = vec2((piece.width - hat.width) / 2.0 + 0.08 * self.size, -(piece.ascent - 0.52 * self.size).max(0.0));
        piece.put(at, hat);
        piece
    }
}
