use super::*;
use crate::view::panels::answers::fixture::{data_log, large, log};

struct Bench {
    view: RunView,
    index: Index,
}

impl Bench {
    fn new(view: RunView) -> Self {
        let mut index = Index::default();
        index.advance(1, &view, &mut Budget::new(10_000_000));
        Self { view, index }
    }

    fn find(&self, query: &Query) -> Vec<String> {
        let mut search = Search::default();
        search.advance(&self.index, &self.view, query, &mut Budget::new(1_000_000));
        assert!(!search.unfinished(&self.index));
        let prompt = |row: &RowId| {
            let (id, _) = super::super::index::prompt(&self.view, &self.index, *row).unwrap();
            match row {
                RowId::Train(Arm::Main, ..) | RowId::HeldOut(_) => id.to_owned(),
                RowId::Train(arm, ..) => format!("{} {id}", arm.name()),
            }
        };
        search.rows().iter().map(prompt).collect()
    }
}

fn bench() -> Bench {
    Bench::new(RunView::of(&log()).unwrap())
}

fn text(text: &str) -> Query {
    Query { text: text.to_owned(), ..Query::default() }
}

#[test]
fn no_filter_shows_everything() {
    assert_eq!(bench().find(&Query::default()).len(), 14);
    assert_eq!(bench().find(&text("   ")).len(), 14);
}

#[test]
fn text_is_found_in_prompts_and_answers_in_any_case() {
    let bench = bench();
    assert_eq!(bench.find(&text("ELM")), ["t1-3", "random labels t1-3"], "in the prompt and in an answer");
    assert_eq!(bench.find(&text("bee now")), ["t1-0", "random labels t1-0"], "in an answer only");
    assert_eq!(bench.find(&text("ünDER")), ["t1-4", "random labels t1-4"], "not only in ASCII");
    assert_eq!(bench.find(&text("held-1")), ["held-1"], "by its identifier");
    assert_eq!(bench.find(&text("clay")), ["held-0"], "a held-out answer of a control");
    assert!(bench.find(&text("no such words")).is_empty());
}

#[test]
fn filters_of_every_kind() {
    let bench = bench();
    let query = Query::default;
    assert_eq!(bench.find(&Query { kind: Some(Kind::HeldOut), ..query() }), ["held-0", "held-1"]);
    assert_eq!(bench.find(&Query { kind: Some(Kind::Training), ..query() }).len(), 12);
    let random = bench.find(&Query { arm: Some(Arm::RandomLabels), kind: Some(Kind::Training), ..query() });
    assert_eq!(random.len(), 5);
    assert!(random.iter().all(|id| id.starts_with("random labels")));
    assert_eq!(bench.find(&Query { iteration: Some(2), ..query() }), ["t2-0", "t2-1", "held-0", "held-1"]);
    let start = bench.find(&Query { iteration: Some(0), ..query() });
    assert_eq!(start, ["held-0", "held-1"], "at the start there is nothing to learn from");
    let nowhere = Query { arm: Some(Arm::RandomLabels), iteration: Some(2), ..query() };
    assert!(bench.find(&nowhere).is_empty(), "the control has no second iteration");
}

#[test]
fn filters_by_what_became_of_the_pairs() {
    let bench = bench();
    let query = Query::default;
    let kept = bench.find(&Query { pairs: Some(Pairs::Kept), ..query() });
    assert_eq!(kept, ["t1-0", "t1-1", "t2-0", "random labels t1-0"]);
    let dropped = bench.find(&Query { pairs: Some(Pairs::Dropped), arm: Some(Arm::Main), ..query() });
    assert_eq!(dropped, ["t1-2", "t1-3", "t1-4", "t2-0"], "t2-0 has one of each, t2-1 is not decided");
    assert_eq!(bench.find(&Query { wrong: true, ..query() }), ["t1-1", "random labels t1-0"]);
    let split = bench.find(&Query { disagree: true, ..query() });
    assert_eq!(split, ["t1-1", "t1-3", "t2-0", "held-0"]);
    let agreed_then = Query { disagree: true, iteration: Some(1), kind: Some(Kind::HeldOut), ..query() };
    assert!(bench.find(&agreed_then).is_empty(), "after iteration 1 the judges agreed");
    let all = Query { text: "owl".to_owned(), wrong: true, disagree: true, pairs: Some(Pairs::Kept), ..query() };
    assert_eq!(bench.find(&all), ["t1-1"], "filters are joined");
}

#[test]
fn pairs_of_the_data_are_searched() {
    let bench = Bench::new(RunView::of(&data_log()).unwrap());
    assert_eq!(bench.find(&text("of course")), ["line-7"]);
    assert_eq!(bench.find(&text("help me")), ["line-7"]);
    assert_eq!(bench.find(&Query { pairs: Some(Pairs::Kept), ..Query::default() }), ["line-7"]);
    assert!(bench.find(&Query { wrong: true, ..Query::default() }).is_empty(), "nobody knows");
}

#[test]
fn a_hundred_thousand_rows_are_searched_in_slices() {
    const UNITS: usize = 3_000;
    let bench = Bench::new(large(100_000));
    let mut search = Search::default();
    let query = text("ivy");
    let (mut frames, mut last) = (0, 0);
    loop {
        search.advance(&bench.index, &bench.view, &query, &mut Budget::new(UNITS));
        frames += 1;
        let found = search.rows().len();
        assert!(found - last <= UNITS, "a frame does no more than it may");
        last = found;
        if !search.unfinished(&bench.index) {
            break;
        }
        assert!(search.searching(), "rows are shown as they are found");
        assert!(frames < 1_000);
    }
    assert_eq!(search.rows().len(), 1_000);
    // Each row costs itself, two answers, a text and an identifier.
    assert!((100..=200).contains(&frames), "{frames} frames");
    // Nothing is searched twice.
    let mut budget = Budget::new(1);
    search.advance(&bench.index, &bench.view, &query, &mut budget);
    assert!(budget.spend(1), "an unchanged search costs nothing");
    assert_eq!(search.rows().len(), 1_000);
}

#[test]
fn a_new_query_replaces_and_new_lines_do_not_flicker() {
    let records = log();
    let mut view = RunView::of(&records[..15]).unwrap();
    let mut index = Index::default();
    index.advance(1, &view, &mut Budget::new(1_000_000));
    let mut search = Search::default();
    search.advance(&index, &view, &Query::default(), &mut Budget::new(1_000_000));
    let before = search.rows().len();
    for record in &records[15..] {
        view.push(record);
    }
    index.advance(1, &view, &mut Budget::new(1_000_000));
    search.advance(&index, &view, &Query::default(), &mut Budget::new(3));
    assert!(search.unfinished(&index) && !search.searching());
    assert_eq!(search.rows().len(), before, "the old rows stay until the new ones are all there");
    search.advance(&index, &view, &Query::default(), &mut Budget::new(1_000_000));
    assert_eq!(search.rows().len(), 14);
    search.advance(&index, &view, &text("fox"), &mut Budget::new(1));
    assert!(search.searching() && search.rows().len() < 14, "another query begins with an empty list");
}
