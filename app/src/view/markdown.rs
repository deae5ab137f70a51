//! Markdown as far as lessons and pages about methods use it: headings, paragraphs, emphasis, code,
//! equations, lists, quotes, links, tables and rules. A link that is pressed is told to whoever draws;
//! nothing is opened here.

use egui::{FontId, Label, Link, RichText, Ui, WidgetInfo, text::LayoutJob};
use markdown::{
    Constructs, ParseOptions,
    mdast::{AlignKind, List, Node, Table},
};

use super::{math, theme};

/// The height of a line over the size of its text.
const LINE: f32 = 1.4;

/// The widest a line of text gets, in steps of the grid: longer lines are hard to read.
const WIDEST: f32 = 175.0;

/// A text between `+++` lines at the top, and the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The text between the lines; TOML.
    pub header: String,
    /// The blocks of the rest.
    pub blocks: Vec<Node>,
}

/// Reads Markdown. No text is wrong in Markdown.
#[must_use]
pub fn parse(text: &str) -> Document {
    let options = ParseOptions {
        constructs: Constructs { frontmatter: true, gfm_table: true, ..Constructs::default() },
        ..ParseOptions::default()
    };
    let blocks = match markdown::to_mdast(text, &options) {
        Ok(Node::Root(root)) => root.children,
        // Neither happens without extensions of the syntax.
        Ok(node) => vec![node],
        Err(_) => Vec::new(),
    };
    let (headers, blocks): (Vec<Node>, Vec<Node>) = blocks.into_iter().partition(|node| matches!(node, Node::Toml(_)));
    let header = headers.into_iter().find_map(|node| match node {
        Node::Toml(toml) => Some(toml.value),
        _ => None,
    });
    Document { header: header.unwrap_or_default(), blocks }
}

/// The addresses of all links, in order.
#[must_use]
pub fn links(blocks: &[Node]) -> Vec<&str> {
    let mut found = Vec::new();
    for node in blocks {
        if let Node::Link(link) = node {
            found.push(link.url.as_str());
        }
        found.extend(node.children().map(|children| links(children)).unwrap_or_default());
    }
    found
}

/// Whether [`ui`] draws all of this as more than its bare text.
#[must_use]
pub fn known(node: &Node) -> bool {
    let itself = matches!(
        node,
        Node::Heading(_)
            | Node::Paragraph(_)
            | Node::Text(_)
            | Node::Emphasis(_)
            | Node::Strong(_)
            | Node::InlineCode(_)
            | Node::Code(_)
            | Node::List(_)
            | Node::ListItem(_)
            | Node::Link(_)
            | Node::Table(_)
            | Node::TableRow(_)
            | Node::TableCell(_)
            | Node::Blockquote(_)
            | Node::ThematicBreak(_)
            | Node::Break(_)
    );
    itself && node.children().is_none_or(|children| children.iter().all(known))
}

/// Draws blocks and returns the address of the link that was pressed.
pub fn ui(ui: &mut Ui, blocks: &[Node]) -> Option<String> {
    let mut drawing = Drawing::default();
    ui.scope(|ui| {
        // Rows are as high as text, not as buttons.
        ui.spacing_mut().interact_size.y = theme::sizes().text * LINE;
        ui.set_max_width((theme::sizes().step * WIDEST).min(ui.available_width()));
        drawing.blocks(ui, blocks);
    });
    drawing.pressed
}

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    emphasis: bool,
    strong: bool,
    code: bool,
}

/// Text that flows: what is between two links is one piece.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(Vec<(String, Style)>),
    Link(String, String),
    Break,
}

#[derive(Default)]
struct Drawing {
    pressed: Option<String>,
    /// Tells tables apart.
    tables: usize,
}

impl Drawing {
    fn blocks(&mut self, ui: &mut Ui, blocks: &[Node]) {
        for block in blocks {
            self.block(ui, block);
        }
    }

    fn block(&mut self, ui: &mut Ui, block: &Node) {
        let sizes = theme::sizes();
        match block {
            Node::Heading(heading) => {
                ui.add_space(sizes.step * if heading.depth == 1 { 1.0 } else { 4.0 });
                let style = if heading.depth == 1 { theme::title() } else { egui::TextStyle::Heading };
                let text = plain(&heading.children);
                let shown = ui.label(RichText::new(&text).text_style(style).strong());
                shown.widget_info(|| WidgetInfo::labeled(egui::Role::Heading, true, &text));
                ui.add_space(sizes.step);
            }
            Node::Paragraph(paragraph) => {
                self.flow(ui, &paragraph.children);
                ui.add_space(sizes.step);
            }
            Node::List(list) => self.list(ui, list),
            Node::Code(code) if code.lang.as_deref() == Some("math") => {
                math::ui(ui, &math::parse(&code.value));
                ui.add_space(sizes.step);
            }
            Node::Code(code) => {
                let frame = egui::Frame::new()
                    .fill(ui.visuals().code_bg_color)
                    .corner_radius(sizes.radius)
                    .inner_margin(sizes.step * 2.0);
                frame.show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.label(RichText::new(&code.value).monospace());
                });
                ui.add_space(sizes.step);
            }
            Node::Blockquote(quote) => {
                let whole = ui.horizontal_top(|ui| {
                    ui.add_space(sizes.step * 4.0);
                    ui.vertical(|ui| self.blocks(ui, &quote.children));
                });
                let (rect, accent) = (whole.response.rect, theme::palette(ui).accent);
                let x = rect.left() + sizes.step;
                ui.painter().vline(x, rect.y_range(), egui::Stroke::new(sizes.step / 2.0, accent));
            }
            Node::Table(table) => self.table(ui, table),
            Node::ThematicBreak(_) => {
                ui.separator();
            }
            other => self.flow(ui, std::slice::from_ref(other)),
        }
    }

    /// Text with links in it, wrapped.
    fn flow(&mut self, ui: &mut Ui, nodes: &[Node]) {
        let pieces = pieces(nodes);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            self.pieces(ui, &pieces);
        });
    }

    fn pieces(&mut self, ui: &mut Ui, pieces: &[Piece]) {
        let height = theme::sizes().text * LINE;
        for piece in pieces {
            match piece {
                Piece::Text(runs) => {
                    ui.add(Label::new(job(ui, runs)));
                }
                Piece::Link(text, url) => {
                    let link = RichText::new(text).underline().color(theme::palette(ui).accent);
                    if ui.add(Link::new(link.line_height(Some(height)))).clicked() {
                        self.pressed = Some(url.clone());
                    }
                }
                Piece::Break => ui.end_row(),
            }
        }
    }

    fn list(&mut self, ui: &mut Ui, list: &List) {
        let step = theme::sizes().step;
        let first = list.start.unwrap_or(1);
        for (number, item) in (first..).zip(&list.children) {
            ui.horizontal_top(|ui| {
                let mark = if list.ordered { format!("{number}.") } else { "•".to_owned() };
                ui.add_space(step * 2.0);
                let size = egui::vec2(step * 5.0, theme::sizes().text * LINE);
                ui.add_sized(size, Label::new(RichText::new(mark).color(theme::palette(ui).muted)));
                ui.vertical(|ui| {
                    for child in item.children().into_iter().flatten() {
                        match child {
                            // Items stand closer than paragraphs.
                            Node::Paragraph(paragraph) if !list.spread => self.flow(ui, &paragraph.children),
                            other => self.block(ui, other),
                        }
                    }
                });
            });
        }
        ui.add_space(step);
    }

    fn table(&mut self, ui: &mut Ui, table: &Table) {
        let step = theme::sizes().step;
        self.tables += 1;
        let grid = egui::Grid::new(("markdown-table", self.tables)).striped(true);
        grid.spacing([step * 6.0, step * 1.5]).show(ui, |ui| {
            for (index, row) in table.children.iter().enumerate() {
                for (cell, align) in row.children().into_iter().flatten().zip(&table.align) {
                    let pieces = pieces(cell.children().map_or(&[], Vec::as_slice));
                    let layout = match align {
                        AlignKind::Right => egui::Layout::right_to_left(egui::Align::Center),
                        AlignKind::Center => egui::Layout::centered_and_justified(egui::Direction::LeftToRight),
                        AlignKind::Left | AlignKind::None => egui::Layout::left_to_right(egui::Align::Center),
                    };
                    ui.with_layout(layout, |ui| {
                        ui.spacing_mut().item_spacing.x = 0.0;
                        if index == 0 {
                            // The heads of columns, as in all other tables.
                            ui.visuals_mut().override_text_color = Some(theme::palette(ui).muted);
                        }
                        self.pieces(ui, &pieces);
                    });
                }
                ui.end_row();
            }
        });
        ui.add_space(step * 2.0);
    }
}

/// The text without its looks.
fn plain(nodes: &[Node]) -> String {
    nodes.iter().map(ToString::to_string).collect()
}

fn pieces(nodes: &[Node]) -> Vec<Piece> {
    let mut found = Vec::new();
    gather(nodes, Style::default(), &mut found);
    found
}

fn gather(nodes: &[Node], style: Style, found: &mut Vec<Piece>) {
    for node in nodes {
        match node {
            // A line that ends in the file does not end on the screen.
            Node::Text(text) => push(found, text.value.replace('\n', " "), style),
            Node::InlineCode(code) => push(found, code.value.clone(), Style { code: true, ..style }),
            Node::Emphasis(emphasis) => gather(&emphasis.children, Style { emphasis: true, ..style }, found),
            Node::Strong(strong) => gather(&strong.children, Style { strong: true, ..style }, found),
            Node::Link(link) => found.push(Piece::Link(plain(&link.children), link.url.clone())),
            Node::Break(_) => found.push(Piece::Break),
            other => push(found, other.to_string(), style),
        }
    }
}

fn push(found: &mut Vec<Piece>, text: String, style: Style) {
    match found.last_mut() {
        Some(Piece::Text(runs)) => runs.push((text, style)),
        _ => found.push(Piece::Text(vec![(text, style)])),
    }
}

/// A sentence of the program's own in which names stand between backticks: they are shown as code, and
/// everything else as it is.
pub fn sentence(ui: &mut Ui, text: &str) -> egui::Response {
    let mut code = true;
    let runs: Vec<(String, Style)> = text
        .split('`')
        .map(|part| {
            code = !code;
            (part.to_owned(), Style { code, ..Style::default() })
        })
        .filter(|(part, _)| !part.is_empty())
        .collect();
    ui.add(Label::new(job(ui, &runs)).wrap())
}

fn job(ui: &Ui, runs: &[(String, Style)]) -> LayoutJob {
    let (palette, sizes) = (theme::palette(ui), theme::sizes());
    let mut job = LayoutJob::default();
    for (text, style) in runs {
        let font = if style.code { FontId::monospace(sizes.mono) } else { FontId::proportional(sizes.text) };
        let color = ui.visuals().override_text_color.unwrap_or(palette.text);
        let mut format = egui::TextFormat::simple(font, color);
        format.italics = style.emphasis;
        // The font has one weight: what is strong is marked, as with a pen.
        if style.strong || style.code {
            format.background = ui.visuals().code_bg_color;
            // The mark begins at the top of the letters and is as high as their line: one that is higher
            // than the letters would hang below them.
            format.valign = egui::Align::Center;
        } else {
            format.line_height = Some(sizes.text * LINE);
            // As links have it, so that all stand on one line.
            format.valign = ui.text_valign();
        }
        job.append(text, 0.0, format);
    }
    job
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable};

    use super::*;

    const EVERYTHING: &str = "+++\ntitle = \"x\"\n+++\n# Top\n\n## Below\n\nA *soft* and **loud** line\nwith `code`, a [link](selfsame:play) and an end.  \nNext line.\n\n\
        - one\n- two\n  1. inner\n\n> said [once](selfsame:go/judges)\n\n```sh\nselfsame run\n```\n\n---\n\n| left | right | middle |\n|---|--:|:-:|\n| a | 1 | `b` |\n\n![picture](x.png)\n";

    #[test]
    fn the_header_is_taken_out_and_links_are_found() {
        let document = parse(EVERYTHING);
        assert_eq!(document.header, "title = \"x\"");
        assert_eq!(links(&document.blocks), ["selfsame:play", "selfsame:go/judges"]);
        assert_eq!(parse("only text").header, "");
        let unknown: Vec<_> = document.blocks.iter().filter(|node| !known(node)).collect();
        assert_eq!(unknown.len(), 1, "only the picture is not drawn: {unknown:?}");
    }

    #[test]
    fn text_between_links_is_one_piece_with_its_styles() {
        let document = parse("a *b **c*** `d` [e *f*](x) g");
        let Some(Node::Paragraph(paragraph)) = document.blocks.first() else { panic!("a paragraph") };
        let found = pieces(&paragraph.children);
        let [Piece::Text(runs), Piece::Link(text, url), Piece::Text(rest)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((text.as_str(), url.as_str(), rest[0].0.as_str()), ("e f", "x", " g"));
        let style = |of: &str| runs.iter().find(|(text, _)| text == of).unwrap().1;
        assert_eq!(style("a "), Style::default());
        assert_eq!(style("b "), Style { emphasis: true, ..Style::default() });
        assert_eq!(style("c"), Style { emphasis: true, strong: true, code: false });
        assert_eq!(style("d"), Style { code: true, ..Style::default() });
    }

    #[test]
    fn names_in_sentences_are_code_and_lose_their_backticks() {
        let mut harness = Harness::builder().with_context_setup(theme::install).build_ui(|ui| {
            sentence(ui, "The judge `implicit` is *no* better than `content`.");
            sentence(ui, "`loss` first");
        });
        harness.run();
        harness.get_by_label("The judge implicit is *no* better than content.");
        harness.get_by_label("loss first");
    }

    #[test]
    fn the_mark_behind_a_word_encloses_its_letters_evenly() {
        let style = |code: bool| Style { code, strong: !code, emphasis: false };
        let mut harness = Harness::builder().with_context_setup(theme::install).build_ui_state(
            |ui, margins: &mut Vec<[f32; 2]>| {
                for code in [true, false] {
                    let runs = [("Text ".to_owned(), Style::default()), ("lgpb".to_owned(), style(code))];
                    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job(ui, &runs)));
                    let letters = galley.rows[0].glyphs.iter().skip("Text ".len());
                    margins.extend(letters.fold(None, |widest: Option<[f32; 2]>, glyph| {
                        let (mark, top) = (glyph.logical_rect(), glyph.pos.y + glyph.uv_rect.offset.y);
                        let [above, below] = [top - mark.top(), mark.bottom() - top - glyph.uv_rect.size.y];
                        Some(widest.map_or([above, below], |[a, b]| [a.min(above), b.min(below)]))
                    }));
                }
            },
            Vec::new(),
        );
        harness.step();
        assert!(harness.state().len() >= 2);
        for [above, below] in harness.state() {
            assert!(*above >= -1.0 && *below >= -1.0 && (above - below).abs() <= 2.0, "{above} above, {below} below");
        }
    }

    #[test]
    fn every_kind_of_node_is_drawn_and_links_are_told() {
        let document = parse(EVERYTHING);
        let mut harness =
            Harness::builder().with_size([700.0, 900.0]).with_context_setup(theme::install).build_ui_state(
                |ui, pressed: &mut Vec<String>| pressed.extend(super::ui(ui, &document.blocks)),
                Vec::new(),
            );
        harness.run();
        for heading in ["Top", "Below"] {
            harness.get_by_role_and_label(egui::Role::Heading, heading);
        }
        for text in ["A soft and loud line with code, a ", " and an end.", "Next line.", "one", "two", "inner"] {
            harness.get_by_label(text);
        }
        for text in ["1.", "said ", "selfsame run", "left", "right", "middle", "a", "1", "b"] {
            harness.get_by_label(text);
        }
        assert_eq!(harness.query_all_by_label("•").count(), 2);
        for link in ["link", "once"] {
            harness.get_by_role_and_label(egui::Role::Link, link).click();
            harness.run();
        }
        assert_eq!(*harness.state(), ["selfsame:play", "selfsame:go/judges"]);
        let right = |label: &str| harness.get_by_label(label).rect().right();
        assert!((right("1") - right("right")).abs() < 1.0, "a column of numbers ends at its right side");
    }

    #[test]
    fn long_lines_are_wrapped_at_any_width() {
        let text = "many words [and a link](x) ".repeat(40);
        for width in [300.0, 2000.0] {
            let document = parse(&text);
            let mut harness =
                Harness::builder().with_size([width, 900.0]).with_context_setup(theme::install).build_ui(|ui| {
                    super::ui(ui, &document.blocks);
                });
            harness.run();
            for node in harness.query_all_by_role(egui::Role::Link) {
                assert!(node.rect().right() <= width.min(theme::sizes().step * WIDEST + 20.0), "{:?}", node.rect());
            }
        }
    }
}
