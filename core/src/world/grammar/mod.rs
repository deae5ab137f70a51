//! *Grammar*: a language so small that all of its sentences can be counted.
//!
//! A prompt is one of [Rules](super::rules) that names three words, or four: one that must occur (`must:`) or come
//! first (`first:`), two in an order, and sometimes one that must not be there (`never:`). The answers are
//!
//! ```text
//! sentence = [ "oh" ] word [ "and" ] word [ "and" ] word
//! ```
//!
//! with the words of the prompt: 216 sentences, or 512 where a word is forbidden. What a model thinks of each of
//! them is computed and not estimated: the likeliest one, its probability, the entropy.
//!
//! - *Oracle*: as in Rules, the fraction of constraints met, for a sentence of the grammar; 0 for anything else.
//! - *Generator* (authors): with `first:` they nearly always write the same sentence, with `must:` they
//!   have several ways to say it, so that the probability of the likeliest answer lies on both sides of one half.
//!   Most of those who are forbidden a word say it: there the likeliest answer is wrong, and being surer of
//!   it is no help.
//! - *Noise*: that of the authors. Judgements are those of Rules, on Rules' answers; preferences err as they say.
//! - *Split*: by the text of the prompt, as in [Style](super::style): what is measured on is never learned from.
//!   Judgements are Rules' own and keep to no split; nor did the shipped starter, to which at most 3 of 200 held-out
//!   prompts were shown, with answers of Rules' authors.
//!
//! The shipped starter knows the words and not the sentences ([`World::familiar`]).

use super::{
    Demonstration, Grade, Judgement, OracleKey, Split, World,
    rules::{
        self, Constraints, WORDS,
        corpus::{corpus_of, preferences_of},
    },
};
use crate::{judge::JudgePrompt, prompt::Prompt, rng::Stream};

/// The world; it has no settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grammar;

const OPENER: &str = "oh";
const JOINT: &str = "and";

/// Share of the prompts that say which word comes first, and of those that forbid one.
const SHARES: [f64; 2] = [0.5, 0.3];

/// How often a forbidden word is said in the place of the wanted one.
const SLIP: f64 = 0.65;

/// What the authors do with a prompt that says which word comes first, and with one that does not.
struct Habits {
    /// How often they begin with the opener.
    opener: f64,
    /// How often they put a joint between two words.
    joint: f64,
    /// How often they write each of the [`ORDERS`], the last of which is any words.
    orders: [f64; 5],
}

const FIRM: Habits = Habits { opener: 0.06, joint: 0.1, orders: [0.84, 0.04, 0.04, 0.04, 0.04] };
const FREE: Habits = Habits { opener: 0.35, joint: 0.4, orders: [0.35, 0.25, 0.2, 0.1, 0.1] };

/// The places of the wanted word (0), the early (1) and the late one (2) in a sentence.
const ORDERS: [[usize; 3]; 4] = [[0, 1, 2], [1, 2, 0], [1, 0, 2], [2, 1, 0]];

impl World for Grammar {
    fn name(&self) -> &'static str {
        "grammar"
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
        split.prompts(seed, count, |stream| draw_from(split, stream).prompt())
    }

    fn judge_prompts(&self) -> Vec<JudgePrompt> {
        rules::Rules.judge_prompts()
    }

    fn language(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus_of((seed, 6), count, draw, |_, stream| {
            let other = draw(stream);
            write(&other, stream)
        })
    }

    fn demonstrations(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus_of((seed, 7), count, draw, write)
    }

    fn judgements(&self, seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
        rules::Rules.judgements(seed, count, noise)
    }

    fn preferences(&self, seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)> {
        preferences_of((seed, 8), (count, noise), draw, write, |prompt, answer| grade(prompt, answer).reward)
    }

    fn teach(&self, _key: &OracleKey, prompt: &str, stream: &mut Stream) -> Option<String> {
        let constraints = Constraints::parse(prompt);
        if stream.chance(0.15) {
            return Some(write(&constraints, stream));
        }
        Some(named(&constraints).get(..3)?.join(" "))
    }

    fn grade(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Grade {
        grade(prompt, answer)
    }

    fn sentences(&self, prompt: &str) -> Option<Vec<String>> {
        Some(sentences(&named(&Constraints::parse(prompt))))
    }

    fn familiar(&self) -> bool {
        false
    }
}

/// Constraints to learn from.
fn draw(stream: &mut Stream) -> Constraints {
    draw_from(Split::Train(0), stream)
}

/// Constraints of one side of the split.
fn draw_from(split: Split, stream: &mut Stream) -> Constraints {
    split.draw(stream, |stream| {
        let mut words: Vec<&str> = WORDS.to_vec();
        stream.shuffle(&mut words);
        let mut words = words.into_iter().map(str::to_owned);
        let mut constraints = Constraints { order: words.next().zip(words.next()), ..Constraints::default() };
        let firm = stream.chance(SHARES[0]);
        *(if firm { &mut constraints.first } else { &mut constraints.must }) = words.next();
        if stream.chance(SHARES[1]) {
            constraints.never = words.next();
        }
        constraints
    })
}

/// The words that a prompt names: the wanted one, the early, the late and the forbidden one.
fn named(constraints: &Constraints) -> Vec<&str> {
    let order = constraints.order.iter().flat_map(|(early, late)| [early, late]);
    let wanted = constraints.first.iter().chain(&constraints.must).take(1);
    wanted.chain(order).chain(&constraints.never).map(String::as_str).collect()
}

/// What an author of the world writes.
fn write(constraints: &Constraints, stream: &mut Stream) -> String {
    let named = named(constraints);
    let habits = if constraints.first.is_some() { FIRM } else { FREE };
    let opener = stream.chance(habits.opener);
    let slip = constraints.never.is_some() && stream.chance(SLIP);
    let mut left = stream.uniform();
    let order = habits.orders.iter().position(|share| {
        left -= share;
        left < 0.0
    });
    let word = |place: usize| match (place, slip) {
        (0, true) => named.last(),
        _ => named.get(place),
    };
    let order = order.and_then(|order| ORDERS.get(order));
    let words: Vec<&str> = match order {
        Some(order) => order.iter().filter_map(|place| word(*place)).copied().collect(),
        None => (0..3).filter_map(|_| stream.pick(&named)).copied().collect(),
    };
    let mut text: Vec<&str> = if opener { vec![OPENER] } else { Vec::new() };
    for (place, word) in words.into_iter().enumerate() {
        if place > 0 && stream.chance(habits.joint) {
            text.push(JOINT);
        }
        text.push(word);
    }
    text.join(" ")
}

/// All sentences with these words.
fn sentences(words: &[&str]) -> Vec<String> {
    let mut texts = vec![String::new(), format!("{OPENER} ")];
    for place in 0..3 {
        let joints: &[&str] = if place == 0 { &[""] } else { &[" ", " and "] };
        let longer = |text: &String| -> Vec<String> {
            joints.iter().flat_map(|joint| words.iter().map(move |word| format!("{text}{joint}{word}"))).collect()
        };
        texts = texts.iter().flat_map(longer).collect();
    }
    texts
}

/// Rules' own grade for a sentence of the grammar, nothing for anything else.
fn grade(prompt: &str, answer: &str) -> Grade {
    let constraints = Constraints::parse(prompt);
    if is_sentence(&named(&constraints), answer) {
        rules::grade(prompt, answer)
    } else {
        Grade { reward: 0.0, all_met: false }
    }
}

fn is_sentence(words: &[&str], answer: &str) -> bool {
    let mut rest = answer.split_whitespace().peekable();
    rest.next_if_eq(&OPENER);
    for place in 0..3 {
        if place > 0 {
            rest.next_if_eq(&JOINT);
        }
        if rest.next_if(|word| words.contains(word)).is_none() {
            return false;
        }
    }
    rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PROMPT: &str = "must:fox never:any first:any last:any early:sun late:elm count:any length:any <resp>";
    const FORBIDDEN: &str = "must:any never:owl first:fox last:any early:sun late:elm count:any length:any <resp>";

    #[test]
    fn all_sentences_and_no_others() {
        for (prompt, count) in [(PROMPT, 2 * 27 * 4), (FORBIDDEN, 2 * 64 * 4)] {
            let sentences = Grammar.sentences(prompt).unwrap();
            assert_eq!(sentences.iter().collect::<BTreeSet<_>>().len(), count);
            let constraints = Constraints::parse(prompt);
            assert!(sentences.iter().all(|text| is_sentence(&named(&constraints), text)));
        }
        let words = ["fox", "sun", "elm"];
        for text in ["oh fox and sun elm", "fox fox fox", "sun and elm and fox"] {
            assert!(is_sentence(&words, text), "{text}");
        }
        for text in ["", "oh", "fox sun", "and fox sun elm", "fox sun elm elm", "fox sun elm and", "fox owl elm"] {
            assert!(!is_sentence(&words, text), "{text}");
        }
    }

    #[test]
    fn answers_graded_by_hand() {
        let of = |prompt, answer| {
            let grade = grade(prompt, answer);
            (grade.reward, grade.all_met)
        };
        assert_eq!(of(PROMPT, "oh sun and fox elm"), (1.0, true));
        assert_eq!(of(PROMPT, "elm sun fox"), (0.5, false));
        assert_eq!(of(PROMPT, "fox sun elm now"), (0.0, false), "no sentence, though all constraints are met");
        assert_eq!(of(FORBIDDEN, "fox sun elm"), (1.0, true));
        assert!((of(FORBIDDEN, "owl sun elm").0 - 1.0 / 3.0).abs() < 1e-12, "of three constraints the order alone");
        assert!((of(FORBIDDEN, "oh fox sun elm").0 - 2.0 / 3.0).abs() < 1e-12, "the fox does not come first");
    }

    #[test]
    fn authors_write_sentences_and_slip_where_a_word_is_forbidden() {
        let rows = Grammar.demonstrations(3, 4000);
        let mut counts = [[0.0_f64; 2]; 2];
        for row in &rows {
            let constraints = Constraints::parse(&row.prompt);
            assert!(is_sentence(&named(&constraints), &row.answer), "{row:?}");
            let of = &mut counts[usize::from(constraints.never.is_some())];
            of[0] += 1.0;
            of[1] += f64::from(u8::from(grade(&row.prompt, &row.answer).all_met));
        }
        let right = counts.map(|[all, right]| right / all);
        assert!((0.7..0.85).contains(&right[0]) && (0.2..0.35).contains(&right[1]), "{right:?}");
    }

    #[test]
    fn no_prompt_is_on_both_sides() {
        let held_out: BTreeSet<String> =
            Grammar.prompts(2, Split::HeldOut, 400).into_iter().map(|prompt| prompt.text).collect();
        let mut learned: Vec<String> = Grammar.prompts(2, Split::Train(1), 400).into_iter().map(|p| p.text).collect();
        learned.extend(Grammar.demonstrations(1, 4800).into_iter().map(|row| row.prompt));
        learned.extend(Grammar.language(1, 400).into_iter().map(|row| row.prompt));
        learned.extend(Grammar.preferences(1, 400, 0.25).into_iter().map(|row| row.0));
        assert!(learned.iter().all(|prompt| !held_out.contains(prompt)));
        // They are few enough that many of one side come again.
        let distinct: BTreeSet<&String> = learned.iter().collect();
        assert!(distinct.len() < learned.len() - 100, "{} of {}", distinct.len(), learned.len());
    }
}
