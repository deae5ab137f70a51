//! How well predictors predict: the rows that `ads train` prints, and the simple ones among the predictors.

use selfsame_core::{
    judge::baseline::{Baseline, Features},
    measure::{prediction::Prediction, reliability::ceiling},
};
use serde::Serialize;

use super::rated::Rated;
use crate::{Result, format, output};

/// The quality of one predictor.
#[derive(Serialize)]
pub struct Row {
    /// What predicts.
    pub predictor: &'static str,
    /// The file that it predicts without having learned from it; absent for held-out rows of the file it learns from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<String>,
    /// How well; nothing where all predictions or scores are alike.
    #[serde(flatten)]
    pub quality: Option<Prediction>,
    /// The rank correlation that nobody could exceed but by chance, where people's agreement says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<f64>,
}

impl Row {
    /// A predictor on rows that were held out, fold by fold.
    #[must_use]
    pub fn held_out(predictor: &'static str, predicted: &[f64], rated: &Rated, fold_of: &[usize], seed: u64) -> Self {
        let quality = Prediction::of(predicted, &rated.recalls, fold_of, seed);
        Self { predictor, transfer: None, quality, ceiling: None }
    }

    /// A predictor on a file that it never learned from.
    #[must_use]
    pub fn transfer(predictor: &'static str, predicted: &[f64], other: &Rated, seed: u64) -> Self {
        let quality = Prediction::of(predicted, &other.recalls, &[], seed);
        Self { predictor, transfer: Some(other.name()), quality, ceiling: None }
    }
}

/// Predictions for every row by what was fitted without its fold.
///
/// # Errors
/// The first of `predict`.
pub fn held_out<T>(fold_of: &[usize], mut predict: impl FnMut(&[usize], &[usize]) -> Result<Vec<T>>) -> Result<Vec<T>> {
    let mut all: Vec<Option<T>> = fold_of.iter().map(|_| None).collect();
    for fold in 0..fold_of.iter().max().map_or(0, |last| last + 1) {
        let (out, within): (Vec<usize>, Vec<usize>) = (0..fold_of.len()).partition(|row| fold_of[*row] == fold);
        for (row, value) in out.iter().zip(predict(&within, &out)?) {
            all[*row] = Some(value);
        }
    }
    Ok(all.into_iter().flatten().collect())
}

/// What ridge regression predicts: of held-out rows where there are folds, and of other files.
#[must_use]
pub fn baselines(rated: &Rated, others: &[Rated], fold_of: &[usize], seed: u64) -> Vec<Row> {
    let of = |features| {
        let predictor = match features {
            Features::Words => "words (TF-IDF)",
            Features::Pieces => "pieces of words (TF-IDF)",
            Features::Statistics => "length and make-up",
        };
        let fit = |rows: &[usize]| {
            let known: Vec<&str> = rows.iter().map(|row| rated.texts[*row].as_str()).collect();
            let scores: Vec<f64> = rows.iter().map(|row| rated.recalls[*row]).collect();
            Baseline::fit(features, &known, &scores)
        };
        let mut rows = Vec::new();
        if !fold_of.is_empty() {
            let predicted = held_out(fold_of, |within, out| {
                let fitted = fit(within);
                Ok(out.iter().map(|row| fitted.predict(&rated.texts[*row])).collect())
            });
            rows.push(Row::held_out(predictor, &predicted.unwrap_or_default(), rated, fold_of, seed));
        }
        if !others.is_empty() {
            let fitted = fit(&(0..rated.texts.len()).collect::<Vec<_>>());
            rows.extend(others.iter().map(|other| {
                let predicted: Vec<f64> = other.texts.iter().map(|text| fitted.predict(text)).collect();
                Row::transfer(predictor, &predicted, other, seed)
            }));
        }
        rows
    };
    [Features::Words, Features::Pieces, Features::Statistics].into_iter().flat_map(of).collect()
}

/// What other people said of the same rows, and what their agreement lets anybody reach; without a second score it
/// cannot be known.
#[must_use]
pub fn people(rated: &Rated, seed: u64) -> Row {
    let quality = rated.again.as_ref().and_then(|again| Prediction::of(again, &rated.recalls, &[], seed));
    let ceiling = quality.as_ref().map(|quality| ceiling(quality.spearman.value));
    Row { predictor: "other people", transfer: None, quality, ceiling }
}

/// Prints rows for people; those of other files come last.
///
/// # Errors
/// If nothing can be written.
pub fn print(rows: &[Row]) -> Result<()> {
    let (own, carried): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.transfer.is_none());
    own.into_iter().chain(carried).try_for_each(|row| output::print(&(line(row) + "\n")))
}

fn line(row: &Row) -> String {
    let place = row.transfer.as_ref().map_or_else(String::new, |file| format!(" on {file}, not learned from"));
    let name = format!("{}{place}", row.predictor);
    let Some(quality) = &row.quality else {
        let why = if row.predictor == "other people" {
            "one score a row: how well people agree, and so what can be reached at most, is unknown; name a second score by other people with --again"
        } else {
            "its predictions or the scores are all alike"
        };
        return format!("{name:<26}  {why}");
    };
    let rho = quality.spearman;
    let folds = quality.fold_mean.map_or_else(String::new, |mean| format!(", mean of folds {mean:.3}"));
    let most = row.ceiling.map_or_else(String::new, |most| format!(", at most {most:.3} can be reached"));
    format!(
        "{name:<26}  Spearman {:.3} [{:.3}, {:.3}]{folds}{most}, calibration error {:.3}, {} rows",
        rho.value,
        rho.low,
        rho.high,
        quality.calibration_error,
        format::count(rho.count)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_predicted_by_what_was_fitted_without_it() {
        let fold_of = [0, 1, 2, 0, 1];
        let found = held_out(&fold_of, |within, out| {
            assert!(out.iter().all(|row| !within.contains(row)) && within.len() + out.len() == 5);
            Ok(out.iter().map(|row| row * 10).collect())
        });
        assert_eq!(found.unwrap(), [0, 10, 20, 30, 40]);
    }
}
