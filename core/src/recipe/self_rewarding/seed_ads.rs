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

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    judge::{Henry, HenryConfig, Rating},
    learn::{LearnConfig, ScheduleKind, Sequence, loss::soft_logistic},
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
            let best: Vec<(usize, usize)> =
                best_ads(&ads, &scores, self.brand_kept, self.alike).into_iter().take(settings.pairs).collect();
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
                let pairs: Vec<Pair> = best
                    .iter()
                    .filter_map(|(brief, ad)| {
                        let of = &scores[*brief];
                        let worst = (0..of.len()).min_by(|a, b| of[*a].total_cmp(&of[*b]))?;
                        let group = &ads[*brief];
                        (group.answers[worst].ids != group.answers[*ad].ids)
                            .then(|| Pair::new(group, *ad, worst, 1.0, Origin::BestWorst))
                    })
                    .collect();
                lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[Snapshot::Start], |batch, _| {
                    batch.preference(Snapshot::Start, settings.beta, |margin| soft_logistic(margin, batch.labels()))
                })
                .await
            }
        }
    }
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
