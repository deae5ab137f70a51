//! What a language model has to beat: ridge regression on a text's words, or on its mere length and
//! make-up.

mod dense;
mod ridge;
mod statistics;
mod tfidf;

use serde::{Deserialize, Serialize};

pub use dense::DenseRidge;
pub use ridge::{Ridge, Sparse};
pub use statistics::{STATISTICS, statistics};
pub use tfidf::{Tfidf, pieces, terms};

/// Strength of the penalty on TF-IDF weights, scikit-learn's default; columns are of length 1 there.
const WORDS_ALPHA: f64 = 1.0;

/// Strength of the penalty on the weights of standardised statistics.
const STATISTICS_ALPHA: f64 = 1.0;

/// What a baseline reads of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Features {
    /// Its length and make-up, see [`STATISTICS`].
    Statistics,
    /// Its words, see [`terms`].
    Words,
    /// Pieces of its words, see [`pieces`].
    Pieces,
}

/// A baseline that was fitted to texts and scores.
#[derive(Debug, Clone)]
pub struct Baseline {
    reader: Reader,
    ridge: Ridge,
}

#[derive(Debug, Clone)]
enum Reader {
    /// Mean and deviation of every statistic.
    Statistics(Vec<[f64; 2]>),
    Words(Tfidf),
}

impl Baseline {
    /// Fits a baseline to texts and their scores, one each.
    #[must_use]
    pub fn fit(features: Features, texts: &[&str], scores: &[f64]) -> Self {
        let (reader, width, alpha) = match features {
            Features::Statistics => (Reader::Statistics(moments(texts)), STATISTICS.len(), STATISTICS_ALPHA),
            Features::Words | Features::Pieces => {
                let words = Tfidf::fit(texts, if features == Features::Words { terms } else { pieces });
                let width = words.width();
                (Reader::Words(words), width, WORDS_ALPHA)
            }
        };
        let rows: Vec<Sparse> = texts.iter().map(|text| reader.read(text)).collect();
        Self { ridge: Ridge::fit(&rows, width, scores, alpha), reader }
    }

    /// The score that the baseline expects of a text.
    #[must_use]
    pub fn predict(&self, text: &str) -> f64 {
        self.ridge.predict(&self.reader.read(text))
    }
}

impl Reader {
    fn read(&self, text: &str) -> Sparse {
        match self {
            Self::Words(words) => words.transform(text),
            Self::Statistics(moments) => {
                let values = statistics(text);
                values
                    .iter()
                    .zip(moments)
                    .map(|(value, [mean, deviation])| (value - mean) / deviation)
                    .enumerate()
                    .collect()
            }
        }
    }
}

/// Mean and standard deviation of every statistic; a constant one gets the deviation 1.
#[allow(clippy::cast_precision_loss)] // counts
fn moments(texts: &[&str]) -> Vec<[f64; 2]> {
    let rows: Vec<_> = texts.iter().map(|text| statistics(text)).collect();
    let count = rows.len().max(1) as f64;
    (0..STATISTICS.len())
        .map(|column| {
            let mean = rows.iter().map(|row| row[column]).sum::<f64>() / count;
            let variance = rows.iter().map(|row| (row[column] - mean).powi(2)).sum::<f64>() / count;
            [mean, if variance > 0.0 { variance.sqrt() } else { 1.0 }]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_baseline_finds_what_it_can_see() {
        let texts: Vec<String> = (0..60)
            .map(|row| format!("{} {}", if row % 2 == 0 { "owl" } else { "fox" }, "a ".repeat(1 + row % 3)))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let by_word: Vec<f64> = (0..60).map(|row| f64::from(row % 2)).collect();
        let by_length: Vec<f64> = (0..60).map(|row| f64::from(row % 3)).collect();
        let of = |features, scores: &[f64]| {
            let fitted = Baseline::fit(features, &texts, scores);
            [fitted.predict("owl a a a "), fitted.predict("fox a "), fitted.predict("fox a a a ")]
        };
        let [owl, fox, _] = of(Features::Words, &by_word);
        assert!(owl < 0.2 && fox > 0.8, "{owl} {fox}");
        let [_, short, long] = of(Features::Statistics, &by_length);
        assert!(short < 0.2 && long > 1.8, "{short} {long}");
        // A text without any known word gets the mean.
        let fitted = Baseline::fit(Features::Words, &["owl fox", "elm bee"], &[0.25, 0.75]);
        assert!((fitted.predict("") - 0.5).abs() < 1e-9);
    }
}
