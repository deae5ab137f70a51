//! Studies in other worlds than the usual one: claims that cannot be asked about there.

use super::{
    Against::{After, Arm as Other, Own, Start},
    Study,
    terms::{GAIN, LEARNING, arm, beside, beside_by, decides_by, noted},
};
use crate::measure::{
    Expected::{Less, More, Same},
    Figure::{Divergence, Sampled},
    Quantity,
    Reading::{AboveHalf, Mean, Place},
};

/// A gain in exploitability. Who writes of one class of words alone in the world `style-cyclic` loses by a sixth to who
/// writes of the class that beats it; this is about a fifth of that, and more than a win rate over 300 prompts errs by.
const EXPLOITED: f64 = 0.03;

/// The policy's least exploitability, by the players that are known.
const EXPLOITABILITY: Quantity = noted("exploitability", Place(0));

/// The policy's probability of what its base finds likeliest.
const MASS: Quantity = noted("mass on y*", Mean);

/// How often greedy decoding returns that.
const FOUND: Quantity = noted("greedy returns y*", Mean);

/// How often the policy is right, over all of its answers.
const ACCURACY: Quantity = noted("mass, entropy and accuracy", Place(2));

/// The claim of Nash learning where it matters: no reward says what the users prefer together.
pub(super) const NLHF_CYCLIC: Study = Study {
    id: "nlhf-cyclic",
    recipe: "nlhf",
    question: "Where preferences go round in a circle, is a policy that plays against a mixture harder to exploit?",
    world: Some("style-cyclic"),
    settings: &[],
    controls: false,
    arms: &[
        arm(
            "bradley-terry",
            "nlhf",
            &[("preference", "\"bradley_terry\"")],
            "The preference model scores every answer alone: a reward, learned from the same pairs.",
        ),
        arm("self-play", "nlhf", &[("kappa", "0.0")], "The opponent is the policy itself."),
        arm("best-response", "nlhf", &[("kappa", "1.0")], "The opponent is the reference."),
    ],
    tests: &[
        decides_by(
            "A model of preferences leaves less to exploit than a reward.",
            EXPLOITABILITY,
            Other("bradley-terry"),
            (Less, EXPLOITED),
        ),
        decides_by(
            "The mixture leaves less to exploit than self-play.",
            EXPLOITABILITY,
            Other("self-play"),
            (Less, EXPLOITED),
        ),
        decides_by("The policy becomes harder to exploit.", EXPLOITABILITY, Start, (Less, EXPLOITED)),
        beside_by(
            "The mixture leaves less to exploit than the best response.",
            EXPLOITABILITY,
            Other("best-response"),
            (Less, EXPLOITED),
        ),
        beside("The policy stays nearer to its start.", Divergence, Other("self-play"), (Less, 0.1)),
        beside("Users like its answers better on the mean.", Sampled, Start, (More, LEARNING)),
    ],
};

/// The same for direct Nash optimisation, with the approximations of its practical algorithm as arms.
pub(super) const DNO_CYCLIC: Study = Study {
    id: "dno-cyclic",
    recipe: "dno",
    question: "Where preferences go round in a circle, do win rates against oneself leave less to exploit?",
    world: Some("style-cyclic"),
    // No reward knows the circle, so that annotators compare; a quarter of them errs, so that no win rate is near
    // the top of the scale. Chosen is what wins at least every second time, a sixth more often than the rejected.
    settings: &[("annotated", "\"preferences\""), ("floor", "3"), ("margin", "1")],
    controls: false,
    arms: &[
        arm("soft-labels", "dno", &[("labels", "\"soft\"")], "A pair's label follows its win rates: the theory."),
        arm(
            "teacher-wins",
            "dno",
            &[("restrictive", "true")],
            "Only the teacher's answers are chosen (DNO-Restrictive), as in SPIN.",
        ),
        arm("scores", "dno", &[("annotated", "\"scores\"")], "Annotators score every answer alone."),
        arm("dpo", "dpo", &[], "Offline DPO on as many given pairs: a reward, if an implicit one."),
        arm("srlm", "srlm", &[], "Self-rewarding by the generative judges, at the same budget."),
    ],
    tests: &[
        decides_by("It leaves less to exploit than offline DPO.", EXPLOITABILITY, Other("dpo"), (Less, EXPLOITED)),
        decides_by("The policy becomes harder to exploit.", EXPLOITABILITY, Start, (Less, EXPLOITED)),
        beside_by(
            "Soft labels leave less to exploit than hard ones.",
            EXPLOITABILITY,
            Other("soft-labels"),
            (More, EXPLOITED),
        ),
        beside_by(
            "It leaves less to exploit than where the teacher always wins.",
            EXPLOITABILITY,
            Other("teacher-wins"),
            (Less, EXPLOITED),
        ),
        beside_by(
            "It leaves less to exploit than where answers are scored.",
            EXPLOITABILITY,
            Other("scores"),
            (Less, EXPLOITED),
        ),
        beside_by("It leaves less to exploit than self-rewarding.", EXPLOITABILITY, Other("srlm"), (Less, EXPLOITED)),
        beside("Users like its answers better on the mean.", Sampled, Start, (More, LEARNING)),
    ],
};

/// What sharpening is said to do, where the likeliest answer and its probability are known exactly.
pub(super) const SHARPENING_GRAMMAR: Study = Study {
    id: "sharpening-grammar",
    recipe: "sharpening",
    question: "Where all answers can be counted, does a model's mass move onto what it finds likeliest?",
    world: Some("grammar"),
    settings: &[],
    controls: false,
    arms: &[
        arm("regress", "sharpening", &[("algorithm", "\"regress\"")], "Regression on differences of likelihood."),
        arm(
            "exploring",
            "sharpening",
            &[("algorithm", "\"regress\""), ("exploration", "0.1")],
            "The same with optimism about what the base seldom says.",
        ),
    ],
    // The first iteration teaches the base: what follows is compared with it.
    tests: &[
        decides_by("The mass on the likeliest answer rises.", MASS, After(1), (More, LEARNING)),
        decides_by("Greedy decoding finds it more often.", FOUND, After(1), (More, GAIN)),
        beside_by(
            "Greedy decoding finds it where it has half of the mass, and hardly elsewhere.",
            FOUND,
            // Where it has, it must be found; an answer with less can be the greedy one too.
            Own(noted("mass on y*", AboveHalf)),
            (Same, 0.1),
        ),
        beside_by(
            "Answers become less diverse.",
            noted("mass, entropy and accuracy", Place(1)),
            After(1),
            // A tenth of a nat is a tenth fewer answers to choose from.
            (Less, 0.1),
        ),
        beside_by("It is right more often.", ACCURACY, After(1), (More, GAIN)),
        beside_by(
            "It is right less often than its likeliest answer is, the ceiling.",
            ACCURACY,
            Own(noted("accuracy of y*", Mean)),
            (Less, GAIN),
        ),
        beside_by("Imitation moves as much mass as regression.", MASS, Other("regress"), (Same, LEARNING)),
        beside_by(
            "Exploration covers rare likeliest answers better than imitation.",
            noted("coverage", Place(0)),
            Other("exploring"),
            // One draw more until the likeliest answer comes up, on the mean.
            (More, 1.0),
        ),
    ],
};
