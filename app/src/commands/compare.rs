//! `selfsame compare`: the final figures of several runs, and where their settings differ.

use crate::{
    Result,
    cli::CompareArgs,
    comparison::{self, shown},
    fold::RunView,
    output,
    report::table::Table,
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

fn views(runs: &[(String, RunView)]) -> Vec<&RunView> {
    runs.iter().map(|(_, view)| view).collect()
}

fn figures(runs: &[(String, RunView)]) -> Table {
    let mut table = Table::new("Final figures", header("", runs)).note("± half a 95 % interval (1.96 standard errors)");
    for row in comparison::figures(&views(runs)) {
        table.row(std::iter::once(row.figure.name()).chain(row.texts()));
    }
    table
}

/// The settings in which the runs differ.
fn differences(runs: &[(String, RunView)]) -> Result<Table> {
    let mut table = Table::new("Settings that differ", header("setting", runs));
    for setting in comparison::differences(&views(runs))? {
        table.row(std::iter::once(setting.name).chain(setting.values.iter().map(|value| shown(value.as_ref()))));
    }
    if table.rows.is_empty() {
        table = table.note("none");
    }
    Ok(table)
}

fn warnings(runs: &[(String, RunView)]) -> Vec<String> {
    let mut warnings: Vec<String> = runs
        .iter()
        .filter(|(_, view)| !view.finished)
        .map(|(name, _)| format!("{name} is not finished; these are its figures so far"))
        .collect();
    if !comparison::measured_alike(&views(runs)) {
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
