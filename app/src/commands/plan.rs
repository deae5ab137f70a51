//! `selfsame plan`: what a run would need.

use selfsame_core::{
    model::BasePrecision,
    run::plan::{Plan, Speed, probe},
};
use serde::Serialize;

use crate::{
    Result,
    cli::RunArgs,
    commands::run::acquire,
    format::{bytes, count, duration},
    inputs::{self, Inputs},
    output,
    shelf::Disk,
};

#[derive(Serialize)]
struct Output {
    recipe: String,
    model: String,
    device: String,
    base_precision: BasePrecision,
    #[serde(flatten)]
    plan: Plan,
    speed: Speed,
}

/// Runs the command.
///
/// # Errors
/// If something that the arguments name does not fit.
pub fn run(args: &RunArgs) -> Result<()> {
    let inputs = inputs::prepare(args, &Disk, &acquire)?;
    let (plan, speed) = of(&inputs)?;
    let output = Output {
        recipe: inputs.manifest.recipe.clone(),
        model: inputs.manifest.model.clone(),
        device: inputs.device.name.clone(),
        base_precision: inputs.manifest.base_precision,
        plan,
        speed,
    };
    if args.json { output::json(&output) } else { output::print(&text(&output)) }
}

/// What a run of these inputs would need, and how fast they are by a short probe.
///
/// # Errors
/// If a setting cannot work or the device fails.
pub fn of(inputs: &Inputs) -> Result<(Plan, Speed)> {
    Ok((inputs.plan()?, pollster::block_on(probe(&inputs.subject.model, &inputs.subject.tokenizer))?))
}

fn text(output: &Output) -> String {
    let Output { recipe, model, device, base_precision: precision, plan, speed } = output;
    let mut text = format!("{recipe} with model {model} on {device}\n\n");
    for (name, value) in [
        ("weights", format!("{} ({} numbers in {precision})", bytes(plan.weights_bytes), count(plan.parameters))),
        ("memory while learning", bytes(plan.training_bytes)),
        ("memory while drawing answers", bytes(plan.decode_bytes)),
        ("memory in all", format!("{} (the larger of the two)", bytes(plan.total_bytes))),
        ("largest single tensor", bytes(plan.largest_tensor_bytes)),
        ("tokens to learn from", count(plan.train_tokens)),
        ("tokens to draw", count(plan.decode_tokens)),
    ] {
        text += &format!("  {name:<30} {value}\n");
    }
    text += &format!("  {:<30} {}, by a short probe\n", "time, about", duration(plan.seconds(speed)));
    text
}
