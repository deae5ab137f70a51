//! One answer, token by token, for somebody who watches: the same cache, the same random numbers and
//! the same filters as [`generate`](super::generate()), and therefore the same tokens.

use super::{
    Answer, FinishReason, Grammar, Key, Sampling,
    generate::{check_prompt, check_room},
    rows::{Row, padded, token_tensor},
};
use crate::{
    Result,
    device::read_floats,
    model::{Cache, Decoder},
    text::Tokenizer,
};

/// A token of an answer that is being drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// Its log-probability under the model (temperature 1, no filters).
    pub logprob: f32,
    /// Why the answer ends with it; `None` while it goes on.
    pub finish: Option<FinishReason>,
}

/// An answer that is being drawn.
pub struct Draw {
    model: Decoder,
    sampling: Sampling,
    grammar: Option<Grammar>,
    stop: Vec<u32>,
    cache: Cache,
    row: Row,
    /// What the model has to read before the next token, padding included.
    unread: Vec<u32>,
}

impl Draw {
    /// Begins an answer; nothing is computed yet.
    ///
    /// # Errors
    /// If a setting is out of range, or the prompt is empty or leaves no room for an answer.
    pub fn new(model: &Decoder, prompt: &[u32], sampling: &Sampling, key: Key) -> Result<Self> {
        Self::within(model, prompt, sampling, key, None)
    }

    /// Begins an answer that has a form, as [`generate_within`](super::generate_within) draws it.
    ///
    /// # Errors
    /// As [`Draw::new`], and if the shortest answer of that form does not fit.
    pub fn within(
        model: &Decoder,
        prompt: &[u32],
        sampling: &Sampling,
        key: Key,
        grammar: Option<Grammar>,
    ) -> Result<Self> {
        sampling.check()?;
        check_prompt(model, key.prompt, prompt)?;
        if let Some(grammar) = &grammar {
            check_room(model, sampling, key.prompt, prompt, grammar)?;
        }
        let padding = padded(prompt) - prompt.len();
        Ok(Self {
            sampling: *sampling,
            grammar,
            stop: model.config().stop_tokens(),
            cache: Cache::new(vec![padding]),
            row: Row::new(model, key, 0, prompt, sampling.max_new_tokens),
            unread: std::iter::repeat_n(0, padding).chain(prompt.iter().copied()).collect(),
            model: model.clone(),
        })
    }

    /// The next token, or `None` after the last one.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn next(&mut self) -> Result<Option<Token>> {
        if self.row.done.is_some() {
            return Ok(None);
        }
        let shape = [1, self.unread.len()];
        let tokens = token_tensor(self.unread.drain(..), shape, &self.model.device());
        let hidden = self.model.extend(tokens, &mut self.cache);
        let logits = read_floats(self.model.logits(hidden)).await?;
        let drawn = self.row.draw_within(&logits, &self.sampling, &self.stop, self.grammar.as_ref());
        self.unread.push(drawn.token);
        Ok(Some(Token { id: drawn.token, logprob: drawn.logprob, finish: self.row.done }))
    }

    /// The answer as far as it is drawn.
    ///
    /// # Errors
    /// If the tokenizer does not know a token.
    pub fn answer(self, tokenizer: &Tokenizer) -> Result<Answer> {
        self.row.finish(tokenizer)
    }
}

/// Cuts the text of growing tokens into one piece a token, so that the pieces together are the
/// text: a single token knows neither the blank before it nor the rest of a character.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    ids: Vec<u32>,
    shown: String,
}

impl Pieces {
    /// What a further token adds to the text. A token that ends within a character adds nothing;
    /// the one that completes it adds the whole character, or the `last` one adds what there is.
    ///
    /// # Errors
    /// If the tokenizer does not know the token.
    pub fn push(&mut self, tokenizer: &Tokenizer, id: u32, last: bool) -> Result<String> {
        self.ids.push(id);
        let text = tokenizer.decode(&self.ids)?;
        if text.ends_with(char::REPLACEMENT_CHARACTER) && !last {
            return Ok(String::new());
        }
        // Some tokenizers tidy up what stood before; what is shown stays, and the rest follows.
        let common: usize =
            text.chars().zip(self.shown.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
        let piece = text.get(common..).unwrap_or_default().to_owned();
        self.shown = text;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device,
        model::Config,
        sample::{Request, generate},
        world::rules::tokenizer_json,
    };

    fn tokenizer() -> Tokenizer {
        Tokenizer::parse(&tokenizer_json()).unwrap()
    }

    /// A small random model with a context of 40 in which `stops` end an answer.
    fn model(stops: &[u32]) -> Decoder {
        let mut config = serde_json::to_value(Config::llama(32, 64, 2, 4, 2, tokenizer().size())).unwrap();
        config["max_position_embeddings"] = 40.into();
        config["eos_token_id"] = stops.into();
        let config = Config::parse(&config.to_string(), "config.json".as_ref()).unwrap();
        Decoder::random(config, 1, &[], &device::cpu())
    }

    fn drawn(model: &Decoder, prompt: &[u32], sampling: &Sampling, key: Key) -> (Vec<Token>, Answer) {
        let mut draw = Draw::new(model, prompt, sampling, key).unwrap();
        let mut tokens = Vec::new();
        while let Some(token) = pollster::block_on(draw.next()).unwrap() {
            tokens.push(token);
        }
        assert_eq!(pollster::block_on(draw.next()).unwrap(), None, "an answer that ended stays ended");
        (tokens, draw.answer(&tokenizer()).unwrap())
    }

    #[test]
    fn a_stream_draws_what_a_batch_draws() {
        let every_tenth: Vec<u32> = (2..tokenizer().size().try_into().unwrap()).step_by(10).collect();
        let settings = [
            Sampling::greedy(12),
            Sampling { temperature: 0.9, max_new_tokens: 12, ..Sampling::default() },
            Sampling { top_k: 40, top_p: 0.8, min_p: 0.01, max_new_tokens: 60, ..Sampling::default() },
        ];
        let prompts: Vec<(u64, Vec<u32>)> =
            vec![(3, vec![1, 5, 9]), (70, (1..9).collect()), (4, (1..35).collect()), (9, vec![7; 39])];
        let mut ends = std::collections::BTreeMap::<_, usize>::new();
        for stops in [&every_tenth[..], &[2]] {
            let model = model(stops);
            for sampling in &settings {
                let request = Request { prompts: &prompts, samples: 3, sampling, seed: 11, iteration: 2, batch: 64 };
                let batch = pollster::block_on(generate(&model, &tokenizer(), &request)).unwrap();
                for ((number, ids), answers) in prompts.iter().zip(&batch) {
                    for (sample, expected) in (0..).zip(answers) {
                        let key = Key { seed: 11, iteration: 2, prompt: *number, sample };
                        let (tokens, answer) = drawn(&model, ids, sampling, key);
                        assert_eq!(answer.ids, expected.ids, "{sampling:?} {key:?}");
                        assert_eq!((&answer.text, answer.finish), (&expected.text, expected.finish));
                        assert!((answer.sampling_logprob - expected.sampling_logprob).abs() < 1e-3);
                        for (token, (id, logprob)) in tokens.iter().zip(expected.ids.iter().zip(&expected.logprobs)) {
                            assert_eq!(token.id, *id);
                            assert!((token.logprob - logprob).abs() < 1e-4);
                        }
                        let (last, before) = tokens.split_last().unwrap();
                        assert!(before.iter().all(|token| token.finish.is_none()));
                        assert_eq!(last.finish, Some(expected.finish));
                        let room = 40 - ids.len();
                        let end = match (expected.finish, tokens.len() == room) {
                            (FinishReason::Stop, _) => "stop token",
                            (FinishReason::Length, true) => "end of the context",
                            (FinishReason::Length, false) => "limit",
                        };
                        *ends.entry(end).or_default() += 1;
                    }
                }
            }
        }
        assert!(ends.len() == 3 && ends.values().all(|count| *count > 3), "every kind of end has to occur: {ends:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_at_the_beginning() {
        let model = model(&[2]);
        let refused = |prompt: &[u32], sampling: &Sampling| {
            Draw::new(&model, prompt, sampling, Key::default()).err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(refused(&[1; 40], &Sampling::default()).contains("40"));
        assert!(refused(&[], &Sampling::default()).contains("no tokens"));
        assert!(refused(&[9999], &Sampling::default()).contains("9999"));
        assert!(refused(&[1], &Sampling { max_new_tokens: 0, ..Sampling::default() }).contains("max_new_tokens"));
    }

    #[test]
    fn pieces_together_are_the_text() {
        let tokenizer = tokenizer();
        let ids = tokenizer.encode_piece("the fox so sun").unwrap();
        let mut pieces = Pieces::default();
        let cut: Vec<String> =
            ids.iter().chain(&[2]).map(|id| pieces.push(&tokenizer, *id, *id == 2).unwrap()).collect();
        assert_eq!(cut, ["the", " fox", " so", " sun", ""]);
    }

    /// A tokenizer of single bytes, as GPT-2's has them: `é` is two tokens.
    #[test]
    fn a_character_of_several_tokens_comes_whole() {
        let json = serde_json::json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
            "post_processor": null,
            "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
            "model": {"type": "BPE", "vocab": {"a": 0, "Ã": 1, "©": 2, "Ġ": 3}, "merges": []},
        });
        let tokenizer = Tokenizer::parse(&json.to_string()).unwrap();
        let ids = tokenizer.encode("aé é").unwrap();
        assert_eq!(ids, [0, 1, 2, 3, 1, 2]);
        let mut pieces = Pieces::default();
        let cut: Vec<String> = ids.iter().map(|id| pieces.push(&tokenizer, *id, false).unwrap()).collect();
        assert_eq!(cut, ["a", "", "é", " ", "", "é"]);
        assert_eq!(pieces.push(&tokenizer, 1, true).unwrap(), "\u{fffd}", "the last token hides nothing");
    }
}
