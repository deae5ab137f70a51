//! `selfsame devices`: what this computer can compute on, and whether it computes right.

use selfsame_core::device::{self, Adapter, Choice, SELF_TEST_TOLERANCE, Selected};
use serde::Serialize;

use crate::{Error, Result, cli::DevicesArgs, format::bytes, output, report::table::Table};

#[derive(Serialize)]
struct Output {
    adapters: Vec<Adapter>,
    selected: String,
    reason: String,
    self_test: SelfTest,
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
/// If no device can be used at all, or the selected one fails its self-test.
pub fn run(args: &DevicesArgs) -> Result<()> {
    let adapters = device::adapters();
    let selected = device::select(Choice::Auto)?;
    let self_test = test(&selected);
    let output = Output { adapters, selected: selected.name.clone(), reason: selected.reason.clone(), self_test };
    if args.json {
        output::json(&output)?;
    } else {
        output::print(&text(&output))?;
    }
    match output.self_test.problem {
        None => Ok(()),
        Some(problem) => Err(Error::told(format!("{} failed the self-test: {problem}", output.selected))),
    }
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
    text
}
