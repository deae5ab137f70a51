//! What claims compare: a figure that every measurement has, or a number that a recipe notes in its log.

use serde::{Deserialize, Serialize};

use super::Figure;

/// Above it, a mass is more than all of the rest.
const HALF: f64 = 0.5;

/// A number of a run after an iteration. `N` is the type of its name: a claim's is static, a row's is read from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Quantity<N = &'static str> {
    /// A figure.
    Figure(Figure),
    /// Numbers that the recipe notes under a name, made one.
    Noted {
        /// The name in the log.
        noted: N,
        /// How they become one.
        read: Reading,
    },
}

/// How the numbers that are noted under one name become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The number at a place, from 0 on.
    Place(usize),
    /// The mean of those that are finite.
    Mean,
    /// The share of those that are above one half.
    AboveHalf,
}

impl Reading {
    /// The number; `None` where there is none, or it is not finite.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn of(self, values: &[f64]) -> Option<f64> {
        let mean = |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        match self {
            Self::Place(place) => values.get(place).copied(),
            Self::Mean => mean(&values.iter().copied().filter(|value| value.is_finite()).collect::<Vec<f64>>()),
            Self::AboveHalf => {
                mean(&values.iter().map(|value| f64::from(u8::from(*value > HALF))).collect::<Vec<f64>>())
            }
        }
        .filter(|number| number.is_finite())
    }
}

impl<N: AsRef<str>> Quantity<N> {
    /// Its name in tables and sentences.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Figure(figure) => figure.name().to_owned(),
            Self::Noted { noted, read } => {
                let noted = noted.as_ref();
                match read {
                    Reading::Place(0) => noted.to_owned(),
                    Reading::Place(place) => format!("{noted}, number {}", place + 1),
                    Reading::Mean => format!("{noted}, on the mean"),
                    Reading::AboveHalf => format!("{noted}, share above one half"),
                }
            }
        }
    }

    /// The same with a name of its own.
    #[must_use]
    pub fn owned(&self) -> Quantity<String> {
        match self {
            Self::Figure(figure) => Quantity::Figure(*figure),
            Self::Noted { noted, read } => Quantity::Noted { noted: noted.as_ref().to_owned(), read: *read },
        }
    }
}

impl<N> From<Figure> for Quantity<N> {
    fn from(figure: Figure) -> Self {
        Self::Figure(figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_one_number() {
        let values = [0.5, 0.75, 1.0, 0.25];
        let read = |reading: Reading| reading.of(&values);
        assert_eq!(read(Reading::Place(2)), Some(1.0));
        assert_eq!(read(Reading::Place(4)), None);
        assert_eq!(read(Reading::Mean), Some(0.625));
        assert_eq!(read(Reading::AboveHalf), Some(0.5), "one half itself is not above it");
        assert_eq!(Reading::Mean.of(&[f64::NAN, 2.0, 4.0]), Some(3.0));
        assert_eq!(Reading::Place(0).of(&[f64::INFINITY]), None);
        assert_eq!([Reading::Mean, Reading::AboveHalf].map(|reading| reading.of(&[])), [None, None]);
    }

    /// Files of earlier versions have the figure alone.
    #[test]
    fn figures_are_written_as_words_and_noted_numbers_by_their_names() {
        let figure: Quantity<String> = serde_json::from_str("\"judges_on_policy\"").unwrap();
        assert_eq!(figure, Figure::JudgesOnPolicy.into());
        assert_eq!(figure.name(), Figure::JudgesOnPolicy.name());
        for (read, text, name) in [
            (Reading::Place(2), r#"{"noted":"x","read":{"place":2}}"#, "x, number 3"),
            (Reading::Mean, r#"{"noted":"x","read":"mean"}"#, "x, on the mean"),
        ] {
            let of = Quantity::Noted { noted: "x", read };
            assert_eq!(serde_json::to_string(&of).unwrap(), text);
            assert_eq!(serde_json::from_str::<Quantity<String>>(text).unwrap(), of.owned());
            assert_eq!(of.name(), name);
        }
    }
}
