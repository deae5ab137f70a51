//! The starter model: a world's language, then instruction fine-tuning on demonstrations of mixed
//! quality, then evaluation fine-tuning on a few noisy judgements mixed with demonstrations (the
//! IFT and EFT of Self-Rewarding Language Models, arXiv 2401.10020).

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    judge::{Form, Generative},
    learn::{AdamWConfig, Batch, LearnConfig, Objective, ScheduleKind, Sequence, StepReport, Trainer},
    model::{Config, Decoder},
    rng::{Purpose, Stream},
    text::Tokenizer,
    world::{Demonstration, Judgement, World},
};

/// Everything that decides the starter model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StarterConfig {
    /// Seed of weights, texts and order.
    pub seed: u64,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width of the feed-forward block.
    pub intermediate: usize,
    /// Number of blocks.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// Steps of each phase: language, IFT, EFT.
    pub steps: [usize; 3],
    /// Demonstrations in a step.
    pub demonstrations_per_step: usize,
    /// Judgements in a step of the last phase.
    pub judgements_per_step: usize,
    /// Distinct demonstrations.
    pub demonstrations: usize,
    /// Distinct judgements.
    pub judgements: usize,
    /// The known rate at which their labels are wrong.
    pub noise: f64,
    /// Peak learning rate of each phase.
    pub learning_rates: [f64; 3],
}

impl Default for StarterConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            hidden: 160,
            intermediate: 448,
            layers: 4,
            heads: 4,
            kv_heads: 2,
            steps: [40, 500, 1800],
            demonstrations_per_step: 24,
            judgements_per_step: 48,
            demonstrations: 16_000,
            judgements: 24_000,
            noise: 0.25,
            learning_rates: [1.5e-3, 1.5e-3, 1.2e-3],
        }
    }
}

impl StarterConfig {
    /// What the built-in starter of a world is made with: the default, but for ads, which a smaller model writes and
    /// whose judges are a by-product.
    #[must_use]
    pub fn of(world: &str) -> Self {
        match world {
            "ads" => Self {
                hidden: 128,
                intermediate: 320,
                layers: 2,
                steps: [30, 1200, 250],
                judgements_per_step: 24,
                judgements: 12_000,
                learning_rates: [1.5e-3, 2e-3, 1e-3],
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

/// The three phases, in order.
pub const PHASES: [&str; 3] = ["language", "ift", "eft"];

/// A finished starter: the model, and the base it had before it followed instructions.
#[derive(Debug, Clone)]
pub struct Starter {
    /// After evaluation fine-tuning.
    pub model: Decoder,
    /// After the language phase: the base of the implicit reward.
    pub base: Decoder,
    /// The tokenizer of both.
    pub tokenizer: Tokenizer,
}

/// Weight of the verdicts' cross-entropy against 1 for the questions that precede them. There are
/// few verdicts in a step, so that their gradient is noisy and would drown the rest.
const VERDICT_WEIGHT: f64 = 0.5;

/// Trains a starter, or goes on training `from` another. `report` sees every step with its
/// phase's name.
///
/// # Errors
/// If a loss is not finite or the device fails.
pub async fn pretrain(
    config: &StarterConfig,
    world: &dyn World,
    tokenizer: Tokenizer,
    parts: &[(usize, usize)],
    from: Option<Starter>,
    device: &Device,
    mut report: impl FnMut(&str, &StepReport, &Decoder),
) -> Result<Starter> {
    let mut shape = Config::llama(
        config.hidden,
        config.intermediate,
        config.layers,
        config.heads,
        config.kv_heads,
        tokenizer.size(),
    );
    shape.max_position_embeddings = world.context();
    shape.tie_word_embeddings = false;
    let (mut model, mut base) = match from {
        Some(starter) => (starter.model, starter.base),
        None => {
            let model = Decoder::random(shape, config.seed, parts, device);
            (model.clone(), model)
        }
    };
    let judgements = judgement_sequences(world, config, &tokenizer)?;
    for (phase, name) in PHASES.iter().enumerate() {
        let texts = match phase {
            0 => world.language(config.seed, config.demonstrations),
            _ => world.demonstrations(config.seed, config.demonstrations),
        };
        let texts = demonstration_sequences(&texts, &tokenizer)?;
        let learn = LearnConfig {
            learning_rate: config.learning_rates[phase],
            schedule: ScheduleKind::Cosine,
            warmup: 0.05,
            micro_batch: usize::MAX,
            // A second moment over fifty steps instead of a thousand: the phases are short.
            adamw: AdamWConfig { beta2: 0.98, ..AdamWConfig::default() },
            ..LearnConfig::default()
        };
        let mut trainer = Trainer::new(learn, config.steps[phase]);
        for step in 0..config.steps[phase] {
            #[allow(clippy::cast_possible_truncation)] // three phases
            let mut stream = Stream::new(config.seed, Purpose::Shuffle, phase as u32, step as u64);
            let rows: Vec<&Sequence> =
                (0..config.demonstrations_per_step).filter_map(|_| stream.pick(&texts)).collect();
            let judged: Vec<&(Sequence, usize)> = if phase == 2 {
                (0..config.judgements_per_step).filter_map(|_| stream.pick(&judgements)).collect()
            } else {
                Vec::new()
            };
            let (updated, done) =
                trainer.step(&model, &[0], 0, |tracked, _| Ok(objective(tracked, &rows, &judged))).await?;
            model = updated;
            report(name, &done, &model);
        }
        if phase == 0 && config.steps[0] > 0 {
            base = model.clone();
        }
    }
    Ok(Starter { model, base, tokenizer })
}

/// The mean cross-entropy of the demonstrations' tokens, plus that of the judgements' labels.
fn objective(model: &Decoder, rows: &[&Sequence], judged: &[&(Sequence, usize)]) -> Objective {
    let device = model.device();
    let language = Batch::new(rows, &device).token_logprobs(model).mean().neg();
    let mut metrics = vec![("loss/demonstrations", language.clone())];
    let mut loss = language;
    // Pointwise and pairwise rows differ much in length; separate batches waste less on padding.
    for (answers, name) in [(1, "loss/pointwise"), (2, "loss/pairwise")] {
        let sequences: Vec<&Sequence> =
            judged.iter().filter(|(_, count)| *count == answers).map(|(sequence, _)| sequence).collect();
        if sequences.is_empty() {
            continue;
        }
        let logprobs = Batch::new(&sequences, &device).token_logprobs(model);
        let verdicts: Vec<f32> = sequences
            .iter()
            .flat_map(|s| (0..s.labels.len()).map(|label| f32::from(u8::from(label + 1 == s.labels.len()))))
            .collect();
        let verdict = Tensor::<1>::from_floats(verdicts.as_slice(), &device);
        #[allow(clippy::cast_precision_loss)] // label counts
        let (checks, total) = ((verdicts.len() - sequences.len()) as f64, sequences.len() as f64);
        let on_verdicts = (logprobs.clone() * verdict.clone()).sum().neg() / total;
        let on_checks = (logprobs * (verdict.neg() + 1.0)).sum().neg() / checks.max(1.0);
        metrics.push((name, on_verdicts.clone()));
        metrics.push((if answers == 1 { "loss/checks" } else { "loss/pairwise checks" }, on_checks.clone()));
        loss = loss + on_verdicts * VERDICT_WEIGHT + on_checks;
    }
    Objective { loss, metrics, items: Vec::new() }
}

fn demonstration_sequences(rows: &[Demonstration], tokenizer: &Tokenizer) -> Result<Vec<Sequence>> {
    let stop =
        tokenizer.id("<eos>").ok_or_else(|| Error::Tokenizer("the world's tokenizer has no `<eos>`".to_owned()))?;
    rows.iter()
        .map(|row| {
            let mut answer = tokenizer.encode_piece(&row.answer)?;
            answer.push(stop);
            Ok(Sequence::completion(&tokenizer.encode(&row.prompt)?, &answer))
        })
        .collect()
}

/// The judgements in tokens, each with its number of answers.
fn judgement_sequences(
    world: &dyn World,
    config: &StarterConfig,
    tokenizer: &Tokenizer,
) -> Result<Vec<(Sequence, usize)>> {
    let judges = world
        .judge_prompts()
        .iter()
        .map(|prompt| Generative::new(prompt, Form::Pointwise, tokenizer))
        .collect::<Result<Vec<_>>>()?;
    world
        .judgements(config.seed, config.judgements, config.noise)
        .iter()
        .map(|row| judgement_sequence(row, &judges[row.variant], tokenizer))
        .collect()
}

/// One judgement in tokens: the verdict's label, preceded by the labels of the questions.
pub(crate) fn judgement_sequence(
    row: &Judgement,
    judge: &Generative,
    tokenizer: &Tokenizer,
) -> Result<(Sequence, usize)> {
    let prompt = tokenizer.encode(&row.prompt)?;
    let first = tokenizer.encode_piece(&row.first)?;
    let verdict = tokenizer.single(&row.verdict)?;
    let mut sequence = match &row.second {
        Some(second) => judge.pairwise_sequence(&prompt, &first, &tokenizer.encode_piece(second)?, verdict),
        None => judge.pointwise_sequence(&prompt, &first, verdict),
    };
    let verdict = sequence.labels.pop();
    let mut position = 0;
    for (asked, answer) in &row.checks {
        let asked = tokenizer.single(asked)?;
        let found = sequence.tokens[position..].iter().position(|token| *token == asked);
        let Some(found) = found else {
            return Err(Error::setting("judge", "a judge prompt lacks a token that its judgements answer"));
        };
        position += found;
        sequence.labels.push((position, tokenizer.single(answer)?));
        position += 1;
    }
    sequence.labels.extend(verdict);
    Ok((sequence, if row.second.is_some() { 2 } else { 1 }))
}
