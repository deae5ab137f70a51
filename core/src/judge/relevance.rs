//! How much two texts have to do with each other, and what else can be counted of an answer without asking anybody.

use crate::{
    rng::{Purpose, Stream},
    vector::dot,
};

/// Steps of Adam's second moment that count.
const BETAS: [f64; 2] = [0.9, 0.99];

/// Scale of the first vectors.
const FIRST: f64 = 0.1;

/// Settings of an [`Embedder`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmbedderConfig {
    /// Numbers of a token's vector.
    pub width: usize,
    /// Pairs in a step: the other pairs' passages are the negatives.
    pub batch: usize,
    /// Passes over the pairs.
    pub epochs: usize,
    /// How far a step of Adam goes.
    pub learning_rate: f64,
}

/// A bag of words: a text is the mean of its tokens' vectors, and two texts are as relevant to each other as the
/// dot product of theirs. The dot product is raw; a cosine would take the scale from a product of rewards.
///
/// It learns from pairs of a query and a passage, each passage against those of the other queries of its batch
/// (InfoNCE: van den Oord et al., arXiv 1807.03748; mean pooling and in-batch negatives as in Contriever, arXiv
/// 2112.09118). It is computed in double precision on the processor, so that it is the same on every device.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedder {
    width: usize,
    /// `[vocabulary, width]`, row by row.
    table: Vec<f64>,
}

/// A query and a passage that belongs to it, as tokens.
pub type Related = (Vec<u32>, Vec<u32>);

impl Embedder {
    /// Small random vectors.
    fn random(vocabulary: usize, width: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Init, 0, 1 << 40);
        Self { width, table: (0..vocabulary * width).map(|_| FIRST * stream.normal()).collect() }
    }

    /// An embedder that has learned from pairs. Tokens from `vocabulary` on have no vector and count as 0.
    #[must_use]
    pub fn train(pairs: &[Related], vocabulary: usize, config: &EmbedderConfig, seed: u64) -> Self {
        let mut embedder = Self::random(vocabulary, config.width, seed);
        let mut moments = [vec![0.0; embedder.table.len()], vec![0.0; embedder.table.len()]];
        let mut steps = 0;
        for epoch in 0..config.epochs {
            let mut order: Vec<&Related> = pairs.iter().collect();
            Stream::new(seed, Purpose::Shuffle, 0, 1 << 40 | epoch as u64).shuffle(&mut order);
            for batch in order.chunks(config.batch.max(2)) {
                let (_, gradient) = embedder.loss(batch);
                steps += 1;
                embedder.adam(&gradient, &mut moments, steps, config.learning_rate);
            }
        }
        embedder
    }

    /// Adam (arXiv 1412.6980) without weight decay.
    fn adam(&mut self, gradient: &[f64], moments: &mut [Vec<f64>; 2], steps: i32, rate: f64) {
        let [mean, square] = moments;
        let [corrected_mean, corrected_square] = BETAS.map(|beta| 1.0 - beta.powi(steps));
        for (((weight, g), m), v) in self.table.iter_mut().zip(gradient).zip(mean).zip(square) {
            *m = BETAS[0] * *m + (1.0 - BETAS[0]) * g;
            *v = BETAS[1] * *v + (1.0 - BETAS[1]) * g * g;
            *weight -= rate * (*m / corrected_mean) / ((*v / corrected_square).sqrt() + 1e-8);
        }
    }

    /// The mean over the pairs of `−log softmax` of a query's own passage among all of the batch, and its gradient
    /// with respect to the table.
    #[allow(clippy::cast_precision_loss)] // batch sizes
    fn loss(&self, batch: &[&Related]) -> (f64, Vec<f64>) {
        let queries: Vec<Vec<f64>> = batch.iter().map(|(query, _)| self.embed(query)).collect();
        let passages: Vec<Vec<f64>> = batch.iter().map(|(_, passage)| self.embed(passage)).collect();
        let count = batch.len().max(1) as f64;
        let mut gradient = vec![0.0; self.table.len()];
        let mut of_passages = vec![vec![0.0; self.width]; batch.len()];
        let mut total = 0.0;
        for (own, (query, pair)) in queries.iter().zip(batch).enumerate() {
            let scores: Vec<f64> = passages.iter().map(|passage| dot(query, passage)).collect();
            let most = scores.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = scores.iter().map(|score| (score - most).exp()).sum();
            total += (sum.ln() + most - scores[own]) / count;
            let mut of_query = vec![0.0; self.width];
            for (other, (score, passage)) in scores.iter().zip(&passages).enumerate() {
                let slope = ((score - most).exp() / sum - f64::from(u8::from(other == own))) / count;
                of_query.iter_mut().zip(passage).for_each(|(g, p)| *g += slope * p);
                of_passages[other].iter_mut().zip(query).for_each(|(g, q)| *g += slope * q);
            }
            self.spread(&pair.0, &of_query, &mut gradient);
        }
        for ((_, passage), of_passage) in batch.iter().zip(&of_passages) {
            self.spread(passage, of_passage, &mut gradient);
        }
        (total, gradient)
    }

    /// Gives the gradient of a text's vector to its tokens.
    #[allow(clippy::cast_precision_loss)] // token counts
    fn spread(&self, text: &[u32], of_text: &[f64], gradient: &mut [f64]) {
        let share = 1.0 / text.len().max(1) as f64;
        for token in text {
            if let Some(row) = gradient.chunks_mut(self.width).nth(*token as usize) {
                row.iter_mut().zip(of_text).for_each(|(g, t)| *g += share * t);
            }
        }
    }

    /// The mean of a text's vectors, `[width]`; zeros for an empty text.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // token counts
    pub fn embed(&self, text: &[u32]) -> Vec<f64> {
        let mut sum = vec![0.0; self.width];
        for token in text {
            let row = self.table.get(*token as usize * self.width..).unwrap_or_default();
            sum.iter_mut().zip(row).for_each(|(s, v)| *s += v);
        }
        sum.iter().map(|s| s / text.len().max(1) as f64).collect()
    }

    /// The relevance of two texts to each other.
    #[must_use]
    pub fn relevance(&self, first: &[u32], second: &[u32]) -> f64 {
        dot(&self.embed(first), &self.embed(second))
    }

    /// The share of queries whose own passage is the most relevant of all passages to it.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // pair counts
    pub fn recall(&self, pairs: &[Related]) -> f64 {
        let passages: Vec<Vec<f64>> = pairs.iter().map(|(_, passage)| self.embed(passage)).collect();
        let found = pairs.iter().zip(&passages).filter(|((query, _), own)| {
            let query = self.embed(query);
            let score = dot(&query, own);
            passages.iter().all(|other| dot(&query, other) <= score)
        });
        found.count() as f64 / pairs.len().max(1) as f64
    }
}

/// Distinct trigrams of words over all trigrams; 1 where there are none (the repetition penalty of arXiv 2402.03469,
/// authors' code). Words are what stands between blanks: of a tokenizer of few tokens, trigrams of tokens would say
/// little.
#[must_use]
#[allow(clippy::cast_precision_loss)] // word counts
pub fn distinct_trigrams(text: &str) -> f64 {
    let words: Vec<&str> = text.split_whitespace().collect();
    let all = words.len().saturating_sub(2);
    let distinct: std::collections::BTreeSet<&[&str]> = words.windows(3).collect();
    if all == 0 { 1.0 } else { distinct.len() as f64 / all as f64 }
}

/// The share of an answer's words that stand in the prompt as they are; 0 for an empty answer.
#[must_use]
#[allow(clippy::cast_precision_loss)] // word counts
pub fn copied(prompt: &str, answer: &str) -> f64 {
    let asked: std::collections::BTreeSet<&str> = prompt.split_whitespace().collect();
    let words: Vec<&str> = answer.split_whitespace().collect();
    words.iter().filter(|word| asked.contains(*word)).count() as f64 / words.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: EmbedderConfig = EmbedderConfig { width: 8, batch: 16, epochs: 30, learning_rate: 0.02 };

    /// Queries of two tokens; the passage says one word for each, among noise that is the same for all.
    fn pairs(count: usize, seed: u64) -> Vec<Related> {
        let mut stream = Stream::new(seed, Purpose::Corpus, 77, 0);
        let pair = |_| {
            let (a, b) = (stream.below(6), stream.below(6));
            let token = |value: usize| u32::try_from(value).unwrap();
            (vec![token(a), token(6 + b)], vec![token(12 + a), token(18 + b), token(24 + stream.below(4))])
        };
        (0..count).map(pair).collect()
    }

    #[test]
    fn gradients_are_the_differences_of_the_loss() {
        let pairs = pairs(5, 1);
        let batch: Vec<&Related> = pairs.iter().collect();
        let embedder = Embedder::random(28, 3, 4);
        let (_, gradient) = embedder.loss(&batch);
        for place in (0..embedder.table.len()).step_by(7) {
            let at = |by: f64| {
                let mut moved = embedder.clone();
                moved.table[place] += by;
                moved.loss(&batch).0
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[place] - difference).abs() < 1e-8, "{} and {difference}", gradient[place]);
        }
    }

    #[test]
    fn passages_find_their_queries() {
        let fresh = pairs(40, 9);
        let untrained = Embedder::random(28, 8, 1).recall(&fresh);
        let trained = Embedder::train(&pairs(400, 2), 28, &CONFIG, 1);
        let found = trained.recall(&fresh);
        // Of 36 queries some are twice among forty; ties of equal passages but for noise are lost.
        assert!(found > 0.5 && found > 3.0 * untrained, "{found} against {untrained} at first");
        assert_eq!(trained, Embedder::train(&pairs(400, 2), 28, &CONFIG, 1));
        assert!(trained.relevance(&[], &[1]).abs() < 1e-12 && trained.relevance(&[9999], &[1]).abs() < 1e-12);
        // Raw: twice the vectors, four times the relevance.
        let twice = Embedder { table: trained.table.iter().map(|v| 2.0 * v).collect(), ..trained.clone() };
        let (one, four) = (trained.relevance(&[0, 6], &[12]), twice.relevance(&[0, 6], &[12]));
        assert!((four - 4.0 * one).abs() < 1e-9);
    }

    #[test]
    fn trigrams_and_copies_by_hand() {
        for (text, expected) in
            [("", 1.0), ("a b", 1.0), ("a b c", 1.0), ("a a a a a", 1.0 / 3.0), ("a b a b a", 2.0 / 3.0)]
        {
            assert!((distinct_trigrams(text) - expected).abs() < 1e-12, "{text}");
        }
        assert!((copied("must:fox last:owl <resp>", "must:fox fox last:owl fox") - 0.5).abs() < 1e-12);
        assert!(copied("a b", "").abs() < 1e-12);
    }
}
