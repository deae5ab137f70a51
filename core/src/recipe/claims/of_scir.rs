//! What SCIR asks beside its claim: what its parts are worth, and when agreement is no sign of truth.

use super::{
    Against::{Arm as Other, Between},
    Study,
    terms::{GAIN, LEARNING, arm, beside},
};
use crate::measure::{
    Expected::{Less, More, Same},
    Figure::{Agreement, Judges, Labels, PanelAgreement, Sampled, Used, WorstOnStart},
};

/// The four ablations of its card.
pub(super) const SWITCHES: Study = Study {
    id: "scir-switches",
    recipe: "scir",
    question: "Which parts of scir does its policy owe anything to?",
    world: None,
    settings: &[],
    controls: false,
    arms: &[
        arm("no-penalty", "scir", &[("consistency", "0.0")], "Only the filter is left."),
        arm("no-filter", "scir", &[("filter", "false")], "All pairs count, labelled by the mean opinion."),
        arm("no-confidence", "scir", &[("confidence", "0.0")], "Judges may stay undecided."),
        arm("static-labels", "scir", &[("static_labels", "true")], "Pairs are labelled once an iteration."),
    ],
    tests: &[
        beside("The penalty makes the policy better.", Sampled, Other("no-penalty"), (More, GAIN)),
        beside("The penalty makes the judges better.", Judges, Other("no-penalty"), (More, GAIN)),
        beside("The penalty makes the judges agree.", Agreement, Other("no-penalty"), (More, LEARNING)),
        beside("It makes its own judges agree.", PanelAgreement, Other("no-penalty"), (More, LEARNING)),
        beside("It makes the worst of them better.", WorstOnStart, Other("no-penalty"), (More, GAIN)),
        beside("The filter makes the policy better.", Sampled, Other("no-filter"), (More, GAIN)),
        beside("What the filter keeps is more often right.", Labels, Other("no-filter"), (More, LEARNING)),
        beside("Confidence makes the policy better.", Sampled, Other("no-confidence"), (More, GAIN)),
        beside("Labels of every step make the policy better.", Sampled, Other("static-labels"), (More, GAIN)),
    ],
};

/// Panels of two, three and four judges, and panels whose judges are one judge or share a rubric.
pub(super) const JUDGES: Study = Study {
    id: "scir-judges",
    recipe: "scir",
    question: "When does the agreement of internal reward models stop being a sign of truth?",
    world: None,
    settings: &[],
    controls: false,
    arms: &[
        arm("two", "scir", &[("panel", "\"prompts\"")], "The two judge prompts without the implicit reward."),
        arm("four", "scir", &[("panel", "\"wide\"")], "A fourth judge: the first prompt in its other form."),
        arm("one-twice", "scir", &[("panel", "\"twice\"")], "One judge that agrees with itself."),
        arm(
            "one-twice-sure",
            "scir",
            &[("panel", "\"twice\""), ("margin", "0.1")],
            "One judge that agrees with itself, where it is sure.",
        ),
        arm("one-rubric", "scir", &[("panel", "\"one_rubric\"")], "Two judges with the same rubric."),
    ],
    tests: &[
        beside("Three keep pairs that are more often right than two.", Labels, Other("two"), (More, GAIN)),
        beside("Three judges make a better policy than two.", Sampled, Other("two"), (More, GAIN)),
        beside("A fourth judge of a known rubric adds nothing.", Sampled, Other("four"), (Same, GAIN)),
        beside("A judge and itself agree more often than three.", Used, Other("one-twice"), (Less, LEARNING)),
        beside("They are less often right.", Labels, Other("one-twice"), (More, GAIN)),
        beside("The policy is worse for it.", Sampled, Other("one-twice"), (More, GAIN)),
        beside("Judges of one rubric agree more often than three.", Used, Other("one-rubric"), (Less, LEARNING)),
        beside("They are less often right, too.", Labels, Other("one-rubric"), (More, GAIN)),
        beside("The policy is worse for that as well.", Sampled, Other("one-rubric"), (More, GAIN)),
        beside(
            "Two rubrics keep pairs that are more often right than one rubric asked in two forms.",
            Labels,
            Between { of: "two", and: "one-rubric" },
            (More, GAIN),
        ),
        beside("They make a better policy.", Sampled, Between { of: "two", and: "one-rubric" }, (More, GAIN)),
        beside(
            "One judge that has to be sure keeps fewer pairs.",
            Used,
            Between { of: "one-twice-sure", and: "one-twice" },
            (Less, LEARNING),
        ),
        beside(
            "They are more often right: its agreement with itself is truth again.",
            Labels,
            Between { of: "one-twice-sure", and: "one-twice" },
            (More, LEARNING),
        ),
        beside(
            "The policy is better for it.",
            Sampled,
            Between { of: "one-twice-sure", and: "one-twice" },
            (More, GAIN),
        ),
    ],
};
