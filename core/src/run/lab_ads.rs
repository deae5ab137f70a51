//! Ads inside the laboratory: models that learn what viewers recalled, what they expect of the policy's ads, and
//! the measuring of those ads against the truth.

use super::{Event, Lab, Replay};
use crate::{
    Result,
    judge::{
        HenryConfig,
        henry::{Henry, Rating},
    },
    measure::advertising::{AD_FIGURES, HENRY_FIGURES, ad_figures, henry_figures},
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
            .learn(&config.learn, Replay { per_step: 0, weight: 0.0 }, &tokens, |model, chosen, _, _| {
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
        let read = candidates
            .iter()
            .flat_map(|c| c.answers.iter().map(|answer| henry.around(&[c.ids.as_slice(), answer.content()].concat())))
            .collect::<Vec<_>>();
        self.recall_of(henry, model, &read).await
    }

    async fn recall_of(&self, henry: &Henry, model: &Decoder, read: &[Vec<u32>]) -> Result<Vec<f32>> {
        let read: Vec<&[u32]> = read.iter().map(Vec::as_slice).collect();
        let scores = henry.score(model, &read, self.manifest.options.token_budget).await?;
        #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
        let scores = scores.into_iter().map(|score| score as f32).collect();
        Ok(scores)
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
        let mut figures = None;
        for (index, name) in HENRY_FIGURES.iter().enumerate() {
            if self.noted(name)? {
                continue;
            }
            if figures.is_none() {
                self.pace.pause().await?;
                let read = studied.iter().map(|studied| {
                    let text = format!("{} {}", studied.brief.prompt(), studied.ad.tokens());
                    henry.read(&text, usize::MAX, &self.tokenizer)
                });
                let read = read.collect::<Result<Vec<_>>>()?;
                let expected =
                    [self.recall_of(henry, selecting, &read).await?, self.recall_of(henry, other, &read).await?];
                figures = Some(henry_figures(studied, &expected, self.manifest.seed));
            }
            let values = figures.as_ref().and_then(|figures| figures.get(index)).cloned().unwrap_or_default();
            self.append(Event::Noted { name: (*name).to_owned(), values })?;
        }
        Ok(())
    }

    /// Whether the log holds the figure that comes next: a power failure can have come between two.
    fn noted(&mut self, name: &str) -> Result<bool> {
        Ok(self.replayed(|e| matches!(e, Event::Noted { name: n, .. } if n == name), "a figure of ads")?.is_some())
    }

    /// Measures the held-out ads that [`Lab::measure`] drew last: their true memorability beside that of the ads
    /// that authors made for the same briefs, what models expect of them that selected (`selecting`) and that never
    /// did (`other`), and whether they are still ads of their brands and still varied. Writes the figures
    /// ([`AD_FIGURES`]) to the log and gives nothing back.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn measure_ads(&mut self, henry: &Henry, selecting: &Decoder, other: &Decoder) -> Result<()> {
        let mut figures = None;
        for (index, name) in AD_FIGURES.iter().enumerate() {
            if self.noted(name)? {
                continue;
            }
            if figures.is_none() {
                self.pace.pause().await?;
                let ads = std::mem::take(&mut self.measured);
                let expected = [self.recall(henry, selecting, &ads).await?, self.recall(henry, other, &ads).await?];
                figures = Some(ad_figures(&ads, &expected, self.manifest.seed));
                self.measured = ads;
            }
            let values = figures.as_ref().and_then(|figures| figures.get(index)).cloned().unwrap_or_default();
            self.append(Event::Noted { name: (*name).to_owned(), values })?;
        }
        Ok(())
    }
}
