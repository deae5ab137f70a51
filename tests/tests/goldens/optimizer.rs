//! AdamW, clipping and the schedules against PyTorch and transformers.

use burn::tensor::Tensor;
use selfsame_core::{
    Error, Result,
    learn::{
        AdamW, AdamWConfig, LearnConfig, Objective, Schedule, ScheduleKind, StepReport, Trainer,
        adamw::squared_norm,
        tune::{SchedulerType, TuneConfig},
    },
    model::{Config, Decoder, Norm, Weights},
    rng::{Purpose, Stream},
};
use selfsame_tests::{assert_close, floats, golden, matrix, named, numbers, tiny, vector};
use serde_json::Value;

/// AdamW as its paper has it with PyTorch's defaults, in f64 and for one flat weight.
struct Reference {
    weight: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    step: i32,
}

impl Reference {
    fn new(weight: Vec<f64>) -> Self {
        let zeros = vec![0.0; weight.len()];
        Self { weight, first: zeros.clone(), second: zeros, step: 0 }
    }

    fn update(&mut self, gradient: &[f64], config: &AdamWConfig, learning_rate: f64) {
        self.step += 1;
        for (index, gradient) in gradient.iter().enumerate() {
            self.first[index] = config.beta1 * self.first[index] + (1.0 - config.beta1) * gradient;
            self.second[index] = config.beta2 * self.second[index] + (1.0 - config.beta2) * gradient * gradient;
            let mean = self.first[index] / (1.0 - config.beta1.powi(self.step));
            let spread = (self.second[index] / (1.0 - config.beta2.powi(self.step))).sqrt();
            self.weight[index] *= 1.0 - learning_rate * config.weight_decay;
            self.weight[index] -= learning_rate * mean / (spread + config.epsilon);
        }
    }
}

/// The factor of `torch.nn.utils.clip_grad_norm_`.
fn clip(norm: f64, limit: f64) -> f64 {
    (limit / (norm + 1e-6)).min(1.0)
}

#[allow(clippy::cast_possible_truncation)]
fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|v| *v as f32).collect()
}

fn options(golden: &Value) -> (AdamWConfig, f64) {
    let options = &golden["options"];
    let [beta1, beta2] = numbers(&options["betas"])[..] else { panic!("two betas") };
    let config = AdamWConfig {
        beta1,
        beta2,
        epsilon: options["eps"].as_f64().unwrap(),
        weight_decay: options["weight_decay"].as_f64().unwrap(),
    };
    (config, options["lr"].as_f64().unwrap())
}

/// A model without blocks whose embedding is the golden's matrix and whose norm is its vector.
/// It cannot read anything, but it can be optimised.
fn holder(golden: &Value) -> Decoder {
    let weights = Weights {
        embed: matrix(floats(&golden["initial"]["matrix"]), [3, 4]).into(),
        positions: None,
        layers: Vec::new(),
        norm: Norm::rms(vector(&floats(&golden["initial"]["vector"]))),
        head: None,
    };
    Decoder::new(Config::llama(4, 4, 0, 1, 1, 3), weights)
}

fn assert_weights(model: &Decoder, step: &Value, what: &str) {
    for ((_, values), name) in named(model).iter().zip(["matrix", "vector"]) {
        assert_close(values, &floats(&step["params"][name]), 1e-6, &format!("{what}, {name}"));
    }
}

#[test]
fn the_defaults_are_those_of_pytorch() {
    assert_eq!(options(&golden("adamw.json")).0, AdamWConfig::default());
}

#[test]
fn adamw_and_its_f64_reference_reproduce_pytorch() {
    let golden = golden("adamw.json");
    let (config, learning_rate) = options(&golden);
    let limit = golden["max_norm"].as_f64().unwrap();
    let mut reference: Vec<Reference> =
        ["matrix", "vector"].map(|name| Reference::new(numbers(&golden["initial"][name]))).into();
    let mut model = holder(&golden);
    let mut optimiser = AdamW::new(config);
    for (index, step) in golden["steps"].as_array().unwrap().iter().enumerate() {
        let wide = ["matrix", "vector"].map(|name| numbers(&step["grads"][name]));
        let norm = wide.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
        let scale = clip(norm, limit);
        for (reference, gradient) in reference.iter_mut().zip(&wide) {
            let gradient: Vec<f64> = gradient.iter().map(|g| g * scale).collect();
            reference.update(&gradient, &config, learning_rate);
        }
        for (reference, name) in reference.iter().zip(["matrix", "vector"]) {
            let expected = floats(&step["params"][name]);
            assert_close(&narrow(&reference.weight), &expected, 1e-6, &format!("reference, step {index}, {name}"));
        }
        let gradients: Vec<Tensor<1>> = wide.iter().map(|g| vector(&narrow(g))).collect();
        model = optimiser.update(&model, gradients, scale, learning_rate);
        assert_eq!(optimiser.step, index + 1);
        assert_weights(&model, step, &format!("ours, step {index}"));
    }
}

/// The trainer adds what is around the optimiser: gradients by backward, the norm, clipping.
#[test]
fn the_trainer_clips_and_steps_like_pytorch() {
    let golden = golden("adamw.json");
    let (adamw, learning_rate) = options(&golden);
    let steps = golden["steps"].as_array().unwrap();
    let config = LearnConfig {
        learning_rate,
        warmup: 0.0,
        max_grad_norm: golden["max_norm"].as_f64().unwrap(),
        micro_batch: 1,
        adamw,
        ..LearnConfig::default()
    };
    // In one piece, and with gradients that accumulate over two micro-batches.
    for items in [&[0][..], &[0, 1]] {
        let mut model = holder(&golden);
        let mut trainer = Trainer::new(config, steps.len());
        for (index, step) in steps.iter().enumerate() {
            let gradient = [floats(&step["grads"]["matrix"]), floats(&step["grads"]["vector"])];
            let (updated, report) = take_step(&mut trainer, &model, items, &gradient).unwrap();
            model = updated;
            let norm = step["total_norm"].as_f64().unwrap();
            let gap = (f64::from(report.grad_norm) / norm - 1.0).abs();
            assert!(gap < 1e-5, "step {index}: norm {} instead of {norm}", report.grad_norm);
            assert_eq!((report.step, report.total), (index, steps.len()));
            assert_weights(&model, step, &format!("{} micro-batches, step {index}", items.len()));
        }
    }
}

/// A step on a loss that is linear in the weights, so that its gradient is known.
fn take_step(
    trainer: &mut Trainer,
    model: &Decoder,
    items: &[usize],
    gradient: &[Vec<f32>; 2],
) -> Result<(Decoder, StepReport)> {
    pollster::block_on(trainer.step(model, items, 7, |tracked, micro| {
        assert_eq!(micro.len(), 1);
        let weights = tracked.weights();
        let device = tracked.device();
        let constant = |values: &[f32]| Tensor::<1>::from_floats(values, &device);
        let on_matrix = weights.embed.full().reshape([12]) * constant(&gradient[0]);
        let Norm::Rms { weight: norm } = &weights.norm else { panic!("{:?}", weights.norm) };
        let on_vector = norm.clone() * constant(&gradient[1]);
        Ok(Objective { loss: on_matrix.sum() + on_vector.sum(), metrics: Vec::new(), items: Vec::new() })
    }))
}

#[test]
fn a_step_that_is_not_finite_changes_nothing_and_says_where() {
    let golden = golden("adamw.json");
    for (poison, what) in [(f32::NAN, "loss"), (f32::INFINITY, "loss"), (1e30, "gradient")] {
        let model = holder(&golden);
        let mut trainer = Trainer::new(LearnConfig::default(), 3);
        let gradient = [vec![poison; 12], vec![0.0; 5]];
        let error = take_step(&mut trainer, &model, &[0], &gradient).unwrap_err();
        let Error::NonFinite { what: found, iteration, step, .. } = &error else { panic!("{error}") };
        assert_eq!((*found, *iteration, *step), (what, 7, 0), "{error}");
        assert_eq!(trainer.step_count(), 0);
        assert!(trainer.optimiser.moments.is_empty());
    }
}

#[test]
fn every_weight_of_a_model_is_stepped_like_the_reference() {
    let mut model = tiny(5);
    let (config, learning_rate) = (AdamWConfig { weight_decay: 0.1, ..AdamWConfig::default() }, 3e-3);
    let mut optimiser = AdamW::new(config);
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let mut reference: Vec<Reference> = named(&model).iter().map(|(_, v)| Reference::new(wide(v))).collect();
    for step in 0..5 {
        let gradients: Vec<Vec<f32>> = reference
            .iter()
            .enumerate()
            .map(|(weight, reference)| {
                let mut stream = Stream::new(11, Purpose::Bootstrap, step, weight as u64);
                narrow(&reference.weight.iter().map(|_| stream.normal()).collect::<Vec<_>>())
            })
            .collect();
        let tensors: Vec<Tensor<1>> = gradients.iter().map(|g| vector(g)).collect();
        let norm = gradients.iter().flatten().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let ours = f64::from(selfsame_tests::read(&squared_norm(&tensors))[0]).sqrt();
        assert!((ours / norm - 1.0).abs() < 1e-5, "norm {ours} instead of {norm}");
        let scale = clip(norm, 1.0);
        assert!(scale < 1.0, "these gradients are to be clipped");
        for (reference, gradient) in reference.iter_mut().zip(&gradients) {
            let gradient: Vec<f64> = gradient.iter().map(|g| f64::from(*g) * scale).collect();
            reference.update(&gradient, &config, learning_rate);
        }
        model = optimiser.update(&model, tensors, scale, learning_rate);
    }
    for ((name, values), reference) in named(&model).iter().zip(&reference) {
        assert_close(values, &narrow(&reference.weight), 1e-6, name);
    }
}

#[test]
fn schedules_are_those_of_transformers() {
    let golden = golden("adamw.json");
    for case in golden["schedules"].as_array().unwrap() {
        let kind: SchedulerType = serde_json::from_value(case["kind"].clone()).unwrap();
        let warmup_steps = case["warmup_steps"].as_f64().unwrap();
        let total = usize::try_from(case["training_steps"].as_u64().unwrap()).unwrap();
        let config = TuneConfig { lr_scheduler_type: kind, warmup_steps, ..TuneConfig::default() };
        let schedule = config.schedule(total);
        for (step, expected) in numbers(&case["multipliers"]).into_iter().enumerate() {
            let ours = schedule.factor(step);
            let what = format!("{kind:?} after {warmup_steps} steps of warm-up, step {step}");
            assert!((ours - expected).abs() < 1e-12, "{what}: {ours} instead of {expected}");
        }
    }
}

/// What `transformers` does not look at is refused; recipes, whose constant schedule warms up, have another name for it.
#[test]
fn a_constant_schedule_takes_no_warm_up() {
    let constant = TuneConfig { lr_scheduler_type: SchedulerType::Constant, ..TuneConfig::default() };
    constant.check().unwrap();
    let refused = TuneConfig { warmup_steps: 0.1, ..constant };
    let problem = refused.check().unwrap_err().to_string();
    assert!(problem.contains("`warmup`") && problem.contains("constant_with_warmup"), "{problem}");
    let renamed = TuneConfig { lr_scheduler_type: SchedulerType::ConstantWithWarmup, ..refused };
    renamed.check().unwrap();
    let recipe = LearnConfig { schedule: ScheduleKind::Constant, warmup: 0.1, ..LearnConfig::default() };
    assert_eq!(recipe.schedule(100), renamed.schedule(100));
    assert_eq!(recipe.schedule(100), Schedule { kind: ScheduleKind::Constant, warmup: 10, total: 100 });
}

#[test]
fn a_schedule_without_warm_up_starts_at_its_peak_and_a_phase_of_warm_up_ends_below_it() {
    for kind in [ScheduleKind::Constant, ScheduleKind::Cosine] {
        assert!((Schedule { kind, warmup: 0, total: 5 }.factor(0) - 1.0).abs() < 1e-12);
        assert!(Schedule { kind, warmup: 5, total: 5 }.factor(4) < 1.0);
    }
    let config = LearnConfig { warmup: 0.1, ..LearnConfig::default() };
    assert_eq!((config.schedule(100).warmup, config.schedule(101).warmup), (10, 11), "rounded up");
}
