//! A table of texts, for the terminal and for the page.

use crate::format::escape;

/// A table. The first column is a label, the others hold numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// What one should know to read it; can be empty.
    pub note: String,
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<T: Into<String>>(title: impl Into<String>, header: impl IntoIterator<Item = T>) -> Self {
        Self { title: title.into(), header: header.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The same table with a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Adds a row.
    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether there is anything in it but labels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|row| row.iter().skip(1).all(|cell| cell == crate::format::NOTHING || cell.is_empty()))
    }

    /// Aligned columns: the first to the left, the others to the right.
    #[must_use]
    pub fn text(&self) -> String {
        let mut widths = vec![0; self.header.len()];
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let mut text = String::new();
        if !self.title.is_empty() {
            text += &format!("{}\n", self.title);
        }
        for row in std::iter::once(&self.header).chain(&self.rows) {
            let mut line = String::from(" ");
            for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let padding = " ".repeat(width - cell.chars().count());
                line += &if index == 0 { format!(" {cell}{padding}") } else { format!("  {padding}{cell}") };
            }
            text += line.trim_end();
            text.push('\n');
        }
        if !self.note.is_empty() {
            text += &format!("  ({})\n", self.note);
        }
        text
    }

    /// A table of Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rules = self.header.iter().enumerate().map(|(index, _)| if index == 0 { " --- |" } else { " ---: |" });
        let mut text = if self.title.is_empty() { String::new() } else { format!("**{}**\n\n", self.title) };
        text += &line(&self.header);
        text += &format!("|{}\n", rules.collect::<String>());
        for row in &self.rows {
            text += &line(row);
        }
        if !self.note.is_empty() {
            text += &format!("\n{}\n", self.note);
        }
        text
    }

    /// An HTML table with a caption and scopes.
    #[must_use]
    pub fn html(&self) -> String {
        let mut html = format!("<div class=\"scroll\"><table><caption>{}", escape(&self.title));
        if !self.note.is_empty() {
            html += &format!(" <small>{}</small>", escape(&self.note));
        }
        html += "</caption><thead><tr>";
        for cell in &self.header {
            html += &format!("<th scope=\"col\">{}</th>", escape(cell));
        }
        html += "</tr></thead><tbody>";
        for row in &self.rows {
            html += "<tr>";
            for (index, cell) in row.iter().enumerate() {
                html += &if index == 0 {
                    format!("<th scope=\"row\">{}</th>", escape(cell))
                } else {
                    format!("<td>{}</td>", escape(cell))
                };
            }
            html += "</tr>";
        }
        html + "</tbody></table></div>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let mut table = Table::new("T", ["judge", "a", "b"]).note("n");
        table.row(["x", "0.5 ± 0.1", "–"]);
        table.row(["longer name", "1", "22"]);
        assert_eq!(
            table.text(),
            "T\n  judge                a   b\n  x            0.5 ± 0.1   –\n  longer name          1  22\n  (n)\n"
        );
        assert!(!table.is_empty());
    }

    #[test]
    fn markdown_keeps_its_columns() {
        let mut table = Table::new("T", ["a", "b"]).note("n");
        table.row(["x|y", "1"]);
        assert_eq!(table.markdown(), "**T**\n\n| a | b |\n| --- | ---: |\n| x\\|y | 1 |\n\nn\n");
    }

    #[test]
    fn html_is_escaped() {
        let mut table = Table::new("<T>", ["a"]);
        table.row(["\"x\" & '\u{1}'"]);
        assert!(table.html().contains("<caption>&lt;T&gt;</caption>"));
        assert!(table.html().contains("&quot;x&quot; &amp; &#39;\u{fffd}&#39;"));
    }
}
