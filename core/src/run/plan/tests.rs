use super::*;
use crate::Error;

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
    assert_eq!(shared.training_bytes - packed.training_bytes, shared.weights_bytes - packed.weights_bytes - (1 << 26));
    assert_eq!(shared.decode_bytes - packed.decode_bytes, 2 * shared.weights_bytes - packed.weights_bytes - (1 << 26));
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
