//! A run that ended, or has come no further, before its end.

use toml::Value;

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Rows},
    registry::Detector,
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("unfinished", "diagnosis.unfinished.looks", examine);

fn examine(case: &Case<'_>) -> Verdict {
    if case.view.finished {
        return Verdict::Clear;
    }
    let whole = |name: &str| case.parameter(name).and_then(Value::as_integer);
    // Recipes without a loop learn once.
    let planned = whole("iterations").or_else(|| whole("rounds")).unwrap_or(1);
    let measured = case.measured().filter(|(iteration, _)| *iteration > 0).count();
    let last = case.main.steps.last();
    let sentence = match last.filter(|(_, step)| step.step.saturating_add(1) < step.total) {
        Some((iteration, step)) => with(
            "diagnosis.unfinished.step",
            &[
                ("measured", &measured),
                ("planned", &planned),
                ("iteration", iteration),
                ("step", &step.step.saturating_add(1)),
                ("total", &step.total),
            ],
        ),
        None => with("diagnosis.unfinished.sentence", &[("measured", &measured), ("planned", &planned)]),
    };
    let rows = case.view.arms.iter().map(|(arm, view)| {
        vec![
            arm.name().to_owned(),
            view.measured.keys().filter(|iteration| **iteration > 0).count().to_string(),
            view.steps.len().to_string(),
        ]
    });
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: Severity::Note,
        sentence,
        evidence: vec![Evidence::Rows(Rows {
            title: t("diagnosis.unfinished.rows"),
            columns: [t("diagnosis.column.arm"), t("diagnosis.column.measured"), t("diagnosis.column.steps")]
                .map(str::to_owned)
                .to_vec(),
            rows: rows.collect(),
        })],
        remedy: t("diagnosis.unfinished.remedy").to_owned(),
        place: Place::Iterations,
    })
}
