//! What annotators and teachers give to a recipe whose card has them.

use super::{Event, Lab};
use crate::{
    Error, Result,
    measure::annotator::{self, Annotator},
    prompt::Prompt,
    sample::Answer,
    select::Candidates,
};

impl Lab {
    /// The annotators' scores of every answer, from 0 to `top`, for a recipe whose paper has
    /// annotators or a ranker. They err at a known rate.
    ///
    /// # Errors
    /// If another recipe runs, or there is no world whose annotators could be asked.
    pub fn annotate(&mut self, annotator: &Annotator, candidates: &[Candidates], top: usize) -> Result<Vec<Vec<f32>>> {
        const NAME: &str = "annotator";
        self.admit(annotator)?;
        if let Some(scores) = self.replayed_scores(NAME)? {
            return Ok(scores);
        }
        let world = self.world.as_deref().ok_or_else(nobody)?;
        let scores = annotator::scores(world, (self.manifest.seed, self.iteration), candidates, top);
        self.judged(NAME, scores, candidates.len())
    }

    /// One answer of a stronger model to each prompt, for a recipe whose paper has a teacher.
    ///
    /// # Errors
    /// If another recipe runs, or there is no world with a teacher.
    pub fn teach(&mut self, annotator: &Annotator, prompts: &[Prompt]) -> Result<Vec<Answer>> {
        const PURPOSE: &str = "teacher";
        self.admit(annotator)?;
        let fits = |e: &Event| matches!(e, Event::Sampled { purpose, .. } if purpose == PURPOSE);
        if let Some(Event::Sampled { answers, .. }) = self.replayed(fits, "the teacher's answers")? {
            return Ok(answers.into_iter().flatten().collect());
        }
        let world = self.world.as_deref().ok_or_else(nobody)?;
        let texts: Option<Vec<String>> = prompts
            .iter()
            .enumerate()
            .map(|(index, prompt)| annotator::teach(world, (self.manifest.seed, self.iteration), index, &prompt.text))
            .collect();
        let texts = texts.ok_or_else(nobody)?;
        let answers: Vec<Answer> = texts.iter().map(|text| self.given_answer(text)).collect::<Result<_>>()?;
        let logged = answers.iter().map(|answer| vec![answer.clone()]).collect();
        self.append(Event::Sampled { purpose: PURPOSE.to_owned(), first: 0, answers: logged })?;
        Ok(answers)
    }

    /// Every answer as the annotators revise it, to be better and to be worse, for a recipe whose paper has
    /// revisions.
    ///
    /// # Errors
    /// If another recipe runs, or there is no world whose annotators revise.
    pub fn revise(&mut self, annotator: &Annotator, candidates: &[Candidates]) -> Result<Vec<[Answer; 2]>> {
        const PURPOSE: &str = "revision";
        self.admit(annotator)?;
        let fits = |e: &Event| matches!(e, Event::Sampled { purpose, .. } if purpose == PURPOSE);
        let logged = match self.replayed(fits, "the annotators' revisions")? {
            Some(Event::Sampled { answers, .. }) => answers,
            _ => {
                let world = self.world.as_deref().ok_or_else(nobody)?;
                let drafts = candidates.iter().flat_map(|c| c.answers.iter().map(|a| (c.prompt.text.as_str(), a)));
                let of = (self.manifest.seed, self.iteration);
                let texts: Option<Vec<[String; 2]>> = drafts
                    .enumerate()
                    .map(|(index, (prompt, answer))| annotator::revise(world, of, index, (prompt, &answer.text)))
                    .collect();
                let written = |texts: [String; 2]| texts.iter().map(|text| self.given_answer(text)).collect();
                let answers: Vec<Vec<Answer>> =
                    texts.ok_or_else(nobody)?.into_iter().map(written).collect::<Result<_>>()?;
                self.append(Event::Sampled { purpose: PURPOSE.to_owned(), first: 0, answers: answers.clone() })?;
                answers
            }
        };
        Ok(logged.into_iter().filter_map(|both| <[Answer; 2]>::try_from(both).ok()).collect())
    }

    /// Lets no recipe ask with the permission of another.
    pub(super) fn admit(&self, annotator: &Annotator) -> Result<()> {
        if annotator.recipe() == self.manifest.recipe {
            return Ok(());
        }
        Err(Error::Recipe(format!(
            "the recipe `{}` asks for the annotators of `{}`; only its own card can give it some",
            self.manifest.recipe,
            annotator.recipe()
        )))
    }
}

/// Nobody can be asked.
pub(super) fn nobody() -> Error {
    Error::Recipe(
        "this recipe asks annotators or a teacher about the policy's own answers, and only a world has some: run it on a world instead of a file (leave out --data)"
            .to_owned(),
    )
}
