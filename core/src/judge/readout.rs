//! A readout: scores of texts by ridge regression on what a language model thinks while it reads them. The model
//! stays as it is, nothing is said in digits, and little data is enough. This is ours, beside the paper's
//! [`Henry`](super::Henry), and what a model must know before it can learn to say it.

use serde::{Deserialize, Serialize};

use super::baseline::DenseRidge;
use crate::{Result, learn::embeddings_after, model::Decoder};

/// The mean hidden states of texts after some blocks of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct States {
    /// After how many blocks.
    depths: Vec<usize>,
    /// For each depth, of each text `[hidden]`.
    of: Vec<Vec<Vec<f32>>>,
}

/// A regression on mean hidden states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readout {
    /// After how many blocks of the model the states are read.
    pub depth: usize,
    /// The penalty.
    pub alpha: f64,
    /// The score of a state of zeros.
    pub intercept: f64,
    /// `[hidden]`
    pub weights: Vec<f64>,
}

impl States {
    /// Reads texts, each as its tokens, in groups of at most `budget` tokens, and keeps their states after every
    /// eighth of the model's blocks from a quarter on.
    ///
    /// # Errors
    /// If a token is unknown to the model, or the device fails.
    pub async fn read(model: &Decoder, texts: &[&[u32]], budget: usize) -> Result<Self> {
        let blocks = model.config().num_hidden_layers;
        let mut depths: Vec<usize> = (2..=8).map(|eighth| (blocks * eighth).div_ceil(8)).collect();
        depths.dedup();
        Self::read_after(model, &depths, texts, budget).await
    }

    /// The same after these numbers of blocks.
    ///
    /// # Errors
    /// As [`States::read`].
    pub async fn read_after(model: &Decoder, depths: &[usize], texts: &[&[u32]], budget: usize) -> Result<Self> {
        Ok(Self { depths: depths.to_vec(), of: embeddings_after(model, depths, texts, budget).await? })
    }
}

impl Readout {
    /// Fits the scores of some of the texts, one each. Depth and penalty are those of the lowest generalised
    /// cross-validation on these texts alone; `None` without any.
    #[must_use]
    pub fn fit(states: &States, rows: &[usize], scores: &[f64]) -> Option<Self> {
        let fitted = states.depths.iter().zip(&states.of).map(|(depth, of)| {
            let rows: Vec<&[f32]> = rows.iter().filter_map(|row| of.get(*row).map(Vec::as_slice)).collect();
            (*depth, DenseRidge::fit(&rows, scores))
        });
        let (depth, ridge) = fitted.min_by(|(_, a), (_, b)| a.error.total_cmp(&b.error))?;
        Some(Self { depth, alpha: ridge.alpha, intercept: ridge.intercept, weights: ridge.weights })
    }

    /// The score that is expected of a text, from 0 to 1; `None` where its states after the readout's depth are not
    /// among these.
    #[must_use]
    pub fn predict(&self, states: &States, row: usize) -> Option<f64> {
        let at = states.depths.iter().position(|depth| *depth == self.depth)?;
        let state = states.of.get(at)?.get(row)?;
        let sum: f64 = self.weights.iter().zip(state).map(|(weight, value)| weight * f64::from(*value)).sum();
        Some((self.intercept + sum).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Config;

    /// Scores are a direction of the states after one block: they are found again, on texts that were not fitted, and
    /// after that block. The dimension of a text's first token is as good as random.
    #[test]
    fn a_direction_of_hidden_states_is_found_again() {
        let mut shape = Config::llama(16, 24, 4, 2, 1, 60);
        shape.tie_word_embeddings = false;
        let model = Decoder::random(shape, 5, &[], &crate::device::cpu());
        let texts: Vec<Vec<u32>> = (0..120_u32)
            .map(|text| (0..6).map(|at| (text * 31 + at * at * 17 + text * at * 7) % 60).collect())
            .collect();
        let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let states = pollster::block_on(States::read(&model, &texts, 64)).unwrap();
        assert_eq!(states.depths, [1, 2, 3, 4]);
        let direction = |state: &Vec<f32>| 0.5 + 0.1 * f64::from(state[3] - state[8]);
        let scores: Vec<f64> = states.of[1].iter().map(direction).collect();
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
        let known: Vec<usize> = (0..90).collect();
        let readout = Readout::fit(&states, &known, &scores[..90]).unwrap();
        assert_eq!(readout.depth, 2);
        for (row, score) in scores.iter().enumerate().skip(90) {
            let predicted = readout.predict(&states, row).unwrap();
            assert!((predicted - score).abs() < 0.01, "{predicted} {score}");
        }
        // Read at its depth alone, and kept as text.
        let again = pollster::block_on(States::read_after(&model, &[2], &texts[..4], 64)).unwrap();
        let kept: Readout = toml::from_str(&toml::to_string(&readout).unwrap()).unwrap();
        let (first, second) = (readout.predict(&states, 3).unwrap(), kept.predict(&again, 3).unwrap());
        assert!((first - second).abs() < 1e-5, "{first} {second}");
        assert_eq!(readout.predict(&again, 4), None);
    }
}
