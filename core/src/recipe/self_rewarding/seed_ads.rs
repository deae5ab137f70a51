//! Long-Term Ad Memorability: Understanding & Generating Memorable Ads (SEED; arXiv 2309.00378), on the synthetic
//! world `ads`.
//!
//! A study's viewers say what they recalled; Henry learns to predict it, the generator to write such ads. Then the
//! generator writes several ads for each brief, Henry says which people will remember, and the generator learns from
//! those: round by round.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Who selects must not be who measures: Henry A, taught by one group of viewers, selects; Henry B, taught by the
//!   other, only measures, and so does the truth. What Henry A expects beyond the truth is in the log, round by
//!   round.
//! - The generator may drop the brand, or copy one memorable template: an ad that does not name its brand alone is
//!   not learned from, nor what is nearly the same as a better one; both are measured.
//! - Ads of held-out brands are in no phase learned from: Henry is measured on them. The generator is measured on
//!   briefs that it never saw, of brands that it knows: a word that a model of whole words never wrote it cannot write.
//! - Henry's number is the expected value over the hundred two-digit strings, never a regression, and what it learns
//!   is the mean of a group, not a person's answer.
//! - Imitating the seed ads alone is the first iteration, so that later ones can be compared with it.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::scir::Scir;
use crate::{
    Error, Result,
    judge::{Henry, HenryConfig, Rating},
    learn::{LearnConfig, ScheduleKind, Sequence},
    measure::control::Budget,
    model::Decoder,
    recipe::{Card, Loop, OracleUse, Recipe, tenth},
    rng::{Purpose, Stream},
    run::{Lab, Options, Snapshot},
    sample::Sampling,
    select::{Candidates, Origin, Pair, best_ads},
    world::ads::{Group, StudiedAd, Study, StudyConfig},
};

/// How Henry is asked in this world: brief and ad, and then the mark that asks for two digits.
pub const TEMPLATE: &str = "{text} <score>";

/// Tokens of the longest ad.
const LONGEST: usize = 64;

/// Keeps the odds of recall finite.
const SMALLEST_RECALL: f32 = 1e-3;

/// What the generator learns from in each round; which one the paper uses is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Lesson {
    /// The best ad of each brief, by cross-entropy.
    #[default]
    Best,
    /// The best against the worst, as a preference.
    Preference,
}

/// Who says which ad is the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// Henry A.
    #[default]
    Henry,
    /// A coin: what becomes of the generator when it only learns from itself.
    Coin,
}

/// Whose verdict on two ads counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Judges {
    /// Henry's alone.
    #[default]
    Henry,
    /// Henry's where the implicit reward says the same, as in SCIR (arXiv 2502.08922).
    Scir,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeedAds {
    /// Ads of the study (2,205 in the paper).
    pub ads: usize,
    /// Viewers of each group who see an ad (our choice).
    pub viewers_each: usize,
    /// Passes of the generator over the seed ads (our choice).
    pub seed_epochs: usize,
    /// What it learns from in each round (best ads; our choice).
    pub lesson: Lesson,
    /// Who selects (Henry).
    pub selector: Selector,
    /// Whose verdict counts (Henry's; with the implicit reward's: our choice).
    pub judges: Judges,
    /// Whether an ad has to name its brand and no other to be learned from (it has).
    pub brand_kept: bool,
    /// From which similarity on two ads are one (our choice).
    pub alike: f64,
    /// Deviation of Henry's soft labels, in recall (0: the paper learns the digits as they are).
    pub spread: f64,
    /// Henry's optimiser (our choice; 2 passes at 2e-5 in the released code, for a model of billions of weights).
    pub henry: LearnConfig,
    /// The loop. Its first iteration learns from the seed ads.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for SeedAds {
    fn default() -> Self {
        let cosine = LearnConfig { schedule: ScheduleKind::Cosine, ..LearnConfig::default() };
        Self {
            ads: 2205,
            viewers_each: 8,
            seed_epochs: 2,
            lesson: Lesson::Best,
            selector: Selector::Henry,
            judges: Judges::Henry,
            brand_kept: true,
            alike: 0.9,
            spread: 0.0,
            henry: LearnConfig { learning_rate: 1e-3, epochs: 5, batch_size: 32, micro_batch: 32, ..cosine },
            shared: Loop {
                iterations: 4,
                prompts: 200,
                samples: 8,
                pairs: 200,
                sampling: Sampling { temperature: 1.0, max_new_tokens: LONGEST, ..Sampling::default() },
                learn: LearnConfig { epochs: 2, learning_rate: 5e-4, ..LearnConfig::default() },
                replay: 0,
                ..Loop::default()
            },
        }
    }
}

impl Recipe for SeedAds {
    const CARD: Card = Card {
        id: "seed-ads",
        title: "Long-Term Ad Memorability: Understanding & Generating Memorable Ads",
        paper: "arXiv 2309.00378",
        family: "self-rewarding",
        claim: "A generator that learns from its own ads, selected by a model of what people recall, writes ads that are more memorable than the originals, and more so round by round.",
        fidelity: "Two-digit scores, rounds of generating, scoring, selecting and learning as in the paper; ads, viewers and truth are synthetic, the inner optimiser and all sizes our choice. Viewers' answers are the study's; no annotator is asked about generated ads.",
        oracle: OracleUse::None,
        base: false,
    };
    const WORLD: &'static str = "ads";

    fn options() -> Options {
        let sampling = Sampling { temperature: 1.0, max_new_tokens: LONGEST, ..Sampling::default() };
        Options { sampling, held_out: 120, controls: false, ..Options::default() }
    }

    fn quick(self) -> Self {
        // Rounds begin in the second iteration.
        let shared = Loop { iterations: 2, ..self.shared.quick() };
        Self { ads: tenth(self.ads, 40), shared, ..self }
    }

    fn budget(&self) -> Option<Budget> {
        None
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        if lab.world().is_none_or(|world| world.name() != Self::WORLD) {
            return Err(Error::Recipe(
                "this recipe needs briefs, ads and viewers, which only the world `ads` has: run it with --world ads"
                    .to_owned(),
            ));
        }
        let settings = &self.shared;
        let henry = Henry::new(TEMPLATE, lab.tokenizer())?;
        let all = self.study(lab.seed());
        let (unseen, study): (Vec<&StudiedAd>, Vec<&StudiedAd>) =
            all.iter().partition(|studied| studied.brief.brand.held_out());
        lab.begin(1);
        let [selecting, other] = self.henries(lab, &henry, &study).await?;
        lab.measure_henries(&henry, &unseen, &selecting, &other).await?;
        lab.rate_start(&henry, &selecting, &other).await?;
        self.imitate(lab, &study).await?;
        lab.measure().await?;
        lab.measure_ads(&henry, &selecting, &other).await?;
        for round in lab.iterations(settings.iterations).skip(1) {
            lab.begin(round);
            let briefs = lab.prompts(settings.prompts)?;
            let ads = lab.sample(&briefs, settings.samples, &settings.sampling).await?;
            let scores = match self.selector {
                Selector::Henry => lab.expected_recall(&henry, ("henry a", &selecting), &ads).await?,
                Selector::Coin => coin(lab, &ads),
            };
            let eligible = self.eligible(lab, &ads, &scores).await?;
            let best: Vec<(usize, usize)> =
                best_ads(&ads, &eligible, self.brand_kept, self.alike).into_iter().take(settings.pairs).collect();
            #[allow(clippy::cast_precision_loss)] // counts
            lab.note("briefs with an ad to learn from", vec![best.len() as f32])?;
            self.learn(lab, &ads, &scores, &best).await?;
            lab.measure().await?;
            lab.measure_ads(&henry, &selecting, &other).await?;
        }
        Ok(())
    }
}

impl SeedAds {
    /// What viewers recalled of ads.
    fn study(&self, seed: u64) -> Vec<StudiedAd> {
        let size = StudyConfig { seed, ads: self.ads, viewers_each: self.viewers_each, ..StudyConfig::full() };
        Study::run(&size).ads
    }

    /// A Henry for each group of viewers: the first selects, the second only measures.
    async fn henries(&self, lab: &mut Lab, henry: &Henry, study: &[&StudiedAd]) -> Result<[Decoder; 2]> {
        let config = HenryConfig { seed: lab.seed(), spread: self.spread, learn: self.henry };
        let mut models = Vec::new();
        for (group, name) in [(Group::A, "henry-a"), (Group::B, "henry-b")] {
            let ratings = study.iter().map(|studied| {
                let text = format!("{} {}", studied.brief.prompt(), studied.ad.tokens());
                let read = henry.read(&text, usize::MAX, lab.tokenizer())?;
                Ok(Rating { read, recall: studied.label(group).score() })
            });
            let ratings = ratings.collect::<Result<Vec<_>>>()?;
            models.push(lab.learn_henry(name, henry, &ratings, &config).await?);
        }
        models.try_into().map_err(|_| Error::Recipe("there are two groups of viewers".to_owned()))
    }

    /// The generator learns to write ads as the study's.
    async fn imitate(&self, lab: &mut Lab, study: &[&StudiedAd]) -> Result<()> {
        let stop = lab.policy().config().stop_tokens();
        let rows = study.iter().map(|studied| {
            let mut ad = lab.tokenizer().encode_piece(&studied.ad.tokens())?;
            ad.extend(stop.first());
            Ok(Sequence::completion(&lab.tokenizer().encode(&studied.brief.prompt())?, &ad))
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let config = LearnConfig { epochs: self.seed_epochs, ..self.shared.learn };
        lab.learn_completions(&config, self.shared.replay(), &rows).await
    }

    /// The scores of the ads that may be learned from: all, or, where single ads are learned from and two judges have
    /// to agree, those that the implicit reward too takes for better than the worst ad of their brief. Pairs are
    /// judged anew at every step instead.
    async fn eligible(&self, lab: &mut Lab, ads: &[Candidates], scores: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        if self.judges == Judges::Henry || self.lesson == Lesson::Preference {
            return Ok(scores.to_vec());
        }
        let policy = lab.sum_logprob("log-probability of the policy", ads, Snapshot::Start).await?;
        let base = lab.sum_logprob("log-probability of the starter", ads, Snapshot::Initial).await?;
        let implicit = Scir::default().implicit;
        let mut agreed = Vec::new();
        for (brief, (group, of)) in ads.iter().zip(scores).enumerate() {
            let rewards: Vec<f64> = group
                .answers
                .iter()
                .zip(policy[brief].iter().zip(&base[brief]))
                .map(|(ad, (policy, base))| implicit.reward(f64::from(*policy), f64::from(*base), ad.ids.len()))
                .collect();
            let worst = worst(of).map_or(f64::INFINITY, |worst| rewards[worst]);
            let better = of.iter().zip(&rewards);
            agreed.push(better.map(|(s, reward)| if *reward > worst { *s } else { f32::NEG_INFINITY }).collect());
        }
        let eligible = agreed.iter().flatten().filter(|score: &&f32| score.is_finite()).count();
        let all = agreed.iter().map(Vec::len).sum::<usize>().max(1);
        #[allow(clippy::cast_precision_loss)] // counts
        lab.note("share of ads that both judges prefer to the worst", vec![eligible as f32 / all as f32])?;
        Ok(agreed)
    }

    /// The generator learns from the best ads, or from each against the worst for the same brief.
    async fn learn(
        &self,
        lab: &mut Lab,
        ads: &[Candidates],
        scores: &[Vec<f32>],
        best: &[(usize, usize)],
    ) -> Result<()> {
        let settings = &self.shared;
        if best.is_empty() {
            return Err(Error::Recipe(format!(
                "no ad of iteration {} names its brand and no other, so that there is nothing to learn from; raise `loop.prompts`, `loop.samples` or `seed_epochs`, or set brand_kept=false",
                lab.iteration()
            )));
        }
        match self.lesson {
            Lesson::Best => {
                let rows: Vec<Sequence> = best
                    .iter()
                    .map(|(brief, ad)| Sequence::completion(&ads[*brief].ids, &ads[*brief].answers[*ad].ids))
                    .collect();
                lab.learn_completions(&settings.learn, settings.replay(), &rows).await
            }
            Lesson::Preference => {
                let (pairs, odds): (Vec<Pair>, Vec<f32>) = best
                    .iter()
                    .filter_map(|(brief, ad)| {
                        let (of, group) = (&scores[*brief], &ads[*brief]);
                        let worst = worst(of)?;
                        let odds = log_odds(of[*ad]) - log_odds(of[worst]);
                        (group.answers[worst].ids != group.answers[*ad].ids)
                            .then(|| (Pair::new(group, *ad, worst, 1.0, Origin::BestWorst), odds))
                    })
                    .unzip();
                if self.judges == Judges::Scir {
                    return self.learn_agreed(lab, &pairs, &odds).await;
                }
                lab.learn_labels(&settings.learn, settings.replay(), settings.beta, &pairs).await
            }
        }
    }

    /// The generator learns from pairs on which the selector and the implicit reward agree, step by step, and the
    /// implicit reward is pulled towards the selector: the objective and the weights of the recipe `scir`. The implicit
    /// reward's base is the model before it saw the study. `odds` is the selector's logit of each pair's first ad;
    /// Henry himself does not learn from generated ads.
    async fn learn_agreed(&self, lab: &mut Lab, pairs: &[Pair], odds: &[f32]) -> Result<()> {
        let settings = &self.shared;
        let scir = Scir { shared: *settings, ..Scir::default() };
        let agreement = scir.agreement();
        let references = [Snapshot::Initial, Snapshot::Start];
        let selector = match self.selector {
            Selector::Henry => "henry a",
            Selector::Coin => "coin",
        };
        lab.learn_pairs(&settings.learn, settings.replay(), pairs, &references, |batch, phase| {
            let given: Vec<f32> = batch.positions.iter().filter_map(|pair| odds.get(*pair).copied()).collect();
            let given = Tensor::from_floats(given.as_slice(), &batch.model.device());
            let opinions = [given, scir.implicit_opinion(batch, Snapshot::Initial)?];
            agreement.objective([selector, "implicit"].into_iter(), &opinions, &opinions, batch, phase.progress)
        })
        .await
    }
}

/// The position of the lowest score.
fn worst(scores: &[f32]) -> Option<usize> {
    (0..scores.len()).min_by(|a, b| scores[*a].total_cmp(&scores[*b]))
}

/// The logarithm of the odds of being recalled. The difference of two ads' is the logit of the share, among viewers
/// who recall exactly one of the two, who recall the first.
fn log_odds(recall: f32) -> f32 {
    let recall = recall.clamp(SMALLEST_RECALL, 1.0 - SMALLEST_RECALL);
    recall.ln() - (-recall).ln_1p()
}

/// Scores by a coin.
#[allow(clippy::cast_possible_truncation)] // coin flips
fn coin(lab: &Lab, ads: &[Candidates]) -> Vec<Vec<f32>> {
    ads.iter()
        .enumerate()
        .map(|(brief, group)| {
            let mut stream = Stream::new(lab.seed(), Purpose::Select, lab.iteration(), 1 << 33 | brief as u64);
            group.answers.iter().map(|_| stream.uniform() as f32).collect()
        })
        .collect()
}
