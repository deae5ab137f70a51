//! The likelihood of follow-ups as a judge (FLR, arXiv 2409.13948): how much likelier than before does a reply
//! make what satisfied users say, and how much less likely what dissatisfied ones say.

use super::prompt::{Piece, pieces};
use crate::{Error, Result, learn::Sequence, text::Tokenizer, world::FollowUps};

/// Which follow-ups count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Those of satisfied users minus those of dissatisfied ones.
    #[default]
    Both,
    /// Those of satisfied users alone.
    Satisfied,
    /// Those of dissatisfied users alone, with a minus.
    Dissatisfied,
}

/// For each aspect how likely satisfied and dissatisfied follow-ups are: the mean over the list's phrases of the
/// mean over a phrase's tokens of their log-probability.
pub type Likelihoods = Vec<[f32; 2]>;

/// Lists of follow-ups in tokens, and the turns that they stand in.
#[derive(Debug, Clone)]
pub struct FollowUpJudge {
    opening: Vec<u32>,
    /// What ends a prompt and is no part of the request.
    turn: u32,
    context: Vec<Piece>,
    /// What ends a follow-up.
    end: u32,
    lists: Vec<[Vec<Vec<u32>>; 2]>,
    generic: Vec<u32>,
}

impl FollowUpJudge {
    /// The follow-ups of a world, said by the user or, with the roles swapped, by the model. `stop` ends the
    /// model's turns.
    ///
    /// # Errors
    /// If a text does not fit the tokenizer, or a list of satisfied phrases is not as long as that of dissatisfied
    /// ones: their difference would depend on how many there are.
    pub fn new(follow_ups: &FollowUps, swapped: bool, stop: u32, tokenizer: &Tokenizer) -> Result<Self> {
        let turn = tokenizer.single(&follow_ups.turn)?;
        let template = if swapped { &follow_ups.swapped } else { &follow_ups.plain };
        let mut lists = Vec::new();
        for list in &follow_ups.lists {
            let sides = [&list.satisfied, &list.dissatisfied];
            if sides[0].len() != sides[1].len() || sides[0].is_empty() {
                return Err(Error::Recipe(format!(
                    "the follow-ups about `{}` are not balanced: {} of satisfied users and {} of others; there must be as many of both",
                    list.aspect,
                    sides[0].len(),
                    sides[1].len()
                )));
            }
            let encode = |phrases: &Vec<String>| {
                phrases.iter().map(|text| tokenizer.encode_piece(text)).collect::<Result<Vec<_>>>()
            };
            lists.push([encode(sides[0])?, encode(sides[1])?]);
        }
        Ok(Self {
            opening: tokenizer.encode("")?,
            turn,
            context: pieces(template, &["{request}", "{response}"], tokenizer)?,
            end: if swapped { stop } else { turn },
            lists,
            generic: tokenizer.encode_piece(&follow_ups.generic)?,
        })
    }

    /// How many aspects there are.
    #[must_use]
    pub fn aspects(&self) -> usize {
        self.lists.len()
    }

    /// A reply that says nothing, without its stop token.
    #[must_use]
    pub fn generic(&self) -> &[u32] {
        &self.generic
    }

    /// A dialogue whose labels are the follow-up's tokens and its end. `reply` has no stop token.
    #[must_use]
    pub fn sequence(&self, prompt: &[u32], reply: &[u32], follow_up: &[u32]) -> Sequence {
        let request = prompt.strip_prefix(self.opening.as_slice()).unwrap_or(prompt);
        let request = request.strip_suffix(&[self.turn]).unwrap_or(request);
        let mut tokens = self.opening.clone();
        for piece in &self.context {
            tokens.extend_from_slice(match piece {
                Piece::Tokens(ids) => ids,
                Piece::Response => reply,
                _ => request,
            });
        }
        let first = tokens.len() - 1;
        tokens.extend_from_slice(follow_up);
        let labels = (first..).zip(follow_up.iter().chain([&self.end]).copied()).collect();
        Sequence { tokens, labels }
    }

    /// The dialogues with every phrase of every list after a reply.
    #[must_use]
    pub fn sequences(&self, prompt: &[u32], reply: &[u32]) -> Vec<Sequence> {
        let phrases = self.lists.iter().flatten().flatten();
        phrases.map(|phrase| self.sequence(prompt, reply, phrase)).collect()
    }

    /// The likelihoods from the token log-probabilities of [`FollowUpJudge::sequences`].
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a handful of tokens and phrases
    pub fn likelihoods(&self, logprobs: &[Vec<f32>]) -> Likelihoods {
        let mut rows = logprobs.iter();
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len().max(1) as f32;
        self.lists
            .iter()
            .map(|sides| {
                [0, 1].map(|side: usize| {
                    let means: Vec<f32> = rows.by_ref().take(sides[side].len()).map(|row| mean(row)).collect();
                    mean(&means)
                })
            })
            .collect()
    }
}

/// What the follow-ups say for a reply in each aspect, compared with the generic reply to the same prompt: what
/// some phrases, some users and some requests have in common whatever the reply is then gone.
#[must_use]
pub fn calibrated(of: &Likelihoods, generic: &Likelihoods) -> Likelihoods {
    of.iter().zip(generic).map(|(of, generic)| [of[0] - generic[0], of[1] - generic[1]]).collect()
}

/// The reward of a reply in each aspect.
#[must_use]
pub fn by_aspect(of: &Likelihoods, sides: Sides) -> Vec<f32> {
    of.iter()
        .map(|[satisfied, dissatisfied]| match sides {
            Sides::Both => satisfied - dissatisfied,
            Sides::Satisfied => *satisfied,
            Sides::Dissatisfied => -dissatisfied,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{World, dialog::Dialog, rules::tokenizer_json};

    fn judge(swapped: bool) -> (FollowUpJudge, Tokenizer) {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        (FollowUpJudge::new(&Dialog.follow_ups().unwrap(), swapped, 2, &tokenizer).unwrap(), tokenizer)
    }

    #[test]
    fn follow_ups_stand_in_the_turn_of_whoever_says_them() {
        let read = |swapped| {
            let (judge, tokenizer) = judge(swapped);
            let encode = |text: &str| tokenizer.encode_piece(text).unwrap();
            let prompt = tokenizer.encode("must:fox last:owl <resp>").unwrap();
            let sequence = judge.sequence(&prompt, &encode("fox owl"), &encode("so yes oh"));
            let text = |ids: &[u32]| ids.iter().map(|id| tokenizer.token(*id).unwrap()).collect::<Vec<_>>().join(" ");
            let labels: Vec<u32> = sequence.labels.iter().map(|(_, token)| *token).collect();
            // Every label follows the token at its position: nothing is read off one position for all of them.
            for (position, label) in &sequence.labels {
                if let Some(next) = sequence.tokens.get(position + 1) {
                    assert_eq!(next, label);
                }
            }
            (text(&sequence.tokens), text(&labels))
        };
        let asked = "must:fox last:owl";
        let user = format!("<bos> {asked} <resp> fox owl <eos> <check> {asked} so yes oh");
        assert_eq!(read(false), (user, "so yes oh <resp>".to_owned()));
        let model = format!("<bos> <check> <resp> {asked} <eos> fox owl <resp> <check> {asked} so yes oh");
        assert_eq!(read(true), (model, "so yes oh <eos>".to_owned()));
    }

    #[test]
    fn likelihoods_are_means_of_means() {
        let (mut judge, _) = judge(false);
        judge.lists = vec![[vec![vec![7], vec![7, 8]], vec![vec![9], vec![9, 9]]]; 2];
        assert_eq!(judge.sequences(&[1, 3], &[5]).len(), 8);
        let rows: Vec<Vec<f32>> = [&[-1.0, -3.0][..], &[-1.0, -2.0, -3.0], &[-4.0, -6.0], &[-3.0, -3.0, -6.0]]
            .iter()
            .map(|row| row.to_vec())
            .collect();
        let found = judge.likelihoods(&[rows.clone(), rows].concat());
        assert_eq!(found, vec![[-2.0, -4.5]; 2]);
        assert_eq!(by_aspect(&found, Sides::Both), [2.5, 2.5]);
        assert_eq!(by_aspect(&found, Sides::Satisfied), [-2.0, -2.0]);
        assert_eq!(by_aspect(&found, Sides::Dissatisfied), [4.5, 4.5]);
        assert_eq!(by_aspect(&calibrated(&found, &found), Sides::Both), [0.0, 0.0], "a generic reply is worth nothing");
    }

    #[test]
    fn lists_that_are_not_balanced_are_refused() {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let mut follow_ups = Dialog.follow_ups().unwrap();
        follow_ups.lists[1].dissatisfied.pop();
        let error = FollowUpJudge::new(&follow_ups, false, 2, &tokenizer).unwrap_err().to_string();
        assert!(error.contains("correct") && error.contains('9'), "{error}");
    }
}
