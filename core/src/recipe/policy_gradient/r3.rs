//! Preference-free Alignment Learning with Regularized Relevance Reward (R³, arXiv 2402.03469; its later versions are
//! called Rethinking the Role of Proxy Rewards in Language Model Alignment).
//!
//! Nobody prefers anything here. A retriever that was taught which answers belong to which queries says how relevant
//! an answer is; an incentive for length and a penalty for repetition keep that from being exploited, and a query
//! that asks for a certain extent gets another reward, the relevance to a reference answer.
//!
//! The queries are the prompts of Rules rather than questions about documents: what makes an answer good stands in the
//! query, so that relevance has something to do with it, and those with a `length` slot are the constrained ones, in
//! which a longer answer is no better. That is what the method's branches are about.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Relevance is a raw dot product. A cosine has another scale, and scales matter in a product.
//! - The parts are multiplied: a part that is 0 leaves nothing.
//! - Constrained queries get no incentive for length.
//! - Trigrams are of words; those of a small tokenizer's tokens would say little.
//! - The oracle cannot be reached: the recipe's card asks for nothing. How the reward stands to the truth is for
//!   [`Lab::measure_proxy`] to say, which returns nothing.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    judge::relevance::{Embedder, EmbedderConfig, Related, copied, distinct_trigrams},
    learn::{LearnConfig, Objective, loss::policy_gradient::clipped},
    measure::control::Budget,
    recipe::{Card, OracleUse, Recipe, tenth},
    run::{Lab, Replay, RewardBatch, Snapshot},
    sample::{Answer, Sampling},
    select::{Candidates, advantages, low_quantile, rewarded},
};

/// Steps of the embedder go so far (our choice: it begins with small random vectors, and a few thousand steps of Adam
/// have to do).
const EMBEDDER_RATE: f64 = 0.01;

/// Pairs in a step of the embedder (our choice: each query has one passage and 31 negatives).
const EMBEDDER_BATCH: usize = 32;

/// What counts as fully relevant to a query: what so many of the demonstrations do not reach (our choice: nearly the
/// best there is, since the authors' raw product is of Contriever's scale).
const FULL_TO_QUERY: f64 = 0.95;

/// What counts as fully relevant to a reference: as much as it is to itself, in the middle of the demonstrations (our
/// choice, in the place of the 3.5 in the authors' code, which is of Contriever's scale).
const FULL_TO_REFERENCE: f64 = 0.5;

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct R3 {
    /// Whether repeating oneself costs (as in the paper; off is our ablation).
    pub repetition_penalty: bool,
    /// Whether longer answers to open queries are worth more (as in the paper; off is our ablation).
    pub length_incentive: bool,
    /// Whether constrained queries have a reward of their own (as in the paper; off is our ablation).
    pub branching: bool,
    /// Words that are worth 1 (100 in the authors' code, for answers of up to 512 tokens).
    pub unit: usize,
    /// Demonstrations that the embedder learns from (our choice).
    pub corpus: usize,
    /// How often it learns from each (our choice).
    pub corpus_epochs: usize,
    /// Numbers of an embedding (our choice).
    pub width: usize,
    /// Weight of the divergence from the start (our choice).
    pub kl: f64,
    /// How far a token's probability may move before its gradient stops (0.2 in PPO).
    pub clip: f64,
    /// Iterations; the policy learns from answers that it drew at the start of each (our choice).
    pub iterations: u32,
    /// Queries in each, no query twice (our choice).
    pub prompts: usize,
    /// Answers to each query (our choice).
    pub samples: usize,
    /// How answers are drawn (our choice: as the policy gives them, since the gradient is that of the policy).
    pub sampling: Sampling,
    /// The optimiser (our choice; learning rate 1e-5 and batches of 16 in the authors' code).
    pub learn: LearnConfig,
    /// Judgements mixed into each optimiser step (our choice).
    pub replay: usize,
    /// Weight of their loss (our choice).
    pub replay_weight: f64,
}

impl Default for R3 {
    fn default() -> Self {
        Self {
            repetition_penalty: true,
            length_incentive: true,
            branching: true,
            unit: 18,
            corpus: 8000,
            corpus_epochs: 10,
            width: 32,
            kl: 0.05,
            clip: 0.2,
            iterations: 8,
            prompts: 128,
            samples: 4,
            sampling: Sampling::default(),
            learn: LearnConfig { batch_size: 64, learning_rate: 3e-4, ..LearnConfig::default() },
            replay: 16,
            replay_weight: 1.0,
        }
    }
}

impl Recipe for R3 {
    const CARD: Card = Card {
        id: "r3-relevance",
        title: "Preference-free Alignment Learning with Regularized Relevance Reward",
        paper: "arXiv 2402.03469",
        family: "policy gradient",
        claim: "Without any preference, relevance regularised by length and repetition, with a branch for constrained queries, rises together with the true reward; relevance alone is exploited.",
        fidelity: "The parts of the reward, their product and their branches as in the authors' code. The retriever is a bag of words taught on demonstrations instead of Contriever, its scale is read off them, and the clipped gradient has the prompt's other answers for a baseline instead of a value head.",
        oracle: OracleUse::None,
        base: false,
    };

    fn quick(self) -> Self {
        Self {
            corpus: tenth(self.corpus, 200),
            iterations: 2,
            prompts: tenth(self.prompts, 8),
            learn: LearnConfig { batch_size: 16, ..self.learn },
            ..self
        }
    }

    /// The reward has no labels that a coin could give.
    fn budget(&self) -> Option<Budget> {
        None
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let replay = Replay { per_step: self.replay, weight: self.replay_weight };
        let queries = self.prompts * self.iterations as usize;
        let given = lab.lasting_demonstrations(self.corpus + queries)?;
        // Of a file with fewer rows, half is for the embedder, and queries come again.
        let (corpus, given) = given.split_at(self.corpus.min(given.len() / 2));
        let judge = self.judge(lab, corpus);
        for iteration in lab.iterations(self.iterations) {
            lab.begin(iteration);
            lab.note("recall of the embedder", vec![judge.recall])?;
            let first = (iteration as usize - 1) * self.prompts;
            let asked: Vec<&Candidates> =
                given.iter().cycle().skip(first % given.len().max(1)).take(self.prompts.min(given.len())).collect();
            let prompts = lab.pose(asked.iter().map(|query| query.prompt.clone()).collect())?;
            let answers = lab.sample(&prompts, self.samples, &self.sampling).await?;
            let constrained = lab.constrained(&prompts);
            let rewards = answers
                .iter()
                .zip(&asked)
                .zip(constrained)
                .map(|((group, query), constrained)| judge.rewards(self, group, query, constrained))
                .collect();
            let rewards = lab.scored("relevance", rewards)?;
            lab.note("share of copied words", vec![copies(&answers)])?;
            lab.measure_proxy(&answers, &rewards)?;
            let rewarded = rewarded(&answers, &advantages(&rewards));
            lab.learn_rewarded(&self.learn, replay, &rewarded, &[Snapshot::Initial], |batch, _| self.objective(batch))
                .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

/// The retriever and what it needs to know of its own scale.
struct Judge {
    embedder: Embedder,
    /// The relevance that counts as 1: to a query, to a reference. Raw dot products have a scale of their own.
    full: [f64; 2],
    recall: f32,
}

impl R3 {
    /// Teaches the retriever which answers belong to which queries.
    fn judge(&self, lab: &Lab, corpus: &[Candidates]) -> Judge {
        /// Pairs that its recall is measured on, which it has not learned from.
        const RECALLED: usize = 50;
        let pairs: Vec<Related> =
            corpus.iter().filter_map(|row| Some((row.ids.clone(), row.answers.first()?.content().to_vec()))).collect();
        let (kept, learned) = pairs.split_at(RECALLED.min(pairs.len() / 4));
        let config = EmbedderConfig {
            width: self.width,
            batch: EMBEDDER_BATCH,
            epochs: self.corpus_epochs,
            learning_rate: EMBEDDER_RATE,
        };
        let vocabulary = lab.tokenizer().size();
        let embedder = Embedder::train(learned, vocabulary, &config, lab.seed());
        #[allow(clippy::cast_possible_truncation)] // quantiles and shares need no more
        let narrow = |value: f64| value as f32;
        let quantile = |share: f64, relevance: fn(&Embedder, &Related) -> f64| {
            let values: Vec<f32> = kept.iter().map(|pair| narrow(relevance(&embedder, pair))).collect();
            low_quantile(&values, share).map(f64::from).filter(|full| *full > 0.0).unwrap_or(1.0)
        };
        let full = [
            quantile(FULL_TO_QUERY, |embedder, (query, passage)| embedder.relevance(query, passage)),
            quantile(FULL_TO_REFERENCE, |embedder, (_, passage)| embedder.relevance(passage, passage)),
        ];
        let recall = narrow(embedder.recall(kept));
        Judge { embedder, full, recall }
    }

    /// PPO on the advantages, less the divergence from the start when the answers were drawn.
    fn objective(&self, batch: &RewardBatch<'_>) -> Result<Objective> {
        let drawn = batch.drawn();
        let divergence = batch.sum(drawn.clone()) - batch.reference(Snapshot::Initial)?;
        let advantages = batch.for_tokens(batch.rewards() - divergence.clone() * self.kl);
        let losses = clipped(batch.tokens.clone(), drawn.clone(), advantages, self.clip);
        let moved = (batch.tokens.clone().detach() - drawn).exp() - 1.0;
        Ok(Objective {
            loss: batch.sum(losses).mean(),
            metrics: vec![
                ("log ratio", divergence.mean()),
                ("clipped", moved.abs().greater_elem(self.clip).float().mean()),
            ],
            items: Vec::new(),
        })
    }
}

impl Judge {
    /// The rewards of a query's answers.
    #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
    fn rewards(&self, recipe: &R3, answers: &Candidates, query: &Candidates, constrained: bool) -> Vec<f32> {
        answers.answers.iter().map(|answer| self.reward(recipe, answer, query, constrained) as f32).collect()
    }

    /// `R = LI · QR · RP` of an open query, `R = interp(RAR) · RP` of a constrained one.
    #[allow(clippy::cast_precision_loss)] // word counts
    fn reward(&self, recipe: &R3, answer: &Answer, query: &Candidates, constrained: bool) -> f64 {
        let unit = recipe.unit as f64;
        let [of_query, of_reference] = self.full;
        let penalty = if recipe.repetition_penalty { distinct_trigrams(&answer.text) } else { 1.0 };
        let reference = query.answers.first().filter(|_| recipe.branching && constrained);
        if let Some(reference) = reference {
            // As much as the longest answer to an open query gets if it is fully relevant.
            let most = recipe.sampling.max_new_tokens as f64 / unit;
            let relevance = self.embedder.relevance(answer.content(), reference.content());
            return (relevance / of_reference).clamp(0.0, 1.0) * most * penalty;
        }
        let words = answer.text.split_whitespace().count() as f64;
        let length = if recipe.length_incentive { words / unit } else { 1.0 };
        length * self.embedder.relevance(&query.ids, answer.content()) / of_query * penalty
    }
}

/// The share of words of answers that stand in their prompts.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // answer counts
fn copies(answers: &[Candidates]) -> f32 {
    let shares: Vec<f64> =
        answers.iter().flat_map(|c| c.answers.iter().map(|answer| copied(&c.prompt.text, &answer.text))).collect();
    (shares.iter().sum::<f64>() / shares.len().max(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        prompt::Prompt,
        sample::FinishReason,
        text::Tokenizer,
        world::{World, rules::Rules, rules::tokenizer_json},
    };

    /// A retriever taught on Rules.
    fn judge() -> (Judge, Tokenizer) {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let pairs: Vec<Related> = Rules
            .demonstrations(1, 1500)
            .iter()
            .map(|row| (tokenizer.encode(&row.prompt).unwrap(), tokenizer.encode_piece(&row.answer).unwrap()))
            .collect();
        let config = EmbedderConfig { width: 32, batch: EMBEDDER_BATCH, epochs: 10, learning_rate: EMBEDDER_RATE };
        let embedder = Embedder::train(&pairs, tokenizer.size(), &config, 1);
        (Judge { embedder, full: [1.0, 2.0], recall: 0.0 }, tokenizer)
    }

    fn group(tokenizer: &Tokenizer, prompt: &str, answers: &[&str]) -> Candidates {
        let answer = |text: &&str| Answer {
            ids: [tokenizer.encode_piece(text).unwrap(), vec![2]].concat(),
            text: (*text).to_owned(),
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            finish: FinishReason::Stop,
        };
        Candidates {
            prompt: Prompt { id: "p".to_owned(), text: prompt.to_owned() },
            ids: tokenizer.encode(prompt).unwrap(),
            answers: answers.iter().map(answer).collect(),
        }
    }

    const OPEN: &str = "must:fox never:owl first:sun last:elm early:bee late:moss count:any length:any <resp>";

    #[test]
    fn the_retriever_knows_what_is_asked_for_and_copies_exploit_it() {
        let (judge, tokenizer) = judge();
        let answers =
            group(&tokenizer, OPEN, &["sun so fox bee moss so elm", "the so here and so", "sun fox sun fox sun fox"]);
        let alone = R3 { repetition_penalty: false, length_incentive: false, branching: false, ..R3::default() };
        let found = judge.rewards(&alone, &answers, &answers, false);
        assert!(found[0] > found[1], "{found:?}");
        assert!(found[2] > found[0], "nothing but what was asked for, again and again, is more relevant: {found:?}");
        // Four trigrams, of which two are distinct.
        let penal = judge.rewards(&R3 { repetition_penalty: true, ..alone }, &answers, &answers, false);
        assert!((penal[2] - found[2] * 0.5).abs() < 1e-4 && (penal[0] - found[0]).abs() < 1e-4);
        let long = judge.rewards(&R3 { length_incentive: true, unit: 3, ..alone }, &answers, &answers, false);
        assert!((long[2] - 2.0 * found[2]).abs() < 1e-4 && (long[0] - 7.0 / 3.0 * found[0]).abs() < 1e-4);
    }

    #[test]
    fn constrained_queries_have_no_incentive_for_length_and_nothing_for_nothing() {
        let (judge, tokenizer) = judge();
        let recipe = R3::default();
        let reference = group(&tokenizer, OPEN, &["sun so fox"]);
        let answers = group(&tokenizer, OPEN, &["sun so fox", "", "so so so so so so so so so so"]);
        let found = judge.rewards(&recipe, &answers, &reference, true);
        let relevance = judge.embedder.relevance(answers.answers[0].content(), answers.answers[0].content());
        let most = 24.0 / 18.0;
        assert!((f64::from(found[0]) - (relevance / 2.0).clamp(0.0, 1.0) * most).abs() < 1e-6);
        assert!(found[1].abs() < 1e-12, "an empty answer is worth nothing: {found:?}");
        // One distinct trigram of eight.
        assert!(f64::from(found[2]) <= most / 8.0 + 1e-6);
        let unbranched = judge.rewards(&R3 { branching: false, ..recipe }, &answers, &reference, true);
        assert_eq!(unbranched, judge.rewards(&recipe, &answers, &reference, false));
    }
}
