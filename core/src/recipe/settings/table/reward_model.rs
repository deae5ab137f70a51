//! The settings of recipes whose reward comes from a model of its own, in the order in which they are best read.

use super::{LEARN, Loops, MANY, Node, choice, count};

const FLR_LOOP: [Node; 7] = Loops {
    iterations: "our choice; FLR (arXiv 2409.13948) mines pairs once",
    samples: "our choice; several in FLR (arXiv 2409.13948)",
    fewest: 2,
}
.nodes();

pub(super) const FLR: &[Node] = &[
    choice(
        "sides",
        &["both", "satisfied", "dissatisfied"],
        [
            "Whose follow-ups count: those of satisfied users minus those of dissatisfied ones, or one side alone.",
            "both in FLR (arXiv 2409.13948); one side is an ablation",
        ],
    ),
    count(
        "dialogues",
        1,
        MANY,
        "dialogues",
        [
            "Dialogues from which a copy of the model learns what users say after replies.",
            "our choice; FLR (arXiv 2409.13948) takes models that know it",
        ],
    ),
    count(
        "comments",
        0,
        MANY,
        "comments",
        [
            "Annotators' comments that the copy learns from after that, with the roles of user and model swapped; 0 leaves that out.",
            "our choice; FLR (arXiv 2409.13948) does both",
        ],
    ),
    Node::Group("listening", LEARN),
    Node::Group("loop", &FLR_LOOP),
];
