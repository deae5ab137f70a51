use selfsame_core::{
    measure::{Expected, Reading, verdict::judge},
    recipe::claims::{studies, study},
};

use super::*;
use crate::report::{html::tests::assert_well_formed, table::Table};

fn spread(values: &[f64]) -> Spread {
    Spread::of(values.to_vec())
}

/// A row with two arms and two tests, as a study of three seeds writes it.
pub(crate) fn row(study: &str, steps: f64) -> Row {
    let arm = |name: &str, end: f64, steps: f64| ArmRow {
        name: name.to_owned(),
        recipe: "srlm".to_owned(),
        what: if name == study { String::new() } else { "What <it> is.".to_owned() },
        start: BTreeMap::from([(Figure::Sampled, spread(&[0.5, 0.51, 0.49]))]),
        end: BTreeMap::from([
            (Figure::Sampled, spread(&[end, end + 0.02, end - 0.01])),
            (Figure::Length, spread(&[8.0, 8.5, 9.0])),
        ]),
        controls: BTreeMap::new(),
        noted: BTreeMap::from([("gain".to_owned(), spread(&[end - 0.5, end - 0.5, end - 0.47]))]),
        spent: Spent { steps, items: Some(1440.0), learned_tokens: None, drawn_tokens: 12_345.0, seconds: 75.0 },
        runs: (1..=3).map(|seed| format!("{study}/{name}/seed-{seed}")).collect(),
    };
    let test = |decides: bool, differences: [f64; 3]| TestRow {
        says: "It beats the other.".to_owned(),
        figure: Figure::Sampled.into(),
        against: "other".to_owned(),
        decides,
        least: 0.02,
        outcome: judge(&differences, Expected::More, 0.02),
        differences: (1..).zip(differences).collect(),
    };
    let mut main = arm(study, 0.65, 90.0);
    main.controls = BTreeMap::from([("random labels".to_owned(), arm("x", 0.45, 90.0).end)]);
    Row {
        study: study.to_owned(),
        variant: None,
        recipe: "srlm".to_owned(),
        title: "A title".to_owned(),
        claim: "A | claim.".to_owned(),
        verdict: Some(Verdict::Reproduced),
        world: "rules".to_owned(),
        model: "/models/other".to_owned(),
        model_sha256: "0".to_owned(),
        base_sha256: None,
        seeds: vec![1, 2, 3],
        quick: false,
        settings: BTreeMap::from([("loop.beta".to_owned(), "0.1".to_owned())]),
        arms: vec![main, arm("other", 0.60, steps)],
        tests: vec![test(true, [0.05, 0.06, 0.05]), test(false, [0.05, -0.05, 0.01])],
        origin: Origin { version: "1".to_owned(), commit: Some("abc".to_owned()), jobs: 2, ..Origin::default() },
        earlier: Vec::new(),
    }
}

#[test]
fn rows_replace_their_like_and_keep_the_order_of_the_studies() {
    let mut atlas = Atlas::default();
    for study in ["scir-judges", "cream", "dpo"] {
        atlas.put(row(study, 90.0));
    }
    let again = Row { verdict: None, ..row("cream", 90.0) };
    atlas.put(again.clone());
    atlas.put(Row { quick: true, ..row("cream", 90.0) });
    atlas.put(Row { model_sha256: "1".to_owned(), ..row("cream", 90.0) });
    atlas.put(Row { variant: Some("longer".to_owned()), ..row("cream", 90.0) });
    let studies: Vec<&str> = atlas.rows.iter().map(|row| row.study.as_str()).collect();
    assert_eq!(studies, ["dpo", "cream", "cream", "cream", "cream", "scir-judges"]);
    assert_eq!(atlas.rows[1], again);
}

#[test]
fn a_claim_stands_with_all_that_decides() {
    use Verdict::{Inconclusive, NotReproduced, Reproduced};
    let like = row("cream", 90.0).tests.remove(0);
    let of = |verdict, decides| TestRow {
        decides,
        outcome: Some(Outcome { difference: 0.0, interval: None, verdict }),
        ..like.clone()
    };
    for (verdicts, expected) in [
        (&[(Reproduced, true), (Reproduced, true)][..], Some(Reproduced)),
        (&[(Reproduced, true), (Inconclusive, true)], Some(Inconclusive)),
        (&[(Inconclusive, true), (NotReproduced, true)], Some(NotReproduced)),
        (&[(Reproduced, true), (NotReproduced, false)], Some(Reproduced)),
        (&[(Reproduced, false)], None),
    ] {
        let tests: Vec<TestRow> = verdicts.iter().map(|(verdict, decides)| of(*verdict, *decides)).collect();
        assert_eq!(TestRow::together(&tests), expected, "{verdicts:?}");
    }
    let nothing = TestRow { outcome: None, ..like };
    assert_eq!(TestRow::together(&[nothing]), Some(Inconclusive), "nothing was measured");
}

/// What ships says of every study what this version asks, and its verdicts follow from its numbers.
#[test]
fn the_shipped_atlas_is_of_this_version() {
    let atlas = Atlas::parse(include_str!("../../../assets/atlas/atlas.json"), "the shipped atlas").unwrap();
    let claims = studies().iter().filter(|study| study.is_claim());
    for study in claims {
        assert!(atlas.rows.iter().any(|row| row.study == study.id), "{} is not in it", study.id);
    }
    for row in &atlas.rows {
        let study = study(&row.study).unwrap();
        assert_eq!(row.claim, study.asks().unwrap(), "{}", row.study);
        assert!(join::asks(&row.tests, study.tests), "{} was asked something else", row.study);
        let arms: Vec<(&str, &str, &str)> =
            row.arms.iter().skip(1).map(|arm| (arm.name.as_str(), arm.recipe.as_str(), arm.what.as_str())).collect();
        let asked: Vec<(&str, &str, &str)> = study.arms.iter().map(|arm| (arm.name, arm.recipe, arm.what)).collect();
        assert_eq!(arms, asked, "{}", row.study);
        for (test, asked) in row.tests.iter().zip(study.tests) {
            let values: Vec<f64> = test.differences.values().copied().collect();
            let says = |outcome: &Outcome| (outcome.verdict, (outcome.difference * 1e9).round());
            let expected = judge(&values, asked.expected, asked.least);
            assert_eq!(test.outcome.as_ref().map(says), expected.as_ref().map(says), "{}: {}", row.study, test.says);
            // What stands beside may be asked since only some of the seeds were computed.
            let mut seeds = test.differences.keys();
            let all = if asked.decides { seeds.eq(&row.seeds) } else { seeds.all(|seed| row.seeds.contains(seed)) };
            assert!(all && !test.differences.is_empty(), "{}: {}", row.study, test.says);
        }
        assert_eq!(row.verdict, TestRow::together(&row.tests), "{}", row.study);
    }
}

/// The tables that ship beside the shipped atlas are what this version makes of it. `SELFSAME_BLESS=1` writes them
/// anew, which a new row or another table makes necessary.
#[test]
fn the_shipped_tables_are_made_of_the_shipped_atlas() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/atlas"));
    let text = std::fs::read_to_string(folder.join(FILE)).unwrap();
    let atlas = Atlas::parse(&text, "the shipped atlas").unwrap();
    for (name, made) in [(render::MARKDOWN, render::markdown(&atlas)), (render::HTML, render::html(&atlas))] {
        let path = folder.join(name);
        if std::env::var("SELFSAME_BLESS").as_deref() == Ok("1") {
            std::fs::write(&path, &made).unwrap();
        }
        let shipped = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = shipped.lines().zip(made.lines()).position(|(shipped, made)| shipped != made);
        assert!(shipped == made, "{name} is another from line {differs:?} on; SELFSAME_BLESS=1 makes it anew");
    }
}

#[test]
fn the_file_is_read_back_and_later_ones_are_refused() {
    let mut atlas = Atlas::default();
    atlas.put(row("cream", 90.0));
    let text = serde_json::to_string(&atlas).unwrap();
    assert_eq!(Atlas::parse(&text, "x").unwrap(), atlas);
    let mut noted = row("cream", 90.0);
    noted.tests[0].figure = Quantity::Noted { noted: "mass on y*".to_owned(), read: Reading::Mean };
    let table = render::of_row(&noted)[1].text();
    assert!(table.contains("mass on y*, on the mean"), "{table}");
    atlas.put(noted);
    let noted = serde_json::to_string(&atlas).unwrap();
    assert!(noted.contains(r#""figure":{"noted":"mass on y*","read":"mean"}"#), "{noted}");
    assert_eq!(Atlas::parse(&noted, "x").unwrap(), atlas);
    // The first version had the figure alone; a row more makes it one of this version.
    let first = text.replacen(&format!("\"schema\":{SCHEMA}"), "\"schema\":1", 1);
    let mut first = Atlas::parse(&first, "x").unwrap();
    assert_eq!((first.schema, first.rows[0].tests[0].figure.name()), (1, Figure::Sampled.name().to_owned()));
    first.put(row("dpo", 90.0));
    assert_eq!(first.schema, SCHEMA);
    let later = text.replacen(&format!("\"schema\":{SCHEMA}"), "\"schema\":99", 1);
    assert!(Atlas::parse(&later, "x").unwrap_err().to_string().contains("newer"));
    assert!(Atlas::parse("{", "x.json").unwrap_err().to_string().contains("x.json"));
}

#[test]
fn tables_say_what_the_row_says() {
    let mut atlas = Atlas::default();
    atlas.put(row("cream", 70.0));
    let text = render::table(&atlas).text();
    for words in ["cream on other", "reproduced", "0.500", "0.653", "random labels", "0.453", "12,345", "1 min 15 s"] {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
    let tables: Vec<String> = render::of_row(&atlas.rows[0]).iter().map(Table::text).collect();
    let [arms, tests, noted] = &tables[..] else { panic!("{tables:?}") };
    assert!(arms.contains("0.653 ± 0.038") && arms.contains("optimiser steps"), "{arms}");
    assert!(tests.contains("It beats the other. *") && tests.contains("+0.053  +0.039 to +0.068"), "{tests}");
    assert!(tests.contains("inconclusive"), "{tests}");
    assert!(noted.contains("gain  0.160 [0.117, 0.203]  0.110 [0.067, 0.153]"), "{noted}");
    let sentences = render::sentences(&atlas.rows[0]).join("\n");
    assert!(sentences.contains("Verdict: reproduced (3 seeds, world rules)"), "{sentences}");
    let unequal = "Not at an equal budget by more than a tenth: other (optimiser steps).";
    assert!(sentences.contains(unequal), "70 steps are not 90: {sentences}");
    let items = arms.lines().find(|line| line.contains("pairs, answers or demonstrations in them"));
    assert!(items.is_some_and(|line| line.contains("1,440")) && !arms.contains("prompts and replay"), "{arms}");
    assert!(render::markdown(&atlas).contains("| cream on other |"));
    for page in [render::markdown(&atlas), render::html(&atlas)] {
        let (budget, table) = (page.find("are not to be compared with each other"), page.find("cream on other"));
        assert!(budget.is_some() && budget < table, "what rows say of each other stands before them: {page}");
    }
}

#[test]
fn what_arms_spend_otherwise_is_named() {
    let named = |steps: f64, drawn: f64| {
        let mut row = row("cream", steps);
        row.arms[1].spent.drawn_tokens = drawn;
        row.unequal().into_iter().map(|(arm, names)| (arm.name.clone(), names)).collect::<Vec<_>>()
    };
    // The recipe takes 90 steps and draws 12,345 tokens.
    assert!(named(88.0, 12_345.0).is_empty());
    assert_eq!(named(90.0, 8_000.0), [("other".to_owned(), vec!["tokens drawn"])]);
    assert!(named(100.0, 12_345.0).is_empty(), "a tenth is no more than a tenth");
    assert_eq!(named(70.0, 17_000.0), [("other".to_owned(), vec!["optimiser steps", "tokens drawn"])]);
}

/// Where earlier versions did not know a number they wrote 0.
#[test]
fn what_is_not_known_is_no_number() {
    let read = |text: &str| serde_json::from_str::<Spent>(text).unwrap();
    let earlier = read(r#"{"steps":90.0,"items":0.0,"drawn_tokens":100.0,"seconds":3.0}"#);
    assert_eq!((earlier.items, earlier.learned_tokens), (None, None));
    assert_eq!(serde_json::to_string(&earlier).unwrap(), r#"{"steps":90.0,"drawn_tokens":100.0,"seconds":3.0}"#);
    assert_eq!(read(r#"{"steps":9.0,"items":72.0,"drawn_tokens":1.0,"seconds":3.0}"#).items, Some(72.0));
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    let mut atlas = Atlas::default();
    atlas.put(row("cream", 90.0));
    let page = render::html(&atlas);
    assert_well_formed(&page);
    for foreign in ["http:", "https:", "<script", "<link", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("What &lt;it&gt; is.") && page.contains("loop.beta = 0.1"));
}
