//! Which GPU or CPU computes, and reading numbers back from it.

pub mod agreement;

use std::cell::Cell;

use burn::tensor::{Device, Element, Int, IntDType, Tensor, TensorData};
use serde::Serialize;

use crate::{
    Error, Result,
    learn::{Sequence, batch::score},
    model::{self, Config, Decoder},
};

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// A real GPU where there is one, otherwise the CPU.
    #[default]
    Auto,
    /// The CPU backend.
    Cpu,
    /// Whatever adapter there is, software ones included.
    Gpu,
}

/// One graphics adapter as the system describes it.
#[derive(Debug, Clone, Serialize)]
pub struct Adapter {
    /// The adapter's own name.
    pub name: String,
    /// Vulkan, Metal, DX12, ...
    pub api: String,
    /// Discrete, integrated, virtual, or a CPU pretending.
    pub kind: String,
    /// Runs on the CPU (lavapipe, SwiftShader): slower here than the CPU backend.
    pub software: bool,
    /// Largest storage buffer a kernel can bind, in bytes.
    pub max_binding_bytes: u64,
    /// Largest buffer, in bytes.
    pub max_buffer_bytes: u64,
    /// Storage buffers a kernel can bind.
    pub max_storage_buffers: u32,
    /// Threads in a workgroup.
    pub max_workgroup_threads: u32,
}

/// A device and why it was taken.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The device.
    pub device: Device,
    /// `cpu` or `gpu: NAME`, for people and for the run's manifest.
    pub name: String,
    /// Why this one.
    pub reason: String,
}

/// The CPU backend.
#[must_use]
pub fn cpu() -> Device {
    Device::flex()
}

/// The adapters of this machine, without initialising any of them.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn adapters() -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
        .into_iter()
        .map(|adapter| {
            let (info, limits) = (adapter.get_info(), adapter.limits());
            Adapter {
                name: info.name.clone(),
                api: format!("{:?}", info.backend),
                kind: format!("{:?}", info.device_type),
                software: info.device_type == wgpu::DeviceType::Cpu,
                max_binding_bytes: limits.max_storage_buffer_binding_size,
                max_buffer_bytes: limits.max_buffer_size,
                max_storage_buffers: limits.max_storage_buffers_per_shader_stage,
                max_workgroup_threads: limits.max_compute_invocations_per_workgroup,
            }
        })
        .collect()
}

/// The device for a choice, by the rule: a real GPU, else the CPU backend, because software
/// adapters are much slower than it.
///
/// # Errors
/// If a GPU was demanded and there is no adapter.
#[cfg(not(target_family = "wasm"))]
pub fn select(choice: Choice) -> Result<Selected> {
    let cpu = |reason: &str| Selected { device: cpu(), name: "cpu".to_owned(), reason: reason.to_owned() };
    if choice == Choice::Cpu {
        return Ok(cpu("asked for"));
    }
    let adapters = adapters();
    let real = adapters.iter().find(|adapter| !adapter.software);
    let adapter = match (choice, real) {
        (_, Some(adapter)) => adapter,
        (Choice::Gpu, None) => adapters.first().ok_or_else(|| {
            Error::Device(
                "no graphics adapter was found. Install a Vulkan, Metal or DX12 driver, or use `--device cpu`"
                    .to_owned(),
            )
        })?,
        (_, None) if adapters.is_empty() => return Ok(cpu("no graphics adapter was found")),
        (_, None) => {
            return Ok(cpu("the only graphics adapter is a software one, which is slower than the CPU backend"));
        }
    };
    let mut options = Device::wgpu_options();
    if adapter.software {
        options = options.device_kind(burn::tensor::DeviceKind::Cpu);
    }
    let device = options
        .init()
        .map_err(|e| Error::Device(format!("{} could not be started ({e}). Use `--device cpu`", adapter.name)))?;
    Ok(Selected {
        device,
        name: format!("gpu: {} ({})", adapter.name, adapter.api),
        reason: if choice == Choice::Gpu { "asked for" } else { "a graphics adapter was found" }.to_owned(),
    })
}

/// [`select`], and a graphics device has to pass [`self_test`]: one that computes wrong numbers is
/// refused before it can put them into a run.
///
/// # Errors
/// As [`select`] and [`self_test`].
#[cfg(not(target_family = "wasm"))]
pub fn acquire(choice: Choice) -> Result<Selected> {
    let selected = select(choice)?;
    if selected.name != "cpu" {
        pollster::block_on(self_test(&selected.device))?;
    }
    Ok(selected)
}

/// Whatever graphics adapter there is for the tests, software ones included, begun once: a second beginning is
/// refused. Without any it says so; on continuous integration (`SELFSAME_CI=1`) that is a failure.
#[cfg(test)]
pub(crate) fn of_tests() -> Option<Device> {
    static ADAPTER: std::sync::OnceLock<Option<Device>> = std::sync::OnceLock::new();
    let adapter = ADAPTER.get_or_init(|| Device::wgpu_options().init().ok()).clone();
    if adapter.is_none() {
        assert!(std::env::var_os("SELFSAME_CI").is_none(), "CI must have a (software) graphics adapter");
        eprintln!("skipped: no graphics adapter");
    }
    adapter
}

/// Reads a tensor's values. Numbers leave a device only here and in [`read_ints`], on every platform.
///
/// # Errors
/// If the device was lost or fails to answer.
pub async fn read_floats<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    count_reading();
    values(&tensor.into_data_async().await.map_err(lost)?)
}

/// Reads a tensor's whole numbers of 32 bits, which others are made to be first.
///
/// # Errors
/// If the device was lost or fails to answer.
pub async fn read_ints<const D: usize>(tensor: Tensor<D, Int>) -> Result<Vec<i32>> {
    count_reading();
    values(&tensor.cast(IntDType::I32).into_data_async().await.map_err(lost)?)
}

fn lost(error: impl std::fmt::Debug) -> Error {
    Error::Device(format!("reading results failed ({error:?}); the device may have been lost"))
}

fn values<E: Element>(data: &TensorData) -> Result<Vec<E>> {
    data.try_to_vec::<E>().map_err(|e| Error::Device(format!("results have an unexpected type ({e:?})")))
}

thread_local! {
    static READINGS: Cell<u64> = const { Cell::new(0) };
}

fn count_reading() {
    READINGS.with(|count| count.set(count.get() + 1));
}

/// How often this thread has read from a device and waited for it: what tests and benches count.
#[must_use]
pub fn readings() -> u64 {
    READINGS.with(Cell::get)
}

/// The largest error a device may make on the stored model, in nats.
pub const SELF_TEST_TOLERANCE: f64 = 1e-3;

/// What a stored model's log-probabilities are.
#[derive(serde::Deserialize)]
struct Expected {
    sequences: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    ids: Vec<u32>,
    logprobs: Vec<f64>,
}

/// The stored model on a device. It and its values were made with `transformers` (see
/// `tests/goldens/make.py`).
fn self_test_model(device: &Device) -> Result<(Decoder, Expected)> {
    let path = std::path::Path::new("(built-in self-test)");
    let expected = serde_json::from_str(include_str!("../../assets/selftest/expected.json"))
        .map_err(|e| Error::model(path, e.to_string()))?;
    let config = Config::parse(include_str!("../../assets/selftest/config.json"), path)?;
    let weights = include_bytes!("../../assets/selftest/model.safetensors");
    Ok((model::from_bytes(config, weights, path, device)?, expected))
}

/// The largest of some errors, or 0 of none; not a number once one of them is not, so that it does not look small.
fn largest(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(0.0, |worst: f64, error| if worst.is_nan() || error <= worst { worst } else { error })
}

/// Recomputes a stored model's log-probabilities on a device and returns the largest error, in nats.
///
/// # Errors
/// If the device fails, or is wrong by more than [`SELF_TEST_TOLERANCE`].
pub async fn self_test(device: &Device) -> Result<f64> {
    let (model, expected) = self_test_model(device)?;
    let sequences: Vec<Sequence> =
        expected.sequences.iter().map(|row| Sequence::completion(&row.ids[..1], &row.ids[1..])).collect();
    verdict(&expected, &score(&model, &sequences, usize::MAX).await?)
}

/// The largest error of what a device computed, in nats.
///
/// # Errors
/// If it is more than [`SELF_TEST_TOLERANCE`].
fn verdict(expected: &Expected, computed: &[Vec<f32>]) -> Result<f64> {
    let errors = expected
        .sequences
        .iter()
        .zip(computed)
        .flat_map(|(row, computed)| row.logprobs.iter().zip(computed).map(|(e, c)| (e - f64::from(*c)).abs()));
    let error = largest(errors);
    if error <= SELF_TEST_TOLERANCE {
        return Ok(error);
    }
    Err(Error::Device(format!(
        "it computes wrong numbers: the stored model's log-probabilities are off by {error:.3e} nats (up to {SELF_TEST_TOLERANCE:.0e} is allowed). Update the graphics driver, or use `--device cpu`"
    )))
}

/// Whole numbers as a device tensor.
#[allow(clippy::cast_possible_wrap, clippy::cast_possible_truncation)] // token ids and indices
pub(crate) fn indices(values: impl IntoIterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.into_iter().map(|v| v as i32).collect();
    Tensor::from_ints(values.as_slice(), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_passes_the_self_test() {
        let error = pollster::block_on(self_test(&cpu())).unwrap();
        assert!(error < 1e-4, "{error}");
    }

    #[test]
    fn an_error_that_is_no_number_is_not_forgotten() {
        assert!(largest([0.1, f64::NAN, 0.2].into_iter()).is_nan());
        assert_eq!(largest([0.1, 0.3, 0.2].into_iter()), 0.3);
    }

    #[test]
    fn a_device_that_computes_wrong_numbers_is_refused() {
        let (_, expected) = self_test_model(&cpu()).unwrap();
        #[allow(clippy::cast_possible_truncation)] // as a device computes
        let sound: Vec<Vec<f32>> =
            expected.sequences.iter().map(|row| row.logprobs.iter().map(|value| *value as f32).collect()).collect();
        assert!(verdict(&expected, &sound).unwrap() < 1e-6);
        let (last, at) = (sound.len() - 1, sound[sound.len() - 1].len() - 1);
        for (change, says) in [(0.01, "1.000e-2"), (-0.01, "1.000e-2"), (f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
            for (row, column) in [(0, 0), (last, at)] {
                let mut wrong = sound.clone();
                wrong[row][column] += change;
                let error = verdict(&expected, &wrong).unwrap_err();
                assert!(matches!(error, Error::Device(_)), "{error:?}");
                let told = error.to_string();
                for word in ["computes wrong numbers", says, "1e-3", "graphics driver", "--device cpu"] {
                    assert!(told.contains(word), "{change}: {told}");
                }
            }
        }
        let mut close = sound;
        close[0][0] += 0.0005;
        assert!(verdict(&expected, &close).unwrap() > 4e-4);
    }

    #[test]
    fn the_cpu_is_what_was_asked_for() {
        let selected = select(Choice::Cpu).unwrap();
        assert_eq!((selected.name.as_str(), selected.reason.as_str()), ("cpu", "asked for"));
    }
}
