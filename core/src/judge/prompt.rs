//! The judge channel: how a model is asked for its opinion.

use serde::{Deserialize, Serialize};

use crate::{Error, Result, learn::Sequence, text::Tokenizer};

/// One way of asking, as text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgePrompt {
    /// Names the variant in logs and tables.
    pub name: String,
    /// Asks for a score of one answer; holds `{response}` once and `{prompt}` at least once.
    pub pointwise: String,
    /// Asks for the better of two answers; holds `{response}` and `{other}` once and `{prompt}` at
    /// least once.
    pub pairwise: String,
    /// The score tokens from worst to best; the `k`-th is worth `k`.
    pub scores: Vec<String>,
    /// The labels of the first and the second answer.
    pub verdicts: [String; 2],
    /// What the model's chat template writes before and after what a user says, where prompts are written by it: the
    /// question is then such a turn, and the prompt stands in it without what is around it elsewhere. Both texts then
    /// hold `{reply}` once, where the turn ends and the model's begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<[String; 2]>,
}

/// The variants for a model that was not taught a judge channel: plain English, two rubrics.
#[must_use]
pub fn default_prompts() -> Vec<JudgePrompt> {
    in_english("\n", None)
}

/// The same for a model that was taught to answer turns of a conversation, with what its chat template writes before
/// and after such a turn ([`Chat::around`](crate::prompt::Chat::around)).
#[must_use]
pub fn chat_prompts(turn: &[String; 2]) -> Vec<JudgePrompt> {
    in_english("{reply}", Some(turn))
}

/// Two rubrics; `reply` stands between each question and the beginning of what is said to it. The bracket is there
/// because a letter that follows a blank is another token than the letter alone.
fn in_english(reply: &str, turn: Option<&[String; 2]>) -> Vec<JudgePrompt> {
    let prompt = |name: &str, quality: &str, question: &str| JudgePrompt {
        name: name.to_owned(),
        pointwise: format!(
            "Task: {{prompt}}\n\nAnswer: {{response}}\n\nHow {quality} is the answer, from 0 (not at all) to 5 (perfectly)?{reply}Score: "
        ),
        pairwise: format!(
            "Task: {{prompt}}\n\nAnswer A: {{response}}\n\nAnswer B: {{other}}\n\n{question}, (A) or (B)?{reply}Verdict: ("
        ),
        scores: (0..=5).map(|score| score.to_string()).collect(),
        verdicts: ["A".to_owned(), "B".to_owned()],
        turn: turn.cloned(),
    };
    vec![
        prompt("relevance", "relevant to the task", "Which answer does the task better"),
        prompt("clarity", "clear and well written", "Which answer is clearer and better written"),
    ]
}

/// A [`JudgePrompt`] in tokens. The prompt's and the answers' own tokens are spliced in, never
/// re-tokenised; what stands before every prompt (such as `<s>`, or the beginning of a turn) stands once, at the
/// very front, and what stands after every prompt once, where the question ends.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    pub(super) name: String,
    /// What the tokenizer puts before every text, or the chat template before what a user says.
    opening: Vec<u32>,
    /// What the chat template writes after what a user says.
    closing: Vec<u32>,
    pointwise: Vec<Piece>,
    pairwise: Vec<Piece>,
    pub(super) scores: Vec<u32>,
    pub(super) verdicts: [u32; 2],
}

#[derive(Debug, Clone)]
pub(super) enum Piece {
    Tokens(Vec<u32>),
    Prompt,
    /// The prompt without what hands the turn to the model.
    Request,
    Response,
    Other,
    /// The end of the turn.
    Reply,
}

impl Compiled {
    pub(super) fn new(prompt: &JudgePrompt, tokenizer: &Tokenizer) -> Result<Self> {
        if prompt.scores.len() < 2 {
            return Err(Error::setting("judge.scores", "a scale needs at least two score tokens"));
        }
        let [a, b] = &prompt.verdicts;
        let (wanted, pairwise) =
            (["{prompt}", "{response}", "{reply}"], ["{prompt}", "{response}", "{other}", "{reply}"]);
        let turns = usize::from(prompt.turn.is_some());
        let (opening, closing) = match &prompt.turn {
            None => (tokenizer.encode("")?, Vec::new()),
            Some([before, after]) => (tokenizer.encode_piece(before)?, tokenizer.encode_piece(after)?),
        };
        Ok(Self {
            name: prompt.name.clone(),
            opening,
            closing,
            pointwise: pieces(&prompt.pointwise, &wanted[..2 + turns], tokenizer)?,
            pairwise: pieces(&prompt.pairwise, &pairwise[..3 + turns], tokenizer)?,
            scores: prompt.scores.iter().map(|score| tokenizer.single(score)).collect::<Result<_>>()?,
            verdicts: [tokenizer.single(a)?, tokenizer.single(b)?],
        })
    }

    /// What the judge reads for one answer, or for two in the given order. The label stands at
    /// the last position; its token is `label`.
    pub(super) fn sequence(&self, prompt: &[u32], response: &[u32], other: Option<&[u32]>, label: u32) -> Sequence {
        let pieces = if other.is_some() { &self.pairwise } else { &self.pointwise };
        let prompt = prompt.strip_prefix(self.opening.as_slice()).unwrap_or(prompt);
        // A conversation that begins otherwise is read with its turns, but hands none to the model.
        let prompt = prompt.strip_suffix(self.closing.as_slice()).unwrap_or(prompt);
        let mut tokens = self.opening.clone();
        for piece in pieces {
            tokens.extend_from_slice(match piece {
                Piece::Tokens(ids) => ids,
                Piece::Prompt | Piece::Request => prompt,
                Piece::Response => response,
                Piece::Other => other.unwrap_or_default(),
                Piece::Reply => &self.closing,
            });
        }
        let labels = vec![(tokens.len() - 1, label)];
        Sequence { tokens, labels }
    }
}

/// Splits a template at its placeholders.
pub(super) fn pieces(template: &str, wanted: &[&str], tokenizer: &Tokenizer) -> Result<Vec<Piece>> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let end = rest[at..].find('}').map(|end| at + end + 1);
        let name = end.map_or("{", |end| &rest[at..end]);
        let piece = match name {
            "{prompt}" => Piece::Prompt,
            "{request}" => Piece::Request,
            "{response}" => Piece::Response,
            "{other}" => Piece::Other,
            "{reply}" => Piece::Reply,
            other => {
                return Err(Error::setting("judge", format!("`{other}` in {template:?} is not one of {wanted:?}")));
            }
        };
        if !wanted.contains(&name) {
            return Err(Error::setting("judge", format!("`{name}` does not belong into {template:?}")));
        }
        if at > 0 {
            found.push(Piece::Tokens(tokenizer.encode_piece(&rest[..at])?));
        }
        found.push(piece);
        rest = &rest[at + name.len()..];
    }
    if !rest.is_empty() {
        found.push(Piece::Tokens(tokenizer.encode_piece(rest)?));
    }
    for name in wanted {
        // A prompt may be shown again after each answer.
        let count = template.matches(name).count();
        if count == 0 || (count > 1 && !["{prompt}", "{request}"].contains(name)) {
            return Err(Error::setting("judge", format!("{template:?} must hold `{name}` exactly once")));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::rules;

    #[test]
    fn a_question_in_a_turn_has_what_is_around_turns_once() {
        let tokenizer = Tokenizer::parse(&rules::tokenizer_json()).unwrap();
        let asked = JudgePrompt {
            name: "any".to_owned(),
            pointwise: "{response} <check> {prompt} {reply} fox".to_owned(),
            pairwise: "{response} <check> {prompt} <versus> {other} {reply}".to_owned(),
            scores: vec!["0".to_owned(), "1".to_owned()],
            verdicts: ["A".to_owned(), "B".to_owned()],
            turn: Some(["<bos> length:long".to_owned(), "<resp>".to_owned()]),
        };
        let compiled = Compiled::new(&asked, &tokenizer).unwrap();
        let ids = |text: &str| tokenizer.encode(text).unwrap();
        let read = |prompt: &str| compiled.sequence(&ids(prompt), &ids("the fox")[1..], None, 7);
        let told = read("length:long must:fox <resp>");
        assert_eq!(told.tokens, ids("length:long the fox <check> must:fox <resp> fox"));
        assert_eq!(told.labels, [(told.tokens.len() - 1, 7)]);
        // Another beginning stays, but the turn still ends once, behind the question.
        let kept = [ids("length:long the fox <check>"), ids("must:fox <resp> fox")].concat();
        assert_eq!(read("must:fox <resp>").tokens, kept);
        // Where there are no turns, none ends.
        let plain = JudgePrompt { turn: None, ..asked.clone() };
        assert!(Compiled::new(&plain, &tokenizer).unwrap_err().to_string().contains("{reply}"));
        let endless = JudgePrompt { pointwise: "{response} {prompt}".to_owned(), ..asked };
        assert!(Compiled::new(&endless, &tokenizer).unwrap_err().to_string().contains("{reply}"));
    }
}
