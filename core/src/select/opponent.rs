//! Answers against those of an opponent.

use super::{Candidates, Origin, Pair};
use crate::sample::FinishReason;

/// Each demonstration against the opponent's answer to its prompt, where that was finished and is another one: SPIN's
/// game (arXiv 2401.01335). An answer that was cut off has no stop token, and its length would tell it apart.
#[must_use]
pub fn games(demonstrations: &[Candidates], answers: &[Candidates]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (given, drawn) in demonstrations.iter().zip(answers) {
        let both = given.answers.iter().chain(&drawn.answers).cloned().collect();
        let game = Candidates { answers: both, ..given.clone() };
        let finished = game.answers.iter().all(|answer| answer.finish == FinishReason::Stop);
        if let [real, own] = &game.answers[..]
            && finished
            && real.ids != own.ids
        {
            pairs.push(Pair::new(&game, 0, 1, 1.0, Origin::SelfPlay));
        }
    }
    pairs
}

/// Every answer against every opponent's answer to its prompt, not labelled: Nash-MD's game (arXiv 2312.00886).
#[must_use]
pub fn duels(answers: &[Candidates], opponents: &[Candidates]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (group, others) in answers.iter().zip(opponents) {
        let both = Candidates { answers: [group.answers.clone(), others.answers.clone()].concat(), ..group.clone() };
        for own in 0..group.answers.len() {
            let against = group.answers.len()..both.answers.len();
            pairs.extend(against.map(|other| Pair::new(&both, own, other, 0.5, Origin::Unlabelled)));
        }
    }
    pairs
}

/// The mean probability of each answer to be preferred to the opponent's, from the preferences of [`duels`] in their
/// order.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a handful of answers
pub fn wins(answers: &[Candidates], opponents: &[Candidates], preferred: &[f32]) -> Vec<Vec<f32>> {
    let mut rest = preferred.iter();
    let mut of = |(group, others): (&Candidates, &Candidates)| {
        let count = others.answers.len();
        let mean = |_| rest.by_ref().take(count).sum::<f32>() / count.max(1) as f32;
        group.answers.iter().map(mean).collect::<Vec<f32>>()
    };
    answers.iter().zip(opponents).map(&mut of).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::named, *};
    use crate::{prompt::Prompt, sample::Answer};

    fn of(ids: &[u32], finish: FinishReason) -> Candidates {
        let answer =
            Answer { ids: ids.to_vec(), text: String::new(), logprobs: Vec::new(), sampling_logprob: 0.0, finish };
        Candidates { prompt: Prompt { id: "p".to_owned(), text: "p".to_owned() }, ids: vec![1], answers: vec![answer] }
    }

    #[test]
    fn the_data_always_wins_and_unfinished_answers_do_not_play() {
        let given = [of(&[5, 2], FinishReason::Stop), of(&[6, 2], FinishReason::Stop), of(&[7, 2], FinishReason::Stop)];
        let drawn =
            [of(&[8, 2], FinishReason::Stop), of(&[8, 9], FinishReason::Length), of(&[7, 2], FinishReason::Stop)];
        let games = games(&given, &drawn);
        assert_eq!(games.len(), 1, "one was cut off, one is the demonstration itself");
        assert_eq!((games[0].answers[0].ids[0], games[0].answers[1].ids[0], games[0].label), (5, 8, 1.0));
        assert!(!games[0].origin.says_better());
    }

    #[test]
    fn every_answer_meets_every_opponent_and_its_wins_are_their_mean() {
        let answers = [named("a", &[10, 11]), named("b", &[12, 13])];
        let opponents = [named("a", &[20, 21]), named("b", &[22, 23])];
        let pairs = duels(&answers, &opponents);
        let met: Vec<(u32, u32)> = pairs.iter().map(|p| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(met, [(10, 20), (10, 21), (11, 20), (11, 21), (12, 22), (12, 23), (13, 22), (13, 23)]);
        let preferred = [1.0, 0.5, 0.0, 0.0, 0.25, 0.75, 1.0, 1.0];
        assert_eq!(wins(&answers, &opponents, &preferred), [vec![0.75, 0.0], vec![0.5, 1.0]]);
    }
}
