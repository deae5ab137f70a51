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
}

/// The variants for a model that was not taught a judge channel: plain English, two rubrics.
#[must_use]
pub fn default_prompts() -> Vec<JudgePrompt> {
    let prompt = |name: &str, quality: &str, question: &str| JudgePrompt {
        name: name.to_owned(),
        pointwise: format!(
            "Task: {{prompt}}\n\nAnswer: {{response}}\n\nHow {quality} is the answer, from 0 (not at all) to 5 (perfectly)?\nScore: "
        ),
        pairwise: format!(
            "Task: {{prompt}}\n\nAnswer A: {{response}}\n\nAnswer B: {{other}}\n\n{question}, A or B?\nVerdict: "
        ),
        scores: (0..=5).map(|score| score.to_string()).collect(),
        verdicts: ["A".to_owned(), "B".to_owned()],
    };
    vec![
        prompt("relevance", "relevant to the task", "Which answer does the task better"),
        prompt("clarity", "clear and well written", "Which answer is clearer and better written"),
    ]
}

/// A [`JudgePrompt`] in tokens. The prompt's and the answers' own tokens are spliced in, never
/// re-tokenised; what the tokenizer puts before a text (such as `<s>`) stands once, at the very front.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    pub(super) name: String,
    /// What the tokenizer puts before every text.
    opening: Vec<u32>,
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
}

impl Compiled {
    pub(super) fn new(prompt: &JudgePrompt, tokenizer: &Tokenizer) -> Result<Self> {
        if prompt.scores.len() < 2 {
            return Err(Error::setting("judge.scores", "a scale needs at least two score tokens"));
        }
        let [a, b] = &prompt.verdicts;
        Ok(Self {
            name: prompt.name.clone(),
            opening: tokenizer.encode("")?,
            pointwise: pieces(&prompt.pointwise, &["{prompt}", "{response}"], tokenizer)?,
            pairwise: pieces(&prompt.pairwise, &["{prompt}", "{response}", "{other}"], tokenizer)?,
            scores: prompt.scores.iter().map(|score| tokenizer.single(score)).collect::<Result<_>>()?,
            verdicts: [tokenizer.single(a)?, tokenizer.single(b)?],
        })
    }

    /// What the judge reads for one answer, or for two in the given order. The label stands at
    /// the last position; its token is `label`.
    pub(super) fn sequence(&self, prompt: &[u32], response: &[u32], other: Option<&[u32]>, label: u32) -> Sequence {
        let pieces = if other.is_some() { &self.pairwise } else { &self.pointwise };
        let prompt = prompt.strip_prefix(self.opening.as_slice()).unwrap_or(prompt);
        let mut tokens = self.opening.clone();
        for piece in pieces {
            tokens.extend_from_slice(match piece {
                Piece::Tokens(ids) => ids,
                Piece::Prompt | Piece::Request => prompt,
                Piece::Response => response,
                Piece::Other => other.unwrap_or_default(),
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
