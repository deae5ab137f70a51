use super::*;
use crate::format;
use crate::view::panels::answers::{
    cards,
    fixture::{data_log, log},
    index::Budget,
};
use selfsame_core::run::Record;

fn detail(records: &[Record], row: RowId) -> Detail {
    let view = RunView::of(records).unwrap();
    let mut index = Index::default();
    index.advance(1, &view, &mut Budget::new(1_000_000));
    of(&view, &index, row).unwrap()
}

#[test]
fn a_training_prompt_with_scores_roles_and_links() {
    let detail = detail(&log(), RowId::Train(Arm::Main, 1, 1));
    assert_eq!((detail.id.as_str(), detail.prompt.as_str()), ("t1-1", "never:owl <resp>"));
    let Body::Training { answers, pairs, none, also } = detail.body else { panic!("a training prompt") };
    assert_eq!(answers[0].scores, [("content".to_owned(), 4.0), ("form".to_owned(), 1.0)]);
    assert_eq!((roles(&answers[0]), roles(&answers[1])), (vec!["chosen".to_owned()], vec!["rejected".to_owned()]));
    assert!(answers[0].reward.unwrap() < answers[1].reward.unwrap());
    assert!(answers.iter().all(|card| card.mask == Mask::Learned));
    assert_eq!((pairs.len(), pairs[0].right, pairs[0].agreement), (1, Some(false), Agreement::Split));
    assert_eq!(pairs[0].verdicts.iter().map(|v| v.right).collect::<Vec<_>>(), [Some(false), Some(true)]);
    assert_eq!((pairs[0].margin, &pairs[0].texts, none), (Some(-0.2), &None, None));
    assert_eq!(also, [RowId::Train(Arm::RandomLabels, 1, 1)], "the control got the same prompt");
}

#[test]
fn pairs_that_were_dropped_teach_nothing() {
    let Body::Training { answers, pairs, .. } = detail(&log(), RowId::Train(Arm::Main, 2, 0)).body else {
        panic!("a training prompt")
    };
    assert_eq!(pairs.iter().map(|pair| pair.outcome).collect::<Vec<_>>(), [Outcome::Kept, Outcome::Dropped]);
    // The weight a pair was selected with says nothing once it is dropped.
    assert_eq!(cards::label(&pairs[1]), format!("mean of the judges: {}, not used", format::maybe(pairs[1].label)));
    assert!(cards::label(&pairs[0]).ends_with("weight 1.000"), "{}", cards::label(&pairs[0]));
    let labelled = PairCard { unlabelled: false, ..pairs[1].clone() };
    assert_eq!(cards::label(&labelled), format!("label {}, not used", format::maybe(pairs[1].label)));
    assert_eq!(answers[0].roles, [1, 0, 1]);
    assert_eq!(roles(&answers[0]), ["chosen", "compared"]);
    let masks: Vec<Mask> = answers.iter().map(|card| card.mask).collect();
    assert_eq!(masks, [Mask::Learned, Mask::Learned, Mask::Unlearned], "the third is in a dropped pair only");
}

#[test]
fn a_prompt_without_a_pair_says_why() {
    let Body::Training { none, answers, .. } = detail(&log(), RowId::Train(Arm::Main, 1, 2)).body else {
        panic!("a training prompt")
    };
    assert!(none.unwrap().contains("all its answers are the same"));
    assert_eq!(roles(&answers[0]), ["in no pair"]);
}

#[test]
fn a_pair_of_the_data_brings_its_texts() {
    let Body::Training { answers, pairs, none, .. } = detail(&data_log(), RowId::Train(Arm::Main, 1, 0)).body else {
        panic!("a training prompt")
    };
    assert!(answers.is_empty() && none.is_none());
    assert_eq!(pairs[0].texts, Some(["Yes, of course.".to_owned(), "No.".to_owned()]));
    assert!(pairs[0].truth.contains("Nobody knows"));
}

#[test]
fn a_held_out_prompt_across_iterations_and_arms() {
    let Body::HeldOut(arms) = detail(&log(), RowId::HeldOut(0)).body else { panic!("a held-out prompt") };
    let iterations: Vec<(Arm, Vec<u32>)> =
        arms.iter().map(|(arm, moments)| (*arm, moments.iter().map(|m| m.iteration).collect())).collect();
    assert_eq!(iterations, [(Arm::Main, vec![0, 1, 2]), (Arm::RandomLabels, vec![0, 1])], "arms share their start");
    let main = &arms[0].1;
    let reward = |moment: &Moment| moment.greedy.as_ref().unwrap().reward.unwrap();
    assert!(reward(&main[0]) < reward(&main[1]), "the greedy answer got better");
    assert_eq!(main[1].sampled.len(), 2);
    let agreements: Vec<Agreement> = main.iter().map(|m| m.own.as_ref().unwrap().agreement).collect();
    assert_eq!(agreements, [Agreement::Split, Agreement::All, Agreement::Split]);
    assert!(main.iter().all(|m| m.sampled.iter().all(|card| card.mask == Mask::HeldOut)));
    let Body::HeldOut(arms) = detail(&log(), RowId::HeldOut(1)).body else { panic!("a held-out prompt") };
    assert!(arms[0].1[0].measured && arms[0].1[0].own.is_none(), "equal answers are not voted on");
}
