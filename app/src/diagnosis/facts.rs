//! What has to be counted over answers and pairs, an iteration at a time. Counting is the only
//! expensive part of an examination, and a finished iteration never changes: what was counted is
//! kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

use selfsame_core::{
    measure::Mean,
    run::Arm,
    sample::{Answer, FinishReason},
    select::Origin,
};

use super::text::short;
use crate::fold::{IterationView, RunView};

/// Example rows that are kept.
const EXAMPLES: usize = 6;

/// Two scores of a judge that differ by less are the same opinion. Scores run in steps of one.
pub(super) const SAME_SCORE: f32 = 0.01;

/// What was counted in one iteration.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    /// Answers drawn to learn from.
    pub answers: usize,
    /// Those that the length limit cut off.
    pub cut: usize,
    /// Prompt and answer of some of those.
    pub cut_rows: Vec<Vec<String>>,
    /// Those that repeat another answer to the same prompt word for word.
    pub repeated: usize,
    /// Prompt and answer of some of those.
    pub repeated_rows: Vec<Vec<String>>,
    /// The pairs to learn from.
    pub pairs: Pairs,
    /// For each judge that was asked, how it scored.
    pub scores: BTreeMap<String, Scores>,
    /// Lengths beside preferences in held-out pairs.
    pub lengths: Option<Lengths>,
    /// How often the labels that were made while learning are right, where there is a world.
    pub labels: Option<Mean>,
    /// The pairs that were looked at for it.
    labelled: usize,
    /// Which of them that counted were right.
    right: Vec<f64>,
}

/// The pairs of an iteration.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pairs {
    /// How many.
    pub count: usize,
    /// Those that were there before, in this iteration or an earlier one.
    pub duplicates: usize,
    /// Others whose two texts are equal.
    pub equal_texts: usize,
    /// Prompt and answers of some of both.
    pub rows: Vec<Vec<String>>,
    /// All of them, as hashes.
    keys: BTreeSet<u64>,
}

/// How a judge scored.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Scores {
    /// Prompts with at least two answers.
    pub prompts: usize,
    /// Those whose answers all got the same score.
    pub tied: usize,
    /// The mean score of all answers.
    pub mean: f64,
}

/// How often the longer of two held-out answers is preferred.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lengths {
    /// Pairs of different length; with a world also of different worth.
    pub pairs: usize,
    /// By the oracle; `None` without a world.
    pub oracle: Option<f64>,
    /// By each judge.
    pub judges: BTreeMap<String, f64>,
}

/// How much of an iteration was there when it was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Size {
    prompts: usize,
    pairs: usize,
    judges: usize,
    votes: usize,
    learned: bool,
}

impl Size {
    /// Whether this is a later state than another one. A log that is wound back is not.
    fn follows(&self, other: &Self) -> bool {
        self.prompts >= other.prompts
            && self.pairs >= other.pairs
            && self.judges >= other.judges
            && self.votes >= other.votes
            && self.learned >= other.learned
    }
}

/// What was counted in all iterations.
#[derive(Debug, Clone, Default)]
pub(super) struct FactsOf {
    iterations: BTreeMap<u32, (Size, Facts)>,
    /// Counting costs so much: one for an answer or a pair that is looked at.
    spent: usize,
}

/// What it costs to find out whether a label is right: two answers are graded for it.
const GRADING: usize = 16;

/// Scores that are compared for what one answer costs.
const SCORES: usize = 16;

impl FactsOf {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &Facts)> {
        self.iterations.iter().map(|(iteration, (_, facts))| (*iteration, facts))
    }

    /// What the last [`FactsOf::update`] cost.
    pub(super) fn spent(&self) -> usize {
        self.spent
    }

    /// Counts what is new, but stops before it costs more than `most` or little above: the next call goes
    /// on. True once everything is counted.
    pub(super) fn update(&mut self, view: &RunView, most: usize) -> bool {
        self.spent = 0;
        let Some(main) = view.arms.get(&Arm::Main) else {
            return true;
        };
        self.iterations.retain(|iteration, _| main.iterations.contains_key(iteration));
        for (iteration, of) in &main.iterations {
            let size = Size {
                prompts: of.answers.len(),
                pairs: of.pairs.len(),
                judges: of.judged.len(),
                votes: of.ballots.on_policy.as_ref().map_or(0, |ballot| ballot.pairs.len()),
                learned: main
                    .steps
                    .get(main.steps_on_pairs(*iteration))
                    .and_then(<[_]>::last)
                    .is_some_and(|(_, step)| step.step.saturating_add(1) == step.total),
            };
            let known = self.iterations.remove(iteration).filter(|(counted, _)| size.follows(counted));
            let (mut counted, mut facts) = known.unwrap_or_default();
            while counted != size && self.spent < most {
                self.count(view, *iteration, of, (size, &mut counted), &mut facts, most);
            }
            let whole = counted == size;
            self.iterations.insert(*iteration, (counted, facts));
            if !whole {
                return false;
            }
        }
        true
    }

    /// Counts a part of what is new in an iteration.
    fn count(
        &mut self,
        view: &RunView,
        iteration: u32,
        of: &IterationView,
        (size, counted): (Size, &mut Size),
        facts: &mut Facts,
        most: usize,
    ) {
        let left = most.saturating_sub(self.spent).max(1);
        if counted.prompts < size.prompts {
            self.spent += 1 + count_answers(of, counted.prompts, facts);
            counted.prompts += 1;
        } else if counted.pairs < size.pairs {
            let part = counted.pairs..size.pairs.min(counted.pairs.saturating_add(left));
            let earlier: Vec<&BTreeSet<u64>> =
                self.iterations.range(..iteration).map(|(_, (_, facts))| &facts.pairs.keys).collect();
            count_pairs(of, part.clone(), &earlier, &mut facts.pairs);
            self.spent += part.len();
            counted.pairs = part.end;
        } else if let Some((judge, scores)) = of.judged.get(counted.judges) {
            facts.scores.insert(judge.clone(), count_scores(scores));
            self.spent += 1 + scores.iter().map(Vec::len).sum::<usize>() / SCORES;
            counted.judges += 1;
        } else if counted.votes != size.votes {
            facts.lengths = count_lengths(of);
            self.spent += size.votes;
            counted.votes = size.votes;
        } else if of.pairs.first().is_some_and(|pair| pair.origin == Origin::Unlabelled)
            && view.has_oracle()
            && facts.labelled < size.pairs
        {
            let count = left.div_ceil(GRADING).min(size.pairs - facts.labelled);
            facts.right.extend(labels(view, iteration, facts.labelled, count));
            self.spent += GRADING * count;
            facts.labelled += count;
        } else {
            facts.labels = (!facts.right.is_empty()).then(|| Mean::of(facts.right.iter().copied()));
            counted.learned = size.learned;
        }
    }
}

/// Counts the answers to a prompt; says how many there are.
fn count_answers(of: &IterationView, index: usize, facts: &mut Facts) -> usize {
    let Some(answers) = of.answers.get(index) else { return 0 };
    let row = |answer: &Answer| {
        let prompt = of.prompts.get(index).map(|prompt| short(&prompt.text)).unwrap_or_default();
        vec![prompt, short(&answer.text)]
    };
    facts.answers += answers.len();
    let mut seen = BTreeSet::new();
    for answer in answers {
        if answer.finish == FinishReason::Length {
            facts.cut += 1;
            if facts.cut_rows.len() < EXAMPLES {
                facts.cut_rows.push(row(answer));
            }
        }
        if !seen.insert(answer.text.as_str()) {
            facts.repeated += 1;
            if facts.repeated_rows.len() < EXAMPLES {
                facts.repeated_rows.push(row(answer));
            }
        }
    }
    answers.len()
}

/// Counts some of the pairs.
fn count_pairs(of: &IterationView, part: Range<usize>, earlier: &[&BTreeSet<u64>], counted: &mut Pairs) {
    let texts: BTreeMap<&str, &str> = of.prompts.iter().map(|p| (p.id.as_str(), p.text.as_str())).collect();
    let pairs = of.pairs.get(part).unwrap_or_default();
    counted.count += pairs.len();
    for pair in pairs {
        let known = texts.get(pair.prompt.as_str()).copied().unwrap_or(pair.prompt.as_str());
        let prompt = if pair.text.is_empty() { known } else { &pair.text };
        let [a, b] = &pair.answers;
        // The same pair the other way round is the same pair.
        let mut hasher = DefaultHasher::new();
        (prompt, a.min(b), a.max(b)).hash(&mut hasher);
        let key = hasher.finish();
        let again = earlier.iter().any(|keys| keys.contains(&key)) | !counted.keys.insert(key);
        let equal = a == b;
        counted.duplicates += usize::from(again);
        counted.equal_texts += usize::from(equal && !again);
        if (again || equal) && counted.rows.len() < EXAMPLES {
            counted.rows.push(vec![short(prompt), short(a), short(b)]);
        }
    }
}

#[allow(clippy::cast_precision_loss)] // counts
fn count_scores(scores: &[Vec<f32>]) -> Scores {
    let compared = || scores.iter().filter(|of| of.len() >= 2);
    let range = |of: &Vec<f32>| {
        of.iter().copied().fold(f32::NEG_INFINITY, f32::max) - of.iter().copied().fold(f32::INFINITY, f32::min)
    };
    let all = || scores.iter().flatten();
    Scores {
        prompts: compared().count(),
        tied: compared().filter(|of| range(of) < SAME_SCORE).count(),
        mean: all().map(|score| f64::from(*score)).sum::<f64>() / all().count().max(1) as f64,
    }
}

#[allow(clippy::cast_precision_loss)] // counts
fn count_lengths(of: &IterationView) -> Option<Lengths> {
    let ballot = of.ballots.on_policy.as_ref()?;
    // Pairs that say something: their place in the ballot, and whether the first is the longer one.
    let counted: Vec<(usize, bool)> = ballot
        .pairs
        .iter()
        .enumerate()
        .filter_map(|(place, prompt)| {
            let answers = of.held_out.get(*prompt)?;
            let (first, second) = (answers.first()?.ids.len(), answers.get(1)?.ids.len());
            let worth = ballot.truth.as_ref().is_none_or(|truth| truth.get(place).is_some_and(|truth| *truth != 0.0));
            (first != second && worth).then_some((place, first > second))
        })
        .collect();
    let share = |prefers_first: &dyn Fn(usize) -> Option<bool>| {
        let longer = counted.iter().filter(|(place, first)| prefers_first(*place) == Some(*first)).count();
        longer as f64 / counted.len().max(1) as f64
    };
    Some(Lengths {
        pairs: counted.len(),
        oracle: ballot.truth.as_ref().map(|truth| share(&|place| truth.get(place).map(|truth| *truth > 0.0))),
        judges: ballot
            .votes
            .iter()
            .map(|(judge, votes)| (judge.clone(), share(&|place| votes.get(place).map(|vote| *vote > 0.5))))
            .collect(),
    })
}

/// Whether the labels that judges made of some pairs while learning are right, for those that counted.
fn labels(view: &RunView, iteration: u32, first: usize, count: usize) -> Vec<f64> {
    view.learned_part(Arm::Main, iteration, first, count)
        .iter()
        .filter(|pair| pair.kept != Some(false))
        .filter_map(|pair| Some(f64::from(u8::from(pair.right()?))))
        .collect()
}
