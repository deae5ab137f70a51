//! The functions exported to JavaScript.

use std::fmt::Display;

use burn::tensor::{Device, Tensor};
use selfsame_core::device::read_floats;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// Side of the square matrices that [`probe`] multiplies.
///
/// Small enough for a software adapter, large enough to need more than one workgroup.
const PROBE_SIDE: usize = 64;

/// Largest error [`probe`] accepts: its inputs are small integers, exact in `f32`.
const PROBE_TOLERANCE: f64 = 1e-3;

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

/// Multiplies two small integer matrices on the browser's GPU and checks the product.
///
/// Proves the toolchain and the device before anything larger is attempted. Returns JSON:
/// `{"ok": bool, "side": n, "max_error": x}`.
///
/// # Errors
///
/// Rejects when the browser offers no WebGPU adapter or when the result cannot be read back.
#[wasm_bindgen]
pub async fn probe() -> Result<String, JsValue> {
    let device = Device::wgpu_options()
        .init_async()
        .await
        .map_err(js_error)?;

    let side = PROBE_SIDE;
    // Entries depend on row and column in different ways, so a transposed or shifted result shows.
    let a = |row: usize, col: usize| ((row * 3 + col) % 7) as f32;
    let b = |row: usize, col: usize| ((row + col * 5) % 11) as f32;
    let fill = |f: &dyn Fn(usize, usize) -> f32| -> Vec<f32> {
        (0..side * side).map(|i| f(i / side, i % side)).collect()
    };
    let left = Tensor::<1>::from_floats(fill(&a).as_slice(), &device).reshape([side, side]);
    let right = Tensor::<1>::from_floats(fill(&b).as_slice(), &device).reshape([side, side]);

    let product = read_floats(left.matmul(right)).await.map_err(js_error)?;

    let mut max_error = 0.0_f64;
    for (i, &got) in product.iter().enumerate() {
        let (row, col) = (i / side, i % side);
        let want: f32 = (0..side).map(|k| a(row, k) * b(k, col)).sum();
        max_error = max_error.max(f64::from((got - want).abs()));
    }
    let ok = product.len() == side * side && max_error <= PROBE_TOLERANCE;
    Ok(serde_json::json!({ "ok": ok, "side": side, "max_error": max_error }).to_string())
}
