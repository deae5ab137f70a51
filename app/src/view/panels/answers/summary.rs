//! What a row of the list says.

use selfsame_core::{measure::Mean, run::Arm};

use super::{
    group::Place,
    index::{Index, RowId},
    slots,
    verdict::{self, Agreement},
};
use crate::{
    fold::{RunView, learned},
    format,
    view::words::{self, t, with},
};

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// The prompt on one line.
    pub prompt: String,
    /// Where it belongs, how many answers it has, and what they are worth.
    pub facts: Vec<String>,
    /// How many of its pairs are kept, in the fewest characters; empty where it has none.
    pub pairs: String,
    /// Whether a pair is kept; `None` where nothing was decided.
    pub kept: Option<bool>,
    /// Whether its judges disagree.
    pub split: bool,
    /// How many of its labels are wrong.
    pub wrong: usize,
    /// Everything, for a screen reader and for the pointer.
    pub name: String,
}

/// Where a row belongs.
#[must_use]
pub fn place(row: RowId) -> String {
    match row {
        RowId::HeldOut(at) => with("answers.place_held_out", &[("number", &(at + 1))]),
        RowId::Train(arm, iteration, _) => {
            with("answers.place_train", &[("arm", &words::arm(arm)), ("iteration", &iteration)])
        }
    }
}

/// What a row says.
#[must_use]
pub fn of(view: &RunView, index: &Index, row: RowId) -> Summary {
    let (_, text) = super::index::prompt(view, index, row).unwrap_or_default();
    let mut summary = Summary { prompt: slots::short(text, index.world().is_some()), ..Summary::default() };
    let mut spoken = vec![place(row)];
    match row {
        RowId::HeldOut(at) => held_out(view, index, at, text, &mut summary, &mut spoken),
        RowId::Train(arm, iteration, at) => {
            training(view, index, (arm, iteration, at), text, &mut summary, &mut spoken);
        }
    }
    // Last, since it is the same in many rows and the first to be cut off.
    summary.facts.push(place(row));
    if summary.split {
        spoken.push(t("answers.row_split").to_owned());
    }
    match summary.wrong {
        0 => {}
        1 => spoken.push(t("answers.row_wrong").to_owned()),
        count => spoken.push(with("answers.row_wrongs", &[("count", &count)])),
    }
    summary.name = format!("{}: {}", summary.prompt, spoken.join(", "));
    summary
}

fn count(answers: usize) -> String {
    if answers == 1 { t("answers.row_answer").to_owned() } else { with("answers.row_answers", &[("count", &answers)]) }
}

fn training(
    view: &RunView,
    index: &Index,
    (arm, iteration, at): (Arm, u32, usize),
    text: &str,
    summary: &mut Summary,
    spoken: &mut Vec<String>,
) {
    let of = view.arms.get(&arm).and_then(|of| of.iterations.get(&iteration));
    let (Some(of), Some(group)) = (of, index.group(arm, iteration)) else { return };
    let Some(row) = group.rows.get(at) else { return };
    if let Place::Prompt(prompt) = row.place {
        let answers = of.answers.get(prompt).map_or(&[][..], Vec::as_slice);
        spoken.push(count(answers.len()));
        let rewards: Vec<f64> =
            answers.iter().filter_map(|answer| learned::reward(index.world(), text, &answer.text)).collect();
        if rewards.is_empty() {
            summary.facts.push(count(answers.len()));
        } else {
            let mean = Mean::of(rewards).mean;
            let reward = with("answers.row_reward", &[("reward", &format::number(mean))]);
            spoken.push(reward.clone());
            summary.facts.push(reward);
        }
    }
    let fate = group.fate(of, row);
    summary.split = fate.agreement == Agreement::Split;
    summary.wrong = fate.wrong;
    if !fate.selected {
        return;
    }
    if row.pairs.is_empty() {
        t("answers.row_dropped").clone_into(&mut summary.pairs);
        summary.kept = Some(false);
    } else if fate.waiting == row.pairs.len() {
        t("answers.row_waiting").clone_into(&mut summary.pairs);
    } else {
        let values: [(&str, &dyn std::fmt::Display); 2] = [("kept", &fate.kept), ("all", &row.pairs.len())];
        summary.pairs = with("answers.row_kept_short", &values);
        summary.kept = Some(fate.kept > 0);
        spoken.push(with("answers.row_kept", &values));
        return;
    }
    spoken.push(summary.pairs.clone());
}

fn held_out(view: &RunView, index: &Index, at: usize, text: &str, summary: &mut Summary, spoken: &mut Vec<String>) {
    let Some(main) = view.arms.get(&Arm::Main) else { return };
    let greedy = |of: &crate::fold::IterationView| {
        let answer = of.greedy.get(at)?.first()?;
        learned::reward(index.world(), text, &answer.text)
    };
    let mut graded = main.iterations.iter().filter_map(|(number, of)| Some((*number, greedy(of)?)));
    if let Some((_, first)) = graded.next() {
        let first = format::number(first);
        match graded.next_back() {
            Some((iteration, last)) => {
                let values: [(&str, &dyn std::fmt::Display); 3] =
                    [("first", &first), ("last", &format::number(last)), ("iteration", &iteration)];
                summary.facts.push(with("answers.row_greedy_short", &values));
                spoken.push(with("answers.row_greedy", &values));
            }
            None => {
                let reward = with("answers.row_reward", &[("reward", &first)]);
                summary.facts.push(reward.clone());
                spoken.push(reward);
            }
        }
    } else {
        let drawn = |of: &crate::fold::IterationView| {
            [&of.held_out, &of.greedy].iter().filter_map(|all| all.get(at)).map(Vec::len).sum::<usize>()
        };
        let answers = count(main.iterations.values().map(drawn).sum());
        summary.facts.push(answers.clone());
        spoken.push(answers);
    }
    let last = main.iterations.values().rev().find_map(|of| of.ballots.on_policy.as_ref());
    summary.split = verdict::on_ballot(last, at) == Agreement::Split;
}
