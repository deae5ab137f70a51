//! The list. One entry a recipe, in the order of the registry; what asks for more stands at the end.
//!
//! Where the mechanism of a paper is a switch of its recipe, the recipe with the switch turned is the baseline:
//! nothing else then differs. Rewards of the Rules world spread by one or two hundredths over seeds, so that
//! two hundredths are the smallest gain worth the name, and five where the comparison is with no learning.

use super::{
    Against::{After, Arm as Other, Between, Control, Demonstrations, Own, Start, StartOf},
    Arm, Study, Test, elsewhere,
};
use crate::{
    measure::{
        Expected::{self, Less, More, Same},
        Figure::{
            self, Agreement, BestJudge, Divergence, Dropped, Greedy, Judges, Kept, Labels, LabelsAsked, LabelsDropped,
            PanelAgreement, Sampled, Used, WorstJudge,
        },
        Quantity,
        Reading::{self, Place},
    },
    run,
};

/// A gain over a baseline.
pub(super) const GAIN: f64 = 0.02;

/// A gain over no learning at all.
pub(super) const LEARNING: f64 = 0.05;

/// How alike two successive models rank the same answers, from 0 to 1; 0.5 is chance.
const CONSISTENCY: Quantity = noted("mean consistency", Place(0));

/// What a recipe notes under a name.
pub(super) const fn noted(noted: &'static str, read: Reading) -> Quantity {
    Quantity::Noted { noted, read }
}

/// A test that the claim stands or falls with.
const fn decides(
    says: &'static str,
    figure: Figure,
    against: super::Against,
    (expected, least): (Expected, f64),
) -> Test {
    decides_by(says, Quantity::Figure(figure), against, (expected, least))
}

/// A test that stands beside.
pub(super) const fn beside(
    says: &'static str,
    figure: Figure,
    against: super::Against,
    (expected, least): (Expected, f64),
) -> Test {
    beside_by(says, Quantity::Figure(figure), against, (expected, least))
}

/// [`decides`], by a noted number.
pub(super) const fn decides_by(
    says: &'static str,
    figure: Quantity,
    against: super::Against,
    (expected, least): (Expected, f64),
) -> Test {
    Test { says, figure, against, expected, least, decides: true }
}

/// [`beside`], by a noted number.
pub(super) const fn beside_by(
    says: &'static str,
    figure: Quantity,
    against: super::Against,
    (expected, least): (Expected, f64),
) -> Test {
    Test { says, figure, against, expected, least, decides: false }
}

pub(super) const fn arm(
    name: &'static str,
    recipe: &'static str,
    settings: &'static [(&'static str, &'static str)],
    what: &'static str,
) -> Arm {
    Arm { name, recipe, settings, what }
}

/// The claim of a recipe.
const fn claim(id: &'static str, arms: &'static [Arm], tests: &'static [Test]) -> Study {
    Study { id, recipe: id, question: "", world: None, settings: &[], controls: false, arms, tests }
}

/// What recipes note beside the figures that all have, see [`Study::noted`].
pub(super) const NOTED: &[(&str, &[&str])] = &[(
    "seed-ads",
    &[
        "ads: true memorability",
        "ads: memorability of the originals",
        "ads: gain over the originals",
        "ads: expected by the selecting Henry",
        "ads: selecting Henry minus truth",
        "ads: other Henry minus truth",
    ],
)];

pub(super) const STUDIES: &[Study] = &[
    claim(
        "sft",
        &[],
        &[decides(
            "Sampled answers end up as good as the demonstrations, not better.",
            Sampled,
            Demonstrations,
            (Same, LEARNING),
        )],
    ),
    claim(
        "dpo",
        &[arm(
            "preferred-alone",
            "dpo",
            &[("objective", "\"sft\"")],
            "Cross-entropy on the preferred answers of the same pairs.",
        )],
        &[
            decides("Pairs teach more than their better halves do.", Sampled, Other("preferred-alone"), (More, GAIN)),
            decides("The reward rises.", Sampled, Start, (More, LEARNING)),
        ],
    ),
    Study {
        controls: true,
        ..claim(
            "srlm",
            &[],
            &[
                decides(
                    "Its own labels teach more than a coin's.",
                    Sampled,
                    Control(run::Arm::RandomLabels),
                    (More, LEARNING),
                ),
                decides("Its judges get better.", Judges, Start, (More, GAIN)),
                beside("The reward rises.", Sampled, Start, (More, LEARNING)),
                beside("It goes on rising after the first iteration.", Sampled, After(1), (More, GAIN)),
                beside(
                    "True labels would not have taught more.",
                    Sampled,
                    Control(run::Arm::OracleLabels),
                    (Same, GAIN),
                ),
            ],
        )
    },
    claim(
        "scir",
        &[
            arm("srlm", "srlm", &[], "Self-rewarding in as many steps: the best and the worst of every prompt, twice."),
            arm(
                "srlm-once",
                "srlm",
                &[("loop.learn.epochs", "1")],
                "The same pairs once: about as many as the filter of SCIR keeps, in half of the steps.",
            ),
        ],
        &[
            decides("The policy beats self-rewarding.", Sampled, Other("srlm"), (More, GAIN)),
            decides("The judges beat those of self-rewarding.", Judges, Other("srlm"), (More, GAIN)),
            beside("It beats self-rewarding on as many kept pairs.", Sampled, Other("srlm-once"), (More, GAIN)),
            beside("Its judges beat those of that.", Judges, Other("srlm-once"), (More, GAIN)),
            beside("The judges get better.", Judges, Start, (More, GAIN)),
            beside("The judges come to agree.", Agreement, Start, (More, LEARNING)),
            beside(
                "They are right more often where they agree.",
                Kept,
                Own(Quantity::Figure(Dropped)),
                (More, LEARNING),
            ),
            beside(
                "The pairs it keeps are labelled right more often than those it drops.",
                Labels,
                Own(Quantity::Figure(LabelsDropped)),
                (More, LEARNING),
            ),
            beside(
                "They are labelled right more often than all it asks about.",
                Labels,
                Own(Quantity::Figure(LabelsAsked)),
                (More, LEARNING),
            ),
            beside("The agreement of its own judges rises.", PanelAgreement, After(1), (More, GAIN)),
            beside("The worst of its own judges gets better.", WorstJudge, After(1), (More, GAIN)),
            beside("The best of them gets better.", BestJudge, After(1), (More, GAIN)),
        ],
    ),
    claim(
        "cream",
        &[
            arm("no-consistency", "cream", &[("consistency", "\"none\"")], "Every label is 1."),
            arm("srlm", "srlm", &[], "Self-rewarding by the generative judges, at the same budget."),
        ],
        &[
            decides("Softened labels teach more.", Sampled, Other("no-consistency"), (More, GAIN)),
            beside("The policy stays nearer to its start.", Divergence, Other("no-consistency"), (Less, 0.1)),
            beside("It beats self-rewarding.", Sampled, Other("srlm"), (More, GAIN)),
            // In the first iteration the model before has no reward to rank by.
            beside_by("Rankings become more consistent.", CONSISTENCY, After(2), (More, GAIN)),
            beside_by("Softened labels keep them so.", CONSISTENCY, Other("no-consistency"), (More, GAIN)),
        ],
    ),
    claim(
        "selfie-spa",
        &[arm("no-refinement", "selfie-spa", &[("smoothing", "0.0")], "Doubted labels stay as they are.")],
        &[
            decides("Labels of its own add to the few given ones.", Sampled, After(1), (More, GAIN)),
            decides("Softening doubted labels helps.", Sampled, Other("no-refinement"), (More, GAIN)),
        ],
    ),
    claim(
        "osp",
        &[arm("hard-labels", "osp", &[("hard_labels", "true")], "Every label is 0 or 1.")],
        &[
            decides("How much better teaches more than which is better.", Sampled, Other("hard-labels"), (More, GAIN)),
            beside("The policy stays nearer to its start.", Divergence, Other("hard-labels"), (Less, 0.1)),
        ],
    ),
    claim(
        "spin",
        &[arm(
            "sft",
            "sft",
            &[("lasting", "true")],
            "Further imitation of the same demonstrations, as many answers in as many steps.",
        )],
        &[
            decides("The game gets more out of the same demonstrations.", Sampled, Other("sft"), (More, GAIN)),
            beside("The reward rises.", Sampled, Start, (More, LEARNING)),
        ],
    ),
    claim(
        "selm",
        &[
            arm("no-optimism", "selm", &[("alpha", "0.0")], "Online DPO."),
            arm("dpo", "dpo", &[], "Offline DPO on as many given pairs."),
        ],
        &[
            decides("Optimism finds better answers.", Sampled, Other("no-optimism"), (More, GAIN)),
            beside("It beats offline DPO.", Sampled, Other("dpo"), (More, GAIN)),
        ],
    ),
    claim(
        "dno",
        &[
            arm("dpo", "dpo", &[], "Offline DPO on as many given pairs, for which annotators give fewer scores."),
            arm(
                "teacher-wins",
                "dno",
                &[("restrictive", "true")],
                "Only the teacher's answers are chosen (DNO-Restrictive).",
            ),
        ],
        &[
            decides("It beats offline DPO.", Sampled, Other("dpo"), (More, GAIN)),
            decides("It goes on rising after the first iteration.", Sampled, After(1), (More, GAIN)),
            beside("Its own answers, chosen, teach more.", Sampled, Other("teacher-wins"), (More, GAIN)),
        ],
    ),
    claim(
        "reward-aug",
        &[
            arm("no-goals", "reward-aug", &[("goals", "false")], "DPO on the same pairs, each twice, without goals."),
            arm("dpo", "dpo", &[("learn.epochs", "2")], "Offline DPO on as many given pairs, each twice."),
        ],
        &[
            decides("Asking for the highest score beats plain DPO.", Sampled, Other("no-goals"), (More, GAIN)),
            beside("It beats DPO on given pairs.", Sampled, Other("dpo"), (More, GAIN)),
        ],
    ),
    claim(
        "bco",
        &[
            arm(
                "dpo",
                "bco",
                &[("as_pairs", "true")],
                "DPO on the best and the worst of the same answers by the same scores.",
            ),
            arm("no-weights", "bco", &[("match_prompts", "false")], "Thumbs down all weigh the same."),
        ],
        &[
            decides("Thumbs teach as much as pairs.", Sampled, Other("dpo"), (Same, 0.03)),
            beside("Weights of prompts change nothing here.", Sampled, Other("no-weights"), (Same, 0.03)),
        ],
    ),
    claim(
        "upo",
        &[arm("no-filter", "upo", &[("filter", "false")], "What the estimator contradicts is learned from too.")],
        &[
            decides("What the estimator confirms teaches more.", Sampled, Other("no-filter"), (More, GAIN)),
            decides("What it confirms is more often right.", Labels, Other("no-filter"), (More, GAIN)),
        ],
    ),
    claim(
        "nlhf",
        &[
            arm("self-play", "nlhf", &[("kappa", "0.0")], "The opponent is the policy itself."),
            arm("best-response", "nlhf", &[("kappa", "1.0")], "The opponent is the reference."),
        ],
        &[
            decides("The mixture makes a better policy than self-play.", Sampled, Other("self-play"), (More, GAIN)),
            decides("The reward rises.", Sampled, Start, (More, LEARNING)),
            beside("It beats the best response.", Sampled, Other("best-response"), (More, GAIN)),
            beside("The policy stays nearer to its start.", Divergence, Other("self-play"), (Less, 0.1)),
        ],
    ),
    claim(
        "r3-relevance",
        &[
            arm(
                "relevance-alone",
                "r3-relevance",
                &[("repetition_penalty", "false"), ("length_incentive", "false"), ("branching", "false")],
                "The same relevance without anything that regularises it.",
            ),
            arm("no-branching", "r3-relevance", &[("branching", "false")], "All queries have one reward."),
        ],
        &[
            decides("Regularised, relevance teaches more.", Sampled, Other("relevance-alone"), (More, GAIN)),
            decides("The true reward rises with it.", Sampled, Start, (More, GAIN)),
            beside("The branch helps.", Sampled, Other("no-branching"), (More, GAIN)),
        ],
    ),
    claim(
        "t-reg",
        &[arm("dpo", "t-reg", &[("alpha", "0.0")], "DPO after the same first iteration.")],
        &[
            decides("Credit for tokens improves on DPO.", Sampled, Other("dpo"), (More, GAIN)),
            beside("The reward rises.", Sampled, Start, (More, LEARNING)),
            beside_by(
                "The policy's own token rewards find more of the faults than DPO's.",
                noted("AUROC of the implicit token reward", Place(0)),
                Other("dpo"),
                // Two of a hundred pairs of a faulty and a sound token.
                (More, GAIN),
            ),
        ],
    ),
    claim(
        "coh",
        &[
            arm("good-alone", "coh", &[("templates", "\"good\"")], "Imitation of the good answers alone."),
            arm("single", "coh", &[("templates", "\"single\"")], "Good and bad answers, each told alone."),
        ],
        &[
            decides("It beats imitating good answers alone.", Sampled, Other("good-alone"), (More, GAIN)),
            beside("Chains teach more than single answers.", Sampled, Other("single"), (More, GAIN)),
            beside("The reward rises.", Sampled, Start, (More, LEARNING)),
        ],
    ),
    claim(
        "cdr",
        &[
            arm("customised", "cdr", &[("customised", "true")], "Both models read a labelled pair first."),
            arm("over-base", "cdr", &[("weak", "\"base\"")], "The weak model is the base: a wider gap."),
            arm(
                "strong",
                "dpo",
                &[],
                "The strong model's own lesson: DPO on the pairs that annotators labelled for it.",
            ),
        ],
        &[
            decides("The ratio is a reward to learn from.", Sampled, Start, (More, LEARNING)),
            decides(
                "Learning from it beats learning what the strong model learned.",
                Sampled,
                Other("strong"),
                (More, GAIN),
            ),
            decides("Customised contexts label better.", Labels, Other("customised"), (Less, GAIN)),
            decides("A wider gap labels better.", Labels, Other("over-base"), (Less, GAIN)),
        ],
    ),
    claim(
        "flr",
        &[
            arm("satisfied", "flr", &[("sides", "\"satisfied\"")], "Only what satisfied users say counts."),
            arm("dissatisfied", "flr", &[("sides", "\"dissatisfied\"")], "Only what dissatisfied users say counts."),
        ],
        &[
            decides("Follow-ups are a reward to learn from.", Sampled, Start, (More, LEARNING)),
            decides("Both sides label better than satisfied users.", Labels, Other("satisfied"), (More, GAIN)),
            beside("They label better than dissatisfied users.", Labels, Other("dissatisfied"), (More, GAIN)),
        ],
    ),
    claim(
        "sharpening",
        &[
            arm("regress", "sharpening", &[("algorithm", "\"regress\"")], "Regression on differences of likelihood."),
            arm("normalised", "sharpening", &[("reward", "\"normalised\"")], "The best by the mean over its tokens."),
        ],
        &[
            decides("Sampled answers get better by imitation of the likeliest.", Sampled, Start, (More, GAIN)),
            decides(
                "They become better than the start's greedy ones.",
                Sampled,
                StartOf(Quantity::Figure(Greedy)),
                (More, GAIN),
            ),
            beside(
                "They are as good as its own greedy ones.",
                Sampled,
                Own(Quantity::Figure(Greedy)),
                (Same, LEARNING),
            ),
            beside("Regression does as much.", Sampled, Other("regress"), (Same, GAIN)),
            beside("So does the mean over tokens.", Sampled, Other("normalised"), (Same, GAIN)),
        ],
    ),
    claim(
        "seed-ads",
        &[arm("coin", "seed-ads", &[("selector", "\"coin\"")], "The ads to learn from are drawn by lot.")],
        &[
            decides("Ads become more memorable than the originals.", Sampled, Demonstrations, (More, LEARNING)),
            decides("It is the selection that does it.", Sampled, Other("coin"), (More, LEARNING)),
            beside("They are more memorable than the starter's.", Sampled, Start, (More, LEARNING)),
        ],
    ),
    Study {
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
            beside("It makes the worst of them better.", WorstJudge, Other("no-penalty"), (More, GAIN)),
            beside("The filter makes the policy better.", Sampled, Other("no-filter"), (More, GAIN)),
            beside("What the filter keeps is more often right.", Labels, Other("no-filter"), (More, LEARNING)),
            beside("Confidence makes the policy better.", Sampled, Other("no-confidence"), (More, GAIN)),
            beside("Labels of every step make the policy better.", Sampled, Other("static-labels"), (More, GAIN)),
        ],
    },
    Study {
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
    },
    elsewhere::NLHF_CYCLIC,
    elsewhere::DNO_CYCLIC,
    elsewhere::SHARPENING_GRAMMAR,
];
