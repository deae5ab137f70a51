//! The list. One entry a recipe, in the order of the registry; what asks for more stands at the end.
//!
//! Where the mechanism of a paper is a switch of its recipe, the recipe with the switch turned is the baseline:
//! nothing else then differs.

use super::{
    Against::{After, Arm as Other, Control, Demonstrations, Number, Own, Start, StartOf},
    Study, elsewhere, of_scir,
    terms::{GAIN, LEARNING, arm, beside, beside_by, claim, decides, decides_by, noted},
};
use crate::{
    measure::{
        Expected::{Less, More, Same},
        Figure::{
            Agreement, BestOnStart, Divergence, Dropped, Greedy, Judges, Kept, Labels, LabelsAsked, LabelsDropped,
            PanelAgreement, Sampled, WorstOnStart,
        },
        Quantity,
        Reading::Place,
        annotator::Annotator,
    },
    run,
};

/// The rank correlation of a proxy's mean and the truth's over the iterations so far.
const OVER_ITERATIONS: Quantity = noted("spearman over iterations", Place(0));

/// A rank correlation worth the name.
const RANKS: f64 = 0.2;

/// How alike two successive models rank the same answers, from 0 to 1; 0.5 is chance.
const CONSISTENCY: Quantity = noted("mean consistency", Place(0));

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
            // Of answers that stay the same: those of the policy get harder to tell apart.
            beside("The worst of its own judges gets better.", WorstOnStart, Start, (More, GAIN)),
            beside("The best of them gets better.", BestOnStart, Start, (More, GAIN)),
        ],
    ),
    claim(
        "cream",
        &[
            arm("no-consistency", "cream", &[("consistency", "\"none\"")], "Every label is 1."),
            arm("constant", "cream", &[("consistency", "\"constant\"")], "Every label is as soft as the mean of all."),
            arm("srlm", "srlm", &[], "Self-rewarding by the generative judges, at the same budget."),
        ],
        &[
            decides("Softened labels teach more.", Sampled, Other("no-consistency"), (More, GAIN)),
            decides(
                "Softening by consistency teaches more than by a constant.",
                Sampled,
                Other("constant"),
                (More, GAIN),
            ),
            beside("The policy stays nearer to its start.", Divergence, Other("no-consistency"), (Less, 0.1)),
            beside("It beats self-rewarding.", Sampled, Other("srlm"), (More, GAIN)),
            // In the first iteration the model before has no reward to rank by.
            beside_by(
                "Rankings are more consistent than in the first iteration, in which likelihood ranks.",
                CONSISTENCY,
                After(1),
                (More, GAIN),
            ),
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
            beside_by(
                "Its own answers are chosen over the teacher's more often.",
                noted("own over teacher", Place(0)),
                After(1),
                // A pair a prompt can have is one of a handful: a tenth of the teacher's first wins.
                (More, 10.0),
            ),
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
            beside_by(
                "Asked for the highest score it answers better than asked for the lowest.",
                noted("reward at goal", Place(Annotator::SCALE)),
                Own(noted("reward at goal", Place(0))),
                (More, LEARNING),
            ),
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
            decides_by("Over the iterations the two rise together.", OVER_ITERATIONS, Number(0.0), (More, RANKS)),
            decides_by(
                "They do so more than without what regularises it.",
                OVER_ITERATIONS,
                Other("relevance-alone"),
                (More, RANKS),
            ),
            beside_by(
                "It ranks an iteration's answers as the truth does.",
                noted("spearman of proxy and truth", Place(0)),
                Number(0.0),
                (More, RANKS),
            ),
            beside("The branch helps.", Sampled, Other("no-branching"), (More, GAIN)),
        ],
    ),
    claim(
        "t-reg",
        &[arm("dpo", "t-reg", &[("alpha", "0.0")], "DPO after the same first iteration.")],
        &[
            decides("Credit for tokens improves on DPO.", Sampled, Other("dpo"), (More, GAIN)),
            beside_by(
                "The credit tells faults from sound tokens.",
                noted("AUROC of the token credit", Place(0)),
                Number(0.5),
                (More, LEARNING),
            ),
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
            beside_by(
                "Words for a good answer bring better ones than words for a bad one.",
                noted("controllability gap", Place(0)),
                Number(0.0),
                (More, LEARNING),
            ),
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
    of_scir::SWITCHES,
    of_scir::JUDGES,
    elsewhere::NLHF_CYCLIC,
    elsewhere::DNO_CYCLIC,
    elsewhere::SHARPENING_GRAMMAR,
];
