//! The row of the atlas that the runs of a study add up to.

use std::collections::BTreeMap;

use selfsame_core::{
    measure::{Figure, Interval, Quantity, verdict},
    recipe::{
        by_id,
        claims::{Against, Arm, Test},
    },
    run::{self, Source},
};

use super::{Numbers, Planned, Reproduction, machine, numbers::Figures};
use crate::{
    Error, Result,
    atlas::{ArmRow, Origin, Row, Spent, Spread, TestRow},
    format,
};

/// The runs of each arm by seed; the recipe itself is called nothing.
type Runs = BTreeMap<&'static str, BTreeMap<u64, Numbers>>;

impl Reproduction<'_> {
    /// The row of runs that are all finished.
    pub(super) fn row(&self, planned: &[Planned], jobs: usize) -> Result<Row> {
        let mut runs = Runs::new();
        for run in planned {
            let numbers = Numbers::load(&self.out.join(&run.folder))?;
            runs.entry(run.arm.map_or("", |arm| arm.name)).or_default().insert(run.seed, numbers);
        }
        let first = runs.get("").and_then(|of| of.values().next());
        let manifest = &first.ok_or_else(|| Error::told("a study without runs has no row"))?.manifest;
        let tests: Vec<TestRow> = self.study.tests.iter().map(|test| tested(test, &runs)).collect();
        Ok(Row {
            study: self.study.id.to_owned(),
            variant: self.args.variant.clone(),
            recipe: self.study.recipe.to_owned(),
            title: by_id(self.study.recipe)?.card.title.to_owned(),
            claim: self.study.asks()?.to_owned(),
            verdict: TestRow::together(&tests),
            world: match &manifest.source {
                Source::World(name) => name.clone(),
                Source::File { path, .. } => path.clone(),
            },
            model: manifest.model.clone(),
            model_sha256: manifest.model_sha256.clone(),
            base_sha256: Some(manifest.base_sha256.clone()),
            seeds: self.seeds().collect(),
            quick: self.args.quick,
            settings: self.shown_settings(),
            arms: self.arms().map(|arm| self.arm_row(arm, &runs, planned)).collect(),
            tests,
            earlier: Vec::new(),
            origin: Origin {
                version: manifest.version.clone(),
                commit: machine::commit(),
                device: manifest.device.clone(),
                processor: machine::processor(),
                cores: machine::cores(),
                system: machine::system(),
                jobs,
                written: format::now(),
            },
        })
    }

    /// What the recipe notes beside the figures that all have, and what the tests compare of it.
    fn noted(&self, of: &[&Numbers]) -> BTreeMap<String, Spread> {
        let listed = self.study.noted().iter().filter_map(|name| noted(name, of));
        let asked = self.study.compared().into_iter().filter_map(|quantity| compared(quantity, of));
        asked.chain(listed).collect()
    }

    fn arm_row(&self, arm: Option<&'static Arm>, runs: &Runs, planned: &[Planned]) -> ArmRow {
        let of: Vec<&Numbers> =
            runs.get(arm.map_or("", |arm| arm.name)).into_iter().flat_map(|of| of.values()).collect();
        let folders = planned.iter().filter(|run| run.arm == arm);
        let controls = [run::Arm::RandomLabels, run::Arm::OracleLabels].into_iter().filter_map(|control| {
            let figures = spreads(of.iter().map(|numbers| numbers.controls.get(&control)));
            (!figures.is_empty()).then(|| (control.name().to_owned(), figures))
        });
        ArmRow {
            name: arm.map_or(self.study.recipe, |arm| arm.name).to_owned(),
            recipe: arm.map_or(self.study.recipe, |arm| arm.recipe).to_owned(),
            what: arm.map_or("", |arm| arm.what).to_owned(),
            start: spreads(of.iter().map(|numbers| numbers.start())),
            end: spreads(of.iter().map(|numbers| numbers.end())),
            controls: controls.collect(),
            noted: self.noted(&of),
            spent: Spent::mean(of.iter().map(|numbers| (1.0, numbers.spent))),
            runs: folders.map(|run| run.folder.to_string_lossy().replace('\\', "/")).collect(),
        }
    }
}

/// A number that the tests compare and all seeds noted.
fn compared(quantity: Quantity, of: &[&Numbers]) -> Option<(String, Spread)> {
    let values = of.iter().map(|numbers| numbers.last(quantity)).collect::<Option<Vec<f64>>>()?;
    (!values.is_empty()).then(|| (quantity.name(), Spread::of(values)))
}

/// Every figure that all seeds have, over the seeds.
fn spreads<'a>(of: impl Iterator<Item = Option<&'a Figures>>) -> BTreeMap<Figure, Spread> {
    let Some(seeds) = of.collect::<Option<Vec<&Figures>>>().filter(|seeds| !seeds.is_empty()) else {
        return BTreeMap::new();
    };
    let spread = |figure: Figure| {
        let values = seeds.iter().map(|figures| figures.get(&figure).copied()).collect::<Option<Vec<f64>>>()?;
        Some((figure, Spread::of(values)))
    };
    Figure::ALL.into_iter().filter_map(spread).collect()
}

/// A noted figure that all seeds have. With one seed its interval is the one that was noted with it.
fn noted(name: &str, of: &[&Numbers]) -> Option<(String, Spread)> {
    let seeds = of.iter().map(|numbers| numbers.last_noted(name)).collect::<Option<Vec<&[f64]>>>()?;
    let values = seeds.iter().map(|figure| figure.first().copied()).collect::<Option<Vec<f64>>>()?;
    let spread = Spread::of(values);
    let interval = match seeds[..] {
        [[_, low, high]] => Some(Interval { low: *low, high: *high }),
        _ => spread.interval,
    };
    (!spread.values.is_empty()).then(|| (name.to_owned(), Spread { interval, ..spread }))
}

fn tested(test: &Test, runs: &Runs) -> TestRow {
    let other = |seed: u64, numbers: &Numbers| -> Option<f64> {
        match test.against {
            Against::Arm(name) | Against::Between { and: name, .. } => runs.get(name)?.get(&seed)?.last(test.figure),
            Against::Start => numbers.after(0, test.figure),
            // The last iteration would be compared with itself.
            Against::After(iteration) if numbers.after.last_key_value().is_some_and(|(last, _)| *last > iteration) => {
                numbers.after(iteration, test.figure)
            }
            Against::After(_) => None,
            Against::Control(arm) => match test.figure {
                Quantity::Figure(figure) => numbers.controls.get(&arm)?.get(&figure).copied(),
                Quantity::Noted { .. } => None,
            },
            Against::StartOf(quantity) => numbers.after(0, quantity),
            Against::Own(quantity) => numbers.last(quantity),
            Against::Demonstrations => numbers.demonstrations,
            Against::Number(number) => Some(number),
        }
    };
    let difference = |seed: u64, numbers: &Numbers| Some(numbers.last(test.figure)? - other(seed, numbers)?);
    let differences: BTreeMap<u64, f64> = runs
        .get(test.against.of().unwrap_or_default())
        .into_iter()
        .flatten()
        .filter_map(|(seed, numbers)| Some((*seed, difference(*seed, numbers)?)))
        .collect();
    let values: Vec<f64> = differences.values().copied().collect();
    TestRow {
        says: test.says.to_owned(),
        figure: test.figure.owned(),
        against: test.against.name(),
        decides: test.decides,
        least: test.least,
        outcome: verdict::judge(&values, test.expected, test.least),
        differences,
    }
}

#[cfg(test)]
mod tests {
    use selfsame_core::measure::{
        Expected, Outcome, Reading,
        Verdict::{NotReproduced, Reproduced},
    };

    use super::*;
    use crate::comparison::tests::seeded;

    fn numbers(seed: u64, reward: f64) -> Numbers {
        Numbers::of(&seeded(seed, reward))
    }

    fn runs(of_recipe: &[f64], of_arm: &[f64]) -> Runs {
        let by_seed =
            |rewards: &[f64]| (1..).zip(rewards).map(|(seed, reward)| (seed, numbers(seed, *reward))).collect();
        Runs::from([("", by_seed(of_recipe)), ("other", by_seed(of_arm))])
    }

    fn test(against: Against) -> Test {
        Test {
            says: "x.",
            figure: Figure::Sampled.into(),
            against,
            expected: Expected::More,
            least: 0.02,
            decides: true,
        }
    }

    #[test]
    fn differences_are_taken_seed_by_seed() {
        let runs = runs(&[0.60, 0.70, 0.66], &[0.55, 0.64, 0.61]);
        let row = tested(&test(Against::Arm("other")), &runs);
        for (found, expected) in row.differences.values().zip([0.05, 0.06, 0.05]) {
            assert!((found - expected).abs() < 1e-9, "{row:?}");
        }
        let outcome: Outcome = row.outcome.unwrap();
        assert_eq!(outcome.verdict, Reproduced, "the rewards spread more than their differences");
        // The start's reward is 0.5, the control line's 0.49.
        for (against, expected) in [(Against::Start, 0.1), (Against::Control(run::Arm::RandomLabels), 0.11)] {
            let row = tested(&test(against), &runs);
            assert!((row.differences[&1] - expected).abs() < 1e-9, "{row:?}");
        }
        assert_eq!(tested(&test(Against::Control(run::Arm::OracleLabels)), &runs).outcome, None);
        assert_eq!(tested(&test(Against::Arm("nobody")), &runs).outcome, None);
        let own = tested(&test(Against::Own(Figure::Length.into())), &runs);
        assert!((own.differences[&2] - (0.70 - 8.5)).abs() < 1e-9);
    }

    /// Exploitabilities of 0.10, 0.12 and 0.08 against 0.20, 0.21 and 0.19 of another arm, and 0.3 at the start.
    #[test]
    fn noted_numbers_are_compared_as_figures_are() {
        let play = |seed: u64, exploitability: f64| Numbers {
            noted: [(0, 0.3), (1, exploitability)]
                .map(|(iteration, value)| (iteration, BTreeMap::from([("exploitability".to_owned(), vec![value])])))
                .into(),
            ..numbers(seed, 0.5)
        };
        let by_seed = |values: [f64; 3]| (1..).zip(values).map(|(seed, value)| (seed, play(seed, value))).collect();
        let mut runs = Runs::from([("", by_seed([0.10, 0.12, 0.08])), ("other", by_seed([0.20, 0.21, 0.19]))]);
        let exploitability = Quantity::Noted { noted: "exploitability", read: Reading::Place(0) };
        let test = |against, expected| Test { figure: exploitability, expected, ..test(against) };
        for (against, expected) in
            [(Against::Arm("other"), [-0.10, -0.09, -0.11]), (Against::Start, [-0.2, -0.18, -0.22])]
        {
            let row = tested(&test(against, Expected::Less), &runs);
            for (found, expected) in row.differences.values().zip(expected) {
                assert!((found - expected).abs() < 1e-9, "{row:?}");
            }
            assert_eq!(row.outcome.unwrap().verdict, Reproduced);
            assert_eq!(tested(&test(against, Expected::More), &runs).outcome.unwrap().verdict, NotReproduced);
            assert_eq!(row.figure.name(), "exploitability");
        }
        let own = tested(&test(Against::Own(Figure::Sampled.into()), Expected::Less), &runs);
        assert!((own.differences[&1] - (0.10 - 0.5)).abs() < 1e-9, "{own:?}");
        assert_eq!(tested(&test(Against::Control(run::Arm::RandomLabels), Expected::Less), &runs).outcome, None);
        let (name, spread) = compared(exploitability, &runs["other"].values().collect::<Vec<_>>()).unwrap();
        assert!(name == "exploitability" && (spread.mean - 0.20).abs() < 1e-12, "{spread:?}");
        // A seed that did not note it has no difference.
        runs.get_mut("other").unwrap().get_mut(&2).unwrap().noted.clear();
        let row = tested(&test(Against::Arm("other"), Expected::Less), &runs);
        assert_eq!(row.differences.keys().copied().collect::<Vec<_>>(), [1, 3]);
        assert_eq!(compared(exploitability, &runs["other"].values().collect::<Vec<_>>()), None);
    }

    #[test]
    fn an_arm_can_stand_for_the_recipe() {
        let by_seed = |rewards: [f64; 2]| (1..).zip(rewards).map(|(seed, reward)| (seed, numbers(seed, reward)));
        let mut runs = runs(&[0.9, 0.9], &[0.55, 0.64]);
        runs.insert("third", by_seed([0.60, 0.70]).collect());
        let row = tested(&test(Against::Between { of: "third", and: "other" }), &runs);
        assert_eq!(row.differences.len(), 2);
        for (found, expected) in row.differences.values().zip([0.05, 0.06]) {
            assert!((found - expected).abs() < 1e-9, "{row:?}");
        }
        assert_eq!(row.against, "other, by third");
        for (of, and) in [("nobody", "other"), ("third", "nobody")] {
            assert_eq!(tested(&test(Against::Between { of, and }), &runs).outcome, None);
        }
    }

    #[test]
    fn what_a_recipe_notes_has_its_own_interval_until_seeds_give_one() {
        let with = |value: f64| Numbers {
            noted: BTreeMap::from([(1, BTreeMap::from([("gain".to_owned(), vec![value, value - 0.1, value + 0.2])]))]),
            ..numbers(1, 0.5)
        };
        let (first, second) = (with(0.2), with(0.3));
        let (name, one) = noted("gain", &[&first]).unwrap();
        assert_eq!((name.as_str(), one.mean, one.interval), ("gain", 0.2, Some(Interval { low: 0.1, high: 0.4 })));
        let (_, two) = noted("gain", &[&first, &second]).unwrap();
        assert!((two.mean - 0.25).abs() < 1e-12 && two.interval == verdict::student_interval(&[0.2, 0.3]));
        assert_eq!(noted("gain", &[&first, &numbers(2, 0.5)]), None, "one seed lacks it");
    }

    #[test]
    fn figures_spread_over_the_seeds_that_all_have_them() {
        let runs = runs(&[0.5, 0.7], &[]);
        let end = spreads(runs[""].values().map(Numbers::end));
        let reward = &end[&Figure::Sampled];
        assert!((reward.mean - 0.6).abs() < 1e-9 && reward.values == [0.5, 0.7]);
        assert!(!end.contains_key(&Figure::Used), "no recipe without a filter has it");
        assert!(spreads([Some(runs[""][&1].end().unwrap()), None].into_iter()).is_empty());
    }
}
