//! What a Henry thinks of a text, all of it: not only the mean of the hundred strings, but how probable each is.

use burn::tensor::activation::softmax;
use serde::{Deserialize, Serialize};

use super::{Henry, STRINGS, TOP};
use crate::{Result, model::Decoder};

/// How probable a model holds each of the hundred strings `00` to `99` to be after a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Opinion {
    chances: Vec<f32>,
}

impl Opinion {
    /// The opinion of some probabilities, of the string `00` first. What is missing has none, what is more is left
    /// out.
    #[must_use]
    pub fn new(mut chances: Vec<f32>) -> Self {
        chances.resize(STRINGS, 0.0);
        Self { chances }
    }

    /// The probabilities, of the string `00` first; they sum to 1 but for rounding.
    #[must_use]
    pub fn chances(&self) -> &[f32] {
        &self.chances
    }

    /// The mean, from 0 to 1: [`Henry::expected`]. 0 where nothing is probable.
    #[must_use]
    pub fn expected(&self) -> f64 {
        let total = self.total();
        let sum: f64 = self.values().map(|(value, chance)| value * chance).sum();
        if total > 0.0 { sum / total } else { 0.0 }
    }

    /// The ends of the interval that holds at least `share` of the probability, with as much below it as above it at
    /// most, from 0 to 1 each. It says how undecided the model is, not how wrong it can be.
    #[must_use]
    pub fn within(&self, share: f64) -> [f64; 2] {
        let outside = (1.0 - share.clamp(0.0, 1.0)) / 2.0;
        [self.quantile(outside), self.quantile(1.0 - outside)]
    }

    /// The least value up to which so much of the probability lies.
    fn quantile(&self, share: f64) -> f64 {
        // Sums of a hundred numbers miss their end by a rounding.
        let wanted = (share * self.total()).min(self.total() - 1e-9);
        let mut sum = 0.0;
        let reached = self.values().find(|(_, chance)| {
            sum += chance;
            sum >= wanted && *chance > 0.0
        });
        reached.map_or(0.0, |(value, _)| value)
    }

    fn total(&self) -> f64 {
        self.chances.iter().map(|chance| f64::from(*chance)).sum()
    }

    /// What each string stands for, from 0 to 1, with its probability.
    fn values(&self) -> impl Iterator<Item = (f64, f64)> {
        (0_u32..).zip(&self.chances).map(|(number, chance)| (f64::from(number) / TOP, f64::from(*chance)))
    }
}

impl Henry {
    /// What a model thinks of any number of texts, in groups of at most `budget` tokens.
    ///
    /// # Errors
    /// If a text is empty, a token is unknown to the model, or the device fails.
    pub async fn opinions(&self, model: &Decoder, texts: &[&[u32]], budget: usize) -> Result<Vec<Opinion>> {
        let rows = self.asked(model, texts, budget, |members| softmax(self.logprobs(model, members), 1)).await?;
        Ok(rows.into_iter().map(Opinion::new).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(usize, f32)]) -> Opinion {
        let mut chances = vec![0.0; STRINGS];
        for (number, chance) in pairs {
            chances[*number] = *chance;
        }
        Opinion::new(chances)
    }

    /// Against what the two sums are by hand.
    #[test]
    fn mean_and_interval_are_those_of_the_distribution() {
        let opinion = of(&[(0, 0.05), (33, 0.45), (66, 0.45), (99, 0.05)]);
        assert!((opinion.expected() - 0.5).abs() < 1e-6);
        let [low, high] = opinion.within(0.8);
        assert!((low - 1.0 / 3.0).abs() < 1e-9 && (high - 2.0 / 3.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(opinion.within(1.0), [0.0, 1.0]);
        assert_eq!(of(&[(99, 1.0)]).within(0.8), [1.0, 1.0]);
        // An even one holds its share to a string.
        let even = Opinion::new(vec![0.01; STRINGS]);
        // 49.5 of 99.
        assert!((even.expected() - 0.5).abs() < 1e-6);
        let [low, high] = even.within(0.8);
        assert!((low - 9.0 / 99.0).abs() < 1.5 / 99.0 && (high - 89.0 / 99.0).abs() < 1.5 / 99.0, "{low} {high}");
    }

    #[test]
    fn odd_opinions_are_survived() {
        let none = Opinion::new(Vec::new());
        assert_eq!((none.expected(), none.within(0.8), none.chances().len()), (0.0, [0.0, 0.0], STRINGS));
        let json = serde_json::to_string(&of(&[(42, 1.0)])).unwrap();
        assert!(json.starts_with("[0.0,") && serde_json::from_str::<Opinion>(&json).unwrap() == of(&[(42, 1.0)]));
    }
}
