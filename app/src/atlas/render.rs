//! The atlas and its rows as tables, as Markdown and as a page.

use std::collections::BTreeMap;

use selfsame_core::measure::{Figure, Interval, Verdict, verdict::percentile_interval};

use super::{ArmRow, Atlas, Origin, Row, Spread, TestRow, WORLD};
use crate::{
    format::{self, NOTHING, duration, escape, number, tenths, whole},
    report::{page, table::Table},
    view::words::t,
};

/// The name of the tables as Markdown, beside the atlas.
pub const MARKDOWN: &str = "atlas.md";

/// The name of the same as a page.
pub const HTML: &str = "atlas.html";

/// What the columns of the table of all rows are.
const COLUMNS: [&str; 13] = [
    "method",
    "verdict",
    "seeds",
    "start",
    "end",
    "greedy",
    "judges",
    "agree",
    "KL",
    "length",
    "steps",
    "tokens drawn",
    "time",
];

/// What one should know to read the tables.
const NOTE: &str = "means over seeds; start, end: oracle reward at the sampling temperature before and after; \
    judges: how often they are right on the start's pairs; agree: on how many of these all do; steps: of a seed \
    of the recipe alone, those of other models that it teaches too; tokens drawn: to learn from, without what judges \
    read and what is drawn to measure; time: of the quickest seed; every row has a budget of its own, and its arms are \
    given the same one";

/// One table of all rows, with the control lines where they were run.
#[must_use]
pub fn table(atlas: &Atlas) -> Table {
    let title = if atlas.rows.iter().all(|row| row.quick) { "Atlas (quick runs)" } else { "Atlas" };
    let mut table = Table::new(title, COLUMNS).note(NOTE);
    for row in &atlas.rows {
        let Some(main) = row.main() else { continue };
        let name = name(row);
        let spent = [whole(main.spent.steps), whole(main.spent.drawn_tokens), duration(main.spent.seconds)];
        table.row(cells([name, verdict(row), row.seeds.len().to_string()], [&main.start, &main.end], spent));
        // A control line spends what its recipe does.
        for (control, figures) in &main.controls {
            let [name, none] = [format!("– {control}"), NOTHING.to_owned()];
            let nothing = [none.clone(), none.clone(), none.clone()];
            table.row(cells([name, none, row.seeds.len().to_string()], [&main.start, figures], nothing));
        }
    }
    table
}

/// The study, and what of it is not as usual.
fn name(row: &Row) -> String {
    let mut name = row.study.clone();
    if row.model != crate::shelf::STARTER {
        name += &format!(" on {}", row.model.rsplit(['/', '\\']).next().unwrap_or_default());
    }
    if row.world != WORLD {
        name += &format!(" in {}", row.world);
    }
    if let Some(variant) = &row.variant {
        name += &format!(", {variant}");
    }
    name
}

fn verdict(row: &Row) -> String {
    row.verdict.map_or(NOTHING, Verdict::name).to_owned()
}

fn cells(
    names: [String; 3],
    [start, end]: [&BTreeMap<Figure, Spread>; 2],
    spent: [String; 3],
) -> impl Iterator<Item = String> {
    let of = |figure: Figure| format::maybe(end.get(&figure).map(|spread| spread.mean));
    let figures = [
        format::maybe(start.get(&Figure::Sampled).map(|spread| spread.mean)),
        of(Figure::Sampled),
        of(Figure::Greedy),
        of(Figure::Judges),
        of(Figure::Agreement),
        of(Figure::Divergence),
        end.get(&Figure::Length).map_or_else(|| NOTHING.to_owned(), |spread| tenths(spread.mean)),
    ];
    names.into_iter().chain(figures).chain(spent)
}

/// The tables of a row: its arms, its tests, and what the recipe notes of its own, where it does.
#[must_use]
pub fn of_row(row: &Row) -> Vec<Table> {
    let shown = [
        Figure::Sampled,
        Figure::Greedy,
        Figure::Judges,
        Figure::Agreement,
        Figure::Labels,
        Figure::Used,
        Figure::LabelsDropped,
        Figure::LabelsAsked,
        Figure::PanelAgreement,
        Figure::WorstJudge,
        Figure::BestJudge,
        Figure::WorstOnStart,
        Figure::BestOnStart,
        Figure::Divergence,
        Figure::Length,
    ];
    let names: Vec<&str> = row.arms.iter().map(|arm| arm.name.as_str()).collect();
    let mut arms = Table::new(format!("{}: after the last iteration", row.study), std::iter::once("").chain(names))
        .note("mean over seeds ± half of its 95 % interval by Student's t");
    let mut line = |name: &str, of: &dyn Fn(&ArmRow) -> String| {
        let values: Vec<String> = row.arms.iter().map(of).collect();
        if values.iter().any(|value| value != NOTHING) {
            arms.row(std::iter::once(name.to_owned()).chain(values));
        }
    };
    line("oracle reward, sampled, at the start", &|arm| spread(arm.start.get(&Figure::Sampled)));
    for figure in shown {
        line(figure.name(), &|arm| spread(arm.end.get(&figure)));
    }
    line("optimiser steps", &|arm| whole(arm.spent.steps));
    let known = |number: Option<f64>| number.map_or_else(|| NOTHING.to_owned(), whole);
    line("pairs, answers or demonstrations in them", &|arm| known(arm.spent.items));
    line("tokens of these, prompts and replay included", &|arm| known(arm.spent.learned_tokens));
    line("tokens drawn to learn from", &|arm| whole(arm.spent.drawn_tokens));
    line("time of the quickest seed", &|arm| duration(arm.spent.seconds));
    let mut tests = Table::new(
        format!("{}: what was expected", row.study),
        ["", "figure", "against", "difference", "95 % (Student's)", "95 % (bootstrap)", "least", "verdict"],
    )
    .note(
        "differences seed by seed; * the claim stands or falls with it; verdicts go by Student's interval, since the \
         percentile bootstrap is too narrow for a handful of seeds",
    );
    for test in &row.tests {
        tests.row(test_cells(test, row.seeds.len()));
    }
    std::iter::once(arms).chain([tests]).chain(noted(row)).collect()
}

/// What a recipe notes beside the figures that all have.
fn noted(row: &Row) -> Option<Table> {
    let figures = &row.main()?.noted;
    let names = row.arms.iter().map(|arm| arm.name.as_str());
    let over = if row.seeds.len() == 1 { "within the one run" } else { "by Student's t over seeds" };
    let mut table = Table::new(format!("{}: figures of its own", row.study), std::iter::once("").chain(names))
        .note(format!("after the last iteration, with the 95 % interval {over}"));
    for name in figures.keys() {
        let values = row.arms.iter().map(|arm| arm.noted.get(name).map_or_else(|| NOTHING.to_owned(), with_interval));
        table.row(std::iter::once(name.clone()).chain(values));
    }
    (!figures.is_empty()).then_some(table)
}

fn with_interval(Spread { mean, interval, .. }: &Spread) -> String {
    let interval =
        interval.map_or_else(String::new, |Interval { low, high }| format!(" [{}, {}]", number(low), number(high)));
    number(*mean) + &interval
}

/// The cells of a test of a row of so many seeds.
fn test_cells(test: &TestRow, seeds: usize) -> [String; 8] {
    let outcome = test.outcome.as_ref();
    let interval = |of: Option<Interval>| of.filter(|of| of.low < of.high).map_or_else(|| NOTHING.to_owned(), between);
    let differences: Vec<f64> = test.differences.values().copied().collect();
    [
        format!("{} {}{}", test.says, if test.decides { "*" } else { "" }, fewer(differences.len(), seeds))
            .trim()
            .to_owned(),
        test.figure.name(),
        test.against.clone(),
        outcome.map_or_else(|| NOTHING.to_owned(), |outcome| signed(outcome.difference)),
        interval(outcome.and_then(|outcome| outcome.interval)),
        interval(percentile_interval(&differences)),
        number(test.least),
        outcome.map_or(NOTHING, |outcome| outcome.verdict.name()).to_owned(),
    ]
}

/// What is said where a test has fewer seeds than its row.
fn fewer(of: usize, seeds: usize) -> String {
    if of < seeds { format!("({of} of {seeds} seeds)") } else { String::new() }
}

fn signed(value: f64) -> String {
    let text = number(value);
    if value >= 5e-4 { format!("+{text}") } else { text }
}

fn between(Interval { low, high }: Interval) -> String {
    format!("{} to {}", signed(low), signed(high))
}

fn spread(spread: Option<&Spread>) -> String {
    let Some(spread) = spread else { return NOTHING.to_owned() };
    match spread.interval {
        Some(Interval { low, high }) => format!("{} ± {}", number(spread.mean), number((high - low) / 2.0)),
        None => number(spread.mean),
    }
}

/// The sentences of a row: its question, its verdict, and what to know about it.
#[must_use]
pub fn sentences(row: &Row) -> Vec<String> {
    let mut list = vec![format!("{} ({})", row.title, row.recipe)];
    list.push(format!("{}: {}", if row.study == row.recipe { "Claim" } else { "Question" }, row.claim));
    if let Some(verdict) = row.verdict {
        let seeds = if row.seeds.len() == 1 { "1 seed".to_owned() } else { format!("{} seeds", row.seeds.len()) };
        let quick = if row.quick { ", quick runs" } else { "" };
        list.push(format!("Verdict: {} ({seeds}{quick}, world {})", verdict.name(), row.world));
    }
    if row.seeds.len() == 1 {
        list.push("One seed says nothing about the spread over seeds: every verdict is open.".to_owned());
    }
    let unequal = row.unequal().into_iter().map(|(arm, names)| format!("{} ({})", arm.name, names.join(", ")));
    let unequal: Vec<String> = unequal.collect();
    if !unequal.is_empty() {
        list.push(format!("Not at an equal budget by more than a tenth: {}.", unequal.join(", ")));
    }
    list
}

/// Everything as Markdown.
#[must_use]
pub fn markdown(atlas: &Atlas) -> String {
    let mut text = format!("# Atlas\n\n{}\n\n{}", t("atlas.budget"), table(atlas).markdown());
    for row in &atlas.rows {
        text += &format!("\n## {}\n\n", name(row));
        for sentence in sentences(row) {
            text += &format!("- {sentence}\n");
        }
        for arm in row.arms.iter().filter(|arm| !arm.what.is_empty()) {
            text += &format!("- {}: {}\n", arm.name, arm.what);
        }
        for table in of_row(row) {
            text += &format!("\n{}", table.markdown());
        }
        text += &format!("\n{}\n", origin(row));
    }
    text
}

/// Everything as one page: no script, no request, light and dark.
#[must_use]
pub fn html(atlas: &Atlas) -> String {
    let mut page = page::begin("Selfsame: atlas") + &format!("<h1>Atlas</h1>\n<p>{}</p>\n", escape(t("atlas.budget")));
    page += &table(atlas).html();
    for row in &atlas.rows {
        page += &format!("<h2>{}</h2>\n", escape(&name(row)));
        for sentence in sentences(row) {
            page += &format!("<p>{}</p>\n", escape(&sentence));
        }
        page += "<dl>\n";
        for arm in row.arms.iter().filter(|arm| !arm.what.is_empty()) {
            page += &format!("<dt>{}</dt><dd>{}</dd>\n", escape(&arm.name), escape(&arm.what));
        }
        page += "</dl>\n";
        for table in of_row(row) {
            page += &table.html();
        }
        page += &format!("<p><small>{}</small></p>\n<details><summary>Settings</summary><pre>", escape(&origin(row)));
        for (name, value) in &row.settings {
            page += &escape(&format!("{name} = {value}\n"));
        }
        page += "</pre></details>\n";
    }
    page + page::END
}

/// Where the seeds of a row come from.
fn origin(row: &Row) -> String {
    let seeds = |of: &[u64]| of.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let mut parts: Vec<String> = (row.earlier.iter())
        .map(|part| format!("seeds {}: {}", seeds(&part.seeds), computed(&part.origin, row)))
        .collect();
    let last = computed(&row.origin, row);
    parts.push(if parts.is_empty() { last } else { format!("seeds {}: {last}", seeds(&row.own_seeds())) });
    parts.join("; ")
}

fn computed(of: &Origin, row: &Row) -> String {
    let commit = of.commit.as_ref().map_or_else(String::new, |commit| format!(" ({commit})"));
    let processor = of.processor.as_ref().map_or_else(String::new, |name| format!(" on {name}"));
    format!(
        "{}, selfsame {}{commit}, model {}, {}{processor}, {} cores, {}, {} at a time",
        format::moment(of.written),
        of.version,
        row.model,
        of.device,
        of.cores,
        of.system,
        if of.jobs == 1 { "1 run".to_owned() } else { format!("{} runs", of.jobs) },
    )
}
