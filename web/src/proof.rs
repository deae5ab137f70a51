//! The whole loop once, small: load the starter, draw eight answers, judge them, take one step of
//! DPO. The same function runs natively and in the browser, so that their numbers can be compared.

use burn::tensor::Device;
use selfsame_core::{
    Error, Result, device,
    judge::{Form, Generative},
    learn::{
        Batch, LearnConfig, Objective, Sequence, Trainer,
        batch::score,
        loss::{margin, soft_logistic},
    },
    model::{self, Config},
    sample::{Request, Sampling, generate},
    text::Tokenizer,
    world,
};
use serde::{Deserialize, Serialize};

/// The files of a model folder.
#[derive(Debug, Clone, Copy)]
pub struct ModelFiles<'a> {
    /// `config.json`
    pub config: &'a str,
    /// `tokenizer.json`
    pub tokenizer: &'a str,
    /// `model.safetensors`
    pub weights: &'a [u8],
}

/// The numbers to compare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// The largest error of the device's self-test, in nats.
    pub self_test: f64,
    /// The tokens of the greedy answer.
    pub greedy: Vec<u32>,
    /// Each of the eight sampled answers.
    pub sampled: Vec<Vec<u32>>,
    /// The judge's expected score of each.
    pub scores: Vec<f32>,
    /// The loss of the DPO step: ln 2, since the policy is its own reference.
    pub loss: f32,
    /// The norm of its gradients.
    pub grad_norm: f32,
    /// The same pair's loss after the step.
    pub loss_after: f32,
}

/// Answers drawn.
const SAMPLES: usize = 8;

/// Scale of the implicit reward.
const BETA: f64 = 0.1;

/// Runs the proof on a device.
///
/// # Errors
/// If the device fails, or the files are not the starter's.
pub async fn proof(files: &ModelFiles<'_>, device: &Device) -> Result<Proof> {
    let self_test = device::self_test(device).await?;
    let path = std::path::Path::new("(starter)");
    let tokenizer = Tokenizer::parse(files.tokenizer)?;
    let model = model::from_bytes(Config::parse(files.config, path)?, files.weights, path, device)?;
    let world = world::by_name("rules").ok_or_else(|| Error::Recipe("there is no world `rules`".to_owned()))?;
    let prompt = world
        .prompts(1, world::Split::HeldOut, 1)
        .pop()
        .ok_or_else(|| Error::Recipe("the world has no prompts".to_owned()))?;
    let prompts = [(0, tokenizer.encode(&prompt.text)?)];
    let ids = &prompts[0].1;

    let sampling = Sampling { temperature: 0.9, ..Sampling::default() };
    let greedy = Sampling::greedy(sampling.max_new_tokens);
    let request =
        |samples, sampling| Request { prompts: &prompts, samples, sampling, seed: 1, iteration: 0, batch: SAMPLES };
    let best = generate(&model, &tokenizer, &request(1, &greedy)).await?.remove(0);
    let answers = generate(&model, &tokenizer, &request(SAMPLES, &sampling)).await?.remove(0);

    let judge = Generative::new(&world.judge_prompts()[0], Form::Pointwise, &tokenizer)?;
    let items: Vec<(&[u32], &[u32])> = answers.iter().map(|a| (ids.as_slice(), a.content())).collect();
    let scores = judge.score(&model, &items, usize::MAX).await?;

    let extreme = |better: fn(f32, f32) -> bool| {
        (1..SAMPLES).fold(0, |best, index| if better(scores[index], scores[best]) { index } else { best })
    };
    let pair = [extreme(|a, b| a > b), extreme(|a, b| a < b)];
    let sequences = pair.map(|answer| Sequence::completion(ids, &answers[answer].ids));
    let reference: Vec<f32> = score(&model, &sequences, usize::MAX).await?.iter().map(|row| row.iter().sum()).collect();
    let objective = |model: &model::Decoder, _: &[usize]| -> Result<Objective> {
        let device = model.device();
        let policy = Batch::new(&sequences.iter().collect::<Vec<_>>(), &device).sequence_logprobs(model);
        let constant = |value: f32| burn::tensor::Tensor::<1>::from_floats([value], &device);
        let delta = margin(
            [policy.clone().slice([0..1]), policy.slice([1..2])],
            [constant(reference[0]), constant(reference[1])],
            BETA,
        );
        Ok(Objective { loss: soft_logistic(delta, constant(1.0)).mean(), metrics: Vec::new(), items: Vec::new() })
    };
    let learn = LearnConfig { warmup: 0.0, ..LearnConfig::default() };
    let mut trainer = Trainer::new(learn, 2);
    let (model, first) = trainer.step(&model, &[0], 0, objective).await?;
    let (_, second) = trainer.step(&model, &[0], 0, objective).await?;
    Ok(Proof {
        self_test,
        greedy: best.into_iter().flat_map(|a| a.ids).collect(),
        sampled: answers.iter().map(|a| a.ids.clone()).collect(),
        scores,
        loss: first.loss,
        grad_norm: first.grad_norm,
        loss_after: second.loss,
    })
}

/// Compares a proof with one computed elsewhere and names the first difference.
///
/// # Errors
/// The difference, if the greedy tokens differ, or a loss by more than 1e-3.
pub fn compare(got: &Proof, expected: &Proof) -> std::result::Result<(), String> {
    if got.greedy != expected.greedy {
        return Err(format!("greedy tokens differ: {:?} instead of {:?}", got.greedy, expected.greedy));
    }
    for (name, a, b, tolerance) in [
        ("loss", got.loss, expected.loss, 1e-3),
        ("loss after the step", got.loss_after, expected.loss_after, 1e-3),
        ("gradient norm", got.grad_norm, expected.grad_norm, 1e-2 * expected.grad_norm),
    ] {
        // Not a number differs from everything.
        if (a - b).is_nan() || (a - b).abs() > tolerance {
            return Err(format!("{name} is {a} instead of {b}"));
        }
    }
    if let Some((a, b)) = got.scores.iter().zip(&expected.scores).find(|(a, b)| (*a - *b).abs() > 1e-3)
        && got.sampled == expected.sampled
    {
        return Err(format!("a judge's score is {a} instead of {b}"));
    }
    Ok(())
}
