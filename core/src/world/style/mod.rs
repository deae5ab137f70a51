//! *Style*: write a few words as asked, and in a style that people like, who do not all like the same.
//!
//! Prompts and answers have the vocabulary and the form of [Rules](super::rules), so that its starter model serves
//! here too. A prompt asks for two to four things (a word to use, to begin or to end with, an order, a length), all
//! about words that have no class. What else an answer says, at what length and with how many fillers, is its style:
//! its [`Attributes`] are counted exactly.
//!
//! *Oracle.* Three types of users in equal parts weigh the attributes, each in its own way. An answer's reward is its
//! mean utility. Which of two answers is better is what most users choose, each with a probability that follows the
//! difference of its own utilities: [`World::prefer`] is their mean. In `style` the users like different things
//! (pluralism); in `style-cyclic` they turn the three classes of words round like rock, paper and scissors: every
//! class has the same mean utility, and beats another one with two votes of three. No reward can say that.
//!
//! *Generator.* Authors meet each constraint with a probability of their own (uniform), have a favourite class
//! (three quarters of their free words that are no fillers) and a share of fillers from 0.2 to 0.8.
//!
//! *Noise.* A preference is one user's choice, turned round with the known rate; so is a verdict. Scores are then any
//! of the scale.
//!
//! *Split.* A prompt is held out if its text's FNV-1a hash is a multiple of 5, whatever the seed: a run learns from no
//! prompt that is measured on, and neither does a starter of this world. The shipped starter is one of Rules, whose
//! demonstrations have no such split: of 200 held-out prompts it was taught 8 to 28, with answers of Rules' authors, and
//! with what it was asked to judge 23 to 46.

mod attributes;
mod corpus;
mod users;

pub use attributes::Attributes;
pub use users::Population;

use super::{
    Demonstration, Grade, Judgement, OracleKey, Split, World,
    rules::{Constraints, Kind, Rules, TEACHER_QUALITY},
};
use crate::{judge::JudgePrompt, prompt::Prompt, rng::Stream};
use attributes::{CLASSES, TOPICS};
use corpus::Author;

/// The world with one of its populations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    name: &'static str,
    population: Population,
}

impl Style {
    /// Users who like different things.
    #[must_use]
    pub const fn plural() -> Self {
        Self { name: "style", population: Population::PLURAL }
    }

    /// Users whose majority goes round in a circle.
    #[must_use]
    pub const fn cyclic() -> Self {
        Self { name: "style-cyclic", population: Population::CYCLIC }
    }
}

impl World for Style {
    fn name(&self) -> &'static str {
        self.name
    }

    // The words of Rules, and its starter.
    fn tokenizer_json(&self) -> String {
        Rules.tokenizer_json()
    }

    fn compositional_parts(&self) -> Vec<(usize, usize)> {
        Rules.compositional_parts()
    }

    fn context(&self) -> usize {
        Rules.context()
    }

    fn prompts(&self, seed: u64, split: Split, count: usize) -> Vec<Prompt> {
        split.prompts(seed, count, |stream| draw_from(split, stream).prompt())
    }

    fn judge_prompts(&self) -> Vec<JudgePrompt> {
        Rules.judge_prompts()
    }

    fn language(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus::language(seed, count)
    }

    fn demonstrations(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus::demonstrations(seed, count)
    }

    fn judgements(&self, seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
        corpus::judgements(self.population, seed, count, noise)
    }

    fn preferences(&self, seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)> {
        corpus::preferences(self.population, seed, count, noise)
    }

    fn constrained(&self, prompt: &str) -> bool {
        Constraints::parse(prompt).asks_for_length()
    }

    fn teach(&self, _key: &OracleKey, prompt: &str, stream: &mut Stream) -> Option<String> {
        let author = Author { quality: TEACHER_QUALITY, fillers: 0.2, ..Author::any(stream) };
        Some(author.write(&Constraints::parse(prompt), stream))
    }

    fn grade(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Grade {
        let attributes = Attributes::of(prompt, answer);
        Grade { reward: self.population.mean(&attributes), all_met: attributes.obedience >= 1.0 }
    }

    /// How far more than half of the users prefer the first answer.
    fn margin(&self, key: &OracleKey, prompt: &str, answers: [&str; 2]) -> f64 {
        self.prefer(key, prompt, answers) - 0.5
    }

    fn prefer(&self, _key: &OracleKey, prompt: &str, answers: [&str; 2]) -> f64 {
        let [first, second] = answers.map(|answer| Attributes::of(prompt, answer));
        self.population.prefers([&first, &second])
    }

    /// One author for each class of words, who does as asked and has no words of another class.
    fn rivals(&self, _key: &OracleKey, prompt: &str, stream: &mut Stream) -> Vec<(&'static str, String)> {
        let constraints = Constraints::parse(prompt);
        let mut write =
            |favourite| Author { quality: 1.0, favourite, loyalty: 1.0, fillers: 0.2 }.write(&constraints, stream);
        ["animals", "plants", "weather"].into_iter().zip(0..CLASSES.len()).map(|(name, c)| (name, write(c))).collect()
    }
}

/// Constraints to learn from.
fn draw(stream: &mut Stream) -> Constraints {
    draw_from(Split::Train(0), stream)
}

/// Constraints of one side of the split.
fn draw_from(split: Split, stream: &mut Stream) -> Constraints {
    split.draw(stream, |stream| {
        let mut kinds = [Kind::Must, Kind::First, Kind::Last, Kind::Order, Kind::Length];
        Constraints::draw_of(&mut kinds, &TOPICS, stream)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{text::Tokenizer, world::rules::tokenizer_json};

    #[test]
    fn prompts_are_reproducible_in_the_form_of_rules_and_never_on_both_sides() {
        let world = Style::plural();
        let train = world.prompts(1, Split::Train(1), 300);
        let held_out = world.prompts(2, Split::HeldOut, 300);
        assert_eq!(train, world.prompts(1, Split::Train(1), 300));
        assert_ne!(train, world.prompts(1, Split::Train(2), 300));
        for prompt in train.iter().chain(&held_out) {
            let constraints = Constraints::parse(&prompt.text);
            assert_eq!(constraints.prompt(), prompt.text);
            assert!((2..=4).contains(&constraints.active()), "{}", prompt.text);
        }
        let learned: Vec<String> = train
            .into_iter()
            .map(|p| p.text)
            .chain(world.demonstrations(1, 300).into_iter().map(|d| d.prompt))
            .chain(world.judgements(1, 300, 0.25).into_iter().map(|j| j.prompt))
            .chain(world.preferences(1, 300, 0.25).into_iter().map(|pair| pair.0))
            .collect();
        assert!(held_out.iter().all(|prompt| !learned.contains(&prompt.text)));
    }

    /// The shipped starter's tokenizer has one token for every word and every slot of this world.
    #[test]
    fn every_text_is_in_the_vocabulary_of_rules() {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let world = Style::cyclic();
        for row in world.demonstrations(1, 100).into_iter().chain(world.language(1, 20)) {
            assert_eq!(tokenizer.unknown_word(&row.prompt), None);
            assert_eq!(tokenizer.unknown_word(&row.answer), None);
        }
        for row in world.judgements(1, 100, 0.25) {
            for (slot, label) in row.checks {
                tokenizer.single(&slot).unwrap();
                tokenizer.single(&label).unwrap();
            }
            tokenizer.single(&row.verdict).unwrap();
        }
    }
}
