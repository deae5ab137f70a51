//! The tables of a run, the same for terminal, page and window.

use selfsame_core::{
    measure::{AnswerQuality, JudgeQuality, Measurement},
    run::Arm,
};

use super::table::Table;
use crate::{
    fold::RunView,
    format::{self, NOTHING, maybe, mean, number},
};

/// All tables of a run that say anything.
#[must_use]
pub fn all(view: &RunView) -> Vec<Table> {
    let mut tables = vec![policy(view), arms(view)];
    if view.has_oracle() {
        tables.extend([accuracy(view, true), accuracy(view, false)]);
    }
    tables.extend([selection(view), notes(view), agreement(view), biases(view)]);
    tables.retain(|table| !table.is_empty());
    tables
}

/// What the run was: a line for each fact.
#[must_use]
pub fn facts(view: &RunView) -> Vec<(&'static str, String)> {
    use selfsame_core::run::Source;
    let manifest = &view.manifest;
    let short = |hash: &str| hash.chars().take(12).collect::<String>();
    let source = match &manifest.source {
        Source::World(name) => format!("world {name}"),
        Source::File { path, sha256 } => format!("{path} (SHA-256 {})", short(sha256)),
    };
    let state = if view.finished { "finished" } else { "not finished" };
    let mut facts = vec![
        ("recipe", manifest.recipe.clone()),
        ("seed", manifest.seed.to_string()),
        ("prompts", source),
        ("model", format!("{} (SHA-256 {})", manifest.model, short(&manifest.model_sha256))),
    ];
    facts.extend(manifest.lora.map(|lora| ("adapters", format!("rank {}, alpha {}", lora.rank, lora.alpha))));
    if !manifest.base_precision.is_full() {
        facts.push(("frozen matrices", format!("in {}", manifest.base_precision)));
    }
    if manifest.gradient_checkpointing {
        facts.push(("blocks", "computed again on the way back".to_owned()));
    }
    facts.extend([
        ("base", format!("{} (SHA-256 {})", manifest.base, short(&manifest.base_sha256))),
        ("device", manifest.device.clone()),
        ("version", manifest.version.clone()),
        ("began", format::moment(view.began)),
        ("state", format!("{state}; last line after {}", format::duration(view.last - view.began))),
    ]);
    facts
}

/// Quality of the policy's answers, iteration by iteration.
#[must_use]
pub fn policy(view: &RunView) -> Table {
    let mut table = Table::new(
        "Policy: answers to held-out prompts",
        [
            "iteration",
            "reward sampled",
            "reward greedy",
            "all met",
            "greedy",
            "length",
            "distinct-2",
            "cut off",
            "KL to start",
        ],
    )
    .note("reward is the oracle's, ± one standard error; KL in nats per answer, a mean over the answers as drawn");
    for (iteration, m) in view.main() {
        table.row([
            iteration.to_string(),
            mean(m.sampled.reward),
            mean(m.greedy.reward),
            maybe(m.sampled.all_met),
            maybe(m.greedy.all_met),
            format!("{:.1}", m.sampled.length),
            number(m.sampled.distinct2),
            number(m.sampled.truncated),
            number(m.kl_to_start),
        ]);
    }
    table
}

/// The run beside its controls. Empty without controls.
#[must_use]
pub fn arms(view: &RunView) -> Table {
    let arms = view.measured_arms();
    let mut header = vec!["iteration".to_owned()];
    for kind in ["sampled", "greedy"] {
        header.extend(arms.iter().map(|arm| format!("{} {kind}", arm.name())));
    }
    let mut table = Table::new("Oracle reward beside the control lines", header)
        .note("the same budget with labels from a coin, and with true labels; ± one standard error");
    if arms == [Arm::Main] {
        return table;
    }
    for iteration in view.iterations() {
        let cells = |pick: fn(&Measurement) -> &AnswerQuality| {
            arms.iter().map(move |arm| mean(view.at(*arm, iteration).and_then(|m| pick(m).reward))).collect::<Vec<_>>()
        };
        let (sampled, greedy) = (cells(|m| &m.sampled), cells(|m| &m.greedy));
        table.row(std::iter::once(iteration.to_string()).chain(sampled).chain(greedy));
    }
    table
}

/// How often each judge is right.
#[must_use]
pub fn accuracy(view: &RunView, on_policy: bool) -> Table {
    let iterations: Vec<u32> = view.main().keys().copied().collect();
    let header = std::iter::once("judge".to_owned()).chain(iterations.iter().map(|i| format!("iteration {i}")));
    let mut table = if on_policy {
        Table::new("Judges' accuracy on the policy's own answers", header)
            .note("what the labels of the next iteration are made of; 0.5 is a coin; ± one standard error")
    } else {
        Table::new("Judges' accuracy on the same pairs in every iteration", header)
            .note("answers of the start; ± one standard error")
    };
    for judge in view.judges() {
        let cells = iterations.iter().map(|i| mean(view.accuracy(&judge, *i, on_policy)));
        table.row(std::iter::once(judge.clone()).chain(cells));
    }
    table
}

/// What was kept to learn from, and how often it was right.
#[must_use]
pub fn selection(view: &RunView) -> Table {
    let mut table = Table::new(
        "Pairs and agreement",
        ["iteration", "pairs learned", "labels right", "judges agree", "right there", "right elsewhere"],
    )
    .note("agreement is on pairs of the policy's own held-out answers; elsewhere the majority counts");
    for (iteration, m) in view.main() {
        let quality = m.on_policy.as_ref();
        let of = |pick: fn(&JudgeQuality) -> Option<selfsame_core::measure::Mean>| mean(quality.and_then(pick));
        table.row([
            iteration.to_string(),
            if m.pairs == 0 { NOTHING.to_owned() } else { m.pairs.to_string() },
            mean(m.label_accuracy),
            maybe(quality.map(|q| q.kept)),
            of(|q| q.kept_accuracy),
            of(|q| q.dropped_accuracy),
        ]);
    }
    table
}

/// The numbers that the recipe itself selected or labelled by. Longer lists are one number for each prompt.
#[must_use]
#[allow(clippy::cast_precision_loss)] // prompt counts
pub fn notes(view: &RunView) -> Table {
    const SHOWN: usize = 11;
    let mut table = Table::new("What the recipe went by", ["number", "iteration", "value", "of"])
        .note("of several prompts the mean; prompts without the number are left out");
    let main = view.arms.get(&Arm::Main);
    for (iteration, of) in main.into_iter().flat_map(|arm| &arm.iterations) {
        for (name, values) in &of.notes {
            let known: Vec<f64> = values.iter().filter(|value| **value >= 0.0).map(|v| f64::from(*v)).collect();
            let (value, count) = match known.len() {
                0 => (NOTHING.to_owned(), NOTHING.to_owned()),
                1..=SHOWN => (known.iter().map(|v| number(*v)).collect::<Vec<_>>().join(" "), String::new()),
                count => (number(known.iter().sum::<f64>() / count as f64), format::count(count)),
            };
            table.row([name.clone(), iteration.to_string(), value, count]);
        }
    }
    table
}

/// How often each two judges prefer the same answer, in the last iteration.
#[must_use]
pub fn agreement(view: &RunView) -> Table {
    let Some((iteration, quality)) =
        view.final_measurement().and_then(|(i, m)| Some((i, m.on_policy.as_ref().or(m.fixed.as_ref())?)))
    else {
        return Table::default();
    };
    let names: Vec<&String> = quality.agreement.keys().collect();
    let mut table = Table::new(
        format!("Agreement of the judges in iteration {iteration}"),
        std::iter::once(String::new()).chain(names.iter().map(|name| (*name).clone())),
    )
    .note("share of pairs in which two judges prefer the same answer");
    for name in &names {
        let cells = names.iter().map(|other| maybe(quality.agreement[*name].get(*other).copied()));
        table.row(std::iter::once((*name).clone()).chain(cells));
    }
    table
}

/// What judges should not look at but may, in the last iteration.
#[must_use]
pub fn biases(view: &RunView) -> Table {
    let Some((iteration, m)) = view.final_measurement() else {
        return Table::default();
    };
    let mut table = Table::new(
        format!("Biases of the judges in iteration {iteration}"),
        ["judge", "prefers the longer", "verdict flips with the order"],
    );
    for judge in view.judges() {
        let pairwise = judge.strip_suffix(" (pairwise)");
        let flips = pairwise.and_then(|name| m.position_flips.get(name)).copied();
        let longer = m.prefers_longer.get(&judge).copied();
        table.row([judge, maybe(longer), maybe(flips)]);
    }
    table
}
