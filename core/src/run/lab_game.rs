//! Playing against others: opponents to draw answers from, what is thought of pairs, and who wins by the truth.

use super::{
    Lab, Snapshot,
    lab_judge::{comparison, means, narrow},
};
use crate::{
    Result,
    judge::{Comparison, Generative},
    measure::{
        annotator::{self, Annotator},
        game,
    },
    model::Decoder,
    prompt::Prompt,
    sample::Sampling,
    select::{Candidates, Pair},
};

impl Lab {
    /// Draws answers from the mixture of the policy and a frozen model, at every token the normalised
    /// `π^(1−κ) μ^κ`: the opponent of Nash-MD. Its random numbers are others than those of the policy's answers.
    ///
    /// # Errors
    /// If κ is not from 0 to 1, a prompt does not fit the context, the device fails, or the run is stopped.
    pub async fn sample_mixture(
        &mut self,
        prompts: &[Prompt],
        samples: usize,
        sampling: &Sampling,
        (reference, kappa): (Snapshot, f64),
    ) -> Result<Vec<Candidates>> {
        self.draw_from("opponent", prompts, samples, sampling, Some((reference, kappa))).await
    }

    /// The mean probability by generative judges, where another model than the policy is in the judge channel, that
    /// the first answer of each pair is better. The log keeps it under `name`.
    ///
    /// # Errors
    /// If the device fails or the run is stopped.
    pub async fn prefer_by(
        &mut self,
        name: &str,
        model: &Decoder,
        judges: &[Generative],
        pairs: &[Pair],
    ) -> Result<Vec<f32>> {
        if let Some(values) = self.replayed_note(name)? {
            return Ok(values);
        }
        let comparisons: Vec<Comparison<'_>> = pairs.iter().map(comparison).collect();
        let mut opinions = Vec::new();
        for (done, judge) in judges.iter().enumerate() {
            self.pace.pause().await?;
            self.progress("judge", done, judges.len(), 0);
            opinions.push(judge.prefer(model, &comparisons, self.manifest.options.token_budget).await?);
        }
        self.progress("judge", judges.len(), judges.len(), 0);
        self.noted(name, means(&opinions, pairs.len()))
    }

    /// The share of the annotators who prefer the first answer of each pair, for a recipe whose paper has some. They
    /// err at a known rate.
    ///
    /// # Errors
    /// If another recipe runs, or there is no world whose annotators could be asked.
    pub fn annotate_pairs(&mut self, annotator: &Annotator, pairs: &[Pair]) -> Result<Vec<f32>> {
        const NAME: &str = "annotators prefer";
        self.admit(annotator)?;
        if let Some(values) = self.replayed_note(NAME)? {
            return Ok(values);
        }
        let world = self.world.as_deref().ok_or_else(super::lab_annotator::nobody)?;
        self.noted(NAME, annotator::preferences(world, pairs).into_iter().map(narrow).collect())
    }

    /// Measures how often opinions about pairs are on the side of the truth. The log keeps it under `name`; without a
    /// world there is nothing to keep.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn measure_opinions(&mut self, name: &str, pairs: &[Pair], opinions: &[f32]) -> Result<()> {
        match self.world.as_deref().and_then(|world| game::accuracy(world, pairs, opinions)) {
            Some(accuracy) => self.note(name, vec![narrow(accuracy)]),
            None => Ok(()),
        }
    }

    /// Measures the policy as a player, by the truth, on the held-out answers that [`Lab::measure`] drew last: how
    /// often it wins against each iterate from the start to itself (a row of their win-rate matrix), how often
    /// against the world's own players, and how far above one half the best of all these wins against it. The last is
    /// a lower bound of its exploitability. Where the world has players of its own, [`Lab::measure`] does so in every
    /// recipe and before anything is learned, and this does nothing more; nor does it without a world.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn measure_game(&mut self) -> Result<()> {
        if self.has_rivals() { Ok(()) } else { self.play() }
    }

    /// Whether the world has players of its own.
    pub(super) fn has_rivals(&self) -> bool {
        let (seed, held_out) = (self.manifest.seed, self.manifest.options.held_out);
        self.world.as_deref().is_some_and(|world| game::has_rivals(world, seed, held_out))
    }

    /// What [`Lab::measure_game`] measures.
    pub(super) fn play(&mut self) -> Result<()> {
        let (Some(world), Some(own)) = (self.world.as_deref(), self.plays.last()) else {
            return Ok(());
        };
        let prompts = self.held_out();
        let against = |other| game::win_rate(world, &prompts, own, other);
        let iterates: Vec<f64> = self.plays.iter().map(against).collect();
        let rivals: Vec<f64> =
            game::rivals(world, self.manifest.seed, &prompts).iter().map(|(_, play)| against(play)).collect();
        let worst = iterates.iter().chain(&rivals).copied().fold(0.5, f64::min);
        self.note("wins against iterates", iterates.into_iter().map(narrow).collect())?;
        if !rivals.is_empty() {
            self.note("wins against rivals", rivals.into_iter().map(narrow).collect())?;
        }
        self.note("exploitability", vec![narrow(0.5 - worst)])
    }
}
