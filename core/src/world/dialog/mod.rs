//! *Dialog*: a user asks, the model replies, and the user says something about the reply.
//!
//! Prompts and replies are those of [Rules](super::rules), in its vocabulary. What a reply is worth are four
//! bits (`quality.rs`): relevant, correct, informative, follows. A scripted user (`user.rs`) reacts
//! with phrases of the same words, whose frequencies depend on the bits, and on more than them: some phrases are
//! habits, who forbids a word is hard to please, and after a long reply the user often says nothing about it.
//!
//! - *Oracle*: the share of the bits that are set, of those that the prompt asks for, less a tenth of the share of
//!   repeated word pairs. All bits set is `all_met`.
//! - *Generator*: replies of mixed quality are written by the authors of Rules, reactions drawn from the user's
//!   exact distribution.
//! - *Noise*: a satisfied phrase follows a bit that is not set with probability 0.01 from the hard to please and
//!   0.38 from the polite, a dissatisfied one a bit that is set with 0.38 and 0.01. Preferences and judgements err
//!   as those of Rules; judgements are about Rules' constraints.
//! - *Split*: that of Rules, whose prompts are asked here: drawn apart, and a few come on both sides.

mod quality;
mod user;

use super::{Demonstration, Dialogue, FollowUps, Grade, Judgement, OracleKey, Split, World, rules};
use crate::{
    judge::JudgePrompt,
    prompt::Prompt,
    rng::{Purpose, Stream},
};

/// The world; it has no settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialog;

impl World for Dialog {
    fn name(&self) -> &'static str {
        "dialog"
    }

    // The words of Rules, and its starter.
    fn tokenizer_json(&self) -> String {
        rules::Rules.tokenizer_json()
    }

    fn compositional_parts(&self) -> Vec<(usize, usize)> {
        rules::Rules.compositional_parts()
    }

    fn context(&self) -> usize {
        rules::Rules.context()
    }

    fn prompts(&self, seed: u64, split: Split, count: usize) -> Vec<Prompt> {
        rules::Rules.prompts(seed, split, count)
    }

    fn judge_prompts(&self) -> Vec<JudgePrompt> {
        rules::Rules.judge_prompts()
    }

    fn language(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        rules::Rules.language(seed, count)
    }

    fn demonstrations(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        rules::Rules.demonstrations(seed, count)
    }

    fn judgements(&self, seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
        rules::Rules.judgements(seed, count, noise)
    }

    fn preferences(&self, seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)> {
        rules::corpus::preferences(seed, count, noise, |prompt, reply| grade(prompt, reply).reward)
    }

    fn teach(&self, key: &OracleKey, prompt: &str, stream: &mut Stream) -> Option<String> {
        rules::Rules.teach(key, prompt, stream)
    }

    fn grade(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Grade {
        grade(prompt, answer)
    }

    fn follow_ups(&self) -> Option<FollowUps> {
        Some(user::follow_ups())
    }

    fn dialogues(&self, seed: u64, count: usize) -> Vec<Dialogue> {
        dialogues(seed, count)
    }

    fn comments(&self, seed: u64, count: usize, noise: f64) -> Vec<Dialogue> {
        comments(seed, count, noise)
    }

    fn aspects(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Vec<Option<bool>> {
        aspects(prompt, answer)
    }
}

/// Replies of mixed quality and what the user says to them.
pub(super) fn dialogues(seed: u64, count: usize) -> Vec<Dialogue> {
    written(seed, 4, count, user::react)
}

/// Replies of mixed quality and what annotators comment, who err with probability `noise`.
pub(super) fn comments(seed: u64, count: usize, noise: f64) -> Vec<Dialogue> {
    written(seed, 5, count, |prompt, reply, stream| user::comment(prompt, reply, noise, stream))
}

/// The bits of an answer, in the order of the follow-ups' lists.
pub(super) fn aspects(prompt: &str, answer: &str) -> Vec<Option<bool>> {
    quality::bits(prompt, answer).to_vec()
}

/// The lists of what the user says.
pub(super) fn follow_ups() -> FollowUps {
    user::follow_ups()
}

fn written(seed: u64, part: u32, count: usize, said: impl Fn(&str, &str, &mut Stream) -> String) -> Vec<Dialogue> {
    (0..count)
        .map(|index| {
            let mut stream = Stream::new(seed, Purpose::Corpus, part, index as u64);
            let constraints = rules::Constraints::draw(&mut stream);
            let quality = stream.uniform();
            let reply = rules::corpus::answer(&constraints, quality, &mut stream);
            let prompt = constraints.prompt();
            Dialogue { follow_up: said(&prompt, &reply, &mut stream), prompt, reply }
        })
        .collect()
}

fn grade(prompt: &str, reply: &str) -> Grade {
    let bits = quality::bits(prompt, reply);
    let words: Vec<&str> = reply.split_whitespace().collect();
    Grade {
        reward: quality::share(bits) - rules::REPETITION_PENALTY * rules::repetition(&words),
        all_met: bits.into_iter().flatten().all(|bit| bit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_the_share_of_the_bits_less_repetition() {
        let prompt = "must:fox never:owl first:any last:any early:sun late:elm count:any length:short <resp>";
        assert_eq!(grade(prompt, "fox sun so elm"), Grade { reward: 1.0, all_met: true });
        // Relevant and informative; the order is wrong and it is too short.
        assert_eq!(grade(prompt, "fox elm sun"), Grade { reward: 0.5, all_met: false });
        // Three of four word pairs were there before.
        let dull = grade(prompt, "fox fox fox fox fox");
        assert!((dull.reward - (0.5 - 0.075)).abs() < 1e-12, "{dull:?}");
    }

    #[test]
    fn dialogues_are_of_mixed_quality_fresh_and_reproducible() {
        let rows = Dialog.dialogues(1, 1000);
        assert_eq!(rows, Dialog.dialogues(1, 1000));
        assert_ne!(rows, Dialog.dialogues(2, 1000));
        #[allow(clippy::cast_precision_loss)]
        let mean = rows.iter().map(|row| grade(&row.prompt, &row.reply).reward).sum::<f64>() / rows.len() as f64;
        assert!((0.35..0.65).contains(&mean), "{mean}");
        assert_ne!(rows, Dialog.comments(1, 1000, 0.0));
    }

    #[test]
    fn prompts_and_their_split_are_those_of_rules() {
        for split in [Split::Train(2), Split::HeldOut] {
            assert_eq!(Dialog.prompts(3, split, 50), rules::Rules.prompts(3, split, 50));
        }
        assert_ne!(Dialog.prompts(3, Split::Train(2), 50), Dialog.prompts(3, Split::HeldOut, 50));
    }

    #[test]
    fn annotators_of_this_world_judge_by_its_bits() {
        let wrong = |noise| {
            let rows = Dialog.preferences(4, 600, noise);
            rows.iter().filter(|(x, w, l)| grade(x, w).reward < grade(x, l).reward).count()
        };
        assert_eq!(wrong(0.0), 0);
        assert!((110..190).contains(&wrong(0.25)), "{}", wrong(0.25));
    }
}
