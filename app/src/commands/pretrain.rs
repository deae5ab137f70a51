//! `selfsame pretrain`: a starter model from nothing.

use std::{
    fs::{self, File},
    io::{IsTerminal, Write},
    path::Path,
};

use selfsame_core::{
    Device, Error as CoreError, device,
    learn::StepReport,
    model::{self, Decoder, Precision},
    recipe::starter::{PHASES, Starter, StarterConfig, pretrain},
    text::Tokenizer,
    world,
};
use serde::Serialize;
use toml::{Table, Value};

use crate::{
    Error, Result,
    cli::PretrainArgs,
    folder, format,
    observer::progress_bar,
    output,
    settings::{assign, parse},
};

/// One line of `curve.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    phase: &'a str,
    #[serde(flatten)]
    report: &'a StepReport,
}

/// `pretrain.toml`: how the model was made.
#[derive(Serialize)]
struct Made<'a> {
    command: String,
    world: &'a str,
    version: &'static str,
    device: &'a str,
    seconds: f64,
    settings: &'a StarterConfig,
}

/// Runs the command.
///
/// # Errors
/// If a setting is unknown, the folder is not empty, or training fails.
pub fn run(args: &PretrainArgs) -> Result<()> {
    let config = settings(args)?;
    let out = &args.out;
    folder::check_empty(out)?;
    let world =
        world::by_name(&args.world).ok_or_else(|| Error::told(format!("there is no world `{}`", args.world)))?;
    let tokenizer = Tokenizer::parse(&world.tokenizer_json())?;
    let selected = device::acquire(args.device.into())?;
    fs::create_dir_all(out.join("base")).map_err(|e| CoreError::write(out, e))?;
    let curve_path = out.join("curve.jsonl");
    let mut curve = File::create(&curve_path).map_err(|e| CoreError::write(&curve_path, e))?;
    let mut display = Display::new(&config.steps, args.json);
    let mut failure = None;
    let began = format::now();
    let parts = world.compositional_parts();
    let from = args.from.as_deref().map(|folder| read(folder, &selected.device)).transpose()?;
    let training = pretrain(&config, &*world, tokenizer, &parts, from, &selected.device, |phase, report, _| {
        let line = output::to_json(&Line { phase, report }).and_then(|line| {
            writeln!(curve, "{line}").map_err(|e| CoreError::write(&curve_path, e))?;
            Ok(line)
        });
        // There is no way to stop training from here; the first problem is reported at its end.
        if let Err(e) = line.and_then(|line| display.step(phase, report, &line)) {
            failure.get_or_insert(e);
        }
    });
    let starter = pollster::block_on(training)?;
    drop(display);
    let seconds = format::now() - began;
    let precision = if args.half { Precision::F16 } else { Precision::F32 };
    save(&starter.model, &starter.tokenizer, out, precision)?;
    save(&starter.base, &starter.tokenizer, &out.join("base"), precision)?;
    let made = Made {
        command: std::iter::once("selfsame".to_owned()).chain(std::env::args().skip(1)).collect::<Vec<_>>().join(" "),
        world: &args.world,
        version: env!("CARGO_PKG_VERSION"),
        device: &selected.name,
        seconds,
        settings: &config,
    };
    let text = toml::to_string(&made).map_err(|e| Error::told(format!("pretrain.toml cannot be written: {e}")))?;
    folder::replace(&out.join("pretrain.toml"), &text)?;
    failure.map_or(Ok(()), Err)?;
    output::note(&format!(
        "done in {}; try it with `selfsame run scir --quick --world {} --model {}`",
        format::duration(seconds),
        args.world,
        out.display()
    ));
    Ok(())
}

fn settings(args: &PretrainArgs) -> Result<StarterConfig> {
    let mut table = Table::try_from(StarterConfig::of(&args.world))
        .map_err(|e| Error::told(format!("the default settings cannot be written: {e}")))?;
    let names: Vec<String> = table.keys().cloned().collect();
    let help = format!("there are {}", names.join(", "));
    for set in &args.set {
        assign(&mut table, &set.key, parse(&set.value), "", &help)?;
    }
    if let Some(seed) = args.seed.and_then(|seed| i64::try_from(seed).ok()) {
        table.insert("seed".to_owned(), Value::Integer(seed));
    }
    let config: StarterConfig =
        table.try_into().map_err(|e: toml::de::Error| CoreError::setting("pretrain", e.message().to_owned()))?;
    let whole = config.heads > 0
        && config.kv_heads > 0
        && config.hidden.is_multiple_of(2 * config.heads)
        && config.heads.is_multiple_of(config.kv_heads);
    if !whole {
        return Err(CoreError::setting(
            "heads",
            "must divide `hidden` into heads of an even width, and be a multiple of `kv_heads`",
        )
        .into());
    }
    for (key, value) in [
        ("layers", config.layers),
        ("intermediate", config.intermediate),
        ("demonstrations", config.demonstrations),
        ("demonstrations_per_step", config.demonstrations_per_step),
        ("judgements", config.judgements),
    ] {
        if value == 0 {
            return Err(CoreError::setting(key, "must be at least 1").into());
        }
    }
    Ok(config)
}

/// A starter that was written by an earlier `pretrain`.
fn read(folder: &Path, device: &Device) -> Result<Starter> {
    Ok(Starter {
        model: model::load(folder, device)?,
        base: model::load(&folder.join("base"), device)?,
        tokenizer: Tokenizer::load(folder)?,
    })
}

fn save(model: &Decoder, tokenizer: &Tokenizer, folder: &Path, precision: Precision) -> Result<()> {
    pollster::block_on(model::save(model, folder, precision))?;
    folder::replace(&folder.join("tokenizer.json"), tokenizer.json())
}

/// Shows the steps as they are made.
struct Display {
    bar: Option<indicatif::ProgressBar>,
    json: bool,
    done: u64,
    phase: String,
    began: f64,
}

impl Display {
    fn new(steps: &[usize], json: bool) -> Self {
        let bar = std::io::stderr().is_terminal().then(progress_bar);
        if let Some(bar) = &bar {
            bar.set_length(steps.iter().sum::<usize>() as u64);
        }
        Self { bar, json, done: 0, phase: String::new(), began: format::now() }
    }

    #[allow(clippy::cast_precision_loss)] // step counts
    fn step(&mut self, phase: &str, report: &StepReport, line: &str) -> Result<()> {
        self.done += 1;
        if self.json {
            output::print(&format!("{line}\n"))?;
        }
        if let Some(bar) = &self.bar {
            let each = (format::now() - self.began) / self.done as f64;
            let left = bar.length().unwrap_or(self.done).saturating_sub(self.done) as f64 * each;
            bar.set_prefix(phase.to_owned());
            bar.set_position(self.done);
            bar.set_message(format!("loss {:.3}, {} left", report.loss, format::duration(left)));
        } else if self.phase != phase || report.step + 1 == report.total {
            let number = PHASES.iter().position(|name| *name == phase).map_or(0, |index| index + 1);
            output::note(&format!(
                "phase {number} of {}, {phase}: step {} of {}, loss {:.3}",
                PHASES.len(),
                report.step + 1,
                report.total,
                report.loss
            ));
        }
        phase.clone_into(&mut self.phase);
        Ok(())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Assignment;

    fn with(set: &[(&str, &str)]) -> Result<StarterConfig> {
        settings(&arguments(set))
    }

    fn arguments(set: &[(&str, &str)]) -> PretrainArgs {
        let set = set.iter().map(|(key, value)| Assignment { key: (*key).to_owned(), value: (*value).to_owned() });
        PretrainArgs {
            world: "rules".to_owned(),
            out: "x".into(),
            seed: Some(7),
            set: set.collect(),
            device: crate::cli::DeviceChoice::Cpu,
            from: None,
            half: false,
            json: false,
        }
    }

    #[test]
    fn settings_are_checked() {
        let steps = format!("{:?}", StarterConfig::default().steps.map(|_| 2));
        let config = with(&[("steps", &steps), ("noise", "0")]).unwrap();
        assert_eq!((config.seed, config.noise.to_bits()), (7, 0.0_f64.to_bits()));
        assert!(config.steps.iter().all(|steps| *steps == 2));
        let ads = PretrainArgs { world: "ads".to_owned(), seed: None, set: Vec::new(), ..arguments(&[]) };
        assert_eq!(settings(&ads).unwrap(), StarterConfig::of("ads"));
        assert!(with(&[("layer", "3")]).unwrap_err().to_string().contains("`layers`"));
        assert!(with(&[("steps", "3")]).is_err());
        assert!(with(&[("heads", "3")]).is_err());
        assert!(with(&[("layers", "0")]).is_err());
    }
}
