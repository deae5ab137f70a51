//! The annotators of a world: people, a ranker or a stronger model, as far as a recipe's card says that
//! its paper has them.

use super::oracle::OracleKey;
use crate::{
    recipe::{OracleUse, Recipe},
    rng::{Purpose, Stream},
    select::{Candidates, Pair},
    world::World,
};

/// How often the annotators err (Rules: a quarter, within the 20-35 % of the method cards): a preference
/// is then the wrong way round, a score any of the scale.
pub const NOISE: f64 = 0.25;

/// The permission to ask the annotators, for one recipe.
///
/// Only a recipe whose card says [`OracleUse::Annotator`] can have one; others do not compile:
///
/// ```compile_fail
/// use selfsame_core::{measure::annotator::Annotator, recipe::self_rewarding::srlm::Srlm};
/// let annotator = Annotator::of::<Srlm>(); // its card says that it sees nothing of the truth
/// ```
///
/// ```
/// use selfsame_core::{measure::annotator::Annotator, recipe::preference::dpo::Dpo};
/// let annotator = Annotator::of::<Dpo>();
/// ```
///
/// The laboratory takes it from no other recipe than the one that runs.
#[derive(Debug)]
pub struct Annotator {
    recipe: &'static str,
}

impl Annotator {
    /// The top of their scale where a paper has none of its own, or one of a length for larger models: as for judges
    /// the scores are from 0 to 5, each of them one token (our choice).
    pub const SCALE: usize = 5;

    /// The annotators of a recipe whose card has them.
    #[must_use]
    pub const fn of<R: Recipe>() -> Self {
        const {
            assert!(matches!(R::CARD.oracle, OracleUse::Annotator), "the recipe's card has no annotator");
        }
        Self { recipe: R::CARD.id }
    }

    /// Whose annotators they are.
    pub(crate) fn recipe(&self) -> &'static str {
        self.recipe
    }
}

/// The scores that annotators give to answers, from 0 to `top`: the truth rounded to the scale, or with
/// probability [`NOISE`] any score of the scale.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // scores of a short scale
pub(crate) fn scores(
    world: &dyn World,
    (seed, iteration): (u64, u32),
    candidates: &[Candidates],
    top: usize,
) -> Vec<Vec<f32>> {
    let key = OracleKey::new();
    candidates
        .iter()
        .enumerate()
        .map(|(index, group)| {
            let mut stream = Stream::new(seed, Purpose::Annotator, iteration, index as u64);
            group
                .answers
                .iter()
                .map(|answer| {
                    let any = stream.below(top + 1);
                    if stream.chance(NOISE) {
                        return any as f32;
                    }
                    let truth = world.grade(&key, &group.prompt.text, &answer.text).reward;
                    (truth.clamp(0.0, 1.0) * top as f64).round() as f32
                })
                .collect()
        })
        .collect()
}

/// The share of the annotators who prefer the first answer of each pair: the world's, of whom each turns round with
/// probability [`NOISE`].
pub(crate) fn preferences(world: &dyn World, pairs: &[Pair]) -> Vec<f64> {
    let key = OracleKey::new();
    pairs
        .iter()
        .map(|pair| {
            let truth = world.prefer(&key, &pair.text, [&pair.answers[0].text, &pair.answers[1].text]);
            truth * (1.0 - NOISE) + (1.0 - truth) * NOISE
        })
        .collect()
}

/// The answer of a stronger model to a prompt; `None` where the world has none.
pub(crate) fn teach(world: &dyn World, (seed, iteration): (u64, u32), index: usize, prompt: &str) -> Option<String> {
    let mut stream = Stream::new(seed, Purpose::Annotator, iteration, 1 << 32 | index as u64);
    world.teach(&OracleKey::new(), prompt, &mut stream)
}

/// An answer as the annotators revise it, to be better and to be worse: edits of the answer. Like a teacher they can
/// leave something as it was, and never do the opposite of what they were asked for. `None` where nobody revises.
pub(crate) fn revise(
    world: &dyn World,
    (seed, iteration): (u64, u32),
    index: usize,
    (prompt, answer): (&str, &str),
) -> Option<[String; 2]> {
    let key = OracleKey::new();
    let mut stream = Stream::new(seed, Purpose::Annotator, iteration, 2 << 32 | index as u64);
    let mut written = |better: bool| world.revise(&key, prompt, answer, better, &mut stream);
    Some([written(true)?, written(false)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        prompt::Prompt,
        sample::{Answer, FinishReason},
        world::rules::Rules,
    };

    fn candidates(count: usize) -> Vec<Candidates> {
        let answer = |text: &str| Answer {
            ids: vec![2],
            text: text.to_owned(),
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            finish: FinishReason::Stop,
        };
        let prompt = Prompt { id: "p".to_owned(), text: "must:fox last:owl <resp>".to_owned() };
        let group = Candidates { prompt, ids: vec![1], answers: vec![answer("fox owl"), answer("the owl")] };
        vec![group; count]
    }

    #[test]
    fn scores_are_the_truth_or_any() {
        let rows = scores(&Rules, (5, 1), &candidates(4000), 6);
        for (answer, truth) in [(0, 6.0), (1, 3.0)] {
            let right = rows.iter().filter(|row| row[answer] == truth).count();
            // A quarter is random, of which a seventh is right by chance.
            let expected = 4000.0 * (0.75 + 0.25 / 7.0);
            #[allow(clippy::cast_precision_loss)]
            let deviation = (right as f64 - expected).abs();
            assert!(deviation < 90.0, "{right} of 4000 instead of {expected}");
        }
        assert!(rows.iter().flatten().all(|score| (0.0..=6.0).contains(score)));
        assert_eq!(rows, scores(&Rules, (5, 1), &candidates(4000), 6));
        assert_ne!(rows, scores(&Rules, (5, 2), &candidates(4000), 6));
    }

    #[test]
    fn shares_of_annotators_are_the_truth_but_for_noise_and_sum_to_one() {
        use crate::select::{Origin, Pair};
        let group = &candidates(1)[0];
        let pair = |first, second| Pair::new(group, first, second, 0.5, Origin::Unlabelled);
        // The first answer meets both constraints, the second one.
        let found = preferences(&Rules, &[pair(0, 1), pair(1, 0), pair(0, 0)]);
        for (found, expected) in found.iter().zip([0.75, 0.25, 0.5]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
    }

    /// The texts were drawn in Python, generator included: all is met by 458 of the better revisions, and the means
    /// are 0.930, 0.491 and 0.056.
    #[test]
    fn revisions_go_their_way_and_can_fail() {
        let (mut means, mut all) = ([0.0; 3], 0);
        for (index, row) in Rules.demonstrations(3, 600).into_iter().enumerate() {
            let [better, worse] = revise(&Rules, (3, 1), index, (&row.prompt, &row.answer)).unwrap();
            let grades = [&better, &row.answer, &worse].map(|text| Rules.grade(&OracleKey::new(), &row.prompt, text));
            assert!(grades.is_sorted_by(|a, b| a.reward >= b.reward), "{}: {better}, {worse}", row.prompt);
            means = [0, 1, 2].map(|side| means[side] + grades[side].reward / 600.0);
            all += u32::from(grades[0].all_met);
        }
        assert_eq!(all, 458);
        for (mean, expected) in means.iter().zip([0.930, 0.491, 0.056]) {
            assert!((mean - expected).abs() < 5e-4, "{means:?}");
        }
    }

    #[test]
    fn the_teacher_is_good_and_can_lose() {
        let prompts = Rules.prompts(3, crate::world::Split::Train(1), 400);
        let rewards: Vec<f64> = prompts
            .iter()
            .enumerate()
            .map(|(index, prompt)| {
                let text = teach(&Rules, (3, 1), index, &prompt.text).unwrap();
                Rules.grade(&OracleKey::new(), &prompt.text, &text).reward
            })
            .collect();
        #[allow(clippy::cast_precision_loss)]
        let mean = rewards.iter().sum::<f64>() / rewards.len() as f64;
        assert!((0.7..0.95).contains(&mean), "{mean}");
        assert!(rewards.iter().any(|reward| *reward < 0.5));
    }
}
