//! The settings of each recipe, in the order in which they are best read.

use std::ops::Bound;

use super::{
    ANY, BELOW_HALF, BELOW_ONE, BETA, DRAWN, JUDGE, LEARN, Loops, MANY, Node, ONE, OURS, POSITIVE, REPLAY, Range,
    Setting, ZERO, choice, count, real, switch,
};

const UNKNOWN: &str = "our choice; the paper's value could not be read (SCIR, arXiv 2502.08922)";
const ABLATION: &str = "our ablation; true in SCIR (arXiv 2502.08922, abstract)";

const SELF_REWARDING: [Node; 7] = Loops {
    iterations: "three, as in Self-Rewarding Language Models (arXiv 2401.10020, abstract)",
    samples: "Self-Rewarding Language Models (arXiv 2401.10020), section 3: N = 4",
    fewest: 2,
}
.nodes();

const SFT: &[Node] = &[
    count("rounds", 1, 1000, "rounds", ["Rounds, each on fresh demonstrations and measured after it.", OURS]),
    count("demonstrations", 1, MANY, "demonstrations", ["Demonstrations to imitate in each round.", OURS]),
    Node::Beside(REPLAY),
    Node::Group("learn", LEARN),
];

const DPO: &[Node] = &[
    Node::One(
        "objective",
        Setting {
            what: "The loss over pairs that is minimised, or a mix of losses with weights.",
            unit: "",
            range: Range::Losses,
            source: "sigmoid is eq. 7 of DPO (arXiv 2305.18290); names as in TRL 1.16, whose documentation has each one's paper",
        },
    ),
    Node::Beside(BETA),
    real(
        "label_smoothing",
        ZERO,
        BELOW_HALF,
        "share of the labels",
        [
            "Share of the labels that is taken to be wrong; for the objectives sigmoid, robust, exo_pair, aot and aot_unpaired.",
            "0 in DPO (arXiv 2305.18290); more is conservative DPO with sigmoid (E. Mitchell, 'A note on DPO with noisy preferences', 2023), 1e-3 in EXO (arXiv 2402.00856)",
        ],
    ),
    count("pairs", 1, MANY, "pairs", ["Labelled pairs to learn from.", OURS]),
    Node::Beside(REPLAY),
    Node::Group("learn", LEARN),
];

const SRLM: &[Node] = &[Node::Beside(JUDGE), Node::Group("loop", &SELF_REWARDING)];

const SCIR: &[Node] = &[
    Node::Beside(JUDGE),
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

const CREAM: &[Node] = &[
    choice(
        "consistency",
        &["mean", "prompt"],
        [
            "Whose consistency labels a pair: the mean over all prompts, or its own prompt's.",
            "the mean in CREAM's main method, each prompt's own in its variant (arXiv 2410.12735, authors' code)",
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

const SPA: &[Node] = &[
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

const OSP: &[Node] = &[
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

const SPIN: &[Node] = &[
    count(
        "iterations",
        1,
        1000,
        "iterations",
        ["How often the policy plays against its last version.", "SPIN (arXiv 2401.01335): four"],
    ),
    count(
        "demonstrations",
        1,
        MANY,
        "demonstrations",
        [
            "Demonstrations to tell from the policy's own answers, the same in every iteration.",
            "our choice; 50,000 in SPIN (arXiv 2401.01335)",
        ],
    ),
    switch(
        "previous",
        ["Learn from the answers of the iteration before once more.", "true in SPIN (arXiv 2401.01335), authors' code"],
    ),
    Node::Beside(BETA),
    real(
        "last_beta",
        POSITIVE,
        ANY,
        "",
        ["The same scale in the last iteration.", "our choice to leave it; 5 in SPIN's scripts (arXiv 2401.01335)"],
    ),
    real(
        "late_learning_rate",
        POSITIVE,
        ANY,
        "",
        [
            "Factor on the learning rate in the second half of the iterations.",
            "our choice to leave it; 0.2 in SPIN's scripts (arXiv 2401.01335)",
        ],
    ),
    Node::Beside(REPLAY),
    Node::Group("sampling", DRAWN),
    Node::Group("learn", LEARN),
];

const SELM: &[Node] = &[
    count(
        "rounds",
        1,
        1000,
        "rounds",
        ["Iterations with a new answer to every prompt.", "SELM (arXiv 2405.19332), authors' code: 3"],
    ),
    switch(
        "offline",
        [
            "Begin with an iteration on the given pairs alone.",
            "true for Zephyr in SELM (arXiv 2405.19332), authors' code",
        ],
    ),
    count("pairs", 1, 100_000, "pairs", ["Given pairs in each iteration; no pair serves twice.", OURS]),
    real(
        "alpha",
        ZERO,
        ANY,
        "",
        [
            "Weight of the optimism: how much the loss rises with what the reference itself would say; 0 is online DPO.",
            "SELM (arXiv 2405.19332), authors' code: 0.001",
        ],
    ),
    real(
        "beta",
        POSITIVE,
        ANY,
        "",
        [
            "Scale of the implicit reward in the loss: the larger, the nearer the policy stays to where it began.",
            "our choice; 0.01 in SELM (arXiv 2405.19332) for models a thousand times larger",
        ],
    ),
    count("max_new_tokens", 1, 65_536, "tokens", ["The longest new answer; what is longer is cut off.", OURS]),
    Node::Beside(REPLAY),
    Node::Group("learn", LEARN),
];

const DNO_LOOP: [Node; 7] = Loops {
    iterations: "DNO (arXiv 2404.03715), algorithm 2: three",
    samples: "DNO (arXiv 2404.03715), algorithm 2: five, and the teacher's",
    fewest: 4,
}
.nodes();

const DNO: &[Node] = &[
    choice(
        "labels",
        &["hard", "soft"],
        [
            "Whether a pair's label is 1, or follows the difference of the win rates.",
            "hard in DNO's practical algorithm, soft in its theory (arXiv 2404.03715)",
        ],
    ),
    count(
        "floor",
        0,
        6,
        "points",
        ["The least score of a chosen answer, of 6.", "DNO (arXiv 2404.03715), experiments: 5"],
    ),
    count(
        "margin",
        1,
        6,
        "points",
        ["How much lower the rejected answer must score than a teacher's.", "DNO (arXiv 2404.03715), experiments: 2"],
    ),
    count(
        "own_margin",
        1,
        6,
        "points",
        [
            "How much lower the rejected answer must score than one of the policy's own.",
            "DNO (arXiv 2404.03715), experiments: 1",
        ],
    ),
    switch(
        "restrictive",
        ["Choose only the teacher's answers.", "the ablation DNO-Restrictive (arXiv 2404.03715); false in DNO"],
    ),
    real(
        "replayed",
        ZERO,
        BELOW_HALF,
        "share of the pairs",
        [
            "Share of the pairs that come again from the iteration before; half as many from each earlier one.",
            "DNO (arXiv 2404.03715), experiments: at most 0.3",
        ],
    ),
    Node::Group("loop", &DNO_LOOP),
];

const GIVEN_LOOP: [Node; 7] = Loops {
    iterations: "once, as from given data; more are our extension",
    samples: "our choice; the paper learns from given answers",
    fewest: 2,
}
.nodes();

const REWARD_AUG: &[Node] = &[
    real(
        "label_smoothing",
        ZERO,
        BELOW_HALF,
        "share of the labels",
        [
            "Share of the labels that is taken to be wrong.",
            "our choice; 0.3 for one model in the released code (arXiv 2410.08067)",
        ],
    ),
    Node::Group("loop", &GIVEN_LOOP),
];

const BCO: &[Node] = &[
    count("approval", 1, 5, "points", ["The least score, of 5, that gets a thumb up.", OURS]),
    switch(
        "match_prompts",
        [
            "Weight thumbs down by how much their prompts are like those of thumbs up.",
            "underlying distribution matching in BCO (arXiv 2404.04656), section 4",
        ],
    ),
    real(
        "least_weight",
        ZERO,
        ONE,
        "",
        ["The least weight of a thumb down.", "0.5 in TRL's implementation of BCO (arXiv 2404.04656)"],
    ),
    real(
        "most_weight",
        Bound::Included(1.0),
        ANY,
        "",
        ["The largest weight of a thumb down.", "10 in TRL's implementation of BCO (arXiv 2404.04656)"],
    ),
    Node::Group("loop", &GIVEN_LOOP),
];

const UPO_LOOP: [Node; 7] = Loops {
    iterations: "our choice: the labelled pairs first, then two iterations of its own (UPO, arXiv 2409.11212)",
    samples: "UPO (arXiv 2409.11212), authors' code: six",
    fewest: 2,
}
.nodes();

const UPO: &[Node] = &[
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
        "soft_labels",
        [
            "Label a pair with the estimator's mean probability instead of 1.",
            "our reading of the weighted objective in UPO (arXiv 2409.11212); off in the authors' code",
        ],
    ),
    Node::Group("loop", &UPO_LOOP),
];

/// The settings of each recipe.
pub(in crate::recipe::settings) const RECIPES: &[(&str, &[Node])] = &[
    ("sft", SFT),
    ("dpo", DPO),
    ("srlm", SRLM),
    ("scir", SCIR),
    ("cream", CREAM),
    ("selfie-spa", SPA),
    ("osp", OSP),
    ("spin", SPIN),
    ("selm", SELM),
    ("dno", DNO),
    ("reward-aug", REWARD_AUG),
    ("bco", BCO),
    ("upo", UPO),
];
