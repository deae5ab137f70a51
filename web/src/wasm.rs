//! The functions exported to JavaScript.

use std::{cell::RefCell, fmt::Display};

use burn::tensor::Device;
use selfsame_core::device::agreement::{self, Figures};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::{
    proof::{ModelFiles, Proof, compare},
    speed::Amount,
};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);

    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    fn console_warn(message: &str);

    #[wasm_bindgen(js_namespace = console, js_name = info)]
    fn console_info(message: &str);
}

/// Sends `log` records to the browser's console.
///
/// The GPU runtime reports some failures only as log records and then returns stale memory, so a
/// page that dropped them could show wrong numbers without a trace. The harness counts an error on
/// the console as a failure.
struct ConsoleLogger;

impl log::Log for ConsoleLogger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = format!("{}: {}", record.target(), record.args());
        match record.level() {
            log::Level::Error => console_error(&line),
            log::Level::Warn => console_warn(&line),
            _ => console_info(&line),
        }
    }

    fn flush(&self) {}
}

/// Runs once, when the module is instantiated: makes panics and log records visible.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|info| console_error(&info.to_string())));
    // A logger that is already installed belongs to the embedding program, which may keep it.
    if log::set_logger(&ConsoleLogger).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}

/// Turns any error into a JavaScript `Error`, so that a rejected promise carries a stack.
fn js_error(error: impl Display) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}

thread_local! {
    /// The browser's GPU once it was asked for: the runtime takes it once and no more.
    static GPU: RefCell<Option<Device>> = const { RefCell::new(None) };
}

async fn gpu() -> Result<Device, JsValue> {
    if let Some(device) = GPU.with_borrow(Clone::clone) {
        return Ok(device);
    }
    let device = Device::wgpu_options().init_async().await.map_err(js_error)?;
    GPU.set(Some(device.clone()));
    Ok(device)
}

/// Runs [`proof`](crate::proof::proof) on the browser's GPU and compares it with numbers computed
/// natively. Takes the starter's three files and those numbers, each as bytes. Returns JSON:
/// `{"ok": bool, "difference": text or null, "proof": {...}}`.
///
/// # Errors
///
/// Rejects when the browser offers no WebGPU adapter, a file is not what it should be, or the
/// device fails.
#[wasm_bindgen]
pub async fn proof(
    config: Vec<u8>,
    tokenizer: Vec<u8>,
    weights: Vec<u8>,
    expected: Vec<u8>,
) -> Result<String, JsValue> {
    let device = gpu().await?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(js_error);
    let (config, tokenizer) = (text(config)?, text(tokenizer)?);
    let expected: Proof = serde_json::from_slice(&expected).map_err(js_error)?;
    let files = ModelFiles { config: &config, tokenizer: &tokenizer, weights: &weights };
    let got = crate::proof::proof(&files, &device).await.map_err(js_error)?;
    let difference = compare(&got, &expected).err();
    Ok(serde_json::json!({ "ok": difference.is_none(), "difference": difference, "proof": got }).to_string())
}

/// Computes [`figures`](selfsame_core::device::agreement::figures) on the browser's GPU and on one core of the
/// processor, and compares both with those that a CPU computed natively, given as JSON. Returns JSON:
/// `{"ok": bool, "differences": [...], "said": [a line each]}`.
///
/// # Errors
///
/// Rejects when the browser offers no WebGPU adapter, the figures are not what they should be, or the device
/// fails.
#[wasm_bindgen]
pub async fn agreement(native: Vec<u8>) -> Result<String, JsValue> {
    let native: Vec<Figures> = serde_json::from_slice(&native).map_err(js_error)?;
    let gpu = gpu().await?;
    let mut differences = Vec::new();
    for (name, device) in [("WebGPU", gpu), ("WebAssembly", selfsame_core::device::cpu())] {
        let figures = agreement::figures(name, &device).await.map_err(js_error)?;
        differences.extend(agreement::differences(&figures, &native));
    }
    let ok = differences.iter().all(agreement::Difference::is_small);
    let said: Vec<String> = differences.iter().map(ToString::to_string).collect();
    Ok(serde_json::json!({ "ok": ok, "differences": differences, "said": said }).to_string())
}

/// Measures [`speed`](crate::speed::speed()) on the browser's GPU (`"gpu"`) or on one core of the
/// processor (`"cpu"`). Takes a model's three files as bytes. Returns what was measured as JSON.
///
/// # Errors
///
/// Rejects when the device is neither of the two or the browser does not offer it, a file is not what
/// it should be, or the device fails.
#[wasm_bindgen]
pub async fn speed(config: Vec<u8>, tokenizer: Vec<u8>, weights: Vec<u8>, device: String) -> Result<String, JsValue> {
    let device = match device.as_str() {
        "gpu" => gpu().await?,
        "cpu" => selfsame_core::device::cpu(),
        other => return Err(js_error(format!("there is no device `{other}`, but `gpu` and `cpu`"))),
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(js_error);
    let (config, tokenizer) = (text(config)?, text(tokenizer)?);
    let files = ModelFiles { config: &config, tokenizer: &tokenizer, weights: &weights };
    let speed = crate::speed::speed(&files, &device, &Amount::default()).await.map_err(js_error)?;
    serde_json::to_string(&speed).map_err(js_error)
}
