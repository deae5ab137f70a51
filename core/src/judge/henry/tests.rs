use burn::tensor::Tensor;

use super::*;
use crate::{device, learn::batch::score, model::Config};

/// A tokenizer of whole words, of which these are some.
fn words(words: &[String]) -> Tokenizer {
    let known = ["<unk>", "<bos>"].map(str::to_owned);
    let vocabulary: serde_json::Map<String, serde_json::Value> =
        known.iter().chain(words).enumerate().map(|(id, word)| (word.clone(), id.into())).collect();
    let json = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "added_tokens": [],
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "decoder": null,
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [1], "tokens": ["<bos>"]}}},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
    });
    Tokenizer::parse(&json.to_string()).unwrap()
}

/// Texts of `owl`, `fox` and `elm`, and a token for every digit or for every string.
fn tokenizer(strings: bool) -> Tokenizer {
    let mut known: Vec<String> = ["owl", "fox", "elm", "score:"].map(str::to_owned).to_vec();
    known.extend(if strings { (0..100).map(|n| format!("{n:02}")).collect() } else { digits_alone() });
    words(&known)
}

fn digits_alone() -> Vec<String> {
    (0..10).map(|digit| digit.to_string()).collect()
}

fn model(tokenizer: &Tokenizer) -> Decoder {
    Decoder::random(Config::llama(24, 32, 2, 2, 1, tokenizer.size()), 5, &[], &device::cpu())
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    pollster::block_on(read_floats(tensor)).unwrap()
}

fn read(henry: &Henry, tokenizer: &Tokenizer, texts: &[&str]) -> Vec<Vec<u32>> {
    texts.iter().map(|text| henry.read(text, 100, tokenizer).unwrap()).collect()
}

/// The definition: every string's tokens, teacher-forced one after the other, in a pass of its own.
fn one_by_one(henry: &Henry, model: &Decoder, read: &[u32]) -> Vec<f32> {
    let rows: Vec<Sequence> = henry.strings.iter().map(|string| Sequence::completion(read, string)).collect();
    pollster::block_on(score(model, &rows, 1 << 12)).unwrap().iter().map(|row| row.iter().sum()).collect()
}

#[test]
fn strings_are_as_likely_as_their_tokens_one_after_the_other() {
    for strings in [false, true] {
        let tokenizer = tokenizer(strings);
        let henry = Henry::new("{text} score: ", &tokenizer).unwrap();
        assert_eq!(henry.contexts.len(), if strings { 1 } else { 11 });
        assert_eq!(henry.strings[7].len(), if strings { 1 } else { 2 });
        let model = model(&tokenizer);
        let texts = read(&henry, &tokenizer, &["owl fox", "owl fox elm elm", "elm"]);
        let expected: Vec<Vec<f32>> = texts.iter().map(|text| one_by_one(&henry, &model, text)).collect();
        let borrowed: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let found = floats(henry.logprobs(&model, &borrowed));
        for (found, expected) in found.iter().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
        // The mean by probabilities that sum to 1, whatever the groups.
        let means: Vec<f64> = expected
            .iter()
            .map(|row| {
                let p: Vec<f64> = row.iter().map(|l| f64::from(*l).exp()).collect();
                let total: f64 = p.iter().sum();
                (0..100).zip(&p).map(|(number, p)| f64::from(number) * p / total / 99.0).sum()
            })
            .collect();
        for budget in [1, 4096] {
            let scores = pollster::block_on(henry.score(&model, &borrowed, budget)).unwrap();
            assert!(scores.iter().zip(&means).all(|(s, m)| (s - m).abs() < 1e-5), "{scores:?} {means:?}");
            // And the probabilities behind the mean, string by string.
            let opinions = pollster::block_on(henry.opinions(&model, &borrowed, budget)).unwrap();
            for ((opinion, mean), row) in opinions.iter().zip(&means).zip(&expected) {
                assert!((opinion.expected() - mean).abs() < 1e-5, "{opinion:?} {mean}");
                let total: f64 = row.iter().map(|l| f64::from(*l).exp()).sum();
                let same = |(chance, l): (&f32, &f32)| (f64::from(*chance) - f64::from(*l).exp() / total).abs() < 1e-5;
                assert!(opinion.chances().iter().zip(row).all(same), "{opinion:?}");
            }
        }
    }
}

#[test]
fn the_loss_is_that_of_the_digits_and_of_a_bell_that_becomes_one_string() {
    let tokenizer = tokenizer(false);
    let henry = Henry::new("{text} score: ", &tokenizer).unwrap();
    let model = model(&tokenizer);
    let ratings: Vec<Rating> = read(&henry, &tokenizer, &["owl", "fox fox"])
        .into_iter()
        .zip([0.375, 1.0])
        .map(|(read, recall)| Rating { read, recall })
        .collect();
    let expected =
        -(one_by_one(&henry, &model, &ratings[0].read)[37] + one_by_one(&henry, &model, &ratings[1].read)[99]) / 2.0;
    let of = |spread| floats(henry.objective(&model, &ratings.iter().collect::<Vec<_>>(), spread).loss)[0];
    assert!((of(0.0) - expected).abs() < 1e-4, "{} {expected}", of(0.0));
    assert!((of(1e-3) - expected).abs() < 1e-4 && (of(1e-9) - expected).abs() < 1e-4, "{}", of(1e-3));
    // A wide bell is no string, and its loss its own.
    assert!((of(0.3) - expected).abs() > 1e-3);
    let bell = bell(0.5, 0.1);
    let mean: f32 = (0_u8..).zip(&bell).map(|(number, p)| f32::from(number) * p / 99.0).sum();
    assert!((bell.iter().sum::<f32>() - 1.0).abs() < 1e-5 && (mean - 0.5).abs() < 1e-4);
}

#[test]
fn learning_orders_texts_by_their_recall() {
    let tokenizer = tokenizer(false);
    let henry = Henry::new("{text} score: ", &tokenizer).unwrap();
    let texts = ["owl", "fox", "elm", "owl fox", "fox elm", "elm owl"];
    let recalls = [0.9, 0.5, 0.1, 0.7, 0.3, 0.5];
    let ratings: Vec<Rating> = read(&henry, &tokenizer, &texts)
        .into_iter()
        .zip(recalls)
        .map(|(read, recall)| Rating { read, recall })
        .collect();
    let learn = LearnConfig { learning_rate: 1e-2, batch_size: 6, epochs: 60, ..LearnConfig::default() };
    let config = HenryConfig { learn, ..HenryConfig::default() };
    let mut losses = Vec::new();
    let trained = henry.train(model(&tokenizer), &ratings, &config, |report| losses.push(report.loss));
    let trained = pollster::block_on(trained).unwrap();
    assert_eq!(losses.len(), 60);
    assert!(losses[59] < losses[0] / 4.0, "{losses:?}");
    let borrowed: Vec<&[u32]> = ratings.iter().map(|rating| rating.read.as_slice()).collect();
    let scores = pollster::block_on(henry.score(&trained, &borrowed, 4096)).unwrap();
    assert!(scores.iter().zip(recalls).all(|(score, recall)| (score - recall).abs() < 0.1), "{scores:?}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let known = tokenizer(false);
    assert!(Henry::new("no place", &known).unwrap_err().to_string().contains("{text}"));
    assert!(Henry::new("{text} {text}", &known).is_err());
    let no_digits = words(&["owl".to_owned()]);
    assert!(Henry::new("{text}", &no_digits).is_err());
    let henry = Henry::new("{text} score: ", &known).unwrap();
    let model = model(&known);
    let long = Rating { read: vec![2; 4096], recall: 0.5 };
    assert!(matches!(henry.check(&model, &[long]), Err(Error::Context { .. })));
    assert!(henry.check(&model, &[]).is_err());
    // What does not fit is cut where that is asked for.
    assert_eq!(henry.read("owl fox elm", 2, &known).unwrap(), [1, 2, 3, 5]);
    assert_eq!(henry.room(20), 20 - 4);
}
