//! Asking for a better or a worse version of an answer (T-REG, arXiv 2412.02685).

use super::said;
use crate::{Result, text::Tokenizer};

/// How revisions are asked for: the answer, a mark, the prompt, and right before the revision a word for what it is to
/// be. The answer's and the prompt's own tokens are spliced in; mark and words are those of the Rules starter's judge
/// channel.
#[derive(Debug, Clone)]
pub struct Revision {
    /// What the tokenizer puts before every text.
    opening: Vec<u32>,
    before: Vec<u32>,
    between: Vec<u32>,
    /// For a better and for a worse version.
    words: [Vec<u32>; 2],
}

impl Revision {
    /// Compiles the two ways of asking, with a word that is [`said`] so many times.
    ///
    /// # Errors
    /// If the tokenizer cannot write the marks.
    pub fn new(tokenizer: &Tokenizer, times: usize) -> Result<Self> {
        let ask = |word: &str| tokenizer.encode_piece(&said(word, times));
        Ok(Self {
            opening: tokenizer.encode("")?,
            before: tokenizer.encode_piece("<resp>")?,
            between: tokenizer.encode_piece("<versus>")?,
            words: [ask("yes")?, ask("no")?],
        })
    }

    /// The prompts for a better and for a worse version of an answer, in tokens. They are of one length here, but
    /// nobody may rely on it: what is compared are the tokens that follow.
    #[must_use]
    pub fn prompts(&self, prompt: &[u32], answer: &[u32]) -> [Vec<u32>; 2] {
        let prompt = prompt.strip_prefix(self.opening.as_slice()).unwrap_or(prompt);
        let asked = [&self.opening, &self.before, answer, &self.between, prompt].concat();
        self.words.each_ref().map(|words| [asked.as_slice(), words].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::rules::tokenizer_json;

    #[test]
    fn the_two_prompts_differ_in_what_they_ask_for() {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let prompt = tokenizer.encode("must:fox last:elm <resp>").unwrap();
        let answer = tokenizer.encode_piece("so owl").unwrap();
        let text = |ids: &[u32]| -> String {
            let words: Vec<String> = ids.iter().filter_map(|id| tokenizer.token(*id)).collect();
            words.join(" ")
        };
        let [better, worse] = Revision::new(&tokenizer, 2).unwrap().prompts(&prompt, &answer);
        assert_eq!(text(&better), "<bos> <resp> so owl <versus> must:fox last:elm <resp> yes yes");
        assert_eq!(text(&worse), "<bos> <resp> so owl <versus> must:fox last:elm <resp> no no");
    }
}
