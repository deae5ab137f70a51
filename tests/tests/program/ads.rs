//! `selfsame ads train`, `score` and `generate` as a person starts them.

use std::{fmt::Write as _, fs, path::Path};

use selfsame_core::world::ads::Ad;
use selfsame_tests::program::{assert_refused, json_lines, locate, run, text};
use serde_json::Value;

/// What the program prints, where it ends well.
fn printed(program: &Path, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_model_is_taught_asked_and_writes_ads() {
    let Some(program) = locate("a_model_is_taught_asked_and_writes_ads") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (table, out) = (scratch.path().join("rated.csv"), scratch.path().join("henry"));
    let mut rows = "ad,digits,brand\n".to_owned();
    for row in 0..48 {
        // People remember people.
        let (thing, digits) = if row % 2 == 0 { ("woman", 90 - row / 8) } else { ("table", 10 + row / 8) };
        writeln!(
            rows,
            "pace:low <scene> {thing} red on blue warm joy faces:0 clear untitled silent,{digits},brand {}",
            row % 7
        )
        .unwrap();
    }
    fs::write(&table, rows).unwrap();
    let data = ["--text", "ad", "--score", "digits", "--top", "99"];
    let taught = [
        "--folds",
        "3",
        "--group",
        "brand",
        "--out",
        text(&out),
        "--epochs",
        "25",
        "--batch-size",
        "8",
        "--learning-rate",
        "2e-3",
        "--device",
        "cpu",
        "--json",
    ];
    let figures = printed(&program, &[&["ads", "train", text(&table)][..], &data, &taught].concat());
    let figures: Value = serde_json::from_str(&figures).unwrap();
    let rho = |predictor: &str| {
        let rows = figures.as_array().unwrap();
        let row = rows.iter().find(|row| row["predictor"] == predictor).unwrap_or_else(|| panic!("{figures}"));
        row["spearman"]["value"].as_f64().unwrap()
    };
    assert!(rho("Henry") > 0.6 && rho("words (TF-IDF)") > 0.6, "{figures}");
    // The folder is asked as it was taught.
    let model = ["--model", text(&out), "--device", "cpu"];
    let scores = printed(&program, &[&["ads", "score", text(&table), "--text", "ad", "--json"][..], &model].concat());
    let scores = json_lines(&scores);
    let score = |row: usize| scores[row]["memorability"].as_f64().unwrap();
    assert!(scores.len() == 48 && score(0) > 0.6 && score(1) < 0.4, "{} {}", score(0), score(1));
    let compared = printed(&program, &[&["ads", "score", text(&table), "--compare"][..], &data, &model].concat());
    assert!(compared.starts_with("Spearman 0.") && compared.contains("48 rows"), "{compared}");
    // What is written is an ad, and the best comes first.
    let asked = ["ads", "generate", "-n", "6", "--henry", text(&out), "--device", "cpu", "--json"];
    let ads = json_lines(&printed(&program, &asked));
    assert_eq!(ads.len(), 6);
    let worth: Vec<f64> = ads.iter().map(|line| line["memorability"].as_f64().unwrap()).collect();
    assert!(worth.is_sorted_by(|a, b| a >= b), "{worth:?}");
    assert!(ads.iter().all(|line| Ad::parse(line["ad"].as_str().unwrap()).is_ok()));
}

/// Rows of ads whose score is that of their thing, and what other people said.
fn rated(count: usize, shift: usize) -> String {
    let mut rows = "text,score,others,brand\n".to_owned();
    for row in 0..count {
        let (thing, digits) =
            if (row + shift).is_multiple_of(2) { ("woman", 90 - row / 8) } else { ("table", 10 + row / 8) };
        let tone = ["warm", "cool", "neutral"][row % 3];
        let others = (digits + 20 * (row % 2)).min(99);
        let text = format!("pace:low <scene> {thing} red on blue {tone} joy faces:0 clear untitled silent");
        writeln!(rows, "{text},{digits},{others},brand {}", row % 7).unwrap();
    }
    rows
}

#[test]
fn a_readout_is_fitted_kept_and_carried_over() {
    let Some(program) = locate("a_readout_is_fitted_kept_and_carried_over") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let [table, other, out] = ["rated.csv", "other.csv", "readout"].map(|name| scratch.path().join(name));
    fs::write(&table, rated(48, 0)).unwrap();
    fs::write(&other, rated(30, 1).replace("score", "hits")).unwrap();
    let transfer = format!("{},score=hits,top=99", text(&other));
    let arguments = [
        &["ads", "train", text(&table), "--top", "99", "--readout", "--folds", "4", "--group", "brand", "--json"][..],
        &["--again", "others", "--out", text(&out), "--device", "cpu", "--transfer", &transfer],
    ];
    let figures: Value = serde_json::from_str(&printed(&program, &arguments.concat())).unwrap();
    let of = |predictor: &str, carried: bool| {
        let rows = figures.as_array().unwrap();
        let is = |row: &&Value| row["predictor"] == predictor && row["transfer"].is_null() != carried;
        rows.iter().find(is).unwrap_or_else(|| panic!("{figures}")).clone()
    };
    let rho = |row: &Value| row["spearman"]["value"].as_f64().unwrap();
    for carried in [false, true] {
        let (readout, words) = (of("hidden states (ridge)", carried), of("words (TF-IDF)", carried));
        assert!(rho(&readout) > 0.7 && rho(&words) > 0.7, "{figures}");
    }
    let carried = of("hidden states (ridge)", true);
    assert_eq!((carried["transfer"].as_str(), carried["spearman"]["count"].as_u64()), (Some("other.csv"), Some(30)));
    let people = of("other people", false);
    assert!((people["ceiling"].as_f64().unwrap() - rho(&people).sqrt()).abs() < 1e-12, "{people}");
    // Kept, it says the same of the other file.
    let asked =
        ["ads", "score", text(&other), "--score", "hits", "--top", "99", "--compare", "--json", "--device", "cpu"];
    let again = printed(&program, &[&asked[..], &["--model", text(&out)]].concat());
    let again: Value = serde_json::from_str(&again).unwrap();
    assert!((rho(&again) - rho(&carried)).abs() < 1e-9, "{again}");
    // Without scores by others nobody knows what can be reached.
    let alone = ["ads", "train", text(&table), "--top", "99", "--folds", "2", "--baselines"];
    let alone = printed(&program, &alone);
    assert!(alone.contains("unknown; name a second score"), "{alone}");
    let damaged = fs::read_to_string(out.join("readout.toml")).unwrap().replace("sha256 = \"", "sha256 = \"0");
    fs::write(out.join("readout.toml"), damaged).unwrap();
    let refused = run(&program, ["ads", "score", text(&other), "--model", text(&out), "--device", "cpu"]);
    assert_refused(&refused, &["readout.toml", "fit it again"], "another model");
}

/// The Henry that is part of the program is better explained by the truth than by chance, and busy pictures do what the
/// world's formula has them do.
#[test]
fn a_score_is_explained_word_by_word() {
    let Some(program) = locate("a_score_is_explained_word_by_word") else { return };
    let text = "Belado entertainment film first-light 30s landscape <resp> pace:high <scene> woman film red on white warm \
                fear faces:1 clear Belado why-wait <scene> dog black on gray cool joy faces:0 busy untitled silent";
    let words = printed(&program, &["ads", "explain", "--text", text, "--json", "--device", "cpu"]);
    let words: Value = serde_json::from_str(&words).unwrap();
    let of = |word: &str, what: &str| {
        let found =
            words.as_array().unwrap().iter().find(|one| one["word"] == word).unwrap_or_else(|| panic!("{words}"));
        found[what].as_f64().unwrap()
    };
    assert_eq!(words.as_array().unwrap().len(), text.split_whitespace().count());
    assert!(of("busy", "truth") < -0.01 && of("pace:high", "truth") > 0.01 && of("fear", "truth") > 0.01, "{words}");
    for word in ["<resp>", "<scene>", "entertainment"] {
        assert!(of(word, "share") == 0.0 && of(word, "truth") == 0.0, "{words}");
    }
    let measured = printed(&program, &["ads", "explain", "--ads", "10", "--json", "--device", "cpu"]);
    let measured: Value = serde_json::from_str(&measured).unwrap();
    assert_eq!((measured["ads"].as_u64(), measured["henry"].as_str()), (Some(10), Some("starter-ads/henry-a")));
    let rho = &measured["agreement"]["words"];
    assert!(rho["low"].as_f64().unwrap() > 0.1 && rho["high"].as_f64() > rho["low"].as_f64(), "{measured}");
    for (text, words) in [("Belado film", "no `<resp>`"), ("Acme <resp> pace:low", "instead of a brand")] {
        let refused = run(&program, ["ads", "explain", "--text", text, "--device", "cpu"]);
        assert_refused(&refused, &["no brief with an ad", words], text);
    }
}

#[test]
fn what_cannot_be_taught_is_refused() {
    let Some(program) = locate("what_cannot_be_taught_is_refused") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let table = scratch.path().join("rated.csv");
    fs::write(&table, "text,score\npace:low,0.5\npace:high,7\nbanana,0.1\n").unwrap();
    let out = scratch.path().join("out");
    for (arguments, words) in [
        (&["ads", "train", text(&table)][..], "--folds"),
        (&["ads", "train", text(&table), "--out", text(&out)], "row 2, column `score`"),
        (&["ads", "train", text(&table), "--out", text(&out), "--top", "9"], "no word `banana`"),
        (&["ads", "train", text(&table), "--folds", "2", "--text", "ad"], "no column `ad`"),
        (&["ads", "score", text(&table), "--model", text(scratch.path())], "henry.toml"),
        (&["ads", "generate", "--brief", "buy this"], "no brief"),
    ] {
        // Looking for graphics adapters, a system can print errors of its own.
        let arguments = [arguments, &["--device", "cpu"]].concat();
        assert_refused(&run(&program, &arguments), &[words], &arguments.join(" "));
    }
    assert!(!out.exists());
}
