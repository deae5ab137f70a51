//! Tokens of an answer: their texts, as far as they are known, and how expected each was.

use std::sync::LazyLock;

use selfsame_core::{
    sample::{Answer, FinishReason},
    world::rules,
};

use crate::view::words::t;

/// The log-probability at which the scale of colours ends, in nats: one in 150.
pub const LEAST: f32 = -5.0;

/// The tokens of the Rules world, which are words: the only ones that are known without the model.
static RULES: LazyLock<Vec<String>> = LazyLock::new(rules::tokens);

/// How many of them, the first ones, have no text.
const SPECIAL: usize = 3;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its text, or its number where the text is not known.
    pub text: String,
    /// Its log-probability under the model that wrote it.
    pub logprob: Option<f32>,
    /// Whether it is the stop token.
    pub stop: bool,
    /// What the recipe noted about it, where it is coloured by that.
    pub noted: Option<f32>,
}

/// How a token's text is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// By the tokenizer, or because the text has as many words as tokens.
    Text,
    /// Not at all: tokens are shown by their numbers.
    Number,
}

/// The tokens of an answer.
#[must_use]
pub fn of_answer(answer: &Answer, rules: bool) -> (Vec<Token>, Known) {
    let content = answer.content();
    let texts = decoded(content, &answer.text, rules).or_else(|| words(content.len(), &answer.text));
    let known = if texts.is_some() { Known::Text } else { Known::Number };
    let mut texts = texts.unwrap_or_default().into_iter();
    let stops = answer.finish == FinishReason::Stop;
    let tokens = answer.ids.iter().enumerate().map(|(at, id)| {
        let stop = stops && at + 1 == answer.ids.len();
        let text = texts.next().filter(|_| !stop);
        Token {
            text: if stop { t("answers.stop_token").to_owned() } else { text.unwrap_or_else(|| id.to_string()) },
            logprob: answer.logprobs.get(at).copied(),
            stop,
            noted: None,
        }
    });
    (tokens.collect(), known)
}

/// The texts by the tokenizer of the world, if it is the model's: the whole has to read as the log
/// has it.
fn decoded(ids: &[u32], text: &str, rules: bool) -> Option<Vec<String>> {
    if !rules {
        return None;
    }
    let written = ids.iter().filter(|id| **id as usize >= SPECIAL).map(|id| word(*id));
    if written.collect::<Option<Vec<_>>>()?.join(" ") != text {
        return None;
    }
    // A special token in the middle of an answer has no text.
    let name = |id: &u32| if (*id as usize) < SPECIAL { Some(format!("<{id}>")) } else { word(*id).map(str::to_owned) };
    ids.iter().map(name).collect()
}

fn word(id: u32) -> Option<&'static str> {
    RULES.get(id as usize).map(String::as_str)
}

/// The words of the text, if there are as many as tokens.
fn words(count: usize, text: &str) -> Option<Vec<String>> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    (words.len() == count).then_some(words)
}

/// The tokens of a prompt of the Rules world; `None` where the log does not tell.
#[must_use]
pub fn of_prompt(text: &str, rules: bool) -> Option<Vec<Token>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if !rules || words.iter().any(|word| !RULES.iter().any(|known| known == word)) {
        return None;
    }
    let token = |text: &str| Token { text: text.to_owned(), logprob: None, stop: false, noted: None };
    Some(std::iter::once("<bos>").chain(words).map(token).collect())
}

/// Where a log-probability stands on the scale of colours: 1 was certain, 0 hardly expected.
#[must_use]
pub fn share(logprob: f32) -> f32 {
    if logprob.is_nan() { 0.0 } else { (1.0 - logprob / LEAST).clamp(0.0, 1.0) }
}

/// How strongly a noted number is shown, from -1 to 1; `largest` is shown at full strength.
#[must_use]
pub fn strength(noted: f32, largest: f32) -> f32 {
    let share = noted / largest;
    if share.is_finite() { share.clamp(-1.0, 1.0) } else { 0.0 }
}

/// How thick the line below a token is, in points: nothing where it was all but certain.
#[must_use]
pub fn thickness(logprob: f32) -> f32 {
    let surprise = 1.0 - share(logprob);
    if surprise < 0.05 { 0.0 } else { 0.5 + 2.5 * surprise }
}

#[cfg(test)]
mod tests {
    use selfsame_core::text::Tokenizer;

    use super::*;

    fn answer(text: &str, ids: Vec<u32>, finish: FinishReason) -> Answer {
        let logprobs = ids.iter().map(|_| -0.5).collect();
        Answer { text: text.to_owned(), logprobs, sampling_logprob: 0.0, finish, ids }
    }

    fn texts(tokens: &[Token]) -> Vec<&str> {
        tokens.iter().map(|token| token.text.as_str()).collect()
    }

    #[test]
    fn tokens_of_the_rules_world_have_their_texts() {
        let tokenizer = Tokenizer::parse(&rules::tokenizer_json()).unwrap();
        let mut ids = tokenizer.encode_piece("the fox now").unwrap();
        ids.push(2);
        let (tokens, known) = of_answer(&answer("the fox now", ids, FinishReason::Stop), true);
        assert_eq!(known, Known::Text);
        assert_eq!(texts(&tokens[..3]), ["the", "fox", "now"]);
        assert!(tokens[3].stop && tokens[3].text == t("answers.stop_token"));
        assert!(tokens.iter().all(|token| token.logprob.is_some()));
    }

    #[test]
    fn another_models_tokens_are_words_or_numbers() {
        let (tokens, known) = of_answer(&answer("hello there", vec![900, 17], FinishReason::Length), true);
        assert_eq!((texts(&tokens), known), (vec!["hello", "there"], Known::Text), "as many words as tokens");
        assert!(!tokens[1].stop, "cut off: there is no stop token");
        let (tokens, known) = of_answer(&answer("unbelievable", vec![900, 17, 2], FinishReason::Stop), false);
        assert_eq!((texts(&tokens[..2]), known), (vec!["900", "17"], Known::Number));
        assert!(tokens[2].stop);
        let (tokens, known) = of_answer(&answer("", vec![2], FinishReason::Stop), false);
        assert_eq!((tokens.len(), known), (1, Known::Text), "an empty answer is its stop token");
    }

    #[test]
    fn prompts_of_the_rules_world_begin_with_the_first_token() {
        let tokens = of_prompt("must:fox never:any <resp>", true).unwrap();
        assert_eq!(texts(&tokens), ["<bos>", "must:fox", "never:any", "<resp>"]);
        assert!(tokens.iter().all(|token| token.logprob.is_none()));
        assert_eq!(of_prompt("say hello", true), None, "not in the words of the world");
        assert_eq!(of_prompt("must:fox", false), None, "no world, no tokenizer");
    }

    #[test]
    fn the_scale_runs_from_certain_to_hardly_expected() {
        assert_eq!([share(0.0), share(LEAST), share(-100.0), share(f32::NAN)], [1.0, 0.0, 0.0, 0.0]);
        assert!(share(-1.0) > share(-2.0));
        assert_eq!([strength(0.25, 0.5), strength(-2.0, 0.5), strength(1.0, 0.0)], [0.5, -1.0, 0.0]);
        assert_eq!(thickness(0.0), 0.0);
        assert!(thickness(-4.0) > thickness(-1.0) && thickness(-1.0) > 0.0);
    }
}
