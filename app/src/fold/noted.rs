//! What a recipe noted in its log: numbers with a name, by iteration. Nothing here knows any recipe.

use std::borrow::Cow;

use selfsame_core::{run::Arm, sample::Answer};

use super::{IterationView, RunView};

/// Stands for a prompt that has no number.
const NONE: f32 = -1.0;

/// The most numbers of an iteration that are a row of their own, such as one for each goal, instead of many of
/// one kind.
const ROW: usize = 12;

/// Numbers of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted<'a> {
    /// What they are, as the log has it.
    pub name: &'a str,
    /// The numbers of each iteration, as the log has them.
    pub of: Vec<(u32, Cow<'a, [f32]>)>,
}

/// What kind of series it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One number an iteration.
    Single,
    /// A few numbers an iteration, each with a meaning of its own.
    Row,
    /// Many numbers of one kind.
    Many,
}

impl Noted<'_> {
    /// What kind of series it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.of.iter().map(|(_, values)| values.len()).max().unwrap_or_default() {
            0 | 1 => Kind::Single,
            2..=ROW => Kind::Row,
            _ => Kind::Many,
        }
    }

    /// The numbers of an iteration that are there. Of many, some may stand for a prompt that has none.
    #[must_use]
    pub fn numbers(&self, iteration: u32) -> Vec<f64> {
        let many = self.kind() == Kind::Many;
        let values = self.of.iter().filter(|(of, _)| *of == iteration).flat_map(|(_, values)| values.iter());
        let there = |value: &&f32| value.is_finite() && !(many && value.to_bits() == NONE.to_bits());
        values.filter(there).map(|value| f64::from(*value)).collect()
    }

    /// How many numbers an iteration has, with those that stand for none.
    #[must_use]
    pub fn count(&self, iteration: u32) -> usize {
        self.of.iter().find(|(of, _)| *of == iteration).map_or(0, |(_, values)| values.len())
    }
}

impl RunView {
    /// Everything that was noted in an arm, in the order of its first appearance; what tokens are worth, all of
    /// them, comes last.
    #[must_use]
    pub fn noted(&self, arm: Arm) -> Vec<Noted<'_>> {
        let mut all: Vec<Noted<'_>> = Vec::new();
        let iterations = || self.arms.get(&arm).into_iter().flat_map(|arm| &arm.iterations);
        let notes = iterations().flat_map(|(iteration, of)| {
            of.notes.iter().map(|(name, values)| (name.as_str(), *iteration, Cow::Borrowed(values.as_slice())))
        });
        let tokens = iterations().flat_map(|(iteration, of)| {
            of.credited.iter().map(|(name, tokens)| (name.as_str(), *iteration, Cow::Owned(tokens.concat().concat())))
        });
        for (name, iteration, values) in notes.chain(tokens) {
            match all.iter_mut().find(|noted| noted.name == name) {
                Some(noted) => noted.of.push((iteration, values)),
                None => all.push(Noted { name, of: vec![(iteration, values)] }),
            }
        }
        all
    }
}

/// What each token of an answer is worth, by what says so.
#[must_use]
pub fn of_tokens(of: &IterationView, prompt: usize, answer: usize) -> Vec<(String, Vec<f32>)> {
    let Some(drawn) = of.answers.get(prompt).and_then(|answers| answers.get(answer)) else {
        return Vec::new();
    };
    let credited = of.credited.iter().filter_map(|(name, tokens)| {
        let values = if by_prompt(of, tokens) {
            tokens.get(prompt)?.get(answer)?
        } else {
            by_pair(of, tokens, &of.prompts.get(prompt)?.id, drawn)?
        };
        (values.len() == drawn.ids.len()).then(|| (name.clone(), values.clone()))
    });
    credited.collect()
}

/// Whether there is a number for every token of every answer of every prompt.
fn by_prompt(of: &IterationView, tokens: &[Vec<Vec<f32>>]) -> bool {
    let same = |(values, answers): (&Vec<Vec<f32>>, &Vec<Answer>)| {
        values.len() == answers.len() && values.iter().zip(answers).all(|(v, answer)| v.len() == answer.ids.len())
    };
    tokens.len() == of.answers.len() && tokens.iter().zip(&of.answers).all(same)
}

/// The numbers of an answer where they are pair by pair, in the order of the pairs.
fn by_pair<'a>(of: &IterationView, tokens: &'a [Vec<Vec<f32>>], prompt: &str, drawn: &Answer) -> Option<&'a Vec<f32>> {
    of.pairs.iter().zip(tokens).filter(|(pair, _)| pair.prompt == prompt).find_map(|(pair, values)| {
        let side = pair.answers.iter().position(|text| *text == drawn.text)?;
        values.get(side).filter(|values| values.len() == drawn.ids.len())
    })
}

#[cfg(test)]
mod tests {
    use selfsame_core::run::Event;

    use super::*;
    use crate::fold::tests::{credit, note, synthetic};

    #[test]
    fn series_are_kept_by_name_and_iteration() {
        let mut records = synthetic();
        let notes = [
            note(1, "mean", &[0.5]),
            note(1, "each", &[0.25; 40]),
            note(2, "mean", &[0.75]),
            note(2, "each", &[-1.0, 0.5, f32::NAN]),
            note(2, "at goal", &[0.1, 0.2]),
        ];
        records.splice(12..12, notes);
        let view = RunView::of(&records).unwrap();
        let noted = view.noted(Arm::Main);
        let names: Vec<(&str, Kind)> = noted.iter().map(|noted| (noted.name, noted.kind())).collect();
        let expected = [("mean", Kind::Single), ("each", Kind::Many), ("at goal", Kind::Row)];
        assert_eq!(names, expected);
        assert_eq!((noted[0].numbers(1), noted[0].numbers(2), noted[0].numbers(3)), (vec![0.5], vec![0.75], vec![]));
        assert_eq!((noted[1].count(2), noted[1].numbers(2)), (3, vec![0.5]), "-1 stands for none");
        assert!(view.noted(Arm::RandomLabels).is_empty());
    }

    #[test]
    fn what_tokens_are_worth_finds_its_answer() {
        // Two answers of two tokens each, of one prompt, and a pair of both.
        let with = |tokens: &[Vec<Vec<f32>>]| {
            let mut records = synthetic();
            records.insert(8, credit(1, "token credit", tokens));
            RunView::of(&records).unwrap()
        };
        let of = |view: &RunView, answer| of_tokens(&view.arms[&Arm::Main].iterations[&1], 0, answer);
        let both = vec![vec![vec![0.1, 0.2], vec![0.3, 0.4]]];
        let view = with(&both);
        assert_eq!(of(&view, 0), [("token credit".to_owned(), vec![0.1, 0.2])]);
        assert_eq!(of(&view, 1), [("token credit".to_owned(), vec![0.3, 0.4])]);
        assert!(of(&view, 2).is_empty());
        assert!(of(&with(&[vec![vec![0.1]]]), 0).is_empty(), "as many as the answer has not");
        let all = view.noted(Arm::Main);
        assert_eq!((all[0].name, all[0].numbers(1).len()), ("token credit", 4));
        // Pair by pair, where another answer was drawn that is in none.
        let mut records = synthetic();
        for record in &mut records {
            if let Event::Sampled { purpose, answers, .. } = &mut record.event
                && purpose == "train"
            {
                let other = Answer { text: "other".to_owned(), ..answers[0][0].clone() };
                answers[0].insert(0, other);
            }
        }
        records.insert(8, credit(1, "token credit", &both));
        let view = RunView::of(&records).unwrap();
        assert!(of(&view, 0).is_empty());
        assert_eq!(of(&view, 1)[0].1, [0.1, 0.2]);
        assert_eq!(of(&view, 2)[0].1, [0.3, 0.4]);
    }
}
