//! The final figures of runs, row by row.

use std::collections::BTreeSet;

use selfsame_core::{
    measure::{Mean, Measurement},
    run::Arm,
};

use crate::{
    fold::RunView,
    format::{self, NOTHING, interval},
    view::words::{t, with},
};

/// What a row is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// The last iteration that was measured.
    Iteration,
    /// Held-out prompts.
    Prompts,
    /// The oracle's reward of sampled answers.
    Sampled,
    /// The oracle's reward of greedy answers.
    Greedy,
    /// The oracle's reward of sampled answers of a control line.
    Control(Arm),
    /// Answers that meet every requirement.
    AllMet,
    /// Tokens per answer.
    Length,
    /// Distinct adjacent pairs of tokens.
    Distinct,
    /// Divergence from the start.
    Divergence,
    /// How often the labels that were learned were right.
    Labels,
    /// Pairs in which all judges agree.
    Agreement,
    /// How often they are right there.
    AgreedRight,
    /// How often they are right elsewhere.
    ElsewhereRight,
    /// How often a judge is right.
    Judge(String),
}

impl Figure {
    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Iteration => t("compare.figure_iteration"),
            Self::Prompts => t("compare.figure_prompts"),
            Self::Sampled => t("compare.figure_sampled"),
            Self::Greedy => t("compare.figure_greedy"),
            Self::Control(Arm::OracleLabels) => t("compare.figure_oracle_labels"),
            Self::Control(_) => t("compare.figure_random_labels"),
            Self::AllMet => t("compare.figure_all_met"),
            Self::Length => t("compare.figure_length"),
            Self::Distinct => t("compare.figure_distinct"),
            Self::Divergence => t("compare.figure_divergence"),
            Self::Labels => t("compare.figure_labels"),
            Self::Agreement => t("compare.figure_agreement"),
            Self::AgreedRight => t("compare.figure_agreed_right"),
            Self::ElsewhereRight => t("compare.figure_elsewhere_right"),
            Self::Judge(name) => return with("compare.figure_judge", &[("judge", name)]),
        }
        .to_owned()
    }

    /// The figure of a run, where it has one.
    #[must_use]
    pub fn of(&self, view: &RunView) -> Option<Value> {
        let (iteration, last) = view.final_measurement()?;
        let mean = |value: Option<Mean>| value.filter(|mean| mean.count > 0).map(Value::Mean);
        let quality = last.on_policy.as_ref();
        match self {
            Self::Iteration => Some(Value::Count(iteration as usize)),
            Self::Prompts => Some(Value::Count(view.held_out_prompts.len())),
            Self::Sampled => mean(last.sampled.reward),
            Self::Greedy => mean(last.greedy.reward),
            Self::Control(arm) => mean(last_measured(view, *arm)?.1.sampled.reward),
            Self::AllMet => last.sampled.all_met.map(Value::Plain),
            Self::Length => Some(Value::Plain(last.sampled.length)),
            Self::Distinct => Some(Value::Plain(last.sampled.distinct2)),
            Self::Divergence => Some(Value::Plain(last.kl_to_start)),
            Self::Labels => mean(last.label_accuracy),
            Self::Agreement => quality.map(|q| Value::Plain(q.kept)),
            Self::AgreedRight => mean(quality?.kept_accuracy),
            Self::ElsewhereRight => mean(quality?.dropped_accuracy),
            Self::Judge(name) => mean(view.accuracy(name, iteration, true)),
        }
    }
}

/// The last measurement of an arm.
#[must_use]
pub fn last_measured(view: &RunView, arm: Arm) -> Option<(u32, &Measurement)> {
    view.arms.get(&arm)?.measured.last_key_value().map(|(iteration, measurement)| (*iteration, measurement))
}

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A mean with its error.
    Mean(Mean),
    /// A number without one.
    Plain(f64),
    /// A count.
    Count(usize),
}

impl Value {
    /// The figure as people read it; means with half of their 95 % interval.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Mean(mean) => interval(Some(mean)),
            Self::Plain(value) => format::number(value),
            Self::Count(value) => format::count(value),
        }
    }
}

/// One figure of all runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is about.
    pub figure: Figure,
    /// For each run its figure.
    pub values: Vec<Option<Value>>,
}

impl Row {
    /// The figures as people read them.
    pub fn texts(&self) -> impl Iterator<Item = String> + '_ {
        self.values.iter().map(|value| value.map_or_else(|| NOTHING.to_owned(), Value::text))
    }
}

/// The final figures of runs: every row in which any has something to say.
#[must_use]
pub fn figures(views: &[&RunView]) -> Vec<Row> {
    let judges: BTreeSet<String> = views.iter().flat_map(|view| view.judges()).collect();
    let fixed = [
        Figure::Iteration,
        Figure::Prompts,
        Figure::Sampled,
        Figure::Greedy,
        Figure::Control(Arm::RandomLabels),
        Figure::Control(Arm::OracleLabels),
        Figure::AllMet,
        Figure::Length,
        Figure::Distinct,
        Figure::Divergence,
        Figure::Labels,
        Figure::Agreement,
        Figure::AgreedRight,
        Figure::ElsewhereRight,
    ];
    fixed
        .into_iter()
        .chain(judges.into_iter().map(Figure::Judge))
        .map(|figure| {
            let values = views.iter().map(|view| figure.of(view)).collect();
            Row { figure, values }
        })
        .filter(|row| row.values.iter().any(Option::is_some))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::{synthetic, without_oracle};

    fn row<'a>(rows: &'a [Row], figure: &Figure) -> Option<&'a Row> {
        rows.iter().find(|row| row.figure == *figure)
    }

    #[test]
    fn rows_hold_what_the_logs_say() {
        let with = RunView::of(&synthetic()).unwrap();
        let without = RunView::of(&without_oracle()).unwrap();
        let rows = figures(&[&with, &without]);
        let texts = |figure: Figure| row(&rows, &figure).unwrap().texts().collect::<Vec<_>>();
        assert_eq!(texts(Figure::Iteration), ["1", "0"]);
        assert_eq!(texts(Figure::Prompts), ["1", "1"]);
        assert_eq!(texts(Figure::Sampled), ["0.600 ± 0.020", NOTHING]);
        assert_eq!(texts(Figure::Control(Arm::RandomLabels)), ["0.490 ± 0.020", NOTHING]);
        assert_eq!(texts(Figure::Length), ["8.500", "8.500"]);
        assert_eq!(texts(Figure::Judge("implicit".to_owned())), ["0.650 ± 0.039", NOTHING]);
        assert_eq!(row(&rows, &Figure::Control(Arm::OracleLabels)), None);
    }

    #[test]
    fn nothing_measured_is_no_rows() {
        let begun = RunView::of(&synthetic()[..1]).unwrap();
        assert!(figures(&[&begun]).is_empty());
        assert!(figures(&[]).is_empty());
    }
}
