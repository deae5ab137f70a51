//! Drawing a batch of answers, with the logits read for every token or with the tokens read in blocks.

use burn::tensor::Tensor;
use selfsame_shaders::{draw, drawn, uniforms};

use super::{
    Grammar, Sampling,
    rows::{Row, Together, token_tensor},
    voices::Voices,
};
use crate::{
    Result,
    device::{indices, read_ints},
};

/// The share of a batch that has to be done for it to leave: what is left is then copied, with all that it has read.
const LEAVING: usize = 8;

/// Draws the answers token by token. Rows that are done leave the batch when they are an eighth of it, and what is
/// drawn for them until then is not looked at.
pub(super) async fn on_host(
    voices: &Voices,
    sampling: &Sampling,
    grammar: Option<&Grammar>,
    mut batch: Together,
) -> Result<Vec<Vec<Row>>> {
    let Together { rows, prompts, padding, stop } = &mut batch;
    let mut caches = voices.caches(padding);
    let logits = voices.read(prompts, &mut caches).await?;
    let vocabulary = logits.len() / padding.len();
    for row in rows.iter_mut() {
        row.draw_within(&logits[row.prompt * vocabulary..][..vocabulary], sampling, stop, grammar);
    }
    let mut together: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].done.is_none()).collect();
    caches = caches.select(&together.iter().map(|row| rows[*row].prompt).collect::<Vec<_>>());
    while together.iter().any(|row| rows[*row].done.is_none()) {
        let last = together.iter().map(|row| rows[*row].ids[rows[*row].ids.len() - 1]);
        let tokens = token_tensor(last, [together.len(), 1], &prompts.device());
        let logits = voices.read(&tokens, &mut caches).await?;
        for (row, logits) in together.iter().zip(logits.chunks_exact(vocabulary)) {
            if rows[*row].done.is_none() {
                rows[*row].draw_within(logits, sampling, stop, grammar);
            }
        }
        let still: Vec<usize> = (0..together.len()).filter(|place| rows[together[*place]].done.is_none()).collect();
        if !still.is_empty() && (together.len() - still.len()) * LEAVING >= together.len() {
            together = still.iter().map(|place| together[*place]).collect();
            caches = caches.select(&still);
        }
    }
    Ok(batch.by_prompt())
}

/// Draws the answers where the logits are, up to `block` tokens of each at a time: a token goes from the draw to the
/// next reading of the model, and only the block's end waits for the device. Rows that are done leave the batch there.
pub(super) async fn in_blocks(
    voices: &Voices,
    sampling: &Sampling,
    block: usize,
    mut batch: Together,
) -> Result<Vec<Vec<Row>>> {
    let Together { rows, prompts, padding, stop } = &mut batch;
    let device = prompts.device();
    let mut alive: Vec<usize> = (0..rows.len()).collect();
    let mut caches = voices.caches(padding);
    let logits = voices.logits(prompts, &mut caches);
    let of_rows: Vec<usize> = rows.iter().map(|row| row.prompt).collect();
    let mut logits = Some(logits.select(0, indices(of_rows.iter().copied(), &device)));
    caches = caches.select(&of_rows);
    let mut last = prompts.clone();
    while !alive.is_empty() {
        let room = alive.iter().map(|row| rows[*row].room()).max().unwrap_or(0);
        let steps = room.min(block).max(1);
        // Of each row the numbers of all steps, and then of each step those of all rows.
        let numbers: Vec<Vec<f64>> =
            alive.iter().map(|row| (0..steps).map(|_| rows[*row].uniform()).collect()).collect();
        let numbers: Vec<f64> = (0..steps).flat_map(|step| numbers.iter().map(move |row| row[step])).collect();
        let numbers = uniforms(&numbers, &device);
        let mut results = Vec::with_capacity(steps);
        for step in 0..steps {
            let logits = logits.take().unwrap_or_else(|| voices.logits(&last, &mut caches));
            let result = draw(logits, numbers.clone(), step, sampling.filters());
            last = result.clone().slice([0..alive.len(), 0..1]);
            results.push(result);
        }
        for tokens in drawn(&read_ints(Tensor::cat(results, 0)).await?).chunks(alive.len()) {
            for (row, token) in alive.iter().zip(tokens) {
                if rows[*row].done.is_none() {
                    rows[*row].push(*token, stop);
                }
            }
        }
        let still: Vec<usize> = (0..alive.len()).filter(|position| rows[alive[*position]].done.is_none()).collect();
        if still.len() < alive.len() {
            alive = still.iter().map(|position| alive[*position]).collect();
            if !alive.is_empty() {
                caches = caches.select(&still);
                last = last.select(0, indices(still, &device));
            }
        }
    }
    Ok(batch.by_prompt())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        device,
        model::{self, Config, Decoder},
        sample::{
            Answer, Drawing, FinishReason, Request,
            generate::{draw_all, generate_by},
        },
        text::Tokenizer,
        world::{Split, World, rules::Rules, rules::tokenizer_json},
    };

    fn tokenizer() -> Tokenizer {
        Tokenizer::parse(&tokenizer_json()).unwrap()
    }

    /// A small random model with a context of 40 in which every tenth token ends an answer.
    fn model(seed: u64, device: &burn::tensor::Device) -> Decoder {
        let mut config = serde_json::to_value(Config::llama(32, 64, 2, 4, 2, tokenizer().size())).unwrap();
        config["max_position_embeddings"] = 40.into();
        config["eos_token_id"] = (2..tokenizer().size()).step_by(10).collect();
        let config = Config::parse(&config.to_string(), "config.json".as_ref()).unwrap();
        Decoder::random(config, seed, &[], device)
    }

    /// Prompts of several lengths, the last of which leave less room than a block has tokens.
    fn prompts() -> Vec<(u64, Vec<u32>)> {
        vec![(3, vec![1, 5, 9]), (70, (1..9).collect()), (4, (1..35).collect()), (8, vec![5; 33]), (9, vec![7; 39])]
    }

    /// The answers, and how often was read for them.
    fn drawn_by(model: &Decoder, request: &Request<'_>, drawing: Drawing) -> (Vec<Answer>, u64) {
        let before = device::readings();
        let answers = pollster::block_on(generate_by(model, &tokenizer(), request, drawing)).unwrap();
        (answers.into_iter().flatten().collect(), device::readings() - before)
    }

    fn assert_same(ours: &[Answer], expected: &[Answer], tolerance: f32, what: &str) {
        assert_eq!(ours.len(), expected.len());
        for (ours, expected) in ours.iter().zip(expected) {
            assert_eq!(
                (&ours.ids, ours.finish, &ours.text),
                (&expected.ids, expected.finish, &expected.text),
                "{what}"
            );
            for (a, b) in ours.logprobs.iter().zip(&expected.logprobs) {
                assert!((a - b).abs() < tolerance, "{what}: {a} instead of {b}");
            }
            assert!((ours.sampling_logprob - expected.sampling_logprob).abs() < 10.0 * tolerance, "{what}");
        }
    }

    #[test]
    fn blocks_hold_what_single_tokens_are() {
        let (model, prompts) = (model(1, &device::cpu()), prompts());
        let mut ends = [0, 0];
        for sampling in [
            Sampling::greedy(12),
            Sampling { temperature: 0.9, max_new_tokens: 12, ..Sampling::default() },
            Sampling { top_k: 40, top_p: 0.8, min_p: 0.01, max_new_tokens: 60, ..Sampling::default() },
        ] {
            let request =
                Request { prompts: &prompts, samples: 4, sampling: &sampling, seed: 11, iteration: 2, batch: 8 };
            let (expected, readings) = drawn_by(&model, &request, Drawing::OnHost);
            for answer in &expected {
                ends[usize::from(answer.finish == FinishReason::Stop)] += 1;
            }
            let mut fewest = readings;
            for block in [1, 3, 8, 100] {
                let (found, readings) = drawn_by(&model, &request, Drawing::InBlocks(block));
                assert_same(&found, &expected, 1e-5, &format!("{sampling:?}, blocks of {block}"));
                assert!(readings <= fewest, "{readings} readings with blocks of {block}");
                fewest = readings;
            }
            // Two prompts share a batch, and of the longer padded length there are three: three batches.
            assert_eq!(fewest, 3, "{sampling:?}");
        }
        assert!(ends[0] > 10 && ends[1] > 10, "both kinds of end have to occur: {ends:?}");
    }

    #[test]
    fn adapters_draw_what_the_processor_draws() {
        let Some(gpu) = device::of_tests() else { return };
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/starter"));
        let [on_cpu, on_gpu] = [device::cpu(), gpu].map(|device| model::load(folder, &device).unwrap());
        let prompts: Vec<(u64, Vec<u32>)> = (0..)
            .zip(Rules.prompts(1, Split::HeldOut, 7).into_iter().take(1))
            .map(|(number, prompt)| (number, tokenizer().encode(&prompt.text).unwrap()))
            .collect();
        let sampling = Sampling { top_p: 0.97, max_new_tokens: 12, ..Sampling::default() };
        let request = Request { prompts: &prompts, samples: 4, sampling: &sampling, seed: 5, iteration: 1, batch: 4 };
        let (expected, _) = drawn_by(&on_cpu, &request, Drawing::OnHost);
        let longest = expected.iter().map(|answer| answer.ids.len()).max().unwrap() as u64;
        let (by_token, many) = drawn_by(&on_gpu, &request, Drawing::OnHost);
        assert_same(&by_token, &expected, 1e-4, "token by token");
        let suited = Drawing::suited(&on_gpu, None);
        assert_eq!((suited, Drawing::suited(&on_cpu, None)), (Drawing::InBlocks(8), Drawing::OnHost));
        let (in_blocks, few) = drawn_by(&on_gpu, &request, suited);
        assert_same(&in_blocks, &expected, 1e-4, "in blocks");
        assert_eq!((many, few), (longest, longest.div_ceil(8)), "readings");
    }

    #[test]
    fn mixtures_are_drawn_on_adapters_too() {
        let Some(gpu) = device::of_tests() else { return };
        let (prompts, sampling) = (prompts(), Sampling { max_new_tokens: 6, ..Sampling::default() });
        let request =
            Request { prompts: &prompts[..3], samples: 2, sampling: &sampling, seed: 4, iteration: 2, batch: 8 };
        let mut found = [(device::cpu(), Drawing::OnHost), (gpu, Drawing::InBlocks(4))].map(|(device, drawing)| {
            let voices = Voices::mixture(&model(1, &device), &model(2, &device), 0.4).unwrap();
            let (policy, tokenizer) = (model(1, &device), tokenizer());
            let drawn = draw_all(&policy, &voices, &tokenizer, &request, (None, drawing));
            pollster::block_on(drawn).unwrap().concat()
        });
        let [expected, found] = &mut found;
        assert_same(found, expected, 1e-4, "a mixture");
    }
}
