use super::*;
use crate::{
    fold::tests::ends,
    view::panels::answers::{
        fixture::{data_log, large, log, pair, prompt as a_prompt, record, step},
        verdict::Agreement,
    },
};
use selfsame_core::{
    run::{Event, Record},
    select::Origin,
};

fn whole(records: &[Record]) -> (RunView, Index) {
    let view = RunView::of(records).unwrap();
    let mut index = Index::default();
    index.advance(1, &view, &mut Budget::new(1_000_000));
    assert!(!index.behind());
    (view, index)
}

fn rows(index: &Index) -> Vec<RowId> {
    std::iter::successors(index.next(None), |row| index.next(Some(*row))).collect()
}

#[test]
fn every_prompt_of_every_iteration_and_arm_is_a_row() {
    let (view, index) = whole(&log());
    let rows = rows(&index);
    assert_eq!(rows.len(), 5 + 2 + 5 + 2);
    assert_eq!(rows.len(), index.len());
    assert!(rows.is_sorted(), "the search and the list look rows up by their order");
    let ids: Vec<&str> = rows.iter().map(|row| prompt(&view, &index, *row).unwrap().0).collect();
    assert_eq!(ids[..7], ["t1-0", "t1-1", "t1-2", "t1-3", "t1-4", "t2-0", "t2-1"]);
    assert_eq!(ids[7..12], ids[..5], "the control's");
    assert_eq!(ids[12..], ["held-0", "held-1"]);
}

#[test]
fn pairs_say_what_the_fold_says() {
    for records in [log(), data_log()] {
        let (view, index) = whole(&records);
        for (arm, iteration, group) in index.groups() {
            let of = &view.arms[&arm].iterations[&iteration];
            let expected = view.learned(arm, iteration);
            assert_eq!(group.pairs.len(), expected.len());
            for (pair, expected) in expected.iter().enumerate() {
                let learned = group.learned(of, &expected.prompt, pair).unwrap();
                assert_eq!(learned, *expected, "{arm:?} {iteration} {pair}");
                assert_eq!(group.pairs[pair].right(&of.pairs[pair]), expected.right());
            }
        }
    }
}

#[test]
fn rows_know_their_fate() {
    let (view, index) = whole(&log());
    let fate = |arm: Arm, iteration: u32, at: usize| {
        let (of, group) = (&view.arms[&arm].iterations[&iteration], index.group(arm, iteration).unwrap());
        group.fate(of, &group.rows[at])
    };
    let right = fate(Arm::Main, 1, 0);
    assert_eq!((right.kept, right.dropped, right.wrong, right.agreement), (1, 0, 0, Agreement::All));
    let wrong = fate(Arm::Main, 1, 1);
    assert_eq!((wrong.kept, wrong.wrong, wrong.agreement), (1, 1, Agreement::Split));
    let equal = fate(Arm::Main, 1, 2);
    assert_eq!((equal.kept, equal.dropped, equal.selected), (0, 0, true));
    assert_eq!(fate(Arm::Main, 1, 3).agreement, Agreement::Split, "each judge has another favourite");
    let both = fate(Arm::Main, 2, 0);
    assert_eq!((both.kept, both.dropped, both.waiting, both.agreement), (1, 1, 0, Agreement::Split));
    assert_eq!(fate(Arm::Main, 2, 1).waiting, 1);
    assert_eq!(fate(Arm::RandomLabels, 1, 0).wrong, 1);
}

#[test]
fn a_live_run_ends_with_the_same_index_as_a_recorded_one() {
    let records = log();
    let (view, expected) = whole(&records);
    // A small budget, so that lines come faster than they are folded in.
    let mut live = Index::default();
    let mut growing = RunView::begin(records.first()).unwrap();
    for record in &records[1..] {
        growing.push(record);
        live.advance(1, &growing, &mut Budget::new(2));
    }
    let mut frames = 0;
    while live.behind() {
        live.advance(1, &view, &mut Budget::new(2));
        frames += 1;
        assert!(frames < 1_000);
    }
    assert_eq!(rows(&live), rows(&expected));
    for ((arm, iteration, group), (.., other)) in live.groups().zip(expected.groups()) {
        // Prompts and pairs that are not a number compare by their texts.
        assert_eq!(format!("{:?}", group.pairs), format!("{:?}", other.pairs), "{arm:?} {iteration}");
        assert_eq!((&group.rows, &group.judges), (&other.rows, &other.judges));
    }
}

#[test]
fn nothing_is_done_where_nothing_is_new() {
    let (view, mut index) = whole(&log());
    let version = index.version();
    assert!(!index.advance(1, &view, &mut Budget::new(100)));
    assert_eq!(index.version(), version);
    // Another run, or an earlier moment of this one, starts anew.
    assert!(index.advance(2, &view, &mut Budget::new(1_000_000)));
    assert!(index.version() > version);
    let earlier = RunView::of(&log()[..4]).unwrap();
    assert!(index.advance(2, &earlier, &mut Budget::new(1_000_000)));
    assert_eq!(rows(&index), [RowId::HeldOut(0), RowId::HeldOut(1)]);
    assert_eq!(prompt(&earlier, &index, RowId::Train(Arm::Main, 1, 0)), None);
}

#[test]
fn steps_that_are_taken_again_after_a_crash_count_once() {
    let mut records = log();
    let at = records.iter().rposition(|r| r.arm == Arm::Main && matches!(r.event, Event::Step { .. })).unwrap();
    // The same step again, and one after it that hears the judges on the third pair.
    let again = records[at].clone();
    let next = record(
        Arm::Main,
        2,
        step(1, &[2], &[("kept", &[0.0]), ("opinion/content", &[0.5]), ("opinion/implicit", &[0.9])]),
    );
    records.splice(at + 1..=at, [next.clone(), again, next]);
    let (view, index) = whole(&records);
    assert_eq!(view.arms[&Arm::Main].steps.len(), 3);
    let group = index.group(Arm::Main, 2).unwrap();
    assert_eq!(group.pairs[2].kept, Some(false));
    assert_eq!(group.pairs[2].opinions, [0.5, 0.9]);
    assert_eq!(group.pairs[0].kept, Some(true));
}

/// Another model's pairs come before those of the policy; what steps said about them is not said about these.
#[test]
fn pairs_of_another_phase_leave_no_trace() {
    let main = |event| record(Arm::Main, 1, event);
    let chosen = |texts: &[[&str; 2]]| Event::Selected {
        pairs: texts.iter().map(|texts| pair("t1-0", *texts, 1.0, Origin::BestWorst)).collect(),
    };
    let records = [
        log()[0].clone(),
        main(Event::Prompts { prompts: vec![a_prompt("t1-0", "must:fox <resp>")] }),
        main(chosen(&[["owl", "moss"]])),
        main(step(0, &[0], &[("kept", &[0.0]), ("opinion/strong", &[0.9])])),
        main(ends("001-strong", 1)),
        main(chosen(&[["fox", "owl"], ["fox", "bee"]])),
        main(step(0, &[1], &[("kept", &[1.0])])),
    ];
    let (view, expected) = whole(&records);
    let kept: Vec<Option<bool>> = view.learned(Arm::Main, 1).iter().map(|pair| pair.kept).collect();
    assert_eq!(kept, [None, Some(true)]);
    let mut live = Index::default();
    let mut growing = RunView::begin(records.first()).unwrap();
    for record in &records[1..] {
        growing.push(record);
        live.advance(1, &growing, &mut Budget::new(1_000));
    }
    for index in [&expected, &live] {
        let group = index.group(Arm::Main, 1).unwrap();
        assert_eq!(group.pairs.iter().map(|pair| pair.kept).collect::<Vec<_>>(), kept);
        assert_eq!((group.judges.len(), &group.rows[0].pairs[..]), (0, &[0, 1][..]), "nobody was asked about these");
    }
}

#[test]
fn prompts_that_came_with_pairs_are_rows_too() {
    let (view, index) = whole(&data_log());
    assert_eq!(rows(&index), [RowId::Train(Arm::Main, 1, 0), RowId::HeldOut(0)]);
    let row = RowId::Train(Arm::Main, 1, 0);
    assert_eq!(prompt(&view, &index, row), Some(("line-7", "Will you help me?")));
    assert!(index.world().is_none());
}

#[test]
fn walking_while_rows_come_meets_none_twice() {
    let mut records = log();
    let late = records.split_off(15);
    let (mut view, mut index) = whole(&records);
    let half: Vec<RowId> = rows(&index).into_iter().take(6).collect();
    for record in &late {
        view.push(record);
    }
    index.advance(1, &view, &mut Budget::new(1_000_000));
    let rest = std::iter::successors(index.next(half.last().copied()), |row| index.next(Some(*row)));
    let met: Vec<RowId> = half.iter().copied().chain(rest).collect();
    let distinct: std::collections::BTreeSet<_> = met.iter().collect();
    assert_eq!(distinct.len(), met.len());
}

#[test]
fn a_hundred_thousand_rows_are_folded_in_slices() {
    let view = large(100_000);
    let mut index = Index::default();
    let mut frames = 0;
    loop {
        let before = index.len();
        index.advance(1, &view, &mut Budget::new(3_000));
        assert!(index.len() - before <= 3_000, "a frame does no more than it may");
        frames += 1;
        if !index.behind() {
            break;
        }
    }
    assert_eq!(index.len(), 100_000);
    assert_eq!(frames, 34);
}

#[test]
fn a_pair_of_an_unknown_prompt_does_no_harm() {
    let mut records = log();
    records.push(record(
        Arm::Main,
        3,
        Event::Selected { pairs: vec![pair("gone", ["a", "b"], 1.0, Origin::BestWorst)] },
    ));
    records.push(record(Arm::Main, 3, step(0, &[0, 99], &[("kept", &[1.0, 1.0])])));
    records.push(record(Arm::Main, 3, Event::Prompts { prompts: vec![a_prompt("t3-0", "must:fox <resp>")] }));
    let (view, index) = whole(&records);
    let group = index.group(Arm::Main, 3).unwrap();
    assert_eq!(group.rows.len(), 2);
    assert_eq!(view.arms[&Arm::Main].iterations[&3].pairs.len(), group.pairs.len());
}
