//! The table: what an entry is, the groups that recipes share, and the list of all; the recipes' own entries are
//! in a file for each family.

mod ads;
mod annotated;
mod given;
mod policy_gradient;
mod reward_model;
mod self_play;
mod self_rewarding;
mod self_training;

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

pub(super) const fn count(
    name: &'static str,
    least: i64,
    most: i64,
    unit: &'static str,
    texts: [&'static str; 2],
) -> Node {
    Node::One(name, Setting { what: texts[0], unit, range: Range::Whole { least, most }, source: texts[1] })
}

pub(super) const fn real(
    name: &'static str,
    low: Bound<f64>,
    high: Bound<f64>,
    unit: &'static str,
    texts: [&'static str; 2],
) -> Node {
    Node::One(name, Setting { what: texts[0], unit, range: Range::Real(low, high), source: texts[1] })
}

pub(super) const fn choice(name: &'static str, words: &'static [&'static str], texts: [&'static str; 2]) -> Node {
    Node::One(name, Setting { what: texts[0], unit: "", range: Range::Choice(words), source: texts[1] })
}

pub(super) const fn switch(name: &'static str, texts: [&'static str; 2]) -> Node {
    Node::One(name, Setting { what: texts[0], unit: "", range: Range::Switch, source: texts[1] })
}

pub(super) const ZERO: Bound<f64> = Bound::Included(0.0);
pub(super) const POSITIVE: Bound<f64> = Bound::Excluded(0.0);
pub(super) const ONE: Bound<f64> = Bound::Included(1.0);
pub(super) const BELOW_ONE: Bound<f64> = Bound::Excluded(1.0);
pub(super) const BELOW_HALF: Bound<f64> = Bound::Excluded(0.5);
pub(super) const ANY: Bound<f64> = Bound::Unbounded;

pub(super) const OURS: &str = "our choice";
const ADAMW: &str = "AdamW (arXiv 1711.05101), algorithm 2; the default of PyTorch";

/// How answers are drawn, with the lowest temperature that can work.
const fn sampling(coolest: Bound<f64>) -> [Node; 5] {
    [
        real(
            "temperature",
            coolest,
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
    ]
}

pub(super) const SAMPLING: &[Node] = &sampling(ZERO);

/// For games that the most likely answer alone would make trivial.
pub(super) const DRAWN: &[Node] = &sampling(POSITIVE);

pub(super) const LEARN: &[Node] = &[
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

pub(super) const REPLAY: &[Node] = &[
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

pub(super) const BETA: &[Node] = &[real(
    "beta",
    POSITIVE,
    ANY,
    "",
    [
        "Scale of the implicit reward in the loss: the larger, the nearer the policy stays to where it began.",
        "DPO (arXiv 2305.18290), eq. 7; 0.1 in its appendix B and in Self-Rewarding Language Models (arXiv 2401.10020, section 3)",
    ],
)];

pub(super) const JUDGE: &[Node] = &[choice(
    "judge",
    &["pointwise", "pairwise"],
    [
        "How the generative judges are asked: for a score of each answer, or for the better of two in both orders.",
        "pointwise after Self-Rewarding Language Models (arXiv 2401.10020, section 2); pairwise is our choice",
    ],
)];

/// Where the settings of a loop come from, recipe by recipe.
pub(super) struct Loops {
    /// How many iterations.
    pub iterations: &'static str,
    /// How many answers.
    pub samples: &'static str,
    /// The fewest of them.
    pub fewest: i64,
}

impl Loops {
    /// The loop's settings.
    pub(super) const fn nodes(self) -> [Node; 7] {
        let times = ["How often the model samples, judges and learns.", self.iterations];
        let answers = ["Answers to each prompt; a pair needs two.", self.samples];
        [
            count("iterations", 1, 1000, "iterations", times),
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
            count("samples", self.fewest, 64, "answers", answers),
            count(
                "pairs",
                1,
                MANY,
                "pairs",
                ["Pairs to learn from in each iteration, at most, so that methods compare at equal budgets.", OURS],
            ),
            Node::Beside(LEARNED),
            Node::Group("sampling", SAMPLING),
            Node::Group("learn", LEARN),
        ]
    }
}

/// What decides about learning beside the optimiser.
const LEARNED: &[Node] = &[Node::Beside(BETA), Node::Beside(REPLAY)];

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
pub(super) const RECIPES: &[(&str, &[Node])] = &[
    ("sft", given::SFT),
    ("dpo", given::DPO),
    ("srlm", self_rewarding::SRLM),
    ("scir", self_rewarding::SCIR),
    ("cream", self_rewarding::CREAM),
    ("selfie-spa", self_rewarding::SPA),
    ("osp", self_rewarding::OSP),
    ("spin", self_play::SPIN),
    ("selm", self_play::SELM),
    ("dno", self_play::DNO),
    ("reward-aug", given::REWARD_AUG),
    ("bco", given::BCO),
    ("upo", self_rewarding::UPO),
    ("nlhf", policy_gradient::NLHF),
    ("r3-relevance", policy_gradient::R3),
    ("t-reg", annotated::T_REG),
    ("coh", annotated::COH),
    ("cdr", annotated::CDR),
    ("flr", reward_model::FLR),
    ("sharpening", self_training::SHARPENING),
    ("seed-ads", ads::SEED_ADS),
];
