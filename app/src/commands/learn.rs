//! `selfsame learn`: fine-tuning on a given data set, by the rules of TRL.

mod task;

use std::{
    fs::{self, File},
    io::{IsTerminal, Write},
    path::Path,
    sync::atomic::Ordering,
};

use selfsame_core::{
    Error as CoreError, device,
    learn::{
        loss::{UnpairedLoss, tr_dpo::ReferenceSync},
        tune::{Line, ReferenceCache, SchedulerType, Task, Tune, TuneConfig},
    },
    model::{BasePrecision, LoraConfig, Precision, content_hash},
    prompt::{
        Chat,
        dataset::{Form, Kind, Truncation, fit},
    },
    run::checkpoint::AdaptedBase,
};
use serde::Serialize;

use self::task::{Asked, task, wanted};
use crate::{
    Error, Result,
    cli::{LearnArgs, OrderChoice, TruncateChoice},
    folder, format,
    inputs::{adapted, check_vocabulary},
    interrupt,
    material::Material,
    model_folder,
    observer::progress_bar,
    output,
    shelf::{Disk, Shelf, utf8},
};

/// `learn.toml`: everything that decided the run, and how it ended.
#[derive(Serialize)]
struct Made<'a> {
    version: &'static str,
    model: String,
    model_sha256: String,
    device: &'a str,
    #[serde(skip_serializing_if = "BasePrecision::is_full")]
    base_precision: BasePrecision,
    #[serde(skip_serializing_if = "Option::is_none")]
    lora: Option<LoraConfig>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    gradient_checkpointing: bool,
    task: &'a Task,
    data: Data,
    settings: &'a TuneConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Outcome>,
}

#[derive(Serialize)]
struct Data {
    path: String,
    sha256: String,
    kind: Kind,
    form: Form,
    rows: usize,
    /// The end of a text, which answers got.
    eos: String,
    max_length: usize,
    truncation: Truncation,
    /// Whether those tokens alone were learned that the assistant wrote.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    assistant_only_loss: bool,
    /// Rows that were cut, counted from 1.
    cut: Vec<usize>,
    /// Rows to whose prompt KTO put an answer of another row that had to be cut, counted from 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cut_mismatches: Vec<usize>,
    /// What wrote the conversations, where it was a chat template.
    #[serde(skip_serializing_if = "Option::is_none")]
    chat: Option<Chat>,
}

#[derive(Serialize, Clone, Copy)]
struct Outcome {
    steps: usize,
    stopped: bool,
    loss: f32,
    seconds: f64,
}

/// Runs the command.
///
/// # Errors
/// If a setting or the data set cannot be used, the folder is not empty, or learning fails.
pub fn run(args: &LearnArgs) -> Result<()> {
    let out = &args.out;
    folder::check_empty(out)?;
    let asked = args.objective.as_deref().map(Asked::parse).transpose()?;
    let material = Material::read(&args.data, wanted(args, asked.as_ref()))?;
    let task = task(args, asked, material.data.kind)?;
    let settings = settings(args, &task);
    settings.check()?;
    let truncation = match args.truncate {
        Some(TruncateChoice::KeepStart) => Truncation::KeepStart,
        None => Truncation::Refuse,
    };
    let Material { place, tokenizer, data, rows, eos, chat, limit } = material;
    let fitted = fit(rows, limit, truncation, &data.path)?;
    if !fitted.cut.is_empty() {
        output::note(&format!(
            "{} of {} rows are cut to {limit} tokens: {}",
            fitted.cut.len(),
            data.rows.len(),
            listed(fitted.cut.iter().map(|cut| &cut.row))
        ));
    }
    if let Some(line) = all_warm_up(&settings, fitted.rows.len()) {
        output::note(&line);
    }
    let selected = device::acquire(args.device.into())?;
    let (model, model_sha256) = Disk.model_in(&place, &selected, args.base_precision)?;
    check_vocabulary(&place, &model, &tokenizer)?;
    let model = adapted(model, args.lora, args.seed)?.recomputing(args.gradient_checkpointing);
    let bytes = fs::read(&data.path).map_err(|e| CoreError::read(&data.path, e))?;
    let mut made = Made {
        version: env!("CARGO_PKG_VERSION"),
        model: place.name()?,
        model_sha256,
        device: &selected.name,
        base_precision: args.base_precision,
        lora: args.lora,
        gradient_checkpointing: args.gradient_checkpointing,
        data: Data {
            path: utf8(&Disk.absolute(&data.path)?)?,
            sha256: content_hash(&bytes),
            kind: data.kind,
            form: data.form,
            rows: data.rows.len(),
            eos,
            max_length: limit,
            truncation,
            assistant_only_loss: args.data.assistant_only_loss,
            cut: fitted.cut.iter().map(|cut| cut.row).collect(),
            cut_mismatches: Vec::new(),
            chat,
        },
        task: &task,
        settings: &settings,
        result: None,
    };
    let base = AdaptedBase { model: made.model.clone(), sha256: made.model_sha256.clone() };
    let began = format::now();
    let cache = args.reference_cache.as_ref().map(|folder| {
        // Adapters begin as nothing, so that the reference is the model beside them.
        ReferenceCache::new(folder, format!("{}, {}, {}", made.model_sha256, args.base_precision, selected.name))
    });
    let mut tune = pollster::block_on(Tune::new(settings, task.clone(), model, &fitted.rows, cache.as_ref()))?;
    made.data.cut_mismatches = tune.cut_mismatches().to_vec();
    if !made.data.cut_mismatches.is_empty() {
        output::note(&format!(
            "of {} of {} rows the answer of another row, by which {} estimates how far the policy has moved, is cut to {limit} tokens: {}",
            made.data.cut_mismatches.len(),
            made.data.rows,
            UnpairedLoss::Kto,
            listed(made.data.cut_mismatches.iter())
        ));
    }
    fs::create_dir_all(out).map_err(|e| CoreError::write(out, e))?;
    write_settings(out, &made)?;
    let outcome = steps(&mut tune, args, began);
    // A step that fails changes nothing: what was learned before it is worth keeping.
    if tune.done() > 0 || outcome.is_ok() {
        let saved = model_folder::write(tune.model(), &tokenizer, Some(&base), &out.join("model"), Precision::F32);
        if outcome.is_ok() {
            saved?;
        } else if saved.is_ok() {
            output::note(&format!(
                "the model as it was after step {} is in {}",
                tune.done(),
                out.join("model").display()
            ));
        }
    }
    let outcome = outcome?;
    made.result = Some(outcome);
    write_settings(out, &made)?;
    if outcome.stopped {
        return Err(Error::Ended(out.join("model")));
    }
    output::note(&format!(
        "{} steps in {}; the model is in {}",
        outcome.steps,
        format::duration(outcome.seconds),
        out.join("model").display()
    ));
    Ok(())
}

/// What is said of a warm-up that lasts as long as the run.
fn all_warm_up(settings: &TuneConfig, rows: usize) -> Option<String> {
    let total = settings.steps(rows);
    let schedule = settings.schedule(total);
    if settings.lr_scheduler_type == SchedulerType::Constant || schedule.warmup < total {
        return None;
    }
    Some(match total {
        0 | 1 => "the warm-up begins at a learning rate of 0, and there is one step alone: the model will be saved as it was; lower --warmup, or take more steps".to_owned(),
        _ => format!(
            "the warm-up lasts through all {total} steps: the learning rate ends at {:e} and does not reach {:e}; lower --warmup, or take more steps",
            settings.learning_rate * schedule.factor(total - 1),
            settings.learning_rate
        ),
    })
}

/// Numbers of rows as words.
fn listed<'a>(rows: impl Iterator<Item = &'a usize>) -> String {
    rows.map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// All steps, or those up to Ctrl-C.
fn steps(tune: &mut Tune, args: &LearnArgs, began: f64) -> Result<Outcome> {
    let flag = interrupt::flag_saying("stopping after this step and saving the model; Ctrl-C again ends at once")?;
    let path = args.out.join("metrics.jsonl");
    let failed = |e| CoreError::write(&path, e);
    let mut metrics = File::create(&path).map_err(failed)?;
    let bar = (std::io::stderr().is_terminal() && !args.json).then(progress_bar);
    if let Some(bar) = &bar {
        bar.set_length(tune.total() as u64);
    }
    let mut loss = f32::NAN;
    while tune.done() < tune.total() && !flag.load(Ordering::Relaxed) {
        let line = pollster::block_on(tune.step())?;
        let text = output::to_json(&line)? + "\n";
        metrics.write_all(text.as_bytes()).map_err(failed)?;
        if args.json {
            output::print(&text)?;
        }
        loss = line.loss;
        match &bar {
            Some(bar) => {
                bar.set_position(line.step as u64);
                bar.set_message(words(&line));
            }
            None if !args.json && (line.step == 1 || line.step.is_multiple_of(10) || line.step == tune.total()) => {
                output::note(&format!("step {} of {}: {}", line.step, tune.total(), words(&line)));
            }
            None => {}
        }
    }
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    metrics.sync_all().map_err(failed)?;
    let stopped = tune.done() < tune.total();
    Ok(Outcome { steps: tune.done(), stopped, loss, seconds: format::now() - began })
}

fn words(line: &Line) -> String {
    let margin = line.metrics.get("rewards/margins").map(|margin| format!(", margin {margin:.4}"));
    format!("loss {:.4}{}", line.loss, margin.unwrap_or_default())
}

fn settings(args: &LearnArgs, task: &Task) -> TuneConfig {
    let usual = if matches!(task, Task::Completions) { 2e-5 } else { 1e-6 };
    // As in TRL's trainer of single answers, whose batches are those of the file.
    let order = if matches!(task, Task::Unpaired(_)) { OrderChoice::File } else { OrderChoice::Trl };
    TuneConfig {
        learning_rate: args.lr.unwrap_or(usual),
        lr_scheduler_type: args.schedule.into(),
        warmup_steps: args.warmup,
        max_steps: args.steps,
        num_train_epochs: args.epochs,
        per_device_train_batch_size: args.batch,
        gradient_accumulation_steps: args.grad_accum,
        max_grad_norm: args.max_grad_norm,
        weight_decay: args.weight_decay,
        adam_epsilon: args.adam_eps,
        max_length: args.data.max_length.map(|limit| limit as usize),
        order: args.order.unwrap_or(order).into(),
        seed: args.seed,
        sync_ref_model: args.sync_ref_model.then_some(ReferenceSync {
            ref_model_mixup_alpha: args.ref_model_mixup_alpha,
            ref_model_sync_steps: args.ref_model_sync_steps,
        }),
        ..TuneConfig::default()
    }
}

fn write_settings(out: &Path, made: &Made<'_>) -> Result<()> {
    let text = toml::to_string(made).map_err(|e| Error::told(format!("learn.toml cannot be written: {e}")))?;
    folder::replace(&out.join("learn.toml"), &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warm_up_as_long_as_the_run_is_told() {
        let said = |warmup_steps, max_steps| {
            let settings = TuneConfig { warmup_steps, max_steps, learning_rate: 0.25, ..TuneConfig::default() };
            all_warm_up(&settings, 20)
        };
        // Half of one step is one step.
        for warmup in [1.0, 100.0, 0.5] {
            assert!(said(warmup, Some(1)).is_some_and(|line| line.contains("saved as it was")), "{warmup}");
        }
        // The last of three steps is two quarters of the way to 0.25.
        let line = said(4.0, Some(3)).unwrap();
        assert!(line.contains("all 3 steps") && line.contains("ends at 1.25e-1") && line.contains("2.5e-1"), "{line}");
        for (warmup, steps) in [(0.0, Some(1)), (2.0, Some(3)), (0.5, Some(2)), (8.0, None)] {
            assert_eq!(said(warmup, steps), None, "{warmup} of {steps:?}");
        }
        // Twenty rows in batches of eight, three times.
        assert!(said(9.0, None).is_some());
    }
}
