//! Runs that differ only in their seed: what one run says once, they say with its spread.

use std::collections::BTreeMap;

use selfsame_core::{
    measure::{Mean, Measurement, stats::student},
    run::{Arm, Manifest, Source},
    text::Moment,
};

use crate::fold::RunView;

/// Runs of one recipe with the same settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The runs by seed, as positions in the list that was grouped. Of runs with the same seed,
    /// which are the same run twice, the longest counts.
    pub seeds: BTreeMap<u64, usize>,
    /// All runs, the repeated ones too.
    pub runs: Vec<usize>,
}

/// What decides a run besides its seed. Folders are only places, whose contents are compared by hash, and
/// when it began is no setting.
fn settings(manifest: &Manifest) -> Manifest {
    let mut settings = Manifest { seed: 0, model: String::new(), base: String::new(), ..manifest.clone() };
    if let Source::File { path, .. } = &mut settings.source {
        path.clear();
    }
    if let Some(chat) = &mut settings.chat {
        chat.now = Moment::default();
    }
    settings
}

/// All runs in groups, in the order of their first run; a run that has no like is alone in its
/// group.
#[must_use]
pub fn groups(views: &[&RunView]) -> Vec<Group> {
    let mut groups: Vec<(Manifest, Group)> = Vec::new();
    for (index, view) in views.iter().enumerate() {
        let settings = settings(&view.manifest);
        let group = match groups.iter_mut().find(|(other, _)| *other == settings) {
            Some((_, group)) => group,
            None => {
                groups.push((settings, Group { seeds: BTreeMap::new(), runs: Vec::new() }));
                let Some((_, group)) = groups.last_mut() else { continue };
                group
            }
        };
        group.runs.push(index);
        let measured = |index: usize| views.get(index).map_or(0, |view| view.main().len());
        let kept = group.seeds.entry(view.manifest.seed).or_insert(index);
        if measured(index) > measured(*kept) {
            *kept = index;
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// A number and how it spreads over seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// The last iteration that all runs of the group have measured.
    pub iteration: u32,
    /// The number of each seed.
    pub values: BTreeMap<u64, f64>,
    /// Their mean, with the standard error that they show themselves.
    pub mean: Mean,
    /// Their standard deviation (over count − 1).
    pub deviation: f64,
}

impl Spread {
    /// Half the width of the 95 % interval of the mean, by Student's t; `None` for one seed.
    #[must_use]
    pub fn half(&self) -> Option<f64> {
        (self.mean.count > 1).then(|| student(self.mean.count - 1) * self.mean.error)
    }

    /// The lowest and the highest number.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let fold = |start: f64, pick: fn(f64, f64) -> f64| self.values.values().copied().fold(start, pick);
        (fold(f64::INFINITY, f64::min), fold(f64::NEG_INFINITY, f64::max))
    }
}

/// The spread of a number of an arm over the seeds of a group after an iteration. `None` where a
/// seed does not have it.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a handful of seeds
pub fn spread_at(
    views: &[&RunView],
    group: &Group,
    arm: Arm,
    iteration: u32,
    pick: impl Fn(&Measurement) -> Option<f64>,
) -> Option<Spread> {
    let values: BTreeMap<u64, f64> = group
        .seeds
        .iter()
        .map(|(seed, index)| Some((*seed, pick(views.get(*index)?.at(arm, iteration)?)?)))
        .collect::<Option<_>>()?;
    let mean = Mean::of(values.values().copied());
    Some(Spread { iteration, deviation: mean.error * (mean.count as f64).sqrt(), values, mean })
}

/// The spread after the last iteration that all seeds of the group have measured in this arm.
#[must_use]
pub fn spread(
    views: &[&RunView],
    group: &Group,
    arm: Arm,
    pick: impl Fn(&Measurement) -> Option<f64>,
) -> Option<Spread> {
    let first = views.get(*group.seeds.values().next()?)?;
    let mut measured = first.arms.get(&arm)?.measured.keys().rev();
    measured.find_map(|iteration| spread_at(views, group, arm, *iteration, &pick))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{comparison::tests::seeded, fold::tests::without_oracle};

    fn reward(measurement: &Measurement) -> Option<f64> {
        measurement.sampled.reward.map(|mean| mean.mean)
    }

    #[test]
    fn runs_are_grouped_by_everything_but_the_seed() {
        let (first, mut second) = (seeded(1, 0.5), seeded(2, 0.7));
        second.manifest.model = "elsewhere/starter".to_owned();
        let mut other = seeded(3, 0.6);
        other.manifest.parameters["loop"]["beta"] = 0.2.into();
        let third = seeded(7, 0.6);
        let grouped = groups(&[&first, &other, &second, &third]);
        assert_eq!(grouped.len(), 2);
        assert_eq!(grouped[0].seeds, BTreeMap::from([(1, 0), (2, 2), (7, 3)]));
        assert_eq!(grouped[1].runs, [1]);
        assert!(groups(&[]).is_empty());
    }

    #[test]
    fn the_same_seed_twice_counts_once_and_the_longer_run_wins() {
        let long = seeded(1, 0.5);
        let mut short = seeded(1, 0.5);
        short.arms.get_mut(&Arm::Main).unwrap().measured.remove(&1);
        let grouped = groups(&[&short, &long]);
        assert_eq!((grouped[0].seeds.get(&1), grouped[0].runs.len()), (Some(&1), 2));
        let alone = spread(&[&short, &long], &grouped[0], Arm::Main, reward).unwrap();
        assert_eq!((alone.mean.count, alone.half()), (1, None));
    }

    #[test]
    fn the_spread_of_three_seeds() {
        let runs = [seeded(1, 0.5), seeded(2, 0.7), seeded(3, 0.6)];
        let views: Vec<&RunView> = runs.iter().collect();
        let group = &groups(&views)[0];
        let over = spread(&views, group, Arm::Main, reward).unwrap();
        assert_eq!((over.iteration, over.values.len()), (1, 3));
        assert!((over.mean.mean - 0.6).abs() < 1e-12);
        // Squares of 0.1, 0.1 and 0, over two.
        assert!((over.deviation - 0.1).abs() < 1e-12);
        assert!((over.half().unwrap() - 4.303 * 0.1 / 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(over.range(), (0.5, 0.7));
        assert_eq!(spread(&views, group, Arm::OracleLabels, reward), None);
    }

    #[test]
    fn seeds_are_compared_where_all_have_been_measured() {
        let (first, mut second) = (seeded(1, 0.5), seeded(2, 0.9));
        second.arms.get_mut(&Arm::Main).unwrap().measured.remove(&1);
        let views = [&first, &second];
        let over = spread(&views, &groups(&views)[0], Arm::Main, reward).unwrap();
        assert_eq!(over.iteration, 0);
        assert!((over.mean.mean - 0.5).abs() < 1e-12);
        let file = RunView::of(&without_oracle()).unwrap();
        assert_eq!(spread(&[&file], &groups(&[&file])[0], Arm::Main, reward), None);
    }
}
