//! Duplicate pairs: the same comparison learned again and again counts for more than it says.

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Rows},
    registry::Detector,
    text::percent,
};
use crate::{
    format,
    view::words::{t, with},
};

pub(super) const DETECTOR: Detector = Detector::new("duplicates", "diagnosis.duplicates.looks", examine);

/// Shares of pairs that teach nothing new. Short answers coincide now and then;
const NOTE: f64 = 0.05;
/// a fifth is no coincidence,
const WARNING: f64 = 0.2;
/// and with half of them the loss falls by heart.
const SERIOUS: f64 = 0.5;
/// Pairs of an iteration below which a share says nothing, and the fewest duplicates to speak of.
const FEWEST: usize = 20;
/// See [`FEWEST`].
const FEWEST_DUPLICATES: usize = 3;

#[allow(clippy::cast_precision_loss)] // pair counts
fn examine(case: &Case<'_>) -> Verdict {
    let looked = || {
        case.facts().filter(|(_, facts)| facts.pairs.count >= FEWEST).map(|(iteration, facts)| {
            let of = &facts.pairs;
            (iteration, of, (of.duplicates + of.equal_texts) as f64 / of.count as f64)
        })
    };
    let Some((iteration, of, share)) = looked().max_by(|a, b| a.2.total_cmp(&b.2)) else {
        return Verdict::Unknown;
    };
    let enough = of.duplicates + of.equal_texts >= FEWEST_DUPLICATES;
    let Some(severity) = Severity::of(share, NOTE, WARNING, SERIOUS).filter(|_| enough) else {
        return Verdict::Clear;
    };
    let column = |key: &'static str| t(key).to_owned();
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence: with(
            "diagnosis.duplicates.sentence",
            &[
                ("iteration", &iteration),
                ("share", &percent(share)),
                ("pairs", &format::count(of.count)),
                ("duplicates", &format::count(of.duplicates)),
                ("equal", &format::count(of.equal_texts)),
            ],
        ),
        evidence: vec![
            Evidence::Rows(Rows {
                title: t("diagnosis.duplicates.rows"),
                columns: vec![
                    column("diagnosis.column.prompt"),
                    column("diagnosis.column.first"),
                    column("diagnosis.column.second"),
                ],
                rows: of.rows.clone(),
            }),
            Evidence::Rows(Rows {
                title: t("diagnosis.duplicates.counts"),
                columns: vec![
                    column("diagnosis.axis.iteration"),
                    column("diagnosis.column.pairs"),
                    column("diagnosis.column.duplicates"),
                    column("diagnosis.column.equal"),
                ],
                rows: looked()
                    .map(|(iteration, of, _)| {
                        let counts = [of.count, of.duplicates, of.equal_texts].map(format::count);
                        std::iter::once(iteration.to_string()).chain(counts).collect()
                    })
                    .collect(),
            }),
        ],
        remedy: with(
            "diagnosis.duplicates.remedy",
            &[
                ("temperature", &case.setting("sampling.temperature")),
                ("prompts", &case.setting("prompts")),
                ("pairs", &case.setting("pairs")),
            ],
        ),
        place: Place::Answers,
    })
}
