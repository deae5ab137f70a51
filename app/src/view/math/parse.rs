//! The notation.

/// A piece of an equation.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Characters as they stand.
    Text(String),
    /// Room to breathe; a line may be broken here.
    Space,
    /// Something with what is lowered and raised beside it.
    Scripts { base: Vec<Node>, low: Vec<Node>, high: Vec<Node> },
    /// A large sign with what stands below and above it.
    Large { sign: String, low: Vec<Node>, high: Vec<Node> },
    /// One over the other.
    Fraction(Vec<Node>, Vec<Node>),
    /// Under a hat.
    Hat(Vec<Node>),
}

/// One equation.
#[derive(Debug, Clone, PartialEq)]
pub struct Equation(Vec<Node>);

/// Signs that stay with what follows them when a line is broken.
const SIGNS: [&str; 12] = ["=", "+", "−", "·", "≈", "∝", "≤", "≥", "←", "→", "∈", "≻"];

impl Equation {
    /// What is not to be broken, in order.
    pub fn parts(&self) -> impl Iterator<Item = &[Node]> {
        let mut parts: Vec<&[Node]> = Vec::new();
        let (mut from, nodes) = (0, &self.0);
        for (at, node) in nodes.iter().enumerate() {
            let sign = |at: Option<usize>| {
                at.and_then(|at| nodes.get(at))
                    .is_some_and(|node| matches!(node, Node::Text(text) if SIGNS.contains(&text.as_str())))
            };
            // Not behind a sign: it begins the next line.
            if *node == Node::Space && !(sign(at.checked_sub(1)) && at - 1 == from) {
                parts.extend(nodes.get(from..at).filter(|part| !part.is_empty()));
                from = at + 1;
            }
        }
        parts.extend(nodes.get(from..).filter(|part| !part.is_empty()));
        parts.into_iter()
    }

    /// All nodes.
    #[cfg(test)]
    pub fn nodes(&self) -> &[Node] {
        &self.0
    }
}

/// Reads equations, one a line. Everything is an equation: what is not understood stands as it is written.
#[must_use]
pub fn parse(text: &str) -> Vec<Equation> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Equation(row(&mut line.chars().peekable(), None))).collect()
}

type Source<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads up to the end, or to a closing brace.
fn row(source: &mut Source<'_>, until: Option<char>) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(next) = source.next() {
        match next {
            _ if Some(next) == until => break,
            ' ' => nodes.push(Node::Space),
            '\\' => nodes.push(command(source)),
            '_' | '^' => {
                let script = script(source);
                attach(&mut nodes, next == '_', script);
            }
            // Words are upright and in one piece.
            letter if letter.is_ascii_alphabetic() => {
                let mut word = letter.to_string();
                while let Some(more) = source.next_if(char::is_ascii_alphabetic) {
                    word.push(more);
                }
                nodes.push(Node::Text(word));
            }
            other => nodes.push(Node::Text(other.to_string())),
        }
    }
    nodes
}

/// One character, or what is between braces.
fn script(source: &mut Source<'_>) -> Vec<Node> {
    match source.next() {
        Some('{') => row(source, Some('}')),
        Some(single) => vec![Node::Text(single.to_string())],
        None => Vec::new(),
    }
}

fn command(source: &mut Source<'_>) -> Node {
    let mut name = String::new();
    while let Some(letter) = source.next_if(char::is_ascii_alphabetic) {
        name.push(letter);
    }
    let mut braced = || if source.next_if_eq(&'{').is_some() { row(source, Some('}')) } else { Vec::new() };
    let large = |sign: &str| Node::Large { sign: sign.to_owned(), low: Vec::new(), high: Vec::new() };
    match name.as_str() {
        "frac" => {
            let above = braced();
            Node::Fraction(above, braced())
        }
        "hat" => Node::Hat(braced()),
        "sum" => large("∑"),
        "max" | "min" | "argmax" | "argmin" => large(&name),
        _ => Node::Text(format!("\\{name}")),
    }
}

/// Lowers or raises beside what stands there, keeping what is already beside it.
fn attach(nodes: &mut Vec<Node>, lowered: bool, script: Vec<Node>) {
    match nodes.pop() {
        Some(Node::Scripts { base, mut low, mut high }) => {
            *(if lowered { &mut low } else { &mut high }) = script;
            nodes.push(Node::Scripts { base, low, high });
        }
        Some(Node::Large { sign, mut low, mut high }) => {
            *(if lowered { &mut low } else { &mut high }) = script;
            nodes.push(Node::Large { sign, low, high });
        }
        before => {
            let (low, high) = if lowered { (script, Vec::new()) } else { (Vec::new(), script) };
            nodes.push(Node::Scripts { base: before.into_iter().collect(), low, high });
        }
    }
}

/// The equation on one line of text.
#[must_use]
pub fn plain(equation: &Equation) -> String {
    text(&equation.0)
}

fn text(nodes: &[Node]) -> String {
    let scripts = |low: &[Node], high: &[Node]| {
        let one = |mark: char, script: &[Node]| match script {
            [] => String::new(),
            [Node::Text(single)] => format!("{mark}{single}"),
            several => format!("{mark}({})", text(several)),
        };
        one('_', low) + &one('^', high)
    };
    nodes
        .iter()
        .map(|node| match node {
            Node::Text(text) => text.clone(),
            Node::Space => " ".to_owned(),
            Node::Scripts { base, low, high } => text(base) + &scripts(low, high),
            Node::Large { sign, low, high } => sign.clone() + &scripts(low, high),
            Node::Fraction(above, below) => format!("({})/({})", text(above), text(below)),
            Node::Hat(under) => text(under) + "\u{302}",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Equation {
        parse(text).remove(0)
    }

    #[test]
    fn scripts_fractions_and_hats_are_read() {
        let of = |character: &str| vec![Node::Text(character.to_owned())];
        let both = one("y_t^{2}");
        let Node::Scripts { base, low, high } = &both.nodes()[0] else { panic!() };
        assert_eq!((base, low, high), (&of("y"), &of("t"), &of("2")));
        assert_eq!(one(r"\frac{a}{b}").nodes(), [Node::Fraction(of("a"), of("b"))]);
        assert_eq!(one(r"\hat{r}").nodes(), [Node::Hat(of("r"))]);
        assert_eq!(one("log π").nodes(), [of("log"), vec![Node::Space], of("π")].concat());
        assert_eq!(plain(&one(r"\sum_{t=1}^T x_t")), "∑_(t=1)^T x_t");
        // What is not finished is no reason to stop.
        for text in ["_", "^{", r"\frac{a", r"\", r"\what{x}", "}"] {
            assert_eq!(parse(text).len(), 1, "{text}");
        }
        assert_eq!(parse("a = b\n\n  c = d\n").len(), 2);
    }

    #[test]
    fn a_line_is_broken_before_its_signs() {
        let parts: Vec<String> = one("L = −log σ( a − b ) + c").parts().map(text).collect();
        assert_eq!(parts, ["L", "= −log", "σ(", "a", "− b", ")", "+ c"]);
    }
}
