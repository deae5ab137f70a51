//! Everything about one prompt, ready to be drawn.

use selfsame_core::{measure::Ballot, run::Arm, sample::Answer, select::Origin};

use super::{
    group::Place,
    index::{Index, RowId},
    verdict::{self, Agreement, Verdict},
    why::{self, Outcome, Rules},
};
use crate::{
    fold::{IterationView, RunView, learned, noted},
    view::words::{t, with},
};

/// Which of an answer's tokens count in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// All of them.
    Learned,
    /// None: it is in no pair that is learned from.
    Unlearned,
    /// None: its prompt is held out.
    HeldOut,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerCard {
    /// What it is called.
    pub name: String,
    /// As it was drawn.
    pub answer: Answer,
    /// The oracle's reward; `None` without a world.
    pub reward: Option<f64>,
    /// Every judge's score, where judges scored answers before learning.
    pub scores: Vec<(String, f32)>,
    /// In how many pairs it is chosen, rejected, and compared without being learned from.
    pub roles: [usize; 3],
    /// Which of its tokens count.
    pub mask: Mask,
    /// What the recipe noted about each of its tokens.
    pub noted: Vec<(String, Vec<f32>)>,
}

/// One pair.
#[derive(Debug, Clone, PartialEq)]
pub struct PairCard {
    /// What its answers are called.
    pub names: [String; 2],
    /// Their texts, where they are not among the prompt's answers.
    pub texts: Option<[String; 2]>,
    /// The judges' verdicts.
    pub verdicts: Vec<Verdict>,
    /// Whether they agree.
    pub agreement: Agreement,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub why: Vec<String>,
    /// What the oracle says of the label.
    pub truth: String,
    /// Whether the label that is learned is right.
    pub right: Option<bool>,
    /// The label, where there is one.
    pub label: Option<f64>,
    /// Whether the label came while learning.
    pub unlabelled: bool,
    /// The weight.
    pub weight: f64,
    /// How much more the policy has raised the first answer than the second.
    pub margin: Option<f32>,
}

/// The judges on two sampled answers to a held-out prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    /// The judges' verdicts.
    pub verdicts: Vec<Verdict>,
    /// Whether they agree.
    pub agreement: Agreement,
    /// How much better the first truly is.
    pub truth: Option<f64>,
}

/// What an arm answered to a held-out prompt after an iteration.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The iteration; 0 is the start.
    pub iteration: u32,
    /// The greedy answer.
    pub greedy: Option<AnswerCard>,
    /// The sampled answers.
    pub sampled: Vec<AnswerCard>,
    /// Whether the judges were measured after this iteration.
    pub measured: bool,
    /// The judges on the sampled answers; `None` where these are the same.
    pub own: Option<Vote>,
    /// The judges of this iteration on the sampled answers of the start.
    pub fixed: Option<Vote>,
}

/// What there is besides the prompt.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A prompt to learn from.
    Training {
        /// Its answers.
        answers: Vec<AnswerCard>,
        /// Its pairs.
        pairs: Vec<PairCard>,
        /// Why there is no pair.
        none: Option<String>,
        /// The same prompt in other arms and iterations.
        also: Vec<RowId>,
    },
    /// A held-out prompt: what each arm answered, iteration by iteration.
    HeldOut(Vec<(Arm, Vec<Moment>)>),
}

/// One prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Its row.
    pub row: RowId,
    /// Its identifier.
    pub id: String,
    /// Its text.
    pub prompt: String,
    /// The rest.
    pub body: Body,
}

/// Everything about a row; `None` where the fold does not have it.
#[must_use]
pub fn of(view: &RunView, index: &Index, row: RowId) -> Option<Detail> {
    let (id, prompt) = super::index::prompt(view, index, row)?;
    let body = match row {
        RowId::HeldOut(at) => Body::HeldOut(held_out(view, index, at, prompt)),
        RowId::Train(arm, iteration, at) => training(view, index, (arm, iteration, at), id, prompt)?,
    };
    Some(Detail { row, id: id.to_owned(), prompt: prompt.to_owned(), body })
}

fn card(index: &Index, prompt: &str, name: String, answer: &Answer, mask: Mask) -> AnswerCard {
    AnswerCard {
        name,
        reward: learned::reward(index.world(), prompt, &answer.text),
        answer: answer.clone(),
        scores: Vec::new(),
        roles: [0; 3],
        mask,
        noted: Vec::new(),
    }
}

fn training(
    view: &RunView,
    index: &Index,
    (arm, iteration, at): (Arm, u32, usize),
    id: &str,
    prompt: &str,
) -> Option<Body> {
    let of = view.arms.get(&arm)?.iterations.get(&iteration)?;
    let group = index.group(arm, iteration)?;
    let row = group.rows.get(at)?;
    let rules = Rules::of(&view.manifest);
    let drawn = match row.place {
        Place::Prompt(at) => of.answers.get(at).map_or(&[][..], Vec::as_slice),
        Place::Pair(_) => &[],
    };
    let mut answers: Vec<AnswerCard> = drawn
        .iter()
        .enumerate()
        .map(|(number, answer)| {
            let name = with("answers.answer_number", &[("number", &(number + 1))]);
            let mut card = card(index, prompt, name, answer, Mask::Unlearned);
            if let Place::Prompt(at) = row.place {
                card.scores = verdict::scores(of, at, number).map(|(judge, score)| (judge.to_owned(), score)).collect();
                card.noted = noted::of_tokens(of, at, number);
            }
            card
        })
        .collect();
    let mut pairs = Vec::new();
    for pair in &row.pairs {
        let (Some(state), Some(learned)) = (group.pairs.get(*pair), group.learned(of, prompt, *pair)) else {
            continue;
        };
        let verdicts = verdict::of_pair(of, row, state, &learned);
        let (outcome, why) = why::sentences(&learned, state.answers, &verdicts, &rules);
        let kept = matches!(outcome, Outcome::Kept | Outcome::Softened);
        let chosen = usize::from(learned.label().is_some_and(|label| label < 0.5));
        for (side, answer) in state.answers.into_iter().enumerate() {
            let Some(card) = answer.and_then(|answer| answers.get_mut(answer)) else { continue };
            let role = if kept { usize::from(side != chosen) } else { 2 };
            if let Some(count) = card.roles.get_mut(role) {
                *count += 1;
            }
            if kept {
                card.mask = Mask::Learned;
            }
        }
        pairs.push(PairCard {
            names: [0, 1].map(|side| why::answer_name(state.answers, side)),
            texts: state.answers.contains(&None).then(|| learned.record.answers.clone()),
            agreement: verdict::agreement(&verdicts),
            verdicts,
            outcome,
            why,
            truth: why::truth(&learned, state.answers, view.has_oracle()),
            right: learned.right().filter(|_| outcome != Outcome::Dropped),
            label: learned.label(),
            unlabelled: learned.record.origin == Origin::Unlabelled,
            weight: learned.record.weight,
            margin: learned.margin,
        });
    }
    let none = match row.place {
        Place::Prompt(prompt) if pairs.is_empty() => {
            let rewards: Vec<Option<f64>> = answers.iter().map(|answer| answer.reward).collect();
            Some(why::without_pair(&why::Alone { arm, of, prompt, rewards: &rewards }, &rules))
        }
        _ => None,
    };
    let also = index
        .groups()
        .filter(|(other_arm, other, _)| (*other_arm, *other) != (arm, iteration))
        .filter_map(|(arm, iteration, group)| Some(RowId::Train(arm, iteration, group.row_of(id)?)))
        .filter(|other| super::index::prompt(view, index, *other).is_some_and(|(_, text)| text == prompt))
        .collect();
    Some(Body::Training { answers, pairs, none, also })
}

fn held_out(view: &RunView, index: &Index, at: usize, prompt: &str) -> Vec<(Arm, Vec<Moment>)> {
    let start = view.arms.get(&Arm::Main).and_then(|main| main.iterations.get(&0));
    let moment = |iteration: u32, of: &IterationView| {
        let greedy = of.greedy.get(at).and_then(|answers| answers.first());
        let sampled = of.held_out.get(at).map_or(&[][..], Vec::as_slice);
        let name = |number: usize| with("answers.sampled_number", &[("number", &(number + 1))]);
        let vote = |ballot: Option<&Ballot>| {
            let (verdicts, truth) = verdict::of_ballot(ballot?, at)?;
            Some(Vote { agreement: verdict::agreement(&verdicts), verdicts, truth })
        };
        (greedy.is_some() || !sampled.is_empty()).then(|| Moment {
            iteration,
            greedy: greedy.map(|answer| card(index, prompt, t("answers.greedy").to_owned(), answer, Mask::HeldOut)),
            sampled: sampled
                .iter()
                .enumerate()
                .map(|(number, answer)| card(index, prompt, name(number), answer, Mask::HeldOut))
                .collect(),
            measured: !of.ballots.is_empty(),
            own: vote(of.ballots.on_policy.as_ref()),
            fixed: vote(of.ballots.fixed.as_ref()),
        })
    };
    view.arms
        .iter()
        .filter_map(|(arm, of)| {
            // All arms share their start.
            let shared = start.filter(|_| *arm != Arm::Main).map(|start| (0, start));
            let own =
                of.iterations.iter().map(|(number, of)| (*number, of)).filter(|(n, _)| *n > 0 || *arm == Arm::Main);
            let own: Vec<Moment> = own.filter_map(|(number, of)| moment(number, of)).collect();
            let shared = shared.filter(|_| !own.is_empty()).and_then(|(number, of)| moment(number, of));
            let moments: Vec<Moment> = shared.into_iter().chain(own).collect();
            (!moments.is_empty()).then_some((*arm, moments))
        })
        .collect()
}

/// What an answer is in its pairs: `chosen`, `rejected in 2 pairs`, ...
#[must_use]
pub fn roles(card: &AnswerCard) -> Vec<String> {
    let names = [t("answers.chosen"), t("answers.rejected"), t("answers.compared")];
    let parts: Vec<String> = names
        .into_iter()
        .zip(card.roles)
        .filter(|(_, count)| *count > 0)
        .map(|(role, count)| match count {
            1 => role.to_owned(),
            _ => with("answers.role_times", &[("role", &role), ("count", &count)]),
        })
        .collect();
    if parts.is_empty() && card.mask != Mask::HeldOut { vec![t("answers.role_none").to_owned()] } else { parts }
}

/// What a person calls an iteration.
#[must_use]
pub fn iteration_name(iteration: u32) -> String {
    match iteration {
        0 => t("answers.at_start").to_owned(),
        number => with("answers.iteration_number", &[("number", &number)]),
    }
}

#[cfg(test)]
mod tests;
