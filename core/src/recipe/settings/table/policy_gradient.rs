//! The settings of recipes that follow the gradient of a reward, in the order in which they are best read.

use super::{ANY, BELOW_ONE, DRAWN, LEARN, MANY, Node, ONE, OURS, POSITIVE, REPLAY, ZERO, choice, count, real, switch};

const ABLATION: &str = "our ablation; true in R³ (arXiv 2402.03469), authors' code";

const ITERATIONS: Node =
    count("iterations", 1, 1000, "iterations", ["How often the policy draws answers and learns from them.", OURS]);

pub(super) const NLHF: &[Node] = &[
    choice(
        "preference",
        &["model", "bradley_terry", "annotators"],
        [
            "Who says which of two answers is preferred: a model taught by annotators' pairs, one that scores every answer alone, or the annotators about every pair.",
            "a model in Nash learning (arXiv 2312.00886)",
        ],
    ),
    count("labelled", 1, MANY, "pairs", ["Annotators' pairs that the preference model learns from.", OURS]),
    count("labelled_epochs", 1, 1000, "passes", ["How often it learns from each of them.", OURS]),
    real(
        "kappa",
        ZERO,
        ONE,
        "",
        [
            "The reference's part of the opponent, token by token: 0 is self-play, 1 is the best response to the reference.",
            "0.125 to 0.375 were best in Nash learning (arXiv 2312.00886); 0.5 in TRL",
        ],
    ),
    real(
        "tau",
        ZERO,
        ANY,
        "",
        [
            "Weight of the divergence from the reference in the reward.",
            "0.008 in Nash learning (arXiv 2312.00886), of 0.005 to 0.02",
        ],
    ),
    ITERATIONS,
    count("prompts", 1, MANY, "prompts", ["Fresh prompts in each iteration.", OURS]),
    count(
        "samples",
        1,
        64,
        "answers",
        [
            "Answers to each prompt, and as many of the opponent; all meet all.",
            "our choice; one in Nash learning (arXiv 2312.00886)",
        ],
    ),
    Node::Beside(REPLAY),
    Node::Group("sampling", DRAWN),
    Node::Group("learn", LEARN),
];

pub(super) const R3: &[Node] = &[
    switch("repetition_penalty", ["Multiply by the share of distinct trigrams of words.", ABLATION]),
    switch("length_incentive", ["Multiply the relevance of answers to open queries by their length.", ABLATION]),
    switch(
        "branching",
        ["Reward answers to constrained queries by their relevance to a reference, whatever their length.", ABLATION],
    ),
    count(
        "unit",
        1,
        MANY,
        "words",
        [
            "An answer's length that counts as 1.",
            "our choice; 100 in R³ (arXiv 2402.03469), authors' code, for answers of up to 512 tokens",
        ],
    ),
    count("corpus", 4, MANY, "demonstrations", ["Demonstrations that the retriever learns from.", OURS]),
    count("corpus_epochs", 1, 1000, "passes", ["How often it learns from each of them.", OURS]),
    count(
        "width",
        1,
        4096,
        "",
        ["Numbers of an embedding.", "our choice; 768 in Contriever (arXiv 2112.09118), which R³ uses"],
    ),
    real("kl", ZERO, ANY, "", ["Weight of the divergence from the start beside advantages of variance 1.", OURS]),
    real(
        "clip",
        POSITIVE,
        BELOW_ONE,
        "",
        [
            "How far the probability of a token may move, as a share of what it was, before its gradient stops.",
            "0.2 in PPO (arXiv 1707.06347), section 6",
        ],
    ),
    ITERATIONS,
    count("prompts", 1, MANY, "queries", ["Queries in each iteration.", OURS]),
    count("samples", 1, 64, "answers", ["Answers to each query; the others are an answer's baseline.", OURS]),
    Node::Beside(REPLAY),
    Node::Group("sampling", DRAWN),
    Node::Group("learn", LEARN),
];
