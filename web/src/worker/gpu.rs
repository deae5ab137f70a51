//! Where the worker computes: on the graphics device that the browser offers, if it is a real one and
//! computes right, otherwise on the CPU.

use burn::tensor::Device;
use js_sys::{Function, Promise, Reflect};
use selfsame_core::device::{self, Choice, Selected};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::breath::scope;

/// What the worker can compute on.
#[derive(Debug, Clone)]
pub struct Devices {
    gpu: Option<Selected>,
    cpu: Selected,
    note: Option<String>,
}

impl Devices {
    /// Looks for a graphics device, starts it, and lets it recompute a stored model.
    pub async fn find() -> Self {
        let cpu = |reason: &str| Selected { device: device::cpu(), name: "cpu".to_owned(), reason: reason.to_owned() };
        let slow = |why: &str| {
            let note = format!(
                "{why}, so that everything is computed on one core of the processor. It gives the same results, several times slower: choose a quick run."
            );
            Self { gpu: None, cpu: cpu(why), note: Some(note) }
        };
        let Some(adapter) = adapter().await else {
            return slow("This browser offers no WebGPU");
        };
        // A device in software is only started when somebody asks for it.
        if adapter.software && !asked_for("gpu") {
            return slow("This browser's WebGPU is a software one");
        }
        let started = match Device::wgpu_options().init_async().await {
            Ok(device) => device,
            Err(e) => return slow(&format!("WebGPU could not be started ({e})")),
        };
        match device::self_test(&started).await {
            Ok(_) => Self {
                gpu: Some(Selected {
                    device: started,
                    name: format!("gpu: {} (WebGPU)", adapter.name),
                    reason: "the browser offers WebGPU".to_owned(),
                }),
                cpu: cpu("asked for"),
                note: None,
            },
            Err(e) => slow(&format!("WebGPU is there, but {e}")),
        }
    }

    /// The device for a choice.
    ///
    /// # Errors
    /// If a graphics device was demanded and there is none.
    pub fn get(&self, choice: Choice) -> selfsame::Result<Selected> {
        match (choice, &self.gpu) {
            (Choice::Cpu, _) => Ok(self.cpu.clone()),
            (Choice::Auto, None) => Ok(self.cpu.clone()),
            (Choice::Auto | Choice::Gpu, Some(gpu)) => Ok(gpu.clone()),
            (Choice::Gpu, None) => Err(selfsame_core::Error::Device(
                "this browser offers no graphics device; choose `auto` or `cpu`".to_owned(),
            )
            .into()),
        }
    }

    /// What the person should know about it.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Bytes of the largest buffer that can be bound; `None` on the CPU.
    pub fn largest_binding(&self, selected: &Selected) -> Option<u64> {
        // The guaranteed minimum, which is what fits everywhere.
        (selected.name != "cpu").then_some(128 << 20)
    }
}

/// Whether the page's address asks for a device, as `?device=gpu`; it comes as the worker's name.
fn asked_for(device: &str) -> bool {
    let wishes = scope().name();
    wishes.trim_start_matches('?').split('&').any(|wish| wish.strip_prefix("device=") == Some(device))
}

struct Adapter {
    name: String,
    software: bool,
}

/// The adapter that the browser would give.
async fn adapter() -> Option<Adapter> {
    let get = |of: &JsValue, key: &str| Reflect::get(of, &JsValue::from_str(key)).ok();
    let gpu = get(scope().navigator().as_ref(), "gpu").filter(JsValue::is_object)?;
    let request: Function = get(&gpu, "requestAdapter")?.dyn_into().ok()?;
    let promise: Promise = request.call0(&gpu).ok()?.dyn_into().ok()?;
    let adapter = JsFuture::from(promise).await.ok().filter(JsValue::is_object)?;
    let info = get(&adapter, "info")?;
    let word = |key: &str| get(&info, key).and_then(|value| value.as_string()).unwrap_or_default();
    let name = [word("vendor"), word("architecture")].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let fallback = get(&info, "isFallbackAdapter").is_some_and(|value| value.is_truthy());
    let name = if name.is_empty() { "unnamed".to_owned() } else { name.join(" ") };
    Some(Adapter { software: fallback || name.contains("swiftshader") || name.contains("llvmpipe"), name })
}
