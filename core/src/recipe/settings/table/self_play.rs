//! The settings of the self-play recipes, in the order in which they are best read.

use super::{
    ANY, BELOW_HALF, BETA, DRAWN, LEARN, Loops, MANY, Node, OURS, POSITIVE, REPLAY, ZERO, choice, count, real, switch,
};

pub(super) const SPIN: &[Node] = &[
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

pub(super) const SELM: &[Node] = &[
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

pub(super) const DNO: &[Node] = &[
    choice(
        "annotated",
        &["scores", "preferences"],
        [
            "What annotators say: a score of every answer, or which of every two they prefer, which can go round in a circle.",
            "scores side by side in DNO's practical algorithm, preferences in its theory (arXiv 2404.03715)",
        ],
    ),
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
        [
            "The least score of a chosen answer, of 6; where annotators compare and a quarter errs, win rates come to 4.5.",
            "DNO (arXiv 2404.03715), experiments: 5",
        ],
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
