//! The settings of recipes whose annotators look at own answers, or make a model that does, in the order in which they
//! are best read.

use super::{ANY, BELOW_ONE, LEARN, Loops, MANY, Node, OURS, POSITIVE, ZERO, choice, count, real, switch};

const SAID: Node =
    count("said", 1, 16, "times", ["How often the words are said: a small model overhears a single one.", OURS]);

const T_REG_LOOP: [Node; 7] = Loops {
    iterations: "T-REG (arXiv 2412.02685): once; more are our extension",
    samples: "T-REG (arXiv 2412.02685): five",
    fewest: 2,
}
.nodes();

pub(super) const T_REG: &[Node] = &[
    real(
        "alpha",
        ZERO,
        ANY,
        "",
        [
            "Weight of the regulariser that draws the reward of single tokens towards their credit; 0 is DPO.",
            "T-REG (arXiv 2412.02685): 0.1, 0.25 or 0.5",
        ],
    ),
    count(
        "revised",
        1,
        MANY,
        "demonstrations",
        [
            "Demonstrations that annotators edit for better and for worse, from which the evaluator learns to revise.",
            OURS,
        ],
    ),
    SAID,
    Node::Group("skill", LEARN),
    Node::Group("loop", &T_REG_LOOP),
];

const COH_LOOP: [Node; 7] = Loops {
    iterations: "Chain of Hindsight (arXiv 2302.02676): once; more are our extension",
    samples: "our choice; Chain of Hindsight (arXiv 2302.02676) learns from given comparisons",
    fewest: 2,
}
.nodes();

pub(super) const COH: &[Node] = &[
    choice(
        "words",
        &["yes-no", "scores", "labels"],
        [
            "What is said of a good and of a bad answer: yes and no, 5 and 0, or A and B.",
            "our choice of words; sentences of many kinds in Chain of Hindsight (arXiv 2302.02676)",
        ],
    ),
    SAID,
    choice(
        "templates",
        &["all", "chains", "single", "good"],
        [
            "How pairs are told: in all ways, both answers in either order, one answer alone, or the good one alone.",
            "all in Chain of Hindsight (arXiv 2302.02676); the good one alone is its baseline of supervised fine-tuning",
        ],
    ),
    count("told", 1, 64, "times", ["How often each pair is told, every time in a way of its own.", OURS]),
    real(
        "hidden",
        ZERO,
        BELOW_ONE,
        "share of the tokens",
        [
            "Share of the answers' tokens that what follows them cannot read, so that it is not copied.",
            "our choice; random masking of past tokens in Chain of Hindsight (arXiv 2302.02676)",
        ],
    ),
    Node::Group("imitate", LEARN),
    Node::Group("loop", &COH_LOOP),
];

const CDR_LOOP: [Node; 7] = Loops {
    iterations: "CDR (arXiv 2411.02481): once; more are our extension",
    samples: "CDR (arXiv 2411.02481), released code: eight",
    fewest: 2,
}
.nodes();

pub(super) const CDR: &[Node] = &[
    count("labelled", 1, MANY, "pairs", ["Labelled pairs that the strong model learns from.", OURS]),
    Node::Group("strong", LEARN),
    choice(
        "weak",
        &["initial", "base"],
        [
            "The model under the strong one: the policy before the first iteration, or the base.",
            "CDR (arXiv 2411.02481): a DPO model over the SFT model that it was trained from",
        ],
    ),
    switch(
        "customised",
        [
            "Let both models read the nearest labelled pair before the prompt.",
            "examples and instructions by domain in CDR (arXiv 2411.02481); neighbourhoods are our choice",
        ],
    ),
    choice(
        "ranked",
        &["sum", "mean"],
        [
            "Whether answers are ranked by the sum of their tokens' ratios or by the mean.",
            "CDR (arXiv 2411.02481), released code: the sum",
        ],
    ),
    choice(
        "rejected",
        &["random", "worst"],
        ["Which answer the best one is to win against.", "CDR (arXiv 2411.02481), released code: a random other one"],
    ),
    real(
        "simpo_beta",
        POSITIVE,
        ANY,
        "",
        ["Scale of the reward of SimPO, the mean log-probability per token.", "SimPO (arXiv 2405.14734): 2 to 10"],
    ),
    real(
        "simpo_gamma",
        ZERO,
        ANY,
        "",
        ["How much more reward the chosen answer has to have.", "SimPO (arXiv 2405.14734): 0.3 to 1.6 times its scale"],
    ),
    Node::Group("loop", &CDR_LOOP),
];
