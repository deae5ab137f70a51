//! The settings of recipes that learn from given or rated answers, in the order in which they are best read.

use std::ops::Bound;

use super::{
    ANY, BELOW_HALF, BETA, LEARN, Loops, MANY, Node, ONE, OURS, REPLAY, Range, Setting, ZERO, count, real, switch,
};

const GIVEN_LOOP: [Node; 7] = Loops {
    iterations: "once, as from given data; more are our extension",
    samples: "our choice; the paper learns from given answers",
    fewest: 2,
}
.nodes();

pub(super) const SFT: &[Node] = &[
    count("rounds", 1, 1000, "rounds", ["Rounds, each on fresh demonstrations and measured after it.", OURS]),
    count("demonstrations", 1, MANY, "demonstrations", ["Demonstrations to imitate in each round.", OURS]),
    switch(
        "lasting",
        [
            "Imitate the same demonstrations in every round, those that spin learns from.",
            "our choice, to compare with spin",
        ],
    ),
    Node::Beside(REPLAY),
    Node::Group("learn", LEARN),
];

pub(super) const DPO: &[Node] = &[
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
            "Share of the labels that is taken to be wrong; for the objectives sigmoid, robust, exo_pair, aot, aot_unpaired, simpo and cpo.",
            "0 in DPO (arXiv 2305.18290); more is conservative DPO with sigmoid (E. Mitchell, 'A note on DPO with noisy preferences', 2023), 1e-3 in EXO (arXiv 2402.00856)",
        ],
    ),
    count("pairs", 1, MANY, "pairs", ["Labelled pairs to learn from.", OURS]),
    Node::Beside(REPLAY),
    Node::Group("learn", LEARN),
];

pub(super) const REWARD_AUG: &[Node] = &[
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
    switch(
        "goals",
        [
            "Learn every pair once for each of its two scores; otherwise twice as it is, which is plain DPO.",
            "our ablation; true in the paper (arXiv 2410.08067)",
        ],
    ),
    count(
        "said",
        1,
        16,
        "times",
        [
            "How often the score is said in front of the prompt.",
            "once in the released code (arXiv 2410.08067); more often is ours, for models that overhear a single digit",
        ],
    ),
    Node::Group("loop", &GIVEN_LOOP),
];

pub(super) const BCO: &[Node] = &[
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
    switch(
        "as_pairs",
        [
            "Learn the same answers in pairs by DPO: the better against the worse of a prompt's answers.",
            "our ablation; false in BCO (arXiv 2404.04656)",
        ],
    ),
    Node::Group("loop", &GIVEN_LOOP),
];
