//! Drawn answers depend on what they are for and on nothing else: not on the batch, not on the
//! order of the prompts, not on how many answers were asked for.

mod ends;

use std::collections::BTreeSet;

use selfsame_core::{
    learn::{Sequence, batch::score},
    model::Decoder,
    sample::{Answer, Request, Sampling, generate},
    text::Tokenizer,
    world::{Split, World, rules::Rules},
};
use selfsame_tests::{rules_tokenizer, tiny};

/// What the tests draw from and with.
struct Bench {
    model: Decoder,
    tokenizer: Tokenizer,
    /// Prompts of several lengths, each with its number.
    prompts: Vec<(u64, Vec<u32>)>,
    sampling: Sampling,
}

impl Bench {
    fn new() -> Self {
        let tokenizer = rules_tokenizer();
        let worded = Rules.prompts(4, Split::HeldOut, 7);
        let prompts = worded
            .iter()
            .enumerate()
            .map(|(index, prompt)| {
                let ids = tokenizer.encode(&prompt.text).unwrap();
                // One prompt of a single token, the others of up to three copies: paddings from 0 to 7.
                let ids = if index == 0 { ids[..1].to_vec() } else { ids.repeat(1 + index % 3)[index..].to_vec() };
                (index as u64 + 10, ids)
            })
            .collect();
        let sampling = Sampling { temperature: 1.1, top_p: 0.98, max_new_tokens: 12, ..Sampling::default() };
        Self { model: tiny(1), tokenizer, prompts, sampling }
    }

    fn request(&self) -> Request<'_> {
        Request { prompts: &self.prompts, samples: 3, sampling: &self.sampling, seed: 9, iteration: 2, batch: 64 }
    }

    fn draw(&self, request: &Request<'_>) -> Vec<Vec<Answer>> {
        pollster::block_on(generate(&self.model, &self.tokenizer, request)).unwrap()
    }
}

fn tokens(answers: &[Vec<Answer>]) -> Vec<Vec<Vec<u32>>> {
    answers.iter().map(|group| group.iter().map(|a| a.ids.clone()).collect()).collect()
}

#[test]
fn the_batch_does_not_matter() {
    let bench = Bench::new();
    let lengths: BTreeSet<usize> = bench.prompts.iter().map(|(_, ids)| ids.len()).collect();
    assert!(lengths.len() >= 5, "prompts of different lengths: {lengths:?}");
    let expected = bench.draw(&bench.request());
    assert_eq!(expected.iter().map(Vec::len).collect::<Vec<_>>(), vec![3; bench.prompts.len()]);
    for batch in [1, 3, 8, 64] {
        let drawn = bench.draw(&Request { batch, ..bench.request() });
        assert_eq!(tokens(&drawn), tokens(&expected), "batch {batch}");
        for (ours, expected) in drawn.iter().flatten().zip(expected.iter().flatten()) {
            assert_eq!((ours.finish, &ours.text), (expected.finish, &expected.text));
            for (a, b) in ours.logprobs.iter().zip(&expected.logprobs) {
                assert!((a - b).abs() < 1e-5, "batch {batch}: {a} and {b}");
            }
        }
    }
}

#[test]
fn the_order_and_the_company_of_prompts_do_not_matter() {
    let bench = Bench::new();
    let expected = tokens(&bench.draw(&bench.request()));
    let mut order: Vec<usize> = (0..bench.prompts.len()).collect();
    for _ in 0..3 {
        order.rotate_left(2);
        order.swap(0, 3);
        let prompts: Vec<_> = order.iter().map(|index| bench.prompts[*index].clone()).collect();
        let drawn = tokens(&bench.draw(&Request { prompts: &prompts, batch: 8, ..bench.request() }));
        for (place, index) in order.iter().enumerate() {
            assert_eq!(drawn[place], expected[*index], "prompt {index} at place {place}");
        }
    }
    for (index, prompt) in bench.prompts.iter().enumerate() {
        let alone = bench.draw(&Request { prompts: std::slice::from_ref(prompt), ..bench.request() });
        assert_eq!(tokens(&alone)[0], expected[index], "prompt {index} alone");
    }
}

#[test]
fn fewer_samples_are_the_first_of_more() {
    let bench = Bench::new();
    let expected = tokens(&bench.draw(&Request { samples: 5, ..bench.request() }));
    for samples in 1..5 {
        let drawn = tokens(&bench.draw(&Request { samples, ..bench.request() }));
        for (ours, all) in drawn.iter().zip(&expected) {
            assert_eq!(ours[..], all[..samples]);
        }
    }
    for group in &expected {
        let distinct: BTreeSet<_> = group.iter().collect();
        assert!(distinct.len() > 1, "the samples of a prompt are drawn with different numbers");
    }
}

#[test]
fn seed_iteration_and_number_of_the_prompt_all_matter() {
    let bench = Bench::new();
    let expected = tokens(&bench.draw(&bench.request()));
    assert_eq!(tokens(&bench.draw(&bench.request())), expected, "the same again");
    let renumbered: Vec<_> = bench.prompts.iter().map(|(number, ids)| (number + 1000, ids.clone())).collect();
    for (what, request) in [
        ("seed", Request { seed: 10, ..bench.request() }),
        ("iteration", Request { iteration: 3, ..bench.request() }),
        ("number", Request { prompts: &renumbered, ..bench.request() }),
    ] {
        for (index, (ours, expected)) in tokens(&bench.draw(&request)).iter().zip(&expected).enumerate() {
            assert_ne!(ours, expected, "{what}, prompt {index}");
        }
    }
    // Two prompts with the same words but other numbers get other answers, with the same the same.
    let ids = bench.prompts[2].1.clone();
    let twins = [(1, ids.clone()), (2, ids.clone()), (1, ids)];
    let drawn = tokens(&bench.draw(&Request { prompts: &twins, ..bench.request() }));
    assert_ne!(drawn[0], drawn[1]);
    assert_eq!(drawn[0], drawn[2]);
}

#[test]
fn greedy_answers_know_no_chance() {
    let bench = Bench::new();
    let greedy = Sampling::greedy(12);
    let request = Request { sampling: &greedy, ..bench.request() };
    let expected = tokens(&bench.draw(&request));
    for (seed, iteration, batch) in [(10, 2, 64), (9, 5, 64), (0, 0, 1)] {
        assert_eq!(tokens(&bench.draw(&Request { seed, iteration, batch, ..request })), expected);
    }
    for group in bench.draw(&request) {
        assert!(group.iter().all(|answer| answer.ids == group[0].ids), "all samples are the same");
        assert!(group.iter().all(|answer| answer.sampling_logprob == 0.0), "they were certain");
    }
    // A temperature near zero is nearly greedy.
    let cold = Sampling { temperature: 1e-4, ..greedy };
    assert_eq!(tokens(&bench.draw(&Request { sampling: &cold, ..request })), expected);
}

#[test]
fn recorded_log_probabilities_are_those_of_the_model() {
    let bench = Bench::new();
    let answers = bench.draw(&bench.request());
    let sequences: Vec<Sequence> = bench
        .prompts
        .iter()
        .zip(&answers)
        .flat_map(|((_, prompt), group)| group.iter().map(|a| Sequence::completion(prompt, &a.ids)))
        .collect();
    let scores = pollster::block_on(score(&bench.model, &sequences, 300)).unwrap();
    let mut largest = 0.0_f32;
    for (answer, scored) in answers.iter().flatten().zip(&scores) {
        assert_eq!(answer.logprobs.len(), answer.ids.len());
        assert_eq!(answer.logprobs.len(), scored.len());
        for (recorded, scored) in answer.logprobs.iter().zip(scored) {
            assert!((recorded - scored).abs() < 1e-4, "{recorded} and {scored}");
            largest = largest.max((recorded - scored).abs());
        }
        assert!((answer.logprob() - scored.iter().sum::<f32>()).abs() < 1e-4);
        // Temperature 1.1 and top-p 0.98: close to the model's own distribution, but not it.
        assert!((answer.sampling_logprob - answer.logprob()).abs() > 1e-3);
        assert!((answer.sampling_logprob - answer.logprob()).abs() < 5.0);
    }
    println!("log-probabilities off by {largest:.1e}");
}

#[test]
fn without_filters_both_log_probabilities_are_the_same() {
    let bench = Bench::new();
    let plain = Sampling { max_new_tokens: 6, ..Sampling::default() };
    for answer in bench.draw(&Request { sampling: &plain, ..bench.request() }).iter().flatten() {
        assert!((answer.sampling_logprob - answer.logprob()).abs() < 1e-4, "{answer:?}");
    }
}
