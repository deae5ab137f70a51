//! The settings of recipes that learn from their own chosen answers, in the order in which they are best read.

use super::{ANY, LEARN, Loops, MANY, Node, ZERO, choice, count, real};

const SHARPENING_LOOP: [Node; 7] = Loops {
    iterations: "sharpening (arXiv 2412.01951) learns once; exploration takes several",
    samples: "our choice; up to 50 in sharpening (arXiv 2412.01951), and 2 are enough for its regression",
    fewest: 2,
}
.nodes();

pub(super) const SHARPENING: &[Node] = &[
    choice(
        "algorithm",
        &["imitate", "regress"],
        [
            "Whether the best of the drawn answers is imitated, or log-ratios are regressed on differences of the reward.",
            "SFT- and RLHF-sharpening (arXiv 2412.01951), section 2",
        ],
    ),
    choice(
        "reward",
        &["logprob", "normalised", "majority"],
        [
            "What an answer is worth to the model itself: its log-probability, the mean of that over its tokens, or how many of the answers are the same.",
            "the log-probability in the theory of sharpening (arXiv 2412.01951), all three in its experiments",
        ],
    ),
    real(
        "exploration",
        ZERO,
        ANY,
        "",
        [
            "Weight of the exploration in the regression: how much the loss rises with what the base would say anyway; 0 leaves it out.",
            "our choice; the bonus of XPO (arXiv 2405.21046), algorithm 1, as in sharpening (arXiv 2412.01951)",
        ],
    ),
    count(
        "demonstrations",
        0,
        MANY,
        "demonstrations",
        [
            "Demonstrations that the model learns from first in a world that it was not taught, such as grammar; none elsewhere.",
            "our choice",
        ],
    ),
    Node::Group("teaching", LEARN),
    Node::Group("loop", &SHARPENING_LOOP),
];
