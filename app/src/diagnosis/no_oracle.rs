//! Prompts from a file: nobody knows the truth.

use super::{Diagnosis, Place, Severity, Verdict, case::Case, registry::Detector};
use crate::view::words::t;

pub(super) const DETECTOR: Detector = Detector::new("no_oracle", "diagnosis.no_oracle.looks", examine);

fn examine(case: &Case<'_>) -> Verdict {
    if case.view.has_oracle() {
        return Verdict::Clear;
    }
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: Severity::Note,
        sentence: t("diagnosis.no_oracle.sentence").to_owned(),
        evidence: Vec::new(),
        remedy: t("diagnosis.no_oracle.remedy").to_owned(),
        place: Place::Compose,
    })
}
