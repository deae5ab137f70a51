//! Rows of one study over different seeds, joined: what one machine computed after another, or beside it.

use std::collections::BTreeMap;

use selfsame_core::{
    measure::{Figure, verdict},
    recipe::claims::{Test, study},
};

use super::{ArmRow, Earlier, Row, Spent, Spread, TestRow};

/// Why two rows are not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Apart {
    /// The implicit reward is measured against different models.
    #[error("their bases differ")]
    Base,
    /// The runs were decided by different settings.
    #[error("their settings differ")]
    Settings,
    /// The study compares with something else now.
    #[error("the study has changed")]
    Study,
}

/// The row of all seeds of two rows of the same study, world and model. Seeds that are in both are those of the
/// later row; what a seed spent is then the mean over those that the earlier row had, but of the time, and that of the
/// earlier row where it had all seeds and the later one has some.
///
/// # Errors
/// If their seeds are not samples of the same thing.
pub fn joined(earlier: &Row, row: Row) -> Result<Row, Apart> {
    if earlier.base_sha256.as_ref().zip(row.base_sha256.as_ref()).is_some_and(|(a, b)| a != b) {
        return Err(Apart::Base);
    }
    if earlier.settings != row.settings {
        return Err(Apart::Settings);
    }
    let tests = study(&row.study).map_err(|_| Apart::Study)?.tests;
    let alike = |a: &ArmRow, b: &ArmRow| a.name == b.name && a.recipe == b.recipe && a.what == b.what;
    if earlier.arms.len() != row.arms.len()
        || !earlier.arms.iter().zip(&row.arms).all(|(a, b)| alike(a, b))
        || [&earlier.tests, &row.tests].into_iter().any(|of| !asks(of, tests))
    {
        return Err(Apart::Study);
    }
    let seeds = Seeds::of(earlier, &row);
    let tests: Vec<TestRow> =
        earlier.tests.iter().zip(&row.tests).zip(tests).map(|((a, b), test)| tested(test, a, b)).collect();
    let mut parts = earlier.earlier.clone();
    parts.push(Earlier { seeds: earlier.own_seeds(), origin: earlier.origin.clone() });
    for part in &mut parts {
        part.seeds.retain(|seed| !row.seeds.contains(seed));
    }
    parts.retain(|part| !part.seeds.is_empty());
    Ok(Row {
        verdict: TestRow::together(&tests),
        seeds: seeds.all(),
        arms: earlier.arms.iter().zip(&row.arms).map(|(a, b)| seeds.arm(a, b)).collect(),
        tests,
        earlier: parts,
        ..row
    })
}

/// Whether these are the answers to what a study asks.
pub(super) fn asks(rows: &[TestRow], tests: &[Test]) -> bool {
    let alike = |row: &TestRow, test: &Test| {
        row.says == test.says
            && row.figure == test.figure.owned()
            && row.against == test.against.name()
            && row.decides == test.decides
            && row.least.to_bits() == test.least.to_bits()
    };
    rows.len() == tests.len() && rows.iter().zip(tests).all(|(row, test)| alike(row, test))
}

fn tested(test: &Test, a: &TestRow, b: &TestRow) -> TestRow {
    let differences: BTreeMap<u64, f64> = a.differences.iter().chain(&b.differences).map(|(s, d)| (*s, *d)).collect();
    let values: Vec<f64> = differences.values().copied().collect();
    TestRow { outcome: verdict::judge(&values, test.expected, test.least), differences, ..b.clone() }
}

/// Where the numbers of each seed are: in the earlier row or in the later, and at which place.
struct Seeds {
    places: BTreeMap<u64, (bool, usize)>,
    /// How many are those of the earlier row.
    earlier: usize,
    /// Whether the earlier row has them all.
    known: bool,
}

impl Seeds {
    fn of(earlier: &Row, row: &Row) -> Self {
        let places = |of: &Row, first: bool| -> Vec<(u64, (bool, usize))> {
            of.seeds.iter().enumerate().map(|(at, seed)| (*seed, (first, at))).collect()
        };
        let places: BTreeMap<u64, (bool, usize)> =
            places(earlier, true).into_iter().chain(places(row, false)).collect();
        let kept = places.values().filter(|(first, _)| *first).count();
        let known = places.len() == earlier.seeds.len();
        Self { places, earlier: kept, known }
    }

    fn all(&self) -> Vec<u64> {
        self.places.keys().copied().collect()
    }

    /// One thing a seed, from both rows, in the order of the seeds; nothing where one is missing.
    fn merged<T: Clone>(&self, a: &[T], b: &[T]) -> Option<Vec<T>> {
        self.places.values().map(|(first, at)| if *first { a } else { b }.get(*at).cloned()).collect()
    }

    fn spread(&self, a: &Spread, b: &Spread) -> Option<Spread> {
        Some(Spread::of(self.merged(&a.values, &b.values)?))
    }

    /// The figures that all seeds have.
    fn spreads<K: Ord + Clone>(&self, a: &BTreeMap<K, Spread>, b: &BTreeMap<K, Spread>) -> BTreeMap<K, Spread> {
        a.iter().filter_map(|(name, of)| Some((name.clone(), self.spread(of, b.get(name)?)?))).collect()
    }

    fn arm(&self, a: &ArmRow, b: &ArmRow) -> ArmRow {
        let controls = a.controls.iter().filter_map(|(name, of)| {
            let figures: BTreeMap<Figure, Spread> = self.spreads(of, b.controls.get(name)?);
            Some((name.clone(), figures))
        });
        ArmRow {
            start: self.spreads(&a.start, &b.start),
            end: self.spreads(&a.end, &b.end),
            controls: controls.collect(),
            noted: self.spreads(&a.noted, &b.noted),
            spent: self.spent(&a.spent, &b.spent),
            runs: self.merged(&a.runs, &b.runs).unwrap_or_default(),
            ..b.clone()
        }
    }

    #[allow(clippy::cast_precision_loss)] // a handful
    fn spent(&self, a: &Spent, b: &Spent) -> Spent {
        if self.known && self.earlier > 0 {
            // What its seeds spent is a mean, of which none can be taken out.
            return Spent { seconds: a.seconds.min(b.seconds), ..*a };
        }
        let later = self.places.len() - self.earlier;
        // What none of the seeds spent says nothing about them.
        let parts = [(self.earlier as f64, *a), (later as f64, *b)].into_iter().filter(|(seeds, _)| *seeds > 0.0);
        Spent::mean(parts)
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::measure::{Interval, Verdict};

    use super::*;
    use crate::atlas::{Origin, render::markdown, tests};

    /// A row of DPO's claim over these seeds; each seed's figures are its differences.
    fn row(seeds: &[u64], differences: &[f64]) -> Row {
        let study = study("dpo").unwrap();
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        let like = tests::row("dpo", 90.0);
        let arm = |name: &str, recipe: &str| ArmRow {
            name: name.to_owned(),
            recipe: recipe.to_owned(),
            end: BTreeMap::from([(Figure::Sampled, spread(differences))]),
            noted: BTreeMap::from([("gain".to_owned(), spread(differences))]),
            runs: seeds.iter().map(|seed| format!("{name}/seed-{seed}")).collect(),
            ..like.arms[1].clone()
        };
        let arms =
            std::iter::once(arm(study.recipe, study.recipe)).chain(study.arms.iter().map(|of| arm(of.name, of.recipe)));
        let asked = study.tests.iter().map(|test| TestRow {
            says: test.says.to_owned(),
            figure: test.figure.owned(),
            against: test.against.name(),
            decides: test.decides,
            least: test.least,
            differences: seeds.iter().copied().zip(differences.iter().copied()).collect(),
            outcome: verdict::judge(differences, test.expected, test.least),
        });
        let asked: Vec<TestRow> = asked.collect();
        Row {
            recipe: study.recipe.to_owned(),
            verdict: TestRow::together(&asked),
            seeds: seeds.to_vec(),
            arms: arms.collect(),
            tests: asked,
            origin: Origin { cores: seeds.len(), ..like.origin.clone() },
            ..like
        }
    }

    /// The mean is 0.08, the variance 0.009 / 4; Student's t of four degrees of freedom is 2.776.
    #[test]
    fn seeds_of_two_rows_are_those_of_one() {
        let [first, second] = [row(&[2, 4], &[0.05, 0.11]), row(&[1, 3, 5], &[0.08, 0.02, 0.14])];
        assert_eq!(first.verdict, Some(Verdict::Inconclusive), "two seeds are few");
        let both = joined(&first, second.clone()).unwrap();
        let at_once = row(&[1, 2, 3, 4, 5], &[0.08, 0.05, 0.02, 0.11, 0.14]);
        assert_eq!((both.verdict, &both.seeds, &both.tests), (at_once.verdict, &at_once.seeds, &at_once.tests));
        let end = |row: &Row| row.arms.iter().map(|arm| arm.end.clone()).collect::<Vec<_>>();
        let runs = |row: &Row| row.arms.iter().map(|arm| arm.runs.clone()).collect::<Vec<_>>();
        assert_eq!((end(&both), runs(&both)), (end(&at_once), runs(&at_once)));
        let outcome = both.tests[0].outcome.clone().unwrap();
        let Interval { low, high } = outcome.interval.unwrap();
        let half = 2.776 * (0.009_f64 / 4.0 / 5.0).sqrt();
        assert!((low - 0.08 + half).abs() < 1e-7 && (high - 0.08 - half).abs() < 1e-7, "{low} {high}");
        assert_eq!(both.earlier, [Earlier { seeds: vec![2, 4], origin: first.origin.clone() }]);
        assert_eq!((both.own_seeds(), &both.origin), (vec![1, 3, 5], &second.origin));
        let more = joined(&both, row(&[6], &[0.07])).unwrap();
        let parts: Vec<&[u64]> = more.earlier.iter().map(|part| &part.seeds[..]).collect();
        assert_eq!((parts, more.own_seeds()), (vec![&[2, 4][..], &[1, 3, 5]], vec![6]));
        let mut atlas = crate::atlas::Atlas::default();
        atlas.put(more);
        let text = markdown(&atlas);
        assert!(text.contains("seeds 2, 4: ") && text.contains("; seeds 1, 3, 5: ") && text.contains("; seeds 6: "));
    }

    /// The same command again, and one that has seeds in common.
    #[test]
    fn of_seeds_in_both_the_later_count() {
        let first = row(&[1, 2, 3], &[0.05, 0.06, 0.07]);
        let both = joined(&first, row(&[3, 4], &[0.9, 0.08])).unwrap();
        let end: Vec<f64> = both.arms[0].end[&Figure::Sampled].values.clone();
        assert_eq!((&both.seeds[..], &end[..]), (&[1, 2, 3, 4][..], &[0.05, 0.06, 0.9, 0.08][..]));
        assert_eq!(both.tests[0].differences.values().copied().collect::<Vec<f64>>(), end);
        assert_eq!(both.earlier, [Earlier { seeds: vec![1, 2], origin: first.origin.clone() }]);
        let again = joined(&both, row(&[3, 4], &[0.9, 0.08])).unwrap();
        assert_eq!((again.seeds, again.tests, again.earlier), (both.seeds, both.tests, both.earlier));
    }

    #[test]
    fn what_a_seed_spent_is_the_mean_over_all_but_of_the_time() {
        let mut first = row(&[1], &[0.1]);
        first.arms[0].spent.steps = 100.0;
        let mut second = row(&[2, 3, 4], &[0.1, 0.1, 0.1]);
        second.arms[0].spent.steps = 60.0;
        // A run that rested for a day.
        first.arms[0].spent.seconds = 86_400.0;
        second.arms[0].spent.seconds = 30.0;
        let spent = joined(&first, second.clone()).unwrap().arms[0].spent;
        assert!((spent.steps - 70.0).abs() < 1e-9, "{spent:?}");
        assert_eq!((spent.seconds, spent.items), (30.0, Some(1440.0)));
        first.arms[0].spent.items = None;
        let spent = joined(&first, second.clone()).unwrap().arms[0].spent;
        assert_eq!(spent.items, None, "nobody knows it of all seeds");
        // A seed that comes again is in the mean already.
        let all = Row { seeds: vec![1, 2, 3, 4], ..first.clone() };
        let spent = joined(&all, second.clone()).unwrap().arms[0].spent;
        assert_eq!((spent.steps, spent.seconds), (100.0, 30.0));
        // Where all seeds come again, those before are forgotten.
        let spent = joined(&Row { seeds: vec![2], ..first }, second).unwrap().arms[0].spent;
        assert_eq!((spent.steps, spent.seconds, spent.items), (60.0, 30.0, Some(1440.0)));
    }

    #[test]
    fn what_one_row_lacks_is_lost() {
        let first = row(&[1], &[0.1]);
        let mut second = row(&[2], &[0.2]);
        second.arms[0].noted.clear();
        second.arms[0].start.clear();
        let both = joined(&first, second).unwrap();
        assert!(both.arms[0].noted.is_empty() && both.arms[0].start.is_empty());
        assert_eq!(both.arms[1].noted["gain"].values, [0.1, 0.2]);
    }

    #[test]
    fn only_samples_of_one_thing_are_joined() {
        let first = row(&[1, 2], &[0.1, 0.2]);
        let based = |base: &str| Row { base_sha256: Some(base.to_owned()), ..row(&[3], &[0.1]) };
        assert_eq!(joined(&Row { seeds: vec![1], ..based("a") }, based("b")), Err(Apart::Base));
        assert!(joined(&first, based("b")).is_ok(), "earlier atlases do not say which it was");
        let mut other = row(&[3], &[0.1]);
        other.settings.insert("beta".to_owned(), "9.0".to_owned());
        assert_eq!(joined(&first, other), Err(Apart::Settings));
        let changes: [fn(&mut Row); 4] = [
            |row| row.tests[0].least = 0.5,
            |row| row.tests.truncate(1),
            |row| row.arms.truncate(1),
            |row| row.study = "no such".to_owned(),
        ];
        for change in changes {
            let mut other = row(&[3], &[0.1]);
            change(&mut other);
            assert_eq!(joined(&first, other), Err(Apart::Study));
        }
    }
}
