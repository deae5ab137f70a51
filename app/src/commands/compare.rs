//! `selfsame compare`: the final figures of several runs, and where their settings differ.

use std::collections::{BTreeMap, BTreeSet};

use selfsame_core::{
    measure::{Mean, Measurement},
    run::Arm,
};
use toml::{Table as Toml, Value};

use crate::{
    Error, Result,
    cli::CompareArgs,
    fold::RunView,
    format::{NOTHING, interval, maybe},
    output,
    report::table::Table,
    settings::{flatten, tidy},
};

/// Runs the command.
///
/// # Errors
/// If a folder holds no run or its log is damaged.
pub fn run(args: &CompareArgs) -> Result<()> {
    let runs = args
        .dirs
        .iter()
        .map(|dir| {
            let name = dir.file_name().unwrap_or(dir.as_os_str()).to_string_lossy().into_owned();
            Ok((name, RunView::load(dir)?))
        })
        .collect::<Result<Vec<_>>>()?;
    output::print(&format!("{}\n{}", figures(&runs).text(), differences(&runs)?.text()))?;
    for warning in warnings(&runs) {
        output::note(&format!("warning: {warning}"));
    }
    Ok(())
}

fn header(first: &str, runs: &[(String, RunView)]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(runs.iter().map(|(name, _)| name.clone())).collect()
}

fn figures(runs: &[(String, RunView)]) -> Table {
    let mut table = Table::new("Final figures", header("", runs)).note("± half a 95 % interval (1.96 standard errors)");
    let last = |view: &RunView| view.final_measurement().map(|(iteration, m)| (iteration, m.clone()));
    let mut row = |name: &str, cell: &dyn Fn(&RunView) -> String| {
        let cells: Vec<String> = runs.iter().map(|(_, view)| cell(view)).collect();
        if cells.iter().any(|cell| cell != NOTHING) {
            table.row(std::iter::once(name.to_owned()).chain(cells));
        }
    };
    let of =
        |pick: fn(&Measurement) -> Option<Mean>| move |view: &RunView| interval(last(view).and_then(|(_, m)| pick(&m)));
    let plain =
        |pick: fn(&Measurement) -> Option<f64>| move |view: &RunView| maybe(last(view).and_then(|(_, m)| pick(&m)));
    row("iteration", &|view| last(view).map_or(NOTHING.to_owned(), |(iteration, _)| iteration.to_string()));
    row("reward sampled", &of(|m| m.sampled.reward));
    row("reward greedy", &of(|m| m.greedy.reward));
    for arm in [Arm::RandomLabels, Arm::OracleLabels] {
        row(&format!("{}: sampled", arm.name()), &|view| {
            let iteration = view.arms.get(&arm).and_then(|a| a.measured.keys().last().copied());
            interval(iteration.and_then(|i| view.at(arm, i)?.sampled.reward))
        });
    }
    row("all met", &plain(|m| m.sampled.all_met));
    row("length", &plain(|m| Some(m.sampled.length)));
    row("distinct-2", &plain(|m| Some(m.sampled.distinct2)));
    row("KL to start", &plain(|m| Some(m.kl_to_start)));
    row("labels right", &of(|m| m.label_accuracy));
    row("judges agree", &plain(|m| m.on_policy.as_ref().map(|q| q.kept)));
    row("right where kept", &of(|m| m.on_policy.as_ref()?.kept_accuracy));
    let judges: BTreeSet<String> = runs.iter().flat_map(|(_, view)| view.judges()).collect();
    for judge in judges {
        row(&format!("judge {judge}"), &|view| {
            interval(last(view).and_then(|(iteration, _)| view.accuracy(&judge, iteration, true)))
        });
    }
    table
}

/// The settings in which the runs differ.
fn differences(runs: &[(String, RunView)]) -> Result<Table> {
    let settings = runs
        .iter()
        .map(|(_, view)| {
            let table = Toml::try_from(&view.manifest)
                .map_err(|e| Error::told(format!("the settings of a run cannot be compared: {e}")))?;
            Ok(flatten(&tidy(table)).into_iter().collect::<BTreeMap<String, Value>>())
        })
        .collect::<Result<Vec<_>>>()?;
    let keys: BTreeSet<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
    let mut table = Table::new("Settings that differ", header("setting", runs));
    for key in keys.into_iter().filter(|key| *key != "judges") {
        let values: Vec<Option<&Value>> = settings.iter().map(|settings| settings.get(key)).collect();
        if values.windows(2).any(|two| two[0] != two[1]) {
            let name = key.strip_prefix("parameters.").unwrap_or(key).to_owned();
            table.row(std::iter::once(name).chain(values.into_iter().map(shown)));
        }
    }
    if table.rows.is_empty() {
        table = table.note("none");
    }
    Ok(table)
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => NOTHING.to_owned(),
        Some(Value::String(text)) if text.len() == 64 => text.chars().take(12).collect(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn warnings(runs: &[(String, RunView)]) -> Vec<String> {
    let mut warnings: Vec<String> = runs
        .iter()
        .filter(|(_, view)| !view.finished)
        .map(|(name, _)| format!("{name} is not finished; these are its figures so far"))
        .collect();
    let measured_on = |view: &RunView| (view.manifest.source.clone(), view.manifest.seed, view.manifest.options);
    if runs.windows(2).any(|two| measured_on(&two[0].1) != measured_on(&two[1].1)) {
        warnings.push(
            "the runs were not measured alike (seed, prompts or options differ); part of a difference can come from that"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::{synthetic, without_oracle};

    #[test]
    fn figures_and_differences_of_two_runs() {
        let first = RunView::of(&synthetic()).unwrap();
        let mut second = first.clone();
        second.manifest.seed = 2;
        second.manifest.parameters["loop"]["beta"] = 0.2.into();
        let runs = [
            ("a".to_owned(), first),
            ("b".to_owned(), second),
            ("c".to_owned(), RunView::of(&without_oracle()).unwrap()),
        ];
        let text = figures(&runs).text();
        assert!(text.contains("0.600 ± 0.020"), "{text}");
        assert!(text.contains("random labels: sampled") && !text.contains("oracle labels"));
        let text = differences(&runs[..2]).unwrap().text();
        assert!(text.contains("loop.beta  0.1  0.2") && text.contains("seed         1    2"), "{text}");
        assert!(!text.contains("loop.samples"), "{text}");
        assert_eq!(warnings(&runs[..2]).len(), 1);
        let same = [runs[0].clone(), runs[0].clone()];
        assert!(differences(&same).unwrap().text().contains("none"));
    }
}
