//! Ads inside the laboratory: models that learn what viewers recalled, what they expect of the policy's ads, and
//! the measuring of those ads against the truth.

use super::{Lab, Replay};
use crate::{
    Result,
    judge::{
        HenryConfig,
        henry::{Henry, Opinion, Rating},
    },
    measure::advertising::{AD_FIGURES, EACH_AD, EACH_AD_OF_START, HENRY_FIGURES, ad_figures, each_ad, henry_figures},
    model::Decoder,
    select::Candidates,
    world::ads::StudiedAd,
};

/// A model that learned to predict recall, and its name in the log.
pub type Named<'a> = (&'a str, &'a Decoder);

impl Lab {
    /// Teaches another model than the policy what viewers recalled, beginning with the policy before the first
    /// iteration. Its checkpoints carry its name; the policy is untouched.
    ///
    /// # Errors
    /// If a rating does not fit the context, a loss is not finite, the device fails, the run is stopped, or a
    /// checkpoint cannot be written.
    pub async fn learn_henry(
        &mut self,
        name: &'static str,
        henry: &Henry,
        ratings: &[Rating],
        config: &HenryConfig,
    ) -> Result<Decoder> {
        henry.check(&self.initial, ratings)?;
        let tokens: Vec<usize> = ratings.iter().map(|rating| rating.read.len()).collect();
        let policy = std::mem::replace(&mut self.policy, self.initial.clone());
        self.aside = Some(name);
        let learned = self
            .learn(&config.learn, Replay::NONE, &tokens, |model, chosen, _, _| {
                let chosen: Vec<&Rating> = chosen.iter().map(|index| &ratings[*index]).collect();
                Ok(henry.objective(model, &chosen, config.spread))
            })
            .await;
        self.aside = None;
        let model = std::mem::replace(&mut self.policy, policy);
        learned.map(|()| model)
    }

    /// The recall that a model expects of every answer, from 0 to 1. The log keeps it under the model's name.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn expected_recall(
        &mut self,
        henry: &Henry,
        (name, model): Named<'_>,
        candidates: &[Candidates],
    ) -> Result<Vec<Vec<f32>>> {
        if let Some(scores) = self.replayed_scores(name)? {
            return Ok(scores);
        }
        self.pace.pause().await?;
        self.progress("judge", 0, candidates.len(), 0);
        let mut scores = self.recall(henry, model, candidates).await?.into_iter();
        let scores = candidates.iter().map(|c| scores.by_ref().take(c.answers.len()).collect()).collect();
        self.judged(name, scores, candidates.len())
    }

    async fn recall(&self, henry: &Henry, model: &Decoder, candidates: &[Candidates]) -> Result<Vec<f32>> {
        self.recall_of(henry, model, &read(henry, candidates)).await
    }

    async fn recall_of(&self, henry: &Henry, model: &Decoder, read: &[Vec<u32>]) -> Result<Vec<f32>> {
        let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
        let scores = henry.score(model, &read, self.manifest.options.token_budget).await?;
        #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
        let scores = scores.into_iter().map(|score| score as f32).collect();
        Ok(scores)
    }

    async fn opinions(&self, henry: &Henry, model: &Decoder, candidates: &[Candidates]) -> Result<Vec<Opinion>> {
        let read = read(henry, candidates);
        let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
        henry.opinions(model, &read, self.manifest.options.token_budget).await
    }

    /// Measures on studied ads how well two models predict the truth, one that selects and one that never does. Writes
    /// the figures ([`HENRY_FIGURES`]) to the log and gives nothing back.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn measure_henries(
        &mut self,
        henry: &Henry,
        studied: &[&StudiedAd],
        selecting: &Decoder,
        other: &Decoder,
    ) -> Result<()> {
        self.note_missing(&HENRY_FIGURES, async |lab| {
            lab.pace.pause().await?;
            let read = studied.iter().map(|studied| {
                let text = format!("{} {}", studied.brief.prompt(), studied.ad.tokens());
                henry.read(&text, usize::MAX, &lab.tokenizer)
            });
            let read = read.collect::<Result<Vec<_>>>()?;
            let expected = [lab.recall_of(henry, selecting, &read).await?, lab.recall_of(henry, other, &read).await?];
            Ok(henry_figures(studied, &expected, lab.manifest.seed))
        })
        .await
    }

    /// Writes to the log what two models, one that selects and one that never does, think of each of the held-out ads
    /// that the start drew ([`EACH_AD_OF_START`]): nobody could be asked before the models were taught.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn rate_start(&mut self, henry: &Henry, selecting: &Decoder, other: &Decoder) -> Result<()> {
        self.note_missing(&EACH_AD_OF_START, async |lab| {
            lab.pace.pause().await?;
            Ok(each_ad(&lab.opinions_of_measured(henry, selecting, other).await?))
        })
        .await
    }

    /// Measures the held-out ads that [`Lab::measure`] drew last: their true memorability beside that of the ads
    /// that authors made for the same briefs, what models expect of them that selected (`selecting`) and that never
    /// did (`other`), and whether they are still ads of their brands and still varied. Writes the figures
    /// ([`AD_FIGURES`]), and what both think of each ad ([`EACH_AD`]), to the log and gives nothing back.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn measure_ads(&mut self, henry: &Henry, selecting: &Decoder, other: &Decoder) -> Result<()> {
        let names = [AD_FIGURES.as_slice(), &EACH_AD].concat();
        self.note_missing(&names, async |lab| {
            lab.pace.pause().await?;
            let opinions = lab.opinions_of_measured(henry, selecting, other).await?;
            #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
            let expected = opinions.each_ref().map(|of| of.iter().map(|opinion| opinion.expected() as f32).collect());
            let mut figures = ad_figures(&lab.measured, &expected, lab.manifest.seed);
            figures.extend(each_ad(&opinions));
            Ok(figures)
        })
        .await
    }

    async fn opinions_of_measured(
        &self,
        henry: &Henry,
        selecting: &Decoder,
        other: &Decoder,
    ) -> Result<[Vec<Opinion>; 2]> {
        let ads = &self.measured;
        Ok([self.opinions(henry, selecting, ads).await?, self.opinions(henry, other, ads).await?])
    }
}

/// What a model reads of every answer.
fn read(henry: &Henry, candidates: &[Candidates]) -> Vec<Vec<u32>> {
    candidates
        .iter()
        .flat_map(|c| c.answers.iter().map(|answer| henry.around(&[c.ids.as_slice(), answer.content()].concat())))
        .collect()
}
