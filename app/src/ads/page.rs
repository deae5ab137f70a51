//! Findings as they are shown: tables in the terminal, charts for slides, one page with both.

use super::finding::{ALPHA, Answered, Finding, Truth};
use crate::{
    format::{self, NOTHING, escape, number},
    report::{page, table::Table},
    view::{
        chart::{Dot, Dots},
        theme,
    },
};

/// The most groups of which a chart of their own is drawn.
const MOST_LEVELS: usize = 12;

fn p_value(p: f64) -> String {
    match p {
        ..1e-99 => "<1e-99".to_owned(),
        ..1e-3 => format!("{p:.0e}"),
        _ => format!("{p:.3}"),
    }
}

fn verdict(finding: &Finding) -> &'static str {
    match finding.outcome {
        None => "cannot be asked",
        Some(_) if finding.found() => "yes",
        Some(_) if finding.likely() => "likely",
        Some(_) => "not shown",
    }
}

/// What is true, beside what was found.
fn truth(finding: &Finding) -> &'static str {
    let (found, agrees) = (finding.found() || finding.likely(), finding.agrees());
    match (finding.truth, found) {
        (None, _) => NOTHING,
        (Some(Truth::Nothing), false) => "no effect, none found",
        (Some(Truth::Nothing), true) => "no effect: false finding",
        (Some(_), true) if agrees => "real, found",
        (Some(_), true) => "real, wrong direction",
        (Some(_), false) => "real, missed",
    }
}

/// The findings as a table, and the groups behind them as another.
fn tables(answered: &Answered) -> Vec<Table> {
    let known = answered.findings.iter().any(|finding| finding.truth.is_some());
    let mut header = vec!["question", "of", "n", "test", "effect", "95 % interval", "p", "Holm", "BH", "shown"];
    header.extend(known.then_some("truth"));
    let mut table = Table::new("Findings", header).note(format!(
        "δ Cliff's, ρ Spearman's, Δ difference of mean scores, ε² share of the ranks' variance; shown: yes if Holm's \
         p < {ALPHA}, likely if Benjamini and Hochberg's is; both are for all {} questions",
        answered.findings.iter().filter(|finding| finding.outcome.is_some()).count()
    ));
    for finding in &answered.findings {
        let effect =
            finding.outcome.map_or(NOTHING.to_owned(), |o| format!("{} {}", finding.measure, number(o.effect)));
        let interval = finding.outcome.map_or(NOTHING.to_owned(), |o| {
            let [low, high] = o.interval.map(number);
            format!("{low} to {high}")
        });
        let p = |value: Option<f64>| value.map_or(NOTHING.to_owned(), p_value);
        let mut row = vec![
            finding.question.clone(),
            finding.unit.to_string(),
            format::count(finding.count),
            finding.test.to_owned(),
            effect,
            interval,
            p(finding.outcome.map(|outcome| outcome.p)),
            p(finding.holm),
            p(finding.q),
            verdict(finding).to_owned(),
        ];
        row.extend(known.then(|| truth(finding).to_owned()));
        table.row(row);
    }
    let mut levels = Table::new("Mean scores of the groups", ["group", "n", "mean", "95 % interval"]);
    for finding in answered.findings.iter().filter(|finding| (1..=MOST_LEVELS).contains(&finding.levels.len())) {
        for level in &finding.levels {
            let [low, high] = level.interval.map(number);
            let name = format!("{}: {}", finding.question, level.name);
            levels.row([name, format::count(level.count), number(level.mean), format!("{low} to {high}")]);
        }
    }
    let mut tables = vec![table, levels];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

/// How many real effects were found, and how many that are not there; `None` where nobody knows what is real.
fn tally(answered: &Answered) -> Option<String> {
    let known: Vec<&Finding> = answered.findings.iter().filter(|finding| finding.truth.is_some()).collect();
    let (null, real): (Vec<&Finding>, Vec<&Finding>) =
        known.iter().partition(|finding| finding.truth == Some(Truth::Nothing));
    let count = |of: &[&Finding], is: fn(&Finding) -> bool| of.iter().filter(|finding| is(finding)).count();
    (!known.is_empty()).then(|| {
        format!(
            "Of {} effects that the world has, {} are found after Holm's correction and {} after Benjamini and \
             Hochberg's, with the right direction; of {} that it does not have, {} and {} are found.",
            real.len(),
            count(&real, |finding| finding.found() && finding.agrees()),
            count(&real, |finding| finding.likely() && finding.agrees()),
            null.len(),
            count(&null, Finding::found),
            count(&null, Finding::likely),
        )
    })
}

fn subject(answered: &Answered) -> String {
    let made_up = if answered.synthetic { " The data are synthetic: made by simulated viewers." } else { "" };
    format!(
        "{}: {} scores, mean {}.{made_up}",
        answered.subject,
        format::count(answered.score.count),
        format::interval(Some(answered.score))
    )
}

/// The findings for the terminal.
#[must_use]
pub fn text(answered: &Answered) -> String {
    let mut text = subject(answered) + "\n";
    for table in tables(answered) {
        text += &format!("\n{}", table.text());
    }
    tally(answered).map_or(text.clone(), |tally| format!("{text}\n{tally}\n"))
}

/// The charts: all effects, and the groups behind each that was found.
#[must_use]
pub fn figures(answered: &Answered) -> Vec<Dots> {
    let note = if answered.synthetic { "synthetic data" } else { "" }.to_owned();
    let mut rows: Vec<(f64, Dot)> = answered
        .findings
        .iter()
        .filter_map(|finding| {
            let outcome = finding.outcome?;
            let dot = Dot {
                name: finding.question.clone(),
                at: outcome.effect,
                interval: outcome.interval,
                text: format!("{} {}, {}", finding.measure, number(outcome.effect), verdict(finding)),
                color: usize::from(!finding.found()),
                hollow: !finding.found(),
            };
            Some((outcome.effect, dot))
        })
        .collect();
    rows.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let effects = Dots {
        id: "effects".to_owned(),
        title: "What goes with being remembered".to_owned(),
        note: format!(
            "effect with its 95 % interval; hollow: not shown after Holm's correction{}{note}",
            if note.is_empty() { "" } else { "; " }
        ),
        x: "effect: δ, ρ, ε² or Δ (difference of mean scores)".to_owned(),
        zero: Some(0.0),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    };
    let groups = answered
        .findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.found() && (2..=MOST_LEVELS).contains(&finding.levels.len()));
    let groups = groups.map(|(index, finding)| Dots {
        id: format!("groups-{}", index + 1),
        title: finding.question.clone(),
        note: note.clone(),
        x: format!("mean score of {}, with its 95 % interval", finding.unit),
        zero: None,
        rows: finding
            .levels
            .iter()
            .map(|level| Dot {
                name: level.name.clone(),
                at: level.mean,
                interval: level.interval,
                text: format!("{}, n = {}", number(level.mean), format::count(level.count)),
                ..Dot::default()
            })
            .collect(),
    });
    let mut all = vec![effects];
    all.extend(groups);
    all.retain(|figure| !figure.rows.is_empty());
    all
}

/// The findings as one HTML page: no script, no request.
#[must_use]
pub fn html(answered: &Answered) -> String {
    let title = format!("Selfsame: what makes ads memorable — {}", answered.subject);
    let heading = format!("<h1>{}</h1>\n<p>{}</p>\n", escape(&title), escape(&subject(answered)));
    let mut page = page::begin(&title) + &heading;
    page += &tally(answered).map_or(String::new(), |tally| format!("<p>{}</p>\n", escape(&tally)));
    page += "<h2>Charts</h2>\n";
    for figure in figures(answered) {
        let caption = escape(&figure.title);
        page +=
            &format!("<figure>{}<figcaption>{caption}</figcaption></figure>\n", figure.inline(&theme::of_mode(false)));
    }
    page += "<h2>Numbers</h2>\n";
    for table in tables(answered) {
        page += &table.html();
    }
    page + page::END
}

#[cfg(test)]
mod tests {
    use selfsame_core::measure::Mean;

    use super::{
        super::finding::{answer, tests::questions},
        *,
    };

    fn answered(synthetic: bool) -> Answered {
        let mut questions = questions();
        if !synthetic {
            for question in &mut questions {
                question.truth = None;
            }
        }
        let score = Mean::of([0.2, 0.4, 0.6]);
        Answered { subject: "<data>".to_owned(), synthetic, score, findings: answer(questions, 1) }
    }

    #[test]
    fn the_text_says_what_was_found_and_what_is_true() {
        let text = text(&answered(true));
        for part in
            ["pace: <high> against low", "δ 1.000", "real, found", "no effect, none found", "real, missed", "synthetic"]
        {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
        assert!(text.contains("cannot be asked") && text.contains("of 1 that it does not have, 0 and 0"), "{text}");
        let text = super::text(&answered(false));
        assert!(!text.contains("truth") && !text.contains("synthetic") && !text.contains("world"), "{text}");
    }

    #[test]
    fn the_page_needs_nothing_else_and_has_every_chart() {
        let page = html(&answered(true));
        for foreign in ["http:", "https:", "//", "<script", "<link", "src=", "href=", "@import"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert!(page.contains("&lt;data&gt;") && page.contains("pace: &lt;high&gt;") && !page.contains("<high>"));
        let figures = figures(&answered(true));
        assert!(figures.len() >= 2 && figures[0].id == "effects");
        assert_eq!(page.matches("<svg").count(), figures.len());
        let clips: std::collections::BTreeSet<&str> =
            page.match_indices("clipPath id=\"").filter_map(|(at, _)| page[at..].split('"').nth(1)).collect();
        assert_eq!(clips.len(), figures.len(), "each has an id of its own");
    }
}
