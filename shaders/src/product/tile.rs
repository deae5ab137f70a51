//! The text of `product.wgsl` for a tile: loops over its rows and columns are written out, because sums that are
//! found by an index that is computed would not stay in registers.

use std::fmt::Write;

use burn_cubecl::{
    cubecl::prelude::KernelId,
    template::{KernelSource, SourceTemplate},
};

/// How a matrix lies in memory, seen from the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lie {
    /// The terms of a sum follow one another.
    Along,
    /// Terms are a row apart; what follow one another are the rows or columns of the result.
    Across,
}

/// The part of the result that a thread computes, and how the matrices lie. There is no kernel for a left matrix that
/// lies across and a right one that lies along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tile {
    pub left: Lie,
    pub right: Lie,
    /// A multiple of four where the left matrix lies across.
    pub rows: usize,
    /// A multiple of four where the right matrix lies across.
    pub columns: usize,
    /// Of the 64 tiles of a workgroup, how many stand beside one another.
    pub beside: usize,
}

/// Four numbers are read at once.
const LANES: [&str; 4] = ["x", "y", "z", "w"];

impl Tile {
    /// Vectors of four that hold so many neighbouring rows or columns, or the rows or columns themselves.
    fn parts(lie: Lie, count: usize) -> usize {
        match lie {
            Lie::Along => count,
            Lie::Across => count / 4,
        }
    }

    fn left_parts(self) -> usize {
        Self::parts(self.left, self.rows)
    }

    fn right_parts(self) -> usize {
        Self::parts(self.right, self.columns)
    }

    /// Where each part begins; what stands beyond the end repeats the last and is not stored.
    fn places(self) -> String {
        let place = |side: &str, lie, first: &str, all: &str, part| match lie {
            Lie::Along => {
                format!("    let {side}{part} = {side}_start + min({first} + {part}u, {all} - 1u) * {side}_row;\n")
            }
            Lie::Across => {
                format!("    let {side}{part} = {side}_start + min({first} / 4u + {part}u, ({all} - 1u) / 4u);\n")
            }
        };
        let left = (0..self.left_parts()).map(|part| place("left", self.left, "row", "rows", part));
        let right = (0..self.right_parts()).map(|part| place("right", self.right, "column", "columns", part));
        left.chain(right).collect()
    }

    fn sums(self) -> String {
        let mut text = String::new();
        for row in 0..self.rows {
            for part in 0..self.right_parts() {
                let zero = if self.right == Lie::Along { "0.0" } else { "vec4<f32>()" };
                let _ = writeln!(text, "    var sum{row}_{part} = {zero};");
            }
        }
        text
    }

    /// Four terms a step, or one where neither matrix has them side by side.
    fn steps(self) -> &'static str {
        if self.left == Lie::Along { "(terms + 3u) / 4u" } else { "terms" }
    }

    /// A left matrix whose terms are no multiple of four is zero behind them; a right one has no rows there.
    fn loads(self) -> String {
        let mut text = String::new();
        for part in 0..self.left_parts() {
            let place = match self.left {
                Lie::Along => format!("left{part} + step"),
                Lie::Across => format!("left{part} + step * left_row"),
            };
            let _ = writeln!(text, "        let a{part} = left[{place}];");
        }
        for part in 0..self.right_parts() {
            let _ = match (self.left, self.right) {
                (_, Lie::Along) => writeln!(text, "        let b{part} = right[right{part} + step];"),
                (Lie::Across, Lie::Across) => {
                    writeln!(text, "        let b{part} = right[right{part} + step * right_row];")
                }
                (Lie::Along, Lie::Across) => (0..4).try_for_each(|term| {
                    let place = format!("right{part} + min(4u * step + {term}u, terms - 1u) * right_row");
                    writeln!(text, "        let b{part}_{term} = right[{place}];")
                }),
            };
        }
        text
    }

    fn products(self) -> String {
        let mut text = String::new();
        for row in 0..self.rows {
            for part in 0..self.right_parts() {
                let product = match (self.left, self.right) {
                    (_, Lie::Along) => format!("dot(a{row}, b{part})"),
                    (Lie::Across, Lie::Across) => format!("a{}.{} * b{part}", row / 4, LANES[row % 4]),
                    (Lie::Along, Lie::Across) => {
                        let terms =
                            LANES.iter().enumerate().map(|(term, lane)| format!("a{row}.{lane} * b{part}_{term}"));
                        terms.collect::<Vec<_>>().join(" + ")
                    }
                };
                let _ = writeln!(text, "        sum{row}_{part} += {product};");
            }
        }
        text
    }

    fn stores(self) -> String {
        let mut text = String::new();
        for row in 0..self.rows {
            let _ = writeln!(text, "    if (row + {row}u < rows) {{");
            let _ = writeln!(text, "        let start = result_start + (row + {row}u) * numbers[13];");
            for column in 0..self.columns {
                let sum = match self.right {
                    Lie::Along => format!("sum{row}_{column}"),
                    Lie::Across => format!("sum{row}_{}.{}", column / 4, LANES[column % 4]),
                };
                let _ = writeln!(
                    text,
                    "        if (column + {column}u < columns) {{ result[start + {column}u] = {sum}; }}"
                );
            }
            let _ = writeln!(text, "    }}");
        }
        text
    }
}

impl KernelSource for Tile {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(include_str!("product.wgsl"))
            .register("rows", self.rows.to_string())
            .register("columns", self.columns.to_string())
            .register("beside", self.beside.to_string())
            .register("places", self.places())
            .register("sums", self.sums())
            .register("steps", self.steps())
            .register("loads", self.loads())
            .register("products", self.products())
            .register("stores", self.stores())
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(*self)
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}
