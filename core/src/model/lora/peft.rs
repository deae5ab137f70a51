//! Adapters on disk as PEFT has them: `adapter_config.json` and `adapter_model.safetensors`.

use std::{collections::BTreeSet, path::Path};

use burn::tensor::{Tensor, TensorData};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{
        Adapter, Decoder, Linear, Precision, Source, Visitor,
        files::{Flat, Library, flat_to_bytes},
        safetensors::Tensors,
    },
    LoraConfig, projections,
};
use crate::{Error, Result};

/// The file of an adapter's weights.
pub const ADAPTER_WEIGHTS: &str = "adapter_model.safetensors";

/// The file that says what the adapter is.
pub const ADAPTER_CONFIG: &str = "adapter_config.json";

/// What precedes the names of a model's weights in [`ADAPTER_WEIGHTS`].
const PREFIX: &str = "base_model.model.";

/// The file. What is absent has the value that PEFT gives it.
#[derive(Debug, Deserialize)]
struct File {
    peft_type: String,
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    #[serde(default = "eight")]
    r: usize,
    #[serde(default = "eight_point")]
    lora_alpha: f64,
    #[serde(default)]
    use_rslora: bool,
}

fn eight() -> usize {
    8
}

fn eight_point() -> f64 {
    8.0
}

impl File {
    fn parse(text: &str, path: &Path) -> Result<Self> {
        let wrong = |problem: String| Error::model(path, problem);
        let value: Value =
            serde_json::from_str(text).map_err(|e| wrong(format!("not valid JSON ({e}); download the file again")))?;
        // Whatever else PEFT can do changes what is computed. Dropout does not: it acts while learning,
        // and here nothing is dropped.
        for key in ["use_dora", "fan_in_fan_out", "lora_bias", "modules_to_save", "rank_pattern", "alpha_pattern"]
            .into_iter()
            .chain(["layer_replication", "trainable_token_indices", "target_parameters", "use_qalora", "use_bdlora"])
            .chain(["alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config", "velora_config"])
        {
            let plain = match value.get(key) {
                None | Some(Value::Null | Value::Bool(false)) => true,
                Some(Value::Array(list)) => list.is_empty(),
                Some(Value::Object(map)) => map.is_empty(),
                Some(_) => false,
            };
            if !plain {
                return Err(wrong(format!("`{key}` is set, which is not supported; save the adapter without it")));
            }
        }
        if let Some(bias) = value.get("bias").and_then(Value::as_str).filter(|bias| *bias != "none") {
            return Err(wrong(format!("`bias` is `{bias}`; only `none` is supported")));
        }
        let file: Self = serde_json::from_value(value)
            .map_err(|e| wrong(format!("{e}; the file should be PEFT's {ADAPTER_CONFIG}")))?;
        if file.peft_type != "LORA" {
            return Err(wrong(format!("`peft_type` is `{}`; only `LORA` is supported", file.peft_type)));
        }
        Ok(file)
    }
}

/// The base that an [`ADAPTER_CONFIG`] names; `path` names the file in errors.
///
/// # Errors
/// If it is not such a file, or names none.
pub fn base_of_adapter(text: &str, path: &Path) -> Result<String> {
    File::parse(text, path)?.base_model_name_or_path.ok_or_else(|| {
        Error::model(path, "`base_model_name_or_path` is missing; set it to the folder of the model that was adapted")
    })
}

/// The [`ADAPTER_CONFIG`] of a model's adapters, whose base is found at `base`.
///
/// # Errors
/// If the model has no adapters.
pub fn adapter_config(model: &Decoder, base: &str) -> Result<Value> {
    struct Targets(BTreeSet<String>);
    impl Visitor for Targets {
        fn visit<const D: usize>(&mut self, name: &str, _: &Tensor<D>) {
            let module = name.split(".lora_").next().and_then(|module| module.rsplit('.').next());
            self.0.extend(module.map(str::to_owned));
        }
    }
    let lora = adapted(model)?;
    let mut targets = Targets(BTreeSet::new());
    model.weights().visit(&mut targets);
    Ok(json!({
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": false,
        "init_lora_weights": true,
        "inference_mode": true,
        "target_modules": targets.0,
        "use_dora": false,
        "use_rslora": false,
    }))
}

/// The weights of a model's adapters as the bytes of [`ADAPTER_WEIGHTS`].
///
/// # Errors
/// If the model has no adapters, or the device fails to hand the weights out.
pub async fn adapter_to_bytes(model: &Decoder) -> Result<Vec<u8>> {
    struct Named(Vec<Flat>);
    impl Visitor for Named {
        fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
            self.0.push(Flat::of(&format!("{PREFIX}{name}"), weight));
        }
    }
    adapted(model)?;
    let mut named = Named(Vec::new());
    model.weights().visit(&mut named);
    flat_to_bytes(named.0, Precision::F32).await
}

fn adapted(model: &Decoder) -> Result<&LoraConfig> {
    model.adapters().ok_or_else(|| Error::model(ADAPTER_WEIGHTS, "the model has no adapters that could be written"))
}

/// `base` with the adapters of an [`ADAPTER_CONFIG`] and an [`ADAPTER_WEIGHTS`], which lie in
/// `folder` as errors name it. Projections without adapter in the file get none.
///
/// # Errors
/// If the files are damaged, do not suit the model, or ask for what is not computed here.
pub fn adapter_from_source(base: &Decoder, config: &str, source: &mut dyn Source, folder: &Path) -> Result<Decoder> {
    let config_path = folder.join(ADAPTER_CONFIG);
    let file = File::parse(config, &config_path)?;
    #[allow(clippy::cast_precision_loss)] // ranks
    let alpha = if file.use_rslora { file.lora_alpha * (file.r as f64).sqrt() } else { file.lora_alpha };
    let lora = LoraConfig { rank: file.r, alpha };
    lora.check(base.config()).map_err(|e| Error::model(&config_path, e.to_string()))?;
    let path = folder.join(ADAPTER_WEIGHTS);
    let mut tensors = Tensors::open(source, &path)?;
    let mut read = BTreeSet::new();
    let mut failed = None;
    let device = base.device();
    let weights = projections(base.without_adapters().weights().clone(), |name, linear| {
        let names = ["A", "B"].map(|side| format!("{PREFIX}{name}.lora_{side}.weight"));
        if failed.is_some() || !names.iter().any(|name| tensors.has(name)) {
            return linear;
        }
        let [output, input] = linear.weight.dims();
        let mut matrix = |name: &String, shape: [usize; 2]| {
            read.insert(name.clone());
            Ok(Tensor::from_data(TensorData::new(tensors.floats(name, &shape)?, shape), &device))
        };
        let adapter = matrix(&names[0], [lora.rank, input])
            .and_then(|down| Ok(Adapter { down, up: matrix(&names[1], [output, lora.rank])?, scale: lora.scale() }));
        match adapter {
            Ok(adapter) => Linear { adapter: Some(adapter), ..linear },
            Err(error) => {
                failed = Some(error);
                linear
            }
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    if let Some(name) = tensors.names().find(|name| !read.contains(*name)) {
        return Err(Error::model(
            &path,
            format!("holds `{name}`, for which the model has no projection; the adapter belongs to another model"),
        ));
    }
    if read.is_empty() {
        return Err(Error::model(&path, "holds no adapter"));
    }
    Ok(base.adapted(weights, Some(lora)))
}
