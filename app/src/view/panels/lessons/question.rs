//! The questions of the exercises and their right answers, computed from the run that is shown.

use std::{
    fmt::Display,
    hash::{DefaultHasher, Hash, Hasher},
};

use ::markdown::mdast::Node;
use selfsame_core::{
    measure::{Mean, policy::answer_quality},
    run::Arm,
    sample::Answer,
    world::rules::Constraints,
};
use serde::Deserialize;

use super::book::Exercise;
use crate::{
    fold::RunView,
    format,
    view::{markdown, words::t},
};

/// How far from the right number an answer may be that was read off a chart.
const READ_OFF: f64 = 0.02;

/// How the right answer of an exercise is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The reward of an answer of the start.
    ShareMet,
    /// How much better greedy answers are than sampled ones.
    GreedyGain,
    /// The judge that is right most often.
    BestJudge,
    /// The judge whose taste in length is furthest from one half.
    LengthBias,
    /// How much more often kept pairs are right than dropped ones.
    KeptGain,
    /// Whether a run is better than its control, or than its start.
    Learned,
}

/// A question as it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The text.
    pub text: Vec<Node>,
    /// What kind of answer it has, and the right one.
    pub answer: Right,
    /// What is said to a wrong answer.
    pub hint: String,
    /// What is said to the right one.
    pub right: String,
    /// Whether the right answer is that of a run.
    pub of_run: bool,
}

/// The right answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Right {
    /// One of these, or one of several that are equally right.
    Choice(Vec<(String, bool)>),
    /// A number.
    Number {
        /// The right one.
        value: f64,
        /// How far from it is near enough.
        tolerance: f64,
    },
}

impl Right {
    /// Whether a choice is right.
    pub fn chosen(&self, index: usize) -> bool {
        matches!(self, Self::Choice(options) if options.get(index).is_some_and(|(_, right)| *right))
    }

    /// Whether a number is right.
    pub fn near(&self, number: f64) -> bool {
        matches!(self, Self::Number { value, tolerance } if (number - value).abs() <= tolerance + 1e-9)
    }
}

/// What a computation found: the right answer, and words for the placeholders.
type Found = (Right, Vec<(&'static str, String)>);

impl Question {
    /// What stands for the question in what is remembered: equal for equal questions. Another release of
    /// the compiler may compute it otherwise, which costs an answer that was remembered.
    pub fn mark(&self) -> String {
        let mut hasher = DefaultHasher::new();
        std::format!("{self:?}").hash(&mut hasher);
        std::format!("{:016x}", hasher.finish())
    }

    /// The question of an exercise: about the shown run where that has the numbers.
    pub fn of(exercise: &Exercise, view: Option<&RunView>) -> Self {
        let of_run = view.and_then(|view| found(exercise.kind, view));
        match of_run {
            Some((answer, values)) => Self {
                text: markdown::parse(&filled(&exercise.question, &values)).blocks,
                answer,
                hint: filled(&exercise.hint, &values),
                right: filled(&exercise.right, &values),
                of_run: true,
            },
            None => {
                let otherwise = &exercise.otherwise;
                let choices = (1..).zip(&otherwise.choices);
                Self {
                    text: markdown::parse(&otherwise.question).blocks,
                    answer: Right::Choice(
                        choices.map(|(number, text)| (text.clone(), number == otherwise.answer)).collect(),
                    ),
                    hint: otherwise.hint.clone(),
                    right: otherwise.right.clone(),
                    of_run: false,
                }
            }
        }
    }
}

fn filled(text: &str, values: &[(&'static str, String)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&std::format!("{{{name}}}"), value))
}

/// A number as people write it: `0.25`, `0,25`, `1/4` or `25 %`.
pub fn number(text: &str) -> Option<f64> {
    let plain = |text: &str| text.trim().replace(',', ".").replace('−', "-").parse::<f64>().ok();
    let value = match (text.trim().strip_suffix('%'), text.split_once('/')) {
        (Some(percent), _) => plain(percent)? / 100.0,
        (None, Some((above, below))) => plain(above)? / plain(below)?,
        (None, None) => plain(text)?,
    };
    value.is_finite().then_some(value)
}

fn found(kind: Kind, view: &RunView) -> Option<Found> {
    if kind == Kind::ShareMet {
        return share_met(view);
    }
    let (iteration, last) = view.final_measurement()?;
    let (answer, mut values) = match kind {
        Kind::ShareMet => return None,
        Kind::GreedyGain => {
            let (greedy, sampled) = (last.greedy.reward?.mean, last.sampled.reward?.mean);
            difference(("greedy", greedy), ("sampled", sampled))
        }
        Kind::BestJudge => {
            let accuracy: Vec<(String, Mean)> = view
                .judges()
                .into_iter()
                .filter_map(|judge| Some((judge.clone(), view.accuracy(&judge, iteration, true)?)))
                .collect();
            let list = accuracy.iter().map(|(judge, mean)| (judge, format::interval(Some(*mean))));
            let values = vec![("accuracies", listed(list))];
            (highest(accuracy.iter().map(|(judge, mean)| (judge, mean.mean)))?, values)
        }
        Kind::LengthBias => {
            // Whether longer is better, only an oracle can say.
            view.has_oracle().then_some(())?;
            let shares = &last.prefers_longer;
            let list = shares.iter().map(|(judge, share)| (judge, format::number(*share)));
            let values = vec![("shares", listed(list))];
            (highest(shares.iter().map(|(judge, share)| (judge, (share - 0.5).abs())))?, values)
        }
        Kind::KeptGain => {
            let quality = last.on_policy.as_ref()?;
            difference(("kept", quality.kept_accuracy?.mean), ("dropped", quality.dropped_accuracy?.mean))
        }
        Kind::Learned => learned(view, iteration)?,
    };
    values.push(("iteration", iteration.to_string()));
    Some((answer, values))
}

fn listed<'a>(items: impl Iterator<Item = (&'a String, String)>) -> String {
    items.map(|(name, value)| std::format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

/// The difference of two numbers, with words for both.
fn difference((first, a): (&'static str, f64), (second, b): (&'static str, f64)) -> Found {
    let words = vec![(first, format::number(a)), (second, format::number(b)), ("right", format::number(a - b))];
    (Right::Number { value: a - b, tolerance: READ_OFF }, words)
}

/// A choice of the highest of at least two; whoever is as high is as right.
fn highest<'a>(items: impl Iterator<Item = (&'a String, f64)>) -> Option<Right> {
    let items: Vec<(&String, f64)> = items.collect();
    let top = items.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    (items.len() > 1)
        .then(|| Right::Choice(items.into_iter().map(|(name, value)| (name.clone(), value >= top - 1e-9)).collect()))
}

/// The first greedy answer of the start that meets some demands and not all, so that there is
/// something to count, or else the first of all.
#[allow(clippy::cast_precision_loss)] // a handful of demands
fn share_met(view: &RunView) -> Option<Found> {
    let world = view.world()?;
    let start = view.arms.get(&Arm::Main)?.iterations.get(&0)?;
    let answers = if start.greedy.is_empty() { &start.held_out } else { &start.greedy };
    let graded = |prompt: &str, answer: &Answer| -> Option<(usize, usize, f64)> {
        let reward = answer_quality(Some(&*world), &[(prompt, answer)]).reward?.mean;
        let active = Constraints::parse(prompt).active();
        // Repetition costs less than any demand is worth, and only ever lowers.
        let met = (1..=active).take_while(|met| *met as f64 / active as f64 <= reward + 0.1 + 1e-9).count();
        (active > 0).then_some((met, active, reward))
    };
    let all = view.held_out_prompts.iter().zip(answers).filter_map(|(prompt, answers)| {
        let answer = answers.first()?;
        // A mark within would end the text that it stands in.
        let quotable = !prompt.text.contains(['`', '\n']) && !answer.text.contains(['`', '\n']);
        let (met, active, reward) = graded(&prompt.text, answer).filter(|_| quotable)?;
        Some((prompt, answer, met, active, reward))
    });
    let mut first = None;
    let mut exact = None;
    for candidate in all {
        let (_, _, met, active, reward) = candidate;
        let whole = (reward - met as f64 / active as f64).abs() < 1e-9;
        if whole && met > 0 && met < active {
            exact = Some(candidate);
            break;
        }
        first = first.or(Some(candidate));
    }
    let (prompt, answer, met, active, reward) = exact.or(first)?;
    let values = vec![
        ("prompt", prompt.text.clone()),
        ("answer", answer.text.clone()),
        ("met", met.to_string()),
        ("active", active.to_string()),
        ("reward", format::number(reward)),
    ];
    // Whoever counts the demands need not count repetitions.
    let tolerance = READ_OFF.max((reward - met as f64 / active as f64).abs());
    Some((Right::Number { value: reward, tolerance }, values))
}

/// The greedy reward after an iteration beside that of the control with random labels, or that of
/// the start where there is no control.
fn learned(view: &RunView, iteration: u32) -> Option<Found> {
    let reward = |arm, iteration| view.at(arm, iteration)?.greedy.reward;
    if iteration == 0 {
        return None;
    }
    let ours = reward(Arm::Main, iteration)?;
    let (theirs, other) = match reward(Arm::RandomLabels, iteration) {
        Some(random) => (random, t("lessons.other_random")),
        None => (reward(Arm::Main, 0)?, t("lessons.other_start")),
    };
    let difference = Mean {
        mean: ours.mean - theirs.mean,
        error: (ours.error.powi(2) + theirs.error.powi(2)).sqrt(),
        count: ours.count.min(theirs.count),
    };
    let half = format::INTERVAL * difference.error;
    let verdict = if difference.mean > half {
        0
    } else if difference.mean < -half {
        2
    } else {
        1
    };
    let options = [t("lessons.learned_more"), t("lessons.learned_same"), t("lessons.learned_less")];
    let choice = options.iter().enumerate().map(|(index, text)| ((*text).to_owned(), index == verdict)).collect();
    let word = |value: &dyn Display| value.to_string();
    Some((
        Right::Choice(choice),
        vec![
            ("other", word(&other)),
            ("ours", format::interval(Some(ours))),
            ("theirs", format::interval(Some(theirs))),
            ("difference", format::interval(Some(difference))),
        ],
    ))
}

#[cfg(test)]
mod tests {
    use selfsame_core::{measure::Measurement, prompt::Prompt, run::Event};

    use super::*;
    use crate::{
        fold::tests::{synthetic, without_oracle},
        view::panels::lessons::book::lessons,
    };

    /// The synthetic run with an answer that meets one of two demands and with measurements changed.
    pub(in super::super) fn run(change: impl Fn(Arm, u32, &mut Measurement)) -> RunView {
        let mut records = synthetic();
        for record in &mut records {
            match &mut record.event {
                Event::Measured { measurement, .. } => {
                    measurement.prefers_longer.insert("implicit".to_owned(), 0.3);
                    change(record.arm, record.iteration, measurement);
                }
                Event::Prompts { prompts } if record.iteration == 0 => {
                    *prompts = vec![Prompt { id: "held-0".to_owned(), text: "must:fox never:the <resp>".to_owned() }];
                }
                _ => {}
            }
        }
        RunView::of(&records).unwrap()
    }

    fn question(kind: Kind, view: &RunView) -> Question {
        let lesson = lessons().iter().find(|lesson| lesson.exercise.kind == kind).unwrap();
        Question::of(&lesson.exercise, Some(view))
    }

    fn right_choice(question: &Question) -> Vec<&str> {
        let Right::Choice(options) = &question.answer else { panic!("{question:?}") };
        options.iter().filter(|(_, right)| *right).map(|(text, _)| text.as_str()).collect()
    }

    #[test]
    fn every_exercise_has_a_right_answer_on_a_run_and_wrong_ones() {
        let view = run(|_, _, _| ());
        for lesson in lessons() {
            let question = Question::of(&lesson.exercise, Some(&view));
            assert!(question.of_run, "{}", lesson.title);
            match &question.answer {
                Right::Number { value, tolerance } => {
                    assert!(question.answer.near(*value) && question.answer.near(value + 0.9 * tolerance));
                    assert!(!question.answer.near(value + 0.1) && !question.answer.near(value - 0.1));
                }
                Right::Choice(options) => {
                    let right = (0..options.len()).filter(|index| question.answer.chosen(*index)).count();
                    assert_eq!(right, 1, "{}", lesson.title);
                    assert!(!question.answer.chosen(options.len()));
                }
            }
            let text: String = question.text.iter().map(ToString::to_string).collect();
            for said in [&text, &question.hint, &question.right] {
                assert!(!said.contains('{') && !said.is_empty(), "a placeholder is left: {said}");
            }
        }
    }

    #[test]
    fn right_answers_follow_the_run() {
        let view = run(|_, _, _| ());
        assert!(question(Kind::ShareMet, &view).answer.near(number("1/2").unwrap()));
        assert!(question(Kind::GreedyGain, &view).answer.near(0.1));
        assert!(question(Kind::KeptGain, &view).answer.near(0.22));
        assert_eq!(right_choice(&question(Kind::BestJudge, &view)), ["content"]);
        assert_eq!(right_choice(&question(Kind::LengthBias, &view)), ["implicit"]);
        assert_eq!(right_choice(&question(Kind::Learned, &view)), [t("lessons.learned_more")]);
        assert!(question(Kind::Learned, &view).right.contains("0.110 ± 0.028"));

        let other = run(|arm, _, m| {
            if let Some(on) = &mut m.on_policy {
                on.accuracy.values_mut().for_each(|mean| mean.mean = 0.6);
                on.kept_accuracy = Some(Mean { mean: 0.5, error: 0.1, count: 9 });
            }
            m.prefers_longer.insert("content".to_owned(), 0.9);
            m.greedy.reward = Some(Mean { mean: if arm == Arm::Main { 0.5 } else { 0.6 }, error: 0.01, count: 400 });
        });
        assert!(question(Kind::KeptGain, &other).answer.near(-0.08));
        assert_eq!(right_choice(&question(Kind::BestJudge, &other)), ["content", "implicit"], "both are right");
        assert_eq!(right_choice(&question(Kind::LengthBias, &other)), ["content"]);
        assert_eq!(right_choice(&question(Kind::Learned, &other)), [t("lessons.learned_less")]);
        let same = run(|_, _, m| m.greedy.reward = Some(Mean { mean: 0.5, error: 0.01, count: 400 }));
        assert_eq!(right_choice(&question(Kind::Learned, &same)), [t("lessons.learned_same")]);
    }

    #[test]
    fn repetition_need_not_be_counted() {
        let mut records = synthetic();
        for record in &mut records {
            match &mut record.event {
                Event::Prompts { prompts } if record.iteration == 0 => {
                    prompts[0].text = "must:fox never:any first:owl <resp>".to_owned();
                }
                Event::Sampled { answers, .. } if record.iteration == 0 => {
                    answers[0][0].text = "fox fox fox fox".to_owned();
                }
                _ => {}
            }
        }
        let question = question(Kind::ShareMet, &RunView::of(&records).unwrap());
        assert!(question.answer.near(0.5) && question.answer.near(0.433) && !question.answer.near(0.55));
        assert!(question.right.contains("1 of 2"), "{}", question.right);
    }

    #[test]
    fn without_an_oracle_or_numbers_there_is_another_question() {
        let own = RunView::of(&without_oracle()).unwrap();
        let young = RunView::of(&synthetic()[..1]).unwrap();
        for lesson in lessons() {
            for view in [None, Some(&own), Some(&young)] {
                let question = Question::of(&lesson.exercise, view);
                assert!(!question.of_run, "{}", lesson.title);
                assert_eq!(right_choice(&question).len(), 1);
            }
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, value) in
            [("0.25", 0.25), (" 0,25 ", 0.25), ("25 %", 0.25), ("1/4", 0.25), ("-5%", -0.05), ("−1", -1.0)]
        {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in ["", "a", "1/0", "1/", "%", "inf", "NaN"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
