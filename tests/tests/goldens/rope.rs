//! The rotary frequencies themselves, `default` and `llama3`, against transformers. They are
//! private to the model, so a model is built whose hidden states show them.
//!
//! One block, one head per frequency, one key head. Head `j` asks with the first half of pair `j`
//! and every key answers with the second half, so that the score of the tokens at `t` and `s` is
//! proportional to `sin(w_j (t − s))`. The first token alone has a value; what head `j` puts into
//! the residual stream is therefore the weight of position 0 under a softmax of those sines.

use selfsame_core::{
    device,
    model::{Config, Decoder, Layer, Layout, Linear, Norm, Weights},
};
use selfsame_tests::{golden, matrix, numbers, read, vector};
use serde_json::Value;

/// Positions read.
const TIME: usize = 24;

/// The score of neighbours, whatever the frequency: small enough that softmax stays soft.
const STEP: f64 = 0.05;

/// A number that JSON gives.
fn number(case: &Value, key: &str) -> f64 {
    case[key].as_f64().unwrap_or_else(|| panic!("{key} in {case}"))
}

/// The model for a head width and its frequencies, which decide how loudly each head has to ask.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn prism(mut config: Config, frequencies: &[f64]) -> Decoder {
    let pairs = frequencies.len();
    let width = 2 * pairs;
    // Channels: 0 is one everywhere, 1 marks the first token, then one for each frequency.
    let hidden = pairs + 2;
    config.hidden_size = hidden;
    config.num_attention_heads = pairs;
    config.head_dim = Some(width);
    // The norm before attention divides by the root of the mean square of what it reads, which is
    // not the same for the marked token; asking and answering with ones only, that cancels in no
    // place but here, so the mark is made small.
    let mark = 1e-3_f32;
    let mut embed = vec![0.0; 2 * hidden];
    embed[0] = 1.0;
    embed[hidden] = 1.0;
    embed[hidden + 1] = mark;
    let one = 1.0 / (hidden as f64).sqrt();
    let one_after_norm = 1.0 / ((one * one) + config.norm_eps).sqrt();
    let mut query = vec![0.0; pairs * width * hidden];
    for (pair, frequency) in frequencies.iter().enumerate() {
        let loudness = STEP * (width as f64).sqrt() / frequency / one_after_norm / one_after_norm;
        query[(pair * width + pair) * hidden] = loudness as f32;
    }
    let mut key = vec![0.0; width * hidden];
    for pair in 0..pairs {
        key[(pairs + pair) * hidden] = 1.0;
    }
    let mut value = vec![0.0; width * hidden];
    value[1] = 1.0 / mark;
    let mut output = vec![0.0; hidden * pairs * width];
    for pair in 0..pairs {
        output[(pair + 2) * pairs * width + pair * width] = 1.0;
    }
    let linear = |values, shape| Linear::new(matrix(values, shape));
    let nothing = |rows, columns| linear(vec![0.0; rows * columns], [rows, columns]);
    let norm = || Norm::rms(vector(&vec![1.0; hidden]));
    let layer = Layer {
        attention_norm: norm(),
        query: linear(query, [pairs * width, hidden]),
        key: linear(key, [width, hidden]),
        value: linear(value, [width, hidden]),
        output: linear(output, [hidden, pairs * width]),
        query_norm: None,
        key_norm: None,
        feed_forward_norm: norm(),
        gate: Some(nothing(1, hidden)),
        up: nothing(1, hidden),
        down: nothing(hidden, 1),
    };
    let weights = Weights {
        embed: matrix(embed, [2, hidden]).into(),
        positions: None,
        layers: vec![layer],
        norm: norm(),
        head: None,
    };
    Decoder::new(config, weights)
}

/// What head `j` shows at every position, relative to its channel of ones, in f64.
#[allow(clippy::cast_precision_loss)]
fn expected(frequency: f64) -> Vec<f64> {
    let score = |distance: usize| STEP * (frequency * distance as f64).sin() / frequency;
    (0..TIME)
        .map(|t| {
            let all: f64 = (0..=t).map(|s| score(t - s).exp()).sum();
            score(t).exp() / all
        })
        .collect()
}

/// Reads the marked token and plain ones, and compares what every head shows. The marked token's
/// norm and value carry a common factor; it is measured at position 0, where the softmax is 1.
fn check(config: Config, frequencies: &[f64], what: &str) {
    let model = prism(config, frequencies);
    let tokens: Vec<u32> = (0..TIME).map(|t| u32::from(t == 0)).collect();
    let (layout, _) = Layout::new(&[(&tokens, (0..TIME).collect())], &device::cpu());
    let hidden = read(&model.hidden(&layout));
    let channels = frequencies.len() + 2;
    let shown = |t: usize, pair: usize| f64::from(hidden[t * channels + pair + 2]) / f64::from(hidden[t * channels]);
    let mut largest = 0.0;
    for (pair, frequency) in frequencies.iter().enumerate() {
        for (t, expected) in expected(*frequency).iter().enumerate() {
            let ours = shown(t, pair) / shown(0, pair);
            let gap = (ours / expected - 1.0).abs();
            assert!(gap < 1e-5, "{what}, frequency {pair} ({frequency}), position {t}: {ours} instead of {expected}");
            largest = f64::max(largest, gap);
        }
    }
    println!("{what}: {} frequencies, off by {largest:.1e}", frequencies.len());
}

/// A config whose head width is what the frequencies say; [`prism`] sets the rest.
fn config(rope: Value) -> Config {
    let mut value = serde_json::to_value(Config::llama(4, 1, 1, 1, 1, 2)).unwrap();
    value["rope_parameters"] = rope;
    value["rms_norm_eps"] = 1e-6.into();
    // Two tokens, neither of which ends a text.
    value["eos_token_id"] = Value::Null;
    Config::parse(&value.to_string(), "config.json".as_ref()).unwrap()
}

#[test]
fn llama3_frequencies_in_all_three_bands() {
    let goldens = golden("llama.json");
    for case in goldens["rope_llama3"].as_array().unwrap() {
        let frequencies = numbers(&case["inv_freq"]);
        assert_eq!(2 * frequencies.len(), usize::try_from(case["head_dim"].as_u64().unwrap()).unwrap());
        // All three bands have to occur in some case; the published ones have all of them.
        let plain: Vec<f64> = plain_frequencies(number(case, "rope_theta"), frequencies.len());
        let factor = number(case, "factor");
        let kinds: std::collections::BTreeSet<u8> = frequencies
            .iter()
            .zip(&plain)
            .map(|(stretched, plain)| match plain / stretched {
                ratio if ratio < 1.0 + 1e-6 => 0,
                ratio if ratio > factor * (1.0 - 1e-6) => 2,
                _ => 1,
            })
            .collect();
        assert_eq!(kinds.len(), 3, "{case}");
        let rope = serde_json::json!({
            "rope_type": "llama3",
            "rope_theta": case["rope_theta"],
            "factor": case["factor"],
            "low_freq_factor": case["low_freq_factor"],
            "high_freq_factor": case["high_freq_factor"],
            "original_max_position_embeddings": case["original_max_position_embeddings"],
        });
        check(config(rope), &frequencies, &format!("llama3, head width {}", case["head_dim"]));
    }
}

#[allow(clippy::cast_precision_loss)]
fn plain_frequencies(theta: f64, pairs: usize) -> Vec<f64> {
    (0..pairs).map(|pair| theta.powf(-(pair as f64) / pairs as f64)).collect()
}

#[test]
fn default_and_linear_frequencies() {
    let goldens = golden("llama.json");
    for (name, theta) in [("tiny_llama_gqa_tied", 10_000.0), ("tiny_llama_mha_untied", 500.0)] {
        let rope = serde_json::json!({"rope_type": "default", "rope_theta": theta});
        check(config(rope), &numbers(&goldens["models"][name]["inv_freq"]), name);
    }
    let frequencies: Vec<f64> = plain_frequencies(10_000.0, 16).iter().map(|w| w / 4.0).collect();
    let rope = serde_json::json!({"rope_type": "linear", "rope_theta": 10_000.0, "factor": 4.0});
    check(config(rope), &frequencies, "linear");
}

/// The test itself must notice a wrong frequency.
#[test]
#[should_panic(expected = "instead of")]
fn a_frequency_that_is_off_by_a_thousandth_is_noticed() {
    let mut frequencies = plain_frequencies(10_000.0, 16);
    frequencies[9] *= 1.001;
    let rope = serde_json::json!({"rope_type": "default", "rope_theta": 10_000.0});
    check(config(rope), &frequencies, "off");
}
