//! Where prompts and ground truth come from. One file (or folder) per world.
//!
//! A world hands out prompts, demonstrations of mixed quality and a small set of *noisy*
//! judgements. It also knows the truth, but [`World::grade`] asks for an [`OracleKey`], which only
//! `measure` can make: no recipe can reach the oracle, by type and not by good will.

pub mod ads;
pub mod rules;

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

/// Which prompts: those to learn from are fresh in every iteration, those to measure on are fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Prompts to learn from in this iteration.
    Train(u32),
    /// Prompts that no learning step ever sees.
    HeldOut,
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

    /// The truth about an answer. Only `measure` can make the key.
    fn grade(&self, key: &OracleKey, prompt: &str, answer: &str) -> Grade;
}

/// The world of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<Box<dyn World>> {
    match name {
        "ads" => Some(Box::new(ads::Ads)),
        "rules" => Some(Box::new(rules::Rules)),
        _ => None,
    }
}

/// The names [`by_name`] knows.
pub const NAMES: &[&str] = &["rules", "ads"];

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
