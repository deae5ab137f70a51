//! Real data about memorability, and the program on it. The data are not part of the project.

use std::{collections::BTreeSet, fs, path::Path};

use selfsame_core::{
    prompt::scored::{Table, parse_lambda},
    world::ads::words::{Orientation, Pace},
};
use selfsame_tests::{
    files::shared,
    program::{assert_refused, locate, run},
};

#[test]
#[allow(clippy::float_cmp)] // 99 of 99 is exactly everybody
fn lambda_is_read_whole() {
    let Some(folder) = shared("lambda_ads") else { return };
    let [questions, answers] = ["bs_q.json", "bs_a.json"].map(|name| folder.join(name));
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let ads = parse_lambda((&read(&questions), &questions), Some((&read(&answers), &answers))).unwrap();
    assert_eq!(ads.len(), 140);
    let paces = [Pace::Low, Pace::Medium, Pace::High].map(|pace| ads.iter().filter(|ad| ad.pace == pace).count());
    assert_eq!(paces, [82, 50, 8]);
    assert_eq!(ads.iter().filter(|ad| ad.orientation == Orientation::Landscape).count(), 137);
    // Counted with grep.
    assert_eq!(ads.iter().map(|ad| ad.scenes.len()).sum::<usize>(), SCENES);
    let scores: Vec<f64> = ads.iter().map(|ad| ad.score.unwrap()).collect();
    assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    assert_eq!(scores.iter().map(|score| (score * 99.0).round().to_string()).collect::<BTreeSet<_>>().len(), 16);
    let uber = ads.iter().find(|ad| ad.id == 2153).unwrap();
    assert_eq!((uber.brand.as_str(), uber.duration, uber.scenes.len()), ("Uber Technologies", 50.0, 10));
    assert_eq!((uber.score.unwrap() * 99.0).round(), 82.0);
    let first = &uber.scenes[0];
    assert_eq!((first.faces, first.tags.join(" "), first.emotions.len()), (1, "car drive man sit".to_owned(), 2));
    assert!(first.text.contains("Vehicle Solutions Program"));
    assert!(ads.iter().all(|ad| !ad.brand.is_empty() && ad.text.len() > 200 && !ad.text.contains("Return the long")));
}

/// `grep -o 'Scene [0-9]*: The scene shows ' bs_q.json | wc -l`.
const SCENES: usize = 1155;

#[test]
fn sentences_are_read_by_the_names_of_their_columns() {
    let Some(folder) = shared("sentence_memorability") else { return };
    let table = Table::read(&folder.join("sentence_memorability.csv")).unwrap();
    let scored = table.scored("sentence", "target_hr").unwrap();
    assert_eq!((scored.len(), table.columns().len()), (2000, 18));
    assert_eq!(scored[0].text, "So smart and caring and hardworking.");
    assert!(scored.iter().all(|row| (0.0..=1.0).contains(&row.score)));
    let error = table.scored("sentence", "hits").unwrap_err().to_string();
    assert!(error.contains("`hits`") && error.contains("target_hr"), "{error}");
    let error = table.numbers("condition").unwrap_err().to_string();
    assert!(error.contains("row 1, column `condition`") && error.contains("fmri"), "{error}");
}

#[test]
fn product_lists_are_read() {
    let Some(folder) = shared("gembench_ads") else { return };
    let table = Table::read(&folder.join("products.tsv")).unwrap();
    let listings = table.listings("brand", "ad_title", Some("ad_description")).unwrap();
    let brands: BTreeSet<&str> = listings.iter().map(|listing| listing.brand.as_str()).collect();
    assert_eq!((listings.len(), brands.len()), (2215, 1024));
    assert_eq!(listings[0].title, "Hooker Furniture Chatelet Dining Room Set");
}

/// A table in which one column decides the score and another does not.
fn table() -> String {
    let mut csv = "text,score,pace,tone\n".to_owned();
    for row in 0..60_u32 {
        let noise = f64::from(row * 37 % 11) / 100.0;
        let (pace, score) = if row % 2 == 0 { ("high", 0.6 + noise) } else { ("low", 0.4 + noise) };
        csv += &format!("ad {row},{score},{pace},{}\n", ["warm", "cool", "plain"][row as usize / 2 % 3]);
    }
    csv
}

#[test]
fn the_program_explores_a_table_and_writes_a_page() {
    let Some(program) = locate("the_program_explores_a_table_and_writes_a_page") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("ads.csv"), table()).unwrap();
    let explore = ["ads", "explore", "--data", &path("ads.csv")].map(str::to_owned);
    let output = run(
        &program,
        explore.iter().cloned().chain(
            ["--text", "text", "--score", "score", "--json", "--out", &path("page.html"), "--svg", &path("charts")]
                .map(str::to_owned),
        ),
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |name: &str| found["findings"].as_array().unwrap().iter().find(|f| f["question"] == name).unwrap().clone();
    assert!(of("pace")["holm"].as_f64().unwrap() < 1e-6 && of("pace")["effect"].as_f64().unwrap() == 1.0);
    assert!(of("tone")["holm"].as_f64().unwrap() > 0.05, "{}", of("tone"));
    assert_eq!(found["synthetic"], false);
    let page = fs::read_to_string(path("page.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("Mann-Whitney"));
    assert!(fs::read_to_string(path("charts/effects.svg")).unwrap().contains("<title>"));
    // What cannot be used is named.
    for (arguments, words) in [
        (&["--text", "text", "--score", "tone"][..], &["ads.csv", "row 1", "column `tone`"][..]),
        (&["--text", "words", "--score", "score"], &["ads.csv", "no column `words`", "pace"]),
        (&[], &["--text", "--score", "pace"]),
    ] {
        let output = run(&program, explore.iter().cloned().chain(arguments.iter().map(|a| (*a).to_owned())));
        assert_refused(&output, words, &format!("{arguments:?}"));
    }
    fs::write(path("x_q.json"), "[{\"question_id\": 1, \"question\": \"Buy.\"}]").unwrap();
    fs::write(path("x_a.json"), "[{\"question_id\": 1, \"answer\": \"50\"}]").unwrap();
    let output = run(&program, ["ads", "explore", "--data", &path("x_q.json")]);
    assert_refused(&output, &["x_q.json", "row 1", "column `question`"], "not LAMBDA");
}
