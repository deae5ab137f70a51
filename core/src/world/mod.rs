//! Where prompts and ground truth come from. One file (or folder) per world.
//!
//! A world hands out prompts, demonstrations of mixed quality and a small set of *noisy*
//! judgements. It also knows the truth, but [`World::grade`] asks for an [`OracleKey`], which only
//! `measure` can make: no recipe can reach the oracle, by type and not by good will.

pub mod ads;
pub mod dialog;
pub mod grammar;
pub mod rules;
mod split;
pub mod style;

pub use self::split::Split;
pub use crate::measure::oracle::OracleKey;
use crate::{Result, judge::JudgePrompt, prompt::Prompt, rng::Stream, sample::Grammar, text::Tokenizer};

/// What the oracle says about one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grade {
    /// The graded reward `r*`; at most 1.
    pub reward: f64,
    /// Whether every requirement of the prompt is met.
    pub all_met: bool,
}

/// A prompt with an answer of whatever quality the world's authors had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demonstration {
    /// The prompt's text.
    pub prompt: String,
    /// The answer's text.
    pub answer: String,
}

/// One seed judgement for evaluation fine-tuning, corrupted at a known rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Index into [`World::judge_prompts`].
    pub variant: usize,
    /// The prompt's text.
    pub prompt: String,
    /// The answer to judge, or the first of two.
    pub first: String,
    /// The second answer of a pairwise judgement.
    pub second: Option<String>,
    /// `(question token, answer token)` in the order in which the questions stand in the judge
    /// prompt: the short justification that precedes the verdict.
    pub checks: Vec<(String, String)>,
    /// The token the judge has to end with: a score, or the label of the better answer.
    pub verdict: String,
}

/// A prompt, a reply, and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialogue {
    /// The prompt's text.
    pub prompt: String,
    /// The reply's text.
    pub reply: String,
    /// What the user says next, or what an annotator comments.
    pub follow_up: String,
}

/// What users say after a reply with which they are, or are not, satisfied in one respect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// The respect.
    pub aspect: String,
    /// What satisfied users say.
    pub satisfied: Vec<String>,
    /// What dissatisfied users say; as many phrases.
    pub dissatisfied: Vec<String>,
}

/// Lists of follow-ups and the turns that they stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUps {
    /// One list for each aspect.
    pub lists: Vec<FollowUp>,
    /// The mark that ends a user's turn.
    pub turn: String,
    /// What precedes a follow-up that the user says, with `{request}` for the prompt without that mark, and
    /// `{response}`.
    pub plain: String,
    /// The same with the roles swapped: the model asks and comments.
    pub swapped: String,
    /// A reply that says nothing, to compare with.
    pub generic: String,
}

/// A source of prompts with a known ground truth.
pub trait World: Send + Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// The `tokenizer.json` of a starter model of this world: that of Rules, unless the world has words of its own.
    fn tokenizer_json(&self) -> String {
        rules::tokenizer_json()
    }

    /// For each token that is made of others, the pair of it and each of them: see
    /// [`crate::model::Decoder::random`].
    fn compositional_parts(&self) -> Vec<(usize, usize)> {
        rules::compositional_parts()
    }

    /// The longest text that a starter model of this world reads, in tokens: two answers with what a judge is asked
    /// about them.
    fn context(&self) -> usize {
        128
    }

    /// `count` prompts of a split; the same for the same arguments.
    fn prompts(&self, seed: u64, split: Split, count: usize) -> Vec<Prompt>;

    /// The judge prompts this world's starter model was taught, one per variant.
    fn judge_prompts(&self) -> Vec<JudgePrompt>;

    /// Unaligned text of the world: the language, before any instruction is followed.
    fn language(&self, seed: u64, count: usize) -> Vec<Demonstration>;

    /// Instruction fine-tuning data of mixed quality.
    fn demonstrations(&self, seed: u64, count: usize) -> Vec<Demonstration>;

    /// Evaluation fine-tuning data: six in ten pointwise, the rest pairwise, each label corrupted with
    /// probability `noise`.
    fn judgements(&self, seed: u64, count: usize, noise: f64) -> Vec<Judgement>;

    /// Pairs of world-made answers as its annotators prefer them: `(prompt, chosen, rejected)`, the
    /// wrong way round with probability `noise`.
    fn preferences(&self, seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)>;

    /// Whether a prompt asks for an answer of a certain extent, so that a longer one is no better: what the world's
    /// authors mark beforehand.
    fn constrained(&self, _prompt: &str) -> bool {
        false
    }

    /// The form that answers have, for a model with this tokenizer: what is drawn keeps to it. `None` where answers
    /// are free.
    ///
    /// # Errors
    /// If the tokenizer lacks a word of the form.
    fn grammar(&self, _tokenizer: &Tokenizer) -> Result<Option<Grammar>> {
        Ok(None)
    }

    /// An answer of a much stronger model than the policy, which can err; `None` where there is none.
    /// Only `measure` can make the key, and it does so for recipes whose paper has a teacher.
    fn teach(&self, _key: &OracleKey, _prompt: &str, _stream: &mut Stream) -> Option<String> {
        None
    }

    /// An answer as annotators revise it: edited to be better, or to be worse; `None` where nobody revises. The
    /// better one is worth no less than the answer, the worse one no more. Only `measure` can make the key, and it
    /// does so for recipes whose paper has revisions.
    fn revise(
        &self,
        _key: &OracleKey,
        _prompt: &str,
        _answer: &str,
        _better: bool,
        _stream: &mut Stream,
    ) -> Option<String> {
        None
    }

    /// For each word of an answer, and at last for its end, whether a requirement is broken there; `None` where
    /// the world does not know. Only `measure` can make the key.
    fn faults(&self, _key: &OracleKey, _prompt: &str, _answer: &str) -> Option<Vec<bool>> {
        None
    }

    /// What users of this world say after replies; `None` where there are no users.
    fn follow_ups(&self) -> Option<FollowUps> {
        None
    }

    /// Replies of mixed quality with what a user said to each.
    fn dialogues(&self, _seed: u64, _count: usize) -> Vec<Dialogue> {
        Vec::new()
    }

    /// Replies of mixed quality with an annotator's comment on each, wrong with probability `noise`.
    fn comments(&self, _seed: u64, _count: usize, _noise: f64) -> Vec<Dialogue> {
        Vec::new()
    }

    /// All answers to a prompt that the world's grammar allows; `None` where they are too many to be counted.
    fn sentences(&self, _prompt: &str) -> Option<Vec<String>> {
        None
    }

    /// Whether the shipped starter was taught to answer as this world's authors do.
    fn familiar(&self) -> bool {
        true
    }

    /// The truth about an answer by the aspects of [`World::follow_ups`]; `None` where the prompt asks for nothing
    /// of the kind. Only `measure` can make the key.
    fn aspects(&self, _key: &OracleKey, _prompt: &str, _answer: &str) -> Vec<Option<bool>> {
        Vec::new()
    }

    /// The truth about an answer. Only `measure` can make the key.
    fn grade(&self, key: &OracleKey, prompt: &str, answer: &str) -> Grade;

    /// How much better the first of two answers truly is: above 0 where it is, 0 where neither is. The difference
    /// of their rewards, unless preferences of the world do not come from one.
    fn margin(&self, key: &OracleKey, prompt: &str, [first, second]: [&str; 2]) -> f64 {
        self.grade(key, prompt, first).reward - self.grade(key, prompt, second).reward
    }

    /// The probability that one of those who live in the world prefers the first of two answers:
    /// `P(y ≻ y' | x)`, and `P(y' ≻ y | x) = 1 − P(y ≻ y' | x)`. Whoever has only rewards to go by always prefers
    /// the larger.
    fn prefer(&self, key: &OracleKey, prompt: &str, answers: [&str; 2]) -> f64 {
        let margin = self.margin(key, prompt, answers);
        if margin == 0.0 { 0.5 } else { f64::from(u8::from(margin > 0.0)) }
    }

    /// Answers of authors who know how to exploit what the world prefers, by the author's name: opponents for a
    /// policy that is meant to have no better one. None where rewards say everything.
    fn rivals(&self, _key: &OracleKey, _prompt: &str, _stream: &mut Stream) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// The world of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<Box<dyn World>> {
    match name {
        "ads" => Some(Box::new(ads::Ads)),
        "rules" => Some(Box::new(rules::Rules)),
        "style" => Some(Box::new(style::Style::plural())),
        "style-cyclic" => Some(Box::new(style::Style::cyclic())),
        "dialog" => Some(Box::new(dialog::Dialog)),
        "grammar" => Some(Box::new(grammar::Grammar)),
        _ => None,
    }
}

/// The names [`by_name`] knows.
pub const NAMES: &[&str] = &["rules", "style", "style-cyclic", "dialog", "grammar", "ads"];

/// A tokenizer of whole words, split at white space, with `<bos>` before every text. The first three tokens are
/// `<pad>`, `<bos>` and `<eos>`; `unknown` is one of the others.
fn word_tokenizer(tokens: &[String], unknown: &str) -> String {
    let vocabulary: serde_json::Map<_, _> =
        tokens.iter().enumerate().map(|(id, token)| (token.clone(), id.into())).collect();
    let added: Vec<_> = ["<pad>", "<bos>", "<eos>"]
        .iter()
        .enumerate()
        .map(|(id, token)| {
            serde_json::json!({"id": id, "content": token, "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        })
        .collect();
    serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [1], "tokens": ["<bos>"]}}},
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown},
    })
    .to_string()
}
