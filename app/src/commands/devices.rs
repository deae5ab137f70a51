//! `selfsame devices`: what this computer can compute on, and whether it computes right.

use selfsame_core::device::{
    self, Adapter, Choice, SELF_TEST_TOLERANCE, Selected,
    agreement::{self, COSINE, Difference, LOGITS, LOSS},
};
use serde::Serialize;

use crate::{Error, Result, cli::DevicesArgs, format::bytes, output, report::table::Table};

#[derive(Serialize)]
struct Output {
    adapters: Vec<Adapter>,
    selected: String,
    reason: String,
    self_test: SelfTest,
    /// The graphics adapter beside the CPU, by families of models, where that was asked for and there is one.
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
    let adapters = device::adapters();
    let selected = device::select(Choice::Auto)?;
    let self_test = test(&selected);
    let agreement = if args.compare && !adapters.is_empty() { compare()? } else { Vec::new() };
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
        let title = format!("{} beside {}: furthest apart", first.device, first.with);
        text += &format!("\n{}", differences(title, &output.agreement).text());
    }
    text
}

fn differences(title: String, all: &[Difference]) -> Table {
    let columns = ["family", "logits", "log-probabilities", "losses", "most", "gradients (1 − cosine)"];
    let mut table = Table::new(title, columns);
    for Difference { family, logits, logprobs, loss, worst, cosine, .. } in all {
        let numbers = [*logits, *logprobs, *loss].map(|value| format!("{value:.1e}"));
        let [logits, logprobs, loss] = numbers;
        table.row([family.name().to_owned(), logits, logprobs, loss, worst.clone(), format!("{:.1e}", 1.0 - cosine)]);
    }
    let [nats, loss, cosine] = [LOGITS, LOSS, 1.0 - COSINE].map(|most| format!("{most:.0e}"));
    table.row(["allowed".to_owned(), nats.clone(), nats, loss, String::new(), cosine]);
    table
}
