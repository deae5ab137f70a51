//! The report as one HTML page: no script, no request, light and dark.

use selfsame_core::{
    measure::{AnswerQuality, JudgeQuality, Mean, Measurement},
    recipe::by_id,
};

use super::{
    page,
    plot::{Plot, Point, Series},
    tables,
};
use crate::{
    diagnosis::diagnose,
    fold::{ArmView, Example, RunView},
    format::{self, INTERVAL, escape},
};

/// The whole page.
#[must_use]
pub fn render(view: &RunView) -> String {
    let title = format!("Selfsame: {}, seed {}", view.manifest.recipe, view.manifest.seed);
    let mut page = page::begin(&title) + &format!("<h1>{}</h1>\n", escape(&title));
    if let Ok(entry) = by_id(&view.manifest.recipe) {
        let card = entry.card;
        page += &format!("<p>{} ({}).</p>\n", escape(card.title), escape(card.paper));
        page += &format!(
            "<p><b>Its claim:</b> {}<br><b>How faithful this is:</b> {}</p>\n",
            escape(card.claim),
            escape(card.fidelity)
        );
    }
    page += &warnings(view);
    page += "<h2>Plots</h2>\n";
    for plot in plots(view) {
        let svg = plot.svg();
        if !svg.is_empty() {
            page += &format!("<figure><figcaption>{}</figcaption>{svg}</figure>\n", escape(&plot.title));
        }
    }
    page += "<h2>Numbers</h2>\n";
    for table in tables::all(view) {
        page += &table.html();
    }
    page += &examples("Held-out prompts: greedy answers before and after", &view.held_out());
    page += &examples("Prompts of the last iteration: what was answered and how it was judged", &view.training());
    page += "<h2>The run</h2>\n<dl>\n";
    for (name, value) in tables::facts(view) {
        page += &format!("<dt>{name}</dt><dd>{}</dd>\n", escape(&value));
    }
    page += "</dl>\n<details><summary>All settings</summary><pre>";
    // It was read from a log, so that it can be written as TOML.
    page += &escape(&toml::to_string_pretty(&view.manifest).unwrap_or_default());
    page + "</pre></details>\n" + page::END
}

fn warnings(view: &RunView) -> String {
    let list: String = diagnose(view)
        .iter()
        .map(|diagnosis| {
            format!(
                "<li><b>{}:</b> {}<br>→ {}</li>\n",
                escape(diagnosis.severity.word()),
                escape(&diagnosis.sentence),
                escape(&diagnosis.remedy)
            )
        })
        .collect();
    if list.is_empty() { list } else { format!("<ul class=\"warnings\" aria-label=\"Warnings\">\n{list}</ul>\n") }
}

/// The plots of a run; those without points draw nothing.
#[must_use]
pub fn plots(view: &RunView) -> Vec<Plot> {
    vec![
        reward(view, "reward-sampled", "Oracle reward of sampled answers (bars: 95 % intervals)", |m| &m.sampled),
        reward(view, "reward-greedy", "Oracle reward of greedy answers (bars: 95 % intervals)", |m| &m.greedy),
        accuracy(view, "accuracy", "Judges' accuracy on the policy's own answers (dashed: a coin)", true),
        accuracy(
            view,
            "accuracy-fixed",
            "Judges' accuracy on the same pairs in every iteration (dashed: a coin)",
            false,
        ),
        selection(view),
        losses(view),
    ]
}

fn point(iteration: u32, mean: Mean) -> Option<Point> {
    (mean.count > 0).then(|| Point { x: f64::from(iteration), y: mean.mean, error: INTERVAL * mean.error })
}

fn reward(view: &RunView, id: &str, title: &str, of: fn(&Measurement) -> &AnswerQuality) -> Plot {
    let series = view.measured_arms().into_iter().map(|arm| Series {
        name: arm.name().to_owned(),
        points: view
            .iterations()
            .into_iter()
            .filter_map(|iteration| point(iteration, of(view.at(arm, iteration)?).reward?))
            .collect(),
    });
    over_iterations(id, title, "oracle reward", None, series.collect())
}

fn over_iterations(id: &str, title: &str, y: &str, baseline: Option<f64>, series: Vec<Series>) -> Plot {
    let text = str::to_owned;
    Plot { id: text(id), title: text(title), x: text("iteration"), y: text(y), baseline, series }
}

fn accuracy(view: &RunView, id: &str, title: &str, on_policy: bool) -> Plot {
    let series = view.judges().into_iter().map(|judge| Series {
        points: view
            .main()
            .keys()
            .filter_map(|iteration| point(*iteration, view.accuracy(&judge, *iteration, on_policy)?))
            .collect(),
        name: judge,
    });
    let series: Vec<Series> = series.filter(|series| !series.points.is_empty()).collect();
    // The line of a coin alone would say nothing.
    let baseline = (!series.is_empty()).then_some(0.5);
    over_iterations(id, title, "accuracy", baseline, series)
}

/// Something about the judges on the policy's own answers.
fn own(m: &Measurement, of: fn(&JudgeQuality) -> Option<Mean>) -> Option<Mean> {
    m.on_policy.as_ref().and_then(of)
}

fn selection(view: &RunView) -> Plot {
    let series = |name: &str, of: fn(&Measurement) -> Option<Mean>| Series {
        name: name.to_owned(),
        points: view.main().iter().filter_map(|(iteration, m)| point(*iteration, of(m)?)).collect(),
    };
    let share = |kept| Some(Mean { mean: kept, error: 0.0, count: 1 });
    let kept = Series {
        name: "share kept".to_owned(),
        points: view
            .main()
            .iter()
            .filter_map(|(iteration, m)| point(*iteration, share(m.on_policy.as_ref()?.kept)?))
            .collect(),
    };
    let series = vec![
        kept,
        series("right where kept", |m| own(m, |q| q.kept_accuracy)),
        series("right where dropped", |m| own(m, |q| q.dropped_accuracy)),
        series("learned labels right", |m| m.label_accuracy),
    ];
    let title = "Pairs on which all judges agree (kept), and how often they are right";
    over_iterations("selection", title, "share", None, series)
}

fn losses(view: &RunView) -> Plot {
    // Other models that a run taught had an objective of their own.
    let taught = view.arms.iter().flat_map(|(arm, of)| of.taught().into_iter().map(move |model| (arm, Some(model))));
    let lines = view.arms.keys().map(|arm| (arm, None)).chain(taught);
    let series = lines.map(|(arm, model)| Series {
        name: model.unwrap_or(arm.name()).to_owned(),
        points: line_of(&view.arms[arm], model),
    });
    let series = series.filter(|series| !series.points.is_empty()).collect();
    Plot {
        x: "optimiser step of the run".to_owned(),
        ..over_iterations("loss", "Loss over all iterations", "loss", None, series)
    }
}

/// The losses of an arm's policy, or of another model that it taught, over all steps of the arm.
#[allow(clippy::cast_precision_loss)] // step counts
fn line_of(arm: &ArmView, model: Option<&str>) -> Vec<Point> {
    let phases = arm.phases.iter().filter(|phase| phase.model.as_deref() == model);
    let steps = phases.flat_map(|phase| phase.steps.clone().zip(arm.steps_of(phase)));
    steps.map(|(at, (_, report))| Point { x: (at + 1) as f64, y: f64::from(report.loss), error: 0.0 }).collect()
}

fn examples(title: &str, examples: &[Example]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let mut html = format!("<h2>{}</h2>\n", escape(title));
    for example in examples {
        let judges: Vec<&String> =
            example.answers.first().into_iter().flat_map(|a| a.scores.iter().map(|(judge, _)| judge)).collect();
        let rewarded = example.answers.iter().any(|answer| answer.reward.is_some());
        html += &format!(
            "<div class=\"scroll\"><table><caption><code>{}</code></caption><thead><tr>",
            escape(&example.prompt)
        );
        html += "<th scope=\"col\">answer</th><th scope=\"col\"></th><th scope=\"col\">log-probability</th>";
        for judge in &judges {
            html += &format!("<th scope=\"col\">judge {}</th>", escape(judge));
        }
        if rewarded {
            html += "<th scope=\"col\">oracle reward</th>";
        }
        html += "</tr></thead><tbody>";
        for answer in &example.answers {
            html += &format!(
                "<tr><td class=\"text\">{}</td><td>{}</td><td>{}</td>",
                escape(&answer.text),
                escape(&answer.role),
                format::number(answer.logprob)
            );
            for judge in &judges {
                let score = answer.scores.iter().find(|(name, _)| name == *judge).map(|(_, score)| f64::from(*score));
                html += &format!("<td>{}</td>", format::maybe(score));
            }
            if rewarded {
                html += &format!("<td>{}</td>", format::maybe(answer.reward));
            }
            html += "</tr>";
        }
        html += "</tbody></table></div>\n";
    }
    html
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fold::tests::{synthetic, without_oracle};

    /// Every element is closed in the right order.
    pub(crate) fn assert_well_formed(html: &str) {
        const VOID: [&str; 2] = ["meta", "br"];
        let mut open: Vec<&str> = Vec::new();
        for (index, _) in html.match_indices('<') {
            let rest = &html[index + 1..];
            let end = rest.find('>').expect("every `<` begins a tag");
            let tag = &rest[..end];
            assert!(!tag.contains('<'), "{tag}");
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed), "near {:?}", &html[index.saturating_sub(60)..index]);
            } else if !tag.starts_with('!') && !tag.ends_with('/') && !VOID.contains(&name) {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "left open: {open:?}");
    }

    #[test]
    fn pages_are_well_formed_and_need_nothing_else() {
        for records in [synthetic(), without_oracle(), without_oracle()[..1].to_vec()] {
            let page = render(&RunView::of(&records).unwrap());
            assert_well_formed(&page);
            for foreign in ["http:", "https:", "//", "<script", "<link", "src=", "href=", "url(", "@import"] {
                assert!(!page.contains(foreign), "{foreign}");
            }
            assert!(page.contains("Content-Security-Policy") && page.contains("prefers-color-scheme: dark"));
        }
    }

    #[test]
    fn texts_of_the_run_cannot_become_markup() {
        let page = render(&RunView::of(&synthetic()).unwrap());
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(page.contains("a &amp; b"));
    }

    #[test]
    fn all_plots_are_drawn_described_and_captioned() {
        let page = render(&RunView::of(&synthetic()).unwrap());
        assert_eq!(page.matches("<svg").count(), 6);
        assert_eq!(page.matches("<desc").count(), 6);
        assert_eq!(page.matches("<figcaption>").count(), 6);
        for part in ["random labels: from 0.500", "right where dropped", "judge content", "before and after"] {
            assert!(page.contains(part), "{part}");
        }
    }
}
