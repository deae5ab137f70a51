//! `selfsame devices`: what this computer can compute on, and whether it computes right.

use std::path::Path;

use selfsame_core::{
    Error as CoreError,
    device::{
        self, Adapter, Choice, SELF_TEST_TOLERANCE, Selected,
        agreement::{self, COSINE, Difference, LOGITS, LOSS},
    },
};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, cli::DevicesArgs, format::bytes, output, report::table::Table};

#[derive(Serialize)]
struct Output {
    adapters: Vec<Adapter>,
    selected: String,
    reason: String,
    self_test: SelfTest,
    /// The graphics adapter and a browser's devices beside the CPU, by families of models, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agreement: Vec<Difference>,
}

/// The stored model computed on the selected device.
#[derive(Serialize)]
struct SelfTest {
    passed: bool,
    /// The largest error in nats, where the test passed.
    error: Option<f64>,
    tolerance: f64,
    /// What went wrong, where it did not.
    problem: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// If no device can be used at all, the selected one fails its self-test, or the graphics adapter does not
/// compute what the CPU computes.
pub fn run(args: &DevicesArgs) -> Result<()> {
    // Before what takes its time: the file may not be there.
    let browser = args.browser.as_deref().map(reported).transpose()?;
    let adapters = device::adapters();
    let selected = device::select(Choice::Auto)?;
    let self_test = test(&selected);
    let mut agreement = if args.compare && !adapters.is_empty() { compare()? } else { Vec::new() };
    agreement.extend(browser.into_iter().flatten());
    let output =
        Output { adapters, selected: selected.name.clone(), reason: selected.reason.clone(), self_test, agreement };
    if args.json {
        output::json(&output)?;
    } else {
        output::print(&text(&output))?;
    }
    if let Some(problem) = output.self_test.problem {
        return Err(Error::told(format!("{} failed the self-test: {problem}", output.selected)));
    }
    match output.agreement.iter().find(|difference| !difference.is_small()) {
        None => Ok(()),
        Some(difference) => Err(Error::told(format!(
            "{} and {} do not compute the same with a model like {}. Update the graphics driver, or use `--device cpu`",
            difference.device,
            difference.with,
            difference.family.name()
        ))),
    }
}

/// The graphics adapter that `--device gpu` takes, a software one too, beside the CPU.
fn compare() -> Result<Vec<Difference>> {
    let gpu = device::select(Choice::Gpu)?;
    let figures = |name: &str, device| pollster::block_on(agreement::figures(name, device));
    Ok(agreement::differences(&figures(&gpu.name, &gpu.device)?, &figures("cpu", &device::cpu())?))
}

/// What a browser's devices computed beside the CPU, as its page reported it.
fn reported(path: &Path) -> Result<Vec<Difference>> {
    #[derive(Deserialize)]
    struct Report {
        checks: Checks,
    }
    #[derive(Deserialize)]
    struct Checks {
        agreement: Agreement,
    }
    #[derive(Deserialize)]
    struct Agreement {
        differences: Vec<Difference>,
    }
    let text = std::fs::read_to_string(path).map_err(|e| CoreError::read(path, e))?;
    let report: Report = serde_json::from_str(&text).map_err(|e| {
        Error::told(format!(
            "{}: not the report of a browser ({e}); `cargo xtask agreement` writes one",
            path.display()
        ))
    })?;
    Ok(report.checks.agreement.differences)
}

fn test(selected: &Selected) -> SelfTest {
    let outcome = pollster::block_on(device::self_test(&selected.device));
    SelfTest {
        passed: outcome.is_ok(),
        error: outcome.as_ref().ok().copied(),
        tolerance: SELF_TEST_TOLERANCE,
        problem: outcome.err().map(|e| e.to_string()),
    }
}

fn text(output: &Output) -> String {
    let mut table = Table::new(
        "Graphics adapters",
        ["name", "interface", "kind", "largest binding", "largest buffer", "storage buffers", "workgroup"],
    );
    for adapter in &output.adapters {
        table.row([
            adapter.name.clone(),
            adapter.api.clone(),
            if adapter.software { "software".to_owned() } else { adapter.kind.clone() },
            bytes(adapter.max_binding_bytes),
            bytes(adapter.max_buffer_bytes),
            adapter.max_storage_buffers.to_string(),
            adapter.max_workgroup_threads.to_string(),
        ]);
    }
    let mut text = if output.adapters.is_empty() { "no graphics adapters\n".to_owned() } else { table.text() };
    text += &format!("\n--device auto takes: {} ({})\n", output.selected, output.reason);
    if let Some(error) = output.self_test.error {
        text += &format!("self-test passed: largest error {error:.1e} nats of {SELF_TEST_TOLERANCE:.0e} allowed\n");
    }
    if let Some(first) = output.agreement.first() {
        let title = format!("Beside {}: furthest apart", first.with);
        text += &format!("\n{}", differences(title, &output.agreement).text());
    }
    text
}

fn differences(title: String, all: &[Difference]) -> Table {
    let columns = ["device", "family", "logits", "log-probabilities", "losses", "most", "gradients (1 − cosine)"];
    let mut table = Table::new(title, columns);
    for Difference { device, family, logits, logprobs, loss, worst, cosine, .. } in all {
        let numbers = [*logits, *logprobs, *loss].map(|value| format!("{value:.1e}"));
        let [logits, logprobs, loss] = numbers;
        let gradients = format!("{:.1e}", 1.0 - cosine);
        table.row([device.clone(), family.name().to_owned(), logits, logprobs, loss, worst.clone(), gradients]);
    }
    let [nats, loss, cosine] = [LOGITS, LOSS, 1.0 - COSINE].map(|most| format!("{most:.0e}"));
    table.row(["allowed".to_owned(), String::new(), nats.clone(), nats, loss, String::new(), cosine]);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_reported_stands_in_the_same_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proof.json");
        let difference = r#"{"device": "WebGPU", "with": "native CPU", "family": "gpt2", "logits": 2e-6,
            "logprobs": 3e-6, "loss": 4e-7, "worst": "robust", "cosine": 0.9999}"#;
        let report =
            format!(r#"{{"ok": true, "checks": {{"agreement": {{"differences": [{difference}], "ms": 3}}}}}}"#);
        std::fs::write(&path, report).unwrap();
        let all = reported(&path).unwrap();
        assert!(all.iter().all(Difference::is_small));
        let text = differences("Beside the CPU".to_owned(), &all).text();
        let line = text.lines().find(|line| line.contains("WebGPU")).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words, ["WebGPU", "gpt2", "2.0e-6", "3.0e-6", "4.0e-7", "robust", "1.0e-4"], "{text}");

        std::fs::write(&path, "{}").unwrap();
        let refused = reported(&path).unwrap_err().to_string();
        assert!(refused.contains("proof.json") && refused.contains("cargo xtask agreement"), "{refused}");
        assert!(reported(&folder.path().join("none")).is_err());
    }
}
