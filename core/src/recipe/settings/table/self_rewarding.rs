//! The settings of the self-rewarding recipes, in the order in which they are best read.

use super::{
    ANY, BELOW_HALF, BELOW_ONE, JUDGE, Loops, MANY, Node, ONE, OURS, POSITIVE, ZERO, choice, count, real, switch,
};

const UNKNOWN: &str = "our choice; the paper's value could not be read (SCIR, arXiv 2502.08922)";

const ABLATION: &str = "our ablation; true in SCIR (arXiv 2502.08922, abstract)";

const SELF_REWARDING: [Node; 7] = Loops {
    iterations: "three, as in Self-Rewarding Language Models (arXiv 2401.10020, abstract)",
    samples: "Self-Rewarding Language Models (arXiv 2401.10020), section 3: N = 4",
    fewest: 2,
}
.nodes();

pub(super) const SRLM: &[Node] = &[Node::Beside(JUDGE), Node::Group("loop", &SELF_REWARDING)];

pub(super) const SCIR: &[Node] = &[
    Node::Beside(JUDGE),
    choice(
        "panel",
        &["all", "prompts", "wide", "twice", "one_rubric"],
        [
            "Which internal reward models are to agree: every judge prompt and the implicit reward, the judge prompts alone, all and the first prompt in its other form as well, the first prompt twice, or the first prompt in both forms.",
            "all: generative judges and the implicit reward as in SCIR (arXiv 2502.08922); the others are our ablations",
        ],
    ),
    real("consistency", ZERO, ANY, "", ["Weight of the penalty for internal reward models that disagree.", UNKNOWN]),
    real(
        "confidence",
        ZERO,
        ANY,
        "",
        ["Weight of the penalty for internal reward models that cannot decide (their entropy).", UNKNOWN],
    ),
    real(
        "confidence_warmup",
        ZERO,
        ONE,
        "share of the steps",
        ["Share of an iteration's steps before the entropy counts.", UNKNOWN],
    ),
    real(
        "margin",
        ZERO,
        BELOW_HALF,
        "probability",
        ["How far from one half every internal reward model must be for a pair to count.", UNKNOWN],
    ),
    switch(
        "filter",
        ["Learn only from pairs on which all agree; otherwise from their mean opinion on all pairs.", ABLATION],
    ),
    switch(
        "static_labels",
        [
            "Label the pairs once an iteration instead of anew at every step.",
            "our ablation; false in SCIR (arXiv 2502.08922, abstract)",
        ],
    ),
    Node::Group(
        "implicit",
        &[
            real(
                "beta",
                POSITIVE,
                ANY,
                "",
                [
                    "Scale of the implicit reward as a judge: how sure it is, not which answer it prefers.",
                    "our choice; the reward after DPO (arXiv 2305.18290), eq. 5",
                ],
            ),
            real(
                "length_power",
                ZERO,
                ONE,
                "",
                [
                    "How far the reward is divided by the answer's length: 0 is the sum over its tokens, 1 their mean.",
                    "our choice; 0 in DPO (arXiv 2305.18290), eq. 5",
                ],
            ),
        ],
    ),
    Node::Group("loop", &SELF_REWARDING),
];

const CREAM_LOOP: [Node; 7] = Loops {
    iterations: "our choice; three as in Self-Rewarding Language Models (arXiv 2401.10020), one or two in CREAM (arXiv 2410.12735)",
    samples: "CREAM (arXiv 2410.12735), authors' code: five; rankings of two say nothing",
    fewest: 3,
}
.nodes();

pub(super) const CREAM: &[Node] = &[
    choice(
        "consistency",
        &["mean", "prompt", "none", "constant"],
        [
            "Whose consistency labels a pair: the mean over all prompts, or its own prompt's; with none every label is 1, with constant 0.7.",
            "the mean in CREAM's main method, each prompt's own in its variant (arXiv 2410.12735, authors' code); none and constant are our ablations",
        ],
    ),
    Node::Group("loop", &CREAM_LOOP),
];

const SPA_LOOP: [Node; 7] = Loops {
    iterations: "SPA (arXiv 2406.04412), authors' code: the seed pairs first, then two iterations with its own labels",
    samples: "SPA (arXiv 2406.04412), authors' code: K = 2",
    fewest: 2,
}
.nodes();

pub(super) const SPA: &[Node] = &[
    count(
        "seed_pairs",
        1,
        MANY,
        "pairs",
        [
            "Pairs with annotators' labels that the first iteration learns from.",
            "our choice; about 3 % of all pairs in SPA (arXiv 2406.04412, abstract)",
        ],
    ),
    count(
        "seed_epochs",
        1,
        1000,
        "passes",
        ["How often each of them is learned from.", "SPA (arXiv 2406.04412), authors' code: 3"],
    ),
    real(
        "smoothing",
        ZERO,
        BELOW_HALF,
        "share of the label",
        ["How much of a doubted label goes to the other answer.", "SPA (arXiv 2406.04412), authors' code: 0.1"],
    ),
    real(
        "doubted",
        ZERO,
        ONE,
        "share of the pairs",
        [
            "Labels are doubted whose margin lies below this quantile of the last fifty batches' means.",
            "SPA (arXiv 2406.04412), authors' code: 0.1",
        ],
    ),
    real(
        "warmup",
        ZERO,
        ONE,
        "share of the steps",
        ["Share of an iteration's steps before labels are doubted.", "SPA (arXiv 2406.04412), authors' code: 0.2"],
    ),
    real(
        "extrapolation",
        ZERO,
        ANY,
        "",
        [
            "How far beyond the policy, seen from its start, the logits lie that tell how sure a label is; 1 is the policy itself.",
            "our choice; above 1 in SPA (arXiv 2406.04412), 1 in its released code",
        ],
    ),
    Node::Group("loop", &SPA_LOOP),
];

const OSP_LOOP: [Node; 7] = Loops {
    iterations: "our choice; OSP (arXiv 2405.14103) learns online",
    samples: "our choice; the paper's K could not be read (OSP, arXiv 2405.14103)",
    fewest: 2,
}
.nodes();

pub(super) const OSP: &[Node] = &[
    switch(
        "calibrate",
        [
            "Fit the judge's temperature to the seed judgements in every iteration.",
            "our choice; temperature scaling (arXiv 1706.04599)",
        ],
    ),
    switch("hard_labels", ["Round every label to 0 or 1.", "our ablation; false in OSP (arXiv 2405.14103, abstract)"]),
    Node::Group("loop", &OSP_LOOP),
];

const UPO_LOOP: [Node; 7] = Loops {
    iterations: "our choice: the labelled pairs first, then two iterations of its own (UPO, arXiv 2409.11212)",
    samples: "UPO (arXiv 2409.11212), authors' code: six",
    fewest: 2,
}
.nodes();

pub(super) const UPO: &[Node] = &[
    count(
        "labelled",
        1,
        MANY,
        "pairs",
        ["Pairs with annotators' labels that reward model, estimator and policy begin with.", OURS],
    ),
    real(
        "dropout",
        POSITIVE,
        BELOW_ONE,
        "share of the units",
        ["Share of the estimator's hidden units that a pass leaves out.", "UPO (arXiv 2409.11212), authors' code: 0.1"],
    ),
    count(
        "passes",
        2,
        1000,
        "passes",
        ["How often the estimator is asked about a pair.", "UPO (arXiv 2409.11212), authors' code: 10"],
    ),
    real(
        "asked",
        POSITIVE,
        ONE,
        "share of the pairs",
        [
            "Share of the ordered pairs that the estimator is asked about.",
            "UPO (arXiv 2409.11212), authors' code: 0.25",
        ],
    ),
    real(
        "hard",
        ZERO,
        ONE,
        "share of the pairs",
        [
            "Share of the informative pairs that is learned from beside the easy ones.",
            "UPO (arXiv 2409.11212), authors' code: 0.2",
        ],
    ),
    real(
        "widest",
        ZERO,
        ONE,
        "share of the pairs",
        [
            "Share of the clean pairs that is learned from for their margin of reward.",
            "UPO (arXiv 2409.11212), authors' code: 0.3",
        ],
    ),
    real(
        "again",
        ZERO,
        ONE,
        "share of the pairs",
        [
            "Share of the labelled pairs that every iteration learns from again.",
            "UPO (arXiv 2409.11212), authors' code: 0.4",
        ],
    ),
    switch(
        "filter",
        [
            "Learn only from pairs that the estimator confirms; otherwise from all, by the same sampling.",
            "our ablation; true in UPO (arXiv 2409.11212)",
        ],
    ),
    switch(
        "soft_labels",
        [
            "Label a pair with the estimator's mean probability instead of 1.",
            "our reading of the weighted objective in UPO (arXiv 2409.11212); off in the authors' code",
        ],
    ),
    Node::Group("loop", &UPO_LOOP),
];
