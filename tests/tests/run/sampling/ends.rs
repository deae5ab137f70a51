//! How answers end, and prompts that leave no room for one.

use selfsame_core::{
    Error, device,
    model::{Config, Decoder},
    sample::{FinishReason, Request, Sampling, generate},
};
use selfsame_tests::tiny_config;

use super::{Bench, tokens};

/// A model in which every sixteenth token ends an answer.
fn often_stopping() -> Decoder {
    let mut value = serde_json::to_value(tiny_config()).unwrap();
    value["eos_token_id"] = (2..328).step_by(16).collect();
    let config = Config::parse(&value.to_string(), "config.json".as_ref()).unwrap();
    Decoder::random(config, 1, &[], &device::cpu())
}

#[test]
fn a_stop_token_ends_an_answer_and_only_it() {
    let bench = Bench { model: often_stopping(), ..Bench::new() };
    let stops = bench.model.config().stop_tokens();
    assert!(stops.len() > 20);
    let (mut stopped, mut cut) = (0, 0);
    for answer in bench.draw(&Request { samples: 8, ..bench.request() }).iter().flatten() {
        let (last, before) = answer.ids.split_last().expect("an answer has a token");
        assert!(!before.iter().any(|id| stops.contains(id)), "{answer:?} goes on after a stop token");
        if stops.contains(last) {
            assert_eq!(answer.finish, FinishReason::Stop);
            assert_eq!(answer.content(), before);
            stopped += 1;
        } else {
            assert_eq!(answer.finish, FinishReason::Length);
            assert_eq!(answer.ids.len(), 12);
            assert_eq!(answer.content(), answer.ids);
            cut += 1;
        }
    }
    assert!(stopped > 10 && cut > 10, "{stopped} stopped, {cut} cut: both kinds have to occur");
}

#[test]
fn rows_that_end_early_do_not_disturb_the_others() {
    let bench = Bench { model: often_stopping(), ..Bench::new() };
    let together = tokens(&bench.draw(&Request { samples: 8, ..bench.request() }));
    for batch in [1, 8, 24] {
        assert_eq!(tokens(&bench.draw(&Request { samples: 8, batch, ..bench.request() })), together, "batch {batch}");
    }
}

#[test]
fn both_limits_of_length_hold() {
    let bench = Bench::new();
    let context = bench.model.config().max_position_embeddings;
    for (length, limit, expected) in [(5, 1, 1), (5, 30, 30), (context - 3, 30, 3), (context - 1, 30, 1)] {
        let prompts: Vec<(u64, Vec<u32>)> = vec![(0, vec![7; length])];
        let sampling = Sampling { max_new_tokens: limit, ..Sampling::default() };
        let answers = bench.draw(&Request { prompts: &prompts, sampling: &sampling, ..bench.request() });
        for answer in answers[0].iter().filter(|a| a.finish == FinishReason::Length) {
            assert_eq!(answer.ids.len(), expected, "prompt of {length}, limit {limit}");
        }
        assert!(answers[0].iter().all(|a| a.ids.len() <= expected));
        assert!(answers[0].iter().any(|a| a.finish == FinishReason::Length));
    }
}

#[test]
fn prompts_that_leave_no_room_or_say_nothing_are_refused() {
    let bench = Bench::new();
    let context = bench.model.config().max_position_embeddings;
    for length in [context, context + 1, 3 * context] {
        let prompts = [(0, vec![5; 4]), (77, vec![5; length])];
        let request = Request { prompts: &prompts, ..bench.request() };
        let error = pollster::block_on(generate(&bench.model, &bench.tokenizer, &request)).unwrap_err();
        assert!(
            matches!(&error, Error::Context { prompt, tokens, .. } if prompt == "77" && *tokens == length),
            "{error}"
        );
    }
    let prompts = [(0, vec![5; 4]), (77, Vec::new())];
    let request = Request { prompts: &prompts, ..bench.request() };
    let error = pollster::block_on(generate(&bench.model, &bench.tokenizer, &request)).unwrap_err();
    assert!(error.to_string().contains("77"), "{error}");
}
