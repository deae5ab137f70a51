//! The report in the terminal.

use super::tables;
use crate::{diagnosis::diagnose, fold::RunView};

/// The whole report as text.
#[must_use]
pub fn render(view: &RunView) -> String {
    let mut text = String::new();
    for (name, value) in tables::facts(view) {
        text += &format!("{name:<8} {value}\n");
    }
    for table in tables::all(view) {
        text += &format!("\n{}", table.text());
    }
    if view.main().is_empty() {
        text += "\nnothing has been measured yet\n";
    }
    for diagnosis in diagnose(view) {
        text += &format!("\n{}: {}\n  → {}\n", diagnosis.severity.word(), diagnosis.sentence, diagnosis.remedy);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::{synthetic, without_oracle};

    #[test]
    fn the_report_shows_all_arms_and_warns() {
        let text = render(&RunView::of(&synthetic()).unwrap());
        for part in [
            "recipe   srlm",
            "0.600 ± 0.010",
            "random labels sampled",
            "0.490 ± 0.010",
            "Judges' accuracy on the policy's own answers",
            "0.720 ± 0.030",
            "Agreement of the judges in iteration 1",
            "note: Hardly better than a coin on the policy's own answers: the judge `implicit`",
            "  → Its votes carry no information",
        ] {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    }

    #[test]
    fn a_run_without_oracle_or_measurement_is_shown_too() {
        let records = without_oracle();
        let text = render(&RunView::of(&records).unwrap());
        assert!(text.contains("no oracle") && !text.contains("accuracy on"), "{text}");
        let text = render(&RunView::of(&records[..1]).unwrap());
        assert!(text.contains("nothing has been measured"), "{text}");
    }
}
