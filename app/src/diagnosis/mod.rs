//! What goes wrong in a run, told from its log alone: a sentence with the numbers, the numbers
//! behind it, and what to do about it. One file a pathology; [`registry`] lists them. The terminal,
//! the page's report and the window show the same findings, because they all come from here.

mod case;
mod coin_judge;
mod constant_judge;
mod displacement;
mod diversity;
mod duplicates;
pub mod evidence;
mod explosion;
mod facts;
mod filter;
mod labels;
mod length_bias;
mod length_growth;
mod no_oracle;
mod over_optimisation;
mod phase;
mod position_bias;
pub mod registry;
mod saturation;
mod sharpening;
mod text;
mod truncation;
mod twin_judges;
mod unfinished;

use crate::fold::RunView;
use case::Case;
use facts::FactsOf;

pub use coin_judge::TRUSTED_JUDGE;
pub use evidence::Evidence;
pub use registry::Detector;

/// How much a finding matters, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know; nothing need be done.
    Note,
    /// It weakens the run or what can be concluded from it.
    Warning,
    /// What the run says or learns is not what it seems.
    Serious,
}

impl Severity {
    /// All, the worst first.
    pub const ALL: [Self; 3] = [Self::Serious, Self::Warning, Self::Note];

    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => crate::view::words::t("diagnosis.severity.note"),
            Self::Warning => crate::view::words::t("diagnosis.severity.warning"),
            Self::Serious => crate::view::words::t("diagnosis.severity.serious"),
        }
    }

    /// The severity of a value that is the worse the higher it is; `None` below the first bound.
    fn of(value: f64, note: f64, warning: f64, serious: f64) -> Option<Self> {
        match value {
            v if v >= serious => Some(Self::Serious),
            v if v >= warning => Some(Self::Warning),
            v if v >= note => Some(Self::Note),
            _ => None,
        }
    }
}

/// Where in the window a finding can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The loop and its charts.
    Iterations,
    /// Prompts, answers, pairs.
    Answers,
    /// Agreement, accuracy, biases.
    Judges,
    /// The settings of a run.
    Compose,
}

/// A finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// The detector's name.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, with the numbers.
    pub sentence: String,
    /// The numbers behind it.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remedy: String,
    /// Where it can be seen.
    pub place: Place,
}

/// What a detector says about a log.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The log holds nothing about it, or nothing yet.
    Unknown,
    /// It was looked for and is not there.
    Clear,
    /// It is there.
    Found(Diagnosis),
}

/// Everything that was looked for in a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Examination {
    /// What was found, the worst first.
    pub found: Vec<Diagnosis>,
    /// Detectors that found nothing.
    pub clear: Vec<&'static Detector>,
    /// Detectors that the log gives nothing to look at, or nothing yet.
    pub unknown: Vec<&'static Detector>,
}

/// Examines logs that grow without counting again what did not change.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    facts: FactsOf,
}

impl Memory {
    /// Counts what is new in the log, for about as much time as `most` answers take, and runs all
    /// detectors once everything is counted; `None` before. The memory must not be used for another run
    /// before [`Memory::forget`].
    pub fn look(&mut self, view: &RunView, most: usize) -> Option<Examination> {
        self.facts.update(view, most).then(|| self.detect(view))
    }

    /// Answers and pairs that the last look counted, in answers.
    #[must_use]
    pub fn spent(&self) -> usize {
        self.facts.spent()
    }

    fn detect(&self, view: &RunView) -> Examination {
        let mut examination = Examination::default();
        let Some(case) = Case::new(view, &self.facts) else {
            return examination;
        };
        for detector in registry::ALL {
            match (detector.examine)(&case) {
                Verdict::Unknown => examination.unknown.push(detector),
                Verdict::Clear => examination.clear.push(detector),
                Verdict::Found(diagnosis) => examination.found.push(diagnosis),
            }
        }
        // The sort is stable: among equals the registry's order stays.
        examination.found.sort_by_key(|diagnosis| std::cmp::Reverse(diagnosis.severity));
        examination
    }

    /// Forgets everything, as for another run.
    pub fn forget(&mut self) {
        self.facts = FactsOf::default();
    }
}

/// What goes wrong in a run, the worst first.
#[must_use]
pub fn diagnose(view: &RunView) -> Vec<Diagnosis> {
    Memory::default().look(view, usize::MAX).unwrap_or_default().found
}

#[cfg(test)]
pub(crate) mod suite;
