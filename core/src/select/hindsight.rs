//! Pairs as sequences with feedback words in them (Chain of Hindsight, arXiv 2302.02676).

use serde::{Deserialize, Serialize};

use super::Pair;
use crate::{Result, learn::Sequence, prompt::with_feedback, rng::Stream, text::Tokenizer};

/// One way of telling a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chain {
    /// The rejected answer as a bad one, then the chosen answer as a good one.
    BadGood,
    /// The same the other way round, so that "second" is no sign of quality.
    GoodBad,
    /// The chosen answer alone.
    Good,
    /// The rejected answer alone.
    Bad,
    /// Both without feedback, in either order, and then whether the first is the good one.
    Verdict,
}

/// How pairs are told.
#[derive(Debug, Clone)]
pub struct Hindsight<'a> {
    /// What one says of a good and of a bad answer.
    pub words: [&'a str; 2],
    /// Share of the answers' tokens that those after them cannot read.
    pub hidden: f64,
    /// What stands in the place of a token that cannot be read.
    pub blank: u32,
}

impl Hindsight<'_> {
    /// A pair told as a chain. The labels are the tokens of the answers that feedback words announce, stop tokens
    /// included, and for a verdict its words; prompt and feedback words are read and never learned. Some tokens of
    /// the answers are blank where they are read, never where they are learned.
    ///
    /// # Errors
    /// If the tokenizer cannot write the words.
    pub fn tell(&self, pair: &Pair, chain: Chain, tokenizer: &Tokenizer, stream: &mut Stream) -> Result<Sequence> {
        let [good, bad] = self.words;
        let [chosen, rejected] = [0, 1].map(|side| pair.answers[side].ids.as_slice());
        let mut told = Told::default();
        match chain {
            Chain::BadGood | Chain::GoodBad | Chain::Good | Chain::Bad => {
                let mut parts = match chain {
                    Chain::BadGood => vec![(bad, rejected), (good, chosen)],
                    Chain::GoodBad => vec![(good, chosen), (bad, rejected)],
                    Chain::Bad => vec![(bad, rejected)],
                    _ => vec![(good, chosen)],
                }
                .into_iter();
                // The first words are those that a prompt has when it is posed.
                if let Some((words, answer)) = parts.next() {
                    told.read(&posed(pair, words, tokenizer)?);
                    told.learn(answer);
                }
                for (words, answer) in parts {
                    told.read(&tokenizer.encode_piece(words)?);
                    told.learn(answer);
                }
            }
            Chain::Verdict => {
                let first_is_good = stream.chance(0.5);
                let (first, second) = if first_is_good { (chosen, rejected) } else { (rejected, chosen) };
                told.read(&pair.ids);
                told.answer(first);
                told.read(&tokenizer.encode_piece("<versus>")?);
                told.answer(second);
                told.read(&tokenizer.encode_piece("<verdict:1>")?);
                let verdict = tokenizer.encode_piece(if first_is_good { good } else { bad })?;
                told.label(&verdict);
                told.read(&verdict);
            }
        }
        Ok(told.hide(self.hidden, self.blank, stream))
    }
}

/// The prompt with the first feedback words. The pair's own tokens are kept where its text alone would give others.
fn posed(pair: &Pair, words: &str, tokenizer: &Tokenizer) -> Result<Vec<u32>> {
    if tokenizer.encode(&pair.text)? == pair.ids {
        return tokenizer.encode(&with_feedback(&pair.text, words));
    }
    Ok([pair.ids.clone(), tokenizer.encode_piece(words)?].concat())
}

/// A chain as it grows.
#[derive(Default)]
struct Told {
    sequence: Sequence,
    /// The positions of the answers' tokens.
    answers: Vec<usize>,
}

impl Told {
    fn read(&mut self, tokens: &[u32]) {
        self.sequence.tokens.extend_from_slice(tokens);
    }

    /// What comes next is learned.
    fn label(&mut self, tokens: &[u32]) {
        let next = self.sequence.tokens.len();
        self.sequence.labels.extend(tokens.iter().enumerate().map(|(index, token)| (next + index - 1, *token)));
    }

    fn answer(&mut self, tokens: &[u32]) {
        let next = self.sequence.tokens.len();
        self.answers.extend(next..next + tokens.len());
        self.read(tokens);
    }

    fn learn(&mut self, tokens: &[u32]) {
        self.label(tokens);
        self.answer(tokens);
    }

    fn hide(mut self, share: f64, blank: u32, stream: &mut Stream) -> Sequence {
        for place in self.answers {
            if stream.chance(share) {
                self.sequence.tokens[place] = blank;
            }
        }
        self.sequence
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::group, super::*, *};
    use crate::{rng::Purpose, world::rules::tokenizer_json};

    fn tokenizer() -> Tokenizer {
        Tokenizer::parse(&tokenizer_json()).unwrap()
    }

    fn pair() -> Pair {
        let tokenizer = tokenizer();
        let answer = |text: &str| [tokenizer.encode_piece(text).unwrap(), vec![2]].concat();
        let group = group(&[&answer("so fox"), &answer("owl")]);
        let text = "must:fox <resp>".to_owned();
        Pair { ids: tokenizer.encode(&text).unwrap(), text, ..Pair::new(&group, 0, 1, 1.0, Origin::Annotated) }
    }

    fn words(tokens: impl IntoIterator<Item = u32>) -> String {
        let tokenizer = tokenizer();
        tokens.into_iter().filter_map(|id| tokenizer.token(id)).collect::<Vec<_>>().join(" ")
    }

    fn told(chain: Chain, hidden: f64, item: u64) -> Sequence {
        let hindsight = Hindsight { words: ["yes", "no"], hidden, blank: 0 };
        let mut stream = Stream::new(1, Purpose::Select, 1, item);
        hindsight.tell(&pair(), chain, &tokenizer(), &mut stream).unwrap()
    }

    #[test]
    fn answers_are_learned_and_feedback_is_not() {
        for (chain, text, learned) in [
            (Chain::BadGood, "<bos> must:fox <resp> no owl <eos> yes so fox <eos>", "owl <eos> so fox <eos>"),
            (Chain::GoodBad, "<bos> must:fox <resp> yes so fox <eos> no owl <eos>", "so fox <eos> owl <eos>"),
            (Chain::Good, "<bos> must:fox <resp> yes so fox <eos>", "so fox <eos>"),
            (Chain::Bad, "<bos> must:fox <resp> no owl <eos>", "owl <eos>"),
        ] {
            let sequence = told(chain, 0.0, 0);
            assert_eq!(words(sequence.tokens.clone()), text);
            assert_eq!(words(sequence.labels.iter().map(|(_, token)| *token)), learned);
            // A label is the token after its position.
            assert!(sequence.labels.iter().all(|(position, token)| sequence.tokens[position + 1] == *token));
        }
    }

    #[test]
    fn a_verdict_is_about_the_first_answer() {
        let both: std::collections::BTreeSet<(String, String)> = (0..20)
            .map(|item| {
                let sequence = told(Chain::Verdict, 0.0, item);
                (words(sequence.tokens.clone()), words(sequence.labels.iter().map(|(_, token)| *token)))
            })
            .collect();
        let expected = [
            ("<bos> must:fox <resp> owl <eos> <versus> so fox <eos> <verdict:1> no", "no"),
            ("<bos> must:fox <resp> so fox <eos> <versus> owl <eos> <verdict:1> yes", "yes"),
        ];
        assert_eq!(both.into_iter().collect::<Vec<_>>(), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn hidden_tokens_are_still_learned() {
        let (mut hidden, mut seen) = (0, 0);
        for item in 0..400 {
            let (blank, whole) = (told(Chain::BadGood, 0.25, item), told(Chain::BadGood, 0.0, item));
            assert_eq!(blank.labels, whole.labels);
            for (place, (token, true_token)) in blank.tokens.iter().zip(&whole.tokens).enumerate() {
                let of_answer = whole.labels.iter().any(|(position, _)| position + 1 == place);
                assert!(token == true_token || (of_answer && *token == 0), "prompt and words are always read");
                hidden += u32::from(token != true_token);
                seen += u32::from(of_answer);
            }
        }
        assert_eq!(seen, 2000);
        assert!((420..580).contains(&hidden), "a quarter: {hidden}");
    }
}
