//! What a recipe noted in its log: numbers with a name, by iteration. Nothing here knows any recipe.

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
    pub of: Vec<(u32, &'a [f32])>,
}

/// What kind of series it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One number an iteration.
    Single,
    /// A few numbers an iteration, each with a meaning of its own.
    Row,
    /// A square of numbers, row by row: who against whom.
    Square,
    /// Many numbers of one kind.
    Many,
}

impl Noted<'_> {
    /// What kind of series it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let count = |at: usize| self.of.get(at).map_or(0, |(_, values)| values.len());
        let most = self.of.iter().map(|(_, values)| values.len()).max().unwrap_or_default();
        let alike = self.of.iter().all(|(_, values)| values.len() == count(0));
        let square = |count: usize| count >= 4 && count.isqrt().pow(2) == count;
        match most {
            0 | 1 => Kind::Single,
            _ if self.name.contains("matrix") && self.of.iter().all(|(_, values)| square(values.len())) => Kind::Square,
            2..=ROW if alike => Kind::Row,
            _ => Kind::Many,
        }
    }

    /// The numbers of an iteration that are there. Of many, some may stand for a prompt that has none.
    #[must_use]
    pub fn numbers(&self, iteration: u32) -> Vec<f64> {
        let many = self.kind() == Kind::Many;
        let values = self.of.iter().find(|(of, _)| *of == iteration).map_or(&[][..], |(_, values)| values);
        let there = |value: &&f32| value.is_finite() && !(many && value.to_bits() == NONE.to_bits());
        values.iter().filter(there).map(|value| f64::from(*value)).collect()
    }

    /// How many numbers an iteration has, with those that stand for none.
    #[must_use]
    pub fn count(&self, iteration: u32) -> usize {
        self.of.iter().find(|(of, _)| *of == iteration).map_or(0, |(_, values)| values.len())
    }
}

impl RunView {
    /// Everything that was noted in an arm, in the order of its first appearance.
    #[must_use]
    pub fn noted(&self, arm: Arm) -> Vec<Noted<'_>> {
        let mut all: Vec<Noted<'_>> = Vec::new();
        for (iteration, of) in self.arms.get(&arm).into_iter().flat_map(|arm| &arm.iterations) {
            for (name, values) in &of.notes {
                match all.iter_mut().find(|noted| noted.name == name) {
                    Some(noted) => noted.of.push((*iteration, values)),
                    None => all.push(Noted { name, of: vec![(*iteration, values)] }),
                }
            }
        }
        all
    }
}

/// The noted series that have a number for every token of an answer: those with as many numbers as all answers
/// to learn from have tokens, answer by answer, or as many as both answers of all pairs have, pair by pair.
#[must_use]
pub fn of_tokens(of: &IterationView, prompt: usize, answer: usize) -> Vec<(String, Vec<f32>)> {
    let Some(tokens) = of.answers.get(prompt).and_then(|answers| answers.get(answer)).map(|answer| answer.ids.len())
    else {
        return Vec::new();
    };
    let all: usize = of.answers.iter().flatten().map(|answer| answer.ids.len()).sum();
    let before: usize = of.answers.iter().take(prompt).flatten().map(|answer| answer.ids.len()).sum::<usize>()
        + of.answers.get(prompt).into_iter().flatten().take(answer).map(|answer| answer.ids.len()).sum::<usize>();
    // Looked for only where a note may need it: pairs name their answers by text.
    let mut of_pairs = None;
    let mut found = Vec::new();
    for (name, values) in of.notes.iter().filter(|(_, values)| values.len() > 1) {
        let from = if values.len() == all {
            Some(before)
        } else {
            let (total, from) = *of_pairs.get_or_insert_with(|| pair_tokens(of, prompt, answer));
            from.filter(|_| values.len() == total)
        };
        if let Some(values) = from.and_then(|from| values.get(from..from + tokens)) {
            found.push((name.clone(), values.to_vec()));
        }
    }
    found
}

/// The tokens of both answers of all pairs, and how many of them stand before an answer; nothing where a pair's
/// answer is not among those that were drawn.
fn pair_tokens(of: &IterationView, prompt: usize, answer: usize) -> (usize, Option<usize>) {
    let of_prompt: std::collections::HashMap<&str, &[Answer]> =
        of.prompts.iter().zip(&of.answers).map(|(prompt, answers)| (prompt.id.as_str(), answers.as_slice())).collect();
    let (mut total, mut from) = (0, None);
    let id = of.prompts.get(prompt).map(|prompt| prompt.id.as_str());
    let text = of.answers.get(prompt).and_then(|answers| answers.get(answer)).map(|answer| answer.text.as_str());
    for pair in &of.pairs {
        for side in &pair.answers {
            let drawn = of_prompt.get(pair.prompt.as_str()).and_then(|all| all.iter().find(|a| a.text == *side));
            let Some(drawn) = drawn else { return (0, None) };
            if from.is_none() && Some(pair.prompt.as_str()) == id && Some(side.as_str()) == text {
                from = Some(total);
            }
            total += drawn.ids.len();
        }
    }
    (total, from)
}

#[cfg(test)]
mod tests {
    use selfsame_core::run::Event;

    use super::*;
    use crate::fold::tests::{note, synthetic};

    #[test]
    fn series_are_kept_by_name_and_iteration() {
        let mut records = synthetic();
        let notes = [
            note(1, "mean", &[0.5]),
            note(1, "each", &[0.25; 40]),
            note(2, "mean", &[0.75]),
            note(2, "each", &[-1.0, 0.5, f32::NAN]),
            note(2, "at goal", &[0.1, 0.2]),
            note(2, "win rate matrix", &[0.5, 0.6, 0.4, 0.5]),
        ];
        records.splice(12..12, notes);
        let view = RunView::of(&records).unwrap();
        let noted = view.noted(Arm::Main);
        let names: Vec<(&str, Kind)> = noted.iter().map(|noted| (noted.name, noted.kind())).collect();
        let expected =
            [("mean", Kind::Single), ("each", Kind::Many), ("at goal", Kind::Row), ("win rate matrix", Kind::Square)];
        assert_eq!(names, expected);
        assert_eq!((noted[0].numbers(1), noted[0].numbers(2), noted[0].numbers(3)), (vec![0.5], vec![0.75], vec![]));
        assert_eq!((noted[1].count(2), noted[1].numbers(2)), (3, vec![0.5]), "-1 stands for none");
        assert!(view.noted(Arm::RandomLabels).is_empty());
    }

    #[test]
    fn a_series_for_every_token_finds_its_answer() {
        // Two answers of two tokens each, of one prompt, and a pair of both.
        let with = |values: &[f32]| {
            let mut records = synthetic();
            records.insert(8, note(1, "credit", values));
            RunView::of(&records).unwrap()
        };
        let of = |view: &RunView, answer| of_tokens(&view.arms[&Arm::Main].iterations[&1], 0, answer);
        let view = with(&[0.1, 0.2, 0.3, 0.4]);
        assert_eq!(of(&view, 0), [("credit".to_owned(), vec![0.1, 0.2])]);
        assert_eq!(of(&view, 1), [("credit".to_owned(), vec![0.3, 0.4])]);
        assert!(of(&view, 2).is_empty());
        assert!(of(&with(&[0.1, 0.2, 0.3]), 0).is_empty(), "as many as nothing has");
        // Of pairs alone, in their order: another answer was drawn that is in none.
        let mut records = synthetic();
        for record in &mut records {
            if let Event::Sampled { purpose, answers, .. } = &mut record.event
                && purpose == "train"
            {
                let other = Answer { text: "other".to_owned(), ..answers[0][0].clone() };
                answers[0].insert(0, other);
            }
        }
        records.insert(8, note(1, "credit", &[0.1, 0.2, 0.3, 0.4]));
        let view = RunView::of(&records).unwrap();
        assert!(of(&view, 0).is_empty());
        assert_eq!(of(&view, 1)[0].1, [0.1, 0.2]);
        assert_eq!(of(&view, 2)[0].1, [0.3, 0.4]);
    }
}
