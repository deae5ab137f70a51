//! Questions about memorability, and what tests answer.

use selfsame_core::measure::{
    Mean,
    inference::{
        Outcome, benjamini_hochberg,
        distribution::{Z95, t95},
        holm, kruskal_wallis, mann_whitney, sign_flip, spearman, welch,
    },
};
use serde::Serialize;

/// What is counted: a test takes its values to be independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Ads, each with the share of viewers who recalled it.
    Ads,
    /// Brands, each with the mean of its ads.
    Brands,
    /// Viewers, each with the share of ads recalled.
    Viewers,
    /// Rows of a table.
    Rows,
}

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Self::Ads => "ads",
            Self::Brands => "brands",
            Self::Viewers => "viewers",
            Self::Rows => "rows",
        }
    }
}

/// What the world that made the data says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// The first of two is remembered better, or more is better.
    Up,
    /// The first of two is remembered worse, or more is worse.
    Down,
    /// There are differences.
    Differs,
    /// There is nothing to find.
    Nothing,
}

/// The values that a question is about, with the test that fits them.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// Two groups of any distribution, by Mann and Whitney's test.
    Ranked([Group; 2]),
    /// Two groups whose values are means themselves, by Welch's test.
    Means([Group; 2]),
    /// Something measured beside the score, by Spearman's correlation.
    Beside {
        /// What is measured.
        name: String,
        /// It, and the score.
        pairs: Vec<(f64, f64)>,
    },
    /// Several groups, by Kruskal and Wallis' test.
    Several(Vec<Group>),
    /// The same unit under both conditions, by a permutation of signs.
    Within([Group; 2]),
}

/// A named group of scores.
pub type Group = (String, Vec<f64>);

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What is asked, such as `pace: high against low`.
    pub name: String,
    /// What is counted.
    pub unit: Unit,
    /// The values.
    pub sample: Sample,
    /// What is true; `None` of real data.
    pub truth: Option<Truth>,
}

/// A group as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// How many units are in it.
    pub count: usize,
    /// Their mean score.
    pub mean: f64,
    /// The 95 % interval of that mean (Student's t).
    pub interval: [f64; 2],
}

/// What a test says about a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What was asked.
    pub question: String,
    /// What was counted.
    pub unit: Unit,
    /// How many.
    pub count: usize,
    /// The test.
    pub test: &'static str,
    /// The name of the effect: `δ` (Cliff), `ρ` (Spearman), `Δ` (difference of means) or `ε²`.
    pub measure: &'static str,
    /// The effect, its interval and the p value; `None` where the values are too few or do not vary.
    #[serde(flatten)]
    pub outcome: Option<Outcome>,
    /// The p value after Holm's correction for all questions.
    pub holm: Option<f64>,
    /// The p value after Benjamini and Hochberg's.
    pub q: Option<f64>,
    /// The groups, where there are groups.
    pub levels: Vec<Level>,
    /// What is true; absent where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<Truth>,
}

/// At which adjusted p value something counts as found.
pub const ALPHA: f64 = 0.05;

impl Finding {
    /// Whether it holds after Holm's correction.
    #[must_use]
    pub fn found(&self) -> bool {
        self.holm.is_some_and(|p| p < ALPHA)
    }

    /// Whether it holds after Benjamini and Hochberg's correction.
    #[must_use]
    pub fn likely(&self) -> bool {
        self.q.is_some_and(|q| q < ALPHA)
    }

    /// Whether an effect that is in the data's world would be told right by its sign.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let effect = self.outcome.map_or(0.0, |outcome| outcome.effect);
        match self.truth {
            Some(Truth::Up) => effect > 0.0,
            Some(Truth::Down) => effect < 0.0,
            Some(Truth::Differs) | None => true,
            Some(Truth::Nothing) => false,
        }
    }
}

/// All findings of some data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answered {
    /// What the data are.
    pub subject: String,
    /// Whether they are made up.
    pub synthetic: bool,
    /// The mean score of the ads or rows.
    pub score: Mean,
    /// The findings in the order of the questions.
    pub findings: Vec<Finding>,
}

/// Answers questions together: corrections are for all of them. `seed` is that of permutations.
#[must_use]
pub fn answer(questions: Vec<Question>, seed: u64) -> Vec<Finding> {
    let mut findings: Vec<Finding> = questions.into_iter().map(|question| finding(question, seed)).collect();
    let asked: Vec<f64> = findings.iter().filter_map(|finding| Some(finding.outcome?.p)).collect();
    let (mut holm, mut q) = (holm(&asked).into_iter(), benjamini_hochberg(&asked).into_iter());
    for finding in findings.iter_mut().filter(|finding| finding.outcome.is_some()) {
        (finding.holm, finding.q) = (holm.next(), q.next());
    }
    findings
}

fn finding(question: Question, seed: u64) -> Finding {
    let Question { name, unit, sample, truth } = question;
    let (test, measure, outcome) = match &sample {
        Sample::Ranked([(_, a), (_, b)]) => ("Mann-Whitney", "δ", mann_whitney(a, b)),
        Sample::Means([(_, a), (_, b)]) => ("Welch", "Δ", welch(a, b)),
        Sample::Beside { pairs, .. } => {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            ("Spearman", "ρ", spearman(&x, &y))
        }
        Sample::Several(groups) => {
            let values: Vec<Vec<f64>> = groups.iter().map(|(_, values)| values.clone()).collect();
            ("Kruskal-Wallis", "ε²", kruskal_wallis(&values))
        }
        Sample::Within([(_, a), (_, b)]) => {
            let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
            ("permutation", "Δ", sign_flip(&differences, seed))
        }
    };
    let groups: &[Group] = match &sample {
        Sample::Ranked(groups) | Sample::Means(groups) | Sample::Within(groups) => groups,
        Sample::Several(groups) => groups,
        Sample::Beside { .. } => &[],
    };
    let count = match &sample {
        Sample::Beside { pairs, .. } => pairs.len(),
        Sample::Within([(_, a), _]) => a.len(),
        _ => groups.iter().map(|(_, values)| values.len()).sum(),
    };
    let levels = groups.iter().map(|(name, values)| level(name, values)).collect();
    Finding { question: name, unit, count, test, measure, outcome, holm: None, q: None, levels, truth }
}

#[allow(clippy::cast_precision_loss)] // counts
fn level(name: &str, values: &[f64]) -> Level {
    let mean = Mean::of(values.iter().copied());
    let half = mean.error * if values.len() > 1 { t95(values.len() as f64 - 1.0) } else { Z95 };
    Level {
        name: name.to_owned(),
        count: values.len(),
        mean: mean.mean,
        interval: [mean.mean - half, mean.mean + half],
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A clear effect, none, and a question that cannot be answered.
    pub fn questions() -> Vec<Question> {
        let group = |name: &str, values: &[f64]| (name.to_owned(), values.to_vec());
        let low = [0.1, 0.2, 0.3, 0.2, 0.1, 0.3, 0.2, 0.25];
        let high = low.map(|value| value + 0.5);
        let question = |name: &str, sample, truth| Question { name: name.to_owned(), unit: Unit::Ads, sample, truth };
        vec![
            question(
                "pace: <high> against low",
                Sample::Ranked([group("high", &high), group("low", &low)]),
                Some(Truth::Up),
            ),
            question(
                "tone",
                Sample::Ranked([group("warm", &low[..4]), group("cool", &low[4..])]),
                Some(Truth::Nothing),
            ),
            question("constant", Sample::Means([group("a", &[0.5, 0.5]), group("b", &[0.5, 0.5])]), Some(Truth::Down)),
            question("within", Sample::Within([group("known", &high), group("unknown", &low)]), Some(Truth::Up)),
        ]
    }

    #[test]
    fn corrections_leave_out_what_could_not_be_asked() {
        let findings = answer(questions(), 1);
        let [clear, none, broken, within] = &findings[..] else { panic!() };
        assert!(clear.found() && clear.agrees() && clear.outcome.unwrap().effect == 1.0);
        // The differences are the same up to rounding, or do not vary at all: both are refused or tiny in p.
        assert!(within.outcome.is_none_or(|outcome| outcome.p < 0.01));
        assert!(!none.found() && !none.likely());
        assert_eq!((broken.outcome, broken.holm, broken.found()), (None, None, false));
        let asked = findings.iter().filter(|finding| finding.outcome.is_some()).count();
        #[allow(clippy::cast_precision_loss)]
        let expected = clear.outcome.unwrap().p * asked as f64;
        assert!(clear.holm.unwrap() >= clear.outcome.unwrap().p && clear.holm.unwrap() <= expected + 1e-12);
        assert!((clear.levels[0].mean - 0.70625).abs() < 1e-12, "{:?}", clear.levels);
        assert_eq!((clear.count, within.count), (16, 8));
    }
}
