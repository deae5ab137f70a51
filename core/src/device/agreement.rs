//! Whether two devices compute the same: logits of the built-in self-test model and of a small model of every
//! further family, the log-probabilities and every loss over four pairs of answers, and the gradient of one of
//! them, on each.

use std::{borrow::Cow, fmt};

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{largest, read_floats, self_test_model};
use crate::{
    Result,
    learn::{
        Batch, Sequence,
        adamw::gradients,
        loss::{PairInputs, PairLoss, PairObjective},
    },
    model::{Activation, Config, Decoder, Family, Mapper},
    rng::{Purpose, Stream},
};

/// Pairs of answers.
const PAIRS: usize = 4;

/// The share of labels that losses which know of such a thing take to be wrong.
const SMOOTHING: f64 = 0.1;

/// How far logits and log-probabilities may lie apart, in nats.
pub const LOGITS: f64 = 1e-4;

/// How far losses may lie apart; that of a loss above 1, relative to it.
pub const LOSS: f64 = 1e-5;

/// How alike the directions of gradients have to be, as the cosine of the angle between them.
pub const COSINE: f64 = 0.9999;

/// What a device computed with a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Where.
    pub device: String,
    /// The model's family.
    pub family: Family,
    /// The logits at every label, one after the other.
    pub logits: Vec<f32>,
    /// The log-probability of every label, in nats.
    pub logprobs: Vec<f32>,
    /// Every loss over pairs, by TRL's name.
    pub losses: Vec<(String, f32)>,
    /// The gradient of DPO's loss by all weights.
    pub gradient: Vec<f32>,
}

/// How two devices differ with a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The one that is compared.
    pub device: String,
    /// The one it is compared with.
    pub with: String,
    /// The model's family.
    pub family: Family,
    /// The largest difference of two logits.
    pub logits: f64,
    /// The largest difference of two log-probabilities, in nats.
    pub logprobs: f64,
    /// The largest difference of two losses, as [`LOSS`] counts it.
    pub loss: f64,
    /// The loss that differs most.
    pub worst: String,
    /// The cosine of the angle between the gradients.
    pub cosine: f64,
}

impl Difference {
    /// Whether all of it is within [`LOGITS`], [`LOSS`] and [`COSINE`].
    #[must_use]
    pub fn is_small(&self) -> bool {
        self.logits <= LOGITS && self.logprobs <= LOGITS && self.loss <= LOSS && self.cosine >= COSINE
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, with, family, logits, logprobs, loss, worst, cosine } = self;
        write!(
            f,
            "{device} beside {with}, {}: logits {logits:.1e}, log-probabilities {logprobs:.1e}, losses {loss:.1e} ({worst}), gradients {cosine:.7}",
            family.name()
        )
    }
}

/// Computes the figures on a device, those of a family each.
///
/// # Errors
/// If the device fails.
pub async fn figures(name: &str, device: &Device) -> Result<Vec<Figures>> {
    let (tested, _) = self_test_model(device)?;
    let mut all = Vec::new();
    for family in Family::ALL {
        let model = if family == tested.config().model_type { tested.clone() } else { small(&tested, family, device) };
        all.push(figures_of(name, model).await?);
    }
    Ok(all)
}

/// A model of a family as large as another, with weights by chance.
fn small(like: &Decoder, family: Family, device: &Device) -> Decoder {
    /// A fresh model has norms at one and biases at zero, with which much cannot go wrong.
    struct Disturb(u64);
    impl Mapper for Disturb {
        fn map<const D: usize>(&mut self, _: &str, weight: Tensor<D>) -> Tensor<D> {
            self.0 += 1;
            let mut stream = Stream::new(2, Purpose::Init, 1, self.0);
            #[allow(clippy::cast_possible_truncation)]
            let noise = (0..weight.shape().num_elements()).map(|_| (0.1 * stream.normal()) as f32).collect::<Vec<_>>();
            let noise = TensorData::new(noise, weight.shape());
            let device = weight.device();
            weight + Tensor::from_data(noise, &device)
        }
    }
    let own_width = matches!(family, Family::Qwen3 | Family::Gemma);
    let config = Config {
        architectures: vec![family.architecture().to_owned()],
        model_type: family,
        hidden_act: match family {
            Family::Gpt2 | Family::Gemma => Activation::GeluTanh,
            Family::Llama | Family::Qwen2 | Family::Qwen3 => Activation::Silu,
        },
        num_key_value_heads: if family == Family::Gpt2 { None } else { like.config().num_key_value_heads },
        head_dim: own_width.then_some(2 * like.config().head_width()),
        ..like.config().clone()
    };
    let model = Decoder::random(config, 2, &[], device);
    let weights = model.weights().clone().map(&mut Disturb(0));
    model.with_weights(weights)
}

async fn figures_of(name: &str, model: Decoder) -> Result<Figures> {
    let device = &model.device();
    let vocabulary = model.config().vocab_size;
    let [chosen, rejected] = [0, 1].map(|side| answers(side, vocabulary));
    let lengths = [&chosen, &rejected].map(|side| side.iter().map(|row| row.labels.len()).collect::<Vec<_>>());
    let batch = Batch::new(&chosen.iter().chain(&rejected).collect::<Vec<_>>(), device);

    let tracked = model.tracked();
    let sums = batch.sequence_logprobs(&tracked);
    let policy = [0..PAIRS, PAIRS..2 * PAIRS].map(|side| sums.clone().slice([side]));
    let inputs = PairInputs::new(policy, references(&lengths, device), lengths);
    let mut losses = Vec::new();
    for loss in PairLoss::ALL {
        let label_smoothing = if loss.is_smoothed() { SMOOTHING } else { 0.0 };
        let objective = PairObjective { label_smoothing, ..PairObjective::new(loss) };
        let value = objective.loss(&inputs)?.mean();
        losses.push((loss.name().to_owned(), read_floats(value.inner()).await?[0]));
    }
    let loss = PairObjective::new(PairLoss::Sigmoid).loss(&inputs)?.mean();
    let gradient = Tensor::cat(gradients(&tracked, &loss), 0);
    Ok(Figures {
        device: name.to_owned(),
        family: model.config().model_type,
        logits: read_floats(batch.logits(&model)).await?,
        logprobs: read_floats(batch.token_logprobs(&model)).await?,
        losses,
        gradient: read_floats(gradient).await?,
    })
}

/// One side of the pairs: prompts of three to six tokens, which both sides share, and answers of other lengths.
fn answers(side: u64, vocabulary: usize) -> Vec<Sequence> {
    let ids = |stream: &mut Stream, count: usize| -> Vec<u32> {
        (0..count).filter_map(|_| u32::try_from(stream.below(vocabulary)).ok()).collect()
    };
    (0..PAIRS)
        .map(|pair| {
            let mut prompt = Stream::new(1, Purpose::Measure, 0, pair as u64);
            let mut answer = Stream::new(1, Purpose::Measure, 1 + u32::from(side == 1), pair as u64);
            let length = 4 + 3 * pair + usize::from(side == 1);
            Sequence::completion(&ids(&mut prompt, 3 + pair), &ids(&mut answer, length))
        })
        .collect()
}

/// Log-probabilities of a reference that prefers now the one and now the other: about what a model of this
/// vocabulary gives, so that losses are neither at rest nor saturated.
#[allow(clippy::cast_precision_loss)] // token counts
fn references(lengths: &[Vec<usize>; 2], device: &Device) -> [Tensor<1>; 2] {
    [-3.3_f32, -3.6].map(|nats| {
        let side = usize::from(nats < -3.5);
        let sums: Vec<f32> = lengths[side].iter().map(|length| nats * *length as f32).collect();
        Tensor::from_floats(sums.as_slice(), device)
    })
}

/// Compares a device with another, family by family. Where one lacks a family they are infinitely far apart.
#[must_use]
pub fn differences(of: &[Figures], with: &[Figures]) -> Vec<Difference> {
    let there = |family: &Family| of.iter().chain(with).any(|figures| figures.family == *family);
    let families = Family::ALL.into_iter().filter(there);
    families.map(|family| difference(&of_family(of, family), &of_family(with, family))).collect()
}

/// A device's figures of a family; without a number where it has none.
fn of_family(figures: &[Figures], family: Family) -> Cow<'_, Figures> {
    match figures.iter().find(|of| of.family == family) {
        Some(found) => Cow::Borrowed(found),
        None => Cow::Owned(Figures {
            device: figures.first().map_or_else(String::new, |first| first.device.clone()),
            family,
            logits: Vec::new(),
            logprobs: Vec::new(),
            losses: Vec::new(),
            gradient: Vec::new(),
        }),
    }
}

fn difference(of: &Figures, with: &Figures) -> Difference {
    let (mut loss, mut worst) = (missing(of.losses.len(), with.losses.len()), String::new());
    for ((name, a), (_, b)) in of.losses.iter().zip(&with.losses) {
        let apart = f64::from(a - b).abs() / f64::from(b.abs()).max(1.0);
        // What is no number is further apart than anything.
        if apart.is_nan() || apart > loss || worst.is_empty() {
            (loss, worst) = (if apart.is_nan() { f64::INFINITY } else { loss.max(apart) }, name.clone());
        }
    }
    Difference {
        device: of.device.clone(),
        with: with.device.clone(),
        family: of.family,
        logits: furthest(&of.logits, &with.logits),
        logprobs: furthest(&of.logprobs, &with.logprobs),
        loss,
        worst,
        cosine: cosine(&of.gradient, &with.gradient),
    }
}

/// Nothing where both have as much, and infinitely far apart where they do not.
fn missing(a: usize, b: usize) -> f64 {
    if a == b { 0.0 } else { f64::INFINITY }
}

fn furthest(a: &[f32], b: &[f32]) -> f64 {
    let apart = a.iter().zip(b).map(|(a, b)| f64::from(a - b).abs());
    largest(apart.chain([missing(a.len(), b.len())]))
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    if a.len() != b.len() {
        return 0.0;
    }
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_the_cpu() -> Vec<Figures> {
        pollster::block_on(figures("cpu", &super::super::cpu())).unwrap()
    }

    #[test]
    fn a_device_agrees_with_itself_and_computes_something() {
        let cpu = on_the_cpu();
        let same = differences(&cpu, &cpu);
        assert_eq!(same.iter().map(|difference| difference.family).collect::<Vec<_>>(), Family::ALL);
        for (cpu, same) in cpu.iter().zip(same) {
            assert!(same.is_small() && same.logits == 0.0, "{same}");
            assert_eq!(cpu.logits.len(), cpu.logprobs.len() * 29);
            assert_eq!(cpu.losses.len(), PairLoss::ALL.len());
            // No loss is at rest, and margins point both ways.
            let ln2 = std::f32::consts::LN_2;
            assert!((cpu.losses[0].1 - ln2).abs() > 1e-3, "{:?} {:?}", cpu.family, cpu.losses[0]);
            assert!(cpu.gradient.iter().any(|value| value.abs() > 1e-3));
        }
    }

    #[test]
    fn every_part_that_differs_is_noticed() {
        let all = on_the_cpu();
        let cpu = &all[0];
        let spoilt = |spoil: fn(&mut Figures)| {
            let mut other = cpu.clone();
            spoil(&mut other);
            difference(&other, cpu)
        };
        for other in [
            spoilt(|f| f.logits[7] += 2e-4),
            spoilt(|f| f.logprobs[0] = f32::NAN),
            spoilt(|f| f.logprobs.truncate(3)),
            spoilt(|f| f.losses[5].1 += 1e-3),
            spoilt(|f| f.losses[0].1 = f32::NAN),
            spoilt(|f| f.gradient.reverse()),
            spoilt(|f| f.gradient[0] = f32::NAN),
        ] {
            assert!(!other.is_small(), "{other}");
        }
        assert_eq!(spoilt(|f| f.losses[5].1 += 1e-3).worst, "robust");
        // A family that one of them lacks is no agreement.
        for pair in [[&all[..], &all[1..]], [&all[1..], &all[..]]] {
            let small: Vec<bool> = differences(pair[0], pair[1]).iter().map(Difference::is_small).collect();
            assert_eq!(small, [false, true, true, true, true]);
        }
    }
}
