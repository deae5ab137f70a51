//! The lessons: Markdown that is part of the program, with a header for title and exercise.

use std::sync::LazyLock;

use ::markdown::mdast::Node;
use serde::Deserialize;

use super::question::Kind;
use crate::view::markdown;

/// The lessons by their names, under which it is remembered what was done in them.
const FILES: [(&str, &str); 6] = [
    ("reward", include_str!("../../../../../assets/lessons/1-reward.md")),
    ("sampling", include_str!("../../../../../assets/lessons/2-sampling.md")),
    ("judge", include_str!("../../../../../assets/lessons/3-judge.md")),
    ("bias", include_str!("../../../../../assets/lessons/4-bias.md")),
    ("agreement", include_str!("../../../../../assets/lessons/5-agreement.md")),
    ("learned", include_str!("../../../../../assets/lessons/6-learned.md")),
];

/// A lesson.
#[derive(Debug)]
pub struct Lesson {
    /// Its name in what is remembered.
    pub name: &'static str,
    /// Its title.
    pub title: String,
    /// Its text.
    pub blocks: Vec<Node>,
    /// Its exercise.
    pub exercise: Exercise,
}

/// What a lesson ends with. The texts are Markdown with `{name}` for numbers of the run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// How the right answer is computed.
    pub kind: Kind,
    /// What is asked.
    pub question: String,
    /// What is said to a wrong answer.
    pub hint: String,
    /// What is said to the right one.
    pub right: String,
    /// What is asked where no run has the numbers.
    pub otherwise: Otherwise,
}

/// A question that needs no run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otherwise {
    /// What is asked.
    pub question: String,
    /// What can be chosen.
    pub choices: Vec<String>,
    /// The right choice, counted from 1.
    pub answer: usize,
    /// What is said to a wrong answer.
    pub hint: String,
    /// What is said to the right one.
    pub right: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    title: String,
    exercise: Exercise,
}

static BOOK: LazyLock<Vec<Lesson>> = LazyLock::new(|| FILES.iter().map(|&(name, text)| lesson(name, text)).collect());

/// All lessons, in order.
pub fn lessons() -> &'static [Lesson] {
    &BOOK
}

fn lesson(name: &'static str, text: &str) -> Lesson {
    let document = markdown::parse(text);
    match toml::from_str::<Header>(&document.header) {
        Ok(Header { title, exercise }) => Lesson { name, title, blocks: document.blocks, exercise },
        // The files are part of the program and a test reads them.
        Err(problem) => unreachable!("assets/lessons: {problem}"),
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::world;

    use super::*;
    use crate::{fold::learned, view::panels::lessons::link::Link};

    #[test]
    fn there_are_six_lessons_that_can_be_drawn() {
        assert_eq!(lessons().len(), 6);
        for lesson in lessons() {
            let unknown: Vec<_> = lesson.blocks.iter().filter(|node| !markdown::known(node)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", lesson.title);
            let Some(Node::Heading(first)) = lesson.blocks.first() else { panic!("{} has no heading", lesson.title) };
            assert_eq!(first.depth, 1);
        }
    }

    #[test]
    fn every_link_does_something() {
        for lesson in lessons() {
            let exercise = &lesson.exercise;
            let asked = [&exercise.question, &exercise.otherwise.question].map(|text| markdown::parse(text).blocks);
            let all = asked.iter().map(Vec::as_slice).chain([&lesson.blocks[..]]);
            let links: Vec<&str> = all.flat_map(markdown::links).collect();
            assert!(links.len() >= 2, "{} drives nothing", lesson.title);
            for link in links {
                assert!(Link::parse(link).is_some(), "{}: {link}", lesson.title);
            }
        }
    }

    #[test]
    fn every_question_without_a_run_has_its_right_answer_among_the_choices() {
        for lesson in lessons() {
            let otherwise = &lesson.exercise.otherwise;
            assert!(otherwise.choices.len() >= 3, "{}", lesson.title);
            assert!((1..=otherwise.choices.len()).contains(&otherwise.answer), "{}", lesson.title);
        }
    }

    /// What the lessons claim about rewards is what the oracle says.
    #[test]
    fn the_rewards_in_the_first_lesson_are_right() {
        let world = world::by_name("rules").unwrap();
        let reward = |prompt: &str, text: &str| learned::reward(Some(&*world), prompt, text).unwrap();
        let text = FILES[0].1;
        let prompt = "must:fox never:owl first:sun length:short";
        assert!(text.contains(prompt));
        for line in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, answer, _, expected, _] = cells[..] else { panic!("{line}") };
            assert_eq!(format!("{:.3}", reward(prompt, answer.trim_matches('`'))), expected, "{line}");
        }
        let otherwise = &lessons()[0].exercise.otherwise;
        let prompt = "must:fox never:owl last:moon length:short";
        assert!(otherwise.question.contains(prompt));
        for (number, choice) in (1..).zip(&otherwise.choices) {
            assert_eq!(reward(prompt, choice) == 1.0, number == otherwise.answer, "{choice}");
        }
    }

    #[test]
    fn the_probabilities_in_the_second_lesson_are_right() {
        for line in FILES[1]
            .1
            .lines()
            .filter(|line| line.starts_with("| 0.5 |") || line.starts_with("| 1 |") || line.starts_with("| 2 |"))
        {
            let cells: Vec<&str> = line.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
            let temperature: f64 = cells[0].parse().unwrap();
            let weights = [2.0, 1.0, 0.0].map(|score: f64| (score / temperature).exp());
            let total: f64 = weights.iter().sum();
            for (cell, weight) in cells[1..].iter().zip(weights) {
                assert_eq!(format!("{:.3}", weight / total), *cell, "{line}");
            }
        }
    }

    #[test]
    fn the_shares_in_the_fifth_lesson_are_right() {
        let (right, wrong) = (0.65_f64.powi(3), 0.35_f64.powi(3));
        let row =
            format!("| independent | {:.0} % | {:.0} % |", 100.0 * (right + wrong), 100.0 * right / (right + wrong));
        assert!(FILES[4].1.contains(&row), "{row}");
    }
}
