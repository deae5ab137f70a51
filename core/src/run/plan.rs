//! What a run will need, before it starts.

use selfsame_shaders::Chunks;
use serde::Serialize;

use super::Options;
use crate::{
    Error, Result,
    learn::{Batch, LearnConfig, Objective, Sequence, Trainer},
    measure::control::Budget,
    model::{BasePrecision, Config, Decoder, LoraConfig},
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};

/// Memory and work of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Weights of the policy.
    pub parameters: usize,
    /// Bytes of one copy of the weights.
    pub weights_bytes: u64,
    /// Bytes of an optimiser step: weights, frozen models, gradients, moments, activations.
    pub training_bytes: u64,
    /// Bytes of decoding: weights, frozen models, key-value cache, logits.
    pub decode_bytes: u64,
    /// The larger of the two.
    pub total_bytes: u64,
    /// Bytes of all copies of weights in the larger of the two, which no setting makes smaller.
    pub fixed_bytes: u64,
    /// Bytes of the largest single tensor, which must fit one GPU binding.
    pub largest_tensor_bytes: u64,
    /// Bytes of the largest tensor among the weights, which no setting makes smaller.
    pub largest_weight_bytes: u64,
    /// Tokens that optimiser steps see.
    pub train_tokens: usize,
    /// Tokens that are drawn.
    pub decode_tokens: usize,
}

impl Plan {
    /// About how many seconds the work takes at a speed.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // an estimate
    pub fn seconds(&self, speed: &Speed) -> f64 {
        self.train_tokens as f64 / speed.train_tokens_per_second
            + self.decode_tokens as f64 / speed.decode_tokens_per_second
    }

    /// Checks that a place can give what the run needs. The plan comes from `config.json` alone, so
    /// that nothing has to be loaded for it.
    ///
    /// # Errors
    /// [`Error::TooLarge`] with both numbers and what to do.
    pub fn fits(&self, limits: &Limits) -> Result<()> {
        if let Some(memory) = limits.memory.filter(|memory| self.total_bytes > *memory) {
            let learning = self.training_bytes >= self.decode_bytes;
            let (when, setting) =
                if learning { ("learning", "micro_batch") } else { ("drawing answers", "decode_batch") };
            let advice = if self.fixed_bytes <= memory { format!(", or lower `{setting}`") } else { String::new() };
            return Err(Error::TooLarge(format!(
                "the model needs about {} while {when} and {PLACE} can give {}; choose a smaller model{advice}",
                size(self.total_bytes),
                size(memory)
            )));
        }
        if let Some(binding) = limits.binding.filter(|binding| self.largest_tensor_bytes > *binding) {
            self.check_weights(binding)?;
            return Err(Error::TooLarge(format!(
                "the run's largest tensor is {} and {}; lower `micro_batch`, `max_new_tokens` or `decode_batch`, or choose a smaller model",
                size(self.largest_tensor_bytes),
                binds(binding)
            )));
        }
        Ok(())
    }

    /// Checks that a place has room for the model while it draws, whatever a run would need beside that.
    ///
    /// # Errors
    /// As [`Plan::fits`].
    pub fn loads(&self, limits: &Limits) -> Result<()> {
        let needed = u64::try_from(DRAWING * u128::from(self.weights_bytes)).unwrap_or(u64::MAX);
        if let Some(memory) = limits.memory.filter(|memory| needed > *memory) {
            return Err(Error::TooLarge(format!(
                "the model needs about {} while drawing answers and {PLACE} can give {}; choose a smaller model",
                size(needed),
                size(memory)
            )));
        }
        limits.binding.map_or(Ok(()), |binding| self.check_weights(binding))
    }

    /// Checks that each of the weights can be bound.
    fn check_weights(&self, binding: u64) -> Result<()> {
        if self.largest_weight_bytes <= binding {
            return Ok(());
        }
        Err(Error::TooLarge(format!(
            "the model's largest tensor is {} and {}; choose a smaller model",
            size(self.largest_weight_bytes),
            binds(binding)
        )))
    }
}

/// What a graphics device says of its bindings.
fn binds(binding: u64) -> String {
    format!("this graphics device binds {} at most", size(binding))
}

/// What the place of a run can give; `None` where nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes that the run may take in all.
    pub memory: Option<u64>,
    /// Bytes of the largest buffer that a kernel of the graphics device can bind.
    pub binding: Option<u64>,
}

/// How messages call the place of a run.
const PLACE: &str = if cfg!(target_family = "wasm") { "this browser tab" } else { "this computer" };

/// Bytes for people.
fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    let in_units = |unit: u64, name: &str| {
        let tenths = (u128::from(bytes) * 10 + u128::from(unit / 2)) / u128::from(unit);
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..KIB => format!("{bytes} B"),
        KIB..MIB => in_units(KIB, "KiB"),
        MIB..GIB => in_units(MIB, "MiB"),
        GIB.. => in_units(GIB, "GiB"),
    }
}

/// What a short probe on the real model and device measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// Tokens drawn per second.
    pub decode_tokens_per_second: f64,
    /// Tokens learned from per second.
    pub train_tokens_per_second: f64,
}

/// Measures drawing and learning on the real model and device: thirty-two rows of sixteen tokens, twice,
/// the second time counting.
///
/// # Errors
/// If the device fails.
#[allow(clippy::cast_precision_loss)] // token counts
pub async fn probe(model: &Decoder, tokenizer: &Tokenizer) -> Result<Speed> {
    const ROWS: usize = 32;
    let tokens = PROMPT_TOKENS.min(model.config().max_position_embeddings / 2).max(1);
    let prompt: Vec<u32> = vec![0; tokens];
    let sampling = Sampling { max_new_tokens: tokens, ..Sampling::default() };
    let request = Request {
        prompts: &[(0, prompt.clone())],
        samples: ROWS,
        sampling: &sampling,
        seed: 0,
        iteration: 0,
        batch: ROWS,
    };
    // Rows that begin alike would be computed once.
    let vocabulary = model.config().vocab_size;
    let text =
        |row: usize| -> Vec<u32> { (0..tokens).filter_map(|i| u32::try_from((row + i) % vocabulary).ok()).collect() };
    let rows: Vec<Sequence> = (0..ROWS).map(|row| Sequence::completion(&text(row), &text(row))).collect();
    let rows: Vec<&Sequence> = rows.iter().collect();
    let mut trainer = Trainer::new(LearnConfig::default(), 2);
    let mut speed = Speed { decode_tokens_per_second: 0.0, train_tokens_per_second: 0.0 };
    for _ in 0..2 {
        let began = web_time::Instant::now();
        let drawn: usize = generate(model, tokenizer, &request).await?.iter().flatten().map(|a| a.ids.len()).sum();
        speed.decode_tokens_per_second = drawn as f64 / began.elapsed().as_secs_f64();
        let began = web_time::Instant::now();
        trainer
            .step(model, &[0], 0, |tracked, _| {
                let loss = Batch::new(&rows, &tracked.device()).token_logprobs(tracked).mean().neg();
                Ok(Objective { loss, metrics: Vec::new(), items: Vec::new() })
            })
            .await?;
        speed.train_tokens_per_second = (2 * ROWS * tokens) as f64 / began.elapsed().as_secs_f64();
    }
    Ok(speed)
}

const F32: u128 = 4;

/// Copies of the weights in an optimiser step: themselves, gradients (where the updated ones are written), two
/// moments.
const LEARNING: u128 = 4;

/// Copies while answers are drawn: the policy, and once more as it is laid out for drawing.
const DRAWING: u128 = 2;

/// Frozen models beside the policy: base, start, previous and the initial one. Snapshots share
/// weights until the policy moves, so this is the worst case.
const FROZEN: u128 = 4;

/// Values of a packed matrix that are f32 at a time, at most: that many on an adapter, fewer on the CPU.
const UNPACKED: u128 = 1 << 24;

/// Guessed length of a prompt where no tokenised prompt is at hand.
const PROMPT_TOKENS: usize = 16;

/// What a block keeps of a token for the backward pass, in units of the widths: two residuals and what their norms
/// make of them; gate, up and their product. Queries, keys, values and what was attended to are counted by theirs.
const KEPT_HIDDEN: u128 = 4;
const KEPT_INTERMEDIATE: u128 = 3;

/// A model whose adapters learn, and how what they adapt is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adapted {
    /// The adapters.
    pub lora: LoraConfig,
    /// How the frozen matrices are kept.
    pub precision: BasePrecision,
    /// Whether the base of the implicit reward is another model, of the same size. All else that is frozen
    /// shares the model's weights.
    pub other_base: bool,
}

/// What learns, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Learning {
    /// The adapters that learn in place of the weights, if any.
    pub adapted: Option<Adapted>,
    /// Whether blocks are computed again on the way back.
    pub recomputes: bool,
}

/// Plans a run of a model. A recipe without a [`Budget`] is planned as one pass of 1,000 pairs.
#[must_use]
pub fn plan_with(config: &Config, learning: Learning, budget: Option<&Budget>, options: &Options) -> Plan {
    let Learning { adapted, recomputes } = learning;
    // In bytes, models of ordinary size are more than a browser's machine words can count.
    let wide = |count: usize| count as u128;
    let count = |tokens: u128| usize::try_from(tokens).unwrap_or(usize::MAX);
    let answer = budget.map_or(options.sampling.max_new_tokens, |b| b.sampling.max_new_tokens);
    let time = wide((PROMPT_TOKENS + answer).min(config.max_position_embeddings));
    let (answer, vocabulary, layers) = (wide(answer), wide(config.vocab_size), wide(config.num_hidden_layers));
    let weights = wide(config.parameters());
    let pairs = budget.map_or(16, |b| b.learn.micro_batch.min(b.learn.batch_size));
    let replay = budget.map_or(0, |b| b.replay.per_step);
    let judgements = budget.map_or(0, |b| b.judgements);
    let rows = wide(pairs * (2 + judgements)) + wide(replay);
    let (hidden, intermediate) = (wide(config.hidden_size), wide(config.intermediate_size));
    let heads = wide(config.num_attention_heads);
    let (queries, keys) = (heads * wide(config.head_width()), wide(config.kv_heads()) * wide(config.head_width()));
    // Adapters keep the shares of attention, too.
    let per_layer = KEPT_HIDDEN * hidden + KEPT_INTERMEDIATE * intermediate + 2 * (queries + keys) + heads * time;
    // Logits exist only at the answers' positions, a chunk at a time where they are many.
    let logits = rows * answer * vocabulary;
    let chunk = logits.min(wide(Chunks::ON_ADAPTERS));
    let kept = if logits <= wide(Chunks::KEPT) { logits } else { 0 };
    // Of one block the gradients are there, too.
    let of_token = if recomputes { layers * hidden + 2 * per_layer } else { (layers + 1) * per_layer };
    let activations = rows * time * of_token + kept + 2 * chunk;
    let largest_matrix = hidden * vocabulary.max(intermediate).max(queries);
    let precision = adapted.map_or(BasePrecision::F32, |adapted| adapted.precision);
    // What no setting makes smaller, in bytes: copies of all weights, and of those that learn.
    let (learning, drawing) = match adapted {
        None => (F32 * (LEARNING + FROZEN) * weights, F32 * (DRAWING + FROZEN) * weights),
        Some(Adapted { lora, precision, other_base }) => {
            let adapters = F32 * wide(lora.parameters(config));
            let models = if other_base { 2 } else { 1 } * precision.bytes(weights);
            // Drawing needs a copy that is laid out for it, or a part of a packed matrix in f32.
            let part = F32 * largest_matrix.min(UNPACKED);
            let (learn, draw) = if precision.is_full() { (0, F32 * weights) } else { (part, part) };
            (models + learn + (LEARNING + FROZEN) * adapters, models + draw + (1 + FROZEN) * adapters)
        }
    };
    let saturated = |bytes: u128| u64::try_from(bytes).unwrap_or(u64::MAX);
    let training_bytes = saturated(learning + F32 * activations);
    let cache = 2 * layers * keys;
    let decoded = wide(options.decode_batch);
    let decode_bytes = saturated(drawing + F32 * decoded * (time * cache * 2 + 2 * vocabulary));
    let held_out = 3 * wide(options.held_out);
    let (train_tokens, decode_tokens) = budget.map_or((2000 * time, held_out * answer), |b| {
        let controls = if options.controls { 2 } else { 0 };
        let iterations = u128::from(b.iterations) * (1 + controls);
        let steps: u128 = (1..=b.iterations).map(|iteration| wide(b.steps(iteration))).sum();
        let batch = |of_pair: usize| wide(b.learn.batch_size * of_pair + b.replay.per_step);
        let train = steps * (batch(2 + b.judgements) + controls * batch(2)) * time;
        (train, iterations * (wide(b.prompts) * wide(b.samples) + held_out) * answer)
    });
    let largest_weight = precision.bytes(largest_matrix);
    Plan {
        parameters: config.parameters(),
        weights_bytes: saturated(precision.bytes(weights)),
        training_bytes,
        decode_bytes,
        total_bytes: training_bytes.max(decode_bytes),
        fixed_bytes: saturated(if training_bytes >= decode_bytes { learning } else { drawing }),
        largest_tensor_bytes: saturated(
            largest_weight.max(F32 * (rows * time * intermediate).max(chunk).max(decoded * vocabulary)),
        ),
        largest_weight_bytes: saturated(largest_weight),
        train_tokens: count(train_tokens),
        decode_tokens: count(decode_tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(config: &Config, budget: Option<&Budget>, options: &Options) -> Plan {
        plan_with(config, Learning::default(), budget, options)
    }

    #[test]
    fn a_larger_model_needs_more_and_controls_triple_the_work() {
        let small = Config::llama(128, 384, 6, 4, 2, 400);
        let large = Config::llama(576, 1536, 30, 9, 3, 49152);
        let options = Options::default();
        let (a, b) = (plan(&small, None, &options), plan(&large, None, &options));
        assert!(b.total_bytes > 20 * a.total_bytes);
        // Four live copies and four frozen ones of the weights are the floor.
        assert!(b.training_bytes > 8 * b.weights_bytes);
        let budget = crate::recipe::by_id("srlm").unwrap();
        let budget = budget.check(&budget.defaults().unwrap()).unwrap();
        let with = plan(&small, budget.as_ref(), &options);
        let without = plan(&small, budget.as_ref(), &Options { controls: false, ..options });
        assert_eq!(with.train_tokens, 3 * without.train_tokens);
    }

    /// SmolLM2-135M, whose tables are known.
    fn smol() -> (Config, Plan) {
        let config = Config::llama(576, 1536, 30, 9, 3, 49152);
        let plan = plan(&config, None, &Options::default());
        (config, plan)
    }

    #[test]
    fn sizes_are_those_of_the_model() {
        let (_, plan) = smol();
        assert_eq!(plan.parameters, 134_515_008);
        assert_eq!(plan.weights_bytes, 4 * 134_515_008);
        assert_eq!(plan.largest_weight_bytes, 4 * 576 * 49152);
        assert!(plan.largest_tensor_bytes >= plan.largest_weight_bytes);
        assert_eq!(plan.total_bytes, plan.training_bytes.max(plan.decode_bytes));
        // More than 32 bits count, on every machine.
        assert!(plan.training_bytes > u64::from(u32::MAX));
    }

    #[test]
    fn a_model_can_have_room_where_no_run_has_any() {
        let (_, plan) = smol();
        // Two copies of 513.1 MiB.
        let limits = |memory| Limits { memory: Some(memory), binding: None };
        let enough = limits(2 * plan.weights_bytes);
        assert!(plan.loads(&enough).is_ok() && plan.fits(&enough).is_err());
        let error = plan.loads(&limits(1 << 30)).unwrap_err().to_string();
        assert!(error.contains("1.0 GiB while drawing") && error.contains("can give 1.0 GiB"), "{error}");
        let bound = |binding| plan.loads(&Limits { memory: None, binding: Some(binding) });
        assert!(bound(plan.largest_weight_bytes).is_ok());
        assert!(bound(plan.largest_weight_bytes - 1).unwrap_err().to_string().contains("108.0 MiB"));
    }

    #[test]
    fn a_config_beyond_all_numbers_is_planned_as_the_largest() {
        let largest = 1 << 20;
        let config = Config::llama(largest, largest, largest, largest, largest, largest);
        let plan = plan(&config, None, &Options::default());
        assert_eq!((plan.total_bytes, plan.training_bytes), (u64::MAX, u64::MAX));
        assert!(plan.fits(&Limits { memory: Some(1 << 40), binding: None }).is_err());
    }

    #[test]
    fn blocks_that_are_computed_again_leave_their_inputs() {
        let (config, kept) = smol();
        let again = plan_with(&config, Learning { adapted: None, recomputes: true }, None, &Options::default());
        // 32 answers of 16 + 48 tokens: of thirty blocks all that is kept but an input each, of which one is kept twice.
        let tokens = 32 * (PROMPT_TOKENS + Options::default().sampling.max_new_tokens);
        let block = 4 * 576 + 3 * 1536 + 2 * (576 + 192) + 9 * tokens / 32;
        let spared = u64::try_from(tokens * (31 * block - 30 * 576 - 2 * block)).unwrap() * 4;
        assert_eq!(kept.training_bytes - again.training_bytes, spared);
        assert!(again.training_bytes > again.fixed_bytes);
    }

    #[test]
    fn adapters_need_room_for_little_more_than_the_model() {
        let (config, full) = smol();
        let lora = LoraConfig { rank: 8, alpha: 16.0 };
        let in_precision = |precision, other_base| {
            let adapted = Some(Adapted { lora, precision, other_base });
            plan_with(&config, Learning { adapted, recomputes: false }, None, &Options::default())
        };
        let adapted = in_precision(BasePrecision::F32, true);
        // By the arithmetic of PEFT: the sides of the seven matrices of each block, times the rank.
        let sides = 2 * (576 + 576) + 2 * (576 + 192) + 3 * (576 + 1536);
        assert_eq!(lora.parameters(&config), 30 * 8 * sides);
        let spared = u64::try_from(6 * 134_515_008 - 8 * lora.parameters(&config)).unwrap() * 4;
        assert_eq!(full.training_bytes - adapted.training_bytes, spared);
        assert_eq!(adapted.weights_bytes, full.weights_bytes);
        assert!(adapted.fixed_bytes < full.fixed_bytes / 3);
        // A base that is the model itself is not there twice.
        let shared = in_precision(BasePrecision::F32, false);
        assert_eq!(adapted.training_bytes - shared.training_bytes, adapted.weights_bytes);
        // 4.5 bits a weight and a part of 64 MiB, nothing laid out anew.
        let packed = in_precision(BasePrecision::Q4, false);
        assert_eq!(packed.weights_bytes, 134_515_008 / 32 * 18);
        assert_eq!(
            shared.training_bytes - packed.training_bytes,
            shared.weights_bytes - packed.weights_bytes - (1 << 26)
        );
        assert_eq!(
            shared.decode_bytes - packed.decode_bytes,
            2 * shared.weights_bytes - packed.weights_bytes - (1 << 26)
        );
        assert_eq!(packed.largest_weight_bytes, 576 * 49152 / 32 * 18);
    }

    /// The most memory that runs of these recipes took with the built-in model on Linux, some 40 MB of the program
    /// itself included (`VmHWM`).
    #[test]
    #[allow(clippy::cast_precision_loss)] // bytes
    fn plans_are_near_what_was_measured() {
        let config = Config { tie_word_embeddings: false, ..Config::llama(160, 448, 4, 4, 2, 328) };
        for (recipe, measured) in [("scir", 205e6), ("dpo", 139e6)] {
            let entry = crate::recipe::by_id(recipe).unwrap();
            let budget = entry.check(&entry.defaults().unwrap()).unwrap();
            let planned = plan(&config, budget.as_ref(), &Options::default()).total_bytes as f64;
            assert!((0.7..1.3).contains(&(planned / measured)), "{recipe}: {planned} of {measured}");
        }
    }

    #[test]
    fn what_fits_exactly_fits() {
        let (_, plan) = smol();
        let (memory, binding) = (plan.total_bytes, plan.largest_tensor_bytes);
        plan.fits(&Limits::default()).unwrap();
        for more in [0, 1, 1 << 40] {
            plan.fits(&Limits { memory: Some(memory + more), binding: Some(binding + more) }).unwrap();
        }
        for limits in [
            Limits { memory: Some(memory - 1), binding: None },
            Limits { memory: None, binding: Some(binding - 1) },
            Limits { memory: Some(0), binding: Some(0) },
        ] {
            assert!(matches!(plan.fits(&limits), Err(Error::TooLarge(_))), "{limits:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_both_numbers_and_advice_that_helps() {
        const GIB: u64 = 1 << 30;
        let refused = |plan: &Plan, memory, binding| plan.fits(&Limits { memory, binding }).unwrap_err().to_string();
        let plan = Plan {
            parameters: 1,
            weights_bytes: GIB / 5,
            training_bytes: 31 * GIB / 10,
            decode_bytes: 2 * GIB,
            total_bytes: 31 * GIB / 10,
            fixed_bytes: 9 * (GIB / 5),
            largest_tensor_bytes: 186 << 20,
            largest_weight_bytes: 186 << 20,
            train_tokens: 1,
            decode_tokens: 1,
        };
        assert_eq!(
            refused(&plan, Some(2 * GIB), None),
            "the model needs about 3.1 GiB while learning and this computer can give 2.0 GiB; choose a smaller model, or lower `micro_batch`"
        );
        // Nine copies of the weights alone are more than that.
        assert_eq!(
            refused(&plan, Some(GIB), None),
            "the model needs about 3.1 GiB while learning and this computer can give 1.0 GiB; choose a smaller model"
        );
        assert_eq!(
            refused(&plan, None, Some(128 << 20)),
            "the model's largest tensor is 186.0 MiB and this graphics device binds 128.0 MiB at most; choose a smaller model"
        );
        let drawing = Plan { decode_bytes: 4 * GIB, total_bytes: 4 * GIB, fixed_bytes: 6 * (GIB / 5), ..plan };
        let error = refused(&drawing, Some(2 * GIB), None);
        assert!(error.contains("4.0 GiB while drawing answers") && error.contains("`decode_batch`"), "{error}");
        let wordy = Plan { largest_weight_bytes: 100 << 20, ..plan };
        let error = refused(&wordy, None, Some(128 << 20));
        assert!(error.contains("the run's largest tensor is 186.0 MiB") && error.contains("`micro_batch`"), "{error}");
    }

    #[test]
    fn sizes_have_the_unit_that_suits_them() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1 << 20, "1.0 MiB"),
            (186 << 20, "186.0 MiB"),
            ((31 << 30) / 10, "3.1 GiB"),
            (u64::MAX, "17179869184.0 GiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
