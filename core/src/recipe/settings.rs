//! What every setting is: its meaning, unit, range and source. Recipes are checked by this table, and
//! the command line and the window describe them by it; groups that recipes share stand here once.

use std::{fmt, ops::Bound};

use toml::{Table, Value};

use crate::{
    Error, Result,
    learn::loss::{Mix, PairLoss},
    run::Options,
};

mod table;

use table::{Node, OPTIONS, RECIPES};

/// What one setting is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// What it decides, in a sentence.
    pub what: &'static str,
    /// What is counted; empty for pure numbers and choices.
    pub unit: &'static str,
    /// The values that can work.
    pub range: Range,
    /// Where it comes from: a paper, or our choice.
    pub source: &'static str,
}

/// The values that can work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// A whole number, both ends included.
    Whole {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A finite number between two bounds.
    Real(Bound<f64>, Bound<f64>),
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A loss over pairs, or a mix of some.
    Losses,
    /// Yes or no.
    Switch,
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { least, most } => write!(f, "from {} to {}", grouped(*least), grouped(*most)),
            Self::Real(low, high) => {
                let low = match low {
                    Bound::Included(low) => format!("at least {low}"),
                    Bound::Excluded(low) => format!("above {low}"),
                    Bound::Unbounded => String::new(),
                };
                let high = match high {
                    Bound::Included(high) => format!("at most {high}"),
                    Bound::Excluded(high) => format!("below {high}"),
                    Bound::Unbounded => String::new(),
                };
                let and = if low.is_empty() || high.is_empty() { "" } else { " and " };
                write!(f, "{low}{and}{high}")
            }
            Self::Choice(words) => f.write_str(&words.join(" or ")),
            Self::Losses => {
                let names = PairLoss::ALL.map(PairLoss::name).join(", ");
                write!(f, "one of {names}, or some with weights, such as sigmoid:0.8+sft:0.2")
            }
            Self::Switch => f.write_str("true or false"),
        }
    }
}

/// A whole number with a comma between groups of three digits.
fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = if value < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Setting {
    /// Checks a value.
    ///
    /// # Errors
    /// Says what the value must be.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let range = self.range;
        #[allow(clippy::cast_precision_loss)] // a whole number that stands for a real one
        let (right, kind) = match (range, value) {
            (Range::Whole { least, most }, Value::Integer(whole)) => {
                ((least..=most).contains(whole), "a whole number ")
            }
            (Range::Whole { .. }, _) => (false, "a whole number "),
            (Range::Real(low, high), Value::Float(real)) => (within(*real, low, high), "a number "),
            (Range::Real(low, high), Value::Integer(whole)) => (within(*whole as f64, low, high), "a number "),
            (Range::Real(..), _) => (false, "a number "),
            (Range::Choice(words), Value::String(word)) => (words.contains(&word.as_str()), ""),
            (Range::Losses, Value::String(mix)) => (mix.parse::<Mix>().is_ok(), ""),
            (Range::Switch, Value::Boolean(_)) => (true, ""),
            (Range::Choice(_) | Range::Losses | Range::Switch, _) => (false, ""),
        };
        if right { Ok(()) } else { Err(format!("must be {kind}{range}")) }
    }
}

fn within(value: f64, low: Bound<f64>, high: Bound<f64>) -> bool {
    value.is_finite() && std::ops::RangeBounds::contains(&(low, high), &value)
}

fn nodes(recipe: &str) -> &'static [Node] {
    RECIPES.iter().find(|(id, _)| *id == recipe).map_or(&[], |(_, nodes)| nodes)
}

/// The settings of a recipe by their dotted names, in the order in which they are best read.
#[must_use]
pub fn of(recipe: &str) -> Vec<(String, &'static Setting)> {
    listed(nodes(recipe), "")
}

/// The options of measuring and writing by their dotted names, without the prefix `options`.
#[must_use]
pub fn options() -> Vec<(String, &'static Setting)> {
    listed(OPTIONS, "")
}

fn listed(nodes: &'static [Node], prefix: &str) -> Vec<(String, &'static Setting)> {
    let mut list = Vec::new();
    for node in nodes {
        match node {
            Node::One(name, setting) => list.push((format!("{prefix}{name}"), setting)),
            Node::Group(name, inner) => list.extend(listed(inner, &format!("{prefix}{name}."))),
            Node::Beside(inner) => list.extend(listed(inner, prefix)),
        }
    }
    list
}

/// Checks the values of a recipe that its table knows; names that it does not know are for the
/// recipe's type to refuse.
pub(super) fn check(recipe: &str, parameters: &Table) -> Result<()> {
    walk(nodes(recipe), parameters, "")
}

fn walk(nodes: &[Node], table: &Table, prefix: &str) -> Result<()> {
    for node in nodes {
        match node {
            Node::One(name, setting) => {
                if let Some(value) = table.get(*name) {
                    setting.check(value).map_err(|problem| Error::setting(format!("{prefix}{name}"), problem))?;
                }
            }
            Node::Group(name, inner) => {
                if let Some(Value::Table(table)) = table.get(*name) {
                    walk(inner, table, &format!("{prefix}{name}."))?;
                }
            }
            Node::Beside(inner) => walk(inner, table, prefix)?,
        }
    }
    Ok(())
}

/// The options that a table holds, checked.
///
/// # Errors
/// Names the option that is unknown, of the wrong type or out of range.
pub fn read_options(table: &Table) -> Result<Options> {
    walk(OPTIONS, table, "options.")?;
    let options: Options =
        table.clone().try_into().map_err(|e: toml::de::Error| Error::setting("options", e.message().to_owned()))?;
    // What is kept in single precision may have been rounded out of its range.
    let rounded = Table::try_from(options).map_err(|e| Error::setting("options", e.to_string()))?;
    walk(OPTIONS, &rounded, "options.")?;
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::{
        table::{ANY, BELOW_HALF, MANY, POSITIVE, ZERO},
        *,
    };
    use crate::recipe::all;

    fn leaves(table: &Table, prefix: &str, found: &mut Vec<(String, Value)>) {
        for (key, value) in table {
            match value {
                Value::Table(inner) => leaves(inner, &format!("{prefix}{key}."), found),
                leaf => found.push((format!("{prefix}{key}"), leaf.clone())),
            }
        }
    }

    fn with(table: &Table, path: &str, value: Value) -> Table {
        let mut table = table.clone();
        match path.split_once('.') {
            Some((group, rest)) => {
                let inner = with(table[group].as_table().unwrap(), rest, value);
                table.insert(group.to_owned(), Value::Table(inner));
            }
            None => {
                table.insert(path.to_owned(), value);
            }
        }
        table
    }

    /// Values just outside a range, and of other types.
    fn outside(range: Range) -> Vec<Value> {
        let real = |bound: Bound<f64>, next: fn(f64) -> f64| match bound {
            Bound::Included(edge) => Some(Value::Float(next(edge))),
            Bound::Excluded(edge) => Some(Value::Float(edge)),
            Bound::Unbounded => None,
        };
        let mut values = match range {
            Range::Whole { least, most } => {
                vec![Value::Integer(least - 1), Value::Integer(most + 1), Value::Float(1.5)]
            }
            Range::Real(low, high) => {
                let ends = [real(low, f64::next_down), real(high, f64::next_up)];
                let never = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Value::Float);
                ends.into_iter().flatten().chain(never).collect()
            }
            Range::Choice(_) | Range::Losses => vec![Value::String("no such word".to_owned()), Value::Boolean(true)],
            Range::Switch => vec![Value::Integer(1)],
        };
        if !matches!(range, Range::Choice(_) | Range::Losses) {
            values.push(Value::String("text".to_owned()));
        }
        values
    }

    /// The ends of a range that belong to it.
    fn inside(range: Range) -> Vec<Value> {
        let real = |bound| if let Bound::Included(edge) = bound { Some(Value::Float(edge)) } else { None };
        match range {
            Range::Whole { least, most } => vec![Value::Integer(least), Value::Integer(most)],
            Range::Real(low, high) => [real(low), real(high)].into_iter().flatten().collect(),
            Range::Choice(words) => words.iter().map(|word| Value::String((*word).to_owned())).collect(),
            Range::Losses => ["hinge", "sigmoid+sft:0.5"].iter().map(|mix| Value::String((*mix).to_owned())).collect(),
            Range::Switch => vec![Value::Boolean(false), Value::Boolean(true)],
        }
    }

    /// Every leaf has one entry, every entry a leaf, and the two agree about what can work.
    fn agree(who: &str, table: &Table, entries: &[(String, &Setting)], check: impl Fn(&Table) -> Result<(), Error>) {
        let mut found = Vec::new();
        leaves(table, "", &mut found);
        for (name, default) in &found {
            let entries: Vec<_> = entries.iter().filter(|(entry, _)| entry == name).collect();
            assert_eq!(entries.len(), 1, "{who}: entries of {name}");
            let setting = entries[0].1;
            assert_eq!(setting.check(default), Ok(()), "{who}: the default of {name}");
            for text in [setting.what, setting.source] {
                assert!(!text.is_empty(), "{who}: {name}");
            }
            assert!(setting.what.ends_with('.') && !setting.source.ends_with('.'), "{who}: {name}");
            for value in inside(setting.range) {
                check(&with(table, name, value.clone())).unwrap_or_else(|e| panic!("{who}: {name} = {value}: {e}"));
            }
            for value in outside(setting.range) {
                let changed = with(table, name, value.clone());
                let error = check(&changed).err().unwrap_or_else(|| panic!("{who}: {name} = {value} is taken"));
                assert!(error.to_string().contains(&format!("{name}`: must be")), "{who}: {error}");
            }
        }
        assert_eq!(found.len(), entries.len(), "{who} has entries for settings that do not exist");
    }

    #[test]
    fn every_setting_of_every_recipe_is_described_and_checked() {
        for entry in all() {
            agree(entry.card.id, &entry.defaults().unwrap(), &of(entry.card.id), |table| {
                entry.check(table).map(|_| ())
            });
        }
        assert_eq!(RECIPES.len(), all().len());
    }

    #[test]
    fn every_option_is_described_and_checked() {
        let table = Table::try_from(Options::default()).unwrap();
        agree("options", &table, &options(), |table| read_options(table).map(|_| ()));
    }

    #[test]
    fn what_rounds_out_of_its_range_is_refused() {
        let mut table = Table::try_from(Options::default()).unwrap();
        for (name, value) in [("top_p", 1e-60), ("temperature", 1e300)] {
            let inner = with(table["sampling"].as_table().unwrap(), name, Value::Float(value));
            table.insert("sampling".to_owned(), Value::Table(inner.clone()));
            assert!(read_options(&table).unwrap_err().to_string().contains(name));
            for entry in all().iter().filter(|entry| ["srlm", "scir"].contains(&entry.card.id)) {
                let parameters = with(&entry.defaults().unwrap(), "loop.sampling", Value::Table(inner.clone()));
                assert!(entry.check(&parameters).unwrap_err().to_string().contains(&format!("loop.sampling.{name}")));
            }
            table = Table::try_from(Options::default()).unwrap();
        }
    }

    #[test]
    fn ranges_read_as_sentences() {
        let text = |range: Range| range.to_string();
        assert_eq!(text(Range::Whole { least: 2, most: MANY }), "from 2 to 1,000,000");
        assert_eq!(text(Range::Real(POSITIVE, ANY)), "above 0");
        assert_eq!(text(Range::Real(ZERO, BELOW_HALF)), "at least 0 and below 0.5");
        assert_eq!(text(Range::Choice(&["a", "b"])), "a or b");
        assert!(text(Range::Losses).starts_with("one of sigmoid, hinge, ipo, "));
    }
}
