//! The cases of the suite: pathologies at several strengths, and sound runs.

use selfsame_core::run::Arm;

use super::{
    SEEDS,
    log::{Habit, Log, Wild},
};
use crate::diagnosis::Severity;

/// A pathology at some strength.
pub(crate) struct Sick {
    /// What is wrong, and how much.
    pub name: &'static str,
    /// Who must find it.
    pub detector: &'static str,
    /// How much it must matter; `None` for a borderline case, which may be missed.
    pub severity: Option<Severity>,
    /// What follows from it and may be found too.
    pub follows: &'static [&'static str],
    /// The recipe of the log.
    recipe: &'static str,
    spoil: Change,
}

/// What makes a sound log another one.
type Change = fn(&mut Log);

impl Sick {
    /// The log of a seed.
    pub(crate) fn log(&self, seed: u64) -> Log {
        let mut log = Log::sound(self.recipe, 1000 + seed);
        (self.spoil)(&mut log);
        log
    }
}

fn flat(log: &mut Log) {
    log.reward = vec![[0.55, 0.58]];
}

/// All cases.
#[allow(clippy::too_many_lines)] // a table
pub(crate) fn sick() -> Vec<Sick> {
    use Severity::{Note, Serious, Warning};
    let mut all = Vec::new();
    let mut of = |detector, recipe, name, severity, follows, spoil: Change| {
        all.push(Sick { name, detector, severity, follows, recipe, spoil });
    };
    let n: &[&str] = &[];
    of("displacement", "srlm", "chosen −0.8 nats", None, n, |l| l.chosen = -0.8);
    of("displacement", "srlm", "chosen −1.5 nats", Some(Note), n, |l| l.chosen = -1.5);
    of("displacement", "srlm", "chosen −3 nats", Some(Warning), n, |l| l.chosen = -3.0);
    of("displacement", "srlm", "chosen −9 nats", Some(Serious), n, |l| l.chosen = -9.0);
    of("displacement", "dpo", "chosen −25 nats, no references logged", Some(Serious), n, |l| l.chosen = -25.0);
    of("displacement", "dpo", "chosen −5 nats, no references logged", None, n, |l| l.chosen = -5.0);
    of("displacement", "scir", "both −25 nats, unlabelled", Some(Serious), n, |l| l.chosen = -25.0);

    of("saturation", "srlm", "mean margin 3", None, n, |l| l.margin = 3.0);
    of("saturation", "srlm", "mean margin 4.2", Some(Note), n, |l| l.margin = 4.2);
    of("saturation", "srlm", "mean margin 6", Some(Warning), n, |l| l.margin = 6.0);
    of("saturation", "scir", "mean margin 20", Some(Serious), n, |l| (l.margin, l.chosen) = (20.0, 100.0));
    of("saturation", "dpo", "mean margin 20 without items", Some(Serious), n, |l| (l.margin, l.items) = (20.0, false));

    of("duplicates", "srlm", "4 % within", None, n, |l| l.duplicates[0] = 0.04);
    of("duplicates", "srlm", "14 % within", Some(Note), n, |l| (l.duplicates[0], l.pairs) = (0.14, 280));
    of("duplicates", "scir", "35 % within", Some(Warning), n, |l| l.duplicates[0] = 0.35);
    of("duplicates", "dpo", "75 % within", Some(Serious), n, |l| l.duplicates[0] = 0.75);
    of("duplicates", "srlm", "35 % from before", Some(Warning), n, |l| l.duplicates[1] = 0.35);
    of("duplicates", "srlm", "35 % of equal texts", Some(Warning), n, |l| l.duplicates[2] = 0.35);

    of("constant_judge", "srlm", "all scores tie", Some(Serious), n, |l| l.judges[0].habit = Habit::Ties);
    of("constant_judge", "srlm", "votes of one half", Some(Serious), n, |l| l.judges[1].habit = Habit::Shrugs);
    of("constant_judge", "srlm", "always the first", Some(Serious), &["coin_judge"], |l| {
        l.judges[0].habit = Habit::First;
    });
    of("constant_judge", "srlm", "always the first, unused", Some(Note), &["coin_judge"], |l| {
        l.judges[3].habit = Habit::First;
    });

    of("coin_judge", "srlm", "a used judge at 0.62", None, n, |l| l.judges[0].accuracy = 0.62);
    of("coin_judge", "srlm", "a used judge at 0.5", Some(Warning), n, |l| l.judges[0].accuracy = 0.5);
    of("coin_judge", "scir", "implicit at 0.5", Some(Warning), n, |l| l.judges[3].accuracy = 0.5);
    of("coin_judge", "srlm", "an unused judge at 0.45", Some(Note), n, |l| l.judges[3].accuracy = 0.45);

    of("twin_judges", "srlm", "content and form", Some(Warning), n, |l| l.judges[1].twin_of = Some(0));
    of("twin_judges", "dpo", "two unused", Some(Note), n, |l| l.judges[3].twin_of = Some(2));
    of("twin_judges", "srlm", "two without an oracle", Some(Warning), n, |l| {
        (l.judges[1].twin_of, l.world) = (Some(0), false);
    });

    of("position_bias", "srlm", "33 % flip", None, n, |l| (l.flips, l.pairwise) = (0.33, true));
    of("position_bias", "srlm", "43 % flip", Some(Note), n, |l| (l.flips, l.pairwise) = (0.43, true));
    of("position_bias", "srlm", "65 % flip", Some(Warning), n, |l| (l.flips, l.pairwise) = (0.65, true));
    of("position_bias", "srlm", "98 % flip", Some(Serious), n, |l| (l.flips, l.pairwise) = (0.98, true));
    of("position_bias", "srlm", "98 % flip, scores are asked", Some(Note), n, |l| l.flips = 0.98);

    of("length_bias", "srlm", "longer in 35 % by length alone", None, n, |l| l.judges[0].longer = 0.35);
    of("length_bias", "srlm", "longer in 62 %", Some(Warning), &["coin_judge"], |l| {
        (l.judges[0].longer, l.held_out) = (0.62, 600);
    });
    of("length_bias", "srlm", "longer in 98 %", Some(Serious), &["coin_judge"], |l| l.judges[0].longer = 0.98);
    of("length_bias", "scir", "implicit takes the shorter", Some(Serious), &["coin_judge"], |l| {
        l.judges[3].longer = -0.98;
    });
    of("length_bias", "srlm", "longer in 98 %, no oracle", Some(Serious), n, |l| {
        (l.judges[0].longer, l.world) = (0.98, false);
    });

    of("length_growth", "srlm", "40 % longer", None, n, |l| (flat(l), l.length = vec![10.0, 12.0, 14.0]).0);
    of("length_growth", "srlm", "75 % longer", Some(Note), n, |l| (flat(l), l.length = vec![9.0, 13.0, 15.8]).0);
    of("length_growth", "srlm", "twice as long", Some(Warning), n, |l| {
        flat(l);
        l.length = vec![7.0, 11.0, 17.0];
    });
    of("length_growth", "srlm", "twice as long and better", Some(Note), n, |l| l.length = vec![7.0, 11.0, 17.0]);
    of("length_growth", "scir", "a third as long", Some(Warning), n, |l| {
        flat(l);
        l.length = vec![15.0, 10.0, 5.0];
    });
    of("length_growth", "dpo", "twice as long, no oracle", Some(Warning), n, |l| {
        (l.world, l.length) = (false, vec![7.0, 17.0]);
    });

    of("truncation", "srlm", "4 % cut", None, n, |l| l.cut = 0.04);
    of("truncation", "srlm", "11 % cut", Some(Note), n, |l| l.cut = 0.11);
    of("truncation", "scir", "32 % cut", Some(Warning), n, |l| l.cut = 0.32);
    of("truncation", "dpo", "70 % cut, only measured", Some(Serious), n, |l| l.cut = 0.7);

    of("diversity", "srlm", "a third of word pairs lost", None, n, |l| l.distinct2 = vec![0.3, 0.25, 0.2]);
    of("diversity", "srlm", "43 % of word pairs lost", Some(Note), n, |l| l.distinct2 = vec![0.3, 0.25, 0.17]);
    of("diversity", "sft", "two thirds lost", Some(Warning), n, |l| l.distinct2 = vec![0.3, 0.2, 0.15, 0.1]);
    of("diversity", "srlm", "nine tenths lost", Some(Serious), n, |l| l.distinct2 = vec![0.3, 0.2, 0.1, 0.03]);
    of("diversity", "srlm", "a third of answers repeated", Some(Note), n, |l| l.repeated = 0.47);
    of("diversity", "scir", "most answers repeated", Some(Warning), &["duplicates"], |l| {
        (l.repeated, l.held_out) = (0.78, 600);
    });
    of("diversity", "srlm", "nearly all repeated", Some(Serious), &["filter"], |l| {
        (l.repeated, l.held_out, l.pairs) = (0.98, 600, 80);
    });

    of("over_optimisation", "srlm", "0.05 below the best", None, n, |l| {
        (l.reward, l.kl) = (vec![[0.44, 0.47], [0.58, 0.61], [0.56, 0.59], [0.53, 0.56]], vec![0.0, 3.0, 7.0, 12.0]);
    });
    of("over_optimisation", "srlm", "0.12 below the best", Some(Serious), n, |l| {
        (l.reward, l.kl) = (vec![[0.44, 0.47], [0.60, 0.63], [0.54, 0.58], [0.48, 0.52]], vec![0.0, 3.0, 7.0, 12.0]);
    });
    of("over_optimisation", "srlm", "greedy answers fall", Some(Serious), &["sharpening"], |l| {
        (l.reward, l.kl) = (vec![[0.44, 0.47], [0.5, 0.6], [0.5, 0.5], [0.5, 0.42]], vec![0.0, 3.0, 7.0, 12.0]);
    });
    of("over_optimisation", "dpo", "below the start", Some(Warning), n, |l| {
        (l.reward, l.kl, l.judges) = (vec![[0.55, 0.6], [0.4, 0.45]], vec![0.0, 8.0], l.judges.split_off(3));
    });

    of("sharpening", "srlm", "greedy makes half of it", None, n, |l| l.reward = vec![[0.44, 0.5], [0.54, 0.55]]);
    of("sharpening", "srlm", "greedy stays", Some(Warning), n, |l| l.reward = vec![[0.44, 0.55], [0.58, 0.55]]);
    of("sharpening", "scir", "greedy falls a little", Some(Warning), n, |l| {
        l.reward = vec![[0.44, 0.54], [0.5, 0.535], [0.57, 0.53]];
    });

    of("labels", "srlm", "0.6 are right", None, n, |l| l.labels = vec![0.6]);
    of("labels", "srlm", "0.47 are right", Some(Serious), n, |l| l.labels = vec![0.47]);
    of("labels", "scir", "0.4 made while learning are right", Some(Serious), n, |l| l.labels = vec![0.4]);
    of("labels", "srlm", "0.45 in the first iteration", Some(Warning), n, |l| l.labels = vec![0.45, 0.75]);

    of("filter", "scir", "8 % kept", None, n, |l| l.kept = 0.08);
    of("filter", "scir", "1 % kept", Some(Serious), n, |l| l.kept = 0.01);
    of("filter", "scir", "99 % kept", Some(Warning), n, |l| l.kept = 0.99);
    of("filter", "srlm", "two pairs of 80 prompts", Some(Serious), n, |l| l.pairs = 2);

    of("explosion", "srlm", "a gradient 20 times the usual one", None, n, |l| l.wild.1 = Wild::Spike(20.0));
    of("explosion", "srlm", "a gradient 90 times the usual one", Some(Warning), n, |l| l.wild.1 = Wild::Spike(90.0));
    of("explosion", "sft", "gradients grow 60 times", Some(Serious), n, |l| l.wild.1 = Wild::Growth(60.0));
    of("explosion", "scir", "the loss triples", Some(Serious), n, |l| l.wild.1 = Wild::Loss(2.5));
    of("explosion", "srlm", "not a number", Some(Serious), n, |l| l.wild.1 = Wild::NotFinite);
    of("explosion", "srlm", "not a number in a control", Some(Serious), n, |l| {
        l.wild = (Arm::RandomLabels, Wild::NotFinite);
    });

    of("unfinished", "srlm", "the end is missing", Some(Note), n, |l| l.finished = false);
    of("no_oracle", "srlm", "prompts from a file", Some(Note), n, |l| l.world = false);
    all
}

/// Sound runs of all recipes, with and without a world, noisy ones among them.
pub(crate) fn sound() -> Vec<(String, Log)> {
    let mut all = Vec::new();
    for recipe in ["srlm", "scir", "dpo", "sft"] {
        for world in [true, false] {
            for seed in 0..SEEDS {
                let noise = if seed % 2 == 0 { 1.0 } else { 1.4 };
                let log = Log { world, noise, ..Log::sound(recipe, seed) };
                all.push((format!("{recipe}, world {world}, seed {seed}"), log));
            }
        }
    }
    // What looks odd and is sound.
    let odd: [(&str, Change); 7] = [
        ("nothing gained, nothing lost", flat),
        ("no filter, so that all are kept", |l| {
            l.kept = 1.0;
        }),
        ("judges that agree because they are right", |l| {
            for judge in &mut l.judges {
                judge.accuracy = 0.985;
            }
        }),
        ("a small gradient spike", |l| l.wild.1 = Wild::Spike(7.0)),
        ("large margins", |l| (l.margin, l.chosen) = (1.5, 3.0)),
        ("a long phase", |l| l.steps = 200),
        ("few steps and few prompts", |l| (l.steps, l.held_out) = (6, 20)),
    ];
    for (name, spoil) in odd {
        for seed in 0..3 * SEEDS {
            let mut log = Log::sound("scir", 500 + seed);
            spoil(&mut log);
            all.push((format!("{name}, seed {seed}"), log));
        }
    }
    all
}
