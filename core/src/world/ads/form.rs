//! The form of an ad's tokens as a grammar: whatever is drawn within it, [`Ad::parse`](super::Ad::parse) reads.

use super::{
    brand::Brand,
    token_form::{ON, SCENE, SILENT, UNTITLED, faces_word},
    words::{Color, Complexity, Emotion, Line, Pace, Product, Thing, Tone},
    {MOST_COLORS, MOST_FACES, MOST_SCENES, MOST_TAGS},
};
use crate::{
    Error, Result,
    sample::{Grammar, Rule},
    text::Tokenizer,
};

/// The grammar of ads in the tokens of a tokenizer that has one for every word of the world.
///
/// # Errors
/// If the tokenizer lacks a word.
pub fn grammar(tokenizer: &Tokenizer) -> Result<Grammar> {
    let id = |word: &str| {
        tokenizer.id(word).ok_or_else(|| {
            Error::Tokenizer(format!("there is no token `{word}`, which ads of the world `ads` are written with"))
        })
    };
    let one = |words: Vec<String>| Ok(Rule::One(words.iter().map(|word| id(word)).collect::<Result<Vec<_>>>()?));
    let of = |words: &[&str]| one(words.iter().map(|word| (*word).to_owned()).collect());
    macro_rules! words {
        ($name:ident) => {
            $name::ALL.iter().map(|each| each.word()).collect::<Vec<_>>()
        };
    }
    let several = |rule: &Rule, most: usize| Rule::Repeat(Box::new(rule.clone()), 1, most);
    let color = of(&words!(Color))?;
    let said = |none: &str| {
        let lines = words!(Line).into_iter().map(str::to_owned);
        one(std::iter::once(none.to_owned()).chain(lines).chain(Brand::all().map(Brand::name)).collect())
    };
    let scene = Rule::Then(vec![
        of(&[SCENE])?,
        several(&of(&[words!(Product), words!(Thing)].concat())?, MOST_TAGS),
        several(&color, MOST_COLORS),
        of(&[ON])?,
        several(&color, MOST_COLORS),
        of(&words!(Tone))?,
        of(&words!(Emotion))?,
        one((0..=MOST_FACES).map(faces_word).collect())?,
        of(&words!(Complexity))?,
        said(UNTITLED)?,
        said(SILENT)?,
    ]);
    Grammar::new(&Rule::Then(vec![of(&words!(Pace))?, several(&scene, MOST_SCENES)]), id("<eos>")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device,
        model::{Config, Decoder},
        rng::{Purpose, Stream},
        sample::{FinishReason, Request, Sampling, generate_within},
        world::{
            World,
            ads::{Ad, Ads, author::seed_ad},
        },
    };

    fn tokenizer() -> Tokenizer {
        Tokenizer::parse(&Ads.tokenizer_json()).unwrap()
    }

    #[test]
    fn every_ad_of_the_world_has_the_form() {
        let tokenizer = tokenizer();
        let grammar = grammar(&tokenizer).unwrap();
        for index in 0..500 {
            let (_, ad) = seed_ad(Brand::COUNT, &mut Stream::new(8, Purpose::Corpus, 10, index));
            let mut ids = tokenizer.encode_piece(&ad.tokens()).unwrap();
            ids.extend(tokenizer.id("<eos>"));
            assert!(grammar.accepts(&ids), "{}", ad.tokens());
            // A word less, and it has not.
            ids.remove(3);
            assert_eq!(grammar.accepts(&ids), Ad::parse(&tokenizer.decode(&ids).unwrap()).is_ok());
        }
    }

    /// A random model knows nothing of ads; within the grammar it writes nothing else, however little room it has.
    #[test]
    fn whatever_is_drawn_is_an_ad() {
        let tokenizer = tokenizer();
        let grammar = grammar(&tokenizer).unwrap();
        let mut config = Config::llama(16, 24, 1, 2, 1, tokenizer.size());
        config.max_position_embeddings = 100;
        let model = Decoder::random(config, 4, &[], &device::cpu());
        let prompts = [(0, vec![1, 9, 8, 7]), (1, vec![1; 12])];
        for limit in [grammar.shortest(), 20, 64] {
            let sampling = Sampling { temperature: 1.3, top_p: 0.95, max_new_tokens: limit, ..Sampling::default() };
            let request =
                Request { prompts: &prompts, samples: 12, sampling: &sampling, seed: 2, iteration: 1, batch: 64 };
            let drawn = pollster::block_on(generate_within(&model, &tokenizer, &request, Some(&grammar))).unwrap();
            for answer in drawn.iter().flatten() {
                assert_eq!(answer.finish, FinishReason::Stop);
                assert!(answer.ids.len() <= limit);
                Ad::parse(&answer.text).unwrap_or_else(|problem| panic!("{}: {problem}", answer.text));
                // The model's own probabilities are recorded, not those within the grammar.
                assert!(answer.logprob() < answer.sampling_logprob, "{answer:?}");
            }
            let free = pollster::block_on(generate_within(&model, &tokenizer, &request, None)).unwrap();
            assert!(free.iter().flatten().all(|answer| Ad::parse(&answer.text).is_err()));
        }
        let sampling = Sampling { max_new_tokens: grammar.shortest() - 1, ..Sampling::default() };
        let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 2, iteration: 1, batch: 8 };
        let refused = pollster::block_on(generate_within(&model, &tokenizer, &request, Some(&grammar)));
        assert!(refused.unwrap_err().to_string().contains("max_new_tokens"));
    }
}
