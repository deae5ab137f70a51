//! Plain sentences: why a pair was kept, dropped or softened, why a prompt gave no pair, and
//! whether the label was right.

use selfsame_core::{
    run::{Arm, Manifest},
    sample::Answer,
    select::{Origin, PairRecord},
};

use super::verdict::{self, Agreement, Opinion, Verdict};
use crate::{
    fold::{IterationView, LearnedPair},
    format,
    view::words::{t, with},
};

/// What became of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is learned from.
    Kept,
    /// It is learned from with a label or weight between nothing and all.
    Softened,
    /// It is not learned from.
    Dropped,
    /// An optimiser step will decide.
    Waiting,
}

impl Outcome {
    /// Its name and its mark.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => t("answers.kept"),
            Self::Softened => t("answers.softened"),
            Self::Dropped => t("answers.dropped"),
            Self::Waiting => t("answers.waiting"),
        }
    }
}

/// What became of a pair; `asked` tells whether judges were heard about it while learning.
#[must_use]
pub fn outcome(record: &PairRecord, kept: Option<bool>, asked: bool) -> Outcome {
    let labelled = record.origin != Origin::Unlabelled;
    match kept {
        Some(false) => Outcome::Dropped,
        _ if record.weight == 0.0 => Outcome::Dropped,
        None if !labelled && !asked => Outcome::Waiting,
        _ if record.weight != 1.0 || labelled && record.label > 0.0 && record.label < 1.0 => Outcome::Softened,
        _ => Outcome::Kept,
    }
}

/// The settings of a recipe that decide about pairs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rules {
    /// How far from ½ every judge must be.
    pub margin: f64,
    /// Whether the run learns from all pairs, by majority.
    pub all: bool,
    /// Whether labels are those of the iteration's start.
    pub fixed_labels: bool,
    /// How much labels that came with the data are smoothed.
    pub smoothing: f64,
    /// Pairs an iteration learns from, at most.
    pub most: Option<i64>,
}

impl Rules {
    /// The rules of a run.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let parameters = &manifest.parameters;
        let number = |key: &str| parameters.get(key).and_then(toml::Value::as_float).unwrap_or(0.0);
        let flag = |key: &str| parameters.get(key).and_then(toml::Value::as_bool);
        Self {
            margin: number("margin"),
            all: flag("filter") == Some(false),
            fixed_labels: flag("static_labels") == Some(true),
            smoothing: number("label_smoothing"),
            most: parameters.get("loop").and_then(|shared| shared.get("pairs")).and_then(toml::Value::as_integer),
        }
    }
}

/// What an answer of a pair is called: by its number among the prompt's, else by its side.
#[must_use]
pub fn answer_name(answers: [Option<usize>; 2], side: usize) -> String {
    match (answers.get(side).copied().flatten(), side) {
        (Some(at), _) => with("answers.answer_number", &[("number", &(at + 1))]),
        (None, 0) => t("answers.first_answer").to_owned(),
        (None, _) => t("answers.second_answer").to_owned(),
    }
}

/// Why a pair is learned from, or not.
#[must_use]
pub fn sentences(
    pair: &LearnedPair,
    answers: [Option<usize>; 2],
    verdicts: &[Verdict],
    rules: &Rules,
) -> (Outcome, Vec<String>) {
    let record = &pair.record;
    let outcome = outcome(record, pair.kept, !pair.opinions.is_empty());
    let mut said = vec![match record.origin {
        Origin::Unlabelled => unlabelled(pair, answers, verdicts, rules, outcome),
        Origin::BestWorst => best_worst(answers, verdicts),
        Origin::Implicit => t("answers.why_implicit").to_owned(),
        Origin::Ranked => t("answers.why_ranked").to_owned(),
        Origin::SelfPlay => t("answers.why_self_play").to_owned(),
        Origin::Annotated => t("answers.why_annotated").to_owned(),
        Origin::Estimated => t("answers.why_estimated").to_owned(),
        Origin::Ratio => t("answers.why_ratio").to_owned(),
        Origin::Likelihood => t("answers.why_likelihood").to_owned(),
        Origin::Goal => t("answers.why_goal").to_owned(),
        Origin::Data => t("answers.why_data").to_owned(),
        Origin::Random => t("answers.why_random").to_owned(),
        Origin::Oracle => t("answers.why_oracle").to_owned(),
    }];
    if record.origin == Origin::BestWorst {
        said.extend(order(verdicts));
    }
    if record.origin != Origin::Unlabelled {
        if pair.kept == Some(false) {
            said.push(t("answers.why_dropped_learning").to_owned());
        }
        if record.label == 0.5 {
            said.push(t("answers.why_tie_label").to_owned());
        } else if record.label > 0.0 && record.label < 1.0 {
            said.push(with("answers.why_soft_label", &[("label", &format::number(record.label))]));
        }
        if record.origin == Origin::Data && rules.smoothing > 0.0 {
            let smooth = record.label * (1.0 - 2.0 * rules.smoothing) + rules.smoothing;
            said.push(with("answers.why_smoothed", &[("label", &format::number(smooth))]));
        }
    }
    if record.weight == 0.0 {
        said.push(t("answers.why_no_weight").to_owned());
    } else if record.weight != 1.0 {
        said.push(with("answers.why_weight", &[("weight", &format::number(record.weight))]));
    }
    let smoothed = record.origin == Origin::Data && rules.smoothing > 0.0 && outcome == Outcome::Kept;
    (if smoothed { Outcome::Softened } else { outcome }, said)
}

/// A pair whose label comes while learning, from judges that have to agree.
fn unlabelled(
    pair: &LearnedPair,
    answers: [Option<usize>; 2],
    verdicts: &[Verdict],
    rules: &Rules,
    outcome: Outcome,
) -> String {
    let agreement = verdict::agreement(verdicts);
    let preferred = || answer_name(answers, usize::from(pair.label().is_some_and(|label| label < 0.5)));
    let sides = || {
        let [first, second, none] = verdict::sides(verdicts);
        let mut parts = Vec::new();
        for (judges, side) in [(first, 0), (second, 1)] {
            if !judges.is_empty() {
                let answer = answer_name(answers, side);
                parts.push(with("answers.side", &[("judges", &judges.join(", ")), ("answer", &answer)]));
            }
        }
        if !none.is_empty() {
            parts.push(with("answers.side_none", &[("judges", &none.join(", "))]));
        }
        parts.join("; ")
    };
    match outcome {
        Outcome::Waiting => t("answers.why_waiting").to_owned(),
        Outcome::Kept | Outcome::Softened if rules.all => {
            with("answers.why_majority", &[("answer", &preferred()), ("sides", &sides())])
        }
        Outcome::Kept | Outcome::Softened => match agreement {
            Agreement::All => with("answers.why_agreed", &[("count", &verdicts.len()), ("answer", &preferred())]),
            Agreement::Split | Agreement::Undecided if rules.fixed_labels => {
                with("answers.why_agreed_then", &[("sides", &sides())])
            }
            _ => with("answers.why_kept", &[("answer", &preferred())]),
        },
        Outcome::Dropped => match agreement {
            Agreement::Split => with("answers.why_split", &[("sides", &sides())]),
            Agreement::Undecided => with("answers.why_undecided", &[("sides", &sides())]),
            Agreement::All | Agreement::Alone if rules.fixed_labels => t("answers.why_split_then").to_owned(),
            Agreement::All | Agreement::Alone if !unsure(verdicts, rules.margin).is_empty() => {
                let judges = unsure(verdicts, rules.margin).join(", ");
                with("answers.why_unsure", &[("judges", &judges), ("margin", &format::number(0.5 + rules.margin))])
            }
            _ => t("answers.why_dropped").to_owned(),
        },
    }
}

/// The judges that are nearer to ½ than the recipe allows.
fn unsure(verdicts: &[Verdict], margin: f64) -> Vec<&str> {
    verdicts.iter().filter(|v| f64::from(v.lean().abs()) <= margin).map(|v| v.judge.as_str()).collect()
}

/// The best against the worst by the mean score.
fn best_worst(answers: [Option<usize>; 2], verdicts: &[Verdict]) -> String {
    let scores: Vec<(f32, f32)> = verdicts
        .iter()
        .filter_map(|verdict| match verdict.opinion {
            Opinion::Scores(first, second) => Some((first, second)),
            Opinion::Probability(_) => None,
        })
        .collect();
    if scores.is_empty() {
        return t("answers.why_best_worst").to_owned();
    }
    #[allow(clippy::cast_precision_loss)] // a handful of judges
    let mean = |side: fn(&(f32, f32)) -> f32| {
        format::number(f64::from(scores.iter().map(side).sum::<f32>()) / scores.len() as f64)
    };
    with(
        "answers.why_best_worst_scores",
        &[
            ("best", &answer_name(answers, 0)),
            ("worst", &answer_name(answers, 1)),
            ("highest", &mean(|s| s.0)),
            ("lowest", &mean(|s| s.1)),
        ],
    )
}

/// Whether all judges order the two answers of a scored pair the same way.
fn order(verdicts: &[Verdict]) -> Option<String> {
    let [_, against, none] = verdict::sides(verdicts);
    match verdict::agreement(verdicts) {
        Agreement::All => Some(t("answers.why_same_order").to_owned()),
        Agreement::Split => Some(with("answers.why_other_order", &[("judges", &against.join(", "))])),
        Agreement::Undecided => Some(with("answers.why_equal_scores", &[("judges", &none.join(", "))])),
        Agreement::Nobody | Agreement::Alone => None,
    }
}

/// What the oracle says of the label.
#[must_use]
pub fn truth(pair: &LearnedPair, answers: [Option<usize>; 2], oracle: bool) -> String {
    match (pair.truth, pair.right()) {
        (None, _) if oracle => format::NOTHING.to_owned(),
        (None, _) => t("answers.truth_unknown").to_owned(),
        (Some(0.0), _) => t("answers.truth_equal").to_owned(),
        (Some(truth), right) => {
            let better = answer_name(answers, usize::from(truth < 0.0));
            let values: [(&str, &dyn std::fmt::Display); 2] =
                [("answer", &better), ("difference", &format::number(truth.abs()))];
            match right {
                Some(true) if pair.kept == Some(false) => with("answers.truth_dropped_right", &values),
                Some(false) if pair.kept == Some(false) => with("answers.truth_dropped_wrong", &values),
                Some(true) => with("answers.truth_right", &values),
                Some(false) => with("answers.truth_wrong", &values),
                None => with("answers.truth_unlabelled", &values),
            }
        }
    }
}

/// What is known of a prompt that gave no pair.
#[derive(Debug, Clone, Copy)]
pub struct Alone<'a> {
    /// The arm.
    pub arm: Arm,
    /// The iteration.
    pub of: &'a IterationView,
    /// The prompt's position.
    pub prompt: usize,
    /// The oracle's rewards of its answers, where there is a world.
    pub rewards: &'a [Option<f64>],
}

/// Why a prompt gave no pair.
#[must_use]
pub fn without_pair(alone: &Alone<'_>, rules: &Rules) -> String {
    let answers: &[Answer] = alone.of.answers.get(alone.prompt).map_or(&[], Vec::as_slice);
    let Some(first) = answers.first() else {
        return t("answers.none_drawn").to_owned();
    };
    if alone.of.pairs.is_empty() {
        return t("answers.none_selected").to_owned();
    }
    if answers.len() == 1 {
        return t("answers.none_single").to_owned();
    }
    if answers.iter().all(|answer| answer.ids == first.ids) {
        return t("answers.none_equal").to_owned();
    }
    let scores: Vec<f64> = match alone.arm {
        Arm::OracleLabels => alone.rewards.iter().flatten().copied().collect(),
        Arm::RandomLabels => Vec::new(),
        Arm::Main => mean_scores(alone.of, alone.prompt, answers.len()),
    };
    let (lowest, highest) = scores.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), s| (l.min(*s), h.max(*s)));
    if lowest == highest {
        let key: [(&str, &dyn std::fmt::Display); 1] = [("score", &format::number(lowest))];
        return match alone.arm {
            Arm::OracleLabels => with("answers.none_oracle_tie", &key),
            _ => with("answers.none_tie", &key),
        };
    }
    let at = |value: f64| scores.iter().position(|score| *score == value).and_then(|at| answers.get(at));
    if let (Some(best), Some(worst)) = (at(highest), at(lowest))
        && best.ids == worst.ids
    {
        return t("answers.none_same_tokens").to_owned();
    }
    match rules.most {
        Some(most) => with("answers.none_left_out", &[("most", &most)]),
        None => t("answers.none_recipe").to_owned(),
    }
}

/// The mean of all judges' scores of each answer; empty where not every judge scored every answer.
#[allow(clippy::cast_precision_loss)] // a handful of judges
fn mean_scores(of: &IterationView, prompt: usize, answers: usize) -> Vec<f64> {
    let judges = of.judged.len();
    let mean = |answer| {
        // Summed as the recipe sums: in single precision, so that ties are the same ties.
        let scores: Vec<f32> = verdict::scores(of, prompt, answer).map(|(_, score)| score).collect();
        (judges > 0 && scores.len() == judges)
            .then(|| f64::from(scores.iter().fold(0.0, |sum, score| sum + score) / judges as f32))
    };
    (0..answers).map(mean).collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests;
