//! Statistical tests against SciPy and statsmodels (`goldens/statistics_tests.py`).

use selfsame_core::measure::inference::{
    Outcome, benjamini_hochberg, distribution, holm, kruskal_wallis, mann_whitney, sign_flip, spearman, welch,
};
use selfsame_tests::{golden, numbers};
use serde_json::Value;

/// Relative to the value, or absolute below one in a thousand million.
fn close(ours: f64, expected: f64, what: &str) {
    let tolerance = 1e-9 * expected.abs() + 1e-12;
    assert!((ours - expected).abs() <= tolerance, "{what}: {ours} instead of {expected}");
}

/// Tails far out keep their leading digits.
fn close_tail(ours: f64, expected: f64, what: &str) {
    assert!((ours - expected).abs() <= 1e-8 * expected.abs(), "{what}: {ours} instead of {expected}");
}

fn agree(ours: &Outcome, expected: &Value, what: &str) {
    close(ours.statistic, expected["statistic"].as_f64().unwrap(), &format!("{what}, statistic"));
    close(ours.p, expected["p"].as_f64().unwrap(), &format!("{what}, p"));
    if let Some(effect) = expected["effect"].as_f64() {
        close(ours.effect, effect, &format!("{what}, effect"));
    }
    if let Some([low, high]) = expected["interval"].as_array().map(Vec::as_slice) {
        close(ours.interval[0], low.as_f64().unwrap(), &format!("{what}, lower end"));
        close(ours.interval[1], high.as_f64().unwrap(), &format!("{what}, upper end"));
    }
}

#[test]
fn tests_of_two_and_more_samples() {
    let golden = golden("statistics.json");
    type Test = fn(&[f64], &[f64]) -> Option<Outcome>;
    let tests: [(&str, Test); 3] = [("mann_whitney", mann_whitney), ("welch", welch), ("spearman", spearman)];
    for (name, test) in tests {
        let cases = golden[name].as_array().unwrap();
        assert!(cases.len() >= 7, "{name}");
        for (index, case) in cases.iter().enumerate() {
            let ours = test(&numbers(&case["a"]), &numbers(&case["b"])).unwrap();
            agree(&ours, case, &format!("{name} {index}"));
        }
    }
    for (index, case) in golden["kruskal"].as_array().unwrap().iter().enumerate() {
        let groups: Vec<Vec<f64>> = case["groups"].as_array().unwrap().iter().map(numbers).collect();
        let ours = kruskal_wallis(&groups).unwrap();
        agree(&ours, case, &format!("kruskal {index}"));
    }
    for (index, case) in golden["paired"].as_array().unwrap().iter().enumerate() {
        agree(&sign_flip(&numbers(&case["d"]), 1).unwrap(), case, &format!("paired {index}"));
    }
}

#[test]
fn distributions_far_into_their_tails() {
    let golden = golden("statistics.json");
    for (name, tail) in [
        ("normal", (|at: &[f64]| distribution::normal_two_sided(at[0])) as fn(&[f64]) -> f64),
        ("t", |at| distribution::t_two_sided(at[0], at[1])),
        ("t95", |at| distribution::t95(at[0])),
        ("chi2", |at| distribution::chi_squared_above(at[0], at[1])),
    ] {
        for case in golden["distributions"][name].as_array().unwrap() {
            let case = numbers(case);
            let (expected, at) = case.split_last().unwrap();
            close_tail(tail(at), *expected, &format!("{name} at {at:?}"));
        }
    }
}

#[test]
fn corrections_for_many_questions() {
    for case in golden("statistics.json")["corrections"].as_array().unwrap() {
        let p = numbers(&case["p"]);
        for (ours, name) in [(holm(&p), "holm"), (benjamini_hochberg(&p), "bh")] {
            let expected = numbers(&case[name]);
            assert_eq!(ours.len(), expected.len());
            for (ours, expected) in ours.into_iter().zip(expected) {
                close(ours, expected, name);
            }
        }
    }
}

#[test]
fn what_says_nothing_is_refused() {
    let (constant, few, broken) = ([1.0; 9], [1.0], [1.0, f64::NAN, 2.0, 3.0]);
    for test in [mann_whitney, welch, spearman] {
        for (a, b) in [(&constant[..], &constant[..]), (&few, &few), (&broken, &broken), (&[], &[])] {
            assert_eq!(test(a, b), None);
        }
    }
    assert_eq!(kruskal_wallis(&[constant.to_vec(), constant.to_vec()]), None);
    assert_eq!(kruskal_wallis(&[vec![1.0, 2.0], Vec::new()]), None);
    assert_eq!(kruskal_wallis(&[vec![1.0; 3], vec![2.0; 3]]), None);
    assert_eq!((sign_flip(&constant, 1), sign_flip(&[0.5], 1), sign_flip(&broken, 1)), (None, None, None));
}

/// Beyond the exact test the p value is drawn: it has to be near what Student's t says of many normal values.
#[test]
fn drawn_permutations_are_near_the_exact_test() {
    use selfsame_core::rng::{Purpose, Stream};
    let mut stream = Stream::new(5, Purpose::Corpus, 0, 0);
    for shift in [0.0, 0.15, 0.3] {
        let differences: Vec<f64> = (0..100).map(|_| stream.normal() + shift).collect();
        let ours = sign_flip(&differences, 3).unwrap();
        assert_eq!(ours, sign_flip(&differences, 3).unwrap(), "the same for the same seed");
        let error = (ours.interval[1] - ours.effect) / distribution::t95(99.0);
        let student = distribution::t_two_sided(ours.effect / error, 99.0);
        assert!((ours.p - student).abs() < 0.02, "{} beside {student}", ours.p);
    }
}
