//! A real pretrained model against the reference values that came with it: what another implementation computed in
//! 64 bits from the same weights.

use selfsame_core::{
    device,
    learn::{Batch, Sequence, batch::score},
    model,
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};
use selfsame_tests::{files, ids, read};
use serde_json::Value;

/// The largest error, in nats and of a logit.
const TOLERANCE: f64 = 1e-4;

fn assert_near(ours: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    println!("{what}: {ours:.7}, {:.1e} off", (ours - expected).abs());
    assert!((ours - expected).abs() <= TOLERANCE, "{what}: {ours}, expected {expected}");
}

/// The five largest logits at a position of `tokens`, and which tokens have them.
fn assert_top(model: &model::Decoder, tokens: &[u32], expected: &Value, what: &str) {
    let last = Sequence { tokens: tokens.to_vec(), labels: vec![(tokens.len() - 1, 0)] };
    let logits = read(&Batch::new(&[&last], &device::cpu()).logits(model));
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    let expected = expected.as_array().unwrap();
    assert_eq!(expected.len(), 5);
    for (place, (token, expected)) in order.into_iter().zip(expected).enumerate() {
        assert_eq!(Some(token as u64), expected[0].as_u64(), "{what}, place {}", place + 1);
        assert_near(f64::from(logits[token]), &expected[1], &format!("{what}, place {}", place + 1));
    }
}

#[test]
fn stories260k_reproduces_its_reference() {
    let Some(folder) = files::shared("stories260K/hf_converted") else { return };
    let reference: Value = serde_json::from_slice(&std::fs::read(folder.join("reference.json")).unwrap()).unwrap();
    let model = model::load(&folder, &device::cpu()).unwrap();
    let tokenizer = Tokenizer::load(&folder).unwrap();
    assert_eq!(tokenizer.encode(reference["prompt"].as_str().unwrap()).unwrap(), ids(&reference["prompt_ids"]));

    let greedy = ids(&reference["greedy_ids_from_bos"]);
    let (begin, drawn) = greedy.split_at(1);
    let scores = pollster::block_on(score(&model, &[Sequence::completion(begin, drawn)], 4096)).unwrap();
    assert_eq!(scores[0].len(), drawn.len());
    let sum: f64 = scores[0].iter().map(|value| f64::from(*value)).sum();
    assert_near(sum, &reference["sum_logprob"], "sum of log-probabilities");
    #[allow(clippy::cast_precision_loss)] // a length
    let mean = -sum / drawn.len() as f64;
    assert_near(mean, &reference["mean_nll_nats_per_token_f64"], "mean negative log-likelihood");
    assert_top(&model, begin, &reference["first_position_top5"], "first position");
    assert_top(&model, &greedy, &reference["last_position_top5"], "last position");

    let sampling = Sampling::greedy(drawn.len());
    let prompts = [(0, begin.to_vec())];
    let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 0, iteration: 0, batch: 8 };
    let answer = pollster::block_on(generate(&model, &tokenizer, &request)).unwrap().remove(0).remove(0);
    assert_eq!(answer.ids, drawn);
    assert_eq!(answer.text, reference["greedy_text"].as_str().unwrap());
    let apart = answer.logprobs.iter().zip(&scores[0]).map(|(drawn, scored)| f64::from((drawn - scored).abs()));
    assert!(apart.fold(0.0, f64::max) <= TOLERANCE);
}
