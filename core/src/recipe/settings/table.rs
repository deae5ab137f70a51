//! The table itself.

use std::ops::Bound;

use super::{Range, Setting};

/// An entry of the table.
pub(super) enum Node {
    /// A setting by its name.
    One(&'static str, Setting),
    /// A group with a name of its own.
    Group(&'static str, &'static [Node]),
    /// A group whose members stand beside the others.
    Beside(&'static [Node]),
}

/// Counts have bounds so that their products, which plans compute, stay within 64 bits.
pub(super) const MANY: i64 = 1_000_000;

const fn count(name: &'static str, least: i64, most: i64, unit: &'static str, texts: [&'static str; 2]) -> Node {
    Node::One(name, Setting { what: texts[0], unit, range: Range::Whole { least, most }, source: texts[1] })
}

const fn real(
    name: &'static str,
    low: Bound<f64>,
    high: Bound<f64>,
    unit: &'static str,
    texts: [&'static str; 2],
) -> Node {
    Node::One(name, Setting { what: texts[0], unit, range: Range::Real(low, high), source: texts[1] })
}

const fn choice(name: &'static str, words: &'static [&'static str], texts: [&'static str; 2]) -> Node {
    Node::One(name, Setting { what: texts[0], unit: "", range: Range::Choice(words), source: texts[1] })
}

const fn switch(name: &'static str, texts: [&'static str; 2]) -> Node {
    Node::One(name, Setting { what: texts[0], unit: "", range: Range::Switch, source: texts[1] })
}

pub(super) const ZERO: Bound<f64> = Bound::Included(0.0);
pub(super) const POSITIVE: Bound<f64> = Bound::Excluded(0.0);
const ONE: Bound<f64> = Bound::Included(1.0);
const BELOW_ONE: Bound<f64> = Bound::Excluded(1.0);
pub(super) const BELOW_HALF: Bound<f64> = Bound::Excluded(0.5);
pub(super) const ANY: Bound<f64> = Bound::Unbounded;

const OURS: &str = "our choice";
const UNKNOWN: &str = "our choice; the paper's value could not be read (SCIR, arXiv 2502.08922)";
const ABLATION: &str = "our ablation; true in SCIR (arXiv 2502.08922, abstract)";
const ADAMW: &str = "AdamW (arXiv 1711.05101), algorithm 2; the default of PyTorch";

const SAMPLING: &[Node] = &[
    real(
        "temperature",
        ZERO,
        ANY,
        "",
        [
            "Divides the logits before a token is drawn; 0 always takes the most likely one.",
            "our choice, warmer than the 0.7 of Self-Rewarding Language Models (arXiv 2401.10020, section 3): a small model's answers are otherwise too much alike",
        ],
    ),
    count(
        "top_k",
        0,
        MANY,
        "tokens",
        [
            "Only the so many most likely tokens are drawn from; 0 keeps all.",
            "our choice; top-k sampling (arXiv 1805.04833)",
        ],
    ),
    real(
        "top_p",
        POSITIVE,
        ONE,
        "probability",
        [
            "Only the smallest set of most likely tokens that reaches this probability is drawn from; 1 keeps all.",
            "our choice; 0.9 in Self-Rewarding Language Models (arXiv 2401.10020, section 3); nucleus sampling (arXiv 1904.09751)",
        ],
    ),
    real(
        "min_p",
        ZERO,
        ONE,
        "",
        [
            "Only tokens at least so many times as likely as the most likely one are drawn from; 0 keeps all.",
            "our choice; min-p sampling (arXiv 2407.01082)",
        ],
    ),
    count("max_new_tokens", 1, 65_536, "tokens", ["The longest answer; what is longer is cut off.", OURS]),
];

const LEARN: &[Node] = &[
    real(
        "learning_rate",
        POSITIVE,
        ANY,
        "",
        [
            "How far one optimiser step goes, at its peak.",
            "our choice for small models; 1e-6 in DPO (arXiv 2305.18290, appendix B) and Self-Rewarding Language Models (arXiv 2401.10020, section 3)",
        ],
    ),
    choice(
        "schedule",
        &["constant", "cosine", "linear"],
        ["How the learning rate goes on after the warm-up.", "our choice; the cosine after SGDR (arXiv 1608.03983)"],
    ),
    real(
        "warmup",
        ZERO,
        ONE,
        "share of the steps",
        [
            "Share of the steps over which the learning rate rises from 0 to its peak.",
            "our choice; 150 steps in DPO (arXiv 2305.18290, appendix B)",
        ],
    ),
    count(
        "batch_size",
        1,
        65_536,
        "items",
        [
            "Items that one optimiser step learns from.",
            "our choice; 64 in DPO (arXiv 2305.18290, appendix B), 16 in Self-Rewarding Language Models (arXiv 2401.10020, section 3)",
        ],
    ),
    count(
        "micro_batch",
        1,
        65_536,
        "items",
        ["Items in one forward pass: fewer need less memory, and the result is the same.", OURS],
    ),
    count("epochs", 1, 1000, "passes", ["How often every item is learned from in one iteration.", OURS]),
    real(
        "max_grad_norm",
        POSITIVE,
        ANY,
        "",
        ["Longer gradients are scaled down to this norm.", "our choice; gradient clipping (arXiv 1211.5063)"],
    ),
    Node::Group(
        "adamw",
        &[
            real("beta1", ZERO, BELOW_ONE, "", ["How slowly the running mean of the gradients forgets.", ADAMW]),
            real(
                "beta2",
                ZERO,
                BELOW_ONE,
                "",
                ["How slowly the running mean of the squared gradients forgets.", ADAMW],
            ),
            real("epsilon", POSITIVE, ANY, "", ["Added to the divisor, so that it is never 0.", ADAMW]),
            real(
                "weight_decay",
                ZERO,
                ANY,
                "",
                ["How strongly every weight is drawn towards 0, decoupled from the gradient.", ADAMW],
            ),
        ],
    ),
];

const REPLAY: &[Node] = &[
    count(
        "replay",
        0,
        65_536,
        "judgements",
        [
            "Judgements of the world's annotators mixed into each optimiser step, so that the model does not unlearn to judge; there are none without a world.",
            "our choice, after the evaluation fine-tuning of Self-Rewarding Language Models (arXiv 2401.10020, section 2)",
        ],
    ),
    real("replay_weight", ZERO, ANY, "", ["Weight of their loss beside 1 for what is learned.", OURS]),
];

const BETA: &[Node] = &[real(
    "beta",
    POSITIVE,
    ANY,
    "",
    [
        "Scale of the implicit reward in the loss: the larger, the nearer the policy stays to where it began.",
        "DPO (arXiv 2305.18290), eq. 7; 0.1 in its appendix B and in Self-Rewarding Language Models (arXiv 2401.10020, section 3)",
    ],
)];

const JUDGE: &[Node] = &[choice(
    "judge",
    &["pointwise", "pairwise"],
    [
        "How the generative judges are asked: for a score of each answer, or for the better of two in both orders.",
        "pointwise after Self-Rewarding Language Models (arXiv 2401.10020, section 2); pairwise is our choice",
    ],
)];

const LOOP: &[Node] = &[
    count(
        "iterations",
        1,
        1000,
        "iterations",
        [
            "How often the model samples, judges and learns.",
            "three, as in Self-Rewarding Language Models (arXiv 2401.10020, abstract)",
        ],
    ),
    count(
        "prompts",
        1,
        MANY,
        "prompts",
        [
            "Fresh prompts in each iteration.",
            "our choice; those of Self-Rewarding Language Models (arXiv 2401.10020) gave about 4,000 pairs at first",
        ],
    ),
    count(
        "samples",
        2,
        64,
        "answers",
        [
            "Answers to each prompt; a pair needs two.",
            "Self-Rewarding Language Models (arXiv 2401.10020), section 3: N = 4",
        ],
    ),
    count(
        "pairs",
        1,
        MANY,
        "pairs",
        ["Pairs to learn from in each iteration, at most, so that methods compare at equal budgets.", OURS],
    ),
    Node::Beside(BETA),
    Node::Beside(REPLAY),
    Node::Group("sampling", SAMPLING),
    Node::Group("learn", LEARN),
];

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

const SRLM: &[Node] = &[Node::Beside(JUDGE), Node::Group("loop", LOOP)];

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
    Node::Group("loop", LOOP),
];

/// Measuring and writing.
pub(super) const OPTIONS: &[Node] = &[
    count("held_out", 1, 100_000, "prompts", ["Held-out prompts that every measurement is made on.", OURS]),
    switch(
        "controls",
        [
            "Whether the same budget is also spent on labels from a coin and on true labels, where a world knows them.",
            OURS,
        ],
    ),
    count(
        "checkpoint_every",
        1,
        MANY,
        "steps",
        [
            "Optimiser steps between checkpoints within an iteration; a run that is killed repeats at most so many.",
            OURS,
        ],
    ),
    count("decode_batch", 1, 65_536, "answers", ["Answers that are drawn together: fewer need less memory.", OURS]),
    count(
        "token_budget",
        1,
        MANY,
        "tokens",
        ["Tokens in one forward pass when nothing is learned: fewer need less memory.", OURS],
    ),
    Node::Group("sampling", SAMPLING),
];

/// The settings of each recipe.
pub(super) const RECIPES: &[(&str, &[Node])] = &[("sft", SFT), ("dpo", DPO), ("srlm", SRLM), ("scir", SCIR)];
