//! The numbers of a measurement that runs are compared by.

use serde::{Deserialize, Serialize};

use super::{JudgeQuality, Mean, Measurement};

/// One number of a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// The oracle's reward of sampled answers.
    Sampled,
    /// The oracle's reward of greedy answers.
    Greedy,
    /// Share of sampled answers that meet every requirement.
    AllMet,
    /// How often the judges are right on the start's answers, on the mean of all judges.
    Judges,
    /// The same on the policy's own answers.
    JudgesOnPolicy,
    /// Share of the start's pairs on which all judges agree.
    Agreement,
    /// How often they are right where they agree, on the policy's own answers.
    Kept,
    /// How often their majority is right where they do not, on the policy's own answers.
    Dropped,
    /// How often the labels that were learned from were right. Where judges label pairs at every step, a
    /// measurement does not know: the log's steps do.
    Labels,
    /// Share of an iteration's pairs that were learned from; only the log's steps know.
    Used,
    /// Share of an iteration's pairs on which the recipe's own judges all preferred the same answer; only the log's
    /// steps know, as for the six below.
    PanelAgreement,
    /// How often the label was right that the recipe's own judges would have given, on their mean, to the pairs that
    /// were dropped.
    LabelsDropped,
    /// The same on all pairs that they were asked about.
    LabelsAsked,
    /// How often that one of the recipe's own judges is right on these pairs that is least often right.
    WorstJudge,
    /// The same of that one that is most often right.
    BestJudge,
    /// How often that one of the recipe's own judges is right on the start's answers, which stay the same, that is
    /// least often right; only the log's steps know whose these are.
    WorstOnStart,
    /// The same of that one that is most often right.
    BestOnStart,
    /// Mean log-ratio of the sampled answers to the start, in nats per answer.
    Divergence,
    /// Tokens per sampled answer.
    Length,
}

impl Figure {
    /// All figures.
    pub const ALL: [Self; 19] = [
        Self::Sampled,
        Self::Greedy,
        Self::AllMet,
        Self::Judges,
        Self::JudgesOnPolicy,
        Self::Agreement,
        Self::Kept,
        Self::Dropped,
        Self::Labels,
        Self::Used,
        Self::PanelAgreement,
        Self::LabelsDropped,
        Self::LabelsAsked,
        Self::WorstJudge,
        Self::BestJudge,
        Self::WorstOnStart,
        Self::BestOnStart,
        Self::Divergence,
        Self::Length,
    ];

    /// Its name in tables and sentences.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sampled => "oracle reward, sampled",
            Self::Greedy => "oracle reward, greedy",
            Self::AllMet => "answers that meet all",
            Self::Judges => "judges right",
            Self::JudgesOnPolicy => "judges right on own answers",
            Self::Agreement => "judges agree",
            Self::Kept => "right where judges agree",
            Self::Dropped => "right where judges differ",
            Self::Labels => "labels right",
            Self::Used => "pairs learned from",
            Self::PanelAgreement => "its own judges agree",
            Self::LabelsDropped => "labels right, of dropped pairs",
            Self::LabelsAsked => "labels right, of all pairs asked",
            Self::WorstJudge => "right, its worst judge",
            Self::BestJudge => "right, its best judge",
            Self::WorstOnStart => "right on the start's answers, its worst judge",
            Self::BestOnStart => "right on the start's answers, its best judge",
            Self::Divergence => "KL to the start",
            Self::Length => "tokens per answer",
        }
    }

    /// The number; `None` where the measurement does not have it.
    #[must_use]
    pub fn of(self, measurement: &Measurement) -> Option<f64> {
        let mean = |mean: Option<Mean>| mean.filter(|mean| mean.count > 0).map(|mean| mean.mean);
        let (fixed, own) = (measurement.fixed.as_ref(), measurement.on_policy.as_ref());
        match self {
            Self::Sampled => mean(measurement.sampled.reward),
            Self::Greedy => mean(measurement.greedy.reward),
            Self::AllMet => measurement.sampled.all_met,
            Self::Judges => accuracy(fixed?),
            Self::JudgesOnPolicy => accuracy(own?),
            Self::Agreement => fixed.map(|quality| quality.kept),
            Self::Kept => mean(own?.kept_accuracy),
            Self::Dropped => mean(own?.dropped_accuracy),
            Self::Labels => mean(measurement.label_accuracy),
            Self::Used
            | Self::PanelAgreement
            | Self::LabelsDropped
            | Self::LabelsAsked
            | Self::WorstJudge
            | Self::BestJudge
            | Self::WorstOnStart
            | Self::BestOnStart => None,
            Self::Divergence => Some(measurement.kl_to_start),
            Self::Length => Some(measurement.sampled.length),
        }
        .filter(|number| number.is_finite())
    }
}

/// The mean accuracy of all judges.
fn accuracy(quality: &JudgeQuality) -> Option<f64> {
    let of_judges = Mean::of(quality.accuracy.values().filter(|mean| mean.count > 0).map(|mean| mean.mean));
    (of_judges.count > 0).then_some(of_judges.mean)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::measure::AnswerQuality;

    fn measurement(world: bool) -> Measurement {
        let mean = |mean| Mean { mean, error: 0.1, count: 10 };
        let answers = |reward| AnswerQuality {
            reward: world.then(|| mean(reward)),
            all_met: world.then_some(0.25),
            length: 7.5,
            distinct1: 0.5,
            distinct2: 0.5,
            truncated: 0.0,
        };
        let quality = |first, second, kept| JudgeQuality {
            pairs: 10,
            accuracy: if world {
                BTreeMap::from([("a".to_owned(), mean(first)), ("b".to_owned(), mean(second))])
            } else {
                BTreeMap::new()
            },
            agreement: BTreeMap::new(),
            kept,
            kept_accuracy: world.then(|| mean(0.9)),
            // A mean of nothing.
            dropped_accuracy: Some(Mean::of([])),
        };
        Measurement {
            sampled: answers(0.5),
            greedy: answers(0.6),
            kl_to_start: f64::NAN,
            fixed: Some(quality(0.7, 0.8, 0.4)),
            on_policy: Some(quality(0.5, 0.6, 0.3)),
            kendall: BTreeMap::new(),
            position_flips: BTreeMap::new(),
            prefers_longer: BTreeMap::new(),
            pairs: 3,
            label_accuracy: world.then(|| mean(0.65)),
        }
    }

    #[test]
    fn figures_are_the_numbers_of_the_measurement() {
        let read = |world| Figure::ALL.map(|figure| figure.of(&measurement(world)).map(|n| (n * 1e6).round() / 1e6));
        let with = [0.5, 0.6, 0.25, 0.75, 0.55, 0.4, 0.9].map(Some);
        assert_eq!(read(true)[..7], with);
        assert_eq!(read(true)[7..10], [None, Some(0.65), None]);
        assert_eq!(
            read(true)[10..],
            [None, None, None, None, None, None, None, None, Some(7.5)],
            "what only steps know"
        );
        let without = read(false);
        assert_eq!(without.iter().filter(|number| number.is_some()).count(), 2, "agreement and length: {without:?}");
        let names: BTreeSet<&str> = Figure::ALL.iter().map(|figure| figure.name()).collect();
        assert_eq!(names.len(), Figure::ALL.len());
    }
}
