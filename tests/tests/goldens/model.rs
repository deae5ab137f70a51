//! The forward and backward pass against transformers, on random models small enough to check in
//! every weight: Llamas with grouped queries and a tied head, full heads with a head of its own and
//! stretched rotary frequencies, and one model of every other family.

use burn::tensor::{Tensor, TensorData};
use selfsame_core::{
    device,
    learn::{Batch, Sequence, batch::score},
    model::{self, Cache, Config, Decoder, Precision},
};
use selfsame_tests::{assert_close, assert_gradients, floats, golden, goldens, gradients, ids, named, read};
use serde_json::Value;

/// The names of the golden models and what is known of each.
fn models() -> Vec<(String, Value)> {
    let of = |file: &str| golden(file)["models"].as_object().unwrap().clone().into_iter().collect::<Vec<_>>();
    let models = [of("llama.json"), of("families.json")].concat();
    assert_eq!(models.len(), 8);
    models
}

fn load(name: &str) -> Decoder {
    model::load(&goldens().join(name), &device::cpu()).unwrap()
}

/// The golden sequences of a model: tokens, length of the prompt, the golden values.
fn sequences(golden: &Value) -> Vec<(Vec<u32>, usize, &Value)> {
    let list = golden["sequences"].as_array().unwrap();
    list.iter().map(|s| (ids(&s["ids"]), usize::try_from(s["prompt_len"].as_u64().unwrap()).unwrap(), s)).collect()
}

/// Every token but the first is a label.
fn whole(tokens: &[u32]) -> Sequence {
    Sequence::completion(&tokens[..1], &tokens[1..])
}

#[test]
fn log_probabilities_and_last_logits() {
    for (name, golden) in models() {
        let model = load(&name);
        for (index, (tokens, _, golden)) in sequences(&golden).into_iter().enumerate() {
            let what = format!("{name}, sequence {index}");
            let logprobs = read(&Batch::new(&[&whole(&tokens)], &device::cpu()).token_logprobs(&model));
            let gap = assert_close(&logprobs, &floats(&golden["logps"]), 1e-5, &format!("{what}, log-probability"));
            let last = Sequence { labels: vec![(tokens.len() - 1, 0)], tokens };
            let logits = read(&Batch::new(&[&last], &device::cpu()).logits(&model));
            let logit_gap = assert_close(&logits, &floats(&golden["last_logits"]), 1e-5, &format!("{what}, logit"));
            println!("{what}: log-probabilities off by {gap:.1e}, last logits by {logit_gap:.1e}");
        }
    }
}

#[test]
fn the_loss_and_its_gradient_by_every_weight() {
    for (name, mut golden) in models() {
        let name = name.as_str();
        let tracked = load(name).tracked();
        let completions: Vec<Sequence> = sequences(&golden)
            .iter()
            .map(|(tokens, prompt, _)| Sequence::completion(&tokens[..*prompt], &tokens[*prompt..]))
            .collect();
        let batch = Batch::new(&completions.iter().collect::<Vec<_>>(), &tracked.device());
        let sums = batch.sequence_logprobs(&tracked);
        for (sum, (_, _, golden)) in read(&sums).iter().zip(sequences(&golden)) {
            assert_close(&[*sum], &floats(&golden["completion_logp"]), 1e-4, name);
        }
        let loss = sums.mean().neg();
        assert_close(&read(&loss), &floats(&golden["loss"]), 1e-4, name);
        let mut ours = gradients(&tracked, &loss);
        if name == "tiny_gpt2" {
            // Without rotations, a bias of the keys moves all scores of a query alike: softmax does not see it.
            ours.retain(|weight, values| {
                let zero = weight.ends_with("k_proj.bias");
                assert!(!zero || values.iter().all(|v| v.abs() < 1e-5), "{weight}: {values:?}");
                !zero
            });
            golden["grads"].as_object_mut().unwrap().retain(|weight, _| !weight.ends_with("k_proj.bias"));
        }
        let gap = assert_gradients(&ours, &golden["grads"], 1e-4, name);
        println!("{name}: gradients off by {gap:.1e} of their largest values");
    }
}

#[test]
fn a_padded_batch_gives_what_its_rows_give_alone() {
    for (name, golden) in models() {
        let name = name.as_str();
        let model = load(name);
        let rows: Vec<Sequence> = sequences(&golden).iter().map(|(tokens, ..)| whole(tokens)).collect();
        let alone: Vec<f32> =
            rows.iter().flat_map(|row| read(&Batch::new(&[row], &device::cpu()).token_logprobs(&model))).collect();
        let together = read(&Batch::new(&rows.iter().collect::<Vec<_>>(), &device::cpu()).token_logprobs(&model));
        assert_close(&together, &alone, 1e-5, name);
        for budget in [1, 20, 1000] {
            let scored = pollster::block_on(score(&model, &rows, budget)).unwrap();
            assert_eq!(
                scored.iter().map(Vec::len).collect::<Vec<_>>(),
                rows.iter().map(|r| r.labels.len()).collect::<Vec<_>>()
            );
            assert_close(&scored.concat(), &alone, 1e-5, &format!("{name}, budget {budget}"));
        }
    }
}

/// Generation reads prompts with padding on the left and then token by token.
#[test]
fn reading_in_pieces_gives_what_reading_at_once_gives() {
    for (name, golden) in models() {
        let model = load(&name);
        let rows: Vec<Vec<u32>> = sequences(&golden).into_iter().map(|(tokens, ..)| tokens).collect();
        // All rows end together: what is left over at the beginning is padding.
        let longest = rows.iter().map(Vec::len).max().unwrap();
        let padding: Vec<usize> = rows.iter().map(|row| longest - row.len()).collect();
        let prompt = longest - rows.iter().map(Vec::len).min().unwrap() + 1;
        let mut cache = Cache::new(padding.clone());
        let mut slots = 0..prompt;
        while !slots.is_empty() {
            let tokens: Vec<i32> = rows
                .iter()
                .zip(&padding)
                .flat_map(|(row, pad)| {
                    slots.clone().map(move |slot| slot.checked_sub(*pad).map_or(0, |at| row[at].cast_signed()))
                })
                .collect();
            let tokens = Tensor::from_data(TensorData::new(tokens, [rows.len(), slots.len()]), &device::cpu());
            let logits = read(&model.logits(model.extend(tokens, &mut cache)));
            for (index, (row, pad)) in rows.iter().zip(&padding).enumerate() {
                let read_so_far = row[..slots.end - pad].to_vec();
                let last = Sequence { labels: vec![(read_so_far.len() - 1, 0)], tokens: read_so_far };
                let expected = read(&Batch::new(&[&last], &device::cpu()).logits(&model));
                let ours = &logits[index * expected.len()..][..expected.len()];
                assert_close(ours, &expected, 1e-5, &format!("{name}, row {index} up to {}", slots.end));
            }
            slots = slots.end..(slots.end + 1).min(longest);
        }
    }
}

#[test]
fn both_spellings_of_the_rotary_settings_mean_the_same() {
    let folder = goldens().join("tiny_llama_rope_scaled");
    let parse = |file: &str| {
        let path = folder.join(file);
        Config::parse(&std::fs::read_to_string(&path).unwrap(), &path).unwrap()
    };
    let (old, new) = (parse("config.json"), parse("config.rope_parameters.json"));
    assert!((old.rope_theta - new.rope_theta).abs() < 1e-12);
    let goldens = golden("llama.json");
    let (tokens, _, golden) = sequences(&goldens["models"]["tiny_llama_rope_scaled"]).remove(0);
    let bytes = std::fs::read(folder.join("model.safetensors")).unwrap();
    for config in [old, new] {
        let model = model::from_bytes(config, &bytes, &folder, &device::cpu()).unwrap();
        let logprobs = read(&Batch::new(&[&whole(&tokens)], &device::cpu()).token_logprobs(&model));
        assert_close(&logprobs, &floats(&golden["logps"]), 1e-5, "log-probability");
    }
}

#[test]
fn a_saved_model_is_the_same_model_to_the_last_bit() {
    for (name, _) in models() {
        let name = name.as_str();
        let folder = tempfile::tempdir().unwrap();
        let model = load(name);
        pollster::block_on(model::save(&model, folder.path(), Precision::F32)).unwrap();
        let again = model::load(folder.path(), &device::cpu()).unwrap();
        assert_eq!(again.config(), model.config(), "{name}");
        let bits = |model: &Decoder| -> Vec<(String, Vec<u32>)> {
            named(model).into_iter().map(|(name, v)| (name, v.iter().map(|f| f.to_bits()).collect())).collect()
        };
        assert_eq!(bits(&again), bits(&model), "{name}");
        assert_eq!(
            pollster::block_on(model::to_bytes(&again, Precision::F32)).unwrap(),
            std::fs::read(folder.path().join("model.safetensors")).unwrap(),
            "{name}: the same weights are the same bytes"
        );
    }
}

#[test]
fn a_model_saved_in_half_precision_is_nearly_the_same_and_then_stays_the_same() {
    for (name, _) in models() {
        let name = name.as_str();
        let folder = tempfile::tempdir().unwrap();
        let model = load(name);
        pollster::block_on(model::save(&model, folder.path(), Precision::F16)).unwrap();
        let again = model::load(folder.path(), &device::cpu()).unwrap();
        for ((name, rounded), (_, exact)) in named(&again).iter().zip(&named(&model)) {
            assert_ne!(rounded, exact, "{name} was rounded");
            for (rounded, exact) in rounded.iter().zip(exact) {
                // Eleven digits of mantissa, and fewer near zero.
                assert!(
                    (rounded - exact).abs() <= (exact.abs() / 2048.0).max(f32::exp2(-25.0)),
                    "{name}: {rounded} of {exact}"
                );
            }
        }
        let bytes = std::fs::read(folder.path().join("model.safetensors")).unwrap();
        assert_eq!(pollster::block_on(model::to_bytes(&again, Precision::F16)).unwrap(), bytes, "{name}");
    }
}

#[test]
fn the_number_of_parameters_is_that_of_the_weights() {
    for (name, _) in models() {
        let name = name.as_str();
        let model = load(name);
        let counted: usize = named(&model).iter().map(|(_, values)| values.len()).sum();
        assert_eq!(model.config().parameters(), counted, "{name}");
    }
}
