//! Answers that have a form by construction: a regular grammar over tokens, and which of them may come next.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Error, Result};

/// A pattern of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// One of these tokens.
    One(Vec<u32>),
    /// One pattern after the other.
    Then(Vec<Rule>),
    /// One of the patterns.
    Either(Vec<Rule>),
    /// The pattern at least so often and at most so often.
    Repeat(Box<Rule>, usize, usize),
}

/// A deterministic automaton that reads an answer token by token, the stop token included. State 0 is the
/// beginning. Every token that it lets through leaves a way to the end.
#[derive(Debug, Clone)]
pub struct Grammar {
    /// Where each token leads from each state.
    next: Vec<BTreeMap<u32, usize>>,
    /// The fewest tokens from each state to the end.
    left: Vec<usize>,
}

/// What has been put together of a rule: the tokens of its places, and which place can follow which
/// (Glushkov 1961).
#[derive(Default)]
struct Places {
    tokens: Vec<Vec<u32>>,
    follow: Vec<BTreeSet<usize>>,
}

/// Where a part of a rule can begin and end, and whether it can be left out.
struct Ends {
    first: BTreeSet<usize>,
    last: BTreeSet<usize>,
    empty: bool,
}

impl Places {
    fn add(&mut self, rule: &Rule) -> Ends {
        match rule {
            Rule::One(tokens) => {
                let place = self.tokens.len();
                self.tokens.push(tokens.clone());
                self.follow.push(BTreeSet::new());
                Ends { first: BTreeSet::from([place]), last: BTreeSet::from([place]), empty: false }
            }
            Rule::Then(rules) => rules.iter().fold(nothing(), |before, rule| self.then(before, rule)),
            Rule::Either(rules) => {
                let mut ends = Ends { empty: false, ..nothing() };
                for rule in rules {
                    let one = self.add(rule);
                    ends.first.extend(one.first);
                    ends.last.extend(one.last);
                    ends.empty |= one.empty;
                }
                ends
            }
            Rule::Repeat(rule, least, most) => {
                let mut ends = nothing();
                for time in 0..*most {
                    let before = ends.last.clone();
                    ends = self.then(ends, rule);
                    if time >= *least {
                        // It may have ended before this time.
                        ends.last.extend(before);
                        ends.empty |= *least == 0;
                    }
                }
                ends
            }
        }
    }

    /// The rule behind what there is.
    fn then(&mut self, before: Ends, rule: &Rule) -> Ends {
        let after = self.add(rule);
        for place in &before.last {
            self.follow[*place].extend(&after.first);
        }
        let mut ends = Ends { first: before.first, last: after.last, empty: before.empty && after.empty };
        if before.empty {
            ends.first.extend(after.first);
        }
        if after.empty {
            ends.last.extend(before.last);
        }
        ends
    }
}

fn nothing() -> Ends {
    Ends { first: BTreeSet::new(), last: BTreeSet::new(), empty: true }
}

impl Grammar {
    /// The grammar of answers that match a rule and then end with the token `stop`.
    ///
    /// # Errors
    /// If nothing matches the rule.
    pub fn new(rule: &Rule, stop: u32) -> Result<Self> {
        let mut places = Places::default();
        let ends = places.add(&Rule::Then(vec![rule.clone(), Rule::One(vec![stop])]));
        // Every state is a set of places that may come next.
        let mut states: Vec<BTreeSet<usize>> = vec![ends.first];
        let mut numbers: BTreeMap<BTreeSet<usize>, usize> = BTreeMap::from([(states[0].clone(), 0)]);
        let mut next: Vec<BTreeMap<u32, usize>> = Vec::new();
        let mut done = Vec::new();
        while next.len() < states.len() {
            let state = states[next.len()].clone();
            let mut reached: BTreeMap<u32, (BTreeSet<usize>, bool)> = BTreeMap::new();
            for place in state {
                for token in &places.tokens[place] {
                    let (to, end) = reached.entry(*token).or_default();
                    to.extend(&places.follow[place]);
                    *end |= ends.last.contains(&place);
                }
            }
            let mut row = BTreeMap::new();
            for (token, (to, end)) in reached {
                let number = *numbers.entry(to.clone()).or_insert_with(|| {
                    states.push(to);
                    states.len() - 1
                });
                row.insert(token, number);
                if end {
                    done.push(number);
                }
            }
            next.push(row);
        }
        let left = shortest(&next, &done);
        if left[0] == usize::MAX {
            return Err(Error::Recipe("the grammar lets no answer through".to_owned()));
        }
        // What leads nowhere is not let through.
        for row in &mut next {
            row.retain(|_, to| left[*to] < usize::MAX);
        }
        Ok(Self { next, left })
    }

    /// The length of the shortest answer, its stop token included.
    #[must_use]
    pub fn shortest(&self) -> usize {
        self.left.first().copied().unwrap_or(0)
    }

    /// The tokens that may come next in a state, where an answer may have `room` more tokens.
    pub fn allowed(&self, state: usize, room: usize) -> impl Iterator<Item = u32> {
        let row = self.next.get(state);
        row.into_iter().flatten().filter(move |(_, to)| self.left[**to] < room).map(|(token, _)| *token)
    }

    /// The state behind a token; `None` where the grammar does not let it through.
    #[must_use]
    pub fn step(&self, state: usize, token: u32) -> Option<usize> {
        self.next.get(state)?.get(&token).copied()
    }

    /// Whether a whole answer, its stop token included, is of this form.
    #[must_use]
    pub fn accepts(&self, ids: &[u32]) -> bool {
        let end = ids.iter().try_fold(0, |state, id| self.step(state, *id));
        end.is_some_and(|state| self.left[state] == 0)
    }

    /// Logits of which only those of the tokens that may come next are left. Drawn from, they are the
    /// model's own distribution given the form so far.
    #[must_use]
    pub fn masked(&self, logits: &[f32], state: usize, room: usize) -> Vec<f32> {
        let mut masked = vec![f32::NEG_INFINITY; logits.len()];
        for token in self.allowed(state, room) {
            if let (Some(to), Some(from)) = (masked.get_mut(token as usize), logits.get(token as usize)) {
                *to = *from;
            }
        }
        masked
    }
}

/// The fewest steps from each state to one of `done`; `usize::MAX` where there is no way.
fn shortest(next: &[BTreeMap<u32, usize>], done: &[usize]) -> Vec<usize> {
    let mut left = vec![usize::MAX; next.len()];
    for state in done {
        left[*state] = 0;
    }
    loop {
        let mut changed = false;
        for state in 0..next.len() {
            let best = next[state].values().map(|to| left[*to].saturating_add(1)).min().unwrap_or(usize::MAX);
            if best < left[state] {
                left[state] = best;
                changed = true;
            }
        }
        if !changed {
            return left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Stream};

    /// `(1 | 2) (3 4?){1,2}`, then 0.
    fn grammar() -> Grammar {
        let pair = Rule::Then(vec![Rule::One(vec![3]), Rule::Repeat(Box::new(Rule::One(vec![4])), 0, 1)]);
        let rule = Rule::Then(vec![
            Rule::Either(vec![Rule::One(vec![1]), Rule::One(vec![2])]),
            Rule::Repeat(Box::new(pair), 1, 2),
        ]);
        Grammar::new(&rule, 0).unwrap()
    }

    /// Every answer up to a length is tried.
    #[test]
    fn what_matches_is_let_through_and_nothing_else() {
        let grammar = grammar();
        let mut accepted = BTreeSet::new();
        for length in 1..=6_u32 {
            for number in 0..5_u32.pow(length) {
                let ids: Vec<u32> = (0..length).map(|place| number / 5_u32.pow(place) % 5).collect();
                if grammar.accepts(&ids) {
                    accepted.insert(ids);
                }
            }
        }
        let tails: [&[u32]; 6] = [&[3], &[3, 4], &[3, 3], &[3, 4, 3], &[3, 3, 4], &[3, 4, 3, 4]];
        let expected: BTreeSet<Vec<u32>> =
            [1, 2].iter().flat_map(|first| tails.map(|tail| [&[*first], tail, &[0]].concat())).collect();
        assert_eq!(accepted, expected);
        assert_eq!(grammar.shortest(), 3);
    }

    #[test]
    fn there_is_always_a_way_to_the_end_within_the_limit() {
        let grammar = grammar();
        for limit in 3..8 {
            for draw in 0..200 {
                let mut stream = Stream::new(limit, Purpose::Sample, 0, draw);
                let (mut ids, mut state) = (Vec::new(), 0);
                loop {
                    let room = usize::try_from(limit).unwrap() - ids.len();
                    let allowed: Vec<u32> = grammar.allowed(state, room).collect();
                    let Some(token) = stream.pick(&allowed) else { break };
                    ids.push(*token);
                    state = grammar.step(state, *token).unwrap();
                }
                assert!(grammar.accepts(&ids), "{ids:?} within {limit}");
            }
        }
        assert_eq!(grammar.allowed(0, 2).count(), 0, "nothing fits two tokens");
    }

    #[test]
    fn what_is_left_of_the_logits_is_renormalised() {
        let grammar = grammar();
        let logits = [0.3_f32, -1.0, 2.0, 0.7, 0.1];
        let p = crate::sample::Sampling::default().distribution(&grammar.masked(&logits, 0, 10));
        let mass = f64::from(logits[1]).exp() + f64::from(logits[2]).exp();
        for (token, expected) in [(0, 0.0), (1, (-1.0_f64).exp() / mass), (2, 2.0_f64.exp() / mass), (3, 0.0)] {
            assert!((p[token] - expected).abs() < 1e-6, "{p:?}");
        }
    }

    #[test]
    fn a_grammar_of_nothing_is_refused() {
        assert!(Grammar::new(&Rule::One(Vec::new()), 0).is_err());
        assert!(Grammar::new(&Rule::Either(Vec::new()), 0).is_err());
        // An empty answer is an answer.
        assert!(Grammar::new(&Rule::Then(Vec::new()), 0).unwrap().accepts(&[0]));
        let maybe = Rule::Repeat(Box::new(Rule::One(vec![1])), 0, 2);
        let grammar = Grammar::new(&maybe, 0).unwrap();
        assert!([&[0][..], &[1, 0], &[1, 1, 0]].iter().all(|ids| grammar.accepts(ids)));
        assert!(!grammar.accepts(&[1, 1, 1, 0]) && !grammar.accepts(&[1]) && !grammar.accepts(&[0, 0]));
    }
}
