//! The scripted user: what he says after a reply, and how often.

use super::quality::{ASPECTS, bits, share};
use crate::{
    rng::Stream,
    world::{FollowUp, FollowUps, rules::Constraints},
};

/// The word that names each aspect in a follow-up, in the order of [`ASPECTS`].
const NAMES: [&str; 4] = ["here", "so", "very", "then"];

/// How often the user speaks of each aspect, relative to the others.
const SALIENCE: [f64; 4] = [4.0, 3.0, 2.0, 3.0];

/// What can end a follow-up.
const ENDINGS: [&str; 5] = ["", " oh", " now", " and", " the"];

/// How often each phrase of a list is used: of a satisfied user one is a habit, of a dissatisfied one none is.
/// A list's mean log-likelihood differs by that alone, whatever the reply.
const HABITS: [[f64; 10]; 2] =
    [[10.0, 3.0, 2.0, 1.0, 1.0, 5.0, 2.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0, 3.0, 2.0, 2.0, 2.0, 3.0, 2.0]];

/// What the user says where he goes on without a word about the reply.
const NEUTRAL: [&str; 4] = ["and then", "oh", "now and", "the very"];

/// How much an opinion counts: the logit of a satisfied phrase goes from minus to plus half of it.
const OPINION: f64 = 5.0;

/// How far a mood moves that logit: whoever forbids a word is hard to please, everyone else polite.
const MOOD: f64 = 2.0;

/// After each word of a reply the user is so much likelier to go on without a word about it.
const IMPATIENCE: f64 = 0.05;

/// The phrases about one aspect: ten of a satisfied user, ten of a dissatisfied one, alike but for a word.
fn phrases(aspect: usize) -> [Vec<String>; 2] {
    ["yes", "no"].map(|word| {
        let times = |times: usize| vec![word; times].join(" ");
        (1..=2).flat_map(|n| ENDINGS.map(|ending| format!("{} {}{ending}", NAMES[aspect], times(n)))).collect()
    })
}

/// The lists of follow-ups, and where they stand. The user's turns are what stands before the mark `<resp>`,
/// which hands the turn to the model, whose turns end with `<eos>`. After the reply it is the user's turn: he
/// looks at what he asked for again and says what he thinks of the reply. With the roles swapped it is the
/// model that asks, after being told to, and comments.
pub(super) fn follow_ups() -> FollowUps {
    let aspect = |index: usize| {
        let [satisfied, dissatisfied] = phrases(index);
        FollowUp { aspect: ASPECTS[index].to_owned(), satisfied, dissatisfied }
    };
    FollowUps {
        lists: (0..ASPECTS.len()).map(aspect).collect(),
        turn: "<resp>".to_owned(),
        plain: "{request} <resp> {response} <eos> <check> {request}".to_owned(),
        swapped: "<check> <resp> {request} <eos> {response} <resp> <check> {request}".to_owned(),
        generic: "so the very".to_owned(),
    }
}

/// The probability of every follow-up, by its text.
#[allow(clippy::cast_precision_loss)] // words and phrases
fn distribution(prompt: &str, reply: &str) -> Vec<(String, f64)> {
    let bits = bits(prompt, reply);
    let whole = share(bits);
    let mood = if Constraints::parse(prompt).never.is_some() { -MOOD } else { MOOD };
    let silence = (IMPATIENCE * reply.split_whitespace().count() as f64).min(0.9);
    let mut found: Vec<(String, f64)> =
        NEUTRAL.iter().map(|text| ((*text).to_owned(), silence / NEUTRAL.len() as f64)).collect();
    let salience: f64 = SALIENCE.iter().sum();
    for (aspect, bit) in bits.into_iter().enumerate() {
        // Where nothing was asked for, the whole reply colours the opinion.
        let opinion = bit.map_or(whole, |bit| f64::from(u8::from(bit)));
        let satisfied = 1.0 / (1.0 + (-(OPINION * (opinion - 0.5) + mood)).exp());
        let sides = phrases(aspect).into_iter().zip([satisfied, 1.0 - satisfied]).zip(HABITS);
        for ((phrases, side), habits) in sides {
            let all: f64 = habits.iter().sum();
            let said = (1.0 - silence) * SALIENCE[aspect] / salience * side / all;
            found.extend(phrases.into_iter().zip(habits).map(|(text, habit)| (text, said * habit)));
        }
    }
    found
}

/// What the user says to a reply.
pub(super) fn react(prompt: &str, reply: &str, stream: &mut Stream) -> String {
    pick(distribution(prompt, reply), stream)
}

/// What an annotator says about a reply who was asked for a comment: about one aspect that the prompt asks for,
/// every one as often, without moods, and the wrong way round with probability `noise`.
pub(super) fn comment(prompt: &str, reply: &str, noise: f64, stream: &mut Stream) -> String {
    let asked: Vec<(usize, bool)> =
        bits(prompt, reply).into_iter().enumerate().filter_map(|(aspect, bit)| Some((aspect, bit?))).collect();
    let (aspect, bit) = stream.pick(&asked).copied().unwrap_or((0, true));
    let [satisfied, dissatisfied] = phrases(aspect);
    let said = if bit == stream.chance(noise) { dissatisfied } else { satisfied };
    stream.pick(&said).cloned().unwrap_or_default()
}

fn pick(distribution: Vec<(String, f64)>, stream: &mut Stream) -> String {
    let mut left = stream.uniform();
    let mut last = String::new();
    for (text, probability) in distribution {
        left -= probability;
        last = text;
        if left < 0.0 {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    const ASKED: &str = "must:fox never:any first:any last:any early:sun late:elm count:any length:any <resp>";
    const FORBIDDEN: &str = "must:fox never:owl first:any last:any early:sun late:elm count:any length:any <resp>";

    fn said(prompt: &str, reply: &str, which: impl Fn(&str) -> bool) -> f64 {
        distribution(prompt, reply).iter().filter(|(text, _)| which(text)).map(|(_, p)| p).sum()
    }

    #[test]
    fn lists_are_balanced_and_no_phrase_belongs_to_two() {
        let follow_ups = follow_ups();
        let mut seen: std::collections::BTreeSet<String> = NEUTRAL.iter().map(|text| (*text).to_owned()).collect();
        for list in &follow_ups.lists {
            assert_eq!((list.satisfied.len(), list.dissatisfied.len()), (10, 10));
            for (good, bad) in list.satisfied.iter().zip(&list.dissatisfied) {
                assert_eq!(good.split(' ').count(), bad.split(' ').count(), "one side has longer phrases");
                assert!(seen.insert(good.clone()) && seen.insert(bad.clone()), "{good} or {bad} comes twice");
            }
        }
        let tokens = crate::world::rules::tokens();
        assert!(seen.iter().flat_map(|text| text.split(' ')).all(|word| tokens.iter().any(|token| token == word)));
    }

    #[test]
    fn opinions_follow_the_bits_and_more_than_the_bits() {
        let good = "fox sun elm";
        for prompt in [ASKED, FORBIDDEN] {
            assert!((said(prompt, good, |_| true) - 1.0).abs() < 1e-12);
        }
        // A reply of three words, and the aspect `correct`, of which a quarter of what is said speaks.
        let spoken = 1.0 - 3.0 * IMPATIENCE;
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let about = |prompt, reply, word: &str| said(prompt, reply, |text| text.starts_with(&format!("so {word}")));
        for (prompt, reply, logit) in [
            (ASKED, good, OPINION / 2.0 + MOOD),
            (ASKED, "fox elm sun", MOOD - OPINION / 2.0),
            (FORBIDDEN, good, OPINION / 2.0 - MOOD),
            (FORBIDDEN, "fox elm sun", -OPINION / 2.0 - MOOD),
        ] {
            let expected = spoken * 0.25 * sigmoid(logit);
            assert!((about(prompt, reply, "yes") - expected).abs() < 1e-12, "{prompt} {reply}");
            assert!((about(prompt, reply, "yes") + about(prompt, reply, "no") - spoken * 0.25).abs() < 1e-12);
        }
        // Who forbids a word complains of a good reply about as often as others do of a bad one.
        assert!(about(FORBIDDEN, good, "no") > 0.3 * about(ASKED, "fox elm sun", "no"));
        // Nothing is asked of how it follows: of a reply without a bit that is set nobody thinks well.
        let follows = said(ASKED, "so so so", |text| text.starts_with("then yes"));
        assert!((follows - spoken * 0.25 * sigmoid(MOOD - OPINION / 2.0)).abs() < 1e-12);
        // A longer reply is commented on less.
        let neutral = |reply| said(ASKED, reply, |text| NEUTRAL.contains(&text));
        assert!((neutral("fox sun elm so so so so so so so") - 0.5).abs() < 1e-12 && neutral(good) < 0.16);
    }

    #[test]
    fn what_is_said_is_drawn_from_the_distribution_and_comments_err_as_they_say() {
        let (mut yes, mut wrong) = (0.0, 0.0);
        for item in 0..4000 {
            let mut stream = Stream::new(2, Purpose::Corpus, 9, item);
            yes += f64::from(u8::from(react(ASKED, "fox elm sun", &mut stream).starts_with("so yes")));
            let comment = comment(ASKED, "fox elm sun", 0.25, &mut stream);
            assert!(!comment.starts_with("then"), "nobody asked for that");
            wrong += f64::from(u8::from(comment.split(' ').any(|word| word == "no") != comment.starts_with("so")));
        }
        let expected = said(ASKED, "fox elm sun", |text| text.starts_with("so yes"));
        assert!((yes / 4000.0 - expected).abs() < 0.015, "{yes} {expected}");
        assert!((wrong / 4000.0 - 0.25).abs() < 0.025, "{wrong}");
    }
}
