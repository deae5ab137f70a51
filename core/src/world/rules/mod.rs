//! *Rules*: write a few words that obey two to six verifiable constraints.
//!
//! A prompt is a row of eight slots, each a constraint or `any`:
//! `must:fox never:any first:owl last:any early:sun late:moon twice:bee length:short <resp>`.
//! An answer is up to twenty-odd words. Filler words and the choice of everything that no
//! constraint mentions are free, so that answers differ on the surface without differing in worth.
//!
//! - *Oracle*: the fraction of the prompt's constraints that an answer meets, less a tenth of the share of its adjacent
//!   word pairs that occurred before. All constraints met is `all_met`.
//! - *Generator*: a prompt has two to six of the seven kinds of constraints, each number as often, over distinct words,
//!   and all of them can be met at once. An author tries to meet each constraint with a probability of the answer's own
//!   (uniform) and else to break it; what was asked for comes first, in the order of the slots, and then free words.
//!   The teacher tries in 85 of 100. Who revises an answer keeps its words and repairs, or breaks, each constraint that
//!   it breaks, or meets, in 85 of 100.
//! - *Noise*: a verdict is wrong with the known rate, the labels of the justification before it with a fifth of that. A
//!   wrong score is any of the six, the right one included. A preference stands the wrong way round with the known rate;
//!   answers of equal reward make none. The two judge prompts look at different kinds of constraints.
//! - *Split*: held-out prompts are drawn with random numbers of their own, and nothing else keeps them apart: those of
//!   two constraints are few enough to come again. Of the 4,500 prompts of five runs of three iterations 6 were held
//!   out. Of a run's 200 held-out prompts the shipped starter was taught 6 to 12, with an answer of whatever quality,
//!   and with what it was asked to judge 9 to 19.

pub(super) mod constraint;
pub(super) mod corpus;
mod faults;
mod revision;
mod vocabulary;

pub use constraint::Constraints;
pub(super) use constraint::Kind;
pub(super) use corpus::{CHECK_NOISE, RUBRICS, TEACHER_QUALITY, answer_with, truths};
pub(super) use vocabulary::FILLERS;
pub use vocabulary::{WORDS, compositional_parts, tokenizer_json, tokens};

use super::{Demonstration, Dialogue, FollowUps, Grade, Judgement, OracleKey, Split, World, dialog};
use crate::{judge::JudgePrompt, prompt::Prompt, rng::Stream};

/// The world; it has no settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

/// Longest answer the world's own texts have, in words.
pub const LONGEST_ANSWER: usize = 18;

/// Weight of the repetition penalty in the oracle (methods, *Rules*).
pub(super) const REPETITION_PENALTY: f64 = 0.1;

impl World for Rules {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn prompts(&self, seed: u64, split: Split, count: usize) -> Vec<Prompt> {
        split.prompts(seed, count, |stream| Constraints::draw(stream).prompt())
    }

    fn judge_prompts(&self) -> Vec<JudgePrompt> {
        corpus::judge_prompts()
    }

    fn language(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus::language(seed, count)
    }

    fn demonstrations(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus::demonstrations(seed, count)
    }

    fn judgements(&self, seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
        corpus::judgements(seed, count, noise)
    }

    fn preferences(&self, seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)> {
        corpus::preferences(seed, count, noise, |prompt, answer| grade(prompt, answer).reward)
    }

    fn constrained(&self, prompt: &str) -> bool {
        Constraints::parse(prompt).asks_for_length()
    }

    fn teach(&self, _key: &OracleKey, prompt: &str, stream: &mut Stream) -> Option<String> {
        Some(corpus::lesson(&Constraints::parse(prompt), stream))
    }

    fn revise(
        &self,
        _key: &OracleKey,
        prompt: &str,
        answer: &str,
        better: bool,
        stream: &mut Stream,
    ) -> Option<String> {
        Some(revision::revision(&Constraints::parse(prompt), answer, better, stream))
    }

    fn faults(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Option<Vec<bool>> {
        let words: Vec<&str> = answer.split_whitespace().collect();
        Some(faults::faults(&Constraints::parse(prompt), &words))
    }

    fn grade(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Grade {
        grade(prompt, answer)
    }

    /// The users of [`dialog`] use this world, too; only what counts as right is another matter there.
    fn follow_ups(&self) -> Option<FollowUps> {
        Some(dialog::follow_ups())
    }

    fn dialogues(&self, seed: u64, count: usize) -> Vec<Dialogue> {
        dialog::dialogues(seed, count)
    }

    fn comments(&self, seed: u64, count: usize, noise: f64) -> Vec<Dialogue> {
        dialog::comments(seed, count, noise)
    }

    fn aspects(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Vec<Option<bool>> {
        dialog::aspects(prompt, answer)
    }
}

/// Fraction of constraints met minus a small penalty for repeated word pairs.
pub(super) fn grade(prompt: &str, answer: &str) -> Grade {
    let constraints = Constraints::parse(prompt);
    let words: Vec<&str> = answer.split_whitespace().collect();
    let (met, active) = constraints.count(&words);
    #[allow(clippy::cast_precision_loss)] // at most seven
    let fraction = if active == 0 { 1.0 } else { met as f64 / active as f64 };
    Grade { reward: fraction - REPETITION_PENALTY * repetition(&words), all_met: met == active }
}

/// The share of adjacent word pairs that occurred before in the same answer.
#[allow(clippy::cast_precision_loss)] // word counts
pub(super) fn repetition(words: &[&str]) -> f64 {
    if words.len() < 2 {
        return 0.0;
    }
    let distinct: std::collections::BTreeSet<_> = words.windows(2).collect();
    1.0 - distinct.len() as f64 / (words.len() - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "must:fox never:owl first:sun last:any early:elm late:bee twice:moss length:short <resp>";

    #[test]
    fn reward_is_the_fraction_met() {
        // must, never, first, order, count, length: all six hold.
        let all = grade(PROMPT, "sun fox elm moss moss bee");
        assert!(all.all_met);
        assert!((all.reward - 1.0).abs() < 1e-12, "{all:?}");
        // `first`, `order` and `count` fail.
        let half = grade(PROMPT, "fox moss bee elm");
        assert!(!half.all_met);
        assert!((half.reward - 0.5).abs() < 1e-12, "{half:?}");
    }

    #[test]
    fn repetition_costs_a_tenth_at_most() {
        assert!((repetition(&["a", "b", "c"])).abs() < 1e-12);
        // Four pairs, all equal: three of four are repeats.
        assert!((repetition(&["a"; 5]) - 0.75).abs() < 1e-12);
        let prompt = "must:fox never:any first:any last:any early:any late:any count:any length:any <resp>";
        assert!((grade(prompt, "fox fox fox fox fox").reward - (1.0 - 0.075)).abs() < 1e-12);
    }

    #[test]
    fn prompts_are_reproducible_fresh_and_parse_back() {
        let train = Rules.prompts(1, Split::Train(1), 50);
        assert_eq!(train, Rules.prompts(1, Split::Train(1), 50));
        assert_ne!(train, Rules.prompts(1, Split::Train(2), 50));
        assert_ne!(train, Rules.prompts(2, Split::Train(1), 50));
        for prompt in train.iter().chain(&Rules.prompts(1, Split::HeldOut, 50)) {
            let constraints = Constraints::parse(&prompt.text);
            assert_eq!(constraints.prompt(), prompt.text);
            assert!((2..=6).contains(&constraints.active()), "{}", prompt.text);
        }
    }

    /// Drawn again in Python, generator included.
    #[test]
    fn few_prompts_of_a_run_are_held_out_ones() {
        let texts = |seed, split, count| Rules.prompts(seed, split, count).into_iter().map(|prompt| prompt.text);
        let found: Vec<usize> = (1..=5)
            .map(|seed| {
                let held_out: std::collections::BTreeSet<String> = texts(seed, Split::HeldOut, 200).collect();
                let train = (1..=3).flat_map(|iteration| texts(seed, Split::Train(iteration), 300));
                train.filter(|text| held_out.contains(text)).count()
            })
            .collect();
        assert_eq!(found, [3, 0, 0, 2, 1]);
    }
}
