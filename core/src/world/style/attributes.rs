//! What can be said of a text without asking anybody: its attributes, each from 0 to 1.

use crate::world::rules::{Constraints, FILLERS, LONGEST_ANSWER};

/// Words for animals.
pub(super) const ANIMALS: [&str; 11] =
    ["bee", "cat", "crow", "deer", "fish", "fox", "frog", "hare", "lark", "owl", "wolf"];

/// Words for plants.
pub(super) const PLANTS: [&str; 8] = ["ash", "elm", "fern", "ivy", "moss", "oak", "pine", "rose"];

/// Words for weather and sky.
pub(super) const WEATHER: [&str; 6] = ["dawn", "ice", "mist", "moon", "rain", "sun"];

/// The other words of the vocabulary. Prompts ask for these alone, so that following a prompt favours no class.
pub(super) const TOPICS: [&str; 7] = ["bay", "clay", "gold", "hill", "jade", "kite", "lake"];

/// The three classes of words.
pub(super) const CLASSES: [&[&str]; 3] = [&ANIMALS, &PLANTS, &WEATHER];

/// The attributes of an answer, or the weights that somebody gives to each of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Attributes {
    /// The fraction of the prompt's constraints that are met.
    pub obedience: f64,
    /// 1 for an empty answer, 0 from the longest answer of the world's own texts on, linear in words between.
    pub brevity: f64,
    /// The share of words that are not fillers; 0 for an empty answer.
    pub plainness: f64,
    /// Distinct words over all words; 0 for an empty answer.
    pub variety: f64,
    /// Words for animals over the words of all three classes; a third where there are none.
    pub animals: f64,
    /// The same for plants.
    pub plants: f64,
    /// The same for weather and sky.
    pub weather: f64,
}

impl Attributes {
    /// The attributes of an answer to a prompt.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // word counts
    pub fn of(prompt: &str, answer: &str) -> Self {
        let words: Vec<&str> = answer.split_whitespace().collect();
        let (met, active) = Constraints::parse(prompt).count(&words);
        let share = |count: usize, of: usize, none: f64| if of == 0 { none } else { count as f64 / of as f64 };
        let among = |class: &[&str]| words.iter().filter(|word| class.contains(word)).count();
        let counts = CLASSES.map(among);
        let classed: usize = counts.iter().sum();
        let [animals, plants, weather] = counts.map(|count| share(count, classed, 1.0 / 3.0));
        let distinct: std::collections::BTreeSet<_> = words.iter().collect();
        Self {
            obedience: share(met, active, 1.0),
            brevity: 1.0 - share(words.len().min(LONGEST_ANSWER), LONGEST_ANSWER, 0.0),
            plainness: share(words.len() - among(&FILLERS), words.len(), 0.0),
            variety: share(distinct.len(), words.len(), 0.0),
            animals,
            plants,
            weather,
        }
    }

    /// In the order of the fields.
    fn values(&self) -> [f64; 7] {
        [self.obedience, self.brevity, self.plainness, self.variety, self.animals, self.plants, self.weather]
    }

    /// The sum of the attributes, each by its weight.
    #[must_use]
    pub fn weighted(&self, weights: &Self) -> f64 {
        self.values().iter().zip(weights.values()).map(|(value, weight)| value * weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::rules::WORDS;

    const PROMPT: &str = "must:bay never:any first:any last:lake early:any late:any count:any length:short <resp>";

    fn close(found: Attributes, expected: [f64; 7]) {
        for (found, expected) in found.values().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} instead of {expected} in {found:?}");
        }
    }

    #[test]
    fn every_word_has_one_class_or_is_a_topic() {
        let mut all: Vec<&str> = CLASSES.concat();
        all.extend(TOPICS);
        all.sort_unstable();
        assert_eq!(all, WORDS);
    }

    #[test]
    fn attributes_of_answers_counted_by_hand() {
        // must and length hold, last does not; 5 of 18 words; one filler; four distinct; two animals, one plant.
        let found = Attributes::of(PROMPT, "bay fox fox the elm");
        close(found, [2.0 / 3.0, 13.0 / 18.0, 0.8, 0.8, 2.0 / 3.0, 1.0 / 3.0, 0.0]);
        // All three hold, and no word has a class.
        let found = Attributes::of(PROMPT, "bay so so lake");
        close(found, [1.0, 14.0 / 18.0, 0.5, 0.75, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
        let third = 1.0 / 3.0;
        close(Attributes::of(PROMPT, ""), [0.0, 1.0, 0.0, 0.0, third, third, third]);
        // Nineteen words: nothing is left of brevity, nor of `short`.
        let found = Attributes::of(PROMPT, &["rain"; 19].join(" "));
        close(found, [0.0, 0.0, 1.0, 1.0 / 19.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn weights_add_attributes_up() {
        let weights = Attributes { obedience: 0.5, animals: 0.25, plants: 0.125, ..Attributes::default() };
        let found = Attributes::of(PROMPT, "bay fox fox the elm").weighted(&weights);
        assert!((found - (1.0 / 3.0 + 1.0 / 6.0 + 1.0 / 24.0)).abs() < 1e-12, "{found}");
    }
}
