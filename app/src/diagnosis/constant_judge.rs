//! A constant judge: it says the same about everything, so that its labels are ties or a habit.

use selfsame_core::measure::Ballots;

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Rows},
    registry::Detector,
    text::{list, percent, quoted},
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("constant_judge", "diagnosis.constant_judge.looks", examine);

/// A share of prompts whose answers a judge cannot tell apart, or of pairs it takes no side in:
/// what it says about the rest cannot carry a run.
const SILENT: f64 = 0.9;
/// A vote this close to ½ takes no side.
const UNDECIDED: f32 = 0.005;
/// A share of votes for the same side. Which answer stands first is chance, so that a judge that
/// reads gives each side about half.
const ONE_SIDED: f64 = 0.95;
/// Votes or prompts below which a share says nothing.
const FEWEST: usize = 30;

/// What a judge's numbers look like.
struct Habit {
    judge: String,
    iteration: u32,
    tied: Option<f64>,
    undecided: Option<f64>,
    one_sided: Option<f64>,
}

impl Habit {
    fn constant(&self) -> bool {
        self.tied.is_some_and(|share| share >= SILENT)
            || self.undecided.is_some_and(|share| share >= SILENT)
            || self.one_sided.is_some_and(|share| share >= ONE_SIDED)
    }
}

fn examine(case: &Case<'_>) -> Verdict {
    let habits = habits(case);
    if habits.is_empty() {
        return Verdict::Unknown;
    }
    let constant: Vec<&Habit> = habits.iter().filter(|habit| habit.constant()).collect();
    if constant.is_empty() {
        return Verdict::Clear;
    }
    let mut names: Vec<&str> = constant.iter().map(|habit| habit.judge.as_str()).collect();
    names.dedup();
    let words = |habit: &&Habit| {
        let (judge, iteration) = (quoted([habit.judge.as_str()]), habit.iteration);
        let said =
            |key, share: f64| with(key, &[("judge", &judge), ("iteration", &iteration), ("share", &percent(share))]);
        match (habit.tied, habit.undecided, habit.one_sided) {
            (Some(share), ..) if share >= SILENT => said("diagnosis.constant_judge.tied", share),
            (_, Some(share), _) if share >= SILENT => said("diagnosis.constant_judge.undecided", share),
            (.., share) => said("diagnosis.constant_judge.one_sided", share.unwrap_or(f64::NAN)),
        }
    };
    let number = |share: Option<f64>| share.map_or_else(|| crate::format::NOTHING.to_owned(), percent);
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: case.weight(Severity::Serious, names.iter().copied()),
        sentence: with("diagnosis.constant_judge.sentence", &[("list", &list(constant.iter().map(words)))]),
        evidence: vec![Evidence::Rows(Rows {
            title: t("diagnosis.constant_judge.rows"),
            columns: [
                t("diagnosis.column.judge"),
                t("diagnosis.axis.iteration"),
                t("diagnosis.column.tied"),
                t("diagnosis.column.undecided"),
                t("diagnosis.column.one_sided"),
            ]
            .map(str::to_owned)
            .to_vec(),
            rows: habits
                .iter()
                .map(|habit| {
                    vec![
                        habit.judge.clone(),
                        habit.iteration.to_string(),
                        number(habit.tied),
                        number(habit.undecided),
                        number(habit.one_sided),
                    ]
                })
                .collect(),
        })],
        remedy: with("diagnosis.constant_judge.remedy", &[("replay", &case.setting("replay"))]),
        place: Place::Judges,
    })
}

/// The habits of all judges, as they last scored and as they last voted.
#[allow(clippy::cast_precision_loss)] // counts
fn habits(case: &Case<'_>) -> Vec<Habit> {
    let mut habits = Vec::new();
    if let Some((iteration, facts)) = case.facts().rev().find(|(_, facts)| !facts.scores.is_empty()) {
        for (judge, scores) in facts.scores.iter().filter(|(_, scores)| scores.prompts >= FEWEST) {
            let tied = Some(scores.tied as f64 / scores.prompts as f64);
            habits.push(Habit { judge: judge.clone(), iteration, tied, undecided: None, one_sided: None });
        }
    }
    let voted = |ballots: &Ballots| ballots.on_policy.as_ref().is_some_and(|ballot| ballot.pairs.len() >= FEWEST);
    let last = case.main.iterations.iter().rev().find(|(_, of)| voted(&of.ballots));
    if let Some((iteration, ballot)) =
        last.and_then(|(iteration, of)| Some((*iteration, of.ballots.on_policy.as_ref()?)))
    {
        for (judge, votes) in ballot.votes.iter().filter(|(_, votes)| votes.len() >= FEWEST) {
            let decided = votes.iter().filter(|vote| (**vote - 0.5).abs() >= UNDECIDED).count();
            let first = votes.iter().filter(|vote| **vote >= 0.5 + UNDECIDED).count();
            let one_sided = first.max(decided - first) as f64 / decided as f64;
            habits.push(Habit {
                judge: judge.clone(),
                iteration,
                tied: None,
                undecided: Some(1.0 - decided as f64 / votes.len() as f64),
                one_sided: (decided >= FEWEST).then_some(one_sided),
            });
        }
    }
    habits.sort_by(|a, b| a.judge.cmp(&b.judge));
    habits
}
