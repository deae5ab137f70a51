//! The settings of the recipe on ads, in the order in which they are best read.

use super::{LEARN, Loops, Node, ONE, OURS, ZERO, choice, count, real, switch};

/// What it is after in most of them.
const PAPER: &str = "Long-Term Ad Memorability (arXiv 2309.00378)";

const ADS_LOOP: [Node; 7] = Loops {
    iterations: "our choice: imitating the seed ads, then three rounds; the paper does not say how many",
    samples: "our choice; several, best kept, in Long-Term Ad Memorability (arXiv 2309.00378)",
    fewest: 2,
}
.nodes();

pub(super) const SEED_ADS: &[Node] = &[
    count(
        "ads",
        20,
        100_000,
        "ads",
        [
            "Ads of the study, whose viewers say what they recalled.",
            "2,205 in Long-Term Ad Memorability (arXiv 2309.00378)",
        ],
    ),
    count(
        "viewers_each",
        1,
        400,
        "viewers",
        ["Viewers of each of the two groups who see an ad: the fewer, the noisier what Henry learns from.", OURS],
    ),
    count("seed_epochs", 1, 1000, "passes", ["How often the generator learns from every ad of the study.", OURS]),
    choice(
        "lesson",
        &["best", "preference"],
        [
            "What the generator learns from in each round: the best ad of each brief, or the best against the worst.",
            "our choice; the paper does not say",
        ],
    ),
    choice(
        "selector",
        &["henry", "coin"],
        ["Who says which ad is the best: Henry, taught by the first group of viewers, or a coin.", PAPER],
    ),
    choice(
        "judges",
        &["henry", "scir"],
        [
            "Whose verdict counts: Henry's alone, or Henry's where the implicit reward says the same. Pairs then count only while both agree, as in `scir`; single ads only if both prefer them to the worst of their brief.",
            "our choice; agreement is that of SCIR (arXiv 2502.08922)",
        ],
    ),
    switch(
        "brand_kept",
        [
            "Whether an ad has to name its brand and no other to be learned from; without it the generator may drop the brand.",
            PAPER,
        ],
    ),
    real(
        "alike",
        ZERO,
        super::ANY,
        "",
        [
            "From which similarity on an ad is nearly the same as a better one and is not learned from; above 1 none is.",
            OURS,
        ],
    ),
    real(
        "spread",
        ZERO,
        ONE,
        "recall",
        [
            "Standard deviation of a bell around each score that Henry learns from; 0 learns the two digits as they are.",
            "0 in Long-Term Ad Memorability (arXiv 2309.00378)",
        ],
    ),
    Node::Group("henry", LEARN),
    Node::Group("loop", &ADS_LOOP),
];
