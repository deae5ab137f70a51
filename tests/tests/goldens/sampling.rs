//! Temperature, top-k, top-p and min-p against the logits processors of transformers, and
//! Kendall's rank correlation against SciPy.

use selfsame_core::{
    measure::stats::kendall_tau_b,
    sample::{Answer, Request, Sampling, generate},
};
use selfsame_tests::{constant_model, floats, golden, numbers, rules_tokenizer};
use serde_json::Value;

/// The cases: settings, logits, probabilities.
fn cases() -> Vec<(Sampling, Vec<f32>, Vec<f64>)> {
    let golden = golden("logits_rules.json");
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 7);
    cases
        .iter()
        .map(|case| {
            let defaults = Sampling { max_new_tokens: 1, ..Sampling::default() };
            #[allow(clippy::cast_possible_truncation)]
            let number = |key: &str, otherwise: f32| case[key].as_f64().map_or(otherwise, |v| v as f32);
            let sampling = Sampling {
                temperature: number("temperature", defaults.temperature),
                top_k: case["top_k"].as_u64().map_or(0, |k| usize::try_from(k).unwrap()),
                top_p: number("top_p", defaults.top_p),
                min_p: number("min_p", defaults.min_p),
                ..defaults
            };
            (sampling, floats(&case["logits"]), numbers(&case["probs"]))
        })
        .collect()
}

#[test]
fn filtered_distributions() {
    for (sampling, logits, expected) in cases() {
        let ours = sampling.distribution(&logits);
        assert_eq!(ours.len(), expected.len());
        for (token, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            assert_eq!(*ours == 0.0, *expected == 0.0, "{sampling:?}, token {token}: {ours} instead of {expected}");
            assert!((ours - expected).abs() < 1e-6, "{sampling:?}, token {token}: {ours} instead of {expected}");
        }
        assert!((ours.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

/// The same through the front door: what is drawn, and the log-probabilities that come with it.
#[test]
fn drawn_tokens_follow_the_filtered_distributions() {
    const DRAWS: usize = 4000;
    let tokenizer = rules_tokenizer();
    for (sampling, logits, expected) in cases() {
        let model = constant_model(&logits);
        let request =
            Request { prompts: &[(5, vec![3])], samples: DRAWS, sampling: &sampling, seed: 1, iteration: 0, batch: 64 };
        let answers: Vec<Answer> = pollster::block_on(generate(&model, &tokenizer, &request)).unwrap().remove(0);
        let normaliser = logits.iter().map(|l| f64::from(*l).exp()).sum::<f64>().ln();
        let mut counts = vec![0_u32; logits.len()];
        for answer in &answers {
            let [token] = answer.ids[..] else { panic!("{answer:?}") };
            let token = token as usize;
            counts[token] += 1;
            assert!(expected[token] > 0.0, "{sampling:?}: drew token {token}, which is filtered out");
            let gap = (f64::from(answer.sampling_logprob) - expected[token].ln()).abs();
            assert!(gap < 1e-5, "{sampling:?}, token {token}: {} by {gap}", answer.sampling_logprob);
            let gap = (f64::from(answer.logprob()) - (f64::from(logits[token]) - normaliser)).abs();
            assert!(gap < 1e-5, "{sampling:?}, token {token}: not the model's own log-probability");
        }
        for (token, (count, p)) in counts.iter().zip(&expected).enumerate() {
            #[allow(clippy::cast_precision_loss)]
            let (mean, deviation) = (p * DRAWS as f64, (p * (1.0 - p) * DRAWS as f64).sqrt());
            let gap = (f64::from(*count) - mean).abs();
            assert!(gap <= 5.0 * deviation, "{sampling:?}: token {token} was drawn {count} times, not {mean:.0}");
        }
    }
}

#[test]
fn kendall_with_ties() {
    let golden = golden("kendall.json");
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.iter().any(|case| case["tau_b"] == Value::Null), "a constant ranking is among them");
    for (index, case) in cases.iter().enumerate() {
        let ours = kendall_tau_b(&numbers(&case["a"]), &numbers(&case["b"]));
        match (ours, case["tau_b"].as_f64()) {
            (None, None) => {}
            (Some(ours), Some(expected)) => {
                assert!((ours - expected).abs() < 1e-9, "case {index}: {ours} instead of {expected}");
            }
            other => panic!("case {index}: {other:?}"),
        }
    }
}
