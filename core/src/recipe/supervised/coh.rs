//! Chain of Hindsight Aligns Language Models with Feedback (arXiv 2302.02676).
//!
//! Comparisons become sequences in which words say of each answer whether it is a good or a bad one, and the policy
//! learns to write them. Afterwards it is asked for a good one.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Prompt and feedback words are read and never learned; the answers are, good and bad ones.
//! - Good and bad come in both orders and alone, so that the second place is no sign of quality.
//! - Answers are partly hidden from what follows them, or the second would be copied from the first.
//! - The policy is measured with the words for a good answer behind every prompt ([`Lab::aim`]). What the words for
//!   a bad one give, what a good answer is after a bad one, and how much it copies, is measured beside.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{LearnConfig, Sequence},
    measure::{annotator::Annotator, control::Budget},
    prompt::said,
    recipe::{Card, Loop, OracleUse, Recipe},
    rng::{Purpose, Stream},
    run::Lab,
    select::{Chain, Hindsight, Origin, Pair, best_worst, subset},
};

/// What is said of a good and of a bad answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Words {
    /// `yes` and `no`.
    #[default]
    YesNo,
    /// `5` and `0`, the ends of the annotators' scale.
    Scores,
    /// `A` and `B`, the labels of a judge's verdict.
    Labels,
}

/// Which ways of telling a pair are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Templates {
    /// All: both in either order, each alone, and which is better.
    #[default]
    All,
    /// Both answers in either order.
    Chains,
    /// One answer alone.
    Single,
    /// The good answer alone: supervised fine-tuning on what was chosen.
    Good,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Coh {
    /// What is said of good and bad answers (sentences of many kinds in the paper).
    pub words: Words,
    /// How often they are said (our choice).
    pub said: usize,
    /// Ways of telling a pair (all in the paper).
    pub templates: Templates,
    /// How often each pair is told, every time in a way of its own (our choice).
    pub told: usize,
    /// Share of the answers' tokens that what follows them cannot read (a few percent in the paper).
    pub hidden: f64,
    /// How the told pairs are learned (our choice).
    pub imitate: LearnConfig,
    /// The loop (the paper learns once from given comparisons). Its `beta` and `learn` are for the control lines.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Coh {
    fn default() -> Self {
        let shared = Loop::default();
        let learn = LearnConfig { epochs: 1, ..shared.learn };
        Self {
            words: Words::default(),
            said: 8,
            templates: Templates::default(),
            told: 4,
            hidden: 0.05,
            imitate: LearnConfig { batch_size: 32, micro_batch: 32, learning_rate: 1e-3, ..LearnConfig::default() },
            shared: Loop { iterations: 1, prompts: 900, pairs: 720, learn, ..shared },
        }
    }
}

impl Recipe for Coh {
    const CARD: Card = Card {
        id: "coh",
        title: "Chain of Hindsight Aligns Language Models with Feedback",
        paper: "arXiv 2302.02676",
        family: "supervised",
        claim: "Language modelling on comparisons with words of feedback in them is enough: asked for a good answer, the model gives a better one than after imitating good answers alone.",
        fidelity: "Orders, single answers, verdicts and label mask as in the authors' code, with one word of feedback for each side, said a few times. Own answers are compared by annotators' scores, which err at a known rate; each answer keeps its stop token; past tokens are hidden by a blank in their place instead of a mask of the attention, in answers only; the replay of judgements stands for the loss of pre-training.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let words = self.words();
        let [good, bad] = words.each_ref().map(String::as_str);
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let scores = lab.annotate(&Annotator::of::<Self>(), &answers, Annotator::SCALE)?;
            let pairs = best_worst(&answers, &scores, Origin::Annotated);
            let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
            lab.choose(&pairs)?;
            let rows = self.tell(lab, [good, bad], &pairs)?;
            lab.learn_completions(&self.imitate, settings.replay(), &rows).await?;
            lab.aim(good);
            lab.measure().await?;
            lab.measure_feedback([good, bad]).await?;
        }
        Ok(())
    }
}

impl Words {
    /// The words for a good and for a bad answer.
    fn both(self) -> [&'static str; 2] {
        match self {
            Self::YesNo => ["yes", "no"],
            Self::Scores => ["5", "0"],
            Self::Labels => ["A", "B"],
        }
    }
}

impl Templates {
    fn chains(self) -> &'static [Chain] {
        match self {
            Self::All => &[Chain::BadGood, Chain::GoodBad, Chain::Good, Chain::Bad, Chain::Verdict],
            Self::Chains => &[Chain::BadGood, Chain::GoodBad],
            Self::Single => &[Chain::Good, Chain::Bad],
            Self::Good => &[Chain::Good],
        }
    }
}

impl Coh {
    /// What is said of a good and of a bad answer.
    fn words(&self) -> [String; 2] {
        self.words.both().map(|word| said(word, self.said))
    }

    /// Every pair in so many ways.
    fn tell(&self, lab: &Lab, words: [&str; 2], pairs: &[Pair]) -> Result<Vec<Sequence>> {
        let stop = || lab.policy().config().stop_tokens().first().copied();
        let blank = lab.tokenizer().id("<pad>").or_else(stop).unwrap_or_default();
        let hindsight = Hindsight { words, hidden: self.hidden, blank };
        let chains = self.templates.chains();
        let mut rows = Vec::with_capacity(pairs.len() * self.told);
        for (index, pair) in pairs.iter().enumerate() {
            let mut stream = Stream::new(lab.seed(), Purpose::Select, lab.iteration(), 3 << 32 | index as u64);
            for _ in 0..self.told {
                let chain = chains[stream.below(chains.len())];
                rows.push(hindsight.tell(pair, chain, lab.tokenizer(), &mut stream)?);
            }
        }
        Ok(rows)
    }
}
